// What the CA says of a certificate of ours, sent along with it (OCSP stapling, RFC 6066 8): taken only when it is the
// CA's own word, on this certificate, good and in time. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "mst_x509.h"

#include "tls_private.h"

// The certificate that libssl has chosen for this device is one of the context that its SSL has by now.
static int
on_status(SSL *ssl, void *arg)
{
	const struct mst_tls_ctx *ctx = arg;
	X509 *cert = SSL_get_certificate(ssl);
	int64_t now_unix_s = (int64_t)time(NULL);

	for (size_t i = 0; i < ctx->n_pairs; i++) {
		const struct tls_staple *s = &ctx->pairs[i].staple;
		uint8_t *copy;

		if (s->cert != cert || s->bytes == NULL || s->until_unix_s <= now_unix_s)
			continue;
		copy = OPENSSL_memdup(s->bytes, s->len);
		if (copy == NULL)
			break;
		SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)s->len); // libssl's from now on
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

static int
keep_der(X509 *cert, uint8_t **out, size_t *len)
{
	int n;

	*out = NULL;
	n = i2d_X509(cert, out);
	*len = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : -ENOMEM;
}

int
tls_staple_init(struct mst_tls_ctx *ctx, struct tls_staple *s, const struct tls_identity *id)
{
	// libssl has references to the same objects.
	*s = (struct tls_staple){.cert = id->cert,
		.offered = tls_cert_names_ocsp(id->cert),
		.listed = X509_get_ext_by_NID(id->cert, NID_crl_distribution_points, -1) >= 0};
	SSL_CTX_set_tlsext_status_cb(ctx->ssl_ctx, on_status);
	SSL_CTX_set_tlsext_status_arg(ctx->ssl_ctx, ctx);
	if (X509_up_ref(s->cert) != 1) {
		s->cert = NULL;
		return -ENOMEM;
	}
	MST_TRY(keep_der(id->cert, &s->cert_der, &s->cert_len));
	if (id->issuer == NULL)
		return 0;
	return keep_der(id->issuer, &s->issuer_der, &s->issuer_len);
}

void
tls_staple_fini(struct tls_staple *s)
{
	X509_free(s->cert);
	OPENSSL_free(s->cert_der);
	OPENSSL_free(s->issuer_der);
	free(s->bytes);
	*s = (struct tls_staple){0};
}

int
mst_tls_staple_question(const struct mst_tls_ctx *ctx, size_t i, struct mst_tls_staple_question *out)
{
	const struct tls_staple *s = &ctx->pairs[i].staple;

	MST_ASSERT(i < ctx->n_pairs);
	if (!s->offered && !s->listed)
		return -ENOENT;
	if (s->issuer_der == NULL)
		return -ENOKEY;
	*out = (struct mst_tls_staple_question){.cert = s->cert_der,
		.cert_len = s->cert_len,
		.issuer = s->issuer_der,
		.issuer_len = s->issuer_len,
		.ocsp = s->offered};
	return 0;
}

// Is it worth to be stapled? Why not, or NULL; *revoked only by a word that is in time.
static const char *
judge(const struct tls_staple *s, const uint8_t *der, size_t len, int64_t now_unix_s, int64_t *until_unix_s,
	bool *revoked)
{
	const struct mst_x509_ocsp o = {.cert = s->cert_der,
		.cert_len = s->cert_len,
		.issuer = s->issuer_der,
		.issuer_len = s->issuer_len,
		.response = der,
		.response_len = len};
	struct mst_x509_times times = {0};
	enum mst_x509_ocsp_verdict verdict;

	if (s->issuer_der == NULL)
		return "its issuer's certificate is not known";
	if (len > MST_TLS_STAPLE_BYTES)
		return "the OCSP response is too large";
	verdict = mst_x509_ocsp_judge(&o, now_unix_s, &times);
	if (verdict > MST_X509_OCSP_UNKNOWN)
		return mst_x509_ocsp_text(verdict);
	if (times.until == 0)
		return "the OCSP response does not say until when it is good";
	if (times.until <= now_unix_s)
		return "the OCSP response is out of date";
	*until_unix_s = times.until;
	*revoked = verdict == MST_X509_OCSP_REVOKED;
	return verdict == MST_X509_OCSP_GOOD ? NULL : mst_x509_ocsp_text(verdict);
}

static int
put(struct tls_staple *s, const uint8_t *der, size_t len, int64_t until_unix_s)
{
	uint8_t *copy = malloc(len);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, der, len);
	free(s->bytes);
	s->bytes = copy;
	s->len = len;
	s->until_unix_s = until_unix_s;
	return 0;
}

int
mst_tls_staple_put(struct mst_tls_ctx *ctx, size_t i, const uint8_t *der, size_t len, int64_t now_unix_s,
	char *err, size_t err_cap)
{
	struct tls_staple *s = &ctx->pairs[i].staple;
	int64_t until_unix_s = 0;
	bool revoked = false;
	const char *why;

	MST_ASSERT(i < ctx->n_pairs);
	why = judge(s, der, len, now_unix_s, &until_unix_s, &revoked);
	tls_text_set(err, err_cap, "%s", why != NULL ? why : "");
	if (why == NULL)
		return put(s, der, len, until_unix_s);
	if (!revoked)
		return -EINVAL;
	// What was good is not true any more.
	free(s->bytes);
	s->bytes = NULL;
	s->until_unix_s = 0;
	return -EKEYREVOKED;
}

void
mst_tls_staple_unlisted(struct mst_tls_ctx *ctx, size_t i, int64_t until_unix_s)
{
	MST_ASSERT(i < ctx->n_pairs);
	ctx->pairs[i].staple.until_unix_s = until_unix_s;
}

int64_t
mst_tls_staple_until(const struct mst_tls_ctx *ctx, size_t i)
{
	MST_ASSERT(i < ctx->n_pairs);
	return ctx->pairs[i].staple.until_unix_s;
}

static bool
same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a != NULL && b != NULL && a_len == b_len && mst_ct_equal(a, b, a_len);
}

static void
take(struct tls_staple *s, const struct mst_tls_ctx *old)
{
	for (size_t i = 0; i < old->n_pairs; i++) {
		const struct tls_staple *o = &old->pairs[i].staple;

		if (o->until_unix_s == 0 || !same(o->cert_der, o->cert_len, s->cert_der, s->cert_len) ||
			!same(o->issuer_der, o->issuer_len, s->issuer_der, s->issuer_len))
			continue;
		if (o->bytes == NULL)
			s->until_unix_s = o->until_unix_s;
		else
			(void)put(s, o->bytes, o->len, o->until_unix_s); // without memory: it is asked for
	}
}

static void
take_all(struct mst_tls_ctx *ctx, const struct mst_tls_ctx *old)
{
	for (size_t i = 0; i < ctx->n_pairs; i++) {
		take(&ctx->pairs[i].staple, old);
		for (size_t h = 0; h < old->n_hosts; h++)
			take(&ctx->pairs[i].staple, old->hosts[h].ctx);
	}
}

void
mst_tls_staple_take(struct mst_tls_ctx *ctx, const struct mst_tls_ctx *old)
{
	take_all(ctx, old);
	for (size_t h = 0; h < ctx->n_hosts; h++)
		take_all(ctx->hosts[h].ctx, old);
}
