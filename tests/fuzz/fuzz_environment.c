// The file of proxies: any bytes give settings or one line of error that shows none of them.
#include <string.h>

#include "mst_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_conf_error err;

	if (mst_identity_check_environment("f", (const char *)data, size, &err) != 0)
		MST_ASSERT(strncmp(err.text, "f:", 2) == 0 && strpbrk(err.text, "\n\r\033") == NULL);
	return 0;
}
