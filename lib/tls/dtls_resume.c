// The handshake of clients that know no PSK-NEGOTIATE: the client has made up a master secret and sent it over TLS, and both
// sides take up a DTLS session that there has never been (RFC 5246 7.3, abbreviated). Nothing but that one session can be
// taken up, and a full handshake cannot succeed: there is no certificate. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "dtls_private.h"

#define SUITES "AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256"

static SSL_SESSION *
make_session(SSL *ssl, const struct mst_tls_dtls *h)
{
	const uint8_t id[] = {(uint8_t)(h->resumed.suite >> 8), (uint8_t)h->resumed.suite};
	const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, id);
	SSL_SESSION *s = SSL_SESSION_new();

	if (s != NULL && cipher != NULL &&
		SSL_SESSION_set1_master_key(s, h->resumed.master, sizeof(h->resumed.master)) == 1 &&
		SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION) == 1 &&
		SSL_SESSION_set_cipher(s, cipher) == 1 &&
		SSL_SESSION_set1_id(s, h->resumed.session_id, sizeof(h->resumed.session_id)) == 1)
		return s; // since now and for the five minutes that a new one has
	SSL_SESSION_free(s);
	return NULL;
}

static SSL_SESSION *
give_session(SSL *ssl, const unsigned char *id, int len, int *copy)
{
	const struct mst_tls_dtls *h = SSL_get_app_data(ssl);

	*copy = 0;
	if (len != MST_TLS_SESSION_ID_BYTES ||
		!mst_ct_equal(id, h->resumed.session_id, sizeof(h->resumed.session_id)))
		return NULL;
	return make_session(ssl, h);
}

int
tls_dtls_legacy_create(SSL_CTX **out)
{
	SSL_CTX *c = SSL_CTX_new(DTLS_server_method());
	int rc = -ENOMEM;

	if (c != NULL)
		rc = tls_dtls_set_profile(c, SUITES);
	if (rc < 0) {
		SSL_CTX_free(c);
		return rc;
	}
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_get_cb(c, give_session);
	*out = c;
	return 0;
}

static bool
is_legacy(uint16_t suite)
{
	const struct mst_dtls_suite *s;

	for (size_t i = 0; (s = mst_dtls_legacy_suite_at(i)) != NULL; i++)
		if (s->id == suite)
			return true;
	return false;
}

int
mst_tls_dtls_create_resumed(struct mst_tls_dtls **out, const struct mst_tls_dtls_ctx *ctx,
	const struct mst_tls_dtls_resumed *r, uint16_t link_mtu)
{
	struct mst_tls_dtls *h;

	if (ctx->legacy == NULL || !is_legacy(r->suite))
		return -EINVAL;
	MST_TRY(tls_dtls_create_on(&h, ctx, ctx->legacy, link_mtu));
	h->resumed = *r;
	*out = h;
	return 0;
}
