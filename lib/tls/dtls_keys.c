// Key block of a finished DTLS 1.2 handshake (RFC 5246 6.3) into the record layer's key object. Control
// lcore.
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "dtls_private.h"

#define MASTER_BYTES 48
#define RANDOM_BYTES 32
#define EPOCH 1 // the first and only one: no renegotiation

static const char label[] = "key expansion";

struct inputs {
	uint8_t master[MASTER_BYTES];
	uint8_t client_random[RANDOM_BYTES];
	uint8_t server_random[RANDOM_BYTES];
	const char *digest;
};

static int
gather(const struct mst_tls_dtls *h, const SSL_CIPHER *cipher, struct inputs *in)
{
	const EVP_MD *md = SSL_CIPHER_get_handshake_digest(cipher);
	const SSL_SESSION *session = SSL_get_session(h->ssl);

	if (md == NULL || session == NULL ||
		SSL_SESSION_get_master_key(session, in->master, sizeof(in->master)) != MASTER_BYTES ||
		SSL_get_client_random(h->ssl, in->client_random, RANDOM_BYTES) != RANDOM_BYTES ||
		SSL_get_server_random(h->ssl, in->server_random, RANDOM_BYTES) != RANDOM_BYTES)
		return -EIO;
	in->digest = EVP_MD_get0_name(md);
	return 0;
}

// key_block = PRF(master_secret, "key expansion" + server_random + client_random): the server's random comes
// first.
static int
derive(EVP_KDF *prf, struct inputs *in, uint8_t *block, size_t len)
{
	uint8_t seed[sizeof(label) - 1 + 2 * RANDOM_BYTES];
	char digest[32];
	struct mst_wr w = mst_wr_init(seed, sizeof(seed));
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(prf);

	if (ctx == NULL)
		return -ENOMEM;
	mst_wr_bytes(&w, label, sizeof(label) - 1);
	mst_wr_bytes(&w, in->server_random, RANDOM_BYTES);
	mst_wr_bytes(&w, in->client_random, RANDOM_BYTES);
	tls_text_set(digest, sizeof(digest), "%s", in->digest);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, in->master, sizeof(in->master)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};
	int ok = EVP_KDF_derive(ctx, block, len, params);

	EVP_KDF_CTX_free(ctx); // wipes its copy of the secret
	return ok == 1 && !w.err ? 0 : -EIO;
}

int
mst_tls_dtls_keys(struct mst_tls_dtls *h, struct mst_dtls_keys *out)
{
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
	struct inputs in = {0};
	int rc;

	if (h->state != MST_TLS_DTLS_DONE)
		return -EAGAIN;
	if (h->keys_taken)
		return -EALREADY;
	ERR_clear_error();
	const SSL_CIPHER *cipher = SSL_get_current_cipher(h->ssl);
	const struct mst_dtls_suite *suite =
		cipher == NULL ? NULL : mst_dtls_suite_by_id(SSL_CIPHER_get_protocol_id(cipher));
	if (suite == NULL)
		return -EIO;
	size_t len = mst_dtls_key_block_bytes(suite);
	rc = gather(h, cipher, &in);
	if (rc == 0)
		rc = derive(h->prf, &in, block, len);
	if (rc == 0)
		rc = mst_dtls_keys_init(out, suite, EPOCH, block, len);
	mst_wipe(&in, sizeof(in));
	mst_wipe(block, sizeof(block));
	ERR_clear_error();
	h->keys_taken = rc == 0;
	return rc;
}
