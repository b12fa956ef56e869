// What a cookie and an App-ID stand for, and what they no longer stand for.
#include <ctype.h>
#include <errno.h>

#include "rig.h"

static void
only_the_cookie_itself_is_taken(void **state)
{
	char cookie[65], other[65];
	struct control_login *l = rig_login("bob", cookie), *k = rig_login("bob", other);

	(void)state;
	assert_int_equal(strlen(cookie), 2 * CONTROL_COOKIE_BYTES);
	assert_string_not_equal(cookie, other);
	assert_ptr_equal(control_login_by_cookie(rig, cookie), l);
	assert_ptr_equal(control_login_by_cookie(rig, other), k);
	for (unsigned int bit = 0; bit < 8 * CONTROL_COOKIE_BYTES; bit++) {
		uint8_t raw[CONTROL_COOKIE_BYTES];
		char text[65];
		struct mst_str s = mst_str_init(text, sizeof(text));

		assert_int_equal(mst_parse_hex(cookie, 64, raw, sizeof(raw)), 0);
		raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		mst_str_add_hex(&s, raw, sizeof(raw));
		assert_null(control_login_by_cookie(rig, text));
	}
}

static void
neither_more_nor_less_than_the_cookie(void **state)
{
	char cookie[65], text[80];

	(void)state;
	rig_login("bob", cookie);
	for (unsigned int len = 0; len < 64; len++) {
		snprintf(text, sizeof(text), "%.*s", (int)len, cookie);
		assert_null(control_login_by_cookie(rig, text));
	}
	snprintf(text, sizeof(text), "%s0", cookie);
	assert_null(control_login_by_cookie(rig, text));
	snprintf(text, sizeof(text), "%s00", cookie);
	assert_null(control_login_by_cookie(rig, text));
	snprintf(text, sizeof(text), "%s", cookie);
	text[10] = 'g';
	assert_null(control_login_by_cookie(rig, text));
	text[10] = ' ';
	assert_null(control_login_by_cookie(rig, text));
}

// Whatever stands in the same bucket of the table.
static void
the_whole_hash_is_compared(void **state)
{
	char cookie[65];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	for (size_t bit = 32; bit < 8 * sizeof(l->cookie_hash); bit++) {
		l->cookie_hash[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		assert_null(control_login_by_cookie(rig, cookie));
		l->cookie_hash[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	assert_ptr_equal(control_login_by_cookie(rig, cookie), l);
}

// Hex digits have no case: a proxy that changes them is forgiven.
static void
upper_case_is_the_same_cookie(void **state)
{
	char cookie[65];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	for (char *p = cookie; *p != '\0'; p++)
		*p = (char)toupper(*p);
	assert_ptr_equal(control_login_by_cookie(rig, cookie), l);
}

static void
the_cookie_itself_is_not_kept(void **state)
{
	char cookie[65];
	uint8_t raw[CONTROL_COOKIE_BYTES], kept[sizeof(struct control_login)];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	assert_int_equal(mst_parse_hex(cookie, 64, raw, sizeof(raw)), 0);
	memcpy(kept, l, sizeof(kept));
	assert_null(memmem(kept, sizeof(kept), raw, 8));
	assert_null(memmem(kept, sizeof(kept), cookie, 8));
}

static void
an_ended_login_is_found_by_nothing(void **state)
{
	char cookie[65];
	uint8_t id[CONTROL_APP_ID_BYTES];
	struct control_login *l = rig_login("bob", cookie);

	(void)state;
	control_login_new_app_id(rig, l);
	memcpy(id, l->app_id, sizeof(id));
	assert_ptr_equal(control_login_by_app_id(rig, id, sizeof(id)), l);
	control_login_end(rig, l, "test");
	assert_null(control_login_by_cookie(rig, cookie));
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

static void
logins_have_a_bound(void **state)
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK, .user = "bob"};
	struct control_login *l;
	char cookie[65];

	(void)state;
	while (rig->n_logins < rig->max_logins)
		rig_login("bob", NULL);
	assert_int_equal(control_login_create(rig, &r, cookie, sizeof(cookie), &l), -ENOSPC);
	assert_int_equal(rig->counters.login_full, 1);
	control_login_end(rig, TAILQ_FIRST(&rig->logins), "test");
	assert_int_equal(control_login_create(rig, &r, cookie, sizeof(cookie), &l), 0);
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
	assert_null(control_login_by_id(rig, id + 1));
	assert_null(control_login_by_id(rig, id + rig->login_mask + 1)); // of the same bucket
	assert_ptr_equal(control_login_by_user(rig, "bo", NULL), other);
	assert_null(control_login_by_user(rig, "bo", other));
	assert_null(control_login_by_user(rig, "b", NULL));
	assert_int_equal(mst_control_disconnect_user(rig, "bob"), 1); // one of the three had a session
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
		TEST(only_the_cookie_itself_is_taken),
		TEST(neither_more_nor_less_than_the_cookie),
		TEST(the_whole_hash_is_compared),
		TEST(upper_case_is_the_same_cookie),
		TEST(the_cookie_itself_is_not_kept),
		TEST(an_ended_login_is_found_by_nothing),
		TEST(only_the_latest_app_id_counts),
		TEST(logins_have_a_bound),
		TEST(administrators_find_users_and_sessions),
		TEST(a_session_ends_by_its_id),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
