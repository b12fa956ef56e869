// What their CAs say of the certificates of the site and its hosts: the sign-in helper asks, one after the other and long
// before an answer ends. OCSP responses are stapled, and TLS checks them before; a revocation list only tells. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "control.h"

#define TURN_NS MST_NS_PER_S
#define ANSWER_NS (30 * MST_NS_PER_S)
#define HELPER_AWAY_S 5
#define SOONEST_S 300
#define LATEST_S (24 * 3600)
#define RETRY_MAX_S 3600

static const char *
name_of(const char *host)
{
	return host[0] != '\0' ? host : "the gateway";
}

// What an operator has to know of a certificate that has to be stapled (RFC 7633) while there is nothing to send; "" else.
static const char *
missed(const struct mst_tls_ctx *ctx, size_t pair)
{
	struct mst_tls_cert_info info;
	struct mst_tls_staple_question q = {0};
	bool stapled = mst_tls_staple_question(ctx, pair, &q) == 0 && q.ocsp &&
		       mst_tls_staple_until(ctx, pair) > (int64_t)time(NULL);

	mst_tls_ctx_info(ctx, pair, 0, &info);
	return info.must_staple && !stapled ? "; it has to be stapled, and devices that look refuse it" : "";
}

static void
again_in(struct control_staple *s, uint64_t now_ns, uint64_t seconds)
{
	s->next_ns = now_ns + seconds * MST_NS_PER_S;
}

// At the half of what is left of it.
static void
renew_in_time(struct control_staple *s, uint64_t now_ns, int64_t left_s)
{
	int64_t half_s = left_s / 2;

	again_in(s, now_ns, half_s < SOONEST_S ? SOONEST_S : half_s > LATEST_S ? LATEST_S : (uint64_t)half_s);
}

static void
note_failure(struct mst_control *c, size_t i, const char *why, uint64_t now_ns)
{
	struct control_staple *s = &c->staples.of[i];
	uint64_t retry_s = (uint64_t)SOONEST_S << s->failures;
	size_t pair = i;
	const char *host;
	const struct mst_tls_ctx *ctx = control_site_find(c, &pair, &host);

	if (retry_s < RETRY_MAX_S)
		s->failures++;
	else
		retry_s = RETRY_MAX_S;
	again_in(s, now_ns, retry_s);
	snprintf(s->why, sizeof(s->why), "%s", why);
	CONTROL_COUNT(c, staple_failed);
	if (s->revoked)
		MST_LOG(ERROR, "control",
			"the certificate of %s HAS BEEN REVOKED by its CA: devices that look refuse it, and "
			"it has to be replaced now",
			name_of(host));
	else
		MST_LOG(WARNING, "control",
			"certificate of %s: its CA could not be asked whether it is good: %s; asked again in "
			"%u s%s",
			name_of(host), why, (unsigned int)retry_s, missed(ctx, pair));
}

// 0: it is good; -EKEYREVOKED; others: nothing is known that was not known before.
static int
judge(struct mst_tls_ctx *ctx, size_t pair, const struct mst_auth_stapled *a, int64_t now_s, char *err,
	size_t err_cap)
{
	int ret;

	if (a->response != NULL) {
		ret = mst_tls_staple_put(ctx, pair, a->response, a->response_len, now_s, err, err_cap);
		if (ret == -ENOMEM)
			snprintf(err, err_cap, "not enough memory");
		return ret;
	}
	snprintf(err, err_cap, "%s", a->text);
	if (a->list == MST_AUTH_LIST_GOOD || a->list == MST_AUTH_LIST_REVOKED)
		mst_tls_staple_unlisted(ctx, pair, (int64_t)a->list_until_unix_s);
	return a->list == MST_AUTH_LIST_GOOD ? 0 : a->list == MST_AUTH_LIST_REVOKED ? -EKEYREVOKED : -ENODATA;
}

void
control_staple_answer(struct mst_control *c, const struct mst_auth_stapled *a, uint64_t now_ns)
{
	struct control_staple *s = &c->staples.of[c->staples.asked];
	size_t pair = c->staples.asked;
	int64_t now_s = (int64_t)time(NULL);
	const char *host;
	struct mst_tls_ctx *ctx = control_site_find(c, &pair, &host);
	char err[sizeof(s->why)];
	int ret;

	if (a->list == MST_AUTH_LIST_NOT_NAMED) { // none that can be fetched
		s->next_ns = UINT64_MAX;
		snprintf(s->why, sizeof(s->why), "%s", a->text);
		return;
	}
	ret = judge(ctx, pair, a, now_s, err, sizeof(err));
	s->revoked = ret == -EKEYREVOKED;
	if (ret < 0) {
		note_failure(c, c->staples.asked, err, now_ns);
		return;
	}
	s->failures = 0;
	s->why[0] = '\0';
	renew_in_time(s, now_ns, mst_tls_staple_until(ctx, pair) - now_s);
	CONTROL_COUNT(c, staple_renewed);
}

// Is the question still open?
static bool
wait_answer(struct mst_control *c, uint64_t now_ns)
{
	struct control_staples *st = &c->staples;
	struct mst_auth_stapled a;
	bool has = mst_auth_stapled(c->auth, &a) && a.token == st->token;

	if (!has && now_ns - st->asked_ns < ANSWER_NS)
		return true;
	if (!has)
		a = (struct mst_auth_stapled){.text = "the sign-in helper has not answered"};
	st->open = false;
	control_staple_answer(c, &a, now_ns);
	return false;
}

static void
ask(struct mst_control *c, size_t i, uint64_t now_ns)
{
	struct control_staples *st = &c->staples;
	size_t pair = i;
	const char *host;
	struct mst_tls_ctx *ctx = control_site_find(c, &pair, &host);
	struct mst_tls_staple_question q;
	struct mst_auth_staple question;
	int ret = mst_tls_staple_question(ctx, pair, &q);

	if (ret < 0) {
		st->of[i].next_ns = UINT64_MAX;
		if (ret == -ENOKEY)
			snprintf(st->of[i].why, sizeof(st->of[i].why),
				"its issuer's certificate is not in the file");
		return;
	}
	question = (struct mst_auth_staple){.token = ++st->token,
		.cert = q.cert,
		.cert_len = q.cert_len,
		.issuer = q.issuer,
		.issuer_len = q.issuer_len};
	ret = mst_auth_staple(c->auth, &question);
	if (ret == -EBUSY) {
		again_in(&st->of[i], now_ns, HELPER_AWAY_S);
	} else if (ret < 0) {
		note_failure(c, i, "the certificate is too large", now_ns);
	} else {
		st->asked = i;
		st->asked_ns = now_ns;
		st->open = true;
	}
}

size_t
control_staple_due(const struct mst_control *c, uint64_t now_ns)
{
	const struct control_staples *st = &c->staples;
	size_t i = 0;

	while (i < st->n && now_ns < st->of[i].next_ns)
		i++;
	return i;
}

static void
on_turn(void *arg, uint64_t now_ns)
{
	struct mst_control *c = arg;
	struct control_staples *st = &c->staples;
	size_t i;

	mst_wheel_arm(&c->wheel, &st->turn, now_ns + TURN_NS);
	if (st->n == 0 || (st->open && wait_answer(c, now_ns)))
		return;
	while (!st->open && (i = control_staple_due(c, now_ns)) < st->n)
		ask(c, i, now_ns);
}

void
control_staple_begin(struct mst_control *c, const struct mst_tls_ctx *old)
{
	struct control_staples *st = &c->staples;
	uint64_t now_ns = mst_now_ns();
	int64_t now_s = (int64_t)time(NULL);
	const char *host;

	st->open = false;
	st->n = 0;
	memset(st->of, 0, sizeof(st->of));
	if (old != NULL && c->conf->tls.ocsp_stapling)
		mst_tls_staple_take(c->tls, old);
	for (size_t i = 0; i < MST_ARRAY_SIZE(st->of); i++) {
		size_t pair = i;
		const struct mst_tls_ctx *ctx = control_site_find(c, &pair, &host);
		int64_t left_s;

		if (ctx == NULL)
			return;
		if (!c->conf->tls.ocsp_stapling) {
			if (missed(ctx, pair)[0] != '\0')
				MST_LOG(WARNING, "control", "certificate of %s: tls.ocsp-stapling is off%s",
					name_of(host), missed(ctx, pair));
			continue;
		}
		left_s = mst_tls_staple_until(ctx, pair) - now_s;
		if (left_s > 0)
			renew_in_time(&st->of[i], now_ns, left_s);
		st->n++;
	}
}

void
control_staple_watch(struct mst_control *c)
{
	control_staple_begin(c, NULL);
	mst_wheel_timer_init(&c->staples.turn, on_turn, c);
	mst_wheel_arm(&c->wheel, &c->staples.turn, mst_now_ns() + TURN_NS);
}

void
control_staple_text(const struct mst_control *c, size_t i, const struct mst_tls_ctx *ctx, size_t pair,
	char *text, size_t cap)
{
	const struct control_staple *s = &c->staples.of[i];
	time_t until = (time_t)mst_tls_staple_until(ctx, pair);
	struct mst_tls_staple_question q = {0};
	int ret = mst_tls_staple_question(ctx, pair, &q);
	char day[32] = "";
	struct tm tm;

	if (gmtime_r(&until, &tm) != NULL)
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (!c->conf->tls.ocsp_stapling)
		snprintf(text, cap, "off%s", missed(ctx, pair));
	else if (ret == -ENOENT)
		snprintf(text, cap, "not offered by the CA%s", missed(ctx, pair));
	else if (s->revoked)
		snprintf(text, cap, "revoked%s", missed(ctx, pair));
	else if (until > time(NULL))
		snprintf(text, cap, "%s, good until %s%s%s%s", q.ocsp ? "OCSP, stapled" : "revocation list",
			day, s->why[0] != '\0' ? "; since then: " : "", s->why, missed(ctx, pair));
	else
		snprintf(text, cap, "none: %s%s", s->why[0] != '\0' ? s->why : "not answered yet",
			missed(ctx, pair));
}
