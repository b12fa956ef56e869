// One DTLS handshake, shared by the file that runs it and the file that takes its keys. Control lcore.
#pragma once

#include "tls_private.h"

struct mst_tls_dtls {
	SSL *ssl;
	EVP_KDF *prf;
	enum mst_tls_dtls_state state;
	bool keys_taken;
	bool psk_used;
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
