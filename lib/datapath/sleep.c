// One sleep of a worker that has nothing to do. Worker lcores.
#include <rte_epoll.h>
#include <rte_ethdev.h>

#include "mst_port.h"

#include "worker.h"

static void
arm(const struct mst_worker *w, bool on)
{
	for (uint16_t i = 0; i < w->n_rxq; i++) {
		if (!w->rxq[i].interrupts)
			continue;
		// A driver without the call has its interrupts on always; what one refuses is found by the timeout.
		if (on)
			(void)rte_eth_dev_rx_intr_enable(w->rxq[i].dpdk_id, w->rxq[i].queue);
		else
			(void)rte_eth_dev_rx_intr_disable(w->rxq[i].dpdk_id, w->rxq[i].queue);
	}
}

// The events of the queues say nothing that a turn does not find; EAL reads their counters meanwhile.
static void
take_events(int epoll)
{
	struct rte_epoll_event events[WORKER_MAX_RXQ];

	(void)rte_epoll_wait(epoll, events, WORKER_MAX_RXQ, 0);
}

static void
count(struct mst_worker *w, bool woken, uint64_t cycles)
{
	mst_counter_add(&w->sleeps, 1);
	mst_counter_add(&w->woken, woken);
	if (cycles > counter_get(&w->longest_sleep_cycles))
		atomic_store_explicit(&w->longest_sleep_cycles, cycles, memory_order_relaxed);
}

static void
end(struct mst_worker *w)
{
	w->announced = false;
	if (w->sleep.epoll < 0)
		return;
	arm(w, false);
	take_events(w->sleep.epoll);
}

void
datapath_sleep_cancel(struct mst_worker *w)
{
	mst_rt_sleep_cancel(w->index);
	end(w);
}

// What comes before the turn between the announcement and the sleep is found by that turn, what comes after it wakes.
void
datapath_sleep(struct mst_worker *w)
{
	uint64_t start;
	bool woken;

	if (!w->announced) {
		w->announced = true;
		mst_rt_sleep_announce(w->index);
		if (w->sleep.epoll >= 0)
			arm(w, true);
		return;
	}
	start = rte_rdtsc();
	woken = mst_rt_sleep(w->index, w->sleep.fds, w->sleep.n_fds, w->sleep.timeout_ns);
	count(w, woken, rte_rdtsc() - start);
	end(w);
}
