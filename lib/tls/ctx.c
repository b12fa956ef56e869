// The TLS server context: one fixed profile, the operator's certificates. Control lcore.
#include <errno.h>
#include <stdlib.h>

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
	if (p->min_version != MST_TLS_1_2 && p->min_version != MST_TLS_1_3) {
		tls_text_set(err, err_cap, "TLS versions below 1.2 are not supported");
		return -EINVAL;
	}
	if (p->n_pairs >= 1 && p->n_pairs <= MST_TLS_PAIRS_MAX)
		return 0;
	tls_text_set(err, err_cap, "one or two certificates are needed");
	return -EINVAL;
}

static int
use_identity(SSL_CTX *c, const struct tls_identity *id, const char *file, char *err, size_t cap)
{
	char reason[128];

	if (SSL_CTX_use_cert_and_key(c, id->cert, id->key, id->chain, 1) == 1)
		return 0;
	tls_error_take(reason, sizeof(reason), "unknown reason");
	tls_text_set(err, cap, "the certificate in %s cannot be used: %s", file, reason);
	return -EINVAL;
}

// A device takes the certificate that it can check: two of one kind would never both be used.
static int
check_kinds(
	const struct mst_tls_ctx *ctx, const struct tls_identity *id, const char *file, char *err, size_t cap)
{
	for (size_t i = 0; i < ctx->n_pairs; i++) {
		if (EVP_PKEY_is_a(id->key, ctx->pairs[i].key_kind) != 1)
			continue;
		tls_text_set(
			err, cap, "the certificate in %s has the same kind of key as the one before", file);
		return -EINVAL;
	}
	return 0;
}

static int
add_pair(struct mst_tls_ctx *ctx, const struct mst_tls_params *p, const struct mst_tls_pair *pair,
	struct mst_str *warn, char *err, size_t err_cap)
{
	const char *file = tls_pair_file(pair);
	struct tls_pair *out = &ctx->pairs[ctx->n_pairs];
	struct tls_identity id;
	int rc;

	MST_TRY(tls_identity_load(&id, pair, err, err_cap));
	rc = check_kinds(ctx, &id, file, err, err_cap);
	if (rc == 0)
		rc = tls_identity_check(&id, file, p, err, err_cap);
	if (rc == 0)
		rc = use_identity(ctx->ssl_ctx, &id, file, err, err_cap);
	if (rc == 0)
		rc = tls_staple_init(ctx, &out->staple, &id);
	if (rc == 0) {
		tls_cert_describe(id.cert, &out->info);
		tls_text_set(out->key_kind, sizeof(out->key_kind), "%s", EVP_PKEY_get0_type_name(id.key));
		tls_text_set(out->info.file, sizeof(out->info.file), "%s", file);
		out->info.n_chain = (unsigned int)sk_X509_num(id.chain);
		tls_cert_warn(warn, &id, &out->info, pair, p->now_unix_s);
		ctx->n_pairs++;
	}
	tls_identity_fini(&id);
	return rc;
}

static int
fill(struct mst_tls_ctx *ctx, const struct mst_tls_params *p, char *err, size_t err_cap)
{
	struct mst_str warn = mst_str_init(ctx->warnings, sizeof(ctx->warnings));
	int rc = set_profile(ctx->ssl_ctx, p->min_version);

	if (rc < 0) {
		tls_error_take(err, err_cap, "libssl refuses the TLS profile");
		return rc;
	}
	for (size_t i = 0; i < p->n_pairs; i++)
		MST_TRY(add_pair(ctx, p, &p->pairs[i], &warn, err, err_cap));
	return p->clients != NULL ? tls_clients_setup(ctx->ssl_ctx, p->clients, err, err_cap) : 0;
}

int
mst_tls_ctx_create(struct mst_tls_ctx **out, const struct mst_tls_params *p, char *err, size_t err_cap)
{
	struct mst_tls_ctx *ctx;
	int rc = -ENOMEM;

	tls_text_set(err, err_cap, "%s", "");
	MST_TRY(check_params(p, err, err_cap));
	ERR_clear_error();
	ctx = calloc(1, sizeof(*ctx));
	if (ctx != NULL) {
		ctx->refs = 1;
		ctx->ssl_ctx = SSL_CTX_new(TLS_server_method());
	}
	if (ctx != NULL && ctx->ssl_ctx != NULL)
		rc = fill(ctx, p, err, err_cap);
	if (rc == -ENOMEM)
		tls_text_set(err, err_cap, "not enough memory for TLS");
	ERR_clear_error();
	if (rc < 0) {
		mst_tls_ctx_put(ctx);
		return rc;
	}
	*out = ctx;
	return 0;
}

void
mst_tls_ctx_put(struct mst_tls_ctx *ctx)
{
	if (ctx == NULL || --ctx->refs > 0)
		return;
	// Each SSL holds a reference of its own to what it needs after its handshake.
	SSL_CTX_free(ctx->ssl_ctx);
	for (size_t i = 0; i < MST_ARRAY_SIZE(ctx->pairs); i++)
		tls_staple_fini(&ctx->pairs[i].staple);
	tls_hosts_fini(ctx);
	free(ctx);
}

enum mst_tls_peer
tls_ctx_asks(const struct mst_tls_ctx *ctx)
{
	return SSL_CTX_get_verify_mode(ctx->ssl_ctx) == SSL_VERIFY_NONE ? MST_TLS_PEER_NOT_ASKED
									: MST_TLS_PEER_NONE;
}

const char *
mst_tls_ctx_warnings(const struct mst_tls_ctx *ctx)
{
	return ctx->warnings;
}

size_t
mst_tls_ctx_pairs(const struct mst_tls_ctx *ctx)
{
	return ctx->n_pairs;
}

void
mst_tls_ctx_info(const struct mst_tls_ctx *ctx, size_t i, int64_t now_unix_s, struct mst_tls_cert_info *out)
{
	MST_ASSERT(i < ctx->n_pairs);
	*out = ctx->pairs[i].info;
	int64_t left_s = out->not_after_unix_s - now_unix_s;
	// Rounded down: a certificate that ended an hour ago has -1 days left.
	out->days_left = left_s >= 0 ? left_s / TLS_DAY_S : -((-left_s + TLS_DAY_S - 1) / TLS_DAY_S);
}
