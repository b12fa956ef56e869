// EAL on hugepages with --in-memory: passed over where no pages are free.
#include <errno.h>

#include "rt_private.h"
#include "rt_test.h"

static void
in_memory_with_telemetry(void **state)
{
	char prefix[32];
	char err[512];
	char reply[16384];
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_ON);

	(void)state;
	assert_int_equal(mst_rt_start(&p, err, sizeof(err)), 0);
	assert_true(rte_eal_has_hugepages());
	rt_test_telemetry("/eal/params", reply, sizeof(reply));
	assert_non_null(strstr(reply, "--in-memory"));
	mst_rt_stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(in_memory_with_telemetry)};
	unsigned int lcores[RT_NODES_MAX] = {2};
	struct rt_huge h;
	char err[256];

	rt_huge_read(&h, "/sys");
	if (rt_huge_check(&h, lcores, 128, err, sizeof(err)) < 0) {
		printf("skipped: %s\n", err);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
