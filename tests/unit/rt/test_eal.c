// EAL on ordinary pages: what is refused before it starts, lcores, workers, telemetry.
#include <errno.h>
#include <sys/wait.h>

#include <rte_lcore.h>

#include "rt_test.h"

static int worker_cpu = -1;
static unsigned int worker_lcore;
static uintptr_t worker_arg = 99;
static char prefix[32];

static int
note_and_leave(void *arg)
{
	worker_cpu = sched_getcpu();
	worker_lcore = rte_lcore_id();
	worker_arg = (uintptr_t)arg;
	while (!mst_rt_stopping())
		sched_yield();
	return 0;
}

static void
what_the_host_lacks_is_said_before_eal(void **state)
{
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_ON);
	char err[512];

	(void)state;
	p.memory_mib = 1u << 30; // a pebibyte
	assert_int_equal(mst_rt_start(&p, err, sizeof(err)), -ENOMEM);
	assert_non_null(strstr(err, "hugepages"));
	assert_int_equal(mst_rt_n_workers(), 0);
}

// In a child, because EAL does not forget that it was tried.
static void
eal_says_which_argument(void **state)
{
	static const char *const extra[] = {"--socket-mem=nonsense"};
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_OFF);
	cpu_set_t before;
	cpu_set_t after;
	char err[512];
	int status;
	pid_t pid;

	(void)state;
	p.extra_eal = extra;
	p.n_extra_eal = 1;
	pid = fork();
	if (pid == 0) {
		sched_getaffinity(0, sizeof(before), &before);
		if (mst_rt_start(&p, err, sizeof(err)) != -EINVAL)
			_exit(1);
		if (strstr(err, "EAL: ") == NULL || strstr(err, "socket-mem") == NULL)
			_exit(2);
		sched_getaffinity(0, sizeof(after), &after);
		_exit(CPU_EQUAL(&before, &after) ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
starts_and_pins(void **state)
{
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_OFF);
	char err[512];

	(void)state;
	assert_int_equal(mst_rt_start(&p, err, sizeof(err)), 0);
	assert_int_equal(mst_rt_n_workers(), 1);
	assert_int_equal(mst_rt_launch(note_and_leave), 0);
	assert_int_equal(mst_rt_launch(note_and_leave), -EBUSY);
	mst_rt_request_stop();
	mst_rt_wait();
	assert_int_equal(worker_cpu, p.worker_cpus[0]);
	assert_int_equal(worker_lcore, mst_rt_worker_lcore(0));
	assert_int_equal(worker_arg, 0);
	assert_int_not_equal(rte_get_main_lcore(), worker_lcore);
}

static void
cannot_start_twice(void **state)
{
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_OFF);
	unsigned int worker = mst_rt_worker_lcore(0);
	char err[512];

	(void)state;
	assert_int_equal(mst_rt_start(&p, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "once"));
	assert_int_equal(mst_rt_n_workers(), 1); // and the first is unharmed
	assert_int_equal(mst_rt_worker_lcore(0), worker);
}

static int
on_test(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_uint(d, "answer", params == NULL ? 42 : 43);
	return 0;
}

static void
telemetry_answers(void **state)
{
	static const struct mst_telemetry_row rows[] = {{"/mst/test", on_test, "For this test"}};
	static const struct mst_telemetry_row bad[] = {{"/mst/te-st", on_test, "A name DPDK refuses"}};
	char reply[16384];
	char expect[64];

	(void)state;
	assert_int_equal(mst_rt_telemetry(rows, 1), 0);
	assert_true(mst_rt_telemetry(bad, 1) < 0);
	rt_test_telemetry("/mst/test", reply, sizeof(reply));
	assert_non_null(strstr(reply, "42"));
	rt_test_telemetry("/mst/rt/stats", reply, sizeof(reply));
	assert_non_null(strstr(reply, "\"defer_lost\""));
	// names that DPDK itself has from 23.03 on
	rt_test_telemetry("/eal/lcore/list", reply, sizeof(reply));
	snprintf(expect, sizeof(expect), "%u", mst_rt_worker_lcore(0));
	assert_non_null(strstr(reply, expect));
	snprintf(expect, sizeof(expect), "/eal/lcore/info,%u", mst_rt_worker_lcore(0));
	rt_test_telemetry(expect, reply, sizeof(reply));
	assert_non_null(strstr(reply, "\"cpuset\""));
	rt_test_telemetry("/eal/lcore/info,9999", reply, sizeof(reply));
	assert_non_null(strstr(reply, "null"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_host_lacks_is_said_before_eal),
		cmocka_unit_test(eal_says_which_argument),
		cmocka_unit_test(starts_and_pins),
		cmocka_unit_test(cannot_start_twice),
		cmocka_unit_test(telemetry_answers),
	};

	return cmocka_run_group_tests(tests, NULL, rt_test_stop);
}
