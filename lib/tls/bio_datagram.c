// The bottom of a DTLS handshake: one read is one datagram, one write is one datagram, both in memory.
// libssl 3.0's own memory BIO is a byte stream. Control lcore.
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>

#include "tls_private.h"

#define OVERHEAD_BYTES 48	// IPv6 40 and UDP 8: the larger of the two families
#define FALLBACK_MTU_BYTES 1232 // what IPv6 carries everywhere: 1280 - 48

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method; // one for the life of the process

// What finds no room is lost, as on the wire; the retransmission timer makes up for it.
static int
dgram_write(BIO *bio, const char *data, int len)
{
	struct tls_datagrams *d = BIO_get_data(bio);
	size_t n = (size_t)len;

	BIO_clear_retry_flags(bio);
	if (len <= 0)
		return -1;
	if (d->n_out == MST_TLS_DTLS_OUT_DATAGRAMS || n > MST_TLS_DTLS_DATAGRAM_BYTES ||
		n > sizeof(d->out) - d->out_bytes)
		return len;
	memcpy(d->out + d->out_bytes, data, n);
	d->out_bytes += n;
	d->out_len[d->n_out++] = (uint16_t)n;
	return len;
}

static int
dgram_read(BIO *bio, char *data, int cap)
{
	struct tls_datagrams *d = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (d->in == NULL || cap <= 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	// As recv(2) does: what does not fit into the buffer is gone.
	size_t n = d->in_len < (size_t)cap ? d->in_len : (size_t)cap;
	memcpy(data, d->in, n);
	d->in = NULL;
	return (int)n;
}

static long
dgram_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return OVERHEAD_BYTES;
	case BIO_CTRL_DGRAM_QUERY_MTU:
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
		return FALLBACK_MTU_BYTES;
	default:
		// Among them SET_NEXT_TIMEOUT: reads never wait, the caller drives the timer.
		return 0;
	}
}

static void
make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mst datagram");

	if (m != NULL && BIO_meth_set_write(m, dgram_write) == 1 && BIO_meth_set_read(m, dgram_read) == 1 &&
		BIO_meth_set_ctrl(m, dgram_ctrl) == 1)
		method = m;
	else
		BIO_meth_free(m);
}

BIO *
tls_bio_datagram(struct tls_datagrams *d)
{
	if (CRYPTO_THREAD_run_once(&once, make_method) != 1 || method == NULL)
		return NULL;
	BIO *bio = BIO_new(method);
	if (bio != NULL) {
		BIO_set_data(bio, d);
		BIO_set_init(bio, 1);
	}
	return bio;
}
