// Prints how long a worker takes to see a packet that control puts into its ring after silence, for each idle
// mode, and the CPU time of its thread without traffic. Numbers to look at, not to pass.
#include <stdio.h>
#include <stdlib.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "rig.h"

#define ROUNDS 400
#define SILENCE_US 5000
#define LONG_NS 10000000 // as where every queue can wake
#define NAP_NS 60000	 // as where one cannot

static uint64_t took[ROUNDS];

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
us(uint64_t cycles)
{
	return (double)cycles * 1e6 / (double)rte_get_tsc_hz();
}

static uint64_t
thread_ns(pthread_t thread)
{
	clockid_t clock;
	struct timespec t;

	assert_int_equal(pthread_getcpuclockid(thread, &clock), 0);
	assert_int_equal(clock_gettime(clock, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static pthread_t worker_thread;

static int
run(void *arg)
{
	worker_thread = pthread_self();
	return mst_datapath_worker(arg);
}

static uint64_t
seen_after(uint64_t already)
{
	struct rte_mbuf *m = rig_mbuf("", 0);
	uint64_t start;

	mst_pkt(m)->port = MST_MAX_PORTS; // dropped as soon as it is looked at
	start = rte_rdtsc_precise();
	assert_int_equal(mst_rt_inject(0, m, MST_ENTRY_FRAME), 0);
	while (mst_datapath_verdicts(0, MST_DROP_PORT) == already)
		rte_pause();
	return rte_rdtsc_precise() - start;
}

static void
measure(const char *name, enum mst_idle mode, uint64_t timeout_ns)
{
	struct mst_worker *w = rig_worker(0);
	uint64_t cpu, wall;
	struct mst_worker_stats before, after;

	w->idle_policy = datapath_idle_policy(mode, false, rte_get_tsc_hz());
	w->sleep.timeout_ns = timeout_ns;
	atomic_store(&mst_rt_stopping_, false);
	assert_int_equal(rte_eal_remote_launch(run, (void *)0, mst_rt_worker_lcore(0)), 0);
	rte_delay_us_sleep(100000);
	mst_datapath_worker_stats(0, &before);
	wall = rte_rdtsc();
	cpu = thread_ns(worker_thread);
	rte_delay_us_sleep(2000000);
	cpu = thread_ns(worker_thread) - cpu;
	wall = rte_rdtsc() - wall;
	mst_datapath_worker_stats(0, &after);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		rte_delay_us_sleep(SILENCE_US);
		took[i] = seen_after(mst_datapath_verdicts(0, MST_DROP_PORT));
	}
	mst_rt_request_stop();
	assert_int_equal(rte_eal_wait_lcore(mst_rt_worker_lcore(0)), 0);
	qsort(took, ROUNDS, sizeof(took[0]), by_size);
	printf("%-16s %7.2f %% %9.0f %8.1f %8.1f %8.1f %8.1f\n", name, (double)cpu / 10 / us(wall),
		(double)(after.sleeps - before.sleeps) * 1e6 / us(wall), us(took[ROUNDS / 10]),
		us(took[ROUNDS / 2]), us(took[ROUNDS * 9 / 10]), us(took[ROUNDS * 99 / 100]));
}

int
main(void)
{
	rig_start(2);
	printf("%-16s %9s %9s %8s %8s %8s %8s\n", "idle", "CPU", "sleeps/s", "us p10", "p50", "p90", "p99");
	measure("poll", MST_IDLE_POLL, LONG_NS);
	measure("pause", MST_IDLE_PAUSE, LONG_NS);
	measure("interrupt", MST_IDLE_INTERRUPT, LONG_NS);
	measure("auto", MST_IDLE_AUTO, LONG_NS);
	measure("auto, 60 us naps", MST_IDLE_AUTO, NAP_NS);
	rig_stop();
	return 0;
}
