// What the kernel says of a device before DPDK touches it, so that a port that cannot work is refused by name
// and with the command that mends it. Control lcore, at start.
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "port_private.h"

// Kernel drivers under which DPDK may take a device: those that hand it over, and those that share it.
static const char *const usable_kernel_drivers[] = {
	"vfio-pci", "igb_uio", "uio_pci_generic", // handed over
	"mlx5_core", "mlx4_core", "mana",	  // shared: the driver of DPDK works beside the kernel's
};

// Name of the kernel driver that holds the device, "" for none.
static void
kernel_driver(const char *device_dir, char *out, size_t cap)
{
	char link[PATH_MAX];
	char target[PATH_MAX];
	ssize_t n;
	const char *slash;

	out[0] = '\0';
	snprintf(link, sizeof(link), "%s/driver", device_dir);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(out, cap, "%.63s", slash == NULL ? target : slash + 1);
}

int
port_host_check_pci(const char *sysfs, const char *addr, char *err, size_t err_cap)
{
	char dir[512];
	char driver[64];

	snprintf(dir, sizeof(dir), "%s/bus/pci/devices/%s", sysfs, addr);
	if (access(dir, F_OK) != 0) {
		snprintf(err, err_cap, "no such PCI device on this host (lspci -D lists them)");
		return -ENODEV;
	}
	kernel_driver(dir, driver, sizeof(driver));
	for (size_t i = 0; i < MST_ARRAY_SIZE(usable_kernel_drivers); i++) {
		if (strcmp(driver, usable_kernel_drivers[i]) == 0)
			return 0;
	}
	// Probing it all the same could pull the device from under the kernel (virtio by I/O ports).
	snprintf(err, err_cap,
		"%s%s: modprobe vfio-pci; driverctl set-override %s vfio-pci (until the next boot: "
		"dpdk-devbind.py -b vfio-pci %s)",
		driver[0] != '\0' ? "the kernel uses it, driver " : "bound to no driver", driver, addr, addr);
	return -EBUSY;
}

static bool
is_up(const char *name)
{
	struct ifreq ifr = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = true; // when it cannot be asked, nothing is claimed

	if (fd < 0)
		return true;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) == 0)
		up = (ifr.ifr_flags & IFF_UP) != 0;
	close(fd);
	return up;
}

int
port_host_check_interface(
	const struct port_device *d, const struct mst_port_profile *profile, char *err, size_t err_cap)
{
	char iface[IFNAMSIZ];
	bool given = port_args_value(d->args, "iface", iface, sizeof(iface)) && iface[0] != '\0';
	bool there = given && if_nametoindex(iface) != 0;

	switch (profile->interface) {
	case MST_PORT_INTERFACE_USES:
		if (!given) {
			snprintf(err, err_cap,
				"iface=NAME is missing, or longer than %d bytes: %s works on a kernel "
				"interface",
				IFNAMSIZ - 1, profile->driver);
			return -EINVAL;
		}
		if (!there) {
			snprintf(err, err_cap, "interface %s does not exist here (ip link show)", iface);
			return -ENODEV;
		}
		if (!is_up(iface))
			MST_LOG(WARNING, "port", "%s: interface %s is down: ip link set %s up", d->name,
				iface, iface);
		return 0;
	case MST_PORT_INTERFACE_MAKES:
		if (there) {
			snprintf(err, err_cap,
				"interface %s exists already: another process holds it, or: ip link del %s",
				iface, iface);
			return -EBUSY;
		}
		return 0;
	case MST_PORT_INTERFACE_NONE:
		break;
	}
	return 0;
}

static bool
has_capability(unsigned int cap)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) != 0)
		return true; // when it cannot be asked, nothing is claimed
	return (data[cap / 32].effective & (1u << (cap % 32))) != 0;
}

int
port_host_explain(const struct mst_port_profile *profile, char *out, size_t cap)
{
	out[0] = '\0';
	if (profile->interface == MST_PORT_INTERFACE_NONE)
		return 0;
	if (!has_capability(CAP_NET_RAW) || !has_capability(CAP_NET_ADMIN)) {
		snprintf(out, cap, "not permitted: run as root or give CAP_NET_RAW and CAP_NET_ADMIN");
		return -EPERM;
	}
	if (profile->interface == MST_PORT_INTERFACE_MAKES && access("/dev/net/tun", R_OK | W_OK) != 0)
		snprintf(out, cap, "/dev/net/tun: %s: modprobe tun", strerror(errno));
	return 0;
}
