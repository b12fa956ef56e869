// One-time codes: published values, the window, what is used up, and what a file may say.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "identity.h"

static const struct canonical_rules any_domain;

#define SECRET "3132333435363738393031323334353637383930"

static struct identity_codes *codes;

static int
set_up(void **state)
{
	(void)state;
	codes = identity_codes_create();
	return codes != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	identity_codes_destroy(codes);
	return 0;
}

static struct identity_oath *
parse(const char *text)
{
	struct identity_oath *o = NULL;
	struct mst_conf_error err;
	int rc = identity_oath_parse(&o, &any_domain, "f", text, strlen(text), &err);

	if (rc != 0)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	return o;
}

// RFC 6238 appendix B, SHA-1.
static void
published_values(void **state)
{
	(void)state;
	static const struct {
		uint64_t now_s;
		const char *code;
	} values[] = {{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
		{1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
	struct identity_oath *o = parse("HOTP/T30/8 anna - " SECRET "\nHOTP/T30 six - " SECRET "\n");

	for (size_t i = 0; i < MST_ARRAY_SIZE(values); i++) {
		char wrong[9];

		snprintf(wrong, sizeof(wrong), "%s", values[i].code);
		wrong[7] = wrong[7] == '0' ? '1' : '0';
		assert_false(identity_oath_verify(o, codes, "anna", wrong, values[i].now_s, 0, true));
		assert_false(identity_oath_verify(o, codes, "six", values[i].code, values[i].now_s, 0, true));
		assert_true(identity_oath_verify(o, codes, "anna", values[i].code, values[i].now_s, 0, true));
		// The last six of the same.
		assert_true(
			identity_oath_verify(o, codes, "six", values[i].code + 2, values[i].now_s, 0, true));
	}
	// Who is not there has a secret, too, which opens nothing.
	o->nobodys = o->users[0];
	assert_false(identity_oath_verify(o, codes, "nobody", "94287082", 59, 0, true));
	identity_oath_free(o);
}

static void
the_window_is_a_step_each_way(void **state)
{
	(void)state;
	struct identity_oath *o = parse("HOTP/T30/8 anna - " SECRET "\n");
	static const struct {
		uint64_t now_s;
		bool good;
	} times[] = {{1111111109 - 60, false}, {1111111109 - 59, true}, {1111111109, true},
		{1111111109 + 30, true}, {1111111109 + 31, false}};

	// Its step is from 1111111080 to 1111111109.
	for (size_t i = 0; i < MST_ARRAY_SIZE(times); i++) {
		struct identity_codes *fresh = identity_codes_create();

		assert_int_equal(identity_oath_verify(o, fresh, "anna", "07081804", times[i].now_s, 0, true),
			times[i].good);
		identity_codes_destroy(fresh);
	}
	identity_oath_free(o);
}

static void
only_a_whole_sign_in_uses_a_code_up(void **state)
{
	(void)state;
	struct identity_oath *o = parse("HOTP/T30/8 anna - " SECRET "\n");

	assert_false(identity_oath_verify(o, codes, "anna", "07081804", 1111111109, 0, false));
	assert_false(identity_oath_verify(o, codes, "nobody", "07081804", 1111111109, 0, true));
	assert_false(identity_oath_verify(o, codes, "anna", "", 1111111109, 0, true));
	assert_false(identity_oath_verify(o, codes, "anna", "0708180", 1111111109, 0, true));
	assert_false(identity_oath_verify(o, codes, "anna", "070818040", 1111111109, 0, true));
	assert_true(identity_oath_verify(o, codes, "anna", "07081804", 1111111109, 0, true));
	assert_false(identity_oath_verify(o, codes, "anna", "07081804", 1111111109, 0, true));
	assert_false(identity_oath_verify(o, codes, "anna", "07081804", 1111111110, 0, true));
	// A later one was used: neither it nor one before it.
	assert_true(identity_oath_verify(o, codes, "anna", "14050471", 1111111111, 0, true));
	assert_false(identity_oath_verify(o, codes, "anna", "07081804", 1111111111, 0, true));
	identity_oath_free(o);
}

static void
used_codes_have_a_bound(void **state)
{
	(void)state;
	char name[16];

	for (unsigned int i = 0; i < IDENTITY_CODES_MAX; i++) {
		snprintf(name, sizeof(name), "u%u", i);
		assert_true(identity_codes_use(codes, name, 1200, 1230));
		assert_false(identity_codes_use(codes, name, 1200, 1230));
	}
	// Full: nobody new, until those that are used cannot be tried again.
	assert_false(identity_codes_use(codes, "one more", 1200, 1230));
	assert_true(identity_codes_use(codes, "u7", 1230, 1230));
	assert_false(identity_codes_use(codes, "one more", 1200, 1380));
	assert_true(identity_codes_use(codes, "one more", 1350, 1381));
	assert_false(identity_codes_use(codes, "one more", 1350, 1381));
}

static void
kinds_of_lines(void **state)
{
	(void)state;
	struct identity_oath *o =
		parse("# comment\n\nHOTP/T30\tanna\t-\t" SECRET
		      "\nHOTP/T60/7 bert + 00112233445566778899 123456 2006-12-07T00:00:00L\n");

	assert_int_equal(o->n_users, 2);
	assert_string_equal(o->users[0].name, "anna");
	assert_int_equal(o->users[0].digits, 6);
	assert_int_equal(o->users[0].step_s, 30);
	assert_int_equal(o->users[0].secret_len, 20);
	assert_string_equal(o->users[1].name, "bert");
	assert_int_equal(o->users[1].digits, 7);
	assert_int_equal(o->users[1].step_s, 60);
	assert_int_equal(o->users[1].secret_len, 10);
	identity_oath_free(o);
	identity_oath_free(parse(""));
	identity_oath_free(NULL);
}

static void
refuses_malformed_lines(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"HOTP/T30 anna -\n", "f:1: expected HOTP/T30[/DIGITS] USER - SECRET, found fewer words"},
		{"\nanna\n", "f:2: expected HOTP/T30[/DIGITS] USER - SECRET, found fewer words"},
		{"HOTP anna - " SECRET "\n", "f:1: expected HOTP/T30 or HOTP/T60"},
		{"HOTP/E/6 anna - " SECRET "\n", "f:1: expected HOTP/T30 or HOTP/T60"},
		{"HOTP/T30/9 anna - " SECRET "\n", "f:1: expected HOTP/T30 or HOTP/T60"},
		{"HOTP/T30 anna 1234 " SECRET "\n", "f:1: expected - in place of a PIN"},
		{"HOTP/T30 anna - 001122334455667788\n", "f:1: expected a secret of 10 to 64 bytes"},
		{"HOTP/T30 anna - 00112233445566778g\n", "f:1: expected a secret of 10 to 64 bytes"},
		{"HOTP/T30 anna - 001122334455667788999\n", "f:1: expected a secret of 10 to 64 bytes"},
		{"HOTP/T30 anna - GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n",
			"f:1: expected a secret of 10 to 64 bytes"},
		{"HOTP/T30 a\001b - " SECRET "\n", "f:1: expected printable text"},
		{"HOTP/T30 a - " SECRET "\nHOTP/T30 a - " SECRET "\n",
			"f:2: expected each user once, found a again"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		struct identity_oath *o;
		struct mst_conf_error err;

		assert_int_equal(
			identity_oath_parse(&o, &any_domain, "f", bad[i].text, strlen(bad[i].text), &err),
			-EINVAL);
		assert_int_equal(strncmp(err.text, bad[i].why, strlen(bad[i].why)), 0);
		// Never the secret.
		assert_null(strstr(err.text, "001122"));
		assert_null(strstr(err.text, "3132"));
		assert_null(strstr(err.text, "GEZD"));
	}
}

static void
secrets_and_names_have_bounds(void **state)
{
	(void)state;
	for (unsigned int bytes = 9; bytes <= 66; bytes++) {
		char text[256], hex[160];
		struct identity_oath *o;
		struct mst_conf_error err;

		memset(hex, 'a', 2 * bytes);
		hex[2 * bytes] = '\0';
		snprintf(text, sizeof(text), "HOTP/T30 anna - %s\n", hex);
		if (bytes < 10 || bytes > 64) {
			assert_int_equal(
				identity_oath_parse(&o, &any_domain, "f", text, strlen(text), &err), -EINVAL);
			continue;
		}
		o = parse(text);
		assert_int_equal(o->users[0].secret_len, bytes);
		identity_oath_free(o);
	}
	for (int len = MST_AUTH_USER_BYTES - 2; len <= MST_AUTH_USER_BYTES; len++) {
		char text[256];
		struct identity_oath *o = NULL;
		struct mst_conf_error err;
		int rc;

		snprintf(text, sizeof(text), "HOTP/T30 %0*d - " SECRET "\n", len, 7);
		rc = identity_oath_parse(&o, &any_domain, "f", text, strlen(text), &err);
		assert_int_equal(rc, len < MST_AUTH_USER_BYTES ? 0 : -EINVAL);
		if (rc == 0)
			identity_oath_free(o);
	}
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(published_values),
		WITH(the_window_is_a_step_each_way),
		WITH(only_a_whole_sign_in_uses_a_code_up),
		WITH(used_codes_have_a_bound),
		cmocka_unit_test(kinds_of_lines),
		cmocka_unit_test(refuses_malformed_lines),
		cmocka_unit_test(secrets_and_names_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
