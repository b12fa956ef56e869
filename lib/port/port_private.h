// What the files of port share: profiles, the device string, the check of a host before a probe, set-up of a
// port.
#pragma once

#include <rte_ethdev.h>

#include "mst_conf.h"
#include "mst_port.h"
#include "mst_rt.h"

// ---- profile.c ----------------------------------------------------------------------------------
#define PORT_PROFILES_MAX 64
// One file; err as mst_conf_read fills it.
MST_MUST_USE int port_profile_read(
	const char *path, struct mst_port_profile *out, struct mst_conf_error *err);
// For a vdev before its probe: the longest driver name that the vdev's name begins with; NULL: none.
const struct mst_port_profile *port_profile_of_vdev(const char *name);
// What is assumed of a driver without a file.
extern const struct mst_port_profile port_profile_default;

// ---- device.c: pure -----------------------------------------------------------------------------
#define PORT_NAME_BYTES 64
#define PORT_ARGS_BYTES 512

enum port_bus { PORT_BUS_VDEV, PORT_BUS_PCI };

struct port_device {
	enum port_bus bus;
	char name[PORT_NAME_BYTES]; // "net_af_packet0", "0000:03:00.0"
	char args[PORT_ARGS_BYTES]; // what follows the first comma
};

MST_MUST_USE int port_device_parse(const char *text, struct port_device *out, char *err, size_t err_cap);
// Value of key in "a=1,b=2" into out; false: no such key, or a value that does not fit.
bool port_args_value(const char *args, const char *key, char *out, size_t cap);
// Appends those of more whose key args lack; "{queues}" becomes the number. -ENOBUFS.
MST_MUST_USE int port_args_merge(char args[PORT_ARGS_BYTES], const char *more, unsigned int queues);

// ---- host.c: what the kernel says of a device; sysfs is "/sys" outside of tests -----------------
MST_MUST_USE int port_host_check_pci(const char *sysfs, const char *addr, char *err, size_t err_cap);
MST_MUST_USE int port_host_check_interface(
	const struct port_device *d, const struct mst_port_profile *profile, char *err, size_t err_cap);
// Why a probe may have failed where the driver does not say; "" when nothing is found. Returns 0 or -EPERM.
int port_host_explain(const struct mst_port_profile *profile, char *out, size_t cap);

// ---- probe.c ------------------------------------------------------------------------------------
MST_MUST_USE int port_probe(const struct port_device *d, const struct mst_port_profile *profile,
	uint16_t *dpdk_id, char *err, size_t err_cap);
void port_unprobe(const struct port_device *d);

// ---- setup.c ------------------------------------------------------------------------------------
// Pure. dev_rxq, dev_txq: how many the device has.
void port_queues_choose(const struct mst_port_profile *profile, unsigned int queues, unsigned int n_workers,
	uint16_t dev_rxq, uint16_t dev_txq, uint16_t *n_rxq, uint16_t *n_txq);
// Pure. How many the device should be made with.
unsigned int port_queues_wanted(
	const struct mst_port_profile *profile, unsigned int queues, unsigned int n_workers);
// Configures and starts port->dpdk_id and fills in port. Nothing is left running on failure.
MST_MUST_USE int port_setup(struct mst_port *port, const struct mst_port_params *p, unsigned int n_workers,
	char *err, size_t err_cap);

// ---- rss.c --------------------------------------------------------------------------------------
struct port_rss {
	uint64_t fields;   // RTE_ETH_RSS_*; 0: the device has none that we can use
	const char *words; // for people
};
// Pure. capa: flow_type_rss_offloads of the device.
void port_rss_choose(uint8_t roles, uint64_t capa, struct port_rss *out);

// ---- pool.c -------------------------------------------------------------------------------------
// Pure. How many of n_mbufs belong on each NUMA node; returns on how many nodes.
unsigned int port_pool_shares(const int *worker_sockets, unsigned int n_workers, unsigned int n_mbufs,
	unsigned int shares[RTE_MAX_NUMA_NODES]);
// The pool of a node; of one that has none, or SOCKET_ID_ANY, the first.
struct rte_mempool *port_pool_on(int socket);

// ---- wake.c -------------------------------------------------------------------------------------
// AF_PACKET sockets of this process on the interface, ascending; returns how many, at most cap.
unsigned int port_wake_sockets(const char *iface, int fds[], unsigned int cap);
// Behind port_setup: finds what port->wake needs, or says that there is nothing.
void port_wake_setup(struct mst_port *port, const struct port_device *d);

// ---- telemetry.c --------------------------------------------------------------------------------
MST_MUST_USE int port_telemetry_create(void);
