// What a worker has of its own. Control fills the first part before launch and only reads afterwards; the
// rest is the worker's, and telemetry reads the counters.
#pragma once

#include <rte_cycles.h>
#include <rte_ether.h>

#include "mst_datapath.h"
#include "mst_exception.h"

#include "burst.h"
#include "idle.h"
#include "limiter.h"
#include "pipeline.h"
#include "sleep.h"

#define WORKER_MAX_RXQ 32
#define TX_BUFFER 64

// On the ring between workers pkt->entry is this, or MST_ENTRY_RECORD, or MST_ENTRY_FRAME for the owner of a transmit queue.
#define ENTRY_PLAIN 0xfe // inner packet to a device, looked up: to seal

// What a worker does besides running stages; counted like a stage.
enum io_step { IO_RX, IO_ENTER, IO_LEAVE, IO_TX, IO_STEP_COUNT };

struct worker_rxq {
	uint16_t dpdk_id, queue;
	uint8_t port, roles;
	bool interrupts; // wake a sleep
};

struct worker_port {
	uint16_t dpdk_id;
	uint16_t txq;
	uint16_t tx_worker; // whose queue it is: with fewer queues than workers it may be another's
	struct rte_ether_addr mac;
};

struct worker_tx {
	uint16_t n;
	struct rte_mbuf *m[TX_BUFFER];
};

// One writer, relaxed load and store (no lock prefix); telemetry reads.
typedef _Atomic uint64_t worker_counter;

struct step_counters {
	worker_counter calls, packets, kept, cycles;
};

struct mst_worker {
	// control writes before launch, the worker reads
	alignas(64) uint16_t index;
	uint16_t n_rxq, n_ports, n_workers;
	uint32_t dtls_port_be; // as in the packet; beyond 16 bits when DTLS is off, so that no port equals it
	bool spread_in; // the public port has fewer queues than workers: records go to their session's worker
	bool spread_out; // the private port has: packets to devices do
	struct rte_ring *control, *kernel, *stream, *inject, *handoff;
	struct rte_ring *handoff_to[MST_MAX_WORKERS];
	struct worker_rxq rxq[WORKER_MAX_RXQ];
	struct worker_port port[MST_MAX_PORTS];
	struct idle_policy idle_policy;
	struct sleep_set sleep;

	// the worker writes
	alignas(64) struct worker_tx tx[MST_MAX_PORTS];
	struct mst_punt_policer policer;
	struct limiter handshakes; // by source
	struct limiter strays;	   // by source
	struct limiter all_strays; // of one bucket
	struct limiter resolves;   // by next hop
	uint32_t bursts[PIPELINE_COUNT];
	struct idle idle;
	bool announced; // a sleep

	// the worker writes, telemetry reads
	alignas(64) worker_counter verdicts[MST_VERDICT_COUNT];
	struct step_counters stage[PIPELINE_COUNT][PIPELINE_MAX_STAGES];
	struct step_counters io[IO_STEP_COUNT];
	worker_counter rx_packets, rx_bytes, tx_packets, tx_bytes;
	worker_counter stream_rx_packets;
	worker_counter turns, busy_cycles, total_cycles;
	worker_counter sleeps, woken, longest_sleep_cycles; // part of total_cycles, never of busy_cycles
};

static inline uint64_t
counter_get(const worker_counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static inline void
count_verdict(struct mst_worker *w, enum mst_verdict v, uint64_t n)
{
	mst_counter_add(&w->verdicts[v], n);
}

static inline void
count_step(struct step_counters *c, uint64_t packets, uint64_t kept, uint64_t cycles)
{
	mst_counter_add(&c->calls, 1);
	mst_counter_add(&c->packets, packets);
	mst_counter_add(&c->kept, kept);
	mst_counter_add(&c->cycles, cycles);
}

// rx.c: takes one burst of a queue through its pipeline; returns how many packets there were.
unsigned int datapath_rx(struct mst_worker *w, const struct worker_rxq *q);
// enter.c: the same for what other lcores sent.
unsigned int datapath_enter_handoff(struct mst_worker *w);
unsigned int datapath_enter_inject(struct mst_worker *w);
// leave.c: ends or forwards every packet of b->left.
void datapath_leave(struct mst_worker *w, struct mst_burst *b);
// Frees n packets that end in v.
void datapath_drop(struct mst_worker *w, struct rte_mbuf **m, unsigned int n, enum mst_verdict v);
// tx.c: takes whole frames, each for our port mst_pkt(m)->port; they are sent at the end of the turn at the latest.
void datapath_tx(struct mst_worker *w, struct rte_mbuf **m, unsigned int n);
void datapath_tx_flush(struct mst_worker *w);
// worker.c: one turn of the loop; returns how many packets were handled.
unsigned int datapath_turn(struct mst_worker *w);

// worker_setup.c: NULL past the last.
struct mst_worker *datapath_worker(unsigned int index);
// Which worker polls or sends by queue q of n_queues of our port, and by which queue a worker's frames leave.
unsigned int datapath_worker_of_queue(
	unsigned int port, unsigned int q, unsigned int n_queues, unsigned int n_workers);
unsigned int datapath_txq_of_worker(
	unsigned int port, unsigned int worker, unsigned int n_txq, unsigned int n_workers);
// telemetry.c
MST_MUST_USE int datapath_telemetry_register(void);
