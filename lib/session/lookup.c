// From bytes of a packet to a session or an association. Worker lcores; the results are valid until the next
// quiescent report of the caller.
#include <string.h>

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

uint32_t
mst_session_addr4_of(const uint8_t addr[16])
{
	const struct mst_session_table *t = &mst_session_table_;
	uint32_t index;

	if (!mst_session_in_pool6(addr))
		return 0;
	// Between the pool's prefix and the index all is zero.
	index = mst_wire_be32(addr + 12) ^ mst_wire_be32(t->base6 + 12);
	if (half(addr) != half(t->base6) || mst_wire_be32(addr + 8) != mst_wire_be32(t->base6 + 8))
		return 0;
	return index < t->n_slots ? t->base4 + index : 0;
}

void
mst_sa_lookup_bulk(const struct mst_sa_tuple *tuples, struct mst_sa **out, unsigned int n)
{
	MST_ASSERT(n <= SESSION_TUPLES_BULK);
	session_tuples_find_bulk(&session_state.by_tuple, tuples, out, n);
}

struct mst_sa *
mst_sa_lookup(const struct mst_sa_tuple *key)
{
	return session_tuples_find(&session_state.by_tuple, key);
}
