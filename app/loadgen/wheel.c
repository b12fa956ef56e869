// A hashed wheel of timers. Main lcore.
#include "wheel.h"

#include <string.h>

void
lg_wheel_init(struct lg_wheel *w, uint32_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->now_tick = now_ms / LG_WHEEL_TICK_MS;
}

void
lg_wheel_clear(struct lg_wheel_timer *t)
{
	if (t->at == NULL)
		return;
	*t->at = t->next;
	if (t->next != NULL)
		t->next->at = t->at;
	t->next = NULL;
	t->at = NULL;
}

void
lg_wheel_set(struct lg_wheel *w, struct lg_wheel_timer *t, uint32_t due_ms)
{
	uint32_t tick = due_ms / LG_WHEEL_TICK_MS + 1;

	lg_wheel_clear(t);
	// Never the tick that runs: a handler that sets its timer again must not meet it in the same run.
	if (tick <= w->now_tick)
		tick = w->now_tick + 1;
	if (tick - w->now_tick >= LG_WHEEL_SLOTS)
		tick = w->now_tick + LG_WHEEL_SLOTS - 1;
	t->at = &w->slots[tick % LG_WHEEL_SLOTS];
	t->next = *t->at;
	if (t->next != NULL)
		t->next->at = &t->next;
	*t->at = t;
}

void
lg_wheel_run(struct lg_wheel *w, uint32_t now_ms, lg_wheel_fn *fn, void *arg)
{
	uint32_t end = now_ms / LG_WHEEL_TICK_MS;

	while (w->now_tick < end) {
		struct lg_wheel_timer **slot = &w->slots[++w->now_tick % LG_WHEEL_SLOTS];

		while (*slot != NULL) {
			struct lg_wheel_timer *t = *slot;

			lg_wheel_clear(t);
			fn(t, arg);
		}
	}
}
