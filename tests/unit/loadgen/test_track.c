// What is counted of a flow: steps around the window's corners, and a random walk beside a plain model.
#include <stdlib.h>
#include <string.h>

#include "mst_test.h"

#include "track.h"

#define BITS LG_TRACK_WINDOW_BITS

static struct lg_track t;

static void
in_order(void **state)
{
	struct lg_track_sum sum = {0};

	(void)state;
	lg_track_init(&t);
	for (uint64_t i = 0; i < 3 * BITS; i++)
		assert_int_equal(lg_track_seen(&t, i), LG_TRACK_NEW);
	lg_track_add(&sum, &t, 3 * BITS);
	assert_int_equal(sum.received, 3 * BITS);
	assert_int_equal(sum.lost + sum.reordered + sum.duplicated + sum.late, 0);
	lg_track_add(&sum, &t, 3 * BITS + 2);
	assert_int_equal(sum.lost, 2);
	assert_int_equal(sum.sent, 6 * BITS + 2);
}

static void
first_is_lost(void **state)
{
	struct lg_track_sum sum = {0};

	(void)state;
	lg_track_init(&t);
	assert_int_equal(lg_track_seen(&t, 4), LG_TRACK_NEW);
	assert_int_equal(lg_track_seen(&t, 2), LG_TRACK_REORDERED);
	assert_int_equal(lg_track_seen(&t, 2), LG_TRACK_DUPLICATED);
	assert_int_equal(lg_track_seen(&t, 4), LG_TRACK_DUPLICATED);
	lg_track_add(&sum, &t, 5);
	assert_int_equal(sum.lost, 3);
	assert_int_equal(sum.reordered, 1);
	assert_int_equal(sum.duplicated, 2);
}

static void
window_edges(void **state)
{
	(void)state;
	for (uint64_t top = 5 * BITS; top < 5 * BITS + 64; top++) {
		lg_track_init(&t);
		assert_int_equal(lg_track_seen(&t, top), LG_TRACK_NEW);
		assert_int_equal(lg_track_seen(&t, top - BITS), LG_TRACK_LATE);
		assert_int_equal(lg_track_seen(&t, top - BITS + 1), LG_TRACK_REORDERED);
		assert_int_equal(lg_track_seen(&t, top - BITS + 1), LG_TRACK_DUPLICATED);
		assert_int_equal(lg_track_seen(&t, top - BITS + 2), LG_TRACK_REORDERED);
		assert_int_equal(lg_track_seen(&t, 0), LG_TRACK_LATE);
		assert_int_equal(lg_track_seen(&t, top + 1), LG_TRACK_NEW);
		assert_int_equal(lg_track_seen(&t, top - BITS + 1), LG_TRACK_LATE);
		assert_int_equal(t.late, 3);
	}
}

// The bits of a window ago must not make duplicates of what comes now.
static void
jumps_clear(void **state)
{
	static const uint64_t jumps[] = {BITS - 1, BITS, BITS + 1, 1u << 20};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(jumps); i++) {
		uint64_t top = BITS - 1 + jumps[i];

		lg_track_init(&t);
		for (uint64_t s = 0; s < BITS; s++)
			lg_track_seen(&t, s);
		assert_int_equal(lg_track_seen(&t, top), LG_TRACK_NEW);
		for (uint64_t s = top - BITS + 1 > BITS ? top - BITS + 1 : BITS; s < top; s++)
			assert_int_equal(lg_track_seen(&t, s), LG_TRACK_REORDERED);
	}
}

static void
beside_a_model(void **state)
{
	static uint8_t times[1 << 16];
	struct lg_track_sum sum = {0};
	uint64_t top = 0, received = 0, duplicated = 0;

	(void)state;
	memset(times, 0, sizeof(times));
	lg_track_init(&t);
	srandom(7);
	for (int i = 0; i < 60000; i++) {
		uint64_t seq = top + (uint64_t)random() % 4;

		seq -= random() % 3 == 0 && seq > 200 ? (uint64_t)random() % 200 : 0;
		if (seq >= sizeof(times))
			break;
		received += times[seq] == 0;
		duplicated += times[seq] > 0;
		times[seq] = 1;
		lg_track_seen(&t, seq);
		top = seq > top ? seq : top;
	}
	lg_track_add(&sum, &t, top + 1);
	assert_int_equal(sum.received, received);
	assert_int_equal(sum.duplicated, duplicated);
	assert_int_equal(sum.lost, top + 1 - received);
	assert_int_equal(sum.late, 0);
}

static void
sums(void **state)
{
	struct lg_track_sum a = {100, 90, 10, 3, 2, 1}, b = {250, 235, 14, 8, 4, 1}, d;

	(void)state;
	d = lg_track_since(&b, &a);
	assert_int_equal(d.sent, 150);
	assert_int_equal(d.received, 145);
	assert_int_equal(d.lost, 4);
	assert_int_equal(d.late, 0);
	// What was on its way at the first look came by the second.
	b.lost = 7;
	assert_int_equal(lg_track_since(&b, &a).lost, 0);
	lg_track_merge(&a, &d);
	assert_int_equal(a.sent, 250);
	assert_int_equal(a.reordered, 8);
	// More arrived than the sender knows of: no loss, and no wrap.
	d = (struct lg_track_sum){0};
	lg_track_init(&t);
	lg_track_seen(&t, 0);
	lg_track_seen(&t, 1);
	lg_track_add(&d, &t, 1);
	assert_int_equal(d.lost, 0);
}

static void
loss(void **state)
{
	(void)state;
	assert_int_equal(lg_track_loss_ppm(0, 0), 0);
	assert_int_equal(lg_track_loss_ppm(1000, 0), 0);
	assert_int_equal(lg_track_loss_ppm(1000000000000, 1), 1);
	assert_int_equal(lg_track_loss_ppm(1000, 5), 5000);
	assert_int_equal(lg_track_loss_ppm(1000, 1000), 1000000);
	assert_int_equal(lg_track_loss_ppm(1000, 1001), 1000000);
	assert_int_equal(lg_track_loss_ppm(0, 1), 1000000);
	assert_int_equal(lg_track_loss_ppm(UINT64_MAX, UINT64_MAX - 1), 1000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(first_is_lost),
		cmocka_unit_test(window_edges),
		cmocka_unit_test(jumps_clear),
		cmocka_unit_test(beside_a_model),
		cmocka_unit_test(sums),
		cmocka_unit_test(loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
