// What the tests with EAL share: ordinary pages, one worker, a prefix of this process, the profiles of the
// tree.
#pragma once

#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>

#include "mst_port.h"
#include "mst_rt.h"
#include "mst_test.h"

static inline void
port_test_profiles_dir(char *out, size_t cap)
{
	const char *root = getenv("MST_SOURCE_ROOT");

	snprintf(out, cap, "%s/drivers-config", root == NULL ? "." : root);
}

static inline int
port_test_start_eal(void)
{
	static char prefix[32];
	char err[512];
	struct mst_rt_params p = {.control_cpu = -1,
		.n_workers = 1,
		.huge = MST_RT_HUGE_OFF,
		.memory_mib = 128,
		.file_prefix = prefix};
	cpu_set_t set;

	CPU_ZERO(&set);
	(void)sched_getaffinity(0, sizeof(set), &set);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			p.worker_cpus[0] = cpu; // the last
	}
	snprintf(prefix, sizeof(prefix), "mst-test-%d", (int)getpid());
	if (mst_rt_start(&p, err, sizeof(err)) == 0)
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

static inline void
port_test_telemetry(const char *command, char *reply, size_t cap)
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
