// Start and stop of what the generator stands on, and its frames in and out. Main lcore.
#include "net.h"

#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>

#include "mst_exception.h"
#include "mst_port.h"
#include "mst_route.h"
#include "mst_rt.h"
#include "mst_wire_inline.h"

#define MBUFS 16384
#define MBUF_SPARE 256 // of headers and tag beside the largest packet
#define ROUTES_MAX 4096
#define TTL 64
#define PUNT_PPS 1000000 // the policer is for gateways
#define MAX_FDS (LG_NET_SIDES + 1)

struct tx_queue {
	struct rte_mbuf *m[LG_NET_TX_QUEUE];
	unsigned int n;
};

static struct net {
	const struct mst_port *ports[LG_NET_SIDES];
	struct tx_queue tx[LG_NET_SIDES];
	uint32_t peer[LG_NET_SIDES]; // host order
	unsigned int n_ports;
	bool rt_up;
	struct lg_net_counters count;
} net;

static int
start_rt(const struct lg_net_params *p, char *err, size_t err_cap)
{
	struct mst_rt_params rt = {
		.control_cpu = p->cpu,
		.one_lcore = true,
		.huge = (enum mst_rt_huge)p->huge,
		.memory_mib = p->memory_mib,
		.file_prefix = p->file_prefix,
	};

	for (unsigned int i = 0; i < p->n_ports; i++)
		rt.needs_pci = rt.needs_pci || mst_port_is_pci(p->ports[i].device);
	MST_TRY(mst_rt_start(&rt, err, err_cap));
	net.rt_up = true;
	return 0;
}

static int
start_ports(const struct lg_net_params *p, char *err, size_t err_cap)
{
	MST_TRY(mst_port_profiles_load(NULL, err, err_cap));
	if (mst_port_pool_create(MBUFS, (uint16_t)(p->mtu + MBUF_SPARE)) < 0) {
		snprintf(err, err_cap, "no memory for %u packet buffers: give more by --memory", MBUFS);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < p->n_ports; i++) {
		struct mst_port_params port = {
			.device = p->ports[i].device,
			.tap = p->ports[i].tap,
			.queues = 1,
			.mtu = p->mtu,
			.roles = i == LG_NET_PUBLIC ? MST_PORT_PUBLIC : MST_PORT_PRIVATE,
		};

		MST_TRY(mst_port_add(&port, 1, err, err_cap));
		net.ports[i] = mst_port_get(i);
		net.peer[i] = mst_ip4_host(&p->ports[i].peer);
		net.n_ports++;
	}
	return 0;
}

static int
start_taps(const struct lg_net_params *p, char *err, size_t err_cap)
{
	struct mst_exception_params taps = {.n_ports = p->n_ports};
	struct mst_route_params route = {.n_ports = p->n_ports, .max_routes = ROUTES_MAX};

	for (size_t i = 0; i < MST_PUNT_COUNT; i++)
		taps.rate_pps[i] = PUNT_PPS;
	for (unsigned int i = 0; i < p->n_ports; i++) {
		struct mst_exception_port *e = &taps.ports[i];

		e->port = net.ports[i]->index;
		e->tap = p->ports[i].tap;
		memcpy(e->mac, net.ports[i]->mac.addr_bytes, sizeof(e->mac));
		e->mtu = net.ports[i]->mtu;
		e->addresses = p->ports[i].addresses;
		e->n_addresses = p->ports[i].n_addresses;
	}
	MST_TRY(mst_exception_create(&taps, err, err_cap));
	for (unsigned int i = 0; i < p->n_ports; i++)
		route.ports[i] = (struct mst_route_port){
			.ifindex = mst_exception_ifindex(i),
			.port = net.ports[i]->index,
			.mac = net.ports[i]->mac,
			.mtu = net.ports[i]->mtu,
		};
	return mst_route_create(&route, err, err_cap);
}

int
lg_net_start(const struct lg_net_params *p, char *err, size_t err_cap)
{
	memset(&net, 0, sizeof(net));
	MST_TRY(start_rt(p, err, err_cap));
	MST_TRY(start_ports(p, err, err_cap));
	return start_taps(p, err, err_cap);
}

void
lg_net_stop(void)
{
	if (!net.rt_up)
		return;
	for (unsigned int i = 0; i < net.n_ports; i++)
		rte_pktmbuf_free_bulk(net.tx[i].m, net.tx[i].n);
	mst_route_destroy();
	mst_exception_destroy();
	mst_port_stop_all();
	mst_rt_stop();
	net.rt_up = false;
}

unsigned int
lg_net_n_fds(void)
{
	return mst_exception_n_fds() + 1;
}

int
lg_net_fd(unsigned int i)
{
	return i < mst_exception_n_fds() ? mst_exception_fd(i) : mst_route_fd();
}

void
lg_net_readable(unsigned int i)
{
	if (i < mst_exception_n_fds())
		mst_exception_input(i);
	else
		mst_route_process();
}

const char *
lg_net_tap(enum lg_net_side side)
{
	return net.ports[side]->tap;
}

unsigned int
lg_net_receive(enum lg_net_side side, struct rte_mbuf **m, unsigned int cap)
{
	unsigned int n;

	if (side >= net.n_ports)
		return 0;
	n = rte_eth_rx_burst(net.ports[side]->dpdk_id, 0, m, (uint16_t)cap);
	net.count.rx_frames += n;
	return n;
}

void
lg_net_to_kernel(enum lg_net_side side, struct rte_mbuf *m)
{
	memset(mst_pkt(m), 0, sizeof(struct mst_pkt));
	mst_pkt(m)->port = (uint8_t)side;
	net.count.to_kernel++;
	if (rte_ring_enqueue(mst_rt_ring(MST_RING_KERNEL), m) != 0)
		rte_pktmbuf_free(m);
}

struct rte_mbuf *
lg_net_alloc(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	if (m == NULL)
		net.count.no_mbuf++;
	else
		m->data_off = LG_NET_DATA_OFF;
	return m;
}

static const struct mst_adj *
adjacency(enum lg_net_side side)
{
	const struct mst_adj *adj = mst_route_lookup4(net.peer[side]);

	// A route out of the other port is none.
	return adj->kind == MST_ADJ_READY && adj->port == (uint8_t)side ? adj : NULL;
}

bool
lg_net_ready(enum lg_net_side side)
{
	struct mst_ip peer = mst_ip4_from_host(net.peer[side]);

	if (adjacency(side) != NULL)
		return true;
	(void)mst_route_resolve(mst_exception_ifindex(side), &peer);
	return false;
}

static bool
enqueue(enum lg_net_side side, struct rte_mbuf *m)
{
	struct tx_queue *q = &net.tx[side];

	if (q->n < LG_NET_TX_QUEUE) {
		q->m[q->n++] = m;
		return true;
	}
	net.count.tx_full++;
	rte_pktmbuf_free(m);
	return false;
}

bool
lg_net_send_ip(enum lg_net_side side, struct rte_mbuf *m)
{
	const struct mst_adj *adj = adjacency(side);
	uint8_t *frame;

	if (adj == NULL) {
		net.count.no_neighbour++;
		rte_pktmbuf_free(m);
		return false;
	}
	frame = (uint8_t *)rte_pktmbuf_prepend(m, adj->l2_len);
	MST_ASSERT(frame != NULL);
	memcpy(frame, adj->l2, adj->l2_len);
	mst_wire_put16(frame + adj->l2_len - 2, MST_ETH_IP4);
	return enqueue(side, m);
}

bool
lg_net_send_udp(enum lg_net_side side, struct rte_mbuf *m, uint32_t src, uint16_t src_port, uint32_t dst,
	uint16_t dst_port)
{
	uint16_t len = (uint16_t)rte_pktmbuf_data_len(m);
	uint32_t src_be = rte_cpu_to_be_32(src), dst_be = rte_cpu_to_be_32(dst);
	uint8_t *l3 = (uint8_t *)rte_pktmbuf_prepend(m, MST_IP4_HDR_BYTES + MST_UDP_HDR_BYTES);

	MST_ASSERT(l3 != NULL);
	mst_wire_ip4_build(l3, (const uint8_t *)&src_be, (const uint8_t *)&dst_be, MST_PROTO_UDP, TTL,
		(uint16_t)(len + MST_UDP_HDR_BYTES));
	mst_wire_udp_build(
		l3 + MST_IP4_HDR_BYTES, rte_cpu_to_be_16(src_port), rte_cpu_to_be_16(dst_port), len);
	return lg_net_send_ip(side, m);
}

unsigned int
lg_net_room(enum lg_net_side side)
{
	return LG_NET_TX_QUEUE - net.tx[side].n;
}

// What the kernel sent out of the taps: exception has put it into the ring of worker 0, which is this loop.
static unsigned int
take_kernel_frames(void)
{
	struct rte_mbuf *m[MST_BURST];
	unsigned int n, done = 0;

	do {
		n = rte_ring_dequeue_burst(mst_rt_ring_inject(0), (void **)m, MST_BURST, NULL);
		for (unsigned int i = 0; i < n; i++)
			(void)enqueue((enum lg_net_side)mst_pkt(m[i])->port, m[i]);
		done += n;
	} while (n == MST_BURST);
	net.count.from_kernel += done;
	return done;
}

static void
transmit(enum lg_net_side side)
{
	struct tx_queue *q = &net.tx[side];
	unsigned int sent = 0, n;

	do {
		n = rte_eth_tx_burst(net.ports[side]->dpdk_id, 0, q->m + sent, (uint16_t)(q->n - sent));
		sent += n;
	} while (n > 0 && sent < q->n);
	memmove(q->m, q->m + sent, (q->n - sent) * sizeof(q->m[0]));
	q->n -= sent;
	net.count.tx_frames += sent;
}

unsigned int
lg_net_flush(void)
{
	unsigned int moved = take_kernel_frames();

	for (unsigned int i = 0; i < net.n_ports; i++) {
		moved += net.tx[i].n;
		if (net.tx[i].n > 0)
			transmit((enum lg_net_side)i);
	}
	return moved + mst_exception_output();
}

void
lg_net_tick(void)
{
	mst_route_process();
	mst_rt_reclaim();
}

void
lg_net_counters(struct lg_net_counters *out)
{
	*out = net.count;
	out->mbufs_in_use = rte_mempool_in_use_count(mst_port_pool());
}
