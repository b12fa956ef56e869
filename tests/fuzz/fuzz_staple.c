// A response of an OCSP server, about to be stapled: any bytes are refused, or are good for longer than now.
#include <string.h>

#include "../../lib/tls/tls_private.h"
#include "ocsp_certs.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mst_tls_ctx ctx = {.n_pairs = 1};
	struct tls_staple *s = &ctx.pairs[0].staple;
	static uint8_t leaf[(sizeof(leaf_hex) - 1) / 2], issuer[(sizeof(issuer_hex) - 1) / 2];
	char err[128];
	int ret;

	MST_ASSERT(mst_parse_hex(leaf_hex, sizeof(leaf_hex) - 1, leaf, sizeof(leaf)) == 0);
	MST_ASSERT(mst_parse_hex(issuer_hex, sizeof(issuer_hex) - 1, issuer, sizeof(issuer)) == 0);
	*s = (struct tls_staple){.cert_der = leaf,
		.cert_len = sizeof(leaf),
		.issuer_der = issuer,
		.issuer_len = sizeof(issuer)};
	ret = mst_tls_staple_put(&ctx, 0, data, size, NOW, err, sizeof(err));
	MST_ASSERT((ret == 0) == (err[0] == '\0'));
	MST_ASSERT((ret == 0) == (mst_tls_staple_until(&ctx, 0) > NOW));
	free(s->bytes);
	return 0;
}
