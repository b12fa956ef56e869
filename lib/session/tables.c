// The tables: slots by lease number, the table of outer tuples, the queue of free leases. Control lcore, at
// start and end.
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "session.h"

// A pool is an array of pointers: /8 is 128 MiB, beyond it would only be a mistyped prefix.
#define POOL4_MIN_DEPTH 8
#define POOL4_MAX_DEPTH 30

struct session_state session_state;
struct mst_session_table mst_session_table_;

static int
fail(char *err, size_t err_cap, int code, const char *text)
{
	struct mst_str s = mst_str_init(err, err_cap);

	mst_str_fmt(&s, "%s", text);
	return code;
}

static int
check_pools(const struct mst_session_params *p, char *err, size_t err_cap)
{
	if (p->pool4.ip.family != 4 || p->pool4.depth < POOL4_MIN_DEPTH || p->pool4.depth > POOL4_MAX_DEPTH)
		return fail(err, err_cap, -EINVAL, "the IPv4 pool must be a network of /8 to /30");
	if (p->pool6.ip.family != 0 && p->pool6.ip.family != 6)
		return fail(err, err_cap, -EINVAL, "the IPv6 pool is not an IPv6 network");
	if (p->pool6.ip.family == 6 && 128 - p->pool6.depth < 32 - p->pool4.depth)
		return fail(err, err_cap, -EINVAL, "the IPv6 pool has fewer addresses than the IPv4 pool");
	if (p->max_sessions == 0)
		return fail(err, err_cap, -EINVAL, "max_sessions is 0");
	return 0;
}

// The lease number of an address of either pool; UINT32_MAX when it lies in none.
static uint32_t
index_of(const struct mst_session_params *p, const struct mst_ip *ip)
{
	uint32_t low = 0;

	if (ip->family == 4 && mst_net_contains(&p->pool4, ip))
		return mst_ip4_host(ip) - mst_session_table_.base4;
	if (ip->family != 6 || !mst_session_table_.has6 || !mst_net_contains(&p->pool6, ip))
		return UINT32_MAX;
	for (unsigned int i = 12; i < 16; i++)
		low = low << 8 | (ip->bytes[i] ^ mst_session_table_.base6[i]);
	return low;
}

static int
make_leases(const struct mst_session_params *p)
{
	struct session_state *st = &session_state;
	uint32_t *reserved = calloc(p->n_reserved + 1, sizeof(*reserved));
	int err;

	if (reserved == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_reserved; i++)
		reserved[i] = index_of(p, &p->reserved[i]);
	err = session_leases_init(&st->leases, mst_session_table_.n_slots, reserved, p->n_reserved);
	free(reserved);
	if (err < 0)
		return err;
	st->capacity = p->max_sessions < st->leases.size ? p->max_sessions : st->leases.size;
	atomic_store_explicit(&st->free, st->leases.n_free, memory_order_relaxed);
	return 0;
}

static int
make_slots(const struct mst_session_params *p)
{
	struct mst_session_table *t = &mst_session_table_;
	struct mst_ip base = mst_net_base(&p->pool4);

	t->base4 = mst_ip4_host(&base);
	t->n_slots = (uint32_t)1 << (32 - p->pool4.depth);
	t->has6 = p->pool6.ip.family == 6;
	t->depth6 = p->pool6.depth;
	if (t->has6) {
		base = mst_net_base(&p->pool6);
		memcpy(t->base6, base.bytes, sizeof(t->base6));
	}
	t->slots = rte_zmalloc_socket("mst_session_slots", t->n_slots * sizeof(*t->slots), 64, SOCKET_ID_ANY);
	return t->slots == NULL ? -ENOMEM : 0;
}

int
mst_session_tables_create(const struct mst_session_params *p, char *err, size_t err_cap)
{
	int ret;

	MST_ASSERT(mst_session_table_.slots == NULL);
	MST_TRY(check_pools(p, err, err_cap));
	session_state.home_owns = p->home_owns;
	ret = make_slots(p);
	if (ret == 0)
		ret = make_leases(p);
	if (ret == 0)
		ret = session_tuples_init(&session_state.by_tuple, session_state.capacity);
	if (ret == 0)
		ret = session_pool_create(&session_state.sessions, "session", session_state.capacity,
			sizeof(struct mst_session));
	if (ret == 0)
		ret = session_pool_create(
			&session_state.associations, "sa", session_state.capacity, sizeof(struct mst_sa));
	if (ret < 0) {
		mst_session_tables_destroy();
		return fail(err, err_cap, ret,
			"no memory for the session tables: raise dpdk.memory, or lower limits.sessions");
	}
	return session_telemetry_register();
}

// What was closed just now waits for the workers, which are offline by now: their grace period is over.
static void
reclaim_all(void)
{
	unsigned int before = UINT32_MAX;

	while (mst_rt_deferred() > 0 && mst_rt_deferred() < before) {
		before = mst_rt_deferred();
		mst_rt_reclaim();
	}
}

void
mst_session_tables_destroy(void)
{
	struct session_state *st = &session_state;

	reclaim_all();
	if (st->live != 0 || st->quarantined != 0)
		MST_LOG(WARNING, "session", "%u sessions never closed, %u never reclaimed",
			(unsigned int)st->live, (unsigned int)st->quarantined);
	mst_rt_reader_enter(); // a telemetry reader finishes first
	session_tuples_fini(&st->by_tuple);
	session_pool_destroy(&st->sessions);
	session_pool_destroy(&st->associations);
	session_leases_fini(&st->leases);
	session_ranges_forget();
	rte_free(mst_session_table_.slots);
	mst_session_table_ = (struct mst_session_table){0};
	mst_rt_reader_leave();
	st->capacity = 0;
	st->live = st->dtls = st->free = st->quarantined = 0;
	st->opened = st->closed = st->exhausted = 0;
}

uint32_t
mst_session_capacity(void)
{
	return session_state.capacity;
}
