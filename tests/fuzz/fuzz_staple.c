// A response of an OCSP server, about to be stapled: any bytes are refused, or are good for longer than now.
#include <string.h>

#include <openssl/ocsp.h>

#include "../../lib/tls/tls_private.h"
#include "ocsp_certs.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static X509 *
read_cert(const char *hex, size_t len)
{
	uint8_t der[512];
	const uint8_t *at = der;

	MST_ASSERT(len / 2 <= sizeof(der) && mst_parse_hex(hex, len, der, len / 2) == 0);
	return d2i_X509(NULL, &at, (long)(len / 2));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mst_tls_ctx ctx = {.n_pairs = 1};
	struct tls_staple *s = &ctx.pairs[0].staple;
	char err[128];
	int ret;

	if (s->cert == NULL) {
		s->cert = read_cert(leaf_hex, sizeof(leaf_hex) - 1);
		s->issuer = read_cert(issuer_hex, sizeof(issuer_hex) - 1);
	}
	MST_ASSERT(s->cert != NULL && s->issuer != NULL);
	ret = mst_tls_staple_put(&ctx, 0, data, size, NOW, err, sizeof(err));
	MST_ASSERT((ret == 0) == (err[0] == '\0'));
	MST_ASSERT((ret == 0) == (mst_tls_staple_until(&ctx, 0) > NOW));
	free(s->bytes);
	s->bytes = NULL;
	s->until_unix_s = 0;
	return 0;
}
