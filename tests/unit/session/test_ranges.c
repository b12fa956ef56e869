// Parts of the pool that are kept for some, as networks.
#include <errno.h>
#include <string.h>

#include "mst_eal.h"

#include "session.h"

#define BASE 0x0a000000u // 10.0.0.0

static int
set_up(void **state)
{
	struct mst_session_params p = {.max_sessions = 100};
	char err[128];

	(void)state;
	assert_int_equal(mst_net_parse("10.0.0.0/24", &p.pool4), 0);
	assert_int_equal(mst_net_parse("fd00:1::/64", &p.pool6), 0);
	assert_int_equal(mst_session_tables_create(&p, err, sizeof(err)), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mst_test_reclaim();
	mst_session_tables_destroy();
	return 0;
}

static int
start(void **state)
{
	(void)state;
	mst_log_set_level(MST_LOG_WARNING);
	assert_int_equal(mst_test_eal_start(256), 0);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	mst_rt_stop();
	return 0;
}

static struct mst_net
net(const char *text)
{
	struct mst_net n;

	assert_int_equal(mst_net_parse(text, &n), 0);
	return n;
}

static int
set(const char *const *texts, uint32_t n)
{
	struct mst_net ranges[8];

	for (uint32_t i = 0; i < n; i++)
		ranges[i] = net(texts[i]);
	return mst_session_set_ranges(ranges, n);
}

static struct mst_session *
open_in(const char *range)
{
	struct mst_session_info info = {.user = "bob"};
	struct mst_net n = range != NULL ? net(range) : (struct mst_net){0};
	struct mst_session *s = NULL;

	if (mst_session_open_in(&s, range != NULL ? &n : NULL, &info, 1400) != 0)
		return NULL;
	return s;
}

static void
each_gets_what_is_kept_for_it(void **state)
{
	static const char *const texts[] = {"10.0.0.9/32", "10.0.0.8/30", "10.0.0.8/30", "10.0.0.0/30"};
	struct mst_session *s[8];
	struct mst_session_range r;
	struct mst_session_view v;

	(void)state;
	assert_int_equal(set(texts, MST_ARRAY_SIZE(texts)), 0);
	assert_true(mst_session_range_at(0, &r) && r.net.ip.family == 0 && r.size == 254 - 4 - 3);
	assert_true(mst_session_range_at(1, &r) && r.net.depth == 30 && r.size == 3); // without the network's
	assert_true(mst_session_range_at(3, &r) && r.net.depth == 32 && r.size == 1 && r.n_free == 1);
	assert_false(mst_session_range_at(4, &r));
	s[0] = open_in("10.0.0.9/32");
	assert_int_equal(s[0]->addr4, BASE + 9);
	assert_int_equal(s[0]->addr6[15], 9);
	assert_null(open_in("10.0.0.9/32"));
	assert_true(mst_session_range_at(3, &r) && r.n_free == 0);
	assert_true(mst_session_snapshot(9, &v) && v.range.depth == 32);
	for (unsigned int i = 1; i < 4; i++) {
		s[i] = open_in("10.0.0.8/30");
		assert_true(s[i]->addr4 >= BASE + 8 && s[i]->addr4 < BASE + 12 && s[i]->addr4 != BASE + 9);
	}
	assert_null(open_in("10.0.0.8/30"));
	s[4] = open_in(NULL);
	assert_int_equal(s[4]->addr4, BASE + 4);
	assert_true(mst_session_snapshot(4, &v) && v.range.ip.family == 0);
	assert_null(open_in("10.0.0.16/30")); // was never set
	for (unsigned int i = 0; i < 5; i++)
		mst_session_close(s[i]);
	mst_test_reclaim();
	s[0] = open_in("10.0.0.9/32");
	assert_non_null(s[0]);
	mst_session_close(s[0]);
}

static void
whose_an_address_is(void **state)
{
	static const char *const texts[] = {"10.0.0.8/30", "10.0.0.9/32"};
	struct mst_net wide = net(texts[0]), one = net(texts[1]), other = net("10.0.0.64/26");

	(void)state;
	assert_int_equal(set(texts, 2), 0);
	assert_true(mst_session_is_kept_for(BASE + 8, &wide));
	assert_false(mst_session_is_kept_for(BASE + 9, &wide));
	assert_true(mst_session_is_kept_for(BASE + 9, &one));
	assert_false(mst_session_is_kept_for(BASE + 8, &one));
	assert_false(mst_session_is_kept_for(BASE + 8, NULL));
	assert_false(mst_session_is_kept_for(BASE + 12, &wide));
	assert_true(mst_session_is_kept_for(BASE + 12, NULL));
	assert_false(mst_session_is_kept_for(BASE + 65, &other));
	assert_false(mst_session_is_kept_for(BASE + 256, NULL));
	assert_false(mst_session_is_kept_for(BASE - 1, NULL));
}

static void
what_is_not_of_the_pool_is_refused(void **state)
{
	static const char *const bad[] = {
		"10.0.1.0/24", "10.0.0.0/23", "9.255.255.0/24", "10.0.0.1/31", "fd00:1::/120"};
	static const char *const all = "10.0.0.0/24";
	struct mst_net many[MST_SESSION_RANGES_MAX + 1];
	struct mst_session_range r;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_int_equal(set(&bad[i], 1), -EINVAL);
	for (size_t i = 0; i < MST_ARRAY_SIZE(many); i++)
		many[i] = net("10.0.0.7/32");
	assert_int_equal(mst_session_set_ranges(many, MST_SESSION_RANGES_MAX + 1), -E2BIG);
	assert_false(mst_session_range_at(1, &r)); // all or nothing
	assert_int_equal(mst_session_set_ranges(many, MST_SESSION_RANGES_MAX), 0);
	assert_true(mst_session_range_at(1, &r));
	assert_false(mst_session_range_at(2, &r));
	assert_int_equal(set(&all, 1), 0);
	assert_true(mst_session_range_at(1, &r) && r.size == 254);
	assert_null(open_in(NULL));
}

static void
an_ipv6_address_names_the_ipv4_address(void **state)
{
	static const struct {
		const char *addr6;
		uint32_t addr4; // 0: none
	} rows[] = {
		{"fd00:1::9", BASE + 9},
		{"fd00:1::ff", BASE + 255},
		{"fd00:1::100", 0},
		{"fd00:1:0:0:1::9", 0},
		{"fd00:1::1:0:9", 0},
		{"fd00:1:0:1::9", 0},
		{"fd00:2::9", 0},
		{"::9", 0},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_ip ip;

		assert_int_equal(mst_ip_parse(rows[i].addr6, &ip), 0);
		if (mst_session_addr4_of(ip.bytes) != rows[i].addr4)
			fail_msg("%s: %x", rows[i].addr6, mst_session_addr4_of(ip.bytes));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_gets_what_is_kept_for_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whose_an_address_is, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_of_the_pool_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_ipv6_address_names_the_ipv4_address, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
