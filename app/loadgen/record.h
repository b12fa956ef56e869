// The device's end of DTLS 1.2 records (RFC 6347 4.1, RFC 5246 6.2.3.3, RFC 5288 3, RFC 7905 2), written apart
// from lib/dtls on purpose: were both ends one code, a mistake in sequence, nonce or additional data would
// cancel out. Stands on mst_aead_* only. Keys: main thread. Seal and open: the packet loop; no allocation.
#pragma once

#include <stdalign.h>

#include "mst_base.h"
#include "mst_crypto.h"

#define LG_RECORD_HEADER_BYTES 13
#define LG_RECORD_HEAD_MAX_BYTES 21 // header and explicit nonce of GCM
#define LG_RECORD_TAIL_BYTES MST_AEAD_TAG_BYTES
#define LG_RECORD_PLAIN_MAX_BYTES 16384
#define LG_RECORD_SEQ_MAX ((1ULL << 48) - 1)
#define LG_RECORD_KEY_BLOCK_MAX_BYTES 88
#define LG_RECORD_WINDOW_BITS 128
// libssl numbers its Finished, and what it may send again of it, from 0 up.
#define LG_RECORD_FIRST_SEQ 16

enum lg_record_type { LG_RECORD_ALERT = 21, LG_RECORD_HANDSHAKE = 22, LG_RECORD_DATA = 23 };

// X(name, word of counters, help)
// clang-format off
#define LG_RECORD_VERDICTS(X)                                                          \
	X(OK,      "ok",      "opened")                                                \
	X(SHORT,   "short",   "datagram ends before what it announces")                \
	X(VERSION, "version", "version is not DTLS 1.2")                               \
	X(TYPE,    "type",    "content type is none of an epoch with keys")            \
	X(EPOCH,   "epoch",   "epoch is not the one of these keys")                    \
	X(LENGTH,  "length",  "shorter than nonce and tag, or longer than a record")   \
	X(REPLAY,  "replay",  "number was seen before")                                \
	X(OLD,     "old",     "number lies behind the window")                         \
	X(TAG,     "tag",     "authentication tag is wrong")
// clang-format on

enum lg_record_verdict {
#define X(name, word, help) LG_RECORD_##name,
	LG_RECORD_VERDICTS(X)
#undef X
		LG_RECORD_VERDICT_COUNT
};

const char *lg_record_verdict_name(enum lg_record_verdict v);

struct lg_record_half {
	struct mst_aead_key key;
	uint8_t iv[MST_AEAD_NONCE_BYTES]; // GCM: 4 bytes, then zeros
};

// One epoch of one device, both directions. Secret.
struct lg_record {
	alignas(64) uint64_t tx_number; // epoch and number of the next record sent, as one
	uint64_t nonce_start;		// added to a record's number to make its explicit nonce
	uint64_t rx_next;		// highest number opened, plus 1
	uint64_t rx_seen[2];		// bit i: number rx_next - 1 - i was opened
	uint64_t odd_nonces;		// records opened whose explicit nonce was not epoch and number
	uint16_t epoch;
	uint8_t explicit_bytes; // 8 with GCM, 0 with ChaCha20-Poly1305
	uint8_t iv_bytes;
	struct lg_record_half tx;
	struct lg_record_half rx;
};

struct lg_record_opened {
	uint8_t type; // enum lg_record_type
	uint64_t seq;
	uint8_t *plain; // inside the record
	size_t plain_len;
};

struct lg_record_params {
	enum mst_aead_alg alg;
	uint16_t epoch;	    // 1 after a handshake
	uint64_t first_seq; // of what is sent; LG_RECORD_FIRST_SEQ
	uint64_t
		nonce_start; // 0: explicit nonces are epoch and number, as GnuTLS sends; else as OpenSSL sends
};

// Length of the key block (RFC 5246 6.3) of an AEAD; 0 for none.
size_t lg_record_key_block_bytes(enum mst_aead_alg alg);
// key_block = client_write_key | server_write_key | client_write_IV | server_write_IV; the device is the
// client. -EINVAL: no such AEAD, another length, first_seq beyond 48 bits; -ENOTSUP: mst_crypto_init is
// missing. *r is written only on success, and wiped by lg_record_wipe.
MST_MUST_USE int lg_record_init(
	struct lg_record *r, const struct lg_record_params *p, const uint8_t *key_block, size_t len);
void lg_record_wipe(struct lg_record *r);

// Bytes in front of the plaintext, and of a record beyond it.
static inline size_t
lg_record_head_bytes(const struct lg_record *r)
{
	return LG_RECORD_HEADER_BYTES + (size_t)r->explicit_bytes;
}

static inline size_t
lg_record_overhead(const struct lg_record *r)
{
	return lg_record_head_bytes(r) + LG_RECORD_TAIL_BYTES;
}

// Encrypts plain_len bytes (at most LG_RECORD_PLAIN_MAX_BYTES, asserted) in place; needs
// lg_record_head_bytes in front of plain and LG_RECORD_TAIL_BYTES behind. Returns the record's start; its
// length is plain_len + lg_record_overhead(r). NULL, and nothing done: the numbers of this epoch are used up.
uint8_t *lg_record_seal(struct lg_record *r, uint8_t type, uint8_t *plain, size_t plain_len);

// The record at the start of a datagram of len bytes: decrypts in place, moves the window once the tag is
// right. *rec_len, written with every verdict but SHORT, VERSION and TYPE, is where the next record of the
// datagram starts. *out is written only with OK.
MST_MUST_USE enum lg_record_verdict lg_record_open(
	struct lg_record *r, uint8_t *data, size_t len, struct lg_record_opened *out, size_t *rec_len);
