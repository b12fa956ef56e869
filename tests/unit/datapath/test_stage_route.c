// What a destination means for a packet of a device, and for one to a device.
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

static enum mst_verdict
route(mst_stage_fn *stage, const char *dst, size_t len, const struct mst_adj **adj)
{
	uint8_t l3[RIG_FRAME_MAX];
	bool v4 = strchr(dst, '.') != NULL;
	size_t head = v4 ? 20 : 40;
	size_t n = rig_packet(l3, v4 ? "100.64.0.1" : "fd00:64::1", dst, 17, 64, len - head);
	struct rte_mbuf *m = rig_mbuf(l3, n);
	enum mst_verdict v;

	mst_pkt(m)->ip_version = v4 ? 4 : 6;
	mst_pkt(m)->l3_len = (uint16_t)n;
	v = rig_stage(stage, m);
	if (adj != NULL)
		*adj = mst_pkt(m)->adj;
	rte_pktmbuf_free(m);
	return v;
}

static void
each_kind_has_its_verdict(void **state)
{
	static const struct {
		const char *dst;
		enum mst_verdict inner, outer;
	} rows[] = {
		{RIG_HOST4, MST_NEXT, MST_NEXT},
		{RIG_HOST6, MST_NEXT, MST_NEXT},
		{"10.20.9.9", MST_KERNEL, MST_RESOLVE},
		{RIG_GW4, MST_KERNEL, MST_DROP_NO_ROUTE},
		{RIG_GW6, MST_KERNEL, MST_DROP_NO_ROUTE},
		{"100.64.0.77", MST_DROP_ISOLATED, MST_DROP_NO_ROUTE},
		{"fd00:64::77", MST_DROP_ISOLATED, MST_DROP_NO_ROUTE},
		{"192.0.2.1", MST_DROP_NO_ROUTE, MST_DROP_NO_ROUTE},
		{"9.9.9.9", MST_DROP_NO_ROUTE, MST_DROP_NO_ROUTE},
		{"2001:4860::1", MST_DROP_NO_ROUTE, MST_DROP_NO_ROUTE},
	};
	const struct mst_adj *adj;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		assert_int_equal(route(stage_route_inner, rows[i].dst, 100, NULL), rows[i].inner);
		assert_int_equal(route(stage_route_outer, rows[i].dst, 100, NULL), rows[i].outer);
	}
	assert_int_equal(route(stage_route_inner, RIG_HOST4, 100, &adj), MST_NEXT);
	assert_ptr_equal(adj, mst_route_lookup4(0x0a140009));
}

static void
the_mtu_of_the_way_is_the_last_that_passes(void **state)
{
	(void)state;
	assert_int_equal(route(stage_route_inner, RIG_HOST4, 1500, NULL), MST_NEXT);
	assert_int_equal(route(stage_route_inner, RIG_HOST4, 1501, NULL), MST_KERNEL);
	assert_int_equal(route(stage_route_inner, RIG_HOST6, 1501, NULL), MST_KERNEL);
	assert_int_equal(route(stage_route_outer, RIG_PEER4, 1500, NULL), MST_NEXT);
	assert_int_equal(route(stage_route_outer, RIG_PEER4, 1501, NULL), MST_DROP_MTU);
	// No way at all comes before a way that is too narrow.
	assert_int_equal(route(stage_route_inner, "9.9.9.9", 1501, NULL), MST_DROP_NO_ROUTE);
	assert_int_equal(route(stage_route_inner, "100.64.0.77", 1501, NULL), MST_DROP_ISOLATED);
}

static void
a_mixed_burst_gets_its_own_answers(void **state)
{
	static const char *const dst[] = {RIG_HOST4, RIG_HOST6, "9.9.9.9", RIG_HOST6, RIG_HOST4, RIG_PEER4};
	struct mst_burst b;
	uint8_t l3[200];

	(void)state;
	burst_init(&b, 1);
	for (size_t i = 0; i < MST_ARRAY_SIZE(dst); i++) {
		bool v4 = strchr(dst[i], '.') != NULL;
		struct rte_mbuf *m =
			rig_mbuf(l3, rig_packet(l3, v4 ? "1.1.1.1" : "fd00::1", dst[i], 17, 64, 10));

		mst_pkt(m)->ip_version = v4 ? 4 : 6;
		burst_add(&b, m);
	}
	stage_route_inner(rig_worker(0), &b);
	assert_int_equal(b.n, 5);
	assert_int_equal(b.n_left, 1);
	for (unsigned int i = 0; i < 5; i++) {
		const struct mst_adj *adj = mst_pkt(b.m[i])->adj;

		assert_int_equal(adj->kind, MST_ADJ_READY);
		assert_int_equal(adj->port, i == 4 ? RIG_PUBLIC : RIG_PRIVATE);
		rte_pktmbuf_free(b.m[i]);
	}
	rte_pktmbuf_free(b.left[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_verdict),
		cmocka_unit_test(the_mtu_of_the_way_is_the_last_that_passes),
		cmocka_unit_test(a_mixed_burst_gets_its_own_answers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
