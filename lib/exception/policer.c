// Token buckets of what workers hand to the kernel. Worker lcores: additions and compares only. Tokens are
// TSC cycles, a packet costs the cycles in which the rate allows one, so that time is the refill and nothing
// is divided on the path.
#include <rte_branch_prediction.h>

#include "exception.h"

// Control writes before the workers run, workers read.
static struct {
	uint64_t cost, cap;
} bucket[MST_PUNT_COUNT];

void
exception_policer_set(const uint32_t rate_pps[MST_PUNT_COUNT], uint64_t tsc_hz, unsigned int n_workers)
{
	for (unsigned int c = 0; c < MST_PUNT_COUNT; c++) {
		uint64_t burst = rate_pps[c] / 10 / n_workers; // of a tenth of a second, of one worker

		if (burst < 8)
			burst = 8;
		// Rate 0 closes the class: the cost is never reached.
		bucket[c].cost = rate_pps[c] > 0 ? tsc_hz * n_workers / rate_pps[c] : UINT64_MAX;
		bucket[c].cap = rate_pps[c] > 0 ? burst * bucket[c].cost : 0;
	}
}

void
mst_punt_policer_init(struct mst_punt_policer *p, uint64_t tsc)
{
	*p = (struct mst_punt_policer){.last_tsc = tsc};
	for (unsigned int c = 0; c < MST_PUNT_COUNT; c++)
		p->tokens[c] = bucket[c].cap;
}

static void
count(uint64_t *field)
{
	// Telemetry reads it from another thread.
	__atomic_store_n(field, *field + 1, __ATOMIC_RELAXED);
}

bool
mst_punt_admit(struct mst_punt_policer *p, enum mst_punt_class c, uint64_t tsc)
{
	uint64_t elapsed = tsc - p->last_tsc;

	for (unsigned int i = 0; i < MST_PUNT_COUNT; i++) {
		uint64_t room = bucket[i].cap - p->tokens[i];

		p->tokens[i] += elapsed < room ? elapsed : room;
	}
	p->last_tsc = tsc;
	if (unlikely(p->tokens[c] < bucket[c].cost)) {
		count(&p->dropped[c]);
		return false;
	}
	p->tokens[c] -= bucket[c].cost;
	count(&p->passed[c]);
	return true;
}
