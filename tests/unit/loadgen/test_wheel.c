// The wheel of timers: in time, in order, at its ends, and against what handlers do to it.
#include <string.h>

#include "mst_test.h"

#include "wheel.h"

#define TIMERS 64

struct item {
	struct lg_wheel_timer timer;
	uint32_t fired_ms;
	unsigned int n_fired;
	uint32_t again_ms; // 0: not again
	struct lg_wheel_timer *kills;
};

static struct lg_wheel wheel;
static struct item items[TIMERS];
static uint32_t now_ms;

static void
fired(struct lg_wheel_timer *timer, void *arg)
{
	struct item *i = (struct item *)timer;

	assert_ptr_equal(arg, items);
	i->fired_ms = now_ms;
	i->n_fired++;
	if (i->again_ms != 0)
		lg_wheel_set(&wheel, &i->timer, now_ms + i->again_ms);
	if (i->kills != NULL)
		lg_wheel_clear(i->kills);
}

static void
run_to(uint32_t ms)
{
	while (now_ms < ms) {
		now_ms++;
		lg_wheel_run(&wheel, now_ms, fired, items);
	}
}

static int
begin(void **state)
{
	(void)state;
	memset(items, 0, sizeof(items));
	now_ms = 1000;
	lg_wheel_init(&wheel, now_ms);
	return 0;
}

static void
fires_once_and_never_early(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < TIMERS; i++)
		lg_wheel_set(&wheel, &items[i].timer, now_ms + i * 5);
	run_to(1000 + TIMERS * 5 + 3 * LG_WHEEL_TICK_MS);
	for (uint32_t i = 0; i < TIMERS; i++) {
		assert_int_equal(items[i].n_fired, 1);
		assert_true(items[i].fired_ms >= 1000 + i * 5);
		assert_true(items[i].fired_ms <= 1000 + i * 5 + 2 * LG_WHEEL_TICK_MS);
	}
}

static void
a_new_time_replaces_the_old(void **state)
{
	(void)state;
	lg_wheel_set(&wheel, &items[0].timer, now_ms + 50);
	lg_wheel_set(&wheel, &items[0].timer, now_ms + 500);
	lg_wheel_set(&wheel, &items[1].timer, now_ms + 50);
	lg_wheel_clear(&items[1].timer);
	lg_wheel_clear(&items[1].timer); // twice is once
	run_to(1400);
	assert_int_equal(items[0].n_fired, 0);
	run_to(1600);
	assert_int_equal(items[0].n_fired, 1);
	assert_int_equal(items[1].n_fired, 0);
}

static void
what_is_past_fires_at_the_next_tick(void **state)
{
	(void)state;
	lg_wheel_set(&wheel, &items[0].timer, now_ms - 500);
	run_to(now_ms + 2 * LG_WHEEL_TICK_MS);
	assert_int_equal(items[0].n_fired, 1);
}

static void
beyond_the_wheel_it_fires_at_its_end(void **state)
{
	const uint32_t turn_ms = LG_WHEEL_SLOTS * LG_WHEEL_TICK_MS;

	(void)state;
	lg_wheel_set(&wheel, &items[0].timer, now_ms + turn_ms - 3 * LG_WHEEL_TICK_MS);
	lg_wheel_set(&wheel, &items[1].timer, now_ms + 10 * turn_ms);
	run_to(1000 + turn_ms);
	assert_int_equal(items[0].n_fired, 1);
	assert_true(items[0].fired_ms >= 1000 + turn_ms - 3 * LG_WHEEL_TICK_MS);
	assert_int_equal(items[1].n_fired, 1);
}

static void
handlers_set_and_clear(void **state)
{
	(void)state;
	items[0].again_ms = 0;
	items[1].again_ms = 100;
	for (uint32_t i = 0; i < 4; i++)
		lg_wheel_set(&wheel, &items[i].timer, now_ms + 20);
	// Lists of a tick run from the last that was set: 3 takes 2 out of the same tick.
	items[3].kills = &items[2].timer;
	run_to(1400);
	assert_int_equal(items[0].n_fired, 1);
	assert_int_equal(items[1].n_fired, 4);
	assert_int_equal(items[2].n_fired, 0);
	assert_int_equal(items[3].n_fired, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fires_once_and_never_early, begin),
		cmocka_unit_test_setup(a_new_time_replaces_the_old, begin),
		cmocka_unit_test_setup(what_is_past_fires_at_the_next_tick, begin),
		cmocka_unit_test_setup(beyond_the_wheel_it_fires_at_its_end, begin),
		cmocka_unit_test_setup(handlers_set_and_clear, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
