// One cell of `mst-bench dataplane`: what is measured and what comes of it. Main lcore.
#pragma once

#include "bench.h"

#define DATAPLANE_BLOCK 256 // packets of a timed block: 8 bursts

#define DATAPLANE_STAGES_MAX 32

enum dataplane_dir { DATAPLANE_DEC, DATAPLANE_ENC };
#define DATAPLANE_DIRS "dec enc both"

// X(name, what a block of it is)
// clang-format off
#define DATAPLANE_BLOCKS(X)                                                    \
	X(P, "the production pipeline, rx to tx, every check on")             \
	X(S, "stock ipsec-mb, called directly on the same lengths and keys")  \
	X(R, "the best AEAD known on this CPU: S with keys asked for ahead")  \
	X(E, "OpenSSL's EVP")                                                 \
	X(I, "P without the cipher")
// clang-format on
enum dataplane_block {
#define X(name, help) DATAPLANE_##name,
	DATAPLANE_BLOCKS(X)
#undef X
		DATAPLANE_N_BLOCKS
};

struct dataplane_cell {
	// given
	enum dataplane_dir dir;
	unsigned int size; // inner bytes, or BENCH_IMIX
	uint32_t sessions;
	enum bench_order order;
	size_t suite;
	unsigned int pairs;
	uint64_t seed;
	// found, in TSC cycles a packet
	struct bench_series cycles[DATAPLANE_N_BLOCKS];
	struct bench_series p_over_s, p_over_r, p_minus_s, p_minus_r;
	struct bench_series stages[DATAPLANE_STAGES_MAX]; // of blocks P, in the order of mst_datapath_stages
	unsigned int rejected; // rounds that something else interrupted for more than 20 us
	double mean_inner;
};

// Measures pairs rounds of P S R E I. -EIO: the pipelines did not send what they were given; the reason on stderr.
MST_MUST_USE int dataplane_measure(struct dataplane_cell *c, struct bench_device *devices);
void dataplane_cell_fini(struct dataplane_cell *c);

// dataplane_print.c
void dataplane_print_head(void);
void dataplane_print_row(struct dataplane_cell *c, bool stages);
struct json_t;
struct json_t *dataplane_json_row(struct dataplane_cell *c);
