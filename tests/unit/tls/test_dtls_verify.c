// HelloVerifyRequest: a cookie is good on its path, for its hello and for its time alone, and the handshake goes on behind it.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "dtls_client.h"
#include "dtls_private.h"

#define V MST_TLS_DTLS_VERIFY_NS
#define NOW (1000 * MST_NS_PER_S)
#define COOKIE_AT (MST_TLS_DTLS_VERIFY_BYTES - MST_TLS_DTLS_COOKIE_BYTES)

static const uint16_t suites[] = {0x00a9};
static const uint8_t psk[MST_TLS_PSK_BYTES] = "0123456789abcdef0123456789abcde";
static const uint8_t path[40] = "203.0.113.1:443 from 198.51.100.7:50000";
static struct mst_tls_dtls_ctx *ctx;
static struct mst_tls_dtls_verifier verifier;
static struct mst_tls_dtls_resumed resumed;
static struct dtls_client client;
static struct road road;
static uint8_t random_bytes[MST_DTLS_RANDOM_BYTES] = "a random of the client, 32 bytes";
static uint8_t answer[MST_TLS_DTLS_VERIFY_BYTES];
static struct mst_dtls_client_hello hello;

static int
setup(void **state)
{
	struct mst_tls_dtls_params p = {.suites = suites, .n_suites = 1, .legacy = true, .retransmit_ms = 20};

	(void)state;
	assert_int_equal(mst_crypto_init(), 0);
	assert_int_equal(mst_tls_dtls_ctx_create(&ctx, &p), 0);
	mst_random(&resumed, sizeof(resumed));
	resumed.suite = 0x009d;
	mst_tls_dtls_verifier_init(&verifier, NOW);
	hello = (struct mst_dtls_client_hello){.session_id = "a session",
		.session_id_len = 32,
		.record_seq = 0x0102030405,
		.random = random_bytes};
	assert_int_equal(mst_tls_dtls_verify_request(&verifier, NOW, path, sizeof(path), &hello, answer), 0);
	hello.cookie = answer + COOKIE_AT;
	hello.cookie_len = MST_TLS_DTLS_COOKIE_BYTES;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_tls_dtls_verifier_fini(&verifier);
	assert_memory_equal(&verifier, &(struct mst_tls_dtls_verifier){0}, sizeof(verifier));
	mst_tls_dtls_ctx_put(ctx);
	return 0;
}

static bool
is_good(uint64_t now_ns)
{
	return mst_tls_dtls_verify_is_good(&verifier, now_ns, path, sizeof(path), &hello);
}

static void
the_answer_is_as_the_standard_has_it(void **state)
{
	static const uint8_t expected[COOKIE_AT] = {
		22, 0xfe, 0xff, 0, 0, 0, 1, 2, 3, 4, 5, 0, 47, // record: the client's own number
		3, 0, 0, 35, 0, 0, 0, 0, 0, 0, 0, 35,	       // message 0, whole
		0xfe, 0xff, 32,				       // version, length of the cookie
	};

	(void)state;
	assert_memory_equal(answer, expected, sizeof(expected));
}

static void
a_cookie_is_good_for_what_it_was_made_for(void **state)
{
	uint8_t other[sizeof(path)], random[MST_DTLS_RANDOM_BYTES];

	(void)state;
	assert_true(is_good(NOW));
	for (size_t i = 0; i < sizeof(path); i++) {
		memcpy(other, path, sizeof(path));
		other[i] ^= 1;
		assert_false(mst_tls_dtls_verify_is_good(&verifier, NOW, other, sizeof(other), &hello));
	}
	for (size_t i = 0; i < sizeof(random); i++) {
		memcpy(random, random_bytes, sizeof(random));
		random[i] ^= 1;
		hello.random = random;
		assert_false(is_good(NOW));
	}
	hello.random = random_bytes;
	for (size_t i = 0; i < sizeof(hello.session_id); i++) {
		hello.session_id[i] ^= 1;
		assert_false(is_good(NOW));
		hello.session_id[i] ^= 1;
	}
	assert_true(is_good(NOW));
}

static void
no_other_cookie_is_good(void **state)
{
	uint8_t longer[MST_TLS_DTLS_COOKIE_BYTES + 1] = {0};

	(void)state;
	memcpy(longer, answer + COOKIE_AT, MST_TLS_DTLS_COOKIE_BYTES);
	hello.cookie = longer;
	for (size_t i = 0; i < 8 * MST_TLS_DTLS_COOKIE_BYTES; i++) {
		longer[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(is_good(NOW));
		longer[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (unsigned int len = 0; len <= sizeof(longer); len++) {
		hello.cookie_len = (uint8_t)len;
		assert_int_equal(is_good(NOW), len == MST_TLS_DTLS_COOKIE_BYTES);
	}
	hello.cookie_len = MST_TLS_DTLS_COOKIE_BYTES;
	mst_tls_dtls_verifier_init(&verifier, NOW);
	assert_false(is_good(NOW)); // another gateway's
}

static void
a_cookie_is_good_for_its_time(void **state)
{
	struct mst_tls_dtls_verifier fresh = verifier;

	(void)state;
	assert_true(is_good(NOW + V - 1));
	assert_memory_equal(&verifier, &fresh, sizeof(fresh));
	assert_true(is_good(NOW + V)); // by the secret of before
	assert_memory_not_equal(verifier.secret[0], fresh.secret[0], sizeof(fresh.secret[0]));
	assert_true(is_good(NOW + 2 * V - 1));
	assert_false(is_good(NOW + 2 * V));
	// After a silence as well.
	verifier = fresh;
	assert_true(is_good(NOW + 2 * V - 1));
	verifier = fresh;
	assert_false(is_good(NOW + 2 * V));
	verifier = fresh;
	assert_false(is_good(NOW + 1000 * V));
}

// ---- handshakes ---------------------------------------------------------------------------------
static void
name_session(uint16_t suite)
{
	const uint8_t id[] = {(uint8_t)(suite >> 8), (uint8_t)suite};
	SSL_SESSION *s = SSL_SESSION_new();

	assert_non_null(s);
	assert_int_equal(SSL_SESSION_set1_master_key(s, resumed.master, sizeof(resumed.master)), 1);
	assert_int_equal(SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION), 1);
	assert_int_equal(SSL_SESSION_set_cipher(s, SSL_CIPHER_find(client.ssl, id)), 1);
	assert_int_equal(SSL_SESSION_set1_id(s, resumed.session_id, sizeof(resumed.session_id)), 1);
	assert_int_equal(SSL_set_session(client.ssl, s), 1);
	SSL_SESSION_free(s);
}

// The client's first hello is answered, and its second has the cookie.
static void
verify_first(const char *names, uint16_t suite)
{
	dtls_client_init(&client, names, psk);
	name_session(suite);
	dtls_client_step(&client);
	assert_int_equal(client.io.n_out, 1);
	assert_int_equal(
		mst_dtls_peek_client_hello(client.io.out, client.io.out_len[0], &hello), MST_DTLS_OK);
	assert_int_equal(hello.cookie_len, 0);
	assert_false(is_good(NOW));
	assert_int_equal(mst_tls_dtls_verify_request(&verifier, NOW, path, sizeof(path), &hello, answer), 0);
	client.io.n_out = 0;
	client.io.out_bytes = 0;
	dtls_client_give(&client, answer, sizeof(answer));
	assert_int_equal(client.io.n_out, 1);
	assert_int_equal(
		mst_dtls_peek_client_hello(client.io.out, client.io.out_len[0], &hello), MST_DTLS_OK);
	assert_true(is_good(NOW));
	assert_int_equal(hello.message_seq, 1);
}

static void
end(bool reused)
{
	struct mst_dtls_keys keys;

	assert_int_equal(road.state, MST_TLS_DTLS_DONE);
	assert_true(client.done);
	assert_int_equal(SSL_session_reused(client.ssl), reused);
	assert_int_equal(mst_tls_dtls_keys(road.server, &keys), 0);
	mst_dtls_keys_wipe(&keys);
	mst_tls_dtls_destroy(road.server);
	dtls_client_fini(&client);
}

// The hello comes twice, then each datagram of what follows is lost once.
static void
the_handshake_goes_on_behind_it(void **state)
{
	(void)state;
	for (size_t lost = 0; lost < 6; lost++) {
		struct tls_datagrams second;

		verify_first("PSK-AES256-GCM-SHA384", 0x00a9);
		second = client.io;
		road = (struct road){.client = &client, .lost = 1ULL << lost};
		assert_int_equal(mst_tls_dtls_create(&road.server, ctx, psk, 1500), 0);
		mst_tls_dtls_set_verified(road.server);
		for (unsigned int i = 0; i < 2; i++)
			road.state = mst_tls_dtls_feed(road.server, second.out, second.out_len[0]);
		road_run(&road);
		end(false);
	}
}

static void
so_does_one_that_takes_a_session_up(void **state)
{
	(void)state;
	verify_first("AES256-GCM-SHA384", resumed.suite);
	road = (struct road){.client = &client};
	assert_int_equal(mst_tls_dtls_create_resumed(&road.server, ctx, &resumed, 1500), 0);
	mst_tls_dtls_set_verified(road.server);
	while (client.io.n_out > 0) {
		struct tls_datagrams said = client.io;
		const uint8_t *datagram;
		size_t at = 0, len;

		client.io.n_out = client.io.out_bytes = 0;
		for (size_t i = 0; i < said.n_out; at += said.out_len[i++])
			road.state = mst_tls_dtls_feed(road.server, said.out + at, said.out_len[i]);
		while (mst_tls_dtls_output(road.server, &datagram, &len))
			dtls_client_give(&client, datagram, len);
	}
	end(true);
}

static void
without_the_word_of_the_caller_no_cookie_counts(void **state)
{
	(void)state;
	verify_first("PSK-AES256-GCM-SHA384", 0x00a9);
	assert_int_equal(mst_tls_dtls_create(&road.server, ctx, psk, 1500), 0);
	assert_int_equal(mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]),
		MST_TLS_DTLS_IN_PROGRESS);
	assert_false(mst_tls_dtls_output(road.server, &(const uint8_t *){NULL}, &(size_t){0}));
	mst_tls_dtls_destroy(road.server);
	dtls_client_fini(&client);
}

static void
with_it_a_hello_without_a_cookie_fails(void **state)
{
	(void)state;
	dtls_client_init(&client, "PSK-AES256-GCM-SHA384", psk);
	name_session(0x00a9);
	dtls_client_step(&client);
	assert_int_equal(mst_tls_dtls_create(&road.server, ctx, psk, 1500), 0);
	mst_tls_dtls_set_verified(road.server);
	assert_int_equal(
		mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]), MST_TLS_DTLS_FAILED);
	assert_false(mst_tls_dtls_output(road.server, &(const uint8_t *){NULL}, &(size_t){0}));
	assert_int_equal(ERR_peek_error(), 0);
	mst_tls_dtls_destroy(road.server);
	dtls_client_fini(&client);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_answer_is_as_the_standard_has_it),
		TEST(a_cookie_is_good_for_what_it_was_made_for),
		TEST(no_other_cookie_is_good),
		TEST(a_cookie_is_good_for_its_time),
		TEST(the_handshake_goes_on_behind_it),
		TEST(so_does_one_that_takes_a_session_up),
		TEST(without_the_word_of_the_caller_no_cookie_counts),
		TEST(with_it_a_hello_without_a_cookie_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
