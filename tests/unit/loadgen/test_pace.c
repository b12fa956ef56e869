// Pacing: the rate is met exactly over time, a pause gives one burst and no more, nothing wraps.
#include "mst_test.h"

#include "pace.h"

#define HZ 2100000000u

static struct lg_pace p;

static void
exact_over_time(void **state)
{
	static const uint64_t rates[] = {1, 3, 999, 14880952, LG_PACE_PPS_MAX};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rates); i++) {
		uint64_t now = 12345, sent = 0;

		lg_pace_init(&p, HZ, rates[i], 64, now);
		while (now < 12345 + HZ) {
			now += 1000;
			sent += lg_pace_take(&p, now, 64);
		}
		assert_in_range(sent, rates[i] - 1, rates[i] + 1);
		assert_int_equal(p.missed, 0);
	}
}

static void
pause_gives_one_burst(void **state)
{
	(void)state;
	lg_pace_init(&p, HZ, 1000000, 32, 0);
	assert_int_equal(lg_pace_take(&p, 0, 100), 0);
	assert_int_equal(lg_pace_take(&p, HZ / 1000, 100), 32);
	assert_int_equal(p.missed, 1000 - 32);
	assert_int_equal(lg_pace_take(&p, HZ / 1000, 100), 0);
	// Whole seconds, and the fraction beyond them.
	assert_int_equal(lg_pace_take(&p, HZ / 1000 + 5ULL * HZ + HZ / 2, 100), 32);
	assert_int_equal(p.missed, 1000 - 32 + 5500000 - 32);
}

static void
no_more_than_asked(void **state)
{
	(void)state;
	lg_pace_init(&p, HZ, 1000000, 32, 0);
	assert_int_equal(lg_pace_take(&p, HZ / 50000, 8), 8);
	assert_int_equal(lg_pace_take(&p, HZ / 50000, 8), 8);
	assert_int_equal(lg_pace_take(&p, HZ / 50000, 8), 4);
	assert_int_equal(lg_pace_take(&p, HZ / 50000, 0), 0);
	lg_pace_give_back(&p, 3);
	assert_int_equal(lg_pace_take(&p, HZ / 50000, 8), 3);
}

static void
another_rate(void **state)
{
	(void)state;
	lg_pace_init(&p, HZ, 0, 32, 0);
	assert_int_equal(lg_pace_take(&p, 10ULL * HZ, 100), 0);
	lg_pace_set(&p, 10, 10ULL * HZ);
	assert_int_equal(lg_pace_take(&p, 11ULL * HZ, 100), 0); // whole seconds are missed, not owed
	assert_int_equal(p.missed, 10);
	assert_int_equal(lg_pace_take(&p, 11ULL * HZ + HZ / 2, 100), 5);
	lg_pace_set(&p, 0, 11ULL * HZ + HZ / 2);
	assert_int_equal(lg_pace_take(&p, 12ULL * HZ, 100), 0);
}

static void
clock_steps_back(void **state)
{
	(void)state;
	lg_pace_init(&p, HZ, 1000, 32, 1000000);
	assert_int_equal(lg_pace_take(&p, 999999, 32), 0);
	assert_int_equal(lg_pace_take(&p, 1000000, 32), 0);
	assert_int_equal(lg_pace_take(&p, 1000000 + HZ / 1000, 32), 1);
}

static void
largest_of_all(void **state)
{
	(void)state;
	lg_pace_init(&p, LG_PACE_HZ_MAX, LG_PACE_PPS_MAX, LG_PACE_BURST_MAX, 0);
	assert_int_equal(lg_pace_take(&p, LG_PACE_HZ_MAX - 1, UINT32_MAX), LG_PACE_BURST_MAX);
	assert_int_equal(p.missed, LG_PACE_PPS_MAX - LG_PACE_BURST_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_over_time),
		cmocka_unit_test(pause_gives_one_burst),
		cmocka_unit_test(no_more_than_asked),
		cmocka_unit_test(another_rate),
		cmocka_unit_test(clock_steps_back),
		cmocka_unit_test(largest_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
