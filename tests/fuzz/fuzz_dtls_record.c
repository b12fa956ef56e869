// Every record of a datagram: header, replay window, open under each suite's keys.
#include <string.h>

#include "mst_dtls.h"

#define SUITES 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Known keys, so that the corpus has records that open: the key block is 0, 1, 2 ...
static struct mst_dtls_keys keys[SUITES];

static void
make_keys(void)
{
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)i;
	MST_ASSERT(mst_crypto_init() == 0);
	for (size_t i = 0; i < SUITES; i++) {
		const struct mst_dtls_suite *s = mst_dtls_suite_at(i);

		MST_ASSERT(mst_dtls_keys_init(&keys[i], s, 1, block, mst_dtls_key_block_bytes(s)) == 0);
	}
}

static void
receive(const struct mst_dtls_keys *k, struct mst_dtls_window *w, const uint8_t *rec, size_t len,
	const struct mst_dtls_header *h)
{
	uint8_t *copy = malloc(len); // of the exact size: ASan sees a byte too many
	uint8_t *plain = NULL;
	size_t plain_len = 0;
	bool fresh = mst_dtls_window_fresh(w, h->seq);

	MST_ASSERT(copy != NULL);
	memcpy(copy, rec, len);
	if (mst_dtls_open(k, copy, len, h, &plain, &plain_len) == MST_DTLS_OK) {
		MST_ASSERT(plain == copy + mst_dtls_head_bytes(k->suite));
		MST_ASSERT(plain_len + mst_dtls_overhead(k->suite) == len);
		MST_ASSERT(h->epoch == 1 && h->version == MST_DTLS_VERSION_1_2);
		MST_ASSERT(mst_dtls_window_commit(w, h->seq) == fresh);
		MST_ASSERT(!mst_dtls_window_fresh(w, h->seq));
	}
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mst_dtls_window w[SUITES];
	struct mst_dtls_header h;

	if (keys[0].suite == NULL)
		make_keys();
	for (size_t i = 0; i < SUITES; i++)
		mst_dtls_window_init(&w[i]);
	while (mst_dtls_parse(data, size, &h) == MST_DTLS_OK) {
		size_t len = MST_DTLS_HEADER_BYTES + (size_t)h.length;

		MST_ASSERT(len <= size && h.seq <= MST_DTLS_SEQ_MAX);
		for (size_t i = 0; i < SUITES; i++)
			receive(&keys[i], &w[i], data, len, &h);
		data += len;
		size -= len;
	}
	return 0;
}
