// Records that GnuTLS and OpenSSL made in real connections open under keys made from those connections' key
// blocks.
#include <string.h>

#include "mst_test.h"

#include "vector.h"

enum field { WHO, SUITE, FROM, KEY_BLOCK, RECORD, PLAIN, FIELDS };

static void
check(const char *fields[FIELDS])
{
	struct bytes suite_id;
	struct bytes block;
	struct bytes rec;
	struct bytes expected;
	const struct mst_dtls_suite *s;
	struct mst_dtls_keys ours;
	struct mst_dtls_keys theirs;
	struct mst_dtls_header h;
	uint8_t *plain = NULL;
	size_t plain_len = 0;
	bool from_client = strcmp(fields[FROM], "client") == 0;

	vector_hex(fields[SUITE], &suite_id);
	vector_hex(fields[KEY_BLOCK], &block);
	vector_hex(fields[RECORD], &rec);
	vector_hex(fields[PLAIN], &expected);
	assert_int_equal(suite_id.len, 2);
	s = mst_dtls_suite_by_id((uint16_t)(suite_id.b[0] << 8 | suite_id.b[1]));
	assert_non_null(s);
	assert_int_equal(mst_dtls_keys_init(from_client ? &ours : &theirs, s, 1, block.b, block.len), 0);
	assert_int_equal(
		mst_dtls_keys_init_client(from_client ? &theirs : &ours, s, 1, block.b, block.len), 0);
	assert_int_equal(mst_dtls_parse(rec.b, rec.len, &h), MST_DTLS_OK);
	assert_int_equal(mst_dtls_open(&ours, rec.b, rec.len, &h, &plain, &plain_len), MST_DTLS_OK);
	assert_int_equal(plain_len, expected.len);
	assert_memory_equal(plain, expected.b, plain_len);
	// And it takes the sender's direction: the other one's keys refuse it.
	vector_hex(fields[RECORD], &rec);
	assert_int_equal(mst_dtls_open(&theirs, rec.b, rec.len, &h, &plain, &plain_len), MST_DTLS_TAG);
	// GnuTLS numbers its nonces as we do, so our sealing gives its record byte for byte.
	vector_hex(fields[RECORD], &rec);
	if (strcmp(fields[WHO], "gnutls") == 0 || s->explicit_bytes == 0) {
		struct bytes again;

		memcpy(again.b + mst_dtls_head_bytes(s), expected.b, expected.len);
		mst_dtls_seal(&theirs, h.type, h.seq, again.b + mst_dtls_head_bytes(s), expected.len);
		assert_memory_equal(again.b, rec.b, rec.len);
	}
}

static void
each(void **state)
{
	(void)state;
	FILE *f = vector_file("dtls_records.txt");
	const char *fields[FIELDS];
	unsigned int n = 0;

	for (; vector_line(f, fields, FIELDS); n++)
		check(fields);
	fclose(f);
	assert_true(n >= 15);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
	};

	return mst_crypto_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
