// Tokens for packets that are due. The packet loop that sends.
#include "pace.h"

void
lg_pace_init(struct lg_pace *p, uint64_t hz, uint64_t pps, uint32_t burst, uint64_t now_tsc)
{
	MST_ASSERT(hz > 0 && hz <= LG_PACE_HZ_MAX && pps <= LG_PACE_PPS_MAX);
	MST_ASSERT(burst > 0 && burst <= LG_PACE_BURST_MAX);
	*p = (struct lg_pace){.hz = hz, .pps = pps, .burst = burst, .last_tsc = now_tsc};
}

// Books what came due since the last call. The bounds of hz, pps and burst keep every product within 64 bits
// once whole seconds, which no burst makes up for, are taken off.
static void
accrue(struct lg_pace *p, uint64_t now_tsc)
{
	uint64_t passed = now_tsc - p->last_tsc;
	uint64_t most = p->burst * p->hz;

	// Time stamp counters of two cores may differ by a little.
	if (now_tsc <= p->last_tsc)
		return;
	p->last_tsc = now_tsc;
	p->missed += passed / p->hz * p->pps;
	p->credit += passed % p->hz * p->pps;
	if (p->credit > most) {
		p->missed_part += p->credit - most;
		p->missed += p->missed_part / p->hz;
		p->missed_part %= p->hz;
		p->credit = most;
	}
}

void
lg_pace_set(struct lg_pace *p, uint64_t pps, uint64_t now_tsc)
{
	MST_ASSERT(pps <= LG_PACE_PPS_MAX);
	accrue(p, now_tsc);
	p->pps = pps;
}

uint32_t
lg_pace_take(struct lg_pace *p, uint64_t now_tsc, uint32_t max)
{
	uint64_t due;

	accrue(p, now_tsc);
	due = p->credit / p->hz;
	if (due > max)
		due = max;
	p->credit -= due * p->hz;
	return (uint32_t)due;
}

void
lg_pace_give_back(struct lg_pace *p, uint32_t n)
{
	p->credit += n * p->hz;
}
