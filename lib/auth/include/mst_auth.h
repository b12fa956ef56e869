// Ways to verify a user, behind one asynchronous interface.
// Control lcore submits and collects; hashing runs on threads of our own, at a lower priority, so that it
// never holds the control loop. They inherit the CPU affinity of the thread that calls mst_auth_create.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mst_base.h"
#include "mst_conf.h"

#define MST_AUTH_THREADS_MAX 8
#define MST_AUTH_QUEUE_MAX 256
#define MST_AUTH_USER_BYTES 128	    // a name has at most 127
#define MST_AUTH_PASSWORD_BYTES 256 // a password at most 255
#define MST_AUTH_GROUPS_MAX 16
#define MST_AUTH_GROUP_BYTES 64

// Of a users file. A line is "user:group1,group2:hash": the format of ocpasswd, hashes as crypt(5) describes
// them
// ($y$ $2b$ $6$ $5$ $1$). Group "*" or nothing: no group. A hash that begins with '!' or '*' locks the user.
// Empty lines and lines that begin with '#' are skipped. Names are compared byte by byte.
#define MST_AUTH_FILE_BYTES_MAX (32 * 1024 * 1024)
#define MST_AUTH_LINE_BYTES_MAX 1024
#define MST_AUTH_USERS_MAX 100000

struct mst_auth;

struct mst_auth_params {
	const char *backend;	// NULL: "users"
	const char *users_file; // read now, not kept
	unsigned int n_threads; // 1 to MST_AUTH_THREADS_MAX
	unsigned int queue; // sign-ins in progress, results not collected among them; 1 to MST_AUTH_QUEUE_MAX
};

struct mst_auth_result {
	uint64_t token; // as submitted
	bool ok;
	uint8_t n_groups; // 0 unless ok
	char user[MST_AUTH_USER_BYTES];
	char groups[MST_AUTH_GROUPS_MAX][MST_AUTH_GROUP_BYTES];
};

struct mst_auth_stats {
	uint64_t accepted;
	uint64_t rejected;
	uint64_t queue_full;
};

// All functions: control lcore.

// -EINVAL: the users file is malformed ("FILE:LINE: ..."), or the parameters are out of their bounds; -ENOENT
// and other errors of the system with the reason in err. err is filled on every failure.
MST_MUST_USE int mst_auth_create(
	struct mst_auth **out, const struct mst_auth_params *params, struct mst_conf_error *err);
// Waits for the hashes being computed, one a thread; drops what is queued. NULL is fine.
void mst_auth_destroy(struct mst_auth *auth);

// All or nothing: on failure the users in force stay. Sign-ins already submitted are judged by the users of
// then.
MST_MUST_USE int mst_auth_reload(struct mst_auth *auth, const char *path, struct mst_conf_error *err);

// Copies both strings; the copy of the password is wiped as soon as it is verified. 0: a result with this
// token will come, whoever the user is and after the same work. -EBUSY: the queue is full, counted. -EINVAL:
// name or password longer than any can be, which the caller treats as a rejection (counted as one).
MST_MUST_USE int mst_auth_submit(
	struct mst_auth *auth, uint64_t token, const char *user, const char *password);

// An eventfd that polls readable while results wait; only mst_auth_next reads it. Stays the object's.
int mst_auth_fd(const struct mst_auth *auth);
// The next result by value; false when none waits, which also makes the descriptor unreadable.
bool mst_auth_next(struct mst_auth *auth, struct mst_auth_result *out);

void mst_auth_stats(const struct mst_auth *auth, struct mst_auth_stats *out);

// Is this text a users file? Any thread. As mst_auth_create judges it, without keeping anything.
MST_MUST_USE int mst_auth_check_users(
	const char *name, const char *text, size_t len, struct mst_conf_error *err);
