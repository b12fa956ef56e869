// mst-bench dataplane: the production pipelines of both directions, rx to tx, beside the bare cipher in the same process.
// Main lcore.
#include "dataplane.h"

#include <string.h>

#include <jansson.h>
#include <rte_cycles.h>
#include <rte_eal.h>

#include "mst_session.h"

#define SESSIONS_MAX 65536
#define PAIRS_MIN 1
#define PAIRS_MAX 100000

static const char help[] =
	"usage: mst-bench dataplane [OPTION]...\n"
	"\n"
	"Runs the burst functions of the gateway, from receive to transmit on ports made of rings, with "
	"every check on,\n"
	"in turn with the bare cipher on the same lengths, keys and buffers. Packets are made by OpenSSL, "
	"untimed.\n"
	"\n"
	"  --size LIST      inner IP bytes, 28 to 1434, or imix       (64,256,570,1400,imix)\n"
	"  --sessions LIST  1 to 65536                                (1000)\n"
	"  --order LIST     rr, random, zipf, burst8                  (rr)\n"
	"  --suite LIST     " BENCH_SUITES "  (aes-256-gcm)\n"
	"  --dir DIR        dec, enc or both                          (both)\n"
	"  --pairs N        rounds a cell                             (200)\n"
	"  --seed N         of orders that are random                 (1)\n"
	"  --memory MIB     of hugepages                              (what the sessions need)\n"
	"  --no-huge        on ordinary pages\n"
	"  --stages         under each row the cycles a packet of each stage, 10th percentile of blocks P\n"
	"  --json           one object instead of the table\n"
	"  -h, --help       this text\n";

struct options {
	struct bench_list sizes, sessions, orders, suites;
	unsigned int dir, pairs, memory_mib;
	uint64_t seed;
	bool json, no_huge, stages;
};

static const struct option long_options[] = {
	{"size", required_argument, NULL, 's'},
	{"sessions", required_argument, NULL, 'n'},
	{"order", required_argument, NULL, 'o'},
	{"suite", required_argument, NULL, 'c'},
	{"dir", required_argument, NULL, 'd'},
	{"pairs", required_argument, NULL, 'p'},
	{"seed", required_argument, NULL, 'r'},
	{"memory", required_argument, NULL, 'm'},
	{"no-huge", no_argument, NULL, 'H'},
	{"stages", no_argument, NULL, 'S'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int
take_option(void *arg, int opt)
{
	struct options *o = arg;
	unsigned int seed;
	struct bench_list dir;

	switch (opt) {
	case 's':
		return bench_sizes_parse(optarg, &o->sizes);
	case 'n':
		return bench_list_parse("sessions", optarg, NULL, 1, SESSIONS_MAX, &o->sessions);
	case 'o':
		return bench_list_parse("order", optarg, BENCH_ORDERS, 0, 0, &o->orders);
	case 'c':
		return bench_list_parse("suite", optarg, BENCH_SUITES, 0, 0, &o->suites);
	case 'd':
		MST_TRY(bench_list_parse("dir", optarg, DATAPLANE_DIRS, 0, 0, &dir));
		o->dir = dir.v[0];
		return 0;
	case 'p':
		return bench_number_parse("pairs", optarg, PAIRS_MIN, PAIRS_MAX, &o->pairs);
	case 'r':
		MST_TRY(bench_number_parse("seed", optarg, 1, UINT32_MAX, &seed));
		o->seed = seed;
		return 0;
	case 'm':
		return bench_number_parse("memory", optarg, 64, 1048576, &o->memory_mib);
	case 'H':
		o->no_huge = true;
		return 0;
	case 'S':
		o->stages = true;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	default:
		return -1;
	}
}

static int
run_cell(const struct options *o, struct dataplane_cell *c, struct bench_device *devices, json_t *rows)
{
	int ret;

	for (unsigned int dir = DATAPLANE_DEC; dir <= DATAPLANE_ENC; dir++) {
		if (o->dir != 2 && o->dir != dir)
			continue;
		c->dir = (enum dataplane_dir)dir;
		c->rejected = 0;
		ret = dataplane_measure(c, devices);
		if (ret == 0 && o->json)
			json_array_append_new(rows, dataplane_json_row(c));
		else if (ret == 0)
			dataplane_print_row(c, o->stages);
		dataplane_cell_fini(c);
		MST_TRY(ret);
	}
	return 0;
}

static int
run_sessions(const struct options *o, uint32_t n, size_t suite, json_t *rows)
{
	struct dataplane_cell c = {.sessions = n, .suite = suite, .pairs = o->pairs, .seed = o->seed};
	struct bench_device *devices;
	int ret;

	MST_TRY(bench_devices_open(&devices, n, suite));
	ret = 0;
	for (size_t i = 0; i < o->orders.n && ret == 0; i++) {
		c.order = (enum bench_order)o->orders.v[i];
		for (size_t j = 0; j < o->sizes.n && ret == 0; j++) {
			c.size = o->sizes.v[j];
			ret = run_cell(o, &c, devices, rows);
		}
	}
	bench_devices_close(devices, n);
	return ret;
}

static void
print_json(json_t *rows)
{
	json_t *all = json_pack("{s:s, s:s, s:s, s:b, s:I, s:i, s:o}", "program", "mst-bench dataplane",
		"version", MST_VERSION, "engine", mst_crypto_engine(), "hugepages",
		rte_eal_has_hugepages() != 0, "tsc_hz", (json_int_t)rte_get_tsc_hz(), "block_packets",
		DATAPLANE_BLOCK, "rows", rows);

	MST_ASSERT(all != NULL);
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

static int
run_all(const struct options *o)
{
	json_t *rows = json_array();
	int ret = bench_stock_start();

	if (!o->json) {
		printf("%s, TSC %.0f MHz, %s pages\n", mst_crypto_engine(), (double)rte_get_tsc_hz() / 1e6,
			rte_eal_has_hugepages() != 0 ? "huge" : "ordinary");
		dataplane_print_head();
	}
	for (size_t i = 0; i < o->suites.n && ret == 0; i++)
		for (size_t j = 0; j < o->sessions.n && ret == 0; j++)
			ret = run_sessions(o, o->sessions.v[j], o->suites.v[i], rows);
	bench_stock_stop();
	if (ret == 0 && o->json)
		print_json(rows);
	else
		json_decref(rows);
	return ret == 0 ? BENCH_OK : BENCH_FAILED;
}

int
bench_dataplane(int argc, char **argv)
{
	struct options o = {.dir = 2,
		.pairs = 200,
		.seed = 1,
		.sessions = {1, {1000}},
		.orders = {1, {BENCH_RR}},
		.suites = {1, {0}}};
	struct bench_world_params p = {0};
	int ret;

	MST_ASSERT(bench_sizes_parse("64,256,570,1400,imix", &o.sizes) == 0);
	ret = bench_options(argc, argv, long_options, take_option, &o, help);
	if (ret != BENCH_GO_ON)
		return ret;
	for (size_t i = 0; i < o.sessions.n; i++)
		p.n_sessions = o.sessions.v[i] > p.n_sessions ? o.sessions.v[i] : p.n_sessions;
	p.memory_mib = o.memory_mib;
	p.no_huge = o.no_huge;
	ret = bench_world_start(&p);
	if (ret != BENCH_OK)
		return ret;
	ret = run_all(&o);
	bench_world_stop();
	return ret;
}
