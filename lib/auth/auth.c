// The channel: sign-ins in progress, what the helper says of them, its life. Control lcore.
#include "auth.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 10000 // until the helper has read its files
#define LEAVE_MS 4000
#define RELOAD_MS 1000 // for which the control loop is held at the most
#define BACKOFF_MIN_NS (100 * MST_NS_PER_MS)
#define BACKOFF_MAX_NS (5 * MST_NS_PER_S)
#define STEADY_NS (10 * MST_NS_PER_S) // after which an end counts as the first one
#define LOOK_NS (2 * MST_NS_PER_S)

enum sign_in_state { FREE, JUDGED, DONE, ASKED };

struct sign_in {
	enum sign_in_state state;
	struct mst_auth_result result; // its token and user from the start, the rest in DONE
};

struct mst_auth {
	const struct mst_conf *conf;
	struct auth_helper helper;
	struct auth_files files;
	uint64_t codes_from_s; // when this helper was started in place of another; 0: it is the first
	uint32_t generation;   // of the configuration sent last
	bool answered;	       // the helper has said what it thinks of it
	bool waiting;	       // somebody here waits for that, and will say it
	bool ready;	       // it can judge
	struct mst_conf_error verdict;
	int verdict_code;
	struct sign_in *sign_ins;
	unsigned int queue, n_done, next_done;
	int epoll_fd; // of the helper's socket and event_fd
	int event_fd; // readable while sign-ins are done
	uint64_t started_ns, retry_ns, backoff_ns, look_ns;
	struct mst_auth_stats stats;
	struct auth_staple staple;
	uint8_t buf[MST_AUTH_MESSAGE_BYTES];
};

static int
fail(struct mst_conf_error *err, int rc, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "sign-in helper: %s: %s", what, strerror(-rc));
	return rc;
}

// ---- sign-ins -----------------------------------------------------------------------------------
static struct sign_in *
find(struct mst_auth *auth, uint64_t token)
{
	for (unsigned int i = 0; i < auth->queue; i++) {
		struct sign_in *s = &auth->sign_ins[i];

		if (s->state != FREE && s->result.token == token)
			return s;
	}
	return NULL;
}

static struct sign_in *
find_free(struct mst_auth *auth)
{
	for (unsigned int i = 0; i < auth->queue; i++) {
		if (auth->sign_ins[i].state == FREE)
			return &auth->sign_ins[i];
	}
	return NULL;
}

static void
note_done(struct mst_auth *auth, struct sign_in *s)
{
	const uint64_t one = 1;

	s->state = DONE;
	auth->n_done++;
	// Cannot fail: the counter stays below the number of sign-ins.
	MST_ASSERT(write(auth->event_fd, &one, sizeof(one)) == sizeof(one));
}

static void
forget(struct mst_auth *auth, struct sign_in *s)
{
	uint64_t drained;

	if (s->state == DONE && --auth->n_done == 0)
		(void)!read(auth->event_fd, &drained, sizeof(drained));
	s->state = FREE;
}

// ---- the helper's life --------------------------------------------------------------------------
static void
lose(struct mst_auth *auth, const char *why)
{
	MST_LOG(WARNING, "auth", "the sign-in helper (pid %d) %s; it is started again in %u ms",
		(int)auth->helper.pid, why, (unsigned int)(auth->backoff_ns / MST_NS_PER_MS));
	auth_helper_end(&auth->helper);
	auth->ready = false;
	auth->answered = true;
	auth->verdict_code = -EPIPE;
	(void)fail(&auth->verdict, -EPIPE, "has gone");
	auth->stats.lost++;
	auth->retry_ns = mst_now_ns() + auth->backoff_ns;
	auth->backoff_ns = auth->backoff_ns * 2 < BACKOFF_MAX_NS ? auth->backoff_ns * 2 : BACKOFF_MAX_NS;
	for (unsigned int i = 0; i < auth->queue; i++) {
		struct sign_in *s = &auth->sign_ins[i];

		if (s->state == ASKED)
			forget(auth, s);
		if (s->state != JUDGED)
			continue;
		s->result.outcome = MST_AUTH_BUSY;
		note_done(auth, s);
	}
}

static int
configure(struct mst_auth *auth, struct mst_conf_error *err)
{
	auth->generation++;
	auth->answered = false;
	auth->look_ns = mst_now_ns() + LOOK_NS;
	return auth_files_send(
		&auth->files, &auth->helper, auth->conf, auth->generation, auth->codes_from_s, err);
}

static int
start(struct mst_auth *auth, struct mst_conf_error *err)
{
	struct epoll_event ev = {.events = EPOLLIN};

	MST_TRY(auth_helper_start(&auth->helper, auth->conf, err));
	auth->started_ns = mst_now_ns();
	if (epoll_ctl(auth->epoll_fd, EPOLL_CTL_ADD, auth->helper.fd, &ev) < 0) {
		int rc = fail(err, -errno, "cannot be watched");

		auth_helper_end(&auth->helper);
		return rc;
	}
	return configure(auth, err);
}

static void
take_verdict(struct mst_auth *auth, const struct mst_auth_configured *c)
{
	if (c->generation != auth->generation)
		return;
	auth->answered = true;
	auth->verdict_code = -(int)c->code;
	auth->verdict = (struct mst_conf_error){.line = c->line};
	snprintf(auth->verdict.text, sizeof(auth->verdict.text), "%s", c->text);
	if (c->code == 0)
		auth->ready = true;
	else if (!auth->waiting)
		MST_LOG(ERROR, "auth", "%s; %s", auth->verdict.text,
			auth->ready ? "what was in force goes on" : "nobody can sign in");
}

static void
take_result(struct mst_auth *auth, const struct mst_auth_result *r)
{
	struct sign_in *s = find(auth, r->token);

	if (s == NULL || s->state != JUDGED)
		return; // cancelled
	s->result = *r;
	note_done(auth, s);
}

// One message of the helper; false: none waits.
static bool
take_message(struct mst_auth *auth)
{
	struct mst_auth_message m;
	ssize_t n = auth_helper_receive(&auth->helper, auth->buf, sizeof(auth->buf));

	if (n == -EAGAIN)
		return false;
	if (n < 0) {
		lose(auth, "has gone");
		return false;
	}
	if (mst_auth_message_read(&m, auth->buf, (size_t)n) < 0) {
		lose(auth, "talks nonsense");
		return false;
	}
	if (m.kind == MST_AUTH_RESULT)
		take_result(auth, &m.result);
	else if (m.kind == MST_AUTH_CONFIGURED)
		take_verdict(auth, &m.configured);
	else if (m.kind == MST_AUTH_STAPLED)
		auth_staple_take(&auth->staple, m.stapled.token, auth->buf, (size_t)n);
	else
		lose(auth, "talks nonsense");
	mst_wipe(&m, sizeof(m));
	return true;
}

// What it thinks of the configuration sent last; -ETIMEDOUT: nothing yet.
static int
wait_verdict(struct mst_auth *auth, unsigned int ms, struct mst_conf_error *err)
{
	uint64_t end_ns = mst_now_ns() + ms * MST_NS_PER_MS;

	auth->waiting = true;
	while (!auth->answered) {
		uint64_t now = mst_now_ns();
		struct pollfd p = {.fd = auth->helper.fd, .events = POLLIN};

		if (now >= end_ns)
			break;
		(void)poll(&p, 1, (int)((end_ns - now) / MST_NS_PER_MS) + 1);
		(void)take_message(auth);
	}
	auth->waiting = false;
	if (!auth->answered)
		return fail(err, -ETIMEDOUT, "does not answer");
	if (auth->verdict_code < 0)
		*err = auth->verdict;
	return auth->verdict_code;
}

static void
restart(struct mst_auth *auth, uint64_t now_ns)
{
	struct mst_conf_error err;

	if (now_ns < auth->retry_ns || !auth_helper_reap(&auth->helper))
		return;
	auth->codes_from_s = (uint64_t)time(NULL);
	if (start(auth, &err) == 0) {
		MST_LOG(NOTICE, "auth", "the sign-in helper runs again, pid %d", (int)auth->helper.pid);
		return;
	}
	MST_LOG(ERROR, "auth", "%s; nobody can sign in", err.text);
	if (auth->helper.pid != 0)
		return; // of its files: they are looked at again
	auth->retry_ns = now_ns + auth->backoff_ns;
	auth->backoff_ns = auth->backoff_ns * 2 < BACKOFF_MAX_NS ? auth->backoff_ns * 2 : BACKOFF_MAX_NS;
}

// ---- the interface ------------------------------------------------------------------------------
static int
create_fds(struct mst_auth *auth)
{
	struct epoll_event ev = {.events = EPOLLIN};

	auth->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	auth->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (auth->epoll_fd < 0 || auth->event_fd < 0 ||
		epoll_ctl(auth->epoll_fd, EPOLL_CTL_ADD, auth->event_fd, &ev) < 0)
		return -errno;
	return 0;
}

int
mst_auth_create(struct mst_auth **out, const struct mst_auth_params *params, struct mst_conf_error *err)
{
	struct mst_auth *auth;
	int rc;

	if (params->queue < 1 || params->queue > MST_AUTH_QUEUE_MAX)
		return fail(err, -EINVAL, "length of the queue");
	auth = calloc(1, sizeof(*auth));
	if (auth == NULL)
		return fail(err, -ENOMEM, "cannot start");
	auth->conf = params->conf;
	auth->queue = params->queue;
	auth->helper.fd = auth->epoll_fd = auth->event_fd = -1;
	auth->backoff_ns = BACKOFF_MIN_NS;
	auth->sign_ins = calloc(auth->queue, sizeof(*auth->sign_ins));
	rc = auth->sign_ins != NULL ? create_fds(auth) : -ENOMEM;
	if (rc < 0)
		(void)fail(err, rc, "cannot start");
	else
		rc = start(auth, err);
	if (rc == 0)
		rc = wait_verdict(auth, START_MS, err);
	if (rc < 0) {
		mst_auth_destroy(auth);
		return rc;
	}
	*out = auth;
	return 0;
}

void
mst_auth_destroy(struct mst_auth *auth)
{
	if (auth == NULL)
		return;
	// The last reports of sessions are with it.
	auth_helper_leave(&auth->helper, auth->conf->auth.radius.n_accounting > 0 ? LEAVE_MS : 0);
	if (auth->epoll_fd >= 0)
		close(auth->epoll_fd);
	if (auth->event_fd >= 0)
		close(auth->event_fd);
	free(auth->sign_ins);
	free(auth->staple.message);
	mst_wipe(auth->buf, sizeof(auth->buf));
	free(auth);
}

int
mst_auth_reload(struct mst_auth *auth, const struct mst_conf *conf, struct mst_conf_error *err)
{
	const struct mst_conf *before = auth->conf;
	int rc;

	auth->conf = conf;
	if (auth->helper.pid == 0)
		return 0; // it gets the new one when it is back
	rc = auth_helper_suits(&auth->helper, conf, err);
	if (rc == 0)
		rc = configure(auth, err);
	if (rc == 0)
		rc = wait_verdict(auth, RELOAD_MS, err);
	// Not there, or slow: what is in force then is the new configuration.
	if (rc == 0 || rc == -EPIPE || rc == -ETIMEDOUT)
		return 0;
	auth->conf = before;
	return rc;
}

int
auth_send(struct mst_auth *auth, const struct mst_auth_message *m)
{
	int rc = mst_auth_message_write(m, auth->buf, sizeof(auth->buf));

	if (rc < 0)
		return -EINVAL;
	rc = auth_helper_send(&auth->helper, auth->buf, (size_t)rc, NULL, 0);
	mst_wipe(auth->buf, sizeof(auth->buf));
	return rc < 0 ? -EBUSY : 0;
}

static int
count_refusal(struct mst_auth *auth, int rc)
{
	if (rc == -EBUSY)
		auth->stats.queue_full++;
	else
		auth->stats.rejected++;
	return rc;
}

int
mst_auth_submit(struct mst_auth *auth, const struct mst_auth_try *attempt)
{
	struct mst_auth_message m = {.kind = MST_AUTH_SUBMIT, .submit = *attempt};
	struct sign_in *s = find_free(auth);
	const char *user = attempt->user != NULL ? attempt->user : "";
	int rc;

	if (s == NULL || !auth->ready)
		return count_refusal(auth, -EBUSY);
	rc = auth_send(auth, &m);
	if (rc < 0)
		return count_refusal(auth, rc);
	s->state = JUDGED;
	s->result = (struct mst_auth_result){.token = attempt->token};
	snprintf(s->result.user, sizeof(s->result.user), "%s", user);
	return 0;
}

int
mst_auth_answer(struct mst_auth *auth, uint64_t token, const char *answer)
{
	struct mst_auth_message m = {.kind = MST_AUTH_ANSWER, .answer = {.token = token, .answer = answer}};
	struct sign_in *s = find(auth, token);
	int rc;

	if (s == NULL || s->state != ASKED)
		return -ENOENT;
	rc = auth_send(auth, &m);
	if (rc < 0)
		return count_refusal(auth, rc);
	s->state = JUDGED;
	return 0;
}

void
mst_auth_cancel(struct mst_auth *auth, uint64_t token)
{
	struct mst_auth_message m = {.kind = MST_AUTH_CANCEL, .answer = {.token = token}};
	struct sign_in *s = find(auth, token);

	if (s == NULL)
		return;
	(void)auth_send(auth, &m); // a helper that takes nothing more is as good as gone
	forget(auth, s);
}

void
mst_auth_account(
	struct mst_auth *auth, enum mst_auth_account_kind kind, const struct mst_auth_account *account)
{
	struct mst_auth_message m = {.kind = MST_AUTH_ACCOUNT, .account = *account};

	m.account.kind = kind;
	(void)auth_send(auth, &m);
}

int
mst_auth_fd(const struct mst_auth *auth)
{
	return auth->epoll_fd;
}

bool
mst_auth_next(struct mst_auth *auth, struct mst_auth_result *out)
{
	struct sign_in *s;

	while (auth->n_done == 0) {
		if (!take_message(auth) && auth->n_done == 0)
			return false;
	}
	// In turn, so that none waits for ever.
	do
		s = &auth->sign_ins[auth->next_done++ % auth->queue];
	while (s->state != DONE);
	*out = s->result;
	forget(auth, s);
	switch (out->outcome) {
	case MST_AUTH_OK:
		auth->stats.accepted++;
		break;
	case MST_AUTH_NO:
		auth->stats.rejected++;
		break;
	case MST_AUTH_MORE:
		auth->stats.asked++;
		s->state = ASKED;
		break;
	case MST_AUTH_BUSY:
		break;
	}
	return true;
}

static void
look_at_files(struct mst_auth *auth, uint64_t now_ns)
{
	struct mst_conf_error err;

	if (now_ns < auth->look_ns)
		return;
	auth->look_ns = now_ns + LOOK_NS;
	if (!auth_files_changed(&auth->files, auth->conf))
		return;
	if (configure(auth, &err) < 0)
		MST_LOG(ERROR, "auth", "%s; what was in force goes on", err.text);
	else
		MST_LOG(INFO, "auth", "a file of sign-in has changed");
}

void
mst_auth_tick(struct mst_auth *auth, uint64_t now_ns)
{
	if (auth->helper.pid == 0) {
		restart(auth, now_ns);
		return;
	}
	if (now_ns - auth->started_ns > STEADY_NS)
		auth->backoff_ns = BACKOFF_MIN_NS;
	look_at_files(auth, now_ns);
}

void
mst_auth_stats(const struct mst_auth *auth, struct mst_auth_stats *out)
{
	*out = auth->stats;
}

struct auth_staple *
auth_staple_of(struct mst_auth *auth)
{
	return &auth->staple;
}

pid_t
mst_auth_pid(const struct mst_auth *auth)
{
	return auth->helper.pid;
}
