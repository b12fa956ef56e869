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

static enum ac_ev
on_get(struct mst_ac *ac)
{
	const struct ac_request *q = &ac->http.req;

	if (!is_vpn_client(q))
		return ac_text_is(q->path, "/") ? AC_EV_PROBE : fault(ac, MST_AC_F_UNKNOWN_URL);
	if (ac_text_is(q->path, "/") || ac_text_is(q->path, "/auth") || ac_text_is(q->path, "/VPN"))
		return AC_EV_FORM;
	return fault(ac, MST_AC_F_UNKNOWN_URL);
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

bool
ac_count_try(struct mst_ac *ac)
{
	return ++ac->tries >= ac->params.max_tries;
}

static enum ac_ev
on_post(struct mst_ac *ac)
{
	const struct ac_request *q = &ac->http.req;
	struct mst_ac_credentials *cred = &ac->login.cred;
	enum mst_ac_fault f;

	if (!is_login_path(q->path))
		return fault(ac, MST_AC_F_UNKNOWN_URL);
	mst_wipe(&ac->login, sizeof(ac->login));
	f = ac_login_parse(&ac->login, ac->http.body.data, ac->http.body.len);
	if (f != MST_AC_F_NONE)
		return fault(ac, f);
	if (ac->login.kind == AC_LOGIN_INIT)
		return AC_EV_FORM;
	if (cred->user[0] != '\0' && !ac->login.have[AC_LOGIN_password])
		return AC_EV_USER;
	// An empty password is never passed on: to a directory it can mean "anonymous, welcome" (RFC 4513
	// section 5.1.2).
	if (cred->user[0] == '\0' || cred->password[0] == '\0')
		return ac_count_try(ac) ? AC_EV_LAST_BLANK : AC_EV_BLANK;
	ac_text_copy_printable(cred->user_agent, sizeof(cred->user_agent), ac_http_field(q, "User-Agent"));
	ac_text_copy_printable(
		cred->platform, sizeof(cred->platform), ac_http_field(q, "X-AnyConnect-Identifier-Platform"));
	return AC_EV_PASSWORD;
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
	case AC_METHOD_OTHER:
		break;
	}
	return fault(ac, MST_AC_F_UNKNOWN_URL);
}
