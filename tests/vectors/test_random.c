// ipsec-mb against OpenSSL: random records of every length up to 2,048 bytes, each AEAD, both ways.
#include <string.h>

#include "mst_test.h"

#include "vector.h"

#define MAX_LEN 2048

static void
check_one(enum mst_aead_alg alg, size_t len, size_t aad_len)
{
	// Never aligned, as in a packet, and with a guard behind.
	static uint8_t ours[MAX_LEN + 2];
	static uint8_t theirs[MAX_LEN];
	uint8_t plain[MAX_LEN];
	uint8_t key[MST_AEAD_KEY_MAX_BYTES];
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[64];
	uint8_t tag[MST_AEAD_TAG_BYTES];
	uint8_t oracle_tag[MST_AEAD_TAG_BYTES];
	struct mst_aead_key k;

	mst_random(key, sizeof(key));
	mst_random(nonce, sizeof(nonce));
	mst_random(aad, sizeof(aad));
	mst_random(plain, len);
	memcpy(ours + 1, plain, len);
	memcpy(theirs, plain, len);
	ours[len + 1] = 0x5a;
	assert_int_equal(mst_aead_key_init(&k, alg, key), 0);
	mst_aead_seal(&k, nonce, aad, aad_len, ours + 1, len, tag);
	assert_int_equal(mst_oracle_seal(alg, key, nonce, aad, aad_len, theirs, len, oracle_tag), 0);
	assert_memory_equal(ours + 1, theirs, len);
	assert_memory_equal(tag, oracle_tag, sizeof(tag));
	assert_int_equal(ours[len + 1], 0x5a);
	// Each opens what the other sealed.
	assert_true(mst_aead_open(&k, nonce, aad, aad_len, ours + 1, len, oracle_tag));
	assert_int_equal(mst_oracle_open(alg, key, nonce, aad, aad_len, theirs, len, tag), 0);
	assert_memory_equal(ours + 1, plain, len);
	assert_memory_equal(theirs, plain, len);
	assert_int_equal(ours[len + 1], 0x5a);
	tag[len % sizeof(tag)] ^= (uint8_t)(1U << (len % 8));
	assert_false(mst_aead_open(&k, nonce, aad, aad_len, ours + 1, len, tag));
}

static void
every_length(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		for (size_t len = 0; len <= MAX_LEN; len++)
			check_one((enum mst_aead_alg)alg, len, 13);
	}
}

// A record's additional data has 13 bytes; the AEAD takes others too.
static void
every_aad_length(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		for (size_t aad_len = 0; aad_len <= 64; aad_len++)
			check_one((enum mst_aead_alg)alg, aad_len * 5 % 97, aad_len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length),
		cmocka_unit_test(every_aad_length),
	};

	return mst_crypto_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
