// What a token says, believed only once its signature is right (RFC 7519, 8725, 9068). Any thread of the helper.
#include <string.h>

#include "oidc.h"

#define TIME_MAX_S 253402300799.0 // the end of the year 9999

const char *
oidc_verdict_text(enum oidc_verdict verdict)
{
	static const char *const texts[] = {
#define OIDC_VERDICT_TEXT(name, text) text,
		OIDC_VERDICTS(OIDC_VERDICT_TEXT)
#undef OIDC_VERDICT_TEXT
	};

	return texts[verdict];
}

enum oidc_verdict
oidc_token_open(struct oidc_token *token, const char *text, size_t len, const struct oidc_issuer *issuers,
	uint32_t n_issuers, uint32_t *issuer)
{
	enum oidc_verdict verdict = oidc_jws_parse(&token->jws, text, len);
	const char *iss;

	if (verdict != OIDC_OK)
		return verdict;
	token->claims = oidc_json_parse(token->jws.payload, token->jws.payload_len);
	if (token->claims == NULL)
		return OIDC_CLAIMS;
	iss = oidc_json_text(token->claims, "iss", OIDC_URL_BYTES);
	for (uint32_t i = 0; iss != NULL && i < n_issuers; i++) {
		if (strcmp(issuers[i].issuer, iss) == 0) {
			*issuer = i;
			return OIDC_OK;
		}
	}
	oidc_token_fini(token);
	return OIDC_ISSUER;
}

void
oidc_token_fini(struct oidc_token *token)
{
	json_decref(token->claims);
	mst_wipe(token, sizeof(*token));
}

// NumericDate may have a fraction.
static bool
take_time(const json_t *claims, const char *name, double *out)
{
	const json_t *value = json_object_get(claims, name);

	*out = json_number_value(value);
	return json_is_number(value) && *out >= 0 && *out <= TIME_MAX_S;
}

static enum oidc_verdict
judge_times(const json_t *claims, double now, double leeway, uint64_t *over_s)
{
	double exp;
	double nbf;
	double iat;

	if (!take_time(claims, "exp", &exp) || !take_time(claims, "nbf", &nbf) ||
		!take_time(claims, "iat", &iat))
		return OIDC_TIME;
	if (now >= exp + leeway)
		return OIDC_EXPIRED;
	*over_s = (uint64_t)(exp + leeway);
	*over_s += (double)*over_s < exp + leeway; // not sooner than it is refused
	return nbf > now + leeway || iat > now + leeway ? OIDC_EARLY : OIDC_OK;
}

static bool
audience_is_right(const json_t *claims, const struct oidc_issuer *issuer)
{
	const json_t *aud = json_object_get(claims, "aud");

	for (uint32_t i = 0; i < issuer->n_audiences; i++) {
		if (oidc_json_has(aud, issuer->audiences[i], strlen(issuer->audiences[i])))
			return true;
	}
	return false;
}

// name=value; true and false stand for themselves, as in email_verified=true.
static bool
has_required(const json_t *claims, const char *required)
{
	size_t name_len = strcspn(required, "=");
	const char *value = required[name_len] == '=' ? required + name_len + 1 : NULL;
	char name[OIDC_NAME_BYTES];
	const json_t *claim;

	if (value == NULL || name_len >= sizeof(name))
		return false;
	memcpy(name, required, name_len);
	name[name_len] = '\0';
	claim = json_object_get(claims, name);
	if (json_is_boolean(claim))
		return strcmp(value, json_is_true(claim) ? "true" : "false") == 0;
	return oidc_json_has(claim, value, strlen(value));
}

static void
add_group(struct identity_who *who, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (text == NULL || len == 0 || len >= IDENTITY_GROUP_BYTES || who->n_groups == IDENTITY_GROUPS_MAX)
		return;
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
			return;
	}
	memcpy(who->groups[who->n_groups++], text, len + 1);
}

// A directory may put somebody into hundreds: the first that can be a group of ours count.
static void
take_groups(struct identity_who *who, const json_t *claims, const char *name)
{
	const json_t *groups = json_object_get(claims, name);

	add_group(who, groups);
	for (size_t i = 0; i < json_array_size(groups); i++)
		add_group(who, json_array_get(groups, i));
}

static enum oidc_verdict
take_names(struct identity_who *who, const json_t *claims, const struct oidc_issuer *issuer)
{
	const char *user = oidc_json_text(claims, issuer->user_claim, sizeof(who->user));
	const char *device = oidc_json_text(claims, issuer->device_claim, sizeof(who->device_id));

	if (user == NULL)
		return OIDC_USER;
	if (device == NULL && json_object_get(claims, issuer->device_claim) != NULL)
		return OIDC_DEVICE;
	memcpy(who->user, user, strlen(user) + 1);
	if (device != NULL)
		memcpy(who->device_id, device, strlen(device) + 1);
	take_groups(who, claims, issuer->group_claim);
	return OIDC_OK;
}

enum oidc_verdict
oidc_token_claims(
	const json_t *claims, const struct oidc_issuer *issuer, uint64_t now_s, struct identity_who *out)
{
	struct identity_who who = {0};
	enum oidc_verdict verdict;

	if (!audience_is_right(claims, issuer))
		return OIDC_AUDIENCE;
	verdict = judge_times(claims, (double)now_s, issuer->leeway_s, &who.expires_unix_s);
	if (verdict != OIDC_OK)
		return verdict;
	for (uint32_t i = 0; i < issuer->n_required; i++) {
		if (!has_required(claims, issuer->required[i]))
			return OIDC_REQUIRED;
	}
	verdict = take_names(&who, claims, issuer);
	if (verdict == OIDC_OK)
		*out = who;
	return verdict;
}

enum oidc_verdict
oidc_token_check(const struct oidc_token *token, const struct oidc_issuer *issuer,
	const struct oidc_keys *keys, uint64_t now_s, struct identity_who *out)
{
	const struct oidc_key *key = keys != NULL ? oidc_keys_find(keys, token->jws.kid) : NULL;
	enum oidc_verdict verdict;

	if (key == NULL)
		return OIDC_KEY;
	verdict = oidc_jws_verify(&token->jws, key);
	return verdict == OIDC_OK ? oidc_token_claims(token->claims, issuer, now_s, out) : verdict;
}
