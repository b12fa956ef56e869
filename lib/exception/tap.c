// Makes tap and tun interfaces (kernel: Documentation/networking/tuntap). Control lcore, start only.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "exception.h"

static int
explain(int e, const char *name, char *err, size_t err_cap)
{
	char owner[128] = "";

	// EINVAL is what the kernel says when the name is of an interface of another kind.
	if (e == EBUSY || e == EEXIST || e == EINVAL)
		exception_owner(name, owner, sizeof(owner));
	if (owner[0] != '\0') {
		snprintf(err, err_cap,
			"interface %s: the name is taken by %s; choose another, or: ip link delete %s", name,
			owner, name);
		return -EEXIST;
	}
	if (e == EPERM || e == EACCES)
		snprintf(err, err_cap,
			"interface %s: not permitted; run as root, or give CAP_NET_ADMIN: "
			"setcap cap_net_admin+ep on the program, AmbientCapabilities=CAP_NET_ADMIN in a unit",
			name);
	else
		snprintf(err, err_cap, "interface %s: %s", name, strerror(e));
	return -e;
}

int
exception_tap_open(const char *name, bool inner, int *fd, char *err, size_t err_cap)
{
	struct ifreq ifr = {0};
	int f, e;

	if (name[0] == '\0' || strlen(name) >= sizeof(ifr.ifr_name)) {
		snprintf(err, err_cap, "interface %s: a name has 1 to %zu characters", name,
			sizeof(ifr.ifr_name) - 1);
		return -EINVAL;
	}
	f = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (f < 0) {
		e = errno;
		if (e != ENOENT && e != ENODEV && e != ENXIO)
			return explain(e, name, err, err_cap);
		snprintf(err, err_cap,
			"/dev/net/tun: %s; the kernel's tun module is missing: modprobe tun (in a container: "
			"--device /dev/net/tun)",
			strerror(e));
		return -e;
	}
	memcpy(ifr.ifr_name, name, strlen(name));
	// EXCL: never the far end of an interface that is there already.
	ifr.ifr_flags = (short)((inner ? IFF_TUN : IFF_TAP) | IFF_NO_PI | IFF_TUN_EXCL);
	if (ioctl(f, TUNSETIFF, &ifr) != 0) {
		e = errno;
		close(f);
		return explain(e, name, err, err_cap);
	}
	*fd = f;
	return 0;
}
