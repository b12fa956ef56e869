// What tells a sleeping worker that a queue has packets: the driver's receive interrupts, or the socket that the
// driver polls and does not hand out. Control lcore, at start.
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

#include "port_private.h"

// A socket of this process that takes packets from the interface.
static bool
is_socket_on(int fd, int ifindex)
{
	struct sockaddr_ll at;
	socklen_t len = sizeof(at);
	int domain;
	socklen_t domain_len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 && domain == AF_PACKET &&
	       getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sll_ifindex == ifindex;
}

static void
insert(int fds[], unsigned int n, int fd)
{
	for (; n > 0 && fds[n - 1] > fd; n--)
		fds[n] = fds[n - 1];
	fds[n] = fd;
}

unsigned int
port_wake_sockets(const char *iface, int fds[], unsigned int cap)
{
	int ifindex = (int)if_nametoindex(iface);
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;
	unsigned int n = 0;
	uint64_t fd;

	while (dir != NULL && ifindex != 0 && n < cap && (e = readdir(dir)) != NULL) {
		if (mst_parse_u64(e->d_name, strlen(e->d_name), 0, INT32_MAX, &fd) == 0 &&
			is_socket_on((int)fd, ifindex))
			insert(fds, n++, (int)fd);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

// The driver opens one socket a queue, in their order, and the kernel gives the lowest number that is free.
static bool
find_sockets(struct mst_port *port, const struct port_device *d)
{
	char iface[IFNAMSIZ];

	return port->n_rxq <= MST_PORT_SOCKETS && port_args_value(d->args, "iface", iface, sizeof(iface)) &&
	       port_wake_sockets(iface, port->sockets, MST_PORT_SOCKETS) == port->n_rxq;
}

void
port_wake_setup(struct mst_port *port, const struct port_device *d)
{
	if (port->wake == MST_PORT_WAKE_SOCKET && !find_sockets(port, d))
		port->wake = MST_PORT_WAKE_NONE;
	if (port->wake == MST_PORT_WAKE_NONE)
		MST_LOG(INFO, "port", "%s: %s wakes nobody: idle workers look again after short naps",
			port->device, port->driver);
}
