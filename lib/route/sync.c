// Events into the mirror, and the mirror into the workers' tables: what changed is marked while events come
// in and settled in one go, so that a burst costs one IPv6 table. Control lcore.
#include <errno.h>
#include <string.h>

#include <linux/neighbour.h>

#include "route.h"

struct route_mirror route_mirror;
_Atomic uint64_t route_full;

static bool routes_changed, fib6_stale, resync, in_dump;
static bool told_multipath, told_full;

// Never forwarded by us whatever the kernel's tables say: RFC 1122 section 3.2.1.3, RFC 5771, RFC 4291
// sections 2.5.6, 2.7.
static const char *const never_routed[] = {
	"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "fe80::/10", "ff00::/8"};

static void
reached_bound(const char *what)
{
	atomic_fetch_add_explicit(&route_full, 1, memory_order_relaxed);
	if (!told_full)
		MST_LOG(ERROR, "route",
			"%s is full: packets of what does not fit go to the kernel or the next shorter "
			"prefix",
			what);
	told_full = true;
}

static int
add_fixed(const struct mst_net *net, enum route_class class)
{
	struct route_event ev = {.kind = ROUTE_EV_ROUTE,
		.net = *net,
		.rank = ROUTE_RANK_FIXED,
		.class = class,
		.n_hops = 1,
		.hops = {{.usable = true}}};

	ev.net.ip = mst_net_base(net);
	route_mirror.fixed[route_mirror.n_fixed++] = ev.net;
	return rib_apply(route_mirror.rib, &ev);
}

int
sync_create(const struct mst_route_params *p)
{
	static_assert(MST_ARRAY_SIZE(never_routed) + 2 <= ROUTE_MAX_FIXED, "pools and constants fit");

	memset(&route_mirror, 0, sizeof(route_mirror));
	routes_changed = fib6_stale = resync = in_dump = told_multipath = told_full = false;
	atomic_store_explicit(&route_full, 0, memory_order_relaxed);
	for (unsigned int i = 0; i < p->n_ports; i++)
		route_mirror.links[route_mirror.n_links++] =
			(struct route_link){.port = p->ports[i], .mtu = p->ports[i].mtu};
	MST_TRY(rib_create(&route_mirror.rib, p->max_routes));
	MST_TRY(neigh_table_create(&route_mirror.neighs));
	for (unsigned int i = 0; i < p->n_pools; i++)
		MST_TRY(add_fixed(&p->pools[i], ROUTE_CLASS_POOL));
	for (size_t i = 0; i < MST_ARRAY_SIZE(never_routed); i++) {
		struct mst_net net;

		MST_TRY(mst_net_parse(never_routed[i], &net));
		MST_TRY(add_fixed(&net, ROUTE_CLASS_LOCAL));
	}
	fib6_stale = true; // the first table, even an empty one
	return 0;
}

void
sync_destroy(void)
{
	rib_destroy(route_mirror.rib);
	neigh_table_destroy(route_mirror.neighs);
	memset(&route_mirror, 0, sizeof(route_mirror));
}

static void
touch_host(const struct mst_ip *ip)
{
	const struct mst_net host = {.ip = *ip, .depth = (uint8_t)route_family_bits(ip->family)};

	if (rib_touch(route_mirror.rib, &host) == NULL)
		reached_bound("memory");
}

static void
on_link_event(const struct route_event *ev)
{
	for (unsigned int i = 0; i < route_mirror.n_links; i++) {
		struct route_link *link = &route_mirror.links[i];
		bool up = ev->up && !ev->del;
		uint16_t mtu = ev->mtu != 0 && ev->mtu < link->port.mtu ? (uint16_t)ev->mtu : link->port.mtu;

		if (link->port.ifindex != ev->ifindex || (link->up == up && link->mtu == mtu))
			continue;
		link->up = up;
		link->mtu = mtu;
		adj_refresh_link(ev->ifindex);
	}
	// The kernel drops the IPv4 routes of a link that goes down without telling (fib_flush sends no
	// message).
	if ((ev->del || !ev->up) && !in_dump && rib_uses(route_mirror.rib, ev->ifindex))
		resync = true;
}

// The kernel sees no packet of ours, and would believe in a stale neighbour for ever: have it probe.
static void
refresh_if_stale(uint16_t state, int ifindex, const struct mst_ip *ip)
{
	if ((state & NUD_STALE) != 0 && adj_in_use(ifindex, ip))
		(void)mst_route_resolve(ifindex, ip);
}

static void
on_neigh_event(const struct route_event *ev)
{
	if (route_link_find(&route_mirror, ev->ifindex) == NULL)
		return;
	if (neigh_apply(route_mirror.neighs, ev) == -ENOSPC)
		reached_bound("the neighbour table");
	adj_refresh(ev->ifindex, &ev->ip);
	touch_host(&ev->ip);
	if (!ev->del)
		refresh_if_stale(ev->state, ev->ifindex, &ev->ip);
}

static void
on_route_event(const struct route_event *ev)
{
	int ret = rib_apply(route_mirror.rib, ev);

	if (ret == -ENOSPC || ret == -ENOMEM)
		reached_bound("the route mirror");
	if (!ev->del && ev->n_hops > 1 && !told_multipath) {
		told_multipath = true;
		MST_LOG(NOTICE, "route", "multipath routes: packets take the first usable next hop only");
	}
	routes_changed = true;
}

void
sync_event(const struct route_event *ev)
{
	switch (ev->kind) {
	case ROUTE_EV_LINK:
		on_link_event(ev);
		break;
	case ROUTE_EV_ADDR:
		resync = true; // routes that preferred the address as source went with it, silently
		break;
	case ROUTE_EV_ROUTE:
		on_route_event(ev);
		break;
	case ROUTE_EV_NEIGH:
		on_neigh_event(ev);
		break;
	}
}

void
sync_refresh_stale(void)
{
	for (size_t b = 0; b < MST_ARRAY_SIZE(route_mirror.neighs->buckets); b++)
		for (const struct neigh *n = route_mirror.neighs->buckets[b]; n != NULL; n = n->next)
			refresh_if_stale(n->state, n->ifindex, &n->ip);
}

bool
sync_wants_resync(void)
{
	return resync;
}

void
sync_dump_begin(void)
{
	in_dump = true;
	resync = false;
	rib_begin(route_mirror.rib);
	neigh_begin(route_mirror.neighs);
}

void
sync_dump_end(void)
{
	struct mst_ip ip;
	int ifindex;

	in_dump = false;
	rib_sweep(route_mirror.rib);
	while (neigh_sweep_one(route_mirror.neighs, &ifindex, &ip)) {
		adj_refresh(ifindex, &ip);
		touch_host(&ip);
	}
	routes_changed = true;
}

static bool
install(struct rib_prefix *p, uint32_t slot)
{
	if (p->net.ip.family == 6) {
		fib6_stale = true;
		return true;
	}
	if (fib4_set(&p->net, slot) == 0)
		return true;
	reached_bound("the IPv4 table");
	return false;
}

static void
settle(struct rib_prefix *p)
{
	struct route_choice choice;
	bool had = p->installed;
	uint32_t old = p->slot, slot;

	route_choose(&route_mirror, p, &choice);
	if (choice.kind == MST_ADJ_NONE) {
		if (had && p->net.ip.family == 4)
			fib4_unset(&p->net);
		else if (had)
			fib6_stale = true;
		p->installed = false;
	} else {
		slot = adj_get(&choice);
		if (had && slot == old) {
			had = true;
		} else if (install(p, slot)) {
			p->installed = true;
			p->slot = slot;
		} else {
			old = slot; // give back what was just taken
			had = true;
		}
	}
	if (had)
		adj_put_later(old);
	rib_settle(route_mirror.rib, p);
}

void
sync_commit(void)
{
	struct rib_prefix *p;

	// A route may put a neighbour under another net, or take the net from it.
	for (size_t b = 0; routes_changed && b < MST_ARRAY_SIZE(route_mirror.neighs->buckets); b++)
		for (const struct neigh *n = route_mirror.neighs->buckets[b]; n != NULL; n = n->next)
			touch_host(&n->ip);
	routes_changed = false;
	while ((p = rib_pop_dirty(route_mirror.rib)) != NULL)
		settle(p);
	if (fib6_stale && fib6_publish(route_mirror.rib) != 0) {
		// The old table still names the old slots: nothing may be given back before the next try.
		reached_bound("memory");
		return;
	}
	fib6_stale = false;
	adj_flush();
}
