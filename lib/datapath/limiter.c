// The bucket as its time of arrival (GCRA, ITU-T I.371 annex A): one word a bucket, no refill to run. Worker
// lcores.
#include "limiter.h"

// The finaliser of MurmurHash3: every bit of the source moves every bit of the bucket.
static inline uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

void
datapath_limiter_init(struct limiter *l, uint64_t seed, uint64_t tsc_hz, uint32_t per_s, uint32_t at_once)
{
	*l = (struct limiter){.seed = seed, .cost = per_s == 0 ? 0 : tsc_hz / per_s};
	l->depth = l->cost * at_once;
}

bool
datapath_limiter_admit(struct limiter *l, uint64_t source, uint64_t tsc)
{
	uint64_t *due = &l->due[mix(mix(source ^ l->seed) + l->seed) % LIMITER_BUCKETS];
	uint64_t next = (*due > tsc ? *due : tsc) + l->cost;

	if (next > tsc + l->depth && l->cost != 0)
		return false;
	*due = next;
	return true;
}
