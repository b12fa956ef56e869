// Last stage of both ways: the Ethernet header of the adjacency. The gateway is a hop for the packet of a
// device and takes one from its TTL; for the outer packet it is the origin. Worker lcores.
#include <string.h>

#include "mst_route.h"
#include "mst_wire_inline.h"

#include "worker.h"

static inline enum mst_verdict
put_l2(struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_adj *adj = p->adj;
	uint8_t *l2 = (uint8_t *)rte_pktmbuf_prepend(m, adj->l2_len);

	if (unlikely(l2 == NULL))
		return MST_DROP_ROOM;
	memcpy(l2, adj->l2, MST_ETH_HDR_BYTES);
	if (unlikely(adj->l2_len != MST_ETH_HDR_BYTES))
		memcpy(l2 + MST_ETH_HDR_BYTES, adj->l2 + MST_ETH_HDR_BYTES,
			adj->l2_len - (size_t)MST_ETH_HDR_BYTES);
	mst_wire_put16(l2 + adj->l2_len - 2, p->ip_version == 6 ? MST_ETH_IP6 : MST_ETH_IP4);
	// What the receiving port said of the frame is not what the sending one is to do.
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	p->port = adj->port;
	return MST_NEXT;
}

static enum mst_verdict
rewrite_inner_one(
	const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	(void)w;
	(void)b;
	// Nothing has changed yet: the kernel sees what the device sent, and answers Time Exceeded.
	if (unlikely(!mst_wire_ttl_decrement(pkt_data(m))))
		return MST_KERNEL;
	return put_l2(m, p);
}

static enum mst_verdict
rewrite_outer_one(
	const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	(void)w;
	(void)b;
	return put_l2(m, p);
}

void
stage_rewrite_inner(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each(w, b, rewrite_inner_one);
}

void
stage_rewrite_outer(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each(w, b, rewrite_outer_one);
}
