// When the CA is asked about our certificate, and what is told of one that has to be stapled. Time is an argument.
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pki.h"
#include "rig.h"

#define S MST_NS_PER_S
#define HOUR 3600L

static struct {
	struct files f;
	EVP_PKEY *ca_key, *key;
	X509 *ca, *leaf;
	uint64_t t; // when it began
} k;

static struct mst_tls_ctx *
context(const char *ocsp, const char *tls, bool with_ca)
{
	unlink(k.f.cert);
	X509_free(k.leaf);
	k.leaf = pki_cert(&(struct pki_spec){.cn = "gw.example",
		.san = "DNS:gw.example",
		.ext = "serverAuth",
		.ocsp = ocsp,
		.tls = tls,
		.key = k.key,
		.issuer = k.ca,
		.issuer_key = k.ca_key});
	files_put_cert(k.f.cert, k.leaf);
	if (with_ca)
		files_put_cert(k.f.cert, k.ca);
	return ctx_make(&k.f, MST_TLS_1_2);
}

// Another context, without anything known of the one before.
static void
begin(const char *ocsp, const char *tls, bool with_ca)
{
	mst_tls_ctx_put(rig->tls);
	rig->tls = context(ocsp, tls, with_ca);
	k.t = mst_now_ns();
	control_staple_begin(rig, NULL);
}

static int
setup(void **state)
{
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	setenv("SSL_CERT_FILE", "/nonexistent", 1);
	files_init(&k.f);
	k.ca_key = pki_ec("P-256");
	k.key = pki_ec("P-256");
	k.ca = pki_ca("The CA", k.ca_key, NULL, NULL);
	files_put_key(k.f.key, k.key);
	rig_setup(state);
	rig_conf.tls.ocsp_stapling = true;
	begin("OCSP;URI:http://ocsp.example/", NULL, true);
	return 0;
}

static int
teardown(void **state)
{
	int ret = rig_teardown(state);

	X509_free(k.leaf);
	X509_free(k.ca);
	EVP_PKEY_free(k.key);
	EVP_PKEY_free(k.ca_key);
	files_fini(&k.f);
	memset(&k, 0, sizeof(k));
	return ret;
}

static void
answer_response(bool revoked, long to_s, uint64_t now_ns)
{
	struct mst_auth_stapled a = {0};
	uint8_t *der;

	a.response_len = pki_ocsp(k.leaf, k.ca, k.ca_key, revoked, -60, to_s, &der);
	a.response = der;
	control_staple_answer(rig, &a, now_ns);
	OPENSSL_free(der);
}

static void
fail_at(uint64_t now_ns)
{
	control_staple_answer(rig, &(struct mst_auth_stapled){.text = "nobody answers"}, now_ns);
}

// It is due at that time and not before.
static void
assert_due(uint64_t from_ns, uint64_t after_s)
{
	assert_int_equal(rig->staples.n, 1);
	assert_int_equal(control_staple_due(rig, from_ns + after_s * S - 1), 1);
	assert_int_equal(control_staple_due(rig, from_ns + after_s * S), 0);
}

static void
assert_text(const char *part)
{
	struct mst_control_certificate cert;

	assert_true(mst_control_certificate(rig, 0, &cert));
	if (strstr(cert.revocation, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, cert.revocation);
}

static void
the_ca_is_asked_at_once_and_at_half_time(void **state)
{
	static const struct {
		long to_s;
		uint64_t after_s;
	} rows[] = {{7 * 24 * HOUR, 24 * 3600}, {48 * HOUR, 24 * 3600}, {47 * HOUR, 47 * 1800},
		{2 * HOUR, 3600}, {600, 300}, {590, 300}, {10, 300}};

	(void)state;
	assert_int_equal(control_staple_due(rig, k.t), 0);
	assert_text("not answered yet");
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		uint64_t due_ns;

		answer_response(false, rows[i].to_s, k.t);
		assert_text("OCSP, stapled, good until");
		due_ns = rig->staples.of[0].next_ns; // wall time may have gone on by a second or two
		assert_in_range(due_ns, k.t + (rows[i].after_s - 2) * S, k.t + rows[i].after_s * S);
		assert_due(due_ns, 0);
		if (rows[i].to_s > 600)
			assert_true(due_ns < k.t + (uint64_t)rows[i].to_s * S);
	}
	assert_int_equal(rig->counters.staple_renewed, MST_ARRAY_SIZE(rows));
}

static void
after_failures_it_is_asked_less_and_less(void **state)
{
	static const uint64_t after_s[] = {300, 600, 1200, 2400, 3600, 3600, 3600};
	uint64_t now_ns = k.t;

	(void)state;
	answer_response(false, HOUR, now_ns);
	for (size_t i = 0; i < MST_ARRAY_SIZE(after_s); i++) {
		fail_at(now_ns);
		assert_due(now_ns, after_s[i]);
		now_ns += after_s[i] * S;
	}
	assert_text("since then: nobody answers"); // what is good stays
	assert_int_equal(rig->counters.staple_failed, MST_ARRAY_SIZE(after_s));
	answer_response(false, 2 * HOUR, now_ns);
	fail_at(now_ns);
	assert_due(now_ns, 300); // from the beginning
}

static void
what_does_not_say_its_end_is_a_failure(void **state)
{
	(void)state;
	answer_response(false, 0, k.t);
	assert_due(k.t, 300);
	assert_text("none: the OCSP response does not say until when it is good");
	assert_true(mst_tls_staple_until(rig->tls, 0) == 0);
}

static void
a_revocation_is_told_and_asked_about_again(void **state)
{
	(void)state;
	answer_response(false, HOUR, k.t);
	answer_response(true, HOUR, k.t);
	assert_due(k.t, 300);
	assert_text("revoked");
	assert_true(mst_tls_staple_until(rig->tls, 0) == 0);
	answer_response(false, HOUR, k.t); // a hold that was lifted
	assert_text("good until");
}

static void
a_new_context_goes_on_where_the_one_before_was(void **state)
{
	struct mst_tls_ctx *old = rig->tls;
	uint64_t now_ns;

	(void)state;
	answer_response(false, 2 * HOUR, k.t);
	rig->tls = ctx_make(&k.f, MST_TLS_1_2);
	now_ns = mst_now_ns();
	control_staple_begin(rig, old);
	mst_tls_ctx_put(old);
	assert_text("good until");
	assert_int_equal(control_staple_due(rig, now_ns), 1);
	assert_in_range(rig->staples.of[0].next_ns, now_ns + 3590 * S, now_ns + 3601 * S);
}

static void
who_does_not_want_it_asks_nobody(void **state)
{
	(void)state;
	answer_response(false, HOUR, k.t);
	rig_conf.tls.ocsp_stapling = false;
	begin("OCSP;URI:http://ocsp.example/", NULL, true);
	assert_int_equal(rig->staples.n, 0);
	assert_int_equal(control_staple_due(rig, UINT64_MAX - 1), 0);
	assert_text("off");
}

// RFC 7633: without a response such a certificate is worth nothing to a device that looks.
static void
who_has_to_staple_is_told_when_he_does_not(void **state)
{
	static const char told[] = "it has to be stapled, and devices that look refuse it";
	struct mst_control_certificate cert;

	(void)state;
	begin("OCSP;URI:http://ocsp.example/", "status_request", true);
	assert_string_equal(mst_tls_ctx_warnings(rig->tls), "");
	assert_text(told);
	answer_response(false, HOUR, k.t);
	assert_true(mst_control_certificate(rig, 0, &cert));
	assert_null(strstr(cert.revocation, told));
	answer_response(true, HOUR, k.t);
	assert_text(told);
	begin(NULL, "status_request", true);
	assert_non_null(strstr(mst_tls_ctx_warnings(rig->tls),
		"has to be stapled and cannot be, since it names no OCSP server"));
	assert_text(told);
	begin("OCSP;URI:http://ocsp.example/", "status_request", false);
	assert_non_null(strstr(mst_tls_ctx_warnings(rig->tls),
		"has to be stapled and cannot be, since its issuer's is not known"));
	rig_conf.tls.ocsp_stapling = false;
	begin("OCSP;URI:http://ocsp.example/", "status_request", true);
	assert_text(told);
	// Another feature of TLS is not this one.
	begin(NULL, "17", true);
	assert_true(mst_control_certificate(rig, 0, &cert));
	assert_null(strstr(cert.revocation, told));
	assert_null(strstr(mst_tls_ctx_warnings(rig->tls), "stapled"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_ca_is_asked_at_once_and_at_half_time),
		TEST(after_failures_it_is_asked_less_and_less),
		TEST(what_does_not_say_its_end_is_a_failure),
		TEST(a_revocation_is_told_and_asked_about_again),
		TEST(a_new_context_goes_on_where_the_one_before_was),
		TEST(who_does_not_want_it_asks_nobody),
		TEST(who_has_to_staple_is_told_when_he_does_not),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
