// The rings: what goes in comes out, a full one is counted and the packet is freed.
#include <errno.h>

#include "rt_test.h"

#define N_MBUFS 4095

static struct rte_mempool *pool;

static void
rings_exist_and_are_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < MST_RING_COUNT; i++) {
		assert_non_null(mst_rt_ring((enum mst_ring)i));
		assert_true(rte_ring_get_capacity(mst_rt_ring((enum mst_ring)i)) >= 1024);
		assert_true(rte_ring_is_cons_single(mst_rt_ring((enum mst_ring)i)));
		assert_false(rte_ring_is_prod_single(mst_rt_ring((enum mst_ring)i)));
	}
	assert_non_null(mst_rt_ring_handoff(0));
	assert_null(mst_rt_ring_inject(1)); // one worker, one ring
}

static void
inject_sets_the_entry(void **state)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	void *out = NULL;

	(void)state;
	assert_int_equal(mst_rt_inject(0, m, MST_ENTRY_TO_DEVICE), 0);
	assert_int_equal(rte_ring_dequeue(mst_rt_ring_inject(0), &out), 0);
	assert_ptr_equal(out, m);
	assert_int_equal(mst_pkt(m)->entry, MST_ENTRY_TO_DEVICE);
	rte_pktmbuf_free(m);
}

static void
full_is_counted_and_freed(void **state)
{
	unsigned int capacity = rte_ring_get_capacity(mst_rt_ring_inject(0));
	unsigned int before = rte_mempool_avail_count(pool);
	void *m;

	(void)state;
	assert_true(capacity < N_MBUFS);
	for (unsigned int i = 0; i < capacity; i++)
		assert_int_equal(mst_rt_inject(0, rte_pktmbuf_alloc(pool), MST_ENTRY_FRAME), 0);
	assert_int_equal(mst_rt_inject_full(), 0);
	assert_int_equal(mst_rt_inject(0, rte_pktmbuf_alloc(pool), MST_ENTRY_FRAME), -ENOBUFS);
	assert_int_equal(mst_rt_inject(0, rte_pktmbuf_alloc(pool), MST_ENTRY_FRAME), -ENOBUFS);
	assert_int_equal(mst_rt_inject_full(), 2);
	assert_int_equal(rte_mempool_avail_count(pool), before - capacity);
	while (rte_ring_dequeue(mst_rt_ring_inject(0), &m) == 0)
		rte_pktmbuf_free(m);
	assert_int_equal(rte_mempool_avail_count(pool), before);
}

static int
start(void **state)
{
	if (rt_test_start(state) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("test", N_MBUFS, 0, sizeof(struct mst_pkt), 256, SOCKET_ID_ANY);
	return pool == NULL ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_exist_and_are_bounded),
		cmocka_unit_test(inject_sets_the_entry),
		cmocka_unit_test(full_is_counted_and_freed),
	};

	return cmocka_run_group_tests(tests, start, rt_test_stop);
}
