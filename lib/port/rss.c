// By which fields of a packet a port spreads over its receive queues. Pure. Control lcore, at start.
#include "port_private.h"

#define L4 (RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP)

// Towards devices all packets of one go to one queue, so that its keys stay in one worker's cache. A NIC hashes a
// packet by what it is: without the types of layer 4, UDP and TCP would all go to the first queue.
static bool
by_destination(uint64_t capa, struct port_rss *out)
{
	if ((capa & RTE_ETH_RSS_L3_DST_ONLY) == 0 || (capa & RTE_ETH_RSS_IP) == 0)
		return false;
	*out = (struct port_rss){
		(capa & (RTE_ETH_RSS_IP | L4)) | RTE_ETH_RSS_L3_DST_ONLY, "RSS by destination address"};
	return true;
}

// From devices and on one arm the ports count: many devices come from one translator's address.
void
port_rss_choose(uint8_t roles, uint64_t capa, struct port_rss *out)
{
	uint64_t l4 = roles == MST_PORT_PUBLIC ? RTE_ETH_RSS_UDP : L4;

	if (roles == MST_PORT_PRIVATE && by_destination(capa, out))
		return;
	*out = (struct port_rss){capa & (RTE_ETH_RSS_IP | l4), "RSS by addresses and ports"};
	if ((out->fields & l4) == 0)
		out->words = "RSS by addresses";
	if (out->fields == 0)
		out->words = "a rule of the device";
}
