// Records of a device: keys out of the key block, seal, open, window. The packet loop; keys: main thread.
#include "record.h"

#include <errno.h>
#include <string.h>

#define VERSION 0xfefd // RFC 6347 4.1: DTLS 1.2
#define EXPLICIT_BYTES 8
#define SEQ_BITS 48

// What a suite takes of the key block, and carries in a record. RFC 5288 3: salt of 4 bytes, explicit nonce of
// 8; RFC 7905 2: IV of 12, nothing explicit.
static const struct shape {
	enum mst_aead_alg alg;
	uint8_t iv_bytes;
	uint8_t explicit_bytes;
} shapes[] = {
	{MST_AEAD_AES_128_GCM, 4, EXPLICIT_BYTES},
	{MST_AEAD_AES_256_GCM, 4, EXPLICIT_BYTES},
	{MST_AEAD_CHACHA20_POLY1305, 12, 0},
};

static const struct shape *
shape_of(enum mst_aead_alg alg)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(shapes); i++)
		if (shapes[i].alg == alg)
			return &shapes[i];
	return NULL;
}

const char *
lg_record_verdict_name(enum lg_record_verdict v)
{
	static const char *const names[] = {
#define X(name, word, help) word,
		LG_RECORD_VERDICTS(X)
#undef X
	};

	return (unsigned int)v < MST_ARRAY_SIZE(names) ? names[v] : "unknown";
}

// ---- keys ---------------------------------------------------------------------------------------
size_t
lg_record_key_block_bytes(enum mst_aead_alg alg)
{
	const struct shape *s = shape_of(alg);

	return s == NULL ? 0 : 2 * (mst_aead_key_bytes(alg) + s->iv_bytes);
}

int
lg_record_init(struct lg_record *r, const struct lg_record_params *p, const uint8_t *key_block, size_t len)
{
	const struct shape *s = shape_of(p->alg);
	const size_t key_bytes = mst_aead_key_bytes(p->alg);
	const uint8_t *ivs = key_block + 2 * key_bytes;
	struct lg_record_half tx = {0}, rx = {0};

	if (s == NULL || len != lg_record_key_block_bytes(p->alg) || p->first_seq > LG_RECORD_SEQ_MAX)
		return -EINVAL;
	MST_TRY(mst_aead_key_init(&tx.key, p->alg, key_block));
	MST_TRY(mst_aead_key_init(&rx.key, p->alg, key_block + key_bytes));
	memcpy(tx.iv, ivs, s->iv_bytes);
	memcpy(rx.iv, ivs + s->iv_bytes, s->iv_bytes);
	*r = (struct lg_record){
		.tx_number = (uint64_t)p->epoch << SEQ_BITS | p->first_seq,
		.nonce_start = p->nonce_start,
		.epoch = p->epoch,
		.explicit_bytes = s->explicit_bytes,
		.iv_bytes = s->iv_bytes,
		.tx = tx,
		.rx = rx,
	};
	mst_wipe(&tx, sizeof(tx));
	mst_wipe(&rx, sizeof(rx));
	return 0;
}

void
lg_record_wipe(struct lg_record *r)
{
	mst_wipe(r, sizeof(*r));
}

// ---- both directions ----------------------------------------------------------------------------
static void
put_be(uint8_t *p, uint64_t v, unsigned int n_bytes)
{
	v = __builtin_bswap64(v << (64 - 8 * n_bytes));
	memcpy(p, &v, n_bytes);
}

static uint64_t
get_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

// RFC 5246 6.2.3.3, with the number of RFC 6347 4.1.2.1: epoch and sequence, type, version, plaintext's length.
static void
fill_aad(uint8_t aad[LG_RECORD_HEADER_BYTES], const uint8_t *header, size_t plain_len)
{
	memcpy(aad, header + 3, 8);
	memcpy(aad + 8, header, 3);
	put_be(aad + 11, plain_len, 2);
}

static void
fill_nonce(uint8_t nonce[MST_AEAD_NONCE_BYTES], const struct lg_record *r, const uint8_t *iv,
	const uint8_t *header)
{
	memcpy(nonce, iv, MST_AEAD_NONCE_BYTES);
	// GCM: salt, then what the record carries. ChaCha20: the record's number into the IV's last 8 bytes.
	if (r->explicit_bytes > 0)
		memcpy(nonce + 4, header + LG_RECORD_HEADER_BYTES, EXPLICIT_BYTES);
	else
		put_be(nonce + 4, get_be64(nonce + 4) ^ get_be64(header + 3), 8);
}

uint8_t *
lg_record_seal(struct lg_record *r, uint8_t type, uint8_t *plain, size_t plain_len)
{
	uint8_t *header = plain - lg_record_head_bytes(r);
	const uint64_t number = r->tx_number;
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[LG_RECORD_HEADER_BYTES];

	MST_ASSERT(plain_len <= LG_RECORD_PLAIN_MAX_BYTES);
	if (number >> SEQ_BITS != r->epoch)
		return NULL;
	r->tx_number++;
	header[0] = type;
	put_be(header + 1, VERSION, 2);
	put_be(header + 3, number, 8);
	put_be(header + 11, r->explicit_bytes + plain_len + LG_RECORD_TAIL_BYTES, 2);
	if (r->explicit_bytes > 0)
		put_be(header + LG_RECORD_HEADER_BYTES, number + r->nonce_start, EXPLICIT_BYTES);
	fill_nonce(nonce, r, r->tx.iv, header);
	fill_aad(aad, header, plain_len);
	mst_aead_seal(&r->tx.key, nonce, aad, sizeof(aad), plain, plain_len, plain + plain_len);
	return header;
}

// ---- reception ----------------------------------------------------------------------------------
static enum lg_record_verdict
window_check(const struct lg_record *r, uint64_t seq)
{
	uint64_t behind;

	if (seq >= r->rx_next)
		return LG_RECORD_OK;
	behind = r->rx_next - 1 - seq;
	if (behind >= LG_RECORD_WINDOW_BITS)
		return LG_RECORD_OLD;
	return (r->rx_seen[behind / 64] >> behind % 64 & 1) != 0 ? LG_RECORD_REPLAY : LG_RECORD_OK;
}

// The window's bits move up by so many numbers; those that leave are OLD from now on.
static void
window_shift(uint64_t seen[2], uint64_t by)
{
	if (by >= LG_RECORD_WINDOW_BITS) {
		seen[0] = seen[1] = 0;
	} else if (by >= 64) {
		seen[1] = seen[0] << (by - 64);
		seen[0] = 0;
	} else if (by > 0) {
		seen[1] = seen[1] << by | seen[0] >> (64 - by);
		seen[0] <<= by;
	}
}

static void
window_move(struct lg_record *r, uint64_t seq)
{
	uint64_t behind;

	if (seq >= r->rx_next) {
		window_shift(r->rx_seen, seq + 1 - r->rx_next);
		r->rx_next = seq + 1;
	}
	behind = r->rx_next - 1 - seq;
	r->rx_seen[behind / 64] |= 1ULL << behind % 64;
}

struct header {
	uint8_t type;
	uint64_t number; // epoch and sequence
	size_t body_len;
};

static enum lg_record_verdict
read_header(const uint8_t *data, size_t len, struct header *out)
{
	struct mst_rd r = mst_rd_init(data, len);
	const uint8_t *p = mst_rd_bytes(&r, LG_RECORD_HEADER_BYTES);

	if (p == NULL)
		return LG_RECORD_SHORT;
	if ((p[1] << 8 | p[2]) != VERSION)
		return LG_RECORD_VERSION;
	if (p[0] < LG_RECORD_ALERT || p[0] > LG_RECORD_DATA)
		return LG_RECORD_TYPE;
	*out = (struct header){p[0], get_be64(p + 3), (size_t)(p[11] << 8 | p[12])};
	return out->body_len <= mst_rd_left(&r) ? LG_RECORD_OK : LG_RECORD_SHORT;
}

enum lg_record_verdict
lg_record_open(struct lg_record *r, uint8_t *data, size_t len, struct lg_record_opened *out, size_t *rec_len)
{
	uint8_t *plain = data + lg_record_head_bytes(r);
	const uint64_t seq_mask = LG_RECORD_SEQ_MAX;
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[LG_RECORD_HEADER_BYTES];
	enum lg_record_verdict v;
	struct header h;
	size_t plain_len;

	v = read_header(data, len, &h);
	if (v != LG_RECORD_OK)
		return v;
	*rec_len = LG_RECORD_HEADER_BYTES + h.body_len;
	if (h.number >> SEQ_BITS != r->epoch)
		return LG_RECORD_EPOCH;
	if (*rec_len < lg_record_overhead(r) || *rec_len - lg_record_overhead(r) > LG_RECORD_PLAIN_MAX_BYTES)
		return LG_RECORD_LENGTH;
	v = window_check(r, h.number & seq_mask);
	if (v != LG_RECORD_OK)
		return v;
	plain_len = *rec_len - lg_record_overhead(r);
	fill_nonce(nonce, r, r->rx.iv, data);
	fill_aad(aad, data, plain_len);
	if (!mst_aead_open(&r->rx.key, nonce, aad, sizeof(aad), plain, plain_len, plain + plain_len))
		return LG_RECORD_TAG;
	window_move(r, h.number & seq_mask);
	if (r->explicit_bytes > 0 && get_be64(data + LG_RECORD_HEADER_BYTES) != h.number)
		r->odd_nonces++;
	*out = (struct lg_record_opened){h.type, h.number & seq_mask, plain, plain_len};
	return LG_RECORD_OK;
}
