// Token buckets by source.
#include "mst_test.h"

#include "limiter.h"

static struct limiter l;

static unsigned int
admitted(uint64_t source, uint64_t tsc, unsigned int tries)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < tries; i++)
		n += datapath_limiter_admit(&l, source, tsc);
	return n;
}

static void
a_source_gets_its_burst_and_then_its_rate(void **state)
{
	(void)state;
	datapath_limiter_init(&l, 1, 1000000, 10, 5);
	assert_int_equal(admitted(7, 5000000, 100), 5);
	assert_int_equal(admitted(7, 5000000 + 99999, 100), 0);
	assert_int_equal(admitted(7, 5000000 + 100000, 100), 1);
	assert_int_equal(admitted(7, 5000000 + 300000, 100), 2);
	// An hour of silence saves up one burst, no more.
	assert_int_equal(admitted(7, 3600000000, 100), 5);
}

static void
one_source_does_not_take_from_another(void **state)
{
	unsigned int unharmed = 0;

	(void)state;
	datapath_limiter_init(&l, 2, 1000000, 10, 5);
	assert_int_equal(admitted(7, 1000000, 100), 5);
	for (uint64_t source = 100; source < 200; source++)
		unharmed += admitted(source, 1000000, 1);
	assert_true(unharmed >= 99); // one of them may share the bucket
}

static void
the_table_is_the_bound_of_a_flood(void **state)
{
	unsigned int n = 0;

	(void)state;
	datapath_limiter_init(&l, 3, 1000000, 10, 5);
	for (uint64_t source = 0; source < 200000; source++)
		n += datapath_limiter_admit(&l, source * 0x9e3779b97f4a7c15, 1000000);
	assert_true(n <= 5 * LIMITER_BUCKETS);
	assert_true(n > 4 * LIMITER_BUCKETS);
}

static void
which_bucket_depends_on_the_seed(void **state)
{
	static struct limiter other;
	unsigned int together = 0, still = 0;

	(void)state;
	datapath_limiter_init(&l, 4, 1000000, 1, 1);
	datapath_limiter_init(&other, 5, 1000000, 1, 1);
	// Sources that meet in a bucket of the one do not meet in the other.
	for (uint64_t source = 0; source < 2048; source++) {
		if (datapath_limiter_admit(&l, source, 1000000))
			continue;
		together++;
		still += !datapath_limiter_admit(&other, source, 1000000);
	}
	assert_in_range(together, 100, 1000);
	assert_true(still * 2 < together);
}

static void
no_rate_is_no_limit(void **state)
{
	(void)state;
	datapath_limiter_init(&l, 6, 1000000, 0, 0);
	assert_int_equal(admitted(7, 1, 1000), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_gets_its_burst_and_then_its_rate),
		cmocka_unit_test(one_source_does_not_take_from_another),
		cmocka_unit_test(the_table_is_the_bound_of_a_flood),
		cmocka_unit_test(which_bucket_depends_on_the_seed),
		cmocka_unit_test(no_rate_is_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
