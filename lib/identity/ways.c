// Which ways a sign-in has to take: what the settings ask, by what the device shows. Serving thread, and the end of a
// sign-in on a thread of the pool.
#include <string.h>

#include "identity.h"

static const struct identity_way *
password_way(enum mst_conf_password password)
{
	static const struct identity_way *const ways[] = {
		[MST_CONF_PASSWORD_USERS] = &identity_way_users,
		[MST_CONF_PASSWORD_PAM] = &identity_way_pam,
		[MST_CONF_PASSWORD_RADIUS] = &identity_way_radius,
	};

	return ways[password];
}

struct identity_needs
identity_method_needs(enum mst_conf_method method)
{
	static const struct identity_needs needs[] = {
		[MST_CONF_METHOD_PASSWORD] = {.password = true},
		[MST_CONF_METHOD_TOKEN] = {.token = true},
		[MST_CONF_METHOD_CERTIFICATE] = {.certificate = true},
		[MST_CONF_METHOD_CERTIFICATE_PASSWORD] = {.certificate = true, .password = true},
		[MST_CONF_METHOD_CERTIFICATE_TOKEN] = {.certificate = true, .token = true},
	};

	return needs[method];
}

// How much of what is shown a method uses; 0: something is missing. What somebody has typed or fetched for this sign-in
// counts more than what his device shows to all.
static unsigned int
weight(const struct identity_needs *n, const struct mst_auth_try *a)
{
	if ((n->certificate && a->cert == NULL) || (n->token && a->bearer == NULL) ||
		(n->password && a->password == NULL))
		return 0;
	return n->certificate + 2U * (n->token + n->password);
}

// The typed name in its one spelling. One that can be nobody's is looked up all the same, as one that nobody has: it costs
// the same work.
static void
take_typed_name(struct identity_job *job)
{
	job->is_nobody = !identity_job_names(job, job->attempt.user);
	if (!job->is_nobody)
		memcpy(job->result.user, job->user, sizeof(job->user));
	job->attempt.user = job->user;
}

// The method that uses the most of what is shown, and of those the first: who shows a certificate and a password has to
// mean one user by both, where the configuration knows a method that needs both.
bool
identity_ways_choose(struct identity_job *job)
{
	const struct mst_conf_auth *auth = &job->auth;
	struct identity_needs best = {0};
	unsigned int most = 0;

	job->n_ways = job->way = 0;
	// The gateway has other rules by now, or not yet those that we have.
	if (mst_conf_auth_of(job->settings->conf, job->attempt.host, &job->auth) < 0) {
		job->result.outcome = MST_AUTH_BUSY;
		return false;
	}
	for (uint32_t i = 0; i < auth->n_methods; i++) {
		struct identity_needs n = identity_method_needs(auth->methods[i]);

		if (weight(&n, &job->attempt) > most) {
			most = weight(&n, &job->attempt);
			best = n;
		}
	}
	if (most == 0)
		return false;
	if (best.password)
		take_typed_name(job);
	if (best.certificate)
		job->ways[job->n_ways++] = &identity_way_certificate;
	if (best.token)
		job->ways[job->n_ways++] = &identity_way_token;
	if (best.password)
		job->ways[job->n_ways++] = password_way(auth->password);
	return true;
}

bool
identity_job_names(struct identity_job *job, const char *spelling)
{
	char name[IDENTITY_USER_BYTES];

	if (job->is_nobody || canonical_name(&job->settings->names, spelling, name) < 0)
		return false;
	if (job->user[0] != '\0')
		return strcmp(job->user, name) == 0;
	memcpy(job->user, name, sizeof(job->user));
	return true;
}

static bool
has_group(const struct mst_auth_result *r, const char *group)
{
	for (uint8_t i = 0; i < r->n_groups; i++) {
		if (strcmp(r->groups[i], group) == 0)
			return true;
	}
	return false;
}

bool
identity_job_take(struct identity_job *job, const struct identity_who *who)
{
	struct mst_auth_result *r = &job->result;

	if (!identity_job_names(job, who->user))
		return false;
	memcpy(r->user, job->user, sizeof(job->user));
	for (uint8_t i = 0; i < who->n_groups && r->n_groups < MST_AUTH_GROUPS_MAX; i++) {
		if (!has_group(r, who->groups[i]))
			memcpy(r->groups[r->n_groups++], who->groups[i], IDENTITY_GROUP_BYTES);
	}
	if (who->device_id[0] != '\0')
		memcpy(r->device_id, who->device_id, sizeof(who->device_id));
	if (who->expires_unix_s != 0 && (r->expires_unix_s == 0 || who->expires_unix_s < r->expires_unix_s))
		r->expires_unix_s = who->expires_unix_s;
	return true;
}

void
identity_ways_end(struct identity_job *job)
{
	struct mst_auth_result *r = &job->result;
	char first[MST_AUTH_GROUP_BYTES];

	// What verified a password may know the user by another name, which is the one that counts, unless another way has
	// named somebody already.
	if (job->n_ways == 1)
		job->user[0] = '\0';
	if (!identity_job_names(job, r->user)) {
		r->outcome = MST_AUTH_NO;
		return;
	}
	memcpy(r->user, job->user, sizeof(job->user));
	if (job->attempt.group[0] == '\0')
		return;
	for (uint8_t i = 0; i < r->n_groups; i++) {
		if (strcmp(r->groups[i], job->attempt.group) != 0)
			continue;
		memcpy(first, r->groups[i], sizeof(first));
		memmove(r->groups[1], r->groups[0], i * sizeof(r->groups[0]));
		memcpy(r->groups[0], first, sizeof(first));
		return;
	}
	r->outcome = MST_AUTH_NO;
}

void
identity_job_wipe_password(struct identity_job *job)
{
	size_t at;

	if (job->attempt.password == NULL || job->message == NULL)
		return;
	// It stands within the job's own copy of the message.
	at = (size_t)((const uint8_t *)job->attempt.password - job->message);
	mst_wipe(job->message + at, strlen(job->attempt.password));
}
