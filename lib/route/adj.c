// Adjacency slots: what the workers' tables point at. A slot's object is immutable and exchanged whole; a
// slot is given to another next hop only after every worker has let go of its number. Control lcore writes,
// workers load the pointers.
#include <errno.h>
#include <string.h>

#include <rte_malloc.h>

#include "mst_rt.h"

#include "route.h"

struct adj_entry {
	uint32_t next; // of the hash chain or the free list, 0 = end
	uint32_t refs, puts;
	uint32_t next_put;
	int ifindex;
	struct mst_ip next_hop;
	bool on_put_list;
};

_Atomic(struct mst_adj *) *route_slots;

// clang-format off
static struct mst_adj fixed_adjs[ROUTE_SLOT_FIRST] = {
	[ROUTE_SLOT_NONE] = {.kind = MST_ADJ_NONE},
	[ROUTE_SLOT_LOCAL] = {.kind = MST_ADJ_LOCAL},
	[ROUTE_SLOT_POOL] = {.kind = MST_ADJ_POOL},
	[ROUTE_SLOT_FOREIGN] = {.kind = MST_ADJ_FOREIGN},
};
// clang-format on

static const struct route_mirror *mirror;
static struct adj_entry *entries;
static uint32_t buckets[4096], free_head, put_head;
static uint32_t life; // tells a deferred release of an earlier create from one of this

static void
count_full(void)
{
	atomic_fetch_add_explicit(&route_full, 1, memory_order_relaxed);
}

static bool
is_fixed(const struct mst_adj *adj)
{
	return adj >= fixed_adjs && adj < fixed_adjs + ROUTE_SLOT_FIRST;
}

static void
publish(uint32_t slot, struct mst_adj *adj)
{
	struct mst_adj *old = atomic_exchange_explicit(&route_slots[slot], adj, memory_order_acq_rel);

	if (!is_fixed(old))
		mst_rt_defer(rte_free, old);
}

int
adj_create(const struct route_mirror *m)
{
	mirror = m;
	life++;
	put_head = 0;
	memset(buckets, 0, sizeof(buckets));
	entries = calloc(ROUTE_MAX_ADJ, sizeof(*entries));
	route_slots = rte_zmalloc("mst_route_slots", ROUTE_MAX_ADJ * sizeof(*route_slots), 64);
	if (entries == NULL || route_slots == NULL) {
		adj_destroy();
		return -ENOMEM;
	}
	for (uint32_t s = 0; s < ROUTE_MAX_ADJ; s++) {
		entries[s].next = s + 1 < ROUTE_MAX_ADJ ? s + 1 : 0;
		atomic_init(&route_slots[s], &fixed_adjs[s < ROUTE_SLOT_FIRST ? s : ROUTE_SLOT_NONE]);
	}
	free_head = ROUTE_SLOT_FIRST;
	// The on-link slots are there whatever happens: what does not fit elsewhere falls back to them.
	for (unsigned int i = 0; i < m->n_links; i++) {
		const struct route_choice on_link = {
			.kind = MST_ADJ_READY, .ifindex = m->links[i].port.ifindex};

		if (adj_get(&on_link) == ROUTE_SLOT_NONE) {
			adj_destroy();
			return -ENOMEM;
		}
	}
	return 0;
}

void
adj_destroy(void)
{
	for (uint32_t s = ROUTE_SLOT_FIRST; route_slots != NULL && s < ROUTE_MAX_ADJ; s++) {
		struct mst_adj *adj = atomic_load_explicit(&route_slots[s], memory_order_relaxed);

		if (adj != NULL && !is_fixed(adj))
			rte_free(adj);
	}
	rte_free(route_slots);
	route_slots = NULL;
	free(entries);
	entries = NULL;
}

static uint32_t *
bucket_of(int ifindex, const struct mst_ip *ip)
{
	return &buckets[route_hash(ip->bytes, 16, (uint32_t)ifindex << 8 | ip->family) %
			MST_ARRAY_SIZE(buckets)];
}

static uint32_t
find(int ifindex, const struct mst_ip *ip)
{
	uint32_t s = *bucket_of(ifindex, ip);

	while (s != 0 && (entries[s].ifindex != ifindex || !mst_ip_equal(&entries[s].next_hop, ip)))
		s = entries[s].next;
	return s;
}

static struct mst_adj *
make(int ifindex, const struct mst_ip *ip)
{
	struct mst_adj *adj = rte_zmalloc("mst_adj", sizeof(*adj), alignof(struct mst_adj));

	if (adj == NULL)
		count_full();
	else
		route_fill_adj(mirror, ifindex, ip, adj);
	return adj;
}

static uint32_t
take_slot(int ifindex, const struct mst_ip *ip)
{
	uint32_t s = free_head, *bucket = bucket_of(ifindex, ip);
	struct mst_adj *adj;

	if (s == 0) {
		count_full();
		return 0;
	}
	adj = make(ifindex, ip);
	if (adj == NULL)
		return 0;
	free_head = entries[s].next;
	entries[s] = (struct adj_entry){.next = *bucket, .ifindex = ifindex, .next_hop = *ip};
	*bucket = s;
	publish(s, adj);
	return s;
}

uint32_t
adj_get(const struct route_choice *c)
{
	const struct mst_ip on_link = {0};
	uint32_t s;

	switch (c->kind) {
	case MST_ADJ_LOCAL:
		return ROUTE_SLOT_LOCAL;
	case MST_ADJ_POOL:
		return ROUTE_SLOT_POOL;
	case MST_ADJ_FOREIGN:
		return ROUTE_SLOT_FOREIGN;
	case MST_ADJ_READY:
		break;
	default:
		return ROUTE_SLOT_NONE;
	}
	s = find(c->ifindex, &c->next_hop);
	if (s == 0)
		s = take_slot(c->ifindex, &c->next_hop);
	if (s == 0)
		s = find(c->ifindex, &on_link);
	entries[s].refs++;
	return s;
}

void
adj_put_later(uint32_t slot)
{
	if (slot < ROUTE_SLOT_FIRST)
		return;
	entries[slot].puts++;
	if (entries[slot].on_put_list)
		return;
	entries[slot].on_put_list = true;
	entries[slot].next_put = put_head;
	put_head = slot;
}

// No worker holds the slot's number any more.
static void
release(void *arg)
{
	uint32_t s = (uint32_t)((uintptr_t)arg & UINT32_MAX);

	if (route_slots == NULL || (uint32_t)((uintptr_t)arg >> 32) != life)
		return;
	publish(s, &fixed_adjs[ROUTE_SLOT_NONE]);
	entries[s].next = free_head;
	free_head = s;
}

static void
unlink_slot(uint32_t s)
{
	uint32_t *at = bucket_of(entries[s].ifindex, &entries[s].next_hop);

	while (*at != s)
		at = &entries[*at].next;
	*at = entries[s].next;
	mst_rt_defer(release, (void *)((uintptr_t)life << 32 | s));
}

void
adj_flush(void)
{
	while (put_head != 0) {
		uint32_t s = put_head;

		put_head = entries[s].next_put;
		entries[s].on_put_list = false;
		entries[s].refs -= entries[s].puts;
		entries[s].puts = 0;
		if (entries[s].refs == 0)
			unlink_slot(s);
	}
}

static void
refresh(uint32_t s)
{
	struct mst_adj *adj = make(entries[s].ifindex, &entries[s].next_hop);

	if (adj == NULL)
		return;
	// REACHABLE to STALE and back changes nothing that a worker sees.
	if (memcmp(adj, atomic_load_explicit(&route_slots[s], memory_order_relaxed), sizeof(*adj)) == 0)
		rte_free(adj);
	else
		publish(s, adj);
}

void
adj_refresh(int ifindex, const struct mst_ip *next_hop)
{
	uint32_t s = find(ifindex, next_hop);

	if (s != 0)
		refresh(s);
}

void
adj_refresh_link(int ifindex)
{
	for (size_t b = 0; b < MST_ARRAY_SIZE(buckets); b++)
		for (uint32_t s = buckets[b]; s != 0; s = entries[s].next)
			if (entries[s].ifindex == ifindex)
				refresh(s);
}

bool
adj_in_use(int ifindex, const struct mst_ip *next_hop)
{
	return find(ifindex, next_hop) != 0;
}
