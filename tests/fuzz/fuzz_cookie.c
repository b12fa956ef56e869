// The value of a Cookie header; what comes out of it must be of the form of our cookies.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\nCookie: ";
	static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~+/=-";
	struct mst_ac *ac;
	size_t consumed;
	enum mst_ac_event ev;

	MST_ASSERT(mst_ac_create(&ac, &(struct mst_ac_params){.page = ""}) == 0);
	MST_ASSERT(mst_ac_feed(ac, (const uint8_t *)head, sizeof(head) - 1, &consumed) == MST_AC_MORE);
	ev = mst_ac_feed(ac, data, size, &consumed);
	if (ev == MST_AC_MORE)
		ev = mst_ac_feed(ac, (const uint8_t *)"\r\n\r\n", 4, &consumed);
	if (ev == MST_AC_CONNECT) {
		const char *cookie = mst_ac_connect_request(ac)->cookie;

		MST_ASSERT(strlen(cookie) <= MST_AC_COOKIE_BYTES && strspn(cookie, set) == strlen(cookie));
	}
	mst_ac_destroy(ac);
	return 0;
}
