// What the pool does around a back-end: secrets are gone once judged, a refusal carries no groups, jobs come
// back.
#include <poll.h>
#include <string.h>

#include "mst_test.h"

#include "auth.h"

// A back-end whose verdict is the first letter of the password.
static bool
verify(const struct auth_job *job, struct crypt_data *scratch)
{
	(void)scratch;
	return job->password[0] == 'y' && strcmp(job->hash, "hash") == 0;
}

static const struct auth_backend backend = {.name = "test", .verify = verify};

static bool
is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++) {
		if (b[i] != 0)
			return false;
	}
	return true;
}

static struct auth_job *
start(struct auth_pool *pool, const char *password)
{
	struct auth_job *job = auth_pool_take(pool);

	assert_non_null(job);
	memset(job, 0, sizeof(*job));
	memcpy(job->password, password, strlen(password));
	memcpy(job->hash, "hash", 5);
	job->result.token = 7;
	job->result.n_groups = 1;
	memcpy(job->result.groups[0], "staff", 6);
	auth_pool_start(pool, job);
	return job;
}

static void
wait_for_result(const struct auth_pool *pool)
{
	struct pollfd p = {.fd = auth_pool_fd(pool), .events = POLLIN};

	assert_int_equal(poll(&p, 1, 20000), 1);
}

static void
secrets_are_gone_once_judged(void **state)
{
	(void)state;
	struct mst_auth_result r;
	struct auth_pool *pool;
	struct auth_job *job;

	assert_int_equal(auth_pool_create(&pool, &backend, 1, 1), 0);
	job = start(pool, "yes, a long password");
	wait_for_result(pool);
	assert_true(is_zero(job->password, sizeof(job->password)));
	assert_true(is_zero(job->hash, sizeof(job->hash)));
	assert_true(auth_pool_finish(pool, &r));
	assert_true(r.ok);
	assert_int_equal(r.token, 7);
	assert_string_equal(r.groups[0], "staff");
	assert_true(is_zero(job, sizeof(*job)));
	auth_pool_destroy(pool);
}

static void
a_refusal_carries_no_groups(void **state)
{
	(void)state;
	struct mst_auth_result r;
	struct auth_pool *pool;

	assert_int_equal(auth_pool_create(&pool, &backend, 1, 1), 0);
	start(pool, "no");
	wait_for_result(pool);
	assert_true(auth_pool_finish(pool, &r));
	assert_false(r.ok);
	assert_int_equal(r.n_groups, 0);
	assert_true(is_zero(r.groups, sizeof(r.groups)));
	auth_pool_destroy(pool);
}

static void
jobs_come_back(void **state)
{
	(void)state;
	struct mst_auth_result r;
	struct auth_pool *pool;

	assert_int_equal(auth_pool_create(&pool, &backend, 2, 2), 0);
	for (unsigned int i = 0; i < 600; i++) {
		start(pool, "yes");
		start(pool, "no");
		// Judged or not, a job is in use until its result is taken.
		assert_null(auth_pool_take(pool));
		for (unsigned int n = 0; n < 2;) {
			wait_for_result(pool);
			n += auth_pool_finish(pool, &r);
		}
		assert_false(auth_pool_finish(pool, &r));
	}
	auth_pool_destroy(pool);
	auth_pool_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_gone_once_judged),
		cmocka_unit_test(a_refusal_carries_no_groups),
		cmocka_unit_test(jobs_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
