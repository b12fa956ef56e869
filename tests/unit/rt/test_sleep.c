// The sleep of a worker and what ends it. The test is the worker; no wait of it is longer than it must be.
#include "rt_test.h"

#define NEVER_NS (600 * UINT64_C(1000000000)) // a wake-up that is lost runs into meson's timeout

static struct rte_mempool *pool;

static int
start(void **state)
{
	if (rt_test_start(state) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("sleep", 15, 0, sizeof(struct mst_pkt), 256, SOCKET_ID_ANY);
	return pool == NULL ? -1 : 0;
}

static void
a_sleep_ends_by_itself(void **state)
{
	(void)state;
	mst_rt_sleep_announce(0);
	assert_int_equal(mst_rt_asleep(), 1);
	assert_false(mst_rt_sleep(0, NULL, 0, 1000));
	assert_int_equal(mst_rt_asleep(), 0);
}

static void
a_packet_injected_ends_it(void **state)
{
	void *m = NULL;

	(void)state;
	mst_rt_sleep_announce(0);
	assert_int_equal(mst_rt_inject(0, rte_pktmbuf_alloc(pool), MST_ENTRY_OUTER), 0);
	assert_int_equal(mst_rt_asleep(), 0); // the next packet costs no second wake-up
	assert_true(mst_rt_sleep(0, NULL, 0, NEVER_NS));
	assert_int_equal(rte_ring_dequeue(mst_rt_ring_inject(0), &m), 0);
	rte_pktmbuf_free(m);
	// It was told once.
	mst_rt_sleep_announce(0);
	assert_false(mst_rt_sleep(0, NULL, 0, 1000));
}

static void
who_is_awake_is_not_woken(void **state)
{
	(void)state;
	mst_rt_wake(0);
	mst_rt_sleep_announce(0);
	mst_rt_sleep_cancel(0);
	mst_rt_wake(0);
	mst_rt_sleep_announce(0);
	assert_false(mst_rt_sleep(0, NULL, 0, 1000));
}

static void
a_descriptor_ends_it(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	mst_rt_sleep_announce(0);
	assert_false(mst_rt_sleep(0, p, 1, 1000));
	assert_int_equal(write(p[1], "x", 1), 1);
	mst_rt_sleep_announce(0);
	assert_true(mst_rt_sleep(0, p, 1, NEVER_NS));
	close(p[0]);
	close(p[1]);
}

static unsigned int freed;

static void
count(void *p)
{
	(void)p;
	freed++;
}

// Control can free while a worker sleeps. The sleeper here is control itself, so it looks when it has slept.
static void
it_is_offline_meanwhile(void **state)
{
	uint64_t token;

	(void)state;
	mst_rt_worker_online(0);
	token = rte_rcu_qsbr_start(mst_rt_qsbr());
	assert_int_equal(rte_rcu_qsbr_check(mst_rt_qsbr(), token, false), 0);
	mst_rt_defer(count, NULL);
	mst_rt_reclaim();
	assert_int_equal(freed, 0);
	mst_rt_sleep_announce(0);
	assert_false(mst_rt_sleep(0, NULL, 0, 1000));
	mst_rt_reclaim();
	assert_int_equal(freed, 1);
	mst_rt_worker_offline(0);
}

static void
a_stop_ends_it(void **state)
{
	(void)state;
	mst_rt_sleep_announce(0);
	mst_rt_request_stop();
	(void)mst_rt_sleep(0, NULL, 0, NEVER_NS);
	mst_rt_sleep_announce(0);
	assert_false(mst_rt_sleep(0, NULL, 0, NEVER_NS)); // nor does it begin
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sleep_ends_by_itself),
		cmocka_unit_test(a_packet_injected_ends_it),
		cmocka_unit_test(who_is_awake_is_not_woken),
		cmocka_unit_test(a_descriptor_ends_it),
		cmocka_unit_test(it_is_offline_meanwhile),
		cmocka_unit_test(a_stop_ends_it),
	};

	return cmocka_run_group_tests(tests, start, rt_test_stop);
}
