// Third stage of the way out: sequence numbers, then encryption in place. Also where a DPD response enters.
// Worker lcores; any worker may seal for any device, the fetch-add keeps their numbers apart.
#include "mst_dtls_inline.h"
#include "mst_session.h"

#include "message.h"
#include "worker.h"

#define FIRST 4 // packets whose keys are asked for before the burst is prepared

static enum mst_verdict
room_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_sa *sa = p->sa;

	(void)w;
	(void)b;
	if (unlikely(rte_pktmbuf_headroom(m) < sa->head_bytes + MESSAGE_TYPE_BYTES ||
		     rte_pktmbuf_tailroom(m) < MST_AEAD_TAG_BYTES))
		return MST_DROP_ROOM;
	return MST_NEXT;
}

// One fetch-add for every run of packets to the same device. Only the order of the numbers matters, and to
// nobody but the counter: relaxed.
static inline void
number(struct mst_burst *b)
{
	uint16_t i = 0;

	while (i < b->n) {
		struct mst_sa *sa = mst_pkt(b->m[i])->sa;
		uint16_t end = i;
		uint64_t bytes = 0, seq;

		for (; end < b->n && mst_pkt(b->m[end])->sa == sa; end++)
			bytes += b->m[end]->data_len;
		seq = atomic_fetch_add_explicit(&sa->tx_seq, (uint64_t)(end - i), memory_order_relaxed);
		atomic_fetch_add_explicit(&sa->tx_bytes, bytes, memory_order_relaxed);
		for (; i < end; i++)
			mst_pkt(b->m[i])->seq = seq++;
	}
}

static enum mst_verdict
begin_one(const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p, struct mst_aead_op *op)
{
	const struct mst_sa *sa = p->sa;
	size_t len = (size_t)m->data_len + MESSAGE_TYPE_BYTES;
	uint8_t *plain = pkt_data(m) - MESSAGE_TYPE_BYTES;

	(void)b;
	// The key is used up: what is data goes by the stream until there is a new one.
	if (unlikely(p->seq >= MST_DTLS_KEY_RECORDS))
		return p->type == MESSAGE_DATA ? MST_STREAM : MST_DROP_SEQ_LIMIT;
	plain[0] = p->type;
	mst_dtls_seal_begin(&sa->keys.tx, MST_DTLS_APPLICATION_DATA, p->seq, plain, len, op);
	pkt_set(m, plain - sa->head_bytes, sa->head_bytes + len + MST_AEAD_TAG_BYTES);
	return MST_NEXT;
}

void
stage_seal(const struct mst_worker *w, struct mst_burst *b)
{
	struct mst_aead_op ops[MST_BURST];

	burst_each(w, b, room_one);
	number(b);
	// Whom nothing runs in front of.
	for (uint16_t i = 0; i < FIRST && i < b->n; i++)
		mst_aead_key_prefetch(&((struct mst_sa *)mst_pkt(b->m[i])->sa)->keys.tx, b->m[i]->data_len);
	burst_each_op(b, begin_one, ops, true);
	mst_aead_seal_burst(ops, b->n, MST_DTLS_AAD_BYTES);
}
