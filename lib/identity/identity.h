// Shared inside lib/identity: what is in force, one sign-in, the ways, the pools of threads. The serving thread owns
// everything; a job is a pool's from start until it is finished.
#pragma once

#include <crypt.h>

#include "mst_identity.h"

#define IDENTITY_HASH_BYTES 256
#define IDENTITY_THREADS_MAX 8
#define IDENTITY_JOBS_MAX MST_AUTH_QUEUE_MAX

// ---- users.c ------------------------------------------------------------------------------------
struct identity_user {
	const char *name; // into the text of the file; not terminated, as all here
	const char *groups;
	const char *hash;
	uint8_t name_len;
	uint16_t groups_len;
	uint16_t hash_len;
	uint32_t line;
	bool locked;
};

// Immutable once loaded.
struct identity_users {
	char *text;
	size_t text_len;
	struct identity_user *users; // by name
	uint32_t n_users;
	uint32_t cap;
	uint32_t *usable; // those that are not locked
	uint32_t n_usable;
};

// Takes text over, whatever happens.
MST_MUST_USE int identity_users_parse(
	struct identity_users **out, const char *name, char *text, size_t len, struct mst_conf_error *err);
void identity_users_free(struct identity_users *users);
const struct identity_user *identity_users_find(const struct identity_users *users, const char *name);

// ---- settings.c ---------------------------------------------------------------------------------
// All that sign-ins are judged by; immutable. Sign-ins in progress keep the one that they began with.
struct identity_settings {
	unsigned int n_refs; // counted by the serving thread alone
	struct mst_conf *conf;
	struct identity_users *users; // NULL: not a way of this configuration
	uint64_t seed;
};

// Reads the descriptors (the configuration, then the files named in c); they stay the caller's.
MST_MUST_USE int identity_settings_load(struct identity_settings **out, const struct mst_auth_configure *c,
	const int *fds, size_t n_fds, struct mst_conf_error *err);
struct identity_settings *identity_settings_get(struct identity_settings *s);
void identity_settings_put(struct identity_settings *s); // NULL is fine

// ---- one sign-in, and the ways ------------------------------------------------------------------
struct identity_way;

enum identity_job_state { IDENTITY_FREE, IDENTITY_WORKING, IDENTITY_ASKING };

struct identity_job {
	enum identity_job_state state;
	bool cancelled; // while WORKING: nobody wants the result
	const struct identity_way *way;
	struct identity_settings *settings;
	uint8_t *message; // what attempt points into
	size_t message_len;
	struct mst_auth_try attempt;
	char answer[MST_AUTH_PASSWORD_BYTES];
	char hash[IDENTITY_HASH_BYTES]; // of the user, or of another when nothing may pass
	bool may_pass;
	struct mst_auth_result result;
};

// A way to verify. prepare: the serving thread, must not block. step: a thread of the pool; sets result.outcome, and is
// called again with the answer after MORE.
struct identity_way {
	const char *name;
	void (*prepare)(struct identity_job *job);
	void (*step)(struct identity_job *job, struct crypt_data *scratch);
};

extern const struct identity_way identity_way_users;

// ---- hash.c -------------------------------------------------------------------------------------
// A hash of a kind and a cost that we are willing to compute?
bool identity_hash_is_known(const char *hash, size_t len);
bool identity_hash_verify(const struct identity_job *job, struct crypt_data *scratch);

// ---- pool.c -------------------------------------------------------------------------------------
struct identity_pool;

MST_MUST_USE int identity_pool_create(struct identity_pool **out, unsigned int n_threads);
void identity_pool_destroy(struct identity_pool *pool);
int identity_pool_fd(const struct identity_pool *pool); // readable while jobs are finished
// Its next step. No more than IDENTITY_JOBS_MAX jobs are in a pool.
void identity_pool_start(struct identity_pool *pool, struct identity_job *job);
// The next finished job, or NULL. Unless it asks, it holds no secret any more.
struct identity_job *identity_pool_finish(struct identity_pool *pool);
