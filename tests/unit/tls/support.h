// Certificates made on the spot, and an OpenSSL client on the other end of a socket pair.
#pragma once

#include <openssl/ssl.h>

#include "mst_test.h"
#include "mst_tls.h"

enum key_kind { KEY_RSA, KEY_RSA_WEAK, KEY_EC, KEY_ED25519 };

struct files {
	char dir[32];
	char cert[48];
	char key[48];
};

// A folder of its own under /tmp; files_fini removes it and what is in it.
void files_init(struct files *f);
void files_fini(struct files *f);
void files_put(const char *path, const char *text);
EVP_PKEY *key_make(enum key_kind kind);
// Self-signed, CN=gw.example; valid from and to are seconds from now.
X509 *cert_make(EVP_PKEY *key, long from_s, long to_s);
void files_put_cert(const char *path, X509 *cert);
void files_put_key(const char *path, EVP_PKEY *key);
// A fresh key and a certificate of 90 days, the key file with mode 0600.
void files_put_identity(const struct files *f, enum key_kind kind);
struct mst_tls_ctx *ctx_make(const struct files *f, enum mst_tls_version min_version);

// The client talks through memory, so that a test decides which of its bytes move.
struct pair {
	int server_fd;
	int client_fd;
	struct mst_tls_conn *conn;
	SSL_CTX *client_ctx;
	SSL *client;
};

void pair_init(struct pair *p, struct mst_tls_ctx *ctx);
// Replaces the SSL after client_ctx was changed.
void pair_renew_client(struct pair *p);
void pair_fini(struct pair *p);
// At most max bytes of what the client wrote go to the socket; returns how many.
size_t pair_push(struct pair *p, size_t max);
// What waits in the socket goes to the client.
size_t pair_pull(struct pair *p);
// Until both ends are done or one failed: the server's result; *client_done tells of the client.
enum mst_tls_result pair_handshake(struct pair *p, bool *client_done);
// The same, and both must succeed.
void pair_connect(struct pair *p);
// The client's next record, whole, into buf; 0 when there is none.
size_t pair_client_read(struct pair *p, void *buf, size_t cap);
