// Datagrams into a DTLS handshake, as a stranger sends them: 2 bytes of length before each.
#include "mst_tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mst_tls_dtls_ctx *ctx; // one for all inputs: it is not what is tried
	static const uint16_t suites[] = {0x00a9, 0xccab, 0x00a8};
	static const uint8_t psk[MST_TLS_PSK_BYTES] = {1};
	struct mst_tls_dtls_params p = {.suites = suites, .n_suites = 3};
	struct mst_rd r = mst_rd_init(data, size);
	struct mst_tls_dtls *h = NULL;

	if (ctx == NULL && mst_tls_dtls_ctx_create(&ctx, &p) < 0)
		abort();
	if (mst_tls_dtls_create(&h, ctx, psk, 1500) < 0)
		return 0;
	while (!r.err && mst_rd_left(&r) > 0) {
		size_t len = mst_rd_u16(&r);
		const uint8_t *datagram = mst_rd_bytes(&r, len);

		// Nobody finishes without the key.
		if (datagram != NULL && mst_tls_dtls_feed(h, datagram, len) == MST_TLS_DTLS_DONE)
			abort();
	}
	mst_tls_dtls_destroy(h);
	return 0;
}
