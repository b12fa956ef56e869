// Which clients get in: exactly the Mozilla intermediate profile, no resumption, no renegotiation.
#include <string.h>

#include <openssl/err.h>

#include "support.h"

static struct files f;
static struct mst_tls_ctx *ctx;
static struct pair p;

static int
group_setup(void **state)
{
	(void)state;
	files_init(&f);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	files_fini(&f);
	return 0;
}

static void
begin(enum key_kind kind, enum mst_tls_version min_version)
{
	files_put_identity(&f, kind);
	ctx = ctx_make(&f, min_version);
	pair_init(&p, ctx);
}

static void
end(void)
{
	pair_fini(&p);
	mst_tls_ctx_put(ctx);
}

static void
offer(int version, const char *suites, const char *groups)
{
	char list[128];

	pair_renew_client(&p);
	SSL_set_security_level(p.client, 0); // a client that would take anything
	assert_int_equal(SSL_set_min_proto_version(p.client, TLS1_VERSION), 1);
	assert_int_equal(SSL_set_max_proto_version(p.client, version), 1);
	if (suites != NULL && version == TLS1_3_VERSION)
		assert_int_equal(SSL_set_ciphersuites(p.client, suites), 1);
	else if (suites != NULL)
		assert_int_equal(SSL_set_cipher_list(p.client, suites), 1);
	if (groups == NULL)
		return;
	snprintf(list, sizeof(list), "%s", groups);
	assert_int_equal(SSL_set1_groups_list(p.client, list), 1);
}

static void
accepted(int version, const char *suites, const char *groups, const char *name)
{
	mst_tls_conn_destroy(p.conn);
	assert_int_equal(mst_tls_conn_create(&p.conn, ctx, p.server_fd), 0);
	offer(version, suites, groups);
	pair_connect(&p);
	assert_string_equal(mst_tls_conn_cipher(p.conn), name);
	assert_int_equal(SSL_session_reused(p.client), 0);
	// A fresh socket pair for the next one.
	pair_fini(&p);
	pair_init(&p, ctx);
}

static void
refused(int version, const char *suites, const char *groups)
{
	bool client_done = true;

	offer(version, suites, groups);
	assert_int_equal(pair_handshake(&p, &client_done), MST_TLS_FAILED);
	assert_false(client_done);
	assert_true(strlen(mst_tls_conn_error(p.conn)) > 0);
	assert_string_equal(mst_tls_conn_cipher(p.conn), "");
	pair_fini(&p);
	pair_init(&p, ctx);
}

static void
suites_with_ecdsa(void **state)
{
	(void)state;
	begin(KEY_EC, MST_TLS_1_2);
	// In TLS 1.2 the list of groups binds the curve of the certificate too (RFC 8422 5.1.1): P-256 is
	// always in.
	accepted(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", "X25519:P-256",
		"(TLS1.2)-(ECDHE-X25519)-(ECDSA-SHA256)-(AES-128-GCM)");
	accepted(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", "P-256",
		"(TLS1.2)-(ECDHE-SECP256R1)-(ECDSA-SHA256)-(AES-256-GCM)");
	accepted(TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", "P-384:P-256",
		"(TLS1.2)-(ECDHE-SECP384R1)-(ECDSA-SHA256)-(CHACHA20-POLY1305)");
	refused(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", NULL);
	refused(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", NULL);
	refused(TLS1_2_VERSION, "ECDHE-ECDSA-AES256-CCM", NULL);
	end();
}

static void
suites_with_rsa(void **state)
{
	(void)state;
	begin(KEY_RSA, MST_TLS_1_2);
	accepted(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", "X25519",
		"(TLS1.2)-(ECDHE-X25519)-(RSA-PSS-RSAE-SHA256)-(AES-128-GCM)");
	accepted(TLS1_2_VERSION, "ECDHE-RSA-AES256-GCM-SHA384", "X25519",
		"(TLS1.2)-(ECDHE-X25519)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)");
	accepted(TLS1_2_VERSION, "ECDHE-RSA-CHACHA20-POLY1305", "X25519",
		"(TLS1.2)-(ECDHE-X25519)-(RSA-PSS-RSAE-SHA256)-(CHACHA20-POLY1305)");
	refused(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA256", NULL);
	refused(TLS1_2_VERSION, "AES128-GCM-SHA256", NULL); // RSA key exchange
	refused(TLS1_2_VERSION, "AES256-SHA", NULL);
	refused(TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256", NULL);
	refused(TLS1_2_VERSION, "AECDH-AES128-SHA", NULL); // nobody signs
	end();
}

static void
suites_of_1_3(void **state)
{
	(void)state;
	begin(KEY_RSA, MST_TLS_1_2);
	accepted(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", "X25519",
		"(TLS1.3)-(ECDHE-X25519)-(RSA-PSS-RSAE-SHA256)-(AES-128-GCM)");
	accepted(TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", "P-256",
		"(TLS1.3)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM)");
	accepted(TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256", "P-384",
		"(TLS1.3)-(ECDHE-SECP384R1)-(RSA-PSS-RSAE-SHA256)-(CHACHA20-POLY1305)");
	refused(TLS1_3_VERSION, "TLS_AES_128_CCM_SHA256", NULL);
	end();
}

static void
groups(void **state)
{
	(void)state;
	begin(KEY_EC, MST_TLS_1_2);
	refused(TLS1_3_VERSION, NULL, "P-521");
	refused(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", "P-521");
	// Another key share first: HelloRetryRequest (RFC 8446 4.1.4).
	accepted(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", "P-521:P-384",
		"(TLS1.3)-(ECDHE-SECP384R1)-(ECDSA-SHA256)-(AES-128-GCM)");
	end();
}

static void
old_versions(void **state)
{
	(void)state;
	begin(KEY_RSA, MST_TLS_1_2);
	refused(TLS1_VERSION, "ALL:@SECLEVEL=0", NULL);
	refused(TLS1_1_VERSION, "ALL:@SECLEVEL=0", NULL);
	end();
	begin(KEY_EC, MST_TLS_1_3);
	refused(TLS1_2_VERSION, NULL, NULL);
	accepted(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", "X25519",
		"(TLS1.3)-(ECDHE-X25519)-(ECDSA-SHA256)-(AES-128-GCM)");
	end();
}

static void
sha1_signatures(void **state)
{
	(void)state;
	bool client_done = true;

	begin(KEY_RSA, MST_TLS_1_2);
	offer(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", NULL);
	assert_int_equal(SSL_set1_sigalgs_list(p.client, (char[]){"RSA+SHA1:ECDSA+SHA1"}), 1);
	assert_int_equal(pair_handshake(&p, &client_done), MST_TLS_FAILED);
	assert_false(client_done);
	end();
}

static int n_sessions;

static int
count_session(SSL *ssl, SSL_SESSION *s)
{
	(void)ssl;
	(void)s;
	n_sessions++;
	return 0;
}

// TLS 1.3: no NewSessionTicket. TLS 1.2: neither ticket nor session id.
static void
no_resumption(void **state)
{
	(void)state;
	uint8_t buf[64];

	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		begin(KEY_EC, MST_TLS_1_2);
		n_sessions = 0;
		SSL_CTX_set_session_cache_mode(p.client_ctx, SSL_SESS_CACHE_CLIENT);
		SSL_CTX_sess_set_new_cb(p.client_ctx, count_session);
		offer(version, NULL, NULL);
		pair_connect(&p);
		assert_int_equal(mst_tls_conn_write(p.conn, "x", 1), MST_TLS_OK);
		assert_int_equal(pair_client_read(&p, buf, sizeof(buf)), 1);
		SSL_SESSION *s = SSL_get1_session(p.client);
		assert_int_equal(SSL_SESSION_has_ticket(s), 0);
		assert_int_equal(SSL_SESSION_is_resumable(s), 0);
		if (version == TLS1_3_VERSION)
			assert_int_equal(n_sessions, 0);
		SSL_SESSION_free(s);
		end();
	}
}

// RFC 5246 7.2.2: answered by the warning no_renegotiation, and no new handshake.
static void
renegotiation(void **state)
{
	(void)state;
	uint8_t buf[MST_TLS_RECORD_BYTES];
	size_t n = 0;

	begin(KEY_EC, MST_TLS_1_2);
	offer(TLS1_2_VERSION, NULL, NULL);
	pair_connect(&p);
	assert_int_equal(SSL_renegotiate(p.client), 1);
	assert_int_equal(SSL_do_handshake(p.client), -1);
	pair_push(&p, SIZE_MAX);
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_WANT_READ);
	pair_pull(&p);
	ERR_clear_error();
	assert_int_equal(SSL_do_handshake(p.client), -1);
	assert_int_equal(ERR_GET_REASON(ERR_peek_error()), SSL_R_NO_RENEGOTIATION);
	ERR_clear_error();
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_with_ecdsa),
		cmocka_unit_test(suites_with_rsa),
		cmocka_unit_test(suites_of_1_3),
		cmocka_unit_test(groups),
		cmocka_unit_test(old_versions),
		cmocka_unit_test(sha1_signatures),
		cmocka_unit_test(no_resumption),
		cmocka_unit_test(renegotiation),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
