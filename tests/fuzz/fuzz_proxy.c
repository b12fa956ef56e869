// What a TCP stream begins with: the header ends where it says, and a shorter stream waits or is refused as the longer one.
#include "mst_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_wire_proxy p, again;
	int n = mst_wire_proxy_parse(data, size, &p);

	if (n <= 0)
		return 0;
	if ((size_t)n > size || n > MST_WIRE_PROXY_BYTES)
		abort();
	if (p.known && p.source.family != 4 && p.source.family != 6)
		abort();
	// Bytes behind the header are nobody's business, and each that is missing is waited for.
	if (mst_wire_proxy_parse(data, (size_t)n, &again) != n || !mst_ip_equal(&p.source, &again.source))
		abort();
	for (int i = 0; i < n; i++) {
		if (mst_wire_proxy_parse(data, (size_t)i, &again) >= 0)
			abort();
	}
	return 0;
}
