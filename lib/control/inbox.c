// What the workers handed over: DTLS handshake datagrams, authenticated records that are not data, packets
// whose next hop is unknown, packets towards devices without DTLS. Control lcore.
#include <string.h>

#include "mst_route.h"
#include "mst_wire_inline.h"

#include "control.h"

#define INBOX_BURST 64
#define NOTICES_BURST 8
#define NOTICES_NS MST_NS_PER_MS // of a turn
#define ALERT_CLOSE_NOTIFY 0

// The worker has checked the headers (stage_outer): what fails here is our own mistake, and the packet is
// dropped.
static bool
tuple_of(struct rte_mbuf *m, struct mst_sa_tuple *t, const uint8_t **payload, size_t *payload_len)
{
	const struct mst_pkt *p = mst_pkt(m);
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);
	size_t len = rte_pktmbuf_data_len(m);
	struct mst_wire_ip ip;
	struct mst_wire_udp udp;

	if (p->l3_off > len ||
		mst_wire_ip_parse(data + p->l3_off, len - p->l3_off, false, &ip) != MST_WIRE_OK)
		return false;
	const uint8_t *l4 = data + p->l3_off + ip.hdr_len;
	if (mst_wire_udp_parse(l4, ip.total_len - ip.hdr_len, &udp) != MST_WIRE_OK)
		return false;
	memset(t, 0, sizeof(*t));
	t->version = ip.version;
	memcpy(t->peer, ip.src, ip.version == 4 ? 4 : 16);
	memcpy(t->local, ip.dst, ip.version == 4 ? 4 : 16);
	t->peer_port_be = udp.src_be;
	t->local_port_be = udp.dst_be;
	*payload = l4 + udp.payload_off;
	*payload_len = udp.payload_len;
	return true;
}

static void
take_handshake(struct mst_control *c, struct rte_mbuf *m)
{
	struct mst_sa_tuple t;
	const uint8_t *payload;
	size_t len;

	if (tuple_of(m, &t, &payload, &len))
		control_handshake_datagram(c, &t, mst_pkt(m)->worker, payload, len);
}

static bool
take_stray(struct mst_control *c, struct rte_mbuf *m)
{
	struct mst_sa_tuple t;
	const uint8_t *payload;
	size_t len;

	return tuple_of(m, &t, &payload, &len) && control_roam_record(c, &t, m, payload, len);
}

// RFC 5246 7.2: level, description. A device that closes its association goes on by CSTP.
static void
take_record(struct mst_control *c, struct rte_mbuf *m)
{
	const struct mst_pkt *p = mst_pkt(m);
	struct mst_session *s = mst_session_find(p->session_index, p->session_id);
	struct mst_rd r = mst_rd_init(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m));
	uint8_t level = mst_rd_u8(&r);
	uint8_t description = mst_rd_u8(&r);
	const struct mst_sa *sa;

	if (s == NULL || r.err || p->content != MST_DTLS_ALERT)
		return; // a repeated Finished or a wish to renegotiate: nothing is owed
	if (description != ALERT_CLOSE_NOTIFY && level != 2)
		return;
	CONTROL_COUNT(c, dtls_alerts);
	sa = atomic_load_explicit(&s->sa, memory_order_relaxed);
	if (sa != NULL && sa->serial == p->sa_serial)
		control_look_drop_sa(s->owner);
	else
		mst_sa_retire_before(s); // a device that has new keys closes the old
}

static void
take_resolve(struct mst_control *c, struct rte_mbuf *m)
{
	struct mst_wire_ip ip;
	struct mst_ip dst = {0};
	const struct mst_adj *adj;

	if (mst_wire_ip_parse(rte_pktmbuf_mtod(m, const uint8_t *), rte_pktmbuf_data_len(m), false, &ip) !=
		MST_WIRE_OK)
		return;
	dst.family = ip.version;
	memcpy(dst.bytes, ip.dst, ip.version == 4 ? 4 : 16);
	adj = ip.version == 4 ? mst_route_lookup4(mst_ip4_host(&dst)) : mst_route_lookup6(dst.bytes);
	if (adj->kind != MST_ADJ_RESOLVE)
		return;
	if (mst_route_resolve(adj->ifindex, adj->next_hop.family != 0 ? &adj->next_hop : &dst) == 0)
		CONTROL_COUNT(c, neighbour_asked);
}

static unsigned int
take_some_notices(struct mst_control *c)
{
	struct rte_mbuf *m[NOTICES_BURST];
	unsigned int n =
		rte_ring_dequeue_burst(mst_rt_ring(MST_RING_CONTROL), (void **)m, NOTICES_BURST, NULL);

	for (unsigned int i = 0; i < n; i++) {
		uint8_t flags = mst_pkt(m[i])->flags;

		if (flags & MST_PKT_PLAIN)
			take_record(c, m[i]);
		else if (flags & MST_PKT_RESOLVE)
			take_resolve(c, m[i]);
		else if (!(flags & MST_PKT_STRAY))
			take_handshake(c, m[i]);
		else if (take_stray(c, m[i]))
			continue;
		rte_pktmbuf_free(m[i]);
	}
	return n;
}

// A step of a handshake takes up to a tenth of a millisecond: what does not fit into a turn waits in the ring.
static unsigned int
take_notices(struct mst_control *c)
{
	uint64_t end_ns = mst_now_ns() + NOTICES_NS;
	unsigned int done = 0, n;

	do {
		n = take_some_notices(c);
		done += n;
	} while (n == NOTICES_BURST && mst_now_ns() < end_ns);
	return done;
}

static struct control_conn *
tunnel_of(const struct mst_pkt *p)
{
	struct mst_session *s = mst_session_find(p->session_index, p->session_id);
	struct control_login *l = s != NULL ? s->owner : NULL;

	return l != NULL && l->conn != NULL && l->conn->state == CONN_TUNNEL ? l->conn : NULL;
}

// Everything for the first one's device, in order; the others' turns come after it.
static void
send_together(struct rte_mbuf **m, struct control_conn **to, unsigned int n)
{
	struct control_conn *conn = to[0];

	control_stream_cork(conn);
	for (unsigned int i = 0; i < n; i++) {
		if (to[i] != conn)
			continue;
		to[i] = NULL;
		control_stream_send_packet(conn, m[i]);
	}
	control_stream_uncork(conn);
}

static unsigned int
take_stream(struct mst_control *c)
{
	struct rte_mbuf *m[INBOX_BURST];
	struct control_conn *to[INBOX_BURST];
	unsigned int n = rte_ring_dequeue_burst(mst_rt_ring(MST_RING_STREAM), (void **)m, INBOX_BURST, NULL);

	for (unsigned int i = 0; i < n; i++) {
		to[i] = tunnel_of(mst_pkt(m[i]));
		if (to[i] != NULL)
			continue;
		CONTROL_COUNT(c, stream_stale);
		rte_pktmbuf_free(m[i]);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (to[i] != NULL)
			send_together(m + i, to + i, n - i);
	}
	return n;
}

unsigned int
control_inbox(struct mst_control *c)
{
	// Packets of established tunnels go before new handshakes.
	return take_stream(c) + take_notices(c);
}
