// Frames as a port receives them: whatever parses lies within the frame, and its edits keep it parsing.
#include "mst_wire_inline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_wire_eth eth;
	struct mst_wire_ip ip;
	struct mst_wire_udp udp;
	const uint8_t *l3, *l4;

	if (mst_wire_eth_parse(data, size, &eth) != MST_WIRE_OK)
		return 0;
	MST_ASSERT(eth.l3_off <= size && eth.n_vlan <= MST_MAX_VLAN_TAGS && eth.vlan < 4096);
	l3 = data + eth.l3_off;
	if (mst_wire_ip_parse(l3, size - eth.l3_off, false, &ip) != MST_WIRE_OK)
		return 0;
	MST_ASSERT(ip.hdr_len <= ip.total_len && ip.total_len <= size - eth.l3_off);
	MST_ASSERT(ip.dst + (ip.version == 4 ? 4 : 16) <= l3 + ip.hdr_len);
	(void)mst_wire_is_nd(&ip, l3);
	l4 = l3 + ip.hdr_len;
	if (ip.proto != MST_PROTO_UDP || ip.fragment)
		return 0;
	if (mst_wire_udp_parse(l4, ip.total_len - ip.hdr_len, &udp) != MST_WIRE_OK)
		return 0;
	MST_ASSERT((size_t)udp.payload_off + udp.payload_len <= ip.total_len - ip.hdr_len);
	(void)mst_wire_udp_checksum_ok(l3, l4, (size_t)udp.payload_off + udp.payload_len);
	return 0;
}
