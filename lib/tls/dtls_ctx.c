// What all DTLS handshakes share: DTLS 1.2, PSK, the AEAD suites of the record layer, nothing that resumes.
// Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "dtls_private.h"

#define RETRANSMIT_DEFAULT_MS 500
#define RETRANSMIT_MIN_MS 20 // libssl takes what is left below 15 ms for nothing
#define RETRANSMIT_MAX_MS 4000
#define SUITES_MAX 8
#define SECURITY_LEVEL 2
// A write buffer of this size a handshake instead of 17 KiB; our largest message is a ServerHello of 100
// bytes.
#define SEND_FRAGMENT_BYTES 1024

static const struct mst_dtls_suite *
psk_suite(uint16_t id)
{
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++)
		if (mst_dtls_suite_at(i)->id == id)
			return mst_dtls_suite_at(i);
	return NULL;
}

static int
suite_list(const struct mst_tls_dtls_params *p, char *text, size_t cap)
{
	struct mst_str s = mst_str_init(text, cap);

	if (p->n_suites == 0 || p->n_suites > SUITES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < p->n_suites; i++) {
		const struct mst_dtls_suite *suite = psk_suite(p->suites[i]);

		if (suite == NULL)
			return -EINVAL;
		for (size_t j = 0; j < i; j++) {
			if (p->suites[j] == p->suites[i])
				return -EINVAL;
		}
		mst_str_fmt(&s, "%s%s", i > 0 ? ":" : "", suite->name);
	}
	return s.err ? -EINVAL : 0;
}

int
tls_dtls_set_profile(SSL_CTX *c, const char *suites)
{
	SSL_CTX_set_security_level(c, SECURITY_LEVEL);
	SSL_CTX_clear_options(c, SSL_OP_COOKIE_EXCHANGE | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
	// Our order counts: the first of the list is what workers seal fastest. The rest is protocol.md 4.4:
	// these clients offer an empty ticket extension and abort on what they did not ask for.
	SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
				       SSL_OP_NO_COMPRESSION | SSL_OP_NO_EXTENDED_MASTER_SECRET |
				       SSL_OP_NO_ENCRYPT_THEN_MAC | SSL_OP_NO_QUERY_MTU);
	// The session id of the ClientHello names a gateway session; it must never be taken for a resumption.
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_set_max_cert_list(c, MST_TLS_DTLS_MESSAGE_BYTES);
	tls_dtls_set_verify(c);
	if (SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION) != 1 ||
		SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION) != 1 ||
		SSL_CTX_set_max_send_fragment(c, SEND_FRAGMENT_BYTES) != 1 ||
		SSL_CTX_set_cipher_list(c, suites) != 1)
		return -EIO;
	return 0;
}

static uint32_t
first_timeout_ms(uint32_t wanted_ms)
{
	if (wanted_ms == 0)
		return RETRANSMIT_DEFAULT_MS;
	if (wanted_ms < RETRANSMIT_MIN_MS)
		return RETRANSMIT_MIN_MS;
	return wanted_ms < RETRANSMIT_MAX_MS ? wanted_ms : RETRANSMIT_MAX_MS;
}

int
mst_tls_dtls_ctx_create(struct mst_tls_dtls_ctx **out, const struct mst_tls_dtls_params *p)
{
	struct mst_tls_dtls_ctx *ctx = NULL;
	char suites[SUITES_MAX * 32];
	int rc = -ENOMEM;

	MST_TRY(suite_list(p, suites, sizeof(suites)));
	ctx = calloc(1, sizeof(*ctx));
	if (ctx == NULL)
		return -ENOMEM;
	ERR_clear_error();
	ctx->retransmit_us = 1000 * first_timeout_ms(p->retransmit_ms);
	ctx->prf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
	ctx->ssl_ctx = SSL_CTX_new(DTLS_server_method());
	if (ctx->prf == NULL || ctx->ssl_ctx == NULL)
		goto err;
	rc = tls_dtls_set_profile(ctx->ssl_ctx, suites);
	if (rc < 0)
		goto err;
	tls_dtls_set_callbacks(ctx->ssl_ctx);
	rc = p->legacy ? tls_dtls_legacy_create(&ctx->legacy) : 0;
	if (rc < 0)
		goto err;
	ERR_clear_error();
	*out = ctx;
	return 0;
err:
	mst_tls_dtls_ctx_put(ctx);
	ERR_clear_error();
	return rc;
}

void
mst_tls_dtls_ctx_put(struct mst_tls_dtls_ctx *ctx)
{
	if (ctx == NULL)
		return;
	SSL_CTX_free(ctx->ssl_ctx);
	SSL_CTX_free(ctx->legacy);
	EVP_KDF_free(ctx->prf);
	free(ctx);
}
