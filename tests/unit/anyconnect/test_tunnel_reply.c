// The answer to CONNECT: every name in its letter case, nothing that breaks a line, bounds.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "reply.h"

static struct ac_reply r;
static char answer[MST_AC_REPLY_BYTES + 1];
static uint8_t app_id[MST_AC_APP_ID_BYTES];

static int
build(const struct mst_ac_tunnel *t)
{
	int rc = ac_reply_tunnel(&r, t);

	answer[0] = '\0';
	if (rc == 0) {
		assert_in_range(r.len, 1, MST_AC_REPLY_BYTES);
		memcpy(answer, r.data, r.len);
		answer[r.len] = '\0';
		assert_int_equal(strlen(answer), r.len);
		assert_false(r.close);
	}
	return rc;
}

static struct mst_ac_tunnel
plain(void)
{
	struct mst_ac_tunnel t = {.depth4 = 24, .depth6 = 128, .mtu = 1434, .base_mtu = 1500, .dpd_s = 30};

	assert_int_equal(mst_ip_parse("192.168.77.50", &t.addr4), 0);
	t.keepalive_s = 300;
	return t;
}

// Names and letter case as openconnect and its relatives know them.
static const char whole[] =
	"HTTP/1.1 200 CONNECTED\r\n"
	"X-CSTP-Version: 1\r\n"
	"X-CSTP-Hostname: vm\r\n"
	"X-CSTP-Address: 192.168.77.50\r\n"
	"X-CSTP-Netmask: 255.255.255.0\r\n"
	"X-CSTP-Address-IP6: fda9:4efe:7e3b:77:9a7c:c09f:b76e:58ef/128\r\n"
	"X-CSTP-DNS: 192.168.77.53\r\n"
	"X-CSTP-DNS-IP6: fda9::53\r\n"
	"X-CSTP-NBNS: 192.168.77.53\r\n"
	"X-CSTP-Default-Domain: example.com corp.example.com\r\n"
	"X-CSTP-Split-DNS: corp.example.com\r\n"
	"X-CSTP-Split-DNS: lab.example.com\r\n"
	"X-CSTP-Tunnel-All-DNS: true\r\n"
	"X-CSTP-Client-Bypass-Protocol: true\r\n"
	"X-CSTP-DynDNS: true\r\n"
	"X-CSTP-MSIE-Proxy-PAC-URL: http://proxy.example.com/proxy.pac\r\n"
	"X-CSTP-Split-Include: 10.10.0.0/255.255.0.0\r\n"
	"X-CSTP-Split-Include-IP6: fd00::/8\r\n"
	"X-CSTP-Split-Exclude: 10.10.5.0/255.255.255.0\r\n"
	"X-CSTP-DPD: 30\r\n"
	"X-CSTP-Keepalive: 300\r\n"
	"X-CSTP-Idle-Timeout: 1200\r\n"
	"X-CSTP-Session-Timeout: 86400\r\n"
	"X-CSTP-Session-Timeout-Remaining: 86000\r\n"
	"X-CSTP-Lease-Duration: 86000\r\n"
	"X-CSTP-Rekey-Time: 7000\r\n"
	"X-CSTP-Rekey-Method: ssl\r\n"
	"X-CSTP-Smartcard-Removal-Disconnect: true\r\n"
	"X-CSTP-Disconnected-Timeout: none\r\n"
	"X-CSTP-Keep: true\r\n"
	"X-CSTP-TCP-Keepalive: true\r\n"
	"X-CSTP-License: accept\r\n"
	"X-DTLS-DPD: 30\r\n"
	"X-DTLS-Port: 4443\r\n"
	"X-DTLS-Keepalive: 300\r\n"
	"X-DTLS-App-ID: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n"
	"X-DTLS-CipherSuite: PSK-NEGOTIATE\r\n"
	"X-CSTP-Base-MTU: 1500\r\n"
	"X-CSTP-MTU: 1434\r\n"
	"X-CSTP-Banner: Welcome%0D%0Ato 100%25 J%C3%BC%2B\r\n"
	"\r\n";

static void
whole_answer(void **state)
{
	(void)state;
	static const char *const domains[] = {"example.com", "corp.example.com"};
	static const char *const split_dns[] = {"corp.example.com", "lab.example.com"};
	struct mst_ac_tunnel t = plain();
	struct mst_net includes[2], excludes[1];
	struct mst_ip dns[2];

	assert_int_equal(mst_ip_parse("fda9:4efe:7e3b:77:9a7c:c09f:b76e:58ef", &t.addr6), 0);
	assert_int_equal(mst_ip_parse("192.168.77.53", &dns[0]), 0);
	assert_int_equal(mst_ip_parse("fda9::53", &dns[1]), 0);
	assert_int_equal(mst_net_parse("10.10.3.4/16", &includes[0]), 0); // host bits do not go out
	assert_int_equal(mst_net_parse("fd00::1/8", &includes[1]), 0);
	assert_int_equal(mst_net_parse("10.10.5.0/24", &excludes[0]), 0);
	t.dns = dns;
	t.n_dns = 2;
	t.nbns = dns;
	t.n_nbns = 1;
	t.domains = domains;
	t.n_domains = 2;
	t.split_dns = split_dns;
	t.n_split_dns = 2;
	t.tunnel_all_dns = true;
	t.bypass_protocol = true;
	t.dynamic_dns = true;
	t.pac_url = "http://proxy.example.com/proxy.pac";
	t.includes = includes;
	t.n_includes = 2;
	t.excludes = excludes;
	t.n_excludes = 1;
	t.idle_s = 1200;
	t.session_s = 86400;
	t.session_left_s = 86000;
	t.banner = "Welcome\r\nto 100% J\xc3\xbc+";
	t.hostname = "vm";
	t.rekey_s = 7000;
	t.dtls_port = 4443;
	t.app_id = app_id;
	assert_int_equal(build(&t), 0);
	assert_string_equal(answer, whole);
}

static void
the_legacy_mode_has_a_session_id(void **state)
{
	(void)state;
	struct mst_ac_tunnel t = plain();

	t.dtls_port = 443;
	t.app_id = app_id;
	t.legacy_suite = "AES256-GCM-SHA384";
	assert_int_equal(build(&t), 0);
	assert_non_null(strstr(answer, "X-DTLS-Session-ID: 000102"));
	assert_non_null(strstr(answer, "X-DTLS12-CipherSuite: AES256-GCM-SHA384\r\nX-DTLS-MTU: 1434\r\n"));
	assert_null(strstr(answer, "App-ID"));
	assert_null(strstr(answer, "PSK"));
	t.legacy_suite = "OC-DTLS1_2-AES256-GCM";
	t.legacy_old = true;
	assert_int_equal(build(&t), 0);
	assert_non_null(strstr(answer, "X-DTLS-CipherSuite: OC-DTLS1_2-AES256-GCM\r\n"));
	assert_null(strstr(answer, "X-DTLS12"));
}

// DTLS has no method of its own: a client would try to renegotiate.
static void
old_tls_renews_by_a_new_tunnel(void **state)
{
	(void)state;
	struct mst_ac_tunnel t = plain();

	t.rekey_s = 60;
	t.rekey_by_tunnel = true;
	t.dtls_port = 443;
	t.app_id = app_id;
	assert_int_equal(build(&t), 0);
	assert_non_null(strstr(answer, "X-CSTP-Rekey-Time: 60\r\nX-CSTP-Rekey-Method: new-tunnel\r\n"));
	assert_null(strstr(answer, "X-DTLS-Rekey"));
}

static void
what_is_off_is_absent(void **state)
{
	(void)state;
	struct mst_ac_tunnel t = plain();
	struct mst_net v6;

	assert_int_equal(mst_net_parse("fd00::/8", &v6), 0);
	t.includes = &v6;
	t.n_includes = 1;
	t.dns = &v6.ip;
	t.n_dns = 1;
	t.app_id = app_id;
	assert_int_equal(build(&t), 0);
	assert_null(strstr(answer, "X-DTLS-"));
	assert_null(strstr(answer, "IP6"));
	assert_null(strstr(answer, "Banner"));
	assert_null(strstr(answer, "NBNS"));
	assert_null(strstr(answer, "Default-Domain"));
	assert_null(strstr(answer, "PAC"));
	assert_non_null(strstr(answer, "X-CSTP-Tunnel-All-DNS: false\r\n"));
	assert_non_null(strstr(answer, "X-CSTP-Client-Bypass-Protocol: false\r\n"));
	assert_null(strstr(answer, "X-CSTP-DynDNS"));
	assert_null(strstr(answer, "Hostname"));
	assert_null(strstr(answer, "Content-Encoding"));
	assert_null(strstr(answer, "Rekey-Time"));
	assert_non_null(strstr(answer, "X-CSTP-Rekey-Method: none\r\n"));
	assert_null(strstr(answer, "Server"));
	assert_non_null(strstr(answer, "X-CSTP-Idle-Timeout: none\r\n"));
	assert_non_null(strstr(answer, "X-CSTP-Session-Timeout: none\r\n"));
	assert_non_null(strstr(answer, "X-CSTP-Session-Timeout-Remaining: none\r\n"));
	assert_non_null(strstr(answer, "X-CSTP-Lease-Duration: none\r\n"));
}

static void
only_ipv6(void **state)
{
	(void)state;
	struct mst_ac_tunnel t = plain();
	struct mst_net v4;

	t.addr4 = (struct mst_ip){0};
	assert_int_equal(mst_ip_parse("fda9::1", &t.addr6), 0);
	assert_int_equal(mst_net_parse("10.0.0.0/8", &v4), 0);
	t.includes = &v4;
	t.n_includes = 1;
	assert_int_equal(build(&t), 0);
	assert_null(strstr(answer, "X-CSTP-Address: "));
	assert_null(strstr(answer, "Split-Include"));
	assert_non_null(strstr(answer, "X-CSTP-Address-IP6: fda9::1/128\r\n"));
}

static void
netmasks(void **state)
{
	(void)state;
	static const struct {
		uint8_t depth;
		const char *line;
	} rows[] = {
		{0, "X-CSTP-Netmask: 0.0.0.0\r\n"},
		{1, "X-CSTP-Netmask: 128.0.0.0\r\n"},
		{31, "X-CSTP-Netmask: 255.255.255.254\r\n"},
		{32, "X-CSTP-Netmask: 255.255.255.255\r\n"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_ac_tunnel t = plain();

		t.depth4 = rows[i].depth;
		assert_int_equal(build(&t), 0);
		assert_non_null(strstr(answer, rows[i].line));
	}
}

static void
texts_break_no_line(void **state)
{
	(void)state;
	static const char *const split_dns[] = {"a\r\nX-CSTP-DNS: 6.6.6.6"};
	struct mst_ac_tunnel t = plain();

	t.hostname = "h\r\nX-CSTP-Address: 6.6.6.6";
	t.domains = split_dns;
	t.n_domains = 1;
	t.pac_url = "d\nX-CSTP-DNS: 6.6.6.6\x01";
	t.banner = "b\r\n\r\nSTF";
	t.split_dns = split_dns;
	t.n_split_dns = 1;
	assert_int_equal(build(&t), 0);
	assert_null(strstr(answer, "\nX-CSTP-DNS: 6"));
	assert_null(strstr(answer, "\nX-CSTP-Address: 6"));
	assert_ptr_equal(strstr(answer, "\r\n\r\n"), answer + r.len - 4);
}

static void
refused(void **state)
{
	(void)state;
	struct mst_ac_tunnel t = plain();
	struct mst_net net = {.ip.family = 4, .depth = 33};

	t.mtu = 0;
	assert_int_equal(build(&t), -EINVAL);
	t = plain();
	t.addr4.family = 0;
	assert_int_equal(build(&t), -EINVAL);
	t = plain();
	t.depth4 = 33;
	assert_int_equal(build(&t), -EINVAL);
	t = plain();
	t.depth6 = 129;
	assert_int_equal(build(&t), -EINVAL);
	t = plain();
	t.dtls_port = 443;
	assert_int_equal(build(&t), -EINVAL);
	t = plain();
	t.excludes = &net;
	t.n_excludes = 1;
	assert_int_equal(build(&t), -EINVAL);
}

static void
rule_limit(void **state)
{
	(void)state;
	static struct mst_net net[MST_AC_RULES + 1];
	struct mst_ac_tunnel t = plain();

	assert_int_equal(mst_ip_parse("fda9::1", &t.addr6), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(net); i++) {
		assert_int_equal(mst_net_parse("fdaa:bbbb:cccc:dddd:eeee:ffff:1111:2222/128", &net[i]), 0);
		net[i].ip.bytes[15] = (uint8_t)i;
	}
	t.includes = net;
	t.excludes = net;
	for (size_t n = MST_AC_RULES - 1; n <= MST_AC_RULES + 1; n++) {
		t.n_includes = n / 2;
		t.n_excludes = n - n / 2;
		assert_int_equal(build(&t), n <= MST_AC_RULES ? 0 : -E2BIG);
	}
	t.n_includes = SIZE_MAX;
	t.n_excludes = 1;
	assert_int_equal(build(&t), -E2BIG);
}

static void
answer_limit(void **state)
{
	(void)state;
	static char big[MST_AC_REPLY_BYTES + 1];
	struct mst_ac_tunnel t = plain();
	size_t rest;

	assert_int_equal(build(&t), 0);
	rest = MST_AC_REPLY_BYTES - r.len - strlen("X-CSTP-Banner: \r\n");
	t.banner = big;
	for (size_t n = rest - 1; n <= rest + 1; n++) {
		memset(big, 'b', n);
		big[n] = '\0';
		assert_int_equal(build(&t), n <= rest ? 0 : -E2BIG);
	}
}

static int
teardown(void **state)
{
	(void)state;
	ac_reply_fini(&r);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_answer),
		cmocka_unit_test(the_legacy_mode_has_a_session_id),
		cmocka_unit_test(old_tls_renews_by_a_new_tunnel),
		cmocka_unit_test(what_is_off_is_absent),
		cmocka_unit_test(only_ipv6),
		cmocka_unit_test(netmasks),
		cmocka_unit_test(texts_break_no_line),
		cmocka_unit_test(refused),
		cmocka_unit_test(rule_limit),
		cmocka_unit_test(answer_limit),
	};

	for (size_t i = 0; i < sizeof(app_id); i++)
		app_id[i] = (uint8_t)i;
	return cmocka_run_group_tests(tests, NULL, teardown);
}
