// Ethernet header and TTL.
#include <string.h>

#include "rig.h"

static int
setup(void **state)
{
	(void)state;
	rig_start(2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_stop();
	return 0;
}

static struct rte_mbuf *
routed(const char *dst, uint8_t ttl)
{
	uint8_t l3[200];
	bool v4 = strchr(dst, '.') != NULL;
	struct rte_mbuf *m = rig_mbuf(l3, rig_packet(l3, v4 ? "100.64.0.1" : "fd00:64::1", dst, 17, ttl, 30));

	mst_pkt(m)->ip_version = v4 ? 4 : 6;
	mst_pkt(m)->l3_len = m->data_len;
	assert_int_equal(rig_stage(stage_route_inner, m), MST_NEXT);
	return m;
}

static void
a_packet_of_a_device_loses_one_hop(void **state)
{
	struct rte_mbuf *m = routed(RIG_HOST4, 64);
	const uint8_t head[14] = {2, 0xbb, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x08, 0x00};

	(void)state;
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_RSS_HASH;
	assert_int_equal(rig_stage(stage_rewrite_inner, m), MST_NEXT);
	assert_int_equal(m->data_len, 14 + 50);
	assert_memory_equal(pkt_data(m), head, 14);
	assert_int_equal(pkt_data(m)[14 + 8], 63);
	assert_true(rig_ip4_sums_up(pkt_data(m) + 14));
	assert_int_equal(mst_pkt(m)->port, RIG_PRIVATE);
	assert_int_equal(m->ol_flags, 0);
	rte_pktmbuf_free(m);
	m = routed(RIG_HOST6, 64);
	assert_int_equal(rig_stage(stage_rewrite_inner, m), MST_NEXT);
	assert_int_equal(pkt_data(m)[12], 0x86);
	assert_int_equal(pkt_data(m)[13], 0xdd);
	assert_int_equal(pkt_data(m)[14 + 7], 63);
	rte_pktmbuf_free(m);
}

static void
the_last_hop_is_the_kernels_and_untouched(void **state)
{
	static const char *const dst[] = {RIG_HOST4, RIG_HOST6};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		for (uint8_t ttl = 0; ttl <= 2; ttl++) {
			struct rte_mbuf *m = routed(dst[i], ttl);
			uint8_t before[100];
			uint16_t len = m->data_len;

			memcpy(before, pkt_data(m), len);
			assert_int_equal(rig_stage(stage_rewrite_inner, m), ttl == 2 ? MST_NEXT : MST_KERNEL);
			if (ttl < 2) {
				assert_int_equal(m->data_len, len);
				assert_memory_equal(pkt_data(m), before, len);
			}
			rte_pktmbuf_free(m);
		}
	}
}

static void
an_outer_packet_keeps_its_ttl(void **state)
{
	struct rte_mbuf *m = routed(RIG_PEER4, 64);

	(void)state;
	assert_int_equal(rig_stage(stage_rewrite_outer, m), MST_NEXT);
	assert_int_equal(pkt_data(m)[14 + 8], 64);
	assert_int_equal(mst_pkt(m)->port, RIG_PUBLIC);
	rte_pktmbuf_free(m);
}

static void
an_adjacency_may_have_a_vlan_tag(void **state)
{
	struct mst_adj *adj = rig_route("10.20.5.0/24", MST_ADJ_READY, RIG_PRIVATE);
	struct rte_mbuf *m = routed("10.20.5.5", 64);

	(void)state;
	adj->l2_len = 18;
	memcpy(adj->l2 + 12, (uint8_t[]){0x81, 0x00, 0x00, 0x07, 0, 0}, 6);
	assert_int_equal(rig_stage(stage_rewrite_inner, m), MST_NEXT);
	assert_int_equal(m->data_len, 18 + 50);
	assert_memory_equal(pkt_data(m) + 12, ((uint8_t[]){0x81, 0x00, 0x00, 0x07, 0x08, 0x00}), 6);
	assert_int_equal(pkt_data(m)[18], 0x45);
	rte_pktmbuf_free(m);
}

static void
without_headroom_it_is_dropped(void **state)
{
	struct rte_mbuf *m = routed(RIG_HOST4, 64);

	(void)state;
	memmove((uint8_t *)m->buf_addr + 13, pkt_data(m), m->data_len);
	m->data_off = 13;
	assert_int_equal(rig_stage(stage_rewrite_inner, m), MST_DROP_ROOM);
	rte_pktmbuf_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_of_a_device_loses_one_hop),
		cmocka_unit_test(the_last_hop_is_the_kernels_and_untouched),
		cmocka_unit_test(an_outer_packet_keeps_its_ttl),
		cmocka_unit_test(an_adjacency_may_have_a_vlan_tag),
		cmocka_unit_test(without_headroom_it_is_dropped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
