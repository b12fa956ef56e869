// The AEADs by ipsec-mb's direct calls; nothing else includes its header. The control lcore starts the engine
// and makes keys, workers seal and open.
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <intel-ipsec-mb.h>

#include "crypto.h"

static_assert(sizeof(struct gcm_key_data) == MST_AEAD_KEY_STORE_BYTES,
	"the build asked another ipsec-mb for the size of an expanded key");
static_assert(
	alignof(struct gcm_key_data) <= alignof(struct mst_aead_key), "the store is aligned too little");
#define ROUND_KEY_BYTES sizeof(((struct gcm_key_data *)NULL)->expanded_keys)
#define POWERS_BYTES 256 // without AVX-512: 8 powers and their Karatsuba halves
static_assert(IMB_GCM_IV_DATA_LEN == MST_AEAD_NONCE_BYTES, "nonce length");

// One a process. Control writes it at start, workers only read it afterwards: the direct calls leave the
// manager's own state alone.
static IMB_MGR *manager;
static char engine[64] = "none";
static size_t powers_end; // of an expanded key: where the powers of the hash key end

static const char *
arch_name(IMB_ARCH arch)
{
	switch (arch) {
	case IMB_ARCH_SSE:
		return "SSE";
#if IMB_VERSION_NUM < IMB_VERSION(2, 0, 0)
	case IMB_ARCH_AVX:
		return "AVX";
#endif
	case IMB_ARCH_AVX2:
		return "AVX2";
	case IMB_ARCH_AVX512:
		return "AVX512";
	default:
		return NULL;
	}
}

int
crypto_engine_start(void)
{
	IMB_ARCH arch = IMB_ARCH_NONE;
	struct mst_str text = mst_str_init(engine, sizeof(engine));
	const char *name;
	int err = -EIO;

	manager = alloc_mb_mgr(0);
	if (manager == NULL) {
		MST_LOG(ERROR, "crypto", "ipsec-mb: no memory for its manager");
		return -ENOMEM;
	}
	init_mb_mgr_auto(manager, &arch);
	if (imb_get_errno(manager) != 0) {
		MST_LOG(ERROR, "crypto", "ipsec-mb: %s", imb_get_strerror(imb_get_errno(manager)));
		goto err;
	}
	name = arch_name(arch);
	if (name == NULL) {
		// ipsec-mb would emulate AES in plain C: far too slow, and its timing depends on the key.
		MST_LOG(ERROR, "crypto", "ipsec-mb: this CPU has no AES instructions");
		err = -ENOTSUP;
		goto err;
	}
	powers_end = arch == IMB_ARCH_AVX512 ? sizeof(struct gcm_key_data) : ROUND_KEY_BYTES + POWERS_BYTES;
	mst_str_fmt(&text, "ipsec-mb %s %s", imb_get_version_str(), name);
	return 0;
err:
	crypto_engine_stop();
	return err;
}

void
crypto_engine_stop(void)
{
	if (manager != NULL)
		free_mb_mgr(manager);
	manager = NULL;
	memcpy(engine, "none", sizeof("none"));
}

bool
crypto_engine_running(void)
{
	return manager != NULL;
}

const char *
mst_crypto_engine(void)
{
	return engine;
}

int
mst_aead_key_init(struct mst_aead_key *k, enum mst_aead_alg alg, const uint8_t *key)
{
	size_t key_bytes = mst_aead_key_bytes(alg);

	if (key_bytes == 0)
		return -EINVAL;
	if (manager == NULL)
		return -ENOTSUP;
	memset(k, 0, sizeof(*k));
	k->alg = (uint8_t)alg;
	if (alg == MST_AEAD_AES_128_GCM)
		IMB_AES128_GCM_PRE(manager, key, (struct gcm_key_data *)k->store);
	else if (alg == MST_AEAD_AES_256_GCM)
		IMB_AES256_GCM_PRE(manager, key, (struct gcm_key_data *)k->store);
	else
		memcpy(k->store, key, key_bytes);
	return 0;
}

void
mst_aead_key_wipe(struct mst_aead_key *k)
{
	mst_wipe(k, sizeof(*k));
}

enum direction { SEAL, OPEN };

// Unlike GCM's context this one holds the record's one-time authentication key, so it is wiped.
static void
chacha20_poly1305(const struct mst_aead_key *k, enum direction dir, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, uint8_t *tag)
{
	struct chacha20_poly1305_context_data ctx;

	IMB_CHACHA20_POLY1305_INIT(manager, k->store, &ctx, nonce, aad, aad_len);
	if (len != 0 && dir == SEAL)
		IMB_CHACHA20_POLY1305_ENC_UPDATE(manager, k->store, &ctx, data, data, len);
	else if (len != 0)
		IMB_CHACHA20_POLY1305_DEC_UPDATE(manager, k->store, &ctx, data, data, len);
	if (dir == SEAL)
		IMB_CHACHA20_POLY1305_ENC_FINALIZE(manager, &ctx, tag, MST_AEAD_TAG_BYTES);
	else
		IMB_CHACHA20_POLY1305_DEC_FINALIZE(manager, &ctx, tag, MST_AEAD_TAG_BYTES);
	mst_wipe(&ctx, sizeof(ctx));
}

// A key that was wiped or never made. Going on would send plaintext.
static _Noreturn void
refuse_key(void)
{
	mst_assert_failed("a key is made before its use and wiped after it", __FILE__, __LINE__);
}

// dir is a constant of the caller's: one direction is left when this is inlined.
static inline void
run(const struct mst_aead_key *k, enum direction dir, struct gcm_context_data *ctx, const uint8_t *nonce,
	const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len, uint8_t *tag)
{
	const struct gcm_key_data *key = (const struct gcm_key_data *)k->store;

	switch (k->alg) {
	case MST_AEAD_AES_256_GCM:
		(dir == SEAL ? manager->gcm256_enc : manager->gcm256_dec)(
			key, ctx, data, data, len, nonce, aad, aad_len, tag, MST_AEAD_TAG_BYTES);
		break;
	case MST_AEAD_AES_128_GCM:
		(dir == SEAL ? manager->gcm128_enc : manager->gcm128_dec)(
			key, ctx, data, data, len, nonce, aad, aad_len, tag, MST_AEAD_TAG_BYTES);
		break;
	case MST_AEAD_CHACHA20_POLY1305:
		chacha20_poly1305(k, dir, nonce, aad, aad_len, data, len, tag);
		break;
	default:
		refuse_key();
	}
}

void
mst_aead_seal(const struct mst_aead_key *k, const uint8_t nonce[MST_AEAD_NONCE_BYTES], const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, uint8_t tag[MST_AEAD_TAG_BYTES])
{
	struct gcm_context_data ctx;

	run(k, SEAL, &ctx, nonce, aad, aad_len, data, len, tag);
}

bool
mst_aead_open(const struct mst_aead_key *k, const uint8_t nonce[MST_AEAD_NONCE_BYTES], const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, const uint8_t tag[MST_AEAD_TAG_BYTES])
{
	struct gcm_context_data ctx;
	uint8_t expected[MST_AEAD_TAG_BYTES];

	run(k, OPEN, &ctx, nonce, aad, aad_len, data, len, expected);
	return mst_ct_equal(expected, tag, sizeof(expected));
}

// ---- bursts -------------------------------------------------------------------------------------
// Records in front of the one in hand whose keys are asked for: a key that is not in the cache costs more than its
// record does.
#define AHEAD 4
#define LINE 64
#define BLOCK 16

// GCM reads the round keys, and of the powers of its hash key, which stand lowest last, as many as the record has
// blocks, up to all: two more are for the AAD and the lengths.
static inline void
prefetch_key(const struct mst_aead_key *k, size_t len)
{
	size_t powers = (len / BLOCK + 3) * BLOCK;
	size_t first = powers < powers_end - ROUND_KEY_BYTES ? powers_end - powers : ROUND_KEY_BYTES;

	for (size_t i = 0; i < ROUND_KEY_BYTES; i += LINE)
		__builtin_prefetch(k->store + i);
	for (size_t i = first & ~(size_t)(LINE - 1); i < powers_end; i += LINE)
		__builtin_prefetch(k->store + i);
	__builtin_prefetch(&k->alg);
}

void
mst_aead_key_prefetch(const struct mst_aead_key *k, size_t len)
{
	prefetch_key(k, len);
}

static inline void
run_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len, enum direction dir)
{
	struct gcm_context_data ctx;

	for (unsigned int i = 0; i < AHEAD && i < n; i++)
		prefetch_key(ops[i].key, ops[i].len);
	for (unsigned int i = 0; i < n; i++) {
		struct mst_aead_op *op = &ops[i];

		if (i + AHEAD < n)
			prefetch_key(ops[i + AHEAD].key, ops[i + AHEAD].len);
		run(op->key, dir, &ctx, op->nonce, op->aad, aad_len, op->data, op->len,
			dir == SEAL ? op->data + op->len : op->tag);
	}
}

void
mst_aead_seal_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len)
{
	run_burst(ops, n, aad_len, SEAL);
}

// Two halves at once: the time it takes does not depend on where they differ.
static inline bool
tag_equal(const uint8_t *a, const uint8_t *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a, sizeof(x));
	memcpy(y, b, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

void
mst_aead_open_burst(struct mst_aead_op *ops, unsigned int n, size_t aad_len)
{
	run_burst(ops, n, aad_len, OPEN);
	for (unsigned int i = 0; i < n; i++)
		ops[i].ok = tag_equal(ops[i].tag, ops[i].data + ops[i].len);
}
