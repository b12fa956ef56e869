// mst-bench crypto: the cipher alone, as others call it and as the data plane calls it, and what a byte of it costs. Main
// lcore; no EAL.
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <rte_cycles.h>

#include "bench.h"

#define BURST 32
#define BUFFER_BYTES 2048 // as the packets of the pool have
#define ROUNDS 500
#define AAD_BYTES 13

static const char help[] =
	"usage: mst-bench crypto [OPTION]...\n"
	"\n"
	"Cycles a record of the bare AEAD, bursts of 32 records, each with a key of its own, warm: stock "
	"ipsec-mb called\n"
	"directly, the same with keys asked for ahead, the burst calls of the gateway, OpenSSL's EVP.\n"
	"\n"
	"  --size LIST    plaintext bytes, 28 to 1434, or imix  (64,256,570,1400,imix)\n"
	"  --suite LIST   " BENCH_SUITES "  (aes-256-gcm)\n"
	"  --json         one object instead of the table\n"
	"  -h, --help     this text\n";

struct options {
	struct bench_list sizes, suites;
	bool json;
};

static const struct option long_options[] = {
	{"size", required_argument, NULL, 's'},
	{"suite", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int
take_option(void *arg, int opt)
{
	struct options *o = arg;

	switch (opt) {
	case 's':
		return bench_sizes_parse(optarg, &o->sizes);
	case 'c':
		return bench_list_parse("suite", optarg, BENCH_SUITES, 0, 0, &o->suites);
	default:
		o->json = true;
		return 0;
	}
}

// X(name, what it is)
#define WAYS(X)                                                                                              \
	X(stock, "ipsec-mb called directly")                                                                 \
	X(best, "stock, keys asked for ahead")                                                               \
	X(ours, "mst_aead_seal_burst and mst_aead_open_burst")                                               \
	X(evp, "OpenSSL's EVP")
enum way {
#define X(name, text) WAY_##name,
	WAYS(X)
#undef X
		N_WAYS
};
static const char *const way_names[] = {
#define X(name, text) #name,
	WAYS(X)
#undef X
};

static const uint8_t algs[] = {MST_AEAD_AES_256_GCM, MST_AEAD_CHACHA20_POLY1305, MST_AEAD_AES_128_GCM};

static struct mst_aead_key keys[BURST];
static EVP_CIPHER_CTX *evps[BURST];
static uint8_t data[BURST][BUFFER_BYTES];

static int
make_keys(unsigned int suite)
{
	uint8_t raw[MST_AEAD_KEY_MAX_BYTES];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, mst_aead_name((enum mst_aead_alg)algs[suite]), NULL);
	int ok = cipher != NULL;

	for (unsigned int i = 0; i < BURST && ok; i++) {
		mst_random(raw, sizeof(raw));
		evps[i] = EVP_CIPHER_CTX_new();
		ok = mst_aead_key_init(&keys[i], (enum mst_aead_alg)algs[suite], raw) == 0 &&
		     evps[i] != NULL && EVP_EncryptInit_ex2(evps[i], cipher, raw, NULL, NULL) == 1;
	}
	EVP_CIPHER_free(cipher);
	return ok ? 0 : -1;
}

static void
free_keys(void)
{
	for (unsigned int i = 0; i < BURST; i++)
		EVP_CIPHER_CTX_free(evps[i]);
}

static void
run_evp(struct mst_aead_op *ops)
{
	for (unsigned int i = 0; i < BURST; i++) {
		int n;

		MST_ASSERT(EVP_EncryptInit_ex2(evps[i], NULL, NULL, ops[i].nonce, NULL) == 1 &&
			   EVP_EncryptUpdate(evps[i], NULL, &n, ops[i].aad, AAD_BYTES) == 1 &&
			   EVP_EncryptUpdate(evps[i], ops[i].data, &n, ops[i].data, (int)ops[i].len) == 1 &&
			   EVP_EncryptFinal_ex(evps[i], ops[i].data, &n) == 1 &&
			   EVP_CIPHER_CTX_ctrl(
				   evps[i], EVP_CTRL_AEAD_GET_TAG, MST_AEAD_TAG_BYTES, ops[i].tag) == 1);
	}
}

static double
run_one(enum way way, struct mst_aead_op *ops, const struct bench_op *bare, bool seal)
{
	uint64_t start = rte_rdtsc_precise();

	if (way == WAY_stock)
		bench_stock_run(bare, BURST, seal);
	else if (way == WAY_best)
		bench_best_run(bare, BURST, seal);
	else if (way == WAY_evp)
		run_evp(ops);
	else if (seal)
		mst_aead_seal_burst(ops, BURST, AAD_BYTES);
	else
		mst_aead_open_burst(ops, BURST, AAD_BYTES);
	return (double)(rte_rdtsc_precise() - start) / BURST;
}

// All ways in turn, round by round: what disturbs one disturbs the others.
static void
measure(unsigned int size, bool seal, struct bench_series series[N_WAYS])
{
	static struct mst_aead_op ops[BURST];
	struct bench_op bare[BURST];

	for (unsigned int i = 0; i < BURST; i++) {
		unsigned int len = bench_inner_len(size, i);

		ops[i] = (struct mst_aead_op){.key = &keys[i], .data = data[i], .len = len};
		bare[i] = (struct bench_op){.key = &keys[i], .body = data[i], .len = len};
	}
	for (int way = 0; way < N_WAYS; way++)
		bench_series_init(&series[way], ROUNDS);
	for (unsigned int r = 0; r < ROUNDS + 1; r++)
		for (int way = 0; way < N_WAYS; way++) {
			double cycles = run_one((enum way)way, ops, bare, seal);

			if (r != 0) // the first warms
				bench_series_add(&series[way], cycles);
		}
}

static void
print_row(const char *suite, const char *size, bool seal, struct bench_series series[N_WAYS])
{
	printf("%-18s %-5s %-4s", suite, size, seal ? "seal" : "open");
	for (int way = 0; way < N_WAYS; way++) {
		char text[32];

		snprintf(text, sizeof(text), "%.0f/%.0f", bench_series_at(&series[way], 0.1),
			bench_series_at(&series[way], 0.5));
		printf(" %11s", text);
	}
	putchar('\n');
}

static void
add_row(json_t *rows, const char *suite, const char *size, bool seal, struct bench_series series[N_WAYS])
{
	json_t *row = json_pack(
		"{s:s, s:s, s:s}", "suite", suite, "size", size, "direction", seal ? "seal" : "open");

	for (int way = 0; way < N_WAYS; way++)
		json_object_set_new(row, way_names[way],
			json_pack("{s:f, s:f}", "p10", bench_series_at(&series[way], 0.1), "median",
				bench_series_at(&series[way], 0.5)));
	json_array_append_new(rows, row);
}

static void
run_suite(const struct options *o, unsigned int suite, json_t *rows)
{
	const char *name = mst_aead_name((enum mst_aead_alg)algs[suite]);
	struct bench_series series[N_WAYS];
	char size[16];

	for (size_t i = 0; i < o->sizes.n; i++) {
		bench_size_text(o->sizes.v[i], size);
		for (int seal = 0; seal < 2; seal++) {
			measure(o->sizes.v[i], seal != 0, series);
			if (o->json)
				add_row(rows, name, size, seal != 0, series);
			else
				print_row(name, size, seal != 0, series);
			for (int way = 0; way < N_WAYS; way++)
				bench_series_fini(&series[way]);
		}
	}
}

static void
print_head(void)
{
	printf("%s\ncycles a record, 10th percentile/median:\n", mst_crypto_engine());
#define X(name, text) printf("  %-6s %s\n", #name, text);
	WAYS(X)
#undef X
	printf("\n%-18s %-5s %-4s", "suite", "size", "dir");
	for (int way = 0; way < N_WAYS; way++)
		printf(" %11s", way_names[way]);
	putchar('\n');
}

static void
print_json(json_t *rows)
{
	json_t *all = json_pack("{s:s, s:s, s:s, s:o}", "program", "mst-bench crypto", "version", MST_VERSION,
		"engine", mst_crypto_engine(), "rows", rows);

	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}

int
bench_crypto(int argc, char **argv)
{
	struct options o = {.suites = {1, {0}}};
	json_t *rows;
	int ret;

	MST_ASSERT(bench_sizes_parse("64,256,570,1400,imix", &o.sizes) == 0);
	ret = bench_options(argc, argv, long_options, take_option, &o, help);
	if (ret != BENCH_GO_ON)
		return ret;
	if (mst_crypto_init() < 0 || bench_stock_start() < 0) {
		fputs("mst-bench: the cipher self-test failed\n", stderr);
		return BENCH_HOST;
	}
	rows = json_array();
	if (!o.json)
		print_head();
	for (size_t i = 0; i < o.suites.n && ret == BENCH_GO_ON; i++) {
		if (make_keys(o.suites.v[i]) == 0)
			run_suite(&o, o.suites.v[i], rows);
		else
			ret = BENCH_FAILED;
		free_keys();
	}
	bench_stock_stop();
	if (o.json)
		print_json(rows);
	else
		json_decref(rows);
	return ret == BENCH_GO_ON ? BENCH_OK : ret;
}
