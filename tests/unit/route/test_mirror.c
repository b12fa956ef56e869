// The mirror against the kernel, in a network namespace of our own: ip(8) changes, lookups follow within 100
// ms. Needs root (else skipped) and EAL, on ordinary pages.
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <linux/if_tun.h>
#include <linux/neighbour.h>

#include "mst_eal.h"

#include "route_test.h"

static const struct rte_ether_addr macs[2] = {{{2, 0, 0, 0, 1, 0}}, {{2, 0, 0, 0, 1, 1}}};
static int taps[2], ifindex[2];

static int
make_tap(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return fd >= 0 && ioctl(fd, TUNSETIFF, &ifr) == 0 ? fd : -1;
}

static void
run(const char *command)
{
	if (mst_test_run(command) != 0)
		fail_msg("%s", command);
}

// Lets the mirror see what the kernel has to say, and nothing more than that: 100 ms at the most.
static void
follow(void)
{
	struct pollfd pfd = {.fd = mst_route_fd(), .events = POLLIN};
	uint64_t end = mst_now_ns() + 100 * MST_NS_PER_MS;

	while (poll(&pfd, 1, 10) > 0 && mst_now_ns() < end)
		mst_route_process();
	mst_rt_reclaim();
}

static const struct mst_adj *
lookup(const char *dst)
{
	struct mst_ip a = ip(dst);
	const struct mst_adj *adj, *bulk;
	uint32_t host;

	if (a.family == 6)
		return mst_route_lookup6(a.bytes);
	host = mst_ip4_host(&a);
	adj = mst_route_lookup4(host);
	mst_route_lookup4_bulk(&host, &bulk, 1);
	assert_ptr_equal(adj, bulk);
	return adj;
}

static void
is(const char *dst, enum mst_adj_kind kind)
{
	const struct mst_adj *adj = lookup(dst);

	if (adj->kind != kind)
		fail_msg("%s: kind %u, not %u", dst, adj->kind, kind);
}

static void
is_ready(const char *dst, unsigned int port, uint8_t last_of_mac)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0, last_of_mac};
	const struct mst_adj *adj = lookup(dst);

	if (adj->kind != MST_ADJ_READY || adj->l2[5] != last_of_mac)
		fail_msg("%s: kind %u, neighbour ..:%02x", dst, adj->kind, adj->l2[5]);
	assert_int_equal(adj->port, port);
	assert_int_equal(adj->ifindex, ifindex[port]);
	assert_int_equal(adj->l2_len, 14);
	assert_int_equal(adj->mtu, 1500);
	assert_memory_equal(adj->l2, mac, 6);
	assert_memory_equal(adj->l2 + 6, &macs[port], 6);
}

static int
start(void **state)
{
	char err[256] = "";
	struct mst_route_params p = {.n_ports = 2, .n_pools = 2, .max_routes = 5000};

	(void)state;
	p.pools[0] = net("10.8.0.0/16");
	p.pools[1] = net("2001:db8:8::/64");
	for (unsigned int i = 0; i < 2; i++) {
		taps[i] = make_tap(i == 0 ? "t0" : "t1");
		ifindex[i] = (int)if_nametoindex(i == 0 ? "t0" : "t1");
		p.ports[i] = (struct mst_route_port){
			.ifindex = ifindex[i], .port = (uint8_t)i, .mac = macs[i], .mtu = 1500};
	}
	if (taps[0] < 0 || taps[1] < 0)
		return -1;
	// Some of it is there before, and comes by the dump.
	run("ip link set lo up; ip link set t0 up; ip addr add 192.0.2.1/24 dev t0; ip addr add "
	    "2001:db8::1/64 dev t0 nodad;"
	    "ip route add default via 192.0.2.254; ip -6 route add default via 2001:db8::fe;"
	    "ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:fe dev t0 nud permanent;"
	    "ip neigh add 2001:db8::fe lladdr 02:00:00:00:00:fe dev t0 nud permanent");
	// The kernel enters the local route of an IPv6 address from a work queue.
	run("for i in $(seq 100); do ip -6 route show table local | grep -q '2001:db8::1 ' && exit 0; sleep "
	    "0.02; done; exit 1");
	if (mst_route_create(&p, err, sizeof(err)) == 0)
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

static int
stop(void **state)
{
	(void)state;
	mst_route_destroy();
	mst_rt_reclaim();
	close(taps[0]);
	close(taps[1]);
	return 0;
}

static void
dump_at_start(void **state)
{
	(void)state;
	struct mst_route_counters c;

	is_ready("198.51.100.7", 0, 0xfe);
	is_ready("2001:4860::1", 0, 0xfe);
	is("192.0.2.1", MST_ADJ_LOCAL);
	is("2001:db8::1", MST_ADJ_LOCAL);
	is("192.0.2.255", MST_ADJ_LOCAL);
	is("192.0.2.77", MST_ADJ_RESOLVE);
	is("2001:db8::77", MST_ADJ_RESOLVE);
	assert_int_equal(lookup("192.0.2.77")->next_hop.family, 0);
	assert_int_equal(lookup("192.0.2.77")->ifindex, ifindex[0]);
	is("10.8.3.4", MST_ADJ_POOL);
	is("2001:db8:8::5", MST_ADJ_POOL);
	is("224.0.0.5", MST_ADJ_LOCAL);
	is("ff02::1", MST_ADJ_LOCAL);
	is("127.0.0.1", MST_ADJ_LOCAL);
	mst_route_counters(&c);
	assert_true(c.routes4 >= 3 && c.routes6 >= 3 && c.neighbours >= 2 && c.full == 0 && c.resyncs == 0);
}

static void
routes_follow(void **state)
{
	(void)state;
	run("ip link set t1 up; ip addr add 172.20.0.1/24 dev t1; ip addr add 2001:db8:20::1/64 dev t1 nodad;"
	    "ip neigh add 172.20.0.9 lladdr 02:00:00:00:00:09 dev t1 nud permanent;"
	    "ip neigh add 2001:db8:20::9 lladdr 02:00:00:00:00:0a dev t1 nud permanent");
	follow();
	is_ready("172.20.0.9", 1, 9);
	is("172.20.0.10", MST_ADJ_RESOLVE);
	run("ip route add 10.1.0.0/16 via 172.20.0.9; ip -6 route add 2001:db8:100::/40 via 2001:db8:20::9");
	follow();
	is_ready("10.1.2.3", 1, 9);
	is_ready("2001:db8:100::1", 1, 0x0a);
	is_ready("10.2.0.1", 0, 0xfe);
	run("ip route replace 10.1.0.0/16 via 192.0.2.254; ip -6 route replace 2001:db8:100::/40 via "
	    "2001:db8::fe");
	follow();
	is_ready("10.1.2.3", 0, 0xfe);
	is_ready("2001:db8:100::1", 0, 0xfe);
	// A better metric, and back.
	run("ip route add 10.1.0.0/16 via 172.20.0.9 metric 50; ip route del 10.1.0.0/16 metric 0");
	follow();
	is_ready("10.1.2.3", 1, 9);
	run("ip route del 10.1.0.0/16; ip -6 route del 2001:db8:100::/40; ip route add blackhole "
	    "10.1.2.0/24");
	follow();
	is_ready("10.1.3.3", 0, 0xfe);
	is_ready("2001:db8:100::1", 0, 0xfe);
	is("10.1.2.3", MST_ADJ_FOREIGN);
	run("ip route del blackhole 10.1.2.0/24; ip route add 10.8.7.0/24 via 172.20.0.9; ip route add "
	    "10.3.0.0/16 dev lo");
	follow();
	is("10.8.7.1", MST_ADJ_POOL);
	is("10.3.0.1", MST_ADJ_FOREIGN);
	run("ip route del 10.8.7.0/24; ip route del 10.3.0.0/16; ip route del default");
	follow();
	is("10.9.9.9", MST_ADJ_NONE);
	run("ip route add default via 192.0.2.254");
	follow();
	is_ready("10.9.9.9", 0, 0xfe);
}

static void
multipath_follows(void **state)
{
	(void)state;
	run("ip route add 10.5.0.0/16 nexthop via 172.20.0.9 nexthop via 192.0.2.254");
	follow();
	is_ready("10.5.0.1", 1, 9);
	run("ip -6 route add 2001:db8:500::/40 via 2001:db8:20::9 metric 5;"
	    "ip -6 route append 2001:db8:500::/40 via 2001:db8::fe metric 5");
	follow();
	assert_int_equal(lookup("2001:db8:500::1")->kind, MST_ADJ_READY);
	run("ip -6 route del 2001:db8:500::/40 via 2001:db8:20::9 metric 5");
	follow();
	is_ready("2001:db8:500::1", 0, 0xfe);
	run("ip -6 route del 2001:db8:500::/40; ip route del 10.5.0.0/16");
	follow();
	is_ready("10.5.0.1", 0, 0xfe);
}

static void
neighbours_follow(void **state)
{
	(void)state;
	run("ip neigh add 192.0.2.5 lladdr 02:00:00:00:00:05 dev t0 nud reachable;"
	    "ip neigh add 2001:db8::5 lladdr 02:00:00:00:00:05 dev t0 nud reachable");
	follow();
	is_ready("192.0.2.5", 0, 5);
	is_ready("2001:db8::5", 0, 5);
	run("ip neigh replace 192.0.2.5 lladdr 02:00:00:00:00:06 dev t0 nud permanent");
	follow();
	is_ready("192.0.2.5", 0, 6);
	run("ip neigh del 192.0.2.5 dev t0; ip neigh del 2001:db8::5 dev t0");
	follow();
	is("192.0.2.5", MST_ADJ_RESOLVE);
	is("2001:db8::5", MST_ADJ_RESOLVE);
	// The gateway of the default route: its shared adjacency goes and comes.
	run("ip neigh del 192.0.2.254 dev t0");
	follow();
	is("198.51.100.7", MST_ADJ_RESOLVE);
	assert_true(lookup("198.51.100.7")->next_hop.family == 4);
	run("ip neigh add 192.0.2.254 lladdr 02:00:00:00:00:ee dev t0 nud permanent");
	follow();
	is_ready("198.51.100.7", 0, 0xee);
}

// A longer route takes a neighbour's host entry away, and gives it back.
static void
routes_around_neighbours(void **state)
{
	(void)state;
	run("ip neigh add 192.0.2.5 lladdr 02:00:00:00:00:05 dev t0 nud permanent;"
	    "ip neigh add 2001:db8::5 lladdr 02:00:00:00:00:05 dev t0 nud permanent");
	follow();
	is_ready("192.0.2.5", 0, 5);
	run("ip route add 192.0.2.0/28 via 172.20.0.9; ip -6 route add 2001:db8::/120 via 2001:db8:20::9");
	follow();
	is_ready("192.0.2.5", 1, 9);
	is_ready("2001:db8::5", 1, 0x0a);
	run("ip route del 192.0.2.0/28; ip -6 route del 2001:db8::/120");
	follow();
	is_ready("192.0.2.5", 0, 5);
	is_ready("2001:db8::5", 0, 5);
}

// What a worker holds stays whole until it says that it has let go.
static void
grace(void **state)
{
	(void)state;
	const struct mst_adj *held;

	mst_rt_worker_online(0);
	held = lookup("198.51.100.7");
	run("ip neigh replace 192.0.2.254 lladdr 02:00:00:00:00:ab dev t0 nud permanent");
	follow();
	assert_ptr_not_equal(lookup("198.51.100.7"), held);
	assert_int_equal(held->kind, MST_ADJ_READY);
	assert_int_equal(held->l2[5], 0xee);
	assert_true(mst_rt_deferred() > 0);
	mst_rt_worker_quiescent(0);
	mst_rt_reclaim();
	assert_int_equal(mst_rt_deferred(), 0);
	mst_rt_worker_offline(0);
	is_ready("198.51.100.7", 0, 0xab);
}

static void
resolve_asks_the_kernel(void **state)
{
	(void)state;
	struct mst_ip hop = ip("192.0.2.200");
	struct mst_route_counters a, b;
	uint8_t frame[128];
	bool asked = false;
	ssize_t n;

	while (read(taps[0], frame, sizeof(frame)) > 0)
		continue;
	mst_route_counters(&a);
	assert_int_equal(mst_route_resolve(ifindex[0], &hop), 0);
	assert_int_equal(mst_route_resolve(ifindex[0], &hop), -EAGAIN);
	usleep(20000);
	// An ARP request for it is on the wire.
	while ((n = read(taps[0], frame, sizeof(frame))) > 0)
		asked = asked || (n >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 1 &&
					 memcmp(frame + 38, hop.bytes, 4) == 0);
	assert_true(asked);
	mst_route_counters(&b);
	assert_int_equal(b.resolves, a.resolves + 1);
	hop.family = 0;
	assert_int_equal(mst_route_resolve(ifindex[0], &hop), -EINVAL);
}

static void
link_and_address_events(void **state)
{
	(void)state;
	run("ip route add 10.6.0.0/16 via 172.20.0.9");
	follow();
	is_ready("10.6.0.1", 1, 9);
	run("ip link set t1 mtu 1300");
	follow();
	assert_int_equal(lookup("10.6.0.1")->mtu, 1300);
	run("ip link set t1 mtu 1500");
	// The kernel says nothing of the IPv4 routes that go with a link.
	run("ip link set t1 down");
	follow();
	is_ready("10.6.0.1", 0, 0xab);	 // by the default route, as the kernel has it now
	is("172.20.0.9", MST_ADJ_READY); // the same
	run("ip link set t1 up; ip neigh replace 172.20.0.9 lladdr 02:00:00:00:00:09 dev t1 nud permanent");
	follow();
	is_ready("172.20.0.9", 1, 9);
	run("ip addr add 172.20.0.2/24 dev t1; ip route add 10.7.0.0/16 via 172.20.0.9 src 172.20.0.2");
	follow();
	is_ready("10.7.0.1", 1, 9);
	run("ip addr del 172.20.0.2/24 dev t1"); // takes the route along, silently
	follow();
	is_ready("10.7.0.1", 0, 0xab);
}

// A down tap without its routes gone yet: nothing is sent out of it.
static void
down_tap_is_no_way_out(void **state)
{
	(void)state;
	struct route_event down = {.kind = ROUTE_EV_LINK, .ifindex = ifindex[1], .up = false};
	struct route_event address = {.kind = ROUTE_EV_ADDR, .del = true};

	is_ready("172.20.0.9", 1, 9);
	sync_event(&down);
	is("172.20.0.9", MST_ADJ_NONE);
	is("172.20.0.77", MST_ADJ_NONE);
	down.up = true;
	sync_event(&down);
	is_ready("172.20.0.9", 1, 9);
	is("172.20.0.77", MST_ADJ_RESOLVE);
	// Kernels differ in what they tell of the routes that go with a link or an address: neither is
	// trusted to.
	assert_true(sync_wants_resync());
	mst_route_process();
	assert_false(sync_wants_resync());
	sync_event(&address);
	assert_true(sync_wants_resync());
	mst_route_process();
	is_ready("172.20.0.9", 1, 9);
}

// More changes than the socket holds: they are lost, and everything is told again.
static void
lost_events(void **state)
{
	(void)state;
	struct mst_route_counters c;
	int small = 1;

	assert_int_equal(setsockopt(mst_route_fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	run("for i in $(seq 1 200); do echo route add 100.64.$i.0/24 via 192.0.2.254; done | ip -batch -");
	follow();
	is_ready("100.64.1.1", 0, 0xab);
	is_ready("100.64.200.1", 0, 0xab);
	run("for i in $(seq 1 200); do echo route del 100.64.$i.0/24; done | ip -batch -;"
	    "ip route add blackhole 100.64.0.0/10");
	follow();
	is("100.64.200.1", MST_ADJ_FOREIGN);
	mst_route_counters(&c);
	assert_true(c.resyncs > 0);
	run("ip route del blackhole 100.64.0.0/10");
	follow();
}

static void
bound_is_counted(void **state)
{
	(void)state;
	struct mst_route_counters c;

	run("for i in $(seq 0 24); do for j in $(seq 0 255); do echo route add 100.$((64 + i)).$j.0/24 via "
	    "192.0.2.254; done;"
	    " done | ip -batch -");
	for (unsigned int i = 0; i < 20; i++)
		follow();
	mst_route_counters(&c);
	assert_true(c.full > 0);
	assert_true(c.routes4 + c.routes6 <= 5000);
	run("for i in $(seq 0 24); do for j in $(seq 0 255); do echo route del 100.$((64 + i)).$j.0/24; done;"
	    " done | ip -batch -");
	for (unsigned int i = 0; i < 20; i++)
		follow();
	mst_route_counters(&c);
	assert_true(c.routes4 < 100);
	is_ready("10.9.9.9", 0, 0xab);
}

static void
create_and_destroy_again(void **state)
{
	assert_int_equal(stop(state), 0);
	is("10.9.9.9", MST_ADJ_NONE);
	is("2001:db8::1", MST_ADJ_NONE);
	assert_int_equal(mst_rt_deferred(), 0);
	assert_int_equal(start(state), 0);
	is_ready("10.9.9.9", 0, 0xfe);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dump_at_start),
		cmocka_unit_test(routes_follow),
		cmocka_unit_test(multipath_follows),
		cmocka_unit_test(neighbours_follow),
		cmocka_unit_test(routes_around_neighbours),
		cmocka_unit_test(grace),
		cmocka_unit_test(resolve_asks_the_kernel),
		cmocka_unit_test(link_and_address_events),
		cmocka_unit_test(down_tap_is_no_way_out),
		cmocka_unit_test(lost_events),
		cmocka_unit_test(bound_is_counted),
		cmocka_unit_test(create_and_destroy_again),
	};
	int ret;

	if (!mst_test_netns())
		return MST_TEST_SKIP;
	if (mst_test_eal_start(256) != 0)
		return 1;
	ret = cmocka_run_group_tests(tests, start, stop);
	mst_rt_stop();
	return ret;
}
