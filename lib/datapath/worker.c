// The loop of a worker lcore: poll, run, send; wait only when there is nothing to do.
#include "worker.h"

#include <rte_pause.h>

// Turns under load between two quiescent reports: often enough for control's defer queue, rare enough to cost
// nothing.
#define QUIESCENT_TURNS 256

// A worker that sleeps does not look into its ring. It is looked for again every turn: an announcement that is missed
// in one is seen in the next.
static void
wake_others(const struct mst_worker *w)
{
	for (uint64_t asleep = mst_rt_asleep(); unlikely(asleep != 0); asleep &= asleep - 1) {
		unsigned int other = (unsigned int)__builtin_ctzll(asleep);

		if (!rte_ring_empty(w->handoff_to[other]))
			mst_rt_wake(other);
	}
}

unsigned int
datapath_turn(struct mst_worker *w)
{
	unsigned int n = 0;

	for (uint16_t i = 0; i < w->n_rxq; i++)
		n += datapath_rx(w, &w->rxq[i]);
	n += datapath_enter_handoff(w);
	n += datapath_enter_inject(w);
	datapath_tx_flush(w);
	wake_others(w);
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

// After an empty turn. Whatever it does with the time, that is never counted as busy.
static uint64_t
be_idle(struct mst_worker *w, enum idle_action action, uint64_t since)
{
	uint64_t now;

	switch (action) {
	case IDLE_SPIN:
		rte_pause();
		break;
	case IDLE_PAUSE:
		for (unsigned int i = 0; i < w->idle.pauses; i++)
			rte_pause();
		break;
	case IDLE_SLEEP:
		datapath_sleep(w);
		break;
	}
	now = rte_rdtsc();
	mst_counter_add(&w->total_cycles, now - since);
	return now;
}

int
mst_datapath_worker(void *arg)
{
	struct mst_worker *w = datapath_worker((unsigned int)(uintptr_t)arg);
	uint64_t last = rte_rdtsc();
	unsigned int left = QUIESCENT_TURNS;

	datapath_idle_init(&w->idle, last);
	mst_rt_worker_online(w->index);
	for (;;) {
		unsigned int n = datapath_turn(w);
		uint64_t now = rte_rdtsc();
		enum idle_action action = datapath_idle_turn(&w->idle, &w->idle_policy, n, now);

		count_turn(w, n, now - last);
		last = now;
		if (unlikely(n > 0 && w->announced))
			datapath_sleep_cancel(w);
		// No pointer of a burst outlives its turn. An idle worker reports every turn: control waits
		// for it.
		if (n > 0 && --left > 0)
			continue;
		left = QUIESCENT_TURNS;
		mst_rt_worker_quiescent(w->index);
		if (mst_rt_stopping())
			break;
		if (n == 0)
			last = be_idle(w, action, last);
	}
	mst_rt_worker_offline(w->index);
	return 0;
}
