// The bottom of a TLS connection: bytes to and from a non-blocking socket, or a pipe in memory that answers like
// one. libssl's own socket BIO uses write(2), which raises SIGPIPE when the device is gone, and makes a system call
// of each record. Control lcore.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>

#include "tls_private.h"

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method; // one for the life of the process

static bool
is_want(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static ssize_t
pipe_send(struct mst_tls_pipe *p, const void *data, size_t len)
{
	size_t room = p->out_cap - p->out_len;
	size_t n = len < room ? len : room;

	memcpy(p->out + p->out_len, data, n);
	p->out_len += n;
	errno = EAGAIN;
	return n != 0 ? (ssize_t)n : -1;
}

static ssize_t
pipe_receive(struct mst_tls_pipe *p, void *data, size_t room)
{
	size_t n = p->in_len < room ? p->in_len : room;

	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(data, p->in, n);
	p->in += n;
	p->in_len -= n;
	return (ssize_t)n;
}

// How many of the bytes are gone, or -errno; -EAGAIN for every want.
static ssize_t
give(struct tls_socket *sock, const void *data, size_t len)
{
	ssize_t n = sock->pipe != NULL ? pipe_send(sock->pipe, data, len)
				       : send(sock->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0)
		return n;
	return is_want(errno) ? -EAGAIN : -errno;
}

// All of it or, where the cork is full and the socket too, nothing.
static ssize_t
gather(struct tls_socket *sock, const void *data, size_t len)
{
	struct mst_tls_cork *c = sock->cork;

	if (len > sizeof(c->bytes) - c->len) {
		ssize_t n = give(sock, c->bytes, c->len);

		if (n < 0)
			return n;
		c->len -= (size_t)n;
		memmove(c->bytes, c->bytes + n, c->len);
		if (len > sizeof(c->bytes) - c->len)
			return -EAGAIN;
	}
	memcpy(c->bytes + c->len, data, len);
	c->len += len;
	return (ssize_t)len;
}

int
tls_socket_uncork(struct tls_socket *sock)
{
	struct mst_tls_cork *c = sock->cork;
	ssize_t n = c->len != 0 ? give(sock, c->bytes, c->len) : 0;
	size_t left = c->len - (n > 0 ? (size_t)n : 0);

	sock->cork = NULL;
	if (n < 0 && n != -EAGAIN)
		return (int)n;
	if (left == 0)
		return 0;
	sock->rest = malloc(sizeof(*sock->rest) + left);
	if (sock->rest == NULL)
		return -ENOMEM;
	sock->rest->len = left;
	sock->rest->off = 0;
	memcpy(sock->rest->bytes, c->bytes + c->len - left, left);
	return -EAGAIN;
}

int
tls_socket_flush(struct tls_socket *sock)
{
	struct tls_rest *r = sock->rest;
	ssize_t n;

	if (r == NULL)
		return 0;
	n = give(sock, r->bytes + r->off, r->len - r->off);
	if (n < 0)
		return (int)n;
	r->off += (size_t)n;
	if (r->off < r->len)
		return -EAGAIN;
	tls_socket_drop(sock);
	return 0;
}

void
tls_socket_drop(struct tls_socket *sock)
{
	free(sock->rest);
	sock->rest = NULL;
}

static int
sock_write(BIO *bio, const char *data, int len)
{
	struct tls_socket *sock = BIO_get_data(bio);
	ssize_t n = tls_socket_flush(sock);

	if (n == 0)
		n = sock->cork != NULL ? gather(sock, data, (size_t)len) : give(sock, data, (size_t)len);
	BIO_clear_retry_flags(bio);
	sock->err = 0;
	if (n >= 0)
		return (int)n;
	if (n == -EAGAIN)
		BIO_set_retry_write(bio);
	else
		sock->err = (int)-n;
	return -1;
}

// A ClientHello that announces more than a handshake may have: libssl makes room for all of it before any of it has come.
// The record header has 5 bytes, then type and length of the message (RFC 8446 4 and 5.1).
static bool
announces_too_much(struct tls_socket *sock, const char *data, size_t n)
{
	const uint8_t *h = sock->head;

	if (sock->n_head == TLS_HEAD_BYTES)
		return false;
	for (size_t i = 0; i < n && sock->n_head < TLS_HEAD_BYTES; i++)
		sock->head[sock->n_head++] = (uint8_t)data[i];
	return sock->n_head == TLS_HEAD_BYTES && h[0] == 22 &&
	       ((size_t)h[6] << 16 | (size_t)h[7] << 8 | h[8]) > MST_TLS_HANDSHAKE_BYTES;
}

static int
sock_read(BIO *bio, char *data, int cap)
{
	struct tls_socket *sock = BIO_get_data(bio);
	size_t room = (size_t)cap < sock->budget ? (size_t)cap : sock->budget;

	BIO_clear_retry_flags(bio);
	if (room == 0) {
		sock->err = EMSGSIZE;
		return -1;
	}
	sock->err = 0;
	ssize_t n = sock->pipe != NULL ? pipe_receive(sock->pipe, data, room)
				       : recv(sock->fd, data, room, MSG_DONTWAIT);
	if (n > 0 && announces_too_much(sock, data, (size_t)n)) {
		sock->err = EMSGSIZE;
		return -1;
	}
	if (n > 0) {
		sock->budget -= (size_t)n;
		return (int)n;
	}
	if (n == 0)
		sock->eof = true;
	else if (is_want(errno))
		BIO_set_retry_read(bio);
	else
		sock->err = errno;
	return n == 0 ? 0 : -1;
}

static long
sock_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	const struct tls_socket *sock = BIO_get_data(bio);

	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_EOF:
		return sock->eof ? 1 : 0;
	default:
		return 0;
	}
}

static void
make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mst socket");

	if (m != NULL && BIO_meth_set_write(m, sock_write) == 1 && BIO_meth_set_read(m, sock_read) == 1 &&
		BIO_meth_set_ctrl(m, sock_ctrl) == 1)
		method = m;
	else
		BIO_meth_free(m);
}

BIO *
tls_bio_socket(struct tls_socket *sock)
{
	if (CRYPTO_THREAD_run_once(&once, make_method) != 1 || method == NULL)
		return NULL;
	BIO *bio = BIO_new(method);
	if (bio != NULL) {
		BIO_set_data(bio, sock);
		BIO_set_init(bio, 1);
	}
	return bio;
}
