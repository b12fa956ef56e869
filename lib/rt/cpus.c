// Which CPU runs the control lcore and which run workers. Pure: no system call. Control lcore, before EAL.
#include <errno.h>

#include <rte_config.h>

#include "rt_private.h"

static bool
is_worker(const struct rt_cpus *c, int cpu)
{
	for (unsigned int i = 0; i < c->n_workers; i++) {
		if (c->workers[i] == cpu)
			return true;
	}
	return false;
}

static bool
may_run_on(const cpu_set_t *allowed, int cpu)
{
	return cpu >= 0 && cpu < CPU_SETSIZE && CPU_ISSET(cpu, allowed);
}

// The first CPU we may use that is neither except nor a worker; -1: none.
static int
first_free(const struct rt_cpus *c, const cpu_set_t *allowed, int except)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, allowed) && cpu != except && !is_worker(c, cpu))
			return cpu;
	}
	return -1;
}

static int
take_workers(
	const struct mst_rt_params *p, const cpu_set_t *allowed, struct rt_cpus *c, char *err, size_t err_cap)
{
	if (p->n_workers > MST_MAX_WORKERS) {
		snprintf(err, err_cap, "lcores: %u workers, the limit is %d", p->n_workers, MST_MAX_WORKERS);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < p->n_workers; i++) {
		int cpu = p->worker_cpus[i];

		if (!may_run_on(allowed, cpu)) {
			snprintf(err, err_cap,
				"lcores: CPU %d does not exist or this process may not run on it (see "
				"taskset -p, "
				"AllowedCPUs=)",
				cpu);
			return -EINVAL;
		}
		c->shared = c->shared || is_worker(c, cpu);
		c->workers[c->n_workers++] = cpu;
	}
	return 0;
}

static int
take_control(
	const struct mst_rt_params *p, const cpu_set_t *allowed, struct rt_cpus *c, char *err, size_t err_cap)
{
	c->control = p->control_cpu >= 0 ? p->control_cpu : first_free(c, allowed, -1);
	if (c->control < 0 && c->n_workers == 1)
		c->control = c->workers[0];
	if (c->control < 0) {
		snprintf(err, err_cap,
			"lcores: no CPU is left for the control lcore: take one off the list of workers");
		return -EINVAL;
	}
	if (!may_run_on(allowed, c->control)) {
		snprintf(err, err_cap,
			"lcores: control CPU %d does not exist or this process may not run on it",
			c->control);
		return -EINVAL;
	}
	return 0;
}

int
rt_cpus_choose(const struct mst_rt_params *p, const cpu_set_t *allowed, struct rt_cpus *out, char *err,
	size_t err_cap)
{
	struct rt_cpus c = {.control = -1, .single = p->one_lcore};

	MST_TRY(take_workers(p, allowed, &c, err, err_cap));
	MST_TRY(take_control(p, allowed, &c, err, err_cap));
	while (p->n_workers == 0 && !c.single && c.n_workers < MST_MAX_WORKERS) {
		int cpu = first_free(&c, allowed, c.control);

		if (cpu < 0)
			break;
		c.workers[c.n_workers++] = cpu;
	}
	if (c.n_workers == 0)
		c.workers[c.n_workers++] = c.control;
	c.shared = !c.single && (c.shared || is_worker(&c, c.control));
	*out = c;
	return 0;
}

// Two lcores on one CPU, or a CPU beyond RTE_MAX_LCORE, need ids of their own; else an lcore is called by its
// CPU, which is what operators expect to read in telemetry.
bool
rt_cpus_renumbered(const struct rt_cpus *c)
{
	bool beyond = c->control >= RTE_MAX_LCORE;

	for (unsigned int i = 0; i < c->n_workers; i++)
		beyond = beyond || c->workers[i] >= RTE_MAX_LCORE;
	return c->shared || beyond;
}

unsigned int
rt_cpus_control_lcore(const struct rt_cpus *c)
{
	return rt_cpus_renumbered(c) ? 0 : (unsigned int)c->control;
}

unsigned int
rt_cpus_worker_lcore(const struct rt_cpus *c, unsigned int i)
{
	if (c->single)
		return rt_cpus_control_lcore(c);
	return rt_cpus_renumbered(c) ? i + 1 : (unsigned int)c->workers[i];
}
