// Second stage of the way out: inner destination to session by one load, then by which path and whether it
// fits. Also the way in of packets that the kernel sends into the pool. Behind it the packet begins at its IP
// header and the gateway has taken its hop. Worker lcores.
#include "mst_session.h"
#include "mst_wire_inline.h"

#include "message.h"
#include "worker.h"

static inline struct mst_session *
find(struct rte_mbuf *m, const struct mst_pkt *p)
{
	const uint8_t *l3 = pkt_data(m) + p->l3_off;

	return likely(p->ip_version == 4) ? mst_session_by_addr4(mst_wire_be32(l3 + 16))
					  : mst_session_by_addr6(l3 + 24);
}

// What came from the kernel's tun has no Ethernet header, and the kernel was the hop.
static inline bool
from_kernel(const struct mst_pkt *p)
{
	return (p->flags & MST_PKT_INNER) != 0;
}

// Any worker may seal. Where the private port has too few queues to spread the work, the session's does.
static inline enum mst_verdict
to_sealer(const struct mst_worker *w, const struct mst_session *s, struct mst_pkt *p)
{
	if (likely(!w->spread_out || s->home == w->index))
		return MST_NEXT;
	p->worker = s->home;
	return MST_SPREAD_OUT;
}

static enum mst_verdict
lookup_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_session *s = p->session;
	uint8_t *l3 = pkt_data(m) + p->l3_off;
	enum mst_session_path path;

	(void)b;
	if (unlikely(s == NULL))
		return MST_DROP_NO_DEVICE;
	path = (enum mst_session_path)atomic_load_explicit(&s->path, memory_order_relaxed);
	if (unlikely(path == MST_PATH_NONE))
		return MST_DROP_NO_PATH;
	// The kernel fragments, or tells the sender (RFC 1812 section 5.3.9, RFC 4443 section 3.2): its way
	// into the pool is a tun of the tunnel's MTU.
	if (unlikely(p->l3_len > s->mtu))
		return from_kernel(p) ? MST_DROP_MTU : MST_KERNEL;
	if (likely(!from_kernel(p)) && unlikely(!mst_wire_ttl_decrement(l3)))
		return MST_KERNEL;
	pkt_set(m, l3, p->l3_len);
	p->l3_off = 0;
	p->flags |= MST_PKT_INNER;
	p->type = MESSAGE_DATA;
	p->session_index = s->index;
	p->session_id = s->id;
	return likely(path == MST_PATH_DTLS && p->sa != NULL) ? to_sealer(w, s, p) : MST_STREAM;
}

// Three passes, each asking for the lines of the next: slot, session, association.
void
stage_lookup_out(const struct mst_worker *w, struct mst_burst *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		struct mst_session *s = find(b->m[i], mst_pkt(b->m[i]));

		mst_pkt(b->m[i])->session = s;
		rte_prefetch0(s);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct mst_pkt *p = mst_pkt(b->m[i]);
		const struct mst_session *s = p->session;

		struct mst_sa *sa = s == NULL ? NULL : atomic_load_explicit(&s->sa, memory_order_acquire);

		p->sa = sa;
		if (unlikely(sa == NULL))
			continue;
		// What stage_seal reads before it comes to the keys themselves.
		rte_prefetch0(&sa->tx_seq);
		rte_prefetch0(sa->template_bytes);
		rte_prefetch0(&sa->keys.tx.alg);
	}
	burst_each(w, b, lookup_one);
}
