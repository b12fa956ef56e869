// The server end of the control socket: accepts, asks the kernel who calls, hands to conn.c. Control lcore.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctl.h"

#define REQUEST_MS 5000
#define REPLY_MS 10000
#define RESUME_S 1
#define ACCEPTS_PER_TURN 4 // so that a flood of callers does not hold up the loop

bool
mst_ctl_peer_allowed(uid_t peer, uid_t own)
{
	return peer == 0 || peer == own;
}

static void
refuse(struct mst_ctl_server *s, int fd, const struct ucred *peer)
{
	uint64_t now = mst_now_ns();

	s->stats.refused++;
	ctl_conn_turn_away(fd, CTL_REFUSED, "only root and the gateway's own user may use this socket");
	// A local user who hammers the socket must not fill the log.
	if (s->refusal_logged_ns != 0 && now - s->refusal_logged_ns < MST_NS_PER_S)
		return;
	s->refusal_logged_ns = now;
	MST_LOG(WARNING, "ctl", "refused uid %u, pid %d; %llu refusals so far", peer->uid, peer->pid,
		(unsigned long long)s->stats.refused);
}

static struct ctl_conn *
free_slot(struct mst_ctl_server *s)
{
	for (size_t i = 0; i < MST_CTL_CLIENTS; i++) {
		if (s->conns[i].fd < 0)
			return &s->conns[i];
	}
	return NULL;
}

static void
welcome(struct mst_ctl_server *s, int fd)
{
	// SO_PEERCRED of unix(7): the credentials at the time of connect(2), filled in by the kernel.
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct ctl_conn *slot;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || len != sizeof(peer)) {
		close(fd);
		return;
	}
	s->stats.accepted++;
	if (!mst_ctl_peer_allowed(peer.uid, s->own_uid)) {
		refuse(s, fd, &peer);
		close(fd);
		return;
	}
	slot = free_slot(s);
	if (slot == NULL) {
		s->stats.busy++;
		ctl_conn_turn_away(fd, CTL_BUSY, "too many clients; try again");
		close(fd);
		return;
	}
	ctl_conn_open(slot, fd);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct mst_ctl_server *s = arg;

	(void)fd;
	(void)what;
	if (event_add(s->accept_ev, NULL) < 0)
		MST_LOG(ERROR, "ctl", "the control socket accepts no more clients");
}

static void
on_caller(evutil_socket_t listen_fd, short what, void *arg)
{
	struct mst_ctl_server *s = arg;
	const struct timeval pause = {.tv_sec = RESUME_S};

	(void)what;
	for (unsigned int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			welcome(s, fd);
			continue;
		}
		// The caller stays in the backlog when descriptors or memory are out: asking again at once
		// would spin.
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			s->stats.put_off++;
			MST_LOG(WARNING, "ctl", "cannot accept, again in %d s: out of descriptors or memory",
				RESUME_S);
			if (evtimer_add(s->resume_ev, &pause) == 0)
				event_del(s->accept_ev);
		}
		return;
	}
}

int
mst_ctl_server_create(struct mst_ctl_server **out, struct event_base *base, const char *path,
	mst_ctl_handler_fn *handler, void *arg)
{
	struct mst_ctl_server *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->base = base;
	s->handler = handler;
	s->arg = arg;
	s->own_uid = geteuid();
	s->request_ms = REQUEST_MS;
	s->reply_ms = REPLY_MS;
	for (size_t i = 0; i < MST_CTL_CLIENTS; i++) {
		s->conns[i].server = s;
		s->conns[i].fd = -1;
	}
	rc = ctl_listener_open(&s->listener, path);
	if (rc < 0)
		goto err_alloc;
	rc = -ENOMEM;
	s->accept_ev = event_new(base, s->listener.fd, EV_READ | EV_PERSIST, on_caller, s);
	if (s->accept_ev == NULL)
		goto err_listener;
	s->resume_ev = evtimer_new(base, on_resume, s);
	if (s->resume_ev == NULL)
		goto err_accept;
	if (event_add(s->accept_ev, NULL) < 0)
		goto err_resume;
	*out = s;
	return 0;

err_resume:
	event_free(s->resume_ev);
err_accept:
	event_free(s->accept_ev);
err_listener:
	ctl_listener_close(&s->listener);
err_alloc:
	free(s);
	return rc;
}

void
mst_ctl_server_destroy(struct mst_ctl_server *server)
{
	if (server == NULL)
		return;
	for (size_t i = 0; i < MST_CTL_CLIENTS; i++) {
		if (server->conns[i].fd >= 0)
			ctl_conn_close(&server->conns[i]);
	}
	event_free(server->accept_ev);
	event_free(server->resume_ev);
	ctl_listener_close(&server->listener);
	free(server);
}

void
mst_ctl_server_stats(const struct mst_ctl_server *server, struct mst_ctl_stats *out)
{
	*out = server->stats;
}
