// A list that comes in pages, put together: a gateway with many sessions neither stands still for one command nor makes
// one reply of them. Runs in mst-cli.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl.h"

static bool
is_page(const json_t *data, uint64_t *next)
{
	const json_t *number = json_object_get(data, "next");

	if (!json_is_array(json_object_get(data, "rows")) || !json_is_integer(number) ||
		json_integer_value(number) < 0)
		return false;
	*next = (uint64_t)json_integer_value(number);
	return true;
}

// *rows grows by those of the page, which is used up. Pages go forward, or there would be no end of them.
static int
take_page(json_t *page, json_t *rows, uint64_t *start)
{
	uint64_t next = 0;
	int rc = is_page(page, &next) && (next == 0 || next > *start) ? 0 : -EPROTO;

	if (rc == 0 && json_array_extend(rows, json_object_get(page, "rows")) != 0)
		rc = -ENOMEM;
	json_decref(page);
	*start = next;
	return rc;
}

int
mst_ctl_call_all(const char *path, const char *const *argv, size_t n_words, unsigned int timeout_ms,
	json_t **data, char *err, size_t err_cap)
{
	const char *words[MST_CTL_WORDS + 1] = {NULL};
	uint64_t start = 0;
	char text[24];
	json_t *page, *rows;
	int rc;

	MST_TRY(mst_ctl_call(path, argv, timeout_ms, &page, err, err_cap));
	if (!is_page(page, &start)) {
		*data = page;
		return 0;
	}
	MST_ASSERT(n_words < MST_CTL_WORDS);
	memcpy(words, argv, n_words * sizeof(words[0]));
	words[n_words] = text;
	start = 0;
	rows = json_array();
	rc = take_page(page, rows, &start);
	while (rc == 0 && start != 0) {
		snprintf(text, sizeof(text), "%" PRIu64, start);
		rc = mst_ctl_call(path, words, timeout_ms, &page, err, err_cap);
		if (rc < 0) {
			json_decref(rows);
			return rc;
		}
		rc = take_page(page, rows, &start);
	}
	if (rc < 0) {
		snprintf(err, err_cap, "%s",
			rc == -ENOMEM ? "out of memory" : "the pages of the answer do not go forward");
		json_decref(rows);
		return rc;
	}
	*data = rows;
	return 0;
}
