// A timer wheel of one level: a slot is a tenth of a second, a timer stands in the slot at whose start it is due.
// Control lcore.
#include "wheel.h"

void
wheel_init(struct wheel *w, uint64_t now_ns)
{
	for (size_t i = 0; i < WHEEL_SLOTS; i++)
		LIST_INIT(&w->slots[i]);
	w->next = now_ns / WHEEL_SLOT_NS + 1;
}

void
wheel_timer_init(struct wheel_timer *t, wheel_fn *fn, void *arg)
{
	*t = (struct wheel_timer){.fn = fn, .arg = arg};
}

void
wheel_stop(struct wheel_timer *t)
{
	if (t->due_ns == 0)
		return;
	LIST_REMOVE(t, of_slot);
	t->due_ns = 0;
}

void
wheel_arm(struct wheel *w, struct wheel_timer *t, uint64_t due_ns)
{
	uint64_t slot = due_ns / WHEEL_SLOT_NS + (due_ns % WHEEL_SLOT_NS != 0);

	wheel_stop(t);
	// Never the slot that is being run: a timer that is always due would keep it running.
	if (slot <= w->next)
		slot = w->next + 1;
	if (slot >= w->next + WHEEL_SLOTS)
		slot = w->next + WHEEL_SLOTS - 1;
	t->due_ns = due_ns != 0 ? due_ns : 1;
	LIST_INSERT_HEAD(&w->slots[slot % WHEEL_SLOTS], t, of_slot);
}

unsigned int
wheel_turn(struct wheel *w, uint64_t now_ns, unsigned int max)
{
	unsigned int n = 0;

	for (; w->next <= now_ns / WHEEL_SLOT_NS; w->next++) {
		struct wheel_slot *s = &w->slots[w->next % WHEEL_SLOTS];
		struct wheel_timer *t;

		for (; (t = LIST_FIRST(s)) != NULL; n++) {
			uint64_t due_ns = t->due_ns;

			if (n == max)
				return n;
			wheel_stop(t);
			if (due_ns > now_ns) // it was too far away for the wheel
				wheel_arm(w, t, due_ns);
			else
				t->fn(t->arg, now_ns);
		}
	}
	return n;
}
