// Authenticated encryption (RFC 5116) of records, in place: ipsec-mb does the work, OpenSSL is the oracle
// beside it. The control lcore initialises and makes keys; workers seal and open. All byte strings are in
// wire order.
#pragma once

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mst_base.h"

#define MST_AEAD_TAG_BYTES 16
#define MST_AEAD_NONCE_BYTES 12
#define MST_AEAD_KEY_MAX_BYTES 32

// X(name, key bytes, text). The text is also the name OpenSSL fetches the cipher by.
// clang-format off
#define MST_AEADS(X)                                  \
	X(AES_128_GCM,       16, "AES-128-GCM")       \
	X(AES_256_GCM,       32, "AES-256-GCM")       \
	X(CHACHA20_POLY1305, 32, "ChaCha20-Poly1305")
// clang-format on

enum mst_aead_alg {
	MST_AEAD_NONE, // a key object of zeros names no algorithm
#define X(name, key_bytes, text) MST_AEAD_##name,
	MST_AEADS(X)
#undef X
		MST_AEAD_END
};

// Key lengths as constants: MST_AEAD_KEY_BYTES_AES_256_GCM is 32.
enum {
#define X(name, key_bytes, text) MST_AEAD_KEY_BYTES_##name = (key_bytes),
	MST_AEADS(X)
#undef X
};

#ifndef MST_AEAD_KEY_STORE_BYTES // the build asks ipsec-mb's header: 1,008 in release 1.3
#define MST_AEAD_KEY_STORE_BYTES 1264
#endif

// An expanded key. store and alg are opaque; salt and id are the owner's, for what goes with a key at every use: they
// share its last cache line. Immutable between init and wipe; any number of lcores may read it. Secret.
struct mst_aead_key {
	alignas(64) uint8_t store[MST_AEAD_KEY_STORE_BYTES];
	uint8_t alg; // enum mst_aead_alg
	uint8_t reserved;
	uint16_t id;
	uint8_t salt[MST_AEAD_NONCE_BYTES]; // the part of the nonce that no record carries (RFC 5116 3.2)
};

// Key length; 0 for a value that is no algorithm. Any lcore.
size_t mst_aead_key_bytes(enum mst_aead_alg alg);
// Name for humans; "none" for a value that is no algorithm. Any lcore.
const char *mst_aead_name(enum mst_aead_alg alg);

// Control lcore, at start, before any other call here: takes ipsec-mb's manager for this CPU, then compares
// each AEAD with published answers and with OpenSSL on random records. Idempotent. -ENOTSUP: the CPU lacks
// AES instructions; -ENOMEM; -EIO: a wrong answer. Each is logged. After a failure no key can be made.
MST_MUST_USE int mst_crypto_init(void);
// Library, release and instruction set in use, for humans; "none" before mst_crypto_init. Any lcore.
const char *mst_crypto_engine(void);

// Control lcore. Expands key, mst_aead_key_bytes(alg) bytes, into *k, which the caller wipes. -EINVAL: no
// such algorithm; -ENOTSUP: mst_crypto_init has not succeeded. *k is written only on success.
MST_MUST_USE int mst_aead_key_init(struct mst_aead_key *k, enum mst_aead_alg alg, const uint8_t *key);
// Control lcore, once no worker can hold k. A wiped key cannot be used.
void mst_aead_key_wipe(struct mst_aead_key *k);

// Any worker. Encrypts len bytes of data in place and writes the tag, which may stand right behind them. aad
// may be NULL when aad_len is 0. The caller promises that (k, nonce) was never sealed under before (RFC
// 5116 3.1).
void mst_aead_seal(const struct mst_aead_key *k, const uint8_t nonce[MST_AEAD_NONCE_BYTES],
	const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len, uint8_t tag[MST_AEAD_TAG_BYTES]);
// Any worker. Decrypts in place; true when the tag, compared in constant time, is right. On false data holds
// bytes that nobody vouches for: the caller drops them unread.
MST_MUST_USE bool mst_aead_open(const struct mst_aead_key *k, const uint8_t nonce[MST_AEAD_NONCE_BYTES],
	const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len, const uint8_t tag[MST_AEAD_TAG_BYTES]);

// One record of a burst. nonce and aad are as wide as the loads of the cipher, so that they may be written and read
// in one piece; of aad the first aad_len bytes count.
struct mst_aead_op {
	const struct mst_aead_key *key;
	uint8_t *data; // in place; the tag stands behind it, or is put there
	uint32_t len;
	bool ok; // open: the tag was right
	alignas(16) uint8_t nonce[16];
	uint8_t aad[16];
	uint8_t tag[MST_AEAD_TAG_BYTES]; // open: what it should have been
};

// Any worker. The same over n records, each with a key of its own; the keys of later records are asked for while earlier
// ones are in hand.
void mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
// Sets ok of each; tags are compared in constant time.
void mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len);
// Asks for the cache lines of k that a record of len bytes needs: to be called some records ahead.
void mst_aead_key_prefetch(const struct mst_aead_key *k, size_t len);

// The same by OpenSSL's EVP and a raw key, for the start-up check and tests: slow, allocates, never on a
// worker. -EINVAL: no such algorithm, or too long for EVP; -ENOMEM; -EIO: OpenSSL refused; open: -EBADMSG for
// a wrong tag.
MST_MUST_USE int mst_oracle_seal(enum mst_aead_alg alg, const uint8_t *key,
	const uint8_t nonce[MST_AEAD_NONCE_BYTES], const uint8_t *aad, size_t aad_len, uint8_t *data,
	size_t len, uint8_t tag[MST_AEAD_TAG_BYTES]);
MST_MUST_USE int mst_oracle_open(enum mst_aead_alg alg, const uint8_t *key,
	const uint8_t nonce[MST_AEAD_NONCE_BYTES], const uint8_t *aad, size_t aad_len, uint8_t *data,
	size_t len, const uint8_t tag[MST_AEAD_TAG_BYTES]);
