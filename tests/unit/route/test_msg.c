// rtnetlink messages as a kernel sent them (captured from Linux 6.18 and ip(8) 6.1), and what is wrong with
// broken ones.
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "mst_test.h"

#include "route.h"

struct capture {
	const char *name, *hex;
	int ret;
};

// clang-format off
enum { ADD_DEFAULT, REPLACE_DEFAULT, DEL_DEFAULT, CONNECTED, LOCAL4, BROADCAST4, MULTIPATH4, MULTIPATH6_APPEND, DEL6, BLACKHOLE,
       VIA6, NEIGH_NEW, NEIGH_FAILED, NEIGH_DEL, ADDR_DEL, OTHER_TABLE };
static const struct capture captures[] = {
	[ADD_DEFAULT] = {"default via 192.0.2.254",
	 "34000000180000064e51046b5b79000002000000fe0300010000000008000f00fe00000008000500c00002fe0800040003000000", 0},
	[REPLACE_DEFAULT] = {"replace default via 192.0.2.253",
	 "34000000180000014e51046b5d79000002000000fe0300010000000008000f00fe00000008000500c00002fd0800040003000000", 0},
	[DEL_DEFAULT] = {"del default via 192.0.2.253",
	 "34000000190000005051046b7179000002000000fe0300010000000008000f00fe00000008000500c00002fd0800040003000000", 0},
	[CONNECTED] = {"192.0.2.0/24 on link",
	 "3c00000018000006000000000000000002180000fe02fd010000000008000f00fe00000008000100c000020008000700c00002010800040003000000", 0},
	[LOCAL4] = {"local 192.0.2.1",
	 "3c00000018000006000000000000000002200000ff02fe020000000008000f00ff00000008000100c000020108000700c00002010800040003000000", 0},
	[BROADCAST4] = {"broadcast 192.0.2.255",
	 "3c00000018000006000000000000000002200000ff02fd030000000008000f00ff00000008000100c00002ff08000700c00002010800040003000000", 0},
	[MULTIPATH4] = {"10.0.0.0/8 by .10 and .11",
	 "50000000180000064e51046b5f79000002080000fe0300010000000008000f00fe000000080001000a00000024000900100000000300000008000500"
	 "c000020a100000000300000008000500c000020b", 0},
	[MULTIPATH6_APPEND] = {"append 2001:db8:1::/48 by ::b",
	 "a80000001800000c4e51046b637900000a300000fe0300010000000008000f00fe0000001400010020010db800010000000000000000000008000600"
	 "050000003c0009001c000000030000001400050020010db800000000000000000000000b1c000000030000001400050020010db80000000000000000"
	 "0000000a24000c0000000000000000000000000000000000000000000000000000000000000000000500140000000000", 0},
	[DEL6] = {"del 2001:db8:1::/48 via ::a",
	 "88000000190000004f51046b657900000a300000fe0300010000000008000f00fe0000001400010020010db800010000000000000000000008000600"
	 "050000001400050020010db800000000000000000000000a080004000300000024000c00000000000000000000000000000000000000000000000000"
	 "00000000000000000500140000000000", 0},
	[BLACKHOLE] = {"blackhole 203.0.113.0/24",
	 "2c000000180000064f51046b6779000002180000fe0300060000000008000f00fe00000008000100cb007100", 0},
	[VIA6] = {"10.9.0.0/16 via inet6 2001:db8::a",
	 "4c000000180000064f51046b6d79000002100000fe0300010000000008000f00fe000000080001000a090000160012000a0020010db8000000000000"
	 "00000000000a00000800040003000000", 0},
	[NEIGH_NEW] = {"neigh 192.0.2.254 reachable",
	 "4c0000001c000000000000006979000002000000030000000200000108000100c00002fe0a0002000200000000fe0000080004000000000014000300"
	 "00000000000000000000000002000000", 0},
	[NEIGH_FAILED] = {"neigh 192.0.2.254 failed",
	 "400000001c000000000000006b79000002000000030000002000000108000100c00002fe0800040000000000140003000f0000000f0000000f000000"
	 "01000000", 0},
	[NEIGH_DEL] = {"del neigh 192.0.2.254",
	 "400000001d000000000000000000000002000000030000002000000108000100c00002fe0800040000000000140003000f0000000f0000000f000000"
	 "00000000", 0},
	[ADDR_DEL] = {"del addr 2001:db8::1/64",
	 "480000001500000000000000000000000a408200030000001400010020010db800000000000000000000000114000600ffffffffffffffffdee10400"
	 "dee104000800080082000000", 0},
	[OTHER_TABLE] = {"10.1.0.0/16 in table 100",
	 "3c000000180000064f51046b6f79000002100000640300010000000008000f0064000000080001000a01000008000500c00002090800040003000000",
	 -ENOMSG},
};
// clang-format on

static uint8_t *
bytes_of(const struct capture *c, size_t *len)
{
	uint8_t *p;

	*len = strlen(c->hex) / 2;
	p = malloc(*len);
	assert_int_equal(mst_parse_hex(c->hex, strlen(c->hex), p, *len), 0);
	return p;
}

static void
parse(unsigned int which, struct route_event *ev)
{
	size_t len;
	uint8_t *p = bytes_of(&captures[which], &len);

	assert_int_equal(route_msg_parse((struct nlmsghdr *)p, len, ev), captures[which].ret);
	free(p);
}

static void
is_net(const struct mst_net *net, const char *text)
{
	char buf[MST_IP_TEXT_BYTES + 4];

	assert_string_equal(mst_net_format(net, buf), text);
}

static void
is_ip(const struct mst_ip *ip, const char *text)
{
	char buf[MST_IP_TEXT_BYTES];

	assert_string_equal(mst_ip_format(ip, buf), text);
}

static void
routes(void **state)
{
	(void)state;
	struct route_event ev;

	parse(ADD_DEFAULT, &ev);
	assert_int_equal(ev.kind, ROUTE_EV_ROUTE);
	is_net(&ev.net, "0.0.0.0/0");
	assert_false(ev.del || ev.replace || ev.append);
	assert_int_equal(ev.rank, ROUTE_RANK_MAIN);
	assert_int_equal(ev.class, ROUTE_CLASS_UNICAST);
	assert_int_equal(ev.n_hops, 1);
	assert_int_equal(ev.hops[0].ifindex, 3);
	is_ip(&ev.hops[0].gateway, "192.0.2.254");
	assert_true(ev.hops[0].usable);
	parse(REPLACE_DEFAULT, &ev);
	assert_true(ev.replace && !ev.del);
	is_ip(&ev.hops[0].gateway, "192.0.2.253");
	parse(DEL_DEFAULT, &ev);
	assert_true(ev.del && !ev.replace);
	parse(CONNECTED, &ev);
	is_net(&ev.net, "192.0.2.0/24");
	assert_int_equal(ev.hops[0].gateway.family, 0);
	parse(LOCAL4, &ev);
	is_net(&ev.net, "192.0.2.1/32");
	assert_int_equal(ev.rank, ROUTE_RANK_LOCAL);
	assert_int_equal(ev.class, ROUTE_CLASS_LOCAL);
	parse(BROADCAST4, &ev);
	assert_int_equal(ev.class, ROUTE_CLASS_LOCAL);
	parse(BLACKHOLE, &ev);
	is_net(&ev.net, "203.0.113.0/24");
	assert_int_equal(ev.class, ROUTE_CLASS_REFUSE);
	assert_int_equal(ev.n_hops, 1);
	parse(VIA6, &ev);
	is_net(&ev.net, "10.9.0.0/16");
	is_ip(&ev.hops[0].gateway, "2001:db8::a");
	parse(OTHER_TABLE, &ev);
}

static void
multipath(void **state)
{
	(void)state;
	struct route_event ev;

	parse(MULTIPATH4, &ev);
	is_net(&ev.net, "10.0.0.0/8");
	assert_int_equal(ev.n_hops, 2);
	is_ip(&ev.hops[0].gateway, "192.0.2.10");
	is_ip(&ev.hops[1].gateway, "192.0.2.11");
	assert_int_equal(ev.hops[1].ifindex, 3);
	parse(MULTIPATH6_APPEND, &ev);
	assert_true(ev.append);
	assert_int_equal(ev.metric, 5);
	assert_int_equal(ev.n_hops, 2);
	is_ip(&ev.hops[0].gateway, "2001:db8::b");
	is_ip(&ev.hops[1].gateway, "2001:db8::a");
	parse(DEL6, &ev);
	assert_true(ev.del);
	is_net(&ev.net, "2001:db8:1::/48");
	is_ip(&ev.hops[0].gateway, "2001:db8::a");
}

static void
neighbours_and_addresses(void **state)
{
	(void)state;
	const uint8_t mac[6] = {2, 0, 0, 0, 0, 0xfe};
	struct route_event ev;

	parse(NEIGH_NEW, &ev);
	assert_int_equal(ev.kind, ROUTE_EV_NEIGH);
	assert_int_equal(ev.ifindex, 3);
	is_ip(&ev.ip, "192.0.2.254");
	assert_int_equal(ev.state, NUD_REACHABLE);
	assert_true(ev.has_mac);
	assert_memory_equal(&ev.mac, mac, 6);
	parse(NEIGH_FAILED, &ev);
	assert_false(ev.has_mac);
	assert_int_equal(ev.state, NUD_FAILED);
	parse(NEIGH_DEL, &ev);
	assert_true(ev.del);
	parse(ADDR_DEL, &ev);
	assert_int_equal(ev.kind, ROUTE_EV_ADDR);
}

// RTM_NEWLINK is long: one made here, of the fields that are looked at.
static void
links(void **state)
{
	(void)state;
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[256];
	} m = {0};
	struct ifinfomsg *ifi;
	struct route_event ev;

	mnl_nlmsg_put_header(&m);
	m.nlh.nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(&m.nlh, sizeof(*ifi));
	ifi->ifi_index = 7;
	ifi->ifi_flags = IFF_UP | IFF_RUNNING;
	mnl_attr_put_strz(&m.nlh, IFLA_IFNAME, "t0");
	mnl_attr_put_u32(&m.nlh, IFLA_MTU, 1400);
	assert_int_equal(route_msg_parse(&m.nlh, m.nlh.nlmsg_len, &ev), 0);
	assert_int_equal(ev.kind, ROUTE_EV_LINK);
	assert_int_equal(ev.ifindex, 7);
	assert_true(ev.up && !ev.del);
	assert_int_equal(ev.mtu, 1400);
	ifi->ifi_flags = IFF_RUNNING;
	assert_int_equal(route_msg_parse(&m.nlh, m.nlh.nlmsg_len, &ev), 0);
	assert_false(ev.up);
	// It left a bridge, and is still there.
	m.nlh.nlmsg_type = RTM_DELLINK;
	ifi->ifi_family = AF_BRIDGE;
	assert_int_equal(route_msg_parse(&m.nlh, m.nlh.nlmsg_len, &ev), -ENOMSG);
	ifi->ifi_family = AF_UNSPEC;
	assert_int_equal(route_msg_parse(&m.nlh, m.nlh.nlmsg_len, &ev), 0);
	assert_true(ev.del);
	ifi->ifi_index = 0;
	assert_int_equal(route_msg_parse(&m.nlh, m.nlh.nlmsg_len, &ev), -EBADMSG);
}

// Fewer bytes than the message says, at every cut: never read past the end, never taken for a message.
static void
truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(captures); i++) {
		size_t len;
		uint8_t *p = bytes_of(&captures[i], &len);

		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *part = malloc(cut > 0 ? cut : 1);
			struct route_event ev;

			memcpy(part, p, cut);
			assert_int_equal(route_msg_parse((struct nlmsghdr *)part, cut, &ev), -EBADMSG);
			free(part);
		}
		free(p);
	}
}

// A message whose own length is short: whole attributes may be missing, but a prefix never loses its address,
// and half an attribute is an error.
static void
short_of_attributes(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(captures); i++) {
		size_t len;
		uint8_t *p = bytes_of(&captures[i], &len);
		struct route_event whole = {0};

		assert_int_equal(route_msg_parse((struct nlmsghdr *)p, len, &whole), captures[i].ret);
		for (uint32_t cut = sizeof(struct nlmsghdr); cut < len; cut++) {
			uint8_t *part = malloc(cut);
			struct route_event ev;
			int ret;

			memcpy(part, p, cut);
			memcpy(part, &cut, sizeof(cut)); // nlmsg_len
			ret = route_msg_parse((struct nlmsghdr *)part, cut, &ev);
			if (ret == 0 && ev.kind == ROUTE_EV_ROUTE) {
				assert_int_equal(ev.net.depth, whole.net.depth);
				assert_true(mst_ip_equal(&ev.net.ip, &whole.net.ip));
			} else if (ret == 0 && ev.kind == ROUTE_EV_NEIGH) {
				assert_true(mst_ip_equal(&ev.ip, &whole.ip));
			} else {
				assert_true(ret == 0 || ret == -EBADMSG || ret == -ENOMSG);
			}
			free(part);
		}
		free(p);
	}
}

struct patch {
	const char *name;
	unsigned int which;
	size_t off;
	uint8_t value;
	int ret;
};

static void
contradictions(void **state)
{
	(void)state;
	static const struct patch t[] = {
		{"prefix longer than an address", CONNECTED, 17, 33, -EBADMSG},
		{"address of another size", CONNECTED, 16, AF_INET6, -EBADMSG},
		{"unknown family", CONNECTED, 16, AF_BRIDGE, -ENOMSG},
		{"attribute longer than the rest", CONNECTED, 52, 12, -EBADMSG},
		{"attribute shorter than its header", CONNECTED, 52, 3, -EBADMSG},
		{"a type of service", CONNECTED, 19, 0x10, -ENOMSG},
		{"from one source only", CONNECTED, 18, 8, -ENOMSG},
		{"a cached copy", CONNECTED, 25, RTM_F_CLONED >> 8, -ENOMSG},
		{"not in this table", CONNECTED, 23, RTN_THROW, -ENOMSG},
		{"next hop longer than the list", MULTIPATH4, 48, 40, -EBADMSG},
		{"next hop shorter than its header", MULTIPATH4, 48, 4, -EBADMSG},
		{"neighbour without interface", NEIGH_NEW, 20, 0, -EBADMSG},
		{"neighbour without address", NEIGH_NEW, 30, NDA_PROBES, -EBADMSG},
		{"neighbour of a bridge", NEIGH_NEW, 16, AF_BRIDGE, -ENOMSG},
		{"proxy entry", NEIGH_NEW, 26, NTF_PROXY, -ENOMSG},
		{"message of no concern", CONNECTED, 4, RTM_NEWRULE, -ENOMSG},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(t); i++) {
		size_t len;
		uint8_t *p = bytes_of(&captures[t[i].which], &len);
		struct route_event ev;

		p[t[i].off] = t[i].value;
		if (route_msg_parse((struct nlmsghdr *)p, len, &ev) != t[i].ret)
			fail_msg("%s", t[i].name);
		free(p);
	}
}

static void
dead_hops_are_told(void **state)
{
	(void)state;
	size_t len;
	uint8_t *p = bytes_of(&captures[CONNECTED], &len);
	struct route_event ev;

	p[24] = RTNH_F_LINKDOWN;
	assert_int_equal(route_msg_parse((struct nlmsghdr *)p, len, &ev), 0);
	assert_false(ev.hops[0].usable);
	p[24] = RTNH_F_ONLINK;
	assert_int_equal(route_msg_parse((struct nlmsghdr *)p, len, &ev), 0);
	assert_true(ev.hops[0].usable);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes),
		cmocka_unit_test(multipath),
		cmocka_unit_test(neighbours_and_addresses),
		cmocka_unit_test(links),
		cmocka_unit_test(truncated),
		cmocka_unit_test(short_of_attributes),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(dead_hops_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
