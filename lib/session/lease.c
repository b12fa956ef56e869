// Which addresses of the IPv4 pool are free: a queue, so that the address released last is leased last and a
// packet that is still on its way to the device before meets nobody for as long as possible. It is linked, so that the
// one address a device comes back for can be taken out of its middle. Control lcore.
#include <errno.h>

#include "session.h"

// The network's own address (RFC 1122 section 3.2.1.3) is nobody's: its links are the queue's two ends.
#define ENDS 0
#define LEASED UINT32_MAX

static bool
is_reserved(uint32_t index, const uint32_t *reserved, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reserved[i] == index)
			return true;
	return false;
}

static void
append(struct session_leases *l, uint32_t index)
{
	uint32_t last = l->links[ENDS].before;

	l->links[index] = (struct session_lease_link){.before = last, .behind = ENDS};
	l->links[last].behind = index;
	l->links[ENDS].before = index;
	l->n_free++;
}

static void
take(struct session_leases *l, uint32_t index)
{
	struct session_lease_link *link = &l->links[index];

	l->links[link->before].behind = link->behind;
	l->links[link->behind].before = link->before;
	link->before = LEASED;
	l->n_free--;
}

int
session_leases_init(
	struct session_leases *l, uint32_t n_addresses, const uint32_t *reserved, size_t n_reserved)
{
	*l = (struct session_leases){.links = calloc(n_addresses, sizeof(*l->links))};
	if (l->links == NULL)
		return -ENOMEM;
	l->n_addresses = n_addresses;
	// The last address is the broadcast address.
	for (uint32_t i = 1; i < n_addresses; i++) {
		l->links[i].before = LEASED;
		if (i + 1 < n_addresses && !is_reserved(i, reserved, n_reserved))
			append(l, i);
	}
	l->size = l->n_free;
	return 0;
}

void
session_leases_fini(struct session_leases *l)
{
	free(l->links);
	*l = (struct session_leases){0};
}

int
session_lease_take(struct session_leases *l, uint32_t *index)
{
	if (l->n_free == 0)
		return -EADDRNOTAVAIL;
	*index = l->links[ENDS].behind;
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
