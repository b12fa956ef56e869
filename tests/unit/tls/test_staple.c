// Only the CA's own good word on this certificate is stapled, and only in time; a device that asks is sent it as it is.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ocsp.h>

#include "pki.h"
#include "support.h"

#define LEAF_SERIAL 4711

// What an OCSP server says; times are seconds from now.
struct word {
	int status;
	long from_s, to_s; // to_s 0: without nextUpdate
	long serial;	   // 0: the leaf's
	int signer; // 0: the CA; 1: a responder that it has made; 2: one of its servers; 3: another CA of its name
	int n_more;  // certificates that are sent along
	int failure; // not 0: no answer at all, but this response status
};

static struct {
	struct files f;
	EVP_PKEY *ca_key, *other_key, *key;
	X509 *ca, *other, *leaf, *responder, *server;
	struct mst_tls_ctx *ctx;
	uint8_t *der;
	size_t len;
} t;
static char err[128];

static X509 *
below_ca(const char *cn, long serial, const char *ext, const char *ocsp)
{
	return pki_cert(&(struct pki_spec){.cn = cn,
		.san = "DNS:gw.example",
		.ext = ext,
		.ocsp = ocsp,
		.key = t.key,
		.issuer = t.ca,
		.issuer_key = t.ca_key,
		.serial = serial});
}

static int
set_up(void **state)
{
	(void)state;
	files_init(&t.f);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	setenv("SSL_CERT_FILE", "/nonexistent", 1);
	t.ca_key = pki_ec("P-256");
	t.other_key = pki_ec("P-256");
	t.key = pki_ec("P-256");
	t.ca = pki_ca("The CA", t.ca_key, NULL, NULL);
	t.other = pki_ca("The CA", t.other_key, NULL, NULL);
	t.leaf = below_ca("gw.example", LEAF_SERIAL, "serverAuth", "OCSP;URI:http://ocsp.example/");
	t.responder = below_ca("ocsp", 0, "OCSPSigning", NULL);
	t.server = below_ca("another", 0, "serverAuth", NULL);
	files_put_key(t.f.key, t.key);
	files_put_cert(t.f.cert, t.leaf);
	files_put_cert(t.f.cert, t.ca);
	t.ctx = ctx_make(&t.f, MST_TLS_1_2);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mst_tls_ctx_put(t.ctx);
	OPENSSL_free(t.der);
	X509_free(t.leaf);
	X509_free(t.responder);
	X509_free(t.server);
	X509_free(t.ca);
	X509_free(t.other);
	EVP_PKEY_free(t.key);
	EVP_PKEY_free(t.ca_key);
	EVP_PKEY_free(t.other_key);
	files_fini(&t.f);
	memset(&t, 0, sizeof(t));
	return 0;
}

static OCSP_BASICRESP *
signed_word(const struct word *w)
{
	X509 *signers[] = {t.ca, t.responder, t.server, t.other};
	EVP_PKEY *keys[] = {t.ca_key, t.key, t.key, t.other_key};
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, t.leaf, t.ca);
	ASN1_TIME *from = ASN1_TIME_set(NULL, time(NULL) + w->from_s);
	ASN1_TIME *to = w->to_s != 0 ? ASN1_TIME_set(NULL, time(NULL) + w->to_s) : NULL;
	ASN1_TIME *revoked = ASN1_TIME_set(NULL, time(NULL) - 1000);
	STACK_OF(X509) *more = sk_X509_new_null();
	ASN1_INTEGER *serial = NULL;

	if (w->serial != 0) {
		OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
		ASN1_INTEGER_set(serial, w->serial);
	}
	assert_non_null(OCSP_basic_add1_status(basic, id, w->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
		w->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL, from, to));
	for (int k = 0; k < w->n_more; k++)
		assert_int_equal(sk_X509_push(more, t.ca), k + 1);
	assert_int_equal(OCSP_basic_sign(basic, signers[w->signer], keys[w->signer], EVP_sha256(), more,
				 w->signer == 0 && w->n_more == 0 ? OCSP_NOCERTS : 0),
		1);
	sk_X509_free(more);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	ASN1_TIME_free(revoked);
	OCSP_CERTID_free(id);
	return basic;
}

// Into t.der.
static void
say(const struct word *w)
{
	OCSP_BASICRESP *basic = w->failure == 0 ? signed_word(w) : NULL;
	OCSP_RESPONSE *response = OCSP_response_create(w->failure, basic);
	int len;

	OPENSSL_free(t.der);
	t.der = NULL;
	assert_non_null(response);
	len = i2d_OCSP_RESPONSE(response, &t.der);
	assert_true(len > 0);
	t.len = (size_t)len;
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
}

static int
put(const struct word *w)
{
	say(w);
	return mst_tls_staple_put(t.ctx, 0, t.der, t.len, time(NULL), err, sizeof(err));
}

// What a device that asks is sent; 0: nothing.
static size_t
stapled(struct mst_tls_ctx *ctx, int version, const char *host, uint8_t *out, size_t cap)
{
	const uint8_t *bytes;
	struct pair p;
	long len;

	pair_init(&p, ctx);
	assert_int_equal(SSL_set_max_proto_version(p.client, version), 1);
	SSL_set_tlsext_status_type(p.client, TLSEXT_STATUSTYPE_ocsp);
	if (host != NULL)
		SSL_set_tlsext_host_name(p.client, host);
	pair_connect(&p);
	len = SSL_get_tlsext_status_ocsp_resp(p.client, &bytes);
	if (len > 0) {
		assert_true((size_t)len <= cap);
		memcpy(out, bytes, (size_t)len);
	}
	pair_fini(&p);
	return len > 0 ? (size_t)len : 0;
}

static bool
is_stapled(struct mst_tls_ctx *ctx, const char *host)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	uint8_t got[4096];
	size_t n[2];

	for (size_t i = 0; i < 2; i++) {
		n[i] = stapled(ctx, versions[i], host, got, sizeof(got));
		if (n[i] == 0)
			continue;
		assert_int_equal(n[i], t.len);
		assert_memory_equal(got, t.der, t.len);
	}
	assert_int_equal(n[0], n[1]);
	return n[0] != 0;
}

static void
a_good_word_is_sent_as_it_is(void **state)
{
	(void)state;
	const struct word by_ca = {.from_s = -60, .to_s = 3600};
	const struct word by_responder = {.from_s = 240, .to_s = 7200, .signer = 1}; // its clock is ahead
	struct pair p;

	assert_true(mst_tls_staple_until(t.ctx, 0) == 0);
	assert_false(is_stapled(t.ctx, NULL));
	assert_int_equal(put(&by_ca), 0);
	assert_string_equal(err, "");
	assert_in_range(mst_tls_staple_until(t.ctx, 0), time(NULL) + 3500, time(NULL) + 3600);
	assert_true(is_stapled(t.ctx, NULL));
	assert_int_equal(put(&by_responder), 0);
	assert_in_range(mst_tls_staple_until(t.ctx, 0), time(NULL) + 7100, time(NULL) + 7200);
	assert_true(is_stapled(t.ctx, NULL));
	// Who does not ask gets none, and a handshake all the same.
	pair_init(&p, t.ctx);
	pair_connect(&p);
	assert_true(SSL_get_tlsext_status_ocsp_resp(p.client, &(const uint8_t *){NULL}) <= 0);
	pair_fini(&p);
}

static void
nothing_else_is(void **state)
{
	(void)state;
	static const struct {
		struct word word;
		int ret;
		const char *why;
	} rows[] = {
		{{.status = V_OCSP_CERTSTATUS_REVOKED, .from_s = -60, .to_s = 3600}, -EKEYREVOKED,
			"the certificate has been revoked by its CA"},
		{{.status = V_OCSP_CERTSTATUS_UNKNOWN, .from_s = -60, .to_s = 3600}, -EINVAL,
			"the CA does not know the certificate"},
		{{.from_s = -3600, .to_s = -1}, -EINVAL, "the OCSP response is out of date"},
		{{.status = V_OCSP_CERTSTATUS_REVOKED, .from_s = -3600, .to_s = -1}, -EINVAL,
			"the OCSP response is out of date"},
		{{.from_s = 400, .to_s = 3600}, -EINVAL, "the OCSP response is of the future"},
		{{.from_s = -60}, -EINVAL, "the OCSP response does not say until when it is good"},
		{{.from_s = -60, .to_s = 3600, .serial = LEAF_SERIAL + 1}, -EINVAL,
			"the OCSP response is on another certificate"},
		{{.from_s = -60, .to_s = 3600, .signer = 2}, -EINVAL,
			"the OCSP response is not signed by the certificate's CA"},
		{{.from_s = -60, .to_s = 3600, .signer = 3}, -EINVAL,
			"the OCSP response is not signed by the certificate's CA"},
		{{.failure = OCSP_RESPONSE_STATUS_TRYLATER}, -EINVAL,
			"the OCSP server says that it cannot answer"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		assert_int_equal(put(&rows[i].word), rows[i].ret);
		assert_string_equal(err, rows[i].why);
		assert_true(mst_tls_staple_until(t.ctx, 0) == 0);
		assert_false(is_stapled(t.ctx, NULL));
	}
}

static void
bytes_that_are_not_one_are_refused(void **state)
{
	(void)state;
	static uint8_t large[MST_TLS_STAPLE_BYTES + 1];
	const struct word good = {.from_s = -60, .to_s = 3600};
	const struct word good_and_large = {.from_s = -60, .to_s = 3600, .n_more = 100};

	assert_int_equal(put(&good_and_large), -EINVAL);
	assert_true(t.len > MST_TLS_STAPLE_BYTES);
	say(&good);
	for (size_t len = 0; len < t.len; len++)
		assert_int_equal(
			mst_tls_staple_put(t.ctx, 0, t.der, len, time(NULL), err, sizeof(err)), -EINVAL);
	assert_string_equal(err, "what came is no OCSP response");
	memcpy(large, t.der, t.len);
	assert_int_equal(
		mst_tls_staple_put(t.ctx, 0, large, t.len + 1, time(NULL), err, sizeof(err)), -EINVAL);
	assert_int_equal(
		mst_tls_staple_put(t.ctx, 0, large, sizeof(large), time(NULL), err, sizeof(err)), -EINVAL);
	large[t.len - 1] ^= 1; // of the signature
	assert_int_equal(mst_tls_staple_put(t.ctx, 0, large, t.len, time(NULL), err, sizeof(err)), -EINVAL);
	assert_false(is_stapled(t.ctx, NULL));
}

static void
a_bad_word_leaves_the_good_one_but_a_revocation(void **state)
{
	(void)state;
	const struct word good = {.from_s = -60, .to_s = 3600};
	const struct word late = {.from_s = -3600, .to_s = -1};
	const struct word revoked = {.status = V_OCSP_CERTSTATUS_REVOKED, .from_s = -60, .to_s = 3600};

	assert_int_equal(put(&good), 0);
	assert_int_equal(put(&late), -EINVAL);
	say(&good);
	assert_int_equal(put(&good), 0);
	assert_true(is_stapled(t.ctx, NULL));
	assert_int_equal(put(&late), -EINVAL);
	assert_true(mst_tls_staple_until(t.ctx, 0) > time(NULL));
	assert_int_equal(put(&revoked), -EKEYREVOKED);
	assert_true(mst_tls_staple_until(t.ctx, 0) == 0);
	assert_false(is_stapled(t.ctx, NULL));
}

// What a revocation list has said is nothing to be stapled, and goes on with the certificate.
static void
a_list_is_remembered(void **state)
{
	(void)state;
	struct mst_tls_ctx *next = ctx_make(&t.f, MST_TLS_1_2);

	mst_tls_staple_unlisted(t.ctx, 0, time(NULL) + 3600);
	assert_true(mst_tls_staple_until(t.ctx, 0) > time(NULL));
	assert_false(is_stapled(t.ctx, NULL));
	mst_tls_staple_take(next, t.ctx);
	assert_true(mst_tls_staple_until(next, 0) == mst_tls_staple_until(t.ctx, 0));
	assert_false(is_stapled(next, NULL));
	mst_tls_ctx_put(next);
}

// It was good when it was put, and has ended since.
static void
none_is_sent_after_its_end(void **state)
{
	(void)state;
	const struct word w = {.from_s = -3600, .to_s = -1};

	say(&w);
	assert_int_equal(mst_tls_staple_put(t.ctx, 0, t.der, t.len, time(NULL) - 1800, err, sizeof(err)), 0);
	assert_true(mst_tls_staple_until(t.ctx, 0) > 0);
	assert_false(is_stapled(t.ctx, NULL));
}

static void
another_context_takes_it_over(void **state)
{
	(void)state;
	static const char *const names[] = {"gw.example"};
	const struct word good = {.from_s = -60, .to_s = 3600};
	struct mst_tls_ctx *site = ctx_make(&t.f, MST_TLS_1_2);
	struct mst_tls_ctx *host = ctx_make(&t.f, MST_TLS_1_2);
	struct files f;
	struct mst_tls_ctx *other;

	assert_int_equal(mst_tls_ctx_add_host(site, names, 1, host, err, sizeof(err)), 0);
	assert_int_equal(put(&good), 0);
	assert_false(is_stapled(site, NULL));
	mst_tls_staple_take(site, t.ctx);
	assert_true(is_stapled(site, NULL));
	assert_true(is_stapled(site, "gw.example"));
	// Of another certificate of the same CA it is not.
	files_init(&f);
	files_put_key(f.key, t.key);
	files_put_cert(f.cert, t.server);
	files_put_cert(f.cert, t.ca);
	other = ctx_make(&f, MST_TLS_1_2);
	mst_tls_staple_take(other, site);
	assert_true(mst_tls_staple_until(other, 0) == 0);
	mst_tls_ctx_put(other);
	mst_tls_ctx_put(site);
	files_fini(&f);
}

static void
what_to_ask(void **state)
{
	(void)state;
	struct mst_tls_staple_question q;
	struct mst_tls_ctx *ctx;
	uint8_t *der = NULL;

	assert_int_equal(mst_tls_staple_question(t.ctx, 0, &q), 0);
	assert_int_equal(i2d_X509(t.leaf, &der), q.cert_len);
	assert_memory_equal(q.cert, der, q.cert_len);
	OPENSSL_free(der);
	der = NULL;
	assert_int_equal(i2d_X509(t.ca, &der), q.issuer_len);
	assert_memory_equal(q.issuer, der, q.issuer_len);
	OPENSSL_free(der);
	// Without the issuer's certificate, and one that names no server.
	unlink(t.f.cert);
	files_put_cert(t.f.cert, t.leaf);
	ctx = ctx_make(&t.f, MST_TLS_1_2);
	assert_int_equal(mst_tls_staple_question(ctx, 0, &q), -ENOKEY);
	say(&(struct word){.from_s = -60, .to_s = 3600});
	assert_int_equal(mst_tls_staple_put(ctx, 0, t.der, t.len, time(NULL), err, sizeof(err)), -EINVAL);
	mst_tls_ctx_put(ctx);
	unlink(t.f.cert);
	files_put_cert(t.f.cert, t.server);
	files_put_cert(t.f.cert, t.ca);
	ctx = ctx_make(&t.f, MST_TLS_1_2);
	assert_int_equal(mst_tls_staple_question(ctx, 0, &q), -ENOENT);
	mst_tls_ctx_put(ctx);
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_good_word_is_sent_as_it_is),
		WITH(nothing_else_is),
		WITH(bytes_that_are_not_one_are_refused),
		WITH(a_bad_word_leaves_the_good_one_but_a_revocation),
		WITH(a_list_is_remembered),
		WITH(none_is_sent_after_its_end),
		WITH(another_context_takes_it_over),
		WITH(what_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
