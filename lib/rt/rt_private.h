// What the files of rt share: the choice of CPUs, the EAL arguments, the hugepage check, EAL's log.
#pragma once

#include <sched.h>

#include "mst_rt.h"

// ---- cpus.c: pure -------------------------------------------------------------------------------
struct rt_cpus {
	int control;
	int workers[MST_MAX_WORKERS];
	unsigned int n_workers;
	bool shared; // two lcores run on one CPU: where there is one only, or because the operator wrote it so
	bool single; // control is the one worker too: one lcore
};

// allowed: what sched_getaffinity() says of this process.
MST_MUST_USE int rt_cpus_choose(const struct mst_rt_params *p, const cpu_set_t *allowed, struct rt_cpus *out,
	char *err, size_t err_cap);
// The EAL lcore id of worker i, and of the control lcore. The CPU's own number wherever EAL can count that
// far.
unsigned int rt_cpus_worker_lcore(const struct rt_cpus *c, unsigned int i);
unsigned int rt_cpus_control_lcore(const struct rt_cpus *c);
bool rt_cpus_renumbered(const struct rt_cpus *c);

// ---- args.c: pure -------------------------------------------------------------------------------
#define RT_ARGS_MAX 96
#define RT_EXTRA_MAX 64
#define RT_DEFAULT_MEMORY_MIB 1024

struct rt_args {
	char text[16384]; // the words, each with its NUL
	char *argv[RT_ARGS_MAX + 1];
	int argc;
	size_t used;
	bool full;
};

MST_MUST_USE int rt_args_build(struct rt_args *a, const struct mst_rt_params *p, const struct rt_cpus *cpus,
	bool huge, char *err, size_t err_cap);
// One line for the log, words that hold a space in quotes.
void rt_args_line(const struct rt_args *a, struct mst_str *out);

// ---- hugepages.c --------------------------------------------------------------------------------
#define RT_NODES_MAX 16
#define RT_PAGE_SIZES_MAX 4

struct rt_huge_size {
	unsigned int page_kib;
	unsigned int total[RT_NODES_MAX]; // pages, a NUMA node
	unsigned int free[RT_NODES_MAX];
};

struct rt_huge {
	unsigned int n_nodes; // highest node + 1
	unsigned int n_sizes;
	struct rt_huge_size sizes[RT_PAGE_SIZES_MAX];
};

// sysfs: "/sys", another root in tests.
void rt_huge_read(struct rt_huge *out, const char *sysfs);
// Pure. lcores[n] = lcores on node n: EAL shares -m out over the nodes in that ratio. -ENOMEM: err has the
// command.
MST_MUST_USE int rt_huge_check(const struct rt_huge *h, const unsigned int lcores[RT_NODES_MAX],
	unsigned int memory_mib, char *err, size_t err_cap);

// ---- eal_log.c ----------------------------------------------------------------------------------
void rt_eal_log_open(void); // before rte_eal_init

// ---- qsbr.c, ring.c, sleep.c, telemetry.c, called by eal.c in this order ---------------------------------
MST_MUST_USE int rt_qsbr_create(unsigned int n_workers);
void rt_qsbr_destroy(void); // runs all that is deferred
MST_MUST_USE int rt_ring_create(unsigned int n_workers, bool cpus_shared);
void rt_ring_destroy(void); // frees the packets still in them
MST_MUST_USE int rt_sleep_create(unsigned int n_workers);
void rt_sleep_destroy(void);
MST_MUST_USE int rt_telemetry_create(void);
