// IP packets as a device sends them inside the tunnel: parse, then the edits of the path on a copy.
#include "mst_wire_inline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_wire_ip ip, again;
	uint8_t *copy;
	bool alive;

	if (mst_wire_ip_parse(data, size, true, &ip) != MST_WIRE_OK)
		return 0;
	MST_ASSERT(ip.hdr_len <= ip.total_len && ip.total_len <= size);
	MST_ASSERT(ip.src > data && ip.dst > ip.src && ip.dst < data + ip.hdr_len);
	MST_ASSERT(mst_wire_icmp_type(&ip, data) < 256);
	copy = malloc(ip.total_len);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, ip.total_len);
	alive = mst_wire_ttl_decrement(copy);
	MST_ASSERT(alive == (ip.ttl > 1));
	// The checksum was right, and still is.
	MST_ASSERT(mst_wire_ip_parse(copy, ip.total_len, true, &again) == MST_WIRE_OK);
	MST_ASSERT(again.ttl == ip.ttl - (alive ? 1 : 0) && again.proto == ip.proto &&
		   again.hdr_len == ip.hdr_len);
	free(copy);
	return 0;
}
