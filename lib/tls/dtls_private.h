// One DTLS handshake, shared by the file that runs it and the file that takes its keys. Control lcore.
#pragma once

#include "tls_private.h"

struct mst_tls_dtls {
	SSL *ssl;
	EVP_KDF *prf;
	enum mst_tls_dtls_state state;
	bool keys_taken;
	bool psk_used;
	bool verified;		   // the hello answers a HelloVerifyRequest
	uint8_t n_in;		   // well-formed datagrams so far
	uint8_t n_encrypted;	   // records of epoch 1 among them
	uint8_t n_retransmissions; // ours
	uint32_t retransmit_us;
	uint8_t psk[MST_TLS_PSK_BYTES];
	struct mst_tls_dtls_resumed resumed; // suite 0: by psk
	char cipher[48];
	char error[128];
	struct tls_datagrams io;
};

// dtls_verify.c
void tls_dtls_set_verify(SSL_CTX *c);
// Before libssl goes on with a datagram. False: the handshake has failed.
MST_MUST_USE bool tls_dtls_begin(struct mst_tls_dtls *h);
