// What a frame of the private side is taken for.
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

static enum mst_verdict private(const char *src, const char *dst) {
	uint8_t l3[200], frame[300]; size_t n = rig_packet(l3, src, dst, 17, 64, 30);
	struct rte_mbuf *m = rig_mbuf(frame, rig_frame(frame, RIG_PRIVATE, l3, n));
	enum mst_verdict v;

	mst_pkt(m)->port = RIG_PRIVATE;
	v = rig_stage(stage_private, m);
	assert_int_equal(m->data_len, 14 + n);
	assert_memory_equal(pkt_data(m) + 14, l3, n); // whole, whatever comes of it
	rte_pktmbuf_free(m);
	return v;
}

static void
a_packet_for_the_pool_goes_on(void **state)
{
	(void)state;
	assert_int_equal(private(RIG_HOST4, "100.64.0.9"), MST_NEXT);
	assert_int_equal(private(RIG_HOST4, "100.64.0.255"), MST_NEXT);
	assert_int_equal(private(RIG_HOST6, "fd00:64::9"), MST_NEXT);
	assert_int_equal(private(RIG_HOST4, "100.64.1.0"), MST_DROP_NOT_OURS);
	assert_int_equal(private(RIG_HOST6, "fd00:64::1:0"), MST_DROP_NOT_OURS);
}

static void
a_frame_for_many_is_not_forwarded(void **state)
{
	uint8_t l3[200], frame[300];
	size_t n = rig_packet(l3, RIG_HOST4, "100.64.0.9", 17, 64, 30);
	struct rte_mbuf *m = rig_mbuf(frame, rig_frame(frame, RIG_PRIVATE, l3, n));

	(void)state;
	mst_pkt(m)->port = RIG_PRIVATE;
	assert_int_equal(rig_stage(stage_private, m), MST_NEXT);
	memset(pkt_data(m), 0xff, 6);
	assert_int_equal(rig_stage(stage_private, m), MST_DROP_MAC);
	rte_pktmbuf_free(m);
}

static void
what_is_for_the_gateway_is_the_kernels(void **state)
{
	uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0xcc, 0, 0, 0, 1, 0x08, 0x06};
	struct rte_mbuf *m = rig_mbuf(arp, sizeof(arp));

	(void)state;
	mst_pkt(m)->port = RIG_PRIVATE;
	assert_int_equal(rig_stage(stage_private, m), MST_KERNEL);
	rte_pktmbuf_free(m);
	assert_int_equal(private(RIG_HOST4, RIG_GW_INSIDE4), MST_KERNEL);
	assert_int_equal(private(RIG_HOST6, "fd00:20::1"), MST_KERNEL);
	assert_int_equal(private(RIG_HOST4, "224.0.0.5"), MST_KERNEL);
	assert_int_equal(private(RIG_HOST4, "255.255.255.255"), MST_KERNEL);
	assert_int_equal(private("fe80::2", "ff02::1:ff00:1"), MST_KERNEL);
	assert_int_equal(private("fe80::2", "fe80::1"), MST_KERNEL);
}

static void
we_are_no_router_for_others(void **state)
{
	(void)state;
	assert_int_equal(private(RIG_HOST4, RIG_PEER4), MST_DROP_NOT_OURS);
	assert_int_equal(private(RIG_HOST4, "9.9.9.9"), MST_DROP_NOT_OURS);
	assert_int_equal(private(RIG_HOST4, "192.0.2.1"), MST_DROP_NOT_OURS);
}

static void
nobody_on_the_lan_is_a_device(void **state)
{
	(void)state;
	assert_int_equal(private("100.64.0.5", "100.64.0.9"), MST_DROP_SPOOF);
	assert_int_equal(private("100.64.0.5", RIG_GW_INSIDE4), MST_DROP_SPOOF);
	assert_int_equal(private("fd00:64::5", "fd00:64::9"), MST_DROP_SPOOF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_for_the_pool_goes_on),
		cmocka_unit_test(a_frame_for_many_is_not_forwarded),
		cmocka_unit_test(what_is_for_the_gateway_is_the_kernels),
		cmocka_unit_test(we_are_no_router_for_others),
		cmocka_unit_test(nobody_on_the_lan_is_a_device),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
