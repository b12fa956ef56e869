// The whole sign-in machine: (state, event) -> (action, next state, what the caller is told). Control lcore.
#include <errno.h>

#include "ac.h"

static int
act_page(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	if (ac->params.unavailable)
		return ac_reply_reject(&ac->reply, 503, NULL);
	return ac_reply_page(&ac->reply, ac->show == AC_BODY_NONE ? "" : ac->params.page, ac->show, ac->last);
}

static struct ac_shown
shown(const struct mst_ac *ac)
{
	return (struct ac_shown){.body = ac->show, .close = ac->last};
}

static int
answer_form(struct mst_ac *ac, const char *known_user, bool failed)
{
	const struct ac_form form = {.banner = ac->params.banner,
		.known_user = known_user,
		.groups = ac->params.groups,
		.n_groups = ac->params.n_groups,
		.chosen = ac->group,
		.failed = failed};
	const struct ac_shown how = shown(ac);

	return ac_reply_form(&ac->reply, &form, &how);
}

static int
act_form(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return answer_form(ac, NULL, false);
}

static int
act_ask_password(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return answer_form(ac, ac->login.cred.user, false);
}

static int
act_form_again(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return answer_form(ac, NULL, true);
}

static int
act_challenge(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return ac_reply_challenge(&ac->reply, ac_offers_form(ac), ac->last);
}

static int
act_question(struct mst_ac *ac, const struct ac_arg *arg)
{
	const struct ac_question question = {.prompt = ac->prompt, .echo = ac->echo, .handle = ac->handle};
	const struct ac_shown how = shown(ac);

	(void)arg;
	return ac_reply_question(&ac->reply, &question, &how);
}

static int
act_ask_cert(struct mst_ac *ac, const struct ac_arg *arg)
{
	const struct ac_shown how = shown(ac);

	(void)arg;
	return ac_reply_ask_cert(&ac->reply, &how);
}

static int
act_no_cert(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return ac_reply_notice(&ac->reply, "A client certificate is needed to sign in.",
		&(struct ac_shown){.body = ac->show, .close = true});
}

static int
act_complete(struct mst_ac *ac, const struct ac_arg *arg)
{
	return ac_reply_complete(&ac->reply, &(struct ac_shown){.cookie = arg->cookie, .close = ac->last});
}

static int
refuse_for(struct mst_ac *ac, enum mst_ac_fault fault, const char *reason)
{
	ac->fault = fault;
	return ac_reply_refusal(&ac->reply, fault, reason);
}

static int
act_refuse(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return refuse_for(ac, ac->fault, NULL);
}

static int
act_unknown(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return refuse_for(ac, MST_AC_F_UNKNOWN_URL, NULL);
}

static int
act_early(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return refuse_for(ac, MST_AC_F_PIPELINED, NULL);
}

static int
act_tries(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return refuse_for(ac, MST_AC_F_TRIES, NULL);
}

static int
act_token(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return refuse_for(ac, MST_AC_F_TOKEN, NULL);
}

static int
act_busy(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)arg;
	return refuse_for(ac, MST_AC_F_BUSY, "Sign-in is busy, please try again later");
}

static int
act_tunnel(struct mst_ac *ac, const struct ac_arg *arg)
{
	return ac_reply_tunnel(&ac->reply, arg->tunnel);
}

static int
act_reject(struct mst_ac *ac, const struct ac_arg *arg)
{
	return ac_reply_reject(&ac->reply, arg->status, arg->reason);
}

static int
act_none(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)ac;
	(void)arg;
	return 0;
}

// A call of our own side that does not belong into this state.
static int
act_misuse(struct mst_ac *ac, const struct ac_arg *arg)
{
	(void)ac;
	(void)arg;
	return -EINVAL;
}

// clang-format off
#define NO_CALLS(st)                                                                                         \
	[AC_EV_AUTH_OK]     = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_AUTH_FAILED] = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_AUTH_LAST]   = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_AUTH_TOKEN]  = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_AUTH_MORE]   = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_AUTH_BUSY]   = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_ACCEPT]      = {act_misuse, AC_ST_##st, MST_AC_CLOSE},                                        \
	[AC_EV_REJECT]      = {act_misuse, AC_ST_##st, MST_AC_CLOSE}

// States that read no request: these events cannot come, and close if they do.
#define NO_REQUESTS                                                                                          \
	[AC_EV_PROBE]       = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_FORM]        = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_CHALLENGE]   = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_ASK_CERT]    = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_NO_CERT]     = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_USER]        = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_CREDENTIALS] = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_ANSWER]      = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_BLANK]       = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_LAST_BLANK]  = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_CONNECT]     = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},                                        \
	[AC_EV_FAULT]       = {act_none, AC_ST_CLOSED, MST_AC_CLOSE}

const struct ac_row ac_table[AC_N_STATES][AC_N_EVENTS] = {
	[AC_ST_OPEN] = {
		[AC_EV_PROBE]       = {act_page,         AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_FORM]        = {act_form,         AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_CHALLENGE]   = {act_challenge,    AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_ASK_CERT]    = {act_ask_cert,     AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_NO_CERT]     = {act_no_cert,      AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_USER]        = {act_ask_password, AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_CREDENTIALS] = {act_none,         AC_ST_VERIFY, MST_AC_AUTHENTICATE},
		[AC_EV_ANSWER]      = {act_none,         AC_ST_VERIFY, MST_AC_ANSWER},
		[AC_EV_BLANK]       = {act_form_again,   AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_LAST_BLANK]  = {act_tries,        AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CONNECT]     = {act_none,         AC_ST_DECIDE, MST_AC_CONNECT},
		[AC_EV_FAULT]       = {act_refuse,       AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_EARLY]       = {act_early,        AC_ST_CLOSED, MST_AC_RESPOND},
		NO_CALLS(OPEN),
	},
	[AC_ST_VERIFY] = {
		NO_REQUESTS,
		[AC_EV_EARLY]       = {act_early,      AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_AUTH_OK]     = {act_complete,   AC_ST_SIGNED, MST_AC_RESPOND},
		[AC_EV_AUTH_FAILED] = {act_form_again, AC_ST_OPEN,   MST_AC_RESPOND},
		[AC_EV_AUTH_LAST]   = {act_tries,      AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_AUTH_TOKEN]  = {act_token,      AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_AUTH_MORE]   = {act_question,   AC_ST_ASKED,  MST_AC_RESPOND},
		[AC_EV_AUTH_BUSY]   = {act_busy,       AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_ACCEPT]      = {act_misuse,     AC_ST_VERIFY, MST_AC_CLOSE},
		[AC_EV_REJECT]      = {act_misuse,     AC_ST_VERIFY, MST_AC_CLOSE},
	},
	// Half a sign-in is continued or given up: neither another one nor CONNECT comes in between.
	[AC_ST_ASKED] = {
		[AC_EV_PROBE]       = {act_page,     AC_ST_ASKED,  MST_AC_RESPOND},
		[AC_EV_FORM]        = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CHALLENGE]   = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_ASK_CERT]    = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_NO_CERT]     = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_USER]        = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CREDENTIALS] = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_ANSWER]      = {act_none,     AC_ST_VERIFY, MST_AC_ANSWER},
		[AC_EV_BLANK]       = {act_question, AC_ST_ASKED,  MST_AC_RESPOND},
		[AC_EV_LAST_BLANK]  = {act_tries,    AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CONNECT]     = {act_unknown,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_FAULT]       = {act_refuse,   AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_EARLY]       = {act_early,    AC_ST_CLOSED, MST_AC_RESPOND},
		NO_CALLS(ASKED),
	},
	// Who has signed in goes on to CONNECT; a second sign-in takes a connection of its own.
	[AC_ST_SIGNED] = {
		[AC_EV_PROBE]       = {act_page,    AC_ST_SIGNED, MST_AC_RESPOND},
		[AC_EV_FORM]        = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CHALLENGE]   = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_ASK_CERT]    = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_NO_CERT]     = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_USER]        = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CREDENTIALS] = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_ANSWER]      = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_BLANK]       = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_LAST_BLANK]  = {act_unknown, AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_CONNECT]     = {act_none,    AC_ST_DECIDE, MST_AC_CONNECT},
		[AC_EV_FAULT]       = {act_refuse,  AC_ST_CLOSED, MST_AC_RESPOND},
		[AC_EV_EARLY]       = {act_early,   AC_ST_CLOSED, MST_AC_RESPOND},
		NO_CALLS(SIGNED),
	},
	[AC_ST_DECIDE] = {
		NO_REQUESTS,
		[AC_EV_EARLY]       = {act_none,   AC_ST_DECIDE, MST_AC_MORE},
		[AC_EV_AUTH_OK]     = {act_misuse, AC_ST_DECIDE, MST_AC_CLOSE},
		[AC_EV_AUTH_FAILED] = {act_misuse, AC_ST_DECIDE, MST_AC_CLOSE},
		[AC_EV_AUTH_LAST]   = {act_misuse, AC_ST_DECIDE, MST_AC_CLOSE},
		[AC_EV_AUTH_TOKEN]  = {act_misuse, AC_ST_DECIDE, MST_AC_CLOSE},
		[AC_EV_AUTH_MORE]   = {act_misuse, AC_ST_DECIDE, MST_AC_CLOSE},
		[AC_EV_AUTH_BUSY]   = {act_misuse, AC_ST_DECIDE, MST_AC_CLOSE},
		[AC_EV_ACCEPT]      = {act_tunnel, AC_ST_TUNNEL, MST_AC_RESPOND},
		[AC_EV_REJECT]      = {act_reject, AC_ST_CLOSED, MST_AC_RESPOND},
	},
	[AC_ST_TUNNEL] = {
		NO_REQUESTS,
		[AC_EV_EARLY] = {act_none, AC_ST_TUNNEL, MST_AC_MORE},
		NO_CALLS(TUNNEL),
	},
	[AC_ST_CLOSED] = {
		NO_REQUESTS,
		[AC_EV_EARLY] = {act_none, AC_ST_CLOSED, MST_AC_CLOSE},
		NO_CALLS(CLOSED),
	},
};
// clang-format on

const char *const ac_state_names[AC_N_STATES] = {
#define X(name, help) [AC_ST_##name] = #name,
	AC_STATES(X)
#undef X
};

const char *const ac_event_names[AC_N_EVENTS] = {
#define X(name, help) [AC_EV_##name] = #name,
	AC_EVENTS(X)
#undef X
};

int
ac_step(struct mst_ac *ac, enum ac_ev ev, const struct ac_arg *arg)
{
	const struct ac_row *row = &ac_table[ac->state][ev];

	MST_TRY(row->action(ac, arg));
	ac->state = row->next;
	// The answer to the last request closes, whatever it is.
	if (row->tells == MST_AC_RESPOND && ac->reply.close)
		ac->state = AC_ST_CLOSED;
	return (int)row->tells;
}
