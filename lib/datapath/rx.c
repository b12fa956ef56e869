// From a receive queue into the pipeline of its port's role. Worker lcores.
#include <rte_ethdev.h>

#include "mst_port.h"
#include "mst_session.h"
#include "mst_wire_inline.h"

#include "worker.h"

static void
run_in(struct mst_worker *w, struct mst_burst *b)
{
	datapath_run(w, PIPELINE_IN, IN_OUTER, b);
}

static void
run_out(struct mst_worker *w, struct mst_burst *b)
{
	datapath_run(w, PIPELINE_OUT, OUT_PRIVATE, b);
}

// On a port of both roles the destination tells: an address of a device is behind us. What does not parse is
// for the way in to judge.
static bool
is_for_device(struct rte_mbuf *m)
{
	struct mst_wire_eth eth;
	struct mst_rd r;
	const uint8_t *dst;

	if (mst_wire_eth_parse(pkt_data(m), m->data_len, &eth) != MST_WIRE_OK)
		return false;
	r = mst_rd_init(pkt_data(m) + eth.l3_off, (size_t)m->data_len - eth.l3_off);
	if (eth.ethertype == MST_ETH_IP4) {
		(void)mst_rd_bytes(&r, 16);
		dst = mst_rd_bytes(&r, 4);
		return dst != NULL && mst_session_in_pool4(mst_wire_be32(dst));
	}
	(void)mst_rd_bytes(&r, 24);
	dst = mst_rd_bytes(&r, 16);
	return eth.ethertype == MST_ETH_IP6 && dst != NULL && mst_session_in_pool6(dst);
}

static void
run_both(struct mst_worker *w, struct mst_burst *b)
{
	struct mst_burst out;
	uint16_t kept = 0;

	burst_init(&out, b->tsc);
	for (uint16_t i = 0; i < b->n; i++) {
		if (is_for_device(b->m[i]))
			burst_add(&out, b->m[i]);
		else
			b->m[kept++] = b->m[i];
	}
	b->n = kept;
	run_in(w, b);
	run_out(w, &out);
}

// The stages write every field of the area they read later; what may be read unwritten is cleared here, in
// one line.
static inline void
prepare(struct mst_worker *w, struct mst_burst *b, uint8_t port)
{
	uint64_t bytes = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		rte_prefetch0(pkt_data(b->m[i]));
		*mst_pkt(b->m[i]) = (struct mst_pkt){.port = port};
		bytes += b->m[i]->pkt_len;
	}
	mst_counter_add(&w->rx_packets, b->n);
	mst_counter_add(&w->rx_bytes, bytes);
}

unsigned int
datapath_rx(struct mst_worker *w, const struct worker_rxq *q)
{
	struct mst_burst b;
	uint64_t start = rte_rdtsc();
	unsigned int n;

	burst_init(&b, start);
	b.n = rte_eth_rx_burst(q->dpdk_id, q->queue, b.m, MST_BURST);
	n = b.n;
	if (n == 0)
		return 0;
	prepare(w, &b, q->port);
	b.tsc = rte_rdtsc();
	count_step(&w->io[IO_RX], n, n, b.tsc - start);
	switch (q->roles) {
	case MST_PORT_PUBLIC:
		run_in(w, &b);
		break;
	case MST_PORT_PRIVATE:
		run_out(w, &b);
		break;
	default:
		run_both(w, &b);
	}
	return n;
}
