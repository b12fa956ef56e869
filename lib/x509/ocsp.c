// What an OCSP response (RFC 6960) is worth. Any thread.
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "mst_x509.h"

struct parts {
	X509 *cert, *issuer;
	OCSP_REQUEST *request; // NULL: any
	OCSP_BASICRESP *answer;
};

const char *
mst_x509_ocsp_text(enum mst_x509_ocsp_verdict verdict)
{
	static const char *const texts[] = {
#define MST_X509_OCSP_TEXT(name, text) text,
		MST_X509_OCSP(MST_X509_OCSP_TEXT)
#undef MST_X509_OCSP_TEXT
	};

	return texts[verdict];
}

// Signed by the issuer, or by whom it has made a responder (RFC 6960 4.2.2.2).
static bool
is_signed(const struct parts *p, int64_t now_unix_s)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
	bool ok = false;

	if (store != NULL && certs != NULL && param != NULL && sk_X509_push(certs, p->issuer) > 0 &&
		X509_STORE_add_cert(store, p->issuer) == 1) {
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
		X509_VERIFY_PARAM_set_time(param, (time_t)now_unix_s);
		X509_STORE_set1_param(store, param);
		ok = OCSP_basic_verify(p->answer, certs, store, 0) == 1;
	}
	X509_VERIFY_PARAM_free(param);
	sk_X509_free(certs);
	X509_STORE_free(store);
	return ok;
}

// 0: none, or none that is a time.
static int64_t
unix_time(const ASN1_GENERALIZEDTIME *t)
{
	struct tm tm;

	return t != NULL && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static enum mst_x509_ocsp_verdict
read_status(const struct parts *p, int64_t now_unix_s, struct mst_x509_times *out)
{
	ASN1_GENERALIZEDTIME *from = NULL;
	ASN1_GENERALIZEDTIME *until = NULL;
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, p->cert, p->issuer);
	struct mst_x509_times times;
	int status = V_OCSP_CERTSTATUS_UNKNOWN;
	int found = id != NULL ? OCSP_resp_find_status(p->answer, id, &status, NULL, NULL, &from, &until) : 0;

	OCSP_CERTID_free(id);
	if (found != 1)
		return MST_X509_OCSP_OTHER;
	times = (struct mst_x509_times){.from = unix_time(from), .until = unix_time(until)};
	if (times.from <= 0 || times.from > now_unix_s + MST_X509_SKEW_S)
		return MST_X509_OCSP_FUTURE;
	*out = times;
	return status == V_OCSP_CERTSTATUS_GOOD	     ? MST_X509_OCSP_GOOD
	       : status == V_OCSP_CERTSTATUS_REVOKED ? MST_X509_OCSP_REVOKED
						     : MST_X509_OCSP_UNKNOWN;
}

static enum mst_x509_ocsp_verdict
judge(struct parts *p, const struct mst_x509_ocsp *o, int64_t now_unix_s, struct mst_x509_times *out)
{
	const uint8_t *at = o->response;
	OCSP_RESPONSE *response = o->response_len <= MST_X509_OCSP_BYTES
					  ? d2i_OCSP_RESPONSE(NULL, &at, (long)o->response_len)
					  : NULL;
	bool whole = response != NULL && at == (const uint8_t *)o->response + o->response_len;
	// "Try later" and the like are not signed (RFC 6960 2.3).
	bool answers = whole && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL;

	if (answers)
		p->answer = OCSP_response_get1_basic(response);
	OCSP_RESPONSE_free(response);
	if (whole && !answers)
		return MST_X509_OCSP_NO_ANSWER;
	if (p->answer == NULL || p->cert == NULL || p->issuer == NULL)
		return MST_X509_OCSP_NO_RESPONSE;
	if (!is_signed(p, now_unix_s))
		return MST_X509_OCSP_FORGED;
	// 0: another one. Below: made in advance, for everybody; then its times alone say how fresh it is.
	if (p->request != NULL && OCSP_check_nonce(p->request, p->answer) == 0)
		return MST_X509_OCSP_NOT_ASKED;
	return read_status(p, now_unix_s, out);
}

enum mst_x509_ocsp_verdict
mst_x509_ocsp_judge(const struct mst_x509_ocsp *o, int64_t now_unix_s, struct mst_x509_times *out)
{
	const uint8_t *cert = o->cert, *issuer = o->issuer, *request = o->request;
	struct parts p = {.cert = d2i_X509(NULL, &cert, (long)o->cert_len),
		.issuer = d2i_X509(NULL, &issuer, (long)o->issuer_len)};
	enum mst_x509_ocsp_verdict verdict;

	if (request != NULL)
		p.request = d2i_OCSP_REQUEST(NULL, &request, (long)o->request_len);
	verdict = judge(&p, o, now_unix_s, out);
	X509_free(p.cert);
	X509_free(p.issuer);
	OCSP_REQUEST_free(p.request);
	OCSP_BASICRESP_free(p.answer);
	ERR_clear_error();
	return verdict;
}
