// The idle governor.
#include "idle.h"

// Packets of a flow that is alive come closer together than AUTO_SLEEP_US: a sleep between them would cost more than
// it saves, in cycles and in latency. At 10,000 packets a second they are 100 us apart.
#define PAUSE_US 20
#define AUTO_SLEEP_US 300
#define INTERRUPT_SLEEP_US 20
#define TURNS 16
#define SHARED_TURNS 4
// 64 pauses are 1 us (40 cycles each) to 4 us: far from what a receive queue holds.
#define PAUSES_MAX 64
#define US_PER_S 1000000

struct idle_policy
datapath_idle_policy(enum mst_idle mode, bool shared, uint64_t tsc_hz)
{
	struct idle_policy p = {.pause_after = UINT64_MAX, .sleep_after = UINT64_MAX, .turns = TURNS};
	uint64_t us = tsc_hz / US_PER_S;

	switch (mode) {
	case MST_IDLE_POLL:
		break;
	case MST_IDLE_PAUSE:
		p.pause_after = PAUSE_US * us;
		break;
	case MST_IDLE_INTERRUPT:
		p.sleep_after = INTERRUPT_SLEEP_US * us;
		break;
	case MST_IDLE_AUTO:
		p.pause_after = PAUSE_US * us;
		p.sleep_after = AUTO_SLEEP_US * us;
		break;
	}
	// What this worker waits for is made by the lcore that its waiting keeps from running.
	if (shared && p.sleep_after != UINT64_MAX) {
		p.sleep_after = 0;
		p.turns = SHARED_TURNS;
	}
	return p;
}

void
datapath_idle_init(struct idle *i, uint64_t tsc)
{
	*i = (struct idle){.last_packet = tsc, .pauses = 1};
}

enum idle_action
datapath_idle_turn(struct idle *i, const struct idle_policy *p, unsigned int n, uint64_t tsc)
{
	uint64_t silence;

	if (n > 0) {
		datapath_idle_init(i, tsc);
		return IDLE_SPIN;
	}
	silence = tsc - i->last_packet;
	if (i->empty_turns < p->turns) {
		i->empty_turns++;
		return IDLE_SPIN;
	}
	if (silence >= p->sleep_after)
		return IDLE_SLEEP;
	if (silence < p->pause_after)
		return IDLE_SPIN;
	i->pauses = i->pauses < PAUSES_MAX ? 2 * i->pauses : PAUSES_MAX;
	return IDLE_PAUSE;
}
