// Makes EAL probe one device and finds the port that came of it. Control lcore, at start.
#include <errno.h>
#include <string.h>

#include <rte_dev.h>

#include "port_private.h"

static int
attach(const struct port_device *d)
{
	char devargs[PORT_NAME_BYTES + PORT_ARGS_BYTES + 8];

	if (d->bus == PORT_BUS_VDEV)
		return rte_eal_hotplug_add("vdev", d->name, d->args);
	snprintf(devargs, sizeof(devargs), "pci:%s%s%s", d->name, d->args[0] != '\0' ? "," : "", d->args);
	return rte_dev_probe(devargs);
}

void
port_unprobe(const struct port_device *d)
{
	(void)rte_eal_hotplug_remove(d->bus == PORT_BUS_VDEV ? "vdev" : "pci", d->name);
}

// Codes of EAL differ between buses and releases; what they have in common is turned into ours.
static int
attach_failed(int rc, const struct port_device *d, const struct mst_port_profile *profile, char *err,
	size_t err_cap)
{
	char driver_says[192];
	char host_says[128];
	int host;

	mst_rt_eal_error(driver_says, sizeof(driver_says));
	if (rc == -EEXIST) {
		snprintf(err, err_cap, "is in use already by this process: give each port a name of its own");
		return -EEXIST;
	}
	if (d->bus == PORT_BUS_VDEV && strstr(driver_says, "failed to parse device") != NULL) {
		snprintf(err, err_cap,
			"DPDK here has no driver of that name (Debian: package librte-net-..., or "
			"extra-eal: [-d, PATH])");
		return -ENODEV;
	}
	host = port_host_explain(profile, host_says, sizeof(host_says));
	snprintf(err, err_cap, "%s%s%s", driver_says[0] != '\0' ? driver_says : "the driver gives no reason",
		host_says[0] != '\0' ? "; " : "", host_says);
	if (host < 0)
		return host;
	return rc == -ENODEV || rc == -ENOMEM || rc == -EPERM || rc == -EBUSY ? rc : -EIO;
}

static bool
find_port(const struct port_device *d, uint16_t *dpdk_id)
{
	struct rte_eth_dev_info info;

	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (rte_eth_dev_is_valid_port(id) && rte_eth_dev_info_get(id, &info) == 0 &&
			info.device != NULL && strcmp(rte_dev_name(info.device), d->name) == 0) {
			*dpdk_id = id;
			return true;
		}
	}
	return false;
}

int
port_probe(const struct port_device *d, const struct mst_port_profile *profile, uint16_t *dpdk_id, char *err,
	size_t err_cap)
{
	char stale[8];
	int rc;

	if (d->bus == PORT_BUS_PCI)
		rc = port_host_check_pci("/sys", d->name, err, err_cap);
	else
		rc = port_host_check_interface(d, profile, err, err_cap);
	MST_TRY(rc);
	mst_rt_eal_error(stale, sizeof(stale));
	rc = attach(d);
	if (rc != 0)
		return attach_failed(rc < 0 ? rc : -EIO, d, profile, err, err_cap);
	if (find_port(d, dpdk_id))
		return 0;
	port_unprobe(d);
	snprintf(err, err_cap, "%s",
		d->bus == PORT_BUS_PCI
			? "DPDK here has no driver for this device (Debian: package librte-net-...)"
			: "was probed, but no Ethernet port came of it");
	return -ENODEV;
}
