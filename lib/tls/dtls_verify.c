// HelloVerifyRequest (RFC 6347 4.2.1): who asks for a handshake from an address that nothing vouches for shows first that it
// receives there. Nothing is kept of it: its cookie is a keyed hash over its address and its hello. Control lcore.
#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "dtls_private.h"

#define HELLO_VERIFY_REQUEST 3
#define MESSAGE_HEADER_BYTES 12
#define BODY_BYTES (2 + 1 + MST_TLS_DTLS_COOKIE_BYTES)
#define PATH_MAX_BYTES 64

static_assert(
	MST_TLS_DTLS_VERIFY_BYTES == MST_DTLS_HEADER_BYTES + MESSAGE_HEADER_BYTES + BODY_BYTES, "its parts");
// An answer is smaller than what it answers, so nobody gains by having it sent to a third party.
static_assert(MST_TLS_DTLS_VERIFY_BYTES < MST_DTLS_CLIENT_HELLO_MIN_BYTES, "amplifies");

void
mst_tls_dtls_verifier_init(struct mst_tls_dtls_verifier *v, uint64_t now_ns)
{
	mst_random(v->secret, sizeof(v->secret));
	v->since_ns = now_ns;
}

void
mst_tls_dtls_verifier_fini(struct mst_tls_dtls_verifier *v)
{
	mst_wipe(v, sizeof(*v));
}

// Time is looked at when somebody asks: after a long silence no secret of before is good.
static void
turn(struct mst_tls_dtls_verifier *v, uint64_t now_ns)
{
	uint64_t age_ns = now_ns - v->since_ns;

	if (age_ns < MST_TLS_DTLS_VERIFY_NS)
		return;
	if (age_ns < 2 * MST_TLS_DTLS_VERIFY_NS)
		memcpy(v->secret[1], v->secret[0], sizeof(v->secret[1]));
	else
		mst_random(v->secret[1], sizeof(v->secret[1]));
	mst_random(v->secret[0], sizeof(v->secret[0]));
	v->since_ns = now_ns;
}

// RFC 6347 4.2.1: HMAC(Secret, Client-IP, Client-Parameters).
static int
make_cookie(const uint8_t secret[MST_TLS_DTLS_COOKIE_BYTES], const void *path, size_t path_len,
	const struct mst_dtls_client_hello *hello, uint8_t out[MST_TLS_DTLS_COOKIE_BYTES])
{
	uint8_t text[PATH_MAX_BYTES + MST_DTLS_RANDOM_BYTES + MST_DTLS_SESSION_ID_MAX_BYTES];
	struct mst_wr w = mst_wr_init(text, sizeof(text));
	unsigned int n = MST_TLS_DTLS_COOKIE_BYTES;
	bool ok;

	mst_wr_bytes(&w, path, path_len);
	mst_wr_bytes(&w, hello->random, MST_DTLS_RANDOM_BYTES);
	mst_wr_bytes(&w, hello->session_id, MST_DTLS_SESSION_ID_MAX_BYTES);
	MST_ASSERT(!w.err);
	ok = HMAC(EVP_sha256(), secret, MST_TLS_DTLS_COOKIE_BYTES, text, w.len, out, &n) != NULL;
	ERR_clear_error();
	return ok ? 0 : -ENOMEM;
}

int
mst_tls_dtls_verify_request(struct mst_tls_dtls_verifier *v, uint64_t now_ns, const void *path,
	size_t path_len, const struct mst_dtls_client_hello *hello, uint8_t out[MST_TLS_DTLS_VERIFY_BYTES])
{
	uint8_t cookie[MST_TLS_DTLS_COOKIE_BYTES];
	struct mst_wr w = mst_wr_init(out, MST_TLS_DTLS_VERIFY_BYTES);

	turn(v, now_ns);
	MST_TRY(make_cookie(v->secret[0], path, path_len, hello, cookie));
	mst_wr_be(&w, MST_DTLS_HANDSHAKE, 1);
	mst_wr_be(&w, MST_DTLS_VERSION_1_0, 2); // whatever is spoken later
	mst_wr_be(&w, hello->record_seq, 8);	// the client's own, in epoch 0
	mst_wr_be(&w, MESSAGE_HEADER_BYTES + BODY_BYTES, 2);
	mst_wr_be(&w, HELLO_VERIFY_REQUEST, 1);
	mst_wr_be(&w, BODY_BYTES, 3);
	mst_wr_be(&w, 0, 2); // the message's number, then where its only fragment begins
	mst_wr_be(&w, 0, 3);
	mst_wr_be(&w, BODY_BYTES, 3);
	mst_wr_be(&w, MST_DTLS_VERSION_1_0, 2);
	mst_wr_be(&w, sizeof(cookie), 1);
	mst_wr_bytes(&w, cookie, sizeof(cookie));
	MST_ASSERT(!w.err && w.len == MST_TLS_DTLS_VERIFY_BYTES);
	return 0;
}

bool
mst_tls_dtls_verify_is_good(struct mst_tls_dtls_verifier *v, uint64_t now_ns, const void *path,
	size_t path_len, const struct mst_dtls_client_hello *hello)
{
	uint8_t cookie[MST_TLS_DTLS_COOKIE_BYTES];

	turn(v, now_ns);
	if (hello->cookie_len != sizeof(cookie))
		return false;
	for (size_t i = 0; i < MST_ARRAY_SIZE(v->secret); i++) {
		if (make_cookie(v->secret[i], path, path_len, hello, cookie) == 0 &&
			mst_ct_equal(cookie, hello->cookie, sizeof(cookie)))
			return true;
	}
	return false;
}

// ---- the handshake behind it -------------------------------------------------------------------
// libssl asks about the cookie in the hello that it is fed; the caller knows.
static int
was_verified(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
	const struct mst_tls_dtls *h = SSL_get_app_data(ssl);

	(void)cookie;
	(void)len;
	return h->verified ? 1 : 0;
}

void
tls_dtls_set_verify(SSL_CTX *c)
{
	SSL_CTX_set_cookie_verify_cb(c, was_verified);
}

void
mst_tls_dtls_set_verified(struct mst_tls_dtls *h)
{
	MST_ASSERT(h->n_in == 0);
	h->verified = true;
}

bool
tls_dtls_begin(struct mst_tls_dtls *h)
{
	BIO_ADDR *nobody;
	bool ok;

	if (!h->verified || h->n_in != 1)
		return true;
	// The first hello and its answer, which are no part of the transcript, have numbers of their own: libssl goes on
	// behind them.
	nobody = BIO_ADDR_new();
	ok = nobody != NULL && DTLSv1_listen(h->ssl, nobody) == 1;
	BIO_ADDR_free(nobody);
	return ok;
}
