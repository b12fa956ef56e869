// A pattern, a NUL, and the name a device asks for: what matches is that name, or differs in one whole label.
#include <string.h>

#include "mst_tls.h"

#define NAME_BYTES 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[NAME_BYTES], name[NAME_BYTES];
	const uint8_t *end = size != 0 ? memchr(data, 0, size) : NULL;
	size_t n = end != NULL ? (size_t)(end - data) : size;
	size_t left = end != NULL ? size - n - 1 : 0;

	if (n >= sizeof(pattern) || left >= sizeof(name) || !mst_tls_name_is_good((const char *)data, n))
		return 0;
	if (n != 0)
		memcpy(pattern, data, n);
	pattern[n] = '\0';
	if (left != 0)
		memcpy(name, data + n + 1, left);
	name[left] = '\0';
	if (!mst_tls_name_matches(pattern, name))
		return 0;
	size_t skip = pattern[0] == '*' ? strcspn(name, ".") : 0;
	size_t kept = pattern[0] == '*' ? 1 : 0;
	if ((kept != 0 && skip == 0) || strlen(name) - skip != strlen(pattern) - kept)
		abort();
	return 0;
}
