// The denominators: ipsec-mb by its direct calls, without anything of ours around them. Main lcore.
#include <errno.h>

#include <intel-ipsec-mb.h>
#include <rte_prefetch.h>

#include "bench.h"

#define AAD_BYTES 13
#define AHEAD 3

static IMB_MGR *manager;

int
bench_stock_start(void)
{
	manager = alloc_mb_mgr(0);
	if (manager == NULL)
		return -ENOMEM;
	init_mb_mgr_auto(manager, NULL);
	return 0;
}

void
bench_stock_stop(void)
{
	if (manager != NULL)
		free_mb_mgr(manager);
	manager = NULL;
}

static inline void
chacha(const struct bench_op *op, bool seal, const uint8_t *nonce, const uint8_t *aad, uint8_t *tag)
{
	struct chacha20_poly1305_context_data ctx;

	IMB_CHACHA20_POLY1305_INIT(manager, op->key->store, &ctx, nonce, aad, AAD_BYTES);
	if (seal) {
		IMB_CHACHA20_POLY1305_ENC_UPDATE(manager, op->key->store, &ctx, op->body, op->body, op->len);
		IMB_CHACHA20_POLY1305_ENC_FINALIZE(manager, &ctx, tag, MST_AEAD_TAG_BYTES);
	} else {
		IMB_CHACHA20_POLY1305_DEC_UPDATE(manager, op->key->store, &ctx, op->body, op->body, op->len);
		IMB_CHACHA20_POLY1305_DEC_FINALIZE(manager, &ctx, tag, MST_AEAD_TAG_BYTES);
	}
}

static inline void
run_one(const struct bench_op *op, bool seal, const uint8_t *nonce, const uint8_t *aad, uint8_t *tag)
{
	const struct gcm_key_data *key = (const struct gcm_key_data *)op->key->store;
	struct gcm_context_data ctx;
	uint8_t *body = op->body;

	if (op->key->alg == MST_AEAD_CHACHA20_POLY1305)
		chacha(op, seal, nonce, aad, tag);
	else if (op->key->alg == MST_AEAD_AES_256_GCM && seal)
		IMB_AES256_GCM_ENC(manager, key, &ctx, body, body, op->len, nonce, aad, AAD_BYTES, tag, 16);
	else if (op->key->alg == MST_AEAD_AES_256_GCM)
		IMB_AES256_GCM_DEC(manager, key, &ctx, body, body, op->len, nonce, aad, AAD_BYTES, tag, 16);
	else if (seal)
		IMB_AES128_GCM_ENC(manager, key, &ctx, body, body, op->len, nonce, aad, AAD_BYTES, tag, 16);
	else
		IMB_AES128_GCM_DEC(manager, key, &ctx, body, body, op->len, nonce, aad, AAD_BYTES, tag, 16);
}

static const uint8_t nonce[MST_AEAD_NONCE_BYTES], aad[AAD_BYTES];

void
bench_stock_run(const struct bench_op *ops, unsigned int n, bool seal)
{
	uint8_t tag[MST_AEAD_TAG_BYTES];

	for (unsigned int i = 0; i < n; i++)
		run_one(&ops[i], seal, nonce, aad, tag);
}

void
bench_best_run(const struct bench_op *ops, unsigned int n, bool seal)
{
	uint8_t tag[MST_AEAD_TAG_BYTES];

	for (unsigned int i = 0; i < n; i++) {
		if (i + AHEAD < n) {
			mst_aead_key_prefetch(ops[i + AHEAD].key, ops[i + AHEAD].len);
			rte_prefetch0(ops[i + AHEAD].body);
		}
		run_one(&ops[i], seal, nonce, aad, tag);
	}
}
