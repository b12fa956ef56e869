// The idle governor, by turns and cycles: no clock, no sleep.
#include "mst_test.h"

#include "idle.h"

#define HZ 1000000000 // a cycle is a nanosecond
#define US 1000

static struct idle idle;

// An empty turn a microsecond from the last packet at 0 on, and what each led to; returns when action first came.
static uint64_t
first(enum mst_idle mode, bool shared, enum idle_action action)
{
	struct idle_policy p = datapath_idle_policy(mode, shared, HZ);

	datapath_idle_init(&idle, 0);
	for (uint64_t us = 1; us <= 10000000; us += us < 1000 ? 1 : 1000)
		if (datapath_idle_turn(&idle, &p, 0, us * US) == action)
			return us;
	return UINT64_MAX;
}

static void
each_mode_goes_as_far_as_it_says(void **state)
{
	(void)state;
	assert_int_equal(first(MST_IDLE_POLL, false, IDLE_PAUSE), UINT64_MAX);
	assert_int_equal(first(MST_IDLE_POLL, false, IDLE_SLEEP), UINT64_MAX);
	assert_int_equal(first(MST_IDLE_PAUSE, false, IDLE_PAUSE), 20);
	assert_int_equal(first(MST_IDLE_PAUSE, false, IDLE_SLEEP), UINT64_MAX);
	assert_int_equal(first(MST_IDLE_INTERRUPT, false, IDLE_PAUSE), UINT64_MAX);
	assert_int_equal(first(MST_IDLE_INTERRUPT, false, IDLE_SLEEP), 20);
	assert_int_equal(first(MST_IDLE_AUTO, false, IDLE_PAUSE), 20);
	assert_int_equal(first(MST_IDLE_AUTO, false, IDLE_SLEEP), 300);
}

// Four turns, whatever they took.
static void
a_shared_cpu_is_given_away_early(void **state)
{
	(void)state;
	assert_int_equal(first(MST_IDLE_AUTO, true, IDLE_SLEEP), 5);
	assert_int_equal(first(MST_IDLE_INTERRUPT, true, IDLE_SLEEP), 5);
	assert_int_equal(first(MST_IDLE_PAUSE, true, IDLE_SLEEP), UINT64_MAX);
	assert_int_equal(first(MST_IDLE_POLL, true, IDLE_SLEEP), UINT64_MAX);
}

// Who is away from the CPU for long comes back to work, not to sleep.
static void
one_long_turn_is_no_silence(void **state)
{
	struct idle_policy p = datapath_idle_policy(MST_IDLE_AUTO, false, HZ);

	(void)state;
	datapath_idle_init(&idle, 0);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(datapath_idle_turn(&idle, &p, 0, 1000000 * US + i), IDLE_SPIN);
	assert_int_equal(datapath_idle_turn(&idle, &p, 0, 1000000 * US + 16), IDLE_SLEEP);
}

static void
a_packet_begins_it_anew(void **state)
{
	struct idle_policy p = datapath_idle_policy(MST_IDLE_AUTO, false, HZ);
	uint64_t tsc = 300 * US;

	(void)state;
	assert_int_equal(first(MST_IDLE_AUTO, false, IDLE_SLEEP), 300);
	assert_int_equal(datapath_idle_turn(&idle, &p, 1, tsc), IDLE_SPIN);
	assert_int_equal(idle.pauses, 1);
	for (unsigned int us = 1; us < 20; us++)
		assert_int_equal(datapath_idle_turn(&idle, &p, 0, tsc + us * US), IDLE_SPIN);
	assert_int_equal(datapath_idle_turn(&idle, &p, 0, tsc + 20 * US), IDLE_PAUSE);
}

// 10,000 packets a second leave no time to sleep in.
static void
a_flow_keeps_it_awake(void **state)
{
	struct idle_policy p = datapath_idle_policy(MST_IDLE_AUTO, false, HZ);

	(void)state;
	datapath_idle_init(&idle, 0);
	for (uint64_t us = 1; us < 100000; us++)
		assert_int_not_equal(datapath_idle_turn(&idle, &p, us % 100 == 0, us * US), IDLE_SLEEP);
}

// A sleep that found nothing is followed by the next.
static void
silence_goes_on_behind_a_sleep(void **state)
{
	struct idle_policy p = datapath_idle_policy(MST_IDLE_AUTO, false, HZ);

	(void)state;
	assert_int_equal(first(MST_IDLE_AUTO, false, IDLE_SLEEP), 300);
	assert_int_equal(datapath_idle_turn(&idle, &p, 0, 10300 * US), IDLE_SLEEP);
	assert_int_equal(datapath_idle_turn(&idle, &p, 0, 20300 * US), IDLE_SLEEP);
}

static void
pauses_grow_to_a_bound(void **state)
{
	struct idle_policy p = datapath_idle_policy(MST_IDLE_PAUSE, false, HZ);

	(void)state;
	assert_int_equal(first(MST_IDLE_PAUSE, false, IDLE_PAUSE), 20);
	assert_int_equal(idle.pauses, 2);
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(datapath_idle_turn(&idle, &p, 0, (21 + i) * US), IDLE_PAUSE);
	assert_int_equal(idle.pauses, 64);
	assert_int_equal(datapath_idle_turn(&idle, &p, 0, 30 * US), IDLE_PAUSE);
	assert_int_equal(idle.pauses, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_goes_as_far_as_it_says),
		cmocka_unit_test(a_shared_cpu_is_given_away_early),
		cmocka_unit_test(one_long_turn_is_no_silence),
		cmocka_unit_test(a_packet_begins_it_anew),
		cmocka_unit_test(a_flow_keeps_it_awake),
		cmocka_unit_test(silence_goes_on_behind_a_sleep),
		cmocka_unit_test(pauses_grow_to_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
