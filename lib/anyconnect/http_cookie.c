// The Cookie header of a request (RFC 6265 section 4.2.1). Control lcore.
#include <string.h>

#include "http.h"

// The next pair of the header; false at its end. A pair without '=' has an absent value.
static bool
next_pair(struct mst_rd *r, struct ac_text *name, struct ac_text *value)
{
	struct ac_text pair;
	struct mst_rd in;

	if (mst_rd_left(r) == 0)
		return false;
	ac_text_until(r, ';', &pair);
	pair = ac_text_trim(pair);
	in = ac_text_rd(pair);
	if (ac_text_until(&in, '=', name))
		*value = (struct ac_text){(const char *)in.pos, mst_rd_left(&in)};
	else
		*value = (struct ac_text){0};
	return true;
}

struct ac_text
ac_cookie_find(struct ac_text header, const char *name)
{
	struct mst_rd r = ac_text_rd(header);
	struct ac_text found = {0};
	struct ac_text n, v;
	unsigned int hits = 0;

	while (next_pair(&r, &n, &v)) {
		if (v.p == NULL || !ac_text_is(n, name))
			continue;
		found = v;
		hits++;
	}
	return hits == 1 ? found : (struct ac_text){0};
}

bool
ac_cookie_sizes_ok(struct ac_text header)
{
	struct mst_rd r = ac_text_rd(header);
	struct ac_text n, v;

	while (next_pair(&r, &n, &v))
		if (v.len > MST_AC_COOKIE_BYTES || n.len > MST_AC_COOKIE_BYTES)
			return false;
	return true;
}

bool
ac_cookie_is_ours(struct ac_text value)
{
	static const char other[] = "._~+/=-";

	if (value.p == NULL || value.len == 0 || value.len > MST_AC_COOKIE_BYTES)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (memchr(other, c, sizeof(other) - 1) == NULL)
			return false;
	}
	return true;
}
