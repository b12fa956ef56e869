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
		memset(t, 0, sizeof(*t));
		memcpy(t->peer, l3 + 12, 4);
		memcpy(t->local, l3 + 16, 4);
	} else {
		memcpy(t->peer, l3 + 8, 16);
		memcpy(t->local, l3 + 24, 16);
	}
	memcpy(&t->peer_port_be, udp, 2);
	memcpy(&t->local_port_be, udp + 2, 2);
	t->version = p->ip_version;
}

// A handshake record that these keys do not open may be the Finished of a handshake that control has in hand.
static inline enum mst_verdict
not_for_these_keys(const struct mst_pkt *p, enum mst_verdict v)
{
	return p->content == MST_DTLS_HANDSHAKE ? MST_CONTROL : v;
}

static enum mst_verdict
lookup_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_sa *sa = p->sa;

	(void)b;
	if (unlikely(sa == NULL))
		return not_for_these_keys(p, MST_DROP_NO_SESSION);
	if (unlikely(mst_wire_be16(pkt_data(m) + p->record_off + 3) != sa->keys.epoch))
		return not_for_these_keys(p, MST_DROP_EPOCH);
	p->session = sa->session;
	p->session_index = sa->session_index;
	p->session_id = sa->session_id;
	if (unlikely(sa->owner != w->index)) {
		p->worker = sa->owner;
		return MST_HANDOFF;
	}
	rte_prefetch0(&sa->rx_packets);
	rte_prefetch0(&sa->window);
	return MST_NEXT;
}

void
stage_lookup_in(const struct mst_worker *w, struct mst_burst *b)
{
	struct mst_sa_tuple tuples[MST_BURST];
	const struct mst_sa_tuple *keys[MST_BURST];
	struct mst_sa *found[MST_BURST];

	for (uint16_t i = 0; i < b->n; i++) {
		make_tuple(b->m[i], mst_pkt(b->m[i]), &tuples[i]);
		keys[i] = &tuples[i];
	}
	mst_sa_lookup_bulk(keys, found, b->n);
	for (uint16_t i = 0; i < b->n; i++) {
		mst_pkt(b->m[i])->sa = found[i];
		if (found[i] != NULL) {
			rte_prefetch0(found[i]);
			rte_prefetch0(&found[i]->keys);
		}
	}
	burst_each(w, b, lookup_one);
}
