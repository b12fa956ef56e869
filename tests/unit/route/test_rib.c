// The mirror of routes: order of preference, what a delete brings back, multipath hop by hop, bounds, dumps.
#include <errno.h>

#include "route_test.h"

static struct rib *rib;

static int
fresh(void **state)
{
	(void)state;
	return rib_create(&rib, 1000);
}

static int
drop(void **state)
{
	(void)state;
	rib_destroy(rib);
	rib = NULL;
	return 0;
}

static void
apply(struct route_event ev, int want)
{
	assert_int_equal(rib_apply(rib, &ev), want);
}

static void
withdraw(struct route_event ev, int want)
{
	ev.del = true;
	apply(ev, want);
}

// Gateway of the best candidate; "-" without one.
static void
best_is(const char *dst, const char *gateway)
{
	struct mst_net n = net(dst);
	const struct rib_prefix *p = rib_find(rib, &n);
	const struct rib_cand *c = p != NULL ? rib_best(p) : NULL;
	char text[MST_IP_TEXT_BYTES] = "-";

	if (c != NULL)
		mst_ip_format(&c->hop.gateway, text);
	assert_string_equal(text, gateway);
}

static void
metric_decides(void **state)
{
	(void)state;
	apply(route("10.0.0.0/8", 3, "192.0.2.20", 20), 0);
	best_is("10.0.0.0/8", "192.0.2.20");
	apply(route("10.0.0.0/8", 3, "192.0.2.10", 10), 0);
	best_is("10.0.0.0/8", "192.0.2.10");
	apply(route("10.0.0.0/8", 3, "192.0.2.30", 30), 0);
	best_is("10.0.0.0/8", "192.0.2.10");
	// Each delete restores the next best.
	withdraw(route("10.0.0.0/8", 3, "192.0.2.10", 10), 0);
	best_is("10.0.0.0/8", "192.0.2.20");
	withdraw(route("10.0.0.0/8", 3, "192.0.2.20", 20), 0);
	best_is("10.0.0.0/8", "192.0.2.30");
	withdraw(route("10.0.0.0/8", 3, "192.0.2.30", 30), 0);
	best_is("10.0.0.0/8", "-");
	withdraw(route("10.0.0.0/8", 3, "192.0.2.30", 30), -ENOENT);
	assert_int_equal(rib->n_cands[0], 0);
	assert_int_equal(rib->depth_count[0][8], 0);
}

static void
local_table_before_main(void **state)
{
	(void)state;
	struct mst_net n = net("192.0.2.1/32");

	apply(route("192.0.2.1/32", 3, "192.0.2.254", 0), 0);
	apply(local("192.0.2.1/32"), 0);
	assert_int_equal(rib_best(rib_find(rib, &n))->class, ROUTE_CLASS_LOCAL);
	withdraw(local("192.0.2.1/32"), 0);
	best_is("192.0.2.1/32", "192.0.2.254");
}

static void
equals(void **state)
{
	(void)state;
	struct route_event ev = route("10.0.0.0/8", 3, "192.0.2.1", 0);

	apply(ev, 0);
	ev = route("10.0.0.0/8", 3, "192.0.2.2", 0);
	ev.append = true;
	apply(ev, 0);
	best_is("10.0.0.0/8", "192.0.2.1");
	apply(route("10.0.0.0/8", 3, "192.0.2.3", 0), 0); // ip route prepend
	best_is("10.0.0.0/8", "192.0.2.3");
	apply(route("10.0.0.0/8", 3, "192.0.2.1", 0),
		0); // told again: no second candidate, no change of place
	best_is("10.0.0.0/8", "192.0.2.3");
	assert_int_equal(rib->n_cands[0], 3);
	ev = route("10.0.0.0/8", 3, "192.0.2.9", 0);
	ev.replace = true;
	apply(ev, 0);
	best_is("10.0.0.0/8", "192.0.2.9");
	assert_int_equal(rib->n_cands[0], 1);
	ev = route("10.0.0.0/8", 3, "192.0.2.8", 7); // replaces nothing of another metric
	ev.replace = true;
	apply(ev, 0);
	assert_int_equal(rib->n_cands[0], 2);
	best_is("10.0.0.0/8", "192.0.2.9");
}

static void
multipath_hop_by_hop(void **state)
{
	(void)state;
	struct route_event ev = route("2001:db8:1::/48", 3, "2001:db8::a", 5);

	ev.n_hops = 2;
	ev.hops[1] = (struct route_hop){.ifindex = 4, .gateway = ip("2001:db8::b"), .usable = true};
	apply(ev, 0);
	best_is("2001:db8:1::/48", "2001:db8::a");
	ev.hops[0].usable = false; // the link of the first lost its carrier
	apply(ev, 0);
	best_is("2001:db8:1::/48", "2001:db8::b");
	ev.hops[0].usable = true;
	apply(ev, 0);
	withdraw(route("2001:db8:1::/48", 3, "2001:db8::a", 5), 0);
	best_is("2001:db8:1::/48", "2001:db8::b");
	withdraw(ev, 0); // the rest of it
	best_is("2001:db8:1::/48", "-");
}

static void
parent_is_the_longest(void **state)
{
	(void)state;
	struct mst_ip a = ip("10.1.2.3");
	struct route_event dead = route("10.1.2.0/24", 3, "192.0.2.3", 0);

	assert_null(rib_parent(rib, &a, 32));
	apply(route("0.0.0.0/0", 3, "192.0.2.1", 0), 0);
	assert_int_equal(rib_parent(rib, &a, 32)->hop.gateway.bytes[3], 1);
	apply(route("10.1.0.0/16", 3, "192.0.2.2", 0), 0);
	assert_int_equal(rib_parent(rib, &a, 32)->hop.gateway.bytes[3], 2);
	apply(route("10.1.2.3/32", 3, "192.0.2.9", 0), 0); // not shorter than the depth
	assert_int_equal(rib_parent(rib, &a, 32)->hop.gateway.bytes[3], 2);
	assert_int_equal(rib_parent(rib, &a, 16)->hop.gateway.bytes[3], 1);
	dead.hops[0].usable = false;
	apply(dead, 0);
	assert_int_equal(rib_parent(rib, &a, 32)->hop.gateway.bytes[3], 2);
}

static void
bound(void **state)
{
	(void)state;
	struct route_event ev = route("10.0.0.0/32", 3, "192.0.2.1", 0);

	for (uint32_t i = 0; i < 1000; i++) {
		ev.net.ip = mst_ip4_from_host(0x0a000000 + i);
		apply(ev, 0);
	}
	ev.net.ip = mst_ip4_from_host(0x0a000000 + 1000);
	apply(ev, -ENOSPC);
	apply(route("2001:db8::/32", 3, "2001:db8::1", 0), -ENOSPC);
	assert_int_equal(rib->full, 2);
	// Room again after a delete.
	withdraw(route("10.0.0.5/32", 3, "192.0.2.1", 0), 0);
	apply(ev, 0);
}

static void
sweep_keeps_what_was_told(void **state)
{
	(void)state;
	struct route_event fixed = route("10.8.0.0/16", 0, "", 0);

	fixed.rank = ROUTE_RANK_FIXED;
	fixed.class = ROUTE_CLASS_POOL;
	apply(fixed, 0);
	apply(route("10.0.0.0/8", 3, "192.0.2.1", 0), 0);
	apply(route("172.16.0.0/12", 3, "192.0.2.1", 0), 0);
	while (rib_pop_dirty(rib) != NULL)
		continue;
	rib_begin(rib);
	apply(route("10.0.0.0/8", 3, "192.0.2.1", 0), 0);
	while (rib_pop_dirty(rib) != NULL)
		continue;
	rib_sweep(rib);
	best_is("10.0.0.0/8", "192.0.2.1");
	best_is("172.16.0.0/12", "-");
	assert_int_equal(rib->n_cands[0], 1);
	assert_true(rib_uses(rib, 3));
	assert_false(rib_uses(rib, 4));
	// Exactly what went is to be looked at.
	struct rib_prefix *p = rib_pop_dirty(rib);
	assert_non_null(p);
	assert_int_equal(p->net.depth, 12);
	assert_null(rib_pop_dirty(rib));
	rib_settle(rib, p);
	struct mst_net gone = net("172.16.0.0/12");
	assert_null(rib_find(rib, &gone));
	struct mst_net pool = net("10.8.0.0/16");
	assert_int_equal(rib_best(rib_find(rib, &pool))->class, ROUTE_CLASS_POOL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(metric_decides, fresh, drop),
		cmocka_unit_test_setup_teardown(local_table_before_main, fresh, drop),
		cmocka_unit_test_setup_teardown(equals, fresh, drop),
		cmocka_unit_test_setup_teardown(multipath_hop_by_hop, fresh, drop),
		cmocka_unit_test_setup_teardown(parent_is_the_longest, fresh, drop),
		cmocka_unit_test_setup_teardown(bound, fresh, drop),
		cmocka_unit_test_setup_teardown(sweep_keeps_what_was_told, fresh, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
