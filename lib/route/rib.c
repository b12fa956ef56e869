// The mirror of the kernel's routes: prefixes, each with its candidates in the order of preference. Control
// lcore, plain memory, no I/O. The kernel keeps next hops of one route together and tells of their going one
// by one (IPv6): here each next hop is a candidate of its own.
#include <errno.h>
#include <string.h>

#include "route.h"

uint32_t
route_hash(const void *data, size_t len, uint32_t seed)
{
	const uint8_t *p = data;
	uint32_t h = 2166136261u ^ seed; // FNV-1a, then mixed: the low bits pick the bucket

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	return h ^ h >> 13;
}

static uint32_t
bucket_of(const struct rib *rib, const struct mst_net *net)
{
	return route_hash(net->ip.bytes, 16, (uint32_t)net->ip.family << 8 | net->depth) & rib->mask;
}

static bool
net_equal(const struct mst_net *a, const struct mst_net *b)
{
	return a->depth == b->depth && mst_ip_equal(&a->ip, &b->ip);
}

static unsigned int
family_index(const struct rib_prefix *p)
{
	return p->net.ip.family == 4 ? 0 : 1;
}

int
rib_create(struct rib **out, uint32_t max_cands)
{
	struct rib *rib = calloc(1, sizeof(*rib));
	uint32_t n = 1024;

	if (rib == NULL)
		return -ENOMEM;
	while (n < max_cands && n < 1u << 22)
		n *= 2;
	rib->buckets = calloc(n, sizeof(struct rib_prefix *));
	if (rib->buckets == NULL) {
		free(rib);
		return -ENOMEM;
	}
	rib->mask = n - 1;
	rib->max_cands = max_cands;
	*out = rib;
	return 0;
}

void
rib_destroy(struct rib *rib)
{
	if (rib == NULL)
		return;
	for (uint32_t b = 0; b <= rib->mask; b++) {
		struct rib_prefix *p = rib->buckets[b];

		while (p != NULL) {
			struct rib_prefix *next = p->next;

			while (p->cands != NULL) {
				struct rib_cand *c = p->cands;

				p->cands = c->next;
				free(c);
			}
			free(p);
			p = next;
		}
	}
	free(rib->buckets);
	free(rib);
}

static struct rib_prefix *
find(const struct rib *rib, const struct mst_net *net)
{
	struct rib_prefix *p = rib->buckets[bucket_of(rib, net)];

	while (p != NULL && !net_equal(&p->net, net))
		p = p->next;
	return p;
}

const struct rib_prefix *
rib_find(const struct rib *rib, const struct mst_net *net)
{
	return find(rib, net);
}

static void
mark_dirty(struct rib *rib, struct rib_prefix *p)
{
	if (p->dirty)
		return;
	p->dirty = true;
	p->dirty_next = NULL;
	if (rib->dirty == NULL)
		rib->dirty = p;
	else
		rib->dirty_tail->dirty_next = p;
	rib->dirty_tail = p;
}

struct rib_prefix *
rib_pop_dirty(struct rib *rib)
{
	struct rib_prefix *p = rib->dirty;

	if (p != NULL) {
		rib->dirty = p->dirty_next;
		p->dirty = false;
	}
	return p;
}

struct rib_prefix *
rib_touch(struct rib *rib, const struct mst_net *net)
{
	struct rib_prefix *p = find(rib, net);
	uint32_t b = bucket_of(rib, net);

	if (p == NULL) {
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			return NULL;
		p->net = *net;
		p->next = rib->buckets[b];
		rib->buckets[b] = p;
	}
	mark_dirty(rib, p);
	return p;
}

void
rib_settle(struct rib *rib, struct rib_prefix *p)
{
	struct rib_prefix **at = &rib->buckets[bucket_of(rib, &p->net)];

	if (p->installed || p->dirty || p->cands != NULL)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free(p);
}

static void
drop_cand(struct rib *rib, struct rib_prefix *p, struct rib_cand **at)
{
	struct rib_cand *c = *at;

	*at = c->next;
	if (c->rank != ROUTE_RANK_FIXED)
		rib->n_cands[family_index(p)]--;
	free(c);
	if (p->cands == NULL)
		rib->depth_count[family_index(p)][p->net.depth]--;
}

// Same table and metric: the same route to the kernel.
static bool
same_route(const struct rib_cand *c, const struct route_event *ev)
{
	return c->rank == ev->rank && c->metric == ev->metric;
}

static bool
same_hop(const struct rib_cand *c, const struct route_event *ev, const struct route_hop *hop)
{
	return same_route(c, ev) && c->class == ev->class && c->hop.ifindex == hop->ifindex &&
	       mst_ip_equal(&c->hop.gateway, &hop->gateway);
}

static struct rib_cand **
find_cand(struct rib_prefix *p, const struct route_event *ev, const struct route_hop *hop)
{
	struct rib_cand **at = &p->cands;

	while (*at != NULL && !same_hop(*at, ev, hop))
		at = &(*at)->next;
	return at;
}

// Where a candidate goes: by rank, then metric; among equals behind the others when after, else before them.
static struct rib_cand **
place(struct rib_prefix *p, const struct route_event *ev, bool after)
{
	struct rib_cand **at = &p->cands;

	for (; *at != NULL; at = &(*at)->next) {
		const struct rib_cand *c = *at;

		if (c->rank != ev->rank ? c->rank > ev->rank
					: c->metric > ev->metric || (c->metric == ev->metric && !after))
			break;
	}
	return at;
}

static int
add_hop(struct rib *rib, struct rib_prefix *p, const struct route_event *ev, unsigned int i, bool after)
{
	struct rib_cand **at = find_cand(p, ev, &ev->hops[i]), *c = *at;

	if (c != NULL) {
		c->hop = ev->hops[i];
		c->generation = rib->generation;
		return 0;
	}
	if (ev->rank != ROUTE_RANK_FIXED && rib->n_cands[0] + rib->n_cands[1] >= rib->max_cands) {
		rib->full++;
		return -ENOSPC;
	}
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return -ENOMEM;
	at = place(p, ev, after);
	*c = (struct rib_cand){.next = *at,
		.hop = ev->hops[i],
		.metric = ev->metric,
		.generation = rib->generation,
		.rank = ev->rank,
		.class = ev->class};
	if (p->cands == NULL)
		rib->depth_count[family_index(p)][p->net.depth]++;
	if (ev->rank != ROUTE_RANK_FIXED)
		rib->n_cands[family_index(p)]++;
	*at = c;
	return 0;
}

static void
drop_route(struct rib *rib, struct rib_prefix *p, const struct route_event *ev)
{
	struct rib_cand **at = &p->cands;

	while (*at != NULL) {
		if (same_route(*at, ev))
			drop_cand(rib, p, at);
		else
			at = &(*at)->next;
	}
}

static int
del_route(struct rib *rib, const struct route_event *ev)
{
	struct rib_prefix *p = find(rib, &ev->net);
	int ret = -ENOENT;

	if (p == NULL)
		return -ENOENT;
	for (unsigned int i = 0; i < ev->n_hops; i++) {
		struct rib_cand **at = find_cand(p, ev, &ev->hops[i]);

		if (*at == NULL)
			continue;
		drop_cand(rib, p, at);
		ret = 0;
	}
	mark_dirty(rib, p);
	return ret;
}

int
rib_apply(struct rib *rib, const struct route_event *ev)
{
	struct rib_prefix *p;
	int ret = 0;

	if (ev->del)
		return del_route(rib, ev);
	p = rib_touch(rib, &ev->net);
	if (p == NULL)
		return -ENOMEM;
	if (ev->replace)
		drop_route(rib, p, ev);
	for (unsigned int i = 0; ret == 0 && i < ev->n_hops; i++)
		// The first of a route goes before its equals unless it was appended; its further hops follow
		// it.
		ret = add_hop(rib, p, ev, i, ev->append || i > 0);
	return ret;
}

void
rib_begin(struct rib *rib)
{
	rib->generation++;
}

void
rib_sweep(struct rib *rib)
{
	uint32_t n = 0;

	for (struct rib_prefix *p = rib_next(rib, NULL, &n); p != NULL; p = rib_next(rib, p, &n)) {
		struct rib_cand **at = &p->cands;

		while (*at != NULL) {
			if ((*at)->rank == ROUTE_RANK_FIXED || (*at)->generation == rib->generation) {
				at = &(*at)->next;
				continue;
			}
			drop_cand(rib, p, at);
			mark_dirty(rib, p);
		}
	}
}
