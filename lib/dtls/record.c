// Records of DTLS 1.2 (RFC 6347 4.1) under an AEAD (RFC 5246 6.2.3.3): header, open, seal. Workers.
#include <assert.h>
#include <string.h>

#include "mst_dtls.h"

// What a record carries of the nonce: epoch and sequence number, as one 64-bit number.
#define EXPLICIT_BYTES 8

static void
store_be64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static void
store_be16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

// RFC 5288 3: the record carries 8 bytes of the nonce in front of the ciphertext; RFC 7905 2: none.
static inline size_t
explicit_bytes(const struct mst_aead_key *k)
{
	return k->alg == MST_AEAD_CHACHA20_POLY1305 ? 0 : EXPLICIT_BYTES;
}

// RFC 5288 3: implicit part, then what the record carries. RFC 7905 2: the whole IV, the record's number XORed in.
// nonce_low is either.
static inline void
make_nonce(struct mst_aead_op *op, const struct mst_aead_key *k, uint64_t nonce_low)
{
	memcpy(op->nonce, k->salt, MST_AEAD_NONCE_BYTES);
	if (explicit_bytes(k) == 0)
		nonce_low ^= mst_dtls_be64(k->salt + 4);
	store_be64(op->nonce + 4, nonce_low);
}

// RFC 5246 6.2.3.3 with RFC 6347 4.1.2.1's number: epoch, seq, type, version, length of the plaintext.
static inline void
make_aad(struct mst_aead_op *op, uint64_t number, uint8_t type, uint16_t version, size_t plain_len)
{
	store_be64(op->aad, number);
	store_be64(op->aad + 8, (uint64_t)type << 56 | (uint64_t)version << 40 | (uint64_t)plain_len << 24);
}

enum mst_dtls_verdict
mst_dtls_open_begin(const struct mst_aead_key *rx, uint8_t *rec, size_t len, const struct mst_dtls_header *h,
	struct mst_aead_op *op)
{
	size_t head = MST_DTLS_HEADER_BYTES + explicit_bytes(rx);
	uint64_t number = (uint64_t)h->epoch << MST_DTLS_SEQ_BITS | h->seq;
	size_t plain_len;

	if (len != MST_DTLS_HEADER_BYTES + (size_t)h->length)
		return MST_DTLS_SHORT;
	if (h->epoch != rx->id)
		return MST_DTLS_EPOCH;
	if (len < head + MST_AEAD_TAG_BYTES || len - head - MST_AEAD_TAG_BYTES > MST_DTLS_PLAIN_MAX_BYTES)
		return MST_DTLS_LENGTH;
	plain_len = len - head - MST_AEAD_TAG_BYTES;
	op->key = rx;
	op->data = rec + head;
	op->len = (uint32_t)plain_len;
	make_nonce(
		op, rx, head != MST_DTLS_HEADER_BYTES ? mst_dtls_be64(rec + MST_DTLS_HEADER_BYTES) : number);
	make_aad(op, number, h->type, h->version, plain_len);
	return MST_DTLS_OK;
}

enum mst_dtls_verdict
mst_dtls_open(const struct mst_dtls_keys *k, uint8_t *rec, size_t len, const struct mst_dtls_header *h,
	uint8_t **plain, size_t *plain_len)
{
	struct mst_aead_op op;
	enum mst_dtls_verdict v = mst_dtls_open_begin(&k->rx, rec, len, h, &op);

	if (v != MST_DTLS_OK)
		return v;
	mst_aead_open_burst(&op, 1, MST_DTLS_AAD_BYTES);
	if (!op.ok)
		return MST_DTLS_TAG;
	*plain = op.data;
	*plain_len = op.len;
	return MST_DTLS_OK;
}

void
mst_dtls_seal_begin(const struct mst_aead_key *tx, uint8_t type, uint64_t seq, uint8_t *plain,
	size_t plain_len, struct mst_aead_op *op)
{
	size_t explicit_len = explicit_bytes(tx);
	uint64_t number = (uint64_t)tx->id << MST_DTLS_SEQ_BITS | seq;
	uint8_t *rec = plain - MST_DTLS_HEADER_BYTES - explicit_len;

	MST_ASSERT(seq <= MST_DTLS_SEQ_MAX && plain_len <= MST_DTLS_PLAIN_MAX_BYTES);
	rec[0] = type;
	store_be16(rec + 1, MST_DTLS_VERSION_1_2);
	store_be64(rec + 3, number);
	store_be16(rec + 11, (uint16_t)(explicit_len + plain_len + MST_AEAD_TAG_BYTES));
	// RFC 5288 3 leaves the explicit part to the sender; the record's number never repeats under a key.
	if (explicit_len != 0)
		store_be64(rec + MST_DTLS_HEADER_BYTES, number);
	op->key = tx;
	op->data = plain;
	op->len = (uint32_t)plain_len;
	make_nonce(op, tx, number);
	make_aad(op, number, type, MST_DTLS_VERSION_1_2, plain_len);
}

void
mst_dtls_seal(const struct mst_dtls_keys *k, uint8_t type, uint64_t seq, uint8_t *plain, size_t plain_len)
{
	struct mst_aead_op op;

	mst_dtls_seal_begin(&k->tx, type, seq, plain, plain_len, &op);
	mst_aead_seal_burst(&op, 1, MST_DTLS_AAD_BYTES);
}
