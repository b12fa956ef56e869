// Token buckets by source, in front of what a stranger can make the control lcore do. A worker has its own.
#pragma once

#include "mst_base.h"

// A fixed table: sources that fall into the same bucket share it. Nobody outside knows the seed, so nobody
// can choose an address that shares the bucket of somebody else.
#define LIMITER_BUCKETS 4096

struct limiter {
	uint64_t seed;
	uint64_t cost;		       // cycles that one admission takes to grow back; 0: admit all
	uint64_t depth;		       // cycles of admissions that may come at once
	uint64_t due[LIMITER_BUCKETS]; // when the bucket is full again, in TSC
};

// Control, before launch.
void datapath_limiter_init(
	struct limiter *l, uint64_t seed, uint64_t tsc_hz, uint32_t per_s, uint32_t at_once);
// Worker.
bool datapath_limiter_admit(struct limiter *l, uint64_t source, uint64_t tsc);
