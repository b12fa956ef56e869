// Certificates made at test time.
#pragma once

#include <openssl/x509.h>

#include "jwt.h"

#define LEAF_NOW 1700000000

struct leaf {
	const char *key;	    // of jwt_key
	const char *subject[12];    // attribute, value, attribute, value
	const char *extensions[12]; // name, value as in openssl.cnf; NULL: digitalSignature, clientAuth
	const char *issuer_key;	    // NULL: itself
	const char *issuer_name;
	long begins; // from LEAF_NOW
	long ends;
};

X509 *leaf_make(const struct leaf *leaf);
// The same in DER, which the caller frees by OPENSSL_free.
size_t leaf_der(const struct leaf *leaf, uint8_t **out);
