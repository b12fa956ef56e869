// One client of the control socket: reads one request, has it done, writes the reply, closes. Control lcore.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "ctl.h"

void
ctl_conn_close(struct ctl_conn *c)
{
	if (c->io != NULL)
		event_free(c->io);
	if (c->timer != NULL)
		event_free(c->timer);
	ctl_buf_fini(&c->out);
	close(c->fd);
	c->io = NULL;
	c->timer = NULL;
	c->in_len = 0;
	c->sent = 0;
	c->fd = -1;
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_conn *c = arg;

	(void)fd;
	(void)what;
	c->server->stats.timeouts++;
	ctl_conn_close(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_conn *c = arg;
	ssize_t n;

	(void)what;
	n = send(fd, c->out.data + c->sent, c->out.len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->sent += (size_t)n;
	if (n < 0 || c->sent == c->out.len)
		ctl_conn_close(c);
}

// Watches fd for what, with a time limit that starts now and that no progress extends.
static int
watch(struct ctl_conn *c, short what, event_callback_fn cb, unsigned int limit_ms)
{
	struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (limit_ms % 1000) * 1000};
	struct event *io = event_new(c->server->base, c->fd, (short)(what | EV_PERSIST), cb, c);

	if (io == NULL)
		return -ENOMEM;
	if (c->io != NULL)
		event_free(c->io);
	c->io = io;
	return event_add(c->io, NULL) < 0 || evtimer_add(c->timer, &limit) < 0 ? -ENOMEM : 0;
}

// c->out holds the reply: the first bytes leave at once, so that "server stop" is answered before the loop
// ends.
static void
start_reply(struct ctl_conn *c)
{
	if (watch(c, EV_WRITE, on_writable, c->server->reply_ms) < 0) {
		ctl_conn_close(c);
		return;
	}
	on_writable(c->fd, EV_WRITE, c);
}

static int
do_command(struct ctl_conn *c, const struct mst_ctl_request *req)
{
	struct mst_ctl_server *s = c->server;
	char err[MST_CTL_ERR_BYTES] = "";
	json_t *data = NULL;
	int rc;

	s->stats.requests++;
	rc = s->handler(s->arg, req->command->id, req->args, req->n_args, &data, err, sizeof(err));
	if (rc < 0) {
		s->stats.failed++;
		json_decref(data);
		return ctl_fault_build(CTL_FAILED, err[0] != '\0' ? err : strerror(-rc), &c->out);
	}
	rc = ctl_reply_build(data, &c->out);
	if (rc == -E2BIG) {
		s->stats.too_large++;
		return ctl_fault_build(CTL_TOO_LARGE, "the answer is too large; ask for less", &c->out);
	}
	return rc;
}

static void
on_request(struct ctl_conn *c)
{
	struct mst_ctl_request req;
	char err[MST_CTL_ERR_BYTES] = "";
	int rc;

	rc = mst_ctl_request_parse(c->in, c->in_len, &req, err, sizeof(err));
	if (rc == -EAGAIN)
		return;
	if (rc < 0) {
		c->server->stats.bad_requests++;
		rc = ctl_fault_build(CTL_USAGE, err, &c->out);
	} else {
		rc = do_command(c, &req);
		mst_ctl_request_fini(&req);
	}
	if (rc < 0)
		ctl_conn_close(c);
	else
		start_reply(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_conn *c = arg;
	ssize_t n;

	(void)what;
	// The buffer cannot be full here: a frame that fills it is whole, one that would overfill it has been
	// refused.
	n = recv(fd, c->in + c->in_len, sizeof(c->in) - c->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		ctl_conn_close(c);
		return;
	}
	c->in_len += (size_t)n;
	on_request(c);
}

void
ctl_conn_open(struct ctl_conn *c, int fd)
{
	c->fd = fd;
	c->timer = evtimer_new(c->server->base, on_timeout, c);
	if (c->timer == NULL || watch(c, EV_READ, on_readable, c->server->request_ms) < 0)
		ctl_conn_close(c);
}

void
ctl_conn_turn_away(int fd, enum ctl_fault fault, const char *text)
{
	struct ctl_buf out = {0};

	// A fresh socket takes these few bytes whole; if it does not, the peer sees the close.
	if (ctl_fault_build(fault, text, &out) == 0)
		(void)!send(fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	ctl_buf_fini(&out);
}
