// A device goes on from another address or port with the keys it has: its association is taken out of every table, waits
// until no worker can hold it, and comes back with its new place. In between packets for the device go by its stream,
// and none to where it was. Control lcore.
//
// So nothing that workers read is ever written under them, window and sequence numbers go on without a copy, and a worker
// has nothing to do with it.
#include <errno.h>

#include "session.h"

struct moving {
	struct mst_sa *sa;
	struct mst_sa_move to;
};

// What the session's totals have of it goes out of them again: it is counted where it stands.
static void
unfold_counters(struct mst_session *s, struct mst_sa *sa)
{
	s->dtls_rx_packets -= sa->folded.rx_packets;
	s->dtls_rx_bytes -= sa->folded.rx_bytes;
	s->dtls_tx_packets -= sa->folded.tx_packets;
	s->dtls_tx_bytes -= sa->folded.tx_bytes;
	sa->folded = (struct mst_sa_counts){0};
}

// No worker has it now: window and sequence numbers are what they are, and everything else may be changed.
static void
arrive(void *p)
{
	const struct mst_sa_move m = ((struct moving *)p)->to;
	struct mst_sa *sa = ((struct moving *)p)->sa;
	struct mst_session *s = mst_session_find(sa->session_index, sa->session_id);
	bool moved = mst_dtls_window_next(&sa->window) <= m.seq;
	const struct mst_sa *held;

	free(p);
	// The session has ended, or has another association meanwhile.
	if (s == NULL || s->moving != sa) {
		session_sa_reclaim(sa);
		return;
	}
	s->moving = NULL;
	if (moved)
		session_sa_settle(sa, &m.to, session_sa_owner(s, m.owner));
	held = mst_sa_lookup(&sa->tuple);
	if (held != NULL || session_tuples_put(&session_state.by_tuple, sa) < 0) {
		mst_session_set_path(s, MST_PATH_STREAM);
		session_sa_reclaim(sa);
		return;
	}
	mst_rt_reader_enter(); // whoever adds up has it in the totals or in here, not twice
	unfold_counters(s, sa);
	atomic_store_explicit(&s->sa, sa, memory_order_release);
	mst_rt_reader_leave();
	session_count(&session_state.dtls, 1);
	m.done(s, moved);
}

int
mst_sa_move(struct mst_session *s, const struct mst_sa_move *m)
{
	struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_relaxed);
	struct moving *p;

	if (sa == NULL)
		return -ENOENT;
	if (mst_sa_lookup(&m->to) != NULL)
		return -EEXIST;
	p = malloc(sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	*p = (struct moving){sa, *m};
	(void)session_sa_unlink(s);
	session_sa_fold(s, sa);
	s->moving = sa;
	mst_rt_defer(arrive, p);
	return 0;
}
