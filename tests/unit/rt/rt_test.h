// What the tests with EAL share: a start on ordinary pages, one worker, a prefix of this process.
#pragma once

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>

#include "mst_rt.h"
#include "mst_test.h"

// The last CPU we may use for the worker; control takes the first, or shares when there is only one.
static inline int
rt_test_worker_cpu(void)
{
	cpu_set_t set;
	int last = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			last = cpu;
	}
	return last;
}

static inline struct mst_rt_params
rt_test_params(char prefix[32], enum mst_rt_huge huge)
{
	snprintf(prefix, 32, "mst-test-%d", (int)getpid());
	return (struct mst_rt_params){.control_cpu = -1,
		.worker_cpus = {rt_test_worker_cpu()},
		.n_workers = 1,
		.huge = huge,
		.memory_mib = 64,
		.file_prefix = prefix};
}

static inline int
rt_test_start(void **state)
{
	static char prefix[32];
	char err[512];
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_OFF);

	(void)state;
	if (mst_rt_start(&p, err, sizeof(err)) == 0)
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

static inline int
rt_test_stop(void **state)
{
	(void)state;
	mst_rt_stop();
	return 0;
}

// Asks the telemetry socket of this process; reply is text.
static inline void
rt_test_telemetry(const char *command, char *reply, size_t cap)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	ssize_t n;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.80s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_true(recv(fd, reply, cap, 0) > 0); // the greeting
	assert_int_equal(send(fd, command, strlen(command), 0), strlen(command));
	n = recv(fd, reply, cap - 1, 0);
	assert_true(n > 0);
	reply[n] = '\0';
	close(fd);
}
