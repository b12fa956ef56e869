// The legacy mode: a session that the client has made up is taken up, and nothing else is.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "dtls_client.h"
#include "dtls_private.h"

static const uint16_t psk_suite[] = {0x00a9};
static struct mst_tls_dtls_ctx *ctx;
static struct mst_tls_dtls *server;
static struct mst_tls_dtls_resumed resumed;
static struct dtls_client client;
static const uint8_t no_psk[MST_TLS_PSK_BYTES];

static int
setup(void **state)
{
	struct mst_tls_dtls_params p = {
		.suites = psk_suite, .n_suites = 1, .legacy = true, .retransmit_ms = 20};

	(void)state;
	assert_int_equal(mst_crypto_init(), 0);
	assert_int_equal(mst_tls_dtls_ctx_create(&ctx, &p), 0);
	mst_random(&resumed, sizeof(resumed));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_tls_dtls_ctx_put(ctx);
	return 0;
}

// A client that offers suites and, by the fake session, id and secret of *r.
static void
make_client(const char *suites, const struct mst_tls_dtls_resumed *r)
{
	const uint8_t id[] = {(uint8_t)(r->suite >> 8), (uint8_t)r->suite};
	SSL_SESSION *s = SSL_SESSION_new();

	dtls_client_init(&client, suites, no_psk);
	assert_non_null(s);
	assert_int_equal(SSL_SESSION_set1_master_key(s, r->master, sizeof(r->master)), 1);
	assert_int_equal(SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION), 1);
	assert_int_equal(SSL_SESSION_set_cipher(s, SSL_CIPHER_find(client.ssl, id)), 1);
	assert_int_equal(SSL_SESSION_set1_id(s, r->session_id, sizeof(r->session_id)), 1);
	assert_int_equal(SSL_set_session(client.ssl, s), 1);
	SSL_SESSION_free(s);
}

static uint64_t lost; // bit i: datagram i of the talk is
static unsigned int n_said;

static bool
is_lost(void)
{
	return (lost >> n_said++ & 1) != 0;
}

// Who has finished answers a repeated flight when it reads (RFC 6347 4.2.4).
static void
hear(const uint8_t *datagram, size_t len)
{
	char byte;

	if (is_lost())
		return;
	dtls_client_give(&client, datagram, len);
	if (!client.done)
		return;
	client.io.in = datagram;
	client.io.in_len = len;
	(void)SSL_read(client.ssl, &byte, 1);
	client.io.in = NULL;
	ERR_clear_error();
}

static void
hear_all(void)
{
	const uint8_t *datagram;
	size_t len;

	while (mst_tls_dtls_output(server, &datagram, &len))
		hear(datagram, len);
}

// Until the server has an end, or 2 s: the client may finish, and say it, while it hears.
static enum mst_tls_dtls_state
talk(void)
{
	enum mst_tls_dtls_state state = MST_TLS_DTLS_IN_PROGRESS;
	uint64_t end_ns = mst_now_ns() + 2 * MST_NS_PER_S;

	n_said = 0;
	while (state == MST_TLS_DTLS_IN_PROGRESS && mst_now_ns() < end_ns && n_said < 60) {
		struct tls_datagrams said;
		size_t at = 0;

		if (client.io.n_out == 0)
			dtls_client_step(&client);
		said = client.io;
		client.io.n_out = client.io.out_bytes = 0;
		for (size_t i = 0; i < said.n_out; at += said.out_len[i++]) {
			if (is_lost())
				continue;
			state = mst_tls_dtls_feed(server, said.out + at, said.out_len[i]);
			hear_all();
		}
		if (mst_tls_dtls_timeout_ns(server) == 0) {
			state = mst_tls_dtls_tick(server);
			hear_all();
		}
		if (said.n_out == 0)
			usleep(2000);
	}
	return state;
}

static void
each_suite_is_taken_up_and_its_keys_fit(void **state)
{
	const struct mst_dtls_suite *s;

	(void)state;
	for (size_t i = 0; (s = mst_dtls_legacy_suite_at(i)) != NULL; i++) {
		const uint8_t *datagram;
		struct mst_dtls_keys keys;
		size_t len;

		resumed.suite = s->id;
		make_client(s->name, &resumed);
		assert_int_equal(mst_tls_dtls_create_resumed(&server, ctx, &resumed, 1500), 0);
		assert_int_equal(talk(), MST_TLS_DTLS_DONE);
		assert_true(client.done);
		assert_int_equal(SSL_session_reused(client.ssl), 1);
		assert_false(mst_tls_dtls_output(server, &datagram, &len)); // the client finishes last
		assert_int_equal(mst_tls_dtls_keys(server, &keys), 0);
		assert_ptr_equal(keys.suite, s);
		mst_dtls_keys_wipe(&keys);
		mst_tls_dtls_destroy(server);
		dtls_client_fini(&client);
	}
}

// Its Finished is lost, or ours, or any datagram.
static void
what_is_lost_comes_again(void **state)
{
	(void)state;
	resumed.suite = 0x009d;
	for (unsigned int i = 0; i < 5; i++) {
		lost = 1u << i;
		make_client("AES256-GCM-SHA384", &resumed);
		assert_int_equal(mst_tls_dtls_create_resumed(&server, ctx, &resumed, 1500), 0);
		assert_int_equal(talk(), MST_TLS_DTLS_DONE);
		assert_true(client.done);
		mst_tls_dtls_destroy(server);
		dtls_client_fini(&client);
	}
	lost = 0;
}

// Another secret, another id, another suite: no handshake, and never a full one instead.
static void
nothing_else_is(void **state)
{
	for (unsigned int what = 0; what < 4; what++) {
		struct mst_tls_dtls_resumed theirs;

		(void)state;
		resumed.suite = 0x009d;
		theirs = resumed;
		if (what == 0)
			theirs.master[47] ^= 1;
		else if (what == 1)
			theirs.session_id[31] ^= 1;
		else if (what == 2)
			theirs.suite = 0x009c;
		make_client(what == 2 ? "AES128-GCM-SHA256" : "AES256-GCM-SHA384", &theirs);
		if (what == 3) // a new session
			assert_int_equal(SSL_set_session(client.ssl, NULL), 1);
		assert_int_equal(mst_tls_dtls_create_resumed(&server, ctx, &resumed, 1500), 0);
		assert_int_not_equal(talk(), MST_TLS_DTLS_DONE);
		assert_false(client.done);
		mst_tls_dtls_destroy(server);
		dtls_client_fini(&client);
	}
}

static void
secrets_do_not_outlive_their_use(void **state)
{
	(void)state;
	resumed.suite = 0x009d;
	make_client("AES256-GCM-SHA384", &resumed);
	assert_int_equal(mst_tls_dtls_create_resumed(&server, ctx, &resumed, 1500), 0);
	assert_non_null(memmem(server, sizeof(*server), resumed.master, sizeof(resumed.master)));
	(void)talk();
	assert_null(memmem(server, sizeof(*server), resumed.master, sizeof(resumed.master)));
	mst_tls_dtls_destroy(server);
	dtls_client_fini(&client);
}

static void
only_where_it_was_asked_for(void **state)
{
	struct mst_tls_dtls_ctx *other = dtls_ctx_make(psk_suite, 1);
	struct mst_tls_dtls *h = NULL;

	(void)state;
	resumed.suite = 0x009d;
	assert_int_equal(mst_tls_dtls_create_resumed(&h, other, &resumed, 1500), -EINVAL);
	resumed.suite = 0x00a9; // by PSK
	assert_int_equal(mst_tls_dtls_create_resumed(&h, ctx, &resumed, 1500), -EINVAL);
	resumed.suite = 0x0035; // CBC
	assert_int_equal(mst_tls_dtls_create_resumed(&h, ctx, &resumed, 1500), -EINVAL);
	assert_null(h);
	mst_tls_dtls_ctx_put(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_suite_is_taken_up_and_its_keys_fit),
		cmocka_unit_test(what_is_lost_comes_again),
		cmocka_unit_test(nothing_else_is),
		cmocka_unit_test(secrets_do_not_outlive_their_use),
		cmocka_unit_test(only_where_it_was_asked_for),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
