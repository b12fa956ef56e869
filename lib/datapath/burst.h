// A burst on its way through a pipeline, and the loop that all stages share. Worker lcores.
//
// Ownership of mbufs: the burst owns every mbuf in m and in left; each is in exactly one of the two. A stage
// moves an mbuf from m to left by its verdict and never frees, keeps or sends it: leave.c does, once, behind
// the last stage.
#pragma once

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "mst_crypto.h"
#include "mst_rt.h"

#include "verdicts.h"

struct mst_worker;

struct mst_burst {
	uint64_t tsc; // one time stamp for all of it
	uint16_t n, n_left;
	struct rte_mbuf *m[MST_BURST];	  // still in the pipeline
	struct rte_mbuf *left[MST_BURST]; // out of it, the verdict in the packet area
};

// What a stage is: a pure function of one packet and of what the tables say.
typedef enum mst_verdict mst_pkt_fn(
	const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p);
// A stage over a burst.
typedef void mst_stage_fn(const struct mst_worker *w, struct mst_burst *b);

static inline void
burst_init(struct mst_burst *b, uint64_t tsc)
{
	b->tsc = tsc;
	b->n = 0;
	b->n_left = 0;
}

static inline void
burst_add(struct mst_burst *b, struct rte_mbuf *m)
{
	b->m[b->n++] = m;
}

static inline void
burst_leave(struct mst_burst *b, struct rte_mbuf *m, enum mst_verdict v)
{
	mst_pkt(m)->verdict = (uint8_t)v;
	b->left[b->n_left++] = m;
}

// What the verdict of a stage does to a packet: it stays, behind those that stayed before it, or leaves.
static inline void
burst_settle(struct mst_burst *b, struct rte_mbuf *m, enum mst_verdict v, uint16_t *kept)
{
	if (likely(v == MST_NEXT))
		b->m[(*kept)++] = m;
	else
		burst_leave(b, m, v);
}

// fn over every packet of the burst. With fn constant the compiler inlines it: a stage costs no call a packet.
static inline void
burst_each(const struct mst_worker *w, struct mst_burst *b, mst_pkt_fn *fn)
{
	uint16_t n = b->n, kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		enum mst_verdict v = fn(w, b, m, mst_pkt(m));

		burst_settle(b, m, v, &kept);
	}
	b->n = kept;
}

// The same for the two halves of a stage that works on the burst as a whole between them. begin: op is to be filled;
// those of the packets that stay lie side by side afterwards. Otherwise op is what begin filled for this packet.
typedef enum mst_verdict mst_op_fn(
	const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p, struct mst_aead_op *op);

static inline void
burst_each_op(struct mst_burst *b, mst_op_fn *fn, struct mst_aead_op ops[MST_BURST], bool begin)
{
	uint16_t n = b->n, kept = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		enum mst_verdict v = fn(b, m, mst_pkt(m), &ops[begin ? kept : i]);

		burst_settle(b, m, v, &kept);
	}
	b->n = kept;
}

// ---- room in the one segment of a packet --------------------------------------------------------
static inline uint8_t *
pkt_data(struct rte_mbuf *m)
{
	return rte_pktmbuf_mtod(m, uint8_t *);
}

// Names len bytes from data on as the packet; they lie within its buffer.
static inline void
pkt_set(struct rte_mbuf *m, const uint8_t *data, size_t len)
{
	m->data_off = (uint16_t)(data - (const uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
}
