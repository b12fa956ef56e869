// Secrets compare by content and are gone after a wipe.
#include <string.h>

#include "mst_test.h"

static void
compare(void **state)
{
	(void)state;
	assert_true(mst_ct_equal("abc", "abc", 3));
	assert_false(mst_ct_equal("abc", "abd", 3));
	assert_false(mst_ct_equal("xbc", "abc", 3));
}

static void
wipe(void **state)
{
	(void)state;
	struct mst_secret s = {.len = 3, .bytes = {1, 2, 3}};
	struct mst_secret zero = {0};

	mst_secret_wipe(&s);
	assert_memory_equal(&s, &zero, sizeof(s));
}

static void
random_differs(void **state)
{
	(void)state;
	uint8_t a[32];
	uint8_t b[32];

	mst_random(a, sizeof(a));
	mst_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compare),
		cmocka_unit_test(wipe),
		cmocka_unit_test(random_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
