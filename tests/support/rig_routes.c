// mst_route_lookup* over a list of prefixes, in place of the mirror of the kernel's tables.
#include <string.h>

#include "rig.h"

#define MAX_ROUTES 64

static struct {
	struct mst_net net;
	struct mst_adj adj;
} routes[MAX_ROUTES];
static unsigned int n_routes;

static const struct mst_adj none = {.kind = MST_ADJ_NONE};

struct mst_adj *
rig_route(const char *net, enum mst_adj_kind kind, uint8_t port)
{
	struct mst_adj *adj = &routes[n_routes].adj;

	assert_true(n_routes < MAX_ROUTES);
	assert_int_equal(mst_net_parse(net, &routes[n_routes].net), 0);
	n_routes++;
	*adj = (struct mst_adj){.kind = (uint8_t)kind, .l2_len = 14, .port = port, .mtu = RIG_MTU};
	memcpy(adj->l2, (uint8_t[12]){0x02, 0xbb, 0, 0, 0, port, 0x02, 0, 0, 0, 0, port}, 12);
	return adj;
}

void
rig_routes_reset(void)
{
	n_routes = 0;
	rig_route(RIG_GW4, MST_ADJ_LOCAL, RIG_PUBLIC);
	rig_route(RIG_GW6, MST_ADJ_LOCAL, RIG_PUBLIC);
	rig_route(RIG_GW_INSIDE4, MST_ADJ_LOCAL, RIG_PRIVATE);
	rig_route("fd00:20::1", MST_ADJ_LOCAL, RIG_PRIVATE);
	rig_route("198.51.100.0/24", MST_ADJ_READY, RIG_PUBLIC);
	rig_route("2001:db8:7::/48", MST_ADJ_READY, RIG_PUBLIC);
	rig_route("10.20.0.0/16", MST_ADJ_READY, RIG_PRIVATE);
	rig_route("fd00:20::/64", MST_ADJ_READY, RIG_PRIVATE);
	rig_route("10.20.9.0/24", MST_ADJ_RESOLVE, RIG_PRIVATE);
	rig_route("198.51.100.99", MST_ADJ_RESOLVE, RIG_PUBLIC);
	rig_route("192.0.2.0/24", MST_ADJ_FOREIGN, 0);
	rig_route("100.64.0.0/24", MST_ADJ_POOL, 0);
	rig_route("fd00:64::/112", MST_ADJ_POOL, 0);
}

static const struct mst_adj *
lookup(const struct mst_ip *ip)
{
	const struct mst_adj *best = &none;
	int depth = -1;

	for (unsigned int i = 0; i < n_routes; i++) {
		if (mst_net_contains(&routes[i].net, ip) && routes[i].net.depth > depth) {
			best = &routes[i].adj;
			depth = routes[i].net.depth;
		}
	}
	return best;
}

const struct mst_adj *
mst_route_lookup4(uint32_t dst)
{
	struct mst_ip ip = mst_ip4_from_host(dst);

	return lookup(&ip);
}

const struct mst_adj *
mst_route_lookup6(const uint8_t dst[16])
{
	struct mst_ip ip = {.family = 6};

	memcpy(ip.bytes, dst, sizeof(ip.bytes));
	return lookup(&ip);
}

void
mst_route_lookup4_bulk(const uint32_t *dst, const struct mst_adj **out, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		out[i] = mst_route_lookup4(dst[i]);
}
