// The start-up check refuses an engine that is wrong. init.c is compiled in here over an engine that breaks
// on demand.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "crypto.h"

enum fault { NONE, WRONG_TEXT, WRONG_TAG, WRONG_LONG, OPENS_ALL, OPENS_NONE, NO_KEY, ORACLE_FAILS };
static enum fault fault;
static enum mst_aead_alg faulty_alg;

static void
faulty_seal(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
	uint8_t *data, size_t len, uint8_t *tag)
{
	mst_aead_seal(k, nonce, aad, aad_len, data, len, tag);
	if (k->alg != faulty_alg)
		return;
	if (fault == WRONG_TEXT && len != 0)
		data[len - 1] ^= 1;
	if (fault == WRONG_LONG && len > 1024)
		data[1024] ^= 1;
	if (fault == WRONG_TAG)
		tag[15] ^= 1;
}

static bool
faulty_open(const struct mst_aead_key *k, const uint8_t *nonce, const uint8_t *aad, size_t aad_len,
	uint8_t *data, size_t len, const uint8_t *tag)
{
	bool ok = mst_aead_open(k, nonce, aad, aad_len, data, len, tag);

	if (k->alg == faulty_alg && fault == OPENS_ALL)
		return true;
	if (k->alg == faulty_alg && fault == OPENS_NONE)
		return false;
	return ok;
}

static int
faulty_key_init(struct mst_aead_key *k, enum mst_aead_alg alg, const uint8_t *key)
{
	return alg == faulty_alg && fault == NO_KEY ? -ENOTSUP : mst_aead_key_init(k, alg, key);
}

static int
faulty_oracle(enum mst_aead_alg alg, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, uint8_t *tag)
{
	if (alg == faulty_alg && fault == ORACLE_FAILS)
		return -EIO;
	return mst_oracle_seal(alg, key, nonce, aad, aad_len, data, len, tag);
}

#define mst_crypto_init init_under_test
#define mst_aead_seal faulty_seal
#define mst_aead_open faulty_open
#define mst_aead_key_init faulty_key_init
#define mst_oracle_seal faulty_oracle
int init_under_test(void);
#include "init.c"

static void
refuses_each_fault(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		for (int f = WRONG_TEXT; f <= ORACLE_FAILS; f++) {
			fault = (enum fault)f;
			faulty_alg = (enum mst_aead_alg)alg;
			assert_int_equal(init_under_test(), -EIO);
			assert_false(crypto_engine_running());
			assert_string_equal(mst_crypto_engine(), "none");
		}
	}
}

static void
takes_a_good_one(void **state)
{
	(void)state;
	fault = NONE;
	assert_int_equal(init_under_test(), 0);
	assert_true(crypto_engine_running());
	assert_int_equal(init_under_test(), 0);
	crypto_engine_stop();
}

// A row missing from the known answers would leave an AEAD unchecked.
static void
each_aead_has_an_answer(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		bool found = false;

		for (size_t i = 0; i < MST_ARRAY_SIZE(kats); i++)
			found |= kats[i].alg == (enum mst_aead_alg)alg;
		assert_true(found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_each_fault),
		cmocka_unit_test(takes_a_good_one),
		cmocka_unit_test(each_aead_has_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
