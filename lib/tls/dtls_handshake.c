// One DTLS 1.2 handshake: datagrams in, datagrams out, no socket. libssl is touched only until the
// client's Finished was verified; its own retransmissions after that would reuse our record numbers. Control
// lcore.
#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include <openssl/err.h>

#include "dtls_private.h"

#define RETRANSMIT_MAX_US 4000000
#define ENCRYPTED_RECORDS_MAX 6 // a Finished and its retransmissions; libssl keeps those that come too early
#define LINK_MTU_MIN_BYTES 576	// RFC 791

static void
use_no_psk_again(struct mst_tls_dtls *h)
{
	h->psk_used = true;
	mst_wipe(h->psk, sizeof(h->psk));
	mst_wipe(h->resumed.master, sizeof(h->resumed.master));
}

// The identity is the constant "psk" and says nothing: the session id of the ClientHello chose the session.
static unsigned int
give_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned int cap)
{
	struct mst_tls_dtls *h = SSL_get_app_data(ssl);

	(void)identity;
	if (h->psk_used || cap < MST_TLS_PSK_BYTES)
		return 0;
	memcpy(psk, h->psk, MST_TLS_PSK_BYTES);
	use_no_psk_again(h);
	return MST_TLS_PSK_BYTES;
}

// RFC 6347 4.2.4.1: double after each timeout. last_us is 0 for the first.
static unsigned int
next_timeout(SSL *ssl, unsigned int last_us)
{
	const struct mst_tls_dtls *h = SSL_get_app_data(ssl);

	if (last_us == 0)
		return h->retransmit_us;
	return last_us < RETRANSMIT_MAX_US / 2 ? 2 * last_us : RETRANSMIT_MAX_US;
}

void
tls_dtls_set_callbacks(SSL_CTX *c)
{
	SSL_CTX_set_psk_server_callback(c, give_psk);
}

int
tls_dtls_create_on(
	struct mst_tls_dtls **out, const struct mst_tls_dtls_ctx *ctx, SSL_CTX *ssl_ctx, uint16_t link_mtu)
{
	struct mst_tls_dtls *h = NULL;
	BIO *bio = NULL;

	if (link_mtu < LINK_MTU_MIN_BYTES)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return -ENOMEM;
	h->retransmit_us = ctx->retransmit_us;
	h->ssl = SSL_new(ssl_ctx);
	bio = tls_bio_datagram(&h->io);
	if (h->ssl == NULL || bio == NULL || EVP_KDF_up_ref(ctx->prf) != 1)
		goto err;
	h->prf = ctx->prf;
	SSL_set_app_data(h->ssl, h);
	SSL_set_bio(h->ssl, bio, bio);
	SSL_set_accept_state(h->ssl);
	DTLS_set_link_mtu(h->ssl, link_mtu);
	DTLS_set_timer_cb(h->ssl, next_timeout);
	ERR_clear_error();
	*out = h;
	return 0;
err:
	BIO_free(bio);
	SSL_free(h->ssl);
	free(h);
	ERR_clear_error();
	return -ENOMEM;
}

int
mst_tls_dtls_create(struct mst_tls_dtls **out, const struct mst_tls_dtls_ctx *ctx,
	const uint8_t psk[MST_TLS_PSK_BYTES], uint16_t link_mtu)
{
	struct mst_tls_dtls *h;

	MST_TRY(tls_dtls_create_on(&h, ctx, ctx->ssl_ctx, link_mtu));
	memcpy(h->psk, psk, sizeof(h->psk));
	*out = h;
	return 0;
}

void
mst_tls_dtls_destroy(struct mst_tls_dtls *h)
{
	if (h == NULL)
		return;
	// No close_notify: libssl would number it with its own counter.
	SSL_free(h->ssl);
	EVP_KDF_free(h->prf);
	mst_wipe(h, sizeof(*h));
	free(h);
	ERR_clear_error();
}

static enum mst_tls_dtls_state
fail(struct mst_tls_dtls *h, const char *why)
{
	h->state = MST_TLS_DTLS_FAILED;
	tls_error_take(h->error, sizeof(h->error), why);
	use_no_psk_again(h);
	return h->state;
}

static void
clear_output(struct mst_tls_dtls *h)
{
	h->io.n_out = 0;
	h->io.n_sent = 0;
	h->io.out_bytes = 0;
}

static enum mst_tls_dtls_state
advance(struct mst_tls_dtls *h)
{
	ERR_clear_error();
	if (!tls_dtls_begin(h))
		return fail(h, "libssl does not take the hello that answers ours");
	int ret = SSL_do_handshake(h->ssl);

	if (ret == 1) {
		h->state = MST_TLS_DTLS_DONE;
		tls_name_format_dtls(h->ssl, h->cipher, sizeof(h->cipher));
		use_no_psk_again(h);
	} else if (SSL_get_error(h->ssl, ret) != SSL_ERROR_WANT_READ) {
		return fail(h, "libssl gave no reason");
	}
	ERR_clear_error();
	return h->state;
}

enum mst_tls_dtls_state
mst_tls_dtls_feed(struct mst_tls_dtls *h, const void *datagram, size_t len)
{
	struct tls_flight flight;

	if (h->state != MST_TLS_DTLS_IN_PROGRESS)
		return h->state;
	clear_output(h);
	if (tls_flight_parse(datagram, len, &flight) < 0)
		return h->state;
	if (h->n_in == MST_TLS_DTLS_IN_DATAGRAMS)
		return fail(h, "too many datagrams for one handshake");
	h->n_in++;
	if (h->n_encrypted + flight.n_encrypted > ENCRYPTED_RECORDS_MAX)
		return h->state;
	h->n_encrypted = (uint8_t)(h->n_encrypted + flight.n_encrypted);
	h->io.in = datagram;
	h->io.in_len = len;
	enum mst_tls_dtls_state state = advance(h);
	h->io.in = NULL;
	return state;
}

enum mst_tls_dtls_state
mst_tls_dtls_tick(struct mst_tls_dtls *h)
{
	if (h->state != MST_TLS_DTLS_IN_PROGRESS)
		return h->state;
	clear_output(h);
	if (mst_tls_dtls_timeout_ns(h) != 0)
		return h->state;
	if (h->n_retransmissions == MST_TLS_DTLS_RETRANSMISSIONS)
		return fail(h, "the client does not answer, or has another key");
	h->n_retransmissions++;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(h->ssl) < 0)
		return fail(h, "retransmission failed");
	ERR_clear_error();
	return h->state;
}

uint64_t
mst_tls_dtls_timeout_ns(struct mst_tls_dtls *h)
{
	struct timeval tv = {0};

	if (h->state != MST_TLS_DTLS_IN_PROGRESS || DTLSv1_get_timeout(h->ssl, &tv) != 1)
		return UINT64_MAX;
	return (uint64_t)tv.tv_sec * MST_NS_PER_S + (uint64_t)tv.tv_usec * 1000;
}

bool
mst_tls_dtls_output(struct mst_tls_dtls *h, const uint8_t **datagram, size_t *len)
{
	struct tls_datagrams *io = &h->io;
	size_t at = 0;

	if (io->n_sent == io->n_out)
		return false;
	for (size_t i = 0; i < io->n_sent; i++)
		at += io->out_len[i];
	*datagram = io->out + at;
	*len = io->out_len[io->n_sent++];
	return true;
}

const char *
mst_tls_dtls_cipher(const struct mst_tls_dtls *h)
{
	return h->cipher;
}

const char *
mst_tls_dtls_error(const struct mst_tls_dtls *h)
{
	return h->error;
}
