// A DTLS 1.2 PSK client of OpenSSL's over memory, and the road between it and a handshake of ours.
#pragma once

#include "mst_test.h"

#include "tls_private.h"

struct dtls_client {
	SSL_CTX *ctx;
	SSL *ssl;
	struct tls_datagrams io;
	uint8_t psk[MST_TLS_PSK_BYTES];
	bool done;
};

// suites as OpenSSL names them.
void dtls_client_init(struct dtls_client *c, const char *suites, const uint8_t psk[MST_TLS_PSK_BYTES]);
void dtls_client_fini(struct dtls_client *c);
// Goes on with the handshake, or retransmits when its timer says so; the datagrams wait in io.
void dtls_client_step(struct dtls_client *c);
void dtls_client_give(struct dtls_client *c, const uint8_t *datagram, size_t len);

#define ROAD_DATAGRAMS 64

// Who sent what so far, and what is lost on the way.
struct road {
	struct dtls_client *client;
	struct mst_tls_dtls *server;
	enum mst_tls_dtls_state state;
	size_t n;				       // datagrams of both directions
	uint64_t lost;				       // bit i: datagram i is lost
	uint8_t final[2][MST_TLS_DTLS_DATAGRAM_BYTES]; // the server's last flight, as kept by a gateway
	size_t final_len[2];
	size_t n_final;
	size_t n_repeated; // times the last flight was sent again
};

// Moves datagrams, waits for timers, and repeats the server's last flight as a gateway does; ends when both
// are done, when the server failed, or after 3 s.
void road_run(struct road *r);
// One client datagram and all answers to it, without waiting. False when the client had none.
bool road_step(struct road *r);
struct mst_tls_dtls_ctx *dtls_ctx_make(const uint16_t *suites, size_t n_suites);
