// Decks of sizes: proportions, order by seed, bounds, and the arithmetic of frames.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "mix.h"

static const struct lg_sizes imix = {.imix = true};
static struct lg_mix m;

static unsigned int
count(const struct lg_mix *deck, uint16_t inner)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < deck->n; i++)
		n += deck->deck[i] == inner;
	return n;
}

static void
overheads(void **state)
{
	(void)state;
	assert_int_equal(lg_mix_overhead(MST_AEAD_AES_256_GCM, 4), 84);
	assert_int_equal(lg_mix_overhead(MST_AEAD_AES_128_GCM, 6), 104);
	assert_int_equal(lg_mix_overhead(MST_AEAD_CHACHA20_POLY1305, 4), 76);
	assert_int_equal(lg_mix_overhead(MST_AEAD_NONE, 4), 84);
}

static void
imix_of_frames(void **state)
{
	uint32_t bytes = 0;

	(void)state;
	assert_int_equal(lg_mix_init(&m, &imix, 84, 1434, 1), 0);
	assert_int_equal(m.n, 192);
	assert_int_equal(count(&m, 64), 7 * 16);
	assert_int_equal(count(&m, 570 - 84), 4 * 16);
	assert_int_equal(count(&m, 1518 - 84), 16);
	for (uint16_t i = 0; i < 2 * m.n; i++)
		bytes += lg_mix_next(&m);
	assert_int_equal(bytes, 2 * m.deck_bytes);
	// A tunnel with a smaller MTU.
	assert_int_equal(lg_mix_init(&m, &imix, 84, 1433, 1), 0);
	assert_int_equal(count(&m, 1433), 16);
}

static void
order_is_the_seeds(void **state)
{
	struct lg_mix same, other;

	(void)state;
	assert_int_equal(lg_mix_init(&m, &imix, 84, 1434, 7), 0);
	assert_int_equal(lg_mix_init(&same, &imix, 84, 1434, 7), 0);
	assert_int_equal(lg_mix_init(&other, &imix, 84, 1434, 8), 0);
	assert_memory_equal(&m, &same, sizeof(m));
	assert_int_not_equal(memcmp(m.deck, other.deck, sizeof(m.deck)), 0);
	assert_int_equal(other.deck_bytes, m.deck_bytes);
}

static void
lists(void **state)
{
	struct lg_sizes s = {.n = 3, .inner = {64, 570, 1400}};

	(void)state;
	assert_int_equal(lg_mix_init(&m, &s, 84, 1000, 1), 0);
	assert_int_equal(m.n, 192);
	assert_int_equal(count(&m, 64), 64);
	assert_int_equal(count(&m, 1000), 64);
	s = (struct lg_sizes){.n = 1, .inner = {9000}};
	assert_int_equal(lg_mix_init(&m, &s, 84, 9000, 1), 0);
	assert_int_equal(lg_mix_next(&m), 9000);
	s = (struct lg_sizes){.n = LG_SIZES_MAX};
	for (size_t i = 0; i < LG_SIZES_MAX; i++)
		s.inner[i] = (uint16_t)(64 + i);
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), 0);
	for (size_t i = 0; i < LG_SIZES_MAX; i++)
		assert_int_equal(count(&m, (uint16_t)(64 + i)), 12);
}

static void
refused(void **state)
{
	struct lg_sizes s = {.n = 1, .inner = {63}};

	(void)state;
	memset(&m, 0xaa, sizeof(m));
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), -EINVAL);
	s.inner[0] = 9001;
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), -EINVAL);
	s.inner[0] = 64;
	assert_int_equal(lg_mix_init(&m, &s, 84, 63, 1), -EINVAL);
	assert_int_equal(lg_mix_init(&m, &s, 84, 9001, 1), -EINVAL);
	s.n = 0;
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), -EINVAL);
	s.n = LG_SIZES_MAX + 1;
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), -EINVAL);
	assert_int_equal(m.n, 0xaaaa);
}

static void
rates(void **state)
{
	struct lg_sizes s = {.n = 1, .inner = {1000}};

	(void)state;
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), 0);
	assert_int_equal(lg_mix_pps(&m, &(struct lg_rate){.value = 5000}), 5000);
	assert_int_equal(lg_mix_pps(&m, &(struct lg_rate){.value = 8000000, .bits = true}), 1000);
	assert_int_equal(lg_mix_pps(&m, &(struct lg_rate){.value = 1, .bits = true}), 1);
	assert_int_equal(lg_mix_pps(&m, &(struct lg_rate){.value = LG_RATE_MAX_BPS, .bits = true}), 50000000);
	s.inner[0] = 64;
	assert_int_equal(lg_mix_init(&m, &s, 84, 1400, 1), 0);
	assert_int_equal(
		lg_mix_pps(&m, &(struct lg_rate){.value = LG_RATE_MAX_BPS, .bits = true}), LG_RATE_MAX_PPS);
}

static void
described(void **state)
{
	char text[160];
	struct mst_str out = mst_str_init(text, sizeof(text));
	struct lg_sizes s = {.n = 2, .inner = {64, 1400}};

	(void)state;
	assert_int_equal(lg_mix_init(&m, &imix, 84, 1434, 1), 0);
	lg_mix_describe(&m, &imix, 84, &out);
	assert_string_equal(text,
		"imix 7:4:1 of 64/570/1518 byte frames, inner 64/486/1434 bytes, 318 on average, "
		"frames 84 bytes larger");
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_mix_init(&m, &s, 84, 1300, 1), 0);
	lg_mix_describe(&m, &s, 84, &out);
	assert_string_equal(text, "inner 64,1300 bytes, 682 on average, frames 84 bytes larger");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overheads),
		cmocka_unit_test(imix_of_frames),
		cmocka_unit_test(order_is_the_seeds),
		cmocka_unit_test(lists),
		cmocka_unit_test(refused),
		cmocka_unit_test(rates),
		cmocka_unit_test(described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
