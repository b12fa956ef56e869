// A timer wheel of one level: a timer stands in the slot at whose start it is due.
// The thread that owns it.
#include "mst_base.h"

void
mst_wheel_init(struct mst_wheel *w, uint64_t slot_ns, uint64_t now_ns)
{
	w->slot_ns = slot_ns;
	for (size_t i = 0; i < MST_WHEEL_SLOTS; i++)
		LIST_INIT(&w->slots[i]);
	w->next = now_ns / w->slot_ns + 1;
}

void
mst_wheel_timer_init(struct mst_wheel_timer *t, mst_wheel_fn *fn, void *arg)
{
	*t = (struct mst_wheel_timer){.fn = fn, .arg = arg};
}

void
mst_wheel_stop(struct mst_wheel_timer *t)
{
	if (t->due_ns == 0)
		return;
	LIST_REMOVE(t, of_slot);
	t->due_ns = 0;
}

void
mst_wheel_arm(struct mst_wheel *w, struct mst_wheel_timer *t, uint64_t due_ns)
{
	uint64_t slot = due_ns / w->slot_ns + (due_ns % w->slot_ns != 0);

	mst_wheel_stop(t);
	// Never the slot that is being run: a timer that is always due would keep it running.
	if (slot <= w->next)
		slot = w->next + 1;
	if (slot >= w->next + MST_WHEEL_SLOTS)
		slot = w->next + MST_WHEEL_SLOTS - 1;
	t->due_ns = due_ns != 0 ? due_ns : 1;
	LIST_INSERT_HEAD(&w->slots[slot % MST_WHEEL_SLOTS], t, of_slot);
}

unsigned int
mst_wheel_turn(struct mst_wheel *w, uint64_t now_ns, unsigned int max)
{
	unsigned int n = 0;

	for (; w->next <= now_ns / w->slot_ns; w->next++) {
		struct mst_wheel_slot *s = &w->slots[w->next % MST_WHEEL_SLOTS];
		struct mst_wheel_timer *t;

		for (; (t = LIST_FIRST(s)) != NULL; n++) {
			uint64_t due_ns = t->due_ns;

			if (n == max)
				return n;
			mst_wheel_stop(t);
			if (due_ns > now_ns) // it was too far away for the wheel
				mst_wheel_arm(w, t, due_ns);
			else
				t->fn(t->arg, now_ns);
		}
	}
	return n;
}
