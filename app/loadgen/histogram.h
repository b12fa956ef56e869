// Times in nanoseconds, log-linear: 32 buckets an octave, so a quantile is never more than 1/32 above the
// truth and never below it. Pure; one writer.
#pragma once

#include "mst_base.h"

#define LG_HISTOGRAM_SUB_BITS 5
#define LG_HISTOGRAM_SUB (1u << LG_HISTOGRAM_SUB_BITS)
#define LG_HISTOGRAM_MAX_NS ((1ULL << 40) - 1) // 18 minutes; what is longer counts as this
#define LG_HISTOGRAM_BUCKETS ((40 - LG_HISTOGRAM_SUB_BITS + 1) * LG_HISTOGRAM_SUB)

struct lg_histogram {
	uint64_t n;
	uint64_t sum_ns;
	uint64_t min_ns; // of no meaning while n is 0
	uint64_t max_ns; // exact
	uint64_t bucket[LG_HISTOGRAM_BUCKETS];
};

void lg_histogram_init(struct lg_histogram *h);
void lg_histogram_merge(struct lg_histogram *h, const struct lg_histogram *other);
// The least time that at least per_10000 ten-thousandths of all times do not exceed, rounded up to its
// bucket's end: 5000 is the median, 9990 is p99.9, 10000 the maximum. 0 when nothing was added.
uint64_t lg_histogram_quantile(const struct lg_histogram *h, uint32_t per_10000);
uint64_t lg_histogram_mean(const struct lg_histogram *h);

static inline uint32_t
lg_histogram_bucket(uint64_t ns)
{
	uint32_t octave;

	if (ns < LG_HISTOGRAM_SUB)
		return (uint32_t)ns;
	if (ns > LG_HISTOGRAM_MAX_NS)
		ns = LG_HISTOGRAM_MAX_NS;
	octave = 63 - (uint32_t)__builtin_clzll(ns) - LG_HISTOGRAM_SUB_BITS;
	return (octave + 1) * LG_HISTOGRAM_SUB + ((uint32_t)(ns >> octave) & (LG_HISTOGRAM_SUB - 1));
}

static inline void
lg_histogram_add(struct lg_histogram *h, uint64_t ns)
{
	h->bucket[lg_histogram_bucket(ns)]++;
	h->sum_ns += ns;
	h->min_ns = h->n == 0 || ns < h->min_ns ? ns : h->min_ns;
	h->max_ns = ns > h->max_ns ? ns : h->max_ns;
	h->n++;
}
