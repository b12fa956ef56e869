// CONNECT: cookie to sign-in, sign-in to session (a new one with its address lease, or the one the device
// comes back to), and the answer with the tunnel's parameters. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "terms.h"

#define DTLS_OVERHEAD                                                                                        \
	38 // 13 record header, 8 explicit nonce, 16 tag, 1 type byte: the most of the suites we offer
#define UDP_BYTES 8
#define MTU_MIN4 576
#define MTU_MIN6 1280

struct mtus {
	uint16_t base;
	uint16_t inner;
};

static struct mtus
choose_mtus(const struct control_conn *conn, const struct mst_ac_connect_request *r, uint32_t link)
{
	uint32_t base = link;
	uint32_t floor = mst_session_table_.has6 && r->wants_ipv6 ? MTU_MIN6 : MTU_MIN4;
	uint32_t overhead = (conn->remote.family == 4 ? 20u : 40u) + UDP_BYTES + DTLS_OVERHEAD;

	// The device may ask for less, never for more, and never for so little that nothing useful fits.
	if (r->base_mtu != 0 && r->base_mtu < base)
		base = r->base_mtu > floor + overhead ? r->base_mtu : floor + overhead;
	if (base > link)
		base = link;
	return (struct mtus){.base = (uint16_t)base, .inner = (uint16_t)(base - overhead)};
}

// IPv6 needs 1,280 bytes (RFC 8200 5). A device that did not ask for an address is not sent what comes for it, and
// may not use it either.
static bool
gets_ipv6(const struct mst_ac_connect_request *r, const struct mtus *mtu)
{
	return mst_session_table_.has6 && r->wants_ipv6 && mtu->inner >= MTU_MIN6;
}

static void
fill_info(const struct control_conn *conn, const struct control_login *l,
	const struct mst_ac_connect_request *r, struct mst_session_info *info)
{
	memset(info, 0, sizeof(*info));
	snprintf(info->user, sizeof(info->user), "%s", l->user);
	snprintf(info->group, sizeof(info->group), "%s", l->group);
	snprintf(info->host, sizeof(info->host), "%.63s", mst_tls_conn_host(conn->tls));
	snprintf(info->hostname, sizeof(info->hostname), "%.63s", r->hostname);
	snprintf(info->user_agent, sizeof(info->user_agent), "%s", r->user_agent);
	snprintf(info->platform, sizeof(info->platform), "%s", l->platform);
	snprintf(info->device_type, sizeof(info->device_type), "%s", r->device_type);
	snprintf(info->device_id, sizeof(info->device_id), "%s", r->device_id);
	snprintf(info->tls_cipher, sizeof(info->tls_cipher), "%s", mst_tls_conn_cipher(conn->tls));
	info->remote = conn->remote;
	info->connected = true;
	info->connected_unix_s = (uint64_t)time(NULL);
}

// Newest wins. The connection before, if it still stands, is told so, which ends its client: left without a word it
// would come back by the same cookie, and the two would take the session from each other for ever.
static void
take_over(struct control_login *l)
{
	struct control_conn *old = l->conn;

	if (old == NULL)
		return;
	CONTROL_COUNT(old->c, taken_over);
	l->conn = NULL;
	old->login = NULL;
	control_stream_disconnect(old, control_ends[CONTROL_END_TAKEN].text);
}

static void
attach(struct control_conn *conn, struct control_login *l, const struct mst_ac_connect_request *r,
	const struct mtus *mtu)
{
	struct mst_session_info info;

	fill_info(conn, l, r, &info);
	if (l->has_connected) {
		CONTROL_COUNT(conn->c, connect_resumed);
		take_over(l);
		if (l->handshake != NULL)
			control_handshake_end(l->handshake);
		// The old association and App-ID go before the new one is announced, or none.
		control_login_drop_app_id(l);
		control_look_drop_sa(l);
	} else {
		l->last_data_ns = mst_now_ns(); // a cookie may have waited long for its first CONNECT
	}
	l->has_connected = true;
	mst_session_set_info(l->session, &info);
	l->session->mtu = mtu->inner;
	l->session->has6 = gets_ipv6(r, mtu);
	control_login_set_mtu(l, mtu->inner);
	l->n_flight = 0;
	l->conn = conn;
	control_account_start(l);
	conn->login = l;
	mst_session_set_path(l->session, MST_PATH_STREAM);
}

static int
prepare_dtls(struct control_conn *conn, struct control_login *l)
{
	int ret;

	control_login_new_app_id(conn->c, l);
	l->psk.len = MST_TLS_PSK_BYTES;
	ret = mst_tls_conn_export_psk(conn->tls, l->psk.bytes);
	if (ret < 0)
		control_login_drop_app_id(l); // never an App-ID whose key is all zero
	return ret;
}

// The one we like best of what both have, and how the device calls it.
static const struct mst_ac_legacy_suite *
choose_legacy(const struct mst_conf_dtls *conf, const struct mst_ac_connect_request *r, bool *old)
{
	static const enum mst_aead_alg algs[] = {
		[MST_CONF_CIPHER_AES_256_GCM] = MST_AEAD_AES_256_GCM,
		[MST_CONF_CIPHER_AES_128_GCM] = MST_AEAD_AES_128_GCM,
		[MST_CONF_CIPHER_CHACHA20_POLY1305] = MST_AEAD_CHACHA20_POLY1305,
	};
	const struct mst_ac_legacy_suite *s;

	for (uint32_t c = 0; c < conf->n_ciphers; c++)
		for (uint32_t i = 0; (s = mst_ac_legacy_suite_at(i)) != NULL; i++) {
			if (mst_dtls_suite_by_id(s->id)->aead != algs[conf->ciphers[c]] ||
				((r->legacy | r->legacy_old) >> i & 1) == 0)
				continue;
			*old = (r->legacy >> i & 1) == 0;
			return s;
		}
	return NULL;
}

// A client without PSK-NEGOTIATE. What has no AEAD, or is older than DTLS 1.2, is left on CSTP.
static void
offer_legacy(struct control_conn *conn, const struct mst_ac_connect_request *r, struct mst_ac_tunnel *t)
{
	const struct mst_conf *conf = conn->c->conf;
	struct control_login *l = conn->login;
	const struct mst_ac_legacy_suite *s =
		conf->dtls.legacy ? choose_legacy(&conf->dtls, r, &t->legacy_old) : NULL;

	if (s == NULL)
		return;
	control_login_new_app_id(conn->c, l);
	l->legacy_suite = s->id;
	l->psk.len = sizeof(r->master);
	memcpy(l->psk.bytes, r->master, sizeof(r->master));
	t->legacy_suite = t->legacy_old ? s->old_name : s->name;
	t->dtls_port = conf->listen.port;
	t->app_id = l->app_id;
}

static int
answer(struct control_conn *conn, const struct mst_ac_connect_request *r,
	const struct mst_conf_profile *profile, const struct mtus *mtu)
{
	const struct mst_conf *conf = conn->c->conf;
	const struct mst_conf_network *net = &profile->network;
	const struct mst_conf_timeouts *limits = &profile->timeouts;
	struct control_login *l = conn->login;
	const struct mst_session *s = l->session;
	struct mst_ac_tunnel t = {
		.addr4 = mst_ip4_from_host(s->addr4),
		.depth4 = conf->pool.ipv4.depth,
		.mtu = mtu->inner,
		.base_mtu = mtu->base,
		.dns = net->dns,
		.n_dns = net->n_dns,
		.nbns = net->nbns,
		.n_nbns = net->n_nbns,
		.domains = net->domains,
		.n_domains = net->n_domains,
		.split_dns = net->split_dns,
		.n_split_dns = net->n_split_dns,
		.tunnel_all_dns = net->tunnel_all_dns,
		.bypass_protocol = net->bypass_protocol,
		.dynamic_dns = conf->listen.dynamic_dns,
		.pac_url = net->pac_url[0] != '\0' ? net->pac_url : NULL,
		.includes = net->routes,
		.n_includes = net->n_routes,
		.excludes = net->no_routes,
		.n_excludes = net->n_no_routes,
		.dpd_s = limits->dpd_s,
		.keepalive_s = limits->keepalive_s,
		.idle_s = l->idle_s != 0 ? l->idle_s : limits->idle_s,
		.session_s = control_look_whole_s(l),
		.session_left_s = control_look_left_s(l),
		.banner = net->banner[0] != '\0' ? net->banner : NULL,
		.hostname = r->hostname,
		.rekey_s = control_renew_interval_s(conn),
		.rekey_by_tunnel = !mst_tls_conn_can_renew(conn->tls),
	};

	if (s->has6) {
		t.addr6.family = 6;
		memcpy(t.addr6.bytes, s->addr6, sizeof(s->addr6));
		t.depth6 = 128;
	}
	if (conn->c->dtls != NULL && profile->udp && r->psk_negotiate) {
		MST_TRY(prepare_dtls(conn, l));
		t.dtls_port = conf->listen.port;
		t.app_id = l->app_id;
	} else if (conn->c->dtls != NULL && profile->udp) {
		offer_legacy(conn, r, &t);
	}
	control_renew_begin(conn, t.rekey_s, mst_now_ns());
	return mst_ac_connect_accept(conn->ac, &t);
}

static void
reject(struct control_conn *conn, unsigned int status, const char *reason)
{
	if (mst_ac_connect_reject(conn->ac, status, reason) < 0)
		control_conn_close(conn);
	else
		control_answer_flush(conn);
}

// State CONN_HTTP, event MST_AC_CONNECT. The connection may be closed afterwards.
void
control_connect(struct control_conn *conn)
{
	struct mst_control *c = conn->c;
	const struct mst_ac_connect_request *r = mst_ac_connect_request(conn->ac);
	const struct control_arrival from = control_conn_arrival(conn);
	struct mst_conf_profile profile;
	struct control_login *l;
	struct mtus mtu;
	int ret;

	if (r->cookie[0] == '\0') {
		CONTROL_COUNT(c, connect_no_cookie);
		reject(conn, 401, "Sign in first");
		return;
	}
	if (c->draining) {
		CONTROL_COUNT(c, connect_draining);
		reject(conn, 503, "Server is draining");
		return;
	}
	ret = control_comeback(c, r->cookie, &from, &l);
	if (ret == -EACCES) {
		reject(conn, 401, "Cookie is not acceptable");
		return;
	}
	if (ret < 0) {
		CONTROL_COUNT(c, connect_no_address);
		reject(conn, 503, ret == -EADDRNOTAVAIL ? "No address is free" : "Server is out of memory");
		return;
	}
	if (r->platform[0] != '\0')
		snprintf(l->platform, sizeof(l->platform), "%s", r->platform);
	control_terms_profile(l, &profile);
	mtu = choose_mtus(conn, r, profile.network.mtu);
	attach(conn, l, r, &mtu);
	ret = answer(conn, r, &profile, &mtu);
	if (ret < 0) {
		MST_LOG(WARNING, "control", "CONNECT of %s: %s", l->user, strerror(-ret));
		control_conn_close(conn);
		return;
	}
	CONTROL_COUNT(c, connect_ok);
	control_gate_succeeded(conn, l->user);
	control_newcomer_leave(conn);
	conn->state = CONN_TUNNEL;
	conn->last_rx_ns = mst_now_ns();
	control_look_arm(l);
	control_event_of(l, "connect", "");
	MST_LOG(INFO, "control", "session %u of %s is up, %s", l->session->id, l->user,
		mst_tls_conn_cipher(conn->tls));
	control_answer_flush(conn);
}
