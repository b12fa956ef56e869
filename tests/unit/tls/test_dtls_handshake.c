// The DTLS handshake against OpenSSL's client: every suite, every datagram lost once, and everything that
// must not work.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "dtls_client.h"
#include "dtls_private.h"

#define ALL "PSK-AES256-GCM-SHA384:PSK-CHACHA20-POLY1305:PSK-AES128-GCM-SHA256"

static const uint16_t suites[] = {0x00a9, 0xccab, 0x00a8};
static const uint8_t psk[MST_TLS_PSK_BYTES] = "0123456789abcdef0123456789abcde";
static struct mst_tls_dtls_ctx *ctx;
static struct dtls_client client;
static struct road road;

static void
begin(const char *client_suites, const uint8_t *client_psk)
{
	dtls_client_init(&client, client_suites, client_psk);
	road = (struct road){.client = &client};
	assert_int_equal(mst_tls_dtls_create(&road.server, ctx, psk, 1500), 0);
}

static void
end(void)
{
	mst_tls_dtls_destroy(road.server);
	dtls_client_fini(&client);
}

static int
setup(void **state)
{
	(void)state;
	ctx = dtls_ctx_make(suites, MST_ARRAY_SIZE(suites));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_tls_dtls_ctx_put(ctx);
	return 0;
}

static void
both_done(void)
{
	assert_int_equal(road.state, MST_TLS_DTLS_DONE);
	assert_true(client.done);
	assert_int_equal(SSL_session_reused(client.ssl), 0);
	assert_int_equal(SSL_get_extms_support(client.ssl), 0); // offered, not taken
	assert_memory_equal(road.server->psk, (uint8_t[MST_TLS_PSK_BYTES]){0}, MST_TLS_PSK_BYTES);
	assert_string_equal(mst_tls_dtls_error(road.server), "");
}

static void
no_keys(void)
{
	struct mst_dtls_keys keys;

	memset(&keys, 0x5a, sizeof(keys));
	assert_int_equal(mst_tls_dtls_keys(road.server, &keys), -EAGAIN);
	assert_int_equal(keys.epoch, 0x5a5a);
	assert_string_equal(mst_tls_dtls_cipher(road.server), "");
}

static void
each_suite(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *text;
	} rows[] = {
		{"PSK-AES256-GCM-SHA384", "(DTLS1.2)-(PSK)-(AES-256-GCM)"},
		{"PSK-CHACHA20-POLY1305", "(DTLS1.2)-(PSK)-(CHACHA20-POLY1305)"},
		{"PSK-AES128-GCM-SHA256", "(DTLS1.2)-(PSK)-(AES-128-GCM)"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		begin(rows[i].name, psk);
		assert_string_equal(mst_tls_dtls_cipher(road.server), "");
		road_run(&road);
		both_done();
		assert_string_equal(mst_tls_dtls_cipher(road.server), rows[i].text);
		assert_string_equal(SSL_get_cipher_name(client.ssl), rows[i].name);
		assert_int_equal(mst_tls_dtls_timeout_ns(road.server), UINT64_MAX);
		end();
	}
}

static void
our_order(void **state)
{
	(void)state;
	begin("PSK-AES128-GCM-SHA256:PSK-CHACHA20-POLY1305:PSK-AES256-GCM-SHA384", psk);
	road_run(&road);
	both_done();
	assert_string_equal(SSL_get_cipher_name(client.ssl), "PSK-AES256-GCM-SHA384");
	end();
	mst_tls_dtls_ctx_put(ctx);
	ctx = dtls_ctx_make((const uint16_t[]){0xccab, 0x00a9}, 2);
	begin(ALL, psk);
	road_run(&road);
	both_done();
	assert_string_equal(SSL_get_cipher_name(client.ssl), "PSK-CHACHA20-POLY1305");
	end();
}

static void
refused_suites(void **state)
{
	(void)state;
	static const char *const bad[] = {"PSK-AES128-CBC-SHA256", "PSK-AES256-CCM",
		"ECDHE-PSK-AES128-CBC-SHA256:ECDHE-PSK-CHACHA20-POLY1305", "DHE-PSK-AES256-GCM-SHA384"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		begin(bad[i], psk);
		road_run(&road);
		assert_int_equal(road.state, MST_TLS_DTLS_FAILED);
		assert_false(client.done);
		assert_true(strlen(mst_tls_dtls_error(road.server)) > 0);
		no_keys();
		end();
	}
}

static void
old_version(void **state)
{
	(void)state;
	begin("PSK-AES128-CBC-SHA:@SECLEVEL=0", psk);
	SSL_set_min_proto_version(client.ssl, DTLS1_VERSION);
	SSL_set_max_proto_version(client.ssl, DTLS1_VERSION);
	road_run(&road);
	assert_int_equal(road.state, MST_TLS_DTLS_FAILED);
	no_keys();
	end();
}

// The client's Finished does not open: silence, then the end by our own timer, and never a key.
static void
wrong_psk(void **state)
{
	(void)state;
	uint8_t wrong[MST_TLS_PSK_BYTES];

	memcpy(wrong, psk, sizeof(wrong));
	wrong[MST_TLS_PSK_BYTES - 1] ^= 1;
	begin(ALL, wrong);
	road_run(&road);
	assert_int_equal(road.state, MST_TLS_DTLS_FAILED);
	assert_false(client.done);
	no_keys();
	end();
}

// Lose each datagram once, then each pair of neighbours.
static void
loss(void **state)
{
	(void)state;
	size_t n;

	begin(ALL, psk);
	road_run(&road);
	both_done();
	n = road.n;
	assert_in_range(n, 5, 12);
	end();
	for (size_t i = 0; i < n; i++) {
		for (uint64_t burst = 1; burst <= 3; burst += 2) {
			// 1: this one; 3: it and the next
			begin(ALL, psk);
			road.lost = burst << i;
			road_run(&road);
			both_done();
			end();
		}
	}
}

static void
last_flight_lost(void **state)
{
	(void)state;
	size_t n;

	begin(ALL, psk);
	road_run(&road);
	n = road.n;
	assert_int_equal(road.n_repeated, 0);
	assert_int_equal(road.n_final, 1);
	assert_int_equal(road.final[0][0], 20);	     // ChangeCipherSpec, 14 bytes
	assert_int_equal(road.final[0][14], 22);     // Finished
	assert_int_equal(road.final[0][14 + 4], 1);  // of epoch 1
	assert_int_equal(road.final[0][14 + 10], 0); // record 0
	end();
	begin(ALL, psk);
	road.lost = 1ULL << (n - 1);
	road_run(&road);
	both_done();
	assert_true(road.n_repeated > 0);
	end();
}

// The session id names a session of the gateway. It looks like a resumption, and must be a full handshake.
static void
session_id_is_no_resumption(void **state)
{
	(void)state;
	SSL_SESSION *s = SSL_SESSION_new();
	uint8_t id[32];
	uint8_t master[48] = {1, 2, 3};

	begin("PSK-AES256-GCM-SHA384", psk);
	memset(id, 0xa5, sizeof(id));
	assert_int_equal(SSL_SESSION_set1_id(s, id, sizeof(id)), 1);
	assert_int_equal(SSL_SESSION_set1_master_key(s, master, sizeof(master)), 1);
	assert_int_equal(SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION), 1);
	assert_int_equal(
		SSL_SESSION_set_cipher(s, SSL_CIPHER_find(client.ssl, (const unsigned char[]){0x00, 0xa9})),
		1);
	assert_int_equal(SSL_set_session(client.ssl, s), 1);
	SSL_SESSION_free(s);
	dtls_client_step(&client);
	// record 13, message 12, version 2, random 32: the id stands behind its length
	assert_int_equal(client.io.out[59], 32);
	assert_memory_equal(client.io.out + 60, id, sizeof(id));
	client.io.n_sent = 0;
	road.state = mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]);
	const uint8_t *datagram;
	size_t len;
	while (mst_tls_dtls_output(road.server, &datagram, &len))
		dtls_client_give(&client, datagram, len);
	road_run(&road);
	both_done();
	end();
}

// A captured ClientHello of openconnect 9.01 (session id, empty ticket extension): our answer is a
// ServerHello with its first suite and a ServerHelloDone, no ticket, no cookie question, and smaller than
// what was asked.
static void
openconnect_hello(void **state)
{
	(void)state;
	uint8_t hello[256];
	char path[512];
	const uint8_t *datagram = NULL;
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/client_hello/openconnect_9_psk",
		getenv("MST_SOURCE_ROOT"));
	FILE *in = fopen(path, "r");
	assert_non_null(in);
	size_t n = fread(hello, 1, sizeof(hello), in);
	fclose(in);
	begin(ALL, psk);
	assert_int_equal(mst_tls_dtls_feed(road.server, hello, n), MST_TLS_DTLS_IN_PROGRESS);
	assert_true(mst_tls_dtls_output(road.server, &datagram, &len));
	assert_true(len < n);
	struct mst_rd r = mst_rd_init(datagram, len);
	(void)mst_rd_bytes(&r, 11);
	struct mst_rd rec = mst_rd_sub(&r, mst_rd_u16(&r));
	assert_int_equal(mst_rd_u8(&rec), 2); // ServerHello
	(void)mst_rd_bytes(&rec, 11 + 2 + 32);
	assert_int_equal(mst_rd_u8(&rec), 0); // no session id: nothing to resume
	assert_int_equal(mst_rd_u16(&rec), 0x00a9);
	assert_int_equal(mst_rd_u8(&rec), 0);	    // no compression
	assert_int_equal(mst_rd_u16(&rec), 5);	    // extensions:
	assert_int_equal(mst_rd_u16(&rec), 0xff01); // renegotiation_info alone
	(void)mst_rd_bytes(&rec, 3);
	assert_int_equal(mst_rd_left(&rec), 0);
	(void)mst_rd_bytes(&r, 13);
	assert_int_equal(mst_rd_u8(&r), 14); // ServerHelloDone
	(void)mst_rd_bytes(&r, 11);
	assert_int_equal(mst_rd_left(&r), 0);
	assert_false(rec.err || r.err);
	assert_false(mst_tls_dtls_output(road.server, &datagram, &len));
	end();
}

static void
random_garbage(void **state)
{
	(void)state;
	uint8_t junk[1600];
	uint16_t r[2];

	begin(ALL, psk);
	for (int i = 0; i < 5000; i++) {
		mst_random(r, sizeof(r));
		size_t len = r[0] % sizeof(junk);
		mst_random(junk, len);
		if (len > 0 && (i & 1) != 0)
			junk[0] = (uint8_t)(20 + r[1] % 4);
		if (len > 2 && (i & 2) != 0) {
			junk[1] = 0xfe;
			junk[2] = 0xfd;
		}
		road.state = mst_tls_dtls_feed(road.server, junk, len);
		assert_int_equal(ERR_peek_error(), 0);
		if (i % 1000 == 0)
			(void)road_step(&road);
	}
	assert_true(road.state == MST_TLS_DTLS_IN_PROGRESS || road.state == MST_TLS_DTLS_DONE);
	road_run(&road);
	both_done();
	end();
}

// Real flights with a byte changed, over and over: alive, done or failed, but always an answer of the three.
static void
mutated_flights(void **state)
{
	(void)state;
	static uint8_t copy[MST_TLS_DTLS_OUT_BYTES];
	uint16_t r[2];

	for (int round = 0; round < 150; round++) {
		begin(ALL, psk);
		for (int i = 0; i < 10 && road.state != MST_TLS_DTLS_FAILED; i++) {
			dtls_client_step(&client);
			size_t at = 0;
			for (size_t d = 0; d < client.io.n_out; at += client.io.out_len[d++]) {
				mst_random(r, sizeof(r));
				memcpy(copy, client.io.out + at, client.io.out_len[d]);
				copy[r[0] % client.io.out_len[d]] ^= (uint8_t)(1U << (r[1] % 8));
				road.state = mst_tls_dtls_feed(road.server, copy, client.io.out_len[d]);
				assert_int_equal(ERR_peek_error(), 0);
				assert_true(road.state != MST_TLS_DTLS_DONE || !client.done);
			}
			(void)road_step(&road);
		}
		end();
	}
}

// RFC 6347 4.1.2.7: an alert in the clear proves nothing.
static void
forged_alert(void **state)
{
	(void)state;
	static const uint8_t fatal[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};

	begin(ALL, psk);
	assert_int_equal(mst_tls_dtls_feed(road.server, fatal, sizeof(fatal)), MST_TLS_DTLS_IN_PROGRESS);
	assert_true(road_step(&road));
	assert_int_equal(mst_tls_dtls_feed(road.server, fatal, sizeof(fatal)), MST_TLS_DTLS_IN_PROGRESS);
	road_run(&road);
	both_done();
	end();
}

static void
too_many_datagrams(void **state)
{
	(void)state;
	enum mst_tls_dtls_state s = MST_TLS_DTLS_IN_PROGRESS;

	begin(ALL, psk);
	dtls_client_step(&client);
	for (int i = 0; i < MST_TLS_DTLS_IN_DATAGRAMS; i++) {
		s = mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]);
		assert_int_equal(s, MST_TLS_DTLS_IN_PROGRESS);
	}
	s = mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]);
	assert_int_equal(s, MST_TLS_DTLS_FAILED);
	// For good: the right bytes do not wake it up.
	assert_int_equal(mst_tls_dtls_tick(road.server), MST_TLS_DTLS_FAILED);
	no_keys();
	end();
}

static void
timer(void **state)
{
	(void)state;
	const uint8_t *datagram = NULL;
	uint8_t first[256];
	size_t first_len = 0;
	size_t len = 0;
	struct mst_tls_dtls_params p = {
		.suites = suites, .n_suites = MST_ARRAY_SIZE(suites), .retransmit_ms = 300};

	mst_tls_dtls_ctx_put(ctx);
	assert_int_equal(mst_tls_dtls_ctx_create(&ctx, &p), 0);
	begin(ALL, psk);
	assert_int_equal(mst_tls_dtls_timeout_ns(road.server), UINT64_MAX);
	dtls_client_step(&client);
	assert_int_equal(mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]),
		MST_TLS_DTLS_IN_PROGRESS);
	assert_true(mst_tls_dtls_output(road.server, &datagram, &first_len));
	assert_true(first_len <= sizeof(first));
	memcpy(first, datagram, first_len);
	assert_in_range(mst_tls_dtls_timeout_ns(road.server), 1, 300 * MST_NS_PER_MS);
	// Too early: nothing, and what was not taken is gone.
	assert_int_equal(mst_tls_dtls_tick(road.server), MST_TLS_DTLS_IN_PROGRESS);
	assert_false(mst_tls_dtls_output(road.server, &datagram, &len));
	usleep(310000);
	assert_int_equal(mst_tls_dtls_timeout_ns(road.server), 0);
	assert_int_equal(mst_tls_dtls_tick(road.server), MST_TLS_DTLS_IN_PROGRESS);
	assert_true(mst_tls_dtls_output(road.server, &datagram, &len));
	// The same ServerHello but for its record number. (libssl sends ServerHelloDone in a datagram of its
	// own now.)
	assert_in_range(len, 14, first_len);
	assert_memory_equal(datagram + 13, first + 13, len - 13);
	assert_true(mst_tls_dtls_output(road.server, &datagram, &len));
	assert_int_equal(datagram[13], 14);
	assert_false(mst_tls_dtls_output(road.server, &datagram, &len));
	// Doubled.
	assert_in_range(mst_tls_dtls_timeout_ns(road.server), 301 * MST_NS_PER_MS, 600 * MST_NS_PER_MS);
	end();
}

// A client that goes silent costs us a known number of retransmissions.
static void
silent_client(void **state)
{
	(void)state;
	enum mst_tls_dtls_state s = MST_TLS_DTLS_IN_PROGRESS;
	unsigned int n = 0;
	const uint8_t *datagram;
	size_t len;

	begin(ALL, psk);
	dtls_client_step(&client);
	s = mst_tls_dtls_feed(road.server, client.io.out, client.io.out_len[0]);
	for (int i = 0; i < 4000 && s == MST_TLS_DTLS_IN_PROGRESS; i++) {
		usleep(1000);
		s = mst_tls_dtls_tick(road.server);
		if (mst_tls_dtls_output(road.server, &datagram, &len))
			n++;
	}
	assert_int_equal(s, MST_TLS_DTLS_FAILED);
	assert_int_equal(n, MST_TLS_DTLS_RETRANSMISSIONS);
	assert_true(strlen(mst_tls_dtls_error(road.server)) > 0);
	end();
}

static void
outlives_context(void **state)
{
	(void)state;
	begin(ALL, psk);
	mst_tls_dtls_ctx_put(ctx);
	ctx = NULL;
	road_run(&road);
	both_done();
	end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_suite),
		TEST(our_order),
		TEST(refused_suites),
		TEST(old_version),
		TEST(wrong_psk),
		TEST(loss),
		TEST(last_flight_lost),
		TEST(session_id_is_no_resumption),
		TEST(openconnect_hello),
		TEST(random_garbage),
		TEST(mutated_flights),
		TEST(forged_alert),
		TEST(too_many_datagrams),
		TEST(timer),
		TEST(silent_client),
		TEST(outlives_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
