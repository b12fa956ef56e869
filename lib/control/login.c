// Accepted sign-ins: what a cookie stands for. Lookup by cookie, App-ID, user and session, and how they end.
// Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <rte_jhash.h>

#include "mst_exception.h"

#include "control.h"

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

// Only the hash of a cookie is kept and looked up by: what is compared says nothing of the cookie (RFC 6265
// has no word on it; the cookie is a credential).
static bool
cookie_hash(const char *text, uint8_t out[32])
{
	uint8_t raw[CONTROL_COOKIE_BYTES];
	unsigned int len = 32;
	bool ok;

	if (mst_parse_hex(text, strlen(text), raw, sizeof(raw)) < 0)
		return false;
	ok = EVP_Digest(raw, sizeof(raw), out, &len, EVP_sha256(), NULL) == 1;
	mst_wipe(raw, sizeof(raw));
	return ok;
}

int
control_login_create(struct mst_control *c, const struct mst_auth_result *r, char *cookie_text, size_t cap,
	struct control_login **out)
{
	struct mst_str text = mst_str_init(cookie_text, cap);
	uint8_t cookie[CONTROL_COOKIE_BYTES];
	struct control_login *l;

	if (c->n_logins >= c->max_logins) {
		CONTROL_COUNT(c, login_full);
		return -ENOSPC;
	}
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	mst_random(cookie, sizeof(cookie));
	mst_str_add_hex(&text, cookie, sizeof(cookie));
	mst_wipe(cookie, sizeof(cookie));
	if (text.err || !cookie_hash(cookie_text, l->cookie_hash)) {
		free(l);
		return -EINVAL;
	}
	snprintf(l->user, sizeof(l->user), "%s", r->user);
	snprintf(l->group, sizeof(l->group), "%s", r->n_groups != 0 ? r->groups[0] : "");
	l->signed_in_ns = mst_now_ns();
	l->away_since_ns = l->signed_in_ns;
	LIST_INSERT_HEAD(&c->by_cookie[bucket_of(c, l->cookie_hash)], l, by_cookie);
	LIST_INSERT_HEAD(bucket_of_user(c, l->user), l, by_user);
	TAILQ_INSERT_TAIL(&c->logins, l, all);
	c->n_logins++;
	l->c = c;
	mst_wheel_timer_init(&l->look, control_look, l);
	control_look_arm(l);
	*out = l;
	return 0;
}

struct control_login *
control_login_by_cookie(struct mst_control *c, const char *cookie_text)
{
	struct control_login *l;
	uint8_t hash[32];

	if (!cookie_hash(cookie_text, hash))
		return NULL;
	LIST_FOREACH(l, &c->by_cookie[bucket_of(c, hash)], by_cookie)
	{
		if (mst_ct_equal(l->cookie_hash, hash, sizeof(hash)))
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

int
control_login_open(struct control_login *l, const struct mst_session_info *info, uint16_t mtu)
{
	struct mst_control *c = l->c;

	MST_TRY(mst_session_open(&l->session, info, mtu));
	l->session->owner = l;
	l->last_data_ns = mst_now_ns(); // a cookie may have waited long for its first CONNECT
	LIST_INSERT_HEAD(&c->by_id[l->session->id & c->login_mask], l, by_id);
	return 0;
}

void
control_login_drop_app_id(struct control_login *l)
{
	if (l->has_app_id)
		LIST_REMOVE(l, by_app_id);
	l->has_app_id = false;
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
control_login_end(struct mst_control *c, struct control_login *l, const char *text)
{
	struct control_conn *conn = l->conn;

	MST_LOG(INFO, "control", "session of %s ends: %s", l->user, text);
	if (l->handshake != NULL)
		control_handshake_end(l->handshake);
	control_login_drop_app_id(l);
	control_roam_forget(l);
	LIST_REMOVE(l, by_cookie);
	LIST_REMOVE(l, by_user);
	mst_wheel_stop(&l->look);
	TAILQ_REMOVE(&c->logins, l, all);
	c->n_logins--;
	if (l->session != NULL) {
		LIST_REMOVE(l, by_id);
		control_login_set_mtu(l, UINT16_MAX); // the address goes to others
		mst_session_close(l->session);
	}
	mst_wipe(l, sizeof(*l));
	free(l);
	if (conn != NULL) {
		conn->login = NULL;
		control_stream_disconnect(conn, text);
	}
}
