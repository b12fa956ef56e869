// The mirror of the kernel's neighbours on our taps. Control lcore, plain memory, no I/O.
#include <errno.h>
#include <string.h>

#include <linux/neighbour.h>

#include "route.h"

int
neigh_table_create(struct neigh_table **out)
{
	struct neigh_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	*out = t;
	return 0;
}

void
neigh_table_destroy(struct neigh_table *t)
{
	if (t == NULL)
		return;
	for (size_t b = 0; b < MST_ARRAY_SIZE(t->buckets); b++)
		while (t->buckets[b] != NULL) {
			struct neigh *n = t->buckets[b];

			t->buckets[b] = n->next;
			free(n);
		}
	free(t);
}

static struct neigh **
locate(struct neigh_table *t, int ifindex, const struct mst_ip *ip)
{
	uint32_t h = route_hash(ip->bytes, 16, (uint32_t)ifindex << 8 | ip->family);
	struct neigh **at = &t->buckets[h % MST_ARRAY_SIZE(t->buckets)];

	while (*at != NULL && ((*at)->ifindex != ifindex || !mst_ip_equal(&(*at)->ip, ip)))
		at = &(*at)->next;
	return at;
}

const struct neigh *
neigh_find(const struct neigh_table *t, int ifindex, const struct mst_ip *ip)
{
	uint32_t h = route_hash(ip->bytes, 16, (uint32_t)ifindex << 8 | ip->family);
	const struct neigh *n = t->buckets[h % MST_ARRAY_SIZE(t->buckets)];

	while (n != NULL && (n->ifindex != ifindex || !mst_ip_equal(&n->ip, ip)))
		n = n->next;
	return n;
}

bool
neigh_usable(const struct neigh *n)
{
	const unsigned int good =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

	return n != NULL && n->has_mac && (n->state & good) != 0;
}

static void
drop(struct neigh_table *t, struct neigh **at)
{
	struct neigh *n = *at;

	*at = n->next;
	free(n);
	t->n--;
}

int
neigh_apply(struct neigh_table *t, const struct route_event *ev)
{
	struct neigh **at = locate(t, ev->ifindex, &ev->ip), *n = *at;

	if (ev->del) {
		if (n == NULL)
			return -ENOENT;
		drop(t, at);
		return 0;
	}
	if (n == NULL) {
		if (t->n >= ROUTE_MAX_NEIGH) {
			t->full++;
			return -ENOSPC;
		}
		n = calloc(1, sizeof(*n));
		if (n == NULL)
			return -ENOMEM;
		n->ifindex = ev->ifindex;
		n->ip = ev->ip;
		*at = n;
		t->n++;
	}
	n->state = ev->state;
	n->has_mac = ev->has_mac;
	n->mac = ev->mac;
	n->generation = t->generation;
	return 0;
}

void
neigh_begin(struct neigh_table *t)
{
	t->generation++;
}

bool
neigh_sweep_one(struct neigh_table *t, int *ifindex, struct mst_ip *ip)
{
	for (size_t b = 0; b < MST_ARRAY_SIZE(t->buckets); b++)
		for (struct neigh **at = &t->buckets[b]; *at != NULL; at = &(*at)->next) {
			if ((*at)->generation == t->generation)
				continue;
			*ifindex = (*at)->ifindex;
			*ip = (*at)->ip;
			drop(t, at);
			return true;
		}
	return false;
}
