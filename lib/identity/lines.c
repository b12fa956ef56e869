// Files of lines: what is refused by FILE:LINE, what is skipped, what separates. Serving thread.
#include <errno.h>
#include <string.h>

#include "identity.h"

int
identity_lines_reject(const struct identity_lines *l, const char *fmt, ...)
{
	size_t name_len = strlen(l->name);
	va_list ap;
	int head;

	*l->err = (struct mst_conf_error){.line = l->line};
	head = snprintf(l->err->text, sizeof(l->err->text),
		"%s:%u: ", name_len > 160 ? l->name + name_len - 160 : l->name, l->line);
	va_start(ap, fmt);
	vsnprintf(l->err->text + head, sizeof(l->err->text) - (size_t)head, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int
identity_lines_no_memory(const struct identity_lines *l)
{
	(void)identity_lines_reject(l, "out of memory");
	return -ENOMEM;
}

bool
identity_lines_printable(struct mst_rd line, uint8_t also)
{
	for (const uint8_t *c = line.pos; c < line.end; c++) {
		if ((*c < 0x20 || *c == 0x7f) && *c != also)
			return false;
	}
	return true;
}

bool
identity_lines_take(struct mst_rd *r, uint8_t separator, struct mst_rd *part)
{
	const uint8_t *end = mst_rd_left(r) > 0 ? memchr(r->pos, separator, mst_rd_left(r)) : NULL;

	*part = mst_rd_sub(r, end != NULL ? (size_t)(end - r->pos) : mst_rd_left(r));
	if (end != NULL)
		(void)mst_rd_u8(r);
	return end != NULL;
}

int
identity_lines_each(struct identity_lines *l, struct mst_rd r, identity_line_fn *fn)
{
	while (mst_rd_left(&r) > 0) {
		struct mst_rd line;

		l->line++;
		(void)identity_lines_take(&r, '\n', &line);
		if (mst_rd_left(&line) > MST_IDENTITY_LINE_BYTES_MAX)
			return identity_lines_reject(l, "expected a line of at most %u bytes, found %zu",
				MST_IDENTITY_LINE_BYTES_MAX, mst_rd_left(&line));
		if (mst_rd_left(&line) == 0 || line.pos[0] == '#')
			continue;
		MST_TRY(fn(l, line));
	}
	return 0;
}

int
identity_lines_name(const struct identity_lines *l, struct mst_rd name, char out[IDENTITY_USER_BYTES])
{
	char text[IDENTITY_USER_BYTES];

	if (mst_rd_left(&name) == 0 || mst_rd_left(&name) >= sizeof(text))
		return identity_lines_reject(l, "expected a user name of 1 to %u bytes, found %zu",
			IDENTITY_USER_BYTES - 1, mst_rd_left(&name));
	memcpy(text, name.pos, mst_rd_left(&name));
	text[mst_rd_left(&name)] = '\0';
	if (canonical_name(l->names, text, out) < 0 || strlen(out) > mst_rd_left(&name))
		return identity_lines_reject(
			l, "expected a user name, such as user or user@domain, found %s", text);
	return 0;
}

int
identity_lines_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}
