// mst_rd and mst_wr: the error sticks and nothing is read or written past the end.
#include <string.h>

#include "mst_test.h"

static void
reads_in_network_order(void **state)
{
	(void)state;
	const uint8_t b[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct mst_rd r = mst_rd_init(b, sizeof(b));

	assert_int_equal(mst_rd_u8(&r), 1);
	assert_int_equal(mst_rd_u16(&r), 0x0203);
	assert_int_equal(mst_rd_u48(&r), 0x040506070809ULL);
	assert_false(r.err);
	assert_int_equal(mst_rd_left(&r), 0);
}

static void
error_sticks(void **state)
{
	(void)state;
	const uint8_t b[] = {1, 2, 3};
	struct mst_rd r = mst_rd_init(b, sizeof(b));

	assert_int_equal(mst_rd_u32(&r), 0);
	assert_true(r.err);
	assert_int_equal(mst_rd_u8(&r), 0);
	assert_null(mst_rd_bytes(&r, 0));
}

static void
sub_is_bounded(void **state)
{
	(void)state;
	const uint8_t b[] = {1, 2, 3, 4};
	struct mst_rd r = mst_rd_init(b, sizeof(b));
	struct mst_rd s = mst_rd_sub(&r, 2);

	assert_int_equal(mst_rd_u16(&s), 0x0102);
	assert_int_equal(mst_rd_u8(&s), 0);
	assert_true(s.err);
	assert_false(r.err);
	assert_int_equal(mst_rd_u16(&r), 0x0304);
	s = mst_rd_sub(&r, 1);
	assert_true(s.err);
	assert_true(r.err);
}

static void
writes_stop_at_the_end(void **state)
{
	(void)state;
	uint8_t b[4] = {0};
	struct mst_wr w = mst_wr_init(b, 3);

	mst_wr_be(&w, 0x0102, 2);
	mst_wr_be(&w, 0x0304, 2);
	assert_true(w.err);
	assert_int_equal(w.len, 2);
	mst_wr_be(&w, 9, 1);
	assert_int_equal(w.len, 2);
	assert_int_equal(b[2], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_network_order),
		cmocka_unit_test(error_sticks),
		cmocka_unit_test(sub_is_bounded),
		cmocka_unit_test(writes_stop_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
