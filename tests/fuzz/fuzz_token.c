// A bearer token, then its payload as if it had been signed: any bytes are refused or name a user in bounds.
#include <string.h>

#include "../../lib/identity/oidc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const audiences[] = {"mst"};
static const char *const required[] = {"tid=t1"};
static const struct oidc_issuer issuers[] = {
	{.issuer = "https://i.test",
		.audiences = audiences,
		.n_audiences = 1,
		.user_claim = "preferred_username",
		.group_claim = "groups",
		.device_claim = "deviceid",
		.leeway_s = 60},
	{.issuer = "https://j.test",
		.audiences = audiences,
		.n_audiences = 1,
		.user_claim = "upn",
		.group_claim = "",
		.device_claim = "",
		.required = required,
		.n_required = 1},
};

static void
check_who(const struct identity_who *who)
{
	MST_ASSERT(strnlen(who->user, sizeof(who->user)) - 1 < sizeof(who->user) - 1);
	MST_ASSERT(strnlen(who->device_id, sizeof(who->device_id)) < sizeof(who->device_id));
	MST_ASSERT(who->n_groups <= IDENTITY_GROUPS_MAX);
	for (unsigned int i = 0; i < who->n_groups; i++)
		MST_ASSERT(strnlen(who->groups[i], IDENTITY_GROUP_BYTES) - 1 < IDENTITY_GROUP_BYTES - 1);
}

static void
believe(const json_t *claims)
{
	struct identity_who who;

	for (size_t i = 0; claims != NULL && i < MST_ARRAY_SIZE(issuers); i++) {
		if (oidc_token_claims(claims, &issuers[i], 1700000000, &who) == OIDC_OK)
			check_who(&who);
	}
}

// The example key of RFC 7515 appendix A.3.
static const char set[] =
	"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"kid\":\"a3\"}]}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct oidc_token token;
	static struct oidc_keys *keys;
	struct identity_who who;
	json_t *claims;
	uint32_t issuer;

	if (keys == NULL)
		MST_ASSERT(oidc_keys_parse(&keys, set, sizeof(set) - 1) == 0);
	if (oidc_token_open(&token, (const char *)data, size, issuers, MST_ARRAY_SIZE(issuers), &issuer) ==
		OIDC_OK) {
		MST_ASSERT(issuer < MST_ARRAY_SIZE(issuers));
		believe(token.claims);
		// Nobody has signed it.
		MST_ASSERT(oidc_token_check(&token, &issuers[issuer], keys, 1700000000, &who) != OIDC_OK);
		oidc_token_fini(&token);
	}
	claims = oidc_json_parse(data, size);
	believe(claims);
	json_decref(claims);
	return 0;
}
