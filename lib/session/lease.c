// Which addresses of the IPv4 pool are free: a queue, so that the address released last is leased last and a
// packet that is still on its way to the device before meets nobody for as long as possible. It is linked, so that the
// one address a device comes back for can be taken out of its middle. Addresses that are kept for some have a queue a
// range, of the same links. Control lcore.
#include <errno.h>
#include <string.h>

#include "session.h"

// The network's own address (RFC 1122 section 3.2.1.3) is nobody's: its links are the two ends of the queue of all. Ends of
// the other queues stand behind the addresses.
#define ENDS 0
#define LEASED UINT32_MAX
#define NOBODYS UINT16_MAX // in range_of

static bool
is_reserved(uint32_t index, const uint32_t *reserved, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reserved[i] == index)
			return true;
	return false;
}

static uint32_t
ends_of(const struct session_leases *l, uint16_t range)
{
	return range == 0 ? ENDS : l->n_addresses + range - 1;
}

static void
append(struct session_leases *l, uint32_t index)
{
	uint16_t range = l->range_of[index];
	uint32_t ends = ends_of(l, range);
	uint32_t last = l->links[ends].before;

	l->links[index] = (struct session_lease_link){.before = last, .behind = ends};
	l->links[last].behind = index;
	l->links[ends].before = index;
	l->ranges[range].n_free++;
	l->n_free++;
}

static void
take(struct session_leases *l, uint32_t index)
{
	struct session_lease_link *link = &l->links[index];

	l->links[link->before].behind = link->behind;
	l->links[link->behind].before = link->before;
	link->before = LEASED;
	l->ranges[l->range_of[index]].n_free--;
	l->n_free--;
}

int
session_leases_init(
	struct session_leases *l, uint32_t n_addresses, const uint32_t *reserved, size_t n_reserved)
{
	*l = (struct session_leases){
		.links = calloc((size_t)n_addresses + MST_SESSION_RANGES_MAX, sizeof(*l->links)),
		.range_of = calloc(n_addresses, sizeof(*l->range_of)),
	};
	if (l->links == NULL || l->range_of == NULL) {
		session_leases_fini(l);
		return -ENOMEM;
	}
	l->n_addresses = n_addresses;
	l->range_of[0] = NOBODYS;
	// The last address is the broadcast address.
	for (uint32_t i = 1; i < n_addresses; i++) {
		l->links[i].before = LEASED;
		if (i + 1 < n_addresses && !is_reserved(i, reserved, n_reserved))
			append(l, i);
		else
			l->range_of[i] = NOBODYS;
	}
	l->size = l->ranges[0].size = l->n_free;
	return 0;
}

void
session_leases_fini(struct session_leases *l)
{
	free(l->links);
	free(l->range_of);
	*l = (struct session_leases){0};
}

static void
move(struct session_leases *l, uint32_t index, uint16_t to)
{
	uint16_t from = l->range_of[index];
	bool is_free = l->links[index].before != LEASED;

	if (from == NOBODYS || from == to)
		return;
	if (is_free)
		take(l, index);
	l->range_of[index] = to;
	l->ranges[from].size--;
	l->ranges[to].size++;
	if (is_free)
		append(l, index);
}

static void
move_all(struct session_leases *l, const struct session_range *r, uint16_t to)
{
	for (uint32_t i = 0; i < r->n_addresses; i++)
		move(l, r->first + i, to);
}

void
session_leases_set_ranges(struct session_leases *l, const struct session_range *ranges, uint16_t n)
{
	MST_ASSERT(n <= MST_SESSION_RANGES_MAX);
	for (uint16_t r = 1; r <= l->n_ranges; r++)
		move_all(l, &l->ranges[r], 0);
	for (uint16_t r = 1; r <= n; r++) {
		uint32_t ends = ends_of(l, r);

		l->links[ends] = (struct session_lease_link){.before = ends, .behind = ends};
		l->ranges[r] = (struct session_range){
			.first = ranges[r - 1].first, .n_addresses = ranges[r - 1].n_addresses};
		MST_ASSERT((uint64_t)l->ranges[r].first + l->ranges[r].n_addresses <= l->n_addresses);
	}
	// The larger ones come first: what lies in several ends in the smallest.
	for (uint16_t r = 1; r <= n; r++)
		move_all(l, &l->ranges[r], r);
	l->n_ranges = n;
}

int
session_lease_take(struct session_leases *l, uint16_t range, uint32_t *index)
{
	if (l->ranges[range].n_free == 0)
		return -EADDRNOTAVAIL;
	*index = l->links[ends_of(l, range)].behind;
	take(l, *index);
	return 0;
}

int
session_lease_take_at(struct session_leases *l, uint32_t index)
{
	if (index == ENDS || index >= l->n_addresses || l->links[index].before == LEASED)
		return -EADDRINUSE;
	take(l, index);
	return 0;
}

void
session_lease_give(struct session_leases *l, uint32_t index)
{
	// Twice the same lease would give one address to two devices.
	MST_ASSERT(index != ENDS && index < l->n_addresses && l->links[index].before == LEASED);
	append(l, index);
}
