// Registration of telemetry commands, and the /eal/lcore commands that DPDK has only from 23.03 on, so that
// the tools of later releases work against this one. The callbacks run on EAL's telemetry threads.
#include <errno.h>
#include <string.h>

#include <rte_lcore.h>
#include <rte_version.h>

#include "rt_private.h"

int
mst_rt_telemetry(const struct mst_telemetry_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int rc = rte_telemetry_register_cmd(rows[i].command, rows[i].fn, rows[i].help);

		if (rc != 0) {
			MST_LOG(ERROR, "rt", "telemetry refuses %s: error %d", rows[i].command, rc);
			return rc < 0 ? rc : -EINVAL;
		}
	}
	return 0;
}

static int
on_rt_stats(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_uint(d, "workers", mst_rt_n_workers());
	rte_tel_data_add_dict_uint(d, "deferred", mst_rt_deferred());
	rte_tel_data_add_dict_uint(d, "deferred_high", mst_rt_deferred_high());
	rte_tel_data_add_dict_uint(d, "defer_lost", mst_rt_defer_lost());
	rte_tel_data_add_dict_uint(d, "inject_full", mst_rt_inject_full());
	return 0;
}

static const struct mst_telemetry_row rows[] = {
	{"/mst/rt/stats", on_rt_stats, "Defer queue and control-to-worker rings. No parameters"},
};

#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
static int
on_lcore_list(const char *cmd, const char *params, struct rte_tel_data *d)
{
	unsigned int lcore;

	(void)cmd;
	(void)params;
	rte_tel_data_start_array(d, RTE_TEL_INT_VAL);
	RTE_LCORE_FOREACH(lcore)
	rte_tel_data_add_array_int(d, (int)lcore);
	return 0;
}

static struct rte_tel_data *
cpuset_array(unsigned int lcore)
{
	struct rte_tel_data *array = rte_tel_data_alloc();
	rte_cpuset_t set = rte_lcore_cpuset(lcore);

	if (array == NULL)
		return NULL;
	rte_tel_data_start_array(array, RTE_TEL_INT_VAL);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			rte_tel_data_add_array_int(array, cpu);
	}
	return array;
}

static int
on_lcore_info(const char *cmd, const char *params, struct rte_tel_data *d)
{
	uint64_t lcore;
	struct rte_tel_data *cpuset;

	(void)cmd;
	if (params == NULL || mst_parse_u64(params, strlen(params), 0, RTE_MAX_LCORE - 1, &lcore) < 0 ||
		!rte_lcore_is_enabled((unsigned int)lcore))
		return -EINVAL;
	cpuset = cpuset_array((unsigned int)lcore);
	if (cpuset == NULL)
		return -ENOMEM;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_int(d, "lcore_id", (int)lcore);
	rte_tel_data_add_dict_int(d, "socket", (int)rte_lcore_to_socket_id((unsigned int)lcore));
	rte_tel_data_add_dict_string(d, "role", "RTE");
	rte_tel_data_add_dict_container(d, "cpuset", cpuset, 0);
	return 0;
}

static const struct mst_telemetry_row lcore_rows[] = {
	{"/eal/lcore/list", on_lcore_list, "List of lcore ids. No parameters"},
	{"/eal/lcore/info", on_lcore_info, "Returns lcore info. Parameters: int lcore_id"},
};

int
rt_telemetry_create(void)
{
	MST_TRY(mst_rt_telemetry(lcore_rows, MST_ARRAY_SIZE(lcore_rows)));
	return mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows));
}
#else
int
rt_telemetry_create(void)
{
	return mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows));
}
#endif
