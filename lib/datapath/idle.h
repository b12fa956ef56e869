// The idle governor: what a worker does after a turn. Pure: turns and cycles in, an action out. Worker lcores.
#pragma once

#include "mst_datapath.h"

enum idle_action {
	IDLE_SPIN,  // the next turn at once
	IDLE_PAUSE, // behind idle.pauses pause instructions
	IDLE_SLEEP,
};

// In cycles since the last packet; UINT64_MAX: never.
struct idle_policy {
	uint64_t pause_after, sleep_after;
	unsigned int turns; // and as many empty turns: one long turn is no silence
};

struct idle {
	uint64_t last_packet; // tsc
	unsigned int empty_turns;
	unsigned int pauses;
};

// shared: the control lcore waits for the same CPU.
struct idle_policy datapath_idle_policy(enum mst_idle mode, bool shared, uint64_t tsc_hz);
void datapath_idle_init(struct idle *i, uint64_t tsc);
// n: packets of the turn that ended at tsc.
enum idle_action datapath_idle_turn(
	struct idle *i, const struct idle_policy *p, unsigned int n, uint64_t tsc);
