// The engine: what one side seals the other opens, and nothing that was touched on the way.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_crypto.h"
#include "mst_test.h"

#define LEN 100
#define AAD_LEN 13

static const uint8_t raw_key[MST_AEAD_KEY_MAX_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8, [31] = 9};
static const uint8_t nonce[MST_AEAD_NONCE_BYTES] = {9, 8, 7, [11] = 1};

struct record {
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[AAD_LEN];
	uint8_t data[LEN];
	uint8_t tag[MST_AEAD_TAG_BYTES];
};

static void
before_init(void **state)
{
	(void)state;
	struct mst_aead_key k;
	struct mst_aead_key untouched;

	memset(&k, 0x5a, sizeof(k));
	untouched = k;
	assert_string_equal(mst_crypto_engine(), "none");
	assert_int_equal(mst_aead_key_init(&k, MST_AEAD_AES_128_GCM, raw_key), -ENOTSUP);
	assert_memory_equal(&k, &untouched, sizeof(k));
	assert_int_equal(mst_crypto_init(), 0);
	assert_int_equal(mst_crypto_init(), 0);
	assert_non_null(strstr(mst_crypto_engine(), "ipsec-mb "));
}

static void
no_such_alg(void **state)
{
	(void)state;
	struct mst_aead_key k;
	struct mst_aead_key untouched;

	memset(&k, 0x5a, sizeof(k));
	untouched = k;
	assert_int_equal(mst_aead_key_init(&k, MST_AEAD_NONE, raw_key), -EINVAL);
	assert_int_equal(mst_aead_key_init(&k, MST_AEAD_END, raw_key), -EINVAL);
	assert_memory_equal(&k, &untouched, sizeof(k));
}

static struct record
sealed_record(const struct mst_aead_key *k)
{
	struct record r = {.aad = {1, 2, 3}, .data = "what the record carries"};

	memcpy(r.nonce, nonce, sizeof(nonce));
	mst_aead_seal(k, r.nonce, r.aad, AAD_LEN, r.data, LEN, r.tag);
	return r;
}

static bool
opens(const struct mst_aead_key *k, struct record r)
{
	return mst_aead_open(k, r.nonce, r.aad, AAD_LEN, r.data, LEN, r.tag);
}

static void
round_trip(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		struct mst_aead_key k;
		struct record r;

		assert_int_equal(mst_aead_key_init(&k, (enum mst_aead_alg)alg, raw_key), 0);
		r = sealed_record(&k);
		assert_memory_not_equal(r.data, "what the record carries", 23);
		assert_true(mst_aead_open(&k, r.nonce, r.aad, AAD_LEN, r.data, LEN, r.tag));
		assert_string_equal((char *)r.data, "what the record carries");
	}
}

// Every bit of nonce, additional data, ciphertext and tag is under the tag.
static void
any_bit_refused(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		struct mst_aead_key k;
		struct record good;

		assert_int_equal(mst_aead_key_init(&k, (enum mst_aead_alg)alg, raw_key), 0);
		good = sealed_record(&k);
		assert_true(opens(&k, good));
		for (size_t i = 0; i < sizeof(good) * 8; i++) {
			struct record bad = good;

			((uint8_t *)&bad)[i / 8] ^= (uint8_t)(1U << (i % 8));
			assert_false(opens(&k, bad));
		}
	}
}

static void
other_key_refused(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		uint8_t other_raw[MST_AEAD_KEY_MAX_BYTES];
		struct mst_aead_key k;
		struct mst_aead_key other;

		memcpy(other_raw, raw_key, sizeof(other_raw));
		other_raw[mst_aead_key_bytes((enum mst_aead_alg)alg) - 1] ^= 1;
		assert_int_equal(mst_aead_key_init(&k, (enum mst_aead_alg)alg, raw_key), 0);
		assert_int_equal(mst_aead_key_init(&other, (enum mst_aead_alg)alg, other_raw), 0);
		assert_false(opens(&other, sealed_record(&k)));
	}
}

// An empty record is legal and still has a tag; additional data may be absent.
static void
empty(void **state)
{
	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		struct mst_aead_key k;
		uint8_t tag[MST_AEAD_TAG_BYTES];
		uint8_t expected[MST_AEAD_TAG_BYTES];
		uint8_t guard = 0x77;

		assert_int_equal(mst_aead_key_init(&k, (enum mst_aead_alg)alg, raw_key), 0);
		mst_aead_seal(&k, nonce, NULL, 0, &guard, 0, tag);
		assert_int_equal(
			mst_oracle_seal((enum mst_aead_alg)alg, raw_key, nonce, NULL, 0, &guard, 0, expected),
			0);
		assert_memory_equal(tag, expected, sizeof(tag));
		assert_true(mst_aead_open(&k, nonce, NULL, 0, &guard, 0, tag));
		tag[0] ^= 1;
		assert_false(mst_aead_open(&k, nonce, NULL, 0, &guard, 0, tag));
		assert_int_equal(guard, 0x77);
	}
}

// Records of every algorithm and of lengths around the cipher's steps in one burst: each is what OpenSSL makes of it, and of
// those that come back spoilt, in any bit of the tag, each is told from its neighbours.
static void
burst_is_its_records(void **state)
{
	enum { N = 24 };
	static struct mst_aead_op ops[N];
	static struct mst_aead_key keys[MST_AEAD_END];
	static uint8_t data[N][1500], want[N][1500];

	(void)state;
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++)
		assert_int_equal(mst_aead_key_init(&keys[alg], (enum mst_aead_alg)alg, raw_key), 0);
	for (unsigned int i = 0; i < N; i++) {
		int alg = MST_AEAD_NONE + 1 + (int)(i % (MST_AEAD_END - 1));
		size_t len = i * 61;

		memset(data[i], (int)i, sizeof(data[i]));
		memcpy(want[i], data[i], sizeof(want[i]));
		ops[i] = (struct mst_aead_op){.key = &keys[alg], .data = data[i], .len = (uint32_t)len};
		memset(ops[i].nonce, (int)i + 1, sizeof(ops[i].nonce));
		memset(ops[i].aad, (int)i + 2, sizeof(ops[i].aad));
		assert_int_equal(mst_oracle_seal((enum mst_aead_alg)alg, raw_key, ops[i].nonce, ops[i].aad,
					 13, want[i], len, want[i] + len),
			0);
	}
	mst_aead_seal_burst(ops, N, 13);
	for (unsigned int i = 0; i < N; i++)
		assert_memory_equal(data[i], want[i], ops[i].len + MST_AEAD_TAG_BYTES);
	for (unsigned int i = 0; i < N; i += 3)
		data[i][ops[i].len + i % MST_AEAD_TAG_BYTES] ^= (uint8_t)(1 << i % 8);
	mst_aead_open_burst(ops, N, 13);
	for (unsigned int i = 0; i < N; i++) {
		assert_int_equal(ops[i].ok, i % 3 != 0);
		for (uint32_t at = 0; ops[i].ok && at < ops[i].len; at++)
			assert_int_equal(data[i][at], i);
	}
}

static void
use_wiped(const struct mst_aead_key *k, bool open)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct record r = {0};

		signal(SIGABRT, SIG_DFL);
		if (open)
			_exit(opens(k, r) ? 1 : 2);
		sealed_record(k);
		_exit(3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
wiped_key_is_gone(void **state)
{
	(void)state;
	struct mst_aead_key k;
	struct mst_aead_key zero;

	memset(&zero, 0, sizeof(zero));
	assert_int_equal(mst_aead_key_init(&k, MST_AEAD_AES_256_GCM, raw_key), 0);
	mst_aead_key_wipe(&k);
	assert_memory_equal(&k, &zero, sizeof(k));
	use_wiped(&k, true);
	use_wiped(&k, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_init),
		cmocka_unit_test(no_such_alg),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(any_bit_refused),
		cmocka_unit_test(other_key_refused),
		cmocka_unit_test(empty),
		cmocka_unit_test(burst_is_its_records),
		cmocka_unit_test(wiped_key_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
