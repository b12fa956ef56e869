// First stage of the way in: is this frame a datagram to the DTLS port of an address of ours? What else is
// for the gateway goes to the kernel, the rest goes nowhere. Worker lcores.
#include "mst_route.h"

#include "frame.h"

// A device never sends fragments to us: the size of its records was negotiated. The kernel must not get them
// either, or it would put them together and answer a stranger that the port is closed. A first fragment that
// ends within the UDP header hides its port (RFC 1858 section 3), so it goes as well; without the first the
// kernel has nothing to answer.
static enum mst_verdict
fragment(const struct mst_worker *w, const uint8_t *l3, const struct mst_wire_ip *ip)
{
	// The fragment header is the last that the walk of the extension headers passed (RFC 8200
	// section 4.5).
	uint16_t offset =
		ip->version == 4 ? mst_wire_be16(l3 + 6) & 0x1fff : mst_wire_be16(l3 + ip->hdr_len - 6) >> 3;
	struct mst_rd r = mst_rd_init(l3 + ip->hdr_len, ip->total_len - ip->hdr_len);
	uint16_t port;

	if (offset != 0)
		return MST_KERNEL;
	(void)mst_rd_u16(&r);
	port = mst_rd_u16(&r);
	(void)mst_rd_u32(&r);
	return r.err || rte_cpu_to_be_16(port) == w->dtls_port_be ? MST_DROP_FRAGMENT : MST_KERNEL;
}

static enum mst_verdict
to_us(const struct mst_worker *w, const uint8_t *frame, struct mst_pkt *p, const struct mst_wire_ip *ip)
{
	const uint8_t *l3 = frame + p->l3_off;
	struct mst_wire_udp udp;
	enum mst_wire_verdict v;

	if (unlikely(ip->proto != MST_PROTO_UDP))
		return MST_KERNEL;
	if (unlikely(ip->fragment))
		return fragment(w, l3, ip);
	v = mst_wire_udp_parse(l3 + ip->hdr_len, ip->total_len - ip->hdr_len, &udp);
	if (unlikely(v != MST_WIRE_OK))
		return verdict_of_wire(v);
	if (unlikely(udp.dst_be != w->dtls_port_be))
		return MST_KERNEL;
	if (unlikely(frame_is_group(frame)))
		return MST_DROP_MAC;
	p->record_off = (uint16_t)(p->l3_off + ip->hdr_len + udp.payload_off);
	p->record_len = udp.payload_len;
	return MST_NEXT;
}

// The destination looked up last in this burst: most frames of a burst are for one address of ours.
struct memo {
	uint32_t dst4; // as in the packet
	enum mst_adj_kind kind;
	bool known;
};

static inline enum mst_adj_kind
dst_kind(struct memo *memo, const struct mst_wire_ip *ip)
{
	uint32_t dst4;

	if (unlikely(ip->version != 4))
		return frame_dst_kind(ip);
	memcpy(&dst4, ip->dst, sizeof(dst4));
	if (unlikely(!memo->known || memo->dst4 != dst4))
		*memo = (struct memo){.dst4 = dst4, .kind = frame_dst_kind(ip), .known = true};
	return memo->kind;
}

static inline enum mst_verdict
outer_one(const struct mst_worker *w, struct rte_mbuf *m, struct mst_pkt *p, struct memo *memo)
{
	struct mst_wire_ip ip;
	enum mst_verdict v = frame_parse(w, m, p, &ip);

	if (unlikely(v != MST_NEXT))
		return v;
	switch (dst_kind(memo, &ip)) {
	case MST_ADJ_LOCAL:
		return to_us(w, pkt_data(m), p, &ip);
	case MST_ADJ_POOL:
		return MST_DROP_POOL_OUTSIDE;
	default:
		return frame_dst_is_link(&ip) ? MST_KERNEL : MST_DROP_NOT_OURS;
	}
}

void
stage_outer(const struct mst_worker *w, struct mst_burst *b)
{
	struct memo memo = {.known = false};
	uint16_t n = b->n, kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		enum mst_verdict v = outer_one(w, m, mst_pkt(m), &memo);

		burst_settle(b, m, v, &kept);
	}
	b->n = kept;
}
