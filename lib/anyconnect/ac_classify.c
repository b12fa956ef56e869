// Which event a whole request is: the list of what is served, by method and path. Control lcore.
#include <string.h>

#include "ac.h"
#include "tunnel_request.h"

static enum ac_ev
fault(struct mst_ac *ac, enum mst_ac_fault f)
{
	ac->fault = f;
	return AC_EV_FAULT;
}

static bool
is_vpn_client(const struct ac_request *q)
{
	struct ac_text agent = ac_http_field(q, "User-Agent");

	return ac_http_field(q, "X-Aggregate-Auth").p != NULL || ac_text_has(agent, "AnyConnect") ||
	       ac_text_has(agent, "OpenConnect");
}

// "/", or one segment: clients put the name of a group there. No dots first, no escapes, no second slash: a
// path that could be read in two ways is not served.
static bool
is_login_path(struct ac_text path)
{
	struct mst_rd r = ac_text_rd(path);
	bool first = true;

	if (mst_rd_u8(&r) != '/')
		return false;
	for (; mst_rd_left(&r) > 0; first = false) {
		char c = (char)mst_rd_u8(&r);

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (first || strchr("._-", c) == NULL)
			return false;
	}
	return path.len <= sizeof(((struct mst_ac_credentials *)0)->group);
}

// ---- what a client may sign in with on this connection ------------------------------------------
static bool
offers(const struct mst_ac *ac, unsigned int alone, unsigned int with_certificate)
{
	bool has_certificate = ac->params.certificate && !ac->no_certificate;

	return (ac->params.methods & (has_certificate ? alone | with_certificate : alone)) != 0;
}

bool
ac_offers_form(const struct mst_ac *ac)
{
	return offers(ac, MST_AC_PASSWORD, MST_AC_CERTIFICATE_PASSWORD);
}

bool
ac_offers_token(const struct mst_ac *ac)
{
	return offers(ac, MST_AC_TOKEN, MST_AC_CERTIFICATE_TOKEN);
}

static enum ac_ev
to_check(struct mst_ac *ac, enum ac_by by)
{
	ac->by = by;
	return AC_EV_CREDENTIALS;
}

// The client wants to sign in and has sent nothing to check. One that says that it can do without a form is
// challenged first: without a token it asks again, then for the form.
static enum ac_ev
what_is_next(struct mst_ac *ac)
{
	const struct ac_request *q = &ac->http.req;
	bool knows_http_auth = ac_text_is_nocase(ac_http_field(q, "X-Support-HTTP-Auth"), "true");

	// What else the request brought is not what is asked for.
	if (ac->show == AC_BODY_FULL && offers(ac, 0, MST_AC_CERTIFICATE)) {
		mst_wipe(ac->login.cred.user, sizeof(ac->login.cred.user));
		mst_wipe(ac->login.cred.password, sizeof(ac->login.cred.password));
		return to_check(ac, AC_BY_CERTIFICATE);
	}
	if (ac_offers_token(ac) && (knows_http_auth || !ac_offers_form(ac)))
		return AC_EV_CHALLENGE;
	if (ac_offers_form(ac))
		return AC_EV_FORM;
	// Only XML has words for it.
	return ac->no_certificate || ac->login.kind != AC_LOGIN_INIT ? AC_EV_NO_CERT : AC_EV_ASK_CERT;
}

static const char *
group_of_path(const struct mst_ac *ac)
{
	struct ac_text path = ac->http.req.path;

	for (size_t i = 0; i < ac->params.n_groups; i++)
		if (path.len > 0 &&
			ac_text_is((struct ac_text){path.p + 1, path.len - 1}, ac->params.groups[i]))
			return ac->params.groups[i];
	return "";
}

// What the request says beside what is to be checked.
static void
take_fields(struct mst_ac *ac)
{
	const struct ac_request *q = &ac->http.req;
	struct mst_ac_credentials *cred = &ac->login.cred;
	struct ac_text platform = ac_http_field(q, "X-AnyConnect-Identifier-Platform");

	ac_text_copy_printable(cred->user_agent, sizeof(cred->user_agent), ac_http_field(q, "User-Agent"));
	if (platform.p == NULL)
		platform = (struct ac_text){cred->platform, strlen(cred->platform)};
	ac_text_copy_printable(cred->platform, sizeof(cred->platform), platform);
	ac_text_copy_printable(cred->device_id, sizeof(cred->device_id),
		ac_http_field(q, "X-AnyConnect-Identifier-Device-UniqueID"));
	if (cred->group[0] == '\0')
		snprintf(cred->group, sizeof(cred->group), "%s", group_of_path(ac));
	if (cred->group[0] != '\0')
		memcpy(ac->group, cred->group, sizeof(ac->group));
}

static enum ac_ev
on_token(struct mst_ac *ac, struct ac_text token)
{
	if (token.len == 0)
		return fault(ac, MST_AC_F_TOKEN);
	if (ac_login_set_bearer(&ac->login, token) < 0)
		return fault(ac, MST_AC_F_NO_MEMORY);
	return to_check(ac, AC_BY_TOKEN);
}

// Absent where a token is no way to sign in.
static struct ac_text
token_of(const struct mst_ac *ac)
{
	if (!ac_offers_token(ac))
		return (struct ac_text){0};
	return ac_bearer_find(ac_http_field(&ac->http.req, "Authorization"));
}

// ---- requests -----------------------------------------------------------------------------------
static enum ac_ev
on_get(struct mst_ac *ac)
{
	const struct ac_request *q = &ac->http.req;
	struct ac_text token = token_of(ac);

	if (q->old)
		return AC_EV_PROBE;
	if (token.p != NULL && ac->show == AC_BODY_FULL && is_login_path(q->path)) {
		take_fields(ac);
		return on_token(ac, token);
	}
	if (!is_vpn_client(q))
		return ac_text_is(q->path, "/") ? AC_EV_PROBE : fault(ac, MST_AC_F_UNKNOWN_URL);
	if (!ac_text_is(q->path, "/") && !ac_text_is(q->path, "/auth") && !ac_text_is(q->path, "/VPN") &&
		group_of_path(ac)[0] == '\0')
		return fault(ac, MST_AC_F_UNKNOWN_URL);
	take_fields(ac);
	return what_is_next(ac);
}

bool
ac_count_try(struct mst_ac *ac)
{
	return ++ac->tries >= ac->params.max_tries;
}

static enum ac_ev
on_filled_form(struct mst_ac *ac)
{
	const struct mst_ac_credentials *cred = &ac->login.cred;

	if (cred->user[0] != '\0' && !ac->login.have[AC_LOGIN_password])
		return AC_EV_USER;
	// An empty password is never passed on: to a directory it can mean "anonymous, welcome" (RFC 4513
	// section 5.1.2).
	if (cred->user[0] == '\0' || cred->password[0] == '\0')
		return ac_count_try(ac) ? AC_EV_LAST_BLANK : AC_EV_BLANK;
	return to_check(ac, AC_BY_FORM);
}

// To a question that was put on another connection: it has the handle, and names nobody.
static bool
is_answer_from_elsewhere(const struct mst_ac *ac)
{
	const struct ac_login *l = &ac->login;

	return l->cred.handle[0] != '\0' && !l->have[AC_LOGIN_user];
}

// Some clients call every answer a password.
static enum ac_ev
on_answer(struct mst_ac *ac)
{
	struct mst_ac_credentials *cred = &ac->login.cred;

	if (!ac->login.have[AC_LOGIN_answer])
		memcpy(cred->answer, cred->password, sizeof(cred->answer));
	if (cred->answer[0] == '\0')
		return ac_count_try(ac) ? AC_EV_LAST_BLANK : AC_EV_BLANK;
	if (ac->state == AC_ST_OPEN)
		ac->by = AC_BY_FORM; // nothing else asks
	return AC_EV_ANSWER;
}

static void
take_handle(struct mst_ac *ac)
{
	struct ac_text handle = ac_cookie_find(ac_http_field(&ac->http.req, "Cookie"), "webvpncontext");
	struct mst_ac_credentials *cred = &ac->login.cred;

	if (handle.len < sizeof(cred->handle) && ac_cookie_is_ours(handle))
		memcpy(cred->handle, handle.p, handle.len);
}

static enum ac_ev
on_post(struct mst_ac *ac)
{
	struct ac_text token = token_of(ac);
	enum mst_ac_fault f = MST_AC_F_NONE;

	if (!is_login_path(ac->http.req.path))
		return fault(ac, MST_AC_F_UNKNOWN_URL);
	ac_login_wipe(&ac->login);
	// A token needs no document beside it.
	if (token.p == NULL || ac->http.body.len > 0)
		f = ac_login_parse(&ac->login, ac->http.body.data, ac->http.body.len);
	if (f != MST_AC_F_NONE)
		return fault(ac, f);
	if (ac->login.cert_failed)
		ac->no_certificate = true;
	take_fields(ac);
	if (token.p != NULL)
		return on_token(ac, token);
	take_handle(ac);
	if (ac->state == AC_ST_ASKED && ac->login.kind == AC_LOGIN_REPLY)
		return on_answer(ac);
	if (ac->login.kind == AC_LOGIN_INIT || !ac_offers_form(ac))
		return what_is_next(ac);
	return is_answer_from_elsewhere(ac) ? on_answer(ac) : on_filled_form(ac);
}

static enum ac_ev
on_connect(struct mst_ac *ac)
{
	const struct ac_request *q = &ac->http.req;

	// One client of the family leaves the slash out.
	if (!ac_text_is(q->target, "/CSCOSSLC/tunnel") && !ac_text_is(q->target, "CSCOSSLC/tunnel"))
		return fault(ac, MST_AC_F_UNKNOWN_URL);
	ac_tunnel_request(&ac->connect, q);
	return AC_EV_CONNECT;
}

// HAProxy's way to ask whether somebody serves, where its operator names no other.
static enum ac_ev
on_options(struct mst_ac *ac)
{
	ac->show = AC_BODY_NONE;
	return ac_text_is(ac->http.req.target, "/") ? AC_EV_PROBE : fault(ac, MST_AC_F_UNKNOWN_URL);
}

enum ac_ev
ac_classify(struct mst_ac *ac)
{
	ac->show = AC_BODY_FULL;
	switch (ac->http.req.method) {
	case AC_METHOD_HEAD:
		ac->show = AC_BODY_HEAD_ONLY;
		return on_get(ac);
	case AC_METHOD_GET:
		return on_get(ac);
	case AC_METHOD_POST:
		return on_post(ac);
	case AC_METHOD_CONNECT:
		return on_connect(ac);
	case AC_METHOD_OPTIONS:
		return on_options(ac);
	case AC_METHOD_OTHER:
		break;
	}
	return fault(ac, MST_AC_F_UNKNOWN_URL);
}
