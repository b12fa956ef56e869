// A config-auth document (or form) as the body of a POST, and once more as the answer to a question.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum mst_ac_event
post(struct mst_ac *ac, const uint8_t *data, size_t size)
{
	char head[128];
	int n = snprintf(
		head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", size);
	size_t consumed;
	enum mst_ac_event ev = mst_ac_feed(ac, (const uint8_t *)head, (size_t)n, &consumed);

	return ev == MST_AC_MORE ? mst_ac_feed(ac, data, size, &consumed) : ev;
}

static void
answer(struct mst_ac *ac, const uint8_t *data, size_t size)
{
	const struct mst_ac_credentials *c = mst_ac_credentials(ac);
	enum mst_ac_event ev;
	const uint8_t *out;
	size_t len;
	bool close;

	MST_ASSERT(mst_ac_auth_more(ac, c->user, false, "handle") == 0);
	MST_ASSERT(c->user[0] == '\0' && c->password[0] == '\0');
	MST_ASSERT(mst_ac_output(ac, &out, &len, &close) && !close);
	ev = post(ac, data, size);
	MST_ASSERT(ev == MST_AC_RESPOND || ev == MST_AC_ANSWER);
	if (ev == MST_AC_ANSWER)
		MST_ASSERT(memchr(c->answer, 0, sizeof(c->answer)) != NULL && c->answer[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const groups[] = {"staff", "eng"};
	const struct mst_ac_params p = {.page = "", .groups = groups, .n_groups = MST_ARRAY_SIZE(groups)};
	struct mst_ac *ac;
	const struct mst_ac_credentials *c;
	enum mst_ac_event ev;

	MST_ASSERT(mst_ac_create(&ac, &p) == 0);
	ev = post(ac, data, size);
	MST_ASSERT(ev == MST_AC_RESPOND || ev == MST_AC_AUTHENTICATE);
	c = mst_ac_credentials(ac);
	if (ev == MST_AC_AUTHENTICATE) {
		MST_ASSERT(memchr(c->user, 0, sizeof(c->user)) != NULL && c->user[0] != '\0' &&
			   c->password[0] != '\0');
		answer(ac, data, size);
	}
	mst_ac_destroy(ac);
	return 0;
}
