// Text builder and numbers.
#include <string.h>

#include "mst_test.h"

static void
builder_is_bounded(void **state)
{
	(void)state;
	char b[8];
	struct mst_str s = mst_str_init(b, sizeof(b));

	mst_str_fmt(&s, "%s", "1234567");
	assert_false(s.err);
	mst_str_add(&s, "8", 1);
	assert_true(s.err);
	assert_string_equal(b, "1234567");
	s = mst_str_init(b, sizeof(b));
	mst_str_fmt(&s, "%s", "12345678");
	assert_true(s.err);
	assert_string_equal(b, "");
}

static void
xml_is_escaped(void **state)
{
	(void)state;
	char b[64];
	struct mst_str s = mst_str_init(b, sizeof(b));

	mst_str_add_xml(&s, "<a b='\"&\x01'>");
	assert_string_equal(b, "&lt;a b=&apos;&quot;&amp;?&apos;&gt;");
}

static void
numbers(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "65536", "1e3"};
	uint64_t v;

	assert_int_equal(mst_parse_u64("65535", 5, 0, 65535, &v), 0);
	assert_int_equal(v, 65535);
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_int_not_equal(mst_parse_u64(bad[i], strlen(bad[i]), 0, 65535, &v), 0);
	assert_int_not_equal(mst_parse_u64("5", 1, 6, 10, &v), 0);
}

static void
hex(void **state)
{
	(void)state;
	uint8_t b[2];

	assert_int_equal(mst_parse_hex("aBfF", 4, b, 2), 0);
	assert_int_equal(b[0], 0xab);
	assert_int_equal(b[1], 0xff);
	assert_int_not_equal(mst_parse_hex("abf", 3, b, 2), 0);
	assert_int_not_equal(mst_parse_hex("abfg", 4, b, 2), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builder_is_bounded),
		cmocka_unit_test(xml_is_escaped),
		cmocka_unit_test(numbers),
		cmocka_unit_test(hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
