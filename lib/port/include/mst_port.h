// Ethernet ports: probe one by one, driver profile, queues, pool, start. All calls on the control lcore
// before the workers run, except the getters, which anybody may call.
#pragma once

#include <rte_ether.h>
#include <rte_mempool.h>

#include "mst_base.h"

enum mst_port_role { MST_PORT_PUBLIC = 1, MST_PORT_PRIVATE = 2 }; // one-arm: both bits on one port

// What the iface= argument of a driver means.
enum mst_port_interface {
	MST_PORT_INTERFACE_NONE,  // nothing
	MST_PORT_INTERFACE_USES,  // a kernel interface that must exist
	MST_PORT_INTERFACE_MAKES, // a kernel interface that must not exist yet
};

// Over which queues a device spreads what arrives.
enum mst_port_spread {
	MST_PORT_SPREAD_ANY,   // over the receive queues that were configured
	MST_PORT_SPREAD_ALL,   // over all that it was made with: each must be polled
	MST_PORT_SPREAD_PAIRS, // over all queue pairs in use: no transmit queue without a receive queue
};

// How a worker that sleeps learns that a queue has packets.
enum mst_port_wake {
	MST_PORT_WAKE_NONE,	 // it does not: it naps
	MST_PORT_WAKE_INTERRUPT, // rte_eth_dev_rx_intr_*
	MST_PORT_WAKE_SOCKET,	 // mst_port.sockets
};

// What a file of drivers-config/ says of a poll-mode driver.
struct mst_port_profile {
	char driver[32]; // DPDK's name: net_af_packet
	char summary[128];
	char devargs[128];  // appended to the operator's vdev string where a key of it is absent; {queues}
			    // replaced
	char exception[16]; // back-end: "tap"
	enum mst_port_interface interface;
	uint16_t max_rxq, max_txq;
	enum mst_port_spread spread;
	enum mst_port_wake wake;
	uint16_t rx_desc, tx_desc;
	bool rx_checksum, tx_checksum, rss; // ask for the offload where the port has it
	char limits[512];		    // known limits, for people
	char prepare[512];		    // what the operator runs on the host before
};

#define MST_PORT_SOCKETS 16

struct mst_port {
	uint16_t dpdk_id;
	uint8_t index;	       // our index: 0 = public, 1 = private
	uint8_t roles;	       // MST_PORT_* bits
	uint16_t n_rxq, n_txq; // n_txq == number of workers, or fewer behind a note in the log
	uint16_t mtu;
	struct rte_ether_addr mac;
	char device[256];
	char driver[32];
	char tap[16];
	uint64_t rx_offloads, tx_offloads; // RTE_ETH_*_OFFLOAD_* in force
	const char *spread;		   // how its receive queues get their packets, for people
	enum mst_port_wake wake;	   // in force
	int sockets[MST_PORT_SOCKETS];	   // WAKE_SOCKET: readable when receive queue i has packets
	struct mst_port_profile profile;
};

struct mst_port_params {
	const char *device; // PCI address or vdev string
	const char *tap;
	unsigned int queues; // 0 = auto
	uint16_t mtu;
	uint8_t roles;
	bool wake; // workers may sleep: prepare what wakes them
};

// Reads every profile of dir; NULL: finds drivers-config/ by MST_DRIVERS_CONFIG, beside the program in a
// build tree, or in the installed place. err names file:line:column. On failure the profiles in use stay.
MST_MUST_USE int mst_port_profiles_load(const char *dir, char *err, size_t err_cap);
const struct mst_port_profile *mst_port_profile(
	const char *driver); // NULL: unknown, defaults are used and logged

// Has the port fewer receive queues than there are workers? Then those that poll one hand packets over to the
// others; else the device spreads.
static inline bool
mst_port_spreads_by_software(const struct mst_port *port, unsigned int n_workers)
{
	return port->n_rxq < n_workers;
}

// For mst_rt_params.needs_pci: is the device string a PCI address? Before EAL too.
bool mst_port_is_pci(const char *device);

// Probes, configures and starts one port and gives it the next index; EAL runs, the pool exists. err says
// which port failed, why, and what to do. -EINVAL (device string, MTU), -ENODEV, -EBUSY, -EEXIST (ours
// already), -EPERM, -ENOSPC (MST_MAX_PORTS), else what the driver said.
MST_MUST_USE int mst_port_add(
	const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap);
// The same for a device that the program made itself, of rings say, and has not configured; p->device only
// names it.
MST_MUST_USE int mst_port_adopt(
	uint16_t dpdk_id, const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap);
void mst_port_stop_all(void);

unsigned int mst_port_count(void);
const struct mst_port *mst_port_get(unsigned int index);

// The pools of every packet of the process, one a NUMA node that has workers: data room (RTE_PKTMBUF_HEADROOM
// included; never less than 2,048 bytes behind it) for the largest port MTU, private area = struct mst_pkt. A port
// receives into the pool of its own node. Once; they live until EAL's end. -ENOMEM, -EEXIST.
MST_MUST_USE int mst_port_pool_create(unsigned int n_mbufs, uint16_t data_room_bytes);
uint16_t mst_port_data_room(uint16_t mtu);			     // that a port of this MTU needs
struct rte_mempool *mst_port_pool(void);			     // near the calling lcore; NULL: not yet
void mst_port_pool_usage(unsigned int *mbufs, unsigned int *in_use); // of all of them; any thread
