// The policer over simulated TSC: the rate to the packet, the burst, classes apart, a closed class.
#include <string.h>

#include "mst_test.h"

#include "exception.h"

#define HZ 2000000000ULL
#define START 123456789ULL

static const uint32_t rates[MST_PUNT_COUNT] = {[MST_PUNT_ARP] = 100,
	[MST_PUNT_ND] = 1000,
	[MST_PUNT_ICMP] = 10,
	[MST_PUNT_TCP] = 50000,
	[MST_PUNT_OTHER] = 0};

static struct mst_punt_policer p;

static int
fresh(void **state)
{
	(void)state;
	exception_policer_set(rates, HZ, 1);
	mst_punt_policer_init(&p, START);
	return 0;
}

// Packets let through when one asks every gap cycles.
static uint64_t
offer(enum mst_punt_class c, uint64_t *tsc, uint64_t gap, uint64_t n)
{
	uint64_t before = p.passed[c];

	for (uint64_t i = 0; i < n; i++) {
		*tsc += gap;
		(void)mst_punt_admit(&p, c, *tsc);
	}
	return p.passed[c] - before;
}

static void
burst_then_rate(void **state)
{
	(void)state;
	static const struct {
		enum mst_punt_class c;
		uint64_t burst;
	} t[] = {{MST_PUNT_ARP, 10}, {MST_PUNT_ND, 100}, {MST_PUNT_ICMP, 8}, {MST_PUNT_TCP, 5000}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(t); i++) {
		uint64_t tsc = START, rate = rates[t[i].c];

		mst_punt_policer_init(&p, START);
		assert_int_equal(offer(t[i].c, &tsc, 0, 3 * t[i].burst), t[i].burst);
		assert_int_equal(p.dropped[t[i].c], 2 * t[i].burst);
		// Empty now. Ten times the rate for ten seconds: the rate, exactly.
		assert_int_equal(offer(t[i].c, &tsc, HZ / rate / 10, 100 * rate), 10 * rate);
	}
}

static void
at_the_rate_all_pass(void **state)
{
	(void)state;
	uint64_t tsc = START;

	(void)offer(MST_PUNT_ND, &tsc, 0, 1000);
	assert_int_equal(offer(MST_PUNT_ND, &tsc, HZ / 1000, 5000), 5000);
	// A hair faster than the rate, and some are lost.
	assert_true(offer(MST_PUNT_ND, &tsc, HZ / 1001, 5000) < 5000);
}

static void
classes_are_apart(void **state)
{
	(void)state;
	uint64_t tsc = START;

	assert_int_equal(offer(MST_PUNT_TCP, &tsc, 0, 100000), 5000);
	assert_int_equal(offer(MST_PUNT_ARP, &tsc, 0, 100), 10);
	assert_int_equal(offer(MST_PUNT_ND, &tsc, 0, 1000), 100);
	// Time that one class's question let pass fills the others too.
	tsc += HZ;
	assert_true(mst_punt_admit(&p, MST_PUNT_ICMP, tsc));
	assert_int_equal(offer(MST_PUNT_ARP, &tsc, 0, 100), 10);
}

static void
rate_zero_is_closed(void **state)
{
	(void)state;
	uint64_t tsc = START;

	assert_int_equal(offer(MST_PUNT_OTHER, &tsc, HZ, 1000), 0);
	assert_int_equal(p.dropped[MST_PUNT_OTHER], 1000);
}

static void
bucket_never_overflows(void **state)
{
	(void)state;
	uint64_t tsc = UINT64_MAX - 5;

	assert_true(mst_punt_admit(&p, MST_PUNT_ARP, tsc)); // an age later: no more than the burst
	assert_int_equal(offer(MST_PUNT_ARP, &tsc, 0, 100), 9);
	tsc = UINT64_MAX;
	tsc += 1 + HZ / 100; // the counter wraps
	assert_true(mst_punt_admit(&p, MST_PUNT_ARP, tsc));
	assert_false(mst_punt_admit(&p, MST_PUNT_ARP, tsc));
}

static void
workers_share_the_rate(void **state)
{
	(void)state;
	uint64_t tsc = START;

	exception_policer_set(rates, HZ, 4);
	mst_punt_policer_init(&p, START);
	(void)offer(MST_PUNT_ND, &tsc, 0, 1000);
	assert_int_equal(offer(MST_PUNT_ND, &tsc, HZ / 10000, 40000), 1000); // 250 a second
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(burst_then_rate, fresh),
		cmocka_unit_test_setup(at_the_rate_all_pass, fresh),
		cmocka_unit_test_setup(classes_are_apart, fresh),
		cmocka_unit_test_setup(rate_zero_is_closed, fresh),
		cmocka_unit_test_setup(bucket_never_overflows, fresh),
		cmocka_unit_test_setup(workers_share_the_rate, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
