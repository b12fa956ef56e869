// Gathers what wakes a worker. Control lcore, before launch and after the end.
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "mst_port.h"

#include "worker.h"

// Where something may come without a sign, a worker looks again after a nap: with what it takes to fall asleep and to
// wake up that is below 100 us. Else the timeout is only there for what a driver may have missed.
#define NAP_NS 60000
#define SLEEP_NS 10000000

static bool
add_interrupt(struct mst_worker *w, const struct worker_rxq *q)
{
	struct sleep_set *s = &w->sleep;

	if (s->epoll < 0) {
		s->epoll = epoll_create1(EPOLL_CLOEXEC);
		if (s->epoll < 0)
			return false;
		s->fds[s->n_fds++] = s->epoll;
	}
	return rte_eth_dev_rx_intr_ctl_q(q->dpdk_id, q->queue, s->epoll, RTE_INTR_EVENT_ADD, NULL) == 0;
}

// Whether a packet of the queue ends a sleep.
static bool
add_queue(struct mst_worker *w, struct worker_rxq *q)
{
	const struct mst_port *port = mst_port_get(q->port);

	switch (port->wake) {
	case MST_PORT_WAKE_INTERRUPT:
		q->interrupts = add_interrupt(w, q);
		if (!q->interrupts)
			MST_LOG(WARNING, "datapath",
				"%s: no interrupt for receive queue %u, it is looked at again and again",
				port->device, q->queue);
		return q->interrupts;
	case MST_PORT_WAKE_SOCKET:
		w->sleep.fds[w->sleep.n_fds++] = port->sockets[q->queue];
		return true;
	case MST_PORT_WAKE_NONE:
		break;
	}
	return false;
}

void
datapath_sleep_create(struct mst_worker *w)
{
	static_assert(
		MST_RT_SLEEP_FDS > WORKER_MAX_RXQ, "each queue a socket, and the interrupts of the others");
	w->sleep = (struct sleep_set){.epoll = -1, .timeout_ns = SLEEP_NS};
	for (uint16_t i = 0; i < w->n_rxq; i++) {
		if (!add_queue(w, &w->rxq[i]))
			w->sleep.timeout_ns = NAP_NS;
	}
}

void
datapath_sleep_destroy(struct mst_worker *w)
{
	if (w->sleep.epoll >= 0)
		close(w->sleep.epoll);
}
