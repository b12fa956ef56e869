// The parsers and header edits that run for every packet on worker lcores. Each makes one length check, then
// reads at fixed offsets below what it has checked. Results are written only on MST_WIRE_OK.
#pragma once

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_byteorder.h>

#include "mst_wire.h"

// The one bound check: need bytes are there.
static inline bool
mst_wire_fits(size_t len, size_t need)
{
	return likely(len >= need);
}

// Unaligned loads and stores; the caller has checked the bound.
static inline uint16_t
mst_wire_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_16(v);
}

static inline uint32_t
mst_wire_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_32(v);
}

static inline void
mst_wire_put16(uint8_t *p, uint16_t host)
{
	uint16_t v = rte_cpu_to_be_16(host);

	memcpy(p, &v, sizeof(v));
}

static inline uint16_t
mst_wire_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// Ethernet II, IEEE 802.1Q and 802.1ad. len = bytes of the frame, without FCS.
MST_MUST_USE static inline enum mst_wire_verdict
mst_wire_eth_parse(const uint8_t *frame, size_t len, struct mst_wire_eth *out)
{
	uint16_t off = MST_ETH_HDR_BYTES, vlan = 0, type;
	uint8_t n = 0;

	if (!mst_wire_fits(len, MST_ETH_HDR_BYTES))
		return MST_WIRE_ETH_SHORT;
	type = mst_wire_be16(frame + 12);
	while (unlikely(type == MST_ETH_VLAN || type == MST_ETH_QINQ)) {
		if (n == MST_MAX_VLAN_TAGS)
			return MST_WIRE_VLAN_DEPTH;
		if (!mst_wire_fits(len, (size_t)off + MST_VLAN_TAG_BYTES))
			return MST_WIRE_ETH_SHORT;
		if (n++ == 0)
			vlan = mst_wire_be16(frame + off) & 0x0fff;
		type = mst_wire_be16(frame + off + 2);
		off = (uint16_t)(off + MST_VLAN_TAG_BYTES);
	}
	out->l3_off = off;
	out->ethertype = type;
	out->vlan = vlan;
	out->n_vlan = n;
	return MST_WIRE_OK;
}

// RFC 791 section 3.1: the words of the header sum up to all ones. hdr_len bytes are there, 20 at the least.
static inline bool
mst_wire_ip4_sums_up(const uint8_t *l3, size_t hdr_len)
{
	uint64_t a, b;
	uint32_t c;

	if (unlikely(hdr_len != MST_IP4_HDR_BYTES))
		return mst_wire_ip4_checksum(l3, hdr_len) == 0;
	memcpy(&a, l3, sizeof(a));
	memcpy(&b, l3 + 8, sizeof(b));
	memcpy(&c, l3 + 16, sizeof(c));
	return mst_wire_fold((a >> 32) + (uint32_t)a + (b >> 32) + (uint32_t)b + c) == 0xffff;
}

// RFC 791 section 3.1. Options are passed over unread.
MST_MUST_USE static inline enum mst_wire_verdict
mst_wire_ip4_parse(const uint8_t *l3, size_t len, bool verify_checksum, struct mst_wire_ip *out)
{
	uint16_t hdr_len, total_len;

	if (!mst_wire_fits(len, MST_IP4_HDR_BYTES))
		return MST_WIRE_IP_SHORT;
	if (unlikely(l3[0] >> 4 != 4))
		return MST_WIRE_IP_VERSION;
	hdr_len = (uint16_t)((l3[0] & 0x0f) * 4);
	total_len = mst_wire_be16(l3 + 2);
	if (unlikely(hdr_len < MST_IP4_HDR_BYTES) || !mst_wire_fits(len, hdr_len))
		return MST_WIRE_IP_HDR_LEN;
	if (unlikely(total_len < hdr_len) || !mst_wire_fits(len, total_len))
		return MST_WIRE_IP_TOTAL_LEN;
	if (verify_checksum && unlikely(!mst_wire_ip4_sums_up(l3, hdr_len)))
		return MST_WIRE_IP_CHECKSUM;
	out->version = 4;
	out->proto = l3[9];
	out->ttl = l3[8];
	// More Fragments, or an offset.
	out->fragment = (mst_wire_be16(l3 + 6) & 0x3fff) != 0;
	out->routing0 = false;
	out->hdr_len = hdr_len;
	out->total_len = total_len;
	out->src = l3 + 12;
	out->dst = l3 + 16;
	return MST_WIRE_OK;
}

// Protocols that an IPv6 packet may carry right behind its fixed header without a chain to walk.
static inline bool
mst_wire_ip6_is_plain(uint8_t next_header)
{
	return next_header == MST_PROTO_UDP || next_header == MST_PROTO_TCP || next_header == MST_PROTO_ICMP6;
}

// IPv4 or IPv6 by the version field. verify_checksum: of the IPv4 header; false where the port has checked
// it.
MST_MUST_USE static inline enum mst_wire_verdict
mst_wire_ip_parse(const uint8_t *l3, size_t len, bool verify_checksum, struct mst_wire_ip *out)
{
	uint32_t total_len;

	if (!mst_wire_fits(len, MST_IP4_HDR_BYTES))
		return MST_WIRE_IP_SHORT;
	if (likely(l3[0] >> 4 == 4))
		return mst_wire_ip4_parse(l3, len, verify_checksum, out);
	if (unlikely(l3[0] >> 4 != 6))
		return MST_WIRE_IP_VERSION;
	if (!mst_wire_fits(len, MST_IP6_HDR_BYTES))
		return MST_WIRE_IP_SHORT;
	if (unlikely(!mst_wire_ip6_is_plain(l3[6])))
		return mst_wire_ip6_parse(l3, len, out);
	total_len = MST_IP6_HDR_BYTES + (uint32_t)mst_wire_be16(l3 + 4);
	if (!mst_wire_fits(len, total_len))
		return MST_WIRE_IP_TOTAL_LEN;
	out->version = 6;
	out->proto = l3[6];
	out->ttl = l3[7];
	out->fragment = false;
	out->routing0 = false;
	out->hdr_len = MST_IP6_HDR_BYTES;
	out->total_len = total_len;
	out->src = l3 + 8;
	out->dst = l3 + 24;
	return MST_WIRE_OK;
}

// RFC 768. len = bytes of the IP payload; a UDP length below it is legal, one beyond it is not. Length 0 (RFC
// 2675 jumbograms) is refused. The checksum is not looked at.
MST_MUST_USE static inline enum mst_wire_verdict
mst_wire_udp_parse(const uint8_t *l4, size_t len, struct mst_wire_udp *out)
{
	uint16_t udp_len;

	if (!mst_wire_fits(len, MST_UDP_HDR_BYTES))
		return MST_WIRE_UDP_SHORT;
	udp_len = mst_wire_be16(l4 + 4);
	if (unlikely(udp_len < MST_UDP_HDR_BYTES) || !mst_wire_fits(len, udp_len))
		return MST_WIRE_UDP_LEN;
	memcpy(&out->src_be, l4, sizeof(out->src_be));
	memcpy(&out->dst_be, l4 + 2, sizeof(out->dst_be));
	out->payload_off = MST_UDP_HDR_BYTES;
	out->payload_len = (uint16_t)(udp_len - MST_UDP_HDR_BYTES);
	return MST_WIRE_OK;
}

// RFC 1624 section 3, equation 3: HC' = ~(~HC + ~m + m'), one 16-bit field of an IPv4 header changed from m
// to m'. All three in memory order.
static inline uint16_t
mst_wire_checksum_update(uint16_t checksum, uint16_t was, uint16_t is)
{
	uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~was + is;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

// Takes one from the TTL or hop limit of a parsed packet. False, with nothing changed, when it would reach
// zero: the kernel answers with Time Exceeded (RFC 1812 section 5.3.1; RFC 8200 section 3).
MST_MUST_USE static inline bool
mst_wire_ttl_decrement(uint8_t *l3)
{
	uint16_t was, is, checksum;

	if (unlikely(l3[0] >> 4 == 6)) {
		if (l3[7] <= 1)
			return false;
		l3[7]--;
		return true;
	}
	// TTL and protocol in one word: a load of it right behind a store of the byte would wait for that store.
	memcpy(&was, l3 + 8, sizeof(was));
	if (unlikely(l3[8] <= 1))
		return false;
	is = (uint16_t)(was - rte_cpu_to_be_16(0x0100));
	memcpy(l3 + 8, &is, sizeof(is));
	memcpy(&checksum, l3 + 10, sizeof(checksum));
	checksum = mst_wire_checksum_update(checksum, was, is);
	memcpy(l3 + 10, &checksum, sizeof(checksum));
	return true;
}

// Sets the payload length in a header of mst_wire_ip4_build or mst_wire_ip6_build, checksum and all: how a
// session's header template becomes the header of one packet.
static inline void
mst_wire_set_payload_len(uint8_t *l3, uint16_t payload_len)
{
	uint16_t was, is, checksum;

	if (unlikely(l3[0] >> 4 == 6)) {
		mst_wire_put16(l3 + 4, payload_len);
		return;
	}
	memcpy(&was, l3 + 2, sizeof(was));
	is = rte_cpu_to_be_16((uint16_t)(payload_len + MST_IP4_HDR_BYTES));
	memcpy(l3 + 2, &is, sizeof(is));
	memcpy(&checksum, l3 + 10, sizeof(checksum));
	checksum = mst_wire_checksum_update(checksum, was, is);
	memcpy(l3 + 10, &checksum, sizeof(checksum));
}
