// The client end of the control socket: one blocking call with one deadline. mst-cli, not the gateway.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl.h"

#define BACKLOG_RETRY_MS 20

static int
left_ms(uint64_t deadline_ns)
{
	uint64_t now = mst_now_ns();

	return now >= deadline_ns ? 0 : (int)((deadline_ns - now + MST_NS_PER_MS - 1) / MST_NS_PER_MS);
}

static int
wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = events};
	int rc = poll(&p, 1, left_ms(deadline_ns));

	if (rc < 0)
		return errno == EINTR ? 0 : -errno;
	return rc == 0 ? -ETIMEDOUT : 0;
}

static int
connect_to(const char *path, uint64_t deadline_ns, int *out)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;
	int rc;

	if (path[0] == '\0' || strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	while (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		rc = -errno;
		// unix(7): a full backlog gives EAGAIN, and nothing to poll for.
		if (rc != -EAGAIN && rc != -EINTR)
			goto err;
		rc = -ETIMEDOUT;
		if (left_ms(deadline_ns) == 0)
			goto err;
		poll(NULL, 0, BACKLOG_RETRY_MS);
	}
	*out = fd;
	return 0;

err:
	close(fd);
	// No file, or a file without a listener: to the operator the same thing.
	return rc == -ENOENT || rc == -ENOTDIR ? -ECONNREFUSED : rc;
}

static int
send_all(int fd, const struct ctl_buf *frame, uint64_t deadline_ns)
{
	size_t sent = 0;

	while (sent < frame->len) {
		ssize_t n = send(fd, frame->data + sent, frame->len - sent, MSG_NOSIGNAL);

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		// A server that refuses us says why and closes: the reason is there to be read.
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		MST_TRY(wait_for(fd, POLLOUT, deadline_ns));
	}
	return 0;
}

static int
recv_exactly(int fd, uint8_t *buf, size_t len, uint64_t deadline_ns)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(fd, buf + got, len - got, 0);

		if (n == 0)
			return -ECONNRESET;
		if (n > 0) {
			got += (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		MST_TRY(wait_for(fd, POLLIN, deadline_ns));
	}
	return 0;
}

static int
recv_reply(int fd, uint64_t deadline_ns, struct ctl_buf *out)
{
	uint8_t head[CTL_HEAD_BYTES];
	struct mst_rd r;
	uint32_t len;
	int rc;

	MST_TRY(recv_exactly(fd, head, sizeof(head), deadline_ns));
	r = mst_rd_init(head, sizeof(head));
	len = mst_rd_u32(&r);
	if (len > MST_CTL_REPLY_BYTES)
		return -EMSGSIZE;
	out->data = malloc(sizeof(head) + len);
	if (out->data == NULL)
		return -ENOMEM;
	memcpy(out->data, head, sizeof(head));
	out->len = sizeof(head) + len;
	rc = recv_exactly(fd, out->data + sizeof(head), len, deadline_ns);
	if (rc < 0)
		ctl_buf_fini(out);
	return rc;
}

static int
exchange(const char *path, const struct ctl_buf *request, uint64_t deadline_ns, struct ctl_buf *reply)
{
	int fd = -1;
	int rc;

	MST_TRY(connect_to(path, deadline_ns, &fd));
	rc = send_all(fd, request, deadline_ns);
	if (rc == 0)
		rc = recv_reply(fd, deadline_ns, reply);
	close(fd);
	return rc;
}

static const char *
call_fault(int rc)
{
	switch (rc) {
	case -ECONNREFUSED:
		return "mst-gateway is not running: nobody answers there";
	case -EACCES:
		return "not permitted: only root and the gateway's own user may use this socket";
	case -ETIMEDOUT:
		return "mst-gateway did not answer in time";
	case -ECONNRESET:
	case -EPIPE:
		return "mst-gateway closed the connection without an answer";
	case -EMSGSIZE:
		return "the answer is not of this protocol";
	default:
		return strerror(-rc);
	}
}

int
mst_ctl_call(const char *path, const char *const *argv, unsigned int timeout_ms, json_t **data, char *err,
	size_t err_cap)
{
	uint64_t deadline_ns = mst_now_ns() + timeout_ms * MST_NS_PER_MS;
	struct ctl_buf request = {0};
	struct ctl_buf reply = {0};
	int rc;

	rc = ctl_request_build(argv, &request);
	if (rc < 0) {
		snprintf(err, err_cap, "%s",
			rc == -E2BIG ? "the command is too long" : "the command is not UTF-8");
		return rc == -E2BIG ? -EINVAL : rc;
	}
	rc = exchange(path, &request, deadline_ns, &reply);
	if (rc < 0)
		snprintf(err, err_cap, "%s: %s", path, call_fault(rc));
	else
		rc = mst_ctl_reply_parse(reply.data, reply.len, data, err, err_cap);
	ctl_buf_fini(&request);
	ctl_buf_fini(&reply);
	return rc == -EAGAIN || rc == -EMSGSIZE ? -EPROTO : rc;
}
