// TCP listeners on the public addresses, and accept. Control lcore.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define LISTEN_BACKLOG 4096
#define ACCEPTS_PER_EVENT 64

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
address_fill(union address *a, const struct mst_ip *ip, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	if (ip->family == 4) {
		a->v4.sin_family = AF_INET;
		a->v4.sin_port = htons(port);
		memcpy(&a->v4.sin_addr, ip->bytes, 4);
		return sizeof(a->v4);
	}
	a->v6.sin6_family = AF_INET6;
	a->v6.sin6_port = htons(port);
	memcpy(&a->v6.sin6_addr, ip->bytes, 16);
	return sizeof(a->v6);
}

static struct mst_ip
address_ip(const union address *a)
{
	struct mst_ip ip = {0};

	if (a->any.sa_family == AF_INET) {
		ip.family = 4;
		memcpy(ip.bytes, &a->v4.sin_addr, 4);
	} else {
		ip.family = 6;
		memcpy(ip.bytes, &a->v6.sin6_addr, 16);
	}
	return ip;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct control_listener *l = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
		union address peer;
		socklen_t len = sizeof(peer);
		int conn_fd = accept4(fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		int one = 1;

		if (conn_fd < 0)
			return;
		if (setsockopt(conn_fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
			close(conn_fd);
			continue;
		}
		struct mst_ip remote = address_ip(&peer);
		control_conn_accept(l->c, conn_fd, &remote);
	}
}

static int
open_one(struct mst_control *c, const struct mst_ip *ip, char *err, size_t err_cap)
{
	struct control_listener *l = &c->listeners[c->n_listeners];
	char text[MST_IP_TEXT_BYTES];
	union address a;
	socklen_t len = address_fill(&a, ip, c->conf->listen.port);
	int one = 1;
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int saved;

	if (fd < 0)
		goto err;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0)
		goto err;
	if (ip->family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0)
		goto err;
	if (bind(fd, &a.any, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0)
		goto err;
	l->c = c;
	l->fd = fd;
	l->event = event_new(c->base, fd, EV_READ | EV_PERSIST, on_accept, l);
	if (l->event == NULL || event_add(l->event, NULL) != 0) {
		errno = ENOMEM;
		goto err;
	}
	c->n_listeners++;
	return 0;
err:
	saved = errno;
	if (fd >= 0)
		close(fd);
	snprintf(err, err_cap, "cannot listen on TCP %s port %u: %s", mst_ip_format(ip, text),
		c->conf->listen.port, strerror(saved));
	return -saved;
}

int
control_listen(struct mst_control *c, char *err, size_t err_cap)
{
	const struct mst_conf_port *pub = &c->conf->ports.public;

	for (size_t i = 0; i < pub->n_addresses && i < MST_ARRAY_SIZE(c->listeners); i++)
		MST_TRY(open_one(c, &pub->addresses[i].ip, err, err_cap));
	return 0;
}

void
control_listen_stop(struct mst_control *c)
{
	for (unsigned int i = 0; i < c->n_listeners; i++) {
		event_free(c->listeners[i].event);
		close(c->listeners[i].fd);
	}
	c->n_listeners = 0;
}
