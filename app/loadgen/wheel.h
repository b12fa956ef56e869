// Timers of many devices: a hashed wheel of one list a tick, O(1) to set, to clear and to run. No clock of its own.
#pragma once

#include <stdint.h>

#include "mst_base.h"

#define LG_WHEEL_TICK_MS 8
#define LG_WHEEL_SLOTS 8192 // 65 s; what is later stops on the way and is set again

// Inside whatever waits. Zeros: not set.
struct lg_wheel_timer {
	struct lg_wheel_timer *next;
	struct lg_wheel_timer **at; // what points here; NULL: not set
};

typedef void lg_wheel_fn(struct lg_wheel_timer *timer, void *arg);

struct lg_wheel {
	struct lg_wheel_timer *slots[LG_WHEEL_SLOTS];
	uint32_t now_tick; // everything before it has run
};

void lg_wheel_init(struct lg_wheel *w, uint32_t now_ms);
// Fires at due_ms or up to two ticks later; a timer that is due beyond the wheel fires early, at its end. Sets anew
// what is set already.
void lg_wheel_set(struct lg_wheel *w, struct lg_wheel_timer *t, uint32_t due_ms);
void lg_wheel_clear(struct lg_wheel_timer *t);
// Runs what is due, in order of ticks. fn may set and clear any timer.
void lg_wheel_run(struct lg_wheel *w, uint32_t now_ms, lg_wheel_fn *fn, void *arg);
