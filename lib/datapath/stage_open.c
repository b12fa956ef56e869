// Fourth stage of the way in: replay window, decryption, tag; the window moves only when the tag was right
// (RFC 6347 section 4.1.2.6), so no forgery moves it. Behind it the packet is the plaintext: for data, what
// follows the type byte. Worker lcores; each record on the owner of its association.
#include <string.h>

#include "mst_dtls_inline.h"
#include "mst_session.h"

#include "message.h"
#include "worker.h"

// Longest handshake record that is worth a copy: a Finished in protected form has 61 bytes.
#define HANDSHAKE_COPY_BYTES 256

#define FIRST 4 // packets whose keys are asked for before the burst is prepared

// Counters of the association: its rx owner is their one writer.
static inline void
count_rx(struct mst_sa *sa, uint64_t bytes, uint64_t tsc)
{
	mst_counter_add(&sa->rx_packets, 1);
	mst_counter_add(&sa->rx_bytes, bytes);
	atomic_store_explicit(&sa->last_rx_tsc, tsc, memory_order_relaxed);
}

// In front of the cipher: nothing of the record is trusted yet, and nothing changes.
static inline enum mst_verdict
begin_record(struct rte_mbuf *m, const struct mst_pkt *p, struct mst_aead_op *op)
{
	const struct mst_sa *sa = p->sa;
	const struct mst_dtls_header h = {
		.type = p->content,
		.version = MST_DTLS_VERSION_1_2,
		.epoch = sa->epoch,
		.seq = p->seq,
		.length = (uint16_t)(p->record_len - MST_DTLS_HEADER_BYTES),
	};
	enum mst_dtls_verdict v = mst_dtls_window_check(&sa->window, p->seq);

	if (unlikely(p->seq >= MST_DTLS_KEY_RECORDS))
		return MST_DROP_SEQ_LIMIT;
	if (likely(v == MST_DTLS_OK))
		v = mst_dtls_open_begin(&sa->keys.rx, pkt_data(m) + p->record_off, p->record_len, &h, op);
	return likely(v == MST_DTLS_OK) ? MST_NEXT : verdict_of_dtls(v);
}

// Behind it.
static enum mst_verdict
end_one(const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p, struct mst_aead_op *op)
{
	struct mst_sa *sa = p->sa;

	if (unlikely(!op->ok))
		return MST_DROP_TAG;
	if (unlikely(!mst_dtls_window_commit(&sa->window, p->seq)))
		return MST_DROP_REPLAY;
	count_rx(sa, op->len, b->tsc);
	p->l3_off = 0;
	if (unlikely(p->content != MST_DTLS_APPLICATION_DATA)) {
		pkt_set(m, op->data, op->len);
		return MST_NEXT;
	}
	if (unlikely(op->len < MESSAGE_TYPE_BYTES))
		return MST_DROP_TYPE;
	p->type = op->data[0];
	pkt_set(m, op->data + MESSAGE_TYPE_BYTES, op->len - MESSAGE_TYPE_BYTES);
	return MST_NEXT;
}

// A device that starts DTLS anew from the same port sends its Finished while the keys before are still in
// place. It does not open under them, and control wants it as it came; trying has spoilt the bytes, hence the
// copy.
static enum mst_verdict
try_handshake(struct rte_mbuf *m, struct mst_pkt *p)
{
	uint8_t copy[HANDSHAKE_COPY_BYTES];
	struct mst_aead_op op;

	if (p->record_len > sizeof(copy))
		return MST_DROP_RECORD_LENGTH;
	if (begin_record(m, p, &op) != MST_NEXT)
		return MST_CONTROL;
	memcpy(copy, pkt_data(m) + p->record_off, p->record_len);
	mst_aead_open_burst(&op, 1, MST_DTLS_AAD_BYTES);
	memcpy(pkt_data(m) + p->record_off, copy, p->record_len);
	return op.ok ? MST_NEXT : MST_CONTROL;
}

static enum mst_verdict
begin_one(const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p, struct mst_aead_op *op)
{
	enum mst_verdict v;

	(void)b;
	if (unlikely(p->content == MST_DTLS_HANDSHAKE)) {
		v = try_handshake(m, p);
		if (v != MST_NEXT)
			return v;
	}
	return begin_record(m, p, op);
}

// The ciphers of the burst run one behind the other: the CPU begins a record while the one before is still in its
// arithmetic, and what begin wrote has left the store buffer when the cipher reads it.
void
stage_open(const struct mst_worker *w, struct mst_burst *b)
{
	struct mst_aead_op ops[MST_BURST];

	(void)w;
	// Whom nothing runs in front of.
	for (uint16_t i = 0; i < FIRST && i < b->n; i++)
		mst_aead_key_prefetch(
			&((struct mst_sa *)mst_pkt(b->m[i])->sa)->keys.rx, mst_pkt(b->m[i])->record_len);
	burst_each_op(b, begin_one, ops, true);
	mst_aead_open_burst(ops, b->n, MST_DTLS_AAD_BYTES);
	burst_each_op(b, end_one, ops, false);
}
