// libssl as the client of many connections: one context, lean objects, whole records in and out. Main lcore.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "lg.h"

static char error[160];

// The first reason of the queue, kept for the report's log; the queue is empty afterwards.
static void
take_error(const char *fallback)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	snprintf(error, sizeof(error), "%s", reason != NULL ? reason : fallback);
	ERR_clear_error();
}

const char *
lg_tls_error(void)
{
	return error;
}

// The chain up to the CA and the address of the gateway in the certificate.
static int
verify_by_ca(struct lg *lg, SSL_CTX *c, char *err, size_t err_cap)
{
	char address[MST_IP_TEXT_BYTES];

	mst_ip_format(&lg->o->gateway, address);
	if (SSL_CTX_load_verify_file(c, lg->o->ca_file) != 1 ||
		X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(c), address) != 1) {
		take_error("cannot be read");
		snprintf(err, err_cap, "--ca %s: %s", lg->o->ca_file, error);
		return -EINVAL;
	}
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	return 0;
}

int
lg_tls_create(struct lg *lg, char *err, size_t err_cap)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	if (c == NULL) {
		snprintf(err, err_cap, "not enough memory for TLS");
		return -ENOMEM;
	}
	lg->tls_ctx = c;
	// A device of 64,000 that is idle holds no buffers and no session to resume.
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_clear_mode(c, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1) {
		snprintf(err, err_cap, "libssl refuses TLS 1.2");
		return -EIO;
	}
	return lg->o->ca_file != NULL ? verify_by_ca(lg, c, err, err_cap) : 0;
}

void
lg_tls_destroy(struct lg *lg)
{
	SSL_CTX_free(lg->tls_ctx);
	lg->tls_ctx = NULL;
}

int
lg_tls_open(struct lg *lg, struct lg_device *d)
{
	ERR_clear_error();
	d->tls = SSL_new(lg->tls_ctx);
	if (d->tls == NULL || SSL_set_fd(d->tls, d->fd) != 1) {
		lg_tls_close(d, false);
		ERR_clear_error();
		return -ENOMEM;
	}
	SSL_set_connect_state(d->tls);
	return 0;
}

// The result of one libssl call that returned ret.
static enum lg_tls_result
settle(SSL *tls, int ret)
{
	int code = SSL_get_error(tls, ret);

	switch (code) {
	case SSL_ERROR_NONE:
		return LG_TLS_OK;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return LG_TLS_WAIT;
	case SSL_ERROR_ZERO_RETURN:
		return LG_TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		ERR_clear_error();
		return LG_TLS_CLOSED;
	default:
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
			ERR_clear_error();
			return LG_TLS_CLOSED;
		}
		take_error("libssl gave no reason");
		return LG_TLS_FAILED;
	}
}

enum lg_tls_result
lg_tls_handshake(struct lg_device *d)
{
	ERR_clear_error();
	return settle(d->tls, SSL_do_handshake(d->tls));
}

bool
lg_tls_is_expected(const struct lg *lg, const struct lg_device *d)
{
	uint8_t digest[LG_PIN_BYTES], *spki = NULL;
	const X509 *cert = SSL_get0_peer_certificate(d->tls);
	int len;

	if (!lg->o->has_pin)
		return true; // by the CA, which libssl has checked; options demand one of the two
	len = cert == NULL ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &spki);
	if (len <= 0)
		return false;
	bool ok = EVP_Digest(spki, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1 &&
		  memcmp(digest, lg->o->pin, sizeof(digest)) == 0;
	OPENSSL_free(spki);
	return ok;
}

enum lg_tls_result
lg_tls_read(struct lg_device *d, uint8_t *buf, size_t cap, size_t *len)
{
	ERR_clear_error();
	return settle(d->tls, SSL_read_ex(d->tls, buf, cap, len));
}

static void
drop_held(struct lg_device *d)
{
	if (d->held != NULL)
		mst_wipe(d->held, d->held_len);
	free(d->held);
	d->held = NULL;
}

enum lg_tls_result
lg_tls_flush(struct lg_device *d)
{
	enum lg_tls_result r;
	size_t done;

	if (d->held == NULL)
		return LG_TLS_OK;
	ERR_clear_error();
	r = settle(d->tls, SSL_write_ex(d->tls, d->held, d->held_len, &done));
	if (r == LG_TLS_OK)
		drop_held(d);
	return r;
}

// libssl wants the same bytes again when a write could not finish: they are kept, and one at a time.
enum lg_tls_result
lg_tls_write(struct lg_device *d, const uint8_t *buf, size_t len)
{
	enum lg_tls_result r = lg_tls_flush(d);
	size_t done;

	if (r != LG_TLS_OK)
		return r;
	ERR_clear_error();
	r = settle(d->tls, SSL_write_ex(d->tls, buf, len, &done));
	if (r != LG_TLS_WAIT)
		return r;
	d->held = malloc(len);
	if (d->held == NULL)
		return LG_TLS_FAILED;
	memcpy(d->held, buf, len);
	d->held_len = (uint32_t)len;
	return LG_TLS_OK;
}

void
lg_tls_close(struct lg_device *d, bool politely)
{
	if (d->tls != NULL && politely && d->held == NULL && SSL_is_init_finished(d->tls))
		(void)SSL_shutdown(d->tls);
	drop_held(d);
	SSL_free(d->tls);
	d->tls = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	ERR_clear_error();
}
