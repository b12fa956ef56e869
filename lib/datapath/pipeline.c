// The data path of the product, whole: two orders of stages and the loop that runs them. Worker lcores.
#include "worker.h"

// clang-format off
// From the public port to the private one.
//   rx ------------> outer       record handed over ----> open        MST_ENTRY_FROM_DEVICE -> inner
// From the private port to the public one.
//   rx ------------> private     MST_ENTRY_TO_DEVICE ---> lookup_out  DPD response ----------> seal
//                                packet handed over ----> seal        MST_ENTRY_OUTER -------> route
static const struct pipeline pipelines[PIPELINE_COUNT] = {
	[PIPELINE_IN] = {"inbound", IN_END, {
		[IN_OUTER]    = {"outer",      stage_outer},         // Ethernet, IP, UDP: for us, and for our port?
		[IN_RECORD]   = {"record",     stage_record},        // DTLS header: data, or for control?
		[IN_LOOKUP]   = {"lookup_in",  stage_lookup_in},     // whose? and is this worker its owner?
		[IN_OPEN]     = {"open",       stage_open},          // replay window, AEAD, window moves
		[IN_INNER]    = {"inner",      stage_inner},         // which message? is its source the device's address?
		[IN_ROUTE]    = {"route",      stage_route_inner},   // FIB, MTU
		[IN_REWRITE]  = {"rewrite",    stage_rewrite_inner}, // TTL, Ethernet header
	}},
	[PIPELINE_OUT] = {"outbound", OUT_END, {
		[OUT_PRIVATE] = {"private",    stage_private},       // Ethernet, IP: for a device?
		[OUT_LOOKUP]  = {"lookup_out", stage_lookup_out},    // which? does it fit? by which path? TTL
		[OUT_SEAL]    = {"seal",       stage_seal},          // sequence number, AEAD
		[OUT_ENCAP]   = {"encap",      stage_encap},         // IP and UDP of the session's template
		[OUT_ROUTE]   = {"route",      stage_route_outer},   // FIB, MTU
		[OUT_REWRITE] = {"rewrite",    stage_rewrite_outer}, // Ethernet header
	}},
};
// clang-format on

const struct pipeline *
datapath_pipeline(enum pipeline_id id)
{
	return &pipelines[id];
}

// Reading the clock behind every stage would be a tenth of what the small stages cost: one burst in TIMED_BURSTS is
// timed and stands for the others.
#define TIMED_BURSTS 8

static void
run_timed(struct mst_worker *w, enum pipeline_id id, unsigned int from, struct mst_burst *b)
{
	const struct pipeline *p = &pipelines[id];
	uint64_t start = rte_rdtsc();

	for (unsigned int i = from; i < p->n_stages && b->n > 0; i++) {
		uint16_t n = b->n;
		uint64_t end;

		p->stages[i].run(w, b);
		end = rte_rdtsc();
		count_step(&w->stage[id][i], n, b->n, TIMED_BURSTS * (end - start));
		start = end;
	}
}

static void
run(struct mst_worker *w, enum pipeline_id id, unsigned int from, struct mst_burst *b)
{
	const struct pipeline *p = &pipelines[id];

	for (unsigned int i = from; i < p->n_stages && b->n > 0; i++) {
		uint16_t n = b->n;

		p->stages[i].run(w, b);
		count_step(&w->stage[id][i], n, b->n, 0);
	}
}

void
datapath_run(struct mst_worker *w, enum pipeline_id id, unsigned int from, struct mst_burst *b)
{
	if (w->bursts[id]++ % TIMED_BURSTS == 0)
		run_timed(w, id, from, b);
	else
		run(w, id, from, b);
	datapath_tx(w, b->m, b->n);
	b->n = 0;
	if (b->n_left > 0)
		datapath_leave(w, b);
}
