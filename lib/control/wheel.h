// A timer wheel: arming and stopping a timer cost the same however many there are. Time is an argument. Control lcore.
#pragma once

#include <sys/queue.h>

#include "mst_base.h"

#define WHEEL_SLOT_NS (100 * MST_NS_PER_MS)
#define WHEEL_SLOTS 4096 // seven minutes ahead; who is due later is put off once more then

typedef void wheel_fn(void *arg, uint64_t now_ns);

struct wheel_timer {
	LIST_ENTRY(wheel_timer) of_slot;
	uint64_t due_ns; // 0: not armed
	wheel_fn *fn;
	void *arg;
};

struct wheel {
	uint64_t next; // the first slot whose timers have not all run
	LIST_HEAD(wheel_slot, wheel_timer) slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_ns);
void wheel_timer_init(struct wheel_timer *t, wheel_fn *fn, void *arg);
// fn runs once, never before due_ns, and no more than two slots after it as long as turns come. Moves a timer that is
// armed.
void wheel_arm(struct wheel *w, struct wheel_timer *t, uint64_t due_ns);
void wheel_stop(struct wheel_timer *t);
// Runs what is due, max timers at the most: the rest with the next call. A callback may arm, stop and free any timer.
unsigned int wheel_turn(struct wheel *w, uint64_t now_ns, unsigned int max);
