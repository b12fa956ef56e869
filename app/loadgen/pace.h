// How many packets are due: tokens from the time stamp counter, with a bounded debt. Pure; the packet loop
// that sends.
#pragma once

#include "mst_base.h"

#define LG_PACE_HZ_MAX (1ULL << 36)
#define LG_PACE_PPS_MAX 100000000ULL
#define LG_PACE_BURST_MAX 4096

struct lg_pace {
	uint64_t hz;
	uint64_t pps;
	uint64_t last_tsc;
	uint64_t credit; // packets owed, in parts of hz
	uint64_t burst;
	uint64_t missed; // packets that were due and never will be sent: the sender was too slow for the rate
	uint64_t missed_part;
};

// From now on, pps packets a second (0 sends none); burst, 1 and more, is what is sent at once at most after a
// pause. The bounds are asserted.
void lg_pace_init(struct lg_pace *p, uint64_t hz, uint64_t pps, uint32_t burst, uint64_t now_tsc);
// Another rate; what is owed, at most a burst, stays.
void lg_pace_set(struct lg_pace *p, uint64_t pps, uint64_t now_tsc);
// Packets that may go now, at most max; they count as sent. A pause beyond the burst is added to missed.
uint32_t lg_pace_take(struct lg_pace *p, uint64_t now_tsc, uint32_t max);
// Packets of a take that could not be sent after all go back.
void lg_pace_give_back(struct lg_pace *p, uint32_t n);
