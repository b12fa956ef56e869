// Latency histogram: quantiles and sums; adding is in the header. Main thread.
#include "histogram.h"

#include <string.h>

void
lg_histogram_init(struct lg_histogram *h)
{
	memset(h, 0, sizeof(*h));
}

void
lg_histogram_merge(struct lg_histogram *h, const struct lg_histogram *other)
{
	if (other->n == 0)
		return;
	h->min_ns = h->n == 0 || other->min_ns < h->min_ns ? other->min_ns : h->min_ns;
	h->max_ns = other->max_ns > h->max_ns ? other->max_ns : h->max_ns;
	h->n += other->n;
	h->sum_ns += other->sum_ns;
	for (uint32_t i = 0; i < LG_HISTOGRAM_BUCKETS; i++)
		h->bucket[i] += other->bucket[i];
}

// The longest time that falls into bucket i.
static uint64_t
bucket_end(uint32_t i)
{
	uint32_t octave = i / LG_HISTOGRAM_SUB;

	if (octave == 0)
		return i;
	return ((uint64_t)(LG_HISTOGRAM_SUB + i % LG_HISTOGRAM_SUB + 1) << (octave - 1)) - 1;
}

uint64_t
lg_histogram_quantile(const struct lg_histogram *h, uint32_t per_10000)
{
	// n and the share are split so that no count overflows.
	uint64_t rank = h->n / 10000 * per_10000 + (h->n % 10000 * per_10000 + 9999) / 10000;
	uint64_t below = 0;

	if (h->n == 0)
		return 0;
	if (rank == 0)
		return h->min_ns;
	for (uint32_t i = 0; i < LG_HISTOGRAM_BUCKETS; i++) {
		below += h->bucket[i];
		if (below >= rank)
			// The last bucket holds all that is longer too.
			return i < LG_HISTOGRAM_BUCKETS - 1 && bucket_end(i) < h->max_ns ? bucket_end(i)
											 : h->max_ns;
	}
	return h->max_ns;
}

uint64_t
lg_histogram_mean(const struct lg_histogram *h)
{
	return h->n == 0 ? 0 : h->sum_ns / h->n;
}
