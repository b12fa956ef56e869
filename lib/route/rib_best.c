// Questions to the mirror of routes: the best candidate of a prefix, the longest prefix above an address.
// Control lcore.
#include "route.h"

const struct rib_cand *
rib_best(const struct rib_prefix *p)
{
	const struct rib_cand *c = p->cands;

	// As the kernel does: a dead next hop is passed over, and with it the prefix when it was the last.
	while (c != NULL && !c->hop.usable)
		c = c->next;
	return c;
}

const struct rib_cand *
rib_parent(const struct rib *rib, const struct mst_ip *ip, unsigned int depth)
{
	const uint32_t *count = rib->depth_count[ip->family == 4 ? 0 : 1];

	while (depth-- > 0) {
		struct mst_net net = {.ip = *ip, .depth = (uint8_t)depth};
		const struct rib_prefix *p;
		const struct rib_cand *c;

		if (count[depth] == 0)
			continue;
		net.ip = mst_net_base(&net);
		p = rib_find(rib, &net);
		c = p != NULL ? rib_best(p) : NULL;
		if (c != NULL)
			return c;
	}
	return NULL;
}

struct rib_prefix *
rib_next(const struct rib *rib, struct rib_prefix *p, uint32_t *n)
{
	if (p == NULL)
		*n = 0;
	else if (p->next != NULL)
		return p->next;
	else
		(*n)++;
	for (; *n <= rib->mask; (*n)++)
		if (rib->buckets[*n] != NULL)
			return rib->buckets[*n];
	return NULL;
}

bool
rib_uses(const struct rib *rib, int ifindex)
{
	uint32_t n = 0;

	for (struct rib_prefix *p = rib_next(rib, NULL, &n); p != NULL; p = rib_next(rib, p, &n))
		for (const struct rib_cand *c = p->cands; c != NULL; c = c->next)
			if (c->hop.ifindex == ifindex)
				return true;
	return false;
}
