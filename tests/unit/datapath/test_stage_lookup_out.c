// Destination to session, path, size and hop.
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

static struct rte_mbuf *
from_lan(const char *dst, size_t len, uint8_t ttl)
{
	uint8_t l3[RIG_FRAME_MAX], frame[RIG_FRAME_MAX];
	bool v4 = strchr(dst, '.') != NULL;
	size_t n = rig_packet(l3, v4 ? RIG_HOST4 : RIG_HOST6, dst, 17, ttl, len - (v4 ? 20 : 40));
	struct rte_mbuf *m = rig_mbuf(frame, rig_frame(frame, RIG_PRIVATE, l3, n));

	mst_pkt(m)->port = RIG_PRIVATE;
	assert_int_equal(rig_stage(stage_private, m), MST_NEXT);
	return m;
}

static enum mst_verdict
lookup(const char *dst, size_t len, uint8_t ttl)
{
	struct rte_mbuf *m = from_lan(dst, len, ttl);
	enum mst_verdict v = rig_stage(stage_lookup_out, m);

	if (v == MST_KERNEL) // the frame as it came
		assert_int_equal(m->data_len, 14 + len);
	if (v == MST_KERNEL)
		assert_int_equal(pkt_data(m)[14 + (pkt_data(m)[14] == 0x45 ? 8 : 7)], ttl);
	rte_pktmbuf_free(m);
	return v;
}

static void
a_packet_finds_its_device(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	m = from_lan(d.addr4, 60, 64);
	assert_int_equal(rig_stage(stage_lookup_out, m), MST_NEXT);
	assert_ptr_equal(mst_pkt(m)->session, d.s);
	assert_ptr_equal(mst_pkt(m)->sa, d.sa);
	assert_int_equal(mst_pkt(m)->type, 0);
	assert_int_equal(m->data_len, 60);
	assert_int_equal(pkt_data(m)[0], 0x45);
	assert_int_equal(pkt_data(m)[8], 63);
	assert_true(rig_ip4_sums_up(pkt_data(m)));
	rte_pktmbuf_free(m);
	assert_int_equal(lookup(d.addr6, 60, 64), MST_NEXT);
	rig_device_close(&d);
	assert_int_equal(lookup(d.addr4, 60, 64), MST_DROP_NO_DEVICE);
	assert_int_equal(lookup(d.addr6, 60, 64), MST_DROP_NO_DEVICE);
	assert_int_equal(lookup("100.64.0.0", 60, 64), MST_DROP_NO_DEVICE);
}

static void
padding_of_the_link_is_cut_off(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	m = from_lan(d.addr4, 30, 64);
	assert_non_null(rte_pktmbuf_append(m, 16));
	assert_int_equal(rig_stage(stage_lookup_out, m), MST_NEXT);
	assert_int_equal(m->data_len, 30);
	rte_pktmbuf_free(m);
	rig_device_close(&d);
}

static void
what_does_not_fit_the_tunnel_is_the_kernels(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(lookup(d.addr4, RIG_INNER_MTU, 64), MST_NEXT);
	assert_int_equal(lookup(d.addr4, RIG_INNER_MTU + 1, 64), MST_KERNEL);
	assert_int_equal(lookup(d.addr6, RIG_INNER_MTU + 1, 64), MST_KERNEL);
	rig_device_close(&d);
}

static void
the_last_hop_is_the_kernels(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(lookup(d.addr4, 60, 2), MST_NEXT);
	assert_int_equal(lookup(d.addr4, 60, 1), MST_KERNEL);
	assert_int_equal(lookup(d.addr4, 60, 0), MST_KERNEL);
	assert_int_equal(lookup(d.addr6, 60, 1), MST_KERNEL);
	rig_device_close(&d);
}

static void
the_path_decides(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	mst_session_set_path(d.s, MST_PATH_STREAM);
	m = from_lan(d.addr4, 60, 64);
	assert_int_equal(rig_stage(stage_lookup_out, m), MST_STREAM);
	assert_int_equal(mst_pkt(m)->session_index, d.s->index);
	assert_int_equal(mst_pkt(m)->session_id, d.s->id);
	assert_int_equal(m->data_len, 60);
	rte_pktmbuf_free(m);
	mst_session_set_path(d.s, MST_PATH_NONE);
	assert_int_equal(lookup(d.addr4, 60, 64), MST_DROP_NO_PATH);
	mst_session_set_path(d.s, MST_PATH_DTLS);
	mst_sa_retire(d.s);
	assert_int_equal(lookup(d.addr4, 60, 64), MST_STREAM);
	// Between the two stores of a retire.
	mst_session_set_path(d.s, MST_PATH_DTLS);
	assert_int_equal(lookup(d.addr4, 60, 64), MST_STREAM);
	rig_device_close(&d);
}

// The kernel was the hop and has looked at the size.
static void
a_packet_of_the_kernel_keeps_its_ttl(void **state)
{
	uint8_t l3[RIG_FRAME_MAX];
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	for (unsigned int over = 0; over < 2; over++) {
		size_t n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 1, RIG_INNER_MTU - 20 + over);

		m = rig_mbuf(l3, n);
		mst_pkt(m)->ip_version = 4;
		mst_pkt(m)->l3_len = (uint16_t)n;
		mst_pkt(m)->flags = MST_PKT_INNER;
		assert_int_equal(rig_stage(stage_lookup_out, m), over == 0 ? MST_NEXT : MST_DROP_MTU);
		assert_int_equal(pkt_data(m)[8], 1);
		rte_pktmbuf_free(m);
	}
	rig_device_close(&d);
}

// Where the private port has too few queues the session's worker seals; where it has enough, whoever has the packet.
static void
software_spreads_by_the_home_of_the_session(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	d.s->home = 1;
	assert_int_equal(lookup(d.addr4, 60, 64), MST_NEXT);
	rig_worker(0)->spread_out = true;
	m = from_lan(d.addr4, 60, 64);
	assert_int_equal(rig_stage(stage_lookup_out, m), MST_SPREAD_OUT);
	assert_int_equal(mst_pkt(m)->worker, 1);
	assert_int_equal(mst_pkt(m)->session_id, d.s->id);
	rte_pktmbuf_free(m);
	d.s->home = 0;
	assert_int_equal(lookup(d.addr4, 60, 64), MST_NEXT);
	d.s->home = 1;
	mst_session_set_path(d.s, MST_PATH_STREAM); // control is reached from anywhere
	assert_int_equal(lookup(d.addr4, 60, 64), MST_STREAM);
	rig_worker(0)->spread_out = false;
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_finds_its_device),
		cmocka_unit_test(padding_of_the_link_is_cut_off),
		cmocka_unit_test(what_does_not_fit_the_tunnel_is_the_kernels),
		cmocka_unit_test(the_last_hop_is_the_kernels),
		cmocka_unit_test(the_path_decides),
		cmocka_unit_test(a_packet_of_the_kernel_keeps_its_ttl),
		cmocka_unit_test(software_spreads_by_the_home_of_the_session),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
