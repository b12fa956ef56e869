// One, two, three workers on ports of fewer, or as many, queues, in turns as they come: within a flow nothing is
// reordered, nothing comes twice, and what is lost was counted. Arguments: workers, queues.
#include <stdlib.h>
#include <string.h>

#include "rig.h"

#define DEVICES 24
#define ROUNDS 4000
#define PAYLOAD 40

struct flow { // one way of one device
	uint32_t sent, seen, last;
	int queue; // that it left by, -1: not yet
};

static unsigned int n_workers, n_queues;
static struct rig_device devices[DEVICES];
static struct flow up[DEVICES], down[DEVICES];
static uint64_t pushed;
static uint8_t frame[RIG_FRAME_MAX], l3[RIG_FRAME_MAX];

static int
setup(void **state)
{
	(void)state;
	srandom(1);
	rig_start_workers(n_workers, n_queues);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_stop();
	return 0;
}

// The payload of a packet names its place in its flow.
static void
put_tag(uint8_t *packet, size_t len, uint32_t device, uint32_t serial)
{
	memcpy(packet + len - 8, &device, 4);
	memcpy(packet + len - 4, &serial, 4);
}

static void
push_up(uint32_t i)
{
	struct rig_device *d = &devices[i];
	size_t n = rig_packet(l3, d->addr4, RIG_HOST4, 17, 64, PAYLOAD);

	put_tag(l3, n, i, ++up[i].sent);
	assert_true(rig_push_to(RIG_PUBLIC, i % n_queues, frame, rig_data(d, 0, l3, n, frame)));
	pushed++;
}

static void
push_down(uint32_t i)
{
	size_t n = rig_packet(l3, RIG_HOST4, devices[i].addr4, 17, 64, PAYLOAD);

	put_tag(l3, n, i, ++down[i].sent);
	assert_true(rig_push_to(RIG_PRIVATE, i % n_queues, frame, rig_frame(frame, RIG_PRIVATE, l3, n)));
	pushed++;
}

static void
arrive(struct flow *flows, const uint8_t *packet, size_t len, unsigned int queue)
{
	uint32_t device, serial;
	struct flow *f;

	memcpy(&device, packet + len - 8, 4);
	memcpy(&serial, packet + len - 4, 4);
	assert_in_range(device, 0, DEVICES - 1);
	f = &flows[device];
	assert_true(serial > f->last); // neither before its elder nor twice
	assert_true(serial <= f->sent);
	assert_true(f->queue == -1 || f->queue == (int)queue);
	f->queue = (int)queue;
	f->last = serial;
	f->seen++;
}

// Whose keys sealed it is told by the outer port.
static void
arrive_at_device(const uint8_t *sent, size_t len, unsigned int queue)
{
	uint8_t plain[RIG_FRAME_MAX];
	uint16_t port;
	uint64_t seq;

	memcpy(&port, sent + (sent[12] == 0x08 ? 14 + 20 : 14 + 40) + 2, 2);
	for (unsigned int i = 0; i < DEVICES; i++)
		if (devices[i].port == rte_be_to_cpu_16(port)) {
			len = rig_unwrap(&devices[i], sent, len, plain, &seq);
			arrive(down, plain, len, queue);
			return;
		}
	fail_msg("for a port that no device has");
}

static void
collect(void)
{
	size_t len;

	for (unsigned int q = 0; q < n_queues; q++) {
		while ((len = rig_pop_from(RIG_PRIVATE, q, frame)) != 0)
			arrive(up, frame, len, q);
		while ((len = rig_pop_from(RIG_PUBLIC, q, frame)) != 0)
			arrive_at_device(frame, len, q);
	}
}

static void
run_dry(void)
{
	unsigned int n;

	do {
		n = 0;
		for (unsigned int w = 0; w < n_workers; w++)
			n += rig_turn(w);
		collect();
	} while (n > 0);
}

static void
open_devices(void)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		rig_device_open(&devices[i], i % 3, i % 4 == 0 ? 6 : 4);
		// Where the device spreads, the owner is whom the handshake came to; of every fifth its records
		// come to another one later.
		if (n_queues == n_workers)
			devices[i].sa->owner = (uint16_t)((i + (i % 5 == 0)) % n_workers);
		else
			assert_int_equal(devices[i].sa->owner, devices[i].s->home);
		up[i] = down[i] = (struct flow){.queue = -1};
	}
	pushed = 0;
	rig_mark();
}

static void
close_devices(void)
{
	for (unsigned int i = 0; i < DEVICES; i++)
		rig_device_close(&devices[i]);
}

static void
one_step(void)
{
	unsigned int burst = 1 + (unsigned int)random() % 20;
	uint32_t i = (uint32_t)random() % DEVICES;

	for (unsigned int k = 0; k < burst; k++) {
		if (random() % 2 == 0)
			push_up(i);
		else
			push_down(i);
		if (random() % 4 == 0)
			i = (uint32_t)random() % DEVICES;
	}
	for (unsigned int k = 0; k < n_workers; k++)
		(void)rig_turn((unsigned int)random() % n_workers);
	if (random() % 8 == 0)
		run_dry(); // bounds what is under way
	collect();
}

static void
nothing_is_lost_reordered_or_doubled(void **state)
{
	(void)state;
	open_devices();
	for (unsigned int round = 0; round < ROUNDS; round++)
		one_step();
	run_dry();
	for (unsigned int i = 0; i < DEVICES; i++) {
		const struct mst_sa *sa = devices[i].sa;

		assert_int_equal(up[i].seen, up[i].sent);
		assert_int_equal(down[i].seen, down[i].sent);
		assert_int_equal(atomic_load(&sa->rx_packets), up[i].sent);
		assert_int_equal(atomic_load(&sa->tx_seq) - MST_DTLS_FIRST_DATA_SEQ, down[i].sent);
	}
	assert_int_equal(rig_verdict(MST_SENT), pushed);
	assert_int_equal(rig_verdicts_final(), pushed);
	close_devices();
}

// Work reaches every worker, and the counters tell by which kind of hand-over.
static void
every_worker_opens_and_seals(void **state)
{
	bool by_software = n_queues < n_workers;

	(void)state;
	open_devices();
	for (unsigned int round = 0; round < 200; round++)
		one_step();
	run_dry();
	for (unsigned int w = 0; w < n_workers; w++) {
		struct mst_worker_stats s;

		mst_datapath_worker_stats(w, &s);
		assert_true(s.dtls_rx_packets > 0);
		assert_true(s.dtls_tx_packets > 0);
	}
	assert_int_equal(rig_verdict(MST_SPREAD_IN) > 0, by_software);
	assert_int_equal(rig_verdict(MST_SPREAD_OUT) > 0, by_software);
	assert_int_equal(rig_verdict(MST_HANDOFF_TX) > 0, by_software);
	assert_int_equal(rig_verdict(MST_HANDOFF) > 0, !by_software && n_workers > 1);
	close_devices();
}

// A new association in the place of the old one, or after a while without.
static void
rekey(struct rig_device *d, bool gap)
{
	uint16_t owner = d->sa->owner;

	if (gap)
		mst_sa_retire(d->s);
	d->sa = rig_device_sa(d, d->port);
	if (n_queues == n_workers)
		d->sa->owner = owner;
	assert_int_equal(d->sa->owner, owner); // records keep their way
	assert_int_equal(mst_sa_publish(d->sa), 0);
	d->seq = 1;
}

// What a rekey finds under way is lost and counted: its keys are gone.
static void
sessions_change_in_mid_traffic(void **state)
{
	uint64_t seen = 0, stale;

	(void)state;
	open_devices();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct rig_device *d = &devices[random() % DEVICES];

		for (unsigned int k = 0; k < 8; k++)
			push_up((uint32_t)(d - devices));
		(void)rig_turn((unsigned int)random() % n_workers);
		if (random() % 4 == 0)
			rekey(d, random() % 2 == 0);
		if (random() % 8 == 0)
			run_dry();
		mst_test_reclaim();
	}
	run_dry();
	for (unsigned int i = 0; i < DEVICES; i++)
		seen += up[i].seen;
	stale = rig_verdict(MST_DROP_TAG) + rig_verdict(MST_DROP_STALE);
	assert_int_equal(rig_verdict(MST_SENT), seen);
	assert_int_equal(rig_verdicts_final(), pushed);
	assert_int_equal(seen + stale, pushed);
	close_devices();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_reordered_or_doubled),
		cmocka_unit_test(every_worker_opens_and_seals),
		cmocka_unit_test(sessions_change_in_mid_traffic),
	};

	n_workers = argc > 1 ? (unsigned int)atoi(argv[1]) : 2;
	n_queues = argc > 2 ? (unsigned int)atoi(argv[2]) : 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
