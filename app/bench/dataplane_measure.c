// Timed blocks of one cell, strictly in turn: P S R E I, P S R E I. What is compared was measured within the same
// millisecond: on a machine that others use too, nothing else is comparable. Main lcore.
#include <errno.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "mst_datapath.h"
#include "mst_rt.h"
#include "mst_session.h"

#include "dataplane.h"

#define TURNS (DATAPLANE_BLOCK / MST_BURST)
#define GAP_US 20
#define ROUNDS_PER_PAIR_MAX 10 // rounds that are begun for every pair that is asked for

// What a block works on.
struct lane {
	struct dataplane_cell *c;
	struct bench_device *devices;
	struct bench_pick pick;
	unsigned int n_made;
	uint64_t inner_bytes;
	struct bench_op ops[DATAPLANE_BLOCK];
	struct bench_device *of[DATAPLANE_BLOCK];
	struct mst_stage_stats before[DATAPLANE_STAGES_MAX], after[DATAPLANE_STAGES_MAX];
	uint64_t gap_cycles;
	bool interrupted;
};

static enum bench_port
port_in(const struct lane *l)
{
	return l->c->dir == DATAPLANE_DEC ? BENCH_PUBLIC : BENCH_PRIVATE;
}

static enum bench_port
port_out(const struct lane *l)
{
	return l->c->dir == DATAPLANE_DEC ? BENCH_PRIVATE : BENCH_PUBLIC;
}

// The sessions of the next block, and its operations on the buffers of the block before.
static void
choose(struct lane *l)
{
	for (unsigned int i = 0; i < DATAPLANE_BLOCK; i++) {
		struct bench_device *d = &l->devices[bench_pick_next(&l->pick)];

		l->of[i] = d;
		l->ops[i].key = l->c->dir == DATAPLANE_DEC ? &d->sa->keys.rx : &d->sa->keys.tx;
	}
}

static void
make_packets(struct lane *l, bool sealed)
{
	for (unsigned int i = 0; i < DATAPLANE_BLOCK; i++) {
		unsigned int inner = bench_inner_len(l->c->size, l->n_made++);
		struct rte_mbuf *m = bench_world_mbuf();

		l->inner_bytes += inner;
		if (l->c->dir == DATAPLANE_DEC)
			bench_device_frame(l->of[i], m, inner, sealed, &l->ops[i].body);
		else
			bench_lan_frame(l->of[i], m, inner, &l->ops[i].body);
		l->ops[i].len = 1 + inner;
		bench_world_push(port_in(l), m);
	}
}

// Who took the CPU away shows in the longest part of a block.
static void
note_gap(struct lane *l, const uint64_t at[TURNS + 1])
{
	uint64_t shortest = UINT64_MAX, longest = 0;

	for (unsigned int i = 0; i < TURNS; i++) {
		uint64_t part = at[i + 1] - at[i];

		shortest = part < shortest ? part : shortest;
		longest = part > longest ? part : longest;
	}
	if (longest - shortest > l->gap_cycles)
		l->interrupted = true;
}

static int
collect(struct lane *l, struct rte_mbuf *m[DATAPLANE_BLOCK])
{
	unsigned int n = bench_world_pop(port_out(l), m, DATAPLANE_BLOCK);
	char drops[512];

	if (n == DATAPLANE_BLOCK)
		return 0;
	bench_world_drops(drops, sizeof(drops));
	fprintf(stderr, "mst-bench: of %d packets the pipeline sent %u: %s\n", DATAPLANE_BLOCK, n, drops);
	rte_pktmbuf_free_bulk(m, n);
	return -EIO;
}

static int
run_pipeline(struct lane *l, bool no_cipher, double *cycles)
{
	struct rte_mbuf *m[DATAPLANE_BLOCK];
	uint64_t at[TURNS + 1];

	choose(l);
	make_packets(l, !no_cipher);
	bench_cipher_off(no_cipher);
	at[0] = rte_rdtsc_precise();
	for (unsigned int i = 0; i < TURNS; i++) {
		(void)mst_datapath_turn(0);
		at[i + 1] = rte_rdtsc_precise();
	}
	bench_cipher_off(false);
	note_gap(l, at);
	*cycles = (double)(at[TURNS] - at[0]) / DATAPLANE_BLOCK;
	MST_TRY(collect(l, m));
	rte_pktmbuf_free_bulk(m, DATAPLANE_BLOCK);
	return 0;
}

static void
run_evp(struct lane *l, unsigned int first)
{
	for (unsigned int i = first; i < first + MST_BURST; i++)
		bench_device_evp(l->of[i], l->ops[i].body, l->ops[i].len);
}

static double
run_cipher(struct lane *l, enum dataplane_block kind)
{
	bool seal = l->c->dir == DATAPLANE_ENC;
	uint64_t at[TURNS + 1];

	choose(l);
	at[0] = rte_rdtsc_precise();
	for (unsigned int i = 0; i < TURNS; i++) {
		const struct bench_op *ops = &l->ops[(size_t)i * MST_BURST];

		if (kind == DATAPLANE_S)
			bench_stock_run(ops, MST_BURST, seal);
		else if (kind == DATAPLANE_R)
			bench_best_run(ops, MST_BURST, seal);
		else
			run_evp(l, i * MST_BURST);
		at[i + 1] = rte_rdtsc_precise();
	}
	note_gap(l, at);
	return (double)(at[TURNS] - at[0]) / DATAPLANE_BLOCK;
}

static int
one_round(struct lane *l, double cycles[DATAPLANE_N_BLOCKS])
{
	l->interrupted = false;
	(void)mst_datapath_stages(0, l->before, DATAPLANE_STAGES_MAX);
	MST_TRY(run_pipeline(l, false, &cycles[DATAPLANE_P]));
	(void)mst_datapath_stages(0, l->after, DATAPLANE_STAGES_MAX);
	for (int b = DATAPLANE_S; b <= DATAPLANE_E; b++)
		cycles[b] = run_cipher(l, (enum dataplane_block)b);
	return run_pipeline(l, true, &cycles[DATAPLANE_I]);
}

static void
keep(struct lane *l, const double cycles[DATAPLANE_N_BLOCKS])
{
	struct dataplane_cell *c = l->c;

	for (int i = 0; i < DATAPLANE_STAGES_MAX; i++)
		bench_series_add(
			&c->stages[i], (double)(l->after[i].cycles - l->before[i].cycles) / DATAPLANE_BLOCK);
	for (int b = 0; b < DATAPLANE_N_BLOCKS; b++)
		bench_series_add(&c->cycles[b], cycles[b]);
	bench_series_add(&c->p_over_s, cycles[DATAPLANE_P] / cycles[DATAPLANE_S]);
	bench_series_add(&c->p_over_r, cycles[DATAPLANE_P] / cycles[DATAPLANE_R]);
	bench_series_add(&c->p_minus_s, cycles[DATAPLANE_P] - cycles[DATAPLANE_S]);
	bench_series_add(&c->p_minus_r, cycles[DATAPLANE_P] - cycles[DATAPLANE_R]);
}

static void
init_series(struct dataplane_cell *c)
{
	for (int b = 0; b < DATAPLANE_N_BLOCKS; b++)
		bench_series_init(&c->cycles[b], c->pairs);
	for (int i = 0; i < DATAPLANE_STAGES_MAX; i++)
		bench_series_init(&c->stages[i], c->pairs);
	bench_series_init(&c->p_over_s, c->pairs);
	bench_series_init(&c->p_over_r, c->pairs);
	bench_series_init(&c->p_minus_s, c->pairs);
	bench_series_init(&c->p_minus_r, c->pairs);
}

void
dataplane_cell_fini(struct dataplane_cell *c)
{
	for (int b = 0; b < DATAPLANE_N_BLOCKS; b++)
		bench_series_fini(&c->cycles[b]);
	for (int i = 0; i < DATAPLANE_STAGES_MAX; i++)
		bench_series_fini(&c->stages[i]);
	bench_series_fini(&c->p_over_s);
	bench_series_fini(&c->p_over_r);
	bench_series_fini(&c->p_minus_s);
	bench_series_fini(&c->p_minus_r);
}

int
dataplane_measure(struct dataplane_cell *c, struct bench_device *devices)
{
	struct lane *l = calloc(1, sizeof(*l));
	double cycles[DATAPLANE_N_BLOCKS];
	int ret = 0;

	MST_ASSERT(l != NULL);
	l->c = c;
	l->devices = devices;
	l->gap_cycles = rte_get_tsc_hz() / 1000000 * GAP_US;
	bench_pick_init(&l->pick, c->order, c->sessions, c->seed);
	init_series(c);
	ret = one_round(l, cycles); // caches and branch predictors, not counted
	for (unsigned int i = 0; ret == 0 && i < c->pairs * ROUNDS_PER_PAIR_MAX && c->cycles[0].n < c->pairs;
		i++) {
		ret = one_round(l, cycles);
		if (ret == 0 && l->interrupted)
			c->rejected++;
		else if (ret == 0)
			keep(l, cycles);
	}
	c->mean_inner = (double)l->inner_bytes / l->n_made;
	bench_pick_fini(&l->pick);
	free(l);
	return ret;
}
