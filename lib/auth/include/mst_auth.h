// Sign-in as the gateway sees it: the channel to mst-authd, the process that verifies users.
// All functions but those of messages: control lcore. None blocks, but mst_auth_create and, for a moment that has a
// bound, mst_auth_reload, which wait for what the helper says about the users file.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mst_base.h"
#include "mst_conf.h"

#define MST_AUTH_QUEUE_MAX 1024
#define MST_AUTH_USER_BYTES 128	    // a name has at most 127
#define MST_AUTH_PASSWORD_BYTES 256 // a password, or an answer, at most 255
#define MST_AUTH_GROUPS_MAX 16
#define MST_AUTH_GROUP_BYTES 64
#define MST_AUTH_PROMPT_BYTES 512
#define MST_AUTH_TEXT_BYTES 256 // user agent, platform, device id, virtual host
#define MST_AUTH_BEARER_BYTES (16 * 1024 + 1)
#define MST_AUTH_CERT_BYTES_MAX (8 * 1024)
#define MST_AUTH_STAPLE_BYTES_MAX (16 * 1024)
#define MST_AUTH_DIGEST_BYTES 32 // SHA-256

struct mst_auth;

struct mst_auth_params {
	const struct mst_conf *conf; // as mst_control_params: outlives its successor's reload
	unsigned int queue; // sign-ins in progress, results not collected among them; 1 to MST_AUTH_QUEUE_MAX
};

// What a device has shown so far. Strings: NULL is the empty string, but where it says otherwise.
struct mst_auth_try {
	uint64_t token;	      // names the sign-in; not 0, and never used twice
	const char *host;     // virtual host, empty: the default one
	struct mst_ip remote; // of the device
	const char *user;
	const char *password; // NULL: none yet
	const char *group;    // chosen by the user
	const char *bearer;   // JWT; NULL: none
	const uint8_t *cert;  // DER of the leaf that TLS has verified; NULL: none
	size_t cert_len;
	const uint8_t *issuer; // DER of who signed it
	size_t issuer_len;
	const char *user_agent;
	const char *platform;
	const char *device_id;
};

enum mst_auth_outcome {
	MST_AUTH_NO,
	MST_AUTH_OK,
	MST_AUTH_MORE, // the user is asked by prompt; goes on with mst_auth_answer or mst_auth_cancel
	MST_AUTH_BUSY, // not judged: the helper has gone, or what it asks does not answer
};

struct mst_auth_result {
	uint64_t token; // as submitted
	enum mst_auth_outcome outcome;
	char user[MST_AUTH_USER_BYTES]; // OK: the canonical name
	uint8_t n_groups;		// 0 unless OK
	char groups[MST_AUTH_GROUPS_MAX][MST_AUTH_GROUP_BYTES];
	char prompt[MST_AUTH_PROMPT_BYTES]; // MORE
	bool echo;			    // MORE: the answer is not a secret
	char device_id[MST_AUTH_TEXT_BYTES];
	struct mst_ip want4, want6; // the address that the device has to get; family 0: any
	uint32_t session_s, idle_s; // limits of the session; 0: none
	uint64_t expires_unix_s;    // when what was shown ends to be good; 0: never
	uint8_t certificate
		[MST_AUTH_DIGEST_BYTES]; // OK: the one without which it would be no; all zero: none
};

enum mst_auth_account_kind { MST_AUTH_ACCOUNT_START, MST_AUTH_ACCOUNT_INTERIM, MST_AUTH_ACCOUNT_STOP };
enum mst_auth_cause {
	MST_AUTH_CAUSE_NONE,
	MST_AUTH_CAUSE_USER,
	MST_AUTH_CAUSE_LOST,
	MST_AUTH_CAUSE_IDLE,
	MST_AUTH_CAUSE_LIMIT,
	MST_AUTH_CAUSE_ADMIN,
	MST_AUTH_CAUSE_STOP,
};

struct mst_auth_account {
	enum mst_auth_account_kind kind;
	const char *session; // its name, the same in all messages
	const char *user;
	const char *group;
	const char *user_agent;
	struct mst_ip remote, inner4, inner6;
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets; // rx: from the device
	uint32_t session_s;				     // since it began
	enum mst_auth_cause cause;			     // STOP
};

// A certificate of the gateway's own, about which its CA is to be asked: the OCSP server that it names, or else the revocation
// list.
struct mst_auth_staple {
	uint64_t token;
	const uint8_t *cert; // DER
	size_t cert_len;
	const uint8_t *issuer; // DER of who signed it
	size_t issuer_len;
};

enum mst_auth_list { MST_AUTH_LIST_NONE, MST_AUTH_LIST_NOT_NAMED, MST_AUTH_LIST_GOOD, MST_AUTH_LIST_REVOKED };

struct mst_auth_stapled {
	uint64_t token;
	const uint8_t *response; // of the OCSP server in DER, not verified; NULL: there is none
	size_t response_len;
	enum mst_auth_list list;    // verified
	uint64_t list_until_unix_s; // GOOD
	const char *text;	    // why there is neither
};

struct mst_auth_stats {
	uint64_t accepted;
	uint64_t rejected;
	uint64_t asked;
	uint64_t queue_full; // or the helper away
	uint64_t lost;	     // times that the helper had gone
};

// Starts the helper and waits for its word on the files that it is given. -EINVAL: one is malformed ("FILE:LINE: ..."),
// or the parameters are out of their bounds; -ENOENT and other errors of the system with the reason in err, which is
// filled on every failure.
MST_MUST_USE int mst_auth_create(
	struct mst_auth **out, const struct mst_auth_params *params, struct mst_conf_error *err);
// Ends the helper. NULL is fine.
void mst_auth_destroy(struct mst_auth *auth);

// All or nothing: on failure what was in force stays. Sign-ins already submitted are judged by the users of then.
// 0 also when the helper takes longer than a moment: its word is then logged.
MST_MUST_USE int mst_auth_reload(
	struct mst_auth *auth, const struct mst_conf *conf, struct mst_conf_error *err);

// 0: a result with this token will come, whoever the user is and after the same work, unless it is cancelled. -EBUSY:
// the queue is full or the helper away, counted. -EINVAL: something is longer than any can be, which the caller treats
// as a rejection (counted as one).
MST_MUST_USE int mst_auth_submit(struct mst_auth *auth, const struct mst_auth_try *attempt);
// To the question of the last MORE: the next result will come. -ENOENT: nothing was asked; others as above.
MST_MUST_USE int mst_auth_answer(struct mst_auth *auth, uint64_t token, const char *answer);
// Nobody waits for it any more: no result will come. An unknown token is fine.
void mst_auth_cancel(struct mst_auth *auth, uint64_t token);

// Fire and forget: what the helper is not there to take is lost.
void mst_auth_account(
	struct mst_auth *auth, enum mst_auth_account_kind kind, const struct mst_auth_account *account);

// Asks, one certificate at a time: a new question takes the place of the one before. -EBUSY: the helper is away; -EINVAL:
// larger than any can be.
MST_MUST_USE int mst_auth_staple(struct mst_auth *auth, const struct mst_auth_staple *question);
// What has come of the last question, once; false: nothing yet, or ever, when the helper has gone. Lives until the next
// question.
bool mst_auth_stapled(struct mst_auth *auth, struct mst_auth_stapled *out);

// Polls readable while results wait; only mst_auth_next reads from it. Stays the object's.
int mst_auth_fd(const struct mst_auth *auth);
// The next result by value; false when none waits.
bool mst_auth_next(struct mst_auth *auth, struct mst_auth_result *out);

// Some ten times a second: starts the helper again when it has gone, and gives it files that have changed.
void mst_auth_tick(struct mst_auth *auth, uint64_t now_ns);

void mst_auth_stats(const struct mst_auth *auth, struct mst_auth_stats *out);
pid_t mst_auth_pid(const struct mst_auth *auth); // of the helper; 0: it is away

// ---- messages: what goes between the two processes. Any thread ----------------------------------
// Numbers in network order, text with its NUL. A reader takes no field on trust, not even its peer's own.
#define MST_AUTH_MESSAGE_BYTES (64 * 1024)

// Files that the gateway opens for the helper: name, where its path stands, whether it is needed (enum mst_auth_need).
// clang-format off
#define MST_AUTH_FILES(X)                                                                                \
	X(USERS, conf->users.file, asks(conf, MST_CONF_PASSWORD_USERS))                      \
	X(OATH, conf->users.oath, asks(conf, MST_CONF_PASSWORD_USERS) && conf->users.oath[0] != '\0') \
	X(RADIUS_SECRET, conf->auth.radius.secret,                                                      \
		asks(conf, MST_CONF_PASSWORD_RADIUS) || conf->auth.radius.n_accounting > 0)             \
	X(ENVIRONMENT, conf->auth.environment, MST_AUTH_WHERE_THERE)                                     \
	MST_AUTH_ISSUER_FILES(X, KEYS, jwks_file)                                                        \
	MST_AUTH_ISSUER_FILES(X, CA, ca_file)
#define MST_AUTH_ISSUER_FILES(X, NAME, member)                                                           \
	MST_AUTH_ISSUER_FILE(X, NAME, member, 0)                                                         \
	MST_AUTH_ISSUER_FILE(X, NAME, member, 1)                                                         \
	MST_AUTH_ISSUER_FILE(X, NAME, member, 2)                                                         \
	MST_AUTH_ISSUER_FILE(X, NAME, member, 3)
#define MST_AUTH_ISSUER_FILE(X, NAME, member, n)                                                         \
	X(OIDC_##NAME##_##n, conf->auth.n_oidc > n ? conf->auth.oidc[n].member : "",                     \
		conf->auth.n_oidc > n && conf->auth.oidc[n].member[0] != '\0')
// clang-format on
_Static_assert(MST_CONF_OIDC_MAX == 4, "a file of each kind for each issuer");

enum mst_auth_need { MST_AUTH_NOT_NEEDED, MST_AUTH_NEEDED, MST_AUTH_WHERE_THERE };

enum mst_auth_file {
#define X(name, path, needed) MST_AUTH_FILE_##name,
	MST_AUTH_FILES(X)
#undef X
		MST_AUTH_N_FILES
};

enum mst_auth_message_kind {
	MST_AUTH_CONFIGURE, // with descriptors: the configuration's text, then the files in their order
	MST_AUTH_SUBMIT,
	MST_AUTH_ANSWER,
	MST_AUTH_CANCEL,
	MST_AUTH_ACCOUNT,
	MST_AUTH_CONFIGURED, // from the helper, as all below
	MST_AUTH_RESULT,
	MST_AUTH_STAPLED,
	MST_AUTH_STAPLE, // to the helper
	MST_AUTH_N_MESSAGES
};

struct mst_auth_configure {
	uint32_t generation;
	uint64_t codes_from_s; // one-time codes from before may have been used (Unix time); 0: none was
	const char *conf;      // path of the configuration, for errors
	const char *files[MST_AUTH_N_FILES]; // paths; empty: not needed
};

struct mst_auth_configured {
	uint32_t generation;
	uint32_t code; // errno; 0: in force
	uint32_t line;
	const char *text;
};

struct mst_auth_answered {
	uint64_t token;
	const char *answer; // CANCEL: empty
};

struct mst_auth_message {
	enum mst_auth_message_kind kind;
	union {
		struct mst_auth_configure configure;
		struct mst_auth_try submit;
		struct mst_auth_answered answer; // CANCEL too
		struct mst_auth_account account;
		struct mst_auth_configured configured;
		struct mst_auth_result result;
		struct mst_auth_staple staple;
		struct mst_auth_stapled stapled;
	};
};

// Length of the message; -EMSGSIZE: a field is longer than any can be, or cap is too small; -EINVAL: a value that no
// reader would take.
MST_MUST_USE int mst_auth_message_write(const struct mst_auth_message *m, uint8_t *buf, size_t cap);
// Texts point into buf, and are never NULL but where absence means something. -EBADMSG: not a message.
MST_MUST_USE int mst_auth_message_read(struct mst_auth_message *out, const uint8_t *buf, size_t len);
