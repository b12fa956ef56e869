// Shared inside lib/identity: is a certificate on the revocation list that it names (RFC 5280 5)? A thread that may wait.
#pragma once

#include "mst_base.h"

#define CRL_BYTES_MAX (16 * 1024 * 1024)
#define CRL_TIMEOUT_MS 20000

// The list that the certificate names by http or https, fetched and judged. 0: it is not on it, which holds until until_s;
// -EKEYREVOKED: it is; -ENOENT: it names none; others: what is known is no more than before, and text, in FETCH_ERROR_BYTES,
// says why. proxy: "": as the environment says.
MST_MUST_USE int crl_check(const char *proxy, const void *leaf, size_t leaf_len, const void *issuer,
	size_t issuer_len, uint64_t now_s, uint64_t *until_s, char *text);
// The half of it without a network: any bytes as the list.
MST_MUST_USE int crl_judge(const void *list, size_t len, const void *leaf, size_t leaf_len,
	const void *issuer, size_t issuer_len, uint64_t now_s, uint64_t *until_s, char *text);
