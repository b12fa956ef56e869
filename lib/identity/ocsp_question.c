// One question to an OCSP server (RFC 6960), and what becomes of its answer. Any thread of the helper.
#include <string.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "fetch.h"
#include "ocsp.h"

#define WITHOUT_NEXT_UPDATE_S 300 // how long such an answer is kept

struct ocsp_question {
	struct mst_x509_ocsp asked;
	uint8_t *request;
	char url[FETCH_URL_BYTES];
};

static X509 *
read_cert(const void *der, size_t len)
{
	const uint8_t *at = der;

	return der != NULL ? d2i_X509(NULL, &at, (long)len) : NULL;
}

static void
find_url(struct ocsp_question *q, X509 *leaf)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(leaf);
	const char *url = urls != NULL ? sk_OPENSSL_STRING_value(urls, 0) : NULL;

	if (url != NULL && strnlen(url, sizeof(q->url)) < sizeof(q->url))
		memcpy(q->url, url, strlen(url) + 1);
	X509_email_free(urls);
}

// Servers know certificates by SHA-1 of the issuer, which is no signature (RFC 5019 section 2.1.1).
static bool
make_request(struct ocsp_question *q, X509 *leaf, X509 *issuer)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), leaf, issuer);
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	int len = 0;

	if (id == NULL || request == NULL || OCSP_request_add0_id(request, id) == NULL)
		OCSP_CERTID_free(id);
	else if (OCSP_request_add1_nonce(request, NULL, -1) == 1)
		len = i2d_OCSP_REQUEST(request, &q->request);
	OCSP_REQUEST_free(request);
	q->asked.request = q->request;
	q->asked.request_len = len > 0 ? (size_t)len : 0;
	return len > 0;
}

struct ocsp_question *
ocsp_question_create(const void *leaf, size_t leaf_len, const void *issuer, size_t issuer_len)
{
	struct ocsp_question *q = calloc(1, sizeof(*q));
	X509 *cert = read_cert(leaf, leaf_len);
	X509 *ca = read_cert(issuer, issuer_len);
	bool ok = q != NULL && cert != NULL && ca != NULL && make_request(q, cert, ca);

	if (ok) {
		find_url(q, cert);
		q->asked.cert = leaf;
		q->asked.cert_len = leaf_len;
		q->asked.issuer = issuer;
		q->asked.issuer_len = issuer_len;
	} else {
		ocsp_question_free(q);
	}
	X509_free(cert);
	X509_free(ca);
	ERR_clear_error();
	return ok ? q : NULL;
}

void
ocsp_question_free(struct ocsp_question *q)
{
	if (q == NULL)
		return;
	OPENSSL_free(q->request);
	free(q);
}

size_t
ocsp_question_request(const struct ocsp_question *q, const uint8_t **out)
{
	*out = q->request;
	return q->asked.request_len;
}

const char *
ocsp_question_url(const struct ocsp_question *q)
{
	return q->url;
}

// What says nothing of its end is kept for a little, what says much of it for a day.
static bool
is_fresh(const struct mst_x509_times *t, uint64_t now_s, uint64_t *until_s)
{
	uint64_t from_s = (uint64_t)t->from;

	if (t->until == 0) {
		*until_s = now_s + WITHOUT_NEXT_UPDATE_S;
		return from_s + WITHOUT_NEXT_UPDATE_S + OCSP_SKEW_S >= now_s;
	}
	if (t->until < t->from || (uint64_t)t->until + OCSP_SKEW_S < now_s)
		return false;
	*until_s =
		(uint64_t)t->until < now_s + OCSP_KEPT_MAX_S ? (uint64_t)t->until : now_s + OCSP_KEPT_MAX_S;
	return true;
}

enum ocsp_verdict
ocsp_question_judge(
	const struct ocsp_question *q, const void *bytes, size_t len, uint64_t now_s, uint64_t *until_s)
{
	struct mst_x509_ocsp o = q->asked;
	struct mst_x509_times times = {0};

	o.response = bytes;
	o.response_len = len;
	switch (mst_x509_ocsp_judge(&o, (int64_t)now_s, &times)) {
	case MST_X509_OCSP_GOOD:
		return is_fresh(&times, now_s, until_s) ? OCSP_GOOD : OCSP_STALE;
	case MST_X509_OCSP_REVOKED:
		return is_fresh(&times, now_s, until_s) ? OCSP_REVOKED : OCSP_STALE;
	case MST_X509_OCSP_UNKNOWN:
		return is_fresh(&times, now_s, until_s) ? OCSP_UNKNOWN : OCSP_STALE;
	case MST_X509_OCSP_NO_ANSWER:
		return OCSP_SILENT;
	case MST_X509_OCSP_NOT_ASKED:
	case MST_X509_OCSP_OTHER:
	case MST_X509_OCSP_FUTURE:
		return OCSP_STALE;
	case MST_X509_OCSP_NO_RESPONSE:
	case MST_X509_OCSP_FORGED:
		break;
	}
	return OCSP_FORGED;
}
