// Test packets out of arbitrary bytes: with the key of the corpus, with and without the sum over all bytes.
#include "probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lg_probe_seen seen, again;
	enum lg_probe_verdict quick = lg_probe_parse(data, size, 42, 64000, false, &seen);
	enum lg_probe_verdict full = lg_probe_parse(data, size, 42, 64000, true, &again);

	// The sum can only take away.
	MST_ASSERT(full == quick || (quick == LG_PROBE_OK && full == LG_PROBE_CHECKSUM));
	if (quick == LG_PROBE_OK) {
		MST_ASSERT(seen.flow < 64000 && seen.dir < LG_N_DIRS);
		MST_ASSERT(seen.len >= LG_PROBE_MIN_BYTES && seen.len <= size);
	}
	return 0;
}
