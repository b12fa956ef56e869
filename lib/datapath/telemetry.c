// /mst/worker/... and /mst/drop/...: the telemetry threads of EAL. As readers, so that mst_datapath_destroy
// waits.
#include <errno.h>
#include <string.h>

#include "worker.h"

static int
worker_list_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_array(d, RTE_TEL_UINT_VAL);
	for (unsigned int i = 0; i < mst_rt_n_workers(); i++)
		rte_tel_data_add_array_uint(d, mst_rt_worker_lcore(i));
	return 0;
}

static int
worker_of_lcore(const char *params, unsigned int *worker)
{
	uint64_t lcore;

	if (params == NULL)
		return -EINVAL;
	MST_TRY(mst_parse_u64(params, strlen(params), 0, UINT32_MAX, &lcore));
	for (unsigned int i = 0; i < mst_rt_n_workers(); i++)
		if (mst_rt_worker_lcore(i) == lcore) {
			*worker = i;
			return 0;
		}
	return -ENOENT;
}

static int
worker_stats_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct mst_worker_stats s;
	unsigned int worker;

	(void)cmd;
	MST_TRY(worker_of_lcore(params, &worker));
	mst_rt_reader_enter();
	mst_datapath_worker_stats(worker, &s);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_uint(d, "worker", worker);
	rte_tel_data_add_dict_uint(d, "rx_packets", s.rx_packets);
	rte_tel_data_add_dict_uint(d, "rx_bytes", s.rx_bytes);
	rte_tel_data_add_dict_uint(d, "tx_packets", s.tx_packets);
	rte_tel_data_add_dict_uint(d, "tx_bytes", s.tx_bytes);
	rte_tel_data_add_dict_uint(d, "no_mbuf", s.no_mbuf);
	rte_tel_data_add_dict_uint(d, "dtls_rx_packets", s.dtls_rx_packets);
	rte_tel_data_add_dict_uint(d, "dtls_tx_packets", s.dtls_tx_packets);
	rte_tel_data_add_dict_uint(d, "stream_rx_packets", s.stream_rx_packets);
	rte_tel_data_add_dict_uint(d, "stream_tx_packets", s.stream_tx_packets);
	rte_tel_data_add_dict_uint(d, "turns", s.turns);
	rte_tel_data_add_dict_uint(d, "busy_cycles", s.busy_cycles);
	rte_tel_data_add_dict_uint(d, "total_cycles", s.total_cycles);
	rte_tel_data_add_dict_uint(d, "sleeps", s.sleeps);
	rte_tel_data_add_dict_uint(d, "woken", s.woken);
	rte_tel_data_add_dict_uint(d, "longest_sleep_us", s.longest_sleep_us);
	for (unsigned int v = 0; v < MST_VERDICT_COUNT; v++)
		if (datapath_verdict_kind(v) != MST_VERDICT_STAY)
			rte_tel_data_add_dict_uint(d, mst_verdict_name(v), mst_datapath_verdicts(worker, v));
	mst_rt_reader_leave();
	return 0;
}

static int
drop_stats_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	mst_rt_reader_enter();
	for (unsigned int v = 0; v < MST_VERDICT_COUNT; v++) {
		uint64_t sum = 0;

		if (!mst_verdict_is_drop(v))
			continue;
		for (unsigned int i = 0; i < mst_rt_n_workers(); i++)
			sum += mst_datapath_verdicts(i, v);
		rte_tel_data_add_dict_uint(d, mst_verdict_name(v), sum);
	}
	mst_rt_reader_leave();
	return 0;
}

int
datapath_telemetry_register(void)
{
	static const struct mst_telemetry_row rows[] = {
		{"/mst/worker/list", worker_list_cb, "Lcores of the workers"},
		{"/mst/worker/stats", worker_stats_cb, "Counters and verdicts of a worker; parameter: lcore"},
		{"/mst/drop/stats", drop_stats_cb, "Dropped packets by reason, all workers together"},
	};

	static bool registered; // for the process: DPDK cannot take a command back

	static_assert(
		MST_VERDICT_COUNT + 16 < RTE_TEL_MAX_DICT_ENTRIES, "a reply of telemetry is cut beyond");
	if (registered)
		return 0;
	MST_TRY(mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows)));
	registered = true;
	return 0;
}
