// Sessions that end or change while their packets are under way, and records on the wrong worker.
#include <string.h>

#include <rte_launch.h>
#include <rte_lcore.h>

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

static size_t
data_frame(void)
{
	return rig_data(&d, 0, l3, rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 100), frame);
}

static uint32_t
quarantined(void)
{
	struct mst_session_counts c;

	mst_session_counts(&c);
	return c.leases_quarantined;
}

static void
a_session_may_end_in_mid_traffic(void **state)
{
	struct mst_session *s;
	struct mst_sa *sa;

	(void)state;
	mst_rt_worker_online(0);
	rig_device_open(&d, 0, 4);
	s = d.s;
	sa = d.sa;
	for (unsigned int i = 0; i < 8; i++)
		rig_push(RIG_PUBLIC, frame, data_frame());
	rig_mark();
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_SENT), 8);
	mst_session_close(d.s);
	mst_test_reclaim();
	// The worker has not reported: whatever it holds is still there.
	assert_int_equal(quarantined(), 1);
	assert_ptr_equal(sa->session, s);
	assert_non_null(sa->keys.suite);
	rig_mark();
	for (unsigned int i = 0; i < 8; i++) {
		rig_push(RIG_PUBLIC, frame, data_frame());
		rig_push(RIG_PRIVATE, frame,
			rig_frame(frame, RIG_PRIVATE, l3, rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 10)));
	}
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_STRAY), 8);
	assert_int_equal(rig_empty_ring(mst_rt_ring(MST_RING_CONTROL)), 8);
	assert_int_equal(rig_verdict(MST_DROP_NO_DEVICE), 8);
	mst_rt_worker_quiescent(0);
	mst_test_reclaim();
	assert_int_equal(quarantined(), 0);
	mst_rt_worker_offline(0);
	while (rig_pop(RIG_PRIVATE, out) != 0)
		;
}

static void
a_packet_in_a_ring_does_not_keep_a_session_alive(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	m = rig_mbuf(l3, rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 100));
	mst_pkt(m)->session_index = d.s->index;
	mst_pkt(m)->session_id = d.s->id;
	assert_int_equal(mst_rt_inject(0, m, MST_ENTRY_FROM_DEVICE), 0);
	rig_device_close(&d);
	rig_mark();
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_DROP_STALE), 1);
	assert_int_equal(rig_verdicts_final(), 1);
}

// The lease of a session that ended goes to a new one: the handle of the old must not find it.
static void
a_handle_does_not_outlive_its_session(void **state)
{
	uint32_t index, id;
	struct rte_mbuf *m;
	bool again = false;

	(void)state;
	rig_device_open(&d, 99, 4);
	index = d.s->index;
	id = d.s->id;
	for (unsigned int i = 0; i < 300 && !again; i++) {
		rig_device_close(&d);
		rig_device_open(&d, 99, 4);
		again = d.s->index == index;
	}
	assert_true(again);
	m = rig_mbuf(l3, rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 100));
	mst_pkt(m)->session_index = index;
	mst_pkt(m)->session_id = id;
	assert_int_equal(mst_rt_inject(0, m, MST_ENTRY_FROM_DEVICE), 0);
	rig_mark();
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_DROP_STALE), 1);
	rig_device_close(&d);
}

static void
a_stray_record_is_opened_by_its_owner(void **state)
{
	struct mst_sa *sa;

	(void)state;
	rig_device_open(&d, 0, 4);
	sa = d.sa;
	sa->owner = 1;
	rig_mark();
	for (unsigned int i = 0; i < 5; i++)
		rig_push(RIG_PUBLIC, frame, data_frame());
	assert_int_equal(rig_turn(0), 5);
	assert_int_equal(rig_verdict(MST_HANDOFF), 5);
	assert_int_equal(rig_verdicts_final(), 0);
	assert_int_equal(atomic_load(&sa->rx_packets), 0);
	assert_int_equal(rig_turn(1), 5);
	assert_int_equal(atomic_load(&sa->rx_packets), 5);
	assert_int_equal(rig_turn(0), 5); // the queue of the private port is worker 0's
	assert_int_equal(rig_verdict(MST_SENT), 5);
	assert_int_equal(rig_verdicts_final(), 5);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(rig_pop(RIG_PRIVATE, out), 14 + 120);
	assert_int_equal(rig_pop(RIG_PRIVATE, out), 0);
	rig_device_close(&d);
}

static void
push_two(struct rig_device *from)
{
	for (unsigned int i = 0; i < 2; i++)
		rig_push(RIG_PUBLIC, frame,
			rig_data(from, 0, l3, rig_packet(l3, from->addr4, RIG_HOST4, 17, 64, 100), frame));
}

// In the ring between two workers as well, until the keys before have had their time.
static void
a_stray_of_the_keys_before_is_opened_by_them(void **state)
{
	struct rig_device old;
	struct mst_sa *next;

	(void)state;
	rig_device_open(&d, 0, 4);
	d.sa->owner = 1;
	old = d;
	push_two(&old);
	rig_turn(0);
	// A rekey moves the device to worker 0 meanwhile.
	next = rig_device_sa(&d, (uint16_t)(d.port + 1));
	assert_int_equal(mst_sa_publish(next), 0);
	rig_mark();
	rig_turn(1);
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_SENT), 2);
	assert_int_equal(atomic_load(&old.sa->rx_packets), 2);
	push_two(&old);
	rig_turn(0);
	mst_sa_retire_before(d.s);
	rig_mark();
	rig_turn(1);
	assert_int_equal(rig_verdict(MST_DROP_STALE), 2);
	assert_int_equal(rig_verdicts_final(), 2);
	while (rig_pop(RIG_PRIVATE, out) != 0)
		;
	rig_device_close(&d);
}

// What happens to a device while its packet is on the way to the worker that seals.
static void
a_packet_to_seal_follows_the_path_of_its_device(void **state)
{
	const enum mst_verdict ends[] = {MST_STREAM, MST_DROP_NO_PATH, MST_DROP_STALE};
	struct mst_worker *w = rig_worker(0);

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(ends); i++) {
		rig_device_open(&d, 0, 4);
		d.s->home = 1;
		w->spread_out = true;
		rig_push(RIG_PRIVATE, frame,
			rig_frame(frame, RIG_PRIVATE, l3, rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 10)));
		rig_mark();
		rig_turn(0);
		assert_int_equal(rig_verdict(MST_SPREAD_OUT), 1);
		w->spread_out = false;
		if (i == 0)
			mst_sa_retire(d.s);
		else if (i == 1)
			mst_session_set_path(d.s, MST_PATH_NONE);
		else
			rig_device_close(&d);
		assert_int_equal(rig_turn(1), 1);
		assert_int_equal(rig_verdict(ends[i]), 1);
		assert_int_equal(rig_verdicts_final(), 1);
		rig_empty_ring(mst_rt_ring(MST_RING_STREAM));
		if (i < 2)
			rig_device_close(&d);
	}
}

static void
new_keys_take_over_and_the_old_are_refused(void **state)
{
	struct rig_device old;
	struct mst_sa *next;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_push(RIG_PUBLIC, frame, data_frame());
	rig_turn(0);
	old = d;
	next = rig_device_sa(&d, d.port); // same port, new keys
	assert_int_equal(mst_sa_publish(next), 0);
	d.seq = 1;
	rig_mark();
	rig_push(RIG_PUBLIC, frame, data_frame());
	rig_push(RIG_PUBLIC, frame,
		rig_data(&old, 0, l3, rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 100), frame));
	rig_turn(0);
	assert_int_equal(rig_verdict(MST_SENT), 1);
	assert_int_equal(rig_verdict(MST_DROP_TAG), 1);
	mst_test_reclaim();
	while (rig_pop(RIG_PRIVATE, out) != 0)
		;
	rig_device_close(&d);
}

static void
wait_until_asleep(void)
{
	for (unsigned int i = 0; i < 10000 && mst_rt_asleep() != 1; i++)
		rte_delay_us_sleep(1000);
	assert_int_equal(mst_rt_asleep(), 1);
	rte_delay_us_sleep(
		1000); // from the announcement into the sleep; when that takes longer, it ends as well
}

static void
wait_until_sent(uint64_t n)
{
	for (unsigned int i = 0; i < 10000 && rig_verdict(MST_SENT) < n; i++)
		rte_delay_us_sleep(1000);
	assert_int_equal(rig_verdict(MST_SENT), n);
}

// Its time would be over in an hour: what ends its sleep is control, another worker, and the order to stop.
static void
a_worker_that_sleeps_is_woken(void **state)
{
	struct mst_worker *w = rig_worker(0);
	struct mst_worker_stats stats;
	struct rte_mbuf *m;

	(void)state;
	w->idle_policy = datapath_idle_policy(MST_IDLE_INTERRUPT, false, rte_get_tsc_hz());
	w->sleep.timeout_ns = UINT64_C(3600000000000);
	rig_device_open(&d, 0, 4);
	rig_mark();
	assert_int_equal(rte_eal_remote_launch(mst_datapath_worker, (void *)0, mst_rt_worker_lcore(0)), 0);
	wait_until_asleep();
	m = rig_mbuf(frame, data_frame());
	mst_pkt(m)->port = RIG_PRIVATE;
	assert_int_equal(mst_rt_inject(0, m, MST_ENTRY_FRAME), 0);
	wait_until_sent(1);
	wait_until_asleep();
	m = rig_mbuf(frame, data_frame());
	mst_pkt(m)->port = RIG_PRIVATE;
	mst_pkt(m)->entry = MST_ENTRY_FRAME;
	assert_int_equal(rte_ring_enqueue(rig_worker(1)->handoff_to[0], m), 0);
	assert_int_equal(rig_turn(1), 0);
	wait_until_sent(2);
	rig_device_close(&d); // no grace period waits for a sleeper
	wait_until_asleep();
	mst_rt_request_stop();
	assert_int_equal(rte_eal_wait_lcore(mst_rt_worker_lcore(0)), 0);
	mst_datapath_worker_stats(0, &stats);
	assert_true(stats.sleeps >= 3 && stats.woken >= 2 && stats.woken <= stats.sleeps);
	assert_true(stats.longest_sleep_us > 0 && stats.busy_cycles < stats.total_cycles);
	while (rig_pop(RIG_PRIVATE, out) != 0)
		;
	w->idle_policy = datapath_idle_policy(MST_IDLE_POLL, false, rte_get_tsc_hz());
	atomic_store(&mst_rt_stopping_, false);
}

// Every queue of the ports has one worker, and the loop of a real lcore stops when it is told to.
static void
the_loop_runs_on_a_lcore_and_stops(void **state)
{
	struct mst_worker_stats stats;

	(void)state;
	rig_device_open(&d, 0, 4);
	for (unsigned int i = 0; i < 20; i++)
		rig_push(RIG_PUBLIC, frame, data_frame());
	rig_mark();
	assert_int_equal(rte_eal_remote_launch(mst_datapath_worker, (void *)0, mst_rt_worker_lcore(0)), 0);
	for (unsigned int i = 0; i < 2000 && rig_verdict(MST_SENT) < 20; i++)
		rte_delay_us_sleep(1000);
	assert_int_equal(rig_verdict(MST_SENT), 20);
	// An idle worker lets go of what it had.
	mst_session_close(d.s);
	for (unsigned int i = 0; i < 2000 && quarantined() > 0; i++) {
		rte_delay_us_sleep(1000);
		mst_rt_reclaim();
	}
	assert_int_equal(quarantined(), 0);
	mst_rt_request_stop();
	assert_int_equal(rte_eal_wait_lcore(mst_rt_worker_lcore(0)), 0);
	mst_datapath_worker_stats(0, &stats);
	assert_true(stats.turns > 0);
	assert_true(stats.busy_cycles > 0 && stats.busy_cycles < stats.total_cycles);
	assert_true(stats.dtls_rx_packets >= 20);
	while (rig_pop(RIG_PRIVATE, out) != 0)
		;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_may_end_in_mid_traffic),
		cmocka_unit_test(a_packet_in_a_ring_does_not_keep_a_session_alive),
		cmocka_unit_test(a_handle_does_not_outlive_its_session),
		cmocka_unit_test(a_stray_record_is_opened_by_its_owner),
		cmocka_unit_test(a_stray_of_the_keys_before_is_opened_by_them),
		cmocka_unit_test(a_packet_to_seal_follows_the_path_of_its_device),
		cmocka_unit_test(new_keys_take_over_and_the_old_are_refused),
		cmocka_unit_test(a_worker_that_sleeps_is_woken),
		cmocka_unit_test(the_loop_runs_on_a_lcore_and_stops),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
