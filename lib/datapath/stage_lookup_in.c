// Third stage of the way in: whose record is it? By the outer addresses and ports, the whole burst in one
// lookup. Worker lcores.
#include <string.h>

#include "mst_session.h"
#include "mst_wire_inline.h"

#include "worker.h"

static inline void
make_tuple(struct rte_mbuf *m, const struct mst_pkt *p, struct mst_sa_tuple *t)
{
	const uint8_t *l3 = pkt_data(m) + p->l3_off;
	const uint8_t *udp = pkt_data(m) + p->record_off - MST_UDP_HDR_BYTES;

	if (likely(p->ip_version == 4)) {
		uint32_t addr[2];

		memcpy(addr, l3 + 12, sizeof(addr));
		*t = (struct mst_sa_tuple){0};
		memcpy(t->peer, &addr[0], 4);
		memcpy(t->local, &addr[1], 4);
	} else {
		memcpy(t->peer, l3 + 8, 16);
		memcpy(t->local, l3 + 24, 16);
	}
	memcpy(&t->peer_port_be, udp, 4); // and local_port_be
	t->version = p->ip_version;
}

// A handshake record that these keys do not open may be the Finished of a handshake that control has in hand.
static inline enum mst_verdict
not_for_these_keys(const struct mst_pkt *p, enum mst_verdict v)
{
	return p->content == MST_DTLS_HANDSHAKE ? MST_CONTROL : v;
}

static inline enum mst_verdict
lookup_one(const struct mst_worker *w, struct rte_mbuf *m, struct mst_pkt *p, struct mst_sa *sa)
{
	p->sa = sa;
	if (unlikely(sa == NULL))
		return not_for_these_keys(p, MST_STRAY);
	if (unlikely(mst_wire_be16(pkt_data(m) + p->record_off + 3) != sa->epoch))
		return not_for_these_keys(p, MST_DROP_EPOCH);
	p->session = sa->session;
	p->session_index = sa->session_index;
	p->session_id = sa->session_id;
	if (unlikely(sa->owner != w->index)) {
		p->worker = sa->owner;
		p->sa_serial = sa->serial;
		return w->spread_in ? MST_SPREAD_IN : MST_HANDOFF;
	}
	// What stage_open reads before it comes to the keys themselves.
	rte_prefetch0(&sa->rx_packets);
	rte_prefetch0(&sa->keys.rx.alg);
	return MST_NEXT;
}

void
stage_lookup_in(const struct mst_worker *w, struct mst_burst *b)
{
	struct mst_sa_tuple tuples[MST_BURST];
	struct mst_sa *found[MST_BURST];
	uint16_t n = b->n, kept = 0;

	if (n == 0)
		return;
	for (uint16_t i = 0; i < n; i++)
		make_tuple(b->m[i], mst_pkt(b->m[i]), &tuples[i]);
	mst_sa_lookup_bulk(tuples, found, n);
	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = b->m[i];
		enum mst_verdict v = lookup_one(w, m, mst_pkt(m), found[i]);

		burst_settle(b, m, v, &kept);
	}
	b->n = kept;
}
