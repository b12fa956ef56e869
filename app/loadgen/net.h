// The ports of the generator and the frames on them: EAL, a tap a port for ARP and TCP, the neighbours' L2 headers,
// bounded queues towards the wire. Main lcore.
#pragma once

#include <rte_mbuf.h>

#include "mst_base.h"

#define LG_NET_TX_QUEUE 512 // frames that wait for the port
#define LG_NET_DATA_OFF 128 // of an empty mbuf: room for Ethernet, IP, UDP in front of a record or a packet

enum lg_net_side { LG_NET_PUBLIC, LG_NET_PLAIN, LG_NET_SIDES };

struct lg_net_port_params {
	const char *device; // DPDK's: PCI address or vdev string
	const char *tap;
	const struct mst_net *addresses; // put on the tap
	size_t n_addresses;
	struct mst_ip peer; // the gateway's address on this side
};

struct lg_net_params {
	struct lg_net_port_params ports[LG_NET_SIDES];
	unsigned int n_ports; // 1: no plain side
	uint16_t mtu;
	int cpu;  // -1: any
	int huge; // enum mst_rt_huge
	unsigned int memory_mib;
	const char *file_prefix;
};

// Starts EAL, ports, taps, the mirror of neighbours. err says what is missing. -EINVAL is the caller's fault.
MST_MUST_USE int lg_net_start(const struct lg_net_params *p, char *err, size_t err_cap);
void lg_net_stop(void); // whatever is up

// Descriptors to watch: taps, then netlink; lg_net_readable(i) does what there is to do.
unsigned int lg_net_n_fds(void);
int lg_net_fd(unsigned int i);
void lg_net_readable(unsigned int i);
const char *lg_net_tap(enum lg_net_side side);

unsigned int lg_net_receive(enum lg_net_side side, struct rte_mbuf **m, unsigned int cap);
// A frame that is not ours: to the kernel. Takes m.
void lg_net_to_kernel(enum lg_net_side side, struct rte_mbuf *m);
// An mbuf whose data begins LG_NET_DATA_OFF bytes into its buffer; NULL: the pool is empty, which is counted.
struct rte_mbuf *lg_net_alloc(void);
// Whether the gateway's MAC address is known on this side; asks the kernel to find out where it is not.
bool lg_net_ready(enum lg_net_side side);
// Puts IPv4 and UDP, and the Ethernet header towards the peer, in front of data. Takes m; false when it was dropped,
// which is counted. Addresses in host order.
bool lg_net_send_udp(enum lg_net_side side, struct rte_mbuf *m, uint32_t src, uint16_t src_port, uint32_t dst,
	uint16_t dst_port);
// The same for a whole IPv4 packet.
bool lg_net_send_ip(enum lg_net_side side, struct rte_mbuf *m);
// How many more frames the port takes now.
unsigned int lg_net_room(enum lg_net_side side);
// Frames of the kernel, and what waits for the ports; every turn of the loop. Returns how much it moved.
unsigned int lg_net_flush(void);
// Once a second or when netlink has news: the mirror of neighbours.
void lg_net_tick(void);

struct lg_net_counters {
	uint64_t rx_frames, tx_frames, to_kernel, from_kernel, no_mbuf, no_neighbour, tx_full, mbufs_in_use;
};
void lg_net_counters(struct lg_net_counters *out);
