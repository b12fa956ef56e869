// The fields of a sign-in whatever it was spelled in: the token of an Authorization header, names that may be none.
#include <string.h>

#include "mst_test.h"

#include "login.h"

#define TEXT(literal) ((struct ac_text){(literal), sizeof(literal) - 1})

static void
token_of_the_scheme(void **state)
{
	(void)state;
	assert_true(ac_text_is(ac_bearer_find(TEXT("Bearer a.b-c_d~e+f/g=")), "a.b-c_d~e+f/g="));
	assert_true(ac_text_is(ac_bearer_find(TEXT("bEARER \t azAZ09 ")), "azAZ09"));
	// Six letters and a blank, and another scheme.
	assert_null(ac_bearer_find(TEXT("Digest abc")).p);
	assert_null(ac_bearer_find(TEXT("Basic abc")).p);
	assert_null(ac_bearer_find(TEXT("Bearer")).p);
	assert_null(ac_bearer_find(TEXT("")).p);
}

// RFC 6750 section 2.1: anything else is a token that cannot be one, not a header that was not sent.
static void
token_of_other_letters(void **state)
{
	(void)state;
	char text[] = "Bearer a?b";

	for (int c = 0; c < 256; c++) {
		bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c != '\0' && strchr("-._~+/=", c) != NULL);
		struct ac_text token;

		text[8] = (char)c;
		token = ac_bearer_find(TEXT(text));
		assert_non_null(token.p);
		assert_int_equal(token.len, good ? 3 : 0);
	}
}

static void
names_are_clean(void **state)
{
	(void)state;
	struct ac_login l = {0};
	char *const names[] = {l.cred.user, l.cred.group, l.cred.platform};

	assert_int_equal(ac_login_check(&l), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++) {
		strcpy(names[i], "a\nb");
		assert_true(ac_login_check(&l) < 0);
		strcpy(names[i], "a\xff");
		assert_true(ac_login_check(&l) < 0);
		strcpy(names[i], "\xc3\xbc");
		assert_int_equal(ac_login_check(&l), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_of_the_scheme),
		cmocka_unit_test(token_of_other_letters),
		cmocka_unit_test(names_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
