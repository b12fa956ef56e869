// Accepted sign-ins: what a cookie stands for. Lookup by cookie and by App-ID, the ways they end, and the
// walk over all of them that ends the idle and the absent. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "mst_exception.h"

#include "control.h"

// Steps of the walk a tick: every login is seen about once a second at ten ticks a second.
#define TICKS_PER_S 10
#define SWEEP_MIN 16

// A device that sends by CSTP while its association is silent for so long has lost its UDP path.
#define PATH_SILENT_NS (2 * MST_NS_PER_S)

static uint32_t
bucket_of(const uint8_t *uniform)
{
	uint32_t v;

	memcpy(&v, uniform, sizeof(v));
	return v & (CONTROL_HASH_BUCKETS - 1);
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
	LIST_INSERT_HEAD(&c->by_cookie[bucket_of(l->cookie_hash)], l, by_cookie);
	TAILQ_INSERT_TAIL(&c->logins, l, all);
	c->n_logins++;
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
	LIST_FOREACH(l, &c->by_cookie[bucket_of(hash)], by_cookie)
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
	LIST_FOREACH(l, &c->by_app_id[bucket_of(id)], by_app_id)
	{
		if (mst_ct_equal(l->app_id, id, CONTROL_APP_ID_BYTES))
			return l;
	}
	return NULL;
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
	LIST_INSERT_HEAD(&c->by_app_id[bucket_of(l->app_id)], l, by_app_id);
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
	LIST_REMOVE(l, by_cookie);
	if (c->sweep == l)
		c->sweep = TAILQ_NEXT(l, all);
	TAILQ_REMOVE(&c->logins, l, all);
	c->n_logins--;
	if (l->session != NULL) {
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

// Newest authenticated record of the association, as the tick saw it.
static void
watch_association(struct mst_control *c, struct control_login *l, uint64_t now_ns)
{
	struct mst_session *s = l->session;
	struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_relaxed);
	uint8_t path = atomic_load_explicit(&s->path, memory_order_relaxed);
	uint64_t rx;

	if (sa == NULL)
		return;
	rx = atomic_load_explicit(&sa->rx_packets, memory_order_relaxed);
	if (rx != l->seen_sa_rx) {
		l->seen_sa_rx = rx;
		l->sa_rx_ns = now_ns;
		if (path == MST_PATH_STREAM) {
			mst_session_set_path(s, MST_PATH_DTLS);
			CONTROL_COUNT(c, path_to_dtls);
		}
		return;
	}
	// Stray CSTP data while DTLS works must not turn the path: only data that came in a long DTLS silence does.
	if (path == MST_PATH_DTLS && now_ns - l->sa_rx_ns > PATH_SILENT_NS &&
		s->last_stream_rx_ns > l->sa_rx_ns + PATH_SILENT_NS / 2) {
		mst_session_set_path(s, MST_PATH_STREAM);
		CONTROL_COUNT(c, path_to_stream);
	}
}

// What was seen stays with the login: the next association starts without a time, and must not make a busy session
// look idle.
static void
note_use(struct control_login *l, uint64_t now_ns)
{
	struct mst_sa *sa = atomic_load_explicit(&l->session->sa, memory_order_relaxed);
	uint64_t tsc = sa != NULL ? atomic_load_explicit(&sa->last_data_tsc, memory_order_relaxed) : 0;
	uint64_t at = l->session->last_stream_data_ns;

	if (at > l->last_data_ns)
		l->last_data_ns = at;
	if (tsc != 0) {
		// The worker's stamp can be ahead of ours: a counter may be read before the line it is
		// compared with has arrived.
		uint64_t now_tsc = rte_get_tsc_cycles();
		double age_s = now_tsc > tsc ? (double)(now_tsc - tsc) / (double)rte_get_tsc_hz() : 0;

		at = now_ns - (uint64_t)(age_s * (double)MST_NS_PER_S);
		if (at > l->last_data_ns && at <= now_ns)
			l->last_data_ns = at;
	}
}

// May end the login.
static void
tick_one(struct mst_control *c, struct control_login *l, uint64_t now_ns)
{
	const struct mst_conf *conf = c->conf;

	if (l->conn == NULL && now_ns - l->away_since_ns > conf->timeouts.cookie_s * MST_NS_PER_S) {
		CONTROL_COUNT(c, end_cookie);
		control_login_end(c, l, "device did not come back");
		return;
	}
	if (conf->timeouts.session_s != 0 &&
		now_ns - l->signed_in_ns > conf->timeouts.session_s * MST_NS_PER_S) {
		CONTROL_COUNT(c, end_limit);
		control_login_end(c, l, "Session time limit reached");
		return;
	}
	if (l->session == NULL)
		return;
	note_use(l, now_ns);
	if (conf->timeouts.idle_s != 0 && now_ns > l->last_data_ns + conf->timeouts.idle_s * MST_NS_PER_S) {
		CONTROL_COUNT(c, end_idle);
		control_login_end(c, l, "Idle timeout");
		return;
	}
	watch_association(c, l, now_ns);
	if (l->conn != NULL)
		control_stream_tick(l->conn, now_ns);
}

void
control_login_tick(struct mst_control *c, uint64_t now_ns)
{
	uint32_t steps = c->n_logins / TICKS_PER_S + SWEEP_MIN;

	if (steps > c->n_logins)
		steps = c->n_logins;
	for (uint32_t i = 0; i < steps; i++) {
		struct control_login *l = c->sweep != NULL ? c->sweep : TAILQ_FIRST(&c->logins);

		if (l == NULL)
			return;
		c->sweep = TAILQ_NEXT(l, all);
		tick_one(c, l, now_ns);
	}
}
