// EAL, ports of rings, workers, counters of the rig.
#include "rig.h"

#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "mst_port.h"

#define POOL_MBUFS 4095

static struct rte_mempool *pool;
static struct rte_ring *rx_ring[MST_MAX_PORTS], *tx_ring[MST_MAX_PORTS];
static struct mst_port ports[MST_MAX_PORTS];
static unsigned int n_ports;
static struct mst_worker *second;
static uint64_t marks[MST_VERDICT_COUNT];

// ---- in place of lib/port -----------------------------------------------------------------------
unsigned int
mst_port_count(void)
{
	return n_ports;
}

const struct mst_port *
mst_port_get(unsigned int index)
{
	return &ports[index];
}

static struct rte_ring *
make_ring(const char *what, unsigned int port, unsigned int size)
{
	char name[32];
	struct rte_ring *r;

	snprintf(name, sizeof(name), "rig_%s%u", what, port);
	r = rte_ring_create(name, size, SOCKET_ID_ANY, 0);
	assert_non_null(r);
	return r;
}

static void
make_port(unsigned int i, uint8_t roles)
{
	static const struct rte_eth_conf conf;
	char name[32];
	int id;

	rx_ring[i] = make_ring("rx", i, 1024);
	tx_ring[i] = make_ring("tx", i, RIG_TX_RING);
	snprintf(name, sizeof(name), "rig%u", i);
	id = rte_eth_from_rings(name, &rx_ring[i], 1, &tx_ring[i], 1, 0);
	assert_true(id >= 0);
	assert_int_equal(rte_eth_dev_configure((uint16_t)id, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup((uint16_t)id, 0, 64, 0, NULL, pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup((uint16_t)id, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start((uint16_t)id), 0);
	ports[i] = (struct mst_port){.dpdk_id = (uint16_t)id,
		.index = (uint8_t)i,
		.roles = roles,
		.n_rxq = 1,
		.n_txq = 1,
		.mtu = RIG_MTU,
		.mac = {{0x02, 0, 0, 0, 0, (uint8_t)i}}};
}

// A worker without ports beside the first: what RSS would send to it is put there by hand.
static void
make_second(void)
{
	struct mst_worker *first = datapath_worker(0);

	first->n_workers = 2;
	first->handoff_to[1] = make_ring("handoff", 1, 64);
	second = rte_zmalloc("rig_worker", sizeof(*second), alignof(struct mst_worker));
	assert_non_null(second);
	memcpy(second, first, sizeof(*second));
	second->index = 1;
	second->n_rxq = 0;
	second->handoff = first->handoff_to[1];
	second->inject = make_ring("inject", 1, 64);
}

void
rig_start(unsigned int arms)
{
	struct mst_session_params sp = {.max_sessions = 200};
	struct mst_datapath_params dp = {.udp_port = RIG_DTLS_PORT, .handshakes_per_s = 1000};
	char err[256] = "";

	mst_log_set_level(MST_LOG_WARNING);
	assert_int_equal(mst_test_eal_start(256), 0);
	assert_int_equal(mst_crypto_init(), 0);
	pool = rte_pktmbuf_pool_create(
		"rig", POOL_MBUFS, 0, 64, RIG_FRAME_MAX + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	assert_non_null(pool);
	assert_int_equal(mst_net_parse("100.64.0.0/24", &sp.pool4), 0);
	assert_int_equal(mst_net_parse("fd00:64::/112", &sp.pool6), 0);
	assert_int_equal(mst_session_tables_create(&sp, err, sizeof(err)), 0);
	rig_routes_reset();
	n_ports = arms;
	make_port(0, arms == 1 ? MST_PORT_PUBLIC | MST_PORT_PRIVATE : MST_PORT_PUBLIC);
	if (arms == 2)
		make_port(1, MST_PORT_PRIVATE);
	assert_int_equal(mst_datapath_create(&dp, err, sizeof(err)), 0);
	make_second();
}

unsigned int
rig_empty_ring(struct rte_ring *r)
{
	struct rte_mbuf *m;
	unsigned int n = 0;

	for (; (m = rig_pop_ring(r)) != NULL; n++)
		rte_pktmbuf_free(m);
	return n;
}

void
rig_stop(void)
{
	for (unsigned int i = 0; i < n_ports; i++) {
		rig_empty_ring(rx_ring[i]);
		rig_empty_ring(tx_ring[i]);
	}
	for (unsigned int i = 0; i < MST_RING_COUNT; i++)
		rig_empty_ring(mst_rt_ring((enum mst_ring)i));
	assert_int_equal(rig_mbufs_free(), POOL_MBUFS);
	rte_free(second);
	mst_datapath_destroy();
	mst_session_tables_destroy();
	mst_rt_stop();
}

struct mst_worker *
rig_worker(unsigned int index)
{
	return index == 0 ? datapath_worker(0) : second;
}

unsigned int
rig_mbufs_free(void)
{
	return rte_mempool_avail_count(pool);
}

unsigned int
rig_turn(unsigned int worker)
{
	return datapath_turn(rig_worker(worker));
}

// ---- mbufs, ports, counters ---------------------------------------------------------------------
struct rte_mbuf *
rig_mbuf(const void *bytes, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	char *room;

	assert_non_null(m);
	*mst_pkt(m) = (struct mst_pkt){0};
	room = rte_pktmbuf_append(m, (uint16_t)len);
	assert_non_null(room);
	memcpy(room, bytes, len);
	return m;
}

void
rig_push(unsigned int port, const void *frame, size_t len)
{
	struct rte_mbuf *m = rig_mbuf(frame, len);

	memset(mst_pkt(m), 0xa5, sizeof(struct mst_pkt)); // a driver leaves what was there
	assert_int_equal(rte_ring_enqueue(rx_ring[port], m), 0);
}

struct rte_mbuf *
rig_pop_ring(struct rte_ring *r)
{
	void *m;

	return rte_ring_dequeue(r, &m) == 0 ? m : NULL;
}

size_t
rig_pop(unsigned int port, uint8_t *out)
{
	struct rte_mbuf *m = rig_pop_ring(tx_ring[port]);
	size_t len = m == NULL ? 0 : m->data_len;

	if (m != NULL)
		memcpy(out, pkt_data(m), len);
	rte_pktmbuf_free(m);
	return len;
}

static uint64_t
total(enum mst_verdict v)
{
	return counter_get(&datapath_worker(0)->verdicts[v]) + counter_get(&second->verdicts[v]);
}

void
rig_mark(void)
{
	for (unsigned int v = 0; v < MST_VERDICT_COUNT; v++)
		marks[v] = total((enum mst_verdict)v);
}

uint64_t
rig_verdict(enum mst_verdict v)
{
	return total(v) - marks[v];
}

uint64_t
rig_verdicts_final(void)
{
	uint64_t sum = 0;

	for (unsigned int v = 0; v < MST_VERDICT_COUNT; v++) {
		if (datapath_verdict_kind(v) == MST_VERDICT_END ||
			datapath_verdict_kind(v) == MST_VERDICT_DROP)
			sum += rig_verdict((enum mst_verdict)v);
	}
	return sum;
}

enum mst_verdict
rig_stage(mst_stage_fn *stage, struct rte_mbuf *m)
{
	struct mst_burst b;

	burst_init(&b, rte_rdtsc());
	burst_add(&b, m);
	stage(rig_worker(0), &b);
	assert_int_equal(b.n + b.n_left, 1);
	if (b.n == 1) {
		assert_ptr_equal(b.m[0], m);
		return MST_NEXT;
	}
	assert_ptr_equal(b.left[0], m);
	return (enum mst_verdict)mst_pkt(m)->verdict;
}
