// Every bound on the way out of a pipeline: full rings, full queues, rates. Reaching one is counted and costs
// nobody a buffer.
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
static uint8_t frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX], l3[RIG_FRAME_MAX];

static struct rte_ring *
small_ring(void)
{
	static unsigned int n;
	char name[32];
	struct rte_ring *r;

	snprintf(name, sizeof(name), "small%u", n++);
	r = rte_ring_create(name, 4, SOCKET_ID_ANY, 0); // takes 3
	assert_non_null(r);
	return r;
}

// Eight of the same, one turn; three fit.
static void
eight(unsigned int port, const void *bytes, size_t len, enum mst_verdict in, enum mst_verdict full)
{
	unsigned int mbufs = rig_mbufs_free();

	rig_mark();
	for (unsigned int i = 0; i < 8; i++)
		rig_push(port, bytes, len);
	assert_int_equal(rig_turn(0), 8);
	assert_int_equal(rig_verdict(in), 3);
	assert_int_equal(rig_verdict(full), 5);
	assert_int_equal(rig_mbufs_free(), mbufs - 3);
}

static void
the_kernel_ring_may_be_full(void **state)
{
	struct mst_worker *w = rig_worker(0);
	struct rte_ring *before = w->kernel;

	(void)state;
	w->kernel = small_ring();
	eight(RIG_PUBLIC, frame,
		rig_frame(frame, RIG_PUBLIC, l3, rig_packet(l3, RIG_PEER4, RIG_GW4, 6, 64, 20)), MST_KERNEL,
		MST_DROP_KERNEL_RING);
	rig_empty_ring(w->kernel);
	w->kernel = before;
}

static void
the_control_ring_may_be_full(void **state)
{
	const uint8_t hello[60] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 47, 1};
	struct mst_worker *w = rig_worker(0);
	struct rte_ring *before = w->control;

	(void)state;
	rig_device_open(&d, 0, 4);
	w->control = small_ring();
	eight(RIG_PUBLIC, frame, rig_record_frame(&d, hello, sizeof(hello), frame), MST_CONTROL,
		MST_DROP_CONTROL_RING);
	rig_empty_ring(w->control);
	w->control = before;
	rig_device_close(&d);
}

static void
the_stream_ring_may_be_full(void **state)
{
	struct mst_worker *w = rig_worker(0);
	struct rte_ring *before = w->stream;

	(void)state;
	rig_device_open(&d, 99, 4);
	w->stream = small_ring();
	eight(RIG_PRIVATE, frame,
		rig_frame(frame, RIG_PRIVATE, l3, rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 20)), MST_STREAM,
		MST_DROP_STREAM_RING);
	rig_empty_ring(w->stream);
	w->stream = before;
	rig_device_close(&d);
}

static void
the_ring_of_another_worker_may_be_full(void **state)
{
	struct mst_worker *w = rig_worker(0);
	struct rte_ring *before = w->handoff_to[1];

	(void)state;
	rig_device_open(&d, 0, 4);
	d.sa->owner = 1;
	w->handoff_to[1] = small_ring();
	eight(RIG_PUBLIC, frame, rig_data(&d, 0, l3, rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 20), frame),
		MST_HANDOFF, MST_DROP_HANDOFF_RING);
	rig_empty_ring(w->handoff_to[1]);
	w->handoff_to[1] = before;
	rig_device_close(&d);
}

static void
the_ring_of_the_worker_that_seals_may_be_full(void **state)
{
	struct mst_worker *w = rig_worker(0);
	struct rte_ring *before = w->handoff_to[1];

	(void)state;
	rig_device_open(&d, 0, 4);
	d.s->home = 1;
	w->spread_out = true;
	w->handoff_to[1] = small_ring();
	eight(RIG_PRIVATE, frame,
		rig_frame(frame, RIG_PRIVATE, l3, rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 20)),
		MST_SPREAD_OUT, MST_DROP_HANDOFF_RING);
	rig_empty_ring(w->handoff_to[1]);
	w->handoff_to[1] = before;
	w->spread_out = false;
	rig_device_close(&d);
}

static void
an_owner_that_does_not_exist_gets_nothing(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	d.sa->owner = 77;
	rig_mark();
	rig_push(RIG_PUBLIC, frame,
		rig_data(&d, 0, l3, rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 20), frame));
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_DROP_HANDOFF_RING), 1);
	rig_device_close(&d);
}

static void
a_port_may_be_full(void **state)
{
	unsigned int mbufs = rig_mbufs_free(), sent;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	for (unsigned int i = 0; i < RIG_TX_RING + 64; i++) {
		size_t n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 20);

		rig_push(RIG_PRIVATE, frame, rig_frame(frame, RIG_PRIVATE, l3, n));
		if (i % 32 == 31)
			assert_int_equal(rig_turn(0), 32);
	}
	sent = RIG_TX_RING - 1;
	assert_int_equal(rig_verdict(MST_SENT), sent);
	assert_int_equal(rig_verdict(MST_DROP_TX), RIG_TX_RING + 64 - sent);
	assert_int_equal(rig_mbufs_free(), mbufs - sent);
	while (rig_pop(RIG_PUBLIC, out) != 0)
		sent--;
	assert_int_equal(sent, 0);
	assert_int_equal(rig_mbufs_free(), mbufs);
	rig_device_close(&d);
}

// What strangers can make control look at: by source, and all of them together.
static void
strays_have_a_rate(void **state)
{
	struct mst_worker *w = rig_worker(0);

	(void)state;
	datapath_limiter_init(&w->strays, 1, rte_get_tsc_hz(), 1, 4);
	datapath_limiter_init(&w->all_strays, 1, rte_get_tsc_hz(), 1, 6);
	rig_device_open(&d, 0, 4);
	rig_mark();
	for (unsigned int i = 0; i < 30; i++) {
		char peer[MST_IP_TEXT_BYTES];

		snprintf(peer, sizeof(peer), "198.51.100.%u", 20 + i / 10);
		d.port = (uint16_t)(30000 + i);
		d.peer = peer;
		rig_push(RIG_PUBLIC, frame, rig_data(&d, 0, "x", 1, frame));
	}
	assert_int_equal(rig_turn(0), 30);
	assert_in_range(rig_verdict(MST_STRAY), 6, 7);
	assert_int_equal(rig_verdict(MST_STRAY) + rig_verdict(MST_DROP_NO_SESSION), 30);
	assert_int_equal(rig_empty_ring(mst_rt_ring(MST_RING_CONTROL)), rig_verdict(MST_STRAY));
	datapath_limiter_init(&w->strays, 1, rte_get_tsc_hz(), 0, 0);
	datapath_limiter_init(&w->all_strays, 1, rte_get_tsc_hz(), 0, 0);
	d.peer = RIG_PEER4;
	rig_device_close(&d);
}

static void
a_source_has_a_rate_of_handshakes(void **state)
{
	const uint8_t hello[60] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 47, 1};
	struct mst_worker *w = rig_worker(0);
	unsigned int before;

	(void)state;
	datapath_limiter_init(&w->handshakes, 1, rte_get_tsc_hz(), 1, 4);
	rig_device_open(&d, 0, 4);
	rig_mark();
	for (unsigned int i = 0; i < 20; i++) {
		d.port = (uint16_t)(30000 + i); // ports do not make it another source
		rig_push(RIG_PUBLIC, frame, rig_record_frame(&d, hello, sizeof(hello), frame));
	}
	assert_int_equal(rig_turn(0), 20);
	assert_in_range(rig_verdict(MST_CONTROL), 4, 5);
	assert_int_equal(rig_verdict(MST_CONTROL) + rig_verdict(MST_DROP_RATE), 20);
	before = (unsigned int)rig_verdict(MST_CONTROL);
	d.peer = "198.51.100.8"; // somebody else is served
	rig_push(RIG_PUBLIC, frame, rig_record_frame(&d, hello, sizeof(hello), frame));
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_CONTROL), before + 1);
	// Of one /64 all addresses are one source.
	for (unsigned int i = 0; i < 20; i++) {
		char text[64];

		snprintf(text, sizeof(text), "2001:db8:7:0:%x::7", i + 1);
		d.peer = text;
		d.gw = RIG_GW6;
		rig_push(RIG_PUBLIC, frame, rig_record_frame(&d, hello, sizeof(hello), frame));
	}
	rig_mark();
	rig_turn(0);
	assert_in_range(rig_verdict(MST_CONTROL), 4, 5);
	datapath_limiter_init(&w->handshakes, 1, rte_get_tsc_hz(), 0, 0);
	rig_empty_ring(mst_rt_ring(MST_RING_CONTROL));
	rig_device_close(&d);
}

// The policer's rates are the exception path's; here they are what mst_exception_create would set.
void exception_policer_set(const uint32_t rate_pps[MST_PUNT_COUNT], uint64_t tsc_hz, unsigned int n_workers);

static void
the_way_to_the_kernel_is_policed_by_class(void **state)
{
	const uint32_t rates[MST_PUNT_COUNT] = {[MST_PUNT_TCP] = 10, [MST_PUNT_ICMP] = 1000};
	const uint32_t open[MST_PUNT_COUNT] = {1000000, 1000000, 1000000, 1000000, 1000000};
	struct mst_worker *w = rig_worker(0);

	(void)state;
	exception_policer_set(rates, rte_get_tsc_hz(), 1);
	mst_punt_policer_init(&w->policer, rte_rdtsc());
	rig_mark();
	for (unsigned int i = 0; i < 20; i++) {
		size_t n = rig_packet(l3, RIG_PEER4, RIG_GW4, i % 2 == 0 ? 6 : 1, 64, 20);

		rig_push(RIG_PUBLIC, frame, rig_frame(frame, RIG_PUBLIC, l3, n));
	}
	assert_int_equal(rig_turn(0), 20);
	assert_int_equal(rig_verdict(MST_KERNEL) + rig_verdict(MST_DROP_POLICED), 20);
	assert_in_range(
		rig_verdict(MST_DROP_POLICED), 1, 9); // of the ten of TCP; a flood of them leaves ICMP alone
	assert_int_equal(w->policer.dropped[MST_PUNT_ICMP], 0);
	assert_int_equal(w->policer.dropped[MST_PUNT_TCP], rig_verdict(MST_DROP_POLICED));
	exception_policer_set(open, rte_get_tsc_hz(), 1);
	mst_punt_policer_init(&w->policer, rte_rdtsc());
	rig_empty_ring(mst_rt_ring(MST_RING_KERNEL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_ring_may_be_full),
		cmocka_unit_test(the_control_ring_may_be_full),
		cmocka_unit_test(the_stream_ring_may_be_full),
		cmocka_unit_test(the_ring_of_another_worker_may_be_full),
		cmocka_unit_test(the_ring_of_the_worker_that_seals_may_be_full),
		cmocka_unit_test(an_owner_that_does_not_exist_gets_nothing),
		cmocka_unit_test(a_port_may_be_full),
		cmocka_unit_test(strays_have_a_rate),
		cmocka_unit_test(a_source_has_a_rate_of_handshakes),
		cmocka_unit_test(the_way_to_the_kernel_is_policed_by_class),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
