// The engine by a table of its own: every type, its bounds, and the words of every error.
#include <errno.h>
#include <string.h>

#include "mst_conf.h"
#include "mst_test.h"

struct inner {
	bool present;
	uint8_t must;
	uint16_t may;
};

struct part {
	const char *name;
	uint16_t *ports;
	uint32_t n_ports;
	struct inner inner;
};

struct thing {
	bool flag;
	uint8_t small;
	uint64_t big;
	uint32_t time_s;
	uint64_t room_bytes;
	const char *name;
	const char *note;
	const char *path;
	uint8_t colour;
	struct mst_ip ip;
	struct mst_net net;
	const char **names;
	uint32_t n_names;
	struct mst_ip *ips;
	uint32_t n_ips;
	uint16_t *ports;
	uint32_t n_ports;
	struct inner inner;
	struct inner other;
	struct part *parts;
	uint32_t n_parts;
};

static const char *const colours[] = {"red", "green", NULL};
// clang-format off
static const struct mst_conf_key inner_keys[] = {
	{.name = "must", .type = MST_CONF_UINT, MST_CONF_AT(struct inner, must), .required = true, .min = 1, .max = 9,
	 .help = "has to be there"},
	{.name = "may", .type = MST_CONF_UINT, MST_CONF_AT(struct inner, may), .min = 1, .max = 999, .def = "7",
	 .or_auto = true, .help = "need not"},
	{.name = NULL},
};
static const struct mst_conf_key part_keys[] = {
	{.name = "name", .type = MST_CONF_STRING, MST_CONF_AT(struct part, name), .required = true, .min = 1, .max = 8,
	 .help = "h"},
	{.name = "ports", .type = MST_CONF_UINT, MST_CONF_LIST_AT(struct part, ports, n_ports), .max_items = 2,
	 .min = 1, .max = 65535, .help = "h"},
	{.name = "inner", MST_CONF_MAP_AT(struct part, inner, inner_keys), .help = "h"},
	{.name = NULL},
};
static const struct mst_conf_key thing_keys[] = {
	{.name = "flag", .type = MST_CONF_BOOL, MST_CONF_AT(struct thing, flag), .def = "true", .help = "h"},
	{.name = "small", .type = MST_CONF_UINT, MST_CONF_AT(struct thing, small), .min = 2, .max = 200, .def = "3",
	 .help = "h"},
	{.name = "big", .type = MST_CONF_UINT, MST_CONF_AT(struct thing, big), .max = UINT64_MAX, .help = "h"},
	{.name = "time", .type = MST_CONF_SECONDS, MST_CONF_AT(struct thing, time_s), .max = 86400, .def = "5m",
	 .help = "h"},
	{.name = "room", .type = MST_CONF_SIZE, MST_CONF_AT(struct thing, room_bytes), .min = 1024, .max = 1ull << 40,
	 .def = "2M", .help = "h"},
	{.name = "name", .type = MST_CONF_STRING, MST_CONF_AT(struct thing, name), .min = 1, .max = 8, .def = "joe",
	 .help = "h"},
	{.name = "note", .type = MST_CONF_STRING, MST_CONF_AT(struct thing, note), .max = 20, .multiline = true,
	 .help = "h"},
	{.name = "path", .type = MST_CONF_PATH, MST_CONF_AT(struct thing, path), .min = 2, .max = 20, .help = "h"},
	{.name = "colour", .type = MST_CONF_WORD, MST_CONF_AT(struct thing, colour), .words = colours, .def = "green",
	 .help = "h"},
	{.name = "ip", .type = MST_CONF_IP, MST_CONF_AT(struct thing, ip), .family = 4, .help = "h"},
	{.name = "net", .type = MST_CONF_NET, MST_CONF_AT(struct thing, net), .min = 8, .max = 30, .help = "h"},
	{.name = "names", .type = MST_CONF_STRING, MST_CONF_LIST_AT(struct thing, names, n_names), .min = 1, .max = 8,
	 .max_items = 3, .unique = true, .def = "[x, \"y\"]", .help = "h"},
	{.name = "ips", .type = MST_CONF_IP, MST_CONF_LIST_AT(struct thing, ips, n_ips), .min_items = 1,
	 .max_items = 2, .unique = true, .or_one = true, .help = "h"},
	{.name = "ports", .type = MST_CONF_UINT, MST_CONF_LIST_AT(struct thing, ports, n_ports), .max_items = 2,
	 .min = 1, .max = 65535, .help = "h"},
	{.name = "inner", MST_CONF_MAP_AT(struct thing, inner, inner_keys),
	 MST_CONF_PRESENT_AT(struct thing, inner.present), .or_auto = true, .help = "h"},
	{.name = "other", MST_CONF_MAP_AT(struct thing, other, inner_keys), .change = MST_CONF_RESTART, .help = "h"},
	{.name = "parts", MST_CONF_MAPS_AT(struct thing, parts, n_parts, part_keys), .max_items = 2, .help = "h"},
	{.name = NULL},
};
// clang-format on
static const struct mst_conf_schema schema = {.keys = thing_keys, .bytes = sizeof(struct thing)};

static struct thing
read_ok(const char *text)
{
	struct thing t;
	struct mst_conf_error err;
	int rc = mst_conf_read_text(&schema, "f", text, strlen(text), &t, &err);

	if (rc != 0)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	assert_string_equal(err.text, "");
	return t;
}

static void
refuse(const char *text, const char *want)
{
	static const struct thing zero;
	struct thing t;
	struct mst_conf_error err;

	memset(&t, 0xa5, sizeof(t));
	assert_int_equal(mst_conf_read_text(&schema, "f", text, strlen(text), &t, &err), -EINVAL);
	assert_string_equal(err.text, want);
	assert_memory_equal(&t, &zero, sizeof(t));
}

static void
defaults(void **state)
{
	(void)state;
	struct thing t = read_ok("");

	assert_true(t.flag);
	assert_int_equal(t.small, 3);
	assert_int_equal(t.big, 0);
	assert_int_equal(t.time_s, 300);
	assert_int_equal(t.room_bytes, 2 * 1024 * 1024);
	assert_string_equal(t.name, "joe");
	assert_string_equal(t.note, "");
	assert_string_equal(t.path, "");
	assert_int_equal(t.colour, 1);
	assert_int_equal(t.ip.family, 0);
	assert_int_equal(t.net.ip.family, 0);
	assert_int_equal(t.n_names, 2);
	assert_string_equal(t.names[1], "y");
	assert_int_equal(t.n_ips, 0);
	assert_null(t.ips);
	assert_false(t.inner.present);
	// A map that is left out misses nothing, and its members have their defaults.
	assert_int_equal(t.inner.must, 0);
	assert_int_equal(t.inner.may, 7);
	mst_conf_release(&schema, &t);
	assert_null(t.name);
	mst_conf_release(&schema, &t);
}

static void
every_type(void **state)
{
	(void)state;
	struct thing t =
		read_ok("flag: false\nsmall: 200\nbig: 18446744073709551615\ntime: 2h\nroom: 1024G\n"
			"name: 'a: b#'\nnote: \"one\\ntwo\"\npath: /a/b\ncolour: red\nip: 192.0.2.1\n"
			"net: 10.0.0.0/8\nnames: []\nips: [192.0.2.1, '2001:db8::1']\nports: [1, 65535]\n"
			"inner: {must: 9, may: auto}\nother:\n  must: 1\n");

	assert_false(t.flag);
	assert_int_equal(t.small, 200);
	assert_true(t.big == UINT64_MAX);
	assert_int_equal(t.time_s, 7200);
	assert_true(t.room_bytes == 1ull << 40);
	assert_string_equal(t.name, "a: b#");
	assert_string_equal(t.note, "one\ntwo");
	assert_string_equal(t.path, "/a/b");
	assert_int_equal(t.colour, 0);
	assert_int_equal(mst_ip4_host(&t.ip), 0xc0000201);
	assert_int_equal(t.net.depth, 8);
	assert_int_equal(t.n_names, 0);
	assert_int_equal(t.n_ips, 2);
	assert_int_equal(t.ips[1].family, 6);
	assert_int_equal(t.n_ports, 2);
	assert_int_equal(t.ports[1], 65535);
	assert_true(t.inner.present);
	assert_int_equal(t.inner.must, 9);
	assert_int_equal(t.inner.may, 0);
	assert_int_equal(t.other.may, 7);
	mst_conf_release(&schema, &t);
}

static void
units(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t seconds;
	} cases[] = {{"time: 0", 0}, {"time: 90", 90}, {"time: 90s", 90}, {"time: 5m", 300},
		{"time: 24h", 86400}, {"time: 1d", 86400}, {"time: '7m'", 0}};

	for (size_t i = 0; i + 1 < MST_ARRAY_SIZE(cases); i++) {
		struct thing t = read_ok(cases[i].text);

		assert_int_equal(t.time_s, cases[i].seconds);
		mst_conf_release(&schema, &t);
	}
	refuse("time: '7m'",
		"f:1:7: time: expected seconds from 0 to 86400 (s m h d), found the text \"7m\"");
	refuse("time: 25h", "f:1:7: time: expected seconds from 0 to 86400 (s m h d), found \"25h\"");
	refuse("time: 5 m", "f:1:7: time: expected seconds from 0 to 86400 (s m h d), found \"5 m\"");
	refuse("time: m", "f:1:7: time: expected seconds from 0 to 86400 (s m h d), found \"m\"");
	refuse("time: 213503982334602d",
		"f:1:7: time: expected seconds from 0 to 86400 (s m h d), found \"213503982334602d\"");
	refuse("room: 1023",
		"f:1:7: room: expected bytes from 1024 to 1099511627776 (K M G), found \"1023\"");
}

static void
one_alone_and_auto(void **state)
{
	(void)state;
	struct thing t = read_ok("ips: 192.0.2.7\ninner: auto\n");

	assert_int_equal(t.n_ips, 1);
	assert_int_equal(mst_ip4_host(&t.ips[0]), 0xc0000207);
	assert_false(t.inner.present);
	assert_int_equal(t.inner.may, 7);
	mst_conf_release(&schema, &t);
	// auto is no value of a key that does not have it.
	refuse("other: auto", "f:1:8: other: expected a map of keys, found \"auto\"");
	refuse("small: auto", "f:1:8: small: expected a number from 2 to 200, found \"auto\"");
	refuse("inner: 'auto'", "f:1:8: inner: expected a map of keys or auto, found the text \"auto\"");
}

static void
a_list_of_maps(void **state)
{
	(void)state;
	struct thing t = read_ok("parts:\n- name: a\n  ports: [1, 2]\n  inner: {must: 3}\n- {name: b}\n");

	assert_int_equal(t.n_parts, 2);
	assert_string_equal(t.parts[0].name, "a");
	assert_int_equal(t.parts[0].n_ports, 2);
	assert_int_equal(t.parts[0].ports[1], 2);
	assert_int_equal(t.parts[0].inner.must, 3);
	assert_string_equal(t.parts[1].name, "b");
	assert_int_equal(t.parts[1].n_ports, 0);
	assert_int_equal(t.parts[1].inner.may, 7);
	mst_conf_release(&schema, &t);
}

static void
keep_key(const char *key, enum mst_conf_class change, void *arg)
{
	(void)change;
	snprintf(arg, 64, "%s", key);
}

static unsigned int
count_changes(const char *before, const char *after)
{
	struct thing a = read_ok(before);
	struct thing b = read_ok(after);
	char keys[64] = "";
	unsigned int n = mst_conf_diff_read(&schema, &a, &b, keep_key, keys);

	assert_string_equal(keys, n == 0 ? "" : "parts");
	mst_conf_release(&schema, &a);
	mst_conf_release(&schema, &b);
	return n;
}

static void
lists_of_maps_differ_as_a_whole(void **state)
{
	(void)state;
	assert_int_equal(count_changes("parts: [{name: a}]", "parts: [{ports: [], name: a}]"), 0);
	assert_int_equal(count_changes("parts: [{name: a}]", "parts: [{name: b}]"), 1);
	assert_int_equal(count_changes("parts: [{name: a}]", "parts: [{name: a}, {name: b}]"), 1);
	assert_int_equal(count_changes("parts: [{name: a}]", "parts: [{name: a, inner: {must: 2}}]"), 1);
	assert_int_equal(
		count_changes("parts: [{name: a, ports: [1]}]", "parts: [{name: a, ports: [2]}]"), 1);
}

static const char *const refused[][2] = {
	{"- a\n", "f:1:1: yaml: expected a map of keys, found other YAML"},
	{"word\n", "f:1:1: yaml: expected a map of keys, found other YAML"},
	{"flag: yes", "f:1:7: flag: expected true | false, found \"yes\""},
	{"flag: 'true'", "f:1:7: flag: expected true | false, found the text \"true\""},
	{"small: 1", "f:1:8: small: expected a number from 2 to 200, found \"1\""},
	{"small: 201", "f:1:8: small: expected a number from 2 to 200, found \"201\""},
	{"small: 258", "f:1:8: small: expected a number from 2 to 200, found \"258\""},
	{"small: '3'", "f:1:8: small: expected a number from 2 to 200, found the text \"3\""},
	{"small: 010", "f:1:8: small: expected a number from 2 to 200, found \"010\""},
	{"small: -3", "f:1:8: small: expected a number from 2 to 200, found \"-3\""},
	{"small: 3s", "f:1:8: small: expected a number from 2 to 200, found \"3s\""},
	{"small:\n", "f:1:7: small: expected a number from 2 to 200, found nothing"},
	{"small: ~\n", "f:1:8: small: expected a number from 2 to 200, found nothing"},
	{"small: {a: 1}", "f:1:8: small: expected a number from 2 to 200, found a map"},
	{"small: [3]", "f:1:8: small: expected a number from 2 to 200, found a list of 1"},
	{"name: ''", "f:1:7: name: expected text of 1 to 8 bytes, found the text \"\""},
	{"name: null", "f:1:7: name: expected text of 1 to 8 bytes, found nothing"},
	{"name: ninebytes", "f:1:7: name: expected text of 1 to 8 bytes, found \"ninebytes\""},
	{"name: \"a\\nb\"", "f:1:7: name: expected text of 1 to 8 bytes, found the text \"a?b\""},
	{"name: \"a\\x7fb\"", "f:1:7: name: expected text of 1 to 8 bytes, found the text \"a?b\""},
	{"note: \"a\\rb\"", "f:1:7: note: expected text of 0 to 20 bytes, found the text \"a?b\""},
	{"path: a/b", "f:1:7: path: expected an absolute path of at most 20 bytes, found \"a/b\""},
	{"colour: blue", "f:1:9: colour: expected red | green, found \"blue\""},
	{"colour: Red", "f:1:9: colour: expected red | green, found \"Red\""},
	{"ip: '::1'", "f:1:5: ip: expected an IPv4 address, found the text \"::1\""},
	{"ip: 192.0.2.1/24", "f:1:5: ip: expected an IPv4 address, found \"192.0.2.1/24\""},
	{"net: 10.0.0.0", "f:1:6: net: expected a network ADDRESS/LENGTH of length 8 to 30, found "
			  "\"10.0.0.0\""},
	{"net: 10.0.0.0/31", "f:1:6: net: expected a network ADDRESS/LENGTH of length 8 to 30, found "
			     "\"10.0.0.0/31\""},
	{"net: 10.0.0.0/7", "f:1:6: net: expected a network ADDRESS/LENGTH of length 8 to 30, found "
			    "\"10.0.0.0/7\""},
	{"names: x", "f:1:8: names: expected a list of 0 to 3 items, each text of 1 to 8 bytes, "
		     "found \"x\""},
	{"names: [a, b, c, d]", "f:1:8: names: expected a list of 0 to 3 items, each text of 1 to 8 "
				"bytes, found a list of 4"},
	{"names: [a, b, a]", "f:1:15: names[2]: expected each item once, found \"a\" again"},
	{"names: [a, [b]]", "f:1:12: names[1]: expected text of 1 to 8 bytes, found a list of 1"},
	{"names: [a, ninebytes]", "f:1:12: names[1]: expected text of 1 to 8 bytes, found \"ninebytes\""},
	{"ips: []", "f:1:6: ips: expected a list of 1 to 2 items, each an IP address, or one alone, "
		    "found "
		    "a list of 0"},
	{"ips: [192.0.2.1, 192.0.2.1]", "f:1:18: ips[1]: expected each item once, found \"192.0.2.1\" again"},
	{"ips: x", "f:1:6: ips[0]: expected an IP address, found \"x\""},
	{"ports: [1, 0]", "f:1:12: ports[1]: expected a number from 1 to 65535, found \"0\""},
	{"inner:\n", "f:1:7: inner: expected a map of keys or auto, found nothing"},
	{"inner: [1]", "f:1:8: inner: expected a map of keys or auto, found a list of 1"},
	{"flag: true\nother: {may: 1}\n",
		"f:2:1: other.must: expected a number from 1 to 9, found no such key"},
	{"other:\n  must: 1\n  mst: 2\n",
		"f:3:3: other.mst: expected one of must, may, found an unknown key"},
	{"parts: {name: a}",
		"f:1:8: parts: expected a list of 0 to 2 items, each a map of keys, found a map"},
	{"parts: [a]", "f:1:9: parts[0]: expected a map of keys, found \"a\""},
	{"parts: [{name: a}, [b]]", "f:1:20: parts[1]: expected a map of keys, found a list of 1"},
	{"parts:\n- name: a\n- ports: [1]\n",
		"f:3:3: parts[1].name: expected text of 1 to 8 bytes, found no such key"},
	{"parts: [{name: a, ports: [1, x]}]",
		"f:1:30: parts[0].ports[1]: expected a number from 1 to 65535, found \"x\""},
	{"parts: [{name: a}, {name: b}, {name: c}]",
		"f:1:8: parts: expected a list of 0 to 2 items, each a map of keys, found a list of 3"},
	{"must: 1\n", "f:1:1: must: expected one of flag, small, big, time, room, name, note, path, "
		      "colour, ip, net, "
		      "names, ips, ports, inner, other, parts, found an unknown key"},
	{"<<: {flag: true}\n", "f:1:1: <<: expected one of flag, small, big, time, room, name, note, "
			       "path, colour, ip, net, "
			       "names, ips, ports, inner, other, parts, found an unknown key"},
};

static void
refuses(void **state)
{
	(void)state;

	for (size_t i = 0; i < MST_ARRAY_SIZE(refused); i++)
		refuse(refused[i][0], refused[i][1]);
}

static int
small_is_not_five(const void *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err)
{
	const struct thing *t = conf;

	return t->small == 5 ? mst_conf_reject(tree, err, "small", "expected another, found %u", t->small)
			     : 0;
}

static void
the_check_decides(void **state)
{
	(void)state;
	const struct mst_conf_schema checked = {thing_keys, sizeof(struct thing), small_is_not_five};
	struct thing t;
	struct mst_conf_error err;

	assert_int_equal(mst_conf_read_text(&checked, "f", "flag: true\nsmall: 4", 19, &t, &err), 0);
	mst_conf_release(&checked, &t);
	assert_int_equal(mst_conf_read_text(&checked, "f", "flag: true\nsmall: 5", 19, &t, &err), -EINVAL);
	assert_string_equal(err.text, "f:2:8: small: expected another, found 5");
	assert_int_equal(err.line, 2);
	assert_int_equal(err.column, 8);
	assert_null(t.name);
}

static void
long_names_are_cut(void **state)
{
	(void)state;
	char text[4096];
	struct thing t;
	struct mst_conf_error err;

	memset(text, 'k', sizeof(text));
	memcpy(text + 1000, ": 1\n", 5);
	assert_int_equal(mst_conf_read_text(&schema, "f", text, 1004, &t, &err), -EINVAL);
	assert_true(strlen(err.text) < 400);
	memset(text, 'k', sizeof(text));
	memcpy(text, "name: ", 6);
	assert_int_equal(mst_conf_read_text(&schema, "f", text, sizeof(text), &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "kkk...\""));
}

static void
reference_text(void **state)
{
	(void)state;
	char *doc;

	assert_int_equal(mst_conf_schema_doc(&schema, &doc), 0);
	assert_non_null(
		strstr(doc, "\ntime\n    seconds from 0 to 86400 (s m h d); default 5m; live\n    h\n"));
	assert_non_null(
		strstr(doc, "\nother.must\n    a number from 1 to 9; required; live\n    has to be there\n"));
	assert_non_null(strstr(doc, "\nother\n    a map of keys; default none; restart\n    h\n"));
	assert_non_null(strstr(doc, "\nparts[].name\n    text of 1 to 8 bytes; required; live\n    h\n"));
	assert_non_null(strstr(
		doc, "\nnames\n    a list of 0 to 3 items, each text of 1 to 8 bytes; default [x, \"y\"]"));
	free(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_type),
		cmocka_unit_test(units),
		cmocka_unit_test(one_alone_and_auto),
		cmocka_unit_test(a_list_of_maps),
		cmocka_unit_test(lists_of_maps_differ_as_a_whole),
		cmocka_unit_test(refuses),
		cmocka_unit_test(the_check_decides),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(reference_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
