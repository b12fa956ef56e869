// Test packets: which device sends or is sent one, at what rate, and what becomes of them. Main lcore.
#include <errno.h>
#include <string.h>

#include "mst_wire_inline.h"

#include "lg.h"

#define BURST 32
#define ROOM_KEPT 64   // of a port's queue, for what is no test packet
#define SINK_PORT 7000 // and up: the last digits tell one tunnel of a device from the one before
#define DEVICE_PORT 7
#define PORT_OFFSET 22 // of the destination port, in a packet without options

int
lg_traffic_create(struct lg *lg, char *err, size_t err_cap)
{
	size_t n = lg->n_devices;

	mst_random(&lg->key, sizeof(lg->key));
	if (lg->o->dirs == LG_DIRS_NONE)
		return 0;
	lg->flowing = calloc(n, sizeof(lg->flowing[0]));
	lg->flows = aligned_alloc(64, n * sizeof(lg->flows[0]));
	if (lg->flowing == NULL || lg->flows == NULL) {
		snprintf(err, err_cap, "no memory for the packets of %zu devices", n);
		return -ENOMEM;
	}
	memset(lg->flows, 0, n * sizeof(lg->flows[0]));
	for (size_t dir = 0; dir < LG_N_DIRS; dir++) {
		lg->report.flow[dir].used = (lg->o->dirs & (1u << dir)) != 0;
		lg_histogram_init(&lg->report.flow[dir].latency);
	}
	return 0;
}

void
lg_traffic_destroy(struct lg *lg)
{
	free(lg->flowing);
	free(lg->flows);
	lg->flowing = NULL;
	lg->flows = NULL;
}

static uint16_t
turn_port(const struct lg_device *d)
{
	return (uint16_t)(SINK_PORT + d->flow_turn);
}

void
lg_traffic_join(struct lg *lg, struct lg_device *d)
{
	uint32_t number = lg_number(lg, d), ends_be[2];
	struct lg_flow *f;

	if (lg->flows == NULL || d->flow_slot != LG_NOWHERE)
		return;
	f = &lg->flows[number];
	d->flow_turn++;
	ends_be[0] = rte_cpu_to_be_32(d->inner);
	ends_be[1] = rte_cpu_to_be_32(lg->sink);
	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++) {
		struct lg_probe_params p = {
			.src_port = DEVICE_PORT,
			.dst_port = turn_port(d),
			.flow = number,
			.dir = (enum lg_dir)dir,
			.key = lg->key,
		};

		memcpy(p.src, &ends_be[dir == LG_UP ? 0 : 1], sizeof(p.src));
		memcpy(p.dst, &ends_be[dir == LG_UP ? 1 : 0], sizeof(p.dst));
		lg_probe_init(&f->probe[dir], &p);
		lg_track_init(&f->track[dir]);
	}
	d->flow_slot = lg->n_flowing;
	lg->flowing[lg->n_flowing++] = number;
}

void
lg_traffic_leave(struct lg *lg, struct lg_device *d)
{
	uint32_t last;

	if (d->flow_slot == LG_NOWHERE)
		return;
	last = lg->flowing[--lg->n_flowing];
	lg->flowing[d->flow_slot] = last;
	lg->devices[last].flow_slot = d->flow_slot;
	d->flow_slot = LG_NOWHERE;
}

void
lg_traffic_rate(struct lg *lg, uint64_t pps)
{
	// After a pause of the scheduler's, where the loop has no CPU of its own, 50 ms are made up for; what a port's
	// queue could not take at once is given up.
	uint64_t burst = pps / 20;

	burst = burst < BURST ? BURST : burst;
	burst = burst < LG_NET_TX_QUEUE ? burst : LG_NET_TX_QUEUE;
	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++)
		lg_pace_init(&lg->pace[dir], lg->hz, pps, (uint32_t)burst, lg->now_tsc);
}

static bool
send_one(struct lg *lg, enum lg_dir dir)
{
	uint32_t number = lg->flowing[lg->turn[dir]++ % lg->n_flowing];
	struct lg_device *d = &lg->devices[number];
	struct lg_probe *p = &lg->flows[number].probe[dir];
	uint16_t len = lg_mix_next(&lg->mix);

	if (len > d->mtu)
		len = d->mtu;
	if (!(dir == LG_UP ? lg_data_send_probe(lg, d, p, len) : lg_data_send_plain(p, len)))
		return false;
	lg->sum[dir].sent++;
	lg->report.flow[dir].sent_bytes += len;
	return true;
}

unsigned int
lg_traffic_send(struct lg *lg)
{
	unsigned int done = 0;

	if (!lg->sending || lg->n_flowing == 0)
		return 0;
	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++) {
		unsigned int room = lg_net_room(dir == LG_UP ? LG_NET_PUBLIC : LG_NET_PLAIN);
		uint32_t n, sent = 0;

		if (!lg->report.flow[dir].used || room <= ROOM_KEPT)
			continue;
		room -= ROOM_KEPT;
		n = lg_pace_take(&lg->pace[dir], lg->now_tsc, room < BURST ? room : BURST);
		for (uint32_t i = 0; i < n; i++)
			sent += send_one(lg, (enum lg_dir)dir);
		done += sent;
	}
	return done;
}

static void
note(struct lg *lg, enum lg_dir dir, const struct lg_probe_seen *s)
{
	struct lg_report_flow *f = &lg->report.flow[dir];
	struct lg_track_sum *sum = &lg->sum[dir];

	switch (lg_track_seen(&lg->flows[s->flow].track[dir], s->seq)) {
	case LG_TRACK_REORDERED:
		sum->reordered++;
		// fall through
	case LG_TRACK_NEW:
		sum->received++;
		f->received_bytes += s->len;
		lg_histogram_add(&f->latency, lg->now_tsc > s->tsc ? lg_ns(lg, lg->now_tsc - s->tsc) : 0);
		break;
	case LG_TRACK_DUPLICATED:
		sum->duplicated++;
		break;
	case LG_TRACK_LATE:
		sum->late++;
		break;
	}
}

void
lg_traffic_seen(struct lg *lg, enum lg_dir dir, const struct lg_device *d, const uint8_t *packet, size_t len)
{
	enum lg_probe_verdict v = LG_PROBE_FOREIGN;
	const struct lg_device *owner;
	struct lg_probe_seen s;

	if (lg->flows != NULL)
		v = lg_probe_parse(packet, len, lg->key, lg->n_devices, true, &s);
	if (v == LG_PROBE_CUT || v == LG_PROBE_CHECKSUM)
		lg->report.failures.rx_damaged++;
	if (v == LG_PROBE_FOREIGN)
		lg->report.failures.rx_foreign++;
	if (v != LG_PROBE_OK)
		return;
	owner = &lg->devices[s.flow];
	if (mst_wire_be16(packet + PORT_OFFSET) != turn_port(owner))
		return; // of the tunnel that the device had before
	if (s.dir != dir || (d != NULL && d != owner)) {
		lg->report.failures.rx_misplaced++;
		return;
	}
	note(lg, dir, &s);
}
