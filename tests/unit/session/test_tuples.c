// The table of outer tuples: what is put is found, what is removed is not, full lines say so, and who has the secret of
// neither run knows where anything stands.
#include <errno.h>
#include <string.h>

#include "mst_eal.h"

#include "session.h"

#define SESSIONS 1000

static struct mst_sa *associations;

static struct mst_sa_tuple
tuple(uint32_t n)
{
	struct mst_sa_tuple t = {.peer = {198, 51, 100, 7}, .local = {203, 0, 113, 1}, .version = 4};

	t.peer_port_be = (uint16_t)n;
	t.peer[3] = (uint8_t)(n >> 16);
	t.local_port_be = 443;
	return t;
}

static void
what_is_put_is_found(void **state)
{
	struct session_tuples t;
	struct mst_sa *found[SESSION_TUPLES_BULK];
	struct mst_sa_tuple asked[SESSION_TUPLES_BULK];

	(void)state;
	assert_int_equal(session_tuples_init(&t, SESSIONS), 0);
	for (uint32_t i = 0; i < 2 * SESSIONS; i++) // a rekey of all of them at once
		assert_int_equal(session_tuples_put(&t, &associations[i]), 0);
	for (uint32_t i = 0; i < 2 * SESSIONS; i++)
		assert_ptr_equal(session_tuples_find(&t, &associations[i].tuple), &associations[i]);
	for (uint32_t i = 0; i < SESSION_TUPLES_BULK; i++)
		asked[i] = tuple(i % 2 == 0 ? i : 3 * SESSIONS + i);
	session_tuples_find_bulk(&t, asked, found, SESSION_TUPLES_BULK);
	for (uint32_t i = 0; i < SESSION_TUPLES_BULK; i++)
		assert_ptr_equal(found[i], i % 2 == 0 ? &associations[i] : NULL);
	// A few of so many have the tag of one that is there.
	for (uint32_t i = 3 * SESSIONS; i < 500000; i++) {
		const struct mst_sa_tuple other = tuple(i);

		assert_null(session_tuples_find(&t, &other));
	}
	session_tuples_fini(&t);
}

static void
every_byte_of_a_tuple_counts(void **state)
{
	struct session_tuples t;
	struct mst_sa_tuple asked = tuple(5);
	struct mst_sa *found;

	(void)state;
	assert_int_equal(session_tuples_init(&t, 1), 0);
	assert_int_equal(session_tuples_put(&t, &associations[5]), 0);
	for (size_t i = 0; i < sizeof(asked); i++) {
		((uint8_t *)&asked)[i] ^= 1;
		assert_null(session_tuples_find(&t, &asked));
		session_tuples_find_bulk(&t, &asked, &found, 1);
		assert_null(found);
		((uint8_t *)&asked)[i] ^= 1;
	}
	assert_ptr_equal(session_tuples_find(&t, &asked), &associations[5]);
	session_tuples_fini(&t);
}

static void
the_same_tuple_takes_the_place(void **state)
{
	struct session_tuples t;
	struct mst_sa twin = {.tuple = tuple(7)};

	(void)state;
	assert_int_equal(session_tuples_init(&t, SESSIONS), 0);
	assert_int_equal(session_tuples_put(&t, &associations[7]), 0);
	assert_int_equal(session_tuples_put(&t, &twin), 0);
	assert_ptr_equal(session_tuples_find(&t, &twin.tuple), &twin);
	session_tuples_remove(&t, &twin.tuple);
	assert_null(session_tuples_find(&t, &twin.tuple));
	session_tuples_remove(&t, &twin.tuple); // nothing left to remove
	session_tuples_fini(&t);
}

// One line of eight slots, so both choices are the same line: the ninth finds no room, and finds it when one has gone.
static void
a_full_line_says_so(void **state)
{
	struct session_tuples t;

	(void)state;
	assert_int_equal(session_tuples_init(&t, 2), 0);
	assert_int_equal(t.mask, 0);
	for (uint32_t i = 0; i < SESSION_TUPLE_SLOTS; i++)
		assert_int_equal(session_tuples_put(&t, &associations[i]), 0);
	assert_int_equal(session_tuples_put(&t, &associations[8]), -ENOSPC);
	assert_null(session_tuples_find(&t, &associations[8].tuple));
	session_tuples_remove(&t, &associations[3].tuple);
	assert_int_equal(session_tuples_put(&t, &associations[8]), 0);
	for (uint32_t i = 0; i <= SESSION_TUPLE_SLOTS; i++)
		assert_ptr_equal(
			session_tuples_find(&t, &associations[i].tuple), i == 3 ? NULL : &associations[i]);
	session_tuples_fini(&t);
}

// Tuples that differ in one bit do not meet: of 1,024 lines as many are used as chance uses, 1 - 1/e.
static void
neighbours_are_spread_over_the_lines(void **state)
{
	struct session_tuple_key key = {{{1}, {2}}}, other = {{{1}, {3}}};
	struct mst_sa_tuple t = tuple(0);
	static bool used[1024];
	unsigned int n = 0;

	(void)state;
	for (uint32_t port = 0; port < 1024; port++) {
		t.peer_port_be = (uint16_t)(port << 6);
		used[session_tuple_hash(&t, &key) % 1024] = true;
	}
	for (unsigned int i = 0; i < 1024; i++)
		n += used[i];
	assert_in_range(n, 560, 740);
	for (size_t i = 0; i < sizeof(t); i++) {
		uint64_t before = session_tuple_hash(&t, &key);
		uint64_t differ;

		((uint8_t *)&t)[i] ^= 1;
		if (i >= offsetof(struct mst_sa_tuple, version) + 1)
			continue; // of the version one byte is ever set
		differ = before ^ session_tuple_hash(&t, &key);
		assert_in_range(__builtin_popcountll(differ), 12, 52); // about half of the bits
	}
	assert_true(session_tuple_hash(&t, &key) != session_tuple_hash(&t, &other));
}

static int
setup(void **state)
{
	(void)state;
	if (mst_test_eal_start(64) != 0)
		return -1;
	associations = aligned_alloc(64, (2 * SESSIONS) * sizeof(*associations));
	if (associations == NULL)
		return -1;
	memset(associations, 0, (2 * SESSIONS) * sizeof(*associations));
	for (uint32_t i = 0; i < 2 * SESSIONS; i++)
		associations[i].tuple = tuple(i);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(associations);
	mst_rt_stop();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_found),
		cmocka_unit_test(every_byte_of_a_tuple_counts),
		cmocka_unit_test(the_same_tuple_takes_the_place),
		cmocka_unit_test(a_full_line_says_so),
		cmocka_unit_test(neighbours_are_spread_over_the_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
