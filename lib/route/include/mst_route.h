// The kernel's routes and neighbours, mirrored by netlink into the workers' tables (IPv4: DIR24-8; IPv6:
// ranges) and adjacencies. The kernel is the control plane of routing: nothing here decides a route or
// resolves a neighbour.
#pragma once

#include <stdalign.h>

#include <rte_ether.h>

#include "mst_base.h"

// What a lookup finds.
enum mst_adj_kind {
	MST_ADJ_NONE,	 // no route
	MST_ADJ_READY,	 // resolved: port, L2 header and MTU are set
	MST_ADJ_RESOLVE, // neighbour not known yet: the kernel resolves it
	MST_ADJ_LOCAL,	 // an address of the gateway itself
	MST_ADJ_POOL,	 // a device's address: reached only from the private side
	MST_ADJ_FOREIGN, // the kernel would send it out of an interface that is not ours (or blackholes it)
};

// Immutable once published: a change of the neighbour publishes a new object in the slot.
struct mst_adj {
	alignas(64) uint8_t kind;
	uint8_t l2_len; // bytes of l2
	uint8_t port;	// our port index
	uint8_t reserved;
	uint16_t mtu;	// largest IP packet
	uint8_t l2[18]; // destination MAC, source MAC, (VLAN,) ethertype left zero in the last two bytes
	int ifindex;	// of the tap
	struct mst_ip next_hop; // family 0: the packet's own destination
};

// ---- workers (control too): pointers are valid until the worker's next quiescent report; never NULL
const struct mst_adj *mst_route_lookup4(uint32_t dst_host_order);
const struct mst_adj *mst_route_lookup6(const uint8_t dst[16]);
void mst_route_lookup4_bulk(const uint32_t *dst_host_order, const struct mst_adj **out, unsigned int n);

// ---- control lcore ------------------------------------------------------------------------------------
struct mst_route_port {
	int ifindex; // of the port's tap
	uint8_t port;
	struct rte_ether_addr mac;
	uint16_t mtu;
};

struct mst_route_params {
	struct mst_route_port ports[2];
	unsigned int n_ports;
	struct mst_net pools[2]; // address pools: MST_ADJ_POOL
	unsigned int n_pools;
	uint32_t max_routes; // bound of the mirror, in next hops; reached = counted, logged once
};

// Opens netlink, dumps links, routes and neighbours, builds the tables (64 MiB and more of EAL memory). After
// mst_rt_start, before the workers run. -EINVAL, -ENOMEM, or what netlink says; err tells which.
MST_MUST_USE int mst_route_create(const struct mst_route_params *p, char *err, size_t err_cap);
void mst_route_destroy(void); // workers have stopped; before mst_rt_stop
int mst_route_fd(void);	      // readable when the kernel reported changes; level-triggered
// Applies them, a bounded piece a call; workers see them when it returns. Changes that were lost, and those
// the kernel does not tell, lead to a new dump; one that failed is tried again at the next call, so call it
// once a second in any case.
void mst_route_process(void);
// Asks the kernel to resolve (or refresh) a neighbour: RTM_NEWNEIGH with NTF_USE. Once in 100 ms for a
// neighbour, and 256 times in 100 ms for all: -EAGAIN beyond. -EINVAL: no address (an on-link adjacency: pass
// the packet's destination).
int mst_route_resolve(int ifindex, const struct mst_ip *next_hop);

struct mst_route_counters {
	uint32_t routes4, routes6, neighbours;
	uint64_t changes, resyncs, full, resolves;
};
void mst_route_counters(struct mst_route_counters *out); // any thread
