// Out of the ports: one buffer a port, sent when it is full and at the end of every turn. Worker lcores.
#include <rte_ethdev.h>

#include "worker.h"

// The port has fewer transmit queues than there are workers: the owner of the queue sends. Two workers on one
// queue would need a lock.
static void
to_queue_owner(struct mst_worker *w, uint16_t owner, struct worker_tx *t)
{
	unsigned int done;

	for (uint16_t i = 0; i < t->n; i++)
		mst_pkt(t->m[i])->entry = MST_ENTRY_FRAME;
	done = rte_ring_enqueue_burst(w->handoff_to[owner], (void *const *)t->m, t->n, NULL);
	count_verdict(w, MST_HANDOFF_TX, done);
	datapath_drop(w, t->m + done, t->n - done, MST_DROP_HANDOFF_RING);
}

static void
to_port(struct mst_worker *w, const struct worker_port *port, struct worker_tx *t)
{
	uint64_t bytes = 0;
	uint16_t done;

	// Once sent, an mbuf is the driver's: its length is read before.
	for (uint16_t i = 0; i < t->n; i++)
		bytes += t->m[i]->pkt_len;
	done = rte_eth_tx_burst(port->dpdk_id, port->txq, t->m, t->n);
	for (uint16_t i = done; i < t->n; i++)
		bytes -= t->m[i]->pkt_len;
	count_verdict(w, MST_SENT, done);
	mst_counter_add(&w->tx_packets, done);
	mst_counter_add(&w->tx_bytes, bytes);
	datapath_drop(w, t->m + done, (unsigned int)(t->n - done), MST_DROP_TX);
}

static void
send_buffer(struct mst_worker *w, unsigned int port)
{
	struct worker_tx *t = &w->tx[port];
	const struct worker_port *p = &w->port[port];
	uint64_t start = rte_rdtsc();

	if (p->tx_worker == w->index)
		to_port(w, p, t);
	else
		to_queue_owner(w, p->tx_worker, t);
	count_step(&w->io[IO_TX], t->n, t->n, rte_rdtsc() - start);
	t->n = 0;
}

void
datapath_tx(struct mst_worker *w, struct rte_mbuf **m, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int port = mst_pkt(m[i])->port;

		if (unlikely(port >= w->n_ports)) {
			datapath_drop(w, &m[i], 1, MST_DROP_PORT);
			continue;
		}
		if (unlikely(w->tx[port].n == TX_BUFFER))
			send_buffer(w, port);
		w->tx[port].m[w->tx[port].n++] = m[i];
	}
}

void
datapath_tx_flush(struct mst_worker *w)
{
	for (unsigned int port = 0; port < w->n_ports; port++)
		if (w->tx[port].n > 0)
			send_buffer(w, port);
}
