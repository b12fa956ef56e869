// The association of a device: made, published, retired, reclaimed. Control lcore.
//
// Who may still hold an association that was retired: a worker, in the burst in hand (pkt->sa and the result
// of the tuple lookup) and nowhere else, since a packet that crosses a ring names its session by index and
// id; and a telemetry thread, which is a QSBR reader while it copies. Both are over when the defer queue
// calls session_sa_reclaim().
#include <errno.h>
#include <string.h>

#include "mst_wire_inline.h"

#include "session.h"

#define OUTER_TTL 64

// One part a writer, each on lines of its own: no worker's store takes a line away from another's load.
#define STARTS_A_LINE(type, field) static_assert(offsetof(type, field) % 64 == 0, #field " shares a line")
STARTS_A_LINE(struct mst_sa, tuple);
STARTS_A_LINE(struct mst_sa, template_bytes);
STARTS_A_LINE(struct mst_sa, rx_packets);
STARTS_A_LINE(struct mst_sa, tx_seq);
STARTS_A_LINE(struct mst_sa, keys.rx);
STARTS_A_LINE(struct mst_sa, keys.tx);
static_assert(offsetof(struct mst_sa, owner) < 64, "what the way in reads first is one line");
static_assert(offsetof(struct mst_sa, head_bytes) < offsetof(struct mst_sa, template_bytes) + 64,
	"what the way out reads first is one line");
static_assert(
	offsetof(struct mst_sa, rx_packets) + 64 >= offsetof(struct mst_sa, window.next) + sizeof(uint64_t),
	"counters and the head of the window share a line");
static_assert(
	offsetof(struct mst_sa, tx_seq) >= offsetof(struct mst_sa, window) + sizeof(struct mst_dtls_window),
	"what the rx owner writes comes before what any worker writes");
static_assert(sizeof(struct mst_sa_tuple) == 40, "a key of the hash has no padding");

// Lengths, id and checksums are zero, for stage_encap to fill. DF is clear: a network that needs fragments of
// the outer packet may make them, the inner size is what was negotiated.
static void
make_template(struct mst_sa *sa)
{
	const struct mst_sa_tuple *t = &sa->tuple;
	uint8_t *h = sa->template_bytes;

	if (t->version == 4) {
		mst_wire_ip4_build(h, t->local, t->peer, MST_PROTO_UDP, OUTER_TTL, 0);
		memset(h + 2, 0, 2);
		memset(h + 6, 0, 2);
		memset(h + 10, 0, 2);
		sa->template_len = MST_IP4_HDR_BYTES + MST_UDP_HDR_BYTES;
		sa->ip_csum_base = mst_wire_fold(mst_wire_sum(h, MST_IP4_HDR_BYTES, 0));
		h += MST_IP4_HDR_BYTES;
	} else {
		mst_wire_ip6_build(h, t->local, t->peer, MST_PROTO_UDP, OUTER_TTL, 0);
		sa->template_len = MST_IP6_HDR_BYTES + MST_UDP_HDR_BYTES;
		h += MST_IP6_HDR_BYTES;
	}
	mst_wire_udp_build(h, t->local_port_be, t->peer_port_be, 0);
	memset(h + 4, 0, 2);
}

void
session_sa_settle(struct mst_sa *sa, const struct mst_sa_tuple *tuple, uint16_t owner)
{
	sa->owner = owner;
	sa->ip_version = (uint8_t)tuple->version;
	sa->tuple = *tuple;
	make_template(sa);
}

uint16_t
session_sa_owner(const struct mst_session *s, uint16_t worker)
{
	return session_state.home_owns ? s->home : worker;
}

int
mst_sa_create(struct mst_sa **out, struct mst_session *s, const struct mst_sa_params *p)
{
	uint16_t owner = session_sa_owner(s, p->owner);
	struct mst_sa *sa;

	if ((p->tuple.version != 4 && p->tuple.version != 6) || owner >= mst_rt_n_workers())
		return -EINVAL;
	sa = session_pool_take(&session_state.associations, mst_rt_worker_socket(owner));
	if (sa == NULL)
		return -ENOMEM;
	sa->session = s;
	sa->session_index = s->index;
	sa->session_id = s->id;
	sa->serial = ++session_state.last_serial;
	session_sa_settle(sa, &p->tuple, owner);
	mst_dtls_window_init(&sa->window);
	atomic_init(&sa->tx_seq, MST_DTLS_FIRST_DATA_SEQ);
	*out = sa;
	return 0;
}

static void
wipe_and_give(struct mst_sa *sa)
{
	mst_dtls_keys_wipe(&sa->keys);
	session_pool_give(sa);
}

void
mst_sa_destroy_unpublished(struct mst_sa *sa)
{
	if (sa != NULL)
		wipe_and_give(sa);
}

// Adds what was counted since the last call to the totals of the session: the counters of an association may
// still move after it was retired, and the session's must never go back.
void
session_sa_fold(struct mst_session *s, struct mst_sa *sa)
{
	const struct mst_sa_counts now = {
		.rx_packets = atomic_load_explicit(&sa->rx_packets, memory_order_relaxed),
		.rx_bytes = atomic_load_explicit(&sa->rx_bytes, memory_order_relaxed),
		.tx_packets =
			atomic_load_explicit(&sa->tx_seq, memory_order_relaxed) - MST_DTLS_FIRST_DATA_SEQ,
		.tx_bytes = atomic_load_explicit(&sa->tx_bytes, memory_order_relaxed),
	};

	s->dtls_rx_packets += now.rx_packets - sa->folded.rx_packets;
	s->dtls_rx_bytes += now.rx_bytes - sa->folded.rx_bytes;
	s->dtls_tx_packets += now.tx_packets - sa->folded.tx_packets;
	s->dtls_tx_bytes += now.tx_bytes - sa->folded.tx_bytes;
	sa->folded = now;
}

void
session_sa_reclaim(void *p)
{
	struct mst_sa *sa = p;
	// The session may have ended meanwhile: only the handle tells.
	struct mst_session *s = mst_session_find(sa->session_index, sa->session_id);

	if (s != NULL)
		session_sa_fold(s, sa);
	wipe_and_give(sa);
}

static void
retire(struct mst_sa *sa)
{
	MST_ASSERT(!sa->dead);
	sa->dead = true;
	session_sa_fold(sa->session, sa);
	mst_rt_defer(session_sa_reclaim, sa);
}

void
mst_sa_retire_before(struct mst_session *s)
{
	struct mst_sa *before = atomic_load_explicit(&s->before, memory_order_relaxed);

	if (before == NULL)
		return;
	session_tuples_remove(&session_state.by_tuple, &before->tuple);
	atomic_store_explicit(&s->before, NULL, memory_order_release);
	session_state.n_before--;
	retire(before);
}

// What is no longer sent by. Where the pool has little to spare the next rekey goes before what is on the way.
static void
keep_or_retire(struct mst_session *s, struct mst_sa *old, bool has_slot)
{
	if (has_slot && session_state.n_before < session_pool_spare(session_state.capacity) / 2) {
		session_sa_fold(s, old);
		atomic_store_explicit(&s->before, old, memory_order_release);
		session_state.n_before++;
		return;
	}
	if (has_slot)
		session_tuples_remove(&session_state.by_tuple, &old->tuple);
	retire(old);
}

int
mst_sa_publish(struct mst_sa *sa)
{
	struct mst_session *s = sa->session;
	struct mst_sa *old = atomic_load_explicit(&s->sa, memory_order_relaxed);
	struct mst_sa *held;

	if (s->closing || sa->keys.suite == NULL)
		return -EINVAL;
	mst_sa_retire_before(s);
	held = mst_sa_lookup(&sa->tuple);
	if (held != NULL && held->session != s)
		return -EEXIST;
	sa->head_bytes = (uint8_t)mst_dtls_head_bytes(sa->keys.suite);
	sa->epoch = sa->keys.epoch;
	// Where the tuple is the one of the association before, this takes its place in one store.
	MST_TRY(session_tuples_put(&session_state.by_tuple, sa));
	atomic_store_explicit(&s->sa, sa, memory_order_release);
	if (old != NULL) {
		keep_or_retire(s, old, held != old);
		return 0;
	}
	session_count(&session_state.dtls, 1);
	if (s->moving == NULL) // the path is what it was when that one was taken out
		mst_session_set_path(s, MST_PATH_DTLS);
	s->moving = NULL;
	return 0;
}

// Out of every table: no worker will find it, and those that have it let go of it with their burst.
bool
session_sa_unlink(struct mst_session *s)
{
	struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_relaxed);

	if (sa == NULL)
		return false;
	session_tuples_remove(&session_state.by_tuple, &sa->tuple);
	atomic_store_explicit(&s->sa, NULL, memory_order_release);
	session_count(&session_state.dtls, -1);
	return true;
}

void
session_drop_sa(struct mst_session *s)
{
	struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_relaxed);

	s->moving = NULL;
	mst_sa_retire_before(s);
	if (session_sa_unlink(s))
		retire(sa);
}

void
mst_sa_retire(struct mst_session *s)
{
	// The path first: who still loads DTLS and then no association takes the stream as well.
	mst_session_set_path(s, MST_PATH_STREAM);
	session_drop_sa(s);
}
