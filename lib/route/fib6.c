// The workers' IPv6 table: the address space cut into disjoint ranges, searched by halving. Built whole from
// the mirror, published by one pointer, retired by QSBR: no reader ever sees half of a change. The table of n
// routes takes about 40 n bytes and is built in n log n; rte_lpm6 and rte_fib6 know no RCU and take 64 MiB a
// copy. Control lcore builds.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "mst_rt.h"
#include "mst_wire_inline.h"

#include "route.h"

_Atomic(struct fib6 *) fib6_current;

static struct fib6_key
key_of(const uint8_t bytes[16])
{
	return (struct fib6_key){
		.hi = (uint64_t)mst_wire_be32(bytes) << 32 | mst_wire_be32(bytes + 4),
		.lo = (uint64_t)mst_wire_be32(bytes + 8) << 32 | mst_wire_be32(bytes + 12),
	};
}

static bool
key_less(struct fib6_key a, struct fib6_key b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

static bool
key_equal(struct fib6_key a, struct fib6_key b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

// Last address of a prefix.
static struct fib6_key
key_last(struct fib6_key k, unsigned int depth)
{
	if (depth <= 64) {
		k.hi |= depth == 64 ? 0 : UINT64_MAX >> depth;
		k.lo = UINT64_MAX;
	} else if (depth < 128) {
		k.lo |= UINT64_MAX >> (depth - 64);
	}
	return k;
}

static struct fib6_key
key_after(struct fib6_key k)
{
	if (++k.lo == 0)
		k.hi++;
	return k;
}

static int
by_base_then_depth(const void *a, const void *b)
{
	const struct fib6_route *x = a, *y = b;
	int d = memcmp(x->net.ip.bytes, y->net.ip.bytes, 16);

	return d != 0 ? d : (int)x->net.depth - (int)y->net.depth;
}

static void
emit(struct fib6 *fib, struct fib6_key start, uint32_t slot)
{
	if (fib->n > 0 && key_equal(fib->start[fib->n - 1], start))
		fib->n--; // an inner prefix starts, or an outer one ends, at the same place
	if (fib->n > 0 && fib->slot[fib->n - 1] == slot)
		return;
	fib->start[fib->n] = start;
	fib->slot[fib->n++] = slot;
}

struct fib6 *
fib6_build(struct fib6_route *routes, uint32_t n)
{
	struct {
		struct fib6_key last;
		uint32_t slot;
	} open[129]; // prefixes that hold the place at hand, outermost first: each longer than the one before
	const struct fib6_key zero = {0, 0}, ones = {UINT64_MAX, UINT64_MAX};
	size_t cap = 2 * (size_t)n + 1;
	struct fib6 *fib =
		rte_zmalloc("mst_fib6", sizeof(*fib) + cap * (sizeof(fib->start[0]) + sizeof(uint32_t)), 64);
	unsigned int depth = 0;

	if (fib == NULL)
		return NULL;
	fib->slot = (uint32_t *)(fib->start + cap);
	if (n > 0)
		qsort(routes, n, sizeof(*routes), by_base_then_depth);
	emit(fib, zero, ROUTE_SLOT_NONE);
	for (uint32_t i = 0; i <= n; i++) {
		struct fib6_key base = i < n ? key_of(routes[i].net.ip.bytes) : zero;

		while (depth > 0 && (i == n || key_less(open[depth - 1].last, base))) {
			struct fib6_key last = open[--depth].last;

			if (!key_equal(last, ones))
				emit(fib, key_after(last),
					depth > 0 ? open[depth - 1].slot : ROUTE_SLOT_NONE);
		}
		if (i == n)
			break;
		open[depth].last = key_last(base, routes[i].net.depth);
		open[depth++].slot = routes[i].slot;
		emit(fib, base, routes[i].slot);
	}
	return fib;
}

void
fib6_free(void *fib)
{
	rte_free(fib);
}

uint32_t
fib6_find(const struct fib6 *fib, const uint8_t dst[16])
{
	struct fib6_key k = key_of(dst);
	uint32_t lo = 0, n = fib->n;

	// The last range that starts at k or before; the first starts at ::.
	while (n > 1) {
		uint32_t half = n / 2;

		lo += key_less(k, fib->start[lo + half]) ? 0 : half;
		n -= half;
	}
	return fib->slot[lo];
}

int
fib6_publish(const struct rib *rib)
{
	uint32_t n = 0, count = 0, cursor = 0;
	struct fib6_route *routes;
	struct fib6 *fib, *old;

	for (struct rib_prefix *p = rib_next(rib, NULL, &cursor); p != NULL; p = rib_next(rib, p, &cursor))
		count += p->installed && p->net.ip.family == 6;
	routes = calloc(count + 1, sizeof(*routes));
	if (routes == NULL)
		return -ENOMEM;
	for (struct rib_prefix *p = rib_next(rib, NULL, &cursor); p != NULL; p = rib_next(rib, p, &cursor))
		if (p->installed && p->net.ip.family == 6)
			routes[n++] = (struct fib6_route){.net = p->net, .slot = p->slot};
	fib = fib6_build(routes, n);
	free(routes);
	if (fib == NULL)
		return -ENOMEM;
	old = atomic_exchange_explicit(&fib6_current, fib, memory_order_acq_rel);
	if (old != NULL)
		mst_rt_defer(fib6_free, old);
	return 0;
}
