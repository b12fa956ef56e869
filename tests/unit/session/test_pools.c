// Memory of sessions and associations: bounded at start, clean at every take, back for the next.
#include <string.h>

#include "mst_eal.h"

#include "session.h"

#define N 100
#define TAKEN_MAX 1000

static struct session_pool pool;
static uint8_t *taken[TAKEN_MAX];

static unsigned int
take_all(int node)
{
	unsigned int n = 0;

	while (n < TAKEN_MAX && (taken[n] = session_pool_take(&pool, node)) != NULL) {
		for (unsigned int i = 0; i < 192; i++)
			assert_int_equal(taken[n][i], 0);
		assert_int_equal((uintptr_t)taken[n] % 64, 0);
		memset(taken[n], 0xa5, 192);
		n++;
	}
	return n;
}

static void
give_all(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		session_pool_give(taken[i]);
}

// As many as were promised and the spare, whatever node is asked for, the second time too.
static void
holds_what_was_promised_and_no_more(void **state)
{
	unsigned int n;

	(void)state;
	assert_int_equal(session_pool_create(&pool, "test", N, 192), 0);
	n = take_all(0);
	assert_in_range(n, N, 2 * N);
	give_all(n);
	assert_int_equal(take_all(RTE_MAX_NUMA_NODES - 1), n); // a node that has none
	give_all(n);
	assert_int_equal(take_all(SOCKET_ID_ANY), n);
	give_all(n);
	session_pool_give(NULL);
	session_pool_destroy(&pool);
	assert_null(session_pool_take(&pool, 0));
}

static int
setup(void **state)
{
	(void)state;
	return mst_test_eal_start(64);
}

static int
teardown(void **state)
{
	(void)state;
	mst_rt_stop();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_promised_and_no_more),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
