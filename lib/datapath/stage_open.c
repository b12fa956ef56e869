// Fourth stage of the way in: replay window, decryption, tag; the window moves only when the tag was right
// (RFC 6347 section 4.1.2.6), so no forgery moves it. Behind it the packet is the plaintext: for data, what
// follows the type byte. Worker lcores; each record on the owner of its association.
#include <string.h>

#include "mst_session.h"

#include "message.h"
#include "worker.h"

// Packets in front of the one in hand whose keys are asked for: a session that is not in the cache costs more
// than its decryption does.
#define AHEAD 3
#define KEY_LINES 8 // an AES key as ipsec-mb expands it, up to the hash powers that a full-size packet uses

// Longest handshake record that is worth a copy: a Finished in protected form has 61 bytes.
#define HANDSHAKE_COPY_BYTES 256

static void
open_ahead(const struct mst_pkt *p)
{
	const struct mst_sa *sa = p->sa;

	for (unsigned int i = 0; i < KEY_LINES; i++)
		rte_prefetch0(sa->keys.rx.store + i * 64);
	rte_prefetch0(&sa->keys.rx.alg);
}

// Counters of the association: its rx owner is their one writer.
static inline void
count_rx(struct mst_sa *sa, uint64_t bytes, uint64_t tsc)
{
	mst_counter_add(&sa->rx_packets, 1);
	mst_counter_add(&sa->rx_bytes, bytes);
	atomic_store_explicit(&sa->last_rx_tsc, tsc, memory_order_relaxed);
}

static inline enum mst_verdict
open_record(const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_sa *sa = p->sa;
	uint8_t *rec = pkt_data(m) + p->record_off, *plain;
	const struct mst_dtls_header h = {
		.type = p->content,
		.version = MST_DTLS_VERSION_1_2,
		.epoch = sa->keys.epoch,
		.seq = p->seq,
		.length = (uint16_t)(p->record_len - MST_DTLS_HEADER_BYTES),
	};
	enum mst_dtls_verdict v = mst_dtls_window_check(&sa->window, p->seq);
	size_t len;

	if (unlikely(v != MST_DTLS_OK))
		return verdict_of_dtls(v);
	v = mst_dtls_open(&sa->keys, rec, p->record_len, &h, &plain, &len);
	if (unlikely(v != MST_DTLS_OK))
		return verdict_of_dtls(v);
	if (unlikely(!mst_dtls_window_commit(&sa->window, p->seq)))
		return MST_DROP_REPLAY;
	count_rx(sa, len, b->tsc);
	p->l3_off = 0;
	if (unlikely(p->content != MST_DTLS_APPLICATION_DATA)) {
		pkt_set(m, plain, len);
		return MST_NEXT;
	}
	if (unlikely(len < MESSAGE_TYPE_BYTES))
		return MST_DROP_TYPE;
	p->type = plain[0];
	pkt_set(m, plain + MESSAGE_TYPE_BYTES, len - MESSAGE_TYPE_BYTES);
	return MST_NEXT;
}

// A device that starts DTLS anew from the same port sends its Finished while the keys before are still in
// place. It does not open under them, and control wants it as it came; trying has spoilt the bytes, hence the
// copy.
static enum mst_verdict
open_handshake(const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	uint8_t copy[HANDSHAKE_COPY_BYTES];
	enum mst_verdict v;

	if (p->record_len > sizeof(copy))
		return MST_DROP_RECORD_LENGTH;
	memcpy(copy, pkt_data(m) + p->record_off, p->record_len);
	v = open_record(b, m, p);
	if (v == MST_NEXT)
		return v;
	memcpy(pkt_data(m) + p->record_off, copy, p->record_len);
	return MST_CONTROL;
}

static enum mst_verdict
open_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	(void)w;
	if (unlikely(p->content == MST_DTLS_HANDSHAKE))
		return open_handshake(b, m, p);
	return open_record(b, m, p);
}

void
stage_open(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each_ahead(w, b, open_one, open_ahead, AHEAD);
}
