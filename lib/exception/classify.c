// Class of a packet on its way to the kernel, by its headers alone. Worker lcores.
#include "mst_wire_inline.h"

#include "exception.h"

static enum mst_punt_class
of_ip(const uint8_t *l3, size_t len)
{
	struct mst_wire_ip ip;

	if (mst_wire_ip_parse(l3, len, false, &ip) != MST_WIRE_OK)
		return MST_PUNT_OTHER;
	// Behind a fragment's header may be anything: no flood of them takes the share of sign-in or of ICMP.
	if (ip.fragment)
		return MST_PUNT_OTHER;
	if (mst_wire_is_nd(&ip, l3))
		return MST_PUNT_ND;
	if (mst_wire_icmp_type(&ip, l3) >= 0)
		return MST_PUNT_ICMP;
	return ip.proto == MST_PROTO_TCP ? MST_PUNT_TCP : MST_PUNT_OTHER;
}

enum mst_punt_class
mst_punt_classify(const uint8_t *data, size_t len, bool inner)
{
	struct mst_wire_eth eth;

	if (inner)
		return of_ip(data, len);
	if (mst_wire_eth_parse(data, len, &eth) != MST_WIRE_OK)
		return MST_PUNT_OTHER;
	if (eth.ethertype == MST_ETH_ARP)
		return MST_PUNT_ARP;
	if (eth.ethertype == MST_ETH_IP4 || eth.ethertype == MST_ETH_IP6)
		return of_ip(data + eth.l3_off, len - eth.l3_off);
	return MST_PUNT_OTHER;
}
