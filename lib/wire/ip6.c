// IPv6 with extension headers, and the ICMP peeks. Worker lcores, for the few packets that have such a chain.
#include "mst_wire_inline.h"

// RFC 8200 section 4 and the IANA list of extension header types.
enum { EXT_HOP_BY_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_DESTINATION = 60 };

// Walks the chain in r; leaves proto, hdr_len, fragment and routing0 in out. What is not one of the four
// headers that have the common form ends the walk, ESP, AH and No Next Header too: nothing here looks behind
// those.
static enum mst_wire_verdict
walk_extensions(struct mst_rd *r, uint8_t next, struct mst_wire_ip *out)
{
	const uint8_t *start = r->pos;
	unsigned int n = 0;

	while (next == EXT_HOP_BY_HOP || next == EXT_ROUTING || next == EXT_FRAGMENT ||
		next == EXT_DESTINATION) {
		struct mst_rd head = *r;
		uint8_t type = next, first4[4] = {0};

		// Hop-by-hop options come first or not at all (RFC 8200 section 4.1).
		if (n == MST_IP6_MAX_EXT || (type == EXT_HOP_BY_HOP && n > 0))
			return MST_WIRE_IP6_EXT;
		n++;
		for (unsigned int i = 0; i < 4; i++)
			first4[i] = mst_rd_u8(&head);
		// Length in units of 8 bytes, the first not counted; the fragment header is always 8
		// (section 4.5).
		(void)mst_rd_bytes(r, type == EXT_FRAGMENT ? 8 : ((size_t)first4[1] + 1) * 8);
		if (r->err)
			return MST_WIRE_IP6_EXT;
		next = first4[0];
		if (type == EXT_ROUTING && first4[2] == 0)
			out->routing0 = true;
		// Offset or More bit; neither is an atomic fragment, a whole packet (RFC 6946 section 4).
		if (type == EXT_FRAGMENT && (mst_wire_be16(first4 + 2) & 0xfff9) != 0) {
			out->fragment = true;
			break;
		}
	}
	out->proto = next;
	out->hdr_len = (uint16_t)(MST_IP6_HDR_BYTES + (r->pos - start));
	return MST_WIRE_OK;
}

enum mst_wire_verdict
mst_wire_ip6_parse(const uint8_t *l3, size_t len, struct mst_wire_ip *out)
{
	struct mst_rd r = mst_rd_init(l3, len);
	struct mst_wire_ip ip = {.version = 6};
	struct mst_rd payload;
	uint32_t first = mst_rd_u32(&r);
	uint16_t payload_len = mst_rd_u16(&r);
	uint8_t next = mst_rd_u8(&r);
	enum mst_wire_verdict v;

	ip.ttl = mst_rd_u8(&r);
	ip.src = mst_rd_bytes(&r, 16);
	ip.dst = mst_rd_bytes(&r, 16);
	if (r.err)
		return MST_WIRE_IP_SHORT;
	if (first >> 28 != 6)
		return MST_WIRE_IP_VERSION;
	payload = mst_rd_sub(&r, payload_len);
	if (r.err)
		return MST_WIRE_IP_TOTAL_LEN;
	ip.total_len = MST_IP6_HDR_BYTES + (uint32_t)payload_len;
	// A jumbogram (RFC 2675) has payload length 0 and a hop-by-hop header: its chain is empty here, hence
	// refused.
	v = walk_extensions(&payload, next, &ip);
	if (v == MST_WIRE_OK)
		*out = ip;
	return v;
}

int
mst_wire_icmp_type(const struct mst_wire_ip *ip, const uint8_t *l3)
{
	bool icmp = ip->proto == (ip->version == 4 ? MST_PROTO_ICMP : MST_PROTO_ICMP6);

	if (!icmp || ip->fragment || ip->total_len <= ip->hdr_len)
		return -1;
	return l3[ip->hdr_len];
}

bool
mst_wire_is_nd(const struct mst_wire_ip *ip, const uint8_t *l3)
{
	int type = ip->version == 6 && ip->ttl == 255 ? mst_wire_icmp_type(ip, l3) : -1;

	return type >= 133 && type <= 137;
}
