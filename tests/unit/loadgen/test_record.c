// The device's records, byte by byte beside records put together here with OpenSSL's EVP: both directions, all
// suites, random lengths; and what must be refused.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mst_test.h"

#include "record.h"

#define ROOM 32 // in front of the plaintext

static const enum mst_aead_alg algs[] = {
	MST_AEAD_AES_128_GCM, MST_AEAD_AES_256_GCM, MST_AEAD_CHACHA20_POLY1305};
static uint8_t block[LG_RECORD_KEY_BLOCK_MAX_BYTES];
static uint8_t buf[ROOM + LG_RECORD_PLAIN_MAX_BYTES + 64];
static uint8_t want[sizeof(buf)];
static struct lg_record rec;

static size_t
iv_bytes(enum mst_aead_alg alg)
{
	return alg == MST_AEAD_CHACHA20_POLY1305 ? 12 : 4;
}

static void
be(uint8_t *p, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

// One record into out, from the RFCs and EVP alone; returns its length. server: with the server's half.
static size_t
reference(uint8_t *out, enum mst_aead_alg alg, bool server, uint8_t type, uint16_t epoch, uint64_t seq,
	uint64_t explicit_nonce, const uint8_t *plain, size_t len)
{
	const size_t key_bytes = mst_aead_key_bytes(alg), iv = iv_bytes(alg);
	const size_t extra = alg == MST_AEAD_CHACHA20_POLY1305 ? 0 : 8;
	const uint8_t *key = block + (server ? key_bytes : 0);
	uint8_t nonce[12], aad[13];

	out[0] = type;
	be(out + 1, 0xfefd, 2);
	be(out + 3, epoch, 2);
	be(out + 5, seq, 6);
	be(out + 11, extra + len + 16, 2);
	memset(nonce, 0, sizeof(nonce));
	memcpy(nonce, block + 2 * key_bytes + (server ? iv : 0), iv);
	if (extra > 0) {
		be(out + 13, explicit_nonce, 8);
		memcpy(nonce + 4, out + 13, 8);
	} else {
		for (int i = 0; i < 8; i++)
			nonce[4 + i] ^= out[3 + i];
	}
	be(aad, (uint64_t)epoch << 48 | seq, 8);
	aad[8] = type;
	be(aad + 9, 0xfefd, 2);
	be(aad + 11, len, 2);
	memmove(out + 13 + extra, plain, len);
	assert_int_equal(mst_oracle_seal(alg, key, nonce, aad, sizeof(aad), out + 13 + extra, len,
				 out + 13 + extra + len),
		0);
	return 13 + extra + len + 16;
}

static void
start(enum mst_aead_alg alg, uint16_t epoch, uint64_t first_seq, uint64_t nonce_start)
{
	const struct lg_record_params p = {alg, epoch, first_seq, nonce_start};

	mst_random(block, sizeof(block));
	assert_int_equal(lg_record_init(&rec, &p, block, lg_record_key_block_bytes(alg)), 0);
}

static void
every_byte_sent(void **state)
{
	(void)state;
	for (size_t a = 0; a < MST_ARRAY_SIZE(algs); a++) {
		uint64_t salt = a == 1 ? 0xfffffffffffffff0u : 0; // wraps on the way

		start(algs[a], 1, LG_RECORD_FIRST_SEQ, salt);
		for (unsigned int i = 0; i < 1500; i++) {
			uint64_t seq = LG_RECORD_FIRST_SEQ + i;
			size_t len = i < 1200 ? (size_t)random() % 1500 : (size_t)random() % 16385, n;
			uint8_t *plain = buf + ROOM, *got;

			len = i == 1499 ? LG_RECORD_PLAIN_MAX_BYTES : len;
			mst_random(plain, len);
			n = reference(
				want, algs[a], false, 23, 1, seq, (1ULL << 48 | seq) + salt, plain, len);
			got = lg_record_seal(&rec, LG_RECORD_DATA, plain, len);
			assert_ptr_equal(got, plain - lg_record_head_bytes(&rec));
			assert_int_equal(len + lg_record_overhead(&rec), n);
			assert_memory_equal(got, want, n);
		}
		lg_record_wipe(&rec);
	}
}

static void
every_byte_received(void **state)
{
	static uint8_t plain[LG_RECORD_PLAIN_MAX_BYTES];

	(void)state;
	for (size_t a = 0; a < MST_ARRAY_SIZE(algs); a++) {
		start(algs[a], 1, 0, 0);
		for (unsigned int i = 0; i < 1000; i++) {
			size_t len = i < 800 ? (size_t)random() % 1500 : (size_t)random() % 16385, n, rec_len;
			uint64_t number = 1ULL << 48 | i, seq = 0x00ff00000000u + i;
			uint8_t type = (uint8_t)(21 + i % 3);
			struct lg_record_opened out;

			// OpenSSL's explicit nonces have nothing to do with the number.
			number = i % 2 == 0 ? (1ULL << 48 | seq) : number * 0x9e3779b97f4a7c15u;
			len = i == 999 ? LG_RECORD_PLAIN_MAX_BYTES : len;
			mst_random(plain, len);
			n = reference(buf, algs[a], true, type, 1, seq, number, plain, len);
			// A second record in the same datagram is left alone.
			memset(buf + n, 0x5a, 16);
			assert_int_equal(lg_record_open(&rec, buf, n + 16, &out, &rec_len), LG_RECORD_OK);
			assert_int_equal(rec_len, n);
			assert_int_equal(out.type, type);
			assert_true(out.seq == seq);
			assert_int_equal(out.plain_len, len);
			assert_ptr_equal(out.plain, buf + lg_record_head_bytes(&rec));
			assert_memory_equal(out.plain, plain, len);
			assert_int_equal(buf[n], 0x5a);
		}
		assert_int_equal(rec.odd_nonces, rec.explicit_bytes > 0 ? 500 : 0);
	}
}

// Each bit of a record changed: refused, and nothing of the window moves.
static void
every_bit(void **state)
{
	static const uint8_t plain[40] = {0, 0x45};

	(void)state;
	for (size_t a = 0; a < MST_ARRAY_SIZE(algs); a++) {
		struct lg_record_opened out;
		size_t n, rec_len;

		start(algs[a], 1, 0, 0);
		n = reference(want, algs[a], true, 23, 1, 5, 1ULL << 48 | 5, plain, sizeof(plain));
		for (size_t i = 0; i < 8 * n; i++) {
			struct lg_record before = rec;

			memcpy(buf, want, n);
			buf[i / 8] ^= (uint8_t)(1u << i % 8);
			assert_int_not_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_OK);
			assert_memory_equal(&before, &rec, sizeof(rec));
		}
		memcpy(buf, want, n);
		assert_int_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_OK);
	}
}

static enum lg_record_verdict
receive(uint16_t epoch, uint64_t seq)
{
	struct lg_record_opened out;
	size_t n, rec_len;

	n = reference(buf, MST_AEAD_AES_128_GCM, true, 23, epoch, seq, seq, (const uint8_t *)"x", 1);
	return lg_record_open(&rec, buf, n, &out, &rec_len);
}

static void
window(void **state)
{
	const uint64_t top = 10000;

	(void)state;
	start(MST_AEAD_AES_128_GCM, 1, 0, 0);
	assert_int_equal(receive(1, 0), LG_RECORD_OK);
	assert_int_equal(receive(1, 0), LG_RECORD_REPLAY);
	assert_int_equal(receive(1, 127), LG_RECORD_OK);
	assert_int_equal(receive(1, 0), LG_RECORD_REPLAY);
	assert_int_equal(receive(1, 1), LG_RECORD_OK);
	assert_int_equal(receive(1, 128), LG_RECORD_OK);
	assert_int_equal(receive(1, 0), LG_RECORD_OLD);
	assert_int_equal(receive(1, 1), LG_RECORD_REPLAY);
	assert_int_equal(receive(1, 63), LG_RECORD_OK);
	assert_int_equal(receive(1, top), LG_RECORD_OK);
	for (uint64_t seq = top - LG_RECORD_WINDOW_BITS + 1; seq < top; seq++)
		assert_int_equal(receive(1, seq), LG_RECORD_OK);
	for (uint64_t seq = top - LG_RECORD_WINDOW_BITS + 1; seq <= top; seq++)
		assert_int_equal(receive(1, seq), LG_RECORD_REPLAY);
	assert_int_equal(receive(1, top - LG_RECORD_WINDOW_BITS), LG_RECORD_OLD);
	assert_int_equal(receive(1, LG_RECORD_SEQ_MAX), LG_RECORD_OK);
	assert_int_equal(receive(1, LG_RECORD_SEQ_MAX), LG_RECORD_REPLAY);
	assert_int_equal(receive(2, 1), LG_RECORD_EPOCH);
	assert_int_equal(receive(0, 1), LG_RECORD_EPOCH);
}

static void
lengths(void **state)
{
	struct lg_record_opened out;
	size_t n, rec_len = 0;

	(void)state;
	start(MST_AEAD_AES_256_GCM, 1, 0, 0);
	n = reference(want, MST_AEAD_AES_256_GCM, true, 23, 1, 5, 5, want, 0);
	for (size_t cut = 0; cut < n; cut++) {
		memcpy(buf, want, n);
		assert_int_equal(lg_record_open(&rec, buf, cut, &out, &rec_len), LG_RECORD_SHORT);
	}
	// One byte less than nonce and tag need.
	memcpy(buf, want, n);
	be(buf + 11, 23, 2);
	assert_int_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_LENGTH);
	assert_int_equal(rec_len, 13 + 23);
	// One byte more than a record may have.
	be(buf + 11, 8 + LG_RECORD_PLAIN_MAX_BYTES + 1 + 16, 2);
	assert_int_equal(lg_record_open(&rec, buf, sizeof(buf), &out, &rec_len), LG_RECORD_LENGTH);
	// A record of nothing is one.
	memcpy(buf, want, n);
	assert_int_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_OK);
	assert_int_equal(out.plain_len, 0);
	buf[0] = 20;
	assert_int_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_TYPE);
	buf[0] = 24;
	assert_int_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_TYPE);
	buf[2] = 0xff;
	assert_int_equal(lg_record_open(&rec, buf, n, &out, &rec_len), LG_RECORD_VERSION);
}

// The last number of an epoch goes out, the next one would be of another epoch.
static void
numbers_end(void **state)
{
	uint8_t *plain = buf + ROOM;

	(void)state;
	start(MST_AEAD_CHACHA20_POLY1305, 1, LG_RECORD_SEQ_MAX, 0);
	memset(plain, 7, 10);
	assert_non_null(lg_record_seal(&rec, LG_RECORD_DATA, plain, 10));
	memset(plain, 7, 10);
	assert_null(lg_record_seal(&rec, LG_RECORD_DATA, plain, 10));
	assert_int_equal(plain[9], 7);
	assert_null(lg_record_seal(&rec, LG_RECORD_DATA, plain, 10));
}

static void
refused_keys(void **state)
{
	struct lg_record_params p = {MST_AEAD_AES_128_GCM, 1, 0, 0};

	(void)state;
	memset(&rec, 0xaa, sizeof(rec));
	assert_int_equal(lg_record_key_block_bytes(MST_AEAD_AES_128_GCM), 40);
	assert_int_equal(lg_record_key_block_bytes(MST_AEAD_AES_256_GCM), 72);
	assert_int_equal(lg_record_key_block_bytes(MST_AEAD_CHACHA20_POLY1305), 88);
	assert_int_equal(lg_record_key_block_bytes(MST_AEAD_NONE), 0);
	assert_int_equal(lg_record_key_block_bytes(MST_AEAD_END), 0);
	assert_int_equal(lg_record_init(&rec, &p, block, 39), -EINVAL);
	assert_int_equal(lg_record_init(&rec, &p, block, 41), -EINVAL);
	p.first_seq = LG_RECORD_SEQ_MAX + 1;
	assert_int_equal(lg_record_init(&rec, &p, block, 40), -EINVAL);
	p = (struct lg_record_params){MST_AEAD_NONE, 1, 0, 0};
	assert_int_equal(lg_record_init(&rec, &p, block, 0), -EINVAL);
	assert_int_equal(rec.epoch, 0xaaaa);
	assert_string_equal(lg_record_verdict_name(LG_RECORD_OLD), "old");
	assert_string_equal(lg_record_verdict_name(LG_RECORD_VERDICT_COUNT), "unknown");
}

static int
init(void **state)
{
	(void)state;
	return mst_crypto_init();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_sent),
		cmocka_unit_test(every_byte_received),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(window),
		cmocka_unit_test(lengths),
		cmocka_unit_test(numbers_end),
		cmocka_unit_test(refused_keys),
	};

	return cmocka_run_group_tests(tests, init, NULL);
}
