// How often one neighbour, and all together, may be asked for.
#include "route_test.h"

static void
once_in_100_ms(void **state)
{
	(void)state;
	static struct route_limiter l;
	struct mst_ip a = ip("192.0.2.1"), b = ip("192.0.2.2");
	uint64_t t = 5 * MST_NS_PER_S;

	assert_true(route_limiter_admit(&l, 3, &a, t));
	assert_false(route_limiter_admit(&l, 3, &a, t));
	assert_true(route_limiter_admit(&l, 4, &a, t)); // another interface
	assert_true(route_limiter_admit(&l, 3, &b, t));
	assert_false(route_limiter_admit(&l, 3, &a, t + 100 * MST_NS_PER_MS - 1));
	assert_true(route_limiter_admit(&l, 3, &a, t + 100 * MST_NS_PER_MS));
	assert_false(route_limiter_admit(&l, 3, &a, t + 150 * MST_NS_PER_MS));
}

// A sweep over a net is bounded by the table, and over when its 100 ms are.
static void
all_together(void **state)
{
	(void)state;
	static struct route_limiter l;
	unsigned int admitted = 0;

	for (uint32_t i = 0; i < 65536; i++) {
		struct mst_ip a = mst_ip4_from_host(0x0a000000 + i);

		admitted += route_limiter_admit(&l, 3, &a, MST_NS_PER_S);
	}
	assert_int_equal(admitted, ROUTE_LIMIT_SETS * ROUTE_LIMIT_WAYS);
	struct mst_ip late = ip("192.0.2.1");
	assert_false(route_limiter_admit(&l, 3, &late, MST_NS_PER_S));
	assert_true(route_limiter_admit(&l, 3, &late, MST_NS_PER_S + ROUTE_LIMIT_NS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_in_100_ms),
		cmocka_unit_test(all_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
