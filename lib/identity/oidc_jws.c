// A signed token in compact form: its header judged, its signature verified. Any thread of the helper.
#include <string.h>
#include <strings.h>

#include "oidc.h"

// RFC 8725 section 3.1: what is not listed is not done. No "none", no MAC, whose key would be a public one.
static const struct oidc_alg algs[] = {
	{"RS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
	{"RS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
	{"RS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
	{"PS256", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
	{"PS384", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
	{"PS512", CJOSE_JWK_KTY_RSA, CJOSE_JWK_EC_INVALID, 0},
	{"ES256", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_256, 64},
	{"ES384", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_384, 96},
	{"ES512", CJOSE_JWK_KTY_EC, CJOSE_JWK_EC_P_521, 132},
};
// Media types, of which RFC 7515 section 4.1.9 lets "application/" fall away.
static const char *const types[] = {"JWT", "at+jwt", "application/at+jwt", "application/jwt"};

const struct oidc_alg *
oidc_jws_alg(const char *name)
{
	for (size_t i = 0; name != NULL && i < MST_ARRAY_SIZE(algs); i++) {
		if (strcmp(algs[i].name, name) == 0)
			return &algs[i];
	}
	return NULL;
}

static bool
type_is_right(const json_t *header)
{
	const char *type = oidc_json_text(header, "typ", 32);

	if (json_object_get(header, "typ") == NULL)
		return true;
	for (size_t i = 0; type != NULL && i < MST_ARRAY_SIZE(types); i++) {
		if (strcasecmp(types[i], type) == 0)
			return true;
	}
	return false;
}

// jwk, jku, x5c, x5u and x5t are not looked at: keys come from the issuer's place alone.
static enum oidc_verdict
judge_header(struct oidc_jws *jws, const json_t *header)
{
	const char *kid = oidc_json_text(header, "kid", sizeof(jws->kid));

	if (json_object_get(header, "crit") != NULL)
		return OIDC_CRIT;
	if (!type_is_right(header))
		return OIDC_TYPE;
	jws->alg = oidc_jws_alg(oidc_json_text(header, "alg", 16));
	if (jws->alg == NULL)
		return OIDC_ALG;
	if (kid == NULL)
		return OIDC_KID;
	memcpy(jws->kid, kid, strlen(kid) + 1);
	return OIDC_OK;
}

// The part up to the next dot or to the end, which must be there as it is asked for.
static bool
take_part(struct mst_rd *r, bool last, struct mst_rd *part)
{
	const uint8_t *dot = mst_rd_left(r) > 0 ? memchr(r->pos, '.', mst_rd_left(r)) : NULL;

	if ((dot == NULL) != last)
		return false;
	*part = mst_rd_sub(r, last ? mst_rd_left(r) : (size_t)(dot - r->pos));
	if (!last)
		(void)mst_rd_u8(r);
	return true;
}

static int
decode(const struct mst_rd *part, uint8_t *out, size_t cap)
{
	return oidc_json_base64((const char *)part->pos, mst_rd_left(part), out, cap);
}

enum oidc_verdict
oidc_jws_parse(struct oidc_jws *jws, const char *text, size_t len)
{
	struct mst_rd r = mst_rd_init(text, len);
	struct mst_rd parts[3];
	enum oidc_verdict verdict;
	json_t *header;
	int n;

	if (len > OIDC_TOKEN_BYTES_MAX)
		return OIDC_FORM;
	for (unsigned int i = 0; i < 3; i++) {
		if (!take_part(&r, i == 2, &parts[i]))
			return OIDC_FORM;
	}
	*jws = (struct oidc_jws){.text = text, .len = len};
	// Into the place of the payload, which comes last.
	n = decode(&parts[2], jws->payload, sizeof(jws->payload));
	if (n <= 0)
		return OIDC_FORM;
	jws->signature_len = (size_t)n;
	n = decode(&parts[0], jws->payload, sizeof(jws->payload));
	if (n < 0)
		return OIDC_FORM;
	header = oidc_json_parse(jws->payload, (size_t)n);
	verdict = header != NULL ? judge_header(jws, header) : OIDC_HEADER;
	json_decref(header);
	if (verdict != OIDC_OK)
		return verdict;
	n = decode(&parts[1], jws->payload, sizeof(jws->payload));
	if (n < 0)
		return OIDC_FORM;
	jws->payload_len = (size_t)n;
	return OIDC_OK;
}

static bool
fits(const struct oidc_jws *jws, const struct oidc_key *key)
{
	return jws->alg->kty == key->kty && jws->alg->curve == key->curve &&
	       (key->alg[0] == '\0' || strcmp(key->alg, jws->alg->name) == 0);
}

enum oidc_verdict
oidc_jws_verify(const struct oidc_jws *jws, const struct oidc_key *key)
{
	cjose_jws_t *signed_text;
	bool is_right;

	if (!fits(jws, key))
		return OIDC_KEY_TYPE;
	// r and s have the size of the curve (RFC 7518 section 3.4); cjose would halve any length.
	if (jws->alg->signature_len != 0 && jws->signature_len != jws->alg->signature_len)
		return OIDC_SIGNATURE;
	signed_text = cjose_jws_import(jws->text, jws->len, NULL);
	if (signed_text == NULL)
		return OIDC_SIGNATURE;
	is_right = cjose_jws_verify(signed_text, key->jwk, NULL);
	cjose_jws_release(signed_text);
	return is_right ? OIDC_OK : OIDC_SIGNATURE;
}
