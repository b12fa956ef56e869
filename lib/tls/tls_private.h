// What the files of this library share. Control lcore.
#pragma once

#include <sys/stat.h>

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

// ---- file.c
struct tls_file {
	const char *what;
	const char *path;
	size_t max_bytes;
	uint8_t *bytes;
	size_t len;
	mode_t mode;
	char *err;
	size_t err_cap;
};

// On failure err of f tells. The caller ends with tls_file_fini, also then.
MST_MUST_USE int tls_file_load(struct tls_file *f);
void tls_file_fini(struct tls_file *f); // wipes

// ---- pem.c: what a loaded file holds; err of f tells of a failure
MST_MUST_USE int tls_pem_certs(STACK_OF(X509) * certs, const struct tls_file *f, unsigned int max);
MST_MUST_USE int tls_pem_key(EVP_PKEY **key, const struct tls_file *f);
MST_MUST_USE int tls_pfx_open(
	EVP_PKEY **key, STACK_OF(X509) * certs, const struct tls_file *f, const char *password_file);

// ---- identity.c
struct tls_identity {
	X509 *cert;
	STACK_OF(X509) * chain; // sent behind cert, in order; may be empty
	STACK_OF(X509) * roots; // the end of it, when the file has it; not sent
	X509 *issuer;		// of cert; NULL: not known
	EVP_PKEY *key;
	bool key_readable_by_others;
	bool is_public;	       // this host trusts its root
	unsigned int n_strays; // of the file's, that have no place in the chain
	char missing[256];     // whose certificate the chain lacks; "": none
};

const char *tls_pair_file(const struct mst_tls_pair *p);
MST_MUST_USE int tls_identity_load(
	struct tls_identity *out, const struct mst_tls_pair *p, char *err, size_t err_cap);
void tls_identity_fini(struct tls_identity *id);

// ---- check.c
// Why a key may not be used, or NULL: "is too weak ...".
const char *tls_key_fault(EVP_PKEY *key);
MST_MUST_USE int tls_identity_check(const struct tls_identity *id, const char *file,
	const struct mst_tls_params *p, char *err, size_t err_cap);

// ---- cert.c
#define TLS_DAY_S 86400

int64_t tls_time_unix(const ASN1_TIME *t); // 0: none that can be read
void tls_name_text(const X509_NAME *name, char *text, size_t cap);
// days_left, file and n_chain are for the caller to fill.
void tls_cert_describe(X509 *cert, struct mst_tls_cert_info *out);
bool tls_cert_names_ocsp(X509 *cert); // a server that can be asked about it
void tls_cert_warn(struct mst_str *s, const struct tls_identity *id, const struct mst_tls_cert_info *info,
	const struct mst_tls_pair *p, int64_t now_unix_s);

// ---- clients.c
struct tls_der {
	uint8_t *bytes; // libcrypto's
	size_t len;
};

// What libssl's callbacks have seen of a device: the application data of its SSL.
struct tls_seen {
	char *host; // the first name of the one that it asked for; NULL: none of ours
	enum mst_tls_peer peer;
	const char *fault; // why its certificate was refused
	struct tls_der leaf, issuer;
};

MST_MUST_USE int tls_clients_setup(
	SSL_CTX *c, const struct mst_tls_clients *clients, char *err, size_t err_cap);
void tls_seen_fini(struct tls_seen *seen);

// ---- staple.c
// What is known and wanted of a certificate's OCSP.
struct tls_staple {
	X509 *cert;			// the one that libssl sends
	uint8_t *cert_der, *issuer_der; // issuer_der NULL: not known
	size_t cert_len, issuer_len;
	bool offered;	// by the CA: the certificate names an OCSP server
	bool listed;	// or a revocation list
	uint8_t *bytes; // the response in DER; NULL: none that is good
	size_t len;
	int64_t until_unix_s; // its nextUpdate, or the list's; 0: neither
};

// The caller ends with tls_staple_fini, also when it fails.
MST_MUST_USE int tls_staple_init(
	struct mst_tls_ctx *ctx, struct tls_staple *s, const struct tls_identity *id);
void tls_staple_fini(struct tls_staple *s);

// ---- ctx.c
struct tls_pair {
	struct mst_tls_cert_info info;
	struct tls_staple staple;
	char key_kind[16]; // as EVP_PKEY_is_a knows it
};

struct tls_host {
	struct mst_tls_ctx *ctx;
	char *names[MST_TLS_HOST_NAMES_MAX];
	size_t n_names;
};

struct mst_tls_ctx {
	unsigned int refs; // the owner's, and of each handshake in progress, which may look for a host
	SSL_CTX *ssl_ctx;
	struct tls_pair pairs[MST_TLS_PAIRS_MAX];
	size_t n_pairs;
	struct tls_host *hosts;
	size_t n_hosts;
	char warnings[1024];
};

enum mst_tls_peer tls_ctx_asks(const struct mst_tls_ctx *ctx); // NONE or NOT_ASKED

// ---- hosts.c
void tls_hosts_fini(struct mst_tls_ctx *ctx);

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

// ---- renew.c
// What the keys of a connection have been used for.
struct tls_use {
	uint64_t sent, received; // records under the keys in use, of each direction
	uint64_t records;	 // received under all keys
	uint64_t updates;	 // KeyUpdates of the peer
	uint64_t most;		 // records a key may protect
	unsigned int alone;	 // our renewals since the peer's last one
	bool asked;		 // the peer, to renew its keys
	bool flood;		 // more KeyUpdates than anybody has a reason for
	struct tls_socket *sock;
};
void tls_use_watch(struct tls_use *use, SSL *ssl, struct tls_socket *sock);
bool tls_use_is_over(const struct tls_use *use);	 // nothing more under these keys
bool tls_use_is_long(const struct tls_use *use);	 // they are to be renewed
bool tls_use_is_long_of_peer(const struct tls_use *use); // by the peer, too
// Before each renewal in time: is the peer to be asked for its own? One that renews by itself is not: GnuTLS takes a KeyUpdate
// that asks for a wrong answer, and ends the connection, while its own that asks is on the way.
bool tls_use_is_peer_idle(struct tls_use *use);

// ---- conn.c
struct tls_use *tls_conn_use(struct mst_tls_conn *conn);

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
	SSL_CTX *legacy; // NULL: not offered
	EVP_KDF *prf;
	uint32_t retransmit_us;
};
MST_MUST_USE int tls_dtls_set_profile(SSL_CTX *c, const char *suites);

// ---- dtls_handshake.c
void tls_dtls_set_callbacks(SSL_CTX *c);
MST_MUST_USE int tls_dtls_create_on(
	struct mst_tls_dtls **out, const struct mst_tls_dtls_ctx *ctx, SSL_CTX *ssl_ctx, uint16_t link_mtu);

// ---- dtls_resume.c
MST_MUST_USE int tls_dtls_legacy_create(SSL_CTX **out);
