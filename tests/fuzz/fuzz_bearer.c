// The value of an Authorization field of a request that signs in.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum mst_ac_event
feed(struct mst_ac *ac, const void *data, size_t size)
{
	size_t consumed;

	return size > 0 ? mst_ac_feed(ac, data, size, &consumed) : MST_AC_MORE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: AnyConnect\r\nAuthorization: ";
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
	struct mst_ac *ac;
	const char *bearer;
	enum mst_ac_event ev;

	MST_ASSERT(mst_ac_create(&ac, &(struct mst_ac_params){.page = "", .methods = MST_AC_TOKEN}) == 0);
	ev = feed(ac, head, sizeof(head) - 1);
	if (ev == MST_AC_MORE)
		ev = feed(ac, data, size);
	if (ev == MST_AC_MORE)
		ev = feed(ac, "\r\n\r\n", 4);
	bearer = mst_ac_credentials(ac)->bearer;
	MST_ASSERT((ev == MST_AC_AUTHENTICATE) == (bearer != NULL));
	if (bearer != NULL)
		MST_ASSERT(bearer[0] != '\0' && strspn(bearer, token) == strlen(bearer));
	mst_ac_destroy(ac);
	return 0;
}
