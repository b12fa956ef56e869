// Events written by hand, for the tests of the mirror.
#pragma once

#include <string.h>

#include "mst_test.h"

#include "route.h"

static inline struct mst_ip
ip(const char *text)
{
	struct mst_ip out = {0};

	if (text[0] != '\0')
		assert_int_equal(mst_ip_parse(text, &out), 0);
	return out;
}

static inline struct mst_net
net(const char *text)
{
	struct mst_net out;

	assert_int_equal(mst_net_parse(text, &out), 0);
	return out;
}

// gateway "": on link.
static inline struct route_event
route(const char *dst, int ifindex, const char *gateway, uint32_t metric)
{
	return (struct route_event){.kind = ROUTE_EV_ROUTE,
		.net = net(dst),
		.rank = ROUTE_RANK_MAIN,
		.class = ROUTE_CLASS_UNICAST,
		.metric = metric,
		.n_hops = 1,
		.hops = {{.ifindex = ifindex, .gateway = ip(gateway), .usable = true}}};
}

static inline struct route_event
local(const char *dst)
{
	struct route_event ev = route(dst, 1, "", 0);

	ev.rank = ROUTE_RANK_LOCAL;
	ev.class = ROUTE_CLASS_LOCAL;
	return ev;
}

static inline struct route_event
neighbour(const char *addr, int ifindex, uint16_t state, uint8_t last_of_mac)
{
	return (struct route_event){.kind = ROUTE_EV_NEIGH,
		.ifindex = ifindex,
		.ip = ip(addr),
		.state = state,
		.has_mac = last_of_mac != 0,
		.mac = {{2, 0, 0, 0, 0, last_of_mac}}};
}
