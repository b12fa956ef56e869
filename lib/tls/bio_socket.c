// The bottom of a TLS connection: bytes to and from a non-blocking socket. libssl's own socket BIO uses
// write(2), which raises SIGPIPE when the device is gone. Control lcore.
#include <errno.h>
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

static int
sock_write(BIO *bio, const char *data, int len)
{
	struct tls_socket *sock = BIO_get_data(bio);
	ssize_t n = send(sock->fd, data, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);

	BIO_clear_retry_flags(bio);
	sock->err = 0;
	if (n >= 0)
		return (int)n;
	if (is_want(errno))
		BIO_set_retry_write(bio);
	else
		sock->err = errno;
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
	ssize_t n = recv(sock->fd, data, room, MSG_DONTWAIT);
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
