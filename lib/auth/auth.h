// Shared inside lib/auth: the users file, one sign-in, the pool of hashing threads.
#pragma once

#include <crypt.h>

#include "mst_auth.h"

#define AUTH_HASH_BYTES 256

// ---- users.c ------------------------------------------------------------------------------------
struct auth_user {
	const char *name; // into the text of the file; not terminated, as all here
	const char *groups;
	const char *hash;
	uint8_t name_len;
	uint16_t groups_len;
	uint16_t hash_len;
	uint32_t line;
	bool locked;
};

// Immutable once loaded; control lcore only.
struct auth_users {
	char *text;
	size_t text_len;
	struct auth_user *users; // by name
	uint32_t n_users;
	uint32_t cap;
	uint32_t *usable; // those that are not locked
	uint32_t n_usable;
};

// Takes text over, whatever happens.
MST_MUST_USE int auth_users_parse(
	struct auth_users **out, const char *name, char *text, size_t len, struct mst_conf_error *err);
MST_MUST_USE int auth_users_load(struct auth_users **out, const char *path, struct mst_conf_error *err);
void auth_users_free(struct auth_users *users);
const struct auth_user *auth_users_find(const struct auth_users *users, const char *name);

// ---- one sign-in: control fills it, a thread sets ok, control reads it --------------------------
struct auth_job {
	char password[MST_AUTH_PASSWORD_BYTES];
	char hash[AUTH_HASH_BYTES]; // of the user, or of another when nothing may pass
	bool may_pass;
	struct mst_auth_result result;
};

// A way to verify. prepare: control lcore, must not block; sets hash and groups. verify: a hashing thread.
struct auth_backend {
	const char *name;
	void (*prepare)(const struct auth_users *users, uint64_t seed, struct auth_job *job);
	bool (*verify)(const struct auth_job *job, struct crypt_data *scratch);
};

void auth_users_prepare(const struct auth_users *users, uint64_t seed, struct auth_job *job);

// ---- hash.c -------------------------------------------------------------------------------------
// A hash of a kind and a cost that we are willing to compute?
bool auth_hash_is_known(const char *hash, size_t len);
bool auth_hash_verify(const struct auth_job *job, struct crypt_data *scratch);

// ---- pool.c -------------------------------------------------------------------------------------
struct auth_pool;

MST_MUST_USE int auth_pool_create(struct auth_pool **out, const struct auth_backend *backend,
	unsigned int n_threads, unsigned int queue);
void auth_pool_destroy(struct auth_pool *pool);
int auth_pool_fd(const struct auth_pool *pool);
// A job to fill, or NULL when all are in use; goes on with auth_pool_start.
struct auth_job *auth_pool_take(struct auth_pool *pool);
void auth_pool_start(struct auth_pool *pool, struct auth_job *job);
// The next finished result; its job is wiped and free again.
bool auth_pool_finish(struct auth_pool *pool, struct mst_auth_result *out);
