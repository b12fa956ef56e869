// The file of cookie keys: any bytes give a ring or one line of error that shows nothing of a key.
#include <string.h>

#include "mst_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_cookie_keys *keys;
	struct mst_conf_error err;

	if (mst_cookie_keys_parse(&keys, "f", (const char *)data, size, &err) == 0) {
		struct mst_cookie_keys_info info;

		mst_cookie_keys_info(keys, 1, &info);
		MST_ASSERT(info.n >= 1 && info.n <= MST_COOKIE_KEYS_MAX && info.created_unix_s != 0);
		mst_cookie_keys_destroy(keys);
	} else {
		MST_ASSERT(strncmp(err.text, "f:", 2) == 0 && strpbrk(err.text, "\n\r\033") == NULL);
	}
	return 0;
}
