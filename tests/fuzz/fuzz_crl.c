// A revocation list as a server sends it: any bytes give a verdict, and one that is good says until when.
#include <errno.h>

#include "../../lib/identity/crl.h"
#include "../../lib/identity/fetch.h"
#include "crl_certs.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t leaf[(sizeof(leaf_hex) - 1) / 2];
	uint8_t issuer[(sizeof(issuer_hex) - 1) / 2];
	char text[FETCH_ERROR_BYTES];
	uint64_t until_s = 0;
	int rc;

	MST_ASSERT(mst_parse_hex(leaf_hex, sizeof(leaf_hex) - 1, leaf, sizeof(leaf)) == 0);
	MST_ASSERT(mst_parse_hex(issuer_hex, sizeof(issuer_hex) - 1, issuer, sizeof(issuer)) == 0);
	rc = crl_judge(data, size, leaf, sizeof(leaf), issuer, sizeof(issuer), NOW, &until_s, text);
	MST_ASSERT(rc == 0 ? until_s > NOW : rc == -EBADMSG || rc == -EKEYREVOKED || rc == -ENOMEM);
	return 0;
}
