// mst-bench lookup: what a packet's look-ups cost, warm and cold, a burst at a time. Main lcore.
#include <string.h>

#include <jansson.h>
#include <rte_cycles.h>

#include "mst_route.h"
#include "mst_rt.h"
#include "mst_session.h"

#include "bench.h"

#define BLOCK 256 // look-ups of a timed block: 8 bursts
#define ROUNDS 500
#define SESSIONS_MAX 65536

static const char help[] = "usage: mst-bench lookup [OPTION]...\n"
			   "\n"
			   "Cycles a look-up, bursts of 32: outer tuple to association, inner address to "
			   "session and association, destination\n"
			   "to adjacency; hits, in the given order, and tuples of strangers.\n"
			   "\n"
			   "  --sessions LIST  1 to 65536                (1,1000,10000,65536)\n"
			   "  --order LIST     rr, random, zipf, burst8  (random)\n"
			   "  --memory MIB     of hugepages              (what the sessions need)\n"
			   "  --no-huge        on ordinary pages\n"
			   "  --json           one object instead of the table\n"
			   "  -h, --help       this text\n";

struct options {
	struct bench_list sessions, orders;
	unsigned int memory_mib;
	bool json, no_huge;
};

static const struct option long_options[] = {
	{"sessions", required_argument, NULL, 'n'},
	{"order", required_argument, NULL, 'o'},
	{"memory", required_argument, NULL, 'm'},
	{"no-huge", no_argument, NULL, 'H'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int
take_option(void *arg, int opt)
{
	struct options *o = arg;

	switch (opt) {
	case 'n':
		return bench_list_parse("sessions", optarg, NULL, 1, SESSIONS_MAX, &o->sessions);
	case 'o':
		return bench_list_parse("order", optarg, BENCH_ORDERS, 0, 0, &o->orders);
	case 'm':
		return bench_number_parse("memory", optarg, 64, 1048576, &o->memory_mib);
	case 'H':
		o->no_huge = true;
		return 0;
	default:
		o->json = true;
		return 0;
	}
}

// X(name, what it is)
#define KINDS(X)                                                                                             \
	X(tuple, "outer tuple to association")                                                               \
	X(stranger, "outer tuple of nobody")                                                                 \
	X(address, "inner address to session and association")                                               \
	X(route, "destination to adjacency, of eight")
enum kind {
#define X(name, text) KIND_##name,
	KINDS(X)
#undef X
		N_KINDS
};
static const char *const kind_names[] = {
#define X(name, text) #name,
	KINDS(X)
#undef X
};

static uint64_t sink; // what was found, so that nothing is optimised away

static void
find_tuples(const struct mst_sa_tuple *t)
{
	struct mst_sa *found[MST_BURST];

	mst_sa_lookup_bulk(t, found, MST_BURST);
	for (unsigned int i = 0; i < MST_BURST; i++)
		sink += found[i] != NULL ? found[i]->session_id : 1;
}

// As stage_lookup_out does it: each pass asks for the lines of the next.
static void
find_addresses(const uint32_t *addr)
{
	struct mst_session *s[MST_BURST];

	for (unsigned int i = 0; i < MST_BURST; i++) {
		s[i] = mst_session_by_addr4(addr[i]);
		rte_prefetch0(s[i]);
	}
	for (unsigned int i = 0; i < MST_BURST; i++)
		sink += (uintptr_t)atomic_load_explicit(&s[i]->sa, memory_order_acquire);
}

static void
find_routes(const uint32_t *dst)
{
	const struct mst_adj *adj[MST_BURST];

	mst_route_lookup4_bulk(dst, adj, MST_BURST);
	for (unsigned int i = 0; i < MST_BURST; i++)
		sink += adj[i]->kind;
}

// What one block looks up.
struct block {
	struct mst_sa_tuple tuples[BLOCK], strangers[BLOCK];
	uint32_t addresses[BLOCK], routes[BLOCK];
};

static void
choose(struct block *b, const struct bench_device *devices, struct bench_pick *pick)
{
	for (unsigned int i = 0; i < BLOCK; i++) {
		const struct bench_device *d = &devices[bench_pick_next(pick)];

		b->tuples[i] = b->strangers[i] = d->sa->tuple;
		b->strangers[i].peer_port_be = (uint16_t)~b->strangers[i].peer_port_be;
		b->addresses[i] = d->s->addr4;
		b->routes[i] = BENCH_LAN_HOST4 + i % BENCH_LAN_HOSTS;
	}
}

static double
run_one(enum kind kind, const struct block *b)
{
	uint64_t start = rte_rdtsc_precise();

	for (unsigned int i = 0; i < BLOCK; i += MST_BURST) {
		switch (kind) {
		case KIND_tuple:
			find_tuples(&b->tuples[i]);
			break;
		case KIND_stranger:
			find_tuples(&b->strangers[i]);
			break;
		case KIND_address:
			find_addresses(&b->addresses[i]);
			break;
		default:
			find_routes(&b->routes[i]);
		}
	}
	return (double)(rte_rdtsc_precise() - start) / BLOCK;
}

static void
report(const struct options *o, uint32_t n, unsigned int order, struct bench_series series[N_KINDS],
	json_t *rows)
{
	char word[BENCH_WORD_BYTES];
	json_t *row =
		json_pack("{s:i, s:s}", "sessions", (int)n, "order", bench_word(BENCH_ORDERS, order, word));

	if (!o->json)
		printf("%8u %-6s", n, word);
	for (int kind = 0; kind < N_KINDS; kind++) {
		double low = bench_series_at(&series[kind], 0.1),
		       median = bench_series_at(&series[kind], 0.5);
		char text[32];

		snprintf(text, sizeof(text), "%.0f/%.0f", low, median);
		if (!o->json)
			printf(" %11s", text);
		json_object_set_new(
			row, kind_names[kind], json_pack("{s:f, s:f}", "p10", low, "median", median));
	}
	if (!o->json)
		putchar('\n');
	json_array_append_new(rows, row);
}

static void
run_order(const struct options *o, const struct bench_device *devices, uint32_t n, unsigned int order,
	json_t *rows)
{
	struct bench_series series[N_KINDS];
	struct bench_pick pick;
	struct block *b = malloc(sizeof(*b));

	MST_ASSERT(b != NULL);
	bench_pick_init(&pick, (enum bench_order)order, n, 1);
	for (int kind = 0; kind < N_KINDS; kind++)
		bench_series_init(&series[kind], ROUNDS);
	for (unsigned int r = 0; r < ROUNDS; r++)
		for (int kind = 0; kind < N_KINDS; kind++) {
			choose(b, devices, &pick);
			bench_series_add(&series[kind], run_one((enum kind)kind, b));
		}
	report(o, n, order, series, rows);
	for (int kind = 0; kind < N_KINDS; kind++)
		bench_series_fini(&series[kind]);
	bench_pick_fini(&pick);
	free(b);
}

static int
run_all(const struct options *o, json_t *rows)
{
	if (!o->json) {
		printf("cycles a look-up, 10th percentile/median:\n");
#define X(name, text) printf("  %-9s %s\n", #name, text);
		KINDS(X)
#undef X
		printf("\n%8s %-6s", "sessions", "order");
		for (int kind = 0; kind < N_KINDS; kind++)
			printf(" %11s", kind_names[kind]);
		putchar('\n');
	}
	for (size_t i = 0; i < o->sessions.n; i++) {
		struct bench_device *devices;
		uint32_t n = o->sessions.v[i];

		if (bench_devices_open(&devices, n, 0) < 0)
			return BENCH_FAILED;
		for (size_t j = 0; j < o->orders.n; j++)
			run_order(o, devices, n, o->orders.v[j], rows);
		bench_devices_close(devices, n);
	}
	return BENCH_OK;
}

int
bench_lookup(int argc, char **argv)
{
	struct options o = {.sessions = {4, {1, 1000, 10000, 65536}}, .orders = {1, {BENCH_RANDOM}}};
	struct bench_world_params p = {0};
	int ret = bench_options(argc, argv, long_options, take_option, &o, help);
	json_t *rows, *all;

	if (ret != BENCH_GO_ON)
		return ret;
	for (size_t i = 0; i < o.sessions.n; i++)
		p.n_sessions = o.sessions.v[i] > p.n_sessions ? o.sessions.v[i] : p.n_sessions;
	p.memory_mib = o.memory_mib;
	p.no_huge = o.no_huge;
	ret = bench_world_start(&p);
	if (ret != BENCH_OK)
		return ret;
	rows = json_array();
	ret = run_all(&o, rows);
	all = json_pack(
		"{s:s, s:s, s:o}", "program", "mst-bench lookup", "version", MST_VERSION, "rows", rows);
	if (o.json) {
		json_dumpf(all, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(all);
	bench_world_stop();
	return ret;
}
