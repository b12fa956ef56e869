// The TLS server context: one fixed profile, the operator's certificate. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "tls_private.h"

// Mozilla "intermediate" 6.0: forward secret AEAD suites only; DHE and CBC are gone.
#define SUITES_1_2                                                                                           \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                         \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                         \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define SUITES_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#if OPENSSL_VERSION_NUMBER >= 0x30500000L
#define GROUPS "X25519MLKEM768:X25519:P-256:P-384"
#else
#define GROUPS "X25519:P-256:P-384"
#endif
// No SHA-1 anywhere, whatever the system's openssl.cnf allows.
#define SIGNATURES                                                                                           \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"       \
	"rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define SECURITY_LEVEL 2 // 112 bits

static int
set_profile(SSL_CTX *c, enum mst_tls_version min_version)
{
	char groups[] = GROUPS; // libssl's macros cast const away
	char signatures[] = SIGNATURES;

	SSL_CTX_set_security_level(c, SECURITY_LEVEL);
	// Devices choose the order by what their CPU does best: no server preference (Mozilla 6.0).
	SSL_CTX_clear_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
	// RFC 9325 3.3 and 3.5: no compression, no renegotiation. No tickets: these clients never resume.
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	// Buffers of an idle connection go back (two of 17 KiB each). Partial writes stay off: one write, one
	// record.
	SSL_CTX_clear_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE);
	// A record that waits is kept in a copy of ours, at another address.
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(c, 1);
	if (SSL_CTX_set_min_proto_version(c, min_version) != 1 || SSL_CTX_set_max_proto_version(c, 0) != 1 ||
		SSL_CTX_set_num_tickets(c, 0) != 1 || SSL_CTX_set_max_early_data(c, 0) != 1 ||
		SSL_CTX_set_cipher_list(c, SUITES_1_2) != 1 || SSL_CTX_set_ciphersuites(c, SUITES_1_3) != 1 ||
		SSL_CTX_set1_groups_list(c, groups) != 1 || SSL_CTX_set1_sigalgs_list(c, signatures) != 1)
		return -EIO;
	return 0;
}

static int
check_params(const struct mst_tls_params *p, char *err, size_t err_cap)
{
	if (p->min_version == MST_TLS_1_2 || p->min_version == MST_TLS_1_3)
		return 0;
	tls_text_set(err, err_cap, "TLS versions below 1.2 are not supported");
	return -EINVAL;
}

static int
use_identity(SSL_CTX *c, const struct tls_identity *id, const struct mst_tls_params *p, char *err, size_t cap)
{
	char reason[128];

	if (SSL_CTX_use_cert_and_key(c, id->cert, id->key, id->chain, 1) == 1)
		return 0;
	tls_error_take(reason, sizeof(reason), "unknown reason");
	tls_text_set(err, cap, "the certificate in %s cannot be used: %s", p->cert_file, reason);
	return -EINVAL;
}

int
mst_tls_ctx_create(struct mst_tls_ctx **out, const struct mst_tls_params *p, char *err, size_t err_cap)
{
	struct tls_identity id = {0};
	struct mst_tls_ctx *ctx = NULL;
	int rc;

	tls_text_set(err, err_cap, "%s", "");
	MST_TRY(check_params(p, err, err_cap));
	ERR_clear_error();
	MST_TRY(tls_identity_load(&id, p, err, err_cap));
	ctx = calloc(1, sizeof(*ctx));
	if (ctx != NULL)
		ctx->ssl_ctx = SSL_CTX_new(TLS_server_method());
	if (ctx == NULL || ctx->ssl_ctx == NULL) {
		rc = -ENOMEM;
		tls_text_set(err, err_cap, "not enough memory for TLS");
		goto err;
	}
	rc = set_profile(ctx->ssl_ctx, p->min_version);
	if (rc < 0) {
		tls_error_take(err, err_cap, "libssl refuses the TLS profile");
		goto err;
	}
	rc = use_identity(ctx->ssl_ctx, &id, p, err, err_cap);
	if (rc < 0)
		goto err;
	tls_cert_describe(id.cert, &ctx->info);
	tls_cert_warn(&ctx->info, p, p->now_unix_s, id.key_readable_by_others, ctx->warnings,
		sizeof(ctx->warnings));
	tls_identity_fini(&id);
	ERR_clear_error();
	*out = ctx;
	return 0;
err:
	mst_tls_ctx_put(ctx);
	tls_identity_fini(&id);
	ERR_clear_error();
	return rc;
}

void
mst_tls_ctx_put(struct mst_tls_ctx *ctx)
{
	if (ctx == NULL)
		return;
	// Each SSL holds a reference of its own.
	SSL_CTX_free(ctx->ssl_ctx);
	free(ctx);
}

const char *
mst_tls_ctx_warnings(const struct mst_tls_ctx *ctx)
{
	return ctx->warnings;
}

void
mst_tls_ctx_info(const struct mst_tls_ctx *ctx, int64_t now_unix_s, struct mst_tls_cert_info *out)
{
	int64_t left_s = ctx->info.not_after_unix_s - now_unix_s;

	*out = ctx->info;
	// Rounded down: a certificate that ended an hour ago has -1 days left.
	out->days_left = left_s >= 0 ? left_s / TLS_DAY_S : -((-left_s + TLS_DAY_S - 1) / TLS_DAY_S);
}
