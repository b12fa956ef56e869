// The sign-in machine of one TLS connection, seen from inside. Control lcore.
#pragma once

#include "mst_anyconnect.h"

#include "http.h"
#include "login.h"
#include "reply.h"

// clang-format off
// name, what it means
#define AC_STATES(X)                                                                                         \
	X(OPEN, "reads requests; nobody has signed in on this connection")                                   \
	X(VERIFY, "what the client sent is being checked by the caller")                                     \
	X(ASKED, "the caller wants to know more, and the client is to answer")                               \
	X(SIGNED, "success was answered; CONNECT is what is left")                                           \
	X(DECIDE, "the caller looks at a CONNECT")                                                           \
	X(TUNNEL, "CONNECT was accepted: the bytes are CSTP now")                                            \
	X(CLOSED, "refused, or the last answer is on its way")

#define AC_EVENTS(X)                                                                                         \
	X(PROBE, "GET or HEAD of the static page")                                                           \
	X(FORM, "the client wants to sign in, and has to fill a form")                                       \
	X(CHALLENGE, "the client wants to sign in, and may do so by a token")                                \
	X(ASK_CERT, "the client wants to sign in, which takes a certificate")                                \
	X(NO_CERT, "the same, and it has said that it has none")                                             \
	X(USER, "a user name alone: the first of two steps")                                                 \
	X(CREDENTIALS, "something to check: a name and password, a token, a certificate")                    \
	X(ANSWER, "what the caller wanted to know, here or on another connection")                                                          \
	X(BLANK, "a filled form with nothing in a place that matters")                                       \
	X(LAST_BLANK, "the same, and no try is left")                                                        \
	X(CONNECT, "CONNECT of the tunnel")                                                                  \
	X(FAULT, "fault says what is wrong with the request")                                                \
	X(EARLY, "bytes when it is not the client's turn")                                                   \
	X(AUTH_OK, "our side: what was sent is right")                                                       \
	X(AUTH_FAILED, "our side: it is not")                                                                \
	X(AUTH_LAST, "our side: it is not, and no try is left")                                              \
	X(AUTH_TOKEN, "our side: it is not, and it was a token")                                             \
	X(AUTH_MORE, "our side: more is to be known")                                                        \
	X(AUTH_BUSY, "our side: nobody could say")                                                           \
	X(ACCEPT, "our side: the tunnel may stand")                                                          \
	X(REJECT, "our side: it may not")
// clang-format on

enum ac_state {
#define X(name, help) AC_ST_##name,
	AC_STATES(X)
#undef X
		AC_N_STATES
};

enum ac_ev {
#define X(name, help) AC_EV_##name,
	AC_EVENTS(X)
#undef X
		AC_N_EVENTS
};

enum ac_by { AC_BY_FORM, AC_BY_TOKEN, AC_BY_CERTIFICATE };

struct mst_ac {
	struct mst_ac_params params;
	enum ac_state state;
	enum mst_ac_fault fault;
	unsigned int requests;
	unsigned int tries;		      // that failed
	bool last;			      // the answer to this request closes
	enum ac_by by;			      // what is being checked
	char prompt[MST_AC_PROMPT_BYTES + 1]; // of the last question
	bool echo;
	char handle[MST_AC_HANDLE_BYTES + 1];			     // of that question
	char group[sizeof(((struct mst_ac_credentials *)0)->group)]; // the last one that the client chose
	bool no_certificate; // the client has none that can be used, or ours was not accepted
	enum ac_body show;
	struct ac_http http;
	struct ac_login login;
	struct mst_ac_connect_request connect;
	struct ac_reply reply;
};

// What an action may need beside the object; only what its event brings is set.
struct ac_arg {
	const char *cookie;
	const struct mst_ac_tunnel *tunnel;
	unsigned int status;
	const char *reason;
};

typedef int ac_action_fn(struct mst_ac *ac, const struct ac_arg *arg);

struct ac_row {
	ac_action_fn *action;
	enum ac_state next; // taken if the action succeeds
	enum mst_ac_event tells;
};

extern const struct ac_row ac_table[AC_N_STATES][AC_N_EVENTS];
extern const char *const ac_state_names[AC_N_STATES];
extern const char *const ac_event_names[AC_N_EVENTS];

// Runs the row of (state, ev). What the row tells, or -errno with the state unchanged; -EINVAL: not in this
// state.
MST_MUST_USE int ac_step(struct mst_ac *ac, enum ac_ev ev, const struct ac_arg *arg);
// What a request that was read whole means. May set fault, login, connect and show.
enum ac_ev ac_classify(struct mst_ac *ac);
// True if this client may fill the form; if it may send a token.
bool ac_offers_form(const struct mst_ac *ac);
bool ac_offers_token(const struct mst_ac *ac);
// Counts a failed try; true if it was the last.
bool ac_count_try(struct mst_ac *ac);
