// The object of one TLS connection before its tunnel: bytes in, events and answers out. Control lcore.
#include "ac.h"

#include <errno.h>
#include <string.h>

enum { DEFAULT_TRIES = 3 };

int
mst_ac_create(struct mst_ac **out, const struct mst_ac_params *p)
{
	struct mst_ac *ac;

	if (p->page == NULL || strlen(p->page) > MST_AC_PAGE_BYTES)
		return -EINVAL;
	if (p->banner != NULL && strlen(p->banner) > MST_AC_BANNER_BYTES)
		return -EINVAL;
	ac = calloc(1, sizeof(*ac));
	if (ac == NULL)
		return -ENOMEM;
	ac->params = *p;
	if (ac->params.max_tries == 0)
		ac->params.max_tries = DEFAULT_TRIES;
	mst_ac_offer(ac, p->methods, p->groups, p->n_groups);
	ac_http_init(&ac->http, p->large_left);
	*out = ac;
	return 0;
}

void
mst_ac_offer(struct mst_ac *ac, unsigned int methods, const char *const *groups, size_t n_groups)
{
	ac->params.methods = methods != 0 ? methods : MST_AC_PASSWORD;
	ac->params.groups = groups;
	ac->params.n_groups = n_groups;
}

void
mst_ac_destroy(struct mst_ac *ac)
{
	if (ac == NULL)
		return;
	ac_http_fini(&ac->http);
	ac_reply_fini(&ac->reply);
	ac_login_wipe(&ac->login);
	mst_wipe(ac, sizeof(*ac));
	free(ac);
}

static enum mst_ac_event
step_or_close(struct mst_ac *ac, enum ac_ev ev)
{
	int rc = ac_step(ac, ev, &(struct ac_arg){0});

	if (rc < 0) {
		ac->fault = MST_AC_F_NO_MEMORY;
		ac->state = AC_ST_CLOSED;
		return MST_AC_CLOSE;
	}
	return (enum mst_ac_event)rc;
}

static enum mst_ac_event
on_request(struct mst_ac *ac, bool bytes_behind)
{
	enum ac_ev ev;
	enum mst_ac_event tells;

	ac->requests++;
	ac->last = ac->requests >= MST_AC_REQUESTS || ac->http.req.closes;
	// Nobody who waits for answers sends a second request now; one that hides behind the first is not
	// looked at, and the first is not either (RFC 9112 section 11.2). Behind CONNECT the bytes are the
	// caller's.
	if (bytes_behind && ac->http.req.method != AC_METHOD_CONNECT &&
		ac->http.req.method != AC_METHOD_OTHER)
		ev = AC_EV_EARLY;
	else
		ev = ac_classify(ac);
	tells = step_or_close(ac, ev);
	if (ac->state != AC_ST_VERIFY)
		ac_login_wipe(&ac->login);
	// Cookie, password and the master secret of CONNECT were in there.
	ac_http_reset(&ac->http);
	return tells;
}

enum mst_ac_event
mst_ac_feed(struct mst_ac *ac, const uint8_t *data, size_t len, size_t *consumed)
{
	enum ac_http_verdict v;
	enum mst_ac_event tells;
	bool is_connect;

	*consumed = 0;
	if (ac->reply.ready)
		return MST_AC_RESPOND;
	if (len == 0)
		return ac->state == AC_ST_CLOSED ? MST_AC_CLOSE : MST_AC_MORE;
	if (ac->state != AC_ST_OPEN && ac->state != AC_ST_ASKED && ac->state != AC_ST_SIGNED) {
		tells = step_or_close(ac, AC_EV_EARLY);
		// What follows a CONNECT is not ours to take.
		if (tells != MST_AC_MORE)
			*consumed = len;
		return tells;
	}
	ac_reply_fini(&ac->reply);
	v = ac_http_feed(&ac->http, data, len, consumed);
	if (v == AC_HTTP_MORE)
		return MST_AC_MORE;
	if (v == AC_HTTP_FAULT) {
		ac->fault = ac->http.fault;
		*consumed = len;
		tells = step_or_close(ac, AC_EV_FAULT);
		ac_http_reset(&ac->http);
		return tells;
	}
	is_connect = ac->http.req.method == AC_METHOD_CONNECT;
	tells = on_request(ac, *consumed < len);
	if (!is_connect || tells != MST_AC_CONNECT)
		*consumed = len;
	return tells;
}

bool
mst_ac_output(struct mst_ac *ac, const uint8_t **data, size_t *len, bool *close_after)
{
	if (!ac->reply.ready)
		return false;
	ac->reply.ready = false;
	*data = ac->reply.data;
	*len = ac->reply.len;
	*close_after = ac->reply.close;
	return true;
}

enum mst_ac_fault
mst_ac_fault(const struct mst_ac *ac)
{
	return ac->fault;
}

const char *
mst_ac_fault_name(enum mst_ac_fault f)
{
	switch (f) {
#define X(name, status, phrase, help)                                                                        \
	case MST_AC_F_##name:                                                                                \
		return #name;
		MST_AC_FAULTS(X)
#undef X
	case MST_AC_N_FAULTS:
		break;
	}
	return "?";
}

const struct mst_ac_credentials *
mst_ac_credentials(const struct mst_ac *ac)
{
	return &ac->login.cred;
}

const struct mst_ac_connect_request *
mst_ac_connect_request(const struct mst_ac *ac)
{
	return &ac->connect;
}

static enum ac_ev
auth_event(struct mst_ac *ac, enum mst_ac_auth result)
{
	switch (result) {
	case MST_AC_AUTH_OK:
		return AC_EV_AUTH_OK;
	case MST_AC_AUTH_BUSY:
		return AC_EV_AUTH_BUSY;
	case MST_AC_AUTH_FAILED:
		break;
	}
	// A token is what the device has, not what its user types: another try would bring the same.
	if (ac->by == AC_BY_TOKEN)
		return AC_EV_AUTH_TOKEN;
	// A certificate that is not accepted is not tried again: a form may still be another way.
	if (ac->by == AC_BY_CERTIFICATE) {
		ac->no_certificate = true;
		return ac_offers_form(ac) ? AC_EV_AUTH_FAILED : AC_EV_AUTH_LAST;
	}
	return ac_count_try(ac) ? AC_EV_AUTH_LAST : AC_EV_AUTH_FAILED;
}

int
mst_ac_auth_more(struct mst_ac *ac, const char *prompt, bool echo, const char *handle)
{
	struct ac_text text = {prompt, strlen(prompt)};
	struct ac_text cookie = {handle, strlen(handle)};
	int rc;

	if (ac->state != AC_ST_VERIFY || cookie.len >= sizeof(ac->handle) || !ac_cookie_is_ours(cookie))
		return -EINVAL;
	memcpy(ac->handle, handle, cookie.len + 1);
	ac->echo = echo;
	// Whoever asks may be another server: its words must not break the document.
	if (text.len <= MST_AC_PROMPT_BYTES && ac_text_is_clean_utf8(text))
		memcpy(ac->prompt, text.p, text.len + 1);
	else
		ac_text_copy_printable(ac->prompt, sizeof(ac->prompt), text);
	rc = ac_step(ac, AC_EV_AUTH_MORE, &(struct ac_arg){0});
	ac_login_wipe(&ac->login);
	return rc < 0 ? rc : 0;
}

int
mst_ac_auth_done(struct mst_ac *ac, enum mst_ac_auth result, const char *cookie)
{
	const struct ac_arg arg = {.cookie = cookie};
	int rc;

	if (ac->state != AC_ST_VERIFY)
		return -EINVAL;
	if (result == MST_AC_AUTH_OK &&
		(cookie == NULL || !ac_cookie_is_ours((struct ac_text){cookie, strlen(cookie)})))
		return -EINVAL;
	rc = ac_step(ac, auth_event(ac, result), &arg);
	ac_login_wipe(&ac->login);
	return rc < 0 ? rc : 0;
}

int
mst_ac_connect_accept(struct mst_ac *ac, const struct mst_ac_tunnel *t)
{
	const struct ac_arg arg = {.tunnel = t};

	MST_TRY(ac_step(ac, AC_EV_ACCEPT, &arg));
	mst_wipe(&ac->connect, sizeof(ac->connect));
	return 0;
}

int
mst_ac_connect_reject(struct mst_ac *ac, unsigned int status, const char *reason)
{
	const struct ac_arg arg = {.status = status, .reason = reason};

	MST_TRY(ac_step(ac, AC_EV_REJECT, &arg));
	mst_wipe(&ac->connect, sizeof(ac->connect));
	return 0;
}
