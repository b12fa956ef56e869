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
		assert_int_equal(session_lease_take(&l, &index), 0);
		assert_in_range(index, 2, 14);
		assert_int_not_equal(index, 5);
		assert_false(seen[index]);
		seen[index] = true;
	}
	index = 99;
	assert_int_equal(session_lease_take(&l, &index), -EADDRNOTAVAIL);
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
	assert_int_equal(session_lease_take(&l, &a), 0);
	assert_int_equal(session_lease_take(&l, &b), 0);
	session_lease_give(&l, b);
	session_lease_give(&l, a);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(session_lease_take(&l, &index), 0);
		assert_int_not_equal(index, a);
		assert_int_not_equal(index, b);
	}
	assert_int_equal(session_lease_take(&l, &index), 0);
	assert_int_equal(index, b);
	assert_int_equal(session_lease_take(&l, &index), 0);
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
		assert_int_equal(session_lease_take(&l, &index), 0);
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
		assert_int_equal(session_lease_take(&l, &index), 0);
		assert_int_equal(index, left[i]);
		assert_int_equal(session_lease_take_at(&l, index), -EADDRINUSE);
	}
	assert_int_equal(session_lease_take(&l, &index), -EADDRNOTAVAIL);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_last_and_reserved_are_never_leased),
		cmocka_unit_test(what_was_released_last_comes_last),
		cmocka_unit_test(a_queue_wraps_many_times),
		cmocka_unit_test(one_address_can_be_asked_for),
		cmocka_unit_test(what_is_not_for_lease_cannot_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
