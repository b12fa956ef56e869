// The histogram's buckets have no holes, quantiles lie within 1/32 above the truth, merges add up.
#include <stdlib.h>
#include <string.h>

#include "mst_test.h"

#include "histogram.h"

static struct lg_histogram h, other;

static void
buckets_follow_each_other(void **state)
{
	(void)state;
	for (uint64_t ns = 0; ns < 1u << 17; ns++)
		assert_in_range(lg_histogram_bucket(ns + 1) - lg_histogram_bucket(ns), 0, 1);
	for (unsigned int bit = 5; bit < 40; bit++) {
		uint64_t edge = 1ULL << bit;

		assert_int_equal(lg_histogram_bucket(edge), lg_histogram_bucket(edge - 1) + 1);
		assert_true(lg_histogram_bucket(edge + edge / 32) == lg_histogram_bucket(edge) + 1);
	}
	assert_int_equal(lg_histogram_bucket(LG_HISTOGRAM_MAX_NS), LG_HISTOGRAM_BUCKETS - 1);
	assert_int_equal(lg_histogram_bucket(LG_HISTOGRAM_MAX_NS + 1), LG_HISTOGRAM_BUCKETS - 1);
	assert_int_equal(lg_histogram_bucket(UINT64_MAX), LG_HISTOGRAM_BUCKETS - 1);
}

static void
empty(void **state)
{
	(void)state;
	lg_histogram_init(&h);
	lg_histogram_init(&other);
	lg_histogram_merge(&h, &other);
	assert_int_equal(lg_histogram_quantile(&h, 5000), 0);
	assert_int_equal(lg_histogram_mean(&h), 0);
	assert_int_equal(h.n, 0);
}

static void
one(void **state)
{
	(void)state;
	lg_histogram_init(&h);
	lg_histogram_add(&h, 123457);
	for (uint32_t q = 1; q <= 10000; q += 111)
		assert_int_equal(lg_histogram_quantile(&h, q), 123457);
	assert_int_equal(lg_histogram_quantile(&h, 0), 123457);
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
against_the_truth(void **state)
{
	static uint64_t all[20000];
	static const uint32_t quantiles[] = {1, 100, 5000, 9000, 9900, 9990, 9999, 10000};
	uint64_t x = 88172645463325252u;

	(void)state;
	lg_histogram_init(&h);
	for (size_t i = 0; i < MST_ARRAY_SIZE(all); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		all[i] = (x >> 8) >> (x % 45);
		all[i] &= LG_HISTOGRAM_MAX_NS;
		lg_histogram_add(&h, all[i]);
	}
	qsort(all, MST_ARRAY_SIZE(all), sizeof(all[0]), compare);
	for (size_t i = 0; i < MST_ARRAY_SIZE(quantiles); i++) {
		size_t rank = (MST_ARRAY_SIZE(all) * quantiles[i] + 9999) / 10000;
		uint64_t truth = all[rank - 1], said = lg_histogram_quantile(&h, quantiles[i]);

		assert_true(said >= truth);
		assert_true(said - truth <= truth / 32);
	}
	assert_int_equal(lg_histogram_quantile(&h, 10000), all[MST_ARRAY_SIZE(all) - 1]);
	assert_int_equal(h.min_ns, all[0]);
}

static void
beyond_the_end(void **state)
{
	(void)state;
	lg_histogram_init(&h);
	lg_histogram_add(&h, LG_HISTOGRAM_MAX_NS + 5);
	lg_histogram_add(&h, 10);
	assert_int_equal(lg_histogram_quantile(&h, 5000), 10);
	assert_int_equal(lg_histogram_quantile(&h, 9990), LG_HISTOGRAM_MAX_NS + 5);
}

static void
merged(void **state)
{
	(void)state;
	lg_histogram_init(&h);
	lg_histogram_init(&other);
	for (uint64_t i = 1; i <= 1000; i++)
		lg_histogram_add(i % 2 == 0 ? &h : &other, i * 1000);
	lg_histogram_merge(&h, &other);
	assert_int_equal(h.n, 1000);
	assert_int_equal(h.min_ns, 1000);
	assert_int_equal(h.max_ns, 1000000);
	assert_int_equal(lg_histogram_mean(&h), 500500);
	assert_in_range(lg_histogram_quantile(&h, 5000), 500000, 515625);
	// Into an empty one: the minimum is not the zero it was cleared to.
	lg_histogram_init(&other);
	lg_histogram_merge(&other, &h);
	assert_memory_equal(&other, &h, sizeof(h));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_follow_each_other),
		cmocka_unit_test(empty),
		cmocka_unit_test(one),
		cmocka_unit_test(against_the_truth),
		cmocka_unit_test(beyond_the_end),
		cmocka_unit_test(merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
