// The kernel exception path: a tap per port that carries the port's MAC, addresses and routes, and one tun
// for inner packets that are for the gateway itself or need the kernel (unresolved neighbour, ICMP errors).
// Policed per class.
#pragma once

#include <rte_mbuf.h>

#include "mst_base.h"
#include "mst_rt.h"

// clang-format off
#define MST_PUNT_CLASSES(X)                                    \
	X(ARP,   "arp",   "ARP")                               \
	X(ND,    "nd",    "IPv6 neighbour discovery")          \
	X(ICMP,  "icmp",  "other ICMP")                        \
	X(TCP,   "tcp",   "TCP")                               \
	X(OTHER, "other", "anything else")
// clang-format on

enum mst_punt_class {
#define X(name, word, help) MST_PUNT_##name,
	MST_PUNT_CLASSES(X)
#undef X
		MST_PUNT_COUNT
};

// ---- workers ------------------------------------------------------------------------------------------
// Token buckets, one block a worker (its own field of its own struct): rate is shared out over the workers.
struct mst_punt_policer {
	// In TSC cycles, up to the burst: packets of a tenth of a second, 8 at the least.
	uint64_t tokens[MST_PUNT_COUNT];
	uint64_t last_tsc;
	uint64_t passed[MST_PUNT_COUNT], dropped[MST_PUNT_COUNT];
};
// After mst_exception_create, which sets the rates.
void mst_punt_policer_init(struct mst_punt_policer *p, uint64_t tsc);
bool mst_punt_admit(struct mst_punt_policer *p, enum mst_punt_class c, uint64_t tsc);
// Class of a packet by its headers: an Ethernet frame, or an IP packet when inner. Fragments and what does
// not parse: OTHER.
enum mst_punt_class mst_punt_classify(const uint8_t *data, size_t len, bool inner);

// ---- control lcore ------------------------------------------------------------------------------------
struct mst_exception_port {
	uint8_t port;	 // our port index
	const char *tap; // interface name, made by us, gone with us
	uint8_t mac[6];
	uint16_t mtu;
	const struct mst_net *addresses;
	size_t n_addresses;
	const struct mst_ip *gateways; // default routes, n_gateways <= 2
	size_t n_gateways;
	bool forwards; // let the kernel forward from it to the tun (private side: ICMP errors)
};

struct mst_exception_params {
	struct mst_exception_port ports[MST_MAX_PORTS];
	unsigned int n_ports;
	const char *tun;	     // name of the inner tun, e.g. "mst-tun"; NULL: none
	uint16_t tun_mtu;	     // inner MTU of the tunnels
	const struct mst_net *pools; // routed to the tun
	size_t n_pools;
	uint32_t rate_pps[MST_PUNT_COUNT];
};

// Makes the interfaces, sets MAC, MTU, addresses, routes, up. err says what is missing (/dev/net/tun,
// CAP_NET_ADMIN, name taken) and the command that mends it.
MST_MUST_USE int mst_exception_create(const struct mst_exception_params *p, char *err, size_t err_cap);
void mst_exception_destroy(void);	      // workers have stopped; forgets their policers
unsigned int mst_exception_n_fds(void);	      // taps first, in port order, then the tun
int mst_exception_fd(unsigned int i);	      // -1: no such
int mst_exception_ifindex(unsigned int port); // of the tap of our port index; -1: no such
// fd i is readable: reads up to 64 packets into mbufs and injects them (FRAME or TO_DEVICE) into a worker.
void mst_exception_input(unsigned int i);
// Drains MST_RING_KERNEL into the taps and the tun; returns how many. Every turn of the control loop.
unsigned int mst_exception_output(void);

// A device whose tunnel takes less than the tun does: the kernel learns it by a host route with this MTU, and so answers
// a packet in between by ICMP with the right size. mtu 0 takes the route away (-ESRCH: there was none).
MST_MUST_USE int mst_exception_device_mtu(const struct mst_ip *addr, uint16_t mtu);
uint16_t mst_exception_tun_mtu(void); // as created

struct mst_exception_counters {
	uint64_t to_kernel, to_kernel_dropped, from_kernel, from_kernel_dropped;
};
void mst_exception_counters(struct mst_exception_counters *out);
void mst_exception_register_policer(
	unsigned int worker, const struct mst_punt_policer *p); // for /mst/punt/stats
