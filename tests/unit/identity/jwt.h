// Tokens and key sets made at test time, right ones and wrong ones.
#pragma once

#include <openssl/evp.h>

#include "mst_test.h"

#define JWT_BYTES (64 * 1024)

// The keys are made once; "rsa" "rsa2" "rsa1024" "p256" "p256b" "p384" "p521" "p224" "k256".
EVP_PKEY *jwt_key(const char *name);
void jwt_keys_free(void);

// base64url without padding, NUL terminated, into out of JWT_BYTES; the length.
size_t jwt_base64(const void *data, size_t len, char *out);
// A compact token over the two texts as they are. alg: any of RFC 7518, "none" (an empty signature), or HS256 with the PEM
// of the public key as its secret.
const char *jwt_sign(const char *key, const char *alg, const char *header, const char *payload);
// As jwt_sign, but the payload is of this many bytes, whatever they are.
const char *jwt_sign_bytes(
	const char *key, const char *alg, const char *header, const void *payload, size_t len);
// One public key as a JWK: {"kty":...,"kid":kid<more>}.
const char *jwt_jwk(const char *key, const char *kid, const char *more);
