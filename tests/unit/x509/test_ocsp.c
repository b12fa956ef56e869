// What an OCSP response is worth: who signed it, on what, to which question, and when.
#include <string.h>

#include <openssl/ocsp.h>

#include "mst_x509.h"

#include "leaf.h"

struct word {
	const char *
		signer; // NULL: the CA; "responder", "server" and "stranger" of no right, "namesake": another CA
	int status;
	long from, until; // from LEAF_NOW; until 0: it does not say
	int failure;	  // not 0: no answer, but this response status
	bool other_cert;  // on another certificate
	bool nonce, same_nonce;
	size_t more; // bytes behind it
};

static const struct leaf ca_spec = {.key = "rsa",
	.subject = {"CN", "CA"},
	.extensions = {"basicConstraints", "critical,CA:TRUE", "keyUsage", "keyCertSign,cRLSign"}};
static uint8_t *cert, *issuer, *request;
static struct mst_x509_ocsp o;

static size_t
request_make(X509 *leaf, X509 *ca)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	int len;

	assert_non_null(OCSP_request_add0_id(r, OCSP_cert_to_id(NULL, leaf, ca)));
	assert_int_equal(OCSP_request_add1_nonce(r, NULL, -1), 1);
	len = i2d_OCSP_REQUEST(r, &request);
	OCSP_REQUEST_free(r);
	assert_true(len > 0);
	return (size_t)len;
}

static int
set_up(void **state)
{
	const struct leaf spec = {.key = "p256", .subject = {"CN", "gw"}, .issuer_key = "rsa"};
	X509 *ca = leaf_make(&ca_spec), *leaf = leaf_make(&spec);

	(void)state;
	o.cert_len = (size_t)i2d_X509(leaf, &cert);
	o.issuer_len = (size_t)i2d_X509(ca, &issuer);
	o.request_len = request_make(leaf, ca);
	o.cert = cert;
	o.issuer = issuer;
	o.request = request;
	X509_free(ca);
	X509_free(leaf);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	OPENSSL_free(cert);
	OPENSSL_free(issuer);
	OPENSSL_free(request);
	jwt_keys_free();
	return 0;
}

static X509 *
signer_of(const char *who, EVP_PKEY **key)
{
	struct leaf spec = {.key = "p384",
		.subject = {"CN", "OCSP"},
		.issuer_key = "rsa",
		.extensions = {"extendedKeyUsage", "OCSPSigning"}};

	if (who == NULL || strcmp(who, "namesake") == 0) {
		spec = ca_spec;
		spec.key = who == NULL ? "rsa" : "rsa2";
	} else if (strcmp(who, "server") == 0) {
		spec.extensions[1] = "serverAuth";
	} else if (strcmp(who, "stranger") == 0) {
		spec.issuer_key = "rsa2";
	}
	*key = jwt_key(spec.key);
	return leaf_make(&spec);
}

static OCSP_BASICRESP *
answer_make(const struct word *w)
{
	const uint8_t *at = request;
	OCSP_REQUEST *r = d2i_OCSP_REQUEST(NULL, &at, (long)o.request_len);
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(r, 0));
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	ASN1_TIME *from = ASN1_TIME_set(NULL, LEAF_NOW + w->from);
	ASN1_TIME *until = w->until != 0 ? ASN1_TIME_set(NULL, LEAF_NOW + w->until) : NULL;
	ASN1_TIME *revoked =
		w->status == V_OCSP_CERTSTATUS_REVOKED ? ASN1_TIME_set(NULL, LEAF_NOW - 9) : NULL;
	ASN1_INTEGER *serial = NULL;
	EVP_PKEY *key;
	X509 *signer = signer_of(w->signer, &key);

	OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	if (w->other_cert)
		ASN1_INTEGER_set(serial, 4712);
	assert_non_null(OCSP_basic_add1_status(
		basic, id, w->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, from, until));
	if (w->same_nonce)
		OCSP_copy_nonce(basic, r);
	else if (w->nonce)
		OCSP_basic_add1_nonce(basic, NULL, -1);
	assert_int_equal(
		OCSP_basic_sign(basic, signer, key, EVP_sha256(), NULL, w->signer == NULL ? OCSP_NOCERTS : 0),
		1);
	OCSP_REQUEST_free(r);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	ASN1_TIME_free(revoked);
	X509_free(signer);
	return basic;
}

static enum mst_x509_ocsp_verdict
judge(const struct word *w, struct mst_x509_times *times)
{
	static uint8_t bytes[8192];
	OCSP_BASICRESP *basic = w->failure == 0 ? answer_make(w) : NULL;
	OCSP_RESPONSE *response = OCSP_response_create(w->failure, basic);
	uint8_t *at = bytes;
	int len = i2d_OCSP_RESPONSE(response, NULL);

	assert_in_range(len, 1, sizeof(bytes) - 1);
	assert_int_equal(i2d_OCSP_RESPONSE(response, &at), len);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	*times = (struct mst_x509_times){.from = -7, .until = -7};
	o.response = bytes;
	o.response_len = (size_t)len + w->more;
	return mst_x509_ocsp_judge(&o, LEAF_NOW, times);
}

static void
verdicts(void **state)
{
	static const struct {
		enum mst_x509_ocsp_verdict want;
		struct word word;
	} rows[] = {
		{MST_X509_OCSP_GOOD, {.from = -60, .until = 3600}},
		{MST_X509_OCSP_GOOD,
			{.from = -7200, .until = -3600}}, // whether that is too old the caller says
		{MST_X509_OCSP_GOOD, {.from = -60}},
		{MST_X509_OCSP_GOOD, {.from = MST_X509_SKEW_S, .until = 3600}},
		{MST_X509_OCSP_GOOD, {.from = -60, .until = 3600, .same_nonce = true}},
		{MST_X509_OCSP_GOOD, {"responder", .from = -60, .until = 3600}},
		{MST_X509_OCSP_REVOKED, {.status = V_OCSP_CERTSTATUS_REVOKED, .from = -60, .until = 3600}},
		{MST_X509_OCSP_UNKNOWN, {.status = V_OCSP_CERTSTATUS_UNKNOWN, .from = -60, .until = 3600}},
		{MST_X509_OCSP_FUTURE, {.from = MST_X509_SKEW_S + 1, .until = 3600}},
		{MST_X509_OCSP_OTHER, {.from = -60, .until = 3600, .other_cert = true}},
		{MST_X509_OCSP_NOT_ASKED, {.from = -60, .until = 3600, .nonce = true}},
		{MST_X509_OCSP_FORGED, {"server", .from = -60, .until = 3600}},
		{MST_X509_OCSP_FORGED, {"stranger", .from = -60, .until = 3600}},
		{MST_X509_OCSP_FORGED, {"namesake", .from = -60, .until = 3600}},
		{MST_X509_OCSP_NO_ANSWER, {.failure = OCSP_RESPONSE_STATUS_TRYLATER}},
		{MST_X509_OCSP_NO_RESPONSE, {.from = -60, .until = 3600, .more = 1}},
	};
	struct mst_x509_times times;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const struct word *w = &rows[i].word;
		enum mst_x509_ocsp_verdict got = judge(w, &times);

		if (got != rows[i].want)
			fail_msg("row %zu: %s", i, mst_x509_ocsp_text(got));
		assert_true(times.from == (got <= MST_X509_OCSP_UNKNOWN ? LEAF_NOW + w->from : -7));
		assert_true(times.until == (got > MST_X509_OCSP_UNKNOWN ? -7
						   : w->until != 0	? LEAF_NOW + w->until
									: 0));
	}
}

// A nonce that nobody has asked for says nothing.
static void
without_a_question(void **state)
{
	struct mst_x509_times times;

	(void)state;
	o.request = NULL;
	assert_int_equal(judge(&(struct word){.from = -60, .nonce = true}, &times), MST_X509_OCSP_GOOD);
	o.request = request;
}

static void
bytes_that_are_none(void **state)
{
	const struct word good = {.from = -60, .until = 3600};
	static uint8_t large[MST_X509_OCSP_BYTES + 1] = {0x30, 0x83, 0x00, 0xff, 0xfc};
	uint8_t bytes[8192];
	struct mst_x509_times times;
	size_t len;

	(void)state;
	assert_int_equal(judge(&good, &times), MST_X509_OCSP_GOOD);
	len = o.response_len;
	memcpy(bytes, o.response, len);
	o.response = bytes;
	for (o.response_len = 0; o.response_len < len; o.response_len++)
		assert_int_equal(mst_x509_ocsp_judge(&o, LEAF_NOW, &times), MST_X509_OCSP_NO_RESPONSE);
	for (size_t i = 0; i < 8 * len; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		// Spellings of ASN.1 that libcrypto reads alike change nothing of what is said.
		if (mst_x509_ocsp_judge(&o, LEAF_NOW, &times) == MST_X509_OCSP_GOOD)
			assert_true(
				times.from == LEAF_NOW + good.from && times.until == LEAF_NOW + good.until);
		else
			assert_true(mst_x509_ocsp_judge(&o, LEAF_NOW, &times) > MST_X509_OCSP_UNKNOWN);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	o.response = large;
	o.response_len = sizeof(large);
	assert_int_equal(mst_x509_ocsp_judge(&o, LEAF_NOW, &times), MST_X509_OCSP_NO_RESPONSE);
	assert_int_equal(judge(&good, &times), MST_X509_OCSP_GOOD);
	o.cert_len--; // a certificate that is none
	assert_int_equal(mst_x509_ocsp_judge(&o, LEAF_NOW, &times), MST_X509_OCSP_NO_RESPONSE);
	o.cert_len++;
	o.issuer_len--;
	assert_int_equal(mst_x509_ocsp_judge(&o, LEAF_NOW, &times), MST_X509_OCSP_NO_RESPONSE);
	o.issuer_len++;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(without_a_question),
		cmocka_unit_test(bytes_that_are_none),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
