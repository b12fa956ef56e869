// The internet checksum (RFC 1071) of headers and datagrams. Worker lcores.
#include "mst_wire_inline.h"

uint64_t
mst_wire_sum(const void *data, size_t len, uint64_t sum)
{
	const uint8_t *p = data;
	uint32_t word;
	uint16_t half = 0;

	// Words of 32 bits in a 64-bit sum: carries gather in the upper half, and fold away (RFC 1071 section
	// 2 (C)).
	for (; len >= sizeof(word); len -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len >= sizeof(half)) {
		memcpy(&half, p, sizeof(half));
		sum += half;
		p += sizeof(half);
		len -= sizeof(half);
	}
	if (len > 0) {
		half = 0;
		memcpy(&half, p, 1);
		sum += half;
	}
	return sum;
}

uint16_t
mst_wire_ip4_checksum(const uint8_t *l3, size_t hdr_len)
{
	return (uint16_t)~mst_wire_fold(mst_wire_sum(l3, hdr_len, 0));
}

// RFC 768 and RFC 8200 section 8.1: addresses, protocol and length, without laying the header out in memory.
static uint64_t
pseudo_header(const uint8_t *l3, size_t len)
{
	uint64_t sum = (uint64_t)rte_cpu_to_be_16(MST_PROTO_UDP) + rte_cpu_to_be_32((uint32_t)len);

	return l3[0] >> 4 == 6 ? mst_wire_sum(l3 + 8, 32, sum) : mst_wire_sum(l3 + 12, 8, sum);
}

uint16_t
mst_wire_udp_checksum(const uint8_t *l3, const uint8_t *udp, size_t len)
{
	uint64_t sum = pseudo_header(l3, len);
	uint16_t checksum;

	sum = mst_wire_sum(udp, 6, sum);
	sum = mst_wire_sum(udp + MST_UDP_HDR_BYTES, len - MST_UDP_HDR_BYTES, sum);
	checksum = (uint16_t)~mst_wire_fold(sum);
	return checksum == 0 ? 0xffff : checksum;
}

bool
mst_wire_udp_checksum_ok(const uint8_t *l3, const uint8_t *udp, size_t len)
{
	uint16_t field;

	memcpy(&field, udp + 6, sizeof(field));
	// RFC 768: zero says that the sender computed none. RFC 8200 section 8.1 takes that away in IPv6.
	if (field == 0)
		return l3[0] >> 4 == 4;
	return mst_wire_fold(mst_wire_sum(udp, len, pseudo_header(l3, len))) == 0xffff;
}
