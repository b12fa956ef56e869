// What a cookie and an App-ID stand for, and what they no longer stand for.
#include <errno.h>
#include <time.h>

#include "rig.h"

static void
a_cookie_stands_for_its_own_login(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES], other[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_login("bob", cookie), *k = rig_login("bob", other);

	(void)state;
	assert_string_not_equal(cookie, other);
	assert_ptr_equal(rig_find(cookie), l);
	assert_ptr_equal(rig_find(other), k);
	assert_int_not_equal(l->session->addr4, k->session->addr4);
}

// Whatever stands in the same bucket of the table.
static void
the_whole_id_is_compared(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	for (size_t bit = 32; bit < 8 * sizeof(l->cookie_id); bit++) {
		l->cookie_id[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		assert_null(rig_find(cookie));
		l->cookie_id[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	assert_ptr_equal(rig_find(cookie), l);
}

static void
a_cookie_says_what_the_login_is(void **state)
{
	char text[MST_COOKIE_TEXT_BYTES];
	struct control_login *l;
	struct mst_cookie c;

	(void)state;
	rig_conf.timeouts.session_s = 1000;
	rig_conf.cookie.policy = 7;
	l = rig_login("bob", text);
	assert_int_equal(mst_cookie_open(rig->keys, l->issued_unix_s, text, &c), 0);
	assert_string_equal(c.user, "bob");
	assert_string_equal(c.group, "staff");
	assert_int_equal(c.expires_unix_s, c.issued_unix_s + 1000);
	assert_int_equal(c.policy, 7);
	assert_int_equal(mst_ip4_host(&c.addr4), l->session->addr4);
	assert_memory_equal(c.addr6.bytes, l->session->addr6, 16);
	assert_int_equal(c.remote.bytes[3], 7);
}

static const struct {
	uint32_t session_s; // timeouts.session
	uint32_t user_s;    // what the source of identities says
	uint32_t token_s;   // and from when on what was shown is over, from now
	uint32_t want;	    // 0: the session has no end
} expiries[] = {
	{0, 0, 0, 0},
	{100, 0, 0, 100},
	{0, 50, 0, 50},
	{100, 50, 0, 50},
	{100, 150, 0, 100},
	{100, 0, 30, 30},
	{100, 50, 70, 50},
	{0, 0, 30, 30},
	{100, 0, 300, 100},
};

static void
the_first_of_all_ends_is_that_of_the_session(void **state)
{
	struct control_arrival from = {.remote = {.family = 4}, .host = ""};
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(expiries); i++) {
		uint64_t now = (uint64_t)time(NULL);
		struct mst_auth_result r = {.outcome = MST_AUTH_OK,
			.user = "bob",
			.session_s = expiries[i].user_s,
			.expires_unix_s = expiries[i].token_s != 0 ? now + expiries[i].token_s : 0};
		struct control_login *l = NULL;

		rig_conf.timeouts.session_s = expiries[i].session_s;
		assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
		if (expiries[i].want == 0)
			assert_int_equal(l->expires_unix_s, 0);
		else
			assert_in_range(
				l->expires_unix_s, now + expiries[i].want, now + expiries[i].want + 1);
		assert_int_equal(l->expires_with_proof,
			expiries[i].want != 0 && expiries[i].want == expiries[i].token_s);
		control_login_end(rig, l, CONTROL_END_ADMIN);
		mst_test_reclaim();
	}
}

static void
the_cookie_itself_is_not_kept(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES];
	uint8_t kept[sizeof(struct control_login)];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	memcpy(kept, l, sizeof(kept));
	assert_null(memmem(kept, sizeof(kept), cookie + 8, 8));
}

static void
an_ended_login_is_found_by_nothing(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES];
	uint8_t id[CONTROL_APP_ID_BYTES];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	control_login_new_app_id(rig, l);
	memcpy(id, l->app_id, sizeof(id));
	assert_ptr_equal(control_login_by_app_id(rig, id, sizeof(id)), l);
	control_login_end(rig, l, CONTROL_END_ADMIN);
	assert_null(rig_find(cookie));
	assert_null(control_login_by_app_id(rig, id, sizeof(id)));
	assert_int_equal(rig->n_logins, 0);
}

static void
only_the_latest_app_id_counts(void **state)
{
	uint8_t id[CONTROL_APP_ID_BYTES], flipped[CONTROL_APP_ID_BYTES];
	struct control_login *l = rig_login("bob", NULL);

	(void)state;
	control_login_new_app_id(rig, l);
	memcpy(id, l->app_id, sizeof(id));
	for (size_t i = 0; i < 8 * sizeof(id); i++) {
		memcpy(flipped, id, sizeof(id));
		flipped[i / 8] ^= (uint8_t)(1u << (i % 8));
		assert_null(control_login_by_app_id(rig, flipped, sizeof(flipped)));
	}
	assert_null(control_login_by_app_id(rig, id, sizeof(id) - 1));
	assert_null(control_login_by_app_id(rig, id, 0));
	l->psk.len = 32;
	l->psk.bytes[0] = 7;
	control_login_new_app_id(rig, l);
	assert_null(control_login_by_app_id(rig, id, sizeof(id)));
	assert_int_equal(l->psk.len, 0);
	assert_int_equal(l->psk.bytes[0], 0);
	assert_ptr_equal(control_login_by_app_id(rig, l->app_id, sizeof(id)), l);
	control_login_drop_app_id(l);
	assert_null(control_login_by_app_id(rig, l->app_id, sizeof(id)));
}

// The pool of the rig has 6 addresses.
static void
logins_have_a_bound(void **state)
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK, .user = "bob"};
	struct control_arrival from = {.remote = {.family = 4}, .host = ""};
	struct control_login *l = NULL;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		rig_login("bob", NULL);
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), -EADDRNOTAVAIL);
	assert_null(l);
	assert_int_equal(rig->counters.login_full, 1);
	control_login_end(rig, TAILQ_FIRST(&rig->logins), CONTROL_END_ADMIN);
	mst_test_reclaim();
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
}

static void
a_user_has_so_many_sessions_and_no_more(void **state)
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK, .user = "bob"};
	struct control_arrival from = {.remote = {.family = 4}, .host = ""};
	struct control_login *l = NULL;
	char cookie[MST_COOKIE_TEXT_BYTES];

	(void)state;
	rig_conf.limits.same_user = 2;
	rig_login("bob", NULL);
	rig_login("bo", NULL);
	rig_login("bob", NULL);
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), -EDQUOT);
	assert_int_equal(rig->counters.login_same_user, 1);
	rig_login("bo", NULL);
	control_login_end(rig, control_login_by_user(rig, "bob", NULL), CONTROL_END_BYE);
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), -EDQUOT);
	rig_conf.limits.same_user = 0;
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
}

static void
administrators_find_users_and_sessions(void **state)
{
	struct device d;
	struct control_login *bob = rig_tunnel(&d, "bob", NULL), *other = rig_login("bo", NULL);
	uint32_t id = bob->session->id;

	(void)state;
	rig_login("bob", NULL);
	rig_login("bob", NULL);
	assert_ptr_equal(control_login_by_id(rig, id), bob);
	assert_null(control_login_by_id(rig, id - 1));
	assert_null(control_login_by_id(rig, id + rig->login_mask + 1)); // of the same bucket
	assert_ptr_equal(control_login_by_user(rig, "bo", NULL), other);
	assert_null(control_login_by_user(rig, "bo", other));
	assert_null(control_login_by_user(rig, "b", NULL));
	assert_int_equal(mst_control_disconnect_user(rig, "bob"), 3);
	assert_int_equal(rig->n_logins, 1);
	assert_int_equal(rig->counters.end_admin, 3);
	assert_false(mst_control_disconnect_id(rig, id));
	device_close(&d);
}

static void
a_session_ends_by_its_id(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);

	(void)state;
	assert_false(mst_control_disconnect_id(rig, 0));
	assert_true(mst_control_disconnect_id(rig, l->session->id));
	assert_int_equal(rig->n_logins, 0);
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cookie_stands_for_its_own_login),
		TEST(the_whole_id_is_compared),
		TEST(a_cookie_says_what_the_login_is),
		TEST(the_first_of_all_ends_is_that_of_the_session),
		TEST(a_user_has_so_many_sessions_and_no_more),
		TEST(the_cookie_itself_is_not_kept),
		TEST(an_ended_login_is_found_by_nothing),
		TEST(only_the_latest_app_id_counts),
		TEST(logins_have_a_bound),
		TEST(administrators_find_users_and_sessions),
		TEST(a_session_ends_by_its_id),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
