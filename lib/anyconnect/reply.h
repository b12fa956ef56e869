// Answers over HTTP, built whole in memory. Control lcore.
#pragma once

#include "mst_anyconnect.h"

struct ac_reply {
	uint8_t *data; // heap; can hold a cookie
	size_t len;
	bool close;
	bool ready; // not taken yet
};

enum ac_body { AC_BODY_FULL, AC_BODY_HEAD_ONLY, AC_BODY_NONE };

// Each replaces what is in out only on success; -ENOMEM, -E2BIG.
MST_MUST_USE int ac_reply_page(struct ac_reply *out, const char *html, enum ac_body body, bool close);
// 401 that asks for a token, connection kept: the client sends the same request again with it. fallback: a
// client without one may ask for the form instead.
MST_MUST_USE int ac_reply_challenge(struct ac_reply *out, bool fallback, bool close);

// How a document is sent.
struct ac_shown {
	enum ac_body body;
	bool close;
	const char *cookie; // value of webvpn, or NULL
	const char *handle; // of half a sign-in, or NULL: there is none (any more)
};
// The form for user name and password. With known_user, which is not empty, the form for the password alone,
// name and group in hidden inputs. failed: with the text that signing in failed.
struct ac_form {
	const char *banner; // or NULL
	const char *known_user;
	const char *const *groups; // to choose from
	size_t n_groups;
	const char *chosen; // one of them; any other is as good as none
	bool failed;
};
MST_MUST_USE int ac_reply_form(struct ac_reply *out, const struct ac_form *form, const struct ac_shown *how);
// One input behind a text.
struct ac_question {
	const char *prompt;
	bool echo;
	const char *handle; // goes along as a cookie
};
MST_MUST_USE int ac_reply_question(
	struct ac_reply *out, const struct ac_question *q, const struct ac_shown *how);
// The document that asks for a client certificate.
MST_MUST_USE int ac_reply_ask_cert(struct ac_reply *out, const struct ac_shown *how);
// A document that has something to say and nothing to fill in: clients show the text and end.
MST_MUST_USE int ac_reply_notice(struct ac_reply *out, const char *text, const struct ac_shown *how);
MST_MUST_USE int ac_reply_complete(struct ac_reply *out, const struct ac_shown *how);
// Sends body, which it takes.
MST_MUST_USE int ac_reply_document(struct ac_reply *out, struct mst_str *body, const struct ac_shown *how);
// Status line and no body; closes. reason goes into X-Reason if it is not NULL.
MST_MUST_USE int ac_reply_refusal(struct ac_reply *out, enum mst_ac_fault fault, const char *reason);
MST_MUST_USE int ac_reply_reject(struct ac_reply *out, unsigned int status, const char *reason);
MST_MUST_USE int ac_reply_tunnel(struct ac_reply *out, const struct mst_ac_tunnel *t);
void ac_reply_fini(struct ac_reply *r);

// A scratch text of MST_AC_REPLY_BYTES; finish moves what was written into out, exactly sized, and wipes the
// scratch.
MST_MUST_USE int ac_reply_begin(struct mst_str *s);
MST_MUST_USE int ac_reply_finish(struct ac_reply *out, struct mst_str *s, bool close);
// Text with every byte that could break a header line as '?'.
void ac_reply_add_clean(struct mst_str *s, const char *text);
