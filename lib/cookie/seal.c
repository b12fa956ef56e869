// Seal and open. In clear, and covered by the tag: version, number of the key, salt. The rest is AES-256-GCM under a key
// and a nonce that HKDF-SHA256 makes of the site's key and the salt for this one cookie: no counter to keep, and none
// to repeat after a restart, a copied virtual machine or on another gateway of the site. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include "cookie.h"

#define NONCE_BYTES 12
// Clocks of a site's gateways differ a little.
#define CLOCK_SKEW_S 300

struct derived {
	uint8_t key[COOKIE_KEY_BYTES];
	uint8_t nonce[NONCE_BYTES];
};

// RFC 5869, with the whole head as the info's second part.
static int
derive(const struct mst_cookie_keys *keys, const struct cookie_key *key,
	const uint8_t head[COOKIE_HEAD_BYTES], struct derived *out)
{
	char digest[] = "SHA256";
	char label[] = "mst-gateway cookie";
	uint8_t copy[COOKIE_HEAD_BYTES];
	uint8_t secret[COOKIE_KEY_BYTES];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, sizeof(secret)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, copy + 5, COOKIE_SALT_BYTES),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, label, strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, copy, sizeof(copy)),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(keys->kdf);
	int ok;

	memcpy(copy, head, sizeof(copy)); // OSSL_PARAM wants what it could write to
	memcpy(secret, key->bytes, sizeof(secret));
	ok = ctx != NULL && EVP_KDF_derive(ctx, (unsigned char *)out, sizeof(*out), params) == 1;
	EVP_KDF_CTX_free(ctx);
	mst_wipe(secret, sizeof(secret));
	return ok ? 0 : -ENOMEM;
}

static bool
encrypt(const struct mst_cookie_keys *keys, const struct derived *d, const uint8_t *body,
	uint8_t raw[MST_COOKIE_BYTES])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *out = raw + COOKIE_HEAD_BYTES;
	int n;
	bool ok = ctx != NULL && EVP_EncryptInit_ex2(ctx, keys->cipher, d->key, d->nonce, NULL) == 1 &&
		  EVP_EncryptUpdate(ctx, NULL, &n, raw, COOKIE_HEAD_BYTES) == 1 &&
		  EVP_EncryptUpdate(ctx, out, &n, body, COOKIE_BODY_BYTES) == 1 &&
		  EVP_EncryptFinal_ex(ctx, out + COOKIE_BODY_BYTES, &n) == 1 &&
		  EVP_CIPHER_CTX_ctrl(
			  ctx, EVP_CTRL_AEAD_GET_TAG, COOKIE_TAG_BYTES, out + COOKIE_BODY_BYTES) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

// -EBADMSG: the tag is not this key's. body holds anything then.
static int
decrypt(const struct mst_cookie_keys *keys, const struct derived *d, uint8_t raw[MST_COOKIE_BYTES],
	uint8_t *body)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *in = raw + COOKIE_HEAD_BYTES;
	int n;
	int ret = -ENOMEM;

	if (ctx != NULL && EVP_DecryptInit_ex2(ctx, keys->cipher, d->key, d->nonce, NULL) == 1 &&
		EVP_DecryptUpdate(ctx, NULL, &n, raw, COOKIE_HEAD_BYTES) == 1 &&
		EVP_DecryptUpdate(ctx, body, &n, in, COOKIE_BODY_BYTES) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, COOKIE_TAG_BYTES, in + COOKIE_BODY_BYTES) ==
			1)
		ret = EVP_DecryptFinal_ex(ctx, body + COOKIE_BODY_BYTES, &n) == 1 ? 0 : -EBADMSG;
	EVP_CIPHER_CTX_free(ctx);
	return ret;
}

int
mst_cookie_seal(const struct mst_cookie_keys *keys, uint64_t now_unix_s, const struct mst_cookie *cookie,
	char text[MST_COOKIE_TEXT_BYTES])
{
	const struct cookie_key *key = cookie_keys_newest(keys, now_unix_s);
	uint8_t raw[MST_COOKIE_BYTES];
	struct mst_wr w = mst_wr_init(raw, COOKIE_HEAD_BYTES);
	uint8_t salt[COOKIE_SALT_BYTES];
	uint8_t body[COOKIE_BODY_BYTES];
	struct derived d;
	int ret;

	mst_random(salt, sizeof(salt));
	mst_wr_be(&w, COOKIE_VERSION, 1);
	mst_wr_be(&w, key->id, 4);
	mst_wr_bytes(&w, salt, sizeof(salt));
	ret = cookie_body_write(cookie, body);
	if (ret == 0)
		ret = derive(keys, key, raw, &d);
	if (ret == 0 && !encrypt(keys, &d, body, raw))
		ret = -ENOMEM;
	if (ret == 0)
		cookie_text_write(raw, text);
	mst_wipe(&d, sizeof(d));
	mst_wipe(body, sizeof(body));
	return ret;
}

static bool
is_over(const struct mst_cookie *c, uint64_t now_unix_s)
{
	uint64_t end_s =
		c->expires_unix_s != 0 ? c->expires_unix_s : c->issued_unix_s + MST_COOKIE_LIFE_MAX_S;

	return now_unix_s >= end_s || c->issued_unix_s > now_unix_s + CLOCK_SKEW_S;
}

// Malformed text, another version and an unknown key are found at once and answered last: the cipher runs in any case.
int
mst_cookie_open(
	const struct mst_cookie_keys *keys, uint64_t now_unix_s, const char *text, struct mst_cookie *out)
{
	uint8_t raw[MST_COOKIE_BYTES];
	uint8_t body[COOKIE_BODY_BYTES + COOKIE_TAG_BYTES];
	struct mst_rd r = mst_rd_init(raw, sizeof(raw));
	struct mst_cookie c;
	struct derived d;
	const struct cookie_key *key;
	bool well_formed = cookie_text_read(text, raw);
	bool version_known = mst_rd_u8(&r) == COOKIE_VERSION;
	bool key_known;
	int ret;

	key = cookie_keys_find(keys, mst_rd_u32(&r), &key_known);
	ret = derive(keys, key, raw, &d);
	if (ret == 0)
		ret = decrypt(keys, &d, raw, body);
	if (ret == 0 && !(well_formed && version_known && key_known))
		ret = -EBADMSG;
	if (ret == 0)
		ret = cookie_body_read(body, &c);
	if (ret == 0 && is_over(&c, now_unix_s))
		ret = -EKEYEXPIRED;
	if (ret == 0)
		*out = c;
	mst_wipe(&d, sizeof(d));
	mst_wipe(body, sizeof(body));
	return ret;
}
