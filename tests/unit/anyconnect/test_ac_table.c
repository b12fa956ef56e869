// The table of the machine is whole, and its rows keep what was promised.
#include <errno.h>

#include "mst_test.h"

#include "ac.h"

static void
every_pair_has_a_row(void **state)
{
	(void)state;
	for (int st = 0; st < AC_N_STATES; st++) {
		assert_non_null(ac_state_names[st]);
		for (int ev = 0; ev < AC_N_EVENTS; ev++) {
			assert_non_null(ac_event_names[ev]);
			if (ac_table[st][ev].action == NULL)
				fail_msg("no row for %s in %s", ac_event_names[ev], ac_state_names[st]);
			assert_in_range(ac_table[st][ev].next, 0, AC_N_STATES - 1);
		}
	}
}

// Success comes from the caller's word while a password is checked, and from nothing else.
static void
only_a_checked_password_signs_in(void **state)
{
	(void)state;
	for (int st = 0; st < AC_N_STATES; st++)
		for (int ev = 0; ev < AC_N_EVENTS; ev++)
			if (ac_table[st][ev].next == AC_ST_SIGNED && st != AC_ST_SIGNED)
				assert_true(st == AC_ST_VERIFY && ev == AC_EV_AUTH_OK);
}

static void
only_accept_leads_to_the_tunnel(void **state)
{
	(void)state;
	for (int st = 0; st < AC_N_STATES; st++)
		for (int ev = 0; ev < AC_N_EVENTS; ev++)
			if (ac_table[st][ev].next == AC_ST_TUNNEL && st != AC_ST_TUNNEL)
				assert_true(st == AC_ST_DECIDE && ev == AC_EV_ACCEPT);
}

static void
closed_stays_closed(void **state)
{
	(void)state;
	for (int ev = 0; ev < AC_N_EVENTS; ev++) {
		assert_int_equal(ac_table[AC_ST_CLOSED][ev].next, AC_ST_CLOSED);
		assert_int_equal(ac_table[AC_ST_CLOSED][ev].tells, MST_AC_CLOSE);
	}
}

static void
faults_close_everywhere(void **state)
{
	(void)state;
	for (int st = 0; st < AC_N_STATES; st++)
		assert_int_equal(ac_table[st][AC_EV_FAULT].next, AC_ST_CLOSED);
}

// A call of our own side in a state it does not belong to changes nothing and says so.
static void
misplaced_calls(void **state)
{
	(void)state;
	for (int st = 0; st < AC_N_STATES; st++) {
		for (int ev = AC_EV_AUTH_OK; ev < AC_N_EVENTS; ev++) {
			struct mst_ac *ac;
			bool is_auth = ev <= AC_EV_AUTH_BUSY;

			if ((st == AC_ST_VERIFY && is_auth) || (st == AC_ST_DECIDE && !is_auth))
				continue;
			assert_int_equal(mst_ac_create(&ac, &(struct mst_ac_params){.page = ""}), 0);
			ac->state = (enum ac_state)st;
			assert_int_equal(
				ac_step(ac, (enum ac_ev)ev, &(struct ac_arg){.cookie = "x"}), -EINVAL);
			assert_int_equal(ac->state, st);
			assert_false(ac->reply.ready);
			mst_ac_destroy(ac);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_has_a_row),
		cmocka_unit_test(only_a_checked_password_signs_in),
		cmocka_unit_test(only_accept_leads_to_the_tunnel),
		cmocka_unit_test(closed_stays_closed),
		cmocka_unit_test(faults_close_everywhere),
		cmocka_unit_test(misplaced_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
