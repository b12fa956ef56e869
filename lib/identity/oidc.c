// Issuers and their keys. Tokens are verified by any thread with the keys at hand; one thread of our own fetches keys, in
// the background and, within limits, when a token names one that is not there.
#include "oidc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "fetch.h"

#define RETRY_MIN_S 5
#define RETRY_MAX_S 300

struct source {
	// written at the start only
	const struct oidc_issuer *issuer;
	// under the lock
	struct oidc_keys *keys;
	bool wanted; // by a token, or being fetched
	uint64_t due_ns;
	uint64_t may_ask_ns; // a token may ask for a fetch from then on
	uint32_t retry_s;    // 0: the last fetch went well
};

struct oidc {
	// written at the start only
	const struct oidc_issuer *issuers;
	pthread_t thread;
	atomic_bool stop;
	pthread_mutex_t lock; // nobody holds it while waiting or verifying
	pthread_cond_t work;
	// under the lock
	uint64_t round;
	struct oidc_stats stats;
	uint32_t n_sources;
	struct source sources[];
};

static int
take_keys(struct oidc_keys **out, const void *bytes, size_t len, char *text)
{
	int rc = oidc_keys_parse(out, bytes, len);

	if (rc == -ENOKEY)
		snprintf(text, FETCH_ERROR_BYTES,
			"no key in it can be used: RSA of 2048 bits, P-256, P-384, P-521");
	else if (rc == -E2BIG)
		snprintf(text, FETCH_ERROR_BYTES, "more than %u keys", OIDC_KEYS_MAX);
	else if (rc < 0)
		snprintf(text, FETCH_ERROR_BYTES, "no key set, or one with a key id twice");
	return rc;
}

static int
fetch(const struct oidc *oidc, const struct oidc_issuer *issuer, const char *url, struct fetch_answer *out,
	char *text)
{
	struct fetch_request request = {.url = url,
		.ca = issuer->ca,
		.ca_len = issuer->ca_len,
		.proxy = issuer->proxy,
		.cap = OIDC_DOCUMENT_BYTES_MAX};

	return fetch_run(&request, &oidc->stop, out, text);
}

// The discovery document each time: the place of the keys may move.
static int
fetch_keys(const struct oidc *oidc, const struct oidc_issuer *issuer, struct oidc_keys **out,
	uint32_t *max_age_s, char *text)
{
	char url[OIDC_URL_BYTES];
	char jwks_uri[OIDC_URL_BYTES];
	struct fetch_answer answer;
	int rc;

	MST_TRY(oidc_discovery_url(issuer, url));
	MST_TRY(fetch(oidc, issuer, url, &answer, text));
	rc = oidc_discovery_parse(issuer, answer.bytes, answer.len, jwks_uri);
	free(answer.bytes);
	if (rc < 0) {
		snprintf(text, FETCH_ERROR_BYTES, "the discovery document %s",
			rc == -ENOENT	? "is of another issuer"
			: rc == -EACCES ? "has its keys at another host; jwks-host may allow it"
					: "is none");
		return rc;
	}
	MST_TRY(fetch(oidc, issuer, jwks_uri, &answer, text));
	rc = take_keys(out, answer.bytes, answer.len, text);
	*max_age_s = answer.max_age_s;
	free(answer.bytes);
	return rc;
}

// Up to a tenth earlier, so that many gateways do not come at once.
static uint64_t
due_in(uint32_t s)
{
	uint32_t noise;

	mst_random(&noise, sizeof(noise));
	return mst_now_ns() + (uint64_t)s * MST_NS_PER_S - noise % ((uint64_t)s * MST_NS_PER_S / 10 + 1);
}

static void
note_failure(struct oidc *oidc, struct source *s, const char *text)
{
	// Once a failure, not once a try.
	if (s->retry_s == 0)
		MST_LOG(WARNING, "identity", "keys of %s: %s; %s", s->issuer->issuer, text,
			s->keys != NULL ? "the old ones stay"
					: "its tokens are refused until there are some");
	s->retry_s = s->retry_s == 0		    ? RETRY_MIN_S
		     : s->retry_s * 2 > RETRY_MAX_S ? RETRY_MAX_S
						    : s->retry_s * 2;
	s->due_ns = due_in(s->retry_s);
	oidc->stats.failed++;
}

static void
note_keys(struct oidc *oidc, struct source *s, struct oidc_keys *keys, uint32_t max_age_s)
{
	const struct oidc_issuer *i = s->issuer;
	uint32_t age_s = max_age_s == 0 || max_age_s > i->refresh_max_s ? i->refresh_max_s : max_age_s;

	if (age_s < i->refresh_min_s)
		age_s = i->refresh_min_s;
	if (s->retry_s != 0 || s->keys == NULL)
		MST_LOG(INFO, "identity", "keys of %s: %u to use, %u passed over", i->issuer, keys->n,
			keys->n_passed_over);
	oidc_keys_put(s->keys);
	s->keys = keys;
	s->retry_s = 0;
	s->due_ns = due_in(age_s);
	oidc->stats.fetched++;
}

// The lock is held but for the fetch itself.
static void
refresh(struct oidc *oidc, struct source *s)
{
	struct oidc_keys *keys = NULL;
	uint32_t max_age_s = 0;
	char text[FETCH_ERROR_BYTES] = "out of memory";
	int rc;

	s->wanted = true;
	pthread_mutex_unlock(&oidc->lock);
	rc = fetch_keys(oidc, s->issuer, &keys, &max_age_s, text);
	pthread_mutex_lock(&oidc->lock);
	s->wanted = false;
	if (rc == 0)
		note_keys(oidc, s, keys, max_age_s);
	else if (!atomic_load(&oidc->stop))
		note_failure(oidc, s, text);
	oidc->round++;
}

// The one that is wanted or due, or NULL and when the next will be.
static struct source *
next_source(struct oidc *oidc, uint64_t now_ns, uint64_t *due_ns)
{
	*due_ns = UINT64_MAX;
	for (uint32_t i = 0; i < oidc->n_sources; i++) {
		struct source *s = &oidc->sources[i];

		if (s->wanted || s->due_ns <= now_ns)
			return s;
		if (s->due_ns < *due_ns)
			*due_ns = s->due_ns;
	}
	return NULL;
}

static void *
run(void *arg)
{
	struct oidc *oidc = arg;

	pthread_mutex_lock(&oidc->lock);
	while (!atomic_load(&oidc->stop)) {
		uint64_t due_ns;
		struct source *s = next_source(oidc, mst_now_ns(), &due_ns);
		struct timespec at = {
			.tv_sec = (time_t)(due_ns / MST_NS_PER_S), .tv_nsec = (long)(due_ns % MST_NS_PER_S)};

		if (s != NULL)
			refresh(oidc, s);
		else
			(void)pthread_cond_timedwait(&oidc->work, &oidc->lock, &at);
	}
	pthread_mutex_unlock(&oidc->lock);
	return NULL;
}

static int
start_thread(struct oidc *oidc)
{
	pthread_condattr_t attr;
	sigset_t all;
	sigset_t before;
	int rc;

	pthread_mutex_init(&oidc->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&oidc->work, &attr);
	pthread_condattr_destroy(&attr);
	// Signals are the main thread's.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&oidc->thread, NULL, run, oidc);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

static void
release(struct oidc *oidc)
{
	for (uint32_t i = 0; i < oidc->n_sources; i++)
		oidc_keys_put(oidc->sources[i].keys);
	free(oidc);
}

// Keys of the same place go on, and so do the limits to fetching them: a reload is no reason to ask again.
static void
adopt(struct source *s, struct oidc *old)
{
	char place[OIDC_URL_BYTES];
	char other[OIDC_URL_BYTES];

	if (old == NULL || oidc_discovery_url(s->issuer, place) < 0)
		return;
	pthread_mutex_lock(&old->lock);
	for (uint32_t i = 0; i < old->n_sources; i++) {
		const struct source *o = &old->sources[i];

		if (o->issuer->keys != NULL || strcmp(o->issuer->issuer, s->issuer->issuer) != 0 ||
			oidc_discovery_url(o->issuer, other) < 0 || strcmp(place, other) != 0)
			continue;
		s->keys = oidc_keys_get(o->keys);
		s->due_ns = o->due_ns;
		s->may_ask_ns = o->may_ask_ns;
		s->retry_s = o->retry_s;
		break;
	}
	pthread_mutex_unlock(&old->lock);
}

// What can be found wrong at once is said at once.
static int
init_source(struct oidc *oidc, const struct oidc_issuer *issuer, struct oidc *old, char *err, size_t err_cap)
{
	struct source *s = &oidc->sources[oidc->n_sources++];
	char url[OIDC_URL_BYTES];
	struct fetch_origin origin;
	int rc;

	*s = (struct source){.issuer = issuer};
	if (issuer->keys != NULL) {
		s->keys = oidc_keys_get(issuer->keys);
		s->due_ns = s->may_ask_ns = UINT64_MAX;
		return 0;
	}
	rc = oidc_discovery_url(issuer, url);
	if (rc == 0)
		rc = fetch_origin_parse(&origin, url, false);
	if (rc < 0)
		snprintf(err, err_cap, "expected an https URL of a discovery document, found %s", url);
	else
		adopt(s, old);
	return rc;
}

int
oidc_create(struct oidc **out, const struct oidc_issuer *issuers, uint32_t n_issuers, struct oidc *old,
	char *err, size_t err_cap)
{
	struct oidc *oidc = calloc(1, sizeof(*oidc) + n_issuers * sizeof(oidc->sources[0]));
	int rc = 0;

	snprintf(err, err_cap, "cannot start to fetch keys");
	if (oidc == NULL)
		return -ENOMEM;
	oidc->issuers = issuers;
	for (uint32_t i = 0; rc == 0 && i < n_issuers; i++)
		rc = init_source(oidc, &issuers[i], old, err, err_cap);
	if (rc == 0)
		rc = start_thread(oidc);
	if (rc < 0) {
		release(oidc);
		return rc;
	}
	*out = oidc;
	return 0;
}

void
oidc_destroy(struct oidc *oidc)
{
	if (oidc == NULL)
		return;
	pthread_mutex_lock(&oidc->lock);
	atomic_store(&oidc->stop, true);
	pthread_cond_signal(&oidc->work);
	pthread_mutex_unlock(&oidc->lock);
	pthread_join(oidc->thread, NULL);
	pthread_cond_destroy(&oidc->work);
	pthread_mutex_destroy(&oidc->lock);
	release(oidc);
}

// Is it worth to wait for other keys than these, which have not the one that a token names? Who invents key ids makes us
// fetch no more often than the configuration says.
static bool
ask_for_keys(struct oidc *oidc, struct source *s, const struct oidc_keys *keys, uint64_t *round)
{
	uint64_t now_ns = mst_now_ns();
	bool wait;

	pthread_mutex_lock(&oidc->lock);
	// Others have come meanwhile: at once, then.
	wait = s->keys != keys;
	*round = wait ? oidc->round - 1 : oidc->round;
	if (!wait && !s->wanted && now_ns >= s->may_ask_ns) {
		s->wanted = true;
		s->may_ask_ns = now_ns + s->issuer->refresh_min_s * MST_NS_PER_S;
		oidc->stats.asked++;
		pthread_cond_signal(&oidc->work);
	}
	wait = wait || s->wanted;
	pthread_mutex_unlock(&oidc->lock);
	return wait;
}

enum oidc_verdict
oidc_verify(struct oidc *oidc, uint32_t accepted, const char *text, size_t len, uint64_t now_s,
	struct identity_who *out, uint64_t *round)
{
	struct oidc_token token;
	struct oidc_keys *keys;
	enum oidc_verdict verdict;
	struct source *s;
	uint32_t issuer;

	verdict = oidc_token_open(&token, text, len, oidc->issuers, oidc->n_sources, &issuer);
	if (verdict != OIDC_OK)
		return verdict;
	// Not here: its keys are not even asked for.
	if ((accepted >> issuer & 1) == 0) {
		oidc_token_fini(&token);
		return OIDC_ISSUER;
	}
	s = &oidc->sources[issuer];
	pthread_mutex_lock(&oidc->lock);
	keys = oidc_keys_get(s->keys);
	pthread_mutex_unlock(&oidc->lock);
	verdict = oidc_token_check(&token, s->issuer, keys, now_s, out);
	if (verdict == OIDC_KEY && ask_for_keys(oidc, s, keys, round))
		verdict = OIDC_WAIT;
	else if (verdict == OIDC_KEY && keys == NULL)
		verdict = OIDC_NO_KEYS;
	oidc_keys_put(keys);
	oidc_token_fini(&token);
	return verdict;
}

uint64_t
oidc_round(struct oidc *oidc)
{
	uint64_t round;

	pthread_mutex_lock(&oidc->lock);
	round = oidc->round;
	pthread_mutex_unlock(&oidc->lock);
	return round;
}

void
oidc_stats(struct oidc *oidc, struct oidc_stats *out)
{
	pthread_mutex_lock(&oidc->lock);
	*out = oidc->stats;
	pthread_mutex_unlock(&oidc->lock);
}
