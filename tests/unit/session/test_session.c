// Sessions: addresses, bounds, lookups, life cycle, grace period, snapshots.
#include <errno.h>
#include <string.h>

#include "mst_eal.h"

#include "session.h"

static int
setup(void **state)
{
	(void)state;
	mst_log_set_level(MST_LOG_WARNING);
	assert_int_equal(mst_test_eal_start(256), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_rt_stop();
	return 0;
}

static struct mst_session_params
params(const char *pool4, const char *pool6, uint32_t max)
{
	struct mst_session_params p = {.max_sessions = max};

	assert_int_equal(mst_net_parse(pool4, &p.pool4), 0);
	if (pool6 != NULL)
		assert_int_equal(mst_net_parse(pool6, &p.pool6), 0);
	return p;
}

static void
create(const struct mst_session_params *p)
{
	char err[128] = "";

	if (mst_session_tables_create(p, err, sizeof(err)) != 0)
		fail_msg("%s", err);
}

static struct mst_session *
session(void)
{
	struct mst_session_info info = {.user = "bob"};
	struct mst_session *s = NULL;

	assert_int_equal(mst_session_open(&s, &info, 1400), 0);
	return s;
}

static void
pools_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *pool4, *pool6;
		uint32_t max;
	} bad[] = {
		{"10.0.0.0/7", NULL, 10},
		{"10.0.0.0/31", NULL, 10},
		{"10.0.0.1/32", NULL, 10},
		{"fd00::/64", NULL, 10},
		{"10.0.0.0/24", "10.1.0.0/24", 10},
		{"10.0.0.0/24", "fd00::/121", 10},
		{"10.0.0.0/24", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		struct mst_session_params p = params(bad[i].pool4, bad[i].pool6, bad[i].max);
		char err[128] = "";

		assert_int_equal(mst_session_tables_create(&p, err, sizeof(err)), -EINVAL);
		assert_int_not_equal(err[0], '\0');
		assert_int_equal(mst_session_capacity(), 0);
	}
}

static void
a_session_is_found_by_its_addresses_and_its_handle(void **state)
{
	struct mst_session_params p = params("10.9.0.128/25", "fd00:9::ff00/120", 50);
	struct mst_session *s;
	uint8_t other[16];

	(void)state;
	create(&p);
	s = session();
	assert_int_equal(s->addr4, 0x0a090080 + s->index);
	assert_true(s->has6);
	assert_int_equal(s->addr6[15], s->index);
	assert_int_equal(s->addr6[14], 0xff);
	assert_ptr_equal(mst_session_by_addr4(s->addr4), s);
	assert_ptr_equal(mst_session_by_addr6(s->addr6), s);
	assert_ptr_equal(mst_session_find(s->index, s->id), s);
	assert_null(mst_session_find(s->index, s->id + 1));
	assert_null(mst_session_find(s->index + 1, s->id));
	assert_null(mst_session_at(UINT32_MAX));
	assert_null(mst_session_by_addr4(s->addr4 + 1));
	assert_null(mst_session_by_addr4(0x0a090000)); // below the pool
	assert_true(mst_session_in_pool4(0x0a0900ff));
	assert_false(mst_session_in_pool4(0x0a090100));
	assert_false(mst_session_in_pool4(0x0a09007f));
	for (unsigned int i = 0; i < 15; i++) { // every byte of the prefix counts
		memcpy(other, s->addr6, 16);
		other[i] ^= 1;
		assert_false(mst_session_in_pool6(other));
		assert_null(mst_session_by_addr6(other));
	}
	memcpy(other, s->addr6, 16);
	other[15] ^= 0x80; // beyond the IPv4 pool's size: in the pool, nobody's
	assert_true(mst_session_in_pool6(other));
	assert_null(mst_session_by_addr6(other));
	mst_session_close(s);
	mst_session_tables_destroy();
}

static void
a_wide_ipv6_pool_has_one_address_a_device(void **state)
{
	struct mst_session_params p = params("10.9.0.0/24", "fd00:9::/48", 50);
	struct mst_session *s;
	uint8_t other[16];

	(void)state;
	create(&p);
	s = session();
	memcpy(other, s->addr6, 16);
	for (unsigned int i = 6; i < 12; i++) { // within the pool, same low bits
		other[i] ^= 1;
		assert_true(mst_session_in_pool6(other));
		assert_null(mst_session_by_addr6(other));
		other[i] ^= 1;
	}
	assert_ptr_equal(mst_session_by_addr6(s->addr6), s);
	mst_session_close(s);
	mst_session_tables_destroy();
}

static void
without_an_ipv6_pool_nothing_is_in_it(void **state)
{
	struct mst_session_params p = params("10.9.0.0/24", NULL, 50);
	const uint8_t zero[16] = {0};
	struct mst_session *s;

	(void)state;
	create(&p);
	s = session();
	assert_false(s->has6);
	assert_false(mst_session_in_pool6(zero));
	assert_null(mst_session_by_addr6(zero));
	mst_session_close(s);
	mst_session_tables_destroy();
}

static void
the_pool_is_a_bound_and_it_is_counted(void **state)
{
	struct mst_session_params p = params("10.9.0.0/29", NULL, 100);
	struct mst_ip reserved[] = {
		{.family = 4, .bytes = {10, 9, 0, 1}}, {.family = 4, .bytes = {10, 8, 0, 1}}};
	struct mst_session_info info = {.user = "bob"};
	struct mst_session *s[5], *more = NULL;
	struct mst_session_counts c;

	(void)state;
	p.reserved = reserved;
	p.n_reserved = 2;
	create(&p);
	assert_int_equal(mst_session_capacity(), 5);
	for (unsigned int i = 0; i < 5; i++) {
		s[i] = session();
		assert_in_range(s[i]->addr4, 0x0a090002, 0x0a090006);
	}
	assert_int_equal(mst_session_open(&more, &info, 1400), -EADDRNOTAVAIL);
	assert_null(more);
	mst_session_counts(&c);
	assert_int_equal(c.sessions, 5);
	assert_int_equal(c.leases_free, 0);
	assert_int_equal(c.exhausted, 1);
	for (unsigned int i = 0; i < 5; i++)
		mst_session_close(s[i]);
	mst_session_counts(&c);
	assert_int_equal(c.sessions, 0);
	assert_int_equal(c.leases_quarantined, 5);
	// Closed is not free yet.
	assert_int_equal(mst_session_open(&more, &info, 1400), -EADDRNOTAVAIL);
	mst_test_reclaim();
	mst_session_counts(&c);
	assert_int_equal(c.leases_free, 5);
	assert_int_equal(c.leases_quarantined, 0);
	assert_int_equal(c.opened, 5);
	assert_int_equal(c.closed, 5);
	mst_session_tables_destroy();
}

static void
max_sessions_is_a_bound_below_the_pool(void **state)
{
	struct mst_session_params p = params("10.9.0.0/24", NULL, 2);
	struct mst_session_info info = {.user = "bob"};
	struct mst_session *a, *b, *c = NULL;

	(void)state;
	create(&p);
	a = session();
	b = session();
	assert_int_equal(mst_session_open(&c, &info, 1400), -EADDRNOTAVAIL);
	assert_int_equal(mst_session_open_at(&c, 0x0a090009, &info, 1400), -EADDRNOTAVAIL);
	mst_session_close(a);
	assert_int_equal(mst_session_open(&c, &info, 1400), 0);
	mst_session_close(b);
	mst_session_close(c);
	mst_session_tables_destroy();
}

static void
a_session_gets_the_address_it_had(void **state)
{
	struct mst_session_params p = params("10.9.0.0/29", "fd00:9::/64", 3);
	struct mst_session_info info = {.user = "bob"};
	struct mst_session *a = NULL, *b = NULL;
	struct mst_session_counts c;

	(void)state;
	create(&p);
	assert_int_equal(mst_session_open_at(&a, 0x0a090003, &info, 1400), 0);
	assert_int_equal(a->addr4, 0x0a090003);
	assert_int_equal(a->addr6[15], 3);
	assert_ptr_equal(mst_session_by_addr4(0x0a090003), a);
	assert_int_equal(mst_session_open_at(&b, 0x0a090003, &info, 1400), -EADDRINUSE);
	assert_int_equal(mst_session_open_at(&b, 0x0a090000, &info, 1400), -EADDRINUSE);
	assert_int_equal(mst_session_open_at(&b, 0x0a090007, &info, 1400), -EADDRINUSE);
	assert_int_equal(mst_session_open_at(&b, 0x0a08ffff, &info, 1400), -EADDRINUSE);
	b = session();
	assert_int_equal(b->addr4, 0x0a090001);
	mst_session_close(a);
	assert_int_equal(mst_session_open_at(&a, 0x0a090003, &info, 1400), -EADDRINUSE); // not free yet
	assert_int_equal(mst_session_open_at(&a, 0x0a090006, &info, 1400), 0);
	mst_session_close(a);
	mst_session_close(b);
	mst_test_reclaim();
	mst_session_counts(&c);
	assert_int_equal(c.leases_free, 6);
	mst_session_tables_destroy();
}

static void
a_closed_session_stays_until_every_worker_has_passed(void **state)
{
	struct mst_session_params p = params("10.9.0.0/24", NULL, 50);
	struct mst_session *s;
	struct mst_session_counts c;
	uint32_t index, id;

	(void)state;
	create(&p);
	mst_rt_worker_online(0);
	s = session();
	index = s->index;
	id = s->id;
	mst_session_close(s);
	// Gone from the tables at once, but a worker that had it still may read it.
	assert_null(mst_session_at(index));
	assert_null(mst_session_find(index, id));
	mst_test_reclaim();
	mst_session_counts(&c);
	assert_int_equal(c.leases_quarantined, 1);
	assert_int_equal(s->id, id);
	mst_rt_worker_quiescent(0);
	mst_test_reclaim();
	mst_session_counts(&c);
	assert_int_equal(c.leases_quarantined, 0);
	mst_rt_worker_offline(0);
	mst_session_tables_destroy();
}

static void
an_id_is_not_used_again(void **state)
{
	struct mst_session_params p = params("10.9.0.0/30", NULL, 2);
	uint32_t last = 0;

	(void)state;
	create(&p);
	for (unsigned int i = 0; i < 10; i++) {
		struct mst_session *s = session();

		assert_true(s->id > last);
		last = s->id;
		mst_session_close(s);
		mst_test_reclaim();
	}
	mst_session_tables_destroy();
}

static void
snapshots_walk_over_the_gaps(void **state)
{
	struct mst_session_params p = params("10.9.0.0/24", NULL, 50);
	struct mst_session *s[6];
	struct mst_session_view v;
	uint32_t start = 0, n = 0;

	(void)state;
	create(&p);
	for (unsigned int i = 0; i < 6; i++)
		s[i] = session();
	mst_session_close(s[2]);
	atomic_store(&s[4]->stream_rx_packets, 7);
	for (; mst_session_snapshot(start, &v); start = v.index + 1) {
		n++;
		assert_string_equal(v.info.user, "bob");
		assert_int_equal(v.rx_packets, v.index == s[4]->index ? 7 : 0);
	}
	assert_int_equal(n, 5);
	assert_true(session_copy(0, s[5]->id, &v));
	assert_int_equal(v.index, s[5]->index);
	assert_false(session_copy(0, 12345678, &v));
	for (unsigned int i = 0; i < 6; i++)
		if (i != 2)
			mst_session_close(s[i]);
	mst_session_tables_destroy();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools_that_make_no_sense_are_refused),
		cmocka_unit_test(a_session_is_found_by_its_addresses_and_its_handle),
		cmocka_unit_test(a_wide_ipv6_pool_has_one_address_a_device),
		cmocka_unit_test(without_an_ipv6_pool_nothing_is_in_it),
		cmocka_unit_test(the_pool_is_a_bound_and_it_is_counted),
		cmocka_unit_test(max_sessions_is_a_bound_below_the_pool),
		cmocka_unit_test(a_session_gets_the_address_it_had),
		cmocka_unit_test(a_closed_session_stays_until_every_worker_has_passed),
		cmocka_unit_test(an_id_is_not_used_again),
		cmocka_unit_test(snapshots_walk_over_the_gaps),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
