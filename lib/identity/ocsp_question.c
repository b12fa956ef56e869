// One question to an OCSP server (RFC 6960), and what its answer is worth. Any thread of the helper.
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "fetch.h"
#include "ocsp.h"

#define WITHOUT_NEXT_UPDATE_S 300 // how long such an answer is kept

struct ocsp_question {
	X509 *leaf;
	X509 *issuer;
	OCSP_CERTID *id; // the request's
	OCSP_REQUEST *request;
	char url[FETCH_URL_BYTES];
};

static X509 *
read_cert(const void *der, size_t len)
{
	const uint8_t *at = der;

	return der != NULL ? d2i_X509(NULL, &at, (long)len) : NULL;
}

static void
find_url(struct ocsp_question *q)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(q->leaf);
	const char *url = urls != NULL ? sk_OPENSSL_STRING_value(urls, 0) : NULL;

	if (url != NULL && strnlen(url, sizeof(q->url)) < sizeof(q->url))
		memcpy(q->url, url, strlen(url) + 1);
	X509_email_free(urls);
}

// Servers know certificates by SHA-1 of the issuer, which is no signature (RFC 5019 section 2.1.1).
static bool
make_request(struct ocsp_question *q)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), q->leaf, q->issuer);

	q->request = OCSP_REQUEST_new();
	if (id == NULL || q->request == NULL || OCSP_request_add0_id(q->request, id) == NULL) {
		OCSP_CERTID_free(id);
		return false;
	}
	q->id = id;
	return OCSP_request_add1_nonce(q->request, NULL, -1) == 1;
}

struct ocsp_question *
ocsp_question_create(const void *leaf, size_t leaf_len, const void *issuer, size_t issuer_len)
{
	struct ocsp_question *q = calloc(1, sizeof(*q));
	bool ok = false;

	if (q == NULL)
		return NULL;
	q->leaf = read_cert(leaf, leaf_len);
	q->issuer = read_cert(issuer, issuer_len);
	if (q->leaf != NULL && q->issuer != NULL)
		ok = make_request(q);
	if (ok)
		find_url(q);
	ERR_clear_error();
	if (ok)
		return q;
	ocsp_question_free(q);
	return NULL;
}

void
ocsp_question_free(struct ocsp_question *q)
{
	if (q == NULL)
		return;
	X509_free(q->leaf);
	X509_free(q->issuer);
	OCSP_REQUEST_free(q->request);
	free(q);
}

size_t
ocsp_question_request(const struct ocsp_question *q, uint8_t **out)
{
	int len;

	*out = NULL;
	len = i2d_OCSP_REQUEST(q->request, out);
	return len > 0 ? (size_t)len : 0;
}

const char *
ocsp_question_url(const struct ocsp_question *q)
{
	return q->url;
}

// Signed by the issuer, or by whom it has made a responder (RFC 6960 section 4.2.2.2).
static bool
is_signed(const struct ocsp_question *q, OCSP_BASICRESP *answer, uint64_t now_s)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
	bool ok = false;

	if (store != NULL && certs != NULL && param != NULL && sk_X509_push(certs, q->issuer) > 0 &&
		X509_STORE_add_cert(store, q->issuer) == 1) {
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, (time_t)now_s);
		X509_STORE_set1_param(store, param);
		ok = OCSP_basic_verify(answer, certs, store, 0) == 1;
	}
	X509_VERIFY_PARAM_free(param);
	sk_X509_free(certs);
	X509_STORE_free(store);
	return ok;
}

static bool
take_time(const ASN1_GENERALIZEDTIME *time, uint64_t *out)
{
	struct tm tm;
	time_t t;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	t = timegm(&tm);
	*out = (uint64_t)t;
	return t >= 0;
}

static bool
is_fresh(const ASN1_GENERALIZEDTIME *this_update, const ASN1_GENERALIZEDTIME *next_update, uint64_t now_s,
	uint64_t *until_s)
{
	uint64_t from_s;

	if (!take_time(this_update, &from_s) || from_s > now_s + OCSP_SKEW_S)
		return false;
	if (next_update == NULL) {
		*until_s = now_s + WITHOUT_NEXT_UPDATE_S;
		return from_s + WITHOUT_NEXT_UPDATE_S + OCSP_SKEW_S >= now_s;
	}
	if (!take_time(next_update, until_s) || *until_s + OCSP_SKEW_S < now_s || *until_s < from_s)
		return false;
	if (*until_s > now_s + OCSP_KEPT_MAX_S)
		*until_s = now_s + OCSP_KEPT_MAX_S;
	return true;
}

static enum ocsp_verdict
judge(const struct ocsp_question *q, OCSP_BASICRESP *answer, uint64_t now_s, uint64_t *until_s)
{
	ASN1_GENERALIZEDTIME *this_update = NULL;
	ASN1_GENERALIZEDTIME *next_update = NULL;
	int status;

	if (!is_signed(q, answer, now_s))
		return OCSP_FORGED;
	// 0: another one. Below: made in advance, for everybody; then its times alone say how fresh it is.
	if (OCSP_check_nonce(q->request, answer) == 0)
		return OCSP_STALE;
	if (OCSP_resp_find_status(answer, q->id, &status, NULL, NULL, &this_update, &next_update) != 1 ||
		!is_fresh(this_update, next_update, now_s, until_s))
		return OCSP_STALE;
	if (status == V_OCSP_CERTSTATUS_GOOD)
		return OCSP_GOOD;
	return status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED : OCSP_UNKNOWN;
}

enum ocsp_verdict
ocsp_question_judge(
	const struct ocsp_question *q, const void *bytes, size_t len, uint64_t now_s, uint64_t *until_s)
{
	const uint8_t *at = bytes;
	OCSP_RESPONSE *response =
		len <= OCSP_ANSWER_BYTES_MAX ? d2i_OCSP_RESPONSE(NULL, &at, (long)len) : NULL;
	enum ocsp_verdict verdict = OCSP_FORGED;
	OCSP_BASICRESP *answer = NULL;

	// "Try later" and the like are not signed (section 2.3).
	if (response != NULL && OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		verdict = OCSP_SILENT;
	else if (response != NULL)
		answer = OCSP_response_get1_basic(response);
	if (answer != NULL)
		verdict = judge(q, answer, now_s, until_s);
	OCSP_BASICRESP_free(answer);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return verdict;
}
