// Answers of OCSP servers, asked for once and kept as long as they say. A thread that may wait.
#include "ocsp.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "mst_auth.h"

#include "fetch.h"

#define NAME_BYTES 32

struct entry {
	uint8_t name[NAME_BYTES];  // of certificate and issuer
	uint64_t until_s;	   // 0: free
	enum ocsp_verdict verdict; // GOOD or REVOKED
};

struct ocsp {
	pthread_mutex_t lock; // nobody holds it while waiting
	uint32_t next;	      // the entry that makes room
	struct entry entries[OCSP_CACHE_ENTRIES];
};

const char *
ocsp_verdict_text(enum ocsp_verdict verdict)
{
	static const char *const texts[] = {
#define OCSP_VERDICT_TEXT(name, text) text,
		OCSP_VERDICTS(OCSP_VERDICT_TEXT)
#undef OCSP_VERDICT_TEXT
	};

	return texts[verdict];
}

int
ocsp_create(struct ocsp **out)
{
	struct ocsp *ocsp = calloc(1, sizeof(*ocsp));

	if (ocsp == NULL)
		return -ENOMEM;
	pthread_mutex_init(&ocsp->lock, NULL);
	*out = ocsp;
	return 0;
}

void
ocsp_destroy(struct ocsp *ocsp)
{
	if (ocsp == NULL)
		return;
	pthread_mutex_destroy(&ocsp->lock);
	free(ocsp);
}

bool
ocsp_may_pass(enum ocsp_policy policy, enum ocsp_verdict verdict)
{
	switch (verdict) {
	case OCSP_GOOD:
	case OCSP_NOT_ASKED:
		return true;
	case OCSP_SILENT:
		return policy != OCSP_REQUIRE;
	case OCSP_FORGED:
	case OCSP_STALE:
	case OCSP_UNKNOWN:
	case OCSP_REVOKED:
		break;
	}
	return policy == OCSP_OFF;
}

static bool
name_of(const void *leaf, size_t leaf_len, const void *issuer, size_t issuer_len, uint8_t out[NAME_BYTES])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, leaf, leaf_len) == 1 &&
		  EVP_DigestUpdate(ctx, issuer, issuer_len) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool
recall(struct ocsp *ocsp, const uint8_t *name, uint64_t now_s, enum ocsp_verdict *out)
{
	bool found = false;

	pthread_mutex_lock(&ocsp->lock);
	for (uint32_t i = 0; i < OCSP_CACHE_ENTRIES && !found; i++) {
		const struct entry *e = &ocsp->entries[i];

		found = e->until_s > now_s && mst_ct_equal(e->name, name, NAME_BYTES);
		if (found)
			*out = e->verdict;
	}
	pthread_mutex_unlock(&ocsp->lock);
	return found;
}

static void
keep(struct ocsp *ocsp, const uint8_t *name, enum ocsp_verdict verdict, uint64_t until_s)
{
	struct entry *e;

	pthread_mutex_lock(&ocsp->lock);
	e = &ocsp->entries[ocsp->next++ % OCSP_CACHE_ENTRIES];
	memcpy(e->name, name, NAME_BYTES);
	e->verdict = verdict;
	e->until_s = until_s;
	pthread_mutex_unlock(&ocsp->lock);
}

static int
ask_url(const char *url, const char *proxy, const struct ocsp_question *q, size_t cap,
	struct fetch_answer *answer, char *text)
{
	struct fetch_request request = {.url = url[0] != '\0' ? url : ocsp_question_url(q),
		.plain = true,
		.proxy = proxy,
		.content_type = "application/ocsp-request",
		.cap = cap};
	struct fetch_origin origin;
	const uint8_t *der;

	snprintf(text, FETCH_ERROR_BYTES, "expected an http or https URL");
	MST_TRY(fetch_origin_parse(&origin, request.url, true));
	request.post_len = ocsp_question_request(q, &der);
	request.post = der;
	return fetch_run(&request, NULL, answer, text);
}

static enum ocsp_verdict
ask_server(const struct ocsp_rules *rules, const struct ocsp_question *q, uint64_t now_s, uint64_t *until_s,
	char *text)
{
	enum ocsp_verdict verdict;
	struct fetch_answer answer;

	if (rules->url[0] == '\0' && ocsp_question_url(q)[0] == '\0')
		return OCSP_NOT_ASKED;
	if (ask_url(rules->url, rules->proxy, q, OCSP_ANSWER_BYTES_MAX, &answer, text) < 0)
		return OCSP_SILENT;
	verdict = ocsp_question_judge(q, answer.bytes, answer.len, now_s, until_s);
	snprintf(text, FETCH_ERROR_BYTES, "%s", ocsp_verdict_text(verdict));
	free(answer.bytes);
	return verdict;
}

int
ocsp_fetch(const char *proxy, const void *leaf, size_t leaf_len, const void *issuer, size_t issuer_len,
	struct fetch_answer *out, char *text)
{
	struct ocsp_question *q = ocsp_question_create(leaf, leaf_len, issuer, issuer_len);
	int rc;

	if (q == NULL) {
		snprintf(text, FETCH_ERROR_BYTES, "the certificate or its issuer's cannot be read");
		return -EINVAL;
	}
	rc = -ENOENT;
	if (ocsp_question_url(q)[0] != '\0')
		rc = ask_url("", proxy, q, MST_AUTH_STAPLE_BYTES_MAX, out, text);
	ocsp_question_free(q);
	return rc;
}

enum ocsp_verdict
ocsp_ask(struct ocsp *ocsp, const struct ocsp_rules *rules, const void *leaf, size_t leaf_len,
	const void *issuer, size_t issuer_len, uint64_t now_s, char *text)
{
	uint8_t name[NAME_BYTES];
	enum ocsp_verdict verdict;
	struct ocsp_question *q;
	uint64_t until_s = 0;

	snprintf(text, FETCH_ERROR_BYTES, "the certificate or its issuer's cannot be read");
	q = ocsp_question_create(leaf, leaf_len, issuer, issuer_len);
	if (q == NULL || !name_of(leaf, leaf_len, issuer, issuer_len, name)) {
		ocsp_question_free(q);
		return OCSP_SILENT;
	}
	if (!recall(ocsp, name, now_s, &verdict)) {
		verdict = ask_server(rules, q, now_s, &until_s, text);
		if (verdict == OCSP_GOOD || verdict == OCSP_REVOKED)
			keep(ocsp, name, verdict, until_s);
	}
	ocsp_question_free(q);
	return verdict;
}
