// The file of proxies that Microsoft's setup keeps for its agent: a shell reads it there, here its plain assignments are
// taken and nothing is run. Serving thread.
#include <errno.h>
#include <string.h>

#include "identity.h"

// A word of a line, its quotes taken away.
struct word {
	char text[MST_IDENTITY_LINE_BYTES_MAX + 1];
	bool plain; // no work for a shell in it
};

static bool
separates(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == ';';
}

static bool
take_word(struct mst_rd *r, struct word *w)
{
	uint8_t quote = 0;
	size_t n = 0;

	while (mst_rd_left(r) > 0 && separates(*r->pos))
		(void)mst_rd_u8(r);
	if (mst_rd_left(r) == 0 || *r->pos == '#')
		return false;
	w->plain = true;
	while (mst_rd_left(r) > 0 && (quote != 0 || !separates(*r->pos))) {
		uint8_t c = (uint8_t)mst_rd_u8(r);

		if (c == quote) {
			quote = 0;
		} else if (quote == 0 && (c == '"' || c == '\'')) {
			quote = c;
		} else {
			if (quote != '\'' && strchr("$`\\", c) != NULL)
				w->plain = false;
			w->text[n++] = (char)c;
		}
	}
	w->text[n] = '\0';
	w->plain = w->plain && quote == 0;
	return true;
}

static char *
place_of(struct fetch_environment *env, const char *name, size_t len, size_t *cap)
{
	static const struct {
		const char *name;
		size_t at, cap;
	} places[] = {
#define PLACE(member)                                                                                        \
	{#member, offsetof(struct fetch_environment, member), sizeof(((struct fetch_environment *)0)->member)}
		PLACE(https_proxy),
		PLACE(http_proxy),
		PLACE(no_proxy),
#undef PLACE
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(places); i++) {
		if (strlen(places[i].name) != len || strncasecmp(places[i].name, name, len) != 0)
			continue;
		*cap = places[i].cap;
		return (char *)env + places[i].at;
	}
	return NULL;
}

// What is refused is not shown: a password may be in it.
static int
parse_line(struct identity_lines *l, struct mst_rd line)
{
	struct fetch_environment *env = l->arg;
	struct word w;

	while (take_word(&line, &w)) {
		const char *is = strchr(w.text, '=');
		size_t len = is != NULL ? (size_t)(is - w.text) : 0;
		struct mst_rd value;
		size_t cap;
		char *place;

		if (strcmp(w.text, "export") == 0)
			continue;
		if (is == NULL) // a command, whatever comes behind it
			return 0;
		place = place_of(env, w.text, len, &cap);
		if (place == NULL)
			continue;
		value = mst_rd_init((const uint8_t *)is + 1, strlen(is + 1));
		if (!w.plain || !identity_lines_printable(value, 0))
			return identity_lines_reject(
				l, "expected %.*s as text that needs no shell", (int)len, w.text);
		if (mst_rd_left(&value) >= cap)
			return identity_lines_reject(l, "expected %.*s of at most %zu bytes, found %zu",
				(int)len, w.text, cap - 1, mst_rd_left(&value));
		memcpy(place, is + 1, mst_rd_left(&value) + 1);
	}
	return 0;
}

int
environment_parse(struct fetch_environment *out, const char *name, const char *text, size_t len,
	struct mst_conf_error *err)
{
	struct identity_lines l = {.name = name, .err = err, .arg = out};

	memset(out, 0, sizeof(*out));
	return identity_lines_each(&l, mst_rd_init((const uint8_t *)text, len), parse_line);
}

int
mst_identity_check_environment(const char *name, const char *text, size_t len, struct mst_conf_error *err)
{
	struct fetch_environment env;
	int rc;

	*err = (struct mst_conf_error){0};
	rc = environment_parse(&env, name, text, len, err);
	mst_wipe(&env, sizeof(env));
	return rc;
}
