// The AEADs by OpenSSL's EVP: the oracle of the start-up check and of tests. Never on a worker.
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

#include "mst_crypto.h"

enum direction { OPEN = 0, SEAL = 1 }; // the values EVP_CipherInit_ex2 takes

static int
run(EVP_CIPHER_CTX *ctx, enum direction dir, const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len,
	uint8_t *tag)
{
	uint8_t none[MST_AEAD_TAG_BYTES];
	int n = 0;

	if (dir == OPEN && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, MST_AEAD_TAG_BYTES, tag) != 1)
		return -EIO;
	if (aad_len != 0 && EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aad_len) != 1)
		return -EIO;
	if (len != 0 && EVP_CipherUpdate(ctx, data, &n, data, (int)len) != 1)
		return -EIO;
	if (EVP_CipherFinal_ex(ctx, none, &n) != 1)
		return dir == OPEN ? -EBADMSG : -EIO;
	if (dir == SEAL && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, MST_AEAD_TAG_BYTES, tag) != 1)
		return -EIO;
	return 0;
}

static int
aead(enum direction dir, enum mst_aead_alg alg, const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
	size_t aad_len, uint8_t *data, size_t len, uint8_t *tag)
{
	EVP_CIPHER *cipher = NULL;
	EVP_CIPHER_CTX *ctx = NULL;
	int err;

	if (mst_aead_key_bytes(alg) == 0 || aad_len > INT_MAX || len > INT_MAX)
		return -EINVAL;
	cipher = EVP_CIPHER_fetch(NULL, mst_aead_name(alg), NULL);
	ctx = EVP_CIPHER_CTX_new();
	err = ctx == NULL ? -ENOMEM : cipher == NULL ? -EIO : 0;
	if (err == 0 && EVP_CipherInit_ex2(ctx, cipher, key, nonce, dir, NULL) != 1)
		err = -EIO;
	if (err == 0)
		err = run(ctx, dir, aad, aad_len, data, len, tag);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return err;
}

int
mst_oracle_seal(enum mst_aead_alg alg, const uint8_t *key, const uint8_t nonce[MST_AEAD_NONCE_BYTES],
	const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len, uint8_t tag[MST_AEAD_TAG_BYTES])
{
	return aead(SEAL, alg, key, nonce, aad, aad_len, data, len, tag);
}

int
mst_oracle_open(enum mst_aead_alg alg, const uint8_t *key, const uint8_t nonce[MST_AEAD_NONCE_BYTES],
	const uint8_t *aad, size_t aad_len, uint8_t *data, size_t len, const uint8_t tag[MST_AEAD_TAG_BYTES])
{
	uint8_t copy[MST_AEAD_TAG_BYTES]; // EVP's control call takes no const

	memcpy(copy, tag, sizeof(copy));
	return aead(OPEN, alg, key, nonce, aad, aad_len, data, len, copy);
}
