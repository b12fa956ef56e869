// Where packets go that left a pipeline: a ring, another worker, back to the device, or the pool. The one
// place that frees, and the one that counts verdicts. Worker lcores.
//
// Whatever is enqueued belongs to the consumer from then on. A full ring is a verdict, never a wait.
#include <string.h>

#include "mst_wire_inline.h"

#include "worker.h"

// ---- admission: what strangers can cause is bounded before it reaches another lcore -------------
static uint64_t
source_of(struct rte_mbuf *m, const struct mst_pkt *p)
{
	const uint8_t *l3 = pkt_data(m) + p->l3_off;

	// A plaintext has no headers any more, but a session that vouches for it.
	if ((p->flags & MST_PKT_PLAIN) != 0)
		return UINT64_MAX - p->session_id;
	if (p->ip_version == 4)
		return mst_wire_be32(l3 + 12);
	// Who has one address of an IPv6 network has 2^64 of them.
	return (uint64_t)mst_wire_be32(l3 + 8) << 32 | mst_wire_be32(l3 + 12);
}

static uint64_t
next_hop(struct rte_mbuf *m, const struct mst_pkt *p)
{
	uint64_t half[2];

	if (p->ip_version == 4)
		return mst_wire_be32(pkt_data(m) + 16);
	memcpy(half, pkt_data(m) + 24, sizeof(half));
	return half[0] ^ half[1];
}

// The verdict that the packet ends in, unless the ring is full.
static enum mst_verdict
admit(struct mst_worker *w, struct rte_mbuf *m, struct mst_pkt *p, uint64_t tsc)
{
	switch (p->verdict) {
	case MST_CONTROL:
		return datapath_limiter_admit(&w->handshakes, source_of(m, p), tsc) ? MST_CONTROL
										    : MST_DROP_RATE;
	case MST_STRAY:
		p->flags |= MST_PKT_STRAY;
		return datapath_limiter_admit(&w->strays, source_of(m, p), tsc) &&
				       datapath_limiter_admit(&w->all_strays, 0, tsc)
			       ? MST_STRAY
			       : MST_DROP_NO_SESSION;
	case MST_RESOLVE:
		p->flags |= MST_PKT_RESOLVE;
		return datapath_limiter_admit(&w->resolves, next_hop(m, p), tsc) ? MST_RESOLVE
										 : MST_DROP_UNRESOLVED;
	case MST_KERNEL:
		p->punt =
			(uint8_t)mst_punt_classify(pkt_data(m), m->data_len, (p->flags & MST_PKT_INNER) != 0);
		return mst_punt_admit(&w->policer, (enum mst_punt_class)p->punt, tsc) ? MST_KERNEL
										      : MST_DROP_POLICED;
	default:
		return (enum mst_verdict)p->verdict;
	}
}

// ---- exits --------------------------------------------------------------------------------------
void
datapath_drop(struct mst_worker *w, struct rte_mbuf **m, unsigned int n, enum mst_verdict v)
{
	if (n == 0)
		return;
	count_verdict(w, v, n);
	rte_pktmbuf_free_bulk(m, n);
}

// What goes the same way in one burst.
struct heap {
	uint16_t n;
	struct rte_mbuf *m[MST_BURST];
};

static inline void
heap_add(struct heap *h, struct rte_mbuf *m)
{
	h->m[h->n++] = m;
}

static void
to_ring(struct mst_worker *w, struct rte_ring *r, struct heap *h, enum mst_verdict v, enum mst_verdict full)
{
	unsigned int done;

	if (h->n == 0)
		return;
	done = rte_ring_enqueue_burst(r, (void *const *)h->m, h->n, NULL);
	count_verdict(w, v, done);
	datapath_drop(w, h->m + done, h->n - done, full);
}

// Packets of another worker, which is named in the packet area; there the sender takes its place. One enqueue
// an owner: a ring that many fill is the dearer part. The order among the packets of an owner stays.
static void
to_owners(struct mst_worker *w, struct heap *h)
{
	while (h->n > 0) {
		uint16_t owner = mst_pkt(h->m[0])->worker, rest = 0;
		enum mst_verdict v = (enum mst_verdict)mst_pkt(h->m[0])->verdict; // of a burst all the same
		struct heap same;

		same.n = 0;
		for (uint16_t i = 0; i < h->n; i++) {
			struct mst_pkt *p = mst_pkt(h->m[i]);

			if (p->worker != owner) {
				h->m[rest++] = h->m[i];
				continue;
			}
			p->worker = w->index;
			p->entry = v == MST_SPREAD_OUT ? ENTRY_PLAIN : MST_ENTRY_RECORD;
			heap_add(&same, h->m[i]);
		}
		h->n = rest;
		if (owner < w->n_workers)
			to_ring(w, w->handoff_to[owner], &same, v, MST_DROP_HANDOFF_RING);
		else
			datapath_drop(w, same.m, same.n, MST_DROP_HANDOFF_RING);
	}
}

struct exits {
	struct heap owners, control, stray, resolve, kernel, stream, freed;
	struct mst_burst echo; // DPD responses, which go back out by this worker
};

static void
sort(struct mst_worker *w, struct exits *x, struct rte_mbuf *m, uint64_t tsc)
{
	struct mst_pkt *p = mst_pkt(m);
	enum mst_verdict v = (enum mst_verdict)p->verdict;

	if (v == MST_HANDOFF || v == MST_SPREAD_IN || v == MST_SPREAD_OUT) {
		heap_add(&x->owners, m);
		return;
	}
	v = admit(w, m, p, tsc);
	p->worker = w->index;
	switch (v) {
	case MST_CONTROL:
		heap_add(&x->control, m);
		break;
	case MST_STRAY:
		heap_add(&x->stray, m);
		break;
	case MST_RESOLVE:
		heap_add(&x->resolve, m);
		break;
	case MST_KERNEL:
		heap_add(&x->kernel, m);
		break;
	case MST_STREAM:
		heap_add(&x->stream, m);
		break;
	case MST_REFLECT:
		count_verdict(w, v, 1);
		burst_add(&x->echo, m);
		break;
	default:
		count_verdict(w, v, 1);
		heap_add(&x->freed, m);
	}
}

void
datapath_leave(struct mst_worker *w, struct mst_burst *b)
{
	struct exits x;
	uint64_t start = rte_rdtsc();

	x.owners.n = x.control.n = x.stray.n = x.resolve.n = x.kernel.n = x.stream.n = x.freed.n = 0;
	burst_init(&x.echo, b->tsc);
	for (uint16_t i = 0; i < b->n_left; i++)
		sort(w, &x, b->left[i], b->tsc);
	to_owners(w, &x.owners);
	to_ring(w, w->control, &x.control, MST_CONTROL, MST_DROP_CONTROL_RING);
	to_ring(w, w->control, &x.stray, MST_STRAY, MST_DROP_CONTROL_RING);
	to_ring(w, w->control, &x.resolve, MST_RESOLVE, MST_DROP_CONTROL_RING);
	to_ring(w, w->kernel, &x.kernel, MST_KERNEL, MST_DROP_KERNEL_RING);
	to_ring(w, w->stream, &x.stream, MST_STREAM, MST_DROP_STREAM_RING);
	if (x.freed.n > 0)
		rte_pktmbuf_free_bulk(x.freed.m, x.freed.n);
	count_step(&w->io[IO_LEAVE], b->n_left, x.echo.n, rte_rdtsc() - start);
	b->n_left = 0;
	if (x.echo.n > 0)
		datapath_run(w, PIPELINE_OUT, OUT_SEAL, &x.echo);
}
