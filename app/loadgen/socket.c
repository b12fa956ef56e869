// The TCP connections of devices: kernel sockets that can only leave by the public tap. Main lcore.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lg.h"

static struct sockaddr_in
address(uint32_t host, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(host), .sin_port = htons(port)};
}

static int
prepare(struct lg *lg, struct lg_device *d, int fd)
{
	struct sockaddr_in from = address(lg_data_source(lg, d), 0);
	const char *tap = lg_net_tap(LG_NET_PUBLIC);
	int on = 1;

	// The device of the socket keeps it on our port, whatever else the host routes to.
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, tap, (socklen_t)strlen(tap)) != 0 ||
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
		bind(fd, (const struct sockaddr *)&from, sizeof(from)) != 0)
		return -errno;
	return 0;
}

int
lg_socket_open(struct lg *lg, struct lg_device *d)
{
	struct sockaddr_in to = address(lg->gateway, lg->o->gateway_port);
	struct epoll_event watch = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.u64 = LG_WATCH_DEVICES + lg_number(lg, d)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	rc = prepare(lg, d, fd);
	if (rc == 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 && errno != EINPROGRESS)
		rc = -errno;
	// Edges only: one call a connection, and whoever is told reads and writes until the socket says wait.
	if (rc == 0 && epoll_ctl(lg->epoll, EPOLL_CTL_ADD, fd, &watch) != 0)
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	d->fd = fd;
	return 0;
}

int
lg_socket_connected(const struct lg_device *d)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return -errno;
	if (error != 0)
		return -error;
	len = sizeof(peer);
	return getpeername(d->fd, (struct sockaddr *)&peer, &len) == 0 ? 0 : -EAGAIN;
}

void
lg_socket_reset(const struct lg_device *d)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	if (d->fd >= 0)
		(void)setsockopt(d->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}
