// Starts and stops EAL and everything of this library on it; launches the workers. Control lcore = EAL's main
// lcore.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <numa.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "rt_private.h"

atomic_bool mst_rt_stopping_;

static struct rt_cpus cpus;
static struct rt_args args; // EAL keeps pointers into it
static char runtime_dir[256];
static pid_t runtime_pid;
static bool started; // EAL can be started once in a process

// EAL leaves its runtime folder behind; its telemetry socket in it goes at exit. Registered before EAL
// registers its own handler, so it runs after it; a folder that another process uses is not empty and stays.
static void
remove_runtime_dir(void)
{
	if (runtime_pid == getpid() && runtime_dir[0] != '\0')
		(void)rmdir(runtime_dir);
}

static void
lcores_per_node(const struct rt_cpus *c, unsigned int lcores[RT_NODES_MAX])
{
	memset(lcores, 0, RT_NODES_MAX * sizeof(lcores[0]));
	for (unsigned int i = 0; i <= c->n_workers; i++) {
		int cpu = i < c->n_workers ? c->workers[i] : c->control;
		int node = numa_available() < 0 ? 0 : numa_node_of_cpu(cpu);

		lcores[node < 0 || node >= RT_NODES_MAX ? 0 : node]++;
	}
}

// Whether to use hugepages; 0 or 1, or an error when they are demanded and missing.
static int
decide_huge(const struct mst_rt_params *p, const struct rt_cpus *c, char *err, size_t err_cap)
{
	unsigned int lcores[RT_NODES_MAX];
	unsigned int mib = p->memory_mib == 0 ? RT_DEFAULT_MEMORY_MIB : p->memory_mib;
	struct rt_huge huge;
	int rc;

	if (p->huge == MST_RT_HUGE_OFF)
		return 0;
	rt_huge_read(&huge, "/sys");
	lcores_per_node(c, lcores);
	rc = rt_huge_check(&huge, lcores, mib, err, err_cap);
	if (rc == 0)
		return 1;
	if (p->huge == MST_RT_HUGE_ON)
		return rc;
	MST_LOG(WARNING, "rt", "%s; running on ordinary pages meanwhile, which is slower", err);
	if (p->needs_pci)
		MST_LOG(WARNING, "rt", "PCI ports on ordinary pages work only behind an IOMMU (vfio-pci)");
	err[0] = '\0';
	return 0;
}

static int
eal_failed(int code, char *err, size_t err_cap)
{
	char why[192];

	mst_rt_eal_error(why, sizeof(why));
	if (code == EACCES || code == EPERM) {
		snprintf(err, err_cap,
			"EAL: not permitted (%s): run as root, or give CAP_IPC_LOCK, CAP_NET_ADMIN, "
			"CAP_NET_RAW "
			"and a runtime folder of your own (XDG_RUNTIME_DIR)",
			why);
		return -EPERM;
	}
	snprintf(err, err_cap, "EAL: %s (%s)", why[0] != '\0' ? why : "refused to start", strerror(code));
	return code == ENOMEM ? -ENOMEM : code == EINVAL ? -EINVAL : -EIO;
}

static int
eal_init(char *err, size_t err_cap)
{
	char line[1024];
	struct mst_str s = mst_str_init(line, sizeof(line));
	mode_t umask_before;
	int rc;

	rt_args_line(&args, &s);
	MST_LOG(NOTICE, "rt", "EAL arguments: %s", line);
	rt_eal_log_open();
	mst_rt_eal_error(line, sizeof(line)); // what was before is not about this
	// The telemetry socket is made with what the umask leaves: its group may connect, others may not.
	umask_before = umask(0007);
	rc = rte_eal_init(args.argc, args.argv);
	umask(umask_before);
	if (rc < 0)
		return eal_failed(rte_errno, err, err_cap);
	started = true;
	snprintf(runtime_dir, sizeof(runtime_dir), "%s", rte_eal_get_runtime_dir());
	return 0;
}

static int
create_parts(char *err, size_t err_cap)
{
	int rc = rt_qsbr_create(cpus.n_workers);

	if (rc == 0)
		rc = rt_ring_create(cpus.n_workers, cpus.shared);
	if (rc == 0)
		rc = rt_sleep_create(cpus.n_workers);
	if (rc == 0)
		rc = rt_telemetry_create();
	if (rc < 0)
		snprintf(err, err_cap, "rings, QSBR, sleep or telemetry: %s", strerror(-rc));
	return rc;
}

// EAL's own threads (telemetry, interrupts) inherit where the caller runs: they must not land on a worker.
static int
pin_to(int cpu, char *err, size_t err_cap)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) == 0)
		return 0;
	snprintf(err, err_cap, "lcores: cannot run on CPU %d: %s", cpu, strerror(errno));
	return -EINVAL;
}

static int
prepare(const struct mst_rt_params *p, const cpu_set_t *allowed, char *err, size_t err_cap)
{
	int huge;

	MST_TRY(rt_cpus_choose(p, allowed, &cpus, err, err_cap));
	if (cpus.shared)
		MST_LOG(WARNING, "rt",
			"lcores share a CPU: each waits for the time slices of the other, expect low "
			"throughput");
	huge = decide_huge(p, &cpus, err, err_cap);
	MST_TRY(huge);
	MST_TRY(rt_args_build(&args, p, &cpus, huge == 1, err, err_cap));
	return pin_to(cpus.control, err, err_cap);
}

int
mst_rt_start(const struct mst_rt_params *p, char *err, size_t err_cap)
{
	cpu_set_t before;
	int rc;

	err[0] = '\0';
	if (started) {
		snprintf(err, err_cap, "EAL can be started once in a process");
		return -EINVAL;
	}
	if (sched_getaffinity(0, sizeof(before), &before) != 0) {
		snprintf(err, err_cap, "lcores: sched_getaffinity: %s", strerror(errno));
		return -EIO;
	}
	if (runtime_pid == 0) {
		runtime_pid = getpid();
		(void)atexit(remove_runtime_dir);
	}
	atomic_store(&mst_rt_stopping_, false);
	rc = prepare(p, &before, err, err_cap);
	if (rc == 0)
		rc = eal_init(err, err_cap);
	if (rc < 0)
		goto err_affinity;
	rc = create_parts(err, err_cap);
	if (rc < 0)
		goto err_eal;
	return 0;
err_eal:
	mst_rt_stop();
err_affinity:
	cpus.n_workers = 0;
	(void)sched_setaffinity(0, sizeof(before), &before);
	return rc;
}

void
mst_rt_stop(void)
{
	mst_rt_request_stop();
	rte_eal_mp_wait_lcore();
	rt_sleep_destroy();
	rt_ring_destroy();
	rt_qsbr_destroy();
	(void)rte_eal_cleanup();
	cpus.n_workers = 0;
}

unsigned int
mst_rt_n_workers(void)
{
	return cpus.n_workers;
}

unsigned int
mst_rt_worker_lcore(unsigned int worker)
{
	return rt_cpus_worker_lcore(&cpus, worker);
}

bool
mst_rt_shares_cpu(void)
{
	return cpus.shared;
}

int
mst_rt_worker_socket(unsigned int worker)
{
	return (int)rte_lcore_to_socket_id(mst_rt_worker_lcore(worker));
}

int
mst_rt_launch(mst_worker_fn *fn)
{
	for (unsigned int i = 0; i < cpus.n_workers; i++) {
		int rc = rte_eal_remote_launch(fn, (void *)(uintptr_t)i, mst_rt_worker_lcore(i));

		if (rc != 0) {
			mst_rt_request_stop();
			return rc < 0 ? rc : -EBUSY;
		}
	}
	return 0;
}

void
mst_rt_request_stop(void)
{
	atomic_store(&mst_rt_stopping_, true);
	for (unsigned int i = 0; i < cpus.n_workers; i++)
		mst_rt_wake(i);
}

void
mst_rt_wait(void)
{
	rte_eal_mp_wait_lcore();
}
