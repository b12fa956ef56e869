// Shared inside lib/identity: has a client certificate been revoked? Asked of its authority's OCSP server. A thread that
// may wait.
#pragma once

#include "mst_x509.h"

#define OCSP_CACHE_ENTRIES 1024
#define OCSP_ANSWER_BYTES_MAX MST_X509_OCSP_BYTES
#define OCSP_SKEW_S MST_X509_SKEW_S
#define OCSP_KEPT_MAX_S (24 * 3600) // of an answer that is good for longer

// What to do when there is no answer.
enum ocsp_policy { OCSP_OFF, OCSP_SOFT, OCSP_REQUIRE };

struct ocsp_rules {
	enum ocsp_policy policy;
	const char *url;   // "": the one that the certificate names
	const char *proxy; // "": as the environment says
};

// clang-format off
#define OCSP_VERDICTS(X)                                                          \
	X(GOOD, "is good")                                                        \
	X(NOT_ASKED, "names no OCSP server, nor does the configuration")          \
	X(SILENT, "could not be asked about")                                     \
	X(FORGED, "got an answer that is not its authority's")                    \
	X(STALE, "got an answer that is out of date, or to another question")     \
	X(UNKNOWN, "is not known to its authority")                               \
	X(REVOKED, "has been revoked")
// clang-format on
enum ocsp_verdict {
#define OCSP_VERDICT_ENUM(name, text) OCSP_##name,
	OCSP_VERDICTS(OCSP_VERDICT_ENUM)
#undef OCSP_VERDICT_ENUM
};

struct ocsp;
struct ocsp_question;

MST_MUST_USE int ocsp_create(struct ocsp **out);
void ocsp_destroy(struct ocsp *ocsp);
// text, in FETCH_ERROR_BYTES, says why it is SILENT. Any number of threads.
enum ocsp_verdict ocsp_ask(struct ocsp *ocsp, const struct ocsp_rules *rules, const void *leaf,
	size_t leaf_len, const void *issuer, size_t issuer_len, uint64_t now_s, char *text);
// The response of the server that the leaf names, for somebody else to verify; the caller frees its bytes. 0; -ENOENT: it
// names none; or -errno, and text, in FETCH_ERROR_BYTES, says why there is none.
struct fetch_answer;
MST_MUST_USE int ocsp_fetch(const char *proxy, const void *leaf, size_t leaf_len, const void *issuer,
	size_t issuer_len, struct fetch_answer *out, char *text);
// May somebody with that verdict pass?
bool ocsp_may_pass(enum ocsp_policy policy, enum ocsp_verdict verdict);
const char *ocsp_verdict_text(enum ocsp_verdict verdict);

// The two halves of it, without a network. The certificates outlive the question. NULL: one that cannot be read.
struct ocsp_question *ocsp_question_create(
	const void *leaf, size_t leaf_len, const void *issuer, size_t issuer_len);
void ocsp_question_free(struct ocsp_question *q);
// The request in DER, which lives as long as the question.
size_t ocsp_question_request(const struct ocsp_question *q, const uint8_t **out);
// until_s: how long a GOOD or REVOKED may be kept.
enum ocsp_verdict ocsp_question_judge(
	const struct ocsp_question *q, const void *answer, size_t len, uint64_t now_s, uint64_t *until_s);
// The place that the leaf names, or "".
const char *ocsp_question_url(const struct ocsp_question *q);
