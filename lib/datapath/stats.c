// The counters of the workers for those who read them: any thread, relaxed loads.
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "worker.h"

static const char *const io_names[IO_STEP_COUNT] = {
	[IO_RX] = "rx", [IO_ENTER] = "enter", [IO_LEAVE] = "leave", [IO_TX] = "tx"};

uint64_t
mst_datapath_verdicts(unsigned int worker, unsigned int verdict)
{
	const struct mst_worker *w = datapath_worker(worker);

	return w != NULL && verdict < MST_VERDICT_COUNT ? counter_get(&w->verdicts[verdict]) : 0;
}

static void
add_row(struct mst_stage_stats *out, unsigned int cap, unsigned int *n, const char *pipeline,
	const char *stage, const struct step_counters *c)
{
	if (*n < cap)
		out[*n] = (struct mst_stage_stats){
			.pipeline = pipeline,
			.stage = stage,
			.calls = counter_get(&c->calls),
			.packets = counter_get(&c->packets),
			.cycles = counter_get(&c->cycles),
		};
	(*n)++;
}

unsigned int
mst_datapath_stages(unsigned int worker, struct mst_stage_stats *out, unsigned int cap)
{
	const struct mst_worker *w = datapath_worker(worker);
	unsigned int n = 0;

	if (w == NULL)
		return 0;
	add_row(out, cap, &n, "io", io_names[IO_RX], &w->io[IO_RX]);
	add_row(out, cap, &n, "io", io_names[IO_ENTER], &w->io[IO_ENTER]);
	for (unsigned int id = 0; id < PIPELINE_COUNT; id++) {
		const struct pipeline *p = datapath_pipeline((enum pipeline_id)id);

		for (unsigned int i = 0; i < p->n_stages; i++)
			add_row(out, cap, &n, p->name, p->stages[i].name, &w->stage[id][i]);
	}
	add_row(out, cap, &n, "io", io_names[IO_LEAVE], &w->io[IO_LEAVE]);
	add_row(out, cap, &n, "io", io_names[IO_TX], &w->io[IO_TX]);
	return n;
}

// Drivers count it per port.
static uint64_t
no_mbuf(const struct mst_worker *w)
{
	struct rte_eth_stats stats;
	uint64_t sum = 0;

	for (uint16_t i = 0; i < w->n_rxq; i++)
		if (w->rxq[i].queue == 0 && rte_eth_stats_get(w->rxq[i].dpdk_id, &stats) == 0)
			sum += stats.rx_nombuf;
	return sum;
}

void
mst_datapath_worker_stats(unsigned int worker, struct mst_worker_stats *out)
{
	const struct mst_worker *w = datapath_worker(worker);

	*out = (struct mst_worker_stats){0};
	if (w == NULL)
		return;
	*out = (struct mst_worker_stats){
		.rx_packets = counter_get(&w->rx_packets),
		.rx_bytes = counter_get(&w->rx_bytes),
		.tx_packets = counter_get(&w->tx_packets),
		.tx_bytes = counter_get(&w->tx_bytes),
		.turns = counter_get(&w->turns),
		.busy_cycles = counter_get(&w->busy_cycles),
		.total_cycles = counter_get(&w->total_cycles),
		.sleeps = counter_get(&w->sleeps),
		.woken = counter_get(&w->woken),
		.longest_sleep_us = counter_get(&w->longest_sleep_cycles) * 1000000 / rte_get_tsc_hz(),
		.no_mbuf = no_mbuf(w),
		.dtls_rx_packets = counter_get(&w->stage[PIPELINE_IN][IN_OPEN].kept),
		.dtls_tx_packets = counter_get(&w->stage[PIPELINE_OUT][OUT_SEAL].kept),
		.stream_rx_packets = counter_get(&w->stream_rx_packets),
		.stream_tx_packets = counter_get(&w->verdicts[MST_STREAM]),
		.handed_strays = counter_get(&w->verdicts[MST_HANDOFF]),
		.handed_spread =
			counter_get(&w->verdicts[MST_SPREAD_IN]) + counter_get(&w->verdicts[MST_SPREAD_OUT]),
		.handed_tx = counter_get(&w->verdicts[MST_HANDOFF_TX]),
	};
}
