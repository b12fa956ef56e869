// An answer of an OCSP server: any bytes give a verdict, and a bound to how long it is kept.
#include "../../lib/identity/ocsp.h"
#include "ocsp_certs.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ocsp_question *
ask(void)
{
	static uint8_t leaf[(sizeof(leaf_hex) - 1) / 2];
	static uint8_t issuer[(sizeof(issuer_hex) - 1) / 2];

	MST_ASSERT(mst_parse_hex(leaf_hex, sizeof(leaf_hex) - 1, leaf, sizeof(leaf)) == 0);
	MST_ASSERT(mst_parse_hex(issuer_hex, sizeof(issuer_hex) - 1, issuer, sizeof(issuer)) == 0);
	return ocsp_question_create(leaf, sizeof(leaf), issuer, sizeof(issuer));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ocsp_question *q;
	enum ocsp_verdict verdict;
	uint64_t until_s = UINT64_MAX;

	if (q == NULL)
		q = ask();
	MST_ASSERT(q != NULL);
	verdict = ocsp_question_judge(q, data, size, NOW, &until_s);
	MST_ASSERT(verdict != OCSP_NOT_ASKED);
	if (verdict == OCSP_GOOD || verdict == OCSP_REVOKED)
		MST_ASSERT(until_s <= NOW + OCSP_KEPT_MAX_S);
	return 0;
}
