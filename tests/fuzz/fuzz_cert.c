// A client certificate, wherever its name is to be: any bytes are refused or name one user in bounds, who has one spelling.
#include <string.h>

#include "../../lib/identity/canonical.h"
#include "../../lib/identity/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const places[] = {"san-email", "san-upn", "san-uri", "cn", "uid", "2.5.4.5"};
	static const struct canonical_rules names = {0};

	for (size_t i = 0; i < MST_ARRAY_SIZE(places); i++) {
		const struct cert_rules rules = {.user = places[i], .group = "ou", .any_purpose = i % 2 == 0};
		char once[IDENTITY_USER_BYTES];
		char twice[IDENTITY_USER_BYTES];
		struct identity_who who;

		if (cert_identify(&rules, data, size, 1700000000, &who) != CERT_OK)
			continue;
		MST_ASSERT(strnlen(who.user, sizeof(who.user)) - 1 < sizeof(who.user) - 1);
		MST_ASSERT(who.n_groups <= IDENTITY_GROUPS_MAX);
		if (canonical_name(&names, who.user, once) == 0)
			MST_ASSERT(canonical_name(&names, once, twice) == 0 && strcmp(once, twice) == 0);
	}
	return 0;
}
