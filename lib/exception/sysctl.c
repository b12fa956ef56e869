// Settings of /proc/sys/net of our own interfaces; they vanish with the interface. Control lcore, start only.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "exception.h"

struct setting {
	const char *family, *key, *value;
	bool required; // of this kernel; else passed over where it is missing
};

// clang-format off
static const struct setting tap_settings[] = {
	// The tap sees what the port receives, and answers by whatever route: loose, which wins over strict of "all".
	{"ipv4", "rp_filter",       "2", true},
	// Only the port's own addresses: the host's others are not on this link.
	{"ipv4", "arp_ignore",      "1", true},
	{"ipv4", "arp_announce",    "2", true},
	{"ipv4", "accept_redirects","0", true},
	{"ipv4", "send_redirects",  "0", true},
	{"ipv6", "accept_ra",       "0", false},
	{"ipv6", "autoconf",        "0", false},
	{"ipv6", "accept_redirects","0", false},
	// Addresses are the operator's: usable at once, no probe.
	{"ipv6", "accept_dad",      "0", false},
	{"ipv6", "dad_transmits",   "0", false},
};
static const struct setting tun_settings[] = {
	{"ipv4", "rp_filter",       "2", true},
	{"ipv4", "accept_redirects","0", true},
	{"ipv4", "send_redirects",  "0", true},
	{"ipv6", "accept_ra",       "0", false},
	{"ipv6", "accept_redirects","0", false},
	// No link-local address: it would only make the kernel talk into the tunnels.
	{"ipv6", "addr_gen_mode",   "1", false},
};
static const struct setting forward_settings[] = {
	{"ipv4", "forwarding",      "1", true},
	{"ipv6", "forwarding",      "1", false},
	{"ipv6", "force_forwarding","1", false}, // Linux 6.17: of one interface, without the host's switch
};
// clang-format on

int
exception_sysctl(const char *family, const char *name, const char *key, const char *value)
{
	char path[128];
	ssize_t n;
	int fd, ret = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, value, strlen(value));
	if (n != (ssize_t)strlen(value))
		ret = n < 0 ? -errno : -EIO;
	close(fd);
	return ret;
}

static int
apply(const struct setting *s, size_t n, const char *name, char *err, size_t err_cap)
{
	for (size_t i = 0; i < n; i++) {
		int ret = exception_sysctl(s[i].family, name, s[i].key, s[i].value);

		if (ret == 0 || (ret == -ENOENT && !s[i].required))
			continue;
		snprintf(err, err_cap, "cannot write %s to /proc/sys/net/%s/conf/%s/%s: %s", s[i].value,
			s[i].family, name, s[i].key, strerror(-ret));
		return ret;
	}
	return 0;
}

int
exception_sysctl_tap(const char *name, bool forwards, char *err, size_t err_cap)
{
	MST_TRY(apply(tap_settings, MST_ARRAY_SIZE(tap_settings), name, err, err_cap));
	if (forwards)
		MST_TRY(apply(forward_settings, MST_ARRAY_SIZE(forward_settings), name, err, err_cap));
	return 0;
}

// Forwarding of IPv6 is one switch for the whole host in older kernels, and turning it is the operator's
// decision: it also makes every other interface a router's, which then ignores router advertisements.
static void
check_ip6_forwarding(const char *name)
{
	char path[128], c = '0';
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/force_forwarding", name);
	if (access(path, F_OK) == 0)
		return;
	fd = open("/proc/sys/net/ipv6/conf/all/forwarding", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &c, 1) != 1)
		c = '0';
	if (fd >= 0)
		close(fd);
	if (c != '1')
		MST_LOG(WARNING, "exception",
			"IPv6 packets to neighbours that are not resolved yet are lost: "
			"sysctl -w net.ipv6.conf.all.forwarding=1");
}

int
exception_sysctl_tun(const char *name, bool has_ip6, char *err, size_t err_cap)
{
	MST_TRY(apply(tun_settings, MST_ARRAY_SIZE(tun_settings), name, err, err_cap));
	MST_TRY(apply(forward_settings, MST_ARRAY_SIZE(forward_settings), name, err, err_cap));
	if (has_ip6)
		check_ip6_forwarding(name);
	return 0;
}
