// Shared inside lib/identity: client certificates. Any thread of the helper.
#pragma once

#include "who.h"

#define CERT_BYTES_MAX (16 * 1024)

// The text follows "the certificate ".
// clang-format off
#define CERT_VERDICTS(X)                                                \
	X(OK, "passed")                                                 \
	X(FORM, "cannot be read")                                       \
	X(TIME, "has expired, or is not valid yet")                     \
	X(AUTHORITY, "is an authority's and not a person's")            \
	X(PURPOSE, "is not for clients of TLS")                         \
	X(KEY, "has a key that is too weak, or of another kind")        \
	X(NAME, "has not exactly one usable name in the place for it")
// clang-format on
enum cert_verdict {
#define CERT_VERDICT_ENUM(name, text) CERT_##name,
	CERT_VERDICTS(CERT_VERDICT_ENUM)
#undef CERT_VERDICT_ENUM
};

// Where names are: san-email, san-upn, san-uri, cn, uid, ou, or the object identifier of an attribute of the subject.
struct cert_rules {
	const char *user;
	const char *group; // "": no groups; of the subject only
	bool any_purpose;  // no need to be marked for client authentication
};

bool cert_place_is_known(const char *place);
// Of a leaf whose chain TLS has verified. out is written on CERT_OK alone.
enum cert_verdict cert_identify(const struct cert_rules *rules, const void *der, size_t len, uint64_t now_s,
	struct identity_who *out);
const char *cert_verdict_text(enum cert_verdict verdict);
