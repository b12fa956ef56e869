// Records of DTLS 1.2 (RFC 6347 4.1) under an AEAD (RFC 5246 6.2.3.3): header, open, seal. Workers.
#include <assert.h>
#include <string.h>

#include "mst_dtls.h"

// What the nonce is made of besides the IV: epoch and sequence number, as one 64-bit number.
#define SEQ_BITS 48
#define EXPLICIT_BYTES 8

static_assert(MST_DTLS_SEQ_MAX == (1ULL << SEQ_BITS) - 1, "epoch and sequence number fill 64 bits");

static uint64_t
load_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

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

enum mst_dtls_verdict
mst_dtls_parse(const uint8_t *data, size_t len, struct mst_dtls_header *out)
{
	struct mst_rd r = mst_rd_init(data, len);
	const uint8_t *p = mst_rd_bytes(&r, MST_DTLS_HEADER_BYTES);
	struct mst_dtls_header h;
	uint64_t number;
	bool hello_era;

	if (p == NULL)
		return MST_DTLS_SHORT;
	// One load for epoch and number: this runs for every packet.
	number = load_be64(p + 3);
	h = (struct mst_dtls_header){
		.type = p[0],
		.version = (uint16_t)(p[1] << 8 | p[2]),
		.epoch = (uint16_t)(number >> SEQ_BITS),
		.seq = number & MST_DTLS_SEQ_MAX,
		.length = (uint16_t)(p[11] << 8 | p[12]),
	};
	if (h.type < MST_DTLS_CHANGE_CIPHER_SPEC || h.type > MST_DTLS_APPLICATION_DATA)
		return MST_DTLS_TYPE;
	// RFC 6347 4.2.1: a client that does not know the server's version yet may put 1.0 on its first
	// flight.
	hello_era = h.type == MST_DTLS_HANDSHAKE && h.epoch == 0;
	if (h.version != MST_DTLS_VERSION_1_2 && !(hello_era && h.version == MST_DTLS_VERSION_1_0))
		return MST_DTLS_VERSION;
	// RFC 5246 6.2.1: only application data may be empty.
	if (h.length > MST_DTLS_RECORD_MAX_BYTES || (h.length == 0 && h.type != MST_DTLS_APPLICATION_DATA))
		return MST_DTLS_LENGTH;
	if (h.length > mst_rd_left(&r))
		return MST_DTLS_SHORT;
	*out = h;
	return MST_DTLS_OK;
}

// RFC 5288 3: implicit part, then what the record carries. RFC 7905 2: the whole IV, the record's number
// XORed in.
static void
make_nonce(uint8_t nonce[MST_AEAD_NONCE_BYTES], const struct mst_dtls_suite *s, const uint8_t *iv,
	uint64_t number, const uint8_t *explicit_nonce)
{
	memcpy(nonce, iv, MST_AEAD_NONCE_BYTES);
	if (s->explicit_bytes != 0)
		memcpy(nonce + MST_AEAD_NONCE_BYTES - EXPLICIT_BYTES, explicit_nonce, EXPLICIT_BYTES);
	else
		store_be64(nonce + 4, load_be64(nonce + 4) ^ number);
}

// RFC 5246 6.2.3.3 with RFC 6347 4.1.2.1's number: epoch, seq, type, version, length of the plaintext.
static void
make_aad(
	uint8_t aad[MST_DTLS_HEADER_BYTES], uint64_t number, uint8_t type, uint16_t version, size_t plain_len)
{
	store_be64(aad, number);
	aad[8] = type;
	store_be16(aad + 9, version);
	store_be16(aad + 11, (uint16_t)plain_len);
}

enum mst_dtls_verdict
mst_dtls_open(const struct mst_dtls_keys *k, uint8_t *rec, size_t len, const struct mst_dtls_header *h,
	uint8_t **plain, size_t *plain_len)
{
	const struct mst_dtls_suite *s = k->suite;
	uint64_t number = (uint64_t)h->epoch << SEQ_BITS | h->seq;
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[MST_DTLS_HEADER_BYTES];
	uint8_t *body;
	size_t body_len;

	if (len != MST_DTLS_HEADER_BYTES + (size_t)h->length)
		return MST_DTLS_SHORT;
	if (h->epoch != k->epoch)
		return MST_DTLS_EPOCH;
	if (len < mst_dtls_overhead(s) || len - mst_dtls_overhead(s) > MST_DTLS_PLAIN_MAX_BYTES)
		return MST_DTLS_LENGTH;
	body = rec + mst_dtls_head_bytes(s);
	body_len = len - mst_dtls_overhead(s);
	make_nonce(nonce, s, k->rx_iv, number, rec + MST_DTLS_HEADER_BYTES);
	make_aad(aad, number, h->type, h->version, body_len);
	if (!mst_aead_open(&k->rx, nonce, aad, sizeof(aad), body, body_len, body + body_len))
		return MST_DTLS_TAG;
	*plain = body;
	*plain_len = body_len;
	return MST_DTLS_OK;
}

void
mst_dtls_seal(const struct mst_dtls_keys *k, uint8_t type, uint64_t seq, uint8_t *plain, size_t plain_len)
{
	const struct mst_dtls_suite *s = k->suite;
	uint64_t number = (uint64_t)k->epoch << SEQ_BITS | seq;
	uint8_t *rec = plain - mst_dtls_head_bytes(s);
	uint8_t *explicit_nonce = rec + MST_DTLS_HEADER_BYTES;
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[MST_DTLS_HEADER_BYTES];

	MST_ASSERT(seq <= MST_DTLS_SEQ_MAX && plain_len <= MST_DTLS_PLAIN_MAX_BYTES);
	rec[0] = type;
	store_be16(rec + 1, MST_DTLS_VERSION_1_2);
	store_be64(rec + 3, number);
	store_be16(rec + 11, (uint16_t)(s->explicit_bytes + plain_len + MST_AEAD_TAG_BYTES));
	// RFC 5288 3 leaves the explicit part to the sender; the record's number never repeats under a key.
	if (s->explicit_bytes != 0)
		store_be64(explicit_nonce, number);
	make_nonce(nonce, s, k->tx_iv, number, explicit_nonce);
	make_aad(aad, number, type, MST_DTLS_VERSION_1_2, plain_len);
	mst_aead_seal(&k->tx, nonce, aad, sizeof(aad), plain, plain_len, plain + plain_len);
}
