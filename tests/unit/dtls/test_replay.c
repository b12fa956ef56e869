// The replay window: steps around its corners, and a long random walk beside a plain model.
#include <stdlib.h>
#include <string.h>

#include "mst_dtls.h"
#include "mst_test.h"

#define BITS MST_DTLS_WINDOW_BITS
#define MAX MST_DTLS_SEQ_MAX

struct step {
	uint64_t seq;
	enum mst_dtls_verdict want;
};

static void
walk_steps(const struct step *steps, size_t n)
{
	struct mst_dtls_window w;

	mst_dtls_window_init(&w);
	for (size_t i = 0; i < n; i++) {
		struct mst_dtls_window before = w;
		bool fresh = steps[i].want == MST_DTLS_OK;

		assert_int_equal(mst_dtls_window_check(&w, steps[i].seq), steps[i].want);
		assert_int_equal(mst_dtls_window_fresh(&w, steps[i].seq), fresh);
		assert_memory_equal(&w, &before, sizeof(w));
		assert_int_equal(mst_dtls_window_commit(&w, steps[i].seq), fresh);
		if (!fresh)
			assert_memory_equal(&w, &before, sizeof(w));
	}
}

#define WALK(...)                                                                                            \
	do {                                                                                                 \
		static const struct step steps[] = {__VA_ARGS__};                                            \
		walk_steps(steps, MST_ARRAY_SIZE(steps));                                                    \
	} while (0)

static void
around_zero(void **state)
{
	(void)state;
	WALK({0, MST_DTLS_OK}, {0, MST_DTLS_REPLAY}, {1, MST_DTLS_OK}, {0, MST_DTLS_REPLAY},
		{1, MST_DTLS_REPLAY}, {3, MST_DTLS_OK}, {2, MST_DTLS_OK}, {2, MST_DTLS_REPLAY},
		{3, MST_DTLS_REPLAY});
	// Nothing has to come first: the Finished, number 0, may be lost or late.
	WALK({5, MST_DTLS_OK}, {0, MST_DTLS_OK}, {0, MST_DTLS_REPLAY}, {4, MST_DTLS_OK},
		{5, MST_DTLS_REPLAY});
}

static void
around_word_edges(void **state)
{
	(void)state;
	WALK({63, MST_DTLS_OK}, {64, MST_DTLS_OK}, {63, MST_DTLS_REPLAY}, {64, MST_DTLS_REPLAY},
		{65, MST_DTLS_OK}, {62, MST_DTLS_OK}, {128, MST_DTLS_OK}, {127, MST_DTLS_OK},
		{127, MST_DTLS_REPLAY}, {64, MST_DTLS_REPLAY}, {65, MST_DTLS_REPLAY}, {66, MST_DTLS_OK});
}

static void
left_edge(void **state)
{
	(void)state;
	// The newest number at each place of a word: the oldest one that is looked back on is BITS - 1
	// behind.
	for (uint64_t off = 0; off < 64; off++) {
		uint64_t newest = 10 * MST_DTLS_WINDOW_RING_BITS + off;
		const struct step steps[] = {
			{newest, MST_DTLS_OK},
			{newest - BITS, MST_DTLS_OLD},
			{newest - BITS + 1, MST_DTLS_OK},
			{newest - BITS + 1, MST_DTLS_REPLAY},
			{newest - MST_DTLS_WINDOW_RING_BITS, MST_DTLS_OLD},
			{newest, MST_DTLS_REPLAY},
			{newest + 1, MST_DTLS_OK},
			{newest - BITS + 1, MST_DTLS_OLD},
			{0, MST_DTLS_OLD},
		};

		walk_steps(steps, MST_ARRAY_SIZE(steps));
	}
}

// A number one ring further falls on the same bit; it must find it cleared, and what is between too.
static void
ring_is_cleared(void **state)
{
	(void)state;
	struct mst_dtls_window w;

	mst_dtls_window_init(&w);
	for (uint64_t seq = 0; seq < MST_DTLS_WINDOW_RING_BITS; seq++)
		assert_true(mst_dtls_window_commit(&w, seq));
	assert_true(mst_dtls_window_commit(&w, 2 * MST_DTLS_WINDOW_RING_BITS - 1));
	for (uint64_t seq = 2 * MST_DTLS_WINDOW_RING_BITS - BITS; seq < 2 * MST_DTLS_WINDOW_RING_BITS - 1;
		seq++)
		assert_true(mst_dtls_window_commit(&w, seq));
	for (uint64_t seq = 2 * MST_DTLS_WINDOW_RING_BITS - BITS; seq < 2 * MST_DTLS_WINDOW_RING_BITS; seq++)
		assert_int_equal(mst_dtls_window_check(&w, seq), MST_DTLS_REPLAY);
}

static void
around_32_bits(void **state)
{
	(void)state;
	const uint64_t edge = 1ULL << 32;

	WALK({edge - 2, MST_DTLS_OK}, {edge, MST_DTLS_OK}, {edge - 1, MST_DTLS_OK},
		{edge - 2, MST_DTLS_REPLAY}, {edge - 1, MST_DTLS_REPLAY}, {edge + 1, MST_DTLS_OK},
		{edge, MST_DTLS_REPLAY}, {1, MST_DTLS_OLD}, {0, MST_DTLS_OLD});
}

static void
around_48_bits(void **state)
{
	(void)state;
	WALK({MAX - 1, MST_DTLS_OK}, {MAX, MST_DTLS_OK}, {MAX, MST_DTLS_REPLAY}, {MAX - 1, MST_DTLS_REPLAY},
		{MAX - BITS, MST_DTLS_OLD}, {MAX - BITS + 1, MST_DTLS_OK}, {0, MST_DTLS_OLD});
	WALK({0, MST_DTLS_OK}, {MAX, MST_DTLS_OK}, {0, MST_DTLS_OLD}, {MAX, MST_DTLS_REPLAY});
}

// Two twins of one burst both pass a check made beforehand; only one is committed.
static void
twins_of_a_burst(void **state)
{
	(void)state;
	struct mst_dtls_window w;

	mst_dtls_window_init(&w);
	assert_true(mst_dtls_window_fresh(&w, 70) && mst_dtls_window_fresh(&w, 70));
	assert_true(mst_dtls_window_commit(&w, 70));
	assert_false(mst_dtls_window_commit(&w, 70));
	// What fell behind in between must not set the bit of a newer number.
	assert_true(mst_dtls_window_commit(&w, 70 + MST_DTLS_WINDOW_RING_BITS - 1));
	assert_false(mst_dtls_window_commit(&w, 60));
	assert_true(mst_dtls_window_fresh(&w, 60 + MST_DTLS_WINDOW_RING_BITS));
}

// The model: one byte a number, and the highest number.
#define MODEL_NUMBERS (1U << 22)

struct model {
	uint8_t *seen;
	bool any;
	uint64_t highest;
};

static enum mst_dtls_verdict
model_check(const struct model *m, uint64_t seq)
{
	if (m->any && seq + BITS <= m->highest)
		return MST_DTLS_OLD;
	return m->seen[seq] != 0 ? MST_DTLS_REPLAY : MST_DTLS_OK;
}

static uint32_t
next_random(uint64_t *s)
{
	*s = *s * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*s >> 33);
}

// Mostly near the newest number, now and then a jump over the whole ring.
static uint64_t
pick(const struct model *m, uint64_t *rng)
{
	uint32_t kind = next_random(rng) % 100;
	uint64_t back = kind < 60 ? next_random(rng) % 64 : next_random(rng) % (3 * BITS);

	if (kind >= 97)
		return m->highest + next_random(rng) % 64;
	if (kind == 96 && next_random(rng) % 16 == 0)
		return m->highest + next_random(rng) % (2 * MST_DTLS_WINDOW_RING_BITS);
	return back < m->highest + 3 ? m->highest + 3 - back : 0;
}

static void
random_walk(void **state)
{
	(void)state;
	struct model m = {.seen = calloc(MODEL_NUMBERS, 1)};
	struct mst_dtls_window w;
	uint64_t rng = 20240229;
	unsigned int counts[MST_DTLS_VERDICT_COUNT] = {0};

	assert_non_null(m.seen);
	mst_dtls_window_init(&w);
	for (unsigned int i = 0; i < 1000000; i++) {
		uint64_t seq = pick(&m, &rng);
		enum mst_dtls_verdict want;

		assert_true(seq < MODEL_NUMBERS);
		want = model_check(&m, seq);
		counts[want]++;
		if (mst_dtls_window_check(&w, seq) != want)
			fail_msg("step %u: number %llu, highest %llu", i, (unsigned long long)seq,
				(unsigned long long)m.highest);
		// One in four is a forgery: checked, and never committed.
		if (want != MST_DTLS_OK || next_random(&rng) % 4 == 0)
			continue;
		assert_true(mst_dtls_window_commit(&w, seq));
		m.seen[seq] = 1;
		m.highest = !m.any || seq > m.highest ? seq : m.highest;
		m.any = true;
	}
	free(m.seen);
	// The walk went everywhere.
	assert_true(counts[MST_DTLS_OK] > 50000 && counts[MST_DTLS_REPLAY] > 50000 &&
		    counts[MST_DTLS_OLD] > 50000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(around_zero),
		cmocka_unit_test(around_word_edges),
		cmocka_unit_test(left_edge),
		cmocka_unit_test(ring_is_cleared),
		cmocka_unit_test(around_32_bits),
		cmocka_unit_test(around_48_bits),
		cmocka_unit_test(twins_of_a_burst),
		cmocka_unit_test(random_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
