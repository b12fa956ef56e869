// The oracle itself: published answers and refusals.
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "mst_crypto.h"
#include "mst_test.h"

// McGrew and Viega, GCM, test cases 2 and 14: a zero block under a zero key.
struct zero_case {
	enum mst_aead_alg alg;
	const char *sealed;
};

static void
zero_block(void **state)
{
	(void)state;
	static const struct zero_case cases[] = {
		{MST_AEAD_AES_128_GCM, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
		{MST_AEAD_AES_256_GCM, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		uint8_t key[MST_AEAD_KEY_MAX_BYTES] = {0};
		uint8_t nonce[MST_AEAD_NONCE_BYTES] = {0};
		uint8_t out[16 + MST_AEAD_TAG_BYTES] = {0};
		uint8_t expected[sizeof(out)];

		assert_int_equal(
			mst_parse_hex(cases[i].sealed, strlen(cases[i].sealed), expected, sizeof(expected)),
			0);
		assert_int_equal(mst_oracle_seal(cases[i].alg, key, nonce, NULL, 0, out, 16, out + 16), 0);
		assert_memory_equal(out, expected, sizeof(out));
	}
}

static void
refusals(void **state)
{
	(void)state;
	uint8_t key[MST_AEAD_KEY_MAX_BYTES] = {1};
	uint8_t nonce[MST_AEAD_NONCE_BYTES] = {2};
	uint8_t data[32] = {3};
	uint8_t tag[MST_AEAD_TAG_BYTES];

	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		uint8_t sealed[sizeof(data)];

		memcpy(sealed, data, sizeof(data));
		assert_int_equal(mst_oracle_seal((enum mst_aead_alg)alg, key, nonce, data, 5, sealed,
					 sizeof(sealed), tag),
			0);
		tag[15] ^= 1;
		assert_int_equal(mst_oracle_open((enum mst_aead_alg)alg, key, nonce, data, 5, sealed,
					 sizeof(sealed), tag),
			-EBADMSG);
		memcpy(sealed, data, sizeof(data));
		assert_int_equal(mst_oracle_seal((enum mst_aead_alg)alg, key, nonce, data, 5, sealed,
					 sizeof(sealed), tag),
			0);
		assert_int_equal(mst_oracle_open((enum mst_aead_alg)alg, key, nonce, data, 5, sealed,
					 sizeof(sealed), tag),
			0);
		assert_memory_equal(sealed, data, sizeof(data));
	}
	assert_int_equal(mst_oracle_seal(MST_AEAD_NONE, key, nonce, NULL, 0, data, 1, tag), -EINVAL);
	assert_int_equal(mst_oracle_open(MST_AEAD_END, key, nonce, NULL, 0, data, 1, tag), -EINVAL);
	assert_int_equal(
		mst_oracle_seal(MST_AEAD_AES_128_GCM, key, nonce, NULL, 0, data, (size_t)INT_MAX + 1, tag),
		-EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_block),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
