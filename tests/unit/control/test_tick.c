// What time does to a sign-in: cookie, idle and session limits, DPD, and which path packets take. Time is an argument.
#include <time.h>

#include "rig.h"

#define S MST_NS_PER_S

// Every login is looked at, due or not: what is decided depends on the time alone.
static void
tick_at(uint64_t ns)
{
	struct control_login *l, *next;

	for (l = TAILQ_FIRST(&rig->logins); l != NULL; l = next) {
		next = TAILQ_NEXT(l, all);
		control_look(l, ns);
	}
}

static void
a_login_that_nobody_takes_up_ends_with_its_cookie(void **state)
{
	struct control_login *l = rig_login("bob", NULL);
	uint64_t t = l->signed_in_ns;

	(void)state;
	tick_at(t + 300 * S);
	assert_int_equal(rig->n_logins, 1);
	tick_at(t + 300 * S + 1);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.end_cookie, 1);
}

static void
the_cookie_time_counts_only_while_the_device_is_away(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);

	(void)state;
	rig_conf.timeouts.dpd_s = 0;
	tick_at(l->signed_in_ns + 3000 * S);
	assert_int_equal(rig->n_logins, 1);
	device_close(&d);
	assert_null(l->conn);
	assert_int_equal(rig->counters.tcp_lost, 1);
	assert_false(l->session->info->connected);
	tick_at(l->away_since_ns + 300 * S);
	assert_int_equal(rig->n_logins, 1);
	tick_at(l->away_since_ns + 300 * S + 1);
	assert_int_equal(rig->n_logins, 0);
}

static void
the_session_limit_is_of_the_sign_in(void **state)
{
	struct device d, again;
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l = rig_tunnel(&d, "bob", cookie);
	uint64_t t = l->signed_in_ns;

	(void)state;
	rig_conf.timeouts.dpd_s = 0;
	rig_conf.timeouts.session_s = 1000;
	l->signed_in_ns -= 400 * S; // as if it had been so long ago
	t = l->signed_in_ns;
	device_open(&again, "198.51.100.7");
	device_connect(&again, cookie, "", answer, sizeof(answer));
	assert_in_range(header_number(answer, "X-CSTP-Session-Timeout-Remaining: "), 595, 600);
	assert_int_equal(header_number(answer, "X-CSTP-Session-Timeout: "), 1000);
	assert_int_equal(l->signed_in_ns, t);
	tick_at(t + 1000 * S);
	assert_int_equal(rig->n_logins, 1);
	tick_at(t + 1000 * S + 1);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.end_limit, 1);
	assert_true(device_gone(&again));
	device_close(&again);
	device_close(&d);
}

// A token is over: its device is told so, before by CONNECT and when it happens, also behind a restart.
static void
what_was_shown_is_over(void **state)
{
	struct mst_auth_result r = {
		.outcome = MST_AUTH_OK, .user = "bob", .expires_unix_s = (uint64_t)time(NULL) + 700};
	const struct control_arrival from = {.remote = {.family = 4, .bytes = {198, 51, 100, 7}}, .host = ""};
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l;
	struct device d;

	(void)state;
	rig_conf.timeouts.dpd_s = 0;
	rig_conf.timeouts.session_s = 1000;
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
	rig_restart();
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_in_range(header_number(answer, "X-CSTP-Session-Timeout: "), 699, 700);
	assert_in_range(header_number(answer, "X-CSTP-Session-Timeout-Remaining: "), 690, 700);
	l = rig_find(cookie);
	tick_at((uint64_t)l->expires_ns);
	assert_int_equal(rig->n_logins, 1);
	tick_at((uint64_t)l->expires_ns + 1);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.end_expired, 1);
	assert_int_equal(rig->counters.end_limit, 0);
	assert_true(device_read(&d, answer, sizeof(answer)) > 0);
	assert_non_null(memmem(answer, 80, "Sign in again", 13));
	device_close(&d);
}

// A limit that a reload has made shorter is the limit's end, and not the token's.
static void
a_shorter_limit_ends_before_the_token(void **state)
{
	struct mst_auth_result r = {
		.outcome = MST_AUTH_OK, .user = "bob", .expires_unix_s = (uint64_t)time(NULL) + 700};
	const struct control_arrival from = {.remote = {.family = 4, .bytes = {198, 51, 100, 7}}, .host = ""};
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l;

	(void)state;
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
	rig_conf.timeouts.session_s = 100;
	tick_at((uint64_t)l->signed_in_ns + 100 * S + 1);
	assert_int_equal(rig->counters.end_limit, 1);
	assert_int_equal(rig->counters.end_expired, 0);
}

// The calendar's second may turn between the two.
static void
assert_expires_in(const struct control_login *l, uint64_t s)
{
	uint64_t now = (uint64_t)time(NULL);

	assert_in_range(mst_control_expires_unix_s(rig, l->session->id), now + s - 2, now + s + 2);
}

static void
what_is_shown_as_the_end_is_the_first_that_comes(void **state)
{
	struct device d;
	struct control_login *l = rig_login("ann", NULL);

	(void)state;
	assert_expires_in(l, 300);
	l = rig_tunnel(&d, "bob", NULL);
	assert_int_equal(mst_control_expires_unix_s(rig, l->session->id), 0);
	rig_conf.timeouts.session_s = 1000;
	rig_conf.timeouts.idle_s = 100;
	assert_expires_in(l, 1000);
	device_close(&d);
	assert_expires_in(l, 100);
	rig_conf.timeouts.idle_s = 0;
	assert_expires_in(l, 300);
	rig_conf.timeouts.session_s = 200;
	assert_expires_in(l, 200);
	l->signed_in_ns -= 400 * (int64_t)S; // it is over, and nobody has looked yet
	assert_expires_in(l, 0);
	assert_int_equal(mst_control_expires_unix_s(rig, UINT32_MAX), 0);
}

static const uint8_t udp[] = {
	0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 9, 0, 1, 8, 8, 8, 8, 0, 1, 0, 1, 0, 8, 0, 0};

static void
only_data_that_is_not_icmp_keeps_a_session_from_idling(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint8_t ping[sizeof(udp)];
	uint64_t t;

	(void)state;
	rig_conf.timeouts.idle_s = 100;
	rig_conf.timeouts.dpd_s = 0;
	memcpy(ping, udp, sizeof(ping));
	ping[9] = 1;
	t = l->last_data_ns;
	device_frame(&d, MST_CSTP_DATA, ping, sizeof(ping));
	device_frame(&d, MST_CSTP_KEEPALIVE, NULL, 0);
	assert_int_equal(rig->counters.stream_rx, 1);
	tick_at(t + 100 * S);
	assert_int_equal(l->last_data_ns, t);
	device_frame(&d, MST_CSTP_DATA, udp, sizeof(udp));
	tick_at(t + 100 * S);
	assert_true(l->last_data_ns > t);
	t = l->last_data_ns;
	tick_at(t + 100 * S);
	assert_int_equal(rig->n_logins, 1);
	tick_at(t + 100 * S + 1);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.end_idle, 1);
	device_close(&d);
}

// ICMPv6 as well (RFC 4443), and behind an extension header.
static void
icmp6_is_no_use_either(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint8_t p[48] = {0x60, 0, 0, 0, 0, 8, 58, 64};
	uint64_t t = l->last_data_ns;

	(void)state;
	device_frame(&d, MST_CSTP_DATA, p, sizeof(p));
	assert_int_equal(l->session->last_stream_data_ns, 0);
	p[6] = 0; // hop-by-hop of 8 bytes, then ICMPv6
	p[40] = 58;
	device_frame(&d, MST_CSTP_DATA, p, sizeof(p));
	assert_int_equal(l->session->last_stream_data_ns, 0);
	p[6] = 17;
	p[45] = 8; // length of a UDP header alone
	device_frame(&d, MST_CSTP_DATA, p, sizeof(p));
	assert_true(l->session->last_stream_data_ns > t);
	device_close(&d);
}

static void
what_was_used_before_a_new_association_counts(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct mst_sa *sa = rig_sa(l->session, 1000);
	uint64_t used;

	(void)state;
	rig_conf.timeouts.idle_s = 100;
	rig_conf.timeouts.dpd_s = 0;
	l->last_data_ns = mst_now_ns() - 90 * S;
	atomic_store(&sa->last_data_tsc, rte_get_tsc_cycles());
	tick_at(mst_now_ns());
	used = l->last_data_ns;
	assert_true(used > mst_now_ns() - 2 * S);
	rig_sa(l->session, 1000); // its last_data_tsc is 0
	tick_at(used + 99 * S);
	assert_int_equal(rig->n_logins, 1);
	assert_int_equal(l->last_data_ns, used);
	device_close(&d);
}

// Another core's stamp may be ahead of ours by a few cycles.
static void
a_stamp_of_the_future_is_now(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct mst_sa *sa = rig_sa(l->session, 1000);
	uint64_t now;

	(void)state;
	rig_conf.timeouts.idle_s = 100;
	atomic_store(&sa->last_data_tsc, rte_get_tsc_cycles() + rte_get_tsc_hz());
	now = mst_now_ns();
	tick_at(now);
	assert_int_equal(rig->n_logins, 1);
	assert_int_equal(l->last_data_ns, now);
	device_close(&d);
}

static void
a_cookie_that_waited_does_not_make_a_session_idle(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	rig_conf.timeouts.idle_s = 100;
	l->signed_in_ns -= 200 * S;
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	tick_at(mst_now_ns());
	assert_int_equal(rig->n_logins, 1);
	device_close(&d);
}

static void
dpd_asks_and_then_gives_up(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint64_t t = l->conn->last_rx_ns;
	uint8_t buf[MST_TLS_RECORD_BYTES];

	(void)state;
	tick_at(t + 30 * S - 1);
	assert_int_equal(device_read(&d, buf, sizeof(buf)), 0);
	tick_at(t + 30 * S);
	assert_int_equal(device_read(&d, buf, sizeof(buf)), MST_CSTP_HEADER_BYTES);
	assert_int_equal(buf[6], MST_CSTP_DPD_REQ);
	tick_at(t + 31 * S); // not a question a second
	assert_int_equal(device_read(&d, buf, sizeof(buf)), 0);
	tick_at(t + 90 * S);
	assert_non_null(l->conn);
	assert_int_equal(rig->counters.dpd_timeout, 0);
	tick_at(t + 90 * S + 1);
	assert_null(l->conn);
	assert_int_equal(rig->counters.dpd_timeout, 1);
	assert_int_equal(rig->n_logins, 1); // the device may come back
	device_close(&d);
}

enum was { STREAM = MST_PATH_STREAM, DTLS = MST_PATH_DTLS };
static const struct {
	const char *what;
	enum was before;
	bool dtls_grows;   // since the path was chosen
	uint64_t silent_s; // of the association, at the look
	uint64_t stream_s; // data came by CSTP so long after the association's last record; 0: none
	enum was after;
} paths[] = {
	{"both quiet", DTLS, false, 60, 0, DTLS},
	{"quiet on CSTP too", STREAM, false, 60, 0, STREAM},
	{"DTLS speaks", DTLS, true, 0, 0, DTLS},
	{"DTLS speaks again", STREAM, true, 60, 0, DTLS},
	{"both speak", STREAM, true, 60, 60, DTLS},
	{"stray on CSTP, DTLS quiet for a moment", DTLS, false, 1, 1, DTLS},
	{"stray on CSTP at once, then quiet", DTLS, false, 60, 1, DTLS},
	{"data by CSTP in a long silence", DTLS, false, 3, 2, STREAM},
	{"the same, but not long yet", DTLS, false, 1, 2, DTLS},
	{"stays there", STREAM, false, 60, 50, STREAM},
};

static void
the_path_follows_what_the_device_does(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct mst_session *s = l->session;
	struct mst_sa *sa = rig_sa(s, 1000);
	uint64_t t, changes = 0;

	(void)state;
	rig_conf.timeouts.dpd_s = 0;
	for (size_t i = 0; i < MST_ARRAY_SIZE(paths); i++) {
		uint64_t heard_s = paths[i].dtls_grows ? 0 : paths[i].silent_s;

		t = mst_now_ns() - paths[i].silent_s * S; // when the path was chosen
		l->path_ns = t;
		s->last_stream_rx_ns = paths[i].stream_s != 0 ? t + paths[i].stream_s * S : 0;
		mst_session_set_path(s, (enum mst_session_path)paths[i].before);
		atomic_store(&sa->last_rx_tsc,
			rte_get_tsc_cycles() - (heard_s + !paths[i].dtls_grows) * rte_get_tsc_hz());
		tick_at(mst_now_ns());
		if (atomic_load(&s->path) != (uint8_t)paths[i].after)
			fail_msg("%s: the path is %u", paths[i].what, atomic_load(&s->path));
		changes += paths[i].before != paths[i].after;
	}
	assert_int_equal(rig->counters.path_to_dtls + rig->counters.path_to_stream, changes);
	mst_sa_retire(s);
	tick_at(mst_now_ns() + 100 * S); // without an association there is nothing to choose
	assert_int_equal(atomic_load(&s->path), MST_PATH_STREAM);
	device_close(&d);
}

// What the timer of a login is armed for, while nobody looks at it otherwise.
static uint64_t
look_in(const struct control_login *l)
{
	uint64_t now_ns = mst_now_ns();

	return l->look.due_ns > now_ns ? (l->look.due_ns - now_ns + S / 2) / S : 0;
}

static void
a_login_is_looked_at_when_something_is_due(void **state)
{
	struct device d;
	struct control_login *l;

	(void)state;
	rig_conf.timeouts.cookie_s = 20;
	rig_conf.timeouts.dpd_s = 12;
	l = rig_login("bob", NULL);
	assert_int_equal(look_in(l), 20); // the end of its cookie
	control_login_end(rig, l, CONTROL_END_ADMIN);
	l = rig_tunnel(&d, "bob", NULL);
	assert_int_equal(look_in(l), 12); // the next DPD
	rig_conf.timeouts.idle_s = 9;
	control_look_arm(l);
	assert_int_equal(look_in(l), 9);
	rig_conf.timeouts.session_s = 5;
	control_look_arm(l);
	assert_int_equal(look_in(l), 5);
	rig_sa(l->session, 1000);
	mst_session_set_path(l->session, MST_PATH_STREAM); // DTLS may come back
	control_look_arm(l);
	assert_int_equal(look_in(l), 1);
	mst_session_set_path(l->session, MST_PATH_DTLS);
	control_look_arm(l);
	assert_int_equal(look_in(l), 5);
	device_frame(&d, MST_CSTP_DATA, udp, sizeof(udp)); // why not by DTLS?
	assert_int_equal(look_in(l), 1);
	device_close(&d);
	assert_int_equal(look_in(l), 1);
}

// A reload may make limits shorter: nobody is left alone for the time that was right before.
static void
nobody_is_forgotten(void **state)
{
	struct device d;
	struct control_login *l;

	(void)state;
	rig_conf.timeouts.dpd_s = 0;
	l = rig_tunnel(&d, "bob", NULL);
	assert_int_equal(look_in(l), 30);
	device_close(&d);
	rig_conf.timeouts.cookie_s = 3600;
	control_look_arm(l);
	assert_int_equal(look_in(l), 30);
}

static void
the_wheel_ends_who_is_due(void **state)
{
	(void)state;
	rig_conf.timeouts.cookie_s = 1;
	for (unsigned int i = 0; i < 6; i++)
		rig_login("bob", NULL);
	mst_wheel_turn(&rig->wheel, mst_now_ns() + 2 * S, 4);
	assert_int_equal(rig->n_logins, 2);
	mst_wheel_turn(&rig->wheel, mst_now_ns() + 2 * S, 100);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.end_cookie, 6);
}

// What was seen of the use of an association is kept when the device closes it.
static void
use_outlives_the_association(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct mst_sa *sa = rig_sa(l->session, 1000);

	(void)state;
	l->last_data_ns = 1;
	atomic_store(&sa->last_data_tsc, rte_get_tsc_cycles());
	control_look_drop_sa(l);
	assert_null(atomic_load(&l->session->sa));
	assert_true(l->last_data_ns > mst_now_ns() - S);
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_login_that_nobody_takes_up_ends_with_its_cookie),
		TEST(the_cookie_time_counts_only_while_the_device_is_away),
		TEST(the_session_limit_is_of_the_sign_in),
		TEST(what_was_shown_is_over),
		TEST(a_shorter_limit_ends_before_the_token),
		TEST(what_is_shown_as_the_end_is_the_first_that_comes),
		TEST(only_data_that_is_not_icmp_keeps_a_session_from_idling),
		TEST(icmp6_is_no_use_either),
		TEST(what_was_used_before_a_new_association_counts),
		TEST(a_stamp_of_the_future_is_now),
		TEST(a_cookie_that_waited_does_not_make_a_session_idle),
		TEST(dpd_asks_and_then_gives_up),
		TEST(the_path_follows_what_the_device_does),
		TEST(a_login_is_looked_at_when_something_is_due),
		TEST(nobody_is_forgotten),
		TEST(the_wheel_ends_who_is_due),
		TEST(use_outlives_the_association),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
