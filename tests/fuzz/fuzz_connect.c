// Header fields of a CONNECT.
#include <string.h>

#include "mst_anyconnect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\n";
	const struct mst_ac_connect_request *q;
	struct mst_ac_tunnel t = {.addr4 = {4, {10, 0, 0, 2}}, .depth4 = 24, .mtu = 1400};
	struct mst_ac *ac;
	size_t consumed;

	MST_ASSERT(mst_ac_create(&ac, &(struct mst_ac_params){.page = ""}) == 0);
	MST_ASSERT(mst_ac_feed(ac, (const uint8_t *)head, sizeof(head) - 1, &consumed) == MST_AC_MORE);
	if (mst_ac_feed(ac, data, size, &consumed) == MST_AC_CONNECT) {
		q = mst_ac_connect_request(ac);
		MST_ASSERT(q->mtu == 0 || (q->mtu >= 576 && q->mtu <= 65535));
		MST_ASSERT(q->base_mtu == 0 || (q->base_mtu >= 576 && q->base_mtu <= 65535));
		MST_ASSERT(
			strlen(q->cookie) < sizeof(q->cookie) && strlen(q->hostname) < sizeof(q->hostname));
		t.hostname = q->hostname;
		MST_ASSERT(mst_ac_connect_accept(ac, &t) == 0);
	}
	mst_ac_destroy(ac);
	return 0;
}
