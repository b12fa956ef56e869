// Three workers as real threads, on the CPUs there are, behind ports of one queue: traffic both ways while associations
// and sessions come and go. Within a flow nothing is reordered, nothing comes twice, and every packet ends in one verdict.
#include <stdlib.h>
#include <string.h>

#include <rte_launch.h>

#include "rig.h"

#define WORKERS 3
#define DEVICES 24
#define ROUNDS 2000
#define REKEYS 1000
#define UNDER_WAY 300 // fewer than a transmit ring takes

struct flow { // one way of one session
	uint32_t serial, seen, last;
	uint32_t session; // id
};

static struct rig_device devices[DEVICES], before[DEVICES]; // before: with the keys of before the last rekey
static struct flow up[DEVICES], down[DEVICES];
static uint64_t pushed, arrived;
static uint8_t frame[RIG_FRAME_MAX], l3[RIG_FRAME_MAX];

static int
setup(void **state)
{
	(void)state;
	srandom(1);
	rig_start_workers(WORKERS, 1);
	return mst_rt_launch(mst_datapath_worker);
}

static int
teardown(void **state)
{
	(void)state;
	mst_rt_request_stop();
	mst_rt_wait();
	rig_stop();
	return 0;
}

static void
put_tag(uint8_t *packet, size_t len, uint32_t device, struct flow *f)
{
	f->serial++;
	f->session = devices[device].s->id;
	memcpy(packet + len - 12, &device, 4);
	memcpy(packet + len - 8, &f->session, 4);
	memcpy(packet + len - 4, &f->serial, 4);
}

static void
push_up_by(struct rig_device *d, uint32_t i)
{
	size_t n = rig_packet(l3, d->addr4, RIG_HOST4, 17, 64, 40);

	put_tag(l3, n, i, &up[i]);
	rig_push(RIG_PUBLIC, frame, rig_data(d, 0, l3, n, frame));
	pushed++;
}

static void
push_up(uint32_t i)
{
	push_up_by(&devices[i], i);
}

static void
push_down(uint32_t i)
{
	size_t n = rig_packet(l3, RIG_HOST4, devices[i].addr4, 17, 64, 40);

	put_tag(l3, n, i, &down[i]);
	rig_push(RIG_PRIVATE, frame, rig_frame(frame, RIG_PRIVATE, l3, n));
	pushed++;
}

static void
arrive(struct flow *flows, const uint8_t *end)
{
	uint32_t device, session, serial;

	memcpy(&device, end - 12, 4);
	memcpy(&session, end - 8, 4);
	memcpy(&serial, end - 4, 4);
	assert_in_range(device, 0, DEVICES - 1);
	arrived++;
	if (session != flows[device].session) // of the session before
		return;
	assert_true(serial > flows[device].last); // neither before its elder nor twice
	assert_true(serial <= flows[device].serial);
	flows[device].last = serial;
	flows[device].seen++;
}

// What was sealed by keys that a rekey has taken from the device meanwhile cannot be read, and counts as arrived.
static void
arrive_at_device(const uint8_t *sent, size_t len)
{
	uint8_t plain[RIG_FRAME_MAX];
	uint16_t port;
	uint64_t seq;

	memcpy(&port, sent + 14 + 20 + 2, 2);
	for (unsigned int i = 0; i < 2 * DEVICES; i++) {
		const struct rig_device *d = i < DEVICES ? &devices[i] : &before[i - DEVICES];

		if (d->port != rte_be_to_cpu_16(port))
			continue;
		len = rig_unwrap(d, sent, len, plain, &seq);
		arrive(down, plain + len);
		return;
	}
	arrived++;
}

static void
collect(void)
{
	size_t len;

	while ((len = rig_pop(RIG_PRIVATE, frame)) != 0)
		arrive(up, frame + len);
	while ((len = rig_pop(RIG_PUBLIC, frame)) != 0)
		arrive_at_device(frame, len);
	(void)rig_empty_ring(mst_rt_ring(MST_RING_CONTROL)); // strays
	mst_rt_reclaim();
}

// Until what went in has ended, but for so many; false: the workers are stuck.
static bool
settle(uint64_t under_way)
{
	for (unsigned int i = 0; i < 20000; i++) {
		collect();
		if (pushed - rig_verdicts_final() <= under_way)
			return true;
		rte_delay_us_sleep(500);
	}
	return false;
}

// A new association from another port, as after a change of network; now and then a new session.
static void
change(struct rig_device *d)
{
	static uint16_t port = 40000;

	if (random() % 4 == 0) {
		mst_session_close(d->s);
		rig_device_open(d, (size_t)random() % 3, 4);
		up[d - devices] = down[d - devices] = (struct flow){0};
		return;
	}
	d->sa = rig_device_sa(d, port++);
	d->seq = 1;
	assert_int_equal(mst_sa_publish(d->sa), 0);
}

static void
step(void)
{
	uint32_t i = (uint32_t)random() % DEVICES;

	for (unsigned int k = 0; k < 16; k++) {
		if (random() % 2 == 0)
			push_up(i);
		else
			push_down(i);
		if (random() % 4 == 0)
			i = (uint32_t)random() % DEVICES;
	}
	assert_true(settle(UNDER_WAY));
}

static void
open_devices(void)
{
	memset(before, 0, sizeof(before));
	memset(up, 0, sizeof(up));
	memset(down, 0, sizeof(down));
	pushed = arrived = 0;
	for (unsigned int i = 0; i < DEVICES; i++)
		rig_device_open(&devices[i], i % 3, 4);
	rig_mark();
}

static void
close_devices(void)
{
	for (unsigned int i = 0; i < DEVICES; i++)
		mst_session_close(devices[i].s);
	for (unsigned int i = 0; i < 20000 && mst_rt_deferred() > 0; i++) {
		mst_rt_reclaim();
		rte_delay_us_sleep(500);
	}
	assert_int_equal(mst_rt_deferred(), 0);
}

static void
threads_lose_nothing(void **state)
{
	uint64_t opened = 0;

	(void)state;
	open_devices();
	for (unsigned int round = 0; round < ROUNDS; round++)
		step();
	assert_true(settle(0));
	collect();
	for (unsigned int i = 0; i < DEVICES; i++) {
		assert_int_equal(up[i].seen, up[i].serial);
		assert_int_equal(down[i].seen, down[i].serial);
		assert_int_equal(atomic_load(&devices[i].sa->rx_packets), up[i].serial);
	}
	for (unsigned int w = 0; w < WORKERS; w++) {
		struct mst_worker_stats s;

		mst_datapath_worker_stats(w, &s);
		assert_true(s.dtls_rx_packets > 0);
		assert_true(s.dtls_tx_packets > 0);
		opened += s.dtls_rx_packets;
	}
	assert_true(opened >= pushed / 4);
	assert_int_equal(rig_verdict(MST_SENT), pushed);
	assert_int_equal(rig_verdicts_final(), pushed);
	close_devices();
}

// From a new port, as clients do it; some of what the device has sent under the keys before is still to come.
static void
rekey(uint32_t i)
{
	static uint16_t port = 50000;
	struct rig_device *d = &devices[i];

	before[i] = *d;
	d->sa = rig_device_sa(d, port++);
	d->seq = 1;
	assert_int_equal(mst_sa_publish(d->sa), 0);
	for (unsigned int k = 0; k < 4; k++)
		push_up_by(&before[i], i);
	for (unsigned int k = 0; k < 4; k++)
		push_up_by(d, i);
}

static void
a_thousand_rekeys_lose_nothing(void **state)
{
	(void)state;
	open_devices();
	for (uint32_t r = 0; r < REKEYS; r++) {
		rekey(r % DEVICES);
		step();
		if (r % DEVICES == DEVICES - 1)
			assert_true(settle(
				0)); // the next of a device is never so soon that something is left of the last
	}
	assert_true(settle(0));
	collect();
	for (unsigned int i = 0; i < DEVICES; i++) {
		assert_int_equal(up[i].seen, up[i].serial);
		assert_int_equal(down[i].seen, down[i].serial);
	}
	assert_int_equal(rig_verdict(MST_SENT), pushed);
	assert_int_equal(rig_verdicts_final(), pushed);
	close_devices();
}

static void
threads_bear_sessions_that_come_and_go(void **state)
{
	uint64_t gone;

	(void)state;
	open_devices();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		step();
		if (round % 4 == 0)
			change(&devices[random() % DEVICES]);
	}
	assert_true(settle(0));
	collect();
	gone = rig_verdict(MST_STRAY) + rig_verdict(MST_DROP_NO_SESSION) + rig_verdict(MST_DROP_NO_DEVICE) +
	       rig_verdict(MST_DROP_STALE) + rig_verdict(MST_DROP_TAG) + rig_verdict(MST_DROP_NO_PATH) +
	       rig_verdict(MST_DROP_SPOOF) + rig_verdict(MST_STREAM);
	assert_int_equal(rig_verdict(MST_SENT), arrived);
	assert_int_equal(rig_verdicts_final(), pushed);
	assert_int_equal(arrived + gone, pushed);
	assert_true(arrived > pushed / 2);
	close_devices();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_lose_nothing),
		cmocka_unit_test(a_thousand_rekeys_lose_nothing),
		cmocka_unit_test(threads_bear_sessions_that_come_and_go),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
