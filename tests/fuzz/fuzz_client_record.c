// The device's records: a datagram of arbitrary bytes, record after record, by each suite under fixed keys, so
// that inputs with right tags reach the window too.
#include <string.h>

#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
open_all(struct lg_record *r, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	size_t off = 0, rec_len = 0;

	MST_ASSERT(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	while (off < size) {
		struct lg_record before = *r;
		struct lg_record_opened out;
		enum lg_record_verdict v = lg_record_open(r, copy + off, size - off, &out, &rec_len);

		if (v == LG_RECORD_OK) {
			MST_ASSERT(
				out.plain >= copy + off && out.plain + out.plain_len <= copy + off + rec_len);
			MST_ASSERT(out.plain_len + lg_record_overhead(r) == rec_len);
			MST_ASSERT(r->rx_next > out.seq);
		} else {
			MST_ASSERT(r->rx_next == before.rx_next);
			MST_ASSERT(r->rx_seen[0] == before.rx_seen[0] && r->rx_seen[1] == before.rx_seen[1]);
		}
		if (v == LG_RECORD_SHORT || v == LG_RECORD_VERSION || v == LG_RECORD_TYPE)
			break;
		MST_ASSERT(rec_len >= LG_RECORD_HEADER_BYTES && rec_len <= size - off);
		off += rec_len;
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t block[LG_RECORD_KEY_BLOCK_MAX_BYTES];

	MST_ASSERT(mst_crypto_init() == 0);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)i;
	for (enum mst_aead_alg alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		const struct lg_record_params p = {.alg = alg, .epoch = 1};
		struct lg_record r;

		MST_ASSERT(lg_record_init(&r, &p, block, lg_record_key_block_bytes(alg)) == 0);
		open_all(&r, data, size);
		lg_record_wipe(&r);
	}
	return 0;
}
