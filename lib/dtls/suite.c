// Tables: the suites, and the texts of verdicts. Any lcore.
#include <assert.h>

#include "mst_dtls.h"

#define X(suite, number, text, alg, iv, nonce)                                                               \
	{.id = (number),                                                                                     \
		.aead = MST_AEAD_##alg,                                                                      \
		.key_bytes = MST_AEAD_KEY_BYTES_##alg,                                                       \
		.iv_bytes = (iv),                                                                            \
		.explicit_bytes = (nonce),                                                                   \
		.name = (text)},
static const struct mst_dtls_suite suites[] = {MST_DTLS_SUITES(X)};
static const struct mst_dtls_suite legacy_suites[] = {MST_DTLS_LEGACY_SUITES(X)};
#undef X

#define X(suite, number, text, alg, iv, nonce)                                                               \
	static_assert((iv) <= MST_DTLS_IV_MAX_BYTES, #suite);                                                \
	static_assert((iv) + (nonce) == MST_AEAD_NONCE_BYTES, #suite);
MST_DTLS_SUITES(X)
MST_DTLS_LEGACY_SUITES(X)
#undef X

static const char *const verdict_names[] = {
#define X(name, text, help) [MST_DTLS_##name] = (text),
	MST_DTLS_VERDICTS(X)
#undef X
};

static const char *const verdict_helps[] = {
#define X(name, text, help) [MST_DTLS_##name] = (help),
	MST_DTLS_VERDICTS(X)
#undef X
};

const struct mst_dtls_suite *
mst_dtls_suite_at(size_t index)
{
	return index < MST_ARRAY_SIZE(suites) ? &suites[index] : NULL;
}

const struct mst_dtls_suite *
mst_dtls_legacy_suite_at(size_t index)
{
	return index < MST_ARRAY_SIZE(legacy_suites) ? &legacy_suites[index] : NULL;
}

const struct mst_dtls_suite *
mst_dtls_suite_by_id(uint16_t id)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(suites); i++) {
		if (suites[i].id == id)
			return &suites[i];
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(legacy_suites); i++) {
		if (legacy_suites[i].id == id)
			return &legacy_suites[i];
	}
	return NULL;
}

const char *
mst_dtls_verdict_name(enum mst_dtls_verdict v)
{
	return (size_t)v < MST_ARRAY_SIZE(verdict_names) ? verdict_names[v] : "unknown";
}

const char *
mst_dtls_verdict_help(enum mst_dtls_verdict v)
{
	return (size_t)v < MST_ARRAY_SIZE(verdict_helps) ? verdict_helps[v] : "unknown";
}
