// The server: messages of the gateway to sign-ins, their results back. One thread, which waits for nothing but them.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch.h"
#include "identity.h"

#define HASHING_THREADS 1
#define WAITING_THREADS IDENTITY_THREADS_MAX
#define PARKED_LOOK_MS 20 // how often it is looked whether keys have come
#define DESCRIPTORS_MAX (MST_AUTH_N_FILES + 1)

struct server {
	int fd; // the gateway
	struct identity_settings *settings;
	struct identity_pool *hashing; // for ways that compute
	struct identity_pool *waiting; // for those that wait
	struct identity_codes *codes;
	struct identity_accounts *accounts;
	struct ocsp *ocsp;
	struct identity_job jobs[IDENTITY_JOBS_MAX];
	uint8_t buf[MST_AUTH_MESSAGE_BYTES];
};

static int
send_message(struct server *s, const struct mst_auth_message *m)
{
	int rc = mst_auth_message_write(m, s->buf, sizeof(s->buf));

	if (rc < 0)
		return rc;
	return send(s->fd, s->buf, (size_t)rc, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static struct identity_job *
find_job(struct server *s, uint64_t token)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(s->jobs); i++) {
		struct identity_job *job = &s->jobs[i];

		if (job->state != IDENTITY_FREE && job->attempt.token == token && !job->cancelled)
			return job;
	}
	return NULL;
}

static void
drop(struct identity_job *job)
{
	if (job->n_ways > 0 && job->ways[job->way]->drop != NULL)
		job->ways[job->way]->drop(job);
}

static void
release(struct identity_job *job)
{
	drop(job);
	if (job->message != NULL)
		mst_wipe(job->message, job->message_len);
	free(job->message);
	identity_settings_put(job->settings);
	mst_wipe(job, sizeof(*job));
}

static int
answer_busy(struct server *s, const struct mst_auth_try *attempt)
{
	struct mst_auth_message m = {
		.kind = MST_AUTH_RESULT, .result = {.token = attempt->token, .outcome = MST_AUTH_BUSY}};

	snprintf(m.result.user, sizeof(m.result.user), "%s", attempt->user);
	return send_message(s, &m);
}

static struct identity_job *
take_job(struct server *s, const uint8_t *buf, size_t len)
{
	struct identity_job *job = NULL;
	struct mst_auth_message m;

	for (size_t i = 0; i < MST_ARRAY_SIZE(s->jobs) && job == NULL; i++) {
		if (s->jobs[i].state == IDENTITY_FREE)
			job = &s->jobs[i];
	}
	if (job == NULL)
		return NULL;
	job->message = malloc(len);
	if (job->message == NULL)
		return NULL;
	memcpy(job->message, buf, len);
	job->message_len = len;
	// Once more, so that the texts are those of the copy.
	if (mst_auth_message_read(&m, job->message, len) < 0) {
		release(job);
		return NULL;
	}
	if (m.kind == MST_AUTH_STAPLE) {
		// No sign-in: nobody can answer or cancel it by its token.
		job->attempt = (struct mst_auth_try){.cert = m.staple.cert,
			.cert_len = m.staple.cert_len,
			.issuer = m.staple.issuer,
			.issuer_len = m.staple.issuer_len};
		job->result.token = m.staple.token;
	} else {
		job->attempt = m.submit;
	}
	return job;
}

static void
next_step(struct server *s, struct identity_job *job)
{
	job->state = IDENTITY_WORKING;
	identity_pool_start(job->ways[job->way]->waits ? s->waiting : s->hashing, job);
}

static void
start_way(struct server *s, struct identity_job *job)
{
	if (job->ways[job->way]->prepare != NULL)
		job->ways[job->way]->prepare(job);
	next_step(s, job);
}

static int
finish_staple(struct server *s, struct identity_job *job)
{
	const struct identity_stapled *stapled = job->data;
	struct mst_auth_message m = {.kind = MST_AUTH_STAPLED,
		.stapled = {.token = job->result.token, .text = job->result.prompt}};
	int rc;

	if (stapled != NULL) {
		m.stapled.response = stapled->len > 0 ? stapled->bytes : NULL;
		m.stapled.response_len = stapled->len;
		m.stapled.list = stapled->list;
		m.stapled.list_until_unix_s = stapled->list_until_s;
	}
	rc = send_message(s, &m);
	release(job);
	return rc;
}

// Its result, unless nobody wants it; then it is asking, or free again.
static int
finish(struct server *s, struct identity_job *job)
{
	struct mst_auth_message m = {.kind = MST_AUTH_RESULT, .result = job->result};
	int rc = 0;

	// A question tells nothing of whom it is put to.
	if (m.result.outcome != MST_AUTH_OK) {
		m.result.n_groups = 0;
		memset(m.result.groups, 0, sizeof(m.result.groups));
		memset(m.result.certificate, 0, sizeof(m.result.certificate));
	}
	if (!job->cancelled)
		rc = send_message(s, &m);
	if (!job->cancelled && job->result.outcome == MST_AUTH_MORE)
		job->state = IDENTITY_ASKING;
	else
		release(job);
	return rc;
}

static int
submit(struct server *s, const struct mst_auth_try *attempt, size_t len)
{
	struct identity_job *job = s->settings != NULL ? take_job(s, s->buf, len) : NULL;

	if (job == NULL)
		return answer_busy(s, attempt);
	job->state = IDENTITY_WORKING;
	job->settings = identity_settings_get(s->settings);
	job->codes = s->codes;
	job->ocsp = s->ocsp;
	job->result.token = job->attempt.token;
	snprintf(job->result.user, sizeof(job->result.user), "%s", job->attempt.user);
	if (!identity_ways_choose(job))
		return finish(s, job);
	start_way(s, job);
	return 0;
}

static int
staple(struct server *s, const struct mst_auth_staple *question, size_t len)
{
	struct identity_job *job = s->settings != NULL ? take_job(s, s->buf, len) : NULL;
	struct mst_auth_message m = {.kind = MST_AUTH_STAPLED,
		.stapled = {.token = question->token, .text = "the sign-in helper is busy"}};

	if (job == NULL)
		return send_message(s, &m);
	job->settings = identity_settings_get(s->settings);
	job->ways[0] = &identity_way_staple;
	job->n_ways = 1;
	next_step(s, job);
	return 0;
}

static void
answer(struct server *s, const struct mst_auth_answered *a)
{
	struct identity_job *job = find_job(s, a->token);

	if (job == NULL || job->state != IDENTITY_ASKING)
		return;
	snprintf(job->answer, sizeof(job->answer), "%s", a->answer);
	next_step(s, job);
}

static void
cancel(struct server *s, uint64_t token)
{
	struct identity_job *job = find_job(s, token);

	if (job == NULL)
		return;
	if (job->state == IDENTITY_WORKING)
		job->cancelled = true;
	else
		release(job);
}

static int
take_results(struct server *s, struct identity_pool *pool)
{
	struct identity_job *job;

	while ((job = identity_pool_finish(pool)) != NULL) {
		if (job->parks && !job->cancelled) {
			job->state = IDENTITY_PARKED;
			continue;
		}
		if (job->result.outcome == MST_AUTH_OK && !job->cancelled && job->way + 1 < job->n_ways) {
			drop(job);
			job->way++;
			start_way(s, job);
			continue;
		}
		MST_TRY(job->ways[0] == &identity_way_staple ? finish_staple(s, job) : finish(s, job));
	}
	return 0;
}

// Those that waited for keys go on; are there any that still wait?
static bool
unpark(struct server *s)
{
	bool any = false;

	for (size_t i = 0; i < MST_ARRAY_SIZE(s->jobs); i++) {
		struct identity_job *job = &s->jobs[i];

		if (job->state != IDENTITY_PARKED)
			continue;
		if (oidc_round(job->settings->oidc) == job->round) {
			any = true;
			continue;
		}
		next_step(s, job);
	}
	return any;
}

// All or nothing: what is in force stays when the new one does not do.
static int
configure(struct server *s, const struct mst_auth_configure *c, const int *fds, size_t n_fds)
{
	struct mst_auth_message m = {
		.kind = MST_AUTH_CONFIGURED, .configured = {.generation = c->generation}};
	struct identity_settings *fresh;
	struct mst_conf_error err = {0};
	int rc = identity_settings_load(&fresh, s->settings, c, fds, n_fds, &err);

	if (rc == 0) {
		identity_settings_put(s->settings);
		s->settings = fresh;
		mst_log_set_level(fresh->conf->log.level);
	}
	m.configured.code = (uint32_t)-rc;
	m.configured.line = err.line;
	m.configured.text = err.text;
	return send_message(s, &m);
}

static int
dispatch(struct server *s, size_t len, const int *fds, size_t n_fds)
{
	struct mst_auth_message m;

	MST_TRY(mst_auth_message_read(&m, s->buf, len));
	switch (m.kind) {
	case MST_AUTH_CONFIGURE:
		return configure(s, &m.configure, fds, n_fds);
	case MST_AUTH_SUBMIT:
		return submit(s, &m.submit, len);
	case MST_AUTH_ANSWER:
		answer(s, &m.answer);
		return 0;
	case MST_AUTH_CANCEL:
		cancel(s, m.answer.token);
		return 0;
	case MST_AUTH_ACCOUNT:
		if (s->settings != NULL && s->settings->conf->auth.radius.n_accounting > 0)
			identity_accounts_add(s->accounts, s->settings, s->buf, len);
		return 0;
	case MST_AUTH_STAPLE:
		return staple(s, &m.staple, len);
	case MST_AUTH_CONFIGURED:
	case MST_AUTH_RESULT:
	case MST_AUTH_STAPLED:
	case MST_AUTH_N_MESSAGES:
		break;
	}
	return -EBADMSG;
}

static size_t
descriptors_of(struct msghdr *msg, int fds[DESCRIPTORS_MAX])
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < bytes / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n < DESCRIPTORS_MAX)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

// 1: go on; 0: the gateway has gone.
static int
take_message(struct server *s)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} ctl;
	struct iovec iov = {.iov_base = s->buf, .iov_len = sizeof(s->buf)};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl.room,
		.msg_controllen = sizeof(ctl.room)};
	int fds[DESCRIPTORS_MAX];
	ssize_t n = recvmsg(s->fd, &msg, MSG_CMSG_CLOEXEC);
	size_t n_fds;
	int rc;

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return 0;
	n_fds = descriptors_of(&msg, fds);
	rc = (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ? -EMSGSIZE : dispatch(s, (size_t)n, fds, n_fds);
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
	mst_wipe(s->buf, (size_t)n);
	return rc < 0 ? rc : 1;
}

static int
serve(struct server *s)
{
	struct pollfd p[] = {
		{.fd = s->fd, .events = POLLIN},
		{.fd = identity_pool_fd(s->hashing), .events = POLLIN},
		{.fd = identity_pool_fd(s->waiting), .events = POLLIN},
	};

	for (;;) {
		int rc;

		if (poll(p, MST_ARRAY_SIZE(p), unpark(s) ? PARKED_LOOK_MS : -1) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents != 0)
			MST_TRY(take_results(s, s->hashing));
		if (p[2].revents != 0)
			MST_TRY(take_results(s, s->waiting));
		if (p[0].revents == 0)
			continue;
		rc = take_message(s);
		if (rc <= 0)
			return rc;
	}
}

int
mst_identity_serve(int fd)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return -ENOMEM;
	s->fd = fd;
	s->codes = identity_codes_create();
	s->accounts = identity_accounts_create();
	rc = fetch_init();
	if (rc == 0)
		rc = ocsp_create(&s->ocsp);
	if (rc == 0)
		rc = s->codes != NULL && s->accounts != NULL
			     ? identity_pool_create(&s->hashing, HASHING_THREADS)
			     : -ENOMEM;
	if (rc == 0)
		rc = identity_pool_create(&s->waiting, WAITING_THREADS);
	if (rc == 0)
		rc = serve(s);
	// Threads first: they may still work on jobs.
	identity_pool_destroy(s->hashing);
	identity_pool_destroy(s->waiting);
	for (size_t i = 0; i < MST_ARRAY_SIZE(s->jobs); i++)
		release(&s->jobs[i]);
	identity_accounts_destroy(s->accounts);
	identity_settings_put(s->settings);
	identity_codes_destroy(s->codes);
	ocsp_destroy(s->ocsp);
	mst_wipe(s, sizeof(*s));
	free(s);
	return rc;
}
