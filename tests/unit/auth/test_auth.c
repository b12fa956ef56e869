// The whole way with the real helper: submit, the descriptor, the result; reload, bounds, files that change, the
// helper's death.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <crypt.h>

#include "mst_auth.h"
#include "mst_test.h"

static char dir[] = "/tmp/mst-test-auth-XXXXXX";
static char path[64];
static char bad_path[64];
static struct mst_conf *usual; // with the users of path

// user:groups:hash of password by the cheapest cost of the method.
static void
write_user(FILE *f, const char *user, const char *groups, const char *mark, const char *password,
	const char *prefix, unsigned long count)
{
	static struct crypt_data scratch;
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	assert_non_null(crypt_gensalt_rn(prefix, count, NULL, 0, setting, sizeof(setting)));
	fprintf(f, "%s:%s:%s%s\n", user, groups, mark, crypt_r(password, setting, &scratch));
}

static struct mst_conf *
conf_make(const char *users, const char *more)
{
	struct mst_conf_error err;
	struct mst_conf *conf;
	char text[512];

	snprintf(text, sizeof(text),
		"tls: {certificate: /c, key: /k}\npool: {ipv4: 10.9.0.0/29}\nlog: {level: error}\n"
		"ports: {public: {device: none, addresses: [192.0.2.1/24]}}\n"
		"auth: {helper: %s%s}\nusers: {file: %s}\n",
		getenv("MST_AUTHD"), more, users);
	assert_int_equal(mst_conf_load_text(&conf, "conf", text, strlen(text), &err), 0);
	return conf;
}

static int
set_up(void **state)
{
	(void)state;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/users", dir);
	snprintf(bad_path, sizeof(bad_path), "%s/bad", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	write_user(f, "anna", "staff,admins", "", "annas", "$6$", 1000);
	write_user(f, "bert", "*", "", "berts", "$2b$", 4);
	write_user(f, "cleo", "", "", "cleos", "$y$", 2);
	write_user(f, "dora", "staff", "!", "doras", "$6$", 1000);
	write_user(f, "emil", "staff", "", "", "$6$", 1000);
	assert_int_equal(fclose(f), 0);
	mst_log_set_level(MST_LOG_ERROR);
	usual = conf_make(path, "");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mst_conf_free(usual);
	unlink(path);
	unlink(bad_path);
	return rmdir(dir);
}

static struct mst_auth *
create(unsigned int queue)
{
	const struct mst_auth_params params = {.conf = usual, .queue = queue};
	struct mst_conf_error err;
	struct mst_auth *auth = NULL;
	int rc = mst_auth_create(&auth, &params, &err);

	if (rc != 0)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	return auth;
}

static int
submit(struct mst_auth *auth, uint64_t token, const char *user, const char *password)
{
	return mst_auth_submit(
		auth, &(struct mst_auth_try){.token = token, .user = user, .password = password});
}

static bool
readable(const struct mst_auth *auth, int timeout_ms)
{
	struct pollfd p = {.fd = mst_auth_fd(auth), .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

static struct mst_auth_result
next(struct mst_auth *auth)
{
	struct mst_auth_result r;

	// It is readable, too, for what the helper says of its files.
	do
		assert_true(readable(auth, 20000));
	while (!mst_auth_next(auth, &r));
	return r;
}

static struct mst_auth_result
sign_in(struct mst_auth *auth, const char *user, const char *password)
{
	static uint64_t token = 1ull << 40;
	struct mst_auth_result r;

	assert_int_equal(submit(auth, ++token, user, password), 0);
	r = next(auth);
	assert_true(r.token == token);
	// The one spelling, where the name can be somebody's.
	assert_int_equal(strcasecmp(r.user, user), 0);
	assert_false(mst_auth_next(auth, &r));
	assert_false(readable(auth, 0));
	return r;
}

static void
verdicts(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {{"anna", "anna"}, {"anna", "annass"}, {"anna", "ANNAS"},
		{"anna", ""}, {"anna", "berts"}, {"bert", "annas"}, {"Anna", "ANNAS"}, {"anna", "annas "},
		{"", ""}, {"", "annas"}, {"nobody", "annas"}, {"nobody", "berts"}, {"nobody", "cleos"},
		{"nobody", ""}, {"dora", "doras"}, {"dora", "annas"}, {"dora", "!"}, {"emil", ""}};
	struct mst_auth *auth = create(8);
	struct mst_auth_stats stats;
	struct mst_auth_result r;

	r = sign_in(auth, "anna", "annas");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_int_equal(r.n_groups, 2);
	assert_string_equal(r.groups[0], "staff");
	assert_string_equal(r.groups[1], "admins");
	r = sign_in(auth, "bert", "berts");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_int_equal(r.n_groups, 0);
	assert_int_equal(sign_in(auth, "cleo", "cleos").outcome, MST_AUTH_OK);
	// One spelling is one user.
	r = sign_in(auth, "ANNA", "annas");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_string_equal(r.user, "anna");
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++) {
		r = sign_in(auth, wrong[i][0], wrong[i][1]);
		assert_int_equal(r.outcome, MST_AUTH_NO);
		assert_int_equal(r.n_groups, 0);
		assert_string_equal(r.groups[0], "");
	}
	mst_auth_stats(auth, &stats);
	assert_int_equal(stats.accepted, 4);
	assert_int_equal(stats.rejected, MST_ARRAY_SIZE(wrong));
	assert_int_equal(stats.queue_full, 0);
	mst_auth_destroy(auth);
}

// An unknown name must not pass by the password of the user whose hash it is hashed against, whoever that is.
static void
borrowed_hashes_open_nothing(void **state)
{
	(void)state;
	static const char *const passwords[] = {"annas", "berts", "cleos"};
	struct mst_auth *auth = create(64);

	for (unsigned int i = 0; i < 60; i++) {
		char name[16];

		snprintf(name, sizeof(name), "ghost%u", i / 3);
		assert_int_equal(submit(auth, i, name, passwords[i % 3]), 0);
	}
	for (unsigned int i = 0; i < 60; i++)
		assert_int_equal(next(auth).outcome, MST_AUTH_NO);
	mst_auth_destroy(auth);
}

static void
names_and_passwords_are_bounded(void **state)
{
	(void)state;
	struct mst_auth *auth = create(4);
	struct mst_auth_stats stats;
	char user[MST_AUTH_USER_BYTES + 1];
	char password[MST_AUTH_PASSWORD_BYTES + 1];

	memset(user, 'u', sizeof(user));
	memset(password, 'p', sizeof(password));
	user[MST_AUTH_USER_BYTES] = '\0';
	password[MST_AUTH_PASSWORD_BYTES] = '\0';
	assert_int_equal(submit(auth, 1, user, "p"), -EINVAL);
	assert_int_equal(submit(auth, 1, "anna", password), -EINVAL);
	mst_auth_stats(auth, &stats);
	assert_int_equal(stats.rejected, 2);
	user[MST_AUTH_USER_BYTES - 1] = '\0';
	password[MST_AUTH_PASSWORD_BYTES - 1] = '\0';
	assert_int_equal(sign_in(auth, user, password).outcome, MST_AUTH_NO);
	mst_auth_destroy(auth);
}

static void
the_queue_is_bounded(void **state)
{
	(void)state;
	struct mst_auth *auth = create(3);
	struct mst_auth_stats stats;
	unsigned int seen = 0;

	// Results that nobody collects count too.
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(submit(auth, i, "anna", "annas"), 0);
		assert_int_equal(submit(auth, 3, "anna", "annas"), -EBUSY);
		assert_int_equal(submit(auth, 4, "anna", "annas"), -EBUSY);
		for (unsigned int i = 0; i < 3; i++) {
			struct mst_auth_result r = next(auth);

			assert_int_equal(r.outcome, MST_AUTH_OK);
			seen |= 1u << r.token;
		}
		assert_false(readable(auth, 0));
	}
	assert_int_equal(seen, 7);
	mst_auth_stats(auth, &stats);
	assert_int_equal(stats.queue_full, 6);
	assert_int_equal(stats.accepted, 9);
	mst_auth_destroy(auth);
}

static void
write_users(const char *name, const char *tail)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	write_user(f, "fritz", "", "", "fritzs", "$6$", 1000);
	fputs(tail, f);
	assert_int_equal(fclose(f), 0);
}

static void
reload_is_all_or_nothing(void **state)
{
	(void)state;
	struct mst_conf *missing = conf_make("/nonexistent/users", "");
	struct mst_conf *bad = conf_make(bad_path, "");
	struct mst_auth *auth = create(4);
	struct mst_conf_error err;
	char want[128];

	write_users(bad_path, "broken\n");
	assert_int_equal(mst_auth_reload(auth, bad, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s:2: expected user:groups:hash, found another number of fields",
		bad_path);
	assert_string_equal(err.text, want);
	assert_int_equal(err.line, 2);
	assert_int_equal(sign_in(auth, "anna", "annas").outcome, MST_AUTH_OK);
	assert_int_equal(sign_in(auth, "fritz", "fritzs").outcome, MST_AUTH_NO);
	assert_int_equal(mst_auth_reload(auth, missing, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/users: cannot open: No such file or directory");
	assert_int_equal(sign_in(auth, "anna", "annas").outcome, MST_AUTH_OK);

	write_users(bad_path, "");
	// What is under way is judged by the users of then, and its result outlives the wait for the helper's word.
	assert_int_equal(submit(auth, 1, "anna", "annas"), 0);
	assert_int_equal(mst_auth_reload(auth, bad, &err), 0);
	assert_int_equal(next(auth).outcome, MST_AUTH_OK);
	assert_int_equal(sign_in(auth, "anna", "annas").outcome, MST_AUTH_NO);
	assert_int_equal(sign_in(auth, "fritz", "fritzs").outcome, MST_AUTH_OK);
	mst_auth_destroy(auth);
	mst_conf_free(bad);
	mst_conf_free(missing);
}

// A helper that says nothing holds nobody, and what it says late of one configuration is not said of the next.
static void
reload_does_not_wait_for_ever(void **state)
{
	(void)state;
	struct mst_conf *bad = conf_make(bad_path, "");
	struct mst_auth *auth = create(4);
	struct mst_conf_error err;

	write_users(bad_path, "broken\n");
	assert_int_equal(kill(mst_auth_pid(auth), SIGSTOP), 0);
	assert_int_equal(mst_auth_reload(auth, bad, &err), 0);
	assert_int_equal(kill(mst_auth_pid(auth), SIGCONT), 0);
	assert_int_equal(mst_auth_reload(auth, usual, &err), 0);
	assert_int_equal(sign_in(auth, "anna", "annas").outcome, MST_AUTH_OK);
	mst_auth_destroy(auth);
	mst_conf_free(bad);
}

// Looks at the files as they would be looked at later, until the user is judged as expected.
static bool
comes_to(struct mst_auth *auth, const char *user, const char *password, enum mst_auth_outcome outcome)
{
	static uint64_t now;

	if (now == 0)
		now = mst_now_ns();
	for (unsigned int i = 0; i < 100; i++) {
		now += 3 * MST_NS_PER_S;
		mst_auth_tick(auth, now);
		if (sign_in(auth, user, password).outcome == outcome)
			return true;
	}
	return false;
}

// The helper has given up what modules may do, for good.
static void
pam_of_a_host_waits_for_a_restart(void **state)
{
	(void)state;
	struct mst_conf *pam =
		conf_make(path, "}\nhosts: [{name: a.example, pfx: /p, auth: {password: pam}}]\nbans: {");
	struct mst_auth *auth = create(4);
	struct mst_conf_error err;

	assert_int_equal(mst_auth_reload(auth, pam, &err), -EINVAL);
	assert_non_null(strstr(err.text, "restart"));
	assert_int_equal(sign_in(auth, "anna", "annas").outcome, MST_AUTH_OK);
	assert_int_equal(mst_auth_reload(auth, usual, &err), 0);
	mst_auth_destroy(auth);
	mst_conf_free(pam);
}

static void
a_file_that_changes_is_read_again(void **state)
{
	(void)state;
	struct mst_conf *other = conf_make(bad_path, "");
	const struct mst_auth_params params = {.conf = other, .queue = 4};
	struct mst_conf_error err;
	struct mst_auth *auth;

	write_users(bad_path, "");
	assert_int_equal(mst_auth_create(&auth, &params, &err), 0);
	assert_int_equal(sign_in(auth, "emma", "emmas").outcome, MST_AUTH_NO);
	FILE *f = fopen(bad_path, "a");
	assert_non_null(f);
	write_user(f, "emma", "", "", "emmas", "$6$", 1000);
	assert_int_equal(fclose(f), 0);
	assert_true(comes_to(auth, "emma", "emmas", MST_AUTH_OK));
	// Broken, and gone: who could sign in still can.
	write_users(bad_path, "broken\n");
	assert_false(comes_to(auth, "emma", "emmas", MST_AUTH_NO));
	unlink(bad_path);
	assert_false(comes_to(auth, "emma", "emmas", MST_AUTH_NO));
	write_users(bad_path, "");
	assert_true(comes_to(auth, "emma", "emmas", MST_AUTH_NO));
	mst_auth_destroy(auth);
	mst_conf_free(other);
}

static void
a_file_that_need_not_be_there(void **state)
{
	(void)state;
	char more[128];
	char want[192];
	struct mst_conf *with;
	struct mst_auth *auth = create(4);
	struct mst_conf_error err;

	snprintf(more, sizeof(more), ", environment: %s", bad_path);
	with = conf_make(path, more);
	unlink(bad_path);
	assert_int_equal(mst_auth_reload(auth, with, &err), 0);
	write_users(bad_path, "https_proxy=\"broken\n");
	assert_int_equal(mst_auth_reload(auth, with, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s:2: expected https_proxy as text that needs no shell", bad_path);
	assert_string_equal(err.text, want);
	mst_auth_destroy(auth);
	mst_conf_free(with);
}

static void
the_helper_may_die(void **state)
{
	(void)state;
	struct mst_auth *auth = create(8);
	pid_t before = mst_auth_pid(auth);
	uint64_t alive_ns = mst_now_ns();
	struct mst_auth_stats stats;
	struct mst_auth_result r;

	assert_true(before > 0);
	assert_int_equal(kill(before, SIGSTOP), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(submit(auth, 100 + i, "anna", "annas"), 0);
	mst_auth_cancel(auth, 101);
	assert_int_equal(kill(before, SIGKILL), 0);
	for (unsigned int i = 0; i < 3; i += 2) {
		r = next(auth);
		assert_int_equal(r.outcome, MST_AUTH_BUSY);
		assert_true(r.token == 100 + i);
		assert_string_equal(r.user, "anna");
	}
	assert_false(mst_auth_next(auth, &r));
	assert_int_equal(mst_auth_pid(auth), 0);
	assert_int_equal(submit(auth, 1, "anna", "annas"), -EBUSY);
	// Not before its time, then again.
	for (unsigned int i = 0; i < 10; i++, usleep(10000))
		mst_auth_tick(auth, alive_ns);
	assert_int_equal(mst_auth_pid(auth), 0);
	for (unsigned int i = 0; i < 2000 && submit(auth, 1, "anna", "annas") < 0; i++) {
		usleep(10000);
		mst_auth_tick(auth, mst_now_ns());
		assert_false(mst_auth_next(auth, &r));
	}
	assert_int_equal(next(auth).outcome, MST_AUTH_OK);
	assert_true(mst_auth_pid(auth) > 0 && mst_auth_pid(auth) != before);
	mst_auth_stats(auth, &stats);
	assert_int_equal(stats.lost, 1);
	mst_auth_destroy(auth);
}

static void
nobody_hears_of_what_was_cancelled(void **state)
{
	(void)state;
	struct mst_auth *auth = create(4);
	struct mst_auth_result r;

	assert_int_equal(submit(auth, 1, "anna", "annas"), 0);
	assert_int_equal(submit(auth, 2, "bert", "berts"), 0);
	mst_auth_cancel(auth, 1);
	mst_auth_cancel(auth, 77);
	r = next(auth);
	assert_true(r.token == 2);
	assert_false(readable(auth, 100));
	// Answers are for questions.
	assert_int_equal(mst_auth_answer(auth, 2, "x"), -ENOENT);
	assert_int_equal(submit(auth, 3, "anna", "annas"), 0);
	assert_int_equal(mst_auth_answer(auth, 3, "x"), -ENOENT);
	assert_int_equal(next(auth).outcome, MST_AUTH_OK);
	mst_auth_destroy(auth);
}

static void
refuses_to_start(void **state)
{
	(void)state;
	struct mst_conf *missing = conf_make("/nonexistent/users", "");
	struct mst_conf *token = conf_make(path, ", methods: [password, token], oidc: [{issuer: i, audience: "
						 "a, jwks-file: /nonexistent/keys}]");
	struct mst_auth_params params = {.conf = missing, .queue = 1};
	struct mst_conf other;
	struct mst_auth *auth = NULL;
	struct mst_conf_error err;

	assert_int_equal(mst_auth_create(&auth, &params, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/users: cannot open: No such file or directory");
	params.conf = token;
	assert_int_equal(mst_auth_create(&auth, &params, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/keys: cannot open: No such file or directory");
	params.conf = usual;
	params.queue = 0;
	assert_int_equal(mst_auth_create(&auth, &params, &err), -EINVAL);
	params.queue = MST_AUTH_QUEUE_MAX + 1;
	assert_int_equal(mst_auth_create(&auth, &params, &err), -EINVAL);
	other = *usual;
	other.auth.helper = "/nonexistent/helper";
	params = (struct mst_auth_params){.conf = &other, .queue = 1};
	assert_int_equal(mst_auth_create(&auth, &params, &err), -ENOENT);
	assert_non_null(strstr(err.text, "sign-in helper /nonexistent/helper: cannot start"));
	// A program that is no helper.
	other.auth.helper = "/bin/true";
	assert_int_equal(mst_auth_create(&auth, &params, &err), -EPIPE);
	assert_null(auth);
	mst_auth_destroy(NULL);
	mst_conf_free(token);
	mst_conf_free(missing);
}

static void
ends_with_work_in_the_queue(void **state)
{
	(void)state;
	struct mst_auth *auth = create(MST_AUTH_QUEUE_MAX);

	for (unsigned int i = 0; i < MST_AUTH_QUEUE_MAX; i++)
		assert_int_equal(submit(auth, 1 + i, "cleo", "cleos"), 0);
	mst_auth_destroy(auth);
}

// One question at a time, whose answer is told once and is no result of a sign-in.
static void
a_staple_is_asked_for(void **state)
{
	(void)state;
	static const uint8_t garbage[] = {0x30, 0};
	static const uint8_t large[MST_AUTH_CERT_BYTES_MAX + 1];
	struct mst_auth_staple q = {.token = 7,
		.cert = garbage,
		.cert_len = sizeof(garbage),
		.issuer = garbage,
		.issuer_len = sizeof(garbage)};
	struct mst_auth *auth = create(1);
	struct mst_auth_stapled got;
	struct mst_auth_result r;

	assert_int_equal(mst_auth_staple(auth, &q), 0);
	q.token = 8;
	assert_int_equal(mst_auth_staple(auth, &q), 0); // in its place
	do {
		assert_true(readable(auth, 20000));
		assert_false(mst_auth_next(auth, &r));
	} while (!mst_auth_stapled(auth, &got));
	assert_true(got.token == 8);
	assert_null(got.response);
	assert_string_equal(got.text, "the certificate or its issuer's cannot be read");
	assert_false(mst_auth_stapled(auth, &got));
	q.cert = large;
	q.cert_len = sizeof(large);
	assert_int_equal(mst_auth_staple(auth, &q), -EINVAL);
	mst_auth_destroy(auth);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_staple_is_asked_for),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(borrowed_hashes_open_nothing),
		cmocka_unit_test(names_and_passwords_are_bounded),
		cmocka_unit_test(the_queue_is_bounded),
		cmocka_unit_test(reload_is_all_or_nothing),
		cmocka_unit_test(reload_does_not_wait_for_ever),
		cmocka_unit_test(pam_of_a_host_waits_for_a_restart),
		cmocka_unit_test(a_file_that_changes_is_read_again),
		cmocka_unit_test(a_file_that_need_not_be_there),
		cmocka_unit_test(the_helper_may_die),
		cmocka_unit_test(nobody_hears_of_what_was_cancelled),
		cmocka_unit_test(refuses_to_start),
		cmocka_unit_test(ends_with_work_in_the_queue),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
