// Text into fixed buffers, and numbers out of text. Any thread.
#include <errno.h>
#include <string.h>

#include "mst_base.h"

struct mst_str
mst_str_init(char *buf, size_t cap)
{
	MST_ASSERT(cap > 0);
	buf[0] = '\0';
	return (struct mst_str){.buf = buf, .cap = cap};
}

void
mst_str_add(struct mst_str *s, const char *text, size_t len)
{
	if (s->err || s->cap - s->len <= len) {
		s->err = true;
		return;
	}
	memcpy(s->buf + s->len, text, len);
	s->len += len;
	s->buf[s->len] = '\0';
}

void
mst_str_fmt(struct mst_str *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->err)
		return;
	va_start(ap, fmt);
	n = vsnprintf(s->buf + s->len, s->cap - s->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= s->cap - s->len) {
		s->err = true;
		s->buf[s->len] = '\0';
		return;
	}
	s->len += (size_t)n;
}

void
mst_str_add_xml(struct mst_str *s, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		switch (*c) {
		case '&':
			mst_str_add(s, "&amp;", 5);
			break;
		case '<':
			mst_str_add(s, "&lt;", 4);
			break;
		case '>':
			mst_str_add(s, "&gt;", 4);
			break;
		case '"':
			mst_str_add(s, "&quot;", 6);
			break;
		case '\'':
			mst_str_add(s, "&apos;", 6);
			break;
		default:
			// XML 1.0 section 2.2 knows no other control characters.
			if ((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t')
				mst_str_add(s, c, 1);
			else
				mst_str_add(s, "?", 1);
		}
	}
}

void
mst_str_add_hex(struct mst_str *s, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = data;

	for (size_t i = 0; i < len; i++) {
		char pair[2] = {digits[b[i] >> 4], digits[b[i] & 15]};
		mst_str_add(s, pair, 2);
	}
}

int
mst_parse_u64(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (len == 0 || len > 20)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(text[i] - '0'), &v))
			return -EINVAL;
	}
	if (v < min || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int
mst_parse_hex(const char *text, size_t len, uint8_t *out, size_t out_len)
{
	if (len != 2 * out_len)
		return -EINVAL;
	for (size_t i = 0; i < out_len; i++) {
		int hi = hex_value(text[2 * i]);
		int lo = hex_value(text[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

// groff_man(7): a bare "-" may become a hyphen, "\" begins an escape, "." and "'" at the start a request.
void
mst_put_roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text != '\0'; text++) {
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}
