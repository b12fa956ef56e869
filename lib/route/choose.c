// What a prefix means to the workers, and what the adjacency of a next hop is: the rules of the mirror, pure
// functions of its state. Control lcore.
#include <string.h>

#include "route.h"

const struct route_link *
route_link_find(const struct route_mirror *m, int ifindex)
{
	for (unsigned int i = 0; i < m->n_links; i++)
		if (m->links[i].port.ifindex == ifindex)
			return &m->links[i];
	return NULL;
}

static void
from_candidate(const struct route_mirror *m, const struct rib_cand *c, struct route_choice *out)
{
	*out = (struct route_choice){.kind = MST_ADJ_NONE};
	if (c == NULL)
		return;
	switch (c->class) {
	case ROUTE_CLASS_LOCAL:
		out->kind = MST_ADJ_LOCAL;
		return;
	case ROUTE_CLASS_POOL:
		out->kind = MST_ADJ_POOL;
		return;
	case ROUTE_CLASS_REFUSE:
		out->kind = MST_ADJ_FOREIGN;
		return;
	case ROUTE_CLASS_UNICAST:
		break;
	}
	if (route_link_find(m, c->hop.ifindex) == NULL) {
		out->kind = MST_ADJ_FOREIGN;
		return;
	}
	out->kind = MST_ADJ_READY;
	out->ifindex = c->hop.ifindex;
	out->next_hop = c->hop.gateway;
}

static bool
on_link(const struct route_choice *c)
{
	return c->kind == MST_ADJ_READY && c->next_hop.family == 0;
}

// Inside a pool, or a net that is never routed: only addresses of the gateway itself count there.
static bool
inside_fixed(const struct route_mirror *m, const struct mst_net *net)
{
	for (unsigned int i = 0; i < m->n_fixed; i++)
		if (m->fixed[i].depth < net->depth && mst_net_contains(&m->fixed[i], &net->ip))
			return true;
	return false;
}

void
route_choose(const struct route_mirror *m, const struct rib_prefix *p, struct route_choice *out)
{
	bool whole = p->net.depth == route_family_bits(p->net.ip.family);
	const struct rib_cand *best = rib_best(p);

	from_candidate(m, best, out);
	if (inside_fixed(m, &p->net)) {
		if (!(whole && out->kind == MST_ADJ_LOCAL))
			*out = (struct route_choice){.kind = MST_ADJ_NONE};
		return;
	}
	if (!whole || (best != NULL && !on_link(out)))
		return;
	// A host: under an on-link net, its own neighbour entry if that is usable; else the net's own answer
	// stands.
	if (best == NULL)
		from_candidate(m, rib_parent(m->rib, &p->net.ip, p->net.depth), out);
	if (on_link(out) && neigh_usable(neigh_find(m->neighs, out->ifindex, &p->net.ip)))
		out->next_hop = p->net.ip;
	else if (best == NULL)
		*out = (struct route_choice){.kind = MST_ADJ_NONE};
}

void
route_fill_adj(const struct route_mirror *m, int ifindex, const struct mst_ip *next_hop, struct mst_adj *out)
{
	const struct route_link *link = route_link_find(m, ifindex);
	const struct neigh *n = next_hop->family != 0 ? neigh_find(m->neighs, ifindex, next_hop) : NULL;

	memset(out, 0, sizeof(*out));
	out->kind = MST_ADJ_NONE;
	out->ifindex = ifindex;
	out->next_hop = *next_hop;
	if (link == NULL || !link->up)
		return;
	out->port = link->port.port;
	out->mtu = link->mtu;
	out->kind = MST_ADJ_RESOLVE;
	if (!neigh_usable(n))
		return;
	out->kind = MST_ADJ_READY;
	// Destination, source, and room for the ethertype, which the packet's IP version decides.
	memcpy(out->l2, n->mac.addr_bytes, RTE_ETHER_ADDR_LEN);
	memcpy(out->l2 + RTE_ETHER_ADDR_LEN, link->port.mac.addr_bytes, RTE_ETHER_ADDR_LEN);
	out->l2_len = RTE_ETHER_HDR_LEN;
}
