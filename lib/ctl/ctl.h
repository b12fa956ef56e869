// What the files of ctl share.
#pragma once

#include "mst_ctl.h"

#define CTL_HEAD_BYTES 4u

// Why a request was not done, as the "code" of a reply. X(id, word, errno that the client gets, help)
// clang-format off
#define CTL_FAULTS(X) \
	X(REFUSED,   "refused",   EACCES,    "the caller may not command this gateway") \
	X(BUSY,      "busy",      EBUSY,     "too many clients") \
	X(USAGE,     "usage",     EINVAL,    "not a request, or no such command") \
	X(TOO_LARGE, "too-large", E2BIG,     "the answer is beyond the limit") \
	X(FAILED,    "failed",    EREMOTEIO, "the command failed")
// clang-format on

enum ctl_fault {
#define X(id, word, errnum, help) CTL_##id,
	CTL_FAULTS(X)
#undef X
};

// ---- protocol.c ----
// A heap buffer that grows up to a limit; zeroed by the caller before use, released by ctl_buf_fini.
struct ctl_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
	int err; // 0, or the -errno that stopped it
};

void ctl_buf_fini(struct ctl_buf *buf);
// Body of the frame in data; 0, -EAGAIN, -EMSGSIZE or -EPROTO (empty body).
MST_MUST_USE int ctl_frame_body(
	const void *data, size_t len, size_t max, const uint8_t **body, size_t *body_len);
// body becomes a frame in out. -E2BIG when it is longer than max, -ENOMEM.
MST_MUST_USE int ctl_frame_build(const json_t *body, size_t max, struct ctl_buf *out);
MST_MUST_USE int ctl_request_build(const char *const *argv, struct ctl_buf *out);
// Takes over the reference to data, also when it fails; data may be NULL.
MST_MUST_USE int ctl_reply_build(json_t *data, struct ctl_buf *out);
MST_MUST_USE int ctl_fault_build(enum ctl_fault fault, const char *text, struct ctl_buf *out);

// ---- command.c ----
size_t ctl_word_count(const char *words);
// Bounds of the number of arguments.
void ctl_arg_range(const struct mst_ctl_command *command, size_t *min, size_t *max);
// Do the command's words begin with these n words?
bool ctl_begins_with(const struct mst_ctl_command *command, const char *const *words, size_t n);

// ---- listen.c ----
struct ctl_listener {
	int fd;
	dev_t dev; // of the socket file, so that only our own is removed
	ino_t ino;
	char path[108]; // sun_path of unix(7)
};

MST_MUST_USE int ctl_listener_open(struct ctl_listener *out, const char *path);
void ctl_listener_close(struct ctl_listener *l);

// ---- conn.c: one client of the server ----
struct event;
struct ctl_conn {
	struct mst_ctl_server *server;
	struct event *io;
	struct event *timer;
	struct ctl_buf out;
	size_t sent;
	size_t in_len;
	int fd; // -1 when the slot is free
	uint8_t in[CTL_HEAD_BYTES + MST_CTL_REQUEST_BYTES];
};

// Takes over fd, also when it fails.
void ctl_conn_open(struct ctl_conn *c, int fd);
void ctl_conn_close(struct ctl_conn *c);
// One attempt to tell a peer that is not served why; fd stays the caller's.
void ctl_conn_turn_away(int fd, enum ctl_fault fault, const char *text);

// ---- server.c ----
struct mst_ctl_server {
	struct event_base *base;
	struct event *accept_ev;
	struct event *resume_ev; // tries again after descriptors ran out
	mst_ctl_handler_fn *handler;
	void *arg;
	uid_t own_uid;
	unsigned int request_ms; // a client's time to send its request
	unsigned int reply_ms;	 // and to read the reply
	uint64_t refusal_logged_ns;
	struct mst_ctl_stats stats;
	struct ctl_listener listener;
	struct ctl_conn conns[MST_CTL_CLIENTS];
};

// ---- escape.c, table.c, print.c: text for a terminal ----
// The value as text (strings as they are, lists joined by ", "); returns its width. out may be NULL.
size_t ctl_put_value(FILE *out, const json_t *value);
// "3d04h", "2h05m", "4m07s", "12s".
void ctl_put_duration(char *buf, size_t cap, int64_t seconds);
bool ctl_key_is_raw(const char *key);

struct ctl_column {
	const char *head;
	const char *key;
	const char *other; // looked at when key is missing; may be NULL
	bool since;	   // key holds seconds since 1970; printed as the time that has passed
};

struct ctl_table {
	const struct ctl_column *columns;
	size_t n;
	const char *nonzero_key; // rows where it is 0 are left out; NULL prints all
	int64_t now_s;
	bool keep_empty; // print a column even when no row has its key
};

#define CTL_COLUMNS 24
void ctl_table_print(FILE *out, const struct ctl_table *table, const json_t *rows);
// Columns from the keys of the rows, in order of appearance; returns their number, at most CTL_COLUMNS.
size_t ctl_table_columns(const json_t *rows, struct ctl_column *out);
