// The keys of an issuer: a key set to what verifies, and nothing weaker. Any thread of the helper.
#include <errno.h>
#include <string.h>

#include "oidc.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 // above, one token costs more than a sign-in is worth
#define RSA_EXPONENT_BYTES_MAX 8

struct curve {
	const char *name;
	cjose_jwk_ec_curve curve;
	size_t coordinate_len;
};

static const struct curve curves[] = {
	{"P-256", CJOSE_JWK_EC_P_256, 32},
	{"P-384", CJOSE_JWK_EC_P_384, 48},
	{"P-521", CJOSE_JWK_EC_P_521, 66},
};

// For what RFC 7517 section 4 lets a key be told to be for.
static bool
is_for_signatures(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use");
	const json_t *ops = json_object_get(jwk, "key_ops");

	return (use == NULL || (json_is_string(use) && strcmp(json_string_value(use), "sig") == 0)) &&
	       (ops == NULL || oidc_json_has(ops, "verify", 6));
}

static int
decode(const json_t *jwk, const char *name, uint8_t *out, size_t cap)
{
	const json_t *member = json_object_get(jwk, name);

	if (!json_is_string(member))
		return -EINVAL;
	return oidc_json_base64(json_string_value(member), json_string_length(member), out, cap);
}

// n and e without zeros in front (RFC 7518 section 6.3.1), so that their length tells their size.
static int
import_rsa(struct oidc_key *key, const json_t *jwk)
{
	uint8_t n[RSA_BITS_MAX / 8];
	uint8_t e[RSA_EXPONENT_BYTES_MAX];
	int n_len = decode(jwk, "n", n, sizeof(n));
	int e_len = decode(jwk, "e", e, sizeof(e));
	cjose_jwk_rsa_keyspec spec = {.n = n, .nlen = (size_t)n_len, .e = e, .elen = (size_t)e_len};

	if (n_len < RSA_BITS_MIN / 8 || n[0] == 0 || (n_len == RSA_BITS_MIN / 8 && n[0] < 0x80) ||
		e_len < 1 || e[0] == 0)
		return -EINVAL;
	// Exponent 1 signs everything, an even one nothing.
	if ((e_len == 1 && e[0] == 1) || e[e_len - 1] % 2 == 0 || n[n_len - 1] % 2 == 0)
		return -EINVAL;
	key->kty = CJOSE_JWK_KTY_RSA;
	key->curve = CJOSE_JWK_EC_INVALID;
	key->jwk = cjose_jwk_create_RSA_spec(&spec, NULL);
	return key->jwk != NULL ? 0 : -EINVAL;
}

// That the point is on the curve is asked by OpenSSL, which takes no other.
static int
import_ec(struct oidc_key *key, const json_t *jwk)
{
	const char *name = oidc_json_text(jwk, "crv", 16);
	uint8_t x[66];
	uint8_t y[66];

	for (size_t i = 0; name != NULL && i < MST_ARRAY_SIZE(curves); i++) {
		const struct curve *c = &curves[i];
		cjose_jwk_ec_keyspec spec = {.crv = c->curve,
			.x = x,
			.xlen = c->coordinate_len,
			.y = y,
			.ylen = c->coordinate_len};

		if (strcmp(c->name, name) != 0)
			continue;
		if (decode(jwk, "x", x, sizeof(x)) != (int)c->coordinate_len ||
			decode(jwk, "y", y, sizeof(y)) != (int)c->coordinate_len)
			return -EINVAL;
		key->kty = CJOSE_JWK_KTY_EC;
		key->curve = c->curve;
		key->jwk = cjose_jwk_create_EC_spec(&spec, NULL);
		return key->jwk != NULL ? 0 : -EINVAL;
	}
	return -EINVAL;
}

// Public members alone are taken; a private one that somebody published stays where it is.
static int
import_key(struct oidc_key *key, const json_t *jwk)
{
	const char *kty = oidc_json_text(jwk, "kty", 8);
	const char *kid = oidc_json_text(jwk, "kid", sizeof(key->kid));
	const char *alg = oidc_json_text(jwk, "alg", sizeof(key->alg));

	*key = (struct oidc_key){0};
	if (kty == NULL || kid == NULL || !is_for_signatures(jwk))
		return -EINVAL;
	// A key for an algorithm that no token may have is of no use.
	if (json_object_get(jwk, "alg") != NULL && oidc_jws_alg(alg) == NULL)
		return -EINVAL;
	memcpy(key->kid, kid, strlen(kid) + 1);
	if (alg != NULL)
		memcpy(key->alg, alg, strlen(alg) + 1);
	if (strcmp(kty, "RSA") == 0)
		return import_rsa(key, jwk);
	return strcmp(kty, "EC") == 0 ? import_ec(key, jwk) : -EINVAL;
}

static int
import_all(struct oidc_keys *keys, const json_t *list)
{
	if (json_array_size(list) > OIDC_KEYS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct oidc_key *key = &keys->keys[keys->n];

		if (import_key(key, json_array_get(list, i)) < 0) {
			keys->n_passed_over++;
			continue;
		}
		// Before it is counted: the look-up sees those in front of it.
		if (oidc_keys_find(keys, key->kid) != NULL) {
			cjose_jwk_release(key->jwk);
			return -EINVAL;
		}
		keys->n++;
	}
	return keys->n > 0 ? 0 : -ENOKEY;
}

int
oidc_keys_parse(struct oidc_keys **out, const void *text, size_t len)
{
	json_t *document = oidc_json_parse(text, len);
	const json_t *list = json_object_get(document, "keys");
	struct oidc_keys *keys = calloc(1, sizeof(*keys));
	int rc = keys == NULL ? -ENOMEM : -EINVAL;

	if (keys != NULL)
		atomic_init(&keys->refs, 1);
	if (keys != NULL && json_is_array(list))
		rc = import_all(keys, list);
	json_decref(document);
	if (rc < 0) {
		oidc_keys_put(keys);
		return rc;
	}
	*out = keys;
	return 0;
}

struct oidc_keys *
oidc_keys_get(struct oidc_keys *keys)
{
	if (keys != NULL)
		atomic_fetch_add(&keys->refs, 1);
	return keys;
}

void
oidc_keys_put(struct oidc_keys *keys)
{
	if (keys == NULL || atomic_fetch_sub(&keys->refs, 1) != 1)
		return;
	for (uint32_t i = 0; i < keys->n; i++)
		cjose_jwk_release(keys->keys[i].jwk);
	free(keys);
}

const struct oidc_key *
oidc_keys_find(const struct oidc_keys *keys, const char *kid)
{
	for (uint32_t i = 0; i < keys->n; i++) {
		if (strcmp(keys->keys[i].kid, kid) == 0)
			return &keys->keys[i];
	}
	return NULL;
}
