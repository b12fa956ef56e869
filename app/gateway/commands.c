// What mst-cli's commands do: the data of each reply. Control lcore; nothing here blocks.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "mst_datapath.h"
#include "mst_exception.h"
#include "mst_port.h"
#include "mst_route.h"
#include "mst_rt.h"
#include "mst_session.h"

#include "gateway.h"

#define STAGES_MAX 64
#define HUMAN_BYTES 32
#define PAGE_SESSIONS 256

static void
put_text(json_t *o, const char *key, const char *text)
{
	// What came from a device need not be UTF-8.
	json_t *s = json_string(text);

	json_object_set_new(o, key, s != NULL ? s : json_string("?"));
}

static void
put_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

static void
put_bytes(json_t *o, const char *key, const char *raw_key, uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
	double v = (double)bytes;
	size_t unit = 0;
	char text[HUMAN_BYTES];

	while (v >= 1000.0 && unit + 1 < MST_ARRAY_SIZE(units)) {
		v /= 1000.0;
		unit++;
	}
	snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", v, units[unit]);
	put_text(o, key, text);
	put_number(o, raw_key, bytes);
}

static void
put_time(json_t *o, const char *key, const char *raw_key, time_t t)
{
	char text[HUMAN_BYTES];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_text(o, key, text);
	put_number(o, raw_key, (uint64_t)t);
}

// ---- sessions -----------------------------------------------------------------------------------
static const char *
path_name(uint8_t path)
{
	return path == MST_PATH_DTLS ? "DTLS" : path == MST_PATH_STREAM ? "CSTP" : "away";
}

// null where there is none.
static void
put_expiry(json_t *o, uint64_t unix_s)
{
	if (unix_s != 0) {
		put_time(o, "Expires at", "raw_expires_at", (time_t)unix_s);
		return;
	}
	json_object_set_new(o, "Expires at", json_null());
	json_object_set_new(o, "raw_expires_at", json_null());
}

static json_t *
session_json(const struct gateway *g, const struct mst_session_view *v)
{
	struct mst_ip addr4 = mst_ip4_from_host(v->addr4);
	struct mst_ip addr6 = {.family = 6};
	struct mst_conf_profile profile;
	char text[MST_IP_TEXT_BYTES + 4];
	json_t *o = json_object();

	mst_conf_profile_of(g->conf, v->info.user, v->info.group, v->info.platform, &profile);
	mst_control_session_name(g->control, v->id, text);
	put_text(o, "Session", text);
	put_number(o, "ID", v->id);
	put_text(o, "Username", v->info.user);
	put_text(o, "Groupname", v->info.group);
	put_text(o, "vhost", v->info.host[0] != '\0' ? v->info.host : "default");
	put_text(o, "State", v->info.connected ? "connected" : "away");
	put_text(o, "Device", v->info.platform[0] != '\0' ? v->info.platform : "-");
	put_text(o, "Device type", v->info.device_type[0] != '\0' ? v->info.device_type : "-");
	put_text(o, "Device ID", v->info.device_id[0] != '\0' ? v->info.device_id : "-");
	put_number(o, "MTU", v->mtu);
	put_text(o, "Remote IP", mst_ip_format(&v->info.remote, text));
	put_text(o, "IPv4", mst_ip_format(&addr4, text));
	if (v->has6) {
		memcpy(addr6.bytes, v->addr6, sizeof(v->addr6));
		put_text(o, "IPv6", mst_ip_format(&addr6, text));
	}
	put_text(o, "Range", v->range.ip.family != 0 ? mst_net_format(&v->range, text) : "-");
	put_text(o, "User-Agent", v->info.user_agent);
	put_text(o, "Hostname", v->info.hostname);
	put_text(o, "Path", path_name(v->path));
	put_bytes(o, "RX", "raw_rx", v->rx_bytes);
	put_bytes(o, "TX", "raw_tx", v->tx_bytes);
	put_number(o, "RX packets", v->rx_packets);
	put_number(o, "TX packets", v->tx_packets);
	put_number(o, "DTLS RX packets", v->dtls_rx_packets);
	put_number(o, "DTLS TX packets", v->dtls_tx_packets);
	put_number(o, "DPD", profile.timeouts.dpd_s);
	put_number(o, "KeepAlive", profile.timeouts.keepalive_s);
	put_time(o, "Connected at", "raw_connected_at", (time_t)v->info.connected_unix_s);
	put_expiry(o, mst_control_expires_unix_s(g->control, v->id));
	put_text(o, "TLS ciphersuite", v->info.tls_cipher);
	put_text(o, "DTLS cipher", v->info.dtls_cipher[0] != '\0' ? v->info.dtls_cipher : "-");
	return o;
}

struct filter {
	const char *user; // NULL: any
	uint32_t id;	  // 0: any
	bool connected_only;
	bool away_only;
};

static bool
is_wanted(const struct filter *f, const struct mst_session_view *v)
{
	return (f->user == NULL || strcmp(f->user, v->info.user) == 0) && (f->id == 0 || f->id == v->id) &&
	       (!f->connected_only || v->info.connected) && (!f->away_only || !v->info.connected);
}

static json_t *
sessions_json(const struct gateway *g, const struct filter *f)
{
	json_t *list = json_array();
	struct mst_session_view v;

	for (uint32_t i = 0; mst_session_snapshot(i, &v); i = v.index + 1) {
		if (is_wanted(f, &v))
			json_array_append_new(list, session_json(g, &v));
	}
	return list;
}

// What takes a millisecond or two: 64,000 sessions would keep tunnels waiting for half a second.
static int
page_json(const struct gateway *g, const struct filter *f, const char *start, json_t **data, char *err,
	size_t err_cap)
{
	json_t *list;
	struct mst_session_view v;
	uint32_t looked = 0;
	uint64_t at = 0;

	if (start != NULL && mst_parse_u64(start, strlen(start), 0, UINT32_MAX, &at) < 0) {
		snprintf(err, err_cap, "START: expected the number that a page ended with");
		return -EINVAL;
	}
	list = json_array();
	for (; looked < PAGE_SESSIONS && mst_session_snapshot((uint32_t)at, &v); at = v.index + 1, looked++) {
		if (is_wanted(f, &v))
			json_array_append_new(list, session_json(g, &v));
	}
	*data = json_pack("{s:o, s:I}", "rows", list, "next", (json_int_t)(looked < PAGE_SESSIONS ? 0 : at));
	return 0;
}

static int
some_or_error(json_t *list, json_t **data, char *err, size_t err_cap, const char *what, const char *name)
{
	if (json_array_size(list) == 0) {
		json_decref(list);
		snprintf(err, err_cap, "no %s %s", what, name);
		return -ENOENT;
	}
	*data = list;
	return 0;
}

// ---- status -------------------------------------------------------------------------------------
static void
put_load(json_t *o)
{
	double worst = 0;
	uint64_t sleeps = 0;
	uint64_t woken = 0;
	uint64_t longest_us = 0;

	for (unsigned int w = 0; w < mst_rt_n_workers(); w++) {
		struct mst_worker_stats s;

		mst_datapath_worker_stats(w, &s);
		sleeps += s.sleeps;
		woken += s.woken;
		if (s.longest_sleep_us > longest_us)
			longest_us = s.longest_sleep_us;
		if (s.total_cycles != 0 && (double)s.busy_cycles / (double)s.total_cycles > worst)
			worst = (double)s.busy_cycles / (double)s.total_cycles;
	}
	json_object_set_new(o, "Busiest worker percent", json_integer((json_int_t)(100 * worst + 0.5)));
	put_number(o, "Worker sleeps", sleeps);
	put_number(o, "Worker sleeps ended by a packet", woken);
	put_number(o, "Longest worker sleep us", longest_us);
}

// Of all workers: what went from one to another, and why.
static void
put_handed_over(json_t *o)
{
	uint64_t strays = 0, spread = 0, tx = 0;

	for (unsigned int w = 0; w < mst_rt_n_workers(); w++) {
		struct mst_worker_stats s;

		mst_datapath_worker_stats(w, &s);
		strays += s.handed_strays;
		spread += s.handed_spread;
		tx += s.handed_tx;
	}
	put_number(o, "Handed over: strays", strays);
	put_number(o, "Handed over: software spread", spread);
	put_number(o, "Handed over: to transmit", tx);
}

static void
put_traffic(json_t *o)
{
	uint64_t rx = 0;
	uint64_t tx = 0;

	for (unsigned int i = 0; i < mst_port_count(); i++) {
		struct rte_eth_stats s;

		if (rte_eth_stats_get(mst_port_get(i)->dpdk_id, &s) == 0) {
			rx += s.ibytes;
			tx += s.obytes;
		}
	}
	put_bytes(o, "RX", "raw_rx", rx);
	put_bytes(o, "TX", "raw_tx", tx);
}

static json_t *
status_json(const struct gateway *g, bool statistics)
{
	struct mst_control_counters k;
	struct mst_control_gauges gauges;
	struct mst_session_counts counts;
	json_t *o = json_object();

	mst_control_counters(g->control, &k);
	mst_control_gauges(g->control, &gauges);
	mst_session_counts(&counts);
	put_text(o, "Status", gauges.draining ? "draining" : "online");
	put_text(o, "Version", MST_VERSION);
	put_number(o, "Server PID", (uint64_t)getpid());
	put_number(o, "Sec-mod PID", (uint64_t)mst_control_auth_pid(g->control));
	put_time(o, "Up since", "raw_up_since", g->started_s);
	put_number(o, "Active sessions", gauges.tunnels);
	put_number(o, "DTLS sessions", counts.dtls);
	put_number(o, "Addresses free", counts.leases_free);
	if (!statistics)
		return o;
	put_number(o, "Sessions held", counts.sessions);
	put_number(o, "Total sessions", counts.opened);
	put_number(o, "Sessions handled", counts.closed);
	put_number(o, "Timed out (idle) sessions", k.end_idle);
	put_number(o, "Timed out sessions", k.end_limit + k.end_expired + k.end_cookie);
	put_number(o, "Total authentication failures", k.auth_failed);
	put_number(o, "Sign-ins", k.auth_ok);
	put_number(o, "TLS handshakes", k.tls_done);
	put_number(o, "DTLS handshakes", k.dtls_done);
	put_number(o, "Half-open connections", gauges.half_open);
	put_number(o, "Workers", mst_rt_n_workers());
	put_load(o);
	put_handed_over(o);
	put_traffic(o);
	gateway_put_certificate(g, o);
	put_text(o, "Crypto engine", mst_crypto_engine());
	return o;
}

// ---- tables -------------------------------------------------------------------------------------
static json_t *
cycles_json(void)
{
	json_t *list = json_array();

	for (unsigned int w = 0; w < mst_rt_n_workers(); w++) {
		struct mst_stage_stats rows[STAGES_MAX];
		unsigned int n = mst_datapath_stages(w, rows, STAGES_MAX);

		for (unsigned int i = 0; i < n; i++) {
			const struct mst_stage_stats *s = &rows[i];
			json_t *o = json_object();

			put_number(o, "worker", w);
			put_text(o, "pipeline", s->pipeline);
			put_text(o, "stage", s->stage);
			put_number(o, "calls", s->calls);
			put_number(o, "packets", s->packets);
			json_object_set_new(o, "packets_per_call",
				json_real(s->calls != 0 ? (double)s->packets / (double)s->calls : 0));
			json_object_set_new(o, "cycles_per_packet",
				json_real(s->packets != 0 ? (double)s->cycles / (double)s->packets : 0));
			json_array_append_new(list, o);
		}
	}
	return list;
}

static json_t *
counter_json(const char *name, const char *help, uint64_t packets)
{
	json_t *o = json_object();

	put_text(o, "name", name);
	put_text(o, "help", help);
	put_number(o, "packets", packets);
	return o;
}

static json_t *
verdicts_json(bool drops)
{
	json_t *list = json_array();

	for (unsigned int v = 0; v < mst_verdict_count(); v++) {
		uint64_t n = 0;

		if (mst_verdict_is_drop(v) != drops)
			continue;
		for (unsigned int w = 0; w < mst_rt_n_workers(); w++)
			n += mst_datapath_verdicts(w, v);
		json_array_append_new(list, counter_json(mst_verdict_name(v), mst_verdict_help(v), n));
	}
	return list;
}

static json_t *
drops_json(const struct gateway *g)
{
	json_t *list = verdicts_json(true);
	struct mst_control_counters k;
	struct mst_exception_counters e;

	mst_control_counters(g->control, &k);
	mst_exception_counters(&e);
	json_array_append_new(
		list, counter_json("stream_full", "the device's TCP does not keep up", k.stream_full));
	json_array_append_new(
		list, counter_json("stream_stale", "session or connection gone", k.stream_stale));
	json_array_append_new(
		list, counter_json("inject_full", "a worker's inject ring was full", mst_rt_inject_full()));
	json_array_append_new(
		list, counter_json("kernel_full", "the kernel took no more", e.to_kernel_dropped));
	return list;
}

static json_t *
punt_json(void)
{
	json_t *list = verdicts_json(false);
	struct mst_exception_counters e;
	struct mst_route_counters r;

	mst_exception_counters(&e);
	mst_route_counters(&r);
	json_array_append_new(
		list, counter_json("to_kernel", "written to the taps and the tun", e.to_kernel));
	json_array_append_new(
		list, counter_json("from_kernel", "read from the taps and the tun", e.from_kernel));
	json_array_append_new(list, counter_json("routes", "routes mirrored", r.routes4 + r.routes6));
	json_array_append_new(list, counter_json("neighbours", "neighbours mirrored", r.neighbours));
	return list;
}

static json_t *
ports_json(void)
{
	static const char *const roles[] = {"", "public", "private", "public+private"};
	json_t *list = json_array();

	for (unsigned int i = 0; i < mst_port_count(); i++) {
		const struct mst_port *p = mst_port_get(i);
		char mac[RTE_ETHER_ADDR_FMT_SIZE];
		struct rte_eth_stats s = {0};
		json_t *o = json_object();

		rte_ether_format_addr(mac, sizeof(mac), &p->mac);
		(void)rte_eth_stats_get(p->dpdk_id, &s);
		put_text(o, "role", roles[p->roles & 3]);
		put_text(o, "device", p->device);
		put_text(o, "driver", p->driver);
		put_text(o, "tap", p->tap);
		put_text(o, "exception", p->profile.exception);
		put_text(o, "mac", mac);
		put_number(o, "mtu", p->mtu);
		put_number(o, "rxq", p->n_rxq);
		put_number(o, "txq", p->n_txq);
		put_text(o, "spread", p->spread);
		put_number(o, "rx_packets", s.ipackets);
		put_number(o, "tx_packets", s.opackets);
		put_number(o, "missed", s.imissed);
		put_number(o, "no_mbuf", s.rx_nombuf);
		json_array_append_new(list, o);
	}
	return list;
}

int
gateway_command(void *arg, enum mst_ctl_id id, const char *const *args, size_t n_args, json_t **data,
	char *err, size_t err_cap)
{
	struct gateway *g = arg;
	struct filter f = {0};

	switch (id) {
	case MST_CTL_SERVER_STATUS:
	case MST_CTL_SHOW_STATUS:
		*data = status_json(g, id == MST_CTL_SHOW_STATUS);
		return 0;
	case MST_CTL_SHOW_USERS:
	case MST_CTL_SHOW_SESSIONS:
	case MST_CTL_SHOW_SESSIONS_ALL:
	case MST_CTL_SHOW_SESSIONS_VALID:
	case MST_CTL_SHOW_COOKIES_ALL:
	case MST_CTL_SHOW_COOKIES_VALID:
		f.connected_only = id == MST_CTL_SHOW_USERS;
		f.away_only = id == MST_CTL_SHOW_SESSIONS_VALID || id == MST_CTL_SHOW_COOKIES_VALID;
		return page_json(g, &f, n_args > 0 ? args[0] : NULL, data, err, err_cap);
	case MST_CTL_SHOW_USER:
		f.user = args[0];
		return some_or_error(sessions_json(g, &f), data, err, err_cap, "session of user", args[0]);
	case MST_CTL_SHOW_ID:
		MST_TRY(gateway_parse_id(args[0], &f.id, err, err_cap));
		return some_or_error(sessions_json(g, &f), data, err, err_cap, "session", args[0]);
	case MST_CTL_SHOW_CYCLES:
		*data = cycles_json();
		return 0;
	case MST_CTL_SHOW_DROPS:
		*data = drops_json(g);
		return 0;
	case MST_CTL_SHOW_PUNT:
		*data = punt_json();
		return 0;
	case MST_CTL_SHOW_PORTS:
		*data = ports_json();
		return 0;
	case MST_CTL_SHOW_HOSTS:
		*data = gateway_hosts(g);
		return 0;
	case MST_CTL_SHOW_RANGES:
		return gateway_ranges(g, n_args > 0 ? args[0] : NULL, data, err, err_cap);
	case MST_CTL_SHOW_CERTIFICATE:
	case MST_CTL_SHOW_IP_BANS:
	case MST_CTL_SHOW_BAN_POINTS:
	case MST_CTL_SHOW_EVENTS:
	case MST_CTL_UNBAN_IP:
		return gateway_front(g, id, args, n_args, data, err, err_cap);
	default:
		return gateway_change(g, id, args, n_args, data, err, err_cap);
	}
}
