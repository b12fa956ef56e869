// A user name as somebody types it: any bytes are refused or have one spelling, which is its own.
#include <string.h>

#include "../../lib/identity/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const domains[] = {"corp", "corp.example.com"};
	static const struct canonical_rules names = {.strip_domains = domains, .n_strip_domains = 2};
	char *text = malloc(size + 1);
	char once[IDENTITY_USER_BYTES];
	char twice[IDENTITY_USER_BYTES];

	MST_ASSERT(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (canonical_name(&names, text, once) == 0) {
		MST_ASSERT(once[0] != '\0' && strpbrk(once, "\n\r\033\\") == NULL);
		MST_ASSERT(canonical_name(&names, once, twice) == 0 && strcmp(once, twice) == 0);
	}
	free(text);
	return 0;
}
