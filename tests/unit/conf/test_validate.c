// Keys that contradict each other: each is refused at its own line, and what is just allowed passes.
#include <errno.h>
#include <string.h>

#include "mst_conf.h"
#include "mst_test.h"

#define TLS "tls: {certificate: /c, key: /k}\n"
#define POOL "pool: {ipv4: 10.99.0.0/16}\n"
#define PUBLIC "ports:\n  public: {device: a, addresses: [192.0.2.1/24, 'fd00:1::1/64']}\n"
#define BASE TLS POOL PUBLIC // five lines; ports.private may follow

struct text_case {
	const char *text;
	const char *want; // NULL: passes
};

static void
run(const struct text_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mst_conf_error err;
		struct mst_conf *c = NULL;
		int rc = mst_conf_load_text(&c, "f", cases[i].text, strlen(cases[i].text), &err);

		assert_string_equal(err.text, cases[i].want != NULL ? cases[i].want : "");
		assert_int_equal(rc, cases[i].want != NULL ? -EINVAL : 0);
		mst_conf_free(c);
	}
}

#define POOL_AT(nets) TLS PUBLIC "  private: {device: b, addresses: [10.1.2.3/24]}\npool: {" nets "}\n"

static void
pool(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{POOL_AT("ipv4: 10.2.0.0/16"), NULL},
		{POOL_AT("ipv4: 169.254.0.0/16"), NULL},
		{POOL_AT("ipv4: 192.0.0.0/16"),
			"f:5:14: pool.ipv4: expected a network apart from the ports', found it overlaps "
			"192.0.2.1/24 of ports.public.addresses[0]"},
		{POOL_AT("ipv4: 192.0.2.128/25"),
			"f:5:14: pool.ipv4: expected a network apart from the ports', found it overlaps "
			"192.0.2.1/24 of ports.public.addresses[0]"},
		{POOL_AT("ipv4: 10.0.0.0/8"),
			"f:5:14: pool.ipv4: expected a network apart from the ports', found it overlaps "
			"10.1.2.3/24 of ports.private.addresses[0]"},
		{POOL_AT("ipv4: 10.2.0.0/16, ipv6: 'fd00:1::/64'"),
			"f:5:33: pool.ipv6: expected a network apart from the ports', found it overlaps "
			"fd00:1::1/64 of ports.public.addresses[1]"},
		{POOL_AT("ipv4: 10.2.0.0/16, ipv6: 'fd00:2::/64'"), NULL},
		{POOL_AT("ipv4: 10.2.0.0/16, ipv6: 'fd00:2::/113'"),
			"f:5:33: pool.ipv6: expected an IPv6 network ADDRESS/LENGTH of length 16 to 112, "
			"found the "
			"text \"fd00:2::/113\""},
		{POOL_AT("ipv4: 10.2.0.1/16"), "f:5:14: pool.ipv4: expected a network address such as "
					       "10.2.0.0/16, found 10.2.0.1/16"},
		{POOL_AT("ipv4: 224.0.0.0/8"),
			"f:5:14: pool.ipv4: expected a network of addresses that hosts can "
			"have, found 224.0.0.0/8"},
		{POOL_AT("ipv4: 10.2.0.0/16, ipv6: 'ff00::/64'"),
			"f:5:33: pool.ipv6: expected a network of addresses that hosts can have, found "
			"ff00::/64"},
		{POOL_AT("ipv4: 10.2.0.0/31"),
			"f:5:14: pool.ipv4: expected an IPv4 network ADDRESS/LENGTH of "
			"length 8 to 30, found \"10.2.0.0/31\""},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

#define SITE(tls) POOL PUBLIC tls "\n"

static void
sites(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{SITE("tls: {pfx: /p}"), NULL},
		{SITE("tls: {pfx: /p, pfx-password-file: /w}"), NULL},
		{SITE("tls: {pfx: [/p, /q], pfx-password-file: /w}"), NULL},
		{SITE("tls: {pfx: [/p, /q], pfx-password-file: [/w, /x]}"), NULL},
		{SITE("tls: {certificate: [/c, /d], key: [/k, /l]}"), NULL},
		{SITE("tls: {certificate: /c, key: /k, pfx: /p}"), NULL},
		{SITE("tls: {min-version: '1.3'}"),
			"f:4:6: tls: expected certificate and key, or pfx, found neither"},
		{SITE("tls: {certificate: /c}"),
			"f:4:1: tls.key: expected one for each certificate, found 0"},
		{SITE("tls: {certificate: [/c, /d], key: /k}"),
			"f:4:35: tls.key: expected one for each certificate, found 1"},
		{SITE("tls: {pfx: /p, key: /k}"),
			"f:4:21: tls.key: expected one for each certificate, found 1"},
		{SITE("tls: {certificate: [/c, /d], key: [/k, /l], pfx: /p}"),
			"f:4:50: tls.pfx: expected two certificates at the most, found 3"},
		{SITE("tls: {pfx: /p, pfx-password-file: [/w, /x]}"),
			"f:4:35: tls.pfx-password-file: expected one, or one for each pfx, found 2"},
		{BASE "hosts: [{name: a.example, pfx: /p}, {name: ['*.b', c.b], certificate: /c, key: /k}]\n",
			NULL},
		{BASE "hosts: [{name: a.example, pfx: /p}, {name: b}]\n",
			"f:5:37: hosts[1]: expected certificate and key, or pfx, found neither"},
		{BASE "hosts: [{name: 'a b', pfx: /p}]\n",
			"f:5:16: hosts[0].name[0]: expected a domain name, found \"a b\""},
		{BASE "listen: {public-address: [vpn.example, 192.0.2.1, '2001:db8::1', '*.example']}\n",
			NULL},
		{BASE "listen: {proxy-protocol-from: 192.0.2.1/24}\n",
			"f:5:31: listen.proxy-protocol-from[0]: expected a network address such as "
			"192.0.2.0/24, "
			"found 192.0.2.1/24"},
		{BASE "bans: {exempt: [192.0.2.0/24, '2001:db8::/32'], max-points: 0}\n", NULL},
		{BASE "bans: {exempt: 192.0.2.1/24}\n", "f:5:16: bans.exempt[0]: expected a network address "
							"such as 192.0.2.0/24, found 192.0.2.1/24"},
		{BASE "bans: {reset-time: 0}\n",
			"f:5:20: bans.reset-time: expected seconds from 1 to 2592000 (s m h d), found \"0\""},
		{BASE "auth: {methods: [password, token], oidc: [{issuer: i, audience: a}]}\n", NULL},
		{BASE "auth: {methods: [certificate+token], certificate: {ca: /ca}, oidc: [{issuer: i, "
		      "audience: [a, "
		      "b], required-claims: [x=y, xy=]}]}\n",
			NULL},
		{BASE "auth: {methods: [password, token]}\n",
			"f:5:1: auth.oidc: expected an issuer of tokens, as auth.methods has token, found "
			"none"},
		{BASE "auth: {methods: [certificate+token], certificate: {ca: /ca}}\n",
			"f:5:1: auth.oidc: expected an issuer of tokens, as auth.methods has token, found "
			"none"},
		{BASE "auth: {oidc: [{issuer: i, audience: a, required-claims: [tid=1, tid]}]}\n",
			"f:5:65: auth.oidc[0].required-claims[1]: expected name=value, found tid"},
		{BASE "auth: {oidc: [{issuer: i, audience: a}, {issuer: j, audience: a, required-claims: "
		      "=xy}]}\n",
			"f:5:83: auth.oidc[1].required-claims[0]: expected name=value, found =xy"},
		{BASE "auth: {certificate: {ocsp: maybe}}\n",
			"f:5:28: auth.certificate.ocsp: expected off | soft | require, found \"maybe\""},
		{BASE "auth: {methods: [password, certificate]}\n",
			"f:5:1: auth.certificate.ca: expected a file of CA certificates, as auth.methods has "
			"certificate, found none"},
		{BASE "auth: {methods: [certificate+password], certificate: {crl: /crl}}\n",
			"f:5:41: auth.certificate.ca: expected a file of CA certificates, as auth.methods "
			"has "
			"certificate, found none"},
		{BASE "listen: {public-address: 'vpn example'}\n",
			"f:5:26: listen.public-address[0]: expected a domain name, found \"vpn example\""},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

#define HOST(auth) BASE "hosts: [{name: a.example, pfx: /p, auth: {" auth "}}]\n"
#define ISSUER "auth: {oidc: [{issuer: i, audience: a}]}\n"

static void
hosts_with_a_sign_in_of_their_own(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{HOST("methods: [token, certificate], certificate: {ca: /ca}, issuers: i") ISSUER, NULL},
		{HOST("groups: [], password: radius"), NULL},
		{HOST("methods: [certificate]") "auth: {certificate: {ca: /ca}}\n", NULL},
		{HOST("methods: []"),
			"f:5:52: hosts[0].auth.methods: expected a list of 1 to 5 items, each password | "
			"token | "
			"certificate | certificate+password | certificate+token, found a list of 0"},
		{HOST("methods: [certificate]"),
			"f:5:36: hosts[0].auth.certificate.ca: expected a file of CA certificates, as "
			"hosts[0].auth.methods has certificate, found none"},
		{HOST("") "auth: {methods: [certificate]}\n",
			"f:6:1: auth.certificate.ca: expected a file of CA certificates, as auth.methods has "
			"certificate, found none"},
		// The certificates of the site's methods are another matter than the host's.
		{HOST("certificate: {ca: /ca}") "auth: {methods: [certificate]}\n",
			"f:6:1: auth.certificate.ca: expected a file of CA certificates, as auth.methods has "
			"certificate, found none"},
		{HOST("methods: [token]"), "f:1:1: auth.oidc: expected an issuer of tokens, as "
					   "hosts[0].auth.methods has token, found none"},
		{HOST("issuers: [i, j]") ISSUER, "f:5:56: hosts[0].auth.issuers[1]: expected the issuer of "
						 "one of auth.oidc, found \"j\""},
		{HOST("issuers: []") ISSUER, "f:5:52: hosts[0].auth.issuers: expected a list of 1 to 4 "
					     "items, each text of 1 to 511 bytes, "
					     "or one alone, found a list of 0"},
		{BASE "auth: {issuers: j, oidc: [{issuer: i, audience: a}]}\n",
			"f:5:17: auth.issuers[0]: expected the issuer of one of auth.oidc, found \"j\""},
		{HOST("helper: /x"),
			"f:5:43: hosts[0].auth.helper: expected one of methods, groups, password, issuers, "
			"certificate, found an unknown key"},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

#define WHO(list) BASE "profiles: [" list "]\n"
#define NONE_LEFT                                                                                            \
	"expected at least one address that a device can have and no smaller range takes, found none in "

static void
addresses(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{WHO("{user: a, addresses: 10.99.0.1/32}"), NULL},
		{WHO("{user: a, addresses: 10.99.255.254/32}"), NULL},
		{WHO("{group: a, addresses: 10.99.0.0/16}"), NULL},
		{WHO("{group: a, addresses: 10.99.0.0/31}"), NULL},
		{WHO("{group: a, addresses: 10.99.4.0/24}, {group: b, addresses: 10.99.4.0/24}"), NULL},
		{WHO("{group: a, addresses: 10.99.4.0/24}, {user: b, addresses: 10.99.4.7/32}"), NULL},
		{WHO("{group: a, addresses: 10.99.0.0/30}, {user: b, addresses: 10.99.0.1/32}"), NULL},
		{WHO("{user: a, addresses: 10.98.0.0/24}"),
			"f:5:33: profiles[0].addresses: expected a part of pool.ipv4 (10.99.0.0/16), found "
			"10.98.0.0/24"},
		{WHO("{user: a, addresses: 10.98.0.0/15}"),
			"f:5:33: profiles[0].addresses: expected a part of pool.ipv4 (10.99.0.0/16), found "
			"10.98.0.0/15"},
		{WHO("{user: a, addresses: 10.99.0.1/24}"), "f:5:33: profiles[0].addresses: expected a "
							    "network address such as 10.99.0.0/24, found "
							    "10.99.0.1/24"},
		{WHO("{user: a, addresses: 'fd00::/120'}"), "f:5:33: profiles[0].addresses: expected an IPv4 "
							    "network ADDRESS/LENGTH of length 8 to 32, "
							    "found the text \"fd00::/120\""},
		{WHO("{user: a, addresses: 10.99.0.0/32}"),
			"f:5:33: profiles[0].addresses: " NONE_LEFT "10.99.0.0/32"},
		{WHO("{user: a, addresses: 10.99.255.255/32}"),
			"f:5:33: profiles[0].addresses: " NONE_LEFT "10.99.255.255/32"},
		{WHO("{group: a, addresses: 10.99.0.4/31}, {user: b, addresses: 10.99.0.4/32}, "
		     "{user: c, addresses: 10.99.0.5/32}"),
			"f:5:34: profiles[0].addresses: " NONE_LEFT "10.99.0.4/31"},
		{WHO("{group: a, addresses: 10.99.0.0/30}, {group: b, addresses: 10.99.0.0/31}, "
		     "{group: c, addresses: 10.99.0.2/31}"),
			"f:5:34: profiles[0].addresses: " NONE_LEFT "10.99.0.0/30"},
		{WHO("{group: a, addresses: 10.99.0.4/32}, {user: b, addresses: 10.99.0.4/32}"),
			"f:5:70: profiles[1].addresses: expected an address of its own, found 10.99.0.4/32 "
			"of "
			"profiles[0].addresses again"},
		{BASE "hosts: [{name: a.b, pfx: /p, addresses: 10.99.1.4/32}]\n"
		      "profiles: [{user: a, addresses: 10.99.1.4/32}]\n",
			"f:6:33: profiles[0].addresses: expected an address of its own, found 10.99.1.4/32 "
			"of "
			"hosts[0].addresses again"},
		{BASE "hosts: [{name: a.b, pfx: /p, addresses: 10.98.1.4/32}]\n",
			"f:5:41: hosts[0].addresses: expected a part of pool.ipv4 (10.99.0.0/16), found "
			"10.98.1.4/32"},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

#define PORT_AT(rest) TLS POOL "ports:\n  public:\n    device: a\n" rest
#define REAL "expected an address that a host can have, found "

static void
port_addresses(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{PORT_AT("    addresses: [192.0.2.0/31, 198.51.100.7/32]\n"), NULL},
		{PORT_AT("    addresses: [192.0.2.0/24]\n"),
			"f:6:17: ports.public.addresses[0]: " REAL "192.0.2.0/24"},
		{PORT_AT("    addresses: [192.0.2.1/24, 192.0.3.255/24]\n"),
			"f:6:31: ports.public.addresses[1]: " REAL "192.0.3.255/24"},
		{PORT_AT("    addresses: [127.0.0.1/8]\n"),
			"f:6:17: ports.public.addresses[0]: " REAL "127.0.0.1/8"},
		{PORT_AT("    addresses: [0.0.0.1/8]\n"),
			"f:6:17: ports.public.addresses[0]: " REAL "0.0.0.1/8"},
		{PORT_AT("    addresses: [224.0.0.5/8]\n"),
			"f:6:17: ports.public.addresses[0]: " REAL "224.0.0.5/8"},
		{PORT_AT("    addresses: ['::1/64']\n"), "f:6:17: ports.public.addresses[0]: " REAL "::1/64"},
		{PORT_AT("    addresses: ['ff02::1/64']\n"),
			"f:6:17: ports.public.addresses[0]: " REAL "ff02::1/64"},
		{PORT_AT("    addresses: [192.0.2.1/0]\n"),
			"f:6:17: ports.public.addresses[0]: " REAL "192.0.2.1/0"},
		{PORT_AT("    addresses: [192.0.2.1/24]\n    tap: a/b\n"),
			"f:7:10: ports.public.tap: expected a name of a kernel interface, found \"a/b\""},
		{PORT_AT("    addresses: [192.0.2.1/24]\n    tap: ..\n"),
			"f:7:10: ports.public.tap: expected a name of a kernel interface, found \"..\""},
		{PORT_AT("    addresses: [192.0.2.1/24]\n    tap: sixteen-letters0\n"),
			"f:7:10: ports.public.tap: expected text of 1 to 15 bytes, found "
			"\"sixteen-letters0\""},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

#define GATEWAY_AT(list) PORT_AT("    addresses: [192.0.2.1/24, 'fd00:1::1/64']\n    gateway: " list "\n")
#define NEIGHBOUR "expected a neighbour within a network of ports.public.addresses, found "

static void
port_gateway(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{GATEWAY_AT("192.0.2.254"), NULL},
		{GATEWAY_AT("[192.0.2.254, 'fd00:1::fe']"), NULL},
		{GATEWAY_AT("'fe80::1'"), NULL},
		{GATEWAY_AT("192.0.3.254"), "f:7:14: ports.public.gateway[0]: " NEIGHBOUR "192.0.3.254"},
		{GATEWAY_AT("192.0.2.1"), "f:7:14: ports.public.gateway[0]: " NEIGHBOUR "192.0.2.1"},
		{GATEWAY_AT("[192.0.2.254, 'fd00:2::1']"),
			"f:7:28: ports.public.gateway[1]: " NEIGHBOUR "fd00:2::1"},
		{GATEWAY_AT("'2a80::1'"), "f:7:14: ports.public.gateway[0]: " NEIGHBOUR "2a80::1"},
		{GATEWAY_AT("[192.0.2.253, 192.0.2.254]"), "f:7:28: ports.public.gateway[1]: expected one "
							   "IPv4 and one IPv6 address, found two of IPv4"},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

static void
two_ports(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{BASE "  private: {device: b, addresses: [10.1.0.1/24]}\n", NULL},
		{BASE "  private: {device: a, addresses: [10.1.0.1/24]}\n",
			"f:5:21: ports.private.device: expected another device than ports.public.device, "
			"found the "
			"same"},
		{BASE "  private: {device: b, addresses: [10.1.0.1/24], tap: mst-pub}\n",
			"f:5:55: ports.private.tap: expected another name than ports.public.tap, found "
			"\"mst-pub\" "
			"again"},
		{BASE "  private: {device: b, addresses: [10.1.0.1/24, 192.0.2.129/25]}\n",
			"f:5:49: ports.private.addresses[1]: expected another network than "
			"ports.public.addresses[0], found an overlap"},
		{BASE "  private: {device: b, addresses: [10.1.0.1/24, 'fd00:1::2/64']}\n",
			"f:5:49: ports.private.addresses[1]: expected another network than "
			"ports.public.addresses[1], found an overlap"},
		{TLS POOL "ports: {public: {device: a, addresses: ['fe80::1/64']}, "
			  "private: {device: b, addresses: ['fe80::1/64']}}\n",
			NULL},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

static void
lcores(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{BASE "dpdk: {lcores: {control: 0, workers: [1, 2]}}\n", NULL},
		{BASE "dpdk: {lcores: {control: 2, workers: [1, 2, 1]}}\n",
			NULL}, // shared, because it says so
		{BASE "dpdk: {lcores: {control: 0, workers: []}}\n",
			"f:5:38: dpdk.lcores.workers: expected a list of 1 to 127 items, each a number from "
			"0 to "
			"1023, found a list of 0"},
		{BASE "dpdk: {lcores: {workers: [1]}}\n",
			"f:5:8: dpdk.lcores.control: expected a number from 0 to 1023, found no such key"},
		{BASE "dpdk: {file-prefix: ..}\n", "f:5:21: dpdk.file-prefix: expected a name without '/' "
						   "that does not begin with '.', found \"..\""},
		{BASE "dpdk: {file-prefix: a/b}\n",
			"f:5:21: dpdk.file-prefix: expected a name without '/' that "
			"does not begin with '.', found \"a/b\""},
		{PORT_AT("    addresses: [192.0.2.1/24]\n    queues: 2\ndpdk: {lcores: {control: 0, workers: "
			 "[1, "
			 "2]}}\n"),
			NULL},
		{PORT_AT("    addresses: [192.0.2.1/24]\n    queues: 3\ndpdk: {lcores: {control: 0, workers: "
			 "[1, "
			 "2]}}\n"),
			"f:7:13: ports.public.queues: expected at most as many as dpdk.lcores.workers lists "
			"(2), "
			"found 3"},
		{PORT_AT("    addresses: [192.0.2.1/24]\n    queues: 64\n"), NULL},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

static void
network(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{BASE "network:\n  routes: [10.0.0.0/8]\n  no-routes: [10.1.0.0/16]\n", NULL},
		{BASE "network:\n  routes: [10.0.0.0/8, 0.0.0.0/0]\n",
			"f:6:24: network.routes[1]: expected a part of the network, found 0.0.0.0/0: leave "
			"the list "
			"out for a full tunnel"},
		{BASE "network:\n  no-routes: ['::/0']\n", "f:6:15: network.no-routes[0]: expected a part of "
							   "the network, found ::/0: leave the list "
							   "out for a full tunnel"},
		{BASE "network:\n  routes: [10.0.0.1/8]\n", "f:6:12: network.routes[0]: expected a network "
							    "address such as 10.0.0.0/8, found 10.0.0.1/8"},
		{BASE "network:\n  mtu: 1501\n",
			"f:6:8: network.mtu: expected at most ports.public.mtu (1500), found 1501"},
		{BASE "network:\n  default-domain: \"a b\"\n",
			"f:6:19: network.default-domain[0]: expected a domain name, found \"a b\""},
		{BASE "network:\n  default-domain: [a, 'b c']\n",
			"f:6:23: network.default-domain[1]: expected a domain name, found \"b c\""},
		{BASE "network:\n  default-domain: [a.example, b.example]\n  nbns: [10.0.0.1]\n"
		      "  pac-url: \"https://a/p?q=%20\"\n",
			NULL},
		{BASE "network:\n  pac-url: ftp://a/\n",
			"f:6:12: network.pac-url: expected http:// or https:// "
			"and the rest of an URL, found \"ftp://a/\""},
		{BASE "network:\n  pac-url: \"http://a b\"\n",
			"f:6:12: network.pac-url: expected http:// or https:// and the rest of an URL, found "
			"\"http://a b\""},
		{BASE "network:\n  pac-url: https://\n",
			"f:6:12: network.pac-url: expected http:// or https:// "
			"and the rest of an URL, found \"https://\""},
		{BASE "network:\n  nbns: ['fd00::1']\n",
			"f:6:10: network.nbns[0]: expected an IPv4 address, found the text \"fd00::1\""},
		{BASE "network:\n  split-dns: [corp.example, 'a,b']\n",
			"f:6:29: network.split-dns[1]: expected a domain name, found \"a,b\""},
		{BASE "network:\n  dns: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4]\n",
			"f:6:8: network.dns: expected a list of 0 to 3 items, each an IP address, found a "
			"list of 4"},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

static void
profiles(void **state)
{
	(void)state;
	static const struct text_case cases[] = {
		{BASE "profiles:\n- {group: eng, routes: [10.0.0.0/8], timeouts: {idle: 1h}}\n- {user: eng}\n"
		      "- {group: ops, udp: false, banner: b}\n",
			NULL},
		{BASE "profiles:\n- {routes: []}\n",
			"f:6:3: profiles[0].user: expected either group or user, "
			"found none of them"},
		{BASE "profiles:\n- {group: g, user: u}\n",
			"f:6:20: profiles[0].user: expected either group or "
			"user, found both of them"},
		{BASE "profiles:\n- {user: a}\n- {user: b}\n- {user: a}\n",
			"f:8:10: profiles[2].user: expected each once, found the one of profiles[0] again"},
		{BASE "profiles:\n- {group: a}\n- {group: a}\n",
			"f:7:11: profiles[1].group: expected each once, found the one of profiles[0] again"},
		{BASE "profiles:\n- {group: a, routes: [0.0.0.0/0]}\n",
			"f:6:23: profiles[0].routes[0]: expected a part of the network, found 0.0.0.0/0: "
			"leave the "
			"list out for a full tunnel"},
		{BASE "profiles:\n- {group: a, mtu: 1501}\n",
			"f:6:19: profiles[0].mtu: expected at most ports.public.mtu (1500), found 1501"},
		{BASE "profiles:\n- {group: a, split-dns: ['a,b']}\n",
			"f:6:26: profiles[0].split-dns[0]: expected a domain name, found \"a,b\""},
		{BASE "profiles:\n- {group: a, timeouts: {cookie: 1h}}\n",
			"f:6:25: profiles[0].timeouts.cookie: expected one of dpd, idle, session, "
			"mobile-dpd, "
			"mobile-idle, found an unknown key"},
	};

	run(cases, MST_ARRAY_SIZE(cases));
}

static char *
with_routes(const char *head, unsigned int n_routes, const char *middle, unsigned int n_no_routes)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	fputs(head, f);
	fputs("  routes: [", f);
	for (unsigned int i = 0; i < n_routes; i++)
		fprintf(f, "20.%u.%u.0/24,", i / 256, i % 256);
	fputs("]\n", f);
	fputs(middle, f);
	fputs("  no-routes: [", f);
	for (unsigned int i = 0; i < n_no_routes; i++)
		fprintf(f, "30.%u.%u.0/24,", i / 256, i % 256);
	fputs("]\n", f);
	fclose(f);
	return text;
}

static void
five_hundred_routes(void **state)
{
	(void)state;
	char *just = with_routes(BASE "network:\n", 300, "", 200);
	char *more = with_routes(BASE "network:\n", 300, "", 201);
	char *many = with_routes(BASE "network:\n", 501, "", 0);
	const struct text_case cases[] = {
		{just, NULL},
		{more, "f:7:14: network.no-routes: expected at most 500 together with network.routes, found "
		       "501"},
		{many, "f:6:11: network.routes: expected a list of 0 to 500 items, each a network "
		       "ADDRESS/LENGTH, "
		       "found a list of 501"},
	};

	run(cases, MST_ARRAY_SIZE(cases));
	free(just);
	free(more);
	free(many);
}

// The two lists of a session may come from two places; each pair that can meet is counted.
static void
five_hundred_routes_from_two_places(void **state)
{
	(void)state;
	char *just = with_routes(BASE "network:\n", 300, "profiles:\n- user: a\n", 200);
	char *more = with_routes(BASE "network:\n", 300, "profiles:\n- user: a\n", 201);
	char *just2 = with_routes(BASE "profiles:\n- group: g\n", 499, "- user: a\n", 1);
	char *more2 = with_routes(BASE "profiles:\n- group: g\n", 499, "- user: a\n", 2);
	// Who writes both lists has nobody else's.
	char *own = with_routes(BASE "profiles:\n- group: g\n", 499, "- user: a\n  routes: []\n", 2);
	const struct text_case cases[] = {
		{just, NULL},
		{more, "f:9:14: profiles[0].no-routes: expected at most 500 together with its routes and "
		       "those of "
		       "network, found 501"},
		{just2, NULL},
		{more2, "f:9:14: profiles[1].no-routes: expected at most 500 together with its routes and "
			"those of "
			"profiles[0] (group g), found 501"},
		{own, NULL},
	};

	run(cases, MST_ARRAY_SIZE(cases));
	free(just);
	free(more);
	free(just2);
	free(more2);
	free(own);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool),
		cmocka_unit_test(sites),
		cmocka_unit_test(hosts_with_a_sign_in_of_their_own),
		cmocka_unit_test(addresses),
		cmocka_unit_test(port_addresses),
		cmocka_unit_test(port_gateway),
		cmocka_unit_test(two_ports),
		cmocka_unit_test(lcores),
		cmocka_unit_test(network),
		cmocka_unit_test(profiles),
		cmocka_unit_test(five_hundred_routes),
		cmocka_unit_test(five_hundred_routes_from_two_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
