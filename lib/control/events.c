// The last events of sessions, for mst-cli: who connected, went away, ended or was refused. A ring that forgets the oldest;
// who follows asks for what came after the number that he has seen. Control lcore.
#include <string.h>
#include <time.h>

#include "control.h"

// Numbers begin at the time of day: those of this process are above all that the one before has given.
#define NUMBERS_PER_S 1000000u

static struct mst_control_event *
next_place(struct control_events *past)
{
	struct mst_control_event *e = &past->ring[past->n % MST_CONTROL_EVENTS];
	uint64_t now_unix_s = (uint64_t)time(NULL);

	if (past->n == 0)
		past->first = now_unix_s * NUMBERS_PER_S;
	*e = (struct mst_control_event){.number = past->first + past->n, .unix_s = now_unix_s, .reason = ""};
	past->n++;
	return e;
}

void
control_event_of(const struct control_login *l, const char *what, const char *reason)
{
	const struct mst_session *s = l->session;
	struct mst_control_event *e = next_place(&l->c->past);

	e->what = what;
	e->reason = reason;
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
control_event_refused(const struct control_conn *conn, const char *user)
{
	struct mst_control_event *e = next_place(&conn->c->past);

	e->what = "refused";
	e->reason = "sign-in";
	snprintf(e->user, sizeof(e->user), "%s", user);
	e->remote = conn->remote;
}

bool
mst_control_event_next(const struct mst_control *c, uint64_t after, struct mst_control_event *out)
{
	const struct control_events *past = &c->past;
	uint64_t oldest = past->n < MST_CONTROL_EVENTS ? 0 : past->n - MST_CONTROL_EVENTS;
	uint64_t at = after < past->first ? 0 : after - past->first + 1;

	// Of the future: the clock was set back since the process before.
	if (at < oldest || at > past->n)
		at = oldest;
	if (at == past->n)
		return false;
	*out = past->ring[at % MST_CONTROL_EVENTS];
	return true;
}
