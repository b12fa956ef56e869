// TCP listeners on the public addresses. Accepting is a part of the newcomers' turn. Control lcore.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define LISTEN_BACKLOG 4096
#define RESERVE_PART 8 // of limits.half-open, when all sessions are taken
#define SOMAXCONN_FILE "/proc/sys/net/core/somaxconn"

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

// By RST: nothing of it is left in the kernel, as it would be after a FIN.
static void
turn_away(int fd)
{
	struct linger now = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

// When no session is free a few may come in still: a device whose session lives, by its cookie, and whoever asks for
// the page. Who signs in is put off.
static bool
has_room(const struct mst_control *c)
{
	uint32_t most = c->conf->limits.half_open;

	return c->n_half_open < (control_login_is_full(c) ? most / RESERVE_PART + 1 : most);
}

// They come in with the turn of the newcomers.
static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct control_listener *l = arg;

	(void)fd;
	(void)what;
	l->ready = true;
	if (has_room(l->c) || l->c->paused)
		return;
	l->c->paused = true;
	CONTROL_COUNT(l->c, tcp_paused);
}

// In the place of oldest, if there is one.
static bool
accept_one(struct control_listener *l, struct control_conn *oldest)
{
	union address peer;
	socklen_t len = sizeof(peer);
	struct mst_ip remote;
	int one = 1;
	int fd = accept4(l->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		l->ready = false; // until it is told again
		return false;
	}
	l->c->paused = false;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
		close(fd);
		return true;
	}
	remote = address_ip(&peer);
	if (!control_proxy_is_listed(l->c, &remote) && !control_gate_admits(l->c, &remote)) {
		turn_away(fd);
		return true;
	}
	if (oldest != NULL) {
		CONTROL_COUNT(l->c, half_open_dropped);
		control_conn_close(oldest);
	}
	control_conn_accept(l->c, fd, &remote);
	return true;
}

bool
control_listen_accept(struct mst_control *c)
{
	bool any = false;

	for (unsigned int i = 0; i < c->n_listeners; i++) {
		struct control_listener *l = &c->listeners[i];
		bool room = has_room(c);
		struct control_conn *oldest = l->ready && !room ? control_newcomer_oldest(c) : NULL;

		if (l->ready && (room || oldest != NULL))
			any |= accept_one(l, oldest);
	}
	return any;
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
	l->event = event_new(c->base, fd, EV_READ | EV_PERSIST, on_ready, l);
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

// The kernel cuts the backlog to its own limit, without a word.
static void
check_backlog(void)
{
	FILE *f = fopen(SOMAXCONN_FILE, "re");
	char text[16] = "";
	uint64_t most;

	if (f == NULL)
		return;
	if (fgets(text, sizeof(text), f) != NULL &&
		mst_parse_u64(text, strcspn(text, "\n"), 0, UINT32_MAX, &most) == 0 && most < LISTEN_BACKLOG)
		MST_LOG(NOTICE, "control",
			"when many devices come at once, connections are lost: sysctl -w "
			"net.core.somaxconn=%d",
			LISTEN_BACKLOG);
	fclose(f);
}

int
control_listen(struct mst_control *c, char *err, size_t err_cap)
{
	const struct mst_conf_port *pub = &c->conf->ports.public;

	check_backlog();
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
