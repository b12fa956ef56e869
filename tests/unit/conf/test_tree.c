// What of YAML is refused, and where the error points.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "conf.h"

static void
refuse(const char *text, size_t len, const char *want)
{
	struct mst_conf_tree tree;
	struct mst_conf_error err = {0};

	assert_int_equal(conf_tree_parse(&tree, "f", text, len, &err), -EINVAL);
	assert_string_equal(err.text, want);
	assert_null(tree.all);
}

static void
refuses_what_a_configuration_does_not_need(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"a: 1\na: 2\n", "f:2:1: a: expected each key once, found it again (first in line 1)"},
		{"m:\n  a: 1\n  b: 2\n  a: 3\n",
			"f:4:3: m.a: expected each key once, found it again (first in line 2)"},
		{"a: &x 1\n", "f:1:4: a: expected a plain value, found an anchor or a tag"},
		{"a: &x [1]\n", "f:1:4: a: expected a plain value, found an anchor or a tag"},
		{"a: !!str 1\n", "f:1:4: a: expected a plain value, found an anchor or a tag"},
		{"a: !x {b: 1}\n", "f:1:4: a: expected a plain value, found an anchor or a tag"},
		{"a: [1, *x]\n", "f:1:8: a[1]: expected a plain value, found an alias"},
		{"a: 1\n---\nb: 2\n", "f:2:1: yaml: expected one document, found a second"},
		{"%YAML 1.1\n---\na: 1\n", "f:1:1: yaml: expected keys, found a directive"},
		{"[a]: 1\n", "f:1:1: yaml: expected a word as key, found a list"},
		{"? {a: 1}\n: 1\n", "f:1:3: yaml: expected a word as key, found a map"},
		{"'': 1\n", "f:1:1: yaml: expected a word as key, found other bytes"},
		{"\"a\\0\": 1\n", "f:1:1: yaml: expected a word as key, found other bytes"},
		{"a: \"x\\0y\"\n", "f:1:4: a: expected text, found a NUL byte"},
		{"[[[[[[[[[1]]]]]]]]]",
			"f:1:9: [0][0][0][0][0][0][0][0]: expected at most 8 levels, found more"},
		{"a: 'b\n", "f:2:1: a: expected well-formed YAML, found \"found unexpected end of stream\""},
		{"a: \"\x01\"\n", "f:1:1: yaml: expected well-formed YAML, found \"control characters are "
				  "not allowed\""},
		{"a: \xff\n",
			"f:1:1: yaml: expected well-formed YAML, found \"invalid leading UTF-8 octet\""},
		{"a:\n\t- b\n", "f:2:1: a: expected well-formed YAML, found \"found character that cannot "
				"start any token\""},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++)
		refuse(cases[i][0], strlen(cases[i][0]), cases[i][1]);
	refuse("a: 1\0b", 6,
		"f:1:1: yaml: expected well-formed YAML, found \"control characters are not allowed\"");
}

static void
eight_levels_are_enough(void **state)
{
	(void)state;
	static const char text[] = "a: [[[[[[[x]]]]]]]";
	struct mst_conf_tree tree;
	struct mst_conf_error err;

	assert_int_equal(conf_tree_parse(&tree, "f", text, strlen(text), &err), 0);
	assert_int_equal(tree.n_nodes, 9);
	conf_tree_fini(&tree);
}

static void
remembers_places(void **state)
{
	(void)state;
	static const char text[] =
		"# remark\nports:\n  public: {mtu: 1500}\n  list:\n    - one\n    - 'two'\n";
	struct mst_conf_tree tree;
	struct mst_conf_error err;
	const struct conf_node *ports;
	const struct conf_node *list;

	assert_int_equal(conf_tree_parse(&tree, "f", text, strlen(text), &err), 0);
	ports = conf_tree_child(tree.root, "ports", 5);
	assert_non_null(ports);
	assert_int_equal(ports->key_line, 2);
	assert_int_equal(ports->line, 3);
	list = conf_tree_child(ports, "list", 4);
	assert_int_equal(list->n, 2);
	assert_false(list->first->quoted);
	assert_true(list->first->next->quoted);
	assert_int_equal(list->first->next->line, 6);
	assert_int_equal(list->first->next->column, 7);
	assert_null(conf_tree_child(ports, "lis", 3));
	assert_null(conf_tree_child(ports, "list2", 5));

	assert_int_equal(mst_conf_reject(&tree, &err, "ports.list[1]", "no"), -EINVAL);
	assert_string_equal(err.text, "f:6:7: ports.list[1]: no");
	assert_int_equal(mst_conf_reject(&tree, &err, "ports.public.mtu", "no"), -EINVAL);
	assert_string_equal(err.text, "f:3:17: ports.public.mtu: no");
	// Left out: the map it should stand in.
	assert_int_equal(mst_conf_reject(&tree, &err, "ports.public.tap", "no"), -EINVAL);
	assert_string_equal(err.text, "f:3:3: ports.public.tap: no");
	assert_int_equal(mst_conf_reject(&tree, &err, "ports.list[2]", "no"), -EINVAL);
	assert_string_equal(err.text, "f:4:3: ports.list[2]: no");
	conf_tree_fini(&tree);
}

static void
an_empty_file_has_no_root(void **state)
{
	(void)state;
	struct mst_conf_tree tree;
	struct mst_conf_error err;

	assert_int_equal(conf_tree_parse(&tree, "f", "# nothing\n", 10, &err), 0);
	assert_null(tree.root);
	assert_int_equal(mst_conf_reject(&tree, &err, "a.b", "no"), -EINVAL);
	assert_string_equal(err.text, "f:1:1: a.b: no");
	conf_tree_fini(&tree);
}

static char *
repeat(const char *head, const char *unit, size_t n, const char *tail)
{
	size_t unit_len = strlen(unit);
	char *text = malloc(strlen(head) + n * unit_len + strlen(tail) + 1);
	char *p;

	assert_non_null(text);
	p = stpcpy(text, head);
	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, unit);
	stpcpy(p, tail);
	return text;
}

static void
numbers_are_bounded(void **state)
{
	(void)state;
	char *many = repeat("[", "1,", MST_CONF_NODES_MAX - 1, "]");
	char *too_many = repeat("[", "1,", MST_CONF_NODES_MAX, "]");
	char *long_file = repeat("#", "x", MST_CONF_FILE_BYTES_MAX, "");
	struct mst_conf_tree tree;
	struct mst_conf_error err;
	char keys[8192];
	size_t len = 0;

	assert_int_equal(conf_tree_parse(&tree, "f", many, strlen(many), &err), 0);
	conf_tree_fini(&tree);
	assert_int_equal(conf_tree_parse(&tree, "f", too_many, strlen(too_many), &err), -EINVAL);
	assert_non_null(strstr(err.text, "expected at most 65536 values, found more"));
	refuse(long_file, strlen(long_file), "f:1:1: yaml: expected at most 1048576 bytes, found more");
	assert_int_equal(conf_tree_parse(&tree, "f", long_file, MST_CONF_FILE_BYTES_MAX, &err), 0);
	conf_tree_fini(&tree);
	for (unsigned int i = 0; i <= MST_CONF_MAP_KEYS_MAX; i++)
		len += (size_t)snprintf(keys + len, sizeof(keys) - len, "k%u: 1\n", i);
	refuse(keys, len, "f:257:1: yaml: expected at most 256 keys, found more");
	free(many);
	free(too_many);
	free(long_file);
}

static void
the_error_has_no_control_characters(void **state)
{
	(void)state;
	static const char text[] = "\"a\\e[31m\\nb\": 1\n\"a\\e[31m\\nb\": 2\n";

	refuse(text, strlen(text),
		"f:2:1: a?[31m?b: expected each key once, found it again (first in line 1)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_a_configuration_does_not_need),
		cmocka_unit_test(eight_levels_are_enough),
		cmocka_unit_test(remembers_places),
		cmocka_unit_test(an_empty_file_has_no_root),
		cmocka_unit_test(numbers_are_bounded),
		cmocka_unit_test(the_error_has_no_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
