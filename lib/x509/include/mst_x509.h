// What CAs say of certificates, verified by libcrypto alone. Pure: bytes and time are arguments; any thread.
#pragma once

#include "mst_base.h"

#define MST_X509_OCSP_BYTES (64 * 1024) // the largest response that is looked at
#define MST_X509_SKEW_S 300		// a CA's clock may be ahead of ours

// clang-format off
#define MST_X509_OCSP(X)                                                        \
	X(GOOD,        "the certificate is good")                               \
	X(REVOKED,     "the certificate has been revoked by its CA")            \
	X(UNKNOWN,     "the CA does not know the certificate")                  \
	X(NO_RESPONSE, "what came is no OCSP response")                         \
	X(NO_ANSWER,   "the OCSP server says that it cannot answer")            \
	X(FORGED,      "the OCSP response is not signed by the certificate's CA") \
	X(NOT_ASKED,   "the OCSP response is to another question")              \
	X(OTHER,       "the OCSP response is on another certificate")           \
	X(FUTURE,      "the OCSP response is of the future")
// clang-format on
enum mst_x509_ocsp_verdict {
#define MST_X509_OCSP_ENUM(name, text) MST_X509_OCSP_##name,
	MST_X509_OCSP(MST_X509_OCSP_ENUM)
#undef MST_X509_OCSP_ENUM
};
const char *mst_x509_ocsp_text(enum mst_x509_ocsp_verdict verdict);

struct mst_x509_ocsp { // all of it in DER
	const void *cert, *issuer;
	size_t cert_len, issuer_len;
	const void *request; // NULL: whatever was asked
	size_t request_len;
	const void *response;
	size_t response_len;
};
// How long what it says is true, in seconds since 1970.
struct mst_x509_times {
	int64_t from;  // thisUpdate
	int64_t until; // nextUpdate; 0: it does not say
};
// *out is written with GOOD, REVOKED and UNKNOWN alone.
enum mst_x509_ocsp_verdict mst_x509_ocsp_judge(
	const struct mst_x509_ocsp *o, int64_t now_unix_s, struct mst_x509_times *out);
