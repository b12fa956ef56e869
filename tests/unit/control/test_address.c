// Which address a sign-in gets, and what becomes of a cookie whose address is another's by now. The pool of the rig has the
// addresses .1 to .6.
#include <errno.h>
#include <time.h>

#include "rig.h"
#include "terms.h"

#define BASE 0x0a090000u // 10.9.0.0
#define A "a.example.com"

static const char *name_a = A;
static struct mst_conf_host host = {.names = &name_a, .n_names = 1};
static struct mst_conf_profile profiles[2] = {
	{.group = "", .user = "anna"},
	{.group = "eng", .user = ""},
};
static struct mst_auth_result r;
static struct control_login *login;
static char cookie[MST_COOKIE_TEXT_BYTES], answer[8192];

// .4 and .5 are the host's, of these .5 is anna's; .2 and .3 are the group's; .1 and .6 are left.
static int
set_up(void **state)
{
	char err[128];

	rig_setup(state);
	assert_int_equal(mst_net_parse("10.9.0.4/31", &host.addresses), 0);
	assert_int_equal(mst_net_parse("10.9.0.5/32", &profiles[0].addresses), 0);
	assert_int_equal(mst_net_parse("10.9.0.2/31", &profiles[1].addresses), 0);
	rig_conf.hosts = &host;
	rig_conf.n_hosts = 1;
	rig_conf.profiles = profiles;
	rig_conf.n_profiles = MST_ARRAY_SIZE(profiles);
	control_address_set_ranges(rig);
	assert_int_equal(mst_tls_ctx_add_host(
				 rig->tls, &name_a, 1, ctx_make(&rig_files, MST_TLS_1_2), err, sizeof(err)),
		0);
	return 0;
}

static int
sign_in(const char *user, const char *group, const char *by)
{
	struct control_arrival from = {.remote = {.family = 4, .bytes = {198, 51, 100, 7}}, .host = by};

	snprintf(r.user, sizeof(r.user), "%s", user);
	snprintf(r.groups[0], sizeof(r.groups[0]), "%s", group);
	r.n_groups = group[0] != '\0';
	return control_login_create(rig, &r, &from, cookie, &login);
}

static void
gets(const char *user, const char *group, const char *by, uint32_t one, uint32_t other)
{
	assert_int_equal(sign_in(user, group, by), 0);
	if (login->session->addr4 != BASE + one && login->session->addr4 != BASE + other)
		fail_msg("%s, %s, %s: %08x", user, group, by, login->session->addr4);
}

static void
gets_none(const char *user, const char *group, const char *by, int rc, const char *why)
{
	struct mst_control_event e = {0};
	uint64_t refused = rig->counters.login_full;

	assert_int_equal(sign_in(user, group, by), rc);
	assert_int_equal(rig->counters.login_full, refused + 1);
	while (mst_control_event_next(rig, e.number, &e))
		;
	assert_string_equal(e.what, "refused");
	assert_string_equal(e.user, user);
	assert_string_equal(e.reason, why);
}

static void
user_before_group_before_host(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	gets("anna", "eng", A, 5, 5);
	gets("bob", "eng", A, 2, 3);
	gets("carl", "staff", A, 4, 4);
	gets("dora", "eng", "", 2, 3);
	gets("emil", "staff", "", 1, 6);
	gets("emil", "", "", 1, 6);
}

static void
a_full_range_is_named_and_others_are_not_touched(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	gets("anna", "", "", 5, 5);
	r.want4 = (struct mst_ip){.family = 4, .bytes = {10, 9, 0, 5}};
	gets_none("bob", "eng", A, -EADDRINUSE, "10.9.0.5 is not free, or not of the pool");
	r.want4.family = 0;
	gets("bob", "eng", "", 2, 3);
	gets("bob", "eng", "", 2, 3);
	gets_none("bob", "eng", "", -EADDRNOTAVAIL, "no address of 10.9.0.2/31 is free");
	gets("emil", "", "", 1, 6);
	gets("emil", "", "", 1, 6);
	gets_none("emil", "", "", -EADDRNOTAVAIL, "no address is free"); // .4 is free
	gets("emil", "", A, 4, 4);
	gets_none("emil", "", A, -EADDRNOTAVAIL, "no session is free");
	control_login_end(rig, control_login_by_user(rig, "bob", NULL), CONTROL_END_BYE);
	mst_test_reclaim();
	gets_none("emil", "", "", -EADDRNOTAVAIL, "no address is free");
	gets("bob", "eng", "", 2, 3);
}

// A single address is of the newest device of its user, and of nobody else's.
static void
one_address_goes_to_the_newest(void **state)
{
	struct mst_session_counts counts;
	struct device d;
	char old[MST_COOKIE_TEXT_BYTES];

	(void)state;
	memset(&r, 0, sizeof(r));
	rig_conf.limits.same_user = 1; // the one that goes is none beside it
	gets("anna", "", "", 5, 5);
	memcpy(old, cookie, sizeof(old));
	device_open(&d, "198.51.100.7");
	device_connect(&d, cookie, "", answer, sizeof(answer));
	assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
	for (unsigned int i = 0; i < 3; i++)
		gets("anna", "", "", 5, 5);
	assert_true(device_gone(&d));
	device_close(&d);
	assert_null(rig_find(old));
	assert_int_equal(rig->n_logins, 1);
	assert_int_equal(rig->counters.taken_over, 3);
	assert_ptr_equal(mst_session_by_addr4(BASE + 5), login->session);
	mst_test_reclaim();
	mst_session_counts(&counts);
	assert_int_equal(counts.leases_free, 5);
	assert_int_equal(counts.leases_quarantined, 0);
	assert_int_equal(mst_ip_parse("10.9.0.5", &r.want4), 0);
	assert_int_equal(sign_in("bob", "", ""), -EADDRINUSE);
	assert_ptr_equal(mst_session_by_addr4(BASE + 5)->owner, control_login_by_user(rig, "anna", NULL));
	control_login_end(rig, control_login_by_user(rig, "anna", NULL), CONTROL_END_BYE);
	mst_test_reclaim();
	assert_int_equal(sign_in("bob", "", ""), 0);
	assert_int_equal(sign_in("bob", "", ""), 0); // by a wish, too
	assert_int_equal(rig->n_logins, 1);
}

// What the source of identities says wins over every range.
static void
wishes(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	assert_int_equal(mst_ip_parse("10.9.0.3", &r.want4), 0);
	gets("anna", "staff", A, 3, 3);
	assert_true(login->wished);
	gets_none("bob", "eng", "", -EADDRINUSE, "10.9.0.3 is not free, or not of the pool");
	assert_int_equal(mst_ip_parse("fd00:9::3", &r.want6), 0);
	gets_none("bob", "eng", "", -EADDRINUSE, "fd00:9::3 is not free, or not of the pool");
	r.want4.family = 0;
	assert_int_equal(mst_ip_parse("fd00:9::5", &r.want6), 0);
	gets("bob", "eng", "", 5, 5);
	assert_int_equal(login->session->addr6[15], 5);
	assert_int_equal(mst_ip_parse("fd00:9::1:0:0:6", &r.want6), 0);
	gets_none("bob", "eng", "", -EADDRINUSE, "fd00:9::1:0:0:6 is not free, or not of the pool");
	assert_int_equal(mst_ip_parse("fd00:9::6", &r.want6), 0);
	assert_int_equal(mst_ip_parse("10.9.0.1", &r.want4), 0); // one of the two at the most
	gets_none("bob", "eng", "", -EADDRINUSE, "fd00:9::6 is not free, or not of the pool");
	assert_int_equal(mst_ip_parse("10.9.0.6", &r.want4), 0);
	gets("bob", "eng", "", 6, 6);
	r.want4 = r.want6 = (struct mst_ip){0};
	gets("dora", "eng", "", 2, 2);
	assert_false(login->wished);
}

static void
comes_back(const char *by, const char *status)
{
	struct device d;

	device_open_at(&d, "198.51.100.7", by);
	device_connect(&d, cookie, "", answer, sizeof(answer));
	if (strncmp(answer + 9, status, 3) != 0)
		fail_msg("expected %s, found %.40s", status, answer);
	device_close(&d);
}

static void
give_to(const char *user, const char *group, const char *range)
{
	profiles[0].user = user;
	profiles[1].group = group;
	assert_int_equal(mst_net_parse(range, &profiles[1].addresses), 0);
	control_address_set_ranges(rig);
}

static void
put_back(void)
{
	profiles[0].user = "anna";
	profiles[1].group = "eng";
}

// A cookie keeps its address as long as its user may have it, through restarts; then he has to sign in again.
static void
cookies_and_ranges(void **state)
{
	static const struct {
		const char *user, *group, *by;
	} rows[] = {{"anna", "", ""}, {"bob", "eng", ""}, {"carl", "", A}, {"emil", "", ""}};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const char *sni = rows[i].by[0] != '\0' ? rows[i].by : NULL;
		uint32_t addr4;

		memset(&r, 0, sizeof(r));
		assert_int_equal(sign_in(rows[i].user, rows[i].group, rows[i].by), 0);
		addr4 = login->session->addr4;
		comes_back(sni, "200");
		rig_restart();
		comes_back(sni, "200");
		rig_restart();
		comes_back(sni, "200"); // and once more, now that it is no news
		comes_back(sni, "200");
		assert_int_equal(rig_find(cookie)->session->addr4, addr4);
	}
	assert_int_equal(rig->counters.cookie_range, 0);
}

static void
a_cookie_whose_range_is_another_signs_in_again(void **state)
{
	static const struct {
		const char *user, *group, *by, *new_user, *new_group, *new_range;
	} rows[] = {
		{"anna", "", "", "anne", "eng", "10.9.0.2/31"},	  // is hers no more
		{"bob", "eng", "", "anna", "eng", "10.9.0.6/32"}, // has moved
		{"emil", "", "", "anna", "eng", NULL},		  // what he has has become somebody's
		{"emil", "", A, "anna", "eng", "10.9.0.4/32"},
		{"emil", "staff", "", "anna", "staff", "10.9.0.2/31"},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const char *sni = rows[i].by[0] != '\0' ? rows[i].by : NULL;

		for (unsigned int restart = 0; restart < 2; restart++) {
			char his[16];

			memset(&r, 0, sizeof(r));
			put_back();
			give_to("anna", "eng", "10.9.0.2/31");
			assert_int_equal(sign_in(rows[i].user, rows[i].group, rows[i].by), 0);
			snprintf(his, sizeof(his), "10.9.0.%u/32", login->session->addr4 & 7);
			comes_back(sni, "200");
			if (restart == 1)
				rig_restart();
			give_to(rows[i].new_user, rows[i].new_group,
				rows[i].new_range != NULL ? rows[i].new_range : his);
			rig->counters.cookie_range = 0;
			comes_back(sni, "401");
			assert_int_equal(rig->counters.cookie_range, 1);
			assert_null(rig_find(cookie));
			comes_back(sni, "401"); // for good
			mst_test_reclaim();
			assert_int_equal(rig->n_logins, 0);
		}
	}
	put_back();
}

static void
a_wish_outlives_ranges(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	assert_int_equal(mst_ip_parse("10.9.0.3", &r.want4), 0);
	gets("emil", "", "", 3, 3);
	comes_back(NULL, "200");
	rig_restart();
	comes_back(NULL, "200");
	assert_true(rig_find(cookie)->wished);
	rig_restart();
	comes_back(NULL, "200");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(user_before_group_before_host, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(
			a_full_range_is_named_and_others_are_not_touched, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(one_address_goes_to_the_newest, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(wishes, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(cookies_and_ranges, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(
			a_cookie_whose_range_is_another_signs_in_again, set_up, rig_teardown),
		cmocka_unit_test_setup_teardown(a_wish_outlives_ranges, set_up, rig_teardown),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
