// The revocation list of a certificate's CA: fetched from where the certificate says, verified by libcrypto as a part of the
// chain. A thread that may wait.
#include "crl.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "fetch.h"

static X509 *
read_cert(const void *der, size_t len)
{
	const uint8_t *at = der;

	return len <= INT32_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
}

// The first that can be fetched; lists by LDAP cannot.
static int
find_url(X509 *cert, char url[FETCH_URL_BYTES])
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	struct fetch_origin origin;
	int rc = -ENOENT;

	for (int i = 0; i < sk_DIST_POINT_num(points) && rc < 0; i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);
		const GENERAL_NAMES *names =
			p->distpoint != NULL && p->distpoint->type == 0 ? p->distpoint->name.fullname : NULL;

		for (int k = 0; k < sk_GENERAL_NAME_num(names) && rc < 0; k++) {
			const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, k);

			if (name->type != GEN_URI ||
				name->d.uniformResourceIdentifier->length >= FETCH_URL_BYTES)
				continue;
			snprintf(url, FETCH_URL_BYTES, "%.*s", name->d.uniformResourceIdentifier->length,
				(const char *)name->d.uniformResourceIdentifier->data);
			rc = fetch_origin_parse(&origin, url, true) == 0 ? 0 : -ENOENT;
		}
	}
	CRL_DIST_POINTS_free(points);
	return rc;
}

// Seconds since 1970 of a time that libcrypto has found good.
static uint64_t
time_of(const ASN1_TIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (uint64_t)timegm(&tm) : 0;
}

// libcrypto's own rules of who signs a list, what it is about and until when.
static int
verify(X509 *cert, X509 *ca, X509_CRL *crl, uint64_t now_s, char *text)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	int rc = -ENOMEM;

	if (ctx != NULL && store != NULL && crls != NULL && sk_X509_CRL_push(crls, crl) > 0 &&
		X509_STORE_add_cert(store, ca) == 1 && X509_STORE_CTX_init(ctx, store, cert, NULL) == 1) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CRL_CHECK);
		X509_VERIFY_PARAM_set_time(param, (time_t)now_s);
		X509_STORE_CTX_set0_crls(ctx, crls);
		rc = X509_verify_cert(ctx) == 1 ? 0 : -EBADMSG;
		if (X509_STORE_CTX_get_error(ctx) == X509_V_ERR_CERT_REVOKED)
			rc = -EKEYREVOKED;
		snprintf(text, FETCH_ERROR_BYTES, "its revocation list: %s",
			X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	}
	sk_X509_CRL_free(crls);
	X509_STORE_free(store);
	X509_STORE_CTX_free(ctx);
	return rc;
}

int
crl_judge(const void *list, size_t len, const void *leaf, size_t leaf_len, const void *issuer,
	size_t issuer_len, uint64_t now_s, uint64_t *until_s, char *text)
{
	const uint8_t *at = list;
	X509_CRL *crl = len <= CRL_BYTES_MAX ? d2i_X509_CRL(NULL, &at, (long)len) : NULL;
	X509 *cert = read_cert(leaf, leaf_len);
	X509 *ca = read_cert(issuer, issuer_len);
	int rc = -EBADMSG;

	snprintf(text, FETCH_ERROR_BYTES, "the certificate or its issuer's cannot be read");
	if (cert != NULL && ca != NULL && (crl == NULL || at != (const uint8_t *)list + len)) {
		snprintf(text, FETCH_ERROR_BYTES, "what came is no revocation list");
	} else if (crl != NULL && X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0) {
		// libcrypto would take it for a whole one.
		snprintf(text, FETCH_ERROR_BYTES, "what came is only the latest part of a revocation list");
	} else if (cert != NULL && ca != NULL) {
		rc = verify(cert, ca, crl, now_s, text);
		*until_s = time_of(X509_CRL_get0_nextUpdate(crl));
		if (rc == 0 && *until_s <= now_s) {
			snprintf(text, FETCH_ERROR_BYTES,
				"its revocation list does not say until when it is good");
			rc = -EBADMSG;
		}
	}
	X509_CRL_free(crl);
	X509_free(cert);
	X509_free(ca);
	ERR_clear_error();
	return rc;
}

int
crl_check(const char *proxy, const void *leaf, size_t leaf_len, const void *issuer, size_t issuer_len,
	uint64_t now_s, uint64_t *until_s, char *text)
{
	char url[FETCH_URL_BYTES];
	const struct fetch_request request = {.url = url,
		.plain = true,
		.proxy = proxy,
		.cap = CRL_BYTES_MAX,
		.timeout_ms = CRL_TIMEOUT_MS};
	X509 *cert = read_cert(leaf, leaf_len);
	struct fetch_answer answer;
	int rc;

	snprintf(text, FETCH_ERROR_BYTES, "it names no revocation list");
	rc = cert != NULL ? find_url(cert, url) : -ENOENT;
	X509_free(cert);
	ERR_clear_error();
	MST_TRY(rc);
	MST_TRY(fetch_run(&request, NULL, &answer, text));
	rc = crl_judge(answer.bytes, answer.len, leaf, leaf_len, issuer, issuer_len, now_s, until_s, text);
	free(answer.bytes);
	return rc;
}
