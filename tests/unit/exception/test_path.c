// The exception path against the kernel, in a network namespace of our own. Needs root (else skipped) and
// EAL, on ordinary pages.
#include <netinet/in.h>
#include <sys/socket.h>

#include "../rt/rt_test.h"
#include "path_test.h"

static int
start(void **state)
{
	struct mst_exception_params p = two_ports();
	char err[256] = "";

	(void)state;
	if (mst_exception_create(&p, err, sizeof(err)) == 0)
		return 0;
	fprintf(stderr, "%s\n", err);
	return -1;
}

static int
stop(void **state)
{
	(void)state;
	mst_exception_destroy();
	return 0;
}

static void
run(const char *command)
{
	if (mst_test_run(command) != 0)
		fail_msg("%s", command);
}

static void
interfaces_are_as_told(void **state)
{
	(void)state;
	assert_int_equal(mst_exception_n_fds(), 3);
	assert_int_equal(mst_exception_ifindex(0), (int)if_nametoindex("pub"));
	assert_int_equal(mst_exception_ifindex(1), (int)if_nametoindex("priv"));
	assert_int_equal(mst_exception_ifindex(2), -1);
	assert_int_equal(mst_exception_fd(3), -1);
	run("ip -o link show pub | grep -q 'UP.* mtu 1500 .*02:00:00:00:01:00'");
	run("ip -o link show priv | grep -q 'UP.* mtu 1450 .*02:00:00:00:01:01'");
	run("ip -o link show inner | grep -q 'UP.* mtu 1400 .* qlen 256'");
	run("ip -o addr show dev pub | grep -q 'inet 192.0.2.1/24 scope global'");
	run("ip -o addr show dev pub | grep 'inet6 2001:db8::1/64 scope global' | grep -qv tentative");
	run("ip route show 192.0.2.0/24 | grep -q 'dev pub proto kernel'");
	run("ip route show default | grep -q 'via 192.0.2.254 dev pub'");
	run("ip -6 route show default | grep -q 'via 2001:db8::fe dev pub'");
	run("ip route show 10.8.0.0/16 | grep -q 'dev inner'");
	run("ip -6 route show 2001:db8:8::/64 | grep -q 'dev inner'");
	run("test -z \"$(ip -o addr show dev inner)\"");
}

static void
settings_are_as_told(void **state)
{
	(void)state;
	assert_true(file_says("/proc/sys/net/ipv4/conf/inner/forwarding", "1"));
	assert_true(file_says("/proc/sys/net/ipv6/conf/inner/forwarding", "1"));
	assert_true(file_says("/proc/sys/net/ipv4/conf/priv/forwarding", "1"));
	assert_true(file_says("/proc/sys/net/ipv6/conf/priv/forwarding", "1"));
	if (access("/proc/sys/net/ipv6/conf/all/force_forwarding", F_OK) == 0) {
		assert_true(file_says("/proc/sys/net/ipv6/conf/inner/force_forwarding", "1"));
		assert_true(file_says("/proc/sys/net/ipv6/conf/priv/force_forwarding", "1"));
		assert_true(file_says("/proc/sys/net/ipv6/conf/pub/force_forwarding", "0"));
	}
	// The public side is no router of the kernel's.
	assert_true(file_says("/proc/sys/net/ipv4/conf/pub/forwarding", "0"));
	assert_true(file_says("/proc/sys/net/ipv6/conf/pub/forwarding", "0"));
	assert_true(file_says("/proc/sys/net/ipv4/conf/all/forwarding", "0"));
	assert_true(file_says("/proc/sys/net/ipv6/conf/all/forwarding", "0"));
	assert_true(file_says("/proc/sys/net/ipv4/conf/pub/rp_filter", "2"));
	assert_true(file_says("/proc/sys/net/ipv4/conf/priv/arp_ignore", "1"));
	assert_true(file_says("/proc/sys/net/ipv4/conf/priv/send_redirects", "0"));
	assert_true(file_says("/proc/sys/net/ipv6/conf/pub/accept_ra", "0"));
	assert_true(file_says("/proc/sys/net/ipv6/conf/pub/accept_dad", "0"));
}

static const uint8_t client_mac[6] = {2, 0, 0, 0, 9, 9};

static bool
is_arp_reply(const uint8_t *f, size_t len)
{
	return len >= 42 && mst_wire_be16(f + 12) == MST_ETH_ARP && mst_wire_be16(f + 20) == 2;
}

static size_t
arp_request(uint8_t f[60], const uint8_t target[4], const uint8_t sender[4])
{
	const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1};

	memset(f, 0xff, 6);
	memset(f + 6, 0, 54);
	memcpy(f + 6, client_mac, 6);
	mst_wire_put16(f + 12, MST_ETH_ARP);
	memcpy(f + 14, head, 8);
	memcpy(f + 22, client_mac, 6);
	memcpy(f + 28, sender, 4);
	memcpy(f + 38, target, 4);
	return 60;
}

static void
arp_is_answered(void **state)
{
	(void)state;
	const uint8_t ours[4] = {192, 0, 2, 1}, other[4] = {172, 20, 0, 1}, client[4] = {192, 0, 2, 7};
	struct mst_exception_counters before, after;
	struct rte_mbuf *m;
	uint8_t f[60];

	mst_exception_counters(&before);
	punt(f, arp_request(f, ours, client), 0, 0, 60);
	assert_int_equal(mst_exception_output(), 1);
	m = await(0, is_arp_reply);
	assert_non_null(m);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), client_mac, 6);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, 22), public_mac, 6);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, 28), ours, 4);
	assert_int_equal(mst_pkt(m)->port, 0);
	assert_int_equal(mst_pkt(m)->entry, MST_ENTRY_FRAME);
	assert_int_equal(mst_pkt(m)->flags, 0);
	rte_pktmbuf_free(m);
	mst_exception_counters(&after);
	assert_int_equal(after.to_kernel, before.to_kernel + 1);
	assert_true(after.from_kernel > before.from_kernel);
	// The other port's address is not on this link.
	punt(f, arp_request(f, other, client), 0, 0, 60);
	assert_int_equal(mst_exception_output(), 1);
	assert_null(await(0, is_arp_reply));
}

static size_t
echo_request(uint8_t p[84], const char *src, const char *dst, uint8_t ttl)
{
	struct mst_ip a = ip(src), b = ip(dst);
	uint16_t sum;

	mst_wire_ip4_build(p, a.bytes, b.bytes, MST_PROTO_ICMP, ttl, 64);
	memset(p + 20, 0x5a, 64);
	memcpy(p + 20, (const uint8_t[8]){8, 0, 0, 0, 0, 1, 0, 1}, 8);
	sum = (uint16_t)~mst_wire_fold(mst_wire_sum(p + 20, 64, 0));
	memcpy(p + 22, &sum, 2);
	return 84;
}

static bool
is_echo_reply(const uint8_t *p, size_t len)
{
	return len == 84 && p[0] == 0x45 && p[9] == MST_PROTO_ICMP && p[20] == 0;
}

static bool
is_time_exceeded(const uint8_t *p, size_t len)
{
	return len > 28 && p[0] >> 4 == 4 && p[9] == MST_PROTO_ICMP && p[20] == 11;
}

static void
inner_packets_reach_the_gateway(void **state)
{
	(void)state;
	struct rte_mbuf *m;
	uint8_t p[84];

	// In one piece, and in many: whole to the kernel each time.
	for (size_t seg = 6; seg <= 84; seg += 39) {
		struct mst_ip device = ip("10.8.0.5");

		punt(p, echo_request(p, "10.8.0.5", "192.0.2.1", 64), 0, MST_PKT_INNER, seg);
		assert_int_equal(mst_exception_output(), 1);
		m = await(2, is_echo_reply);
		assert_non_null(m);
		assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, 16), device.bytes, 4);
		assert_int_equal(mst_pkt(m)->entry, MST_ENTRY_TO_DEVICE);
		assert_int_equal(mst_pkt(m)->ip_version, 4);
		assert_int_equal(mst_pkt(m)->l3_off, 0);
		assert_int_equal(mst_pkt(m)->l3_len, 84);
		rte_pktmbuf_free(m);
	}
}

static bool
is_arp_for_50(const uint8_t *f, size_t len)
{
	const uint8_t target[4] = {172, 20, 0, 50};

	return len >= 42 && mst_wire_be16(f + 12) == MST_ETH_ARP && f[21] == 1 &&
	       memcmp(f + 38, target, 4) == 0;
}

static bool
is_echo_request_frame(const uint8_t *f, size_t len)
{
	return len >= 98 && mst_wire_be16(f + 12) == MST_ETH_IP4 && f[14 + 9] == MST_PROTO_ICMP &&
	       f[14 + 20] == 8;
}

// A packet whose neighbour is unknown: the kernel asks for it, waits, and forwards.
static void
kernel_resolves_and_forwards(void **state)
{
	(void)state;
	const uint8_t host[4] = {172, 20, 0, 50}, ours[4] = {172, 20, 0, 1};
	struct rte_mbuf *m;
	uint8_t p[84], f[60];

	punt(p, echo_request(p, "10.8.0.5", "172.20.0.50", 64), 0, MST_PKT_INNER, 84);
	assert_int_equal(mst_exception_output(), 1);
	m = await(1, is_arp_for_50);
	assert_non_null(m);
	assert_int_equal(mst_pkt(m)->port, 1);
	rte_pktmbuf_free(m);
	arp_request(f, ours, host);
	memcpy(f, private_mac, 6);
	f[21] = 2; // the answer
	memcpy(f + 32, private_mac, 6);
	punt(f, sizeof(f), 1, 0, 60);
	assert_int_equal(mst_exception_output(), 1);
	m = await(1, is_echo_request_frame);
	assert_non_null(m);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), client_mac, 6);
	assert_int_equal(*rte_pktmbuf_mtod_offset(m, uint8_t *, 14 + 8), 63);
	rte_pktmbuf_free(m);
}

static void
icmp_errors_are_the_kernels(void **state)
{
	(void)state;
	struct mst_ip device = ip("10.8.0.5");
	struct rte_mbuf *m;
	uint8_t p[84];

	punt(p, echo_request(p, "10.8.0.5", "172.20.0.50", 1), 0, MST_PKT_INNER, 84);
	assert_int_equal(mst_exception_output(), 1);
	m = await(2, is_time_exceeded);
	assert_non_null(m);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, 16), device.bytes, 4);
	rte_pktmbuf_free(m);
}

static void
drops_are_counted(void **state)
{
	(void)state;
	struct mst_exception_counters before, after;
	uint8_t p[84];

	mst_exception_counters(&before);
	echo_request(p, "10.8.0.5", "192.0.2.1", 64);
	punt(p, 84, 7, 0, 84);		  // no such port
	punt(p, 84, 0, MST_PKT_INNER, 4); // 21 segments
	punt(p, 3, 1, 0, 3);		  // less than an Ethernet header: the kernel refuses it
	assert_int_equal(mst_exception_output(), 3);
	run("ip link set inner down");
	punt(p, 84, 0, MST_PKT_INNER, 84);
	assert_int_equal(mst_exception_output(), 1);
	run("ip link set inner up; ip route add 10.8.0.0/16 dev inner");
	mst_exception_counters(&after);
	assert_int_equal(after.to_kernel, before.to_kernel);
	assert_int_equal(after.to_kernel_dropped, before.to_kernel_dropped + 4);
}

static void
send_udp(uint32_t to, size_t len)
{
	static const uint8_t zeros[4000];
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = rte_cpu_to_be_16(9), .sin_addr = {rte_cpu_to_be_32(to)}};
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(sendto(sock, zeros, len, 0, (struct sockaddr *)&sin, sizeof(sin)), len);
	close(sock);
}

static bool
is_long(const uint8_t *data, size_t len)
{
	(void)data;
	return len > 1000;
}

// Somebody raised the MTU of an interface: a frame beyond an mbuf's room is lost whole, never passed on cut.
static void
never_cut(void **state)
{
	(void)state;
	struct mst_exception_counters before, after;
	struct rte_mbuf *m;

	run("ip link set pub mtu 4000; ip neigh add 192.0.2.9 lladdr 02:00:00:00:09:09 dev pub nud "
	    "permanent");
	send_udp(0xc0000209, 1400);
	m = await(0, is_long);
	assert_non_null(m);
	assert_int_equal(m->pkt_len, 14 + 28 + 1400);
	rte_pktmbuf_free(m);
	mst_exception_counters(&before);
	send_udp(0xc0000209, 3000);
	assert_null(await(0, is_long));
	mst_exception_counters(&after);
	assert_int_equal(after.from_kernel_dropped, before.from_kernel_dropped + 1);
	run("ip link set pub mtu 1500");
}

// A narrow tunnel has a route of its own, which bounds what the kernel puts into the tun.
static void
narrow_devices_have_a_route(void **state)
{
	(void)state;
	struct mst_ip narrow;

	assert_int_equal(mst_ip_parse("10.8.0.77", &narrow), 0);
	assert_int_equal(mst_exception_device_mtu(&narrow, 0), -ESRCH);
	assert_int_equal(mst_exception_device_mtu(&narrow, 1300), 0);
	run("ip route show 10.8.0.77 | grep -q 'mtu 1300'");
	assert_int_equal(mst_exception_device_mtu(&narrow, 1200), 0);
	run("ip route show 10.8.0.77 | grep -q 'mtu 1200'");
	assert_int_equal(mst_exception_device_mtu(&narrow, 0), 0);
	run("! ip route show 10.8.0.77 | grep -q mtu");
}

// Without mbufs what the kernel sends is taken off and lost, and counted: its queue never stands still.
static void
no_mbufs(void **state)
{
	(void)state;
	static struct rte_mbuf *all[N_MBUFS];
	struct mst_exception_counters before, after;
	struct pollfd pfd = {.fd = mst_exception_fd(2), .events = POLLIN};
	unsigned int n = 0;

	while (poll(&pfd, 1, 0) > 0)
		mst_exception_input(2);
	(void)await(2, is_echo_reply);
	while (n < N_MBUFS && (all[n] = rte_pktmbuf_alloc(mst_port_pool())) != NULL)
		n++;
	mst_exception_counters(&before);
	send_udp(0x0a080009, 1);
	assert_int_equal(poll(&pfd, 1, 100), 1);
	mst_exception_input(2);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	mst_exception_counters(&after);
	assert_true(after.from_kernel_dropped > before.from_kernel_dropped);
	assert_int_equal(after.from_kernel, before.from_kernel);
	rte_pktmbuf_free_bulk(all, n);
}

static void
telemetry_in_columns(void **state)
{
	(void)state;
	static struct mst_punt_policer p;
	char reply[2048];

	mst_punt_policer_init(&p, 0);
	for (unsigned int i = 0; i < 1000; i++)
		(void)mst_punt_admit(&p, MST_PUNT_TCP, 0);
	assert_int_equal(p.passed[MST_PUNT_TCP], 100);
	mst_exception_register_policer(0, &p);
	rt_test_telemetry("/mst/punt/stats", reply, sizeof(reply));
	assert_non_null(strstr(reply, "\"class\":[\"arp\",\"nd\",\"icmp\",\"tcp\",\"other\"]"));
	assert_non_null(strstr(reply, "\"passed\":[0,0,0,100,0]"));
	assert_non_null(strstr(reply, "\"dropped\":[0,0,0,900,0]"));
	assert_non_null(strstr(reply, "\"to_kernel\":"));
	mst_exception_register_policer(0, NULL);
	rt_test_telemetry("/mst/punt/stats", reply, sizeof(reply));
	assert_non_null(strstr(reply, "\"passed\":[0,0,0,0,0]"));
}

static void
nothing_is_left(void **state)
{
	struct rte_mbuf *m;

	for (unsigned int i = 0; i < 3; i++)
		mst_exception_input(i);
	while (rte_ring_dequeue(mst_rt_ring_inject(0), (void **)&m) == 0)
		rte_pktmbuf_free(m);
	assert_int_equal(rte_mempool_avail_count(mst_port_pool()), N_MBUFS);
	mst_exception_destroy();
	assert_int_equal(mst_exception_n_fds(), 0);
	assert_int_equal(if_nametoindex("pub"), 0);
	assert_int_equal(if_nametoindex("priv"), 0);
	assert_int_equal(if_nametoindex("inner"), 0);
	assert_int_equal(start(state), 0); // and all of it again
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_are_as_told),
		cmocka_unit_test(settings_are_as_told),
		cmocka_unit_test(arp_is_answered),
		cmocka_unit_test(inner_packets_reach_the_gateway),
		cmocka_unit_test(kernel_resolves_and_forwards),
		cmocka_unit_test(icmp_errors_are_the_kernels),
		cmocka_unit_test(drops_are_counted),
		cmocka_unit_test(never_cut),
		cmocka_unit_test(narrow_devices_have_a_route),
		cmocka_unit_test(no_mbufs),
		cmocka_unit_test(telemetry_in_columns),
		cmocka_unit_test(nothing_is_left),
	};
	int ret;

	if (!mst_test_netns())
		return MST_TEST_SKIP;
	if (mst_test_eal_start(64) != 0 || mst_port_pool_create(N_MBUFS, RTE_MBUF_DEFAULT_BUF_SIZE) != 0)
		return 1;
	ret = cmocka_run_group_tests(tests, start, stop);
	mst_rt_stop();
	return ret;
}
