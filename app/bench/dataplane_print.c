// A cell as a line of text and as an object of JSON. The schema of the JSON stands in tests/perf/README.md. Main lcore.
#include <jansson.h>

#include "mst_datapath.h"
#include "mst_session.h"

#include "dataplane.h"

static const char *const block_names[] = {
#define X(name, help) #name,
	DATAPLANE_BLOCKS(X)
#undef X
};

void
dataplane_print_head(void)
{
	printf("TSC cycles a packet: 10th percentile/median of each block; ratios and differences paired, "
	       "median "
	       "(10th..90th percentile).\n");
#define X(name, help) printf("  %s  %s\n", #name, help);
	DATAPLANE_BLOCKS(X)
#undef X
	printf("size = inner IP bytes; imix = 7:4:1 of outer frames of 64, 570, 1518 bytes with FCS: inner "
	       "%u, %u, %u "
	       "(no tunnel frame is below %u).\n\n",
		bench_inner_len(BENCH_IMIX, 0), bench_inner_len(BENCH_IMIX, 1),
		bench_inner_len(BENCH_IMIX, 6), BENCH_OUTER_OVERHEAD + BENCH_INNER_MIN);
	printf("%-4s %-5s %8s %-6s %-22s %11s %11s %11s %11s %11s  %-18s %-18s %-20s %-20s %4s\n", "dir",
		"size", "sessions", "order", "suite", "P", "S", "R", "E", "I", "P/S", "P/R", "P-S", "P-R",
		"rej");
}

static void
print_spread(struct bench_series *s, int decimals, int width)
{
	char text[48];

	snprintf(text, sizeof(text), "%.*f (%.*f..%.*f)", decimals, bench_series_at(s, 0.5), decimals,
		bench_series_at(s, 0.1), decimals, bench_series_at(s, 0.9));
	printf(" %-*s", width, text);
}

// What the burst loop itself has counted.
static void
print_stages(struct dataplane_cell *c)
{
	struct mst_stage_stats rows[DATAPLANE_STAGES_MAX];
	unsigned int n = mst_datapath_stages(0, rows, DATAPLANE_STAGES_MAX);

	printf("    ");
	for (unsigned int i = 0; i < n; i++)
		if (c->stages[i].n != 0 && bench_series_at(&c->stages[i], 0.5) > 0)
			printf(" %s %.1f", rows[i].stage, bench_series_at(&c->stages[i], 0.1));
	printf("\n");
}

void
dataplane_print_row(struct dataplane_cell *c, bool stages)
{
	char size[16], order[BENCH_WORD_BYTES];

	bench_size_text(c->size, size);
	printf("%-4s %-5s %8u %-6s %-22s", c->dir == DATAPLANE_DEC ? "dec" : "enc", size, c->sessions,
		bench_word(BENCH_ORDERS, c->order, order), mst_dtls_suite_at(c->suite)->name);
	for (int b = 0; b < DATAPLANE_N_BLOCKS; b++) {
		char text[32];

		snprintf(text, sizeof(text), "%.0f/%.0f", bench_series_at(&c->cycles[b], 0.1),
			bench_series_at(&c->cycles[b], 0.5));
		printf(" %11s", text);
	}
	printf(" ");
	print_spread(&c->p_over_s, 2, 18);
	print_spread(&c->p_over_r, 2, 18);
	print_spread(&c->p_minus_s, 0, 20);
	print_spread(&c->p_minus_r, 0, 20);
	printf(" %4u", c->rejected);
	if (c->cycles[DATAPLANE_P].n < c->pairs)
		printf("  only %zu of %u rounds were left alone", c->cycles[DATAPLANE_P].n, c->pairs);
	putchar('\n');
	if (stages)
		print_stages(c);
	fflush(stdout);
}

static json_t *
spread(struct bench_series *s)
{
	return json_pack("{s:f, s:f, s:f}", "p10", bench_series_at(s, 0.1), "median", bench_series_at(s, 0.5),
		"p90", bench_series_at(s, 0.9));
}

json_t *
dataplane_json_row(struct dataplane_cell *c)
{
	char size[16], order[BENCH_WORD_BYTES];
	json_t *row, *cycles = json_object();

	bench_size_text(c->size, size);
	for (int b = 0; b < DATAPLANE_N_BLOCKS; b++)
		json_object_set_new(cycles, block_names[b], spread(&c->cycles[b]));
	row = json_pack("{s:s, s:s, s:f, s:i, s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:o, s:o}", "dir",
		c->dir == DATAPLANE_DEC ? "dec" : "enc", "size", size, "mean_inner_bytes", c->mean_inner,
		"sessions", (int)c->sessions, "order", bench_word(BENCH_ORDERS, c->order, order), "suite",
		mst_dtls_suite_at(c->suite)->name, "pairs", (int)c->cycles[0].n, "rejected", (int)c->rejected,
		"cycles", cycles, "p_over_s", spread(&c->p_over_s), "p_over_r", spread(&c->p_over_r),
		"p_minus_s", spread(&c->p_minus_s), "p_minus_r", spread(&c->p_minus_r));
	MST_ASSERT(row != NULL);
	return row;
}
