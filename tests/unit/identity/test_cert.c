// Certificates to users: every place of a name, exactly one name, purpose, strength, time.
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>

#include "cert.h"
#include "leaf.h"

#define UPN "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:"
#define CLIENT "extendedKeyUsage", "clientAuth"

static enum cert_verdict
identify(const struct cert_rules *rules, const struct leaf *leaf, struct identity_who *who)
{
	uint8_t *der;
	size_t len = leaf_der(leaf, &der);
	enum cert_verdict verdict;

	memset(who, 0xff, sizeof(*who));
	verdict = cert_identify(rules, der, len, LEAF_NOW, who);
	if (verdict == CERT_OK)
		assert_int_equal(who->expires_unix_s, LEAF_NOW + (leaf->ends != 0 ? leaf->ends : 86400));
	else
		assert_true((uint8_t)who->user[0] == 0xff && who->expires_unix_s == UINT64_MAX);
	OPENSSL_free(der);
	return verdict;
}

static void
expect(enum cert_verdict want, const char *what, const char *user, struct leaf leaf)
{
	const struct cert_rules rules = {.user = user, .group = ""};
	struct identity_who who;
	enum cert_verdict got;

	leaf.key = leaf.key != NULL ? leaf.key : "p256";
	got = identify(&rules, &leaf, &who);
	if (got != want)
		fail_msg("%s: the certificate %s", what, cert_verdict_text(got));
}

static void
places_of_a_name(void **state)
{
	(void)state;
	static const struct {
		const char *place;
		const char *want;
	} rows[] = {
		{"san-email", "anna@mail.test"},
		{"san-upn", "anna@upn.test"},
		{"san-uri", "urn:anna"},
		{"cn", "Anna"},
		{"uid", "a1"},
		{"2.5.4.3", "Anna"},
		{"0.9.2342.19200300.100.1.1", "a1"},
		{"2.5.4.5", "4711"},
	};
	const struct leaf leaf = {.key = "p256",
		.subject = {"CN", "Anna", "UID", "a1", "serialNumber", "4711", "OU", "staff", "OU", "vpn"},
		.extensions = {CLIENT, "subjectAltName",
			"email:anna@mail.test," UPN
			"anna@upn.test,URI:urn:anna,DNS:other.test,otherName:1.2.3;UTF8:no"}};
	struct cert_rules rules = {.group = "ou"};
	struct identity_who who;

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		assert_true(cert_place_is_known(rows[i].place));
		rules.user = rows[i].place;
		assert_int_equal(identify(&rules, &leaf, &who), CERT_OK);
		assert_string_equal(who.user, rows[i].want);
		assert_int_equal(who.n_groups, 2);
		assert_string_equal(who.groups[0], "staff");
		assert_string_equal(who.groups[1], "vpn");
		assert_string_equal(who.device_id, "");
	}
	rules.group = "";
	assert_int_equal(identify(&rules, &leaf, &who), CERT_OK);
	assert_int_equal(who.n_groups, 0);
	rules.group = "2.5.4.11";
	assert_int_equal(identify(&rules, &leaf, &who), CERT_OK);
	assert_int_equal(who.n_groups, 2);
	assert_false(cert_place_is_known(""));
	assert_false(cert_place_is_known("CN"));
	assert_false(cert_place_is_known("commonName"));
	assert_false(cert_place_is_known("2.5.4."));
	assert_false(cert_place_is_known("san-dns"));
}

static void
exactly_one_name(void **state)
{
	(void)state;
	static char long_name[200];
	const char *const san = "subjectAltName";

	expect(CERT_OK, "one", "cn", (struct leaf){.subject = {"CN", "anna"}});
	expect(CERT_NAME, "none", "cn", (struct leaf){.subject = {"O", "anna"}});
	expect(CERT_NAME, "two", "cn", (struct leaf){.subject = {"CN", "anna", "CN", "bert"}});
	expect(CERT_NAME, "twice the same", "cn",
		(struct leaf){.subject = {"CN", "anna", "O", "x", "CN", "anna"}});
	expect(CERT_NAME, "three", "cn", (struct leaf){.subject = {"CN", "a", "CN", "b", "CN", "c"}});
	expect(CERT_NAME, "control", "cn", (struct leaf){.subject = {"CN", "an\nna"}});
	expect(CERT_NAME, "delete", "cn", (struct leaf){.subject = {"CN", "an\x7fna"}});
	expect(CERT_NAME, "one of two is bad", "cn",
		(struct leaf){.subject = {"CN", "an\nna", "CN", "bert"}});
	expect(CERT_NAME, "two UID", "uid", (struct leaf){.subject = {"UID", "anna", "UID", "bert"}});
	// The name of another place does not stand in.
	expect(CERT_NAME, "CN only", "uid", (struct leaf){.subject = {"CN", "anna"}});
	expect(CERT_NAME, "CN only", "san-upn", (struct leaf){.subject = {"CN", "anna"}});
	expect(CERT_NAME, "email only", "san-upn",
		(struct leaf){.subject = {"CN", "anna"}, .extensions = {CLIENT, san, "email:anna@a"}});
	expect(CERT_NAME, "two emails", "san-email",
		(struct leaf){.extensions = {CLIENT, san, "email:a@a,email:b@b"}});
	expect(CERT_NAME, "two UPN", "san-upn",
		(struct leaf){.extensions = {CLIENT, san, UPN "a@a," UPN "b@b"}});
	expect(CERT_NAME, "two URI", "san-uri",
		(struct leaf){.extensions = {CLIENT, san, "URI:urn:a,URI:urn:b"}});
	expect(CERT_NAME, "empty UPN", "san-upn", (struct leaf){.extensions = {CLIENT, san, UPN}});
	expect(CERT_NAME, "UPN of another type", "san-upn",
		(struct leaf){.extensions = {CLIENT, san, "otherName:1.3.6.1.4.1.311.20.2.3;IA5:anna"}});
	expect(CERT_NAME, "UPN of another type beside a right one", "san-upn",
		(struct leaf){
			.extensions = {CLIENT, san, UPN "anna,otherName:1.3.6.1.4.1.311.20.2.3;IA5:bert"}});
	snprintf(long_name, sizeof(long_name), "email:%0127d", 1);
	expect(CERT_OK, "127 bytes", "san-email", (struct leaf){.extensions = {CLIENT, san, long_name}});
	snprintf(long_name, sizeof(long_name), "email:%0128d", 1);
	expect(CERT_NAME, "128 bytes", "san-email", (struct leaf){.extensions = {CLIENT, san, long_name}});
}

// A NUL hides the rest from who reads C strings.
static void
a_nul_in_the_name(void **state)
{
	(void)state;
	static const char text[] = "anna\0.evil.test";
	const struct cert_rules by_cn = {.user = "cn", .group = ""};
	const struct cert_rules by_email = {.user = "san-email", .group = ""};
	X509 *cert = leaf_make(&(struct leaf){.key = "p256"});
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *email = ASN1_IA5STRING_new();
	struct identity_who who;
	uint8_t *der = NULL;
	int len;

	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", V_ASN1_UTF8STRING,
		(const uint8_t *)text, sizeof(text) - 1, -1, 0);
	ASN1_STRING_set(email, text, sizeof(text) - 1);
	GENERAL_NAME_set0_value(name, GEN_EMAIL, email);
	sk_GENERAL_NAME_push(names, name);
	X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0);
	GENERAL_NAMES_free(names);
	X509_sign(cert, jwt_key("p256"), EVP_sha256());
	len = i2d_X509(cert, &der);
	X509_free(cert);
	assert_int_equal(cert_identify(&by_cn, der, (size_t)len, LEAF_NOW, &who), CERT_NAME);
	assert_int_equal(cert_identify(&by_email, der, (size_t)len, LEAF_NOW, &who), CERT_NAME);
	OPENSSL_free(der);
}

static void
purpose(void **state)
{
	(void)state;
	const struct cert_rules any = {.user = "cn", .group = "", .any_purpose = true};
	struct identity_who who;
	static const struct {
		enum cert_verdict want;
		enum cert_verdict any;
		const char *extensions[8];
	} rows[] = {
		{CERT_OK, CERT_OK, {"extendedKeyUsage", "clientAuth"}},
		{CERT_OK, CERT_OK, {"extendedKeyUsage", "serverAuth,clientAuth"}},
		{CERT_PURPOSE, CERT_OK, {"extendedKeyUsage", "serverAuth"}},
		{CERT_PURPOSE, CERT_OK, {"extendedKeyUsage", "anyExtendedKeyUsage"}},
		{CERT_PURPOSE, CERT_OK, {"extendedKeyUsage", "emailProtection,codeSigning"}},
		{CERT_PURPOSE, CERT_OK, {"keyUsage", "digitalSignature"}},
		{CERT_PURPOSE, CERT_PURPOSE,
			{"keyUsage", "keyEncipherment", "extendedKeyUsage", "clientAuth"}},
		{CERT_OK, CERT_OK,
			{"keyUsage", "digitalSignature,keyEncipherment", "extendedKeyUsage", "clientAuth"}},
		{CERT_AUTHORITY, CERT_AUTHORITY,
			{"basicConstraints", "CA:TRUE", "extendedKeyUsage", "clientAuth"}},
		{CERT_OK, CERT_OK, {"basicConstraints", "CA:FALSE", "extendedKeyUsage", "clientAuth"}},
		{CERT_FORM, CERT_FORM, {"extendedKeyUsage", "clientAuth", "extendedKeyUsage", "serverAuth"}},
		{CERT_FORM, CERT_FORM,
			{"extendedKeyUsage", "clientAuth", "subjectAltName", "email:a@a", "subjectAltName",
				"email:b@b"}},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct leaf leaf = {.key = "p256", .subject = {"CN", "anna"}};

		memcpy(leaf.extensions, rows[i].extensions, sizeof(rows[i].extensions));
		expect(rows[i].want, rows[i].extensions[1], "cn", leaf);
		assert_int_equal(identify(&any, &leaf, &who), rows[i].any);
	}
	// No extension at all.
	expect(CERT_PURPOSE, "none", "cn", (struct leaf){.subject = {"CN", "anna"}, .extensions = {""}});
}

static void
strength(void **state)
{
	(void)state;
	static const struct {
		enum cert_verdict want;
		const char *key;
	} rows[] = {{CERT_OK, "rsa"}, {CERT_OK, "p256"}, {CERT_OK, "p384"}, {CERT_OK, "p521"},
		{CERT_KEY, "rsa1024"}, {CERT_KEY, "p224"}, {CERT_KEY, "k256"}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		expect(rows[i].want, rows[i].key, "cn",
			(struct leaf){.key = rows[i].key, .subject = {"CN", "anna"}});
}

// Of a certificate with that key, which is freed, or with one byte where a key should be.
static enum cert_verdict
identify_key(EVP_PKEY *key)
{
	const struct cert_rules rules = {.user = "cn", .group = ""};
	X509 *cert = leaf_make(&(struct leaf){.key = "p256", .subject = {"CN", "anna"}});
	enum cert_verdict verdict;
	struct identity_who who;
	uint8_t *der = NULL;
	int len;

	if (key != NULL)
		assert_int_equal(X509_set_pubkey(cert, key), 1);
	else
		assert_int_equal(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), OBJ_nid2obj(NID_ED25519),
					 V_ASN1_UNDEF, NULL, OPENSSL_memdup("x", 1), 1),
			1);
	X509_sign(cert, jwt_key("p256"), EVP_sha256());
	len = i2d_X509(cert, &der);
	X509_free(cert);
	verdict = cert_identify(&rules, der, (size_t)len, LEAF_NOW, &who);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return verdict;
}

// A public key of RSA that nobody has the private one of.
static EVP_PKEY *
rsa_of(unsigned int bits)
{
	uint8_t n[8192 / 8 + 1], e = 3;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, (bits + 7) / 8),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, &e, 1), OSSL_PARAM_END};

	memset(n, 0xff,
		sizeof(n)); // numbers have the order of bytes of this machine, which has the last one last
	if (bits % 8 != 0)
		n[bits / 8] = (uint8_t)((1u << bits % 8) - 1);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	assert_int_equal(EVP_PKEY_get_bits(key), bits);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
keys_of_other_kinds(void **state)
{
	(void)state;
	assert_int_equal(identify_key(rsa_of(2047)), CERT_KEY);
	assert_int_equal(identify_key(rsa_of(2048)), CERT_OK);
	assert_int_equal(identify_key(rsa_of(8192)), CERT_OK);
	assert_int_equal(identify_key(rsa_of(8193)), CERT_KEY);
	assert_int_equal(identify_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")), CERT_OK);
	assert_int_equal(identify_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED448")), CERT_OK);
	assert_int_equal(identify_key(EVP_PKEY_Q_keygen(NULL, NULL, "X25519")), CERT_KEY);
	assert_int_equal(identify_key(NULL), CERT_KEY);
}

static void
time_of_life(void **state)
{
	(void)state;
	expect(CERT_OK, "first second", "cn", (struct leaf){.subject = {"CN", "a"}, .begins = 0});
	expect(CERT_TIME, "a second too early", "cn", (struct leaf){.subject = {"CN", "a"}, .begins = 1});
	expect(CERT_OK, "long ago", "cn", (struct leaf){.subject = {"CN", "a"}, .begins = -86400, .ends = 1});
	expect(CERT_TIME, "a second too late", "cn",
		(struct leaf){.subject = {"CN", "a"}, .begins = -86400, .ends = -1});
}

static void
forms(void **state)
{
	(void)state;
	const struct cert_rules rules = {.user = "cn", .group = "ou"};
	struct identity_who who;
	uint8_t *der;
	size_t len = leaf_der(&(struct leaf){.key = "p256", .subject = {"CN", "anna"}}, &der);
	uint8_t *more = malloc(CERT_BYTES_MAX + 1);

	assert_non_null(more);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(cert_identify(&rules, der, cut, LEAF_NOW, &who), CERT_FORM);
	memcpy(more, der, len);
	memset(more + len, 0, CERT_BYTES_MAX + 1 - len);
	assert_int_equal(cert_identify(&rules, more, len, LEAF_NOW, &who), CERT_OK);
	assert_int_equal(cert_identify(&rules, more, len + 1, LEAF_NOW, &who), CERT_FORM);
	assert_int_equal(cert_identify(&rules, more, CERT_BYTES_MAX + 1, LEAF_NOW, &who), CERT_FORM);
	free(more);
	OPENSSL_free(der);
}

static void
groups_are_printable(void **state)
{
	(void)state;
	const struct cert_rules rules = {.user = "cn", .group = "ou"};
	struct identity_who who;

	assert_int_equal(identify(&rules,
				 &(struct leaf){.key = "p256",
					 .subject = {"CN", "anna", "OU", "a\nb", "OU", "vpn", "OU", "c\x7f"}},
				 &who),
		CERT_OK);
	assert_int_equal(who.n_groups, 1);
	assert_string_equal(who.groups[0], "vpn");
}

static void
groups_are_bounded(void **state)
{
	(void)state;
	const struct cert_rules rules = {.user = "cn", .group = "ou"};
	struct leaf leaf = {.key = "p256", .subject = {"CN", "anna"}};
	X509 *cert = leaf_make(&leaf);
	struct identity_who who;
	uint8_t *der = NULL;
	char name[80];
	int len;

	for (unsigned int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), i == 0 ? "%064u" : i == 1 ? "%063u" : "g%u", i);
		assert_int_equal(
			X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_organizationalUnitName,
				V_ASN1_UTF8STRING, (const uint8_t *)name, -1, -1, 0),
			1);
	}
	X509_sign(cert, jwt_key("p256"), EVP_sha256());
	len = i2d_X509(cert, &der);
	X509_free(cert);
	assert_int_equal(cert_identify(&rules, der, (size_t)len, LEAF_NOW, &who), CERT_OK);
	assert_int_equal(who.n_groups, IDENTITY_GROUPS_MAX);
	assert_int_equal(strlen(who.groups[0]), 63);
	assert_string_equal(who.groups[15], "g16");
	OPENSSL_free(der);
}

static int
tear_down(void **state)
{
	(void)state;
	jwt_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_of_a_name),
		cmocka_unit_test(exactly_one_name),
		cmocka_unit_test(a_nul_in_the_name),
		cmocka_unit_test(purpose),
		cmocka_unit_test(strength),
		cmocka_unit_test(keys_of_other_kinds),
		cmocka_unit_test(time_of_life),
		cmocka_unit_test(forms),
		cmocka_unit_test(groups_are_printable),
		cmocka_unit_test(groups_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
