// Where does it go? FIB to adjacency, and the MTU of the way. The inner packet of a device and the outer
// packet to a device get different answers from the same table. Worker lcores.
#include "mst_route.h"
#include "mst_wire_inline.h"

#include "worker.h"

// A device's packet. What has no neighbour yet is the kernel's, which resolves it and forwards meanwhile; so
// is what is for the gateway itself. From device to device nothing goes.
static const uint8_t inner_by_kind[] = {
	[MST_ADJ_NONE] = MST_DROP_NO_ROUTE,
	[MST_ADJ_READY] = MST_NEXT,
	[MST_ADJ_RESOLVE] = MST_KERNEL,
	[MST_ADJ_LOCAL] = MST_KERNEL,
	[MST_ADJ_POOL] = MST_DROP_ISOLATED,
	[MST_ADJ_FOREIGN] = MST_DROP_NO_ROUTE,
};

// Our own packet to a device. The kernel cannot send it for us; control has it resolve the neighbour for the
// next one.
static const uint8_t outer_by_kind[] = {
	[MST_ADJ_NONE] = MST_DROP_NO_ROUTE,
	[MST_ADJ_READY] = MST_NEXT,
	[MST_ADJ_RESOLVE] = MST_RESOLVE,
	[MST_ADJ_LOCAL] = MST_DROP_NO_ROUTE,
	[MST_ADJ_POOL] = MST_DROP_NO_ROUTE,
	[MST_ADJ_FOREIGN] = MST_DROP_NO_ROUTE,
};

static inline void
lookup(struct mst_burst *b)
{
	uint32_t dst[MST_BURST];
	const struct mst_adj *adj[MST_BURST];
	struct mst_pkt *of[MST_BURST];
	unsigned int n = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		struct mst_pkt *p = mst_pkt(b->m[i]);
		const uint8_t *l3 = pkt_data(b->m[i]);

		if (likely(p->ip_version == 4)) {
			dst[n] = mst_wire_be32(l3 + 16);
			of[n++] = p;
		} else {
			p->adj = mst_route_lookup6(l3 + 24);
		}
	}
	if (likely(n > 0))
		mst_route_lookup4_bulk(dst, adj, n);
	for (unsigned int i = 0; i < n; i++)
		of[i]->adj = adj[i];
}

static enum mst_verdict
route_inner_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_adj *adj = p->adj;

	(void)w;
	(void)b;
	(void)m;
	// The kernel fragments, or tells the sender (RFC 1812 section 5.3.9, RFC 4443 section 3.2).
	if (unlikely(p->l3_len > adj->mtu && adj->kind == MST_ADJ_READY))
		return MST_KERNEL;
	return (enum mst_verdict)inner_by_kind[adj->kind];
}

static enum mst_verdict
route_outer_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_adj *adj = p->adj;

	(void)w;
	(void)b;
	(void)m;
	if (unlikely(p->l3_len > adj->mtu && adj->kind == MST_ADJ_READY))
		return MST_DROP_MTU;
	return (enum mst_verdict)outer_by_kind[adj->kind];
}

void
stage_route_inner(const struct mst_worker *w, struct mst_burst *b)
{
	lookup(b);
	burst_each(w, b, route_inner_one);
}

void
stage_route_outer(const struct mst_worker *w, struct mst_burst *b)
{
	lookup(b);
	burst_each(w, b, route_outer_one);
}
