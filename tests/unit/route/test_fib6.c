// The IPv6 table of ranges against a search through all prefixes. Needs EAL, on ordinary pages.
#include "mst_eal.h"

#include "route_test.h"

static uint32_t
by_search(const struct fib6_route *routes, uint32_t n, const struct mst_ip *dst)
{
	uint32_t slot = ROUTE_SLOT_NONE;
	int depth = -1;

	for (uint32_t i = 0; i < n; i++)
		if (routes[i].net.depth > depth && mst_net_contains(&routes[i].net, dst)) {
			depth = routes[i].net.depth;
			slot = routes[i].slot;
		}
	return slot;
}

static void
find_is(struct fib6 *fib, const char *dst, uint32_t slot)
{
	struct mst_ip a = ip(dst);

	assert_int_equal(fib6_find(fib, a.bytes), slot);
}

static void
empty_and_default(void **state)
{
	(void)state;
	struct fib6_route def = {.net = net("::/0"), .slot = 7};
	struct fib6 *fib = fib6_build(NULL, 0);

	find_is(fib, "::", ROUTE_SLOT_NONE);
	find_is(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ROUTE_SLOT_NONE);
	fib6_free(fib);
	fib = fib6_build(&def, 1);
	find_is(fib, "::", 7);
	find_is(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 7);
	assert_int_equal(fib->n, 1);
	fib6_free(fib);
}

static void
nested_and_adjacent(void **state)
{
	(void)state;
	struct fib6_route r[] = {
		{net("2001:db8::/32"), 10},
		{net("2001:db8::/48"), 11},				  // starts where its parent starts
		{net("2001:db8:ffff::/48"), 12},			  // ends where its parent ends
		{net("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128"), 13},  // and its own last address
		{net("2001:db9::/32"), 14},				  // right behind
		{net("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"), 15}, // the last address there is
		{net("::/1"), 16},
	};
	struct fib6 *fib = fib6_build(r, MST_ARRAY_SIZE(r));

	find_is(fib, "2001:db8::1", 11);
	find_is(fib, "2001:db8:1::", 10);
	find_is(fib, "2001:db8:fffe:ffff:ffff:ffff:ffff:ffff", 10);
	find_is(fib, "2001:db8:ffff::", 12);
	find_is(fib, "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", 12);
	find_is(fib, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 13);
	find_is(fib, "2001:db9::", 14);
	find_is(fib, "2001:dba::", 16);
	find_is(fib, "7fff::", 16);
	find_is(fib, "8000::", ROUTE_SLOT_NONE);
	find_is(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", ROUTE_SLOT_NONE);
	find_is(fib, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 15);
	fib6_free(fib);
}

static uint64_t seed = 0x9e3779b97f4a7c15ULL;

static uint64_t
next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

// Few distinct bytes, so that prefixes nest and touch.
static struct mst_ip
random_ip(void)
{
	struct mst_ip a = {.family = 6};

	for (unsigned int i = 0; i < 16; i++)
		a.bytes[i] = next_random() % 3 == 0 ? 0xff : (uint8_t)(next_random() % 2);
	return a;
}

static uint32_t
random_routes(struct fib6_route *r, uint32_t max)
{
	uint32_t n = 0;

	while (n < max) {
		struct mst_net k = {.ip = random_ip(), .depth = (uint8_t)(next_random() % 129)};
		bool twice = false;

		k.ip = mst_net_base(&k);
		for (uint32_t i = 0; i < n; i++)
			twice = twice || (r[i].net.depth == k.depth && mst_ip_equal(&r[i].net.ip, &k.ip));
		if (!twice)
			r[n++] = (struct fib6_route){.net = k, .slot = 4 + (uint32_t)(next_random() % 5)};
		else
			max--;
	}
	return n;
}

static void
as_a_search_finds(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 60; round++) {
		struct fib6_route r[200];
		uint32_t n = random_routes(r, 1 + round * 3);
		struct fib6 *fib = fib6_build(r, n);

		for (unsigned int k = 0; k < 500; k++) {
			struct mst_ip a = random_ip();

			if (k % 2 == 0) // first and last addresses of the prefixes are where mistakes are
				a = r[next_random() % n].net.ip;
			if (k % 4 == 0)
				for (unsigned int i = 15; a.bytes[i]-- == 0 && i > 0; i--)
					continue;
			assert_int_equal(fib6_find(fib, a.bytes), by_search(r, n, &a));
		}
		fib6_free(fib);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_and_default),
		cmocka_unit_test(nested_and_adjacent),
		cmocka_unit_test(as_a_search_finds),
	};
	int ret;

	if (mst_test_eal_start(64) != 0)
		return 1;
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	mst_rt_stop();
	return ret;
}
