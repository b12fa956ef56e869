// Accepted sign-ins: what a cookie stands for. How they begin, lookup by cookie, App-ID, user and session, and how they
// end. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_jhash.h>

#include "mst_exception.h"

#include "terms.h"

static uint32_t
bucket_of(const struct mst_control *c, const uint8_t *uniform)
{
	uint32_t v;

	memcpy(&v, uniform, sizeof(v));
	return v & c->login_mask;
}

// Of the whole field: rte_jhash reads words, also where the last one is not all the name's.
static struct control_login_bucket *
bucket_of_user(const struct mst_control *c, const char *user)
{
	char name[MST_SESSION_NAME_BYTES] = "";

	snprintf(name, sizeof(name), "%s", user);
	return &c->by_user[rte_jhash(name, sizeof(name), c->hash_seed) & c->login_mask];
}

const struct control_end_row control_ends[] = {
#define X(id, counter, log, text) {offsetof(struct mst_control_counters, counter), log, text},
	CONTROL_ENDS(X)
#undef X
};

// ---- begin --------------------------------------------------------------------------------------
// Beside self, which may be NULL.
static bool
may_have_one(struct mst_control *c, const char *user, const struct control_login *self)
{
	uint32_t left = c->conf->limits.same_user;

	if (left == 0)
		return true;
	for (const struct control_login *l = control_login_by_user(c, user, NULL); l != NULL && left != 0;
		l = control_login_by_user(c, user, l))
		left -= l != self;
	return left != 0;
}

bool
control_login_is_full(const struct mst_control *c)
{
	return c->n_logins >= mst_session_capacity();
}

static int
open_session(struct control_login *l, const struct mst_cookie *cookie, const struct mst_net *range,
	struct control_login *before)
{
	struct mst_session_info info = {.remote = cookie->remote};
	uint16_t mtu = (uint16_t)l->c->conf->network.mtu; // CONNECT will tell
	int ret;

	snprintf(info.user, sizeof(info.user), "%s", cookie->user);
	snprintf(info.group, sizeof(info.group), "%s", cookie->group);
	if (before != NULL) {
		uint32_t addr4 = before->session->addr4;

		mst_session_leave_address(before->session);
		control_login_end(l->c, before, CONTROL_END_TAKEN);
		ret = mst_session_open_left(&l->session, addr4, &info, mtu);
	} else if (cookie->addr4.family == 4)
		ret = mst_session_open_at(&l->session, mst_ip4_host(&cookie->addr4), &info, mtu);
	else
		ret = mst_session_open_in(&l->session, range, &info, mtu);
	if (ret < 0)
		return ret;
	l->session->has6 = false; // CONNECT will tell
	l->session->owner = l;
	return 0;
}

static void
take_names(struct control_login *l, const struct mst_cookie *cookie)
{
	snprintf(l->user, sizeof(l->user), "%s", cookie->user);
	snprintf(l->group, sizeof(l->group), "%s", cookie->group);
	snprintf(l->device, sizeof(l->device), "%s", cookie->device);
	memcpy(l->certificate, cookie->certificate, sizeof(l->certificate));
	l->signed_in_from = cookie->remote;
	memcpy(l->host, cookie->host, sizeof(l->host));
	l->wished = cookie->wished;
	l->idle_s = cookie->idle_s;
}

// The cookie speaks of the calendar, a login's limits are of the clock that nobody sets.
static void
take_times(struct control_login *l, const struct mst_cookie *cookie)
{
	int64_t now_ns = (int64_t)mst_now_ns();
	int64_t now_unix_s = (int64_t)time(NULL);

	l->issued_unix_s = cookie->issued_unix_s;
	l->expires_unix_s = cookie->expires_unix_s;
	l->expires_with_proof = cookie->expires_with_proof;
	l->signed_in_ns = now_ns - (now_unix_s - (int64_t)cookie->issued_unix_s) * (int64_t)MST_NS_PER_S;
	l->expires_ns = INT64_MAX;
	if (cookie->expires_unix_s != 0)
		l->expires_ns =
			now_ns + ((int64_t)cookie->expires_unix_s - now_unix_s) * (int64_t)MST_NS_PER_S;
	l->away_since_ns = l->last_data_ns = (uint64_t)now_ns;
}

void
control_login_say(const struct control_login *l, struct mst_cookie *out)
{
	const struct mst_session *s = l->session;

	memset(out, 0, sizeof(*out));
	memcpy(out->id, l->cookie_id, sizeof(out->id));
	out->issued_unix_s = l->issued_unix_s;
	out->expires_unix_s = l->expires_unix_s;
	out->expires_with_proof = l->expires_with_proof;
	out->policy = l->c->conf->cookie.policy;
	out->idle_s = l->idle_s;
	out->addr4 = mst_ip4_from_host(s->addr4);
	if (mst_session_table_.has6) {
		out->addr6.family = 6;
		memcpy(out->addr6.bytes, s->addr6, sizeof(s->addr6));
	}
	out->remote = l->signed_in_from;
	memcpy(out->host, l->host, sizeof(out->host));
	memcpy(out->certificate, l->certificate, sizeof(out->certificate));
	out->wished = l->wished;
	snprintf(out->user, sizeof(out->user), "%s", l->user);
	snprintf(out->group, sizeof(out->group), "%s", l->group);
	snprintf(out->device, sizeof(out->device), "%s", l->device);
	if (gethostname(out->server, sizeof(out->server)) != 0)
		out->server[0] = '\0';
	out->server[sizeof(out->server) - 1] = '\0';
}

static void
note(const struct control_login *l, enum mst_cookie_known known)
{
	struct mst_cookie cookie;

	control_login_say(l, &cookie);
	mst_cookie_ledger_note(l->c->ledger, &cookie, known, (uint64_t)time(NULL));
}

// range: where an address is taken from, unless the cookie names one; NULL: from what is in none. before: who has the one
// that it must be, and ends; NULL: nobody.
static int
make(struct mst_control *c, const struct mst_cookie *cookie, const struct mst_net *range,
	struct control_login *before, struct control_login **out)
{
	struct control_login *l = calloc(1, sizeof(*l));
	int ret;

	if (l == NULL)
		return -ENOMEM;
	l->c = c;
	memcpy(l->cookie_id, cookie->id, sizeof(l->cookie_id));
	take_names(l, cookie);
	take_times(l, cookie);
	ret = open_session(l, cookie, range, before);
	if (ret < 0) {
		free(l);
		return ret;
	}
	LIST_INSERT_HEAD(&c->by_cookie[bucket_of(c, l->cookie_id)], l, by_cookie);
	LIST_INSERT_HEAD(&c->by_id[l->session->id & c->login_mask], l, by_id);
	LIST_INSERT_HEAD(bucket_of_user(c, l->user), l, by_user);
	TAILQ_INSERT_TAIL(&c->logins, l, all);
	c->n_logins++;
	mst_wheel_timer_init(&l->look, control_look, l);
	*out = l;
	return 0;
}

int
control_login_restore(struct mst_control *c, const struct mst_cookie *cookie, struct control_login **out)
{
	MST_TRY(make(c, cookie, NULL, NULL, out));
	(*out)->nameless = true;
	(*out)->has_connected = true;
	note(*out, MST_COOKIE_LIVES);
	control_look_arm(*out);
	return 0;
}

int
control_login_name(struct control_login *l, const struct mst_cookie *cookie)
{
	struct mst_session_info info = *l->session->info;

	if (!may_have_one(l->c, cookie->user, l))
		return -EDQUOT;
	LIST_REMOVE(l, by_user);
	take_names(l, cookie);
	take_times(l, cookie); // the ledger knows an end of every cookie, a session need not have one
	LIST_INSERT_HEAD(bucket_of_user(l->c, l->user), l, by_user);
	l->nameless = false;
	snprintf(info.user, sizeof(info.user), "%s", l->user);
	snprintf(info.group, sizeof(info.group), "%s", l->group);
	mst_session_set_info(l->session, &info);
	return 0;
}

// The first of the ends that configuration, source of identities and what was shown have set.
static void
set_expiry(struct control_login *l, const struct mst_auth_result *r)
{
	uint64_t limit_s = control_terms(l).session_ns / MST_NS_PER_S;
	uint64_t end_unix_s;

	if (r->session_s != 0 && (limit_s == 0 || r->session_s < limit_s))
		limit_s = r->session_s;
	end_unix_s = limit_s != 0 ? l->issued_unix_s + limit_s : 0;
	l->expires_with_proof = r->expires_unix_s != 0 && (end_unix_s == 0 || r->expires_unix_s < end_unix_s);
	l->expires_unix_s = l->expires_with_proof ? r->expires_unix_s : end_unix_s;
}

static int
seal(struct control_login *l, const struct mst_auth_result *r, char text[MST_COOKIE_TEXT_BYTES])
{
	struct mst_cookie cookie;

	set_expiry(l, r);
	control_login_say(l, &cookie);
	take_times(l, &cookie);
	note(l, MST_COOKIE_LIVES);
	control_look_arm(l);
	return mst_cookie_seal(l->c->keys, l->issued_unix_s, &cookie, text);
}

int
control_login_create(struct mst_control *c, const struct mst_auth_result *r,
	const struct control_arrival *from, char cookie_text[MST_COOKIE_TEXT_BYTES],
	struct control_login **out)
{
	struct mst_cookie cookie = {
		.issued_unix_s = (uint64_t)time(NULL),
		.idle_s = r->idle_s,
		.remote = from->remote,
	};
	const char *group = r->n_groups != 0 ? r->groups[0] : "";
	const struct mst_net *range = mst_conf_addresses_of(c->conf, from->host, r->user, group);
	struct control_login *before = NULL;
	struct control_login *l;
	int ret = control_address_wish(r, &cookie);

	if (ret == 0)
		before = control_address_holder(c, r->user, &cookie, range);
	if (!may_have_one(c, r->user, before)) {
		CONTROL_COUNT(c, login_same_user);
		control_event_refused(c, r->user, &from->remote, "the user has as many sessions as may be");
		return -EDQUOT;
	}
	mst_random(cookie.id, sizeof(cookie.id));
	mst_cookie_host(from->host, cookie.host);
	snprintf(cookie.user, sizeof(cookie.user), "%s", r->user);
	snprintf(cookie.group, sizeof(cookie.group), "%s", group);
	snprintf(cookie.device, sizeof(cookie.device), "%.63s", r->device_id);
	memcpy(cookie.certificate, r->certificate, sizeof(cookie.certificate));
	if (ret == 0)
		ret = make(c, &cookie, range, before, &l);
	if (ret == -EADDRNOTAVAIL || ret == -EADDRINUSE)
		control_address_refused(c, r, from, range);
	MST_TRY(ret);
	snprintf(l->session->info->host, sizeof(l->session->info->host), "%.63s", from->host);
	ret = seal(l, r, cookie_text);
	if (ret < 0)
		control_login_end(c, l, CONTROL_END_LOST);
	else
		*out = l;
	return ret;
}

// ---- lookup -------------------------------------------------------------------------------------
struct control_login *
control_login_by_cookie(struct mst_control *c, const uint8_t id[MST_COOKIE_ID_BYTES])
{
	struct control_login *l;

	LIST_FOREACH(l, &c->by_cookie[bucket_of(c, id)], by_cookie)
	{
		if (mst_ct_equal(l->cookie_id, id, sizeof(l->cookie_id)))
			return l;
	}
	return NULL;
}

struct control_login *
control_login_by_app_id(struct mst_control *c, const uint8_t *id, size_t len)
{
	struct control_login *l;

	if (len != CONTROL_APP_ID_BYTES)
		return NULL;
	LIST_FOREACH(l, &c->by_app_id[bucket_of(c, id)], by_app_id)
	{
		if (mst_ct_equal(l->app_id, id, CONTROL_APP_ID_BYTES))
			return l;
	}
	return NULL;
}

struct control_login *
control_login_by_id(struct mst_control *c, uint32_t session_id)
{
	struct control_login *l;

	LIST_FOREACH(l, &c->by_id[session_id & c->login_mask], by_id)
	{
		if (l->session->id == session_id)
			return l;
	}
	return NULL;
}

struct control_login *
control_login_by_user(struct mst_control *c, const char *user, const struct control_login *after)
{
	struct control_login *l =
		after != NULL ? LIST_NEXT(after, by_user) : LIST_FIRST(bucket_of_user(c, user));

	while (l != NULL && strcmp(l->user, user) != 0)
		l = LIST_NEXT(l, by_user);
	return l;
}

void
control_login_drop_app_id(struct control_login *l)
{
	if (l->has_app_id)
		LIST_REMOVE(l, by_app_id);
	l->has_app_id = false;
	l->legacy_suite = 0;
	mst_secret_wipe(&l->psk);
}

void
control_login_new_app_id(struct mst_control *c, struct control_login *l)
{
	control_login_drop_app_id(l);
	mst_random(l->app_id, sizeof(l->app_id));
	LIST_INSERT_HEAD(&c->by_app_id[bucket_of(c, l->app_id)], l, by_app_id);
	l->has_app_id = true;
}

static void
route_mtu(const struct mst_ip *addr, uint16_t mtu)
{
	char text[MST_IP_TEXT_BYTES];
	int ret = mst_exception_device_mtu(addr, mtu);

	if (ret < 0)
		MST_LOG(WARNING, "control", "route of %s with MTU %u: %s", mst_ip_format(addr, text), mtu,
			strerror(-ret));
}

void
control_login_set_mtu(struct control_login *l, uint16_t mtu)
{
	const struct mst_session *s = l->session;
	struct mst_ip addr4 = mst_ip4_from_host(s->addr4);
	struct mst_ip addr6 = {.family = 6};
	uint16_t route = mtu < mst_exception_tun_mtu() ? mtu : 0;

	if (route == l->route_mtu)
		return;
	l->route_mtu = route;
	route_mtu(&addr4, route);
	memcpy(addr6.bytes, s->addr6, sizeof(s->addr6));
	if (mst_session_table_.has6)
		route_mtu(&addr6, route);
}

void
control_login_end(struct mst_control *c, struct control_login *l, enum control_end why)
{
	const struct control_end_row *row = &control_ends[why];
	struct control_conn *conn = l->conn;

	MST_LOG(INFO, "control", "session %u of %s ends: %s", l->session->id, l->nameless ? "?" : l->user,
		row->log);
	control_event_of(l, "end", row->log);
	(*(uint64_t *)((char *)&c->counters + row->counter))++;
	if (why != CONTROL_END_STOP)
		note(l, MST_COOKIE_ENDED);
	if (l->handshake != NULL)
		control_handshake_end(l->handshake);
	control_account_stop(l, why);
	control_login_drop_app_id(l);
	control_roam_forget(l);
	LIST_REMOVE(l, by_cookie);
	LIST_REMOVE(l, by_user);
	LIST_REMOVE(l, by_id);
	mst_wheel_stop(&l->look);
	TAILQ_REMOVE(&c->logins, l, all);
	c->n_logins--;
	control_login_set_mtu(l, UINT16_MAX); // the address goes to others
	mst_session_close(l->session);
	mst_wipe(l, sizeof(*l));
	free(l);
	if (conn == NULL)
		return;
	conn->login = NULL;
	if (row->text != NULL)
		control_stream_disconnect(conn, row->text);
	else
		control_conn_close(conn);
}
