// The hand-over between workers under ThreadSanitizer: the code of enter.c, leave.c, tx.c, of sessions, associations and
// grace periods, on plain threads and plain memory, since EAL does not run there. What has one owner by design is plain
// memory here, so that a second owner is a data race: the replay window of an association, the keys against their wipe,
// and the place of a flow on each port.
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "mst_test.h"

#include "rt_private.h"
#include "session.h"
#include "worker.h"

#define WORKERS 3
#define SLOTS 32     // addresses of the pool
#define SESSIONS 24  // at a time
#define PACKETS 2048 // there are
#define PUSHES 40000 // of each way
#define PUBLIC 0
#define PRIVATE 1

struct packet {
	alignas(64) struct rte_mbuf m;
	struct mst_pkt area; // behind the mbuf, as in a pool
	uint32_t serial;
};
static_assert(offsetof(struct packet, area) == sizeof(struct rte_mbuf), "where mst_pkt() looks");

struct mst_session_table mst_session_table_;
struct session_state session_state;

static _Atomic(struct mst_session *) slots[SLOTS];
static struct packet packets[PACKETS];
static struct rte_ring *free_packets, *shared[MST_RING_COUNT];
static struct mst_worker workers[WORKERS];
static _Atomic unsigned int running = WORKERS;

// Plain: of each way, the receiving worker counts up, the owner of the transmit queue checks.
static uint32_t serial[2][SLOTS], last[2][SLOTS];
static uint64_t pushed[2], sent[2], replays[WORKERS];

// ---- in place of EAL, and of what the hand-over does not reach ---------------------
unsigned int
mst_rt_n_workers(void)
{
	return WORKERS;
}

int
mst_rt_worker_socket(unsigned int worker)
{
	(void)worker;
	return 0;
}

void *
rte_zmalloc_socket(const char *type, size_t size, unsigned int align, int socket)
{
	void *p = aligned_alloc(64, RTE_ALIGN_CEIL(size, 64));

	(void)type;
	(void)align;
	(void)socket;
	assert_non_null(p);
	return memset(p, 0, size);
}

void *
rte_zmalloc(const char *type, size_t size, unsigned int align)
{
	return rte_zmalloc_socket(type, size, align, 0);
}

void *
session_pool_take(const struct session_pool *p, int node)
{
	(void)p;
	return rte_zmalloc_socket("object", sizeof(struct mst_sa), 64, node); // the larger of the two kinds
}

void
session_pool_give(void *object)
{
	rte_free(object);
}

void
rte_free(void *p)
{
	free(p);
}

struct mst_sa *
mst_sa_lookup(const struct mst_sa_tuple *tuple)
{
	return session_tuples_find(&session_state.by_tuple, tuple);
}

enum mst_punt_class
mst_punt_classify(const uint8_t *data, size_t len, bool inner)
{
	(void)data;
	(void)len;
	(void)inner;
	return MST_PUNT_OTHER;
}

bool
mst_punt_admit(struct mst_punt_policer *p, enum mst_punt_class c, uint64_t tsc)
{
	(void)p;
	(void)c;
	(void)tsc;
	return true;
}

void
rte_pktmbuf_free_bulk(struct rte_mbuf **m, unsigned int n)
{
	assert_int_equal(rte_ring_enqueue_bulk(free_packets, (void **)m, n, NULL), n);
}

// ---- the two stages that hand-over leads to -----------------------------------------------------
static void
open_one(struct mst_worker *w, struct rte_mbuf *m, struct mst_sa *sa)
{
	if (mst_dtls_window_check(&sa->window, mst_pkt(m)->seq) != MST_DTLS_OK ||
		!mst_dtls_window_commit(&sa->window, mst_pkt(m)->seq))
		replays[w->index]++;
	mst_counter_add(&sa->rx_packets, 1);
	mst_pkt(m)->port = PRIVATE;
}

void
datapath_run(struct mst_worker *w, enum pipeline_id id, unsigned int from, struct mst_burst *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		struct mst_sa *sa = mst_pkt(b->m[i])->sa;

		assert_int_equal(from, id == PIPELINE_IN ? IN_OPEN : OUT_SEAL);
		assert_int_equal(sa->keys.epoch, 1); // not wiped
		if (id == PIPELINE_IN) {
			open_one(w, b->m[i], sa);
		} else {
			atomic_fetch_add_explicit(&sa->tx_seq, 1, memory_order_relaxed);
			mst_pkt(b->m[i])->port = PUBLIC;
		}
		datapath_tx(w, &b->m[i], 1);
	}
	b->n = 0;
	if (b->n_left > 0)
		datapath_leave(w, b);
}

static uint16_t
transmit(void *queue, struct rte_mbuf **m, uint16_t n)
{
	unsigned int way = *(const unsigned int *)queue;

	for (uint16_t i = 0; i < n; i++) {
		const struct packet *p = (const struct packet *)m[i];

		assert_true(p->serial > last[way][p->area.session_index]);
		last[way][p->area.session_index] = p->serial;
	}
	sent[way] += n;
	rte_pktmbuf_free_bulk(m, n);
	return n;
}

// ---- workers ------------------------------------------------------------------------------------
// What rx, the parsing stages and the lookup make of a packet.
static void
look_up(struct mst_worker *w, struct mst_burst *b, struct packet *packet, unsigned int way)
{
	uint32_t index = (uint32_t)(1 + pushed[way] * 7 % (SLOTS - 2));
	struct mst_session *s = mst_session_at(index);
	struct mst_sa *sa = s == NULL ? NULL : atomic_load_explicit(&s->sa, memory_order_acquire);
	struct mst_pkt *p = &packet->area;

	*p = (struct mst_pkt){.session = s, .sa = sa, .session_index = index};
	pushed[way]++;
	packet->serial = ++serial[way][index];
	p->seq = packet->serial;
	if (sa == NULL) {
		burst_leave(b, &packet->m, way == PRIVATE ? MST_DROP_NO_SESSION : MST_DROP_NO_DEVICE);
		return;
	}
	p->session_id = s->id;
	p->worker = way == PRIVATE ? sa->owner : s->home;
	if (p->worker == w->index)
		burst_add(b, &packet->m);
	else
		burst_leave(b, &packet->m, way == PRIVATE ? MST_SPREAD_IN : MST_SPREAD_OUT);
}

static unsigned int
receive(struct mst_worker *w, unsigned int way)
{
	struct mst_burst b;
	void *m[MST_BURST];
	unsigned int want = (unsigned int)RTE_MIN(PUSHES - pushed[way], (uint64_t)MST_BURST);
	unsigned int n = rte_ring_dequeue_burst(free_packets, m, want, NULL);

	burst_init(&b, rte_rdtsc());
	for (unsigned int i = 0; i < n; i++)
		look_up(w, &b, m[i], way);
	datapath_run(w, way == PRIVATE ? PIPELINE_IN : PIPELINE_OUT, way == PRIVATE ? IN_OPEN : OUT_SEAL, &b);
	return n;
}

static uint64_t
ended(void)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WORKERS; i++)
		for (unsigned int v = 0; v < MST_VERDICT_COUNT; v++)
			if (datapath_verdict_kind(v) >= MST_VERDICT_END)
				sum += counter_get(&workers[i].verdicts[v]);
	return sum;
}

static void *
work(void *arg)
{
	struct mst_worker *w = arg;

	mst_rt_worker_online(w->index);
	while (ended() < 2 * PUSHES) {
		unsigned int n = 0;

		if (w->index == 0)
			n += receive(w, PRIVATE); // from devices
		if (w->index == 1)
			n += receive(w, PUBLIC); // to them
		n += datapath_enter_handoff(w);
		datapath_tx_flush(w);
		mst_rt_worker_quiescent(w->index);
		if (n == 0)
			sched_yield();
	}
	mst_rt_worker_offline(w->index);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

// ---- control ------------------------------------------------------------------------------------
static struct mst_session *
open_session(void)
{
	static const struct mst_session_info info = {.user = "alice"};
	struct mst_session *s;

	assert_int_equal(mst_session_open(&s, &info, 1400), 0);
	mst_session_set_path(s, MST_PATH_STREAM);
	return s;
}

static void
rekey(struct mst_session *s)
{
	static uint16_t port;
	struct mst_sa_params p = {.tuple = {.version = 4, .peer_port_be = ++port}};
	struct mst_sa *sa;

	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	sa->keys.suite = mst_dtls_suite_at(0);
	sa->keys.epoch = 1;
	assert_int_equal(mst_sa_publish(sa), 0);
}

static void
drain_rings(void)
{
	for (unsigned int r = 0; r < MST_RING_COUNT; r++) {
		void *m;

		while (rte_ring_dequeue(shared[r], &m) == 0)
			rte_pktmbuf_free_bulk((struct rte_mbuf **)&m, 1);
	}
}

static void
churn(struct mst_session *sessions[SESSIONS])
{
	for (unsigned int i = 0; atomic_load(&running) > 0; i++) {
		struct mst_session **s = &sessions[i % SESSIONS];

		if (*s != NULL && i % 5 == 0) {
			mst_session_close(*s);
			*s = NULL;
		} else if (*s != NULL && i % 7 == 0) {
			mst_sa_retire(*s);
		} else if (*s != NULL) {
			rekey(*s);
		} else if (session_state.leases.n_free > 0) {
			*s = open_session();
			rekey(*s);
		}
		drain_rings();
		mst_rt_reclaim();
		sched_yield();
	}
	for (unsigned int i = 0; i < SESSIONS; i++)
		if (sessions[i] != NULL)
			mst_session_close(sessions[i]);
	while (mst_rt_deferred() > 0)
		mst_rt_reclaim();
	drain_rings();
}

// ---- the test -----------------------------------------------------------------------------------
// Plain ones: of the relaxed tail that lcores on a shared CPU get, the two sides look at words of different sizes, which
// the sanitizer does not take for one.
static struct rte_ring *
make_ring(unsigned int size, unsigned int flags)
{
	struct rte_ring *r = rte_zmalloc("ring", (size_t)rte_ring_get_memsize(size), 64);

	assert_int_equal(rte_ring_init(r, "ring", size, flags), 0);
	return r;
}

static void
make_ports(void)
{
	static unsigned int way[2] = {PUBLIC, PRIVATE};
	static void *queue[2][1] = {{&way[PUBLIC]}, {&way[PRIVATE]}}, *no_callbacks[1];

	for (unsigned int i = 0; i < 2; i++) {
		rte_eth_fp_ops[i].tx_pkt_burst = transmit;
		rte_eth_fp_ops[i].txq.data = queue[i];
		rte_eth_fp_ops[i].txq.clbk = no_callbacks;
	}
}

static void
make_workers(void)
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		struct mst_worker *w = &workers[i];

		memset(w, 0, sizeof(*w));
		w->index = (uint16_t)i;
		w->n_workers = WORKERS;
		w->n_ports = 2;
		w->handoff = make_ring(1024, RING_F_SC_DEQ);
		w->control = shared[MST_RING_CONTROL];
		w->kernel = shared[MST_RING_KERNEL];
		w->stream = shared[MST_RING_STREAM];
		for (uint16_t p = 0; p < 2; p++)
			w->port[p] = (struct worker_port){.dpdk_id = p, .tx_worker = p};
	}
	for (unsigned int i = 0; i < WORKERS * WORKERS; i++)
		workers[i / WORKERS].handoff_to[i % WORKERS] = workers[i % WORKERS].handoff;
}

static void
nothing_has_two_owners(void **state)
{
	struct mst_session *sessions[SESSIONS];
	pthread_t threads[WORKERS];
	uint64_t replayed = 0, handed = 0;

	(void)state;
	make_workers();
	for (unsigned int i = 0; i < SESSIONS; i++)
		rekey(sessions[i] = open_session());
	for (unsigned int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	churn(sessions);
	for (unsigned int i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		replayed += replays[i];
		handed += counter_get(&workers[i].verdicts[MST_SPREAD_IN]) +
			  counter_get(&workers[i].verdicts[MST_SPREAD_OUT]);
	}
	assert_int_equal(ended(), pushed[PUBLIC] + pushed[PRIVATE]);
	assert_int_equal(replayed, 0);
	assert_true(handed > PUSHES / 10);
	assert_int_equal(rte_ring_count(free_packets), PACKETS);
}

static int
setup(void **state)
{
	(void)state;
	mst_session_table_ =
		(struct mst_session_table){.base4 = 0x0a000000, .n_slots = SLOTS, .slots = slots};
	session_state.capacity = SESSIONS;
	session_state.home_owns = true;
	assert_int_equal(session_leases_init(&session_state.leases, SLOTS, NULL, 0), 0);
	assert_int_equal(session_tuples_init(&session_state.by_tuple, SESSIONS), 0);
	assert_int_equal(rt_qsbr_create(WORKERS), 0);
	free_packets = make_ring(2 * PACKETS, 0);
	for (unsigned int r = 0; r < MST_RING_COUNT; r++)
		shared[r] = make_ring(2 * PACKETS, RING_F_SC_DEQ);
	for (unsigned int i = 0; i < PACKETS; i++) {
		packets[i].m.buf_addr = &packets[i].serial;
		assert_int_equal(rte_ring_enqueue(free_packets, &packets[i].m), 0);
	}
	make_ports();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_has_two_owners),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
