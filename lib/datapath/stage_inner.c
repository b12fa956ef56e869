// Fifth stage of the way in: which message of the device is it, and is its source the address leased to this
// session? Nothing behind this stage has to ask who sent a packet. Also the way in of packets that came over
// the device's TLS stream. Worker lcores.
#include <string.h>

#include "mst_session.h"
#include "mst_wire_inline.h"

#include "message.h"
#include "worker.h"

// Never a destination of a packet that is routed: this network, loopback, multicast, reserved, broadcast (RFC
// 6890); the default route would take them all.
static inline bool
routable4(uint32_t dst)
{
	uint8_t top = (uint8_t)(dst >> 24);

	return top != 0 && top != 127 && top < 224;
}

// Multicast, link-local; and the ::/96 and ::ffff:0:0/96 blocks, with loopback and the unspecified address
// (RFC 4291 section 2.5, RFC 6890).
static inline bool
routable6(const uint8_t dst[16])
{
	static const uint8_t zero[10];

	if (dst[0] == 0xff || (mst_wire_be16(dst) & 0xffc0) == 0xfe80)
		return false;
	if (memcmp(dst, zero, sizeof(zero)) != 0)
		return true;
	return mst_wire_be16(dst + 10) != 0 && mst_wire_be16(dst + 10) != 0xffff;
}

// A host talks to its link by addresses that are not ours to lease (router solicitations, mDNS, DHCP): such a packet goes
// nowhere because of its destination, and is no spoofing.
static inline enum mst_verdict
check_addresses(const struct mst_session *s, const struct mst_wire_ip *ip)
{
	if (likely(ip->version == 4)) {
		if (unlikely(!routable4(mst_wire_be32(ip->dst))))
			return MST_DROP_INNER_DST;
		return likely(mst_wire_be32(ip->src) == s->addr4) ? MST_NEXT : MST_DROP_SPOOF;
	}
	if (unlikely(!routable6(ip->dst)))
		return MST_DROP_INNER_DST;
	return likely(s->has6 && memcmp(ip->src, s->addr6, sizeof(s->addr6)) == 0) ? MST_NEXT
										   : MST_DROP_SPOOF;
}

// Idle means that nobody uses the device; a ping every minute is a machine (RFC 792, RFC 4443).
static inline void
note_use(struct mst_sa *sa, uint8_t proto, uint64_t tsc)
{
	if (sa != NULL && proto != MST_PROTO_ICMP && proto != MST_PROTO_ICMP6)
		atomic_store_explicit(&sa->last_data_tsc, tsc, memory_order_relaxed);
}

static inline enum mst_verdict
data(const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_wire_ip ip;
	enum mst_wire_verdict v = mst_wire_ip_parse(pkt_data(m), m->data_len, true, &ip);
	enum mst_verdict next;

	if (unlikely(v != MST_WIRE_OK))
		return verdict_of_wire(v);
	next = check_addresses(p->session, &ip);
	if (unlikely(next != MST_NEXT))
		return next;
	if (unlikely(ip.routing0))
		return MST_DROP_ROUTING0;
	note_use(p->sa, ip.proto, b->tsc);
	if (unlikely(ip.total_len != m->data_len)) // what follows the packet is padding
		pkt_set(m, pkt_data(m), ip.total_len);
	p->l3_off = 0;
	p->l3_len = (uint16_t)ip.total_len;
	p->ip_version = ip.version;
	p->flags |= MST_PKT_INNER;
	return MST_NEXT;
}

static enum mst_verdict
inner_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	(void)w;
	if (unlikely(p->content != MST_DTLS_APPLICATION_DATA)) {
		p->flags |= MST_PKT_PLAIN;
		p->sa_serial = ((const struct mst_sa *)p->sa)->serial;
		return MST_CONTROL;
	}
	if (likely(p->type == MESSAGE_DATA))
		return data(b, m, p);
	switch (p->type) {
	case MESSAGE_DPD_REQ:
		// Same body, full size: the device measures its MTU with it.
		p->type = MESSAGE_DPD_RESP;
		return MST_REFLECT;
	case MESSAGE_DPD_RESP:
		return MST_DONE_DPD;
	case MESSAGE_KEEPALIVE:
		return MST_DONE_KEEPALIVE;
	default:
		return MST_DROP_TYPE;
	}
}

void
stage_inner(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each(w, b, inner_one);
}
