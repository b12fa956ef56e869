// Private to lib/cookie: the ring, and the parts of a cookie. Control lcore.
#pragma once

#include <assert.h>

#include <openssl/evp.h>

#include "mst_cookie.h"

#define COOKIE_VERSION 2
#define COOKIE_KEY_BYTES 32
#define COOKIE_SALT_BYTES 24
#define COOKIE_HEAD_BYTES (1 + 4 + COOKIE_SALT_BYTES)
#define COOKIE_TAG_BYTES 16
#define COOKIE_BODY_BYTES (MST_COOKIE_BYTES - COOKIE_HEAD_BYTES - COOKIE_TAG_BYTES)

struct cookie_key {
	uint32_t id;
	uint64_t created_unix_s;
	uint8_t bytes[COOKIE_KEY_BYTES];
};

struct mst_cookie_keys {
	EVP_KDF *kdf;
	EVP_CIPHER *cipher;
	struct cookie_key nobody; // what a cookie of an unknown key is tried with
	uint32_t n;
	struct cookie_key keys[MST_COOKIE_KEYS_MAX];
};

// body.c: the fixed layout of what is sealed. cookie_body_write -EINVAL: a name without an end; cookie_body_read
// -EBADMSG: not what we write.
MST_MUST_USE int cookie_body_write(const struct mst_cookie *cookie, uint8_t out[COOKIE_BODY_BYTES]);
MST_MUST_USE int cookie_body_read(const uint8_t in[COOKIE_BODY_BYTES], struct mst_cookie *out);

// text.c: base64url (RFC 4648 section 5) without padding. cookie_text_read looks at every character whatever it has
// seen; false: not the text of MST_COOKIE_BYTES bytes, and raw holds anything.
void cookie_text_write(const uint8_t raw[MST_COOKIE_BYTES], char text[MST_COOKIE_TEXT_BYTES]);
bool cookie_text_read(const char *text, uint8_t raw[MST_COOKIE_BYTES]);

// keys.c
// A ring without keys; -ENOMEM.
MST_MUST_USE int cookie_keys_new(struct mst_cookie_keys **out);
void cookie_key_make(struct cookie_key *key, uint64_t now_unix_s);
const struct cookie_key *cookie_keys_newest(const struct mst_cookie_keys *keys, uint64_t now_unix_s);
// The key of that number, or nobody's: always one, after the same work.
const struct cookie_key *cookie_keys_find(const struct mst_cookie_keys *keys, uint32_t id, bool *found);
