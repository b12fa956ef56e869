// The pool of every packet of the process. Control lcore, at start.
#include <errno.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "port_private.h"

#define CACHE_MAX 256 // a burst of 32 to each of a few queues comes back without touching the shared ring
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN)

static_assert(sizeof(struct mst_pkt) % RTE_MBUF_PRIV_ALIGN == 0, "the private area keeps mbufs aligned");

static struct rte_mempool *pool;

uint16_t
mst_port_data_room(uint16_t mtu)
{
	unsigned int need = (unsigned int)mtu + FRAME_OVERHEAD + RTE_PKTMBUF_HEADROOM;
	unsigned int room = RTE_MBUF_DEFAULT_BUF_SIZE;

	// what a record adds behind the packet (tag, padding) always fits
	if (need + 64 > room)
		room = RTE_ALIGN_CEIL(need + 64, 64);
	return room > UINT16_MAX ? UINT16_MAX : (uint16_t)room;
}

int
mst_port_pool_create(unsigned int n_mbufs, uint16_t data_room_bytes)
{
	unsigned int cache = n_mbufs / 8 < CACHE_MAX ? n_mbufs / 8 : CACHE_MAX;

	if (pool != NULL)
		return -EEXIST;
	if (data_room_bytes < RTE_MBUF_DEFAULT_BUF_SIZE)
		data_room_bytes = RTE_MBUF_DEFAULT_BUF_SIZE;
	pool = rte_pktmbuf_pool_create(
		"mst_packets", n_mbufs, cache, sizeof(struct mst_pkt), data_room_bytes, SOCKET_ID_ANY);
	if (pool != NULL)
		return 0;
	return rte_errno != 0 ? -rte_errno : -ENOMEM;
}

struct rte_mempool *
mst_port_pool(void)
{
	return pool;
}
