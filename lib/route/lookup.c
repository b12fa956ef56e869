// What workers call: destination to adjacency. No branch on anything but the tables.
#include <rte_branch_prediction.h>
#include <rte_lpm.h>

#include "route.h"

#define BULK 64

static const struct mst_adj no_route = {.kind = MST_ADJ_NONE};

static const struct mst_adj *
adj_of(uint32_t slot)
{
	// Pairs with the exchange of adj.c: the object is whole when its pointer is seen.
	return atomic_load_explicit(&route_slots[slot], memory_order_acquire);
}

const struct mst_adj *
mst_route_lookup4(uint32_t dst_host_order)
{
	uint32_t slot;

	if (unlikely(fib4_lpm == NULL))
		return &no_route;
	if (unlikely(rte_lpm_lookup(fib4_lpm, dst_host_order, &slot) != 0))
		slot = atomic_load_explicit(&fib4_default, memory_order_acquire);
	return adj_of(slot);
}

void
mst_route_lookup4_bulk(const uint32_t *dst_host_order, const struct mst_adj **out, unsigned int n)
{
	uint32_t entry[BULK];

	if (unlikely(fib4_lpm == NULL)) {
		for (unsigned int i = 0; i < n; i++)
			out[i] = &no_route;
		return;
	}
	while (n > 0) {
		unsigned int part = n < BULK ? n : BULK;
		uint32_t miss = atomic_load_explicit(&fib4_default, memory_order_acquire);

		(void)rte_lpm_lookup_bulk(fib4_lpm, dst_host_order, entry, part);
		for (unsigned int i = 0; i < part; i++)
			out[i] = adj_of(
				(entry[i] & RTE_LPM_LOOKUP_SUCCESS) != 0 ? entry[i] & 0x00ffffff : miss);
		dst_host_order += part;
		out += part;
		n -= part;
	}
}

const struct mst_adj *
mst_route_lookup6(const uint8_t dst[16])
{
	const struct fib6 *fib = atomic_load_explicit(&fib6_current, memory_order_acquire);

	return likely(fib != NULL) ? adj_of(fib6_find(fib, dst)) : &no_route;
}
