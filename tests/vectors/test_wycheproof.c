// Project Wycheproof's AEAD vectors, the ones with a 96-bit nonce and a 128-bit tag: valid ones match,
// through the AEAD and through the record path, and invalid ones are refused. Skipped where the files are not
// at hand.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "vector.h"
#include "wycheproof.h"

struct counts {
	unsigned int valid;
	unsigned int invalid;
};

static const char *
text(const json_t *object, const char *name)
{
	const char *s = json_string_value(json_object_get(object, name));

	assert_non_null(s);
	return s;
}

static void
field(const json_t *test, const char *name, struct bytes *out)
{
	vector_hex(text(test, name), out);
}

static void
check_invalid(const struct vector *v)
{
	struct bytes data = v->cipher;
	struct mst_aead_key k;

	assert_int_equal(mst_aead_key_init(&k, v->alg, v->key.b), 0);
	assert_false(mst_aead_open(&k, v->nonce.b, v->aad.b, v->aad.len, data.b, data.len, v->tag.b));
	data = v->cipher;
	assert_int_equal(mst_oracle_open(v->alg, v->key.b, v->nonce.b, v->aad.b, v->aad.len, data.b, data.len,
				 v->tag.b),
		-EBADMSG);
}

static void
check(enum mst_aead_alg alg, const json_t *test, struct counts *counts)
{
	struct vector v = {.alg = alg};
	const char *result = text(test, "result");

	field(test, "key", &v.key);
	field(test, "iv", &v.nonce);
	field(test, "aad", &v.aad);
	field(test, "msg", &v.plain);
	field(test, "ct", &v.cipher);
	field(test, "tag", &v.tag);
	if (strcmp(result, "valid") == 0) {
		vector_check_aead(&v);
		vector_check_record(&v);
		counts->valid++;
	} else {
		assert_string_equal(result, "invalid");
		check_invalid(&v);
		counts->invalid++;
	}
}

static json_int_t
number(const json_t *object, const char *name)
{
	const json_t *n = json_object_get(object, name);

	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

// algs[0] takes keys of 128 bits, algs[1] of 256; others are passed over.
static struct counts
check_file(const char *name, const enum mst_aead_alg algs[2])
{
	struct counts counts = {0};
	json_t *root = wycheproof_load(name);
	json_t *group;
	json_t *test;
	size_t i;
	size_t j;

	json_array_foreach(json_object_get(root, "testGroups"), i, group)
	{
		json_int_t key_bits = number(group, "keySize");
		enum mst_aead_alg alg = key_bits == 128 ? algs[0] : key_bits == 256 ? algs[1] : MST_AEAD_NONE;

		if (alg == MST_AEAD_NONE || number(group, "ivSize") != 96 || number(group, "tagSize") != 128)
			continue;
		json_array_foreach(json_object_get(group, "tests"), j, test) check(alg, test, &counts);
	}
	json_decref(root);
	print_message("%s: %u valid, %u invalid\n", name, counts.valid, counts.invalid);
	return counts;
}

static void
aes_gcm(void **state)
{
	(void)state;
	static const enum mst_aead_alg algs[] = {MST_AEAD_AES_128_GCM, MST_AEAD_AES_256_GCM};
	struct counts c = check_file("aes_gcm_test.json", algs);

	assert_true(c.valid >= 50 && c.invalid >= 30);
}

static void
chacha20_poly1305(void **state)
{
	(void)state;
	static const enum mst_aead_alg algs[] = {MST_AEAD_NONE, MST_AEAD_CHACHA20_POLY1305};
	struct counts c = check_file("chacha20_poly1305_test.json", algs);

	assert_true(c.valid >= 200 && c.invalid >= 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(aes_gcm),
		cmocka_unit_test(chacha20_poly1305),
	};

	if (!wycheproof_find())
		return WYCHEPROOF_SKIPPED;
	return mst_crypto_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
