// EAL, ports of rings, workers, counters of the rig.
#include "rig.h"

#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "mst_port.h"

#define POOL_MBUFS 4095
#define MAX_QUEUES 4

static struct rte_mempool *pool;
static struct rte_ring *rx_ring[MST_MAX_PORTS][MAX_QUEUES], *tx_ring[MST_MAX_PORTS][MAX_QUEUES];
static struct mst_port ports[MST_MAX_PORTS];
static unsigned int n_ports, n_queues = 1;
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
make_ring(const char *what, unsigned int i, unsigned int size)
{
	char name[32];
	struct rte_ring *r;

	snprintf(name, sizeof(name), "rig_%s%u", what, i);
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

	for (unsigned int q = 0; q < n_queues; q++) {
		rx_ring[i][q] = make_ring("rx", i * MAX_QUEUES + q, 1024);
		tx_ring[i][q] = make_ring("tx", i * MAX_QUEUES + q, RIG_TX_RING);
	}
	snprintf(name, sizeof(name), "rig%u", i);
	id = rte_eth_from_rings(name, rx_ring[i], n_queues, tx_ring[i], n_queues, 0);
	assert_true(id >= 0);
	assert_int_equal(
		rte_eth_dev_configure((uint16_t)id, (uint16_t)n_queues, (uint16_t)n_queues, &conf), 0);
	for (uint16_t q = 0; q < n_queues; q++) {
		assert_int_equal(rte_eth_rx_queue_setup((uint16_t)id, q, 64, 0, NULL, pool), 0);
		assert_int_equal(rte_eth_tx_queue_setup((uint16_t)id, q, 64, 0, NULL), 0);
	}
	assert_int_equal(rte_eth_dev_start((uint16_t)id), 0);
	ports[i] = (struct mst_port){.dpdk_id = (uint16_t)id,
		.index = (uint8_t)i,
		.roles = roles,
		.n_rxq = (uint16_t)n_queues,
		.n_txq = (uint16_t)n_queues,
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

static void
start(unsigned int arms, unsigned int n_workers)
{
	struct mst_session_params sp = {.max_sessions = 200, .home_owns = n_queues < n_workers};
	struct mst_datapath_params dp = {.udp_port = RIG_DTLS_PORT, .handshakes_per_s = 1000};
	char err[256] = "";

	mst_log_set_level(MST_LOG_WARNING);
	assert_int_equal(mst_test_eal_start_workers(256, n_workers), 0);
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
}

void
rig_start(unsigned int arms)
{
	start(arms, 1);
	make_second();
}

void
rig_start_workers(unsigned int n_workers, unsigned int queues)
{
	n_queues = queues;
	start(2, n_workers);
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
	for (unsigned int i = 0; i < n_ports * MAX_QUEUES; i++) {
		if (i % MAX_QUEUES >= n_queues)
			continue;
		rig_empty_ring(rx_ring[i / MAX_QUEUES][i % MAX_QUEUES]);
		rig_empty_ring(tx_ring[i / MAX_QUEUES][i % MAX_QUEUES]);
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
	return index == 1 && second != NULL ? second : datapath_worker(index);
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

bool
rig_push_to(unsigned int port, unsigned int queue, const void *frame, size_t len)
{
	struct rte_mbuf *m = rig_mbuf(frame, len);

	memset(mst_pkt(m), 0xa5, sizeof(struct mst_pkt)); // a driver leaves what was there
	if (rte_ring_enqueue(rx_ring[port][queue], m) == 0)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

void
rig_push(unsigned int port, const void *frame, size_t len)
{
	assert_true(rig_push_to(port, 0, frame, len));
}

struct rte_mbuf *
rig_pop_ring(struct rte_ring *r)
{
	void *m;

	return rte_ring_dequeue(r, &m) == 0 ? m : NULL;
}

size_t
rig_pop_from(unsigned int port, unsigned int queue, uint8_t *out)
{
	struct rte_mbuf *m = rig_pop_ring(tx_ring[port][queue]);
	size_t len = m == NULL ? 0 : m->data_len;

	if (m != NULL)
		memcpy(out, pkt_data(m), len);
	rte_pktmbuf_free(m);
	return len;
}

size_t
rig_pop(unsigned int port, uint8_t *out)
{
	return rig_pop_from(port, 0, out);
}

static uint64_t
total(enum mst_verdict v)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; rig_worker(i) != NULL; i++)
		sum += counter_get(&rig_worker(i)->verdicts[v]);
	return sum;
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
