// What a load balancer says in front of TLS: whom it speaks for. Only those that the configuration lists are asked; from
// anybody else such a header is a broken ClientHello. Control lcore.
#include <errno.h>
#include <sys/socket.h>

#include "mst_wire.h"

#include "control.h"

struct control_proxy {
	size_t len;
	uint8_t bytes[MST_WIRE_PROXY_BYTES];
};

bool
control_proxy_is_listed(const struct mst_control *c, const struct mst_ip *remote)
{
	const struct mst_conf_listen *conf = &c->conf->listen;

	for (uint32_t i = 0; i < conf->n_proxies; i++) {
		if (mst_net_contains(&conf->proxies[i], remote))
			return true;
	}
	return false;
}

void
control_proxy_expect(struct control_conn *conn)
{
	conn->proxy = calloc(1, sizeof(*conn->proxy));
	if (conn->proxy == NULL)
		control_conn_close(conn);
}

// The limits of who comes in are those of whom it speaks for.
static void
take_header(struct control_conn *conn, const struct mst_wire_proxy *p)
{
	struct mst_control *c = conn->c;

	free(conn->proxy);
	conn->proxy = NULL;
	if (p->known)
		conn->remote = p->source;
	if (p->known && !control_gate_admits(c, &conn->remote))
		control_conn_close(conn);
}

// Looks before it takes: what stands behind the header is of TLS.
void
control_proxy_read(struct control_conn *conn)
{
	struct control_proxy *p = conn->proxy;
	struct mst_wire_proxy header;
	ssize_t n = recv(conn->fd, p->bytes + p->len, sizeof(p->bytes) - p->len, MSG_PEEK | MSG_DONTWAIT);
	size_t take;
	int ret;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) { // a probe, which is no event
		control_conn_close(conn);
		return;
	}
	ret = mst_wire_proxy_parse(p->bytes, p->len + (size_t)n, &header);
	take = ret > 0 ? (size_t)ret - p->len : (size_t)n;
	if ((ret < 0 && ret != -EAGAIN) ||
		recv(conn->fd, p->bytes + p->len, take, MSG_DONTWAIT) != (ssize_t)take) {
		CONTROL_COUNT(conn->c, proxy_malformed);
		control_conn_close(conn);
		return;
	}
	p->len += take;
	if (ret > 0)
		take_header(conn, &header);
}
