// Shared inside lib/identity: bearer tokens of OIDC issuers. Any thread of the helper; what is parsed is immutable.
#pragma once

#include <cjose/cjose.h>
#include <stdatomic.h>

#include <jansson.h>

#include "mst_base.h"

#include "who.h"

#define OIDC_TOKEN_BYTES_MAX (16 * 1024)
#define OIDC_DOCUMENT_BYTES_MAX (256 * 1024)
#define OIDC_DEPTH_MAX 16 // of any JSON; tokens and documents of issuers need 4
#define OIDC_KEYS_MAX 64
#define OIDC_KID_BYTES 256
#define OIDC_NAME_BYTES 128
#define OIDC_URL_BYTES 512

// What was found, in the order of the checks. The text follows "the token has ".
// clang-format off
#define OIDC_VERDICTS(X)                                                       \
	X(OK, "passed")                                                        \
	X(FORM, "another form than three parts of base64url, 16 KiB at most")  \
	X(HEADER, "a header that is no plain JSON object")                     \
	X(CRIT, "critical header parameters")                                  \
	X(TYPE, "a type other than JWT or at+jwt")                             \
	X(ALG, "an algorithm that is not allowed")                             \
	X(KID, "no usable key id")                                             \
	X(CLAIMS, "claims that are no plain JSON object")                      \
	X(ISSUER, "an issuer that is not accepted here")                          \
	X(KEY, "a key id that is not among the issuer's keys")                 \
	X(KEY_TYPE, "an algorithm that its key is not for")                    \
	X(SIGNATURE, "a signature that does not verify")                       \
	X(AUDIENCE, "another audience")                                        \
	X(TIME, "no usable exp, nbf or iat")                                   \
	X(EXPIRED, "expired")                                                  \
	X(EARLY, "a time of issue or begin that is still to come")             \
	X(REQUIRED, "a required claim missing or different")                   \
	X(USER, "no usable user name")                                         \
	X(DEVICE, "an unusable device id")                                     \
	X(WAIT, "a key id that is being looked for")                           \
	X(NO_KEYS, "an issuer whose keys could not be had")
// clang-format on
enum oidc_verdict {
#define OIDC_VERDICT_ENUM(name, text) OIDC_##name,
	OIDC_VERDICTS(OIDC_VERDICT_ENUM)
#undef OIDC_VERDICT_ENUM
};

// One issuer as the operator wrote it. Strings stay the caller's.
struct oidc_issuer {
	const char *issuer; // compared byte by byte with iss
	const char *const *audiences;
	uint32_t n_audiences;
	const char *user_claim;
	const char *group_claim;     // "": no groups
	const char *device_claim;    // "": no device id
	const char *const *required; // name=value
	uint32_t n_required;
	const char *discovery_url; // "": the issuer's well-known place
	const char *jwks_host;	   // "": the host of the discovery document
	struct oidc_keys *keys;	   // of a file; NULL: they are fetched
	const void *ca;		   // certificates in PEM; NULL: what the system trusts
	size_t ca_len;
	const char *proxy; // "": as the environment says
	uint32_t leeway_s;
	uint32_t refresh_min_s; // between two fetches that a token asked for
	uint32_t refresh_max_s; // age of keys that are fetched again without being asked for
};

// ---- oidc_json.c: JSON and base64url of strangers ------------------------------------------------------------------
// An object, no key twice, nesting bounded; NULL for anything else.
json_t *oidc_json_parse(const void *text, size_t len);
// A member that is a string of 1 to cap - 1 bytes without control characters; NULL otherwise.
const char *oidc_json_text(const json_t *object, const char *name, size_t cap);
// Is value this text, or an array that has it?
bool oidc_json_has(const json_t *value, const char *text, size_t len);
// Bytes decoded, -EINVAL: padding, blanks, spare bits that are not zero (RFC 7515 section 2), or more than cap.
MST_MUST_USE int oidc_json_base64(const char *text, size_t len, uint8_t *out, size_t cap);

// ---- oidc_jws.c: a signed token in compact form (RFC 7515) --------------------------------------------------------
struct oidc_alg {
	const char *name;
	cjose_jwk_kty_t kty;
	cjose_jwk_ec_curve curve;
	size_t signature_len; // 0: that of the modulus
};

struct oidc_jws {
	const char *text; // the caller's
	size_t len;
	const struct oidc_alg *alg;
	char kid[OIDC_KID_BYTES];
	size_t signature_len;
	size_t payload_len;
	uint8_t payload[OIDC_TOKEN_BYTES_MAX];
};

struct oidc_key;
const struct oidc_alg *oidc_jws_alg(const char *name); // NULL: not allowed, or name is NULL
// Nothing is verified yet.
enum oidc_verdict oidc_jws_parse(struct oidc_jws *jws, const char *text, size_t len);
enum oidc_verdict oidc_jws_verify(const struct oidc_jws *jws, const struct oidc_key *key);

// ---- oidc_keys.c: the keys of an issuer (RFC 7517) ----------------------------------------------------------------
struct oidc_key {
	char kid[OIDC_KID_BYTES];
	char alg[8]; // "": any that fits
	cjose_jwk_kty_t kty;
	cjose_jwk_ec_curve curve;
	cjose_jwk_t *jwk;
};

struct oidc_keys {
	atomic_uint refs;
	uint32_t n;
	uint32_t n_passed_over; // for another use, of another kind, too weak
	struct oidc_key keys[OIDC_KEYS_MAX];
};

// -EINVAL: no key set, or one with a key id twice; -ENOKEY: no usable key in it; -E2BIG: more than OIDC_KEYS_MAX; -ENOMEM.
MST_MUST_USE int oidc_keys_parse(struct oidc_keys **out, const void *text, size_t len);
struct oidc_keys *oidc_keys_get(struct oidc_keys *keys);
void oidc_keys_put(struct oidc_keys *keys);
const struct oidc_key *oidc_keys_find(const struct oidc_keys *keys, const char *kid);

// ---- oidc_token.c: what a token says ------------------------------------------------------------------------------
struct oidc_token {
	struct oidc_jws jws;
	json_t *claims;
};

// On OIDC_OK the caller ends with oidc_token_fini. issuer: index of the one that the token names, which is all that may
// be believed of it so far.
enum oidc_verdict oidc_token_open(struct oidc_token *token, const char *text, size_t len,
	const struct oidc_issuer *issuers, uint32_t n_issuers, uint32_t *issuer);
void oidc_token_fini(struct oidc_token *token);
// The signature, then the claims; out is written on OIDC_OK alone. keys NULL: OIDC_KEY.
enum oidc_verdict oidc_token_check(const struct oidc_token *token, const struct oidc_issuer *issuer,
	const struct oidc_keys *keys, uint64_t now_s, struct identity_who *out);
// The second half of it, which believes the claims.
enum oidc_verdict oidc_token_claims(
	const json_t *claims, const struct oidc_issuer *issuer, uint64_t now_s, struct identity_who *out);
const char *oidc_verdict_text(enum oidc_verdict verdict);

// ---- oidc_discovery.c: where an issuer's keys are -----------------------------------------------------------------
MST_MUST_USE int oidc_discovery_url(const struct oidc_issuer *issuer, char out[OIDC_URL_BYTES]);
// -EINVAL: no discovery document; -ENOENT: another issuer's; -EACCES: its keys are at a place that is not allowed.
MST_MUST_USE int oidc_discovery_parse(
	const struct oidc_issuer *issuer, const void *text, size_t len, char jwks_uri[OIDC_URL_BYTES]);

// ---- oidc.c: issuers and their keys, which are fetched by a thread of their own ------------------------------------
struct oidc;

struct oidc_stats {
	uint64_t fetched; // key sets that were taken
	uint64_t failed;
	uint64_t asked; // fetches that a token asked for
};

// The issuers stay the caller's, and alive until oidc_destroy. Keys that are not in a file are fetched from now on, but for
// those that old (NULL: none) has of the same place. -EINVAL and other errors with the reason in err, which has err_cap
// bytes.
MST_MUST_USE int oidc_create(struct oidc **out, const struct oidc_issuer *issuers, uint32_t n_issuers,
	struct oidc *old, char *err, size_t err_cap);
// Does not wait for a fetch in progress. NULL is fine.
void oidc_destroy(struct oidc *oidc);
// accepted: the issuers whose tokens are, a bit each. OIDC_WAIT: the keys are being fetched; once more when oidc_round is
// another than round. Any thread, as those below.
enum oidc_verdict oidc_verify(struct oidc *oidc, uint32_t accepted, const char *text, size_t len,
	uint64_t now_s, struct identity_who *out, uint64_t *round);
// Goes up with each fetch that has ended, well or not.
uint64_t oidc_round(struct oidc *oidc);
void oidc_stats(struct oidc *oidc, struct oidc_stats *out);
