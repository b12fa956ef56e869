// Where the keys of an issuer are: its discovery document (OpenID Connect Discovery 1.0), which is believed in that alone.
// Any thread of the helper.
#include <errno.h>
#include <string.h>

#include "fetch.h"
#include "oidc.h"

#define WELL_KNOWN "/.well-known/openid-configuration"

int
oidc_discovery_url(const struct oidc_issuer *issuer, char out[OIDC_URL_BYTES])
{
	struct mst_str s = mst_str_init(out, OIDC_URL_BYTES);
	size_t len = strlen(issuer->issuer);

	if (issuer->discovery_url[0] != '\0') {
		mst_str_fmt(&s, "%s", issuer->discovery_url);
	} else {
		// Section 4: a slash at the end falls away.
		mst_str_add(&s, issuer->issuer, len > 0 && issuer->issuer[len - 1] == '/' ? len - 1 : len);
		mst_str_fmt(&s, WELL_KNOWN);
	}
	return s.err ? -EINVAL : 0;
}

// AD FS signs access tokens under a name of its own, and says so.
static bool
is_of_issuer(const json_t *document, const struct oidc_issuer *issuer)
{
	static const char *const names[] = {"issuer", "access_token_issuer"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++) {
		const char *text = oidc_json_text(document, names[i], OIDC_URL_BYTES);

		if (text != NULL && strcmp(text, issuer->issuer) == 0)
			return true;
	}
	return false;
}

// The document's own host and port, or those that the operator names.
static bool
is_allowed(const struct fetch_origin *keys, const struct oidc_issuer *issuer)
{
	char url[OIDC_URL_BYTES];
	struct fetch_origin want;

	if (issuer->jwks_host[0] != '\0') {
		snprintf(url, sizeof(url), "https://%s/", issuer->jwks_host);
	} else if (oidc_discovery_url(issuer, url) < 0) {
		return false;
	}
	return fetch_origin_parse(&want, url, false) == 0 && strcmp(keys->text, want.text) == 0;
}

int
oidc_discovery_parse(
	const struct oidc_issuer *issuer, const void *text, size_t len, char jwks_uri[OIDC_URL_BYTES])
{
	json_t *document = oidc_json_parse(text, len);
	const char *uri = oidc_json_text(document, "jwks_uri", OIDC_URL_BYTES);
	struct fetch_origin origin;
	int rc = -EINVAL;

	if (uri == NULL)
		rc = -EINVAL;
	else if (!is_of_issuer(document, issuer))
		rc = -ENOENT;
	else if (fetch_origin_parse(&origin, uri, false) < 0 || !is_allowed(&origin, issuer))
		rc = -EACCES;
	else
		rc = 0;
	if (rc == 0)
		memcpy(jwks_uri, uri, strlen(uri) + 1);
	json_decref(document);
	return rc;
}
