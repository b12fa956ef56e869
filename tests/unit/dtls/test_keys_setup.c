// Key objects: which part of the key block goes where, and what is refused.
#include <errno.h>
#include <string.h>

#include "mst_dtls.h"
#include "mst_test.h"

static void
halves(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		const struct mst_dtls_suite *s = mst_dtls_suite_at(i);
		uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
		const uint8_t *ivs = block + 2 * (size_t)s->key_bytes;
		struct mst_dtls_keys server;
		struct mst_dtls_keys client;
		struct mst_aead_key expanded;

		for (size_t b = 0; b < sizeof(block); b++)
			block[b] = (uint8_t)(b + 1);
		assert_int_equal(mst_dtls_keys_init(&server, s, 1, block, mst_dtls_key_block_bytes(s)), 0);
		assert_int_equal(
			mst_dtls_keys_init_client(&client, s, 1, block, mst_dtls_key_block_bytes(s)), 0);
		assert_ptr_equal(server.suite, s);
		assert_int_equal(server.epoch, 1);
		// RFC 5246 6.3: client_write_key, server_write_key, client_write_IV, server_write_IV.
		assert_int_equal(mst_aead_key_init(&expanded, s->aead, block), 0);
		assert_memory_equal(server.rx.store, expanded.store, sizeof(expanded.store));
		assert_int_equal(server.rx.alg, expanded.alg);
		assert_int_equal(server.rx.id, 1);
		assert_memory_equal(client.tx.store, expanded.store, sizeof(expanded.store));
		assert_int_equal(client.tx.alg, expanded.alg);
		assert_int_equal(client.tx.id, 1);
		assert_int_equal(mst_aead_key_init(&expanded, s->aead, block + s->key_bytes), 0);
		assert_memory_equal(server.tx.store, expanded.store, sizeof(expanded.store));
		assert_int_equal(server.tx.alg, expanded.alg);
		assert_int_equal(server.tx.id, 1);
		assert_memory_equal(client.rx.store, expanded.store, sizeof(expanded.store));
		assert_int_equal(client.rx.alg, expanded.alg);
		assert_int_equal(client.rx.id, 1);
		assert_memory_equal(server.rx.salt, ivs, s->iv_bytes);
		assert_memory_equal(client.tx.salt, ivs, s->iv_bytes);
		assert_memory_equal(server.tx.salt, ivs + s->iv_bytes, s->iv_bytes);
		assert_memory_equal(client.rx.salt, ivs + s->iv_bytes, s->iv_bytes);
	}
}

static void
wrong_length(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		const struct mst_dtls_suite *s = mst_dtls_suite_at(i);
		uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES + 1] = {0};
		struct mst_dtls_keys k;
		struct mst_dtls_keys untouched;

		memset(&k, 0x5a, sizeof(k));
		untouched = k;
		for (size_t len = 0; len <= sizeof(block); len++) {
			if (len == mst_dtls_key_block_bytes(s))
				continue;
			assert_int_equal(mst_dtls_keys_init(&k, s, 1, block, len), -EINVAL);
			assert_int_equal(mst_dtls_keys_init_client(&k, s, 1, block, len), -EINVAL);
		}
		assert_memory_equal(&k, &untouched, sizeof(k));
	}
}

static void
wiped(void **state)
{
	(void)state;
	static const struct mst_dtls_keys zero;
	const struct mst_dtls_suite *s = mst_dtls_suite_at(0);
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES] = {1, 2, 3};
	struct mst_dtls_keys k;

	assert_int_equal(mst_dtls_keys_init(&k, s, 1, block, mst_dtls_key_block_bytes(s)), 0);
	assert_memory_not_equal(&k, &zero, sizeof(k));
	mst_dtls_keys_wipe(&k);
	assert_memory_equal(&k, &zero, sizeof(k));
}

// Before the engine runs there are no keys.
static void
no_engine(void **state)
{
	(void)state;
	const struct mst_dtls_suite *s = mst_dtls_suite_at(0);
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES] = {0};
	struct mst_dtls_keys k;
	struct mst_dtls_keys untouched;

	memset(&k, 0x5a, sizeof(k));
	untouched = k;
	assert_int_equal(mst_dtls_keys_init(&k, s, 1, block, mst_dtls_key_block_bytes(s)), -ENOTSUP);
	assert_memory_equal(&k, &untouched, sizeof(k));
	assert_int_equal(mst_crypto_init(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_engine),
		cmocka_unit_test(halves),
		cmocka_unit_test(wrong_length),
		cmocka_unit_test(wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
