// What RADIUS servers are told of a session: once when it first connects, from time to time, and how it ended.
#include <string.h>

#include "fake_auth.h"
#include "rig.h"

static int
setup(void **state)
{
	fake = (struct fake_auth){0};
	rig_setup(state);
	rig_conf.auth.radius.n_accounting = 1;
	rig_conf.auth.radius.interim_s = 600;
	return 0;
}

static const struct fake_account *
last(unsigned int n, enum mst_auth_account_kind kind)
{
	assert_int_equal(fake.n_accounts, n);
	assert_int_equal(fake.accounts[n - 1].kind, kind);
	return &fake.accounts[n - 1];
}

static void
a_session_from_start_to_stop(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct mst_ip remote, inner4 = mst_ip4_from_host(l->session->addr4);
	const struct fake_account *a = last(1, MST_AUTH_ACCOUNT_START);
	char session[MST_CONTROL_NAME_BYTES];

	(void)state;
	assert_int_equal(mst_ip_parse("198.51.100.7", &remote), 0);
	assert_string_equal(a->user, "bob");
	assert_string_equal(a->group, "staff");
	assert_string_equal(a->user_agent, "Open AnyConnect VPN Agent v9.01");
	assert_true(mst_ip_equal(&a->is.remote, &remote) && mst_ip_equal(&a->is.inner4, &inner4));
	assert_int_equal(a->is.inner6.family, 0); // the device has not asked for one
	assert_int_equal(a->is.session_s, 0);
	mst_control_session_name(rig, l->session->id, session);
	assert_int_equal(strlen(session), MST_CONTROL_NAME_BYTES - 1);
	assert_memory_equal(a->session, session, MST_CONTROL_NAME_BYTES - 1);
	mst_control_session_name(rig, l->session->id + 1, session);
	assert_string_equal(session, "");
	l->reported_from_ns -= 100 * MST_NS_PER_S;
	l->session->has6 = true;
	control_login_end(rig, l, CONTROL_END_ADMIN);
	a = last(2, MST_AUTH_ACCOUNT_STOP);
	assert_int_equal(a->is.cause, MST_AUTH_CAUSE_ADMIN);
	assert_in_range(a->is.session_s, 100, 110);
	assert_int_equal(a->is.inner6.family, 6);
	device_close(&d);
}

static void
its_name_is_the_same_in_all_reports_and_no_other_ones(void **state)
{
	struct device d, e;
	struct control_login *bob = rig_tunnel(&d, "bob", NULL);
	uint64_t due = bob->report.due_ns;

	(void)state;
	assert_true(due >= bob->reported_from_ns + 600 * MST_NS_PER_S);
	mst_wheel_stop(&bob->look);
	mst_wheel_stop(&d.conn->limit);
	mst_wheel_turn(&rig->wheel, due - 1, 100);
	last(1, MST_AUTH_ACCOUNT_START);
	mst_wheel_turn(&rig->wheel, due + 2 * rig->wheel.slot_ns, 100);
	last(2, MST_AUTH_ACCOUNT_INTERIM);
	assert_true(bob->report.due_ns > due);
	control_look_arm(bob);
	rig_tunnel(&e, "bob", NULL);
	last(3, MST_AUTH_ACCOUNT_START);
	assert_string_equal(fake.accounts[0].session, fake.accounts[1].session);
	assert_string_not_equal(fake.accounts[0].session, fake.accounts[2].session);
	device_close(&d);
	device_close(&e);
}

static void
a_reconnect_is_no_other_session(void **state)
{
	struct device d, again;
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l = rig_tunnel(&d, "bob", cookie);

	(void)state;
	device_close(&d);
	device_open(&again, "198.51.100.9");
	device_connect(&again, cookie, "", answer, sizeof(answer));
	assert_ptr_equal(l->conn, again.conn);
	last(1, MST_AUTH_ACCOUNT_START);
	device_close(&again);
}

static void
nothing_is_told_of_who_never_connected_and_to_nobody(void **state)
{
	struct device d;

	(void)state;
	control_login_end(rig, rig_login("bob", NULL), CONTROL_END_AWAY);
	assert_int_equal(fake.n_accounts, 0);
	rig_conf.auth.radius.n_accounting = 0;
	control_login_end(rig, rig_tunnel(&d, "bob", NULL), CONTROL_END_BYE);
	assert_int_equal(fake.n_accounts, 0);
	device_close(&d);
	rig_conf.auth.radius.n_accounting = 1;
	rig_conf.auth.radius.interim_s = 0;
	assert_int_equal(rig_tunnel(&d, "bob", NULL)->report.due_ns, 0);
	device_close(&d);
}

static void
each_end_has_its_cause(void **state)
{
	static const enum mst_auth_cause causes[] = {
		[CONTROL_END_BYE] = MST_AUTH_CAUSE_USER,
		[CONTROL_END_IDLE] = MST_AUTH_CAUSE_IDLE,
		[CONTROL_END_LIMIT] = MST_AUTH_CAUSE_LIMIT,
		[CONTROL_END_EXPIRED] = MST_AUTH_CAUSE_LIMIT,
		[CONTROL_END_ADMIN] = MST_AUTH_CAUSE_ADMIN,
		[CONTROL_END_AWAY] = MST_AUTH_CAUSE_LOST,
		[CONTROL_END_LOST] = MST_AUTH_CAUSE_LOST,
		[CONTROL_END_STOP] = MST_AUTH_CAUSE_STOP,
	};

	(void)state;
	for (unsigned int i = 0; i < MST_ARRAY_SIZE(causes); i++) {
		struct device d;
		struct control_login *l = rig_tunnel(&d, "bob", NULL);

		fake.n_accounts = 0;
		control_login_end(rig, l, (enum control_end)i);
		assert_int_equal(last(1, MST_AUTH_ACCOUNT_STOP)->is.cause, causes[i]);
		device_close(&d);
		mst_test_reclaim();
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_from_start_to_stop),
		TEST(its_name_is_the_same_in_all_reports_and_no_other_ones),
		TEST(a_reconnect_is_no_other_session),
		TEST(nothing_is_told_of_who_never_connected_and_to_nobody),
		TEST(each_end_has_its_cause),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
