// What the CA says of a certificate of ours, sent along with it (OCSP stapling, RFC 6066 8): taken only when it is the
// CA's own word, on this certificate, good and in time. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "tls_private.h"

#define SKEW_S 300 // a server's clock may be ahead of ours

static bool
names_server(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
	bool any = sk_OPENSSL_STRING_num(urls) > 0;

	X509_email_free(urls);
	ERR_clear_error();
	return any;
}

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
		.offered = names_server(id->cert),
		.listed = X509_get_ext_by_NID(id->cert, NID_crl_distribution_points, -1) >= 0};
	SSL_CTX_set_tlsext_status_cb(ctx->ssl_ctx, on_status);
	SSL_CTX_set_tlsext_status_arg(ctx->ssl_ctx, ctx);
	if (X509_up_ref(s->cert) != 1) {
		s->cert = NULL;
		return -ENOMEM;
	}
	MST_TRY(keep_der(id->cert, &s->cert_der, &s->cert_len));
	if (id->issuer == NULL || X509_up_ref(id->issuer) != 1)
		return 0;
	s->issuer = id->issuer;
	return keep_der(id->issuer, &s->issuer_der, &s->issuer_len);
}

void
tls_staple_fini(struct tls_staple *s)
{
	X509_free(s->cert);
	X509_free(s->issuer);
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
	if (s->issuer == NULL)
		return -ENOKEY;
	*out = (struct mst_tls_staple_question){.cert = s->cert_der,
		.cert_len = s->cert_len,
		.issuer = s->issuer_der,
		.issuer_len = s->issuer_len,
		.ocsp = s->offered};
	return 0;
}

// ---- is it worth to be stapled? -----------------------------------------------------------------
// Signed by the issuer, or by whom it has made a responder (RFC 6960 4.2.2.2).
static bool
is_signed(const struct tls_staple *s, OCSP_BASICRESP *answer, int64_t now_unix_s)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
	bool ok = false;

	if (store != NULL && certs != NULL && param != NULL && sk_X509_push(certs, s->issuer) > 0 &&
		X509_STORE_add_cert(store, s->issuer) == 1) {
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, (time_t)now_unix_s);
		X509_STORE_set1_param(store, param);
		ok = OCSP_basic_verify(answer, certs, store, 0) == 1;
	}
	X509_VERIFY_PARAM_free(param);
	sk_X509_free(certs);
	X509_STORE_free(store);
	return ok;
}

static const char *
check_times(const ASN1_GENERALIZEDTIME *from, const ASN1_GENERALIZEDTIME *to, int64_t now_unix_s,
	int64_t *until_unix_s)
{
	if (from == NULL || tls_time_unix(from) > now_unix_s + SKEW_S)
		return "the OCSP response is of the future";
	if (to == NULL)
		return "the OCSP response does not say until when it is good";
	*until_unix_s = tls_time_unix(to);
	return *until_unix_s > now_unix_s ? NULL : "the OCSP response is out of date";
}

// Why not, or NULL.
static const char *
judge(const struct tls_staple *s, OCSP_BASICRESP *answer, int64_t now_unix_s, int64_t *until_unix_s,
	int *status)
{
	ASN1_GENERALIZEDTIME *from = NULL;
	ASN1_GENERALIZEDTIME *to = NULL;
	OCSP_CERTID *id;
	int found;

	if (!is_signed(s, answer, now_unix_s))
		return "the OCSP response is not signed by the certificate's CA";
	id = OCSP_cert_to_id(NULL, s->cert, s->issuer);
	found = id != NULL ? OCSP_resp_find_status(answer, id, status, NULL, NULL, &from, &to) : 0;
	OCSP_CERTID_free(id);
	if (found != 1) {
		*status = V_OCSP_CERTSTATUS_UNKNOWN;
		return "the OCSP response is on another certificate";
	}
	const char *why = check_times(from, to, now_unix_s, until_unix_s);
	if (why != NULL) {
		*status = V_OCSP_CERTSTATUS_UNKNOWN;
		return why;
	}
	return *status == V_OCSP_CERTSTATUS_GOOD      ? NULL
	       : *status == V_OCSP_CERTSTATUS_REVOKED ? "the certificate has been revoked by its CA"
						      : "the CA does not know the certificate";
}

static const char *
parse(const struct tls_staple *s, const uint8_t *der, size_t len, int64_t now_unix_s, int64_t *until_unix_s,
	int *status)
{
	const uint8_t *at = der;
	OCSP_RESPONSE *response =
		len <= MST_TLS_STAPLE_BYTES ? d2i_OCSP_RESPONSE(NULL, &at, (long)len) : NULL;
	OCSP_BASICRESP *answer = NULL;
	const char *why = "what came is no OCSP response";

	if (response != NULL && at == der + len) {
		why = "the OCSP server says that it cannot answer";
		if (OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
			answer = OCSP_response_get1_basic(response);
	}
	if (answer != NULL)
		why = judge(s, answer, now_unix_s, until_unix_s, status);
	OCSP_BASICRESP_free(answer);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return why;
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
	int status = V_OCSP_CERTSTATUS_UNKNOWN;
	int64_t until_unix_s = 0;
	const char *why = "its issuer's certificate is not known";

	MST_ASSERT(i < ctx->n_pairs);
	if (s->issuer != NULL)
		why = parse(s, der, len, now_unix_s, &until_unix_s, &status);
	tls_text_set(err, err_cap, "%s", why != NULL ? why : "");
	if (why == NULL)
		return put(s, der, len, until_unix_s);
	if (status != V_OCSP_CERTSTATUS_REVOKED)
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

static void
take(struct tls_staple *s, const struct mst_tls_ctx *old)
{
	for (size_t i = 0; i < old->n_pairs; i++) {
		const struct tls_staple *o = &old->pairs[i].staple;

		if (o->until_unix_s == 0 || s->issuer == NULL || X509_cmp(o->cert, s->cert) != 0 ||
			X509_cmp(o->issuer, s->issuer) != 0)
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
