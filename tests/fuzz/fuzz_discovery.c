// A discovery document: any bytes are refused or lead to a place at the allowed host, by https.
#include <string.h>

#include "../../lib/identity/fetch.h"
#include "../../lib/identity/oidc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct oidc_issuer issuer = {
		.issuer = "https://i.test", .discovery_url = "", .jwks_host = ""};
	char url[OIDC_URL_BYTES];
	struct fetch_origin origin;

	if (oidc_discovery_parse(&issuer, data, size, url) != 0)
		return 0;
	MST_ASSERT(fetch_origin_parse(&origin, url, false) == 0);
	MST_ASSERT(strcmp(origin.text, "i.test:443") == 0);
	return 0;
}
