// Frames of both ports: which device a datagram is for by its address and port, records in and out, test packets of the
// plain side. Main lcore.
#include <string.h>

#include <rte_cycles.h>

#include "mst_wire_inline.h"

#include "lg.h"

#define BURST 32
#define FIRST_PORT 1024
#define PORTS (65536 - FIRST_PORT)
#define PORT_TURNS_MAX 4 // UDP ports that a device takes in turn, as far as there are as many

// Device i sends from address i modulo their number: neighbours differ in address, and all of one address in port.
uint32_t
lg_data_source(const struct lg *lg, const struct lg_device *d)
{
	struct mst_ip ip = lg_options_source(lg->o, lg_number(lg, d) % lg->n_sources);

	return mst_ip4_host(&ip);
}

uint16_t
lg_data_udp_port(const struct lg *lg, const struct lg_device *d)
{
	uint32_t slot = lg_number(lg, d) / lg->n_sources;

	return (uint16_t)(FIRST_PORT + slot * lg->port_turns + d->port_turn % lg->port_turns);
}

uint32_t
lg_data_port_turns(uint32_t n_devices, uint32_t n_sources)
{
	uint32_t slots = (n_devices + n_sources - 1) / n_sources;
	uint32_t turns = PORTS / slots;

	return turns < PORT_TURNS_MAX ? turns : PORT_TURNS_MAX;
}

static bool
source_index(const struct lg *lg, uint32_t addr, uint32_t *index)
{
	const struct lg_options *o = lg->o;
	uint32_t first = mst_ip4_host(&o->sources.first);

	for (size_t i = 0; i < o->outer.n_nets; i++) {
		if (mst_ip4_host(&o->outer.nets[i].ip) == addr) {
			*index = (uint32_t)i;
			return true;
		}
	}
	*index = (uint32_t)o->outer.n_nets + (addr - first);
	return addr >= first && addr - first < o->sources.n;
}

static struct lg_device *
device_of(struct lg *lg, uint32_t addr, uint16_t port)
{
	uint32_t source, slot, number;

	if (port < FIRST_PORT || !source_index(lg, addr, &source))
		return NULL;
	slot = (uint32_t)(port - FIRST_PORT) / lg->port_turns;
	number = slot * lg->n_sources + source;
	if (number >= lg->n_devices)
		return NULL;
	return &lg->devices[number];
}

bool
lg_data_send_datagram(struct lg *lg, struct lg_device *d, const void *datagram, size_t len)
{
	struct rte_mbuf *m = lg_net_alloc();
	void *data = m == NULL ? NULL : rte_pktmbuf_append(m, (uint16_t)len);

	if (data == NULL) {
		rte_pktmbuf_free(m);
		return false;
	}
	memcpy(data, datagram, len);
	return lg_net_send_udp(
		LG_NET_PUBLIC, m, lg_data_source(lg, d), lg_data_udp_port(lg, d), lg->gateway, d->dtls_port);
}

// Where the message of a record goes: the record's head fits in front of it. NULL: no mbuf.
static uint8_t *
record_begin(const struct lg_device *d, struct rte_mbuf **m)
{
	*m = lg_net_alloc();
	return *m == NULL ? NULL : rte_pktmbuf_mtod(*m, uint8_t *) + lg_record_head_bytes(d->record);
}

static bool
record_send(struct lg *lg, struct lg_device *d, struct rte_mbuf *m, uint8_t *plain, size_t len)
{
	uint8_t *rec = lg_record_seal(d->record, LG_RECORD_DATA, plain, len);

	if (rec == NULL) {
		rte_pktmbuf_free(m);
		return false;
	}
	m->data_len = (uint16_t)(len + lg_record_overhead(d->record));
	m->pkt_len = m->data_len;
	d->dtls_sent_ms = lg->now_ms;
	return lg_net_send_udp(
		LG_NET_PUBLIC, m, lg_data_source(lg, d), lg_data_udp_port(lg, d), lg->gateway, d->dtls_port);
}

bool
lg_data_send_dtls(struct lg *lg, struct lg_device *d, uint8_t type, const void *payload, size_t len)
{
	struct rte_mbuf *m;
	uint8_t *plain = record_begin(d, &m);

	if (plain == NULL)
		return false;
	plain[0] = type;
	if (len > 0)
		memcpy(plain + 1, payload, len);
	return record_send(lg, d, m, plain, len + 1);
}

bool
lg_data_send_probe(struct lg *lg, struct lg_device *d, struct lg_probe *p, uint16_t len)
{
	static uint8_t frame[MST_CSTP_HEADER_BYTES + LG_PROBE_MAX_BYTES];
	struct rte_mbuf *m;
	uint8_t *plain;

	if (d->dtls != LG_DTLS_UP) {
		// A probe's number counts as sent: first see whether the connection takes it.
		if (lg_tls_flush(d) != LG_TLS_OK) {
			lg->report.failures.tx_full++;
			return false;
		}
		lg_probe_write(p, frame + MST_CSTP_HEADER_BYTES, len, rte_rdtsc());
		lg->report.control.cstp_packets++;
		return lg_stream_send(lg, d, MST_CSTP_DATA, frame, len);
	}
	plain = record_begin(d, &m);
	if (plain == NULL)
		return false;
	plain[0] = MST_CSTP_DATA;
	lg_probe_write(p, plain + 1, len, rte_rdtsc());
	return record_send(lg, d, m, plain, len + 1u);
}

bool
lg_data_send_plain(struct lg_probe *p, uint16_t len)
{
	struct rte_mbuf *m = lg_net_alloc();

	if (m == NULL)
		return false;
	m->data_len = len;
	m->pkt_len = len;
	lg_probe_write(p, rte_pktmbuf_mtod(m, uint8_t *), len, rte_rdtsc());
	return lg_net_send_ip(LG_NET_PLAIN, m);
}

void
lg_data_from_tunnel(struct lg *lg, struct lg_device *d, const uint8_t *packet, size_t len)
{
	lg_traffic_seen(lg, LG_DOWN, d, packet, len);
}

// ---- records of a device ------------------------------------------------------------------------
static void
message(struct lg *lg, struct lg_device *d, const uint8_t *plain, size_t len)
{
	if (d->dtls == LG_DTLS_PROOF)
		lg_device_dtls_up(lg, d);
	switch (plain[0]) {
	case MST_CSTP_DATA:
		lg_data_from_tunnel(lg, d, plain + 1, len - 1);
		break;
	case MST_CSTP_DPD_REQ:
		// One byte, as real devices answer (protocol.md 2.5).
		if (lg_data_send_dtls(lg, d, MST_CSTP_DPD_RESP, NULL, 0))
			lg->report.control.dpd_answered++;
		break;
	case MST_CSTP_DPD_RESP:
		lg->report.control.dpd_answers++;
		break;
	default:
		break; // KEEPALIVE, and what is unknown
	}
}

static void
count_refused(struct lg *lg, enum lg_record_verdict v)
{
	if (v == LG_RECORD_REPLAY || v == LG_RECORD_OLD)
		lg->report.failures.record_replay++;
	else
		lg->report.failures.record++;
}

// Epoch 0: sent before there were keys.
static bool
is_of_handshake(const uint8_t *data, size_t len)
{
	struct mst_rd r = mst_rd_init(data, len);

	(void)mst_rd_bytes(&r, 3); // type, version
	return mst_rd_u16(&r) == 0 && !r.err;
}

static void
datagram(struct lg *lg, struct lg_device *d, uint8_t *data, size_t len)
{
	struct lg_record_opened rec;
	enum lg_record_verdict v;
	size_t used = 0;

	if (d->dtls == LG_DTLS_HANDSHAKE) {
		lg_dtls_feed(lg, d, data, len);
		lg_device_rearm(lg, d);
		return;
	}
	if (d->record == NULL)
		return; // for an association that is gone
	// The gateway's last flight once more, its ChangeCipherSpec in front: no fault of anybody.
	if (is_of_handshake(data, len))
		return;
	v = lg_record_open(d->record, data, len, &rec, &used);
	if (v != LG_RECORD_OK) {
		count_refused(lg, v);
		return;
	}
	d->dtls_heard_ms = lg->now_ms;
	if (rec.type == LG_RECORD_DATA && rec.plain_len > 0)
		message(lg, d, rec.plain, rec.plain_len);
}

// ---- frames -------------------------------------------------------------------------------------
struct parsed {
	uint8_t *l3;
	struct mst_wire_ip ip;
	struct mst_wire_udp udp;
	uint8_t *l4;
};

static bool
parse_udp(struct rte_mbuf *m, struct parsed *out)
{
	uint8_t *frame = rte_pktmbuf_mtod(m, uint8_t *);
	struct mst_wire_eth eth;

	if (mst_wire_eth_parse(frame, rte_pktmbuf_data_len(m), &eth) != MST_WIRE_OK ||
		eth.ethertype != MST_ETH_IP4)
		return false;
	out->l3 = frame + eth.l3_off;
	if (mst_wire_ip4_parse(out->l3, (size_t)rte_pktmbuf_data_len(m) - eth.l3_off, false, &out->ip) !=
			MST_WIRE_OK ||
		out->ip.proto != MST_PROTO_UDP || out->ip.fragment)
		return false;
	out->l4 = out->l3 + out->ip.hdr_len;
	return mst_wire_udp_parse(out->l4, out->ip.total_len - out->ip.hdr_len, &out->udp) == MST_WIRE_OK;
}

// True: it was ours and is done with.
static bool
public_frame(struct lg *lg, struct rte_mbuf *m)
{
	struct lg_device *d;
	struct parsed p;
	uint16_t port;

	if (!parse_udp(m, &p) || mst_wire_be32(p.ip.src) != lg->gateway)
		return false;
	port = rte_be_to_cpu_16(p.udp.dst_be);
	d = device_of(lg, mst_wire_be32(p.ip.dst), port);
	if (d == NULL)
		return false;
	// Stragglers of an earlier handshake's port are nobody's.
	if (port == lg_data_udp_port(lg, d) && rte_be_to_cpu_16(p.udp.src_be) == d->dtls_port)
		datagram(lg, d, p.l4 + p.udp.payload_off, p.udp.payload_len);
	return true;
}

static bool
plain_frame(struct lg *lg, struct rte_mbuf *m)
{
	struct parsed p;

	if (!parse_udp(m, &p) || mst_wire_be32(p.ip.dst) != lg->sink)
		return false;
	lg_traffic_seen(lg, LG_UP, NULL, p.l3, p.ip.total_len);
	return true;
}

unsigned int
lg_data_receive(struct lg *lg)
{
	static bool (*const ours[LG_NET_SIDES])(struct lg *, struct rte_mbuf *) = {public_frame, plain_frame};
	unsigned int done = 0;

	for (unsigned int side = 0; side < LG_NET_SIDES; side++) {
		struct rte_mbuf *m[BURST];
		unsigned int n = lg_net_receive((enum lg_net_side)side, m, BURST);

		lg->now_tsc = rte_rdtsc();
		for (unsigned int i = 0; i < n; i++) {
			if (ours[side](lg, m[i]))
				rte_pktmbuf_free(m[i]);
			else
				lg_net_to_kernel((enum lg_net_side)side, m[i]);
		}
		done += n;
	}
	return done;
}
