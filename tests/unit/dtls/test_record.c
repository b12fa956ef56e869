// Records: the header's bounds, the bytes on the wire against OpenSSL's AEADs, and that nothing passes which
// was touched, replayed or belongs to other keys.
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_dtls.h"
#include "mst_test.h"

#define PLAIN_LEN 90
#define ROOM 200

// Both ends of a connection, and the key block they come from.
struct ends {
	const struct mst_dtls_suite *suite;
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
	struct mst_dtls_keys server;
	struct mst_dtls_keys client;
};

static struct ends
make_ends(size_t suite_index, uint16_t epoch)
{
	struct ends e = {.suite = mst_dtls_suite_at(suite_index)};
	size_t len = mst_dtls_key_block_bytes(e.suite);

	for (size_t i = 0; i < sizeof(e.block); i++)
		e.block[i] = (uint8_t)(i * 7 + suite_index);
	assert_int_equal(mst_dtls_keys_init(&e.server, e.suite, epoch, e.block, len), 0);
	assert_int_equal(mst_dtls_keys_init_client(&e.client, e.suite, epoch, e.block, len), 0);
	return e;
}

static void
fill(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i ^ 0xa5);
}

// A record of PLAIN_LEN bytes from k's side; its length is returned.
static size_t
make_record(const struct mst_dtls_keys *k, uint8_t type, uint64_t seq, uint8_t rec[ROOM])
{
	uint8_t *plain = rec + mst_dtls_head_bytes(k->suite);

	fill(plain, PLAIN_LEN);
	mst_dtls_seal(k, type, seq, plain, PLAIN_LEN);
	return PLAIN_LEN + mst_dtls_overhead(k->suite);
}

static enum mst_dtls_verdict
parse_and_open(const struct mst_dtls_keys *k, uint8_t *rec, size_t len, uint8_t **plain, size_t *plain_len)
{
	struct mst_dtls_header h;
	enum mst_dtls_verdict v = mst_dtls_parse(rec, len, &h);

	return v == MST_DTLS_OK ? mst_dtls_open(k, rec, len, &h, plain, plain_len) : v;
}

// ---- header -------------------------------------------------------------------------------------

static void
parse_fields(void **state)
{
	(void)state;
	static const uint8_t rec[] = {
		23, 0xfe, 0xfd, 0x12, 0x34, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0, 2, 0x55, 0x66, 22, 1};
	struct mst_dtls_header h;

	assert_int_equal(mst_dtls_parse(rec, sizeof(rec), &h), MST_DTLS_OK);
	assert_int_equal(h.type, MST_DTLS_APPLICATION_DATA);
	assert_int_equal(h.version, 0xfefd);
	assert_int_equal(h.epoch, 0x1234);
	assert_true(h.seq == 0xa1a2a3a4a5a6ULL);
	assert_int_equal(h.length, 2); // the bytes of a next record are not counted
}

struct header_case {
	uint8_t type;
	uint16_t version;
	uint16_t epoch;
	uint16_t length;
	enum mst_dtls_verdict want;
};

static void
parse_bounds(void **state)
{
	(void)state;
	// clang-format off
	static const struct header_case cases[] = {
		{19, 0xfefd, 1, 40, MST_DTLS_TYPE}, {24, 0xfefd, 1, 40, MST_DTLS_TYPE}, {0, 0xfefd, 1, 40, MST_DTLS_TYPE},
		{25, 0xfefd, 1, 40, MST_DTLS_TYPE}, {255, 0xfefd, 1, 40, MST_DTLS_TYPE},
		{20, 0xfefd, 0, 1, MST_DTLS_OK}, {21, 0xfefd, 1, 2, MST_DTLS_OK}, {22, 0xfefd, 0, 40, MST_DTLS_OK},
		{23, 0xfefd, 65535, 40, MST_DTLS_OK},
		// 1.0 only on a handshake record of epoch 0.
		{22, 0xfeff, 0, 40, MST_DTLS_OK}, {22, 0xfeff, 1, 40, MST_DTLS_VERSION},
		{23, 0xfeff, 0, 40, MST_DTLS_VERSION}, {21, 0xfeff, 0, 40, MST_DTLS_VERSION},
		{20, 0xfeff, 0, 40, MST_DTLS_VERSION}, {22, 0x0100, 0, 40, MST_DTLS_VERSION},
		{23, 0xfefc, 1, 40, MST_DTLS_VERSION}, {23, 0x0303, 1, 40, MST_DTLS_VERSION},
		{22, 0xfefc, 0, 40, MST_DTLS_VERSION},
		{23, 0xfefd, 1, 0, MST_DTLS_OK}, {22, 0xfefd, 1, 0, MST_DTLS_LENGTH}, {21, 0xfefd, 1, 0, MST_DTLS_LENGTH},
		{20, 0xfefd, 0, 0, MST_DTLS_LENGTH},
		{23, 0xfefd, 1, 16384 + 2048, MST_DTLS_OK}, {23, 0xfefd, 1, 16384 + 2049, MST_DTLS_LENGTH},
		{23, 0xfefd, 1, 65535, MST_DTLS_LENGTH},
	};
	// clang-format on
	static uint8_t rec[MST_DTLS_HEADER_BYTES + 65535];

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		const struct header_case *c = &cases[i];
		struct mst_wr w = mst_wr_init(rec, sizeof(rec));
		struct mst_dtls_header h;

		mst_wr_be(&w, c->type, 1);
		mst_wr_be(&w, c->version, 2);
		mst_wr_be(&w, c->epoch, 2);
		mst_wr_be(&w, 7, 6);
		mst_wr_be(&w, c->length, 2);
		assert_int_equal(mst_dtls_parse(rec, w.len + c->length, &h), c->want);
		if (c->want != MST_DTLS_OK)
			continue;
		assert_int_equal(h.version, c->version);
		// One byte less in the datagram than the header announces.
		if (c->length != 0)
			assert_int_equal(mst_dtls_parse(rec, w.len + c->length - 1U, &h), MST_DTLS_SHORT);
	}
}

static void
parse_cut(void **state)
{
	(void)state;
	static const uint8_t rec[MST_DTLS_HEADER_BYTES] = {23, 0xfe, 0xfd, 0, 1};
	struct mst_dtls_header h;
	struct mst_dtls_header untouched;

	memset(&h, 0x5a, sizeof(h));
	untouched = h;
	for (size_t len = 0; len < sizeof(rec); len++)
		assert_int_equal(mst_dtls_parse(rec, len, &h), MST_DTLS_SHORT);
	assert_memory_equal(&h, &untouched, sizeof(h));
	assert_int_equal(mst_dtls_parse(rec, sizeof(rec), &h), MST_DTLS_OK);
}

// ---- against OpenSSL ----------------------------------------------------------------------------

// What RFC 5246 6.2.3.3, RFC 5288 3 and RFC 7905 2 say, written byte by byte and sealed by the oracle. The
// explicit nonce is the sender's to choose.
static size_t
oracle_record(const struct ends *e, bool from_client, uint64_t explicit_nonce, uint16_t epoch, uint8_t type,
	uint64_t seq, uint8_t rec[ROOM])
{
	const struct mst_dtls_suite *s = e->suite;
	const uint8_t *key = e->block + (from_client ? 0 : s->key_bytes);
	const uint8_t *iv = e->block + 2 * s->key_bytes + (from_client ? 0 : s->iv_bytes);
	size_t carried = s->iv_bytes == 4 ? 8 : 0;
	uint8_t number[8];
	uint8_t nonce[12];
	uint8_t aad_bytes[13];
	struct mst_wr w = mst_wr_init(number, sizeof(number));
	struct mst_wr aad = mst_wr_init(aad_bytes, sizeof(aad_bytes));
	struct mst_wr out = mst_wr_init(rec, ROOM);
	uint8_t *body = rec + 13 + carried;

	mst_wr_be(&w, epoch, 2);
	mst_wr_be(&w, seq, 6);
	mst_wr_be(&aad, epoch, 2);
	mst_wr_be(&aad, seq, 6);
	mst_wr_be(&aad, type, 1);
	mst_wr_be(&aad, 0xfefd, 2);
	mst_wr_be(&aad, PLAIN_LEN, 2);
	mst_wr_be(&out, type, 1);
	mst_wr_be(&out, 0xfefd, 2);
	mst_wr_bytes(&out, number, 8);
	mst_wr_be(&out, carried + PLAIN_LEN + 16, 2);
	if (carried != 0)
		mst_wr_be(&out, explicit_nonce, 8);
	if (carried != 0) {
		memcpy(nonce, iv, 4);
		memcpy(nonce + 4, rec + 13, 8);
	} else {
		memcpy(nonce, iv, 12);
		for (size_t i = 0; i < 8; i++)
			nonce[4 + i] ^= number[i];
	}
	fill(body, PLAIN_LEN);
	assert_false(w.err || aad.err || out.err);
	assert_int_equal(
		mst_oracle_seal(s->aead, key, nonce, aad_bytes, 13, body, PLAIN_LEN, body + PLAIN_LEN), 0);
	return 13 + carried + PLAIN_LEN + 16;
}

struct number_case {
	uint16_t epoch;
	uint64_t seq;
};

static const struct number_case numbers[] = {
	{1, 0}, {1, 64}, {1, 0x0102030405ULL}, {2, 1ULL << 32}, {0xfedc, MST_DTLS_SEQ_MAX}};

static void
seal_like_openssl(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		for (size_t n = 0; n < MST_ARRAY_SIZE(numbers); n++) {
			uint16_t epoch = numbers[n].epoch;
			uint64_t seq = numbers[n].seq;
			struct ends e = make_ends(i, epoch);
			uint8_t ours[ROOM];
			uint8_t theirs[ROOM];
			uint64_t number = (uint64_t)epoch << 48 | seq;
			size_t len = oracle_record(&e, false, number, epoch, 23, seq, theirs);

			assert_int_equal(make_record(&e.server, 23, seq, ours), len);
			assert_memory_equal(ours, theirs, len);
		}
	}
}

// The client chooses its explicit nonce: GnuTLS takes the record's number, OpenSSL starts at a random one.
static void
open_from_openssl(void **state)
{
	(void)state;
	static const uint64_t nonces[] = {0x0001000000000001ULL, 0, 0xfeedfacecafebeefULL};

	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		for (size_t n = 0; n < MST_ARRAY_SIZE(numbers) * MST_ARRAY_SIZE(nonces); n++) {
			struct number_case c = numbers[n / MST_ARRAY_SIZE(nonces)];
			struct ends e = make_ends(i, c.epoch);
			uint8_t rec[ROOM];
			uint8_t expected[PLAIN_LEN];
			uint8_t *plain = NULL;
			size_t plain_len = 0;
			size_t len = oracle_record(
				&e, true, nonces[n % MST_ARRAY_SIZE(nonces)], c.epoch, 23, c.seq, rec);

			fill(expected, sizeof(expected));
			assert_int_equal(
				parse_and_open(&e.server, rec, len, &plain, &plain_len), MST_DTLS_OK);
			assert_ptr_equal(plain, rec + mst_dtls_head_bytes(e.suite));
			assert_int_equal(plain_len, PLAIN_LEN);
			assert_memory_equal(plain, expected, PLAIN_LEN);
		}
	}
}

// ---- refusals -----------------------------------------------------------------------------------

// Every bit of the record, header included: none can be turned.
static void
any_bit_refused(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		struct ends e = make_ends(i, 1);
		uint8_t good[ROOM];
		size_t len = make_record(&e.client, 23, 77, good);

		for (size_t bit = 0; bit < len * 8; bit++) {
			uint8_t bad[ROOM];
			uint8_t *plain = NULL;
			size_t plain_len = 0;

			memcpy(bad, good, len);
			bad[bit / 8] ^= (uint8_t)(1U << (bit % 8));
			assert_int_not_equal(
				parse_and_open(&e.server, bad, len, &plain, &plain_len), MST_DTLS_OK);
			assert_null(plain);
			assert_int_equal(plain_len, 0);
		}
		assert_int_equal(
			parse_and_open(&e.server, good, len, &(uint8_t *){NULL}, &(size_t){0}), MST_DTLS_OK);
	}
}

// What is authenticated is what the caller saw in the header: each field is under the tag, also where the
// parser would have let the other value pass.
static void
header_is_authenticated(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		struct ends e = make_ends(i, 1);
		struct ends next = make_ends(i, 2);
		uint8_t rec[ROOM];
		size_t len = make_record(&e.client, 23, 77, rec);
		struct mst_dtls_header h;
		struct mst_dtls_header bad;
		uint8_t *plain = NULL;
		size_t plain_len = 0;

		assert_int_equal(mst_dtls_parse(rec, len, &h), MST_DTLS_OK);
		bad = h;
		bad.type = MST_DTLS_ALERT;
		assert_int_equal(mst_dtls_open(&e.server, rec, len, &bad, &plain, &plain_len), MST_DTLS_TAG);
		make_record(&e.client, 23, 77, rec);
		bad = h;
		bad.version = MST_DTLS_VERSION_1_0;
		assert_int_equal(mst_dtls_open(&e.server, rec, len, &bad, &plain, &plain_len), MST_DTLS_TAG);
		make_record(&e.client, 23, 77, rec);
		bad = h;
		bad.seq++;
		assert_int_equal(mst_dtls_open(&e.server, rec, len, &bad, &plain, &plain_len), MST_DTLS_TAG);
		make_record(&e.client, 23, 77, rec);
		bad = h;
		bad.epoch = 2; // the same key material under another epoch
		assert_int_equal(
			mst_dtls_open(&next.server, rec, len, &bad, &plain, &plain_len), MST_DTLS_TAG);
		make_record(&e.client, 23, 77, rec);
		bad = h;
		bad.length--;
		assert_int_equal(
			mst_dtls_open(&e.server, rec, len - 1, &bad, &plain, &plain_len), MST_DTLS_TAG);
	}
}

static void
wrong_keys_refused(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		struct ends e = make_ends(i, 1);
		struct ends next = make_ends(i, 2);
		uint8_t rec[ROOM];
		size_t len = make_record(&e.client, 23, 77, rec);
		uint8_t *plain = NULL;
		size_t plain_len = 0;

		// Keys of another epoch are not even tried: the bytes stay as they came.
		assert_int_equal(parse_and_open(&next.server, rec, len, &plain, &plain_len), MST_DTLS_EPOCH);
		assert_int_equal(parse_and_open(&e.server, rec, len, &plain, &plain_len), MST_DTLS_OK);
		// A record reflected to its sender is under the other direction's key.
		len = make_record(&e.server, 23, 77, rec);
		plain = NULL;
		assert_int_equal(parse_and_open(&e.server, rec, len, &plain, &plain_len), MST_DTLS_TAG);
		assert_null(plain);
	}
}

static void
open_bounds(void **state)
{
	(void)state;
	static uint8_t rec[MST_DTLS_HEADER_BYTES + MST_DTLS_RECORD_MAX_BYTES];

	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		struct ends e = make_ends(i, 1);
		size_t head = mst_dtls_head_bytes(e.suite);
		size_t fixed = mst_dtls_overhead(e.suite) - MST_DTLS_HEADER_BYTES;
		uint8_t *plain = NULL;
		size_t plain_len = 1;
		struct mst_dtls_header h = {
			.type = 23, .version = MST_DTLS_VERSION_1_2, .epoch = 1, .seq = 1};

		// Too short for nonce and tag.
		for (size_t n = 0; n < fixed; n++) {
			h.length = (uint16_t)n;
			assert_int_equal(mst_dtls_open(&e.server, rec, MST_DTLS_HEADER_BYTES + n, &h, &plain,
						 &plain_len),
				MST_DTLS_LENGTH);
		}
		// The caller's length and the header's disagree.
		h.length = (uint16_t)(fixed + 10);
		for (size_t len = head + 25; len <= head + 27; len += 2)
			assert_int_equal(
				mst_dtls_open(&e.server, rec, len, &h, &plain, &plain_len), MST_DTLS_SHORT);
		// A plaintext of one byte too many, before any work is done on it.
		h.length = (uint16_t)(fixed + MST_DTLS_PLAIN_MAX_BYTES + 1);
		assert_int_equal(mst_dtls_open(&e.server, rec, MST_DTLS_HEADER_BYTES + (size_t)h.length, &h,
					 &plain, &plain_len),
			MST_DTLS_LENGTH);
		// The largest and the smallest pass.
		mst_dtls_seal(&e.client, 23, 5, rec + head, MST_DTLS_PLAIN_MAX_BYTES);
		assert_int_equal(
			parse_and_open(&e.server, rec, mst_dtls_overhead(e.suite) + MST_DTLS_PLAIN_MAX_BYTES,
				&plain, &plain_len),
			MST_DTLS_OK);
		assert_int_equal(plain_len, MST_DTLS_PLAIN_MAX_BYTES);
		mst_dtls_seal(&e.client, 23, 6, rec + head, 0);
		assert_int_equal(
			parse_and_open(&e.server, rec, mst_dtls_overhead(e.suite), &plain, &plain_len),
			MST_DTLS_OK);
		assert_int_equal(plain_len, 0);
	}
}

// A sequence number or a length outside the protocol is our own mistake, and a nonce would repeat.
static void
seal_asserts(void **state)
{
	(void)state;
	static uint8_t rec[2 * MST_DTLS_PLAIN_MAX_BYTES];
	struct ends e = make_ends(0, 1);

	for (int fault = 0; fault < 2; fault++) {
		int status = 0;
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			signal(SIGABRT, SIG_DFL);
			mst_dtls_seal(&e.server, 23, fault == 0 ? MST_DTLS_SEQ_MAX + 1 : 64, rec + 64,
				fault == 0 ? 1 : MST_DTLS_PLAIN_MAX_BYTES + 1);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

// ---- the order of receive: check, open, commit --------------------------------------------------

static enum mst_dtls_verdict
receive(struct mst_dtls_window *w, const struct mst_dtls_keys *k, uint8_t *rec, size_t len)
{
	struct mst_dtls_header h;
	uint8_t *plain;
	size_t plain_len;
	enum mst_dtls_verdict v = mst_dtls_parse(rec, len, &h);

	if (v == MST_DTLS_OK)
		v = mst_dtls_window_check(w, h.seq);
	if (v == MST_DTLS_OK)
		v = mst_dtls_open(k, rec, len, &h, &plain, &plain_len);
	if (v == MST_DTLS_OK && !mst_dtls_window_commit(w, h.seq))
		v = MST_DTLS_REPLAY;
	return v;
}

static void
forgery_moves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; mst_dtls_suite_at(i) != NULL; i++) {
		struct ends e = make_ends(i, 1);
		struct mst_dtls_window w;
		struct mst_dtls_window before;
		uint8_t rec[ROOM];
		size_t len = make_record(&e.client, 23, 64, rec);

		mst_dtls_window_init(&w);
		assert_int_equal(receive(&w, &e.server, rec, len), MST_DTLS_OK);
		before = w;
		// Far ahead: accepted, it would throw every honest record behind the window.
		len = make_record(&e.client, 23, MST_DTLS_SEQ_MAX - 1, rec);
		rec[len - 1] ^= 1;
		assert_int_equal(receive(&w, &e.server, rec, len), MST_DTLS_TAG);
		assert_memory_equal(&w, &before, sizeof(w));
		// A forgery of the next number does not use it up.
		len = make_record(&e.client, 23, 65, rec);
		rec[len / 2] ^= 1;
		assert_int_equal(receive(&w, &e.server, rec, len), MST_DTLS_TAG);
		assert_memory_equal(&w, &before, sizeof(w));
		len = make_record(&e.client, 23, 65, rec);
		assert_int_equal(receive(&w, &e.server, rec, len), MST_DTLS_OK);
		// The same bytes again.
		before = w;
		len = make_record(&e.client, 23, 65, rec);
		assert_int_equal(receive(&w, &e.server, rec, len), MST_DTLS_REPLAY);
		assert_memory_equal(&w, &before, sizeof(w));
	}
}

static int
start_engine(void **state)
{
	(void)state;
	return mst_crypto_init();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_fields),
		cmocka_unit_test(parse_bounds),
		cmocka_unit_test(parse_cut),
		cmocka_unit_test(seal_like_openssl),
		cmocka_unit_test(open_from_openssl),
		cmocka_unit_test(any_bit_refused),
		cmocka_unit_test(header_is_authenticated),
		cmocka_unit_test(wrong_keys_refused),
		cmocka_unit_test(open_bounds),
		cmocka_unit_test(seal_asserts),
		cmocka_unit_test(forgery_moves_nothing),
	};

	return cmocka_run_group_tests(tests, start_engine, NULL);
}
