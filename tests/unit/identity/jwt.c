// Signs with OpenSSL, so that what cjose verifies was made by another hand.
#include "jwt.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

struct named {
	const char *name;
	const char *curve; // NULL: RSA
	size_t bits;
	EVP_PKEY *pkey;
};

static struct named keys[] = {
	{"rsa", NULL, 2048, NULL},
	{"rsa2", NULL, 2048, NULL},
	{"rsa1024", NULL, 1024, NULL},
	{"p256", "P-256", 256, NULL},
	{"p256b", "P-256", 256, NULL},
	{"p384", "P-384", 384, NULL},
	{"p521", "P-521", 521, NULL},
	{"p224", "P-224", 224, NULL},
	{"k256", "secp256k1", 256, NULL},
};

EVP_PKEY *
jwt_key(const char *name)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(keys); i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (keys[i].pkey == NULL && keys[i].curve == NULL)
			keys[i].pkey = EVP_RSA_gen(keys[i].bits);
		else if (keys[i].pkey == NULL)
			keys[i].pkey = EVP_EC_gen(keys[i].curve);
		assert_non_null(keys[i].pkey);
		return keys[i].pkey;
	}
	fail_msg("no key %s", name);
	return NULL;
}

void
jwt_keys_free(void)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(keys); i++) {
		EVP_PKEY_free(keys[i].pkey);
		keys[i].pkey = NULL;
	}
}

size_t
jwt_base64(const void *data, size_t len, char *out)
{
	int n;

	assert_true(len * 4 / 3 + 4 < JWT_BYTES);
	n = EVP_EncodeBlock((unsigned char *)out, data, (int)len);
	while (n > 0 && out[n - 1] == '=')
		n--;
	out[n] = '\0';
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	return (size_t)n;
}

static size_t
mac(EVP_PKEY *key, const char *text, uint8_t *out)
{
	BIO *pem = BIO_new(BIO_s_mem());
	unsigned int len = 0;
	char *secret;
	long secret_len;

	assert_int_equal(PEM_write_bio_PUBKEY(pem, key), 1);
	secret_len = BIO_get_mem_data(pem, &secret);
	assert_non_null(
		HMAC(EVP_sha256(), secret, (int)secret_len, (const uint8_t *)text, strlen(text), out, &len));
	BIO_free(pem);
	return len;
}

// DER to r and s side by side (RFC 7518 section 3.4).
static size_t
flatten(EVP_PKEY *key, uint8_t *sig, size_t len)
{
	const uint8_t *der = sig;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
	int half = (EVP_PKEY_get_bits(key) + 7) / 8;

	assert_non_null(pair);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), sig, half), half);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), sig + half, half), half);
	ECDSA_SIG_free(pair);
	return 2 * (size_t)half;
}

static size_t
sign(EVP_PKEY *key, const char *alg, const char *text, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	const char *bits = alg + strlen(alg) - 3;
	size_t len = 1024;

	assert_int_equal(EVP_DigestSignInit(ctx, &pctx,
				 EVP_get_digestbyname(strcmp(bits, "256") == 0	 ? "SHA256"
						      : strcmp(bits, "384") == 0 ? "SHA384"
										 : "SHA512"),
				 NULL, key),
		1);
	if (alg[0] == 'P') {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	assert_int_equal(EVP_DigestSign(ctx, out, &len, (const uint8_t *)text, strlen(text)), 1);
	EVP_MD_CTX_free(ctx);
	return alg[0] == 'E' ? flatten(key, out, len) : len;
}

const char *
jwt_sign_bytes(const char *key, const char *alg, const char *header, const void *payload, size_t len)
{
	static char token[3 * JWT_BYTES];
	char part[JWT_BYTES];
	uint8_t sig[1024];
	size_t n = jwt_base64(header, strlen(header), token);
	size_t sig_len = 0;

	jwt_base64(payload, len, part);
	n += (size_t)snprintf(token + n, sizeof(token) - n, ".%s", part);
	if (strcmp(alg, "HS256") == 0)
		sig_len = mac(jwt_key(key), token, sig);
	else if (strcmp(alg, "none") != 0)
		sig_len = sign(jwt_key(key), alg, token, sig);
	jwt_base64(sig, sig_len, part);
	snprintf(token + n, sizeof(token) - n, ".%s", part);
	return token;
}

const char *
jwt_sign(const char *key, const char *alg, const char *header, const char *payload)
{
	return jwt_sign_bytes(key, alg, header, payload, strlen(payload));
}

static void
member(EVP_PKEY *key, const char *param, size_t len, char *out)
{
	uint8_t bytes[1024];
	BIGNUM *bn = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &bn), 1);
	if (len == 0)
		len = (size_t)BN_num_bytes(bn);
	assert_int_equal(BN_bn2binpad(bn, bytes, (int)len), (int)len);
	jwt_base64(bytes, len, out);
	BN_free(bn);
}

const char *
jwt_jwk(const char *name, const char *kid, const char *more)
{
	static char text[8192];
	static char a[JWT_BYTES];
	static char b[JWT_BYTES];
	struct mst_str s = mst_str_init(text, sizeof(text));
	EVP_PKEY *key = jwt_key(name);
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA")) {
		member(key, OSSL_PKEY_PARAM_RSA_N, 0, a);
		member(key, OSSL_PKEY_PARAM_RSA_E, 0, b);
		mst_str_fmt(&s, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", a, b);
	} else {
		member(key, OSSL_PKEY_PARAM_EC_PUB_X, (size_t)(bits + 7) / 8, a);
		member(key, OSSL_PKEY_PARAM_EC_PUB_Y, (size_t)(bits + 7) / 8, b);
		mst_str_fmt(&s, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"", bits, a, b);
	}
	mst_str_fmt(&s, ",\"kid\":\"%s\"%s}", kid, more);
	assert_false(s.err);
	return text;
}
