// The choice of CPUs, without EAL.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "rt_private.h"

static char err[256];

static cpu_set_t
cpus_of(int first, int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < n; i++)
		CPU_SET(first + i, &set);
	return set;
}

static void
auto_takes_every_cpu(void **state)
{
	struct mst_rt_params p = {.control_cpu = -1};
	cpu_set_t set = cpus_of(2, 4);
	struct rt_cpus c;

	(void)state;
	assert_int_equal(rt_cpus_choose(&p, &set, &c, err, sizeof(err)), 0);
	assert_int_equal(c.control, 2);
	assert_int_equal(c.n_workers, 3);
	assert_int_equal(c.workers[0], 3);
	assert_int_equal(c.workers[2], 5);
	assert_false(c.shared);
	assert_int_equal(rt_cpus_worker_lcore(&c, 1), 4); // called by its CPU
}

static void
auto_on_one_cpu_shares_it(void **state)
{
	struct mst_rt_params p = {.control_cpu = -1};
	cpu_set_t set = cpus_of(3, 1);
	struct rt_cpus c;

	(void)state;
	assert_int_equal(rt_cpus_choose(&p, &set, &c, err, sizeof(err)), 0);
	assert_true(c.shared);
	assert_int_equal(c.n_workers, 1);
	assert_int_equal(rt_cpus_control_lcore(&c), 0);
	assert_int_equal(rt_cpus_worker_lcore(&c, 0), 1);
}

static void
one_lcore_is_its_own_worker(void **state)
{
	struct mst_rt_params p = {.control_cpu = -1, .one_lcore = true};
	cpu_set_t set = cpus_of(2, 4);
	struct rt_cpus c;

	(void)state;
	assert_int_equal(rt_cpus_choose(&p, &set, &c, err, sizeof(err)), 0);
	assert_int_equal(c.control, 2);
	assert_int_equal(c.n_workers, 1);
	assert_true(c.single);
	assert_false(c.shared);
	assert_int_equal(rt_cpus_worker_lcore(&c, 0), rt_cpus_control_lcore(&c));
}

static void
auto_is_bounded(void **state)
{
	struct mst_rt_params p = {.control_cpu = -1};
	cpu_set_t set = cpus_of(0, 200);
	struct rt_cpus c;

	(void)state;
	assert_int_equal(rt_cpus_choose(&p, &set, &c, err, sizeof(err)), 0);
	assert_int_equal(c.n_workers, MST_MAX_WORKERS);
}

static void
control_given_or_chosen_beside_workers(void **state)
{
	struct mst_rt_params p = {.control_cpu = 1};
	cpu_set_t set = cpus_of(0, 3);
	struct rt_cpus c;

	(void)state;
	assert_int_equal(rt_cpus_choose(&p, &set, &c, err, sizeof(err)), 0);
	assert_int_equal(c.n_workers, 2);
	assert_int_equal(c.workers[0], 0);
	assert_int_equal(c.workers[1], 2);

	p = (struct mst_rt_params){.control_cpu = -1, .n_workers = 2, .worker_cpus = {2, 0}};
	assert_int_equal(rt_cpus_choose(&p, &set, &c, err, sizeof(err)), 0);
	assert_int_equal(c.control, 1);
	assert_int_equal(c.workers[0], 2); // worker 0 is the first of the list
	assert_false(c.shared);
}

static void
lcores_share_a_cpu_where_the_list_says_so(void **state)
{
	static const struct mst_rt_params cases[] = {
		{.control_cpu = 0, .n_workers = 1, .worker_cpus = {0}},
		{.control_cpu = 0, .n_workers = 2, .worker_cpus = {0, 1}},
		{.control_cpu = 0, .n_workers = 2, .worker_cpus = {1, 1}},
		{.control_cpu = -1, .n_workers = 3, .worker_cpus = {1, 1, 1}},
	};
	cpu_set_t set = cpus_of(0, 2);

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		struct rt_cpus c;

		assert_int_equal(rt_cpus_choose(&cases[i], &set, &c, err, sizeof(err)), 0);
		assert_true(c.shared);
		assert_int_equal(c.control, 0);
		assert_int_equal(c.n_workers, cases[i].n_workers);
		for (unsigned int w = 0; w < c.n_workers; w++) {
			assert_int_equal(c.workers[w], cases[i].worker_cpus[w]);
			assert_int_equal(rt_cpus_worker_lcore(&c, w), w + 1);
		}
	}
}

static void
bad_lists_are_refused(void **state)
{
	static const struct {
		struct mst_rt_params p;
		const char *says;
	} cases[] = {
		{{.control_cpu = -1, .n_workers = 1, .worker_cpus = {7}}, "CPU 7"},
		{{.control_cpu = -1, .n_workers = 1, .worker_cpus = {-1}}, "CPU -1"},
		{{.control_cpu = -1, .n_workers = 2, .worker_cpus = {0, 1}}, "no CPU is left"},
		{{.control_cpu = 9}, "control CPU 9"},
		{{.control_cpu = -1, .n_workers = MST_MAX_WORKERS + 1}, "limit"},
	};
	cpu_set_t set = cpus_of(0, 2);

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		struct rt_cpus c = {.control = 77};

		assert_int_equal(rt_cpus_choose(&cases[i].p, &set, &c, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, cases[i].says));
		assert_int_equal(c.control, 77); // results only on success
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_takes_every_cpu),
		cmocka_unit_test(auto_on_one_cpu_shares_it),
		cmocka_unit_test(one_lcore_is_its_own_worker),
		cmocka_unit_test(auto_is_bounded),
		cmocka_unit_test(control_given_or_chosen_beside_workers),
		cmocka_unit_test(lcores_share_a_cpu_where_the_list_says_so),
		cmocka_unit_test(bad_lists_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
