// Makes the workers: memory, queues, rings, limits. Control lcore, before launch and after the end.
#include <errno.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "mst_port.h"

#include "worker.h"

// A handshake is two to four datagrams of the device, and as many again when one is lost.
#define DATAGRAMS_PER_HANDSHAKE 8
// Devices that have a new address, many of them perhaps behind one translator; and all of a worker together, which is
// what strangers with the addresses of others can make control spend on them.
#define STRAYS_PER_S 100
#define STRAYS_AT_ONCE 50
#define ALL_STRAYS_PER_S 1000
#define ALL_STRAYS_AT_ONCE 100
// Questions about one unresolved next hop of the outer side.
#define RESOLVES_PER_S 10
#define RESOLVES_AT_ONCE 3

static struct mst_worker *workers[MST_MAX_WORKERS];

struct mst_worker *
datapath_worker(unsigned int index)
{
	return index < MST_MAX_WORKERS ? workers[index] : NULL;
}

// Queue q of a port with a queue for every worker goes to worker q. A port with fewer starts at the worker of
// its own number, so that two ports of one queue each keep two workers busy.
unsigned int
datapath_worker_of_queue(unsigned int port, unsigned int q, unsigned int n_queues, unsigned int n_workers)
{
	return (n_queues < n_workers ? q + port : q) % n_workers;
}

// A worker that has a queue uses it; the others are dealt out over the queues.
unsigned int
datapath_txq_of_worker(unsigned int port, unsigned int worker, unsigned int n_txq, unsigned int n_workers)
{
	return (n_txq < n_workers ? worker + n_workers - port % n_workers : worker) % n_workers % n_txq;
}

static int
take_queues(struct mst_worker *w, const struct mst_port *port)
{
	for (uint16_t q = 0; q < port->n_rxq; q++) {
		if (datapath_worker_of_queue(port->index, q, port->n_rxq, w->n_workers) != w->index)
			continue;
		if (w->n_rxq == WORKER_MAX_RXQ)
			return -E2BIG;
		w->rxq[w->n_rxq++] = (struct worker_rxq){
			.dpdk_id = port->dpdk_id, .queue = q, .port = port->index, .roles = port->roles};
	}
	return 0;
}

static void
take_tx(struct mst_worker *w, const struct mst_port *port)
{
	unsigned int queue = datapath_txq_of_worker(port->index, w->index, port->n_txq, w->n_workers);

	w->port[port->index] = (struct worker_port){
		.dpdk_id = port->dpdk_id,
		.txq = (uint16_t)queue,
		.tx_worker =
			(uint16_t)datapath_worker_of_queue(port->index, queue, port->n_txq, w->n_workers),
		.mac = port->mac,
	};
}

static void
take_spread(struct mst_worker *w, const struct mst_port *port)
{
	bool by_software = mst_port_spreads_by_software(port, w->n_workers);

	w->spread_in = w->spread_in || (by_software && (port->roles & MST_PORT_PUBLIC) != 0);
	w->spread_out = w->spread_out || (by_software && (port->roles & MST_PORT_PRIVATE) != 0);
}

static void
take_rings(struct mst_worker *w)
{
	w->control = mst_rt_ring(MST_RING_CONTROL);
	w->kernel = mst_rt_ring(MST_RING_KERNEL);
	w->stream = mst_rt_ring(MST_RING_STREAM);
	w->inject = mst_rt_ring_inject(w->index);
	w->handoff = mst_rt_ring_handoff(w->index);
	for (unsigned int i = 0; i < w->n_workers; i++)
		w->handoff_to[i] = mst_rt_ring_handoff(i);
}

static void
set_limits(struct mst_worker *w, const struct mst_datapath_params *p)
{
	uint32_t per_s = p->handshakes_per_s * DATAGRAMS_PER_HANDSHAKE;
	uint64_t seed;

	mst_random(&seed, sizeof(seed));
	datapath_limiter_init(&w->handshakes, seed, rte_get_tsc_hz(), per_s, per_s);
	datapath_limiter_init(&w->strays, seed, rte_get_tsc_hz(), STRAYS_PER_S, STRAYS_AT_ONCE);
	datapath_limiter_init(&w->all_strays, seed, rte_get_tsc_hz(), ALL_STRAYS_PER_S, ALL_STRAYS_AT_ONCE);
	datapath_limiter_init(&w->resolves, seed, rte_get_tsc_hz(), RESOLVES_PER_S, RESOLVES_AT_ONCE);
	mst_punt_policer_init(&w->policer, rte_rdtsc());
	mst_exception_register_policer(w->index, &w->policer);
}

static int
make_worker(unsigned int index, const struct mst_datapath_params *p)
{
	struct mst_worker *w = rte_zmalloc_socket(
		"mst_worker", sizeof(*w), alignof(struct mst_worker), mst_rt_worker_socket(index));

	if (w == NULL)
		return -ENOMEM;
	workers[index] = w;
	w->sleep.epoll = -1;
	w->index = (uint16_t)index;
	w->n_workers = (uint16_t)mst_rt_n_workers();
	w->n_ports = (uint16_t)mst_port_count();
	w->dtls_port_be = p->udp_port != 0 ? rte_cpu_to_be_16(p->udp_port) : UINT32_MAX;
	take_rings(w);
	set_limits(w, p);
	for (unsigned int i = 0; i < w->n_ports; i++) {
		take_tx(w, mst_port_get(i));
		take_spread(w, mst_port_get(i));
		MST_TRY(take_queues(w, mst_port_get(i)));
	}
	w->idle_policy = datapath_idle_policy(p->idle, mst_rt_shares_cpu(), rte_get_tsc_hz());
	datapath_sleep_create(w);
	return 0;
}

int
mst_datapath_create(const struct mst_datapath_params *p, char *err, size_t err_cap)
{
	struct mst_str text = mst_str_init(err, err_cap);
	int ret = 0;

	for (unsigned int i = 0; i < mst_rt_n_workers() && ret == 0; i++)
		ret = make_worker(i, p);
	if (ret == -ENOMEM)
		mst_str_fmt(&text, "no memory for %u workers of %zu bytes", mst_rt_n_workers(),
			sizeof(struct mst_worker));
	else if (ret == -E2BIG)
		mst_str_fmt(&text, "a worker would have to poll more than %d queues", WORKER_MAX_RXQ);
	else
		ret = datapath_telemetry_register();
	if (ret < 0)
		mst_datapath_destroy();
	return ret;
}

void
mst_datapath_destroy(void)
{
	mst_rt_reader_enter(); // telemetry reads their counters
	for (unsigned int i = 0; i < MST_MAX_WORKERS; i++) {
		mst_exception_register_policer(i, NULL);
		if (workers[i] != NULL)
			datapath_sleep_destroy(workers[i]);
		rte_free(workers[i]);
		workers[i] = NULL;
	}
	mst_rt_reader_leave();
}
