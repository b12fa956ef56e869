// What the pool does around a way: secrets are gone once judged, and who asks keeps what it needs for the answer.
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "mst_test.h"

#include "identity.h"

#define PASSWORD_BYTES 32

// A way whose verdict is the first letter of the password, or of the answer.
static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	char letter = job->answer[0] != '\0' ? job->answer[0] : job->attempt.password[0];

	(void)scratch;
	assert_string_equal(job->hash, "hash");
	job->result.outcome = letter == 'y' ? MST_AUTH_OK : letter == 'm' ? MST_AUTH_MORE : MST_AUTH_NO;
}

static const struct identity_way way = {.name = "test", .step = step};

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

static struct identity_settings settings;

static void
start(struct identity_pool *pool, struct identity_job *job, uint8_t message[PASSWORD_BYTES],
	const char *password)
{
	memset(job, 0, sizeof(*job));
	memset(message, 0, PASSWORD_BYTES);
	memcpy(message, password, strlen(password));
	job->ways[0] = &way;
	job->n_ways = 1;
	job->attempt.group = "";
	memcpy(job->result.user, "anna", 5);
	job->settings = &settings;
	job->message = message;
	job->message_len = PASSWORD_BYTES;
	job->attempt.password = (const char *)message;
	memcpy(job->hash, "hash", 5);
	job->result.token = 7;
	identity_pool_start(pool, job);
}

static struct identity_job *
finish(struct identity_pool *pool)
{
	struct pollfd p = {.fd = identity_pool_fd(pool), .events = POLLIN};

	assert_int_equal(poll(&p, 1, 20000), 1);
	return identity_pool_finish(pool);
}

static void
secrets_are_gone_once_judged(void **state)
{
	(void)state;
	static const char *const passwords[] = {"yes, a long password", "no, a long password"};
	uint8_t message[PASSWORD_BYTES];
	struct identity_pool *pool;
	struct identity_job job;

	assert_int_equal(identity_pool_create(&pool, 1), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(passwords); i++) {
		start(pool, &job, message, passwords[i]);
		assert_ptr_equal(finish(pool), &job);
		assert_true(is_zero(message, sizeof(message)));
		assert_true(is_zero(job.hash, sizeof(job.hash)));
		assert_int_equal(job.result.outcome, i == 0 ? MST_AUTH_OK : MST_AUTH_NO);
	}
	identity_pool_destroy(pool);
}

static void
an_answer_is_gone_once_read(void **state)
{
	(void)state;
	uint8_t message[PASSWORD_BYTES];
	struct identity_pool *pool;
	struct identity_job job;

	assert_int_equal(identity_pool_create(&pool, 1), 0);
	start(pool, &job, message, "more");
	assert_ptr_equal(finish(pool), &job);
	assert_int_equal(job.result.outcome, MST_AUTH_MORE);
	assert_string_equal((char *)message, "more");
	memcpy(job.answer, "maybe", 6);
	identity_pool_start(pool, &job);
	assert_ptr_equal(finish(pool), &job);
	assert_int_equal(job.result.outcome, MST_AUTH_MORE);
	assert_true(is_zero(job.answer, sizeof(job.answer)));
	memcpy(job.answer, "yes", 4);
	identity_pool_start(pool, &job);
	assert_ptr_equal(finish(pool), &job);
	assert_int_equal(job.result.outcome, MST_AUTH_OK);
	assert_true(is_zero(job.answer, sizeof(job.answer)));
	assert_true(is_zero(message, sizeof(message)));
	identity_pool_destroy(pool);
}

static void
every_job_comes_back(void **state)
{
	(void)state;
	static struct identity_job jobs[IDENTITY_JOBS_MAX];
	static uint8_t messages[IDENTITY_JOBS_MAX][PASSWORD_BYTES];
	struct identity_pool *pool;

	assert_int_equal(identity_pool_create(&pool, 2), 0);
	for (unsigned int round = 0; round < 5; round++) {
		unsigned int n_ok = 0;

		for (size_t i = 0; i < IDENTITY_JOBS_MAX; i++)
			start(pool, &jobs[i], messages[i], i % 2 == 0 ? "yes" : "no");
		for (size_t i = 0; i < IDENTITY_JOBS_MAX; i++)
			n_ok += finish(pool)->result.outcome == MST_AUTH_OK;
		assert_int_equal(n_ok, IDENTITY_JOBS_MAX / 2);
		assert_null(identity_pool_finish(pool));
	}
	// It may end with work in its queue.
	for (size_t i = 0; i < IDENTITY_JOBS_MAX; i++)
		start(pool, &jobs[i], messages[i], "yes");
	identity_pool_destroy(pool);
	identity_pool_destroy(NULL);
}

static void
threads_have_a_bound(void **state)
{
	(void)state;
	struct identity_pool *pool;

	assert_int_equal(identity_pool_create(&pool, 0), -EINVAL);
	assert_int_equal(identity_pool_create(&pool, IDENTITY_THREADS_MAX + 1), -EINVAL);
	assert_int_equal(identity_pool_create(&pool, IDENTITY_THREADS_MAX), 0);
	identity_pool_destroy(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_gone_once_judged),
		cmocka_unit_test(an_answer_is_gone_once_read),
		cmocka_unit_test(every_job_comes_back),
		cmocka_unit_test(threads_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
