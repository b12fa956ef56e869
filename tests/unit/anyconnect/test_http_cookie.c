// Cookie headers.
#include <string.h>

#include "mst_test.h"

#include "http.h"

static struct ac_text
t(const char *s)
{
	return (struct ac_text){s, strlen(s)};
}

static void
finds(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		const char *value; // NULL: none
	} rows[] = {
		{"webvpn=abc", "abc"},
		{"webvpn=ab=c==", "ab=c=="},
		{"a=b; webvpn=abc; c=d", "abc"},
		{"a=b;webvpn=abc;c=d", "abc"},
		{" ; ;; webvpn=abc", "abc"},
		{"webvpn=", ""},
		{"webvpncontext=abc", NULL},
		{"xwebvpn=abc", NULL},
		{"WEBVPN=abc", NULL},
		{"webvpn", NULL},
		{"webvpn; webvpn=abc", "abc"}, // a word without '=' is no cookie
		{"webvpn =abc", NULL},
		{"a=webvpn=abc", NULL},
		{"", NULL},
		// Two answers to who is calling are none.
		{"webvpn=abc; webvpn=abd", NULL},
		{"webvpn=abc; webvpn=abc", NULL},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct ac_text v = ac_cookie_find(t(rows[i].header), "webvpn");

		if (rows[i].value == NULL)
			assert_null(v.p);
		else
			assert_true(ac_text_is(v, rows[i].value));
	}
	assert_null(ac_cookie_find((struct ac_text){0}, "webvpn").p);
}

static void
ours(void **state)
{
	(void)state;
	static char big[MST_AC_COOKIE_BYTES + 2];

	memset(big, 'a', sizeof(big) - 1);
	assert_true(ac_cookie_is_ours(t("abcXYZ019+/=._~-")));
	assert_true(ac_cookie_is_ours((struct ac_text){big, MST_AC_COOKIE_BYTES}));
	assert_false(ac_cookie_is_ours((struct ac_text){big, MST_AC_COOKIE_BYTES + 1}));
	assert_false(ac_cookie_is_ours(t("")));
	assert_false(ac_cookie_is_ours((struct ac_text){0}));
	for (int c = 0; c < 256; c++) {
		char one = (char)c;
		bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool want = alnum || (c != 0 && strchr("._~+/=-", c) != NULL);

		assert_int_equal(ac_cookie_is_ours((struct ac_text){&one, 1}), want);
	}
}

static void
sizes(void **state)
{
	(void)state;
	static char text[2 * MST_AC_COOKIE_BYTES + 8];

	for (size_t n = MST_AC_COOKIE_BYTES - 1; n <= MST_AC_COOKIE_BYTES + 1; n++) {
		bool want = n <= MST_AC_COOKIE_BYTES;

		memset(text, 'a', sizeof(text));
		text[n] = '='; // the name
		assert_int_equal(ac_cookie_sizes_ok((struct ac_text){text, n + 2}), want);
		memset(text, 'a', sizeof(text));
		text[1] = '='; // the value
		assert_int_equal(ac_cookie_sizes_ok((struct ac_text){text, n + 2}), want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(ours),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
