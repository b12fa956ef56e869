// Drain: who is in leaves by and by and without a word, nobody comes in, and all is as before when it is undone.
#include <errno.h>

#include "rig.h"

#define N 5

static char answer[8192];

static void
tick_s(uint64_t from_ns, double seconds)
{
	for (double s = 0; s <= seconds; s += 0.05)
		mst_wheel_turn(&rig->wheel, from_ns + (uint64_t)(s * (double)MST_NS_PER_S), 100);
}

static bool
status_is(const char *status)
{
	return strncmp(answer + 9, status, 3) == 0;
}

static void
connections_close_evenly_and_without_a_word(void **state)
{
	uint8_t buf[MST_TLS_RECORD_BYTES];
	struct device d[N];
	uint64_t now = mst_now_ns();

	(void)state;
	for (unsigned int i = 0; i < N; i++)
		rig_tunnel(&d[i], "bob", NULL);
	mst_control_drain(rig, 10);
	tick_s(now, 4.5);
	assert_in_range(rig->n_conns, 2, 3);
	tick_s(now + 4 * MST_NS_PER_S, 4);
	assert_true(rig->n_conns > 0);
	tick_s(now + 8 * MST_NS_PER_S, 3);
	assert_int_equal(rig->n_conns, 0);
	assert_int_equal(rig->counters.drained, N);
	assert_int_equal(rig->n_logins, N); // they wait, should the drain be undone
	for (unsigned int i = 0; i < N; i++) {
		assert_int_equal(device_read(&d[i], buf, sizeof(buf)), -1);
		device_close(&d[i]);
	}
	mst_control_undrain(rig);
}

static void
at_once_is_at_once(void **state)
{
	struct device d[N];

	(void)state;
	for (unsigned int i = 0; i < N; i++)
		rig_tunnel(&d[i], "bob", NULL);
	mst_control_drain(rig, 3600);
	mst_control_drain(rig, 0); // the new time counts
	tick_s(mst_now_ns(), 0.5);
	assert_int_equal(rig->n_conns, 0);
	for (unsigned int i = 0; i < N; i++)
		device_close(&d[i]);
}

static void
nobody_comes_in_meanwhile(void **state)
{
	struct device d;
	struct control_login *l;
	struct mst_session *s;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	l = rig_tunnel(&d, "bob", cookie);
	s = l->session;
	mst_control_drain(rig, 0);
	tick_s(mst_now_ns(), 0.5);
	device_close(&d);
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_true(status_is("503")); // comes again, where it may be taken in
	assert_int_equal(rig->counters.connect_draining, 1);
	device_close(&d);
	assert_ptr_equal(rig_find(cookie), l);
	assert_true(mst_control_undrain(rig));
	assert_false(mst_control_undrain(rig));
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_true(status_is("200"));
	assert_ptr_equal(l->session, s);
	device_close(&d);
}

static void
an_undone_drain_closes_nothing_more(void **state)
{
	struct device d[N];

	(void)state;
	for (unsigned int i = 0; i < N; i++)
		rig_tunnel(&d[i], "bob", NULL);
	mst_control_drain(rig, 10);
	assert_true(mst_control_undrain(rig));
	tick_s(mst_now_ns(), 11);
	assert_int_equal(rig->n_conns, N);
	assert_int_equal(rig->counters.drained, 0);
	for (unsigned int i = 0; i < N; i++)
		device_close(&d[i]);
}

static void
all_can_be_sent_away(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_tunnel(&d, "bob", cookie);
	rig_login("eve", NULL);
	assert_int_equal(mst_control_disconnect_all(rig), 2);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.end_admin, 2);
	rig_restart();
	assert_null(rig_find(cookie));
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connections_close_evenly_and_without_a_word),
		TEST(at_once_is_at_once),
		TEST(nobody_comes_in_meanwhile),
		TEST(an_undone_drain_closes_nothing_more),
		TEST(all_can_be_sent_away),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
