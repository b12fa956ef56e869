// The queue of free leases: what is never leased, and in which order leases come again.
#include <errno.h>

#include "mst_test.h"

#include "session.h"

static void
first_last_and_reserved_are_never_leased(void **state)
{
	const uint32_t reserved[] = {1, 5, UINT32_MAX};
	struct session_leases l;
	bool seen[16] = {false};
	uint32_t index;

	(void)state;
	assert_int_equal(session_leases_init(&l, 16, reserved, MST_ARRAY_SIZE(reserved)), 0);
	assert_int_equal(l.n_free, 12);
	for (unsigned int i = 0; i < 12; i++) {
		assert_int_equal(session_lease_take(&l, 0, &index), 0);
		assert_in_range(index, 2, 14);
		assert_int_not_equal(index, 5);
		assert_false(seen[index]);
		seen[index] = true;
	}
	index = 99;
	assert_int_equal(session_lease_take(&l, 0, &index), -EADDRNOTAVAIL);
	assert_int_equal(index, 99);
	session_leases_fini(&l);
}

static void
what_was_released_last_comes_last(void **state)
{
	struct session_leases l;
	uint32_t a, b, index;

	(void)state;
	assert_int_equal(session_leases_init(&l, 8, NULL, 0), 0); // 1 .. 6
	assert_int_equal(session_lease_take(&l, 0, &a), 0);
	assert_int_equal(session_lease_take(&l, 0, &b), 0);
	session_lease_give(&l, b);
	session_lease_give(&l, a);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(session_lease_take(&l, 0, &index), 0);
		assert_int_not_equal(index, a);
		assert_int_not_equal(index, b);
	}
	assert_int_equal(session_lease_take(&l, 0, &index), 0);
	assert_int_equal(index, b);
	assert_int_equal(session_lease_take(&l, 0, &index), 0);
	assert_int_equal(index, a);
	session_leases_fini(&l);
}

static void
a_queue_wraps_many_times(void **state)
{
	struct session_leases l;
	uint32_t index, before = 0;

	(void)state;
	assert_int_equal(session_leases_init(&l, 5, NULL, 0), 0); // 1 2 3
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(session_lease_take(&l, 0, &index), 0);
		assert_int_equal(index, before % 3 + 1);
		before = index;
		session_lease_give(&l, index);
		assert_int_equal(l.n_free, 3);
	}
	session_leases_fini(&l);
}

// Out of the middle and at both ends, and the order of the others stays.
static void
one_address_can_be_asked_for(void **state)
{
	static const uint32_t wanted[] = {3, 1, 6};
	static const uint32_t left[] = {2, 4, 5};
	struct session_leases l;
	uint32_t index;

	(void)state;
	assert_int_equal(session_leases_init(&l, 8, (const uint32_t[]){7}, 1), 0); // 1 .. 6
	for (size_t i = 0; i < MST_ARRAY_SIZE(wanted); i++) {
		assert_int_equal(session_lease_take_at(&l, wanted[i]), 0);
		assert_int_equal(session_lease_take_at(&l, wanted[i]), -EADDRINUSE);
	}
	assert_int_equal(l.n_free, 3);
	for (size_t i = 0; i < MST_ARRAY_SIZE(left); i++) {
		assert_int_equal(session_lease_take(&l, 0, &index), 0);
		assert_int_equal(index, left[i]);
		assert_int_equal(session_lease_take_at(&l, index), -EADDRINUSE);
	}
	assert_int_equal(session_lease_take(&l, 0, &index), -EADDRNOTAVAIL);
	session_lease_give(&l, 3);
	assert_int_equal(session_lease_take_at(&l, 3), 0);
	session_leases_fini(&l);
}

static void
what_is_not_for_lease_cannot_be_asked_for(void **state)
{
	struct session_leases l;

	(void)state;
	assert_int_equal(session_leases_init(&l, 16, (const uint32_t[]){3}, 1), 0);
	assert_int_equal(session_lease_take_at(&l, 0), -EADDRINUSE);
	assert_int_equal(session_lease_take_at(&l, 3), -EADDRINUSE);
	assert_int_equal(session_lease_take_at(&l, 14), 0);
	assert_int_equal(session_lease_take_at(&l, 15), -EADDRINUSE);
	assert_int_equal(session_lease_take_at(&l, 16), -EADDRINUSE);
	assert_int_equal(session_lease_take_at(&l, UINT32_MAX), -EADDRINUSE);
	session_leases_fini(&l);
}

// ---- ranges -------------------------------------------------------------------------------------
static void
set(struct session_leases *l, const struct session_range *ranges, uint16_t n)
{
	session_leases_set_ranges(l, ranges, n);
}

static void
takes(struct session_leases *l, uint16_t range, uint32_t want)
{
	uint32_t index = 0;

	assert_int_equal(session_lease_take(l, range, &index), 0);
	assert_int_equal(index, want);
}

static void
is_full(struct session_leases *l, uint16_t range)
{
	uint32_t index;

	assert_int_equal(session_lease_take(l, range, &index), -EADDRNOTAVAIL);
}

// 1 is for all, as is what follows 7; 4 to 7 a range, of which 6 is another one's.
static void
what_is_kept_for_one_is_nobody_elses(void **state)
{
	static const struct session_range ranges[] = {
		{.first = 4, .n_addresses = 4}, {.first = 6, .n_addresses = 1}};
	struct session_leases l;

	(void)state;
	assert_int_equal(session_leases_init(&l, 16, (const uint32_t[]){2, 5}, 2), 0);
	set(&l, ranges, 2);
	assert_int_equal(l.size, 12);
	assert_int_equal(l.ranges[0].size, 9);
	assert_int_equal(l.ranges[1].size, 2);
	assert_int_equal(l.ranges[2].size, 1);
	takes(&l, 1, 4);
	takes(&l, 1, 7);
	is_full(&l, 1);
	takes(&l, 2, 6);
	is_full(&l, 2);
	takes(&l, 0, 1);
	takes(&l, 0, 3);
	for (uint32_t i = 8; i < 15; i++)
		takes(&l, 0, i);
	is_full(&l, 0);
	assert_int_equal(l.n_free, 0);
	// Each goes back to where it is from, one released last comes last there, too.
	session_lease_give(&l, 7);
	session_lease_give(&l, 6);
	session_lease_give(&l, 4);
	is_full(&l, 0);
	takes(&l, 1, 7);
	takes(&l, 1, 4);
	takes(&l, 2, 6);
	session_leases_fini(&l);
}

static void
one_address_can_be_asked_for_wherever_it_is(void **state)
{
	static const struct session_range range = {.first = 4, .n_addresses = 2};
	struct session_leases l;

	(void)state;
	assert_int_equal(session_leases_init(&l, 8, NULL, 0), 0);
	set(&l, &range, 1);
	assert_int_equal(session_lease_take_at(&l, 4), 0);
	assert_int_equal(session_lease_take_at(&l, 4), -EADDRINUSE);
	assert_int_equal(l.ranges[1].n_free, 1);
	takes(&l, 1, 5);
	is_full(&l, 1);
	session_leases_fini(&l);
}

// Who has an address keeps it, and it comes back to whose it is then.
static void
ranges_may_change(void **state)
{
	static const struct session_range before[] = {
		{.first = 0, .n_addresses = 4}, {.first = 6, .n_addresses = 2}};
	static const struct session_range after = {.first = 2, .n_addresses = 2};
	struct session_leases l;

	(void)state;
	assert_int_equal(session_leases_init(&l, 16, NULL, 0), 0);
	set(&l, before, 2);
	takes(&l, 1, 1);
	takes(&l, 2, 6);
	set(&l, &after, 1);
	assert_int_equal(l.n_ranges, 1);
	assert_int_equal(l.ranges[1].size, 2);
	takes(&l, 1, 2);
	takes(&l, 1, 3);
	is_full(&l, 1);
	session_lease_give(&l, 1);
	session_lease_give(&l, 6);
	for (unsigned int i = 0; i < 12; i++) {
		uint32_t index = 0;

		assert_int_equal(session_lease_take(&l, 0, &index), 0);
		assert_true(index != 2 && index != 3);
	}
	is_full(&l, 0);
	set(&l, NULL, 0);
	session_lease_give(&l, 2);
	takes(&l, 0, 2);
	assert_int_equal(l.ranges[0].size, l.size);
	session_leases_fini(&l);
}

// As many ranges as there may be, in a pool of 65,536: what is taken from each is its own, and all comes back.
static void
many_ranges(void **state)
{
	static struct session_range ranges[MST_SESSION_RANGES_MAX];
	struct session_leases l;
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < MST_SESSION_RANGES_MAX; i++)
		ranges[i] = (struct session_range){.first = 32 + i * 32, .n_addresses = 32};
	assert_int_equal(session_leases_init(&l, 65536, NULL, 0), 0);
	set(&l, ranges, MST_SESSION_RANGES_MAX);
	for (uint16_t r = 1; r <= MST_SESSION_RANGES_MAX; r++) {
		for (unsigned int i = 0; i < 32; i++, n++)
			takes(&l, r, 32u + (r - 1u) * 32u + i);
		is_full(&l, r);
	}
	assert_int_equal(l.n_free, 65534 - n);
	for (uint32_t i = 32; i < 32 + n; i++)
		session_lease_give(&l, i);
	assert_int_equal(l.ranges[MST_SESSION_RANGES_MAX].n_free, 32);
	assert_int_equal(l.n_free, l.size);
	session_leases_fini(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_last_and_reserved_are_never_leased),
		cmocka_unit_test(what_was_released_last_comes_last),
		cmocka_unit_test(a_queue_wraps_many_times),
		cmocka_unit_test(one_address_can_be_asked_for),
		cmocka_unit_test(what_is_not_for_lease_cannot_be_asked_for),
		cmocka_unit_test(what_is_kept_for_one_is_nobody_elses),
		cmocka_unit_test(one_address_can_be_asked_for_wherever_it_is),
		cmocka_unit_test(ranges_may_change),
		cmocka_unit_test(many_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
