// A key set: any bytes give keys with distinct ids, or none.
#include <string.h>

#include "../../lib/identity/oidc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oidc_keys *keys;

	if (oidc_keys_parse(&keys, data, size) != 0)
		return 0;
	MST_ASSERT(keys->n >= 1 && keys->n <= OIDC_KEYS_MAX);
	for (uint32_t i = 0; i < keys->n; i++) {
		MST_ASSERT(keys->keys[i].jwk != NULL);
		MST_ASSERT(oidc_keys_find(keys, keys->keys[i].kid) == &keys->keys[i]);
	}
	oidc_keys_put(keys);
	return 0;
}
