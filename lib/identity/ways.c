// Which ways a sign-in has to take: what the settings ask, by what the device shows. Serving thread, and the end of a
// sign-in on a thread of the pool.
#include <string.h>

#include "identity.h"

static const struct identity_way *
password_way(const struct identity_settings *s)
{
	static const struct identity_way *const ways[] = {
		[MST_CONF_PASSWORD_USERS] = &identity_way_users,
		[MST_CONF_PASSWORD_PAM] = &identity_way_pam,
		[MST_CONF_PASSWORD_RADIUS] = &identity_way_radius,
	};

	return ways[s->conf->auth.password];
}

// The first method, in the order of the configuration, for which everything is there.
bool
identity_ways_choose(struct identity_job *job)
{
	const struct mst_conf_auth *auth = &job->settings->conf->auth;

	job->n_ways = job->way = 0;
	for (uint32_t i = 0; i < auth->n_methods && job->n_ways == 0; i++) {
		if (auth->methods[i] == MST_CONF_METHOD_PASSWORD && job->attempt.password != NULL)
			job->ways[job->n_ways++] = password_way(job->settings);
	}
	return job->n_ways > 0;
}

void
identity_ways_end(struct identity_job *job)
{
	struct mst_auth_result *r = &job->result;
	char first[MST_AUTH_GROUP_BYTES];

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
