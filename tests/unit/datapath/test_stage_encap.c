// Outer headers of the template.
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

static struct rig_device d;

// Sealed, encapsulated and framed, it must be what a device can read; rig_unwrap checks every byte of the
// headers.
static void
a_device_can_read_it(void **state)
{
	static const size_t lengths[] = {1, 2, 3, 100, 1001, RIG_INNER_MTU};
	uint8_t plain[RIG_FRAME_MAX], bytes[RIG_FRAME_MAX];
	uint64_t seq;

	(void)state;
	for (int ip = 4; ip <= 6; ip += 2) {
		rig_device_open(&d, 0, ip);
		for (size_t i = 0; i < MST_ARRAY_SIZE(lengths); i++) {
			struct rte_mbuf *m;
			size_t n;

			for (size_t j = 0; j < lengths[i]; j++)
				bytes[j] = (uint8_t)(j * 13 + i);
			m = rig_mbuf(bytes, lengths[i]);
			mst_pkt(m)->sa = d.sa;
			mst_pkt(m)->flags = MST_PKT_INNER;
			assert_int_equal(rig_stage(stage_seal, m), MST_NEXT);
			assert_int_equal(rig_stage(stage_encap, m), MST_NEXT);
			assert_int_equal(mst_pkt(m)->ip_version, ip);
			assert_int_equal(mst_pkt(m)->l3_len, m->data_len);
			assert_int_equal(mst_pkt(m)->flags, 0);
			assert_int_equal(rig_stage(stage_route_outer, m), MST_NEXT);
			assert_int_equal(rig_stage(stage_rewrite_outer, m), MST_NEXT);
			n = rig_unwrap(&d, pkt_data(m), m->data_len, plain, &seq);
			assert_int_equal(n, 1 + lengths[i]);
			assert_int_equal(plain[0], 0);
			assert_memory_equal(plain + 1, bytes, lengths[i]);
			assert_int_equal(seq, MST_DTLS_FIRST_DATA_SEQ + i);
			rte_pktmbuf_free(m);
		}
		rig_device_close(&d);
	}
}

static void
packets_that_may_meet_in_a_reassembly_differ_in_id(void **state)
{
	uint8_t bytes[20] = {0};

	(void)state;
	rig_device_open(&d, 0, 4);
	for (unsigned int i = 0; i < 3; i++) {
		struct rte_mbuf *m = rig_mbuf(bytes, sizeof(bytes));

		mst_pkt(m)->sa = d.sa;
		assert_int_equal(rig_stage(stage_seal, m), MST_NEXT);
		assert_int_equal(rig_stage(stage_encap, m), MST_NEXT);
		assert_int_equal(pkt_data(m)[5], MST_DTLS_FIRST_DATA_SEQ + i);
		assert_true(rig_ip4_sums_up(pkt_data(m)));
		rte_pktmbuf_free(m);
	}
	rig_device_close(&d);
}

static void
without_headroom_it_is_dropped(void **state)
{
	uint8_t bytes[20] = {0};
	struct rte_mbuf *m = rig_mbuf(bytes, sizeof(bytes));

	(void)state;
	rig_device_open(&d, 0, 4);
	mst_pkt(m)->sa = d.sa;
	m->data_off = 27;
	assert_int_equal(rig_stage(stage_encap, m), MST_DROP_ROOM);
	m->data_off = 28;
	assert_int_equal(rig_stage(stage_encap, m), MST_NEXT);
	rte_pktmbuf_free(m);
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_can_read_it),
		cmocka_unit_test(packets_that_may_meet_in_a_reassembly_differ_in_id),
		cmocka_unit_test(without_headroom_it_is_dropped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
