// The loop of a worker lcore: poll, run, send; never wait.
#include "worker.h"

#include <rte_pause.h>

// Turns under load between two quiescent reports: often enough for control's defer queue, rare enough to cost
// nothing.
#define QUIESCENT_TURNS 256

unsigned int
datapath_turn(struct mst_worker *w)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < w->n_rxq; i++)
		n += datapath_rx(w, &w->rxq[i]);
	n += datapath_enter_handoff(w);
	n += datapath_enter_inject(w);
	datapath_tx_flush(w);
	return n;
}

unsigned int
mst_datapath_turn(unsigned int worker)
{
	return datapath_turn(datapath_worker(worker));
}

static void
count_turn(struct mst_worker *w, unsigned int n, uint64_t cycles)
{
	mst_counter_add(&w->turns, 1);
	mst_counter_add(&w->total_cycles, cycles);
	if (n > 0)
		mst_counter_add(&w->busy_cycles, cycles);
}

int
mst_datapath_worker(void *arg)
{
	struct mst_worker *w = datapath_worker((unsigned int)(uintptr_t)arg);
	uint64_t last = rte_rdtsc();
	unsigned int left = QUIESCENT_TURNS;

	mst_rt_worker_online(w->index);
	for (;;) {
		unsigned int n = datapath_turn(w);
		uint64_t now = rte_rdtsc();

		count_turn(w, n, now - last);
		last = now;
		// No pointer of a burst outlives its turn. An idle worker reports every turn: control waits
		// for it.
		if (n > 0 && --left > 0)
			continue;
		left = QUIESCENT_TURNS;
		mst_rt_worker_quiescent(w->index);
		if (mst_rt_stopping())
			break;
		if (n == 0)
			rte_pause();
	}
	mst_rt_worker_offline(w->index);
	return 0;
}
