// The last events of sessions, for mst-cli: who connected, went away, ended or was refused. Two rings that forget the oldest,
// because anybody can be refused as often as he likes: that pushes out other refusals and nothing else. Who follows asks
// for what came after the number that he has seen. Control lcore.
#include <string.h>
#include <time.h>

#include "control.h"

// Numbers begin at the time of day: those of this process are above all that the one before has given.
#define NUMBERS_PER_S 1000000u

static struct mst_control_event *
next_place(struct control_events *past, struct control_event_ring *ring)
{
	struct mst_control_event *e = &ring->of[ring->n++ % MST_CONTROL_EVENTS];
	uint64_t now_unix_s = (uint64_t)time(NULL);

	if (past->next == 0)
		past->next = now_unix_s * NUMBERS_PER_S;
	*e = (struct mst_control_event){.number = past->next++, .unix_s = now_unix_s};
	return e;
}

void
control_event_of(const struct control_login *l, const char *what, const char *reason)
{
	const struct mst_session *s = l->session;
	struct mst_control_event *e = next_place(&l->c->past, &l->c->past.sessions);

	e->what = what;
	snprintf(e->reason, sizeof(e->reason), "%s", reason);
	e->session = s->id;
	snprintf(e->user, sizeof(e->user), "%s", l->user);
	e->remote = s->info->remote;
	e->addr4 = mst_ip4_from_host(s->addr4);
	if (s->has6) {
		e->addr6.family = 6;
		memcpy(e->addr6.bytes, s->addr6, sizeof(s->addr6));
	}
}

void
control_event_refused(
	struct mst_control *c, const char *user, const struct mst_ip *remote, const char *reason)
{
	struct mst_control_event *e = next_place(&c->past, &c->past.refusals);

	e->what = "refused";
	snprintf(e->reason, sizeof(e->reason), "%s", reason);
	snprintf(e->user, sizeof(e->user), "%s", user);
	e->remote = *remote;
}

static void
look_through(const struct control_event_ring *ring, uint64_t after, const struct mst_control_event **best)
{
	for (size_t i = 0; i < MST_CONTROL_EVENTS; i++) {
		const struct mst_control_event *e = &ring->of[i];

		if (e->number > after && (*best == NULL || e->number < (*best)->number))
			*best = e;
	}
}

bool
mst_control_event_next(const struct mst_control *c, uint64_t after, struct mst_control_event *out)
{
	const struct control_events *past = &c->past;
	const struct mst_control_event *best = NULL;

	// Of the future: the clock was set back since the process before.
	if (after >= past->next)
		after = 0;
	look_through(&past->sessions, after, &best);
	look_through(&past->refusals, after, &best);
	if (best != NULL)
		*out = *best;
	return best != NULL;
}
