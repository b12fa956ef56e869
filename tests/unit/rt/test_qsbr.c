// The defer queue against a real worker lcore: nothing is freed while it may be held.
#include <errno.h>

#include <rte_pause.h>

#include "rt_test.h"

static atomic_uint order; // what control tells the worker
static atomic_uint obeyed;
enum { REPORT = 1, GO_OFFLINE = 2, GO_ONLINE = 3 };

static unsigned int ran[8];
static unsigned int n_ran;

static void
on_reclaim(void *p)
{
	ran[n_ran++ % 8] = *(unsigned int *)p;
}

static int
obedient_worker(void *arg)
{
	unsigned int w = (unsigned int)(uintptr_t)arg;
	unsigned int seen = 0;

	mst_rt_worker_online(w);
	while (!mst_rt_stopping()) {
		unsigned int o = atomic_load(&order);

		rte_pause();
		if (o == seen)
			continue;
		seen = o;
		switch (o % 4) {
		case REPORT:
			mst_rt_worker_quiescent(w);
			break;
		case GO_OFFLINE:
			mst_rt_worker_offline(w);
			break;
		case GO_ONLINE:
			mst_rt_worker_online(w);
			break;
		default:
			break;
		}
		atomic_store(&obeyed, o);
	}
	mst_rt_worker_offline(w);
	return 0;
}

static void
tell(unsigned int what)
{
	unsigned int o = (atomic_load(&order) & ~3u) + 4 + what;

	atomic_store(&order, o);
	while (atomic_load(&obeyed) != o)
		sched_yield();
}

static void
reclaim_often(void)
{
	for (int i = 0; i < 1000; i++)
		mst_rt_reclaim();
}

static void
waits_for_the_worker_and_keeps_order(void **state)
{
	unsigned int a = 1;
	unsigned int b = 2;

	(void)state;
	n_ran = 0;
	mst_rt_defer(on_reclaim, &a);
	mst_rt_defer(on_reclaim, &b);
	reclaim_often();
	assert_int_equal(n_ran, 0);
	assert_int_equal(mst_rt_deferred(), 2);
	tell(REPORT);
	mst_rt_reclaim();
	assert_int_equal(n_ran, 2);
	assert_int_equal(ran[0], 1);
	assert_int_equal(ran[1], 2);
	assert_int_equal(mst_rt_deferred(), 0);
	assert_true(mst_rt_deferred_high() >= 2);
}

static void
a_report_before_the_retire_does_not_count(void **state)
{
	unsigned int a = 1;

	(void)state;
	n_ran = 0;
	tell(REPORT);
	mst_rt_defer(on_reclaim, &a);
	reclaim_often();
	assert_int_equal(n_ran, 0);
	tell(REPORT);
	mst_rt_reclaim();
	assert_int_equal(n_ran, 1);
}

static void
an_offline_worker_delays_nothing(void **state)
{
	unsigned int a = 1;

	(void)state;
	n_ran = 0;
	tell(GO_OFFLINE);
	mst_rt_defer(on_reclaim, &a);
	mst_rt_reclaim();
	assert_int_equal(n_ran, 1);
	tell(GO_ONLINE);
	mst_rt_defer(on_reclaim, &a);
	reclaim_often();
	assert_int_equal(n_ran, 1);
	tell(REPORT);
	mst_rt_reclaim();
	assert_int_equal(n_ran, 2);
}

static void
a_reader_thread_holds_it_too(void **state)
{
	unsigned int a = 1;

	(void)state;
	n_ran = 0;
	mst_rt_reader_enter();
	mst_rt_defer(on_reclaim, &a);
	tell(REPORT);
	reclaim_often();
	assert_int_equal(n_ran, 0);
	mst_rt_reader_leave();
	mst_rt_reclaim();
	assert_int_equal(n_ran, 1);
}

static void
defer_once_more(void *p)
{
	n_ran++;
	mst_rt_defer(on_reclaim, p);
}

static void
reclaim_may_defer(void **state)
{
	unsigned int a = 7;

	(void)state;
	n_ran = 0;
	mst_rt_defer(defer_once_more, &a);
	tell(REPORT);
	mst_rt_reclaim();
	assert_int_equal(n_ran, 1);
	assert_int_equal(mst_rt_deferred(), 1);
	tell(REPORT);
	mst_rt_reclaim();
	assert_int_equal(n_ran, 2);
}

static void
one_turn_is_bounded_and_the_limit_is_counted(void **state)
{
	unsigned int a = 1;

	(void)state;
	n_ran = 0;
	for (unsigned int i = 0; i < MST_RT_DEFER_MAX; i++)
		mst_rt_defer(on_reclaim, &a);
	assert_int_equal(mst_rt_deferred(), MST_RT_DEFER_MAX);
	assert_int_equal(mst_rt_defer_lost(), 0);
	mst_rt_defer(on_reclaim, &a);
	assert_int_equal(mst_rt_deferred(), MST_RT_DEFER_MAX);
	assert_int_equal(mst_rt_defer_lost(), 1);
	tell(REPORT);
	mst_rt_reclaim();
	assert_in_range(n_ran, 1, 4096); // not a million in one turn of the control loop
	while (mst_rt_deferred() > 0)
		mst_rt_reclaim();
	assert_int_equal(n_ran, MST_RT_DEFER_MAX);
}

static int
start(void **state)
{
	if (rt_test_start(state) < 0)
		return -1;
	if (mst_rt_launch(obedient_worker) < 0)
		return -1;
	tell(REPORT);
	return 0;
}

static unsigned int last = 3;

static int
stop(void **state)
{
	mst_rt_defer(on_reclaim, &last);
	n_ran = 0;
	rt_test_stop(state);
	return n_ran == 1 && ran[0] == 3 ? 0 : -1; // what waits at the end is run, not lost
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_for_the_worker_and_keeps_order),
		cmocka_unit_test(a_report_before_the_retire_does_not_count),
		cmocka_unit_test(an_offline_worker_delays_nothing),
		cmocka_unit_test(a_reader_thread_holds_it_too),
		cmocka_unit_test(reclaim_may_defer),
		cmocka_unit_test(one_turn_is_bounded_and_the_limit_is_counted),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
