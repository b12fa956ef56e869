// What the files of this library share. Control lcore, but where a line says otherwise.
#pragma once

#include "mst_rt.h"
#include "mst_session.h"

// Indices that are free to lease, oldest release first.
struct session_lease_link {
	uint32_t before, behind;
};

struct session_range {
	uint32_t first, n_addresses;
	uint32_t size, n_free; // of what is in no smaller one; to lease at all, and now
};

struct session_leases {
	struct session_lease_link *links; // of each address, then of the ends of each range's queue
	uint16_t *range_of;		  // of each address; 0: of none, so it is for all
	uint32_t n_addresses, size, n_free;
	uint16_t n_ranges;
	struct session_range ranges[MST_SESSION_RANGES_MAX + 1]; // of 0 the counts only
};

// ---- tuples.c -----------------------------------------------------------------------------------
#define SESSION_TUPLE_SLOTS 8
#define SESSION_TUPLES_BULK 64

struct session_tuple_line {
	alignas(64) _Atomic uint64_t slot[SESSION_TUPLE_SLOTS]; // 0: free
};

struct session_tuple_key {
	uint8_t block[2][16];
};

struct session_tuples {
	struct session_tuple_line *lines;
	uint32_t mask;
	struct session_tuple_key key; // secret
};

MST_MUST_USE int session_tuples_init(struct session_tuples *t, uint32_t n_sessions);
void session_tuples_fini(struct session_tuples *t);
// Any lcore; NULL: none. Worker: valid until its next quiescent report.
struct mst_sa *session_tuples_find(const struct session_tuples *t, const struct mst_sa_tuple *tuple);
// n is SESSION_TUPLES_BULK at the most.
void session_tuples_find_bulk(const struct session_tuples *t, const struct mst_sa_tuple *tuples,
	struct mst_sa **out, unsigned int n);
// Control. Takes the place of what has the same tuple. -ENOSPC: both lines are full.
MST_MUST_USE int session_tuples_put(struct session_tuples *t, struct mst_sa *sa);
void session_tuples_remove(struct session_tuples *t, const struct mst_sa_tuple *tuple);
uint64_t session_tuple_hash(const struct mst_sa_tuple *t, const struct session_tuple_key *key);

// ---- pools.c ------------------------------------------------------------------------------------
// Objects of one kind, on each NUMA node that has workers.
struct session_pool {
	struct rte_mempool *of_node[RTE_MAX_NUMA_NODES];
};

// n objects, and some more; bytes is a whole number of cache lines. -ENOMEM, with something left to destroy.
MST_MUST_USE int session_pool_create(struct session_pool *p, const char *what, uint32_t n, size_t bytes);
void session_pool_destroy(struct session_pool *p);
// What there is of it beyond n: what was retired comes back after the grace period only, and a rekey holds two for some
// seconds.
static inline uint32_t
session_pool_spare(uint32_t n)
{
	return n / 8 + 64;
}
// All zero, of node if it has one left; NULL: none is left.
void *session_pool_take(const struct session_pool *p, int node);
void session_pool_give(void *object); // NULL is allowed

// ---- state --------------------------------------------------------------------------------------
// Control writes; counters are relaxed atomics because telemetry reads them.
struct session_state {
	struct session_leases leases;
	struct session_tuples by_tuple;
	struct session_pool sessions, associations;
	uint32_t capacity;
	uint32_t last_id, last_serial;
	uint32_t n_before; // sessions with two associations
	bool home_owns;
	_Atomic uint32_t live, dtls, free, quarantined;
	_Atomic uint64_t opened, closed, exhausted;
};
extern struct session_state session_state;

// The free indices of a pool of n_addresses without first, last and reserved ones. -ENOMEM.
MST_MUST_USE int session_leases_init(
	struct session_leases *l, uint32_t n_addresses, const uint32_t *reserved, size_t n_reserved);
void session_leases_fini(struct session_leases *l);
// From now on, in the place of those before: addresses in them are leased to who asks for the range. Sorted, the larger
// ones first; each once. Who has an address keeps it.
void session_leases_set_ranges(struct session_leases *l, const struct session_range *ranges, uint16_t n);
// Of range number range, from 1; 0: of what is in none. -EADDRNOTAVAIL: none is free.
MST_MUST_USE int session_lease_take(struct session_leases *l, uint16_t range, uint32_t *index);
// -EADDRINUSE: it is leased, reserved or none of the pool.
MST_MUST_USE int session_lease_take_at(struct session_leases *l, uint32_t index);
void session_lease_give(struct session_leases *l, uint32_t index);

// ---- ranges.c
// The number of a range that was set; NULL: 0; -1: there is none.
int session_range_number(const struct mst_net *range);
void session_ranges_forget(void);
void session_range_net(uint16_t number, struct mst_net *out); // 0: family 0

static inline void
session_count(_Atomic uint32_t *c, int32_t by)
{
	atomic_fetch_add_explicit(c, (uint32_t)by, memory_order_relaxed);
}

static inline void
session_bump(_Atomic uint64_t *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}

// ---- sa.c, for move.c
// Gives it its place: tuple, header template, owner.
void session_sa_settle(struct mst_sa *sa, const struct mst_sa_tuple *tuple, uint16_t owner);
uint16_t session_sa_owner(
	const struct mst_session *s, uint16_t worker); // when worker has what the device sends
bool session_sa_unlink(struct mst_session *s);	       // false: there is none
// Adds what was counted since the last time to the totals of the session.
void session_sa_fold(struct mst_session *s, struct mst_sa *sa);
void session_sa_reclaim(void *sa); // no worker can hold it
// Unlinks the associations from tuple table and session and defers its reclaim; path is the caller's to
// change.
void session_drop_sa(struct mst_session *s);

// Copies the first session with index >= start that has this id (0: any). Any thread but a worker.
bool session_copy(uint32_t start, uint32_t id, struct mst_session_view *out);

MST_MUST_USE int session_telemetry_register(void);
