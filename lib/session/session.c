// Life of a session: open leases an address and publishes, close retires, reclaim gives back. Control lcore.
//
// Who may still hold a session that was closed: a worker, in the burst in hand; a telemetry thread, while it
// copies. Packets in rings name it by index and id and find nothing. The lease stays out until reclaim, so no
// packet of the old device can meet a new one at its address within a burst.
#include "session.h"

#include <errno.h>
#include <string.h>

#include "mst_wire_inline.h"

static_assert(offsetof(struct mst_session, id) % 64 == 0, "what workers read starts a line");
static_assert(sizeof(struct mst_session) == 3 * 64, "one line for workers, two for the CSTP side");
static_assert(offsetof(struct mst_session, stream_rx_packets) % 64 == 0, "the stream side starts a line");
static_assert(offsetof(struct mst_session, closing) < 64, "what workers read is one line");

static void
set_addresses(struct mst_session *s, uint32_t index)
{
	const struct mst_session_table *t = &mst_session_table_;
	uint32_t low_be;

	s->index = index;
	s->addr4 = t->base4 + index;
	s->has6 = t->has6;
	if (!t->has6)
		return;
	low_be = rte_cpu_to_be_32(mst_wire_be32(t->base6 + 12) | index);
	memcpy(s->addr6, t->base6, sizeof(s->addr6));
	memcpy(s->addr6 + 12, &low_be, sizeof(low_be));
}

static uint32_t
next_id(struct session_state *st)
{
	// 0 is nobody. Only after 2^32 sessions an id comes again.
	if (++st->last_id == 0)
		st->last_id = 1;
	return st->last_id;
}

// Takes the lease, also when it fails.
static int
open_session(struct mst_session **out, uint32_t index, const struct mst_session_info *info, uint16_t mtu)
{
	struct session_state *st = &session_state;
	uint16_t home = (uint16_t)(index % mst_rt_n_workers());
	struct mst_session *s = session_pool_take(&st->sessions, mst_rt_worker_socket(home));
	struct mst_session_info *copy = malloc(sizeof(*copy));

	if (s == NULL || copy == NULL) {
		session_pool_give(s);
		free(copy);
		session_lease_give(&st->leases, index);
		return -ENOMEM;
	}
	*copy = *info;
	s->id = next_id(st);
	s->mtu = mtu;
	s->home = home;
	s->info = copy;
	set_addresses(s, index);
	session_count(&st->live, 1);
	session_count(&st->free, -1);
	session_bump(&st->opened);
	atomic_store_explicit(&mst_session_table_.slots[index], s, memory_order_release);
	*out = s;
	return 0;
}

static bool
is_full(const struct session_state *st)
{
	return atomic_load_explicit(&st->live, memory_order_relaxed) >= st->capacity;
}

int
mst_session_open_in(struct mst_session **out, const struct mst_net *range,
	const struct mst_session_info *info, uint16_t mtu)
{
	struct session_state *st = &session_state;
	int number = session_range_number(range);
	uint32_t index;

	if (number < 0 || is_full(st) || session_lease_take(&st->leases, (uint16_t)number, &index) < 0) {
		session_bump(&st->exhausted);
		return -EADDRNOTAVAIL;
	}
	return open_session(out, index, info, mtu);
}

int
mst_session_open(struct mst_session **out, const struct mst_session_info *info, uint16_t mtu)
{
	return mst_session_open_in(out, NULL, info, mtu);
}

int
mst_session_open_at(
	struct mst_session **out, uint32_t addr4, const struct mst_session_info *info, uint16_t mtu)
{
	struct session_state *st = &session_state;
	uint32_t index = addr4 - mst_session_table_.base4;

	if (is_full(st)) {
		session_bump(&st->exhausted);
		return -EADDRNOTAVAIL;
	}
	MST_TRY(session_lease_take_at(&st->leases, index));
	return open_session(out, index, info, mtu);
}

void
mst_session_leave_address(struct mst_session *s)
{
	MST_ASSERT(!s->closing && !s->leaves_lease);
	s->leaves_lease = true;
}

// A worker may still hold the session before, which is of the same device's user: nobody else meets its last packets.
int
mst_session_open_left(
	struct mst_session **out, uint32_t addr4, const struct mst_session_info *info, uint16_t mtu)
{
	session_count(&session_state.free, 1); // which opening takes
	return open_session(out, addr4 - mst_session_table_.base4, info, mtu);
}

static void
reclaim(void *p)
{
	struct mst_session *s = p;
	struct session_state *st = &session_state;

	session_count(&st->quarantined, -1);
	if (!s->leaves_lease) {
		session_lease_give(&st->leases, s->index);
		session_count(&st->free, 1);
	}
	// Names and addresses of people.
	mst_wipe(s->info, sizeof(*s->info));
	free(s->info);
	mst_wipe(s, sizeof(*s));
	session_pool_give(s);
}

void
mst_session_close(struct mst_session *s)
{
	struct session_state *st = &session_state;

	MST_ASSERT(!s->closing);
	s->closing = true;
	mst_session_set_path(s, MST_PATH_NONE);
	atomic_store_explicit(&mst_session_table_.slots[s->index], NULL, memory_order_release);
	session_drop_sa(s);
	session_count(&st->live, -1);
	session_count(&st->quarantined, 1);
	session_bump(&st->closed);
	mst_rt_defer(reclaim, s);
}

void
mst_session_set_path(struct mst_session *s, enum mst_session_path path)
{
	atomic_store_explicit(&s->path, (uint8_t)path, memory_order_release);
}
