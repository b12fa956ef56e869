// The order of start and stop: each library in the order of the list, undone in reverse. Control lcore.
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mst_crypto.h"
#include "mst_datapath.h"
#include "mst_exception.h"
#include "mst_port.h"
#include "mst_route.h"
#include "mst_rt.h"
#include "mst_session.h"

#include "gateway.h"

#define TUN_NAME "mst-tun"
#define MBUFS_PER_WORKER 16384
#define MBUF_HEADROOM_ROOM 256 // of headers and tag beside the largest packet
#define ROUTES_MAX 65536
#define FILES_SPARE 256	  // of EAL, taps, control socket, log
#define OUTER_OVERHEAD 66 // IPv4 20, UDP 8, DTLS 38: what the outside takes of the link's MTU

static int
start_rt(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_rt_params p = {
		.control_cpu = -1,
		.huge = (enum mst_rt_huge)conf->dpdk.hugepages,
		.memory_mib = conf->dpdk.memory_mib,
		.file_prefix = conf->dpdk.file_prefix,
		.extra_eal = conf->dpdk.extra_eal,
		.n_extra_eal = conf->dpdk.n_extra_eal,
	};
	const struct mst_conf_port *ports[] = {&conf->ports.public, &conf->ports.private};

	if (conf->dpdk.lcores.present) {
		p.control_cpu = (int)conf->dpdk.lcores.control;
		p.n_workers = conf->dpdk.lcores.n_workers;
		for (unsigned int i = 0; i < p.n_workers && i < MST_MAX_WORKERS; i++)
			p.worker_cpus[i] = (int)conf->dpdk.lcores.workers[i];
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(ports); i++) {
		if (ports[i]->present && mst_port_is_pci(ports[i]->device))
			p.needs_pci = true;
	}
	return mst_rt_start(&p, err, err_cap);
}

// The modes that sleep, and so need what wakes.
static bool
workers_sleep(const struct mst_conf *conf)
{
	return conf->dpdk.idle == MST_CONF_IDLE_INTERRUPT || conf->dpdk.idle == MST_CONF_IDLE_AUTO;
}

static int
add_port(const struct mst_conf_port *c, uint8_t roles, bool wake, char *err, size_t err_cap)
{
	struct mst_port_params p = {
		.device = c->device,
		.tap = c->tap,
		.queues = c->queues,
		.mtu = (uint16_t)c->mtu,
		.roles = roles,
		.wake = wake,
	};

	return mst_port_add(&p, mst_rt_n_workers(), err, err_cap);
}

static int
start_ports(const struct mst_conf *conf, char *err, size_t err_cap)
{
	const struct mst_conf_ports *ports = &conf->ports;
	uint32_t mtu = ports->public.mtu;
	bool wake = workers_sleep(conf);

	if (ports->private.present && ports->private.mtu > mtu)
		mtu = ports->private.mtu;
	MST_TRY(mst_port_profiles_load(NULL, err, err_cap));
	if (mst_port_pool_create(
		    MBUFS_PER_WORKER * mst_rt_n_workers(), (uint16_t)(mtu + MBUF_HEADROOM_ROOM)) < 0) {
		snprintf(err, err_cap, "no memory for %u packet buffers: raise dpdk.memory or the hugepages",
			MBUFS_PER_WORKER * mst_rt_n_workers());
		return -ENOMEM;
	}
	if (!ports->private.present)
		return add_port(&ports->public, MST_PORT_PUBLIC | MST_PORT_PRIVATE, wake, err, err_cap);
	MST_TRY(add_port(&ports->public, MST_PORT_PUBLIC, wake, err, err_cap));
	return add_port(&ports->private, MST_PORT_PRIVATE, wake, err, err_cap);
}

static size_t
pools_of(const struct mst_conf *conf, struct mst_net pools[2])
{
	pools[0] = conf->pool.ipv4;
	pools[1] = conf->pool.ipv6;
	return conf->pool.ipv6.ip.family != 0 ? 2 : 1;
}

static int
start_exception(const struct mst_conf *conf, char *err, size_t err_cap)
{
	const struct mst_conf_port *confs[] = {&conf->ports.public, &conf->ports.private};
	struct mst_net pools[2];
	struct mst_exception_params p = {
		.n_ports = mst_port_count(),
		.tun = TUN_NAME,
		.tun_mtu = (uint16_t)(conf->network.mtu - OUTER_OVERHEAD),
		.pools = pools,
		.n_pools = pools_of(conf, pools),
		.rate_pps =
			{
				[MST_PUNT_ARP] = conf->limits.punt_arp,
				[MST_PUNT_ND] = conf->limits.punt_nd,
				[MST_PUNT_ICMP] = conf->limits.punt_icmp,
				[MST_PUNT_TCP] = conf->limits.punt_tcp,
				[MST_PUNT_OTHER] = conf->limits.punt_other,
			},
	};

	for (unsigned int i = 0; i < p.n_ports; i++) {
		const struct mst_port *port = mst_port_get(i);
		struct mst_exception_port *e = &p.ports[i];

		e->port = port->index;
		e->tap = port->tap;
		memcpy(e->mac, port->mac.addr_bytes, sizeof(e->mac));
		e->mtu = port->mtu;
		e->addresses = confs[i]->addresses;
		e->n_addresses = confs[i]->n_addresses;
		e->gateways = confs[i]->gateways;
		e->n_gateways = confs[i]->n_gateways;
		e->forwards = (port->roles & MST_PORT_PRIVATE) != 0;
	}
	return mst_exception_create(&p, err, err_cap);
}

static int
start_route(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_route_params p = {.n_ports = mst_port_count(), .max_routes = ROUTES_MAX};

	for (unsigned int i = 0; i < p.n_ports; i++) {
		const struct mst_port *port = mst_port_get(i);

		p.ports[i] = (struct mst_route_port){
			.ifindex = mst_exception_ifindex(i),
			.port = port->index,
			.mac = port->mac,
			.mtu = port->mtu,
		};
	}
	p.n_pools = (unsigned int)pools_of(conf, p.pools);
	return mst_route_create(&p, err, err_cap);
}

static int
start_sessions(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_session_params p = {
		.pool4 = conf->pool.ipv4,
		.pool6 = conf->pool.ipv6,
		.max_sessions = conf->limits.sessions,
		.home_owns = mst_port_spreads_by_software(mst_port_get(0), mst_rt_n_workers()),
	};

	// Addresses of the ports need no reserve: a pool that overlaps a port's network is refused by conf.
	return mst_session_tables_create(&p, err, err_cap);
}

static int
start_datapath(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_datapath_params p = {
		.udp_port = conf->listen.udp ? conf->listen.port : 0,
		.handshakes_per_s = conf->limits.handshakes_per_second,
		.idle = (enum mst_idle)conf->dpdk.idle,
	};

	return mst_datapath_create(&p, err, err_cap);
}

static int
start_ctl(struct gateway *g, char *err, size_t err_cap)
{
	const char *path = g->conf->control.socket;
	char dir[256];
	char *slash;
	int ret;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash != NULL && slash != dir) {
		*slash = '\0';
		(void)!mkdir(dir, 0755); // the socket itself is 0600
	}
	ret = mst_ctl_server_create(&g->ctl, g->base, path, gateway_command, g);
	if (ret == -EADDRINUSE)
		snprintf(err, err_cap, "control.socket %s: another gateway answers there", path);
	else if (ret < 0)
		snprintf(err, err_cap, "control.socket %s: %s", path, strerror(-ret));
	return ret;
}

// A TCP connection is a descriptor. The usual soft limit of 1,024 is what limits.half-open alone may take.
static void
raise_file_limit(const struct mst_conf *conf)
{
	rlim_t need = (rlim_t)mst_session_capacity() + conf->limits.half_open + FILES_SPARE;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= need)
		return;
	if (r.rlim_max < need) {
		struct rlimit more = {.rlim_cur = need, .rlim_max = need};

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
		MST_LOG(WARNING, "gateway", "%llu open files are allowed, all devices together need %llu",
			(unsigned long long)r.rlim_max, (unsigned long long)need);
		need = r.rlim_max;
	}
	r.rlim_cur = need;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

int
gateway_start(struct gateway *g, char *err, size_t err_cap)
{
	struct mst_control_params p = {.conf = g->conf};

	if (mst_crypto_init() < 0) {
		snprintf(err, err_cap, "the cipher self-test failed");
		return -EIO;
	}
	MST_TRY(start_rt(g->conf, err, err_cap));
	g->base = p.base = event_base_new();
	if (p.base == NULL)
		return -ENOMEM;
	MST_TRY(start_ports(g->conf, err, err_cap));
	MST_TRY(start_exception(g->conf, err, err_cap));
	MST_TRY(start_route(g->conf, err, err_cap));
	MST_TRY(start_sessions(g->conf, err, err_cap));
	raise_file_limit(g->conf);
	MST_TRY(start_datapath(g->conf, err, err_cap));
	MST_TRY(mst_control_create(&g->control, &p, err, err_cap));
	MST_TRY(start_ctl(g, err, err_cap));
	MST_TRY(mst_rt_launch(mst_datapath_worker));
	g->workers_up = true;
	MST_LOG(NOTICE, "gateway", "%u worker(s), %u session(s) at the most, %s", mst_rt_n_workers(),
		mst_session_capacity(), mst_crypto_engine());
	return 0;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

void
gateway_stop(struct gateway *g)
{
	free_event(g->sigterm);
	free_event(g->sigint);
	free_event(g->sighup);
	mst_ctl_server_destroy(g->ctl);
	mst_control_destroy(g->control);
	if (g->workers_up) {
		mst_rt_request_stop();
		mst_rt_wait();
	}
	mst_datapath_destroy();
	mst_session_tables_destroy();
	mst_route_destroy();
	mst_exception_destroy();
	mst_port_stop_all();
	if (g->base != NULL)
		event_base_free(g->base);
	mst_rt_stop();
}

int
gateway_check(const struct mst_conf *conf, char *err, size_t err_cap)
{
	MST_TRY(mst_port_profiles_load(NULL, err, err_cap));
	return mst_control_check(conf, err, err_cap);
}

struct restart_keys {
	char text[256];
	unsigned int n;
};

static void
note_restart_key(const char *key, enum mst_conf_class change, void *arg)
{
	struct restart_keys *keys = arg;
	size_t len = strlen(keys->text);

	if (change != MST_CONF_RESTART) {
		MST_LOG(INFO, "gateway", "%s has changed", key);
		return;
	}
	keys->n++;
	snprintf(keys->text + len, sizeof(keys->text) - len, "%s%s", len != 0 ? ", " : "", key);
}

// Keys that only a restart can change keep their old value until then; the rest takes effect now.
int
gateway_reload(struct gateway *g, char *err, size_t err_cap)
{
	struct restart_keys keys = {0};
	struct mst_conf_error e;
	struct mst_conf *fresh;
	int ret;

	if (mst_conf_load(&fresh, g->conf_path, &e) < 0) {
		snprintf(err, err_cap, "%s", e.text);
		return -EINVAL;
	}
	mst_conf_diff(g->conf, fresh, note_restart_key, &keys);
	if (keys.n != 0) {
		snprintf(err, err_cap, "these keys change only by a restart: %s", keys.text);
		mst_conf_free(fresh);
		return -EINVAL;
	}
	ret = mst_control_reload(g->control, fresh, err, err_cap);
	if (ret < 0) {
		mst_conf_free(fresh);
		return ret;
	}
	if (!g->level_given)
		mst_log_set_level(fresh->log.level);
	mst_conf_free(g->conf);
	g->conf = fresh;
	MST_LOG(NOTICE, "gateway", "configuration reloaded");
	return 0;
}
