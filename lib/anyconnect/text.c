// Pieces of a peer's text, read by cursor. Control lcore.
#include "text.h"

#include <string.h>

struct mst_rd
ac_text_rd(struct ac_text t)
{
	return t.p != NULL ? mst_rd_init(t.p, t.len) : mst_rd_init("", 0);
}

bool
ac_text_until(struct mst_rd *r, char stop, struct ac_text *out)
{
	size_t left = mst_rd_left(r);
	const uint8_t *hit = left > 0 ? memchr(r->pos, stop, left) : NULL;

	out->len = hit != NULL ? (size_t)(hit - r->pos) : left;
	out->p = (const char *)mst_rd_bytes(r, out->len);
	if (hit != NULL)
		mst_rd_u8(r);
	return hit != NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct ac_text
ac_text_trim(struct ac_text t)
{
	while (t.len > 0 && is_blank(t.p[0])) {
		t.p++;
		t.len--;
	}
	while (t.len > 0 && is_blank(t.p[t.len - 1]))
		t.len--;
	return t;
}

bool
ac_text_is(struct ac_text t, const char *word)
{
	return t.p != NULL && t.len == strlen(word) && memcmp(t.p, word, t.len) == 0;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
ac_text_is_nocase(struct ac_text t, const char *word)
{
	if (t.p == NULL || t.len != strlen(word))
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (lower(t.p[i]) != lower(word[i]))
			return false;
	return true;
}

bool
ac_text_has(struct ac_text t, const char *part)
{
	return t.p != NULL && memmem(t.p, t.len, part, strlen(part)) != NULL;
}

bool
ac_text_lists(struct ac_text list, char sep, const char *word, enum ac_case how)
{
	struct mst_rd r = ac_text_rd(list);

	while (mst_rd_left(&r) > 0) {
		struct ac_text one;

		ac_text_until(&r, sep, &one);
		one = ac_text_trim(one);
		if (how == AC_CASE_EXACT ? ac_text_is(one, word) : ac_text_is_nocase(one, word))
			return true;
	}
	return false;
}

void
ac_text_copy_printable(char *out, size_t cap, struct ac_text t)
{
	struct mst_rd r = ac_text_rd(t);
	size_t len = 0;

	while (mst_rd_left(&r) > 0 && len + 1 < cap) {
		uint8_t c = mst_rd_u8(&r);

		out[len++] = c >= 0x20 && c <= 0x7e ? (char)c : '?';
	}
	out[len] = '\0';
}

// The code point that starts with byte lead, or 0 if the sequence is none (RFC 3629 section 4).
static uint32_t
utf8_point(struct mst_rd *r, uint8_t lead)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned int n = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
	uint32_t point = n == 1 ? lead : lead & (0x7fu >> n);

	if (n == 0 || lead > 0xf4)
		return 0;
	for (unsigned int i = 1; i < n; i++) {
		uint8_t c = mst_rd_u8(r);

		if ((c & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (c & 0x3fu);
	}
	// Overlong forms and surrogates are other spellings of what was checked elsewhere.
	if (point < smallest[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return point;
}

bool
ac_text_is_clean_utf8(struct ac_text t)
{
	struct mst_rd r = ac_text_rd(t);

	while (mst_rd_left(&r) > 0) {
		uint32_t point = utf8_point(&r, mst_rd_u8(&r));

		// C0, DEL and C1; and the two noncharacters that XML 1.0 section 2.2 leaves out.
		if (point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xfffe || point == 0xffff)
			return false;
	}
	return true;
}
