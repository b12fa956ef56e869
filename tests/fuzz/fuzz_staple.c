// A response of an OCSP server, about to be stapled: any bytes are refused, or are good for longer than now.
#include <string.h>

#include <openssl/ocsp.h>

#include "../../lib/tls/tls_private.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Those of fuzz_ocsp, whose corpus is the same.
static const char leaf_hex[] =
	"308201233081c9a00302010202021267300a06082a8648ce3d040302300d310b300906035504030c024341301e170d323331"
	"3131333232313332305a170d3233313131353232313332305a300f310d300b06035504030c04616e6e613059301306072a86"
	"48ce3d020106082a8648ce3d0301070342000464e5295a85ee3e38168e2f7b9f63c4770c42124442d056037b60c00acdbf00"
	"475bab9cec30ede90eee8fec80dd0128f63a20febe1fa708238803c7a6fb7a583ea317301530130603551d25040c300a0608"
	"2b06010505070302300a06082a8648ce3d0403020349003046022100c68555f327a1f961be44728ca96e848f840be1c7c662"
	"7b5b2fcca27ac2e0e41a022100b518b3bcb4a07a09004257f8fd5f6c61bc1e468c2fd3146738932929de212d09";
static const char issuer_hex[] =
	"3082011e3081c4a003020102020101300a06082a8648ce3d040302300d310b300906035504030c0243413020170d32333131"
	"31333232313332305a180f32313233313032313232313332305a300d310b300906035504030c0243413059301306072a8648"
	"ce3d020106082a8648ce3d030107034200045c1cde65d0f0d0aa1f25c07acef07330cbc88a569e4da65bf2635b2c7696230a"
	"06acb3ede868235f99340efed4ef57ad86acb70ed0928cb075a127da16bf7a01a3133011300f0603551d130101ff04053003"
	"0101ff300a06082a8648ce3d0403020349003046022100e1dd88b97ad0c59449a7c8da33a94e8675ae57dda647f2236e8685"
	"e344f24602022100a86cc1a1a59d804208f787027109ba415487a35be1cfc2c08a45eb7755e51b5d";

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
