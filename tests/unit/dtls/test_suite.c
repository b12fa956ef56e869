// The suite table against the registry (RFC 5487, RFC 7905), and the verdicts' texts.
#include <string.h>

#include "mst_dtls.h"
#include "mst_test.h"

static void
rows(void **state)
{
	(void)state;
	const struct mst_dtls_suite *s = mst_dtls_suite_by_id(0x00a8);

	assert_non_null(s);
	assert_string_equal(s->name, "PSK-AES128-GCM-SHA256");
	assert_int_equal(s->aead, MST_AEAD_AES_128_GCM);
	assert_int_equal(mst_dtls_key_block_bytes(s), 40);
	assert_int_equal(mst_dtls_head_bytes(s), 21);
	assert_int_equal(mst_dtls_tail_bytes(), 16);
	assert_int_equal(mst_dtls_overhead(s), 37);

	s = mst_dtls_suite_by_id(0x00a9);
	assert_non_null(s);
	assert_string_equal(s->name, "PSK-AES256-GCM-SHA384");
	assert_int_equal(s->aead, MST_AEAD_AES_256_GCM);
	assert_int_equal(mst_dtls_key_block_bytes(s), 72);
	assert_int_equal(mst_dtls_overhead(s), 37);

	s = mst_dtls_suite_by_id(0xccab);
	assert_non_null(s);
	assert_string_equal(s->name, "PSK-CHACHA20-POLY1305");
	assert_int_equal(s->aead, MST_AEAD_CHACHA20_POLY1305);
	assert_int_equal(mst_dtls_key_block_bytes(s), MST_DTLS_KEY_BLOCK_MAX_BYTES);
	assert_int_equal(mst_dtls_head_bytes(s), 13);
	assert_int_equal(mst_dtls_overhead(s), 29);
}

// Neighbours of ours in the registry, among them CBC and CCM suites that a client offers too.
static void
others_are_unknown(void **state)
{
	(void)state;
	static const uint16_t ids[] = {
		0x0000, 0x008c, 0x008d, 0x00a7, 0x00aa, 0x00ae, 0xc0a4, 0xc0a5, 0xccaa, 0xccac};

	for (size_t i = 0; i < MST_ARRAY_SIZE(ids); i++)
		assert_null(mst_dtls_suite_by_id(ids[i]));
}

static void
walk(void **state)
{
	(void)state;
	size_t n = 0;

	for (; mst_dtls_suite_at(n) != NULL; n++)
		assert_ptr_equal(mst_dtls_suite_by_id(mst_dtls_suite_at(n)->id), mst_dtls_suite_at(n));
	assert_int_equal(n, 3);
	assert_int_equal(mst_dtls_suite_at(0)->id, 0x00a9);
	for (size_t i = 0; mst_dtls_legacy_suite_at(i) != NULL; i++)
		assert_ptr_equal(
			mst_dtls_suite_by_id(mst_dtls_legacy_suite_at(i)->id), mst_dtls_legacy_suite_at(i));
	assert_int_equal(mst_dtls_legacy_suite_at(0)->id, 0x009d);
	assert_null(mst_dtls_suite_at(n + 1000));
}

static void
verdict_texts(void **state)
{
	(void)state;
	for (int v = 0; v < MST_DTLS_VERDICT_COUNT; v++) {
		const char *name = mst_dtls_verdict_name((enum mst_dtls_verdict)v);

		// DPDK telemetry takes these characters in a key.
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		assert_true(strlen(mst_dtls_verdict_help((enum mst_dtls_verdict)v)) > 5);
	}
	assert_string_equal(mst_dtls_verdict_name(MST_DTLS_TAG), "tag");
	assert_string_equal(mst_dtls_verdict_name(MST_DTLS_VERDICT_COUNT), "unknown");
	assert_string_equal(mst_dtls_verdict_help(MST_DTLS_VERDICT_COUNT), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(others_are_unknown),
		cmocka_unit_test(walk),
		cmocka_unit_test(verdict_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
