// What a device may write on the operator's terminal: nothing but printable characters.
#include <string.h>

#include "mst_test.h"

#include "ctl.h"

static void
check(const char *text, const char *expected, size_t width)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	assert_int_equal(mst_ctl_put_safe(f, text), width);
	fclose(f);
	assert_string_equal(out, expected);
	assert_int_equal(mst_ctl_put_safe(NULL, text), width);
	free(out);
}

static void
plain_text_stays(void **state)
{
	(void)state;
	check("", "", 0);
	check("alice@example.com", "alice@example.com", 17);
	check("J\xc3\xbcrgen", "J\xc3\xbcrgen", 6);
	check("\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 2);
	check("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", 1);
}

static void
controls_are_escaped(void **state)
{
	(void)state;
	check("a\033[2Jb", "a\\x1b[2Jb", 9);
	check("line\nnext\r\t", "line\\x0anext\\x0d\\x09", 20);
	check("\x01\x1f\x7f", "\\x01\\x1f\\x7f", 12);
	// U+009B is CSI of the C1 set, which a UTF-8 terminal obeys too.
	check("\xc2\x9b", "\\u009b", 6);
	check("\xc2\x80\xc2\x9f\xc2\xa0", "\\u0080\\u009f\xc2\xa0", 13);
}

static void
hidden_and_turning_characters_are_escaped(void **state)
{
	(void)state;
	check("bob\xe2\x80\xae"
	      "nimda",
		"bob\\u202enimda", 14);
	check("\xe2\x80\x8b\xe2\x81\xa6\xef\xbb\xbf", "\\u200b\\u2066\\ufeff", 18);
	check("\xf3\xa0\x80\x81", "\\ue0001", 7);
}

static void
malformed_bytes_are_escaped_one_by_one(void **state)
{
	(void)state;
	check("\xff\xfe", "\\xff\\xfe", 8);
	check("\xc3", "\\xc3", 4);
	check("\xe2\x80", "\\xe2\\x80", 8);
	check("\xc0\x9b", "\\xc0\\x9b", 8);		       // overlong ESC
	check("\xe0\x80\x9b", "\\xe0\\x80\\x9b", 12);	       // overlong ESC
	check("\xed\xa0\x80", "\\xed\\xa0\\x80", 12);	       // surrogate
	check("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 16); // beyond U+10FFFF
	check("\x80"
	      "a",
		"\\x80"
		"a",
		5);
}

static void
durations(void **state)
{
	(void)state;
	static const struct {
		int64_t s;
		const char *text;
	} cases[] = {{-5, "0s"}, {0, "0s"}, {59, "59s"}, {60, "1m00s"}, {3599, "59m59s"}, {3600, "1h00m"},
		{86399, "23h59m"}, {86400, "1d00h"}, {100000, "1d03h"}};
	char text[32];

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		ctl_put_duration(text, sizeof(text), cases[i].s);
		assert_string_equal(text, cases[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(controls_are_escaped),
		cmocka_unit_test(hidden_and_turning_characters_are_escaped),
		cmocka_unit_test(malformed_bytes_are_escaped_one_by_one),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
