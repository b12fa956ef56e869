// CONNECT: who gets a session, which one, and with what parameters.
#include <errno.h>

#include "rig.h"
#include "terms.h"

#define DTLS_OFFER "X-DTLS-CipherSuite: PSK-NEGOTIATE:OC-DTLS1_2-AES256-GCM\r\n"
#define IPV6_OFFER "X-CSTP-Address-Type: IPv6,IPv4\r\nX-CSTP-Full-IPv6-Capability: true\r\n"

static char answer[8192];

static void
expect_status(const char *status)
{
	char line[32];

	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	if (strncmp(answer, line, strlen(line)) != 0)
		fail_msg("expected %s, found %.40s", status, answer);
}

static void
without_a_cookie_there_is_no_session(void **state)
{
	struct device d;

	(void)state;
	device_open(&d, "198.51.100.7");
	assert_int_equal(rig->n_half_open, 1);
	device_connect(&d, NULL, DTLS_OFFER, answer, sizeof(answer));
	expect_status("401");
	assert_int_equal(rig->counters.connect_no_cookie, 1);
	assert_true(device_gone(&d));
	assert_int_equal(rig->n_half_open, 0);
	device_close(&d);
}

static void
a_wrong_cookie_is_no_cookie(void **state)
{
	struct mst_session_counts counts;
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_login("bob", cookie);
	cookie[100] = cookie[100] == '0' ? '1' : '0';
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	expect_status("401");
	assert_null(strstr(answer, "X-CSTP-Address"));
	assert_int_equal(rig->counters.connect_bad_cookie, 1);
	assert_true(device_gone(&d));
	mst_session_counts(&counts);
	assert_int_equal(counts.sessions, 1); // that of the sign-in
	device_close(&d);
}

// The pool of the rig has 6 addresses.
static void
the_pool_ends(void **state)
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK, .user = "bob"};
	struct control_arrival from = {.remote = {.family = 4}, .host = ""};
	struct control_login *l;
	struct device d[7];
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_conf.limits.half_open = 1; // who has a tunnel is not half open
	for (unsigned int i = 0; i < 6; i++)
		rig_tunnel(&d[i], "bob", NULL);
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), -EADDRNOTAVAIL);
	control_login_end(rig, TAILQ_FIRST(&rig->logins), CONTROL_END_ADMIN);
	mst_test_reclaim();
	rig_login("bob", cookie);
	device_open(&d[6], "198.51.100.7");
	device_connect(&d[6], cookie, DTLS_OFFER, answer, sizeof(answer));
	expect_status("200");
	for (unsigned int i = 0; i < 7; i++)
		device_close(&d[i]);
}

#define SECRET                                                                                               \
	"000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
#define LEGACY_OFFER                                                                                         \
	"X-DTLS-Master-Secret: " SECRET "\r\nX-DTLS-CipherSuite: AES256-SHA:OC-DTLS1_2-AES256-GCM\r\n"       \
	"X-DTLS12-CipherSuite: AES256-GCM-SHA384:AES128-GCM-SHA256\r\n"

// Our order decides; what is not ours to use, or switched off, leaves the device on CSTP.
static void
a_device_without_psk_is_offered_the_legacy_mode(void **state)
{
	static enum mst_conf_cipher order[][2] = {
		{MST_CONF_CIPHER_AES_128_GCM, MST_CONF_CIPHER_AES_256_GCM},
		{MST_CONF_CIPHER_AES_256_GCM, MST_CONF_CIPHER_CHACHA20_POLY1305},
		{MST_CONF_CIPHER_CHACHA20_POLY1305, MST_CONF_CIPHER_CHACHA20_POLY1305},
		{MST_CONF_CIPHER_AES_256_GCM, MST_CONF_CIPHER_AES_128_GCM},
	};
	static const uint16_t want[] = {0x009c, 0x009d, 0, 0};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(want); i++) {
		struct device d;
		uint8_t id[CONTROL_APP_ID_BYTES];
		char cookie[MST_COOKIE_TEXT_BYTES];
		struct control_login *l = rig_login("bob", cookie);

		rig_conf.dtls = (struct mst_conf_dtls){.ciphers = order[i], .n_ciphers = 2, .legacy = i < 3};
		device_open(&d, "198.51.100.7");
		device_connect(&d, cookie, LEGACY_OFFER, answer, sizeof(answer));
		expect_status("200");
		assert_int_equal(l->legacy_suite, want[i]);
		if (want[i] == 0) {
			assert_null(strstr(answer, "X-DTLS"));
			assert_int_equal(l->psk.len, 0);
			device_close(&d);
			continue;
		}
		header_hex(answer, "X-DTLS-Session-ID: ", id, sizeof(id));
		assert_ptr_equal(control_login_by_app_id(rig, id, sizeof(id)), l);
		assert_int_equal(l->psk.len, 48);
		for (uint8_t k = 0; k < 48; k++)
			assert_int_equal(l->psk.bytes[k], k);
		control_login_drop_app_id(l);
		assert_int_equal(l->legacy_suite, 0);
		assert_int_equal(l->psk.bytes[1], 0);
		device_close(&d);
	}
}

static void
a_device_comes_back_to_its_session(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	uint8_t id[CONTROL_APP_ID_BYTES], again[CONTROL_APP_ID_BYTES], psk[MST_TLS_PSK_BYTES];
	struct control_login *l = rig_tunnel(&d, "bob", cookie);
	struct mst_session *s = l->session;
	uint32_t addr4 = s->addr4;

	(void)state;
	memcpy(id, l->app_id, sizeof(id));
	memcpy(psk, l->psk.bytes, sizeof(psk));
	rig_sa(s, 1000);
	device_close(&d);
	assert_null(l->conn);
	assert_int_equal(atomic_load(&s->path), MST_PATH_DTLS); // UDP may still work
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	expect_status("200");
	assert_ptr_equal(l->session, s);
	assert_int_equal(s->addr4, addr4);
	assert_true(s->info->connected);
	assert_int_equal(rig->counters.connect_resumed, 1);
	assert_int_equal(rig->counters.taken_over, 0);
	assert_null(atomic_load(&s->sa)); // the keys of before are gone
	assert_int_equal(atomic_load(&s->path), MST_PATH_STREAM);
	header_hex(answer, "X-DTLS-App-ID: ", again, sizeof(again));
	assert_memory_equal(again, l->app_id, sizeof(again));
	assert_memory_not_equal(again, id, sizeof(id));
	assert_memory_not_equal(psk, l->psk.bytes, sizeof(psk));
	assert_null(control_login_by_app_id(rig, id, sizeof(id)));
	device_close(&d);
}

static void
a_newer_connection_takes_over(void **state)
{
	struct device old, new;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_tunnel(&old, "bob", cookie);
	uint8_t buf[MST_TLS_RECORD_BYTES];
	struct mst_cstp_frame f;
	int n;

	(void)state;
	device_open(&new, "198.51.100.8");
	device_connect(&new, cookie, DTLS_OFFER, answer, sizeof(answer));
	expect_status("200");
	assert_ptr_equal(l->conn, new.conn);
	assert_int_equal(rig->counters.taken_over, 1);
	assert_int_equal(rig->counters.tcp_lost, 0);
	assert_int_equal(rig->n_conns, 1);
	n = device_read(&old, buf, sizeof(buf)); // told, or it would take the session back
	assert_true(n > 0);
	assert_int_equal(mst_cstp_parse(buf, (size_t)n, &f), MST_CSTP_V_OK);
	assert_int_equal(f.type, MST_CSTP_DISCONNECT);
	assert_int_equal(f.payload[0], 0xb0);
	assert_memory_equal(f.payload + 1, "Another connection", 18);
	assert_int_equal(device_read(&old, buf, sizeof(buf)), -1);
	assert_true(l->session->info->connected);
	assert_int_equal(l->session->info->remote.bytes[3], 8);
	device_frame(&new, MST_CSTP_DPD_REQ, NULL, 0);
	assert_int_equal(device_read(&new, buf, sizeof(buf)), MST_CSTP_HEADER_BYTES);
	device_close(&old);
	device_close(&new);
}

// The same number on both ends is what DTLS stands on; protocol: RFC 5705 exporter of this connection.
static void
the_psk_is_that_of_the_connection(void **state)
{
	static const char label[] = "EXPORTER-openconnect-psk";
	uint8_t psk[MST_TLS_PSK_BYTES];
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);

	(void)state;
	assert_int_equal(
		SSL_export_keying_material(d.ssl, psk, sizeof(psk), label, sizeof(label) - 1, NULL, 0, 0), 1);
	assert_int_equal(l->psk.len, sizeof(psk));
	assert_memory_equal(l->psk.bytes, psk, sizeof(psk));
	device_close(&d);
}

static void
dtls_only_for_who_asks_and_where_it_is_on(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct mst_tls_dtls_ctx *dtls = rig->dtls;
	struct control_login *l = rig_tunnel(&d, "bob", cookie);
	uint8_t id[CONTROL_APP_ID_BYTES];

	(void)state;
	memcpy(id, l->app_id, sizeof(id));
	device_close(&d);
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	expect_status("200");
	assert_null(strstr(answer, "X-DTLS-"));
	assert_false(l->has_app_id);
	assert_int_equal(l->psk.len, 0);
	assert_null(control_login_by_app_id(rig, id, sizeof(id))); // of the CONNECT before
	device_close(&d);
	rig->dtls = NULL;
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	rig->dtls = dtls;
	expect_status("200");
	assert_null(strstr(answer, "X-DTLS-"));
	assert_false(l->has_app_id);
	device_close(&d);
}

static const struct {
	const char *remote;
	bool ipv6;     // the device asks for an address
	uint32_t link; // network.mtu
	uint32_t asks; // X-CSTP-Base-MTU, 0: nothing
	long base, inner;
	bool gets_ipv6;
} mtus[] = {
	{"198.51.100.7", true, 1500, 0, 1500, 1434, true},
	{"198.51.100.7", true, 1500, 1500, 1500, 1434, true},
	{"198.51.100.7", true, 1500, 9000, 1500, 1434, true},
	{"198.51.100.7", true, 1500, 65535, 1500, 1434, true},
	{"198.51.100.7", true, 1500, 1400, 1400, 1334, true},
	{"198.51.100.7", true, 1500, 1346, 1346, 1280, true},
	{"198.51.100.7", true, 1500, 1345, 1346, 1280, true}, // IPv6 needs 1,280
	{"198.51.100.7", true, 1500, 576, 1346, 1280, true},
	{"198.51.100.7", false, 1500, 1345, 1345, 1279, false},
	{"198.51.100.7", false, 1500, 576, 642, 576, false},
	{"198.51.100.7", false, 1500, 1, 1500, 1434, false}, // malformed: as if not asked
	{"198.51.100.7", true, 9000, 0, 9000, 8934, true},
	{"198.51.100.7", true, 1280, 0, 1280, 1214, false}, // never over the link
	{"198.51.100.7", true, 1280, 576, 1280, 1214, false},
	{"198.51.100.7", true, 1345, 0, 1345, 1279, false},
	{"2001:db8::7", true, 1500, 0, 1500, 1414, true},
	{"2001:db8::7", true, 1500, 1300, 1366, 1280, true},
	{"2001:db8::7", false, 1500, 600, 662, 576, false},
	{"2001:db8::7", true, 1280, 0, 1280, 1194, false},
};

static void
the_mtu_fits_link_and_device(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(mtus); i++) {
		struct device d;
		char cookie[MST_COOKIE_TEXT_BYTES], extra[256];
		struct control_login *l = rig_login("bob", cookie);

		rig_conf.network.mtu = mtus[i].link;
		snprintf(extra, sizeof(extra), "%sX-CSTP-Base-MTU: %u\r\n", mtus[i].ipv6 ? IPV6_OFFER : "",
			mtus[i].asks);
		device_open(&d, mtus[i].remote);
		device_connect(&d, cookie, extra, answer, sizeof(answer));
		expect_status("200");
		if (header_number(answer, "X-CSTP-Base-MTU: ") != mtus[i].base ||
			header_number(answer, "X-CSTP-MTU: ") != mtus[i].inner)
			fail_msg("row %zu: base %ld, inner %ld", i,
				header_number(answer, "X-CSTP-Base-MTU: "),
				header_number(answer, "X-CSTP-MTU: "));
		assert_int_equal(l->session->mtu, mtus[i].inner);
		assert_int_equal(l->session->has6, mtus[i].gets_ipv6);
		assert_int_equal(strstr(answer, "X-CSTP-Address-IP6: ") != NULL, mtus[i].gets_ipv6);
		control_login_end(rig, l, CONTROL_END_ADMIN);
		device_close(&d);
		mst_test_reclaim();
	}
}

// Packets to the IPv6 address of a device that did not ask for one are nobody's, until it asks.
static void
an_ipv6_address_only_for_who_asks(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_tunnel(&d, "bob", cookie);
	struct mst_session *s = l->session;

	(void)state;
	assert_null(strstr(answer, "X-CSTP-Address-IP6"));
	assert_null(mst_session_by_addr6(s->addr6));
	device_close(&d);
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, IPV6_OFFER, answer, sizeof(answer));
	expect_status("200");
	assert_ptr_equal(mst_session_by_addr6(s->addr6), s);
	device_close(&d);
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_null(mst_session_by_addr6(s->addr6));
	device_close(&d);
}

// The group's profile replaces what the section says; which one counts is looked up at each CONNECT.
static void
a_profile_at_connect(void **state)
{
	const char *domains[] = {"eng.example", "corp.example"};
	struct mst_conf_profile profile = {.group = "eng",
		.user = "",
		.has_mtu = true,
		.has_banner = true,
		.has_domains = true,
		.has_udp = true,
		.has_pac_url = true,
		.has_routes = true,
		.network = {.mtu = 1400,
			.banner = "engineers",
			.domains = domains,
			.n_domains = 2,
			.pac_url = "http://p/"}};
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_login("bob", cookie);
	struct mst_net net;

	(void)state;
	assert_int_equal(mst_net_parse("10.0.0.0/8", &net), 0);
	rig_conf.network.routes = &net;
	rig_conf.network.n_routes = 1;
	rig_conf.profiles = &profile;
	rig_conf.n_profiles = 1;
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	assert_int_equal(header_number(answer, "X-CSTP-Base-MTU: "), 1500);
	assert_non_null(strstr(answer, "X-CSTP-Split-Include: 10.0.0.0/255.0.0.0\r\n"));
	assert_non_null(strstr(answer, "X-DTLS-App-ID: "));
	assert_null(strstr(answer, "Banner"));
	device_close(&d);
	snprintf(l->group, sizeof(l->group), "eng");
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	assert_int_equal(header_number(answer, "X-CSTP-Base-MTU: "), 1400);
	assert_non_null(strstr(answer, "X-CSTP-Banner: engineers\r\n"));
	assert_non_null(strstr(answer, "X-CSTP-Default-Domain: eng.example corp.example\r\n"));
	assert_non_null(strstr(answer, "X-CSTP-MSIE-Proxy-PAC-URL: http://p/\r\n"));
	assert_null(strstr(answer, "Split-Include"));
	assert_null(strstr(answer, "X-DTLS-"));
	assert_int_equal(l->psk.len, 0);
	device_close(&d);
}

#define PHONE                                                                                                \
	"X-AnyConnect-Identifier-Platform: apple-ios\r\nX-AnyConnect-Identifier-DeviceType: iPhone\r\n"      \
	"X-AnyConnect-Identifier-Device-UniqueID: abc-1\r\n"

static void
phones_have_time_limits_of_their_own(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	rig_conf.timeouts.idle_s = 600;
	rig_conf.timeouts.mobile_idle_s = 3600;
	rig_conf.timeouts.has_mobile_idle = true;
	rig_conf.timeouts.mobile_dpd_s = 1800;
	rig_conf.timeouts.has_mobile_dpd = true;
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	assert_int_equal(header_number(answer, "X-CSTP-DPD: "), 30);
	assert_int_equal(header_number(answer, "X-CSTP-Idle-Timeout: "), 600);
	assert_int_equal(control_terms(l).idle_ns, 600 * MST_NS_PER_S);
	device_close(&d);
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, PHONE DTLS_OFFER, answer, sizeof(answer));
	assert_int_equal(header_number(answer, "X-CSTP-DPD: "), 1800);
	assert_int_equal(header_number(answer, "X-DTLS-DPD: "), 1800);
	assert_int_equal(header_number(answer, "X-CSTP-Idle-Timeout: "), 3600);
	assert_int_equal(control_terms(l).dpd_ns, 1800 * MST_NS_PER_S);
	assert_int_equal(control_terms(l).idle_ns, 3600 * MST_NS_PER_S);
	assert_string_equal(l->session->info->platform, "apple-ios");
	assert_string_equal(l->session->info->device_type, "iPhone");
	assert_string_equal(l->session->info->device_id, "abc-1");
	device_close(&d);
}

static void
the_end_of_a_login_closes_its_connection_once(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	uint32_t id;

	(void)state;
	id = rig_tunnel(&d, "bob", cookie)->session->id;
	assert_false(mst_control_disconnect_id(rig, id + 1));
	assert_int_equal(mst_control_disconnect_user(rig, "alice"), 0);
	assert_int_equal(rig->n_conns, 1);
	assert_true(mst_control_disconnect_id(rig, id));
	assert_false(mst_control_disconnect_id(rig, id));
	assert_int_equal(rig->counters.end_admin, 1);
	assert_true(device_gone(&d));
	device_close(&d);
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, DTLS_OFFER, answer, sizeof(answer));
	expect_status("401"); // the cookie ended with the session
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_cookie_there_is_no_session),
		TEST(a_wrong_cookie_is_no_cookie),
		TEST(the_pool_ends),
		TEST(a_device_without_psk_is_offered_the_legacy_mode),
		TEST(a_device_comes_back_to_its_session),
		TEST(a_newer_connection_takes_over),
		TEST(the_psk_is_that_of_the_connection),
		TEST(dtls_only_for_who_asks_and_where_it_is_on),
		TEST(the_mtu_fits_link_and_device),
		TEST(an_ipv6_address_only_for_who_asks),
		TEST(a_profile_at_connect),
		TEST(phones_have_time_limits_of_their_own),
		TEST(the_end_of_a_login_closes_its_connection_once),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
