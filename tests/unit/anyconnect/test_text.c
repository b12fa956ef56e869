// Spans of text.
#include <string.h>

#include "mst_test.h"

#include "text.h"

static struct ac_text
t(const char *s)
{
	return (struct ac_text){s, s != NULL ? strlen(s) : 0};
}

static void
compares(void **state)
{
	(void)state;
	assert_true(ac_text_is(t("abc"), "abc"));
	assert_false(ac_text_is(t("abc"), "ab"));
	assert_false(ac_text_is(t("ab"), "abc"));
	assert_false(ac_text_is(t("ABC"), "abc"));
	assert_false(ac_text_is(t(NULL), ""));
	assert_true(ac_text_is_nocase(t("x-CSTP-mtu"), "X-CSTP-MTU"));
	// '[' and '{' differ by the same bit as letters do.
	assert_false(ac_text_is_nocase(t("["), "{"));
	assert_false(ac_text_is_nocase(t(";"), "["));
	assert_false(ac_text_is_nocase(t("X-CSTP-MTU2"), "X-CSTP-MTU"));
	assert_true(ac_text_has(t("Open AnyConnect"), "AnyConnect"));
	assert_false(ac_text_has(t("AnyConnec"), "AnyConnect"));
	assert_false(ac_text_has(t(NULL), "x"));
}

static void
lists(void **state)
{
	(void)state;
	assert_true(ac_text_lists(t("IPv6, IPv4"), ',', "IPv4", AC_CASE_EXACT));
	assert_false(ac_text_lists(t("IPv6,IPv44"), ',', "IPv4", AC_CASE_EXACT));
	assert_false(ac_text_lists(t("ipv4"), ',', "IPv4", AC_CASE_EXACT));
	assert_true(ac_text_lists(t("ipv4"), ',', "IPv4", AC_CASE_IGNORE));
	assert_false(ac_text_lists(t(""), ',', "IPv4", AC_CASE_IGNORE));
	assert_false(ac_text_lists(t(NULL), ',', "IPv4", AC_CASE_IGNORE));
}

static void
copies(void **state)
{
	(void)state;
	char out[5];

	ac_text_copy_printable(out, sizeof(out), t("abcd"));
	assert_string_equal(out, "abcd");
	ac_text_copy_printable(out, sizeof(out), t("abcde"));
	assert_string_equal(out, "abcd");
	ac_text_copy_printable(out, sizeof(out), t("a\xff\t%"));
	assert_string_equal(out, "a??%");
	ac_text_copy_printable(out, sizeof(out), t(NULL));
	assert_string_equal(out, "");
}

static void
utf8(void **state)
{
	(void)state;
	static const char *const good[] = {"", "alice", "J\xc3\xbcrgen", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
		"\xf4\x8f\xbf\xbf", "a b@c.d"};
	static const char *const bad[] = {"\n", "a\x01", "\x7f", "\xc2\x85", "\x80", "\xa1", "\xbf", "\xc3",
		"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xe2\x82z", "\xef\xbf\xbe",
		"\xef\xbf\xbf"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(good); i++)
		assert_true(ac_text_is_clean_utf8(t(good[i])));
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_false(ac_text_is_clean_utf8(t(bad[i])));
	assert_false(ac_text_is_clean_utf8((struct ac_text){"a\0b", 3}));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(lists),
		cmocka_unit_test(copies),
		cmocka_unit_test(utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
