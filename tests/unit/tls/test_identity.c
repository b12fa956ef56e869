// Chains are put in order whatever the file's order; what lacks, what is too much and what clients will not take is told.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/pkcs12.h>

#include "pki.h"
#include "support.h"

static struct {
	struct files f, g;
	char pfx[64], password[64], roots[64];
	EVP_PKEY *root_key, *ca_key, *key;
	X509 *root, *ca, *leaf;
} t;
static char err[512];

static X509 *
leaf_of(EVP_PKEY *key, const char *san, long days)
{
	return pki_cert(&(struct pki_spec){.cn = "gw.example",
		.san = san,
		.ext = "serverAuth",
		.key = key,
		.issuer = t.ca,
		.issuer_key = t.ca_key,
		.from_s = -60,
		.to_s = days * PKI_DAY - 60});
}

static int
setup(void **state)
{
	(void)state;
	files_init(&t.f);
	files_init(&t.g);
	snprintf(t.pfx, sizeof(t.pfx), "%s/site.pfx", t.f.dir);
	snprintf(t.password, sizeof(t.password), "%s/password", t.f.dir);
	snprintf(t.roots, sizeof(t.roots), "%s/roots.pem", t.f.dir);
	t.root_key = pki_ec("P-256");
	t.ca_key = pki_ec("P-256");
	t.key = pki_ec("P-256");
	t.root = pki_ca("The Root", t.root_key, NULL, NULL);
	t.ca = pki_ca("The CA", t.ca_key, t.root, t.root_key);
	t.leaf = leaf_of(t.key, "DNS:gw.example,DNS:*.gw.example,IP:192.0.2.1,IP:2001:db8::1", 90);
	files_put_key(t.f.key, t.key);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	setenv("SSL_CERT_FILE", t.roots, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	X509_free(t.leaf);
	X509_free(t.ca);
	X509_free(t.root);
	EVP_PKEY_free(t.key);
	EVP_PKEY_free(t.ca_key);
	EVP_PKEY_free(t.root_key);
	files_fini(&t.f);
	files_fini(&t.g);
	return 0;
}

static void
put_certs(X509 *a, X509 *b, X509 *c)
{
	unlink(t.f.cert);
	files_put_cert(t.f.cert, a);
	if (b != NULL)
		files_put_cert(t.f.cert, b);
	if (c != NULL)
		files_put_cert(t.f.cert, c);
}

static int
create(struct mst_tls_ctx **ctx, const struct mst_tls_pair *pairs, size_t n, const char *const *names,
	size_t n_names)
{
	struct mst_tls_params p = {.pairs = pairs,
		.n_pairs = n,
		.min_version = MST_TLS_1_2,
		.names = names,
		.n_names = n_names,
		.now_unix_s = time(NULL)};

	*ctx = NULL;
	return mst_tls_ctx_create(ctx, &p, err, sizeof(err));
}

static struct mst_tls_ctx *
made(void)
{
	struct mst_tls_pair pair = {.cert_file = t.f.cert, .key_file = t.f.key};
	struct mst_tls_ctx *ctx;

	if (create(&ctx, &pair, 1, NULL, 0) < 0)
		fail_msg("%s", err);
	return ctx;
}

static void
sends(struct mst_tls_ctx *ctx, int n)
{
	struct mst_tls_cert_info info;
	struct pair p;

	pair_init(&p, ctx);
	pair_connect(&p);
	STACK_OF(X509) *got = SSL_get_peer_cert_chain(p.client);
	assert_int_equal(sk_X509_num(got), n);
	assert_int_equal(X509_cmp(sk_X509_value(got, 0), t.leaf), 0);
	if (n > 1)
		assert_int_equal(X509_cmp(sk_X509_value(got, 1), t.ca), 0);
	mst_tls_ctx_info(ctx, 0, time(NULL), &info);
	assert_int_equal(info.n_chain, n - 1);
	pair_fini(&p);
}

static void
any_order(void **state)
{
	(void)state;
	X509 *c[] = {t.leaf, t.ca, t.root};
	static const int order[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(order); i++) {
		put_certs(c[order[i][0]], c[order[i][1]], c[order[i][2]]);
		struct mst_tls_ctx *ctx = made();
		assert_string_equal(mst_tls_ctx_warnings(ctx), "");
		sends(ctx, 2);
		mst_tls_ctx_put(ctx);
	}
}

static void
warned(X509 *a, X509 *b, X509 *c, const char *word)
{
	put_certs(a, b, c);
	struct mst_tls_ctx *ctx = made();
	if (word == NULL)
		assert_string_equal(mst_tls_ctx_warnings(ctx), "");
	else if (strstr(mst_tls_ctx_warnings(ctx), word) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", mst_tls_ctx_warnings(ctx), word);
	mst_tls_ctx_put(ctx);
}

static void
not_complete(void **state)
{
	(void)state;
	X509 *stray = pki_ca("Stray", t.ca_key, NULL, NULL);

	warned(t.leaf, NULL, NULL, "the certificate of CN=The CA is missing");
	warned(t.leaf, t.root, NULL, "the certificate of CN=The CA is missing");
	warned(t.leaf, t.ca, NULL, "the certificate of CN=The Root is missing");
	warned(t.leaf, t.ca, stray, "1 certificates in ");
	X509_free(stray);
	// What this host trusts need not be in the file.
	unlink(t.roots);
	files_put_cert(t.roots, t.root);
	warned(t.leaf, t.ca, NULL, NULL);
	unlink(t.roots);
}

static void
too_long_valid(void **state)
{
	(void)state;
	static const struct {
		long days;
		bool is_public;
		const char *word;
	} rows[] = {{398, true, NULL}, {399, true, "at most 398 of a public CA"}, {399, false, NULL},
		{730, false, NULL}, {731, false, "at most 730 of a private CA"}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		X509 *leaf = leaf_of(t.key, "DNS:gw.example", rows[i].days);

		unlink(t.roots);
		if (rows[i].is_public)
			files_put_cert(t.roots, t.root);
		warned(leaf, t.ca, t.root, rows[i].word);
		X509_free(leaf);
	}
	unlink(t.roots);
}

static void
names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{"gw.example", true},
		{"GW.Example", true},
		{"a.gw.example", true},
		{"*.gw.example", true},
		{"192.0.2.1", true},
		{"2001:db8::1", true},
		{"2001:db8:0::1", true},
		{"a.b.gw.example", false},
		{"other.example", false},
		{"*.example", false},
		{"example", false},
		{"192.0.2.2", false},
		{"2001:db8::2", false},
	};
	struct mst_tls_pair pair = {.cert_file = t.f.cert, .key_file = t.f.key};

	put_certs(t.leaf, t.ca, NULL);
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const char *const both[] = {"gw.example", rows[i].name};
		struct mst_tls_ctx *ctx;
		int rc = create(&ctx, &pair, 1, both, 2);

		if (rc != (rows[i].good ? 0 : -EINVAL))
			fail_msg("%s: %d, %s", rows[i].name, rc, err);
		if (!rows[i].good && (strstr(err, rows[i].name) == NULL || strstr(err, "192.0.2.1") == NULL))
			fail_msg("%s: %s", rows[i].name, err);
		mst_tls_ctx_put(ctx);
	}
}

// The common name is not looked at, by us as by clients.
static void
no_alt_name(void **state)
{
	(void)state;
	static const char *const name[] = {"gw.example"};
	struct mst_tls_pair pair = {.cert_file = t.f.cert, .key_file = t.f.key};
	X509 *leaf = leaf_of(t.key, NULL, 90);
	struct mst_tls_ctx *ctx;

	put_certs(leaf, t.ca, NULL);
	assert_int_equal(create(&ctx, &pair, 1, name, 1), -EINVAL);
	assert_non_null(strstr(err, "no subjectAltName"));
	X509_free(leaf);
}

static void
wildcards(void **state)
{
	(void)state;
	static const struct {
		const char *san;
		bool good;
	} rows[] = {{"DNS:*.gw.example", true}, {"DNS:gw*.example.com", false},
		{"DNS:*gw.example.com", false}, {"DNS:*", false}, {"DNS:*.example", false},
		{"DNS:a.*.example", false}, {"DNS:*.*.example", false},
		{"DNS:gw.example,DNS:g*.example", false}};
	struct mst_tls_pair pair = {.cert_file = t.f.cert, .key_file = t.f.key};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		X509 *leaf = leaf_of(t.key, rows[i].san, 90);
		struct mst_tls_ctx *ctx;

		put_certs(leaf, t.ca, NULL);
		int rc = create(&ctx, &pair, 1, NULL, 0);
		if (rc != (rows[i].good ? 0 : -EINVAL) || (rc < 0 && strstr(err, "wildcard") == NULL))
			fail_msg("%s: %d %s", rows[i].san, rc, err);
		mst_tls_ctx_put(ctx);
		X509_free(leaf);
	}
}

// ---- two kinds of key ---------------------------------------------------------------------------
static void
meets(struct mst_tls_ctx *ctx, char *signatures, const char *kind, int version)
{
	struct pair p;

	pair_init(&p, ctx);
	SSL_CTX_set_max_proto_version(p.client_ctx, version);
	assert_int_equal(SSL_CTX_set1_sigalgs_list(p.client_ctx, signatures), 1);
	pair_renew_client(&p);
	pair_connect(&p);
	X509 *server = SSL_get1_peer_certificate(p.client);
	assert_int_equal(EVP_PKEY_is_a(X509_get0_pubkey(server), kind), 1);
	X509_free(server);
	pair_fini(&p);
}

static void
side_by_side(void **state)
{
	(void)state;
	struct mst_tls_pair pairs[] = {
		{.cert_file = t.f.cert, .key_file = t.f.key}, {.cert_file = t.g.cert, .key_file = t.g.key}};
	char ecdsa[] = "ECDSA+SHA256", rsa[] = "RSA-PSS+SHA256:RSA+SHA256"; // libssl's macro casts const away
	struct mst_tls_cert_info info;
	struct mst_tls_ctx *ctx;

	put_certs(t.leaf, t.ca, NULL);
	files_put_identity(&t.g, KEY_RSA);
	assert_int_equal(create(&ctx, pairs, 2, NULL, 0), 0);
	assert_int_equal(mst_tls_ctx_pairs(ctx), 2);
	mst_tls_ctx_info(ctx, 0, time(NULL), &info);
	assert_string_equal(info.key_type, "EC P-256");
	assert_string_equal(info.names, "gw.example *.gw.example 192.0.2.1 2001:db8::1");
	assert_string_equal(info.issuer, "CN=The CA");
	mst_tls_ctx_info(ctx, 1, time(NULL), &info);
	assert_string_equal(info.key_type, "RSA 2048");
	meets(ctx, ecdsa, "EC", TLS1_3_VERSION);
	meets(ctx, rsa, "RSA", TLS1_3_VERSION);
	meets(ctx, ecdsa, "EC", TLS1_2_VERSION);
	meets(ctx, rsa, "RSA", TLS1_2_VERSION);
	mst_tls_ctx_put(ctx);
	// The second one is checked as the first is.
	files_put_identity(&t.g, KEY_EC);
	assert_int_equal(create(&ctx, pairs, 2, NULL, 0), -EINVAL);
	assert_non_null(strstr(err, "same kind of key"));
	assert_non_null(strstr(err, t.g.cert));
	files_put_identity(&t.g, KEY_RSA);
	files_put_key(t.g.key, t.key);
	assert_int_equal(create(&ctx, pairs, 2, NULL, 0), -EKEYREJECTED);
	assert_int_equal(create(&ctx, pairs, 0, NULL, 0), -EINVAL);
	assert_int_equal(create(&ctx, pairs, MST_TLS_PAIRS_MAX + 1, NULL, 0), -EINVAL);
}

static void
weak_curves(void **state)
{
	(void)state;
	struct mst_tls_pair pair = {.cert_file = t.g.cert, .key_file = t.g.key};
	EVP_PKEY *keys[] = {pki_ec("P-224"), pki_ec("P-256")};
	static const char *const words[] = {"too weak", "spelled out"};

	assert_int_equal(EVP_PKEY_set_utf8_string_param(keys[1], OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
	for (size_t i = 0; i < MST_ARRAY_SIZE(keys); i++) {
		X509 *leaf = leaf_of(keys[i], "DNS:gw.example", 90);
		struct mst_tls_ctx *ctx;

		unlink(t.g.cert);
		files_put_cert(t.g.cert, leaf);
		files_put_key(t.g.key, keys[i]);
		assert_int_equal(create(&ctx, &pair, 1, NULL, 0), -EINVAL);
		if (strstr(err, words[i]) == NULL)
			fail_msg("\"%s\" lacks \"%s\"", err, words[i]);
		X509_free(leaf);
		EVP_PKEY_free(keys[i]);
	}
}

// ---- PKCS#12 ------------------------------------------------------------------------------------
static void
put_pfx(const char *password, EVP_PKEY *key, X509 *leaf)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	FILE *out = fopen(t.pfx, "w");
	PKCS12 *p12;

	assert_true(sk_X509_push(others, t.root) > 0 && sk_X509_push(others, t.ca) > 0);
	p12 = PKCS12_create(password, "gw", key, leaf, others, 0, 0, 0, 0, 0);
	assert_non_null(p12);
	assert_int_equal(i2d_PKCS12_fp(out, p12), 1);
	fclose(out);
	chmod(t.pfx, 0600);
	PKCS12_free(p12);
	sk_X509_free(others);
}

static void
pfx(void **state)
{
	(void)state;
	struct mst_tls_pair pair = {.pfx_file = t.pfx, .password_file = t.password};
	struct mst_tls_pair no_password = {.pfx_file = t.pfx};
	struct mst_tls_ctx *ctx;

	put_pfx("secret", t.key, t.leaf);
	files_put(t.password, "secret\r\nmore\n");
	assert_int_equal(create(&ctx, &pair, 1, NULL, 0), 0);
	assert_string_equal(mst_tls_ctx_warnings(ctx), "");
	sends(ctx, 2);
	mst_tls_ctx_put(ctx);
	files_put(t.password, "Secret\n");
	assert_int_equal(create(&ctx, &pair, 1, NULL, 0), -EINVAL);
	assert_non_null(strstr(err, "does not open with this password"));
	assert_int_equal(create(&ctx, &no_password, 1, NULL, 0), -EINVAL);
	assert_non_null(strstr(err, "does not open with this password"));
	put_pfx("", t.key, t.leaf);
	assert_int_equal(create(&ctx, &no_password, 1, NULL, 0), 0);
	mst_tls_ctx_put(ctx);
	chmod(t.pfx, 0644);
	assert_int_equal(create(&ctx, &no_password, 1, NULL, 0), 0);
	assert_non_null(strstr(mst_tls_ctx_warnings(ctx), "can be read by every user"));
	mst_tls_ctx_put(ctx);
	files_put(t.pfx, "hello\n");
	assert_int_equal(create(&ctx, &no_password, 1, NULL, 0), -EINVAL);
	assert_non_null(strstr(err, "is no PKCS#12 file"));
	unlink(t.password);
	assert_int_equal(create(&ctx, &pair, 1, NULL, 0), -ENOENT);
	assert_non_null(strstr(err, "password file"));
	unlink(t.pfx);
	assert_int_equal(create(&ctx, &pair, 1, NULL, 0), -ENOENT);
	assert_non_null(strstr(err, "PKCS#12 file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order),
		cmocka_unit_test(not_complete),
		cmocka_unit_test(too_long_valid),
		cmocka_unit_test(names),
		cmocka_unit_test(no_alt_name),
		cmocka_unit_test(wildcards),
		cmocka_unit_test(side_by_side),
		cmocka_unit_test(weak_curves),
		cmocka_unit_test(pfx),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
