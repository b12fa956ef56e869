// A config-auth document (or form) as the body of a POST.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_ac *ac;
	const struct mst_ac_credentials *c;
	char head[128];
	int n = snprintf(
		head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", size);
	size_t consumed;
	enum mst_ac_event ev;

	MST_ASSERT(mst_ac_create(&ac, &(struct mst_ac_params){.page = ""}) == 0);
	ev = mst_ac_feed(ac, (const uint8_t *)head, (size_t)n, &consumed);
	if (ev == MST_AC_MORE)
		ev = mst_ac_feed(ac, data, size, &consumed);
	MST_ASSERT(ev == MST_AC_RESPOND || ev == MST_AC_AUTHENTICATE);
	c = mst_ac_credentials(ac);
	if (ev == MST_AC_AUTHENTICATE)
		MST_ASSERT(memchr(c->user, 0, sizeof(c->user)) != NULL && c->user[0] != '\0' &&
			   c->password[0] != '\0');
	mst_ac_destroy(ac);
	return 0;
}
