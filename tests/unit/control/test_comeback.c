// Devices that come back by a cookie: through a restart, and who does not.
#include <errno.h>
#include <time.h>

#include "rig.h"

static char answer[8192];

static void
connect_by(struct device *d, const char *remote, const char *cookie, const char *status)
{
	char line[32];

	snprintf(line, sizeof(line), "HTTP/1.1 %s ", status);
	device_open(d, remote);
	device_connect(d, cookie, "X-DTLS-CipherSuite: PSK-NEGOTIATE\r\n", answer, sizeof(answer));
	if (strncmp(answer, line, strlen(line)) != 0)
		fail_msg("expected %s, found %.40s", status, answer);
}

static void
a_restart_keeps_session_and_address(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l, *other;
	uint32_t addr4;

	(void)state;
	rig_login("eve", NULL);
	addr4 = rig_tunnel(&d, "bob", cookie)->session->addr4;
	rig_restart();
	device_close(&d);
	assert_int_equal(rig->n_logins, 2);
	l = rig_find(cookie);
	assert_true(l->nameless && l->conn == NULL);
	assert_int_equal(l->session->addr4, addr4);
	other = rig_login("joe", NULL); // who comes first gets none of their addresses
	assert_int_not_equal(other->session->addr4, addr4);
	connect_by(&d, "198.51.100.9", cookie, "200");
	assert_ptr_equal(rig_find(cookie), l);
	assert_ptr_equal(l->conn, d.conn);
	assert_string_equal(l->user, "bob");
	assert_string_equal(l->group, "staff");
	assert_string_equal(l->session->info->user, "bob");
	assert_int_equal(l->session->addr4, addr4);
	assert_ptr_equal(control_login_by_user(rig, "bob", NULL), l);
	assert_int_equal(rig->counters.connect_restored, 1);
	assert_int_equal(rig->counters.connect_resumed, 1);
	assert_int_equal(rig->counters.auth_ok, 0);
	device_close(&d);
}

// In the time that the device takes the session limit goes on, and no reconnect sets it back.
static void
a_restart_gives_no_more_time(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l;
	struct mst_cookie c;

	(void)state;
	rig_conf.timeouts.session_s = rig_conf.timeouts.cookie_s = 1000;
	l = rig_login("bob", cookie);
	assert_int_equal(mst_cookie_open(rig->keys, l->issued_unix_s, cookie, &c), 0);
	c.issued_unix_s -= 400; // as if it had been so long ago
	c.expires_unix_s -= 400;
	assert_int_equal(mst_cookie_seal(rig->keys, l->issued_unix_s, &c, cookie), 0);
	mst_cookie_ledger_note(rig->ledger, &c, MST_COOKIE_LIVES, l->issued_unix_s);
	for (unsigned int i = 0; i < 3; i++) {
		rig_restart();
		connect_by(&d, "198.51.100.7", cookie, "200");
		assert_in_range(header_number(answer, "X-CSTP-Session-Timeout-Remaining: "), 590, 600);
		device_close(&d);
	}
	l = rig_find(cookie);
	control_look(l, (uint64_t)l->expires_ns + 1);
	assert_null(rig_find(cookie));
	assert_int_equal(rig->counters.end_limit, 1);
	connect_by(&d, "198.51.100.7", cookie, "401");
	assert_int_equal(rig->counters.cookie_ended, 1);
	device_close(&d);
}

static void
a_session_without_an_end_has_none_after_a_restart(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_login("bob", cookie);
	rig_restart();
	connect_by(&d, "198.51.100.7", cookie, "200");
	assert_int_equal(rig_find(cookie)->expires_unix_s, 0);
	assert_true(rig_find(cookie)->expires_ns == INT64_MAX);
	device_close(&d);
}

// From the start on a device has timeouts.cookie to come back.
static void
who_does_not_come_back_in_time_is_over(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l;

	(void)state;
	rig_login("bob", cookie);
	rig_restart();
	l = rig_find(cookie);
	control_look(l, l->away_since_ns + 300 * MST_NS_PER_S);
	assert_ptr_equal(rig_find(cookie), l);
	control_look(l, l->away_since_ns + 300 * MST_NS_PER_S + 1);
	assert_null(rig_find(cookie));
	assert_int_equal(rig->counters.end_cookie, 1);
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
	rig_restart();
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
}

// Each way to end, once with and once without a restart behind it.
static void
a_session_that_ended_stays_ended(void **state)
{
	static const enum control_end ways[] = {
		CONTROL_END_BYE, CONTROL_END_IDLE, CONTROL_END_LIMIT, CONTROL_END_ADMIN, CONTROL_END_AWAY};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(ways); i++) {
		char cookie[MST_COOKIE_TEXT_BYTES];
		struct device d;

		rig->counters.cookie_ended = 0;
		control_login_end(rig, rig_login("bob", cookie), ways[i]);
		connect_by(&d, "198.51.100.7", cookie, "401");
		device_close(&d);
		rig_restart();
		connect_by(&d, "198.51.100.7", cookie, "401");
		device_close(&d);
		assert_int_equal(rig->counters.cookie_ended, 2);
		assert_int_equal(rig->n_logins, 0);
	}
}

static void
signing_out_ends_the_cookie(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_tunnel(&d, "bob", cookie);
	device_frame(&d, MST_CSTP_DISCONNECT,
		"\xb0"
		"bye",
		4);
	device_close(&d);
	rig_restart();
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
}

// As of another gateway of the site, or with the ledger lost: what the cookie says is what there is to know.
static struct control_login *
stranger(const char *user, const char *addr4, char cookie[MST_COOKIE_TEXT_BYTES], struct mst_cookie *c)
{
	struct control_login *l = rig_login(user, cookie);

	assert_int_equal(mst_cookie_open(rig->keys, l->issued_unix_s, cookie, c), 0);
	control_login_end(rig, l, CONTROL_END_STOP);
	mst_test_reclaim();
	mst_random(c->id, sizeof(c->id));
	assert_int_equal(mst_ip_parse(addr4, &c->addr4), 0);
	c->addr6.bytes[15] = c->addr4.bytes[3];
	assert_int_equal(mst_cookie_seal(rig->keys, c->issued_unix_s, c, cookie), 0);
	return l;
}

static void
a_cookie_of_the_site_is_good_where_its_address_is_free(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct mst_cookie c;

	(void)state;
	stranger("bob", "10.9.0.5", cookie, &c);
	connect_by(&d, "198.51.100.7", cookie, "200");
	assert_int_equal(rig_find(cookie)->session->addr4, 0x0a090005);
	assert_string_equal(rig_find(cookie)->user, "bob");
	device_close(&d);
	control_login_end(rig, rig_find(cookie), CONTROL_END_BYE);
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
}

static void
an_address_is_never_taken_from_who_has_it(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *owner;
	struct mst_cookie c;

	(void)state;
	stranger("bob", "10.9.0.3", cookie, &c);
	rig_login("a", NULL);
	while ((owner = rig_login("eve", NULL))->session->addr4 != 0x0a090003)
		;
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
	assert_int_equal(rig->counters.cookie_no_address, 1);
	assert_ptr_equal(mst_session_by_addr4(0x0a090003), owner->session);
	assert_string_equal(owner->user, "eve");
	control_login_end(rig, owner, CONTROL_END_BYE); // too late for the cookie: its user has been told
	mst_test_reclaim();
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
}

static const char *const elsewhere[] = {"10.9.0.0", "10.9.0.7", "10.8.255.255", "10.9.0.8", "192.0.2.1"};

static void
addresses_outside_the_pool_are_refused(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct mst_cookie c;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(elsewhere); i++) {
		stranger("bob", elsewhere[i], cookie, &c);
		connect_by(&d, "198.51.100.7", cookie, "401");
		device_close(&d);
	}
	stranger("bob", "10.9.0.4", cookie, &c);
	c.addr6.bytes[3] ^= 1; // of another IPv6 pool
	assert_int_equal(mst_cookie_seal(rig->keys, c.issued_unix_s, &c, cookie), 0);
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
	assert_int_equal(rig->counters.cookie_no_address, MST_ARRAY_SIZE(elsewhere) + 1);
	assert_int_equal(rig->n_logins, 0);
	mst_test_reclaim();
	stranger("bob", "10.9.0.4", cookie, &c);
	c.addr4 = (struct mst_ip){0}; // no wish is no way to get a second address
	assert_int_equal(mst_cookie_seal(rig->keys, c.issued_unix_s, &c, cookie), 0);
	connect_by(&d, "198.51.100.7", cookie, "401");
	device_close(&d);
}

static void
no_more_sessions_than_there_are(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct mst_cookie c;

	(void)state;
	stranger("bob", "10.9.0.5", cookie, &c);
	for (unsigned int i = 0; i < 6; i++)
		rig_login("eve", NULL);
	connect_by(&d, "198.51.100.7", cookie, "503"); // full: the device may try again
	assert_int_equal(rig->counters.connect_no_address, 1);
	device_close(&d);
}

static void
other_rules_other_cookies(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_login("bob", cookie);
	rig_conf.cookie.policy = 1;
	connect_by(&d, "198.51.100.7", cookie, "401");
	assert_int_equal(rig->counters.cookie_policy, 1);
	device_close(&d);
	rig_conf.cookie.policy = 0;
	connect_by(&d, "198.51.100.7", cookie, "200");
	device_close(&d);
}

static const struct {
	const char *signed_in, *comes_from;
	bool deny, taken;
} roads[] = {
	{"198.51.100.7", "198.51.100.7", true, true},
	{"198.51.100.7", "198.51.100.6", true, false},
	{"198.51.100.7", "198.51.100.6", false, true},
	{"198.51.100.7", "2001:db8::7", true, false},
	{"2001:db8:0:1::7", "2001:db8:0:1::8", true, true}, // of the same /64
	{"2001:db8:0:1::7", "2001:db8:0:1:ffff::8", true, true},
	{"2001:db8:0:1::7", "2001:db8:0:2::7", true, false},
	{"2001:db8:0:1::7", "2001:db8:0:2::7", false, true},
	{"2001:db8:0:1::7", "198.51.100.7", true, false},
};

static void
roaming_can_be_denied(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(roads); i++) {
		struct mst_auth_result r = {.outcome = MST_AUTH_OK, .user = "bob"};
		char cookie[MST_COOKIE_TEXT_BYTES];
		struct control_login *l;
		struct control_arrival from = {.host = ""};
		struct device d;

		rig->counters.cookie_roamed = 0;
		rig_conf.cookie.deny_roaming = roads[i].deny;
		assert_int_equal(mst_ip_parse(roads[i].signed_in, &from.remote), 0);
		assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
		connect_by(&d, roads[i].comes_from, cookie, roads[i].taken ? "200" : "401");
		assert_int_equal(rig->counters.cookie_roamed, !roads[i].taken);
		device_close(&d);
		rig_restart(); // the address stands in the cookie
		connect_by(&d, roads[i].comes_from, cookie, roads[i].taken ? "200" : "401");
		device_close(&d);
		control_login_end(rig, rig_find(cookie), CONTROL_END_BYE);
		mst_test_reclaim();
	}
}

static void
same_user_counts_through_a_restart(void **state)
{
	struct device d[3];
	char a[MST_COOKIE_TEXT_BYTES], b[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_login("bob", a);
	rig_login("bob", b);
	rig_restart();
	rig_conf.limits.same_user = 1;
	connect_by(&d[0], "198.51.100.7", a, "200");
	connect_by(&d[1], "198.51.100.7", a, "200"); // the same one again: no second session
	connect_by(&d[2], "198.51.100.7", b, "401");
	assert_int_equal(rig->counters.cookie_same_user, 1);
	for (unsigned int i = 0; i < 3; i++)
		device_close(&d[i]);
}

// One cookie, many connections: one tunnel, the newest; nobody is left half way.
static void
one_cookie_one_tunnel(void **state)
{
	struct mst_session_counts counts;
	struct device d[24];
	char cookie[MST_COOKIE_TEXT_BYTES];
	unsigned int alive = 0;

	(void)state;
	rig_conf.limits.half_open = 100;
	rig_login("bob", cookie);
	rig_restart();
	for (unsigned int i = 0; i < MST_ARRAY_SIZE(d); i++)
		device_open(&d[i], "198.51.100.7");
	for (unsigned int i = 0; i < MST_ARRAY_SIZE(d); i++)
		device_connect(&d[i], cookie, "", answer, sizeof(answer));
	mst_session_counts(&counts);
	assert_int_equal(counts.sessions, 1);
	assert_int_equal(rig->n_conns, 1);
	assert_int_equal(rig->counters.taken_over, MST_ARRAY_SIZE(d) - 1);
	for (unsigned int i = 0; i < MST_ARRAY_SIZE(d); i++)
		alive += !device_gone(&d[i]);
	assert_int_equal(alive, 1);
	assert_ptr_equal(rig_find(cookie)->conn, d[MST_ARRAY_SIZE(d) - 1].conn);
	for (unsigned int i = 0; i < MST_ARRAY_SIZE(d); i++)
		device_close(&d[i]);
}

static void
an_old_key_opens_until_it_is_gone(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct mst_conf_error err;
	uint64_t now = (uint64_t)time(NULL);

	(void)state;
	rig_login("bob", cookie);
	assert_int_equal(mst_cookie_keys_rotate(rig_conf.cookie.keys, now + 1, 3600, &err), 0);
	rig_restart();
	connect_by(&d, "198.51.100.7", cookie, "200");
	device_close(&d);
	assert_int_equal(unlink(rig_conf.cookie.keys), 0); // another ring
	rig_restart();
	connect_by(&d, "198.51.100.7", cookie, "401");
	assert_int_equal(rig->counters.connect_bad_cookie, 1);
	device_close(&d);
}

// By hand: the thread writes, the loop reads, and cookies of before stay good.
static void
a_turn_of_the_ring_disturbs_nobody(void **state)
{
	struct mst_cookie_keys_info info, after;
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_login("bob", cookie);
	uint64_t now_ns = mst_now_ns();

	(void)state;
	mst_cookie_keys_info(rig->keys, (uint64_t)time(NULL) + 10, &info);
	assert_int_equal(mst_control_rotate_cookie_key(rig), 0);
	assert_int_equal(mst_control_rotate_cookie_key(rig), -EBUSY);
	do {
		usleep(1000);
		mst_wheel_turn(&rig->wheel, now_ns += MST_NS_PER_S, 100);
		mst_cookie_keys_info(rig->keys, (uint64_t)time(NULL) + 10, &after);
	} while (after.n == info.n && now_ns < mst_now_ns() + 250 * MST_NS_PER_S);
	assert_int_equal(after.n, info.n + 1);
	assert_ptr_equal(rig_find(cookie), l);
	rig_login("eve", cookie);
	rig_restart();
	assert_non_null(rig_find(cookie));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_restart_keeps_session_and_address),
		TEST(a_restart_gives_no_more_time),
		TEST(a_session_without_an_end_has_none_after_a_restart),
		TEST(who_does_not_come_back_in_time_is_over),
		TEST(a_session_that_ended_stays_ended),
		TEST(signing_out_ends_the_cookie),
		TEST(a_cookie_of_the_site_is_good_where_its_address_is_free),
		TEST(an_address_is_never_taken_from_who_has_it),
		TEST(addresses_outside_the_pool_are_refused),
		TEST(no_more_sessions_than_there_are),
		TEST(other_rules_other_cookies),
		TEST(roaming_can_be_denied),
		TEST(same_user_counts_through_a_restart),
		TEST(one_cookie_one_tunnel),
		TEST(an_old_key_opens_until_it_is_gone),
		TEST(a_turn_of_the_ring_disturbs_nobody),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
