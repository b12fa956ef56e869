// CONNECT as devices send it.
#include <string.h>

#include "mst_test.h"

#include "trace.h"
#include "tunnel_request.h"

static struct mst_ac_connect_request c;

static void
parse_head(const char *head)
{
	struct ac_request q = {0};

	assert_int_equal(ac_http_parse_head(&q, (const uint8_t *)head, strlen(head)), MST_AC_F_NONE);
	memset(&c, 0xaa, sizeof(c));
	ac_tunnel_request(&c, &q);
}

static void
parse(const char *fields)
{
	char head[8192];
	int n = snprintf(
		head, sizeof(head), "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);

	assert_in_range(n, 1, sizeof(head) - 1);
	parse_head(head);
}

static void
of_the_trace(void **state)
{
	(void)state;
	parse_head(trace_connect);
	assert_string_equal(c.cookie, "AFZLEZ96abcdefghijklmnopqrstuvwxyzABCDEtJhP0=");
	assert_string_equal(c.hostname, "vm");
	assert_string_equal(c.user_agent, "Open AnyConnect VPN Agent v9.01-3");
	assert_int_equal(c.base_mtu, 1500);
	assert_int_equal(c.mtu, 1390);
	assert_true(c.wants_ipv4);
	assert_true(c.wants_ipv6);
	assert_true(c.psk_negotiate);
	assert_int_equal(c.want4.family, 0);
	assert_int_equal(c.want6.family, 0);
	// The master secret is in no byte of it.
	assert_null(memmem(&c, sizeof(c), "B594F206", 8));
	assert_null(memmem(&c, sizeof(c), "\xb5\x94\xf2\x06", 4));
}

#define SECRET                                                                                               \
	"000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"

static void
a_device_without_psk_may_have_a_secret(void **state)
{
	(void)state;
	parse("X-DTLS-Master-Secret: " SECRET "\r\nX-DTLS-CipherSuite: OC-DTLS1_2-AES128-GCM:AES256-SHA\r\n"
	      "X-DTLS12-CipherSuite: AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384\r\n");
	assert_false(c.psk_negotiate);
	assert_int_equal(c.legacy, 1 << 0 | 1 << 2);
	assert_int_equal(c.legacy_old, 1 << 3);
	for (uint8_t i = 0; i < sizeof(c.master); i++)
		assert_int_equal(c.master[i], i);
	for (size_t i = 0; mst_ac_legacy_suite_at(i) != NULL; i++)
		assert_non_null(mst_ac_legacy_suite_at(i)->name);
	// No AEAD, or names of other letters.
	parse("X-DTLS-Master-Secret: " SECRET "\r\nX-DTLS-CipherSuite: AES256-SHA:AES256-GCM-SHA384\r\n"
	      "X-DTLS12-CipherSuite: aes256-gcm-sha384:OC-DTLS1_2-AES256-GCM:AES256-SHA\r\n");
	assert_int_equal(c.legacy | c.legacy_old, 0);
}

// Too short, too long, no hex, twice, none.
static void
a_secret_that_is_none_offers_nothing(void **state)
{
#define OFFER "X-DTLS12-CipherSuite: AES256-GCM-SHA384\r\n"
	static const char *const rows[] = {
		"X-DTLS-Master-Secret: 0001\r\n" OFFER,
		"X-DTLS-Master-Secret: " SECRET "00\r\n" OFFER,
		"X-DTLS-Master-Secret: x" SECRET "\r\n" OFFER,
		"X-DTLS-Master-Secret: " SECRET "\r\nX-DTLS-Master-Secret: " SECRET "\r\n" OFFER,
		"X-DTLS-Master-Secret:\r\n" OFFER,
		OFFER,
	};
#undef OFFER

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		parse(rows[i]);
		assert_int_equal(c.legacy | c.legacy_old, 0);
	}
}

static void
names_of_any_case(void **state)
{
	(void)state;
	parse("x-cstp-mtu: 1300\r\nX-CSTP-BASE-MTU: 1400\r\ncookie: webvpn=zz\r\nX-Cstp-Hostname: h\r\n"
	      "x-dtls-ciphersuite: PSK-NEGOTIATE\r\n");
	assert_int_equal(c.mtu, 1300);
	assert_int_equal(c.base_mtu, 1400);
	assert_string_equal(c.cookie, "zz");
	assert_string_equal(c.hostname, "h");
	assert_true(c.psk_negotiate);
}

static void
mobile(void **state)
{
	(void)state;
	parse("X-AnyConnect-Identifier-Platform: apple-ios\r\nX-AnyConnect-Identifier-PlatformVersion: "
	      "17.1\r\n"
	      "X-AnyConnect-Identifier-ClientVersion: 5.0\r\nX-AnyConnect-Identifier-DeviceType: iPhone\r\n"
	      "X-AnyConnect-Identifier-Device-UniqueID: abc-1\r\n");
	assert_string_equal(c.platform, "apple-ios");
	assert_string_equal(c.platform_version, "17.1");
	assert_string_equal(c.client_version, "5.0");
	assert_string_equal(c.device_type, "iPhone");
	assert_string_equal(c.device_id, "abc-1");
}

static void
mtu_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t mtu;
	} rows[] = {
		{"575", 0},
		{"576", 576},
		{"577", 577},
		{"65534", 65534},
		{"65535", 65535},
		{"65536", 0},
		{"0", 0},
		{"", 0},
		{"-1", 0},
		{"-1400", 0},
		{"+1400", 0},
		{"1400 1", 0},
		{"1400,1400", 0},
		{"0x578", 0},
		{"1400.0", 0},
		{"1e3", 0},
		{"4294968696", 0},
		{"18446744073709553016", 0},
		{"99999999999999999999999", 0},
		{"%n%s", 0},
	};
	char fields[128];

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		snprintf(fields, sizeof(fields), "X-CSTP-MTU: %s\r\nX-CSTP-Base-MTU: %s\r\n", rows[i].text,
			rows[i].text);
		parse(fields);
		assert_int_equal(c.mtu, rows[i].mtu);
		assert_int_equal(c.base_mtu, rows[i].mtu);
	}
	parse("X-CSTP-MTU: 1400\r\nX-CSTP-MTU: 1300\r\n");
	assert_int_equal(c.mtu, 0);
}

static void
families(void **state)
{
	(void)state;
	parse("");
	assert_true(c.wants_ipv4);
	assert_false(c.wants_ipv6);
	parse("X-CSTP-Address-Type: IPv4\r\nX-CSTP-Full-IPv6-Capability: true\r\n");
	assert_true(c.wants_ipv4);
	assert_false(c.wants_ipv6);
	parse("X-CSTP-Address-Type: IPv6\r\nX-CSTP-Full-IPv6-Capability: true\r\n");
	assert_false(c.wants_ipv4);
	assert_true(c.wants_ipv6);
	parse("X-CSTP-Address-Type: IPv6,IPv4\r\n");
	assert_false(c.wants_ipv6);
	parse("X-CSTP-Address-Type: IPv6,IPv4\r\nX-CSTP-Full-IPv6-Capability: false\r\n");
	assert_false(c.wants_ipv6);
}

static void
suites(void **state)
{
	(void)state;
	parse("X-DTLS-CipherSuite: AES256-SHA:OC-DTLS1_2-AES256-GCM:PSK-NEGOTIATE\r\n");
	assert_true(c.psk_negotiate);
	parse("X-DTLS12-CipherSuite: AES256-GCM-SHA384:PSK-NEGOTIATE\r\n");
	assert_true(c.psk_negotiate);
	parse("X-DTLS-CipherSuite: AES256-SHA:PSK-NEGOTIATE2:XPSK-NEGOTIATE\r\n");
	assert_false(c.psk_negotiate);
	parse("");
	assert_false(c.psk_negotiate);
}

static void
wishes(void **state)
{
	(void)state;
	struct mst_ip want4, want6;

	assert_int_equal(mst_ip_parse("192.168.77.50", &want4), 0);
	assert_int_equal(mst_ip_parse("fda9::58ef", &want6), 0);
	parse("X-CSTP-Address: 192.168.77.50\r\nX-CSTP-Address: fda9::58ef/128\r\n");
	assert_true(mst_ip_equal(&c.want4, &want4));
	assert_true(mst_ip_equal(&c.want6, &want6));
	// The first one counts.
	parse("X-CSTP-Address: 192.168.77.50\r\nX-CSTP-Address: 10.0.0.1\r\nX-CSTP-Address: fda9::58ef\r\n");
	assert_true(mst_ip_equal(&c.want4, &want4));
	assert_true(mst_ip_equal(&c.want6, &want6));
	parse("X-CSTP-Address: 999.1.1.1\r\nX-CSTP-Address: 1.2.3.4/33\r\nX-CSTP-Address:\r\n"
	      "X-CSTP-Address: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
	assert_int_equal(c.want4.family, 0);
	assert_int_equal(c.want6.family, 0);
	// Good up to where a buffer would cut it.
	parse("X-CSTP-Address: 0000:0000:0000:0000:0000:ffff:255.255.255.255/128\r\n");
	assert_int_equal(c.want6.family, 6);
	parse("X-CSTP-Address: 0000:0000:0000:0000:0000:ffff:255.255.255.255/128x\r\n");
	assert_int_equal(c.want6.family, 0);
}

static void
cookies(void **state)
{
	(void)state;
	static const char *const none[] = {"", "Cookie: webvpn=\r\n", "Cookie: webvpncontext=abc\r\n",
		"Cookie: webvpn=a; webvpn=b\r\n", "Cookie: webvpn=a b\r\n", "Cookie: webvpn=\"abc\"\r\n",
		"Cookie: webvpn=a,b\r\n", "Cookie: webvpn=a\xff\r\n", "Cookie: webvpn=../../x%00\r\n"};

	parse("Cookie: webvpncontext=x; webvpn=abc/+=; webvpnc=bu:/&p:t\r\n");
	assert_string_equal(c.cookie, "abc/+=");
	for (size_t i = 0; i < MST_ARRAY_SIZE(none); i++) {
		parse(none[i]);
		assert_string_equal(c.cookie, "");
	}
}

// Texts for people: cut, cleaned, never refused.
static void
texts(void **state)
{
	(void)state;
	char fields[512], name[200];

	for (size_t n = sizeof(c.hostname) - 2; n <= sizeof(c.hostname); n++) {
		memset(name, 'h', n);
		name[n] = '\0';
		snprintf(fields, sizeof(fields), "X-CSTP-Hostname: %s\r\n", name);
		parse(fields);
		assert_int_equal(strlen(c.hostname), n < sizeof(c.hostname) ? n : sizeof(c.hostname) - 1);
	}
	parse("X-CSTP-Hostname: %n%s\xff\t`;$()\r\n");
	assert_string_equal(c.hostname, "%n%s??`;$()");
	parse("X-CSTP-Hostname: a\r\nX-CSTP-Hostname: b\r\n");
	assert_string_equal(c.hostname, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_the_trace),
		cmocka_unit_test(a_device_without_psk_may_have_a_secret),
		cmocka_unit_test(a_secret_that_is_none_offers_nothing),
		cmocka_unit_test(names_of_any_case),
		cmocka_unit_test(mobile),
		cmocka_unit_test(mtu_numbers),
		cmocka_unit_test(families),
		cmocka_unit_test(suites),
		cmocka_unit_test(wishes),
		cmocka_unit_test(cookies),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
