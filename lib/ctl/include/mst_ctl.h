// The control socket between mst-cli and mst-gateway: table of commands, protocol, server, client, printers.
// The server belongs to the control lcore, client and printers to mst-cli. Workers call nothing here.
#pragma once

#include <sys/types.h>

#include <jansson.h>

#include "mst_base.h"

struct event_base;

#define MST_CTL_VERSION 1
#define MST_CTL_SOCKET "/run/mstunnel/mst.sock" // where both sides look unless told otherwise
#define MST_CTL_REQUEST_BYTES 4096u		// body of a request at most
#define MST_CTL_REPLY_BYTES (8u << 20)		// body of a reply at most
#define MST_CTL_WORDS 8				// words of a request, arguments included
#define MST_CTL_WORD_BYTES 256			// one word at most, without its NUL
#define MST_CTL_CLIENTS 16			// clients served at one time
#define MST_CTL_ERR_BYTES 256			// enough for any error text

// ---- the table of commands ----------------------------------------------------------------------
// How mst-cli prints the data of a reply:
//   MESSAGE  a string, or nothing
//   FIELDS   an object: "Key: value" lines
//   BLOCKS   an array of objects: one block of "Key: value" lines each
//   USERS, SESSIONS, CYCLES   an array of objects: a table with fixed columns
//   COUNTERS an array of {"name", "packets", "help"}: a table without the rows that are zero
//   TABLE    an array of objects: a table, a column a key
//   LINES    an array of objects: their values, a line each
//   LOCAL    mst-cli does the work; the gateway refuses it
enum mst_ctl_view {
	MST_CTL_MESSAGE,
	MST_CTL_FIELDS,
	MST_CTL_BLOCKS,
	MST_CTL_USERS,
	MST_CTL_SESSIONS,
	MST_CTL_CYCLES,
	MST_CTL_COUNTERS,
	MST_CTL_TABLE,
	MST_CTL_LINES,
	MST_CTL_LOCAL,
};

// X(id, words, arguments, view, help). An argument in brackets may be left out. A row whose words begin
// those of another stands behind it.
// clang-format off
#define MST_CTL_COMMANDS(X) \
	X(SERVER_STATUS,   "server status",          "",       FIELDS,   "state of the gateway in a few lines") \
	X(SHOW_STATUS,     "server show status",     "",       FIELDS,   "status and statistics of the gateway") \
	X(SHOW_USERS,      "server show users",      "[START]", USERS,   "connected users, one a line") \
	X(SHOW_USER,       "server show user",       "NAME",   BLOCKS,   "all sessions of one user in detail") \
	X(SHOW_ID,         "server show id",         "ID",     BLOCKS,   "one session in detail") \
	X(SHOW_SESSIONS_ALL, "server show sessions all", "[START]", SESSIONS, "the same as server show sessions") \
	X(SHOW_SESSIONS_VALID, "server show sessions valid", "[START]", SESSIONS, "sessions that wait for their device, which may come back by its cookie") \
	X(SHOW_COOKIES_ALL, "server show cookies all", "[START]", SESSIONS, "the same as server show sessions all") \
	X(SHOW_COOKIES_VALID, "server show cookies valid", "[START]", SESSIONS, "the same as server show sessions valid") \
	X(SHOW_SESSIONS,   "server show sessions",   "[START]", SESSIONS, "all sessions, also those that may still reconnect") \
	X(SHOW_CYCLES,     "server show cycles",     "",       CYCLES,   "cycles per packet of each stage, by worker") \
	X(SHOW_DROPS,      "server show drops",      "",       COUNTERS, "packets dropped, by reason") \
	X(SHOW_CERTIFICATE, "server show certificate", "",     BLOCKS,   "certificates in use, their names, chains and days left") \
	X(SHOW_HOSTS,      "server show hosts",      "",       BLOCKS,   "the site and its hosts: how users sign in there, and their addresses") \
	X(SHOW_RANGES,     "server show ranges",     "[START]", TABLE,   "parts of the pool: for whom, and how many addresses are free") \
	X(SHOW_IP_BANS,    "server show ip bans",    "[START]", TABLE,   "banned addresses, and for how long") \
	X(SHOW_BAN_POINTS, "server show ip ban points", "[START]", TABLE, "addresses with points towards a ban") \
	X(SHOW_EVENTS,     "server show events",     "[AFTER]", LINES,   "the last events: time, what, user, session, addresses, reason") \
	X(SHOW_PORTS,      "server show ports",      "",       TABLE,    "ports, their queues and counters") \
	X(SHOW_PUNT,       "server show punt",       "",       COUNTERS, "packets handed to the kernel or the control lcore, by class") \
	X(DISCONNECT_USER, "server disconnect user", "NAME",   MESSAGE,  "end all sessions of a user") \
	X(DISCONNECT_ID,   "server disconnect id",   "ID",     MESSAGE,  "end one session") \
	X(UNBAN_IP,        "server unban ip",        "IP",     MESSAGE,  "lift the ban of an address, and forget its points") \
	X(DISCONNECT_ALL,  "server disconnect all",  "",       MESSAGE,  "end all sessions") \
	X(DRAIN,           "server drain",           "[SECONDS]", MESSAGE, "take nobody in any more, and send devices elsewhere within SECONDS (30)") \
	X(UNDRAIN,         "server undrain",         "",       MESSAGE,  "take devices in again") \
	X(ROTATE_COOKIE_KEY, "server rotate-cookie-key", "",   MESSAGE,  "seal cookies by a new key; those of before stay good") \
	X(RELOAD,          "server reload",          "",       MESSAGE,  "read the reloadable settings and the certificate again") \
	X(STOP,            "server stop",            "",       MESSAGE,  "stop the gateway; devices come back by their cookies") \
	X(CONFIG_CHECK,    "config check",           "[FILE]", LOCAL,    "validate a configuration file without using it")
// clang-format on

enum mst_ctl_id {
#define X(id, words, args, view, help) MST_CTL_##id,
	MST_CTL_COMMANDS(X)
#undef X
};

struct mst_ctl_command {
	const char *words; // "server show user"
	const char *args;  // "NAME", "[FILE]" or ""
	const char *help;
	enum mst_ctl_id id;
	enum mst_ctl_view view;
};

extern const struct mst_ctl_command mst_ctl_commands[];
extern const size_t mst_ctl_n_commands;

// The command that argv names; its arguments are argv[*n_words] and on. -ENOENT: no such command; -EINVAL:
// too few or too many arguments (out and n_words are written then too, for the message). Any thread.
MST_MUST_USE int mst_ctl_match(
	const char *const *argv, size_t n, const struct mst_ctl_command **out, size_t *n_words);
// The command that was probably meant, or NULL. Any thread.
const struct mst_ctl_command *mst_ctl_suggest(const char *const *argv, size_t n);

// ---- options and exit codes of mst-cli ----------------------------------------------------------
// X(id, letter, name, argument, help); letter '\0' for none. clang-format off
#define MST_CTL_OPTIONS(X)                                                                                   \
	X(JSON, 'j', "json", "", "print the data as JSON, with the raw_ numbers")                            \
	X(SOCKET, 's', "socket", "PATH", "control socket of the gateway")                                    \
	X(ALL, 'a', "all", "", "print counters that are zero too")                                           \
	X(FOLLOW, 'f', "follow", "", "with show events: go on with what comes, until interrupted")           \
	X(HELP, 'h', "help", "", "print this help; after some words of a command, only what begins so")      \
	X(VERSION, 'V', "version", "", "print the version")                                                  \
	X(COMPLETION, '\0', "completion", "SHELL", "print the completion script for a shell (bash)")         \
	X(MAN, '\0', "man", "", "print the manual page in roff")

// X(id, code, help): the values of sysexits.h where it has one.
#define MST_CTL_EXITS(X)                                                                                     \
	X(OK, 0, "done")                                                                                     \
	X(FAILED, 1, "the gateway could not do it")                                                          \
	X(USAGE, 64, "unknown command, option or argument")                                                  \
	X(UNAVAILABLE, 69, "the gateway is not running or does not answer")                                  \
	X(REFUSED, 77, "the caller may not use the control socket")
// clang-format on

enum mst_ctl_exit {
#define X(id, code, help) MST_CTL_EXIT_##id = code,
	MST_CTL_EXITS(X)
#undef X
};

enum mst_ctl_option_id {
#define X(id, letter, name, arg, help) MST_CTL_OPT_##id,
	MST_CTL_OPTIONS(X)
#undef X
};

struct mst_ctl_option {
	const char *name;
	const char *arg; // "" for none
	const char *help;
	enum mst_ctl_option_id id;
	char letter; // '\0' for none
};

extern const struct mst_ctl_option mst_ctl_options[];
extern const size_t mst_ctl_n_options;

// ---- protocol -----------------------------------------------------------------------------------
// A frame is a 32-bit big-endian length and a JSON body of that length. Any thread; sans-I/O.
struct mst_ctl_request {
	const struct mst_ctl_command *command;
	const char *args[MST_CTL_WORDS]; // strings of root
	size_t n_args;
	json_t *root; // owned; freed by mst_ctl_request_fini
};

// A whole request frame, nothing after it. -EAGAIN: more bytes are needed; -EMSGSIZE: it says that it is
// longer than MST_CTL_REQUEST_BYTES; -EPROTO: not a request; -ENOENT, -EINVAL as mst_ctl_match. err gets a
// text for the peer unless -EAGAIN. The caller calls mst_ctl_request_fini after success.
MST_MUST_USE int mst_ctl_request_parse(
	const void *frame, size_t len, struct mst_ctl_request *out, char *err, size_t err_cap);
void mst_ctl_request_fini(struct mst_ctl_request *req);

// A whole reply frame. 0 with *data (a new reference, JSON null when the command has no data); -EAGAIN,
// -EMSGSIZE, -EPROTO as above; otherwise what the gateway said, its text in err: -EACCES refused, -EBUSY too
// many clients, -EINVAL bad request, -E2BIG answer beyond MST_CTL_REPLY_BYTES, -EREMOTEIO the command failed.
MST_MUST_USE int mst_ctl_reply_parse(const void *frame, size_t len, json_t **data, char *err, size_t err_cap);

// ---- server: control lcore ----------------------------------------------------------------------
// X(name, help) clang-format off
#define MST_CTL_COUNTERS(X)                                                                                  \
	X(accepted, "connections accepted")                                                                  \
	X(refused, "connections refused because of the caller's uid")                                        \
	X(busy, "connections turned away, too many clients")                                                 \
	X(requests, "requests handed to a command")                                                          \
	X(bad_requests, "requests that were no known command")                                               \
	X(failed, "commands that failed")                                                                    \
	X(too_large, "answers beyond the limit")                                                             \
	X(timeouts, "clients closed for being slow")                                                         \
	X(put_off, "accepts put off for want of descriptors or memory")
// clang-format on

struct mst_ctl_stats {
#define X(name, help) uint64_t name;
	MST_CTL_COUNTERS(X)
#undef X
};

struct mst_ctl_server;

// Does one command, on the control lcore, without blocking. args are valid during the call. Gives 0 and,
// where there is data, a new reference in *data (NULL otherwise); or -errno and a text in err (an empty one
// is filled in from the errno). It may start the end of the event loop (server stop: the reply is written
// right after the call), but must not destroy the server.
typedef int mst_ctl_handler_fn(void *arg, enum mst_ctl_id id, const char *const *args, size_t n_args,
	json_t **data, char *err, size_t err_cap);

// Listens on path with mode 0600; its folder exists. base and arg must outlive the server. -EADDRINUSE: a
// gateway answers there; -EEXIST: something that is no socket lies there; -ENAMETOOLONG; or what the kernel
// says.
MST_MUST_USE int mst_ctl_server_create(struct mst_ctl_server **out, struct event_base *base, const char *path,
	mst_ctl_handler_fn *handler, void *arg);
// Closes all clients and removes the socket file if it is still this server's. NULL is fine.
void mst_ctl_server_destroy(struct mst_ctl_server *server);
void mst_ctl_server_stats(const struct mst_ctl_server *server, struct mst_ctl_stats *out);
// May a peer with this uid command a gateway that runs as own?
bool mst_ctl_peer_allowed(uid_t peer, uid_t own);

// ---- client: mst-cli, blocking ------------------------------------------------------------------
// Sends argv (ended by NULL) and waits at most timeout_ms in all. 0 with *data, a new reference.
// -ECONNREFUSED: nobody listens at path;
// -EACCES: not permitted; -ETIMEDOUT; -EPROTO, -ECONNRESET: no whole answer; otherwise as
// mst_ctl_reply_parse. err gets the text.
MST_MUST_USE int mst_ctl_call(const char *path, const char *const *argv, unsigned int timeout_ms,
	json_t **data, char *err, size_t err_cap);
// The same, and *data is the whole array where the gateway answers by pages, {"rows": [...], "next": START} with next 0
// behind the last: the n_words words of the command are sent with START again until then.
MST_MUST_USE int mst_ctl_call_all(const char *path, const char *const *argv, size_t n_words,
	unsigned int timeout_ms, json_t **data, char *err, size_t err_cap);

// ---- output: mst-cli ----------------------------------------------------------------------------
struct mst_ctl_print_opts {
	bool json;
	bool all;      // zero counters too
	bool follow;   // more will come: an array as JSON is a line for each of its rows
	int64_t now_s; // seconds since 1970: "since" columns count from it
};

// Prints the data of a reply as the command's view says. Missing keys print as "-".
void mst_ctl_print(FILE *out, const struct mst_ctl_command *command, json_t *data,
	const struct mst_ctl_print_opts *opts);
// Writes text with control, bidirectional and malformed characters escaped; returns its width in characters.
// out may be NULL, to learn the width alone.
size_t mst_ctl_put_safe(FILE *out, const char *text);
// Help for the commands that begin with these words (none: for all, with options and exit codes). -ENOENT:
// none does.
MST_MUST_USE int mst_ctl_help(FILE *out, const char *const *words, size_t n);
void mst_ctl_completion_bash(FILE *out);
void mst_ctl_man(FILE *out);
