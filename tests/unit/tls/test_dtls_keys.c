// The exported keys are the ones the client uses: records cross between our record layer and OpenSSL's.
#include <errno.h>
#include <string.h>

#include "mst_crypto.h"

#include "dtls_client.h"

static const uint16_t suites[] = {0x00a9, 0xccab, 0x00a8};
static const char *const names[] = {
	"PSK-AES256-GCM-SHA384", "PSK-CHACHA20-POLY1305", "PSK-AES128-GCM-SHA256"};
static const uint8_t psk[MST_TLS_PSK_BYTES] = {1, 2, 3, 4, 5};
static struct mst_tls_dtls_ctx *ctx;
static struct dtls_client client;
static struct road road;

static void
begin(size_t suite)
{
	ctx = dtls_ctx_make(suites, MST_ARRAY_SIZE(suites));
	dtls_client_init(&client, names[suite], psk);
	road = (struct road){.client = &client};
	assert_int_equal(mst_tls_dtls_create(&road.server, ctx, psk, 1500), 0);
	road_run(&road);
	assert_int_equal(road.state, MST_TLS_DTLS_DONE);
	assert_true(client.done);
}

static void
end(void)
{
	mst_tls_dtls_destroy(road.server);
	dtls_client_fini(&client);
	mst_tls_dtls_ctx_put(ctx);
}

static void
clear_io(void)
{
	client.io.n_out = 0;
	client.io.n_sent = 0;
	client.io.out_bytes = 0;
}

static void
client_to_us(const struct mst_dtls_keys *keys, const void *text, int len)
{
	struct mst_dtls_header h;
	uint8_t *plain = NULL;
	size_t plain_len = 0;

	clear_io();
	assert_int_equal(SSL_write(client.ssl, text, len), len);
	assert_int_equal(client.io.n_out, 1);
	size_t rec_len = client.io.out_len[0];
	assert_int_equal(mst_dtls_parse(client.io.out, rec_len, &h), MST_DTLS_OK);
	assert_int_equal(h.type, MST_DTLS_APPLICATION_DATA);
	assert_int_equal(h.epoch, 1);
	assert_int_equal(mst_dtls_open(keys, client.io.out, rec_len, &h, &plain, &plain_len), MST_DTLS_OK);
	assert_int_equal(plain_len, len);
	assert_memory_equal(plain, text, plain_len);
}

static void
us_to_client(const struct mst_dtls_keys *keys, uint64_t seq, const void *text, size_t len)
{
	uint8_t rec[2048];
	uint8_t got[2048];
	uint8_t *plain = rec + mst_dtls_head_bytes(keys->suite);

	memcpy(plain, text, len);
	mst_dtls_seal(keys, MST_DTLS_APPLICATION_DATA, seq, plain, len);
	client.io.in = rec;
	client.io.in_len = len + mst_dtls_overhead(keys->suite);
	assert_int_equal(SSL_read(client.ssl, got, sizeof(got)), len);
	assert_memory_equal(got, text, len);
}

static void
records_cross(void **state)
{
	(void)state;
	uint8_t packet[1400];

	memset(packet, 0x42, sizeof(packet));
	for (size_t i = 0; i < MST_ARRAY_SIZE(suites); i++) {
		struct mst_dtls_keys keys;

		begin(i);
		assert_int_equal(mst_tls_dtls_keys(road.server, &keys), 0);
		assert_int_equal(keys.suite->id, suites[i]);
		assert_int_equal(keys.epoch, 1);
		client_to_us(&keys, "hello", 5);
		us_to_client(&keys, MST_DTLS_FIRST_DATA_SEQ, "answer", 6);
		client_to_us(&keys, packet, sizeof(packet));
		us_to_client(&keys, MST_DTLS_FIRST_DATA_SEQ + 1, packet, sizeof(packet));
		mst_dtls_keys_wipe(&keys);
		end();
	}
}

static void
once(void **state)
{
	(void)state;
	struct mst_dtls_keys keys;
	struct mst_dtls_keys second;

	begin(0);
	assert_int_equal(mst_tls_dtls_keys(road.server, &keys), 0);
	memset(&second, 0x5a, sizeof(second));
	assert_int_equal(mst_tls_dtls_keys(road.server, &second), -EALREADY);
	assert_int_equal(second.epoch, 0x5a5a);
	mst_dtls_keys_wipe(&keys);
	end();
}

// Same PSK, other randoms: other keys. A record of one handshake does not open with the keys of the next.
static void
fresh_each_time(void **state)
{
	(void)state;
	struct mst_dtls_keys first;
	struct mst_dtls_keys keys;
	struct mst_dtls_header h;
	uint8_t *plain = NULL;
	size_t plain_len = 0;

	begin(0);
	assert_int_equal(mst_tls_dtls_keys(road.server, &first), 0);
	end();
	begin(0);
	assert_int_equal(mst_tls_dtls_keys(road.server, &keys), 0);
	clear_io();
	assert_int_equal(SSL_write(client.ssl, "hello", 5), 5);
	assert_int_equal(mst_dtls_parse(client.io.out, client.io.out_len[0], &h), MST_DTLS_OK);
	assert_int_equal(mst_dtls_open(&first, client.io.out, client.io.out_len[0], &h, &plain, &plain_len),
		MST_DTLS_TAG);
	mst_dtls_keys_wipe(&first);
	mst_dtls_keys_wipe(&keys);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_cross),
		cmocka_unit_test(once),
		cmocka_unit_test(fresh_each_time),
	};

	if (mst_crypto_init() != 0)
		return 77; // no AES instructions: the record layer cannot run here
	return cmocka_run_group_tests(tests, NULL, NULL);
}
