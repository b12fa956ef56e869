// Revocation lists: which are the authority's own, of now and about the certificate; what is said where there is none.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "../../fuzz/crl_certs.h"
#include "crl.h"
#include "fetch.h"
#include "leaf.h"

#define DAY_S 86400

static uint8_t leaf[(sizeof(leaf_hex) - 1) / 2];
static uint8_t issuer[(sizeof(issuer_hex) - 1) / 2];

static int
set_up(void **state)
{
	(void)state;
	return mst_parse_hex(leaf_hex, sizeof(leaf_hex) - 1, leaf, sizeof(leaf)) < 0 ||
	       mst_parse_hex(issuer_hex, sizeof(issuer_hex) - 1, issuer, sizeof(issuer)) < 0;
}

static int
judge(const char *name, uint64_t now_s, uint64_t *until_s, char *text)
{
	uint8_t list[4096];
	char path[256];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/crl/%s", getenv("MST_SOURCE_ROOT"), name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(list, 1, sizeof(list), f);
	fclose(f);
	return crl_judge(list, len, leaf, sizeof(leaf), issuer, sizeof(issuer), now_s, until_s, text);
}

static void
lists(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int rc;
		const char *text;
	} rows[] = {
		{"good", 0, ""},
		{"empty", 0, ""},
		{"shard", 0, ""},
		{"revoked", -EKEYREVOKED, "certificate revoked"},
		{"other_key", -EBADMSG, "CRL signature failure"},
		{"other_issuer", -EBADMSG, "unable to get certificate CRL"},
		{"over", -EBADMSG, "CRL has expired"},
		{"future", -EBADMSG, "CRL is not yet valid"},
		{"delta", -EBADMSG, "only the latest part"},
		{"other_shard", -EBADMSG, "different CRL scope"},
		{"cas_only", -EBADMSG, "different CRL scope"},
		{"cut", -EBADMSG, "what came is no revocation list"},
		{"longer", -EBADMSG, "what came is no revocation list"},
		{"html", -EBADMSG, "what came is no revocation list"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		char text[FETCH_ERROR_BYTES];
		uint64_t until_s = 0;
		int rc = judge(rows[i].name, LEAF_NOW, &until_s, text);

		if (rc != rows[i].rc || (rc != 0 && strstr(text, rows[i].text) == NULL))
			fail_msg("%s: %d, %s", rows[i].name, rc, text);
		if (rc == 0)
			assert_int_equal(until_s, LEAF_NOW + DAY_S);
	}
}

static void
until_it_says(void **state)
{
	(void)state;
	char text[FETCH_ERROR_BYTES];
	uint64_t until_s;

	assert_int_equal(judge("good", LEAF_NOW + DAY_S - 1, &until_s, text), 0);
	assert_int_equal(judge("good", LEAF_NOW + DAY_S, &until_s, text), -EBADMSG);
	assert_int_equal(judge("good", LEAF_NOW + DAY_S + 1, &until_s, text), -EBADMSG);
}

// libcrypto takes a list that does not end.
static void
for_ever(void **state)
{
	(void)state;
	X509 *ca = leaf_make(&(struct leaf){.key = "rsa",
		.subject = {"CN", "CA"},
		.extensions = {"basicConstraints", "CA:TRUE", "keyUsage", "cRLSign,keyCertSign"}});
	char text[FETCH_ERROR_BYTES];
	uint8_t *ca_der = NULL, *der, *list = NULL;
	size_t len =
		leaf_der(&(struct leaf){.key = "p256", .subject = {"CN", "gw"}, .issuer_key = "rsa"}, &der);
	int ca_len = i2d_X509(ca, &ca_der);
	uint64_t until_s;

	for (unsigned int ends = 0; ends < 2; ends++) {
		X509_CRL *crl = X509_CRL_new();
		ASN1_TIME *time = ASN1_TIME_set(NULL, LEAF_NOW - 1);
		int list_len;

		assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
		assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)), 1);
		assert_int_equal(X509_CRL_set1_lastUpdate(crl, time), 1);
		ASN1_TIME_set(time, LEAF_NOW + DAY_S);
		if (ends == 1)
			assert_int_equal(X509_CRL_set1_nextUpdate(crl, time), 1);
		ASN1_TIME_free(time);
		assert_true(X509_CRL_sign(crl, jwt_key("rsa"), EVP_sha256()) > 0);
		list_len = i2d_X509_CRL(crl, &list);
		assert_int_equal(crl_judge(list, (size_t)list_len, der, len, ca_der, (size_t)ca_len, LEAF_NOW,
					 &until_s, text),
			ends == 1 ? 0 : -EBADMSG);
		X509_CRL_free(crl);
		OPENSSL_free(list);
		list = NULL;
	}
	X509_free(ca);
	OPENSSL_free(ca_der);
	OPENSSL_free(der);
}

static int
check(const char *points, char *text)
{
	const struct leaf spec = {.key = "p256",
		.subject = {"CN", "gw.example"},
		.issuer_key = "rsa",
		.extensions = {"keyUsage", "digitalSignature", points != NULL ? "crlDistributionPoints" : "",
			points}};
	uint64_t until_s;
	uint8_t *der;
	size_t len = leaf_der(&spec, &der);
	int rc = crl_check("", der, len, issuer, sizeof(issuer), LEAF_NOW, &until_s, text);

	OPENSSL_free(der);
	return rc;
}

static void
where_it_is(void **state)
{
	(void)state;
	char text[FETCH_ERROR_BYTES];

	assert_int_equal(check(NULL, text), -ENOENT);
	assert_int_equal(check("URI:ldap://ca/cn=CA", text), -ENOENT);
	assert_int_equal(check("URI:file:///etc/passwd", text), -ENOENT);
	// The first that can be fetched is tried; nobody listens there.
	assert_int_equal(check("URI:ldap://ca/cn=CA, URI:http://127.0.0.1:1/crl", text), -EIO);
	assert_string_not_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(until_it_says),
		cmocka_unit_test(for_ever),
		cmocka_unit_test(where_it_is),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
