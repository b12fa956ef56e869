// A device of the handshake benchmark: OpenSSL's TLS 1.3 and DTLS 1.2 PSK clients over memory. Its work is not what is
// measured.
#pragma once

#include <openssl/ssl.h>

#include "mst_cookie.h"

#define CLIENT_ID_BYTES 32
#define CLIENT_PSK_BYTES 32

struct client_ctx { // one for all devices
	SSL_CTX *tls, *dtls;
};

struct client {
	SSL *tls, *dtls;
	bool tls_done, dtls_done;
	char cookie[MST_COOKIE_TEXT_BYTES];
	uint8_t id[CLIENT_ID_BYTES]; // of the answer to CONNECT: names the session in the ClientHello
	uint8_t psk[CLIENT_PSK_BYTES];
};

MST_MUST_USE int client_ctx_init(struct client_ctx *ctx);
void client_ctx_fini(struct client_ctx *ctx);

MST_MUST_USE int client_init(struct client *d, const struct client_ctx *ctx);
void client_fini(struct client *d); // says nothing to the gateway

// Goes on with the TLS handshake with what was heard; -EIO when it failed.
MST_MUST_USE int client_tls_step(struct client *d);
void client_tls_hear(struct client *d, const void *data, size_t len);
// What waits to be sent; the bytes live until client_tls_said.
size_t client_tls_says(struct client *d, const uint8_t **data);
void client_tls_said(struct client *d);

MST_MUST_USE int client_connect(struct client *d); // the request, by cookie and with DTLS offered
// Takes the answer; -EAGAIN: not here yet; -EIO: refused.
MST_MUST_USE int client_connected(struct client *d);
MST_MUST_USE int client_write(struct client *d, const void *data, size_t len);
// One record; 0: none is here.
size_t client_read(struct client *d, void *data, size_t cap);

MST_MUST_USE int client_dtls_start(struct client *d, const struct client_ctx *ctx);
MST_MUST_USE int client_dtls_step(struct client *d);
void client_dtls_hear(struct client *d, const void *datagram, size_t len);
size_t client_dtls_says(struct client *d, const uint8_t **data); // one datagram holds the flight
void client_dtls_said(struct client *d);
