// Text from devices and users, made harmless for a terminal. mst-cli.
#include <string.h>

#include "ctl.h"

struct rune {
	uint32_t code;
	unsigned int len; // 0: malformed
};

// RFC 3629 section 4: no overlong forms, no surrogates, nothing beyond U+10FFFF.
static struct rune
next_rune(struct mst_rd *r)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = mst_rd_u8(r);
	unsigned int len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
	uint32_t code = len == 1 ? first : first & (0x7fu >> len);

	for (unsigned int i = 1; i < len; i++) {
		uint8_t b = mst_rd_u8(r);

		if ((b & 0xc0) != 0x80)
			return (struct rune){0};
		code = code << 6 | (b & 0x3fu);
	}
	if (r->err || code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return (struct rune){0};
	return (struct rune){.code = code, .len = len};
}

// Controls of C0 and C1, and what is invisible or turns the direction of the text: a name could hide with
// them.
static bool
is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xad ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

size_t
mst_ctl_put_safe(FILE *out, const char *text)
{
	struct mst_rd r = mst_rd_init(text, strlen(text));
	size_t width = 0;

	while (mst_rd_left(&r) > 0) {
		const uint8_t *at = r.pos;
		struct mst_rd probe = r;
		struct rune rune = next_rune(&probe);
		char escaped[16];

		if (rune.len == 0)
			snprintf(escaped, sizeof(escaped), "\\x%02x", mst_rd_u8(&r));
		else if (is_unsafe(rune.code))
			snprintf(escaped, sizeof(escaped), rune.code < 0x80 ? "\\x%02x" : "\\u%04x",
				rune.code);
		else
			escaped[0] = '\0';
		if (rune.len != 0)
			r = probe;
		if (out != NULL && escaped[0] != '\0')
			fputs(escaped, out);
		else if (out != NULL)
			fwrite(at, 1, rune.len, out);
		width += escaped[0] != '\0' ? strlen(escaped) : 1;
	}
	return width;
}

bool
ctl_key_is_raw(const char *key)
{
	return strncmp(key, "raw_", 4) == 0;
}

static size_t
put_compact(FILE *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	size_t width = text != NULL ? mst_ctl_put_safe(out, text) : 0;

	free(text);
	return width;
}

static size_t
put_list(FILE *out, const json_t *list)
{
	size_t width = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);

		width += i > 0 ? mst_ctl_put_safe(out, ", ") : 0;
		width += json_is_array(item) ? put_compact(out, item) : ctl_put_value(out, item);
	}
	return width > 0 ? width : mst_ctl_put_safe(out, "-");
}

size_t
ctl_put_value(FILE *out, const json_t *value)
{
	char text[64];

	if (value == NULL)
		return mst_ctl_put_safe(out, "-");
	switch (json_typeof(value)) {
	case JSON_STRING:
		return mst_ctl_put_safe(out, json_string_value(value));
	case JSON_INTEGER:
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return mst_ctl_put_safe(out, text);
	case JSON_REAL:
		snprintf(text, sizeof(text), "%.1f", json_real_value(value));
		return mst_ctl_put_safe(out, text);
	case JSON_TRUE:
		return mst_ctl_put_safe(out, "yes");
	case JSON_FALSE:
		return mst_ctl_put_safe(out, "no");
	case JSON_ARRAY:
		return put_list(out, value);
	case JSON_OBJECT:
		return put_compact(out, value);
	case JSON_NULL:
		break;
	}
	return mst_ctl_put_safe(out, "-");
}

void
ctl_put_duration(char *buf, size_t cap, int64_t seconds)
{
	long long s = seconds > 0 ? seconds : 0;

	if (s >= 86400)
		snprintf(buf, cap, "%lldd%02lldh", s / 86400, s % 86400 / 3600);
	else if (s >= 3600)
		snprintf(buf, cap, "%lldh%02lldm", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(buf, cap, "%lldm%02llds", s / 60, s % 60);
	else
		snprintf(buf, cap, "%llds", s);
}
