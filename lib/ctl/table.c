// Arrays of JSON objects as a table with aligned columns. mst-cli.
#include <string.h>

#include "ctl.h"

#define GAP "  "

static const json_t *
cell_of(const struct ctl_column *col, const json_t *row)
{
	const json_t *v = json_object_get(row, col->key);

	return v == NULL && col->other != NULL ? json_object_get(row, col->other) : v;
}

static size_t
put_cell(FILE *out, const struct ctl_table *t, const struct ctl_column *col, const json_t *row)
{
	const json_t *v = cell_of(col, row);
	char text[32];

	if (!col->since || !json_is_integer(v))
		return ctl_put_value(out, v);
	ctl_put_duration(text, sizeof(text), t->now_s - json_integer_value(v));
	return mst_ctl_put_safe(out, text);
}

static bool
row_is_shown(const struct ctl_table *t, const json_t *row)
{
	const json_t *v = t->nonzero_key != NULL ? json_object_get(row, t->nonzero_key) : NULL;

	return v == NULL || !json_is_integer(v) || json_integer_value(v) != 0;
}

struct shape {
	size_t width; // 0: the column is not printed
	bool right;   // numbers stand to the right
};

static struct shape
shape_of(const struct ctl_table *t, const struct ctl_column *col, const json_t *rows)
{
	struct shape s = {.width = mst_ctl_put_safe(NULL, col->head), .right = true};
	bool seen = false;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const json_t *v = cell_of(col, row);
		size_t width;

		seen = seen || v != NULL;
		if (!row_is_shown(t, row))
			continue;
		if (v != NULL && (!json_is_number(v) || col->since))
			s.right = false;
		width = put_cell(NULL, t, col, row);
		s.width = width > s.width ? width : s.width;
	}
	if (!seen)
		s.right = false;
	if (!seen && !t->keep_empty)
		s.width = 0;
	return s;
}

// The last column is not padded: no line ends in blanks.
static void
pad(FILE *out, size_t width, size_t have)
{
	for (; have < width; have++)
		fputc(' ', out);
}

static void
print_line(FILE *out, const struct ctl_table *t, const struct shape *shapes, size_t last, const json_t *row)
{
	for (size_t i = 0; i <= last; i++) {
		const struct ctl_column *col = &t->columns[i];
		size_t have;

		if (shapes[i].width == 0)
			continue;
		have = row != NULL ? put_cell(NULL, t, col, row) : mst_ctl_put_safe(NULL, col->head);
		if (shapes[i].right)
			pad(out, shapes[i].width, have);
		if (row != NULL)
			put_cell(out, t, col, row);
		else
			mst_ctl_put_safe(out, col->head);
		if (i == last)
			break;
		if (!shapes[i].right)
			pad(out, shapes[i].width, have);
		fputs(GAP, out);
	}
	fputc('\n', out);
}

void
ctl_table_print(FILE *out, const struct ctl_table *table, const json_t *rows)
{
	struct shape shapes[CTL_COLUMNS];
	size_t last = 0;

	MST_ASSERT(table->n <= CTL_COLUMNS);
	for (size_t i = 0; i < table->n; i++) {
		shapes[i] = shape_of(table, &table->columns[i], rows);
		if (shapes[i].width != 0)
			last = i;
	}
	if (table->n == 0 || shapes[last].width == 0)
		return;
	print_line(out, table, shapes, last, NULL);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		if (row_is_shown(table, row))
			print_line(out, table, shapes, last, row);
	}
}

size_t
ctl_table_columns(const json_t *rows, struct ctl_column *out)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);

		for (void *it = json_object_iter(row); it != NULL; it = json_object_iter_next(row, it)) {
			const char *key = json_object_iter_key(it);
			size_t at = 0;

			while (at < n && strcmp(out[at].key, key) != 0)
				at++;
			if (at == n && n < CTL_COLUMNS && !ctl_key_is_raw(key))
				out[n++] = (struct ctl_column){.head = key, .key = key};
		}
	}
	return n;
}
