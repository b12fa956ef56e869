// Headers of packets that begin in this process, and templates of them. Any lcore.
#include "mst_wire_inline.h"

void
mst_wire_ip4_build(uint8_t *h, const uint8_t src[4], const uint8_t dst[4], uint8_t proto, uint8_t ttl,
	uint16_t payload_len)
{
	uint16_t checksum;

	memset(h, 0, MST_IP4_HDR_BYTES);
	h[0] = 0x45;
	mst_wire_put16(h + 2, (uint16_t)(payload_len + MST_IP4_HDR_BYTES));
	h[6] = 0x40; // DF: path MTU is the tunnel's business, and an atomic datagram needs no id
	h[8] = ttl;
	h[9] = proto;
	memcpy(h + 12, src, 4);
	memcpy(h + 16, dst, 4);
	checksum = mst_wire_ip4_checksum(h, MST_IP4_HDR_BYTES);
	memcpy(h + 10, &checksum, sizeof(checksum));
}

void
mst_wire_ip6_build(uint8_t *h, const uint8_t src[16], const uint8_t dst[16], uint8_t proto, uint8_t ttl,
	uint16_t payload_len)
{
	memset(h, 0, 4);
	h[0] = 0x60;
	mst_wire_put16(h + 4, payload_len);
	h[6] = proto;
	h[7] = ttl;
	memcpy(h + 8, src, 16);
	memcpy(h + 24, dst, 16);
}

void
mst_wire_udp_build(uint8_t *h, uint16_t src_be, uint16_t dst_be, uint16_t payload_len)
{
	memcpy(h, &src_be, sizeof(src_be));
	memcpy(h + 2, &dst_be, sizeof(dst_be));
	mst_wire_put16(h + 4, (uint16_t)(payload_len + MST_UDP_HDR_BYTES));
	mst_wire_put16(h + 6, 0);
}
