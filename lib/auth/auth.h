// Shared inside lib/auth: the helper process, and the files that it is given. Control lcore.
#pragma once

#include <sys/stat.h>

#include "mst_auth.h"

// ---- helper.c -----------------------------------------------------------------------------------
struct auth_helper {
	pid_t pid;	  // 0: not running
	int fd;		  // the socket to it; -1: none
	bool has_modules; // it may do what modules of PAM do
	pid_t dead;	  // killed, not reaped yet; 0: none
};

// Starts it by what the configuration says. err is filled on failure.
MST_MUST_USE int auth_helper_start(
	struct auth_helper *h, const struct mst_conf *conf, struct mst_conf_error *err);
// May it do what the configuration needs? -EINVAL: a host has come to PAM, err tells.
MST_MUST_USE int auth_helper_suits(
	const struct auth_helper *h, const struct mst_conf *conf, struct mst_conf_error *err);
// Closes the socket and kills it, if it is there.
void auth_helper_end(struct auth_helper *h);
// Closes the socket and waits until it has ended by itself, no longer than ms; kills it then.
void auth_helper_leave(struct auth_helper *h, unsigned int ms);
// True when none is left to be reaped. Does not wait.
bool auth_helper_reap(struct auth_helper *h);
// As sendmsg with descriptors, of which n may be 0. -EAGAIN: it does not read.
MST_MUST_USE int auth_helper_send(
	struct auth_helper *h, const void *data, size_t len, const int *fds, size_t n_fds);
// Length of the next message; -EAGAIN: none waits; -EPIPE: it has gone.
MST_MUST_USE ssize_t auth_helper_receive(struct auth_helper *h, void *buf, size_t cap);

// ---- files.c ------------------------------------------------------------------------------------
// As they were when they were given to the helper.
struct auth_files {
	struct stat seen[MST_AUTH_N_FILES]; // all zero: could not be looked at
};

// Have they changed since? Looks at each that conf names.
bool auth_files_changed(const struct auth_files *files, const struct mst_conf *conf);
// Opens all that conf names and sends them to the helper. err is filled on failure.
MST_MUST_USE int auth_files_send(struct auth_files *files, struct auth_helper *h, const struct mst_conf *conf,
	uint32_t generation, uint64_t codes_from_s, struct mst_conf_error *err);

// ---- auth.c -------------------------------------------------------------------------------------
int auth_send(struct mst_auth *auth, const struct mst_auth_message *m);
struct auth_staple *auth_staple_of(struct mst_auth *auth);

// ---- staple.c -----------------------------------------------------------------------------------
// The last question about a certificate of the gateway's own.
struct auth_staple {
	uint64_t token;	  // 0: none is open
	uint8_t *message; // what came of it, as it came; NULL: nothing
	size_t len;
	bool seen; // by who has asked
};

void auth_staple_take(struct auth_staple *s, uint64_t token, const uint8_t *message, size_t len);
