// Sign-in through control: what goes to the helper, what its word does to connection, session, points and events.
#include "form.h"

#define HERE "198.51.100.7"

static unsigned int
points(void)
{
	struct mst_control_ban b = {0};
	size_t at = 0;

	return mst_control_ban_next(rig, &at, &b) ? b.points : 0;
}

static void
right(void **state)
{
	struct mst_control_event e;
	struct device d;

	(void)state;
	device_open(&d, HERE);
	form_post(&d, NULL, "username=Anna&password=secret");
	assert_string_equal(fake.user, "Anna");
	assert_string_equal(fake.password, "secret");
	assert_int_equal(d.conn->state, CONN_AUTH);
	form_result(&d, fake.submitted, MST_AUTH_OK, "anna");
	assert_form("Set-Cookie: webvpn=");
	assert_int_equal(rig->counters.auth_ok, 1);
	assert_non_null(control_login_by_user(rig, "anna", NULL));
	assert_null(control_login_by_user(rig, "Anna", NULL));
	assert_false(mst_control_event_next(rig, 0, &e)); // a session is one when it connects
	device_close(&d);
}

static void
wrong(void **state)
{
	struct mst_control_event e;
	struct device d;

	(void)state;
	device_open(&d, HERE);
	form_post(&d, NULL, "username=Anna&password=x");
	form_result(&d, fake.submitted, MST_AUTH_NO, "anna");
	assert_form("name=\"username\"");
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->counters.auth_failed, 1);
	assert_true(mst_control_event_next(rig, 0, &e));
	assert_string_equal(e.user, "anna");
	device_close(&d);
}

// Nobody has judged it: no points, no event.
static void
put_off(void **state)
{
	struct mst_control_event e;
	struct device d;

	(void)state;
	rig_conf.bans =
		(struct mst_conf_bans){.max_points = 80, .wrong_password = 10, .reset_s = 1200, .ban_s = 300};
	for (unsigned int i = 0; i < 3; i++) {
		fake.says = i == 0 ? -EBUSY : 0;
		device_open(&d, HERE);
		form_post(&d, NULL, "username=anna&password=secret");
		if (i == 1)
			form_result(&d, fake.submitted, MST_AUTH_BUSY, "anna");
		if (i == 2) {
			form_result(&d, fake.submitted, MST_AUTH_MORE, "");
			fake.says = -ENOENT; // the helper has gone, and its question with it
			form_post(&d, NULL, "secondary_password=1");
		}
		assert_form("HTTP/1.1 503 ");
		assert_int_equal(rig->counters.auth_busy, i + 1);
		device_close(&d);
	}
	assert_int_equal(points(), 0);
	assert_false(mst_control_event_next(rig, 0, &e));
}

// What comes of a sign-in whose device has gone is nobody's, and the helper is told that nobody waits; having left before
// the answer counts as a try.
static void
whoever_has_gone_gets_nothing(void **state)
{
	struct device d, other;
	uint64_t token;

	(void)state;
	rig_conf.bans =
		(struct mst_conf_bans){.max_points = 80, .wrong_password = 10, .reset_s = 1200, .ban_s = 300};
	device_open(&d, HERE);
	form_post(&d, NULL, "username=anna&password=secret");
	token = fake.submitted;
	control_conn_close(d.conn);
	assert_true(fake.cancelled == token);
	assert_int_equal(points(), 10);
	device_open(&other, HERE);
	form_result(&other, token, MST_AUTH_OK, "anna");
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(form_answer[0], '\0');
	device_close(&other);
	device_close(&d);
}

// However a name is typed, and with a question in between or not: who signs in takes back what his own mistakes have added.
static void
mistakes_are_forgiven_under_the_name_they_were_counted_under(void **state)
{
	static const struct {
		const char *mistyped, *typed;
		bool asks;
	} rows[] = {
		{"username=Anna&password=x", "username=anna&password=secret", false},
		{"username=anna&password=x", "username=ANNA.&password=secret", false},
		{"username=anna&password=x", "username=anna&password=secret", true},
	};

	(void)state;
	rig_conf.bans =
		(struct mst_conf_bans){.max_points = 80, .wrong_password = 10, .reset_s = 1200, .ban_s = 300};
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct device d;

		device_open(&d, HERE);
		form_post(&d, NULL, rows[i].mistyped);
		form_result(&d, fake.submitted, MST_AUTH_NO, "anna");
		assert_int_equal(points(), 10);
		form_post(&d, NULL, rows[i].typed);
		if (rows[i].asks) {
			form_result(&d, fake.submitted, MST_AUTH_MORE, "");
			form_post(&d, NULL, "secondary_password=123456");
		}
		form_result(&d, fake.submitted, MST_AUTH_OK, "anna");
		assert_int_equal(points(), 0);
		device_close(&d);
	}
}

// Another account of one's own takes back nothing of it.
static void
mistakes_with_another_name_stay(void **state)
{
	struct device d;

	(void)state;
	rig_conf.bans =
		(struct mst_conf_bans){.max_points = 80, .wrong_password = 10, .reset_s = 1200, .ban_s = 300};
	device_open(&d, HERE);
	form_post(&d, NULL, "username=anna&password=x");
	form_result(&d, fake.submitted, MST_AUTH_NO, "anna");
	form_post(&d, NULL, "username=eve&password=secret");
	form_result(&d, fake.submitted, MST_AUTH_OK, "eve");
	assert_int_equal(points(), 10);
	device_close(&d);
}

static void
nobody_is_asked_for_a_session_that_there_is_not(void **state)
{
	struct device d;

	(void)state;
	rig->draining = true;
	device_open(&d, HERE);
	form_post(&d, NULL, "username=anna&password=secret");
	assert_form("HTTP/1.1 503 ");
	assert_int_equal(fake.n_submits, 0);
	device_close(&d);
	rig->draining = false;
	for (unsigned int i = 0; i < 6; i++) // the pool has no more
		rig_login("bob", NULL);
	device_open(&d, HERE);
	form_post(&d, NULL, "username=anna&password=secret");
	assert_form("HTTP/1.1 503 ");
	assert_int_equal(fake.n_submits, 0);
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, form_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(right),
		TEST(wrong),
		TEST(put_off),
		TEST(whoever_has_gone_gets_nothing),
		TEST(mistakes_are_forgiven_under_the_name_they_were_counted_under),
		TEST(mistakes_with_another_name_stay),
		TEST(nobody_is_asked_for_a_session_that_there_is_not),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
