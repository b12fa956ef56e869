// For test programs that need EAL: a network namespace of their own, and one start on ordinary pages with a
// prefix of this process, so that runs side by side do not meet.
#pragma once

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_rt.h"
#include "mst_test.h"

#define MST_TEST_SKIP 77 // exit status that meson reports as skipped

// False without the permission to make one: return MST_TEST_SKIP. Before mst_test_eal_start, whose threads
// would stay outside.
static inline bool
mst_test_netns(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	fprintf(stderr, "no network namespace of our own: %s\n", strerror(errno));
	return false;
}

// Control on the first CPU this process may use, workers from the last down and around again; 0, or -1 with the
// reason on stderr.
static inline int
mst_test_eal_start_workers(unsigned int memory_mib, unsigned int n_workers)
{
	static char prefix[32];
	char err[512];
	unsigned int w = 0;
	struct mst_rt_params p = {.n_workers = n_workers,
		.huge = MST_RT_HUGE_OFF,
		.memory_mib = memory_mib,
		.file_prefix = prefix};
	cpu_set_t set;

	snprintf(prefix, sizeof(prefix), "mst-test-%d", (int)getpid());
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return -1;
	for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
		if (CPU_ISSET(cpu, &set))
			p.control_cpu = cpu;
	for (int cpu = CPU_SETSIZE - 1; w < n_workers; cpu = cpu == 0 ? CPU_SETSIZE - 1 : cpu - 1)
		if (CPU_ISSET(cpu, &set))
			p.worker_cpus[w++] = cpu;
	if (mst_rt_start(&p, err, sizeof(err)) == 0)
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

static inline int
mst_test_eal_start(unsigned int memory_mib)
{
	return mst_test_eal_start_workers(memory_mib, 1);
}

// Runs a shell command of a test, such as ip(8); its exit status.
static inline int
mst_test_run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Runs what control has deferred, as far as the workers let it.
static inline void
mst_test_reclaim(void)
{
	for (unsigned int i = 0; i < 10000 && mst_rt_deferred() > 0; i++)
		mst_rt_reclaim();
}
