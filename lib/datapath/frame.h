// What stage_outer and stage_private have in common: a frame from a port to an IP packet of known lengths.
// All length checks of Ethernet and IP are here; behind it offsets are trusted. Worker lcores.
#pragma once

#include <string.h>

#include "mst_wire_inline.h"

#include "worker.h"

// To a group of stations. What came so is never forwarded (RFC 1812 section 5.3.4).
static inline bool
frame_is_group(const uint8_t *frame)
{
	return (frame[0] & 1) != 0;
}

// A frame is for us or for a group; a port in promiscuous mode also shows what is for others.
static inline bool
frame_for_us(const struct rte_ether_addr *mac, const uint8_t *frame)
{
	return memcmp(frame, mac->addr_bytes, sizeof(mac->addr_bytes)) == 0 || frame_is_group(frame);
}

// NEXT: an IP packet; *ip points into m, and p has l3_off, l3_len, ip_version. KERNEL: another protocol, ARP
// above all.
static inline enum mst_verdict
frame_parse(const struct mst_worker *w, struct rte_mbuf *m, struct mst_pkt *p, struct mst_wire_ip *ip)
{
	const uint8_t *frame = pkt_data(m);
	struct mst_wire_eth eth;
	enum mst_wire_verdict v;
	bool summed = (m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;

	if (unlikely(m->nb_segs != 1))
		return MST_DROP_SEGMENTS;
	v = mst_wire_eth_parse(frame, m->data_len, &eth);
	if (unlikely(v != MST_WIRE_OK))
		return verdict_of_wire(v);
	if (unlikely(!frame_for_us(&w->port[p->port].mac, frame)))
		return MST_DROP_MAC;
	if (unlikely(eth.ethertype != MST_ETH_IP4 && eth.ethertype != MST_ETH_IP6))
		return MST_KERNEL;
	v = mst_wire_ip_parse(frame + eth.l3_off, (size_t)m->data_len - eth.l3_off, !summed, ip);
	if (unlikely(v != MST_WIRE_OK))
		return verdict_of_wire(v);
	if (unlikely(ip->version != (eth.ethertype == MST_ETH_IP4 ? 4 : 6)))
		return MST_DROP_IP_VERSION;
	if (unlikely(ip->routing0))
		return MST_DROP_ROUTING0;
	p->l3_off = eth.l3_off;
	p->l3_len = (uint16_t)ip->total_len;
	p->ip_version = ip->version;
	return MST_NEXT;
}

// Destinations that no route decides about: the kernel listens or does not. Multicast and limited broadcast
// (RFC 1122 section 3.2.1.3), IPv6 multicast and link-local, neighbour discovery among it (RFC 4291
// sections 2.5.6 and 2.7).
static inline bool
frame_dst_is_link(const struct mst_wire_ip *ip)
{
	if (ip->version == 4)
		return ip->dst[0] >> 4 == 0xe || mst_wire_be32(ip->dst) == UINT32_MAX;
	return ip->dst[0] == 0xff || (mst_wire_be16(ip->dst) & 0xffc0) == 0xfe80;
}

// What the table says of a destination.
static inline enum mst_adj_kind
frame_dst_kind(const struct mst_wire_ip *ip)
{
	const struct mst_adj *adj =
		ip->version == 4 ? mst_route_lookup4(mst_wire_be32(ip->dst)) : mst_route_lookup6(ip->dst);

	return (enum mst_adj_kind)adj->kind;
}
