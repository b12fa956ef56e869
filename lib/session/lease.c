// Which addresses of the IPv4 pool are free: a queue, so that the address released last is leased last and a
// packet that is still on its way to the device before meets nobody for as long as possible. Control lcore.
#include <errno.h>

#include "session.h"

static bool
is_reserved(uint32_t index, const uint32_t *reserved, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reserved[i] == index)
			return true;
	return false;
}

int
session_leases_init(
	struct session_leases *l, uint32_t n_addresses, const uint32_t *reserved, size_t n_reserved)
{
	uint32_t *fifo = calloc(n_addresses, sizeof(*fifo));
	uint32_t n = 0;

	if (fifo == NULL)
		return -ENOMEM;
	// The first address is the network's, the last its broadcast address (RFC 1122 section 3.2.1.3).
	for (uint32_t i = 1; i + 1 < n_addresses; i++)
		if (!is_reserved(i, reserved, n_reserved))
			fifo[n++] = i;
	*l = (struct session_leases){.fifo = fifo, .size = n, .head = 0, .n_free = n};
	return 0;
}

void
session_leases_fini(struct session_leases *l)
{
	free(l->fifo);
	*l = (struct session_leases){0};
}

int
session_lease_take(struct session_leases *l, uint32_t *index)
{
	if (l->n_free == 0)
		return -EADDRNOTAVAIL;
	*index = l->fifo[l->head];
	l->head = l->head + 1 == l->size ? 0 : l->head + 1;
	l->n_free--;
	return 0;
}

void
session_lease_give(struct session_leases *l, uint32_t index)
{
	uint64_t tail = (uint64_t)l->head + l->n_free;

	// Twice the same lease would give one address to two devices.
	MST_ASSERT(l->n_free < l->size);
	l->fifo[tail >= l->size ? tail - l->size : tail] = index;
	l->n_free++;
}
