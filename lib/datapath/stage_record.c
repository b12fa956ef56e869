// Second stage of the way in: the header of the DTLS record. Protected records go on, handshakes go to
// control, junk goes nowhere. Worker lcores.
//
// A datagram is one record: no client puts more into one when it sends data. A record behind the first is
// ignored, as if it had been lost; of a handshake flight control gets the whole datagram.
#include "mst_wire_inline.h"

#include "worker.h"

// By epoch (none, some) and content type. Records of epoch 0 are not protected; a ChangeCipherSpec always is
// one of them (RFC 6347 section 4.1), data never is.
static const uint8_t by_epoch_and_type[2][4] = {
	{MST_CONTROL, MST_CONTROL, MST_CONTROL, MST_DROP_RECORD_TYPE},
	{MST_DROP_RECORD_TYPE, MST_NEXT, MST_NEXT, MST_NEXT},
};
static_assert(MST_DTLS_APPLICATION_DATA - MST_DTLS_CHANGE_CIPHER_SPEC == 3, "the columns of the table");

// What nearly every datagram is: protected data that fills no more than its datagram. False: look closer.
static inline bool
is_data(const uint8_t *rec, struct mst_pkt *p)
{
	uint64_t head, number;
	uint16_t len;

	if (unlikely(p->record_len < MST_DTLS_HEADER_BYTES))
		return false;
	head = mst_dtls_be64(rec); // type, version, epoch, the first of the sequence number
	number = mst_dtls_be64(rec + 3);
	len = mst_wire_be16(rec + 11);
	if (unlikely(head >> 40 != ((uint64_t)MST_DTLS_APPLICATION_DATA << 16 | MST_DTLS_VERSION_1_2) ||
		     number >> MST_DTLS_SEQ_BITS == 0 || len > p->record_len - MST_DTLS_HEADER_BYTES ||
		     len > MST_DTLS_RECORD_MAX_BYTES))
		return false;
	p->content = MST_DTLS_APPLICATION_DATA;
	p->seq = number & MST_DTLS_SEQ_MAX;
	p->record_len = (uint16_t)(MST_DTLS_HEADER_BYTES + len);
	return true;
}

static enum mst_verdict
record_one(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_dtls_header h;
	enum mst_dtls_verdict v;
	enum mst_verdict next;

	(void)w;
	(void)b;
	if (likely(is_data(pkt_data(m) + p->record_off, p)))
		return MST_NEXT;
	v = mst_dtls_parse(pkt_data(m) + p->record_off, p->record_len, &h);
	if (unlikely(v != MST_DTLS_OK))
		return verdict_of_dtls(v);
	p->content = h.type;
	p->seq = h.seq;
	next = (enum mst_verdict)by_epoch_and_type[h.epoch != 0][(h.type - MST_DTLS_CHANGE_CIPHER_SPEC) & 3];
	if (likely(next == MST_NEXT))
		p->record_len = (uint16_t)(MST_DTLS_HEADER_BYTES + h.length);
	return next;
}

void
stage_record(const struct mst_worker *w, struct mst_burst *b)
{
	burst_each(w, b, record_one);
}
