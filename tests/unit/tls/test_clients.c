// A device's certificate is accepted when each rule is kept; whichever is broken, the handshake goes on, the certificate
// counts as none, and the reason is said.
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "pki.h"
#include "support.h"

#define BELOW_MAX 6 // CAs between the anchor and the device

enum crl {
	CRL_OFF,
	CRL_GOOD,
	CRL_REVOKED,
	CRL_CA_REVOKED,
	CRL_OLD,
	CRL_EARLY,
	CRL_FORGED,
	CRL_NOT_OF_CA,
	CRL_NOT_OF_ISSUER
};

// One chain: an anchor, CAs below it, the device's certificate. What is not said is as it should be.
struct row {
	const char *name;
	const char *reason; // a part of it; NULL: accepted
	struct pki_spec leaf, ca;
	int n_cas; // 0: one
	enum crl crl;
	bool lenient;
	bool no_ca_sent, stranger, forged, extra_root;
	int extra_rsa_bits; // of a certificate sent behind the chain
	int n_extra;
	bool trust_ca; // the CA itself is the anchor
};

static struct {
	EVP_PKEY *root_key, *ca_key[BELOW_MAX], *key, *other_key;
	X509 *root;
	struct files f, server;
	char crl[3][64];
} t;

static const struct row rows[] = {
	{.name = "good"},
	{.name = "good, the root is sent too", .extra_root = true},
	{.name = "good, the CA is the anchor", .trust_ca = true},
	{.name = "good, with several purposes", .leaf.ext = "serverAuth,clientAuth"},
	{.name = "good, name within the constraint",
		.leaf.san = "DNS:a.example",
		.ca.names = "permitted;DNS:example"},
	{.name = "longest chain", .n_cas = 4},
	{.name = "chain too long", .n_cas = 5, .reason = "chain too long"},
	{.name = "chain much too long", .n_cas = 6, .reason = "more certificates"},
	{.name = "expired", .leaf.from_s = -2 * PKI_DAY, .leaf.to_s = -60, .reason = "expired"},
	{.name = "not yet valid",
		.leaf.from_s = PKI_DAY,
		.leaf.to_s = 2 * PKI_DAY,
		.reason = "not yet valid"},
	{.name = "CA expired", .ca.from_s = -2 * PKI_DAY, .ca.to_s = -60, .reason = "expired"},
	{.name = "CA not yet valid", .ca.from_s = PKI_DAY, .ca.to_s = 2 * PKI_DAY, .reason = "not yet valid"},
	{.name = "for servers only", .leaf.ext = "serverAuth", .reason = "purpose"},
	{.name = "for any use", .leaf.ext = "anyExtendedKeyUsage", .reason = "purpose"},
	{.name = "for mail", .leaf.ext = "emailProtection", .reason = "purpose"},
	{.name = "no purpose", .leaf.ext = "", .reason = "extendedKeyUsage"},
	{.name = "key for encryption only", .leaf.usage = "keyEncipherment", .reason = "purpose"},
	{.name = "a CA's own",
		.leaf.basic = "critical,CA:TRUE",
		.leaf.usage = "digitalSignature,keyCertSign",
		.reason = "of a CA"},
	{.name = "issuer is no CA", .ca.basic = "critical,CA:FALSE", .reason = "invalid CA"},
	{.name = "issuer says nothing of being a CA", .ca.basic = "", .reason = "invalid CA"},
	{.name = "issuer may not sign", .ca.usage = "digitalSignature", .reason = "certificate"},
	{.name = "issuer of version 1", .ca.version = 1, .reason = "CA certificate"},
	{.name = "issuer for servers only", .ca.ext = "serverAuth", .reason = "purpose"},
	{.name = "path length 0 kept", .ca.basic = "critical,CA:TRUE,pathlen:0"},
	{.name = "path length 0 broken",
		.ca.basic = "critical,CA:TRUE,pathlen:0",
		.n_cas = 2,
		.reason = "path length"},
	{.name = "outside the name constraint",
		.leaf.san = "DNS:a.test",
		.ca.names = "permitted;DNS:example",
		.reason = "permitted subtree"},
	{.name = "excluded name",
		.leaf.san = "DNS:a.example",
		.ca.names = "excluded;DNS:example",
		.reason = "excluded subtree"},
	{.name = "SHA-1", .leaf.md = (const EVP_MD *)&rows, .reason = "digest"},
	{.name = "extension twice", .leaf.basic = "CA:FALSE", .leaf.doubled = true, .reason = "twice"},
	{.name = "CA's extension twice",
		.ca.basic = "critical,CA:TRUE",
		.ca.doubled = true,
		.reason = "twice"},
	{.name = "critical extension that nobody knows",
		.leaf.critical = true,
		.reason = "critical extension"},
	{.name = "CA's critical extension that nobody knows",
		.ca.critical = true,
		.reason = "critical extension"},
	{.name = "of another CA", .stranger = true, .reason = "local issuer"},
	{.name = "CA of the same name, other key", .forged = true, .reason = "signature"},
	{.name = "CA not sent", .no_ca_sent = true, .reason = "local issuer"},
	{.name = "extra key of 8192 bits", .extra_rsa_bits = 8192, .n_extra = 1},
	{.name = "extra key of 8193 bits", .extra_rsa_bits = 8193, .n_extra = 1, .reason = "a key that is"},
	{.name = "extra key of 16384 bits", .extra_rsa_bits = 16384, .n_extra = 1, .reason = "a key that is"},
	{.name = "extra key of 2047 bits", .extra_rsa_bits = 2047, .n_extra = 1, .reason = "a key that is"},
	{.name = "extra key of 2048 bits", .extra_rsa_bits = 2048, .n_extra = 1},
	{.name = "four extra", .extra_rsa_bits = 2048, .n_extra = 4},
	{.name = "five extra", .extra_rsa_bits = 2048, .n_extra = 5, .reason = "more certificates"},
	{.name = "chain of thirty", .extra_rsa_bits = 2048, .n_extra = 28, .reason = "more certificates"},
	{.name = "CRLs without it", .crl = CRL_GOOD},
	{.name = "revoked", .crl = CRL_REVOKED, .reason = "revoked"},
	{.name = "CA revoked", .crl = CRL_CA_REVOKED, .reason = "revoked"},
	{.name = "CRL too old", .crl = CRL_OLD, .reason = "CRL has expired"},
	{.name = "CRL of tomorrow", .crl = CRL_EARLY, .reason = "CRL is not yet valid"},
	{.name = "CRL forged", .crl = CRL_FORGED, .reason = "CRL signature"},
	{.name = "no CRL of the root", .crl = CRL_NOT_OF_CA, .reason = "unable to get certificate CRL"},
	{.name = "no CRL of the CA", .crl = CRL_NOT_OF_ISSUER, .reason = "unable to get certificate CRL"},
	{.name = "the CA is the anchor, and needs no CRL", .crl = CRL_NOT_OF_CA, .trust_ca = true},
	{.name = "the CA is the anchor, revoked", .crl = CRL_REVOKED, .trust_ca = true, .reason = "revoked"},
	{.name = "lenient: revoked", .crl = CRL_REVOKED, .lenient = true, .reason = "revoked"},
	{.name = "lenient: CRL too old", .crl = CRL_OLD, .lenient = true},
	{.name = "lenient: no CRL of the CA", .crl = CRL_NOT_OF_ISSUER, .lenient = true},
	{.name = "lenient: CRL forged", .crl = CRL_FORGED, .lenient = true, .reason = "CRL signature"},
	{.name = "lenient: CRL of tomorrow",
		.crl = CRL_EARLY,
		.lenient = true,
		.reason = "CRL is not yet valid"},
	{.name = "lenient: expired",
		.leaf.from_s = -2 * PKI_DAY,
		.leaf.to_s = -60,
		.crl = CRL_GOOD,
		.lenient = true,
		.reason = "expired"},
};

static int
setup(void **state)
{
	(void)state;
	t.root_key = pki_ec("P-256");
	t.key = pki_ec("P-256");
	t.other_key = pki_ec("P-256");
	for (int i = 0; i < BELOW_MAX; i++)
		t.ca_key[i] = pki_ec("P-256");
	t.root = pki_ca("Root", t.root_key, NULL, NULL);
	files_init(&t.server);
	files_put_identity(&t.server, KEY_EC);
	files_init(&t.f);
	for (int i = 0; i < 3; i++)
		snprintf(t.crl[i], sizeof(t.crl[i]), "%s/%d.crl", t.f.dir, i);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	files_fini(&t.f);
	files_fini(&t.server);
	for (int i = 0; i < BELOW_MAX; i++)
		EVP_PKEY_free(t.ca_key[i]);
	EVP_PKEY_free(t.root_key);
	EVP_PKEY_free(t.key);
	EVP_PKEY_free(t.other_key);
	X509_free(t.root);
	return 0;
}

struct chain {
	X509 *cas[BELOW_MAX];
	int n;
	X509 *leaf;
	STACK_OF(X509) * sent;
};

static void
set_default(const char **field, const char *value)
{
	if (*field == NULL)
		*field = value;
	else if (**field == '\0')
		*field = NULL;
}

static void
make_cas(const struct row *r, struct chain *ch)
{
	EVP_PKEY *above_key = r->stranger ? t.other_key : t.root_key;
	X509 *above = r->stranger ? pki_ca("Stranger", t.other_key, NULL, NULL) : t.root;

	ch->n = r->n_cas != 0 ? r->n_cas : 1;
	for (int i = 0; i < ch->n; i++) {
		struct pki_spec s = i == 0 ? r->ca : (struct pki_spec){0};
		char cn[16];

		snprintf(cn, sizeof(cn), "CA %d", i);
		s.cn = cn;
		s.key = t.ca_key[i];
		s.issuer = i == 0 ? above : ch->cas[i - 1];
		s.issuer_key = i == 0 ? above_key : t.ca_key[i - 1];
		s.serial = 10 + i;
		set_default(&s.basic, "critical,CA:TRUE");
		set_default(&s.usage, "critical,keyCertSign,cRLSign");
		ch->cas[i] = pki_cert(&s);
	}
	if (r->stranger)
		X509_free(above);
}

static void
make_chain(const struct row *r, struct chain *ch)
{
	struct pki_spec s = r->leaf;

	make_cas(r, ch);
	s.cn = "device";
	s.key = t.key;
	s.issuer = ch->cas[ch->n - 1];
	s.issuer_key = r->forged ? t.other_key : t.ca_key[ch->n - 1];
	s.serial = 1;
	if (s.md != NULL)
		s.md = EVP_sha1();
	set_default(&s.usage, "critical,digitalSignature");
	set_default(&s.ext, "clientAuth");
	ch->leaf = pki_cert(&s);
	ch->sent = sk_X509_new_null();
	for (int i = ch->n - 1; i >= 0 && !r->no_ca_sent; i--)
		assert_true(X509_up_ref(ch->cas[i]) == 1 && sk_X509_push(ch->sent, ch->cas[i]) > 0);
	if (r->extra_root)
		assert_true(X509_up_ref(t.root) == 1 && sk_X509_push(ch->sent, t.root) > 0);
	for (int i = 0; i < r->n_extra; i++) {
		EVP_PKEY *key = pki_rsa_of(r->extra_rsa_bits);

		assert_true(sk_X509_push(ch->sent, pki_ca("Extra", key, t.root, t.root_key)) > 0);
		EVP_PKEY_free(key);
	}
}

static void
chain_fini(struct chain *ch)
{
	for (int i = 0; i < ch->n; i++)
		X509_free(ch->cas[i]);
	X509_free(ch->leaf);
	sk_X509_pop_free(ch->sent, X509_free);
}

static void
put_crl(int i, X509 *ca, EVP_PKEY *key, long serial, long from_s, long to_s)
{
	X509_CRL *crl = pki_crl(ca, key, serial, from_s, to_s);

	pki_put_crl(t.crl[i], crl, i == 1);
	X509_CRL_free(crl);
}

// The CA's in DER, the root's in PEM.
static void
put_crls(const struct row *r, const struct chain *ch)
{
	long from_s = r->crl == CRL_OLD ? -2 * PKI_DAY : r->crl == CRL_EARLY ? PKI_DAY : -60;
	long to_s = r->crl == CRL_OLD ? -PKI_DAY : 2 * PKI_DAY;

	for (int i = 0; i < 3; i++)
		unlink(t.crl[i]);
	put_crl(0, t.root, t.root_key, r->crl == CRL_CA_REVOKED ? 10 : 0, -60, PKI_DAY);
	put_crl(1, ch->cas[0], r->crl == CRL_FORGED ? t.other_key : t.ca_key[0],
		r->crl == CRL_REVOKED ? 1 : 0, from_s, to_s);
}

static struct mst_tls_ctx *
make_ctx(const struct row *r, const struct chain *ch)
{
	struct mst_tls_pair pair = {.cert_file = t.server.cert, .key_file = t.server.key};
	const char *crls[] = {t.crl[0], t.crl[1]};
	struct mst_tls_clients clients = {.ca_file = t.f.cert, .lenient_crls = r->lenient};
	struct mst_tls_params p = {.pairs = &pair,
		.n_pairs = 1,
		.min_version = MST_TLS_1_2,
		.clients = &clients,
		.now_unix_s = time(NULL)};
	struct mst_tls_ctx *ctx = NULL;
	char err[256];

	unlink(t.f.cert);
	files_put_cert(t.f.cert, r->trust_ca ? ch->cas[0] : t.root);
	if (r->crl != CRL_OFF) {
		put_crls(r, ch);
		clients.crl_files = r->crl == CRL_NOT_OF_CA ? crls + 1 : crls;
		clients.n_crls = r->crl == CRL_NOT_OF_CA || r->crl == CRL_NOT_OF_ISSUER ? 1 : 2;
	}
	if (mst_tls_ctx_create(&ctx, &p, err, sizeof(err)) < 0)
		fail_msg("%s: %s", r->name, err);
	return ctx;
}

static void
use_chain(struct pair *p, X509 *leaf, EVP_PKEY *key, STACK_OF(X509) * sent, int version)
{
	SSL_CTX_set_security_level(p->client_ctx, 0);
	SSL_CTX_set_max_proto_version(p->client_ctx, version);
	if (leaf != NULL) {
		assert_int_equal(SSL_CTX_use_cert_and_key(p->client_ctx, leaf, key, NULL, 1), 1);
		assert_int_equal(SSL_CTX_set1_chain(p->client_ctx, sent), 1);
	}
	pair_renew_client(p);
}

static void
expect(const struct row *r, const struct mst_tls_conn *conn, const struct chain *ch)
{
	struct mst_tls_peer_cert cert;
	enum mst_tls_peer peer = mst_tls_conn_peer_cert(conn, &cert);

	if (r->reason != NULL) {
		if (peer != MST_TLS_PEER_REFUSED || strstr(cert.reason, r->reason) == NULL)
			fail_msg("%s: %d, \"%s\"", r->name, peer, cert.reason);
		assert_null(cert.leaf);
		assert_null(cert.issuer);
		return;
	}
	if (peer != MST_TLS_PEER_ACCEPTED)
		fail_msg("%s: \"%s\"", r->name, cert.reason);
	const unsigned char *at = cert.leaf;
	X509 *leaf = d2i_X509(NULL, &at, (long)cert.leaf_len);
	at = cert.issuer;
	X509 *issuer = d2i_X509(NULL, &at, (long)cert.issuer_len);
	assert_int_equal(X509_cmp(leaf, ch->leaf), 0);
	assert_int_equal(X509_cmp(issuer, ch->cas[ch->n - 1]), 0);
	X509_free(leaf);
	X509_free(issuer);
}

static void
try_row(const struct row *r, int version)
{
	struct mst_tls_peer_cert cert;
	struct mst_tls_ctx *ctx;
	struct chain ch;
	struct pair p;

	make_chain(r, &ch);
	ctx = make_ctx(r, &ch);
	pair_init(&p, ctx);
	use_chain(&p, ch.leaf, t.key, ch.sent, version);
	assert_int_equal(mst_tls_conn_peer_cert(p.conn, &cert), MST_TLS_PEER_NONE);
	pair_connect(&p);
	expect(r, p.conn, &ch);
	pair_fini(&p);
	mst_tls_ctx_put(ctx);
	chain_fini(&ch);
}

static void
chains_1_3(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		try_row(&rows[i], TLS1_3_VERSION);
}

static void
chains_1_2(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		try_row(&rows[i], TLS1_2_VERSION);
}

// A key whose public half is that of the certificate, and whose private half is another's.
static EVP_PKEY *
thief(EVP_PKEY *owner, EVP_PKEY *own)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;
	BIGNUM *private = NULL;
	unsigned char point[80];
	size_t len;

	assert_int_equal(EVP_PKEY_get_bn_param(own, OSSL_PKEY_PARAM_PRIV_KEY, &private), 1);
	assert_int_equal(
		EVP_PKEY_get_octet_string_param(owner, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len),
		1);
	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
	OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point, len);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, private);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(private);
	return key;
}

// A certificate is public: without its key it opens nothing, and the handshake ends.
static void
other_key(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	for (size_t i = 0; i < MST_ARRAY_SIZE(versions); i++) {
		struct mst_tls_peer_cert cert;
		struct chain ch;
		struct pair p;
		EVP_PKEY *key = thief(t.key, t.other_key);
		bool done;

		make_chain(&rows[0], &ch);
		struct mst_tls_ctx *ctx = make_ctx(&rows[0], &ch);
		pair_init(&p, ctx);
		use_chain(&p, ch.leaf, key, ch.sent, versions[i]);
		assert_int_equal(pair_handshake(&p, &done), MST_TLS_FAILED);
		assert_int_equal(mst_tls_conn_peer_cert(p.conn, &cert), MST_TLS_PEER_NONE);
		assert_null(cert.leaf);
		pair_fini(&p);
		mst_tls_ctx_put(ctx);
		chain_fini(&ch);
		EVP_PKEY_free(key);
	}
}

// Its own keys: kind and size are looked at before anything else is.
static void
weak_leaves(void **state)
{
	(void)state;
	EVP_PKEY *keys[] = {key_make(KEY_RSA_WEAK), pki_ec("P-224"), pki_ec("P-256")};

	// The third is strong, and its curve is spelled out.
	assert_int_equal(EVP_PKEY_set_utf8_string_param(keys[2], OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), 1);
	for (size_t i = 0; i < MST_ARRAY_SIZE(keys); i++) {
		EVP_PKEY *keep = t.key;
		struct mst_tls_peer_cert cert;
		struct chain ch;
		struct pair p;
		bool done;

		t.key = keys[i];
		make_chain(&rows[0], &ch);
		struct mst_tls_ctx *ctx = make_ctx(&rows[0], &ch);
		pair_init(&p, ctx);
		use_chain(&p, ch.leaf, t.key, ch.sent, TLS1_2_VERSION);
		// A client may rather keep such a certificate to itself, and libssl may refuse it.
		(void)pair_handshake(&p, &done);
		if (mst_tls_conn_peer_cert(p.conn, &cert) == MST_TLS_PEER_ACCEPTED)
			fail_msg("weak key %zu was accepted", i);
		pair_fini(&p);
		mst_tls_ctx_put(ctx);
		chain_fini(&ch);
		EVP_PKEY_free(keys[i]);
		t.key = keep;
	}
}

static void
none(void **state)
{
	(void)state;
	struct mst_tls_peer_cert cert;
	struct mst_tls_ctx *ctx;
	struct chain ch;
	struct pair p;

	make_chain(&rows[0], &ch);
	ctx = make_ctx(&rows[0], &ch);
	pair_init(&p, ctx);
	pair_connect(&p);
	assert_int_equal(mst_tls_conn_peer_cert(p.conn, &cert), MST_TLS_PEER_NONE);
	assert_null(cert.leaf);
	assert_non_null(strstr(cert.reason, "no certificate"));
	pair_fini(&p);
	mst_tls_ctx_put(ctx);
	// Where nobody asks, a certificate is not sent, and none counts.
	ctx = ctx_make(&t.server, MST_TLS_1_2);
	pair_init(&p, ctx);
	use_chain(&p, ch.leaf, t.key, ch.sent, TLS1_3_VERSION);
	pair_connect(&p);
	assert_int_equal(mst_tls_conn_peer_cert(p.conn, &cert), MST_TLS_PEER_NOT_ASKED);
	assert_null(cert.leaf);
	pair_fini(&p);
	mst_tls_ctx_put(ctx);
	chain_fini(&ch);
}

static void
refused_file(struct mst_tls_clients *clients, const char *word)
{
	struct mst_tls_pair pair = {.cert_file = t.server.cert, .key_file = t.server.key};
	struct mst_tls_params p = {.pairs = &pair,
		.n_pairs = 1,
		.min_version = MST_TLS_1_2,
		.clients = clients,
		.now_unix_s = time(NULL)};
	struct mst_tls_ctx *ctx = NULL;
	char err[256];

	assert_true(mst_tls_ctx_create(&ctx, &p, err, sizeof(err)) < 0);
	assert_null(ctx);
	if (strstr(err, word) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", err, word);
}

static void
bad_files(void **state)
{
	(void)state;
	const char *crl = t.crl[2];
	struct mst_tls_clients clients = {.ca_file = "/nonexistent"};

	refused_file(&clients, "file of CA certificates");
	// A device's certificate in place of a CA's would make every device an issuer.
	struct chain ch;
	make_chain(&rows[0], &ch);
	unlink(t.f.cert);
	files_put_cert(t.f.cert, t.root);
	files_put_cert(t.f.cert, ch.leaf);
	clients.ca_file = t.f.cert;
	refused_file(&clients, "number 2");
	unlink(t.f.cert);
	for (int i = 0; i <= MST_TLS_CLIENT_CAS_MAX; i++)
		files_put_cert(t.f.cert, t.root);
	refused_file(&clients, "more than 32 certificates");
	unlink(t.f.cert);
	files_put_cert(t.f.cert, t.root);
	clients.crl_files = &crl;
	clients.n_crls = 1;
	files_put(t.crl[2], "hello\n");
	refused_file(&clients, "is damaged");
	unlink(t.crl[2]);
	refused_file(&clients, "cannot open CRL");
	chain_fini(&ch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_1_3),
		cmocka_unit_test(chains_1_2),
		cmocka_unit_test(other_key),
		cmocka_unit_test(weak_leaves),
		cmocka_unit_test(none),
		cmocka_unit_test(bad_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
