// The server: what it answers, what it keeps to itself, and what ends it. Passwords and one-time codes by the whole way.
#include <errno.h>
#include <liboath/oath.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

// Secret of one-time codes: that of RFC 6238, appendix B.
#define ANNA "3132333435363738393031323334353637383930"

static char users[512];
static struct mst_conf_error err;

static int
set_up_files(void **state)
{
	struct crypt_data scratch = {0};
	const char *hash = crypt_r("secret", "$1$abcdefgh$", &scratch);

	(void)state;
	snprintf(users, sizeof(users), "anna:staff,admins:%s\nbert:staff:%s\nlocked:staff:!%s\n", hash, hash,
		hash);
	return 0;
}

static const char *
code(int steps)
{
	static char text[9];
	char secret[] = "12345678901234567890";

	assert_int_equal(oath_totp_generate(secret, 20, time(NULL) + steps * 30, 30, 0, 6, text), OATH_OK);
	return text;
}

// Not within the last moments of a step, in which "now" would be another one when the server looks, nor in its first
// second, from which on the code of the next step is good and was not before.
static void
stay_within_a_step(void)
{
	while (time(NULL) % 30 > 26 || time(NULL) % 30 == 0)
		usleep(100000);
}

static void
judges_passwords(void **state)
{
	(void)state;
	const struct rig_files files = {.users = users};
	struct mst_auth_result r;

	// Before it knows anybody.
	assert_int_equal(rig_sign_in(1, "anna", "secret").outcome, MST_AUTH_BUSY);
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	r = rig_sign_in(2, "anna", "secret");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_string_equal(r.user, "anna");
	assert_int_equal(r.n_groups, 2);
	assert_int_equal(rig_sign_in(3, "anna", "Secret").outcome, MST_AUTH_NO);
	assert_int_equal(rig_sign_in(4, "locked", "secret").outcome, MST_AUTH_NO);
	assert_int_equal(rig_sign_in(5, "nobody", "secret").outcome, MST_AUTH_NO);
	// Nothing that fits a method.
	assert_int_equal(rig_sign_in(6, "anna", NULL).outcome, MST_AUTH_NO);
}

// A refusal says the same whoever it is: but for token and name, which are the device's own, byte by byte.
static void
refusals_are_alike(void **state)
{
	(void)state;
	static const char *const who[][2] = {
		{"anna", "wrong"}, {"locked", "secret"}, {"nobody", "secret"}, {"", ""}};
	struct rig_files files = {.users = users};
	struct mst_auth_result first = {0};

	for (int with_codes = 0; with_codes < 2; with_codes++) {
		files.oath = with_codes ? "HOTP/T30 anna - " ANNA "\n" : NULL;
		assert_int_equal(rig_configure(&files, 0, &err), 0);
		for (size_t i = 0; i < MST_ARRAY_SIZE(who); i++) {
			struct mst_auth_result r = rig_sign_in(10 + i, who[i][0], who[i][1]);

			for (int step = 0; step <= with_codes; step++) {
				memset(r.user, 0, sizeof(r.user));
				r.token = 0;
				if (i == 0 && step == with_codes)
					first = r;
				if (step == with_codes) {
					assert_memory_equal(&r, &first, sizeof(r));
					break;
				}
				assert_int_equal(r.outcome, MST_AUTH_MORE);
				assert_string_equal(r.prompt, "One-time code");
				r = rig_answer(10 + i, "000000");
			}
			assert_int_equal(r.outcome, MST_AUTH_NO);
		}
	}
}

static void
a_chosen_group_has_to_be_ones_own(void **state)
{
	(void)state;
	const struct rig_files files = {.users = users};
	struct mst_auth_message m = {
		.kind = MST_AUTH_SUBMIT, .submit = {.token = 1, .user = "anna", .password = "secret"}};
	struct mst_auth_result r;

	assert_int_equal(rig_configure(&files, 0, &err), 0);
	m.submit.group = "admins";
	rig_send(&m);
	r = rig_result();
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_int_equal(r.n_groups, 2);
	assert_string_equal(r.groups[0], "admins");
	assert_string_equal(r.groups[1], "staff");
	m.submit.group = "board";
	rig_send(&m);
	r = rig_result();
	assert_int_equal(r.outcome, MST_AUTH_NO);
	assert_int_equal(r.n_groups, 0);
	assert_string_equal(r.groups[0], "");
	m.submit.group = "staff";
	m.submit.password = "wrong";
	rig_send(&m);
	assert_int_equal(rig_result().outcome, MST_AUTH_NO);
}

// ---- one-time codes -----------------------------------------------------------------------------
static void
a_code_is_asked_for_and_opens_once(void **state)
{
	(void)state;
	const struct rig_files files = {.users = users, .oath = "HOTP/T30 anna - " ANNA "\n"};
	struct mst_auth_result r;
	char now[9];

	stay_within_a_step();
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	r = rig_sign_in(1, "anna", "secret");
	assert_int_equal(r.outcome, MST_AUTH_MORE);
	assert_string_equal(r.prompt, "One-time code");
	assert_false(r.echo);
	assert_int_equal(r.n_groups, 0);
	snprintf(now, sizeof(now), "%s", code(0));
	r = rig_answer(1, now);
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_int_equal(r.n_groups, 2);
	// The same once more, and the one before it, which would have been good.
	assert_int_equal(rig_sign_in(2, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(2, now).outcome, MST_AUTH_NO);
	assert_int_equal(rig_sign_in(3, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(3, code(-1)).outcome, MST_AUTH_NO);
	// It is not forgotten when the files are read again.
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	assert_int_equal(rig_sign_in(4, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(4, now).outcome, MST_AUTH_NO);
	// The next is another one.
	assert_int_equal(rig_sign_in(5, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(5, code(1)).outcome, MST_AUTH_OK);
}

// The right code with a wrong password is asked for, refused at the same point, and not used up by it.
static void
code_and_password_are_judged_together(void **state)
{
	(void)state;
	const struct rig_files files = {.users = users, .oath = "HOTP/T30 anna - " ANNA "\n"};
	static const char *const wrong[][2] = {{"anna", "wrong"}, {"nobody", "secret"}, {"locked", "secret"},
		{"bert", "secret"}, {"anna", ""}};

	stay_within_a_step();
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++) {
		assert_int_equal(rig_sign_in(i, wrong[i][0], wrong[i][1]).outcome, MST_AUTH_MORE);
		assert_int_equal(rig_answer(i, code(0)).outcome, MST_AUTH_NO);
	}
	assert_int_equal(rig_sign_in(90, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(90, "").outcome, MST_AUTH_NO);
	assert_int_equal(rig_sign_in(91, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(91, code(0)).outcome, MST_AUTH_OK);
}

static void
codes_from_before_a_restart_open_nothing(void **state)
{
	(void)state;
	const struct rig_files files = {.users = users, .oath = "HOTP/T30 anna - " ANNA "\n"};

	stay_within_a_step();
	assert_int_equal(rig_configure(&files, (uint64_t)time(NULL), &err), 0);
	for (int step = -1; step <= 1; step++) {
		assert_int_equal(rig_sign_in(10, "anna", "secret").outcome, MST_AUTH_MORE);
		assert_int_equal(rig_answer(10, code(step)).outcome, MST_AUTH_NO);
	}
	assert_int_equal(rig_configure(&files, (uint64_t)time(NULL) - 90, &err), 0);
	assert_int_equal(rig_sign_in(11, "anna", "secret").outcome, MST_AUTH_MORE);
	assert_int_equal(rig_answer(11, code(0)).outcome, MST_AUTH_OK);
}

static void
questions_may_be_left_alone(void **state)
{
	(void)state;
	const struct rig_files files = {.users = users, .oath = "HOTP/T30 anna - " ANNA "\n"};
	struct mst_auth_message m = {.kind = MST_AUTH_CANCEL, .answer = {.token = 1}};

	stay_within_a_step();
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	// As many as there are, twice: a question that is cancelled makes room.
	for (unsigned int round = 0; round < 2; round++) {
		for (uint64_t i = 1; i <= IDENTITY_JOBS_MAX; i++)
			assert_int_equal(rig_sign_in(i, "anna", "secret").outcome, MST_AUTH_MORE);
		assert_int_equal(rig_sign_in(9999, "anna", "secret").outcome, MST_AUTH_BUSY);
		for (uint64_t i = 1; i <= IDENTITY_JOBS_MAX; i++) {
			m.answer.token = i;
			rig_send(&m);
		}
	}
	// An answer to what was cancelled, or never asked, is no answer.
	m = (struct mst_auth_message){.kind = MST_AUTH_ANSWER, .answer = {.token = 1, .answer = code(0)}};
	rig_send(&m);
	m.answer.token = 4711;
	rig_send(&m);
	assert_true(rig_is_quiet(50));
}

// ---- configuration ------------------------------------------------------------------------------
static void
a_bad_file_changes_nothing(void **state)
{
	(void)state;
	static const struct {
		struct rig_files files;
		const char *text;
	} bad[] = {
		{{.users = "broken\n"}, "/u:1: expected user:groups:hash"},
		{{.users = "\n", .oath = "x\n"}, "/o:1: expected HOTP/T30"},
		{{.users = NULL}, "conf: auth.password: the users file is missing"},
		{{.users = "\n", .auth = "methods: [token]"},
			"conf:5:1: auth.oidc: expected an issuer of tokens"},
		{{.users = "\n", .auth = "methods: [luck]"}, "conf:5:"},
	};
	const struct rig_files good = {.users = users};

	assert_int_equal(rig_configure(&good, 0, &err), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		assert_int_equal(rig_configure(&bad[i].files, 0, &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i].text));
		assert_int_equal(rig_sign_in(1, "anna", "secret").outcome, MST_AUTH_OK);
	}
}

// Whatever comes of a question about the gateway's own certificate, there is one answer; and its token is no sign-in's.
static void
a_staple_is_answered(void **state)
{
	(void)state;
	static const uint8_t garbage[] = {0x30, 3, 2, 1, 0};
	struct mst_auth_message m = {.kind = MST_AUTH_STAPLE,
		.staple = {.token = 40,
			.cert = garbage,
			.cert_len = sizeof(garbage),
			.issuer = garbage,
			.issuer_len = sizeof(garbage)}};
	const struct mst_auth_message cancel = {.kind = MST_AUTH_CANCEL, .answer = {.token = 40}};

	const struct rig_files files = {.users = users};
	struct mst_auth_message early = m;

	rig_send(&early);
	early = rig_receive();
	assert_int_equal(early.kind, MST_AUTH_STAPLED);
	assert_string_equal(early.stapled.text, "the sign-in helper is busy");
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	rig_send(&m);
	rig_send(&cancel);
	m = rig_receive();
	assert_int_equal(m.kind, MST_AUTH_STAPLED);
	assert_true(m.stapled.token == 40);
	assert_null(m.stapled.response);
	assert_string_equal(m.stapled.text, "the certificate or its issuer's cannot be read");
	assert_true(rig_is_quiet(20));
}

static void
too_few_descriptors(void **state)
{
	(void)state;
	struct mst_auth_message m = {
		.kind = MST_AUTH_CONFIGURE, .configure = {.generation = 77, .conf = "c"}};

	rig_send(&m);
	m = rig_receive();
	assert_int_equal(m.kind, MST_AUTH_CONFIGURED);
	assert_int_equal(m.configured.generation, 77);
	assert_int_equal(m.configured.code, EINVAL);
	assert_string_equal(m.configured.text, "expected 1 descriptors, found 0");
}

// What no gateway sends ends the server: 0 bytes of it are taken on trust.
static void
nonsense_ends_it(void **state)
{
	(void)state;
	static const uint8_t nonsense[][4] = {
		{0xff, 0, 0, 0}, {MST_AUTH_RESULT, 0, 0, 0}, {MST_AUTH_SUBMIT, 1, 2, 3}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(nonsense); i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		assert_int_equal(send(pair[0], nonsense[i], sizeof(nonsense[i]), 0), 4);
		assert_int_equal(mst_identity_serve(pair[1]), -EBADMSG);
		close(pair[0]);
		close(pair[1]);
	}
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(judges_passwords),
		WITH(refusals_are_alike),
		WITH(a_chosen_group_has_to_be_ones_own),
		WITH(a_code_is_asked_for_and_opens_once),
		WITH(code_and_password_are_judged_together),
		WITH(codes_from_before_a_restart_open_nothing),
		WITH(questions_may_be_left_alone),
		WITH(a_bad_file_changes_nothing),
		WITH(a_staple_is_answered),
		WITH(too_few_descriptors),
		cmocka_unit_test(nonsense_ends_it),
	};

	return cmocka_run_group_tests(tests, set_up_files, NULL);
}
