// The data of a reply, printed the way its command's view says. mst-cli.
#include "ctl.h"

static const struct ctl_column user_columns[] = {
	{"id", "ID", NULL, false},
	{"user", "Username", NULL, false},
	{"device", "Device", "vhost", false},
	{"ip", "IPv4", "IPv6", false},
	{"remote", "Remote IP", NULL, false},
	{"since", "raw_connected_at", "Connected at", true},
	{"dtls-cipher", "DTLS cipher", NULL, false},
	{"status", "State", NULL, false},
};

static const struct ctl_column session_columns[] = {
	{"session", "Session", NULL, false},
	{"id", "ID", NULL, false},
	{"user", "Username", NULL, false},
	{"vhost", "vhost", NULL, false},
	{"ip", "IPv4", "IPv6", false},
	{"range", "Range", NULL, false},
	{"remote", "Remote IP", NULL, false},
	{"since", "raw_connected_at", "Connected at", true},
	{"expires", "Expires at", NULL, false},
	{"status", "State", NULL, false},
	{"user-agent", "User-Agent", NULL, false},
};

static const struct ctl_column cycle_columns[] = {
	{"worker", "worker", NULL, false},
	{"pipeline", "pipeline", NULL, false},
	{"stage", "stage", NULL, false},
	{"calls", "calls", NULL, false},
	{"packets", "packets", NULL, false},
	{"packets/call", "packets_per_call", NULL, false},
	{"cycles/packet", "cycles_per_packet", NULL, false},
};

static const struct ctl_column counter_columns[] = {
	{"packets", "packets", NULL, false},
	{"name", "name", NULL, false},
	{"help", "help", NULL, false},
};

// Keys stand to the right, so that every line reads "Key: value" with one blank: scripts look for that.
static void
print_fields(FILE *out, json_t *fields)
{
	size_t widest = 0;

	for (void *it = json_object_iter(fields); it != NULL; it = json_object_iter_next(fields, it)) {
		const char *key = json_object_iter_key(it);
		size_t width = ctl_key_is_raw(key) ? 0 : mst_ctl_put_safe(NULL, key);

		widest = width > widest ? width : widest;
	}
	for (void *it = json_object_iter(fields); it != NULL; it = json_object_iter_next(fields, it)) {
		const char *key = json_object_iter_key(it);

		if (ctl_key_is_raw(key))
			continue;
		fprintf(out, "%*s", (int)(widest - mst_ctl_put_safe(NULL, key)), "");
		mst_ctl_put_safe(out, key);
		fputs(": ", out);
		ctl_put_value(out, json_object_iter_value(it));
		fputc('\n', out);
	}
}

static void
print_blocks(FILE *out, const json_t *blocks)
{
	for (size_t i = 0; i < json_array_size(blocks); i++) {
		if (i > 0)
			fputc('\n', out);
		print_fields(out, json_array_get(blocks, i));
	}
}

static void
print_fixed(FILE *out, const struct ctl_column *columns, size_t n, const json_t *rows, int64_t now_s)
{
	struct ctl_table t = {.columns = columns, .n = n, .now_s = now_s, .keep_empty = true};

	ctl_table_print(out, &t, rows);
}

static void
print_counters(FILE *out, const json_t *rows, bool all)
{
	struct ctl_table t = {
		.columns = counter_columns, .n = MST_ARRAY_SIZE(counter_columns), .keep_empty = true};

	t.nonzero_key = all ? NULL : "packets";
	ctl_table_print(out, &t, rows);
}

static void
print_any_table(FILE *out, const json_t *rows)
{
	struct ctl_column columns[CTL_COLUMNS];
	struct ctl_table t = {.columns = columns, .n = ctl_table_columns(rows, columns)};

	ctl_table_print(out, &t, rows);
}

static void
print_lines(FILE *out, json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);
		const char *gap = "";

		for (void *it = json_object_iter(row); it != NULL; it = json_object_iter_next(row, it)) {
			if (ctl_key_is_raw(json_object_iter_key(it)))
				continue;
			fputs(gap, out);
			ctl_put_value(out, json_object_iter_value(it));
			gap = "  ";
		}
		fputc('\n', out);
	}
}

// Data of another shape than the view expects: an object as fields, a text as it is, nothing for null.
static void
print_plain(FILE *out, json_t *data)
{
	if (data == NULL || json_is_null(data))
		return;
	if (json_is_object(data)) {
		print_fields(out, data);
		return;
	}
	ctl_put_value(out, data);
	fputc('\n', out);
}

static void
print_rows(FILE *out, enum mst_ctl_view view, json_t *rows, const struct mst_ctl_print_opts *opts)
{
	switch (view) {
	case MST_CTL_BLOCKS:
		print_blocks(out, rows);
		break;
	case MST_CTL_USERS:
		print_fixed(out, user_columns, MST_ARRAY_SIZE(user_columns), rows, opts->now_s);
		break;
	case MST_CTL_SESSIONS:
		print_fixed(out, session_columns, MST_ARRAY_SIZE(session_columns), rows, opts->now_s);
		break;
	case MST_CTL_CYCLES: {
		struct ctl_table t = {.columns = cycle_columns, .n = MST_ARRAY_SIZE(cycle_columns)};

		ctl_table_print(out, &t, rows);
		break;
	}
	case MST_CTL_COUNTERS:
		print_counters(out, rows, opts->all);
		break;
	case MST_CTL_TABLE:
		print_any_table(out, rows);
		break;
	case MST_CTL_LINES:
		print_lines(out, rows);
		break;
	case MST_CTL_MESSAGE:
	case MST_CTL_FIELDS:
	case MST_CTL_LOCAL:
		print_plain(out, rows);
		break;
	}
}

// ASCII only: a terminal that shows the JSON obeys nothing that a device chose.
static void
print_json(FILE *out, const json_t *data, bool follow)
{
	const size_t flags = JSON_ENSURE_ASCII | JSON_ENCODE_ANY;

	if (!follow || !json_is_array(data)) {
		json_dumpf(data, out, JSON_INDENT(2) | flags);
		fputc('\n', out);
		return;
	}
	for (size_t i = 0; i < json_array_size(data); i++) {
		json_dumpf(json_array_get(data, i), out, flags);
		fputc('\n', out);
	}
}

void
mst_ctl_print(
	FILE *out, const struct mst_ctl_command *command, json_t *data, const struct mst_ctl_print_opts *opts)
{
	if (opts->json) {
		print_json(out, data, opts->follow);
	} else if (json_is_array(data)) {
		print_rows(out, command->view, data, opts);
	} else {
		print_plain(out, data);
	}
}
