// Messages between the gateway and its sign-in helper, of both directions: any bytes are refused, or are one message that
// is written back as it was.
#include <string.h>

#include "mst_auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[MST_AUTH_MESSAGE_BYTES];
	struct mst_auth_message m;

	if (mst_auth_message_read(&m, data, size) != 0)
		return 0;
	MST_ASSERT(mst_auth_message_write(&m, buf, sizeof(buf)) == (int)size && memcmp(buf, data, size) == 0);
	return 0;
}
