// The name a device asks for decides whose certificate it meets, and whether it is asked for one of its own.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "pki.h"
#include "support.h"

static struct {
	struct files f[3];
	struct mst_tls_ctx *ctx;
	EVP_PKEY *key[3];
} t;

static struct mst_tls_ctx *
make(int i, const char *cn, const struct mst_tls_clients *clients)
{
	struct mst_tls_pair pair = {.cert_file = t.f[i].cert, .key_file = t.f[i].key};
	struct mst_tls_params p = {.pairs = &pair,
		.n_pairs = 1,
		.min_version = MST_TLS_1_2,
		.clients = clients,
		.now_unix_s = time(NULL)};
	struct mst_tls_ctx *ctx;
	X509 *cert = pki_cert(&(struct pki_spec){.cn = cn, .key = t.key[i], .basic = "critical,CA:TRUE"});
	char err[256];

	unlink(t.f[i].cert);
	files_put_cert(t.f[i].cert, cert);
	files_put_key(t.f[i].key, t.key[i]);
	assert_int_equal(mst_tls_ctx_create(&ctx, &p, err, sizeof(err)), 0);
	X509_free(cert);
	return ctx;
}

static int
setup(void **state)
{
	(void)state;
	static const char *const first[] = {"vpn.example.com", "*.one.example"};
	static const char *const second[] = {"*.example.com", "two.one.example"};
	char err[256];

	for (int i = 0; i < 3; i++) {
		files_init(&t.f[i]);
		t.key[i] = pki_ec("P-256");
	}
	t.ctx = make(0, "default", NULL);
	assert_int_equal(mst_tls_ctx_add_host(t.ctx, first, 2, make(1, "first", NULL), err, sizeof(err)), 0);
	struct mst_tls_clients clients = {.ca_file = t.f[1].cert};
	assert_int_equal(
		mst_tls_ctx_add_host(t.ctx, second, 2, make(2, "second", &clients), err, sizeof(err)), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_tls_ctx_put(t.ctx);
	for (int i = 0; i < 3; i++) {
		EVP_PKEY_free(t.key[i]);
		files_fini(&t.f[i]);
	}
	return 0;
}

// libssl's macro casts const away.
static void
ask_for(SSL *client, const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s", name);
	assert_int_equal(SSL_set_tlsext_host_name(client, text), 1);
}

static void
met(const char *name, const char *cn, const char *host, enum mst_tls_peer peer, int version)
{
	struct mst_tls_peer_cert cert;
	struct pair p;
	char got[32] = "";

	pair_init(&p, t.ctx);
	SSL_CTX_set_max_proto_version(p.client_ctx, version);
	pair_renew_client(&p);
	if (name != NULL)
		ask_for(p.client, name);
	pair_connect(&p);
	X509 *server = SSL_get1_peer_certificate(p.client);
	X509_NAME_get_text_by_NID(X509_get_subject_name(server), NID_commonName, got, sizeof(got));
	if (strcmp(got, cn) != 0 || strcmp(mst_tls_conn_host(p.conn), host) != 0)
		fail_msg("%s: met %s, host %s", name, got, mst_tls_conn_host(p.conn));
	assert_int_equal(mst_tls_conn_peer_cert(p.conn, &cert), peer);
	X509_free(server);
	pair_fini(&p);
}

static void
names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *cn;
	} rows[] = {
		{NULL, "default"},
		{"nobody.example.org", "default"},
		{"vpn.example.com", "first"}, // before the other's wildcard
		{"VPN.Example.COM", "first"},
		{"a.example.com", "second"},
		{"a.b.example.com", "default"}, // one label only
		{"example.com", "default"},
		{"xexample.com", "default"},
		{"a.one.example", "first"},
		{"two.one.example", "second"}, // although the wildcard comes first
		{"*.example.com", "second"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		bool second = strcmp(rows[i].cn, "second") == 0;
		const char *host = second			      ? "*.example.com"
				   : strcmp(rows[i].cn, "first") == 0 ? "vpn.example.com"
								      : "";
		enum mst_tls_peer peer = second ? MST_TLS_PEER_NONE : MST_TLS_PEER_NOT_ASKED;

		met(rows[i].name, rows[i].cn, host, peer, TLS1_3_VERSION);
		met(rows[i].name, rows[i].cn, host, peer, TLS1_2_VERSION);
	}
}

// The device answers with a group that nobody has offered at first: a second ClientHello.
static void
retry(void **state)
{
	(void)state;
	char groups[] = "P-521:P-384"; // libssl's macro casts const away
	struct pair p;

	pair_init(&p, t.ctx);
	assert_int_equal(SSL_CTX_set1_groups_list(p.client_ctx, groups), 1);
	pair_renew_client(&p);
	ask_for(p.client, "a.example.com");
	pair_connect(&p);
	assert_string_equal(mst_tls_conn_host(p.conn), "*.example.com");
	pair_fini(&p);
}

// The context may be replaced while a handshake is in progress.
static void
reload_meanwhile(void **state)
{
	(void)state;
	static const char *const name[] = {"vpn.example.com"};
	struct mst_tls_ctx *ctx = make(0, "default", NULL);
	struct pair p;
	char err[256];

	assert_int_equal(mst_tls_ctx_add_host(ctx, name, 1, make(1, "first", NULL), err, sizeof(err)), 0);
	pair_init(&p, ctx);
	ask_for(p.client, "vpn.example.com");
	mst_tls_ctx_put(ctx);
	pair_connect(&p);
	assert_string_equal(mst_tls_conn_host(p.conn), "vpn.example.com");
	pair_fini(&p);
}

// ---- hosts with client CAs of their own ----------------------------------------------------------
static struct {
	struct files ca_file[2];
	EVP_PKEY *ca_key[2], *key;
	X509 *ca[2], *of_a; // a device's certificate, of the first one
	struct mst_tls_ctx *ctx;
} own;

static int
setup_own(void **state)
{
	(void)state;
	static const char *const names[2] = {"a.example.com", "b.example.com"};
	char err[256];

	own.ctx = make(0, "default", NULL);
	own.key = pki_ec("P-256");
	for (int i = 0; i < 2; i++) {
		struct mst_tls_clients clients = {.ca_file = own.ca_file[i].cert};

		files_init(&own.ca_file[i]);
		own.ca_key[i] = pki_ec("P-256");
		own.ca[i] = pki_ca(i == 0 ? "CA of a" : "CA of b", own.ca_key[i], NULL, NULL);
		files_put_cert(own.ca_file[i].cert, own.ca[i]);
		assert_int_equal(mst_tls_ctx_add_host(own.ctx, &names[i], 1, make(i + 1, names[i], &clients),
					 err, sizeof(err)),
			0);
	}
	own.of_a = pki_cert(&(struct pki_spec){.cn = "anna",
		.ext = "clientAuth",
		.key = own.key,
		.issuer = own.ca[0],
		.issuer_key = own.ca_key[0]});
	return 0;
}

static int
teardown_own(void **state)
{
	(void)state;
	mst_tls_ctx_put(own.ctx);
	for (int i = 0; i < 2; i++) {
		X509_free(own.ca[i]);
		EVP_PKEY_free(own.ca_key[i]);
		files_fini(&own.ca_file[i]);
	}
	X509_free(own.of_a);
	EVP_PKEY_free(own.key);
	return 0;
}

// With anna's certificate, or without one; session NULL: a new one. What becomes of it is given back, if wanted.
static enum mst_tls_peer
show(const char *name, int version, bool with_cert, SSL_SESSION *session, SSL_SESSION **out)
{
	struct mst_tls_peer_cert cert;
	enum mst_tls_peer peer;
	struct pair p;
	uint8_t none[8];

	pair_init(&p, own.ctx);
	SSL_CTX_set_max_proto_version(p.client_ctx, version);
	SSL_CTX_set_session_cache_mode(p.client_ctx, SSL_SESS_CACHE_CLIENT);
	pair_renew_client(&p);
	if (with_cert)
		assert_int_equal(SSL_use_cert_and_key(p.client, own.of_a, own.key, NULL, 1), 1);
	if (session != NULL)
		assert_int_equal(SSL_set_session(p.client, session), 1);
	ask_for(p.client, name);
	pair_connect(&p);
	(void)pair_client_read(&p, none, sizeof(none)); // a ticket would come by now
	assert_int_equal(SSL_session_reused(p.client), 0);
	peer = mst_tls_conn_peer_cert(p.conn, &cert);
	if (out != NULL)
		*out = SSL_get1_session(p.client);
	pair_fini(&p);
	return peer;
}

static void
each_accepts_what_its_own_ca_has_issued(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	for (size_t i = 0; i < MST_ARRAY_SIZE(versions); i++) {
		assert_int_equal(show("a.example.com", versions[i], true, NULL, NULL), MST_TLS_PEER_ACCEPTED);
		assert_int_equal(show("b.example.com", versions[i], true, NULL, NULL), MST_TLS_PEER_REFUSED);
		assert_int_equal(
			show("c.example.com", versions[i], true, NULL, NULL), MST_TLS_PEER_NOT_ASKED);
	}
}

static void
each_names_its_own_cas(void **state)
{
	(void)state;
	static const char *const names[2] = {"a.example.com", "b.example.com"};

	for (int i = 0; i < 2; i++) {
		const STACK_OF(X509_NAME) * asked;
		struct pair p;

		pair_init(&p, own.ctx);
		ask_for(p.client, names[i]);
		pair_connect(&p);
		asked = SSL_get0_peer_CA_list(p.client);
		assert_int_equal(sk_X509_NAME_num(asked), 1);
		assert_int_equal(
			X509_NAME_cmp(sk_X509_NAME_value(asked, 0), X509_get_subject_name(own.ca[i])), 0);
		pair_fini(&p);
	}
}

// No session is taken up again, so none can carry the certificate that one host has accepted to another.
static void
nothing_is_resumed(void **state)
{
	(void)state;
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	for (size_t i = 0; i < MST_ARRAY_SIZE(versions); i++) {
		SSL_SESSION *session;

		assert_int_equal(
			show("a.example.com", versions[i], true, NULL, &session), MST_TLS_PEER_ACCEPTED);
		assert_int_equal(SSL_SESSION_is_resumable(session), 0);
		assert_int_equal(SSL_SESSION_has_ticket(session), 0);
		assert_int_equal(show("a.example.com", versions[i], false, session, NULL), MST_TLS_PEER_NONE);
		assert_int_equal(show("b.example.com", versions[i], false, session, NULL), MST_TLS_PEER_NONE);
		SSL_SESSION_free(session);
	}
}

static void
refused(struct mst_tls_ctx *ctx, const char *name, int rc, const char *word)
{
	char err[256];

	assert_int_equal(mst_tls_ctx_add_host(ctx, &name, 1, make(1, "x", NULL), err, sizeof(err)), rc);
	if (strstr(err, word) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", err, word);
}

static void
bad_names(void **state)
{
	(void)state;
	static const char *const partial[] = {
		"v*.example.com", "*", "*.com", "a.*.example.com", "**.example.com", "*a.b.c"};
	struct mst_tls_ctx *ctx = make(0, "default", NULL);
	char name[32];
	const char *at = name;
	char err[256];

	for (size_t i = 0; i < MST_ARRAY_SIZE(partial); i++)
		refused(ctx, partial[i], -EINVAL, "wildcard");
	for (int i = 0; i < MST_TLS_HOSTS_MAX; i++) {
		snprintf(name, sizeof(name), "h%d.example.com", i);
		assert_int_equal(mst_tls_ctx_add_host(ctx, &at, 1, make(1, "x", NULL), err, sizeof(err)), 0);
	}
	refused(ctx, "more.example.com", -EINVAL, "too many");
	mst_tls_ctx_put(ctx);
	ctx = make(0, "default", NULL);
	assert_int_equal(mst_tls_ctx_add_host(ctx, &at, 1, make(1, "x", NULL), err, sizeof(err)), 0);
	refused(ctx, "H63.Example.com", -EEXIST, "two hosts");
	mst_tls_ctx_put(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(retry),
		cmocka_unit_test(reload_meanwhile),
		cmocka_unit_test(bad_names),
		cmocka_unit_test_setup_teardown(
			each_accepts_what_its_own_ca_has_issued, setup_own, teardown_own),
		cmocka_unit_test_setup_teardown(each_names_its_own_cas, setup_own, teardown_own),
		cmocka_unit_test_setup_teardown(nothing_is_resumed, setup_own, teardown_own),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
