// Verifying by PAM. A module asks when it likes and waits for the answer, so each sign-in has a thread of its own for the
// conversation; a step starts it, or hands it the answer, and waits for what it says next.
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "identity.h"

#define STEP_S 60 // within which modules have to say something
#define STACK_BYTES (512 * 1024)
#define TALKS_MAX 64
#define NSS_BYTES 16384
#define SYSTEM_GROUPS_MAX 64

enum talk_state { RUNS, ASKS, ENDED };

struct talk {
	// written before the thread begins
	char service[64], directory[256];
	char user[MST_AUTH_USER_BYTES];
	char remote[MST_IP_TEXT_BYTES];
	// under the lock
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int n_refs; // the sign-in's and the thread's
	enum talk_state state;
	bool abandoned; // nobody answers any more
	bool echo;
	char prompt[MST_AUTH_PROMPT_BYTES];
	char answer[MST_AUTH_PASSWORD_BYTES];
	struct mst_auth_result result; // ENDED: outcome, user and groups
	// the thread's alone
	char password[MST_AUTH_PASSWORD_BYTES];
	bool has_password;
};

static atomic_uint n_talks;

static void
put(struct talk *t)
{
	bool last;

	pthread_mutex_lock(&t->lock);
	last = --t->n_refs == 0;
	pthread_mutex_unlock(&t->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->changed);
	mst_wipe(t, sizeof(*t));
	free(t);
	atomic_fetch_sub(&n_talks, 1);
}

// ---- the conversation, on its own thread --------------------------------------------------------
static char *
ask(struct talk *t, bool echo)
{
	char *answer = NULL;

	pthread_mutex_lock(&t->lock);
	t->echo = echo;
	t->state = ASKS;
	pthread_cond_broadcast(&t->changed);
	while (t->state == ASKS && !t->abandoned)
		pthread_cond_wait(&t->changed, &t->lock);
	if (!t->abandoned)
		answer = strdup(t->answer);
	mst_wipe(t->answer, sizeof(t->answer));
	t->prompt[0] = '\0';
	pthread_mutex_unlock(&t->lock);
	return answer;
}

// What modules say beside their questions stands before the next one.
static void
add_text(struct talk *t, const char *text)
{
	size_t len;

	pthread_mutex_lock(&t->lock);
	len = strlen(t->prompt);
	snprintf(t->prompt + len, sizeof(t->prompt) - len, "%s%s", len > 0 ? "\n" : "", text);
	pthread_mutex_unlock(&t->lock);
}

static char *
answer_one(struct talk *t, const struct pam_message *m)
{
	char *password;

	add_text(t, m->msg != NULL ? m->msg : "");
	if (m->msg_style == PAM_TEXT_INFO || m->msg_style == PAM_ERROR_MSG)
		return strdup("");
	// The first secret that is asked for is what the form has asked for already.
	if (m->msg_style != PAM_PROMPT_ECHO_OFF || !t->has_password)
		return ask(t, m->msg_style == PAM_PROMPT_ECHO_ON);
	password = strdup(t->password);
	mst_wipe(t->password, sizeof(t->password));
	t->has_password = false;
	pthread_mutex_lock(&t->lock);
	t->prompt[0] = '\0';
	pthread_mutex_unlock(&t->lock);
	return password;
}

static int
converse(int n, const struct pam_message **m, struct pam_response **out, void *arg)
{
	struct talk *t = arg;
	struct pam_response *r;

	if (n < 1 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	r = calloc((size_t)n, sizeof(*r));
	if (r == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		r[i].resp = answer_one(t, m[i]);
		if (r[i].resp != NULL)
			continue;
		while (i-- > 0) {
			mst_wipe(r[i].resp, strlen(r[i].resp));
			free(r[i].resp);
		}
		free(r);
		return PAM_CONV_ERR;
	}
	*out = r;
	return PAM_SUCCESS;
}

// Those that the system knows of the user, by name.
static void
add_groups(const char *user, struct mst_auth_result *out)
{
	gid_t gids[SYSTEM_GROUPS_MAX];
	int n = SYSTEM_GROUPS_MAX;
	char buf[NSS_BYTES];
	struct passwd pw, *found;
	struct group gr, *group;

	if (getpwnam_r(user, &pw, buf, sizeof(buf), &found) != 0 || found == NULL)
		return;
	if (getgrouplist(user, pw.pw_gid, gids, &n) < 0)
		n = SYSTEM_GROUPS_MAX;
	for (int i = 0; i < n && out->n_groups < MST_AUTH_GROUPS_MAX; i++) {
		if (getgrgid_r(gids[i], &gr, buf, sizeof(buf), &group) != 0 || group == NULL ||
			strlen(gr.gr_name) >= MST_AUTH_GROUP_BYTES)
			continue;
		snprintf(out->groups[out->n_groups++], MST_AUTH_GROUP_BYTES, "%s", gr.gr_name);
	}
}

static enum mst_auth_outcome
outcome_of(pam_handle_t *h, int rc, const struct talk *t)
{
	switch (rc) {
	case PAM_SUCCESS:
		return MST_AUTH_OK;
	case PAM_OPEN_ERR:
	case PAM_SYMBOL_ERR:
	case PAM_SERVICE_ERR:
	case PAM_SYSTEM_ERR:
	case PAM_BUF_ERR:
	case PAM_ABORT:
	case PAM_AUTHINFO_UNAVAIL:
		MST_LOG(ERROR, "identity", "PAM service %s cannot judge: %s", t->service,
			pam_strerror(h, rc));
		return MST_AUTH_BUSY;
	case PAM_NEW_AUTHTOK_REQD:
	case PAM_ACCT_EXPIRED:
		MST_LOG(NOTICE, "identity", "PAM service %s refuses '%s': %s", t->service, t->user,
			pam_strerror(h, rc));
		return MST_AUTH_NO;
	default:
		return MST_AUTH_NO;
	}
}

static void
verify(struct talk *t, struct mst_auth_result *out)
{
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = t};
	pam_handle_t *h = NULL;
	const void *user = NULL;
	int rc = pam_start_confdir(t->service, t->user, &conv, t->directory, &h);

	// An address, and nothing that is not one: libpam's audit would ask name servers for it.
	if (rc == PAM_SUCCESS && t->remote[0] != '\0')
		rc = pam_set_item(h, PAM_RHOST, t->remote);
	if (rc == PAM_SUCCESS)
		rc = pam_set_item(h, PAM_TTY, "mst-gateway"); // some modules refuse to work without
	if (rc == PAM_SUCCESS)
		rc = pam_authenticate(h, PAM_DISALLOW_NULL_AUTHTOK);
	if (rc == PAM_SUCCESS)
		rc = pam_acct_mgmt(h, PAM_DISALLOW_NULL_AUTHTOK);
	out->outcome = outcome_of(h, rc, t);
	if (out->outcome == MST_AUTH_OK && pam_get_item(h, PAM_USER, &user) == PAM_SUCCESS && user != NULL) {
		if (strlen(user) < sizeof(out->user)) {
			snprintf(out->user, sizeof(out->user), "%s", (const char *)user);
			add_groups(out->user, out);
		} else {
			out->outcome = MST_AUTH_NO;
		}
	}
	if (h != NULL)
		(void)pam_end(h, rc);
}

static void *
talk_run(void *arg)
{
	struct talk *t = arg;
	struct mst_auth_result result = {0};

	verify(t, &result);
	mst_wipe(t->password, sizeof(t->password));
	pthread_mutex_lock(&t->lock);
	t->result = result;
	t->state = ENDED;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	put(t);
	return NULL;
}

// ---- a step, on a thread of the pool ------------------------------------------------------------
static bool
start_thread(struct talk *t)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok;

	if (pthread_attr_init(&attr) != 0)
		return false;
	ok = pthread_attr_setstacksize(&attr, STACK_BYTES) == 0 &&
	     pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0 &&
	     pthread_create(&thread, &attr, talk_run, t) == 0;
	pthread_attr_destroy(&attr);
	return ok;
}

static struct talk *
start(const struct identity_job *job)
{
	const struct mst_conf_pam *conf = &job->settings->conf->auth.pam;
	struct talk *t;

	if (atomic_fetch_add(&n_talks, 1) >= TALKS_MAX || (t = calloc(1, sizeof(*t))) == NULL) {
		atomic_fetch_sub(&n_talks, 1);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	snprintf(t->service, sizeof(t->service), "%s", conf->service);
	snprintf(t->directory, sizeof(t->directory), "%s", conf->directory);
	snprintf(t->user, sizeof(t->user), "%s", job->attempt.user);
	snprintf(t->password, sizeof(t->password), "%s", job->attempt.password);
	t->has_password = true;
	if (job->attempt.remote.family != 0)
		mst_ip_format(&job->attempt.remote, t->remote);
	t->n_refs = 2;
	if (start_thread(t))
		return t;
	t->n_refs = 1;
	put(t);
	return NULL;
}

static void
wait_for_word(struct talk *t, struct mst_auth_result *out)
{
	struct timespec end;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += STEP_S;
	pthread_mutex_lock(&t->lock);
	while (t->state == RUNS && rc == 0)
		rc = pthread_cond_timedwait(&t->changed, &t->lock, &end);
	switch (t->state) {
	case RUNS:
		MST_LOG(ERROR, "identity", "PAM service %s says nothing for %u s", t->service, STEP_S);
		out->outcome = MST_AUTH_BUSY;
		break;
	case ASKS:
		out->outcome = MST_AUTH_MORE;
		out->echo = t->echo;
		snprintf(out->prompt, sizeof(out->prompt), "%s", t->prompt);
		break;
	case ENDED:
		out->outcome = t->result.outcome;
		if (out->outcome != MST_AUTH_OK)
			break;
		memcpy(out->user, t->result.user, sizeof(out->user));
		memcpy(out->groups, t->result.groups, sizeof(out->groups));
		out->n_groups = t->result.n_groups;
		break;
	}
	pthread_mutex_unlock(&t->lock);
}

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	struct talk *t = job->data;

	(void)scratch;
	if (t == NULL) {
		t = job->data = start(job);
		identity_job_wipe_password(job);
	} else {
		pthread_mutex_lock(&t->lock);
		memcpy(t->answer, job->answer, sizeof(t->answer));
		t->state = RUNS;
		pthread_cond_broadcast(&t->changed);
		pthread_mutex_unlock(&t->lock);
	}
	if (t == NULL)
		job->result.outcome = MST_AUTH_BUSY;
	else
		wait_for_word(t, &job->result);
}

static void
drop(struct identity_job *job)
{
	struct talk *t = job->data;

	if (t == NULL)
		return;
	job->data = NULL;
	pthread_mutex_lock(&t->lock);
	t->abandoned = true;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
	put(t);
}

const struct identity_way identity_way_pam = {.name = "pam", .waits = true, .step = step, .drop = drop};

int
identity_pam_check(const struct mst_conf_pam *conf, const char *name, struct mst_conf_error *err)
{
	struct mst_str text = mst_str_init(err->text, sizeof(err->text));
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", conf->directory, conf->service);
	if (access(path, R_OK) == 0)
		return 0;
	err->line = err->column = 0;
	mst_str_fmt(&text, "%.100s: auth.pam.service: expected a service of PAM, found no %.300s: %s", name,
		path, strerror(errno));
	return -EINVAL;
}
