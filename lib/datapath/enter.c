// What other lcores send into the pipelines: control by the inject ring, other workers by the hand-over ring.
// Each kind has its stage to enter at; handles become pointers here, and a session that ended meanwhile is a
// verdict. Worker lcores.
#include "mst_session.h"
#include "mst_wire_inline.h"

#include "message.h"
#include "worker.h"

// The area as a stage expects it; across a ring only these fields mean anything.
static inline void
fresh_area(struct mst_pkt *p)
{
	*p = (struct mst_pkt){.session_index = p->session_index, .session_id = p->session_id};
}

// A record that another worker parsed and looked up, or that control has found the association of.
static enum mst_verdict
enter_record(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_sa *sa = p->sa;

	(void)b;
	(void)m;
	// A rekey on the way: the record is of the association before.
	if (p->session != NULL && (sa == NULL || sa->serial != p->sa_serial))
		p->sa = sa = atomic_load_explicit(
			&((struct mst_session *)p->session)->before, memory_order_acquire);
	if (sa == NULL || sa->serial != p->sa_serial || sa->owner != w->index)
		return MST_DROP_STALE;
	rte_prefetch0(&sa->rx_packets);
	rte_prefetch0(&sa->keys.rx.alg);
	return MST_NEXT;
}

// A packet to a device that another worker looked up: its size and its hop are done with. The path may have
// changed on the way.
static enum mst_verdict
enter_plain(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	const struct mst_session *s = p->session;
	uint8_t path;

	(void)w;
	(void)b;
	(void)m;
	if (s == NULL)
		return MST_DROP_STALE;
	path = atomic_load_explicit(&s->path, memory_order_relaxed);
	if (path == MST_PATH_NONE)
		return MST_DROP_NO_PATH;
	return path == MST_PATH_DTLS && p->sa != NULL ? MST_NEXT : MST_STREAM;
}

// An outer packet that control made, headers and all.
static enum mst_verdict
enter_outer(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_wire_ip ip;
	enum mst_wire_verdict v = mst_wire_ip_parse(pkt_data(m), m->data_len, false, &ip);

	(void)w;
	(void)b;
	if (v != MST_WIRE_OK)
		return verdict_of_wire(v);
	fresh_area(p);
	p->ip_version = ip.version;
	p->l3_len = (uint16_t)ip.total_len;
	return MST_NEXT;
}

// The packet of a CSTP frame: as if a record had been opened.
static enum mst_verdict
enter_from_device(
	const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	struct mst_session *s = p->session;

	(void)w;
	(void)b;
	(void)m;
	if (s == NULL)
		return MST_DROP_STALE;
	fresh_area(p);
	p->session = s;
	p->content = MST_DTLS_APPLICATION_DATA;
	p->type = MESSAGE_DATA;
	return MST_NEXT;
}

// A packet that the kernel sent into its tun.
static enum mst_verdict
enter_to_device(const struct mst_worker *w, const struct mst_burst *b, struct rte_mbuf *m, struct mst_pkt *p)
{
	enum mst_verdict v = enter_outer(w, b, m, p);

	p->flags = MST_PKT_INNER;
	return v;
}

enum entrance {
	ENTRANCE_RECORD,
	ENTRANCE_PLAIN,
	ENTRANCE_OUTER,
	ENTRANCE_FROM_DEVICE,
	ENTRANCE_TO_DEVICE,
	ENTRANCE_COUNT
};

static const struct {
	mst_pkt_fn *enter;
	bool by_handle; // index and id name a session
	enum pipeline_id pipeline;
	unsigned int stage;
} entrances[ENTRANCE_COUNT] = {
	[ENTRANCE_RECORD] = {enter_record, true, PIPELINE_IN, IN_OPEN},
	[ENTRANCE_PLAIN] = {enter_plain, true, PIPELINE_OUT, OUT_SEAL},
	[ENTRANCE_OUTER] = {enter_outer, false, PIPELINE_OUT, OUT_ROUTE},
	[ENTRANCE_FROM_DEVICE] = {enter_from_device, true, PIPELINE_IN, IN_INNER},
	[ENTRANCE_TO_DEVICE] = {enter_to_device, false, PIPELINE_OUT, OUT_LOOKUP},
};

static enum entrance
entrance_of(const struct mst_pkt *p)
{
	switch (p->entry) {
	case MST_ENTRY_RECORD:
		return ENTRANCE_RECORD;
	case ENTRY_PLAIN:
		return ENTRANCE_PLAIN;
	case MST_ENTRY_OUTER:
		return ENTRANCE_OUTER;
	case MST_ENTRY_FROM_DEVICE:
		return ENTRANCE_FROM_DEVICE;
	case MST_ENTRY_TO_DEVICE:
		return ENTRANCE_TO_DEVICE;
	default:
		return ENTRANCE_COUNT; // MST_ENTRY_FRAME: past every stage
	}
}

// Handles to pointers, in passes that each ask for the lines of the next: session, association.
static void
resolve(struct mst_burst *b)
{
	for (uint16_t i = 0; i < b->n; i++) {
		struct mst_pkt *p = mst_pkt(b->m[i]);

		p->session = mst_session_at(p->session_index);
		rte_prefetch0(p->session);
	}
	for (uint16_t i = 0; i < b->n; i++) {
		struct mst_pkt *p = mst_pkt(b->m[i]);
		struct mst_session *s = p->session;

		if (s != NULL && s->id != p->session_id)
			p->session = s = NULL;
		p->sa = s == NULL ? NULL : atomic_load_explicit(&s->sa, memory_order_acquire);
		rte_prefetch0(p->sa);
	}
}

static unsigned int
enter(struct mst_worker *w, struct rte_ring *r)
{
	struct rte_mbuf *m[MST_BURST];
	struct mst_burst b[ENTRANCE_COUNT];
	uint64_t start = rte_rdtsc();
	unsigned int n = rte_ring_dequeue_burst(r, (void **)m, MST_BURST, NULL);

	if (n == 0)
		return 0;
	// Written by another lcore a moment ago: every line of it is away.
	for (unsigned int i = 0; i < n; i++) {
		rte_prefetch0(m[i]);
		rte_prefetch0(mst_pkt(m[i]));
	}
	for (unsigned int e = 0; e < ENTRANCE_COUNT; e++)
		burst_init(&b[e], start);
	for (unsigned int i = 0; i < n; i++) {
		enum entrance e = entrance_of(mst_pkt(m[i]));

		if (e == ENTRANCE_COUNT)
			datapath_tx(w, &m[i], 1);
		else
			burst_add(&b[e], m[i]);
	}
	mst_counter_add(&w->stream_rx_packets, b[ENTRANCE_FROM_DEVICE].n);
	for (unsigned int e = 0; e < ENTRANCE_COUNT; e++) {
		if (entrances[e].by_handle)
			resolve(&b[e]);
		burst_each(w, &b[e], entrances[e].enter);
	}
	count_step(&w->io[IO_ENTER], n, n, rte_rdtsc() - start);
	for (unsigned int e = 0; e < ENTRANCE_COUNT; e++)
		datapath_run(w, entrances[e].pipeline, entrances[e].stage, &b[e]);
	return n;
}

unsigned int
datapath_enter_handoff(struct mst_worker *w)
{
	return enter(w, w->handoff);
}

unsigned int
datapath_enter_inject(struct mst_worker *w)
{
	return enter(w, w->inject);
}
