// The whole way: submit, the descriptor, the result; reload, bounds, the end with work in the queue.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <crypt.h>

#include "mst_auth.h"
#include "mst_test.h"

static char dir[] = "/tmp/mst-test-auth-XXXXXX";
static char path[64];
static char bad_path[64];

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
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(bad_path);
	return rmdir(dir);
}

static struct mst_auth *
create(unsigned int n_threads, unsigned int queue)
{
	const struct mst_auth_params params = {.users_file = path, .n_threads = n_threads, .queue = queue};
	struct mst_conf_error err;
	struct mst_auth *auth = NULL;
	int rc = mst_auth_create(&auth, &params, &err);

	if (rc != 0)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	return auth;
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

	assert_true(readable(auth, 20000));
	assert_true(mst_auth_next(auth, &r));
	return r;
}

static struct mst_auth_result
sign_in(struct mst_auth *auth, const char *user, const char *password)
{
	static uint64_t token = 1ull << 40;
	struct mst_auth_result r;

	assert_int_equal(mst_auth_submit(auth, ++token, user, password), 0);
	r = next(auth);
	assert_true(r.token == token);
	assert_string_equal(r.user, user);
	assert_false(mst_auth_next(auth, &r));
	assert_false(readable(auth, 0));
	return r;
}

static void
verdicts(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {{"anna", "anna"}, {"anna", "annass"}, {"anna", "ANNAS"},
		{"anna", ""}, {"anna", "berts"}, {"bert", "annas"}, {"Anna", "annas"}, {"anna ", "annas"},
		{"", ""}, {"", "annas"}, {"nobody", "annas"}, {"nobody", "berts"}, {"nobody", "cleos"},
		{"nobody", ""}, {"dora", "doras"}, {"dora", "annas"}, {"dora", "!"}, {"emil", ""}};
	struct mst_auth *auth = create(2, 8);
	struct mst_auth_stats stats;
	struct mst_auth_result r;

	r = sign_in(auth, "anna", "annas");
	assert_true(r.ok);
	assert_int_equal(r.n_groups, 2);
	assert_string_equal(r.groups[0], "staff");
	assert_string_equal(r.groups[1], "admins");
	r = sign_in(auth, "bert", "berts");
	assert_true(r.ok);
	assert_int_equal(r.n_groups, 0);
	assert_true(sign_in(auth, "cleo", "cleos").ok);
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++) {
		r = sign_in(auth, wrong[i][0], wrong[i][1]);
		assert_false(r.ok);
		assert_int_equal(r.n_groups, 0);
		assert_string_equal(r.groups[0], "");
	}
	mst_auth_stats(auth, &stats);
	assert_int_equal(stats.accepted, 3);
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
	struct mst_auth *auth = create(2, 64);

	for (unsigned int i = 0; i < 60; i++) {
		char name[16];

		snprintf(name, sizeof(name), "ghost%u", i / 3);
		assert_int_equal(mst_auth_submit(auth, i, name, passwords[i % 3]), 0);
	}
	for (unsigned int i = 0; i < 60; i++)
		assert_false(next(auth).ok);
	mst_auth_destroy(auth);
}

static void
names_and_passwords_are_bounded(void **state)
{
	(void)state;
	struct mst_auth *auth = create(1, 4);
	struct mst_auth_stats stats;
	char user[MST_AUTH_USER_BYTES + 1];
	char password[MST_AUTH_PASSWORD_BYTES + 1];

	memset(user, 'u', sizeof(user));
	memset(password, 'p', sizeof(password));
	user[MST_AUTH_USER_BYTES] = '\0';
	password[MST_AUTH_PASSWORD_BYTES] = '\0';
	assert_int_equal(mst_auth_submit(auth, 1, user, "p"), -EINVAL);
	assert_int_equal(mst_auth_submit(auth, 1, "anna", password), -EINVAL);
	mst_auth_stats(auth, &stats);
	assert_int_equal(stats.rejected, 2);
	user[MST_AUTH_USER_BYTES - 1] = '\0';
	password[MST_AUTH_PASSWORD_BYTES - 1] = '\0';
	assert_false(sign_in(auth, user, password).ok);
	mst_auth_destroy(auth);
}

static void
the_queue_is_bounded(void **state)
{
	(void)state;
	struct mst_auth *auth = create(2, 3);
	struct mst_auth_stats stats;
	unsigned int seen = 0;

	// Results that nobody collects count too.
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 3; i++)
			assert_int_equal(mst_auth_submit(auth, i, "anna", "annas"), 0);
		assert_int_equal(mst_auth_submit(auth, 3, "anna", "annas"), -EBUSY);
		assert_int_equal(mst_auth_submit(auth, 4, "anna", "annas"), -EBUSY);
		for (unsigned int i = 0; i < 3; i++) {
			struct mst_auth_result r = next(auth);

			assert_true(r.ok);
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
reload_is_all_or_nothing(void **state)
{
	(void)state;
	struct mst_auth *auth = create(1, 4);
	struct mst_conf_error err;
	char want[128];
	FILE *f = fopen(bad_path, "w");

	assert_non_null(f);
	write_user(f, "fritz", "", "", "fritzs", "$6$", 1000);
	fputs("broken\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(mst_auth_reload(auth, bad_path, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s:2: expected user:groups:hash, found another number of fields",
		bad_path);
	assert_string_equal(err.text, want);
	assert_true(sign_in(auth, "anna", "annas").ok);
	assert_false(sign_in(auth, "fritz", "fritzs").ok);
	assert_int_equal(mst_auth_reload(auth, "/nonexistent/users", &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/users: cannot open: No such file or directory");
	assert_true(sign_in(auth, "anna", "annas").ok);

	f = fopen(bad_path, "w");
	assert_non_null(f);
	write_user(f, "fritz", "", "", "fritzs", "$6$", 1000);
	assert_int_equal(fclose(f), 0);
	// What is under way is judged by the users of then.
	assert_int_equal(mst_auth_submit(auth, 1, "anna", "annas"), 0);
	assert_int_equal(mst_auth_reload(auth, bad_path, &err), 0);
	assert_true(next(auth).ok);
	assert_false(sign_in(auth, "anna", "annas").ok);
	assert_true(sign_in(auth, "fritz", "fritzs").ok);
	mst_auth_destroy(auth);
}

static void
refuses_to_start(void **state)
{
	(void)state;
	static const unsigned int bounds[][2] = {
		{0, 1}, {MST_AUTH_THREADS_MAX + 1, 1}, {1, 0}, {1, MST_AUTH_QUEUE_MAX + 1}};
	struct mst_auth_params params = {.users_file = "/nonexistent/users", .n_threads = 1, .queue = 1};
	struct mst_auth *auth = NULL;
	struct mst_conf_error err;

	assert_int_equal(mst_auth_create(&auth, &params, &err), -ENOENT);
	assert_string_equal(err.text, "/nonexistent/users: cannot open: No such file or directory");
	params.users_file = path;
	params.backend = "fortune";
	assert_int_equal(mst_auth_create(&auth, &params, &err), -EINVAL);
	assert_string_equal(err.text, "auth: unknown back-end: Invalid argument");
	params.backend = "users";
	for (size_t i = 0; i < MST_ARRAY_SIZE(bounds); i++) {
		params.n_threads = bounds[i][0];
		params.queue = bounds[i][1];
		assert_int_equal(mst_auth_create(&auth, &params, &err), -EINVAL);
	}
	assert_null(auth);
	mst_auth_destroy(NULL);
}

static void
ends_with_work_in_the_queue(void **state)
{
	(void)state;
	struct mst_auth *auth = create(MST_AUTH_THREADS_MAX, MST_AUTH_QUEUE_MAX);

	for (unsigned int i = 0; i < MST_AUTH_QUEUE_MAX; i++)
		assert_int_equal(mst_auth_submit(auth, i, "cleo", "cleos"), 0);
	mst_auth_destroy(auth);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(borrowed_hashes_open_nothing),
		cmocka_unit_test(names_and_passwords_are_bounded),
		cmocka_unit_test(the_queue_is_bounded),
		cmocka_unit_test(reload_is_all_or_nothing),
		cmocka_unit_test(refuses_to_start),
		cmocka_unit_test(ends_with_work_in_the_queue),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
