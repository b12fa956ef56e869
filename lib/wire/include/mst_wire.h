// Ethernet, IPv4, IPv6, UDP and ICMP as bytes: checked parse to offsets, header build, checksums.
// Pure functions on the caller's bytes: any lcore may call any of them, nothing is allocated, kept or owned.
// The parsers of the path are in mst_wire_inline.h. A multi-byte field that ends in _be is in network order,
// every other one in host order.
#pragma once

#include "mst_base.h"

// clang-format off
// What a parse says of the bytes. Everything but OK is the sender's fault: counted, never answered.
#define MST_WIRE_VERDICTS(X)                                                                                        \
	X(OK,           "ok",           "well formed")                                                               \
	X(ETH_SHORT,    "eth-short",    "frame shorter than its Ethernet header and VLAN tags")                      \
	X(VLAN_DEPTH,   "vlan-depth",   "more than two VLAN tags")                                                   \
	X(IP_SHORT,     "ip-short",     "packet shorter than an IP header")                                          \
	X(IP_VERSION,   "ip-version",   "IP version neither 4 nor 6")                                                \
	X(IP_HDR_LEN,   "ip-hdr-len",   "IPv4 header length below 20 or beyond the packet")                          \
	X(IP_TOTAL_LEN, "ip-total-len", "IP length below its header or beyond the bytes received")                   \
	X(IP_CHECKSUM,  "ip-checksum",  "IPv4 header checksum is wrong")                                             \
	X(IP6_EXT,      "ip6-ext",      "IPv6 extension headers cut, too many, out of order, or a jumbogram")        \
	X(UDP_SHORT,    "udp-short",    "IP payload shorter than a UDP header")                                      \
	X(UDP_LEN,      "udp-len",      "UDP length below its header or beyond the IP payload")
// clang-format on

enum mst_wire_verdict {
#define X(name, word, help) MST_WIRE_##name,
	MST_WIRE_VERDICTS(X)
#undef X
		MST_WIRE_VERDICT_COUNT
};

// Word and help text of a verdict; "unknown" for a number that is none.
const char *mst_wire_verdict_name(unsigned int verdict);
const char *mst_wire_verdict_help(unsigned int verdict);

#define MST_ETH_HDR_BYTES 14
#define MST_VLAN_TAG_BYTES 4
#define MST_MAX_VLAN_TAGS 2
#define MST_IP4_HDR_BYTES 20 // without options
#define MST_IP6_HDR_BYTES 40
#define MST_UDP_HDR_BYTES 8
#define MST_IP6_MAX_EXT 8 // extension headers walked, one more is IP6_EXT

// EtherTypes and protocol numbers of the IANA registries.
#define MST_ETH_IP4 0x0800
#define MST_ETH_ARP 0x0806
#define MST_ETH_VLAN 0x8100 // IEEE 802.1Q C-tag
#define MST_ETH_QINQ 0x88a8 // IEEE 802.1ad S-tag
#define MST_ETH_IP6 0x86dd
#define MST_PROTO_ICMP 1
#define MST_PROTO_TCP 6
#define MST_PROTO_UDP 17
#define MST_PROTO_ICMP6 58

struct mst_wire_eth {
	uint16_t l3_off;    // first byte after the tags
	uint16_t ethertype; // of what is at l3_off; below 0x0600 it is an IEEE 802.3 length
	uint16_t vlan;	    // VLAN id of the outermost tag, 0 without one
	uint8_t n_vlan;	    // 0, 1 or 2
};

struct mst_wire_ip {
	uint8_t version;  // 4 or 6
	uint8_t proto;	  // what follows hdr_len bytes
	uint8_t ttl;	  // or hop limit
	bool fragment;	  // part of a larger packet: proto is the whole's, its header may not be at hdr_len
	bool routing0;	  // IPv6 routing header of type 0, which RFC 5095 section 3 forbids to process
	uint16_t hdr_len; // bytes to the payload, IPv4 options and IPv6 extension headers included
	uint32_t
		total_len; // whole packet, never more than the bytes given; what is behind it is link padding
	const uint8_t *src; // 4 or 16 bytes within the packet
	const uint8_t *dst;
};

struct mst_wire_udp {
	uint16_t src_be, dst_be;
	uint16_t payload_off; // from the UDP header
	uint16_t payload_len;
};

// IPv6 of whatever extension headers; the part of mst_wire_ip_parse that is not for every packet. Writes *out
// when OK.
MST_MUST_USE enum mst_wire_verdict mst_wire_ip6_parse(const uint8_t *l3, size_t len, struct mst_wire_ip *out);

// ---- checksums: RFC 1071 ------------------------------------------------------------------------------
// Sum of the bytes as 16-bit words of memory order, not folded, added to sum; an odd last byte is padded
// with zero. Parts may be chained when all but the last have even length.
uint64_t mst_wire_sum(const void *data, size_t len, uint64_t sum);

// Checksum of an IPv4 header of hdr_len bytes, in memory order: 0 over a header that carries the right one.
uint16_t mst_wire_ip4_checksum(const uint8_t *l3, size_t hdr_len);

// UDP checksum over the pseudo header of the packet at l3 (20 or 40 bytes are read) and len bytes of UDP
// header and payload, in memory order, whose own checksum field counts as zero; never 0 (RFC 768; RFC 8200
// section 8.1).
uint16_t mst_wire_udp_checksum(const uint8_t *l3, const uint8_t *udp, size_t len);
// True when the field is right, or absent (0) where IPv4 allows that. len as above, at least 8.
bool mst_wire_udp_checksum_ok(const uint8_t *l3, const uint8_t *udp, size_t len);

// ---- build: headers of packets that start here; h has room for the header -----------------------------
// 20 bytes, no options, DF set, id 0 (RFC 6864 section 4.1: atomic datagrams need none), TOS 0, checksum
// filled.
void mst_wire_ip4_build(uint8_t *h, const uint8_t src[4], const uint8_t dst[4], uint8_t proto, uint8_t ttl,
	uint16_t payload_len);
// 40 bytes, flow label 0.
void mst_wire_ip6_build(uint8_t *h, const uint8_t src[16], const uint8_t dst[16], uint8_t proto, uint8_t ttl,
	uint16_t payload_len);
// 8 bytes, checksum 0: the caller fills it with mst_wire_udp_checksum, which IPv6 requires.
void mst_wire_udp_build(uint8_t *h, uint16_t src_be, uint16_t dst_be, uint16_t payload_len);

// ---- peeks --------------------------------------------------------------------------------------------
// Type of an ICMP or ICMPv6 message; -1 when the packet is none, is a fragment or has no payload.
int mst_wire_icmp_type(const struct mst_wire_ip *ip, const uint8_t *l3);
// IPv6 neighbour discovery: types 133 to 137 with hop limit 255 (RFC 4861 sections 4, 6.1, 7.1, 8.1).
bool mst_wire_is_nd(const struct mst_wire_ip *ip, const uint8_t *l3);

// ---- what stands in front of a TCP stream ---------------------------------------------------------------
#define MST_WIRE_PROXY_BYTES 536 // the longest header of the PROXY protocol that is taken

struct mst_wire_proxy {
	bool known;	      // false: the load balancer speaks for itself, or does not know
	struct mst_ip source; // of whom it speaks for; never IPv4 mapped into IPv6
};

// The first len bytes of a stream: the length of the header, and out; -EAGAIN: more is needed,
// and all len bytes are of the header; -EBADMSG: it is none.
MST_MUST_USE int mst_wire_proxy_parse(const void *data, size_t len, struct mst_wire_proxy *out);
