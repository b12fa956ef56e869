// Open and seal in two halves, for a burst: begin checks and writes *op, then mst_aead_open_burst or mst_aead_seal_burst of
// lib/crypto with MST_DTLS_AAD_BYTES runs over the ops of the burst. Inline: these run for every packet. Workers.
#pragma once

#include <string.h>

#include "mst_dtls.h"

#define MST_DTLS_AAD_BYTES 13

// What a record carries of the nonce: epoch and sequence number, as one 64-bit number.
#define DTLS_EXPLICIT_BYTES 8

static inline void
dtls_store_be64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static inline void
dtls_store_be16(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

// RFC 5288 3: the record carries 8 bytes of the nonce in front of the ciphertext; RFC 7905 2: none.
static inline size_t
dtls_explicit_bytes(const struct mst_aead_key *k)
{
	return k->alg == MST_AEAD_CHACHA20_POLY1305 ? 0 : DTLS_EXPLICIT_BYTES;
}

// RFC 5288 3: implicit part, then what the record carries. RFC 7905 2: the whole IV, the record's number XORed in.
// nonce_low is either.
static inline void
dtls_make_nonce(struct mst_aead_op *op, const struct mst_aead_key *k, uint64_t nonce_low)
{
	memcpy(op->nonce, k->salt, MST_AEAD_NONCE_BYTES);
	if (dtls_explicit_bytes(k) == 0)
		nonce_low ^= mst_dtls_be64(k->salt + 4);
	dtls_store_be64(op->nonce + 4, nonce_low);
}

// RFC 5246 6.2.3.3 with RFC 6347 4.1.2.1's number: epoch, seq, type, version, length of the plaintext.
static inline void
dtls_make_aad(struct mst_aead_op *op, uint64_t number, uint8_t type, uint16_t version, size_t plain_len)
{
	dtls_store_be64(op->aad, number);
	dtls_store_be64(
		op->aad + 8, (uint64_t)type << 56 | (uint64_t)version << 40 | (uint64_t)plain_len << 24);
}

// rec points at the header of a record of len bytes, h is what mst_dtls_parse made of it. OK, SHORT, EPOCH or LENGTH; on OK
// op->data and op->len name the plaintext that will be when op->ok says so. Does not touch the window.
MST_MUST_USE static inline enum mst_dtls_verdict
mst_dtls_open_begin(const struct mst_aead_key *rx, uint8_t *rec, size_t len, const struct mst_dtls_header *h,
	struct mst_aead_op *op)
{
	size_t head = MST_DTLS_HEADER_BYTES + dtls_explicit_bytes(rx);
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
	dtls_make_nonce(
		op, rx, head != MST_DTLS_HEADER_BYTES ? mst_dtls_be64(rec + MST_DTLS_HEADER_BYTES) : number);
	dtls_make_aad(op, number, h->type, h->version, plain_len);
	return MST_DTLS_OK;
}

// Writes header and explicit nonce in front of plain, as mst_dtls_seal does, with the same promises of the caller.
static inline void
mst_dtls_seal_begin(const struct mst_aead_key *tx, uint8_t type, uint64_t seq, uint8_t *plain,
	size_t plain_len, struct mst_aead_op *op)
{
	size_t explicit_len = dtls_explicit_bytes(tx);
	uint64_t number = (uint64_t)tx->id << MST_DTLS_SEQ_BITS | seq;
	uint8_t *rec = plain - MST_DTLS_HEADER_BYTES - explicit_len;

	MST_ASSERT(seq <= MST_DTLS_SEQ_MAX && plain_len <= MST_DTLS_PLAIN_MAX_BYTES);
	rec[0] = type;
	dtls_store_be16(rec + 1, MST_DTLS_VERSION_1_2);
	dtls_store_be64(rec + 3, number);
	dtls_store_be16(rec + 11, (uint16_t)(explicit_len + plain_len + MST_AEAD_TAG_BYTES));
	// RFC 5288 3 leaves the explicit part to the sender; the record's number never repeats under a key.
	if (explicit_len != 0)
		dtls_store_be64(rec + MST_DTLS_HEADER_BYTES, number);
	op->key = tx;
	op->data = plain;
	op->len = (uint32_t)plain_len;
	dtls_make_nonce(op, tx, number);
	dtls_make_aad(op, number, type, MST_DTLS_VERSION_1_2, plain_len);
}
