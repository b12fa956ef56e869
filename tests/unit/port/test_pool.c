// The packet pool: private area, room, once only.
#include <errno.h>

#include <rte_mbuf.h>

#include "port_private.h"
#include "port_test.h"

static void
room_follows_the_mtu(void **state)
{
	(void)state;
	assert_int_equal(mst_port_data_room(1500), 2048 + RTE_PKTMBUF_HEADROOM);
	assert_true(mst_port_data_room(9000) >= 9000 + 26 + RTE_PKTMBUF_HEADROOM);
	assert_int_equal(mst_port_data_room(UINT16_MAX), UINT16_MAX);
}

static void
one_pool_with_the_packet_area(void **state)
{
	struct rte_mbuf *m;
	char *volatile area; // beyond struct rte_mbuf, which is all that the compiler knows of

	(void)state;
	assert_null(mst_port_pool());
	assert_int_equal(mst_port_pool_create(1u << 20, 0), -ENOMEM);
	assert_null(mst_port_pool());
	assert_int_equal(mst_port_pool_create(1023, 512), 0);
	assert_int_equal(mst_port_pool_create(1023, 512), -EEXIST);
	assert_int_equal(rte_pktmbuf_priv_size(mst_port_pool()), sizeof(struct mst_pkt));
	assert_int_equal(rte_pktmbuf_data_room_size(mst_port_pool()), 2048 + RTE_PKTMBUF_HEADROOM);
	m = rte_pktmbuf_alloc(mst_port_pool());
	assert_non_null(m);
	area = (char *)mst_pkt(m);
	assert_int_equal((uintptr_t)area % 8, 0);
	memset(area, 0xff, sizeof(struct mst_pkt)); // up to the buffer, not into it
	assert_ptr_equal(area + sizeof(struct mst_pkt), m->buf_addr);
	rte_pktmbuf_free(m);
	assert_int_equal(rte_mempool_avail_count(mst_port_pool()), 1023);
}

static void
every_node_with_workers_gets_a_share(void **state)
{
	static const struct {
		int sockets[5];
		unsigned int n, shares[3], nodes;
	} cases[] = {
		{{0}, 1, {1000, 0, 0}, 1}, {{0, 0, 0}, 3, {1000, 0, 0}, 1}, {{0, 1}, 2, {500, 500, 0}, 2},
		{{1, 0, 1}, 3, {333, 667, 0}, 2}, // what does not divide is not lost
		{{2, 2}, 2, {0, 0, 1000}, 1},
		{{-1, 9999, 1, 2, 1}, 5, {400, 400, 200}, 3}, // an unknown node is the first
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		unsigned int shares[RTE_MAX_NUMA_NODES];

		assert_int_equal(
			port_pool_shares(cases[i].sockets, cases[i].n, 1000, shares), cases[i].nodes);
		for (unsigned int node = 0; node < RTE_MAX_NUMA_NODES; node++)
			assert_int_equal(shares[node], node < 3 ? cases[i].shares[node] : 0);
	}
}

static void
a_node_without_a_pool_uses_the_first(void **state)
{
	unsigned int mbufs, in_use;
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	(void)state;
	assert_ptr_equal(port_pool_on(0), mst_port_pool());
	assert_ptr_equal(port_pool_on(SOCKET_ID_ANY), mst_port_pool());
	assert_ptr_equal(port_pool_on(RTE_MAX_NUMA_NODES - 1), mst_port_pool());
	assert_ptr_equal(port_pool_on(RTE_MAX_NUMA_NODES), mst_port_pool());
	mst_port_pool_usage(&mbufs, &in_use);
	assert_int_equal(mbufs, 1023);
	assert_int_equal(in_use, 1);
	rte_pktmbuf_free(m);
}

static int
start(void **state)
{
	(void)state;
	return port_test_start_eal();
}

static int
stop(void **state)
{
	(void)state;
	mst_rt_stop();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_follows_the_mtu),
		cmocka_unit_test(one_pool_with_the_packet_area),
		cmocka_unit_test(every_node_with_workers_gets_a_share),
		cmocka_unit_test(a_node_without_a_pool_uses_the_first),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
