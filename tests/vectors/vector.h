// What the vector tests share: reading the data files, and the two ways a vector is put to the test.
#pragma once

#include <stdio.h>

#include "mst_dtls.h"

#define VECTOR_MAX_BYTES 2048

struct bytes {
	size_t len;
	uint8_t b[VECTOR_MAX_BYTES];
};

struct vector {
	enum mst_aead_alg alg;
	struct bytes key;
	struct bytes nonce;
	struct bytes aad;
	struct bytes plain;
	struct bytes cipher;
	struct bytes tag;
};

// Opens a data file of tests/vectors; fails the test when it is not there.
FILE *vector_file(const char *name);
// The next line that is no comment, split at its blanks into n fields; false at the end. The fields stay
// valid until the next call.
bool vector_line(FILE *f, const char *fields[], size_t n);
// Hex digits, "-" for none.
void vector_hex(const char *text, struct bytes *out);
enum mst_aead_alg vector_alg(const char *name);

// Through the AEAD: sealing gives cipher and tag, opening gives plain.
void vector_check_aead(const struct vector *v);
// Through the DTLS record path. The additional data is then the record's own, so the tag is checked against
// the oracle; the ciphertext of these AEADs does not depend on it and must be the published one.
void vector_check_record(const struct vector *v);
