// A gateway without a network: the real libraries on ports made of rings, in a network namespace of its own, so that
// taps, routes and neighbours are the kernel's and nobody else's. Main lcore; the worker's turns are taken by hand.
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "mst_datapath.h"
#include "mst_exception.h"
#include "mst_port.h"
#include "mst_route.h"
#include "mst_rt.h"
#include "mst_session.h"

#include "bench.h"

#define RING_FRAMES 1024
#define MBUFS 8191
#define PORT_MTU 1500
#define BASE_MIB 256	   // tables of routes, mbufs, rings
#define SESSION_BYTES 5120 // of hugepage memory
#define POOL4_DEPTH 14

static const char *const port_names[] = {[BENCH_PUBLIC] = "bench_pub", [BENCH_PRIVATE] = "bench_priv"};
static const char *const port_addresses[] = {"192.0.2.1/24", "10.20.0.1/16"};
static const uint8_t tap_mac[2][6] = {{0x02, 0xbf, 0, 0, 0, 1}, {0x02, 0xbf, 0, 0, 0, 2}};
static struct rte_ring *rx_ring[2], *tx_ring[2];
static char err[512];

static int
fail(int code)
{
	fprintf(stderr, "mst-bench: %s\n", err);
	return code == -EPERM || code == -EACCES ? BENCH_NOPERM : BENCH_HOST;
}

static int
own_namespace(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	snprintf(err, sizeof(err),
		"cannot make a network namespace (%s): run it as root, or under unshare -rn",
		strerror(errno));
	return -EPERM;
}

static int
start_rt(const struct bench_world_params *p)
{
	char prefix[32];
	struct mst_rt_params rt = {
		.control_cpu = -1,
		.huge = p->no_huge ? MST_RT_HUGE_OFF : MST_RT_HUGE_AUTO,
		.memory_mib =
			p->memory_mib != 0
				? p->memory_mib
				: BASE_MIB + (unsigned int)((uint64_t)p->n_sessions * SESSION_BYTES >> 20),
		.file_prefix = prefix,
	};

	snprintf(prefix, sizeof(prefix), "mst-bench-%d", (int)getpid());
	return mst_rt_start(&rt, err, sizeof(err));
}

static int
make_port(enum bench_port i, uint8_t roles)
{
	struct mst_port_params p = {
		.device = port_names[i], .tap = port_names[i], .mtu = PORT_MTU, .roles = roles};
	char name[RTE_RING_NAMESIZE];
	int id;

	snprintf(name, sizeof(name), "%s_rx", port_names[i]);
	rx_ring[i] = rte_ring_create(name, RING_FRAMES, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "%s_tx", port_names[i]);
	tx_ring[i] = rte_ring_create(name, RING_FRAMES, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	id = rx_ring[i] != NULL && tx_ring[i] != NULL
		     ? rte_eth_from_rings(port_names[i], &rx_ring[i], 1, &tx_ring[i], 1, SOCKET_ID_ANY)
		     : -1;
	if (id < 0) {
		snprintf(err, sizeof(err), "no memory for the rings of a port");
		return -ENOMEM;
	}
	return mst_port_adopt((uint16_t)id, &p, mst_rt_n_workers(), err, sizeof(err));
}

static int
start_ports(void)
{
	MST_TRY(mst_port_profiles_load(NULL, err, sizeof(err)));
	if (mst_port_pool_create(MBUFS, mst_port_data_room(PORT_MTU)) < 0) {
		snprintf(err, sizeof(err), "no memory for %d packet buffers", MBUFS);
		return -ENOMEM;
	}
	MST_TRY(make_port(BENCH_PUBLIC, MST_PORT_PUBLIC));
	return make_port(BENCH_PRIVATE, MST_PORT_PRIVATE);
}

static struct mst_net
pool4(void)
{
	struct mst_net net = {.depth = POOL4_DEPTH};

	net.ip = mst_ip4_from_host(0x64400000); // 100.64.0.0
	return net;
}

static int
start_exception(void)
{
	static struct mst_net address[2], pool;
	static struct mst_ip gateway;
	struct mst_exception_params p = {
		.n_ports = 2, .tun = "bench-tun", .tun_mtu = PORT_MTU, .pools = &pool, .n_pools = 1};

	pool = pool4();
	gateway = mst_ip4_from_host(BENCH_GATEWAY4 + 253);
	for (unsigned int i = 0; i < 2; i++) {
		const struct mst_port *port = mst_port_get(i);
		struct mst_exception_port *e = &p.ports[i];

		MST_TRY(mst_net_parse(port_addresses[i], &address[i]));
		*e = (struct mst_exception_port){.port = (uint8_t)i,
			.tap = port->tap,
			.mtu = port->mtu,
			.addresses = &address[i],
			.n_addresses = 1};
		memcpy(e->mac, tap_mac[i], sizeof(e->mac)); // a port of rings has none
	}
	p.ports[BENCH_PUBLIC].gateways = &gateway;
	p.ports[BENCH_PUBLIC].n_gateways = 1;
	for (unsigned int i = 0; i < MST_PUNT_COUNT; i++)
		p.rate_pps[i] = 1000;
	return mst_exception_create(&p, err, sizeof(err));
}

// A neighbour whom nobody has to ask for.
static int
add_neighbour(struct mnl_socket *nl, enum bench_port port, uint32_t addr4)
{
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[256];
	} req = {0};
	const uint8_t mac[6] = {0x02, 0xbe, 0, 0, (uint8_t)port, (uint8_t)addr4};
	struct ndmsg *nd;

	mnl_nlmsg_put_header(&req);
	req.nlh.nlmsg_type = RTM_NEWNEIGH;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
	nd = mnl_nlmsg_put_extra_header(&req.nlh, sizeof(*nd));
	nd->ndm_family = AF_INET;
	nd->ndm_ifindex = mst_exception_ifindex(port);
	nd->ndm_state = NUD_PERMANENT;
	mnl_attr_put_u32(&req.nlh, NDA_DST, rte_cpu_to_be_32(addr4));
	mnl_attr_put(&req.nlh, NDA_LLADDR, sizeof(mac), mac);
	return mnl_socket_sendto(nl, &req, req.nlh.nlmsg_len) < 0 ? -errno : 0;
}

static int
add_neighbours(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int ret = nl == NULL || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;

	if (ret == 0)
		ret = add_neighbour(nl, BENCH_PUBLIC, BENCH_GATEWAY4 + 253);
	for (unsigned int i = 0; i < BENCH_LAN_HOSTS && ret == 0; i++)
		ret = add_neighbour(nl, BENCH_PRIVATE, BENCH_LAN_HOST4 + i);
	if (nl != NULL)
		mnl_socket_close(nl);
	if (ret < 0)
		snprintf(err, sizeof(err), "neighbours: %s", strerror(-ret));
	return ret;
}

static int
start_route(void)
{
	struct mst_route_params p = {.n_ports = 2, .max_routes = 1024, .n_pools = 1, .pools = {pool4()}};
	const struct mst_adj *adj;

	for (unsigned int i = 0; i < 2; i++) {
		const struct mst_port *port = mst_port_get(i);

		p.ports[i] = (struct mst_route_port){.ifindex = mst_exception_ifindex(i),
			.port = (uint8_t)i,
			.mac = port->mac,
			.mtu = port->mtu};
	}
	MST_TRY(mst_route_create(&p, err, sizeof(err)));
	MST_TRY(add_neighbours());
	for (unsigned int i = 0; i < 1000; i++) {
		mst_route_process();
		adj = mst_route_lookup4(BENCH_LAN_HOST4 + BENCH_LAN_HOSTS - 1);
		if (adj->kind == MST_ADJ_READY && mst_route_lookup4(0x08080808)->kind == MST_ADJ_READY)
			return 0;
		usleep(1000);
	}
	snprintf(err, sizeof(err), "the kernel's routes and neighbours did not arrive");
	return -EIO;
}

static int
start_sessions(const struct bench_world_params *p)
{
	struct mst_session_params sp = {.pool4 = pool4(), .max_sessions = p->n_sessions};
	struct mst_datapath_params dp = {.udp_port = BENCH_DTLS_PORT, .handshakes_per_s = 1};

	MST_TRY(mst_session_tables_create(&sp, err, sizeof(err)));
	return mst_datapath_create(&dp, err, sizeof(err));
}

int
bench_world_start(const struct bench_world_params *p)
{
	int ret;

	snprintf(err, sizeof(err), "the cipher self-test failed");
	ret = mst_crypto_init();
	if (ret == 0)
		ret = own_namespace();
	if (ret == 0)
		ret = start_rt(p);
	if (ret < 0)
		return fail(ret);
	ret = start_ports();
	if (ret == 0)
		ret = start_exception();
	if (ret == 0)
		ret = start_route();
	if (ret == 0)
		ret = start_sessions(p);
	if (ret == 0)
		return BENCH_OK;
	ret = fail(ret);
	bench_world_stop();
	return ret;
}

void
bench_world_stop(void)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < 2; i++) {
		while (rx_ring[i] != NULL && rte_ring_dequeue(rx_ring[i], (void **)&m) == 0)
			rte_pktmbuf_free(m);
		while (tx_ring[i] != NULL && rte_ring_dequeue(tx_ring[i], (void **)&m) == 0)
			rte_pktmbuf_free(m);
	}
	mst_datapath_destroy();
	mst_session_tables_destroy();
	mst_route_destroy();
	mst_exception_destroy();
	mst_port_stop_all();
	mst_rt_stop();
}

struct rte_mbuf *
bench_world_mbuf(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	MST_ASSERT(m != NULL); // no more are in use at a time than the pool was made for
	return m;
}

void
bench_world_push(enum bench_port port, struct rte_mbuf *m)
{
	MST_ASSERT(rte_ring_enqueue(rx_ring[port], m) == 0);
}

unsigned int
bench_world_pop(enum bench_port port, struct rte_mbuf **m, unsigned int n)
{
	return rte_ring_dequeue_burst(tx_ring[port], (void **)m, n, NULL);
}

void
bench_world_headers(enum bench_port port, uint8_t mac[12])
{
	memcpy(mac, mst_port_get(port)->mac.addr_bytes, 6);
	memcpy(mac + 6, (const uint8_t[6]){0x02, 0xbe, 0, 0, (uint8_t)port, 1}, 6);
}

void
bench_world_drops(char *text, size_t cap)
{
	struct mst_str s = mst_str_init(text, cap);

	mst_str_fmt(&s, "%s", "");
	for (unsigned int v = 0; v < mst_verdict_count(); v++) {
		uint64_t n = mst_datapath_verdicts(0, v);

		if (n != 0)
			mst_str_fmt(&s, "%s%s=%llu", s.len != 0 ? " " : "", mst_verdict_name(v),
				(unsigned long long)n);
	}
}
