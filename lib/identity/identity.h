// Shared inside lib/identity: what is in force, one sign-in, the ways, the pools of threads. The serving thread owns
// everything; a job is a pool's from start until it is finished.
#pragma once

#include <stdatomic.h>

#include <crypt.h>

#include "mst_identity.h"

#include "canonical.h"
#include "cert.h"
#include "fetch.h"
#include "ocsp.h"
#include "oidc.h"

#define IDENTITY_HASH_BYTES 256
#define IDENTITY_THREADS_MAX 16
#define IDENTITY_JOBS_MAX MST_AUTH_QUEUE_MAX

// ---- lines.c ------------------------------------------------------------------------------------
struct identity_lines {
	const char *name; // of the file, for err
	const struct canonical_rules *names;
	struct mst_conf_error *err;
	uint32_t line;
	void *arg; // the reader's
};

typedef int identity_line_fn(struct identity_lines *l, struct mst_rd line);

// Calls fn for each line that is neither empty nor a comment, until one fails.
MST_MUST_USE int identity_lines_each(struct identity_lines *l, struct mst_rd r, identity_line_fn *fn);
// "FILE:LINE: ..."; -EINVAL.
int identity_lines_reject(const struct identity_lines *l, const char *fmt, ...) MST_PRINTF(2, 3);
int identity_lines_no_memory(const struct identity_lines *l);
// Without control characters, but for the one.
bool identity_lines_printable(struct mst_rd line, uint8_t also);
// The bytes up to the separator, which is skipped, or to the end; was there a separator?
bool identity_lines_take(struct mst_rd *r, uint8_t separator, struct mst_rd *part);
// The name in the one spelling of its user, at most as long as it was.
MST_MUST_USE int identity_lines_name(
	const struct identity_lines *l, struct mst_rd name, char out[IDENTITY_USER_BYTES]);
int identity_lines_compare(const char *a, size_t a_len, const char *b, size_t b_len);

// ---- environment.c ------------------------------------------------------------------------------
// Names that the text does not set are "".
MST_MUST_USE int environment_parse(struct fetch_environment *out, const char *name, const char *text,
	size_t len, struct mst_conf_error *err);

// ---- codes.c ------------------------------------------------------------------------------------
#define IDENTITY_CODES_MAX 4096 // users within the life of a code
struct identity_codes;

struct identity_codes *identity_codes_create(void);
void identity_codes_destroy(struct identity_codes *c);
// Uses the code whose step began then: false when it, or a later one, was used already. Any thread.
MST_MUST_USE bool identity_codes_use(
	struct identity_codes *c, const char *name, uint64_t from_s, uint64_t now_s);

// ---- oath.c -------------------------------------------------------------------------------------
struct identity_oath_user {
	char name[MST_AUTH_USER_BYTES];
	uint8_t secret[64];
	uint8_t secret_len;
	uint8_t step_s;
	uint8_t digits;
	uint32_t line;
};

// Immutable once loaded.
struct identity_oath {
	struct identity_oath_user *users; // by name
	uint32_t n_users;
	uint32_t cap;
	struct identity_oath_user nobodys; // for names that have none
};

MST_MUST_USE int identity_oath_parse(struct identity_oath **out, const struct canonical_rules *names,
	const char *name, const char *text, size_t len, struct mst_conf_error *err);
void identity_oath_free(struct identity_oath *o);
// Is it the user's code of now, and was never used? It is used up when the rest was good (may_pass), and only then; the
// work is the same for any name. Nothing from before codes_from_s is taken.
bool identity_oath_verify(const struct identity_oath *o, struct identity_codes *codes, const char *name,
	const char *code, uint64_t now_s, uint64_t codes_from_s, bool may_pass);

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
MST_MUST_USE int identity_users_parse(struct identity_users **out, const struct canonical_rules *names,
	const char *name, char *text, size_t len, struct mst_conf_error *err);
void identity_users_free(struct identity_users *users);
const struct identity_user *identity_users_find(const struct identity_users *users, const char *name);

// ---- tokens.c -----------------------------------------------------------------------------------
// Of an issuer's, what the gateway has handed over.
struct identity_issuer_files {
	struct oidc_keys *keys; // NULL: they are fetched
	char *ca;		// PEM; NULL: what the system trusts
	size_t ca_len;
};

struct identity_settings;
// Takes text over, whatever happens.
MST_MUST_USE int identity_tokens_take_file(struct identity_settings *s, enum mst_auth_file file,
	const char *name, char *text, size_t len, struct mst_conf_error *err);
// Once the settings are complete; what old has of keys goes on. name: of the configuration.
MST_MUST_USE int identity_tokens_start(struct identity_settings *s, const struct identity_settings *old,
	const char *name, struct mst_conf_error *err);
void identity_tokens_end(struct identity_settings *s);

// ---- settings.c ---------------------------------------------------------------------------------
// All that sign-ins are judged by; immutable. Sign-ins in progress keep the one that they began with.
struct identity_radius;
struct identity_settings {
	atomic_uint n_refs;
	struct mst_conf *conf;
	struct identity_users *users;	// NULL: not a way of this configuration
	struct identity_oath *oath;	// NULL: no one-time codes
	struct identity_radius *radius; // NULL: none is needed
	struct canonical_rules names;
	struct identity_issuer_files issuer_files[MST_CONF_OIDC_MAX];
	struct oidc_issuer issuers[MST_CONF_OIDC_MAX];
	struct oidc *oidc; // NULL: no tokens
	struct fetch_environment environment;
	uint64_t codes_from_s;
	uint64_t seed;
};

// Reads the descriptors (the configuration, then the files named in c); they stay the caller's. old: those in force, or
// NULL.
MST_MUST_USE int identity_settings_load(struct identity_settings **out, const struct identity_settings *old,
	const struct mst_auth_configure *c, const int *fds, size_t n_fds, struct mst_conf_error *err);
struct identity_settings *identity_settings_get(struct identity_settings *s);
void identity_settings_put(struct identity_settings *s); // NULL is fine

// ---- one sign-in, and the ways ------------------------------------------------------------------
struct identity_way;

#define IDENTITY_WAYS_MAX 3
enum identity_job_state { IDENTITY_FREE, IDENTITY_WORKING, IDENTITY_ASKING, IDENTITY_PARKED };

struct identity_job {
	enum identity_job_state state;
	bool cancelled;					    // while WORKING: nobody wants the result
	const struct identity_way *ways[IDENTITY_WAYS_MAX]; // each has to say OK, in this order
	unsigned int n_ways, way;			    // way: the one at work
	struct identity_codes *codes;
	struct ocsp *ocsp;
	struct identity_settings *settings;
	struct mst_conf_auth auth; // what holds for the host that it came to; borrows from settings
	uint8_t *message;	   // what attempt points into
	size_t message_len;
	struct mst_auth_try attempt;
	char answer[MST_AUTH_PASSWORD_BYTES];
	char hash[IDENTITY_HASH_BYTES]; // of the user, or of another when nothing may pass
	bool may_pass;
	void *data;			// of the way at work
	bool asked;			// for a one-time code
	bool passed;			// by password
	char user[IDENTITY_USER_BYTES]; // whom all ways so far have named; empty: nobody yet
	bool is_nobody;			// the typed name can be nobody's, whatever else is shown
	bool parks;			// its step is to be taken again when oidc_round is another than round
	uint64_t round;
	struct mst_auth_result result;
};

// A way to verify, or a part of one. prepare: the serving thread, must not block. step: a thread of the pool; sets result.outcome, and is
// called again with the answer after MORE.
struct identity_way {
	const char *name;
	bool waits; // for others: on threads of their own kind, so that nothing that computes waits behind it
	void (*prepare)(struct identity_job *job); // NULL: nothing to do
	void (*step)(struct identity_job *job, struct crypt_data *scratch);
	void (*drop)(
		struct identity_job *job); // after the last step, whatever it said: frees data; NULL: nothing
};

extern const struct identity_way identity_way_users, identity_way_pam, identity_way_radius,
	identity_way_token, identity_way_certificate;

// staple.c: no way to sign in, but a question about the gateway's own certificate that waits like one. The answer is in
// data, and text in result.prompt says why there is none.
struct identity_stapled {
	enum mst_auth_list list;
	uint64_t list_until_s;
	size_t len; // 0: no response
	uint8_t bytes[];
};
extern const struct identity_way identity_way_staple;

// radius.c. text is the secret's file, name its path; conf has to live as long.
MST_MUST_USE int identity_radius_create(struct identity_radius **out, const struct mst_conf_radius *conf,
	const char *name, const char *text, size_t len, struct mst_conf_error *err);
void identity_radius_destroy(struct identity_radius *r); // NULL is fine
// Groups out of one attribute Class.
void identity_radius_add_groups(const void *text, size_t len, struct mst_auth_result *out);

// account.c
struct identity_accounts;
struct identity_accounts *identity_accounts_create(void);
void identity_accounts_destroy(
	struct identity_accounts *a); // waits a moment for what is queued; NULL is fine
// A message MST_AUTH_ACCOUNT that was read, for the servers of the settings.
void identity_accounts_add(
	struct identity_accounts *a, struct identity_settings *settings, const uint8_t *message, size_t len);

// pam.c: is there such a service?
MST_MUST_USE int identity_pam_check(
	const struct mst_conf_pam *conf, const char *name, struct mst_conf_error *err);

// ways.c
// What a method needs, all of it.
struct identity_needs {
	bool certificate;
	bool token;
	bool password;
};
struct identity_needs identity_method_needs(enum mst_conf_method method);
// The ways that the settings of its host ask of somebody who shows what the sign-in shows; false: no method fits, or there
// is no such host.
MST_MUST_USE bool identity_ways_choose(struct identity_job *job);
// After all ways have said OK: the group that was chosen is the first of his, or it is a refusal.
void identity_ways_end(struct identity_job *job);
// Does this spelling name whom the ways before have named? The first one names him.
MST_MUST_USE bool identity_job_names(struct identity_job *job, const char *spelling);
// What a way has found: user, groups, device, and the end of what was shown, of which the first one counts; false: another
// user.
MST_MUST_USE bool identity_job_take(struct identity_job *job, const struct identity_who *who);
void identity_job_wipe_password(struct identity_job *job);

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
