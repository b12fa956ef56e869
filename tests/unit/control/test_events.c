// What is remembered of sessions for the administrator: each event with who and where, in order, the last ones only.
#include "rig.h"

// The number of the event, for the next one.
static uint64_t
assert_next(uint64_t after, const char *what, const char *user, uint32_t session, const char *reason)
{
	struct mst_control_event e;

	assert_true(mst_control_event_next(rig, after, &e));
	assert_string_equal(e.what, what);
	assert_string_equal(e.user, user);
	assert_int_equal(e.session, session);
	assert_string_equal(e.reason, reason);
	assert_true(e.number > after);
	assert_in_range(e.unix_s, (uint64_t)time(NULL) - 100, (uint64_t)time(NULL));
	return e.number;
}

static void
assert_no_more(uint64_t after)
{
	struct mst_control_event e;

	assert_false(mst_control_event_next(rig, after, &e));
}

static void
a_session_from_its_connect_to_its_end(void **state)
{
	struct mst_control_event e;
	char text[MST_IP_TEXT_BYTES];
	struct device d;
	struct control_login *l;
	uint32_t id;
	uint64_t n;

	(void)state;
	assert_no_more(0);
	l = rig_tunnel(&d, "bob", NULL);
	id = l->session->id;
	n = assert_next(0, "connect", "bob", id, "");
	assert_true(mst_control_event_next(rig, 0, &e));
	assert_int_equal(mst_ip4_host(&e.addr4), l->session->addr4);
	assert_string_equal(mst_ip_format(&e.remote, text), "198.51.100.7");
	assert_no_more(n);
	device_close(&d);
	n = assert_next(n, "away", "bob", id, "its connection has gone");
	assert_no_more(n);
	assert_true(mst_control_disconnect_id(rig, id));
	n = assert_next(n, "end", "bob", id, "an administrator has ended it");
	assert_no_more(n);
}

static void
an_end_of_a_connected_session_is_one_event(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint32_t id = l->session->id;
	uint64_t n = assert_next(0, "connect", "bob", id, "");

	(void)state;
	control_login_end(rig, l, CONTROL_END_LIMIT);
	n = assert_next(n, "end", "bob", id, "its time is over");
	assert_no_more(n);
	device_close(&d);
	assert_no_more(n);
}

static void
refusals_tell_the_source_and_no_session(void **state)
{
	struct mst_control_event e;
	char text[MST_IP_TEXT_BYTES];
	struct device d;

	(void)state;
	device_open(&d, "2001:db8::7");
	control_event_refused(rig, "nobody", &d.conn->remote, "sign-in");
	assert_next(0, "refused", "nobody", 0, "sign-in");
	assert_true(mst_control_event_next(rig, 0, &e));
	assert_string_equal(mst_ip_format(&e.remote, text), "2001:db8::7");
	assert_int_equal(e.addr4.family, 0);
	assert_int_equal(e.addr6.family, 0);
	device_close(&d);
}

// One below, at and one above what is remembered: the oldest go.
static void
the_oldest_are_forgotten(void **state)
{
	struct mst_control_event e;
	struct device d;
	uint64_t first = 0;

	(void)state;
	device_open(&d, "198.51.100.7");
	for (unsigned int i = 0; i < MST_CONTROL_EVENTS + 1; i++) {
		char user[16];

		snprintf(user, sizeof(user), "user%u", i);
		control_event_refused(rig, user, &d.conn->remote, "sign-in");
		assert_true(mst_control_event_next(rig, 0, &e));
		if (i == 0)
			first = e.number;
		assert_int_equal(e.number - first, i < MST_CONTROL_EVENTS ? 0 : 1);
	}
	assert_next(0, "refused", "user1", 0, "sign-in");
	assert_next(first, "refused", "user1", 0, "sign-in");
	assert_next(first + MST_CONTROL_EVENTS - 1, "refused", "user256", 0, "sign-in");
	assert_no_more(first + MST_CONTROL_EVENTS);
	device_close(&d);
}

// Anybody can be refused as often as he likes: what sessions did is still there, in its place.
static void
refusals_push_out_refusals_alone(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint32_t id = l->session->id;
	uint64_t n;

	(void)state;
	for (unsigned int i = 0; i < 2 * MST_CONTROL_EVENTS; i++)
		control_event_refused(rig, "eve", &d.conn->remote, "sign-in");
	control_event_of(l, "end", "here");
	n = assert_next(0, "connect", "bob", id, "");
	for (unsigned int i = 0; i < MST_CONTROL_EVENTS; i++)
		n = assert_next(n, "refused", "eve", 0, "sign-in");
	n = assert_next(n, "end", "bob", id, "here");
	assert_no_more(n);
	device_close(&d);
}

// Whoever followed the process before sees all of this one, also when its clock was ahead.
static void
numbers_of_another_process(void **state)
{
	struct mst_control_event e;
	struct device d;

	(void)state;
	assert_no_more(UINT64_MAX);
	device_open(&d, "198.51.100.7");
	control_event_refused(rig, "a", &d.conn->remote, "sign-in");
	control_event_refused(rig, "b", &d.conn->remote, "sign-in");
	assert_true(mst_control_event_next(rig, 0, &e));
	assert_true(mst_control_event_next(rig, e.number + 2, &e));
	assert_string_equal(e.user, "a");
	assert_true(mst_control_event_next(rig, UINT64_MAX, &e));
	assert_string_equal(e.user, "a");
	assert_true(mst_control_event_next(rig, e.number - 1, &e));
	assert_string_equal(e.user, "a");
	device_close(&d);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_session_from_its_connect_to_its_end),
		TEST(an_end_of_a_connected_session_is_one_event),
		TEST(refusals_tell_the_source_and_no_session),
		TEST(the_oldest_are_forgotten),
		TEST(refusals_push_out_refusals_alone),
		TEST(numbers_of_another_process),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
