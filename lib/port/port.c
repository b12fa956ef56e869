// The ports of the process: added one by one on the control lcore before workers run, read by anybody.
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "port_private.h"

static struct mst_port ports[MST_MAX_PORTS]; // control writes below n_ports + 1, all read below n_ports
static struct port_device devices[MST_MAX_PORTS];
static atomic_uint n_ports;

unsigned int
mst_port_count(void)
{
	return atomic_load_explicit(&n_ports, memory_order_acquire);
}

const struct mst_port *
mst_port_get(unsigned int index)
{
	return index < mst_port_count() ? &ports[index] : NULL;
}

static bool
uses_same_interface(const struct port_device *a, const struct port_device *b)
{
	char x[64];
	char y[64];

	return port_args_value(a->args, "iface", x, sizeof(x)) &&
	       port_args_value(b->args, "iface", y, sizeof(y)) && strcmp(x, y) == 0;
}

static int
check_new(const struct port_device *d, char *err, size_t err_cap)
{
	unsigned int n = mst_port_count();

	if (n == MST_MAX_PORTS) {
		snprintf(err, err_cap, "there are %u ports already", n);
		return -ENOSPC;
	}
	if (mst_port_pool() == NULL) {
		snprintf(err, err_cap, "there is no packet pool yet");
		return -EINVAL;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (strcmp(devices[i].name, d->name) == 0 || uses_same_interface(&devices[i], d)) {
			snprintf(err, err_cap,
				"is the device of port %u already: for one arm leave the private port out",
				i);
			return -EEXIST;
		}
	}
	return 0;
}

// By what the driver calls itself, now that it is known.
static void
choose_profile(struct mst_port *port)
{
	struct rte_eth_dev_info info;
	const struct mst_port_profile *known;

	if (rte_eth_dev_info_get(port->dpdk_id, &info) == 0)
		snprintf(port->driver, sizeof(port->driver), "%s", info.driver_name);
	known = mst_port_profile(port->driver);
	port->profile = known != NULL ? *known : port_profile_default;
	if (known == NULL) {
		snprintf(port->profile.driver, sizeof(port->profile.driver), "%s", port->driver);
		MST_LOG(NOTICE, "port", "%s: drivers-config has no file for %s: defaults are used",
			port->device, port->driver);
	}
}

// Set-up fails too where a right is missing (AF_XDP asks for memory then).
static int
explain(int rc, const struct mst_port_profile *profile, char *err, size_t err_cap)
{
	char host_says[128];
	size_t len = strlen(err);
	int host = port_host_explain(profile, host_says, sizeof(host_says));

	if (host_says[0] != '\0')
		snprintf(err + len, err_cap - len, "; %s", host_says);
	return host < 0 ? host : rc;
}

// The device is there, whoever made it: sets it up as the next port.
static int
take(uint16_t dpdk_id, const struct port_device *d, const struct mst_port_params *p, unsigned int n_workers,
	char *err, size_t err_cap)
{
	unsigned int n = mst_port_count();
	struct mst_port port = {.dpdk_id = dpdk_id, .index = (uint8_t)n, .roles = p->roles};
	int rc;

	snprintf(port.device, sizeof(port.device), "%s", p->device);
	snprintf(port.tap, sizeof(port.tap), "%s", p->tap == NULL ? "" : p->tap);
	choose_profile(&port);
	rc = port_setup(&port, p, n_workers, err, err_cap);
	if (rc < 0)
		return explain(rc, &port.profile, err, err_cap);
	if (p->wake)
		port_wake_setup(&port, d);
	ports[n] = port;
	devices[n] = *d;
	atomic_store_explicit(&n_ports, n + 1, memory_order_release);
	return 0;
}

static int
add(const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap)
{
	const struct mst_port_profile *before = &port_profile_default;
	struct port_device d;
	uint16_t dpdk_id;
	int rc;

	MST_TRY(port_device_parse(p->device, &d, err, err_cap));
	MST_TRY(check_new(&d, err, err_cap));
	if (d.bus == PORT_BUS_VDEV && port_profile_of_vdev(d.name) != NULL)
		before = port_profile_of_vdev(d.name);
	rc = port_args_merge(d.args, before->devargs, port_queues_wanted(before, p->queues, n_workers));
	if (rc < 0) {
		snprintf(err, err_cap, "device string too long");
		return rc;
	}
	MST_TRY(port_probe(&d, before, &dpdk_id, err, err_cap));
	rc = take(dpdk_id, &d, p, n_workers, err, err_cap);
	if (rc < 0)
		port_unprobe(&d);
	return rc;
}

static int
adopt(uint16_t dpdk_id, const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap)
{
	struct port_device d = {.bus = PORT_BUS_VDEV};

	if (rte_eth_dev_get_name_by_port(dpdk_id, d.name) != 0) {
		snprintf(err, err_cap, "there is no such device");
		return -ENODEV;
	}
	MST_TRY(check_new(&d, err, err_cap));
	return take(dpdk_id, &d, p, n_workers, err, err_cap);
}

#define NO_DPDK_ID UINT16_MAX

static int
add_or_adopt(
	uint16_t dpdk_id, const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap)
{
	char why[384];
	const struct mst_port *port;
	int rc = port_telemetry_create();

	snprintf(why, sizeof(why), "telemetry: %s", strerror(rc < 0 ? -rc : 0));
	if (rc == 0)
		rc = dpdk_id == NO_DPDK_ID ? add(p, n_workers, why, sizeof(why))
					   : adopt(dpdk_id, p, n_workers, why, sizeof(why));
	if (rc < 0) {
		snprintf(err, err_cap, "port %s: %s", p->device, why);
		return rc;
	}
	port = &ports[mst_port_count() - 1];
	MST_LOG(NOTICE, "port",
		"%s: port %u, driver %s, MAC " RTE_ETHER_ADDR_PRT_FMT
		", MTU %u, %u receive and %u transmit queues",
		port->device, port->index, port->driver, RTE_ETHER_ADDR_BYTES(&port->mac), port->mtu,
		port->n_rxq, port->n_txq);
	return 0;
}

int
mst_port_add(const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap)
{
	return add_or_adopt(NO_DPDK_ID, p, n_workers, err, err_cap);
}

int
mst_port_adopt(
	uint16_t dpdk_id, const struct mst_port_params *p, unsigned int n_workers, char *err, size_t err_cap)
{
	return add_or_adopt(dpdk_id, p, n_workers, err, err_cap);
}

void
mst_port_stop_all(void)
{
	unsigned int n = mst_port_count();

	atomic_store_explicit(&n_ports, 0, memory_order_release);
	for (unsigned int i = 0; i < n; i++) {
		(void)rte_eth_dev_stop(ports[i].dpdk_id);
		port_unprobe(&devices[i]);
	}
}
