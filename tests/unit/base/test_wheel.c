// Timers of the wheel: when they run, how many in a turn, and what a callback may do to others.
#include "mst_base.h"
#include "mst_test.h"

#define S MST_NS_PER_S
#define SLOT_NS (100 * MST_NS_PER_MS)

static struct mst_wheel w;
static struct mst_wheel_timer timers[1000];
static uint64_t ran_at[1000];
static unsigned int ran;

static void
note(void *arg, uint64_t now_ns)
{
	ran_at[(uint64_t *)arg - ran_at] = now_ns;
	ran++;
}

static int
setup(void **state)
{
	(void)state;
	mst_wheel_init(&w, SLOT_NS, 1000 * S);
	ran = 0;
	for (size_t i = 0; i < MST_ARRAY_SIZE(timers); i++) {
		mst_wheel_timer_init(&timers[i], note, &ran_at[i]);
		ran_at[i] = 0;
	}
	return 0;
}

// Turns every 10 ms.
static void
run_until(uint64_t from_ns, uint64_t to_ns)
{
	for (uint64_t t = from_ns; t <= to_ns; t += 10 * MST_NS_PER_MS)
		mst_wheel_turn(&w, t, 1000);
}

static void
never_early_and_hardly_late(void **state)
{
	uint64_t t0 = 1000 * S;

	(void)state;
	for (size_t i = 0; i < 1000; i++) // up to 1,000 s: two rounds and a half
		mst_wheel_arm(&w, &timers[i], t0 + i * S + i * i * 1000);
	run_until(t0, t0 + 1010 * S);
	assert_int_equal(ran, 1000);
	for (size_t i = 0; i < 1000; i++) {
		assert_true(ran_at[i] >= t0 + i * S + i * i * 1000);
		assert_true(ran_at[i] <= t0 + i * S + i * i * 1000 + 2 * SLOT_NS);
		assert_int_equal(timers[i].due_ns, 0);
	}
}

static void
what_is_past_runs_soon(void **state)
{
	(void)state;
	mst_wheel_arm(&w, &timers[0], 0);
	mst_wheel_arm(&w, &timers[1], 5 * S);
	mst_wheel_arm(&w, &timers[2], 1000 * S);
	mst_wheel_turn(&w, 1000 * S, 10);
	run_until(1000 * S, 1000 * S + 2 * SLOT_NS);
	assert_int_equal(ran, 3);
}

static void
the_last_arming_counts(void **state)
{
	(void)state;
	mst_wheel_arm(&w, &timers[0], 1001 * S);
	mst_wheel_arm(&w, &timers[0], 1005 * S);
	mst_wheel_arm(&w, &timers[1], 1005 * S);
	mst_wheel_arm(&w, &timers[1], 1001 * S);
	mst_wheel_arm(&w, &timers[2], 1001 * S);
	mst_wheel_stop(&timers[2]);
	mst_wheel_stop(&timers[2]);
	run_until(1000 * S, 1002 * S);
	assert_int_equal(ran, 1);
	assert_true(ran_at[1] != 0);
	run_until(1002 * S, 1006 * S);
	assert_int_equal(ran, 2);
	assert_true(ran_at[0] >= 1005 * S);
}

static void
a_turn_has_a_bound(void **state)
{
	(void)state;
	for (size_t i = 0; i < 100; i++)
		mst_wheel_arm(&w, &timers[i], 1001 * S);
	assert_int_equal(mst_wheel_turn(&w, 1002 * S, 99), 99);
	assert_int_equal(mst_wheel_turn(&w, 1002 * S, 99), 1);
	assert_int_equal(mst_wheel_turn(&w, 1002 * S, 99), 0);
	assert_int_equal(ran, 100);
}

// The host may have slept.
static void
a_jump_of_time_loses_nobody(void **state)
{
	(void)state;
	for (size_t i = 0; i < 1000; i++)
		mst_wheel_arm(&w, &timers[i], (1000 + i) * S);
	for (int i = 0; i < 3; i++)
		mst_wheel_turn(&w, 100000 * S, 1000);
	assert_int_equal(ran, 1000);
}

static void
again(void *arg, uint64_t now_ns)
{
	ran++;
	mst_wheel_arm(&w, arg, now_ns); // due already
}

static void
who_is_always_due_lets_others_run(void **state)
{
	(void)state;
	mst_wheel_timer_init(&timers[0], again, &timers[0]);
	mst_wheel_arm(&w, &timers[0], 1001 * S);
	mst_wheel_arm(&w, &timers[1], 1001 * S);
	assert_int_equal(mst_wheel_turn(&w, 1001 * S, 100), 2);
	assert_int_equal(mst_wheel_turn(&w, 1001 * S, 100), 0);
	assert_int_equal(
		mst_wheel_turn(&w, 1003 * S, 100), 2); // in the slot it waited in, and in that of now
}

static void
stop_all(void *arg, uint64_t now_ns)
{
	(void)arg;
	(void)now_ns;
	ran++;
	for (size_t i = 0; i < 10; i++)
		mst_wheel_stop(&timers[i]);
}

static void
a_callback_may_stop_those_beside_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < 10; i++) {
		mst_wheel_timer_init(&timers[i], stop_all, NULL);
		mst_wheel_arm(&w, &timers[i], 1001 * S);
	}
	mst_wheel_turn(&w, 1002 * S, 100);
	assert_int_equal(ran, 1);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(never_early_and_hardly_late),
		TEST(what_is_past_runs_soon),
		TEST(the_last_arming_counts),
		TEST(a_turn_has_a_bound),
		TEST(a_jump_of_time_loses_nobody),
		TEST(who_is_always_due_lets_others_run),
		TEST(a_callback_may_stop_those_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
