// Devices that come back by a cookie: to a login that lives, to one that lived when the process before ended, or to none
// that this gateway knows, when another one of the site has issued it. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "terms.h"

// An IPv6 host changes its address within its /64 as it likes (RFC 8981).
bool
control_comeback_is_near(const struct mst_ip *a, const struct mst_ip *b)
{
	const struct mst_net net = {.ip = *a, .depth = a->family == 4 ? 32 : 64};

	return a->family == b->family && mst_net_contains(&net, b);
}

static bool
has_roamed(const struct mst_control *c, const struct mst_cookie *cookie, const struct mst_ip *remote)
{
	return c->conf->cookie.deny_roaming && !control_comeback_is_near(&cookie->remote, remote);
}

// What a session rests on has to be there when it is taken up: the cookie alone is not the certificate's key.
static bool
lacks_certificate(
	const struct mst_conf *conf, const struct mst_cookie *cookie, const struct control_arrival *from)
{
	static const uint8_t none[MST_COOKIE_DIGEST_BYTES];
	struct mst_conf_auth auth;

	_Static_assert(sizeof(none) == sizeof(from->certificate) && sizeof(none) == MST_AUTH_DIGEST_BYTES,
		"one digest");
	if (memcmp(cookie->certificate, none, sizeof(none)) == 0)
		return false;
	if (mst_conf_auth_of(conf, from->host, &auth) == 0 &&
		!(auth.certificate.at_connect && mst_conf_wants_certificates(&auth)))
		return false;
	return !mst_ct_equal(cookie->certificate, from->certificate, sizeof(none));
}

// The client gives up when it does not get its addresses again, so another one is no help to it.
static bool
has_its_addr6(const struct control_login *l, const struct mst_cookie *cookie)
{
	return cookie->addr6.family == 0 ||
	       (mst_session_table_.has6 &&
		       memcmp(l->session->addr6, cookie->addr6.bytes, sizeof(l->session->addr6)) == 0);
}

static int
find_login(struct mst_control *c, const struct mst_cookie *cookie, const struct control_arrival *from,
	struct control_login **out)
{
	struct control_login *l = control_login_by_cookie(c, cookie->id);
	int ret;

	if (l == NULL) {
		// Nobody here knows it: it takes up where the cookie says.
		ret = cookie->addr4.family == 4 ? control_login_restore(c, cookie, &l) : -EADDRINUSE;
		if (ret == -EADDRINUSE)
			mst_cookie_ledger_note(c->ledger, cookie, MST_COOKIE_ENDED, (uint64_t)time(NULL));
		MST_TRY(ret);
	}
	ret = has_its_addr6(l, cookie) ? 0 : -EADDRINUSE;
	if (ret == 0 && !control_address_suits(l, cookie, from))
		ret = -ERANGE;
	if (ret == 0 && l->nameless) {
		ret = control_login_name(l, cookie);
		if (ret == 0)
			CONTROL_COUNT(c, connect_restored);
	}
	if (ret < 0)
		control_login_end(c, l, CONTROL_END_LOST);
	else
		*out = l;
	return ret;
}

static int
refuse(struct mst_control *c, const struct mst_cookie *cookie, const struct mst_ip *remote, const char *why)
{
	char text[MST_IP_TEXT_BYTES];
	char reason[96];

	snprintf(reason, sizeof(reason), "cookie: %s", why);
	control_event_refused(c, cookie->user, remote, reason);
	MST_LOG(NOTICE, "control", "cookie of %s, of %s, from %s refused: %s", cookie->user, cookie->server,
		mst_ip_format(remote, text), why);
	return -EACCES;
}

// Each host has its own rules to sign in by: what one of them gave opens no other, and not the site itself.
static bool
is_of_host(const struct mst_cookie *cookie, const char *host)
{
	uint8_t want[MST_COOKIE_HOST_BYTES];

	mst_cookie_host(host, want);
	return memcmp(cookie->host, want, sizeof(want)) == 0;
}

static int
judge(struct mst_control *c, const struct mst_cookie *cookie, const struct control_arrival *from,
	struct control_login **out)
{
	const struct mst_ip *remote = &from->remote;
	int ret;

	if (!is_of_host(cookie, from->host)) {
		CONTROL_COUNT(c, cookie_host);
		return refuse(c, cookie, remote, "it is of another host");
	}
	if (cookie->policy != c->conf->cookie.policy) {
		CONTROL_COUNT(c, cookie_policy);
		return refuse(c, cookie, remote, "it is of other rules");
	}
	if (has_roamed(c, cookie, remote)) {
		CONTROL_COUNT(c, cookie_roamed);
		return refuse(c, cookie, remote, "it was issued to another address");
	}
	if (lacks_certificate(c->conf, cookie, from)) {
		CONTROL_COUNT(c, cookie_certificate);
		return refuse(c, cookie, remote, "the certificate of its sign-in is not shown");
	}
	if (mst_cookie_ledger_look(c->ledger, cookie, (uint64_t)time(NULL)) == MST_COOKIE_ENDED) {
		CONTROL_COUNT(c, cookie_ended);
		return refuse(c, cookie, remote, "its session has ended");
	}
	ret = find_login(c, cookie, from, out);
	if (ret == -EADDRINUSE) {
		CONTROL_COUNT(c, cookie_no_address);
		return refuse(c, cookie, remote, "its address is another's");
	}
	if (ret == -ERANGE) {
		CONTROL_COUNT(c, cookie_range);
		return refuse(c, cookie, remote, "its address is of another range than its user's");
	}
	if (ret == -EDQUOT) {
		CONTROL_COUNT(c, cookie_same_user);
		return refuse(c, cookie, remote, "the user has as many sessions as may be");
	}
	return ret;
}

// Whether a cookie is ours is said by its tag alone, before anything is looked up by what it says.
int
control_comeback(struct mst_control *c, const char *cookie_text, const struct control_arrival *from,
	struct control_login **out)
{
	struct mst_cookie cookie;
	int ret = mst_cookie_open(c->keys, (uint64_t)time(NULL), cookie_text, &cookie);

	if (ret == -EBADMSG)
		CONTROL_COUNT(c, connect_bad_cookie);
	else if (ret == -EKEYEXPIRED)
		CONTROL_COUNT(c, cookie_over);
	else if (ret == 0)
		return judge(c, &cookie, from, out);
	return ret == -ENOMEM ? -ENOMEM : -EACCES;
}

void
control_comeback_expect(struct mst_control *c)
{
	uint64_t now_unix_s = (uint64_t)time(NULL);
	const struct mst_cookie_entry *e;
	unsigned int n = 0;
	uint32_t at = 0;

	while ((e = mst_cookie_ledger_next(c->ledger, &at, MST_COOKIE_LIVES, now_unix_s)) != NULL) {
		struct mst_cookie cookie = {.issued_unix_s = e->issued_unix_s,
			.expires_unix_s = e->expires_unix_s,
			.addr4 = mst_ip4_from_host(e->addr4)};
		struct control_login *l;

		memcpy(cookie.id, e->id, sizeof(cookie.id));
		if (control_login_restore(c, &cookie, &l) == 0)
			n++;
		else // the pool is another, or smaller
			mst_cookie_ledger_note(c->ledger, &cookie, MST_COOKIE_ENDED, now_unix_s);
	}
	if (n != 0)
		MST_LOG(NOTICE, "control", "%u session(s) wait for their devices to come back", n);
}
