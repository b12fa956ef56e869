// The interface: back-ends by name, users in force, counters. Control lcore.
#include "auth.h"

#include <errno.h>
#include <string.h>

struct mst_auth {
	const struct auth_backend *backend;
	struct auth_users *users;
	struct auth_pool *pool;
	uint64_t seed;
	struct mst_auth_stats stats;
};

// One row a way to verify.
static const struct auth_backend backends[] = {
	{"users", auth_users_prepare, auth_hash_verify},
};

static const struct auth_backend *
find_backend(const char *name)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(backends); i++) {
		if (strcmp(backends[i].name, name) == 0)
			return &backends[i];
	}
	return NULL;
}

static int
fail(struct mst_conf_error *err, int rc, const char *what)
{
	*err = (struct mst_conf_error){0};
	snprintf(err->text, sizeof(err->text), "auth: %s: %s", what, strerror(-rc));
	return rc;
}

int
mst_auth_create(struct mst_auth **out, const struct mst_auth_params *params, struct mst_conf_error *err)
{
	struct mst_auth *auth = calloc(1, sizeof(*auth));
	int rc;

	if (auth == NULL)
		return fail(err, -ENOMEM, "cannot start");
	auth->backend = find_backend(params->backend != NULL ? params->backend : "users");
	mst_random(&auth->seed, sizeof(auth->seed));
	if (auth->backend == NULL) {
		rc = fail(err, -EINVAL, "unknown back-end");
		goto err;
	}
	rc = auth_users_load(&auth->users, params->users_file, err);
	if (rc < 0)
		goto err;
	rc = auth_pool_create(&auth->pool, auth->backend, params->n_threads, params->queue);
	if (rc < 0) {
		(void)fail(err, rc, "cannot start the hashing threads");
		goto err;
	}
	*out = auth;
	return 0;
err:
	mst_auth_destroy(auth);
	return rc;
}

void
mst_auth_destroy(struct mst_auth *auth)
{
	if (auth == NULL)
		return;
	auth_pool_destroy(auth->pool);
	auth_users_free(auth->users);
	free(auth);
}

int
mst_auth_reload(struct mst_auth *auth, const char *path, struct mst_conf_error *err)
{
	struct auth_users *users;

	MST_TRY(auth_users_load(&users, path, err));
	auth_users_free(auth->users);
	auth->users = users;
	return 0;
}

int
mst_auth_submit(struct mst_auth *auth, uint64_t token, const char *user, const char *password)
{
	size_t user_len = strnlen(user, MST_AUTH_USER_BYTES);
	size_t password_len = strnlen(password, MST_AUTH_PASSWORD_BYTES);
	struct auth_job *job;

	if (user_len == MST_AUTH_USER_BYTES || password_len == MST_AUTH_PASSWORD_BYTES) {
		auth->stats.rejected++;
		return -EINVAL;
	}
	job = auth_pool_take(auth->pool);
	if (job == NULL) {
		auth->stats.queue_full++;
		return -EBUSY;
	}
	memset(job, 0, sizeof(*job));
	job->result.token = token;
	memcpy(job->result.user, user, user_len);
	memcpy(job->password, password, password_len);
	auth->backend->prepare(auth->users, auth->seed, job);
	auth_pool_start(auth->pool, job);
	return 0;
}

int
mst_auth_fd(const struct mst_auth *auth)
{
	return auth_pool_fd(auth->pool);
}

bool
mst_auth_next(struct mst_auth *auth, struct mst_auth_result *out)
{
	if (!auth_pool_finish(auth->pool, out))
		return false;
	if (out->ok)
		auth->stats.accepted++;
	else
		auth->stats.rejected++;
	return true;
}

void
mst_auth_stats(const struct mst_auth *auth, struct mst_auth_stats *out)
{
	*out = auth->stats;
}
