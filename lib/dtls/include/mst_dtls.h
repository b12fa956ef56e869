// DTLS 1.2 records (RFC 6347) with AEAD suites (RFC 5288, 7905): parse, replay window, open, seal; and a look
// into a ClientHello. Workers call everything here but mst_dtls_keys_*, which is the control lcore's.
// Integers are in host order. What a peer did wrong is a verdict, to be counted; nothing here depends on time
// or keeps state of its own.
#pragma once

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mst_base.h"
#include "mst_crypto.h"

#define MST_DTLS_HEADER_BYTES 13 // RFC 6347 4.1
#define MST_DTLS_VERSION_1_2 0xfefd
#define MST_DTLS_VERSION_1_0 0xfeff		 // may stand on a first ClientHello (RFC 6347 4.2.1)
#define MST_DTLS_PLAIN_MAX_BYTES 16384		 // RFC 5246 6.2.1
#define MST_DTLS_RECORD_MAX_BYTES (16384 + 2048) // length field of a protected record (RFC 5246 6.2.3)
#define MST_DTLS_SEQ_BITS 48			 // below the epoch, in one number of 64 bits
#define MST_DTLS_SEQ_MAX ((1ULL << MST_DTLS_SEQ_BITS) - 1)
// First number of a data record we send. The TLS library numbers what it sends in the epoch itself (Finished,
// alerts) from 0 and may send a little more later; the gap keeps the two from ever sharing a nonce.
#define MST_DTLS_FIRST_DATA_SEQ 64

// Records that one key protects at the most, by number, the device's keys too: 2^24.5, as for full-size records under
// AES-GCM (RFC 9147 4.5.3, RFC 8446 5.5). Ours are smaller, and ChaCha20-Poly1305 would stand more; one bound is enough,
// since a renewal costs little. The device is asked for it at the first number.
#define MST_DTLS_KEY_RECORDS_RENEW (1ULL << 24)
#define MST_DTLS_KEY_RECORDS 23726566ULL

enum mst_dtls_type {
	MST_DTLS_CHANGE_CIPHER_SPEC = 20,
	MST_DTLS_ALERT = 21,
	MST_DTLS_HANDSHAKE = 22,
	MST_DTLS_APPLICATION_DATA = 23,
};

// X(name, counter and telemetry name, help)
// clang-format off
#define MST_DTLS_VERDICTS(X)                                                                    \
	X(OK,         "ok",         "accepted")                                                 \
	X(SHORT,      "short",      "datagram ends before what it announces")                   \
	X(TYPE,       "type",       "content type unknown, or not the one wanted here")         \
	X(VERSION,    "version",    "protocol version is not DTLS 1.2")                         \
	X(LENGTH,     "length",     "record length outside the bounds of the protocol")         \
	X(EPOCH,      "epoch",      "epoch is not the one of these keys")                       \
	X(REPLAY,     "replay",     "sequence number was accepted before")                      \
	X(OLD,        "old",        "sequence number lies behind the replay window")            \
	X(TAG,        "tag",        "authentication tag is wrong")                              \
	X(HELLO,      "hello",      "handshake message is no well-formed ClientHello")          \
	X(FRAGMENT,   "fragment",   "ClientHello in fragments")                                 \
	X(RANDOM,     "random",     "ClientHello with a random of zeros")                       \
	X(SESSION_ID, "session_id", "ClientHello that names no session")
// clang-format on

enum mst_dtls_verdict {
#define X(name, text, help) MST_DTLS_##name,
	MST_DTLS_VERDICTS(X)
#undef X
		MST_DTLS_VERDICT_COUNT
};

// Counter name and help of a verdict; any lcore.
const char *mst_dtls_verdict_name(enum mst_dtls_verdict v);
const char *mst_dtls_verdict_help(enum mst_dtls_verdict v);

// ---- suites -------------------------------------------------------------------------------------
// X(name, IANA number, OpenSSL name, AEAD, IV bytes of the key block, explicit nonce bytes of a record),
// the one we like best first. RFC 5487 (PSK with GCM), RFC 7905 (ChaCha20-Poly1305). clang-format off
#define MST_DTLS_SUITES(X)                                                                                   \
	X(PSK_AES_256_GCM_SHA384, 0x00a9, "PSK-AES256-GCM-SHA384", AES_256_GCM, 4, 8)                        \
	X(PSK_CHACHA20_POLY1305_SHA256, 0xccab, "PSK-CHACHA20-POLY1305", CHACHA20_POLY1305, 12, 0)           \
	X(PSK_AES_128_GCM_SHA256, 0x00a8, "PSK-AES128-GCM-SHA256", AES_128_GCM, 4, 8)
// clang-format on

// Of the legacy mode, where the handshake is abbreviated and ECDHE-RSA is but a name (RFC 5288, RFC 5289). clang-format off
#define MST_DTLS_LEGACY_SUITES(X)                                                                            \
	X(RSA_AES_256_GCM_SHA384, 0x009d, "AES256-GCM-SHA384", AES_256_GCM, 4, 8)                            \
	X(ECDHE_RSA_AES_256_GCM_SHA384, 0xc030, "ECDHE-RSA-AES256-GCM-SHA384", AES_256_GCM, 4, 8)            \
	X(ECDHE_RSA_AES_128_GCM_SHA256, 0xc02f, "ECDHE-RSA-AES128-GCM-SHA256", AES_128_GCM, 4, 8)            \
	X(RSA_AES_128_GCM_SHA256, 0x009c, "AES128-GCM-SHA256", AES_128_GCM, 4, 8)
// clang-format on

#define MST_DTLS_IV_MAX_BYTES 12
#define MST_DTLS_KEY_BLOCK_MAX_BYTES (2 * (MST_AEAD_KEY_MAX_BYTES + MST_DTLS_IV_MAX_BYTES))

struct mst_dtls_suite {
	uint16_t id;		// IANA number
	uint8_t aead;		// enum mst_aead_alg
	uint8_t key_bytes;	// of one direction
	uint8_t iv_bytes;	// implicit part of the nonce, of one direction
	uint8_t explicit_bytes; // nonce bytes carried in front of the ciphertext
	const char *name;	// OpenSSL's
};

// The suites in order of preference; NULL past the last. Any lcore.
const struct mst_dtls_suite *mst_dtls_suite_at(size_t index);
const struct mst_dtls_suite *mst_dtls_legacy_suite_at(size_t index);
// Of either list; NULL: not a suite of ours. Any lcore.
const struct mst_dtls_suite *mst_dtls_suite_by_id(uint16_t id);

// Bytes of a record in front of the plaintext, behind it, and both. Any lcore.
static inline size_t
mst_dtls_head_bytes(const struct mst_dtls_suite *s)
{
	return MST_DTLS_HEADER_BYTES + (size_t)s->explicit_bytes;
}

static inline size_t
mst_dtls_tail_bytes(void)
{
	return MST_AEAD_TAG_BYTES;
}

static inline size_t
mst_dtls_overhead(const struct mst_dtls_suite *s)
{
	return mst_dtls_head_bytes(s) + mst_dtls_tail_bytes();
}

// Length of the key block that mst_dtls_keys_init wants (RFC 5246 6.3; AEAD suites have no MAC keys). Any
// lcore.
static inline size_t
mst_dtls_key_block_bytes(const struct mst_dtls_suite *s)
{
	return 2 * ((size_t)s->key_bytes + s->iv_bytes);
}

// ---- keys ---------------------------------------------------------------------------------------
// Both directions of one epoch. Control makes and wipes it, workers read it; immutable in between. Secret. What a record
// needs of it stands in the key of its direction: salt is the implicit part of the nonce, id the epoch.
struct mst_dtls_keys {
	struct mst_aead_key rx;
	struct mst_aead_key tx;
	const struct mst_dtls_suite *suite;
	uint16_t epoch;
};

// Control lcore. key_block = client_write_key | server_write_key | client_write_IV | server_write_IV (RFC
// 5246 6.3); it stays the caller's, to be wiped. We are the server: rx takes the client's half. -EINVAL: len
// is not mst_dtls_key_block_bytes(s); -ENOTSUP: mst_crypto_init has not succeeded. *k is written only on
// success, and wiped by its owner with mst_dtls_keys_wipe once no worker holds it.
MST_MUST_USE int mst_dtls_keys_init(struct mst_dtls_keys *k, const struct mst_dtls_suite *s, uint16_t epoch,
	const uint8_t *key_block, size_t len);
// The other end of the same connection, for emulated devices and tests: rx takes the server's half.
MST_MUST_USE int mst_dtls_keys_init_client(struct mst_dtls_keys *k, const struct mst_dtls_suite *s,
	uint16_t epoch, const uint8_t *key_block, size_t len);
void mst_dtls_keys_wipe(struct mst_dtls_keys *k);

static inline uint64_t
mst_dtls_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

// ---- record header ------------------------------------------------------------------------------
struct mst_dtls_header {
	uint8_t type; // enum mst_dtls_type
	uint16_t version;
	uint16_t epoch;
	uint64_t seq;	 // 48 bits
	uint16_t length; // of what follows the header
};

// Any worker. The header of the record at the start of a datagram, which ends len bytes behind data; the
// record takes MST_DTLS_HEADER_BYTES + out->length of them, and another may follow. Version 1.0 passes only
// on a handshake record of epoch 0. OK, SHORT, TYPE, VERSION or LENGTH; *out is written only on OK.
MST_MUST_USE static inline enum mst_dtls_verdict
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
	number = mst_dtls_be64(p + 3);
	h = (struct mst_dtls_header){
		.type = p[0],
		.version = (uint16_t)(p[1] << 8 | p[2]),
		.epoch = (uint16_t)(number >> MST_DTLS_SEQ_BITS),
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

// ---- replay window (RFC 6347 4.1.2.6) -----------------------------------------------------------
// A ring of bits (RFC 6479) behind the word that the newest number falls into, which stands beside that number: records
// in order touch one cache line. A word is cleared as it is entered, so one word less than the ring can be looked
// back on. One window per epoch of a session; one writer, the owner of the receive side.
#define MST_DTLS_WINDOW_RING_BITS 2048
#define MST_DTLS_WINDOW_BITS (MST_DTLS_WINDOW_RING_BITS - 64)

struct mst_dtls_window {
	uint64_t next; // highest number accepted, plus 1; 0 before the first
	uint64_t head; // of the word of that number
	uint64_t ring[MST_DTLS_WINDOW_RING_BITS / 64];
};

void mst_dtls_window_init(struct mst_dtls_window *w);
// Makes the word of seq, which is newer than all, the head. For mst_dtls_window_commit alone.
void mst_dtls_window_enter(struct mst_dtls_window *w, uint64_t seq);

// The word of a number that is not newer than all.
static inline const uint64_t *
mst_dtls_window_word(const struct mst_dtls_window *w, uint64_t seq)
{
	return seq / 64 == (w->next - 1) / 64 ? &w->head
					      : &w->ring[seq / 64 % (MST_DTLS_WINDOW_RING_BITS / 64)];
}

// Owner of the receive side, before the record is opened: OK, REPLAY or OLD. Changes nothing.
MST_MUST_USE static inline enum mst_dtls_verdict
mst_dtls_window_check(const struct mst_dtls_window *w, uint64_t seq)
{
	if (seq >= w->next)
		return MST_DTLS_OK;
	if (w->next - seq > MST_DTLS_WINDOW_BITS)
		return MST_DTLS_OLD;
	return (*mst_dtls_window_word(w, seq) >> seq % 64 & 1) != 0 ? MST_DTLS_REPLAY : MST_DTLS_OK;
}

// The number behind the newest, for who does not own the receive side: it may be larger by now, never smaller.
static inline uint64_t
mst_dtls_window_next(const struct mst_dtls_window *w)
{
	return __atomic_load_n(&w->next, __ATOMIC_RELAXED);
}

// The same as a question.
MST_MUST_USE static inline bool
mst_dtls_window_fresh(const struct mst_dtls_window *w, uint64_t seq)
{
	return mst_dtls_window_check(w, seq) == MST_DTLS_OK;
}

// Owner of the receive side, after the record was opened, never before. False, and nothing changed, when seq is not fresh
// any more: a caller that checks a whole burst before it opens any meets a twin within the burst here, and drops the
// second.
static inline bool
mst_dtls_window_commit(struct mst_dtls_window *w, uint64_t seq)
{
	if (!mst_dtls_window_fresh(w, seq))
		return false;
	if (seq >= w->next) {
		if (w->next == 0 || seq / 64 != (w->next - 1) / 64)
			mst_dtls_window_enter(w, seq);
		__atomic_store_n(&w->next, seq + 1, __ATOMIC_RELAXED);
	}
	*(uint64_t *)(uintptr_t)mst_dtls_window_word(w, seq) |= 1ULL << seq % 64;
	return true;
}

// ---- open and seal ------------------------------------------------------------------------------
// Any worker. rec points at the header of a record of len bytes, h is what mst_dtls_parse made of it.
// Decrypts in place; on OK *plain and *plain_len name the plaintext inside rec. Does not touch the window.
// OK, SHORT (len is not the record's), LENGTH, EPOCH or TAG; after TAG the record's bytes are spoilt and
// must not be used.
MST_MUST_USE enum mst_dtls_verdict mst_dtls_open(const struct mst_dtls_keys *k, uint8_t *rec, size_t len,
	const struct mst_dtls_header *h, uint8_t **plain, size_t *plain_len);

// Any worker. Encrypts plain_len bytes (at most MST_DTLS_PLAIN_MAX_BYTES) in place, writes header and
// explicit nonce into the mst_dtls_head_bytes(suite) in front of plain and the tag into the
// MST_AEAD_TAG_BYTES behind; the record starts at plain - mst_dtls_head_bytes(suite).
//
// The caller owns seq: never twice under one key object, not below MST_DTLS_FIRST_DATA_SEQ, not above
// MST_DTLS_SEQ_MAX (asserted: beyond it the nonce would repeat). Long before, MST_DTLS_KEY_RECORDS ends it.
void mst_dtls_seal(
	const struct mst_dtls_keys *k, uint8_t type, uint64_t seq, uint8_t *plain, size_t plain_len);

// ---- ClientHello --------------------------------------------------------------------------------
// Shortest datagram that is looked at: headers, version and random, a session id of 32 bytes.
#define MST_DTLS_CLIENT_HELLO_MIN_BYTES 93
#define MST_DTLS_SESSION_ID_MAX_BYTES 32
// Private extension of clients of 2016 to 2018: opaque app_id<1..255>. It goes before the session id.
#define MST_DTLS_EXT_APP_ID 48018

#define MST_DTLS_RANDOM_BYTES 32

struct mst_dtls_client_hello {
	uint8_t session_id[MST_DTLS_SESSION_ID_MAX_BYTES]; // which session the device claims; not
							   // authenticated
	uint8_t session_id_len;				   // 1..32
	bool from_extension;				   // it came in MST_DTLS_EXT_APP_ID
	uint8_t cookie_len; // not 0: answers a HelloVerifyRequest (RFC 6347 4.2.1)
	uint16_t message_seq;
	uint64_t record_seq;
	const uint8_t *random, *cookie; // in the datagram
};

// Any worker. A datagram that starts with an epoch-0 record holding one whole ClientHello of DTLS 1.2 (RFC
// 6347 4.2, RFC 5246 7.4.1.2). OK, or SHORT, TYPE, VERSION, LENGTH, EPOCH, HELLO, FRAGMENT, RANDOM,
// SESSION_ID; *out is written only on OK.
MST_MUST_USE enum mst_dtls_verdict mst_dtls_peek_client_hello(
	const uint8_t *data, size_t len, struct mst_dtls_client_hello *out);
