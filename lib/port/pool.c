// The pools of every packet of the process. Control lcore, at start.
#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "port_private.h"

#define CACHE_MAX 256 // a burst of 32 to each of a few queues comes back without touching the shared ring
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN)

static_assert(sizeof(struct mst_pkt) % RTE_MBUF_PRIV_ALIGN == 0, "the private area keeps mbufs aligned");

static struct rte_mempool *pools[RTE_MAX_NUMA_NODES];
static struct rte_mempool *first;

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

unsigned int
port_pool_shares(const int *worker_sockets, unsigned int n_workers, unsigned int n_mbufs,
	unsigned int shares[RTE_MAX_NUMA_NODES])
{
	unsigned int n = 0;

	memset(shares, 0, RTE_MAX_NUMA_NODES * sizeof(shares[0]));
	for (unsigned int i = 0; i < n_workers; i++) {
		int node = worker_sockets[i];
		// The lowest part of a division goes to the first worker: none is lost.
		unsigned int share = n_mbufs / n_workers + (i == 0 ? n_mbufs % n_workers : 0);

		node = node < 0 || node >= RTE_MAX_NUMA_NODES ? 0 : node;
		n += shares[node] == 0;
		shares[node] += share;
	}
	return n;
}

static int
create(int socket, unsigned int n_mbufs, uint16_t data_room_bytes, struct rte_mempool **out)
{
	unsigned int cache = n_mbufs / 8 < CACHE_MAX ? n_mbufs / 8 : CACHE_MAX;
	char name[32];

	snprintf(name, sizeof(name), "mst_packets_%d", socket);
	*out = rte_pktmbuf_pool_create(socket == SOCKET_ID_ANY ? "mst_packets" : name, n_mbufs, cache,
		sizeof(struct mst_pkt), data_room_bytes, socket);
	if (*out == NULL)
		return rte_errno != 0 ? -rte_errno : -ENOMEM;
	first = first == NULL ? *out : first;
	return 0;
}

int
mst_port_pool_create(unsigned int n_mbufs, uint16_t data_room_bytes)
{
	int sockets[MST_MAX_WORKERS];
	unsigned int shares[RTE_MAX_NUMA_NODES];

	if (first != NULL)
		return -EEXIST;
	if (data_room_bytes < RTE_MBUF_DEFAULT_BUF_SIZE)
		data_room_bytes = RTE_MBUF_DEFAULT_BUF_SIZE;
	for (unsigned int i = 0; i < mst_rt_n_workers(); i++)
		sockets[i] = mst_rt_worker_socket(i);
	// Of one node all memory is near.
	if (port_pool_shares(sockets, mst_rt_n_workers(), n_mbufs, shares) <= 1)
		return create(SOCKET_ID_ANY, n_mbufs, data_room_bytes, &pools[0]);
	for (int node = 0; node < RTE_MAX_NUMA_NODES; node++)
		if (shares[node] > 0)
			MST_TRY(create(node, shares[node], data_room_bytes, &pools[node]));
	return 0;
}

struct rte_mempool *
port_pool_on(int socket)
{
	return socket >= 0 && socket < RTE_MAX_NUMA_NODES && pools[socket] != NULL ? pools[socket] : first;
}

struct rte_mempool *
mst_port_pool(void)
{
	return port_pool_on((int)rte_socket_id());
}

void
mst_port_pool_usage(unsigned int *mbufs, unsigned int *in_use)
{
	*mbufs = *in_use = 0;
	for (unsigned int node = 0; node < RTE_MAX_NUMA_NODES; node++) {
		if (pools[node] == NULL)
			continue;
		*mbufs += pools[node]->size;
		*in_use += rte_mempool_in_use_count(pools[node]);
	}
}
