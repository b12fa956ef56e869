// The rules: what each kind of route and neighbour becomes for the workers.
#include <errno.h>

#include <linux/neighbour.h>

#include "route_test.h"

#define PUBLIC 11 // ifindex of our taps
#define PRIVATE 12
#define OTHER 2 // of an interface of the host

static struct route_mirror m;

static int
fresh(void **state)
{
	(void)state;
	memset(&m, 0, sizeof(m));
	m.n_links = 2;
	m.links[0] = (struct route_link){
		.port = {.ifindex = PUBLIC, .port = 0, .mac = {{2, 0, 0, 0, 1, 0}}, .mtu = 1500},
		.mtu = 1500,
		.up = true};
	m.links[1] = (struct route_link){
		.port = {.ifindex = PRIVATE, .port = 1, .mac = {{2, 0, 0, 0, 1, 1}}, .mtu = 9000},
		.mtu = 1400,
		.up = true};
	m.fixed[m.n_fixed++] = net("10.8.0.0/16");
	m.fixed[m.n_fixed++] = net("fe80::/10");
	return rib_create(&m.rib, 100) | neigh_table_create(&m.neighs);
}

static int
drop(void **state)
{
	(void)state;
	rib_destroy(m.rib);
	neigh_table_destroy(m.neighs);
	return 0;
}

static void
add(struct route_event ev)
{
	assert_int_equal(ev.kind == ROUTE_EV_ROUTE ? rib_apply(m.rib, &ev) : neigh_apply(m.neighs, &ev), 0);
}

static void
chosen(const char *dst, enum mst_adj_kind kind, int ifindex, const char *next_hop)
{
	struct mst_net n = net(dst);
	struct route_choice c;
	char text[MST_IP_TEXT_BYTES] = "";

	route_choose(&m, rib_touch(m.rib, &n), &c);
	if (c.next_hop.family != 0)
		mst_ip_format(&c.next_hop, text);
	if (c.kind != kind || c.ifindex != ifindex)
		fail_msg("%s: kind %d of interface %d", dst, c.kind, c.ifindex);
	assert_string_equal(text, next_hop);
}

static void
kinds(void **state)
{
	(void)state;
	struct route_event pool = route("10.8.0.0/16", 0, "", 0), black = route("203.0.113.0/24", 0, "", 0);

	pool.rank = ROUTE_RANK_FIXED;
	pool.class = ROUTE_CLASS_POOL;
	black.class = ROUTE_CLASS_REFUSE;
	add(pool);
	add(route("10.8.0.0/16", 99, "", 0)); // as the kernel routes it: to the tun
	add(black);
	add(local("192.0.2.1/32"));
	add(route("192.0.2.0/24", PUBLIC, "", 0));
	add(route("0.0.0.0/0", PUBLIC, "192.0.2.254", 0));
	add(route("172.16.0.0/12", OTHER, "172.31.0.1", 0));
	chosen("10.8.0.0/16", MST_ADJ_POOL, 0, "");
	chosen("203.0.113.0/24", MST_ADJ_FOREIGN, 0, "");
	chosen("192.0.2.1/32", MST_ADJ_LOCAL, 0, "");
	chosen("192.0.2.0/24", MST_ADJ_READY, PUBLIC, "");
	chosen("0.0.0.0/0", MST_ADJ_READY, PUBLIC, "192.0.2.254");
	chosen("172.16.0.0/12", MST_ADJ_FOREIGN, 0, "");
	chosen("198.51.100.0/24", MST_ADJ_NONE, 0, "");
}

static void
inside_a_pool(void **state)
{
	(void)state;
	add(route("10.8.4.0/24", PRIVATE, "10.0.0.1", 0)); // would steal addresses of devices
	add(local("10.8.0.1/32"));			   // an address of the gateway itself
	add(route("fe80::/64", PRIVATE, "", 256));
	add(neighbour("fe80::1", PRIVATE, NUD_REACHABLE, 1));
	chosen("10.8.4.0/24", MST_ADJ_NONE, 0, "");
	chosen("10.8.0.1/32", MST_ADJ_LOCAL, 0, "");
	chosen("fe80::/64", MST_ADJ_NONE, 0, "");
	chosen("fe80::1/128", MST_ADJ_NONE, 0, "");
	add(route("10.0.0.0/8", PRIVATE, "192.0.2.9", 0)); // around the pool: as any other
	chosen("10.0.0.0/8", MST_ADJ_READY, PRIVATE, "192.0.2.9");
}

static void
neighbours_on_a_connected_net(void **state)
{
	(void)state;
	static const struct {
		uint16_t state;
		bool usable;
	} t[] = {{NUD_NONE, false}, {NUD_INCOMPLETE, false}, {NUD_REACHABLE, true}, {NUD_STALE, true},
		{NUD_DELAY, true}, {NUD_PROBE, true}, {NUD_FAILED, false}, {NUD_NOARP, true},
		{NUD_PERMANENT, true}};

	add(route("192.0.2.0/24", PRIVATE, "", 0));
	chosen("192.0.2.7/32", MST_ADJ_NONE, 0, "");
	for (size_t i = 0; i < MST_ARRAY_SIZE(t); i++) {
		add(neighbour("192.0.2.7", PRIVATE, t[i].state, 7));
		if (t[i].usable)
			chosen("192.0.2.7/32", MST_ADJ_READY, PRIVATE, "192.0.2.7");
		else
			chosen("192.0.2.7/32", MST_ADJ_NONE, 0, "");
	}
	add(neighbour("192.0.2.8", PRIVATE, NUD_REACHABLE, 0)); // no address of it
	chosen("192.0.2.8/32", MST_ADJ_NONE, 0, "");
	add(neighbour("192.0.2.9", PUBLIC, NUD_REACHABLE, 9)); // on another link than its net
	chosen("192.0.2.9/32", MST_ADJ_NONE, 0, "");
	add(neighbour("198.51.100.1", PRIVATE, NUD_REACHABLE, 9)); // on no net of ours
	chosen("198.51.100.1/32", MST_ADJ_NONE, 0, "");
	add(neighbour("192.0.2.0", PRIVATE, NUD_REACHABLE, 3)); // its number is the net's: the net is not its
	chosen("192.0.2.0/24", MST_ADJ_READY, PRIVATE, "");
	add(route("192.0.2.0/25", PRIVATE, "192.0.2.200", 0)); // a longer route takes the net away
	chosen("192.0.2.7/32", MST_ADJ_NONE, 0, "");
}

static void
host_routes_beat_neighbours(void **state)
{
	(void)state;
	add(route("192.0.2.0/24", PRIVATE, "", 0));
	add(neighbour("192.0.2.7", PRIVATE, NUD_REACHABLE, 7));
	add(route("192.0.2.7/32", PRIVATE, "192.0.2.1", 0));
	chosen("192.0.2.7/32", MST_ADJ_READY, PRIVATE, "192.0.2.1");
	add(local("192.0.2.7/32"));
	chosen("192.0.2.7/32", MST_ADJ_LOCAL, 0, "");
	// On link as a host: the neighbour when it is known, its own answer while it is not.
	add(route("203.0.113.5/32", PUBLIC, "", 0));
	chosen("203.0.113.5/32", MST_ADJ_READY, PUBLIC, "");
	add(neighbour("203.0.113.5", PUBLIC, NUD_REACHABLE, 5));
	chosen("203.0.113.5/32", MST_ADJ_READY, PUBLIC, "203.0.113.5");
	add(neighbour("203.0.113.5", PUBLIC, NUD_FAILED, 0));
	chosen("203.0.113.5/32", MST_ADJ_READY, PUBLIC, "");
}

static void
adjacencies(void **state)
{
	(void)state;
	const uint8_t l2[14] = {2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 1, 1};
	struct mst_ip hop = ip("192.0.2.7"), none = {0};
	struct mst_adj adj;

	route_fill_adj(&m, PRIVATE, &none, &adj);
	assert_int_equal(adj.kind, MST_ADJ_RESOLVE);
	assert_int_equal(adj.port, 1);
	assert_int_equal(adj.ifindex, PRIVATE);
	assert_int_equal(adj.next_hop.family, 0);
	route_fill_adj(&m, PRIVATE, &hop, &adj);
	assert_int_equal(adj.kind, MST_ADJ_RESOLVE);
	assert_true(mst_ip_equal(&adj.next_hop, &hop));
	add(neighbour("192.0.2.7", PRIVATE, NUD_STALE, 7));
	route_fill_adj(&m, PRIVATE, &hop, &adj);
	assert_int_equal(adj.kind, MST_ADJ_READY);
	assert_int_equal(adj.l2_len, 14);
	assert_int_equal(adj.mtu, 1400);
	assert_memory_equal(adj.l2, l2, sizeof(l2));
	add(neighbour("192.0.2.7", PRIVATE, NUD_FAILED, 0));
	route_fill_adj(&m, PRIVATE, &hop, &adj);
	assert_int_equal(adj.kind, MST_ADJ_RESOLVE);
	assert_int_equal(adj.l2_len, 0);
	add(neighbour("192.0.2.7", PRIVATE, NUD_REACHABLE, 7));
	m.links[1].up = false;
	route_fill_adj(&m, PRIVATE, &hop, &adj);
	assert_int_equal(adj.kind, MST_ADJ_NONE);
	route_fill_adj(&m, OTHER, &hop, &adj);
	assert_int_equal(adj.kind, MST_ADJ_NONE);
}

static void
neighbour_table_is_bounded(void **state)
{
	(void)state;
	struct route_event ev = neighbour("10.0.0.0", PRIVATE, NUD_REACHABLE, 1);

	for (uint32_t i = 0; i < ROUTE_MAX_NEIGH; i++) {
		ev.ip = mst_ip4_from_host(0x0a000000 + i);
		assert_int_equal(neigh_apply(m.neighs, &ev), 0);
	}
	ev.ip = mst_ip4_from_host(0x0b000000);
	assert_int_equal(neigh_apply(m.neighs, &ev), -ENOSPC);
	assert_int_equal(m.neighs->full, 1);
	ev.ip = mst_ip4_from_host(0x0a000000); // a known one may change
	assert_int_equal(neigh_apply(m.neighs, &ev), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kinds, fresh, drop),
		cmocka_unit_test_setup_teardown(inside_a_pool, fresh, drop),
		cmocka_unit_test_setup_teardown(neighbours_on_a_connected_net, fresh, drop),
		cmocka_unit_test_setup_teardown(host_routes_beat_neighbours, fresh, drop),
		cmocka_unit_test_setup_teardown(adjacencies, fresh, drop),
		cmocka_unit_test_setup_teardown(neighbour_table_is_bounded, fresh, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
