// What the files of this library share. Control lcore.
#pragma once

#include <openssl/kdf.h>
#include <openssl/ssl.h>

#include "mst_dtls.h"
#include "mst_tls.h"

// ---- error.c
// The first reason in libssl's queue into text (or fallback when the queue is empty); the queue is empty
// afterwards, so that nothing of one connection is ever read as the failure of the next.
void tls_error_take(char *text, size_t cap, const char *fallback);
// Writes text as printf does; what does not fit is cut.
void tls_text_set(char *text, size_t cap, const char *fmt, ...) MST_PRINTF(3, 4);

// ---- pem.c
struct tls_identity {
	X509 *cert;
	STACK_OF(X509) * chain; // without cert; may be empty
	EVP_PKEY *key;
	bool key_readable_by_others;
};

MST_MUST_USE int tls_identity_load(
	struct tls_identity *out, const struct mst_tls_params *p, char *err, size_t err_cap);
void tls_identity_fini(struct tls_identity *id);

// ---- cert.c
#define TLS_DAY_S 86400

// days_left is for the caller to fill.
void tls_cert_describe(X509 *cert, struct mst_tls_cert_info *out);
void tls_cert_warn(const struct mst_tls_cert_info *info, const struct mst_tls_params *p, int64_t now_unix_s,
	bool key_readable_by_others, char *text, size_t cap);

// ---- ctx.c
struct mst_tls_ctx {
	SSL_CTX *ssl_ctx;
	struct mst_tls_cert_info info;
	char warnings[512];
};

// ---- name.c
void tls_name_format(SSL *ssl, char *text, size_t cap);
void tls_name_format_dtls(SSL *ssl, char *text, size_t cap);

// ---- bio_socket.c
#define TLS_HEAD_BYTES 9
// What the socket did not take of a cork.
struct tls_rest {
	size_t len, off;
	uint8_t bytes[];
};

struct tls_socket {
	int fd;
	struct mst_tls_pipe *pipe; // not NULL: bytes move here instead of through fd
	int err;		   // errno of the last failed call, 0 for a want
	bool eof;
	size_t budget;		   // bytes that may still be received
	struct mst_tls_cork *cork; // not NULL: what is sent gathers here
	struct tls_rest *rest;	   // not NULL: goes out before anything else
	// The start of what was received: headers of the first record and of the handshake message in it.
	uint8_t head[TLS_HEAD_BYTES];
	uint8_t n_head;
};

// A BIO that moves bytes of sock; sock outlives it. NULL when memory is short.
BIO *tls_bio_socket(struct tls_socket *sock);
// Sends what has gathered, and what is not taken becomes the rest: 0, -EAGAIN with a rest, or -errno.
MST_MUST_USE int tls_socket_uncork(struct tls_socket *sock);
// Sends the rest: 0 without one, -EAGAIN or -errno.
MST_MUST_USE int tls_socket_flush(struct tls_socket *sock);
void tls_socket_drop(struct tls_socket *sock); // the rest is lost

// ---- bio_datagram.c
struct tls_datagrams {
	const uint8_t *in; // NULL once read
	size_t in_len;
	size_t n_out;  // datagrams written
	size_t n_sent; // of them taken by the caller
	size_t out_bytes;
	uint16_t out_len[MST_TLS_DTLS_OUT_DATAGRAMS];
	uint8_t out[MST_TLS_DTLS_OUT_BYTES];
};

// A BIO where one read is one datagram and one write is one datagram; d outlives it. NULL when memory is
// short.
BIO *tls_bio_datagram(struct tls_datagrams *d);

// ---- dtls_filter.c
struct tls_flight {
	uint8_t n_records;
	uint8_t n_encrypted; // records of epoch 1
};

// Whether a datagram may be shown to libssl: whole records of a handshake, each within our bounds. 0 or
// -EBADMSG.
MST_MUST_USE int tls_flight_parse(const void *datagram, size_t len, struct tls_flight *out);

// ---- dtls_ctx.c
struct mst_tls_dtls_ctx {
	SSL_CTX *ssl_ctx;
	EVP_KDF *prf;
	uint32_t retransmit_us;
};

// ---- dtls_handshake.c
void tls_dtls_set_callbacks(SSL_CTX *c);
