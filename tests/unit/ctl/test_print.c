// What the operator sees for fixed data, byte for byte.
#include <string.h>

#include "mst_test.h"

#include "ctl.h"

static void
check(enum mst_ctl_id id, const char *json, struct mst_ctl_print_opts opts, const char *expected)
{
	json_t *data = json_loads(json, JSON_DECODE_ANY, NULL);
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(data);
	assert_non_null(f);
	mst_ctl_print(f, &mst_ctl_commands[id], data, &opts);
	fclose(f);
	assert_string_equal(out, expected);
	free(out);
	json_decref(data);
}

static const struct mst_ctl_print_opts plain = {.now_s = 1000100};

static void
status_is_aligned_without_raw_numbers(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_STATUS,
		"{\"Status\":\"online\",\"Server PID\":42,\"raw_up_since\":7,\"RX\":\"1.5 "
		"MB\",\"Ratio\":0.25,"
		"\"DTLS\":true,\"Workers\":[2,3],\"Health\":null}",
		plain,
		"    Status: online\n"
		"Server PID: 42\n"
		"        RX: 1.5 MB\n"
		"     Ratio: 0.2\n"
		"      DTLS: yes\n"
		"   Workers: 2, 3\n"
		"    Health: -\n");
}

static const char users[] =
	"[{\"ID\":1,\"Username\":\"alice\",\"Device\":\"laptop\",\"IPv4\":\"10.0.0.2\",\"Remote "
	"IP\":\"192.0.2.1\","
	"\"raw_connected_at\":1000000,\"DTLS cipher\":\"AES-256-GCM\",\"State\":\"connected\",\"raw_rx\":5},"
	"{\"ID\":12,\"Username\":\"b\\u001b[2Jb\",\"IPv6\":\"fd00::2\",\"Connected "
	"at\":\"2024-01-01T00:00:00Z\"}]";

static void
users_are_a_table(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_USERS, users, plain,
		"id  user       device  ip        remote     since                 dtls-cipher  status\n"
		" 1  alice      laptop  10.0.0.2  192.0.2.1  1m40s                 AES-256-GCM  connected\n"
		"12  b\\x1b[2Jb  -       fd00::2   -          2024-01-01T00:00:00Z  -            -\n");
}

static void
no_users_is_the_head_alone(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_USERS, "[]", plain, "id  user  device  ip  remote  since  dtls-cipher  status\n");
}

static void
users_in_detail_are_blocks(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_USER,
		"[{\"ID\":1,\"Username\":\"al\\nice\",\"raw_rx\":5},{\"ID\":2,\"Hostname\":\"\\u202eevil\"}]",
		plain,
		"      ID: 1\n"
		"Username: al\\x0aice\n"
		"\n"
		"      ID: 2\n"
		"Hostname: \\u202eevil\n");
}

static void
sessions_are_a_table(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_SESSIONS,
		"[{\"Session\":\"k3x9\",\"ID\":1,\"Username\":\"alice\",\"vhost\":\"default\",\"IPv4\":\"10."
		"0.0.2\","
		"\"Range\":\"10.0.0.2/31\",\"Remote IP\":\"192.0.2.1\","
		"\"raw_connected_at\":1000000,\"Expires at\":null,\"State\":\"connected\",\"User-Agent\":"
		"\"AnyConnect 9.01\"},{\"ID\":2,\"Expires at\":\"2026-01-02T03:04:05Z\",\"State\":\"away\"}]",
		plain,
		"session  id  user   vhost    ip        range        remote     since  expires               "
		"status     "
		"user-agent\n"
		"k3x9      1  alice  default  10.0.0.2  10.0.0.2/31  192.0.2.1  1m40s  -                     "
		"connected  "
		"AnyConnect 9.01\n"
		"-         2  -      -        -         -            -          -      2026-01-02T03:04:05Z  "
		"away       "
		"-\n");
}

static void
cycles_leave_out_columns_nobody_has(void **state)
{
	(void)state;
	const char rows[] = "[{\"pipeline\":\"in\",\"stage\":\"open\",\"calls\":10,\"packets\":320,\"packets_"
			    "per_call\":32.0,"
			    "\"cycles_per_packet\":412.25},"
			    "{\"pipeline\":\"in\",\"stage\":\"inner\",\"calls\":9,\"packets\":7,\"packets_"
			    "per_call\":0.78,"
			    "\"cycles_per_packet\":9.0}]";
	const char expected[] = "pipeline  stage  calls  packets  packets/call  cycles/packet\n"
				"in        open      10      320          32.0          412.2\n"
				"in        inner      9        7           0.8            9.0\n";

	check(MST_CTL_SHOW_CYCLES, rows, plain, expected);
	check(MST_CTL_SHOW_CYCLES, "[{\"worker\":2,\"stage\":\"open\"}]", plain,
		"worker  stage\n"
		"     2  open\n");
	check(MST_CTL_SHOW_CYCLES, "[]", plain, "");
}

static const char drops[] = "[{\"name\":\"replay\",\"help\":\"seen before\",\"packets\":0},"
			    "{\"name\":\"tag\",\"help\":\"forged\",\"packets\":1234},{\"name\":\"ttl\","
			    "\"help\":\"expired\",\"packets\":3}]";

static void
zero_counters_are_hidden_unless_all(void **state)
{
	(void)state;
	struct mst_ctl_print_opts all = {.all = true};

	check(MST_CTL_SHOW_DROPS, drops, plain,
		"packets  name  help\n"
		"   1234  tag   forged\n"
		"      3  ttl   expired\n");
	check(MST_CTL_SHOW_PUNT, drops, all,
		"packets  name    help\n"
		"      0  replay  seen before\n"
		"   1234  tag     forged\n"
		"      3  ttl     expired\n");
}

static void
ports_take_their_columns_from_the_rows(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_PORTS,
		"[{\"name\":\"public\",\"queues\":2,\"raw_rx\":9},{\"name\":\"private\",\"link\":false,\"x\":"
		"{\"a\":[1]}}]",
		plain,
		"name     queues  link  x\n"
		"public        2  -     -\n"
		"private       -  no    {\"a\":[1]}\n");
}

static void
events_are_lines(void **state)
{
	(void)state;
	check(MST_CTL_SHOW_EVENTS,
		"[{\"raw_number\":1,\"Time\":\"2026-01-02T03:04:05Z\",\"Event\":\"refused\",\"Username\":"
		"\"b\\u001b[2J\","
		"\"ID\":null},{\"Time\":\"2026-01-02T03:04:06Z\",\"Event\":\"connect\",\"Username\":\"bob\","
		"\"ID\":7}]",
		plain,
		"2026-01-02T03:04:05Z  refused  b\\x1b[2J  -\n"
		"2026-01-02T03:04:06Z  connect  bob  7\n");
	check(MST_CTL_SHOW_EVENTS, "[]", plain, "");
}

static void
columns_are_bounded(void **state)
{
	(void)state;
	struct ctl_column columns[CTL_COLUMNS];
	json_t *rows = json_array();
	json_t *row = json_object();

	for (int i = 0; i < CTL_COLUMNS + 5; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		json_object_set_new(row, key, json_integer(i));
	}
	json_array_append_new(rows, row);
	assert_int_equal(ctl_table_columns(rows, columns), CTL_COLUMNS);
	json_decref(rows);
}

static void
messages_and_unexpected_shapes(void **state)
{
	(void)state;
	check(MST_CTL_RELOAD, "\"3 settings\\u0007 changed\"", plain, "3 settings\\x07 changed\n");
	check(MST_CTL_STOP, "null", plain, "");
	check(MST_CTL_DISCONNECT_USER, "{\"Sessions ended\":2}", plain, "Sessions ended: 2\n");
	// A gateway of another version may answer with other shapes.
	check(MST_CTL_SHOW_USERS, "{\"a\":1}", plain, "a: 1\n");
	check(MST_CTL_SHOW_USERS, "[7]", plain,
		"id  user  device  ip  remote  since  dtls-cipher  status\n"
		"-   -     -       -   -       -      -            -\n");
	check(MST_CTL_SHOW_STATUS, "[1,\"two\",[3]]", plain, "1, two, [3]\n");
	check(MST_CTL_SHOW_PORTS, "[]", plain, "");
}

static void
json_is_ascii_and_whole(void **state)
{
	(void)state;
	struct mst_ctl_print_opts json = {.json = true};

	check(MST_CTL_SHOW_USER, "[{\"raw_rx\":5,\"Username\":\"\\u001b\\u009b\\u00fc\"}]", json,
		"[\n"
		"  {\n"
		"    \"raw_rx\": 5,\n"
		"    \"Username\": \"\\u001B\\u009B\\u00FC\"\n"
		"  }\n"
		"]\n");
	check(MST_CTL_SHOW_DROPS, "[{\"packets\":0}]", json, "[\n  {\n    \"packets\": 0\n  }\n]\n");
	check(MST_CTL_STOP, "null", json, "null\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_aligned_without_raw_numbers),
		cmocka_unit_test(users_are_a_table),
		cmocka_unit_test(no_users_is_the_head_alone),
		cmocka_unit_test(users_in_detail_are_blocks),
		cmocka_unit_test(sessions_are_a_table),
		cmocka_unit_test(cycles_leave_out_columns_nobody_has),
		cmocka_unit_test(zero_counters_are_hidden_unless_all),
		cmocka_unit_test(ports_take_their_columns_from_the_rows),
		cmocka_unit_test(events_are_lines),
		cmocka_unit_test(columns_are_bounded),
		cmocka_unit_test(messages_and_unexpected_shapes),
		cmocka_unit_test(json_is_ascii_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
