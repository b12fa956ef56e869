// The packet pool: private area, room, once only.
#include <errno.h>

#include <rte_mbuf.h>

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
	};

	return cmocka_run_group_tests(tests, start, stop);
}
