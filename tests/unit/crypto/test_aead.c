// The table of AEADs answers for each of its rows, and for what is none.
#include "mst_crypto.h"
#include "mst_test.h"

static void
rows(void **state)
{
	(void)state;
	assert_int_equal(mst_aead_key_bytes(MST_AEAD_AES_128_GCM), 16);
	assert_int_equal(mst_aead_key_bytes(MST_AEAD_AES_256_GCM), 32);
	assert_int_equal(mst_aead_key_bytes(MST_AEAD_CHACHA20_POLY1305), 32);
	assert_string_equal(mst_aead_name(MST_AEAD_AES_128_GCM), "AES-128-GCM");
	assert_string_equal(mst_aead_name(MST_AEAD_AES_256_GCM), "AES-256-GCM");
	assert_string_equal(mst_aead_name(MST_AEAD_CHACHA20_POLY1305), "ChaCha20-Poly1305");
	assert_int_equal(MST_AEAD_KEY_BYTES_AES_256_GCM, 32);
}

static void
outside(void **state)
{
	(void)state;
	assert_int_equal(mst_aead_key_bytes(MST_AEAD_NONE), 0);
	assert_int_equal(mst_aead_key_bytes(MST_AEAD_END), 0);
	assert_string_equal(mst_aead_name(MST_AEAD_NONE), "none");
	assert_string_equal(mst_aead_name(MST_AEAD_END), "none");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
