// Forms, as clients without XML answer them.
#include <string.h>

#include "mst_test.h"

#include "login.h"

static enum mst_ac_fault
parse(struct ac_login *l, const char *body, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	enum mst_ac_fault f;

	assert_non_null(copy);
	memcpy(copy, body, len);
	memset(l, 0, sizeof(*l));
	f = ac_login_parse(l, copy, len);
	free(copy);
	return f;
}

static void
good_forms(void **state)
{
	(void)state;
	struct ac_login l;
	static const char one[] = "username=alice&password=p%20+%26%3D%25&group_list=eng&other=%zz";

	assert_int_equal(parse(&l, one, strlen(one)), MST_AC_F_NONE);
	assert_int_equal(l.kind, AC_LOGIN_REPLY);
	assert_string_equal(l.cred.user, "alice");
	assert_string_equal(l.cred.password, "p  &=%");
	assert_string_equal(l.cred.group, "eng");
	assert_int_equal(parse(&l, "username=J%C3%BCrgen", 20), MST_AC_F_NONE);
	assert_string_equal(l.cred.user, "J\xc3\xbcrgen");
	assert_true(l.have[AC_LOGIN_user]);
	assert_false(l.have[AC_LOGIN_password]);
	assert_int_equal(parse(&l, "username=&password=", 19), MST_AC_F_NONE);
	assert_true(l.have[AC_LOGIN_password]);
}

static void
bad_forms(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"  ",
		"username",
		"username=a&password",
		"username=a&&password=b",
		"username=%",
		"username=%4",
		"username=%zz",
		"username=%4g",
		"username=a%00b",
		"password=a%00b",
		"password=%zz",
		"password=%",
		"username=a%0Ab",
		"username=a%7f",
		"username=%C0%AF",
		"username=%FF",
		"group_list=a%0d",
		"username=a&username=b",
		"username=a&username=a",
		"password=a&password=",
	};
	struct ac_login l;

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		if (parse(&l, bad[i], strlen(bad[i])) != MST_AC_F_LOGIN_SYNTAX)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(parse(&l, "username=a\0", 11), MST_AC_F_LOGIN_SYNTAX);
}

static void
field_limits(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t cap;
	} rows[] = {
		{"username", sizeof(((struct mst_ac_credentials *)0)->user)},
		{"password", sizeof(((struct mst_ac_credentials *)0)->password)},
		{"group_list", sizeof(((struct mst_ac_credentials *)0)->group)},
	};
	char body[512];
	struct ac_login l;

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		for (size_t n = rows[i].cap - 2; n <= rows[i].cap; n++) {
			size_t len = (size_t)snprintf(body, sizeof(body), "%s=", rows[i].name);

			memset(body + len, 'a', n);
			assert_int_equal(parse(&l, body, len + n),
				n < rows[i].cap ? MST_AC_F_NONE : MST_AC_F_LOGIN_SYNTAX);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_forms),
		cmocka_unit_test(bad_forms),
		cmocka_unit_test(field_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
