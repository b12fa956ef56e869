// From bytes of a packet to a session or an association. Worker lcores; the results are valid until the next
// quiescent report of the caller.
#include <string.h>

#include <rte_jhash.h>

#include "mst_wire_inline.h"

#include "session.h"

// The bits of half an IPv6 address that a prefix of depth bits (of that half) covers.
static inline uint64_t
prefix_mask(unsigned int depth)
{
	if (depth == 0)
		return 0;
	return depth >= 64 ? UINT64_MAX : ~(UINT64_MAX >> depth);
}

static inline uint64_t
half(const uint8_t *p)
{
	return (uint64_t)mst_wire_be32(p) << 32 | mst_wire_be32(p + 4);
}

bool
mst_session_in_pool6(const uint8_t addr[16])
{
	const struct mst_session_table *t = &mst_session_table_;
	unsigned int depth = t->depth6;
	uint64_t high, low;

	if (!t->has6)
		return false;
	high = (half(addr) ^ half(t->base6)) & prefix_mask(depth);
	low = (half(addr + 8) ^ half(t->base6 + 8)) & (depth > 64 ? prefix_mask(depth - 64) : 0);
	return (high | low) == 0;
}

struct mst_session *
mst_session_by_addr6(const uint8_t addr[16])
{
	struct mst_session *s;

	if (!mst_session_in_pool6(addr))
		return NULL;
	// Base plus index without a carry: the host bits of the base are zero and outnumber those of an
	// index.
	s = mst_session_at(mst_wire_be32(addr + 12) ^ mst_wire_be32(mst_session_table_.base6 + 12));
	if (s == NULL || !s->has6 || half(s->addr6) != half(addr) || half(s->addr6 + 8) != half(addr + 8))
		return NULL;
	return s;
}

// init is a secret of this run, so that nobody can choose addresses and ports that meet in one bucket.
uint32_t
session_tuple_hash(const void *key, uint32_t len, uint32_t init)
{
	return rte_jhash_32b(key, len / sizeof(uint32_t), init);
}

void
mst_sa_lookup_bulk(const struct mst_sa_tuple *const *keys, struct mst_sa **out, unsigned int n)
{
	uint64_t hits = 0;
	void *found[RTE_HASH_LOOKUP_BULK_MAX];

	MST_ASSERT(n <= RTE_HASH_LOOKUP_BULK_MAX);
	if (n == 0)
		return;
	// The hash writes neither keys nor the array of pointers to them; its prototype forgot to say so.
	(void)rte_hash_lookup_bulk_data(
		session_state.by_tuple, (const void **)(uintptr_t)keys, n, &hits, found);
	for (unsigned int i = 0; i < n; i++)
		out[i] = (hits >> i & 1) != 0 ? found[i] : NULL;
}

struct mst_sa *
mst_sa_lookup(const struct mst_sa_tuple *key)
{
	void *found = NULL;

	return rte_hash_lookup_data(session_state.by_tuple, key, &found) >= 0 ? found : NULL;
}
