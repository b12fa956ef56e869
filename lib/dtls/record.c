// Records of DTLS 1.2 (RFC 6347 4.1) under an AEAD (RFC 5246 6.2.3.3): header, open, seal. Workers.
#include <assert.h>
#include <string.h>

#include "mst_dtls_inline.h"

enum mst_dtls_verdict
mst_dtls_open(const struct mst_dtls_keys *k, uint8_t *rec, size_t len, const struct mst_dtls_header *h,
	uint8_t **plain, size_t *plain_len)
{
	struct mst_aead_op op;
	enum mst_dtls_verdict v = mst_dtls_open_begin(&k->rx, rec, len, h, &op);

	if (v != MST_DTLS_OK)
		return v;
	mst_aead_open_burst(&op, 1, MST_DTLS_AAD_BYTES);
	if (!op.ok)
		return MST_DTLS_TAG;
	*plain = op.data;
	*plain_len = op.len;
	return MST_DTLS_OK;
}

void
mst_dtls_seal(const struct mst_dtls_keys *k, uint8_t type, uint64_t seq, uint8_t *plain, size_t plain_len)
{
	struct mst_aead_op op;

	mst_dtls_seal_begin(&k->tx, type, seq, plain, plain_len, &op);
	mst_aead_seal_burst(&op, 1, MST_DTLS_AAD_BYTES);
}
