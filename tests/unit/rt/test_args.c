// The EAL argument vector, without EAL.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "rt_private.h"

static char err[256];
static struct rt_args args;

static void
expect_line(const char *expected)
{
	char line[2048];
	struct mst_str s = mst_str_init(line, sizeof(line));

	rt_args_line(&args, &s);
	assert_string_equal(line, expected);
	assert_null(args.argv[args.argc]);
}

static void
hugepages_without_pci(void **state)
{
	struct mst_rt_params p = {.file_prefix = "mst", .memory_mib = 256};
	struct rt_cpus c = {.control = 0, .workers = {1, 2}, .n_workers = 2};

	(void)state;
	assert_int_equal(rt_args_build(&args, &p, &c, true, err, sizeof(err)), 0);
	expect_line("mst-gateway -l 0,1,2 --main-lcore 0 --file-prefix mst --in-memory "
		    "--single-file-segments -m 256 --no-pci "
		    "--iova-mode=va");
}

static void
ordinary_pages_with_pci(void **state)
{
	struct mst_rt_params p = {.file_prefix = "edge", .needs_pci = true};
	struct rt_cpus c = {.control = 5, .workers = {4}, .n_workers = 1};

	(void)state;
	assert_int_equal(rt_args_build(&args, &p, &c, false, err, sizeof(err)), 0);
	// DPDK 22.11 refuses --in-memory beside --no-huge; the allow-list matches nothing.
	expect_line("mst-gateway -l 5,4 --main-lcore 5 --file-prefix edge --no-huge --no-shconf -m 1024 "
		    "-a 0000:00:00.0");
}

static void
one_lcore_has_no_worker(void **state)
{
	struct mst_rt_params p = {.file_prefix = "mst", .memory_mib = 64};
	struct rt_cpus c = {.control = 3, .workers = {3}, .n_workers = 1, .single = true};

	(void)state;
	assert_int_equal(rt_args_build(&args, &p, &c, false, err, sizeof(err)), 0);
	expect_line("mst-gateway -l 3 --main-lcore 3 --file-prefix mst --no-huge --no-shconf -m 64 --no-pci "
		    "--iova-mode=va");
}

static void
one_cpu_is_two_lcores(void **state)
{
	struct mst_rt_params p = {.file_prefix = "mst", .memory_mib = 64};
	struct rt_cpus c = {.control = 3, .workers = {3}, .n_workers = 1, .shared = true};

	(void)state;
	assert_int_equal(rt_args_build(&args, &p, &c, true, err, sizeof(err)), 0);
	expect_line("mst-gateway --lcores 0@3,1@3 --main-lcore 0 --file-prefix mst --in-memory "
		    "--single-file-segments -m 64 --no-pci "
		    "--iova-mode=va");
}

static void
cpus_beyond_eal_are_renumbered(void **state)
{
	struct mst_rt_params p = {.file_prefix = "mst", .memory_mib = 64};
	struct rt_cpus c = {.control = 0, .workers = {RTE_MAX_LCORE}, .n_workers = 1};

	(void)state;
	assert_int_equal(rt_args_build(&args, &p, &c, true, err, sizeof(err)), 0);
	assert_string_equal(args.argv[1], "--lcores");
	assert_string_equal(args.argv[2], "0@0,1@128");
}

static void
extra_words_come_last(void **state)
{
	static const char *const extra[] = {"--log-level=pmd:debug", "a b"};
	struct mst_rt_params p = {
		.file_prefix = "mst", .memory_mib = 64, .extra_eal = extra, .n_extra_eal = 2};
	struct rt_cpus c = {.control = 0, .workers = {1}, .n_workers = 1};

	(void)state;
	assert_int_equal(rt_args_build(&args, &p, &c, true, err, sizeof(err)), 0);
	expect_line("mst-gateway -l 0,1 --main-lcore 0 --file-prefix mst --in-memory --single-file-segments "
		    "-m 64 --no-pci "
		    "--iova-mode=va --log-level=pmd:debug \"a b\"");
}

static void
bad_words_are_refused(void **state)
{
	static const char *const end[] = {"--"};
	static const char *const empty[] = {""};
	const struct rt_cpus c = {.control = 0, .workers = {1}, .n_workers = 1};
	const struct mst_rt_params bad[] = {
		{.file_prefix = "mst", .extra_eal = end, .n_extra_eal = 1},
		{.file_prefix = "mst", .extra_eal = empty, .n_extra_eal = 1},
		{.file_prefix = "mst", .extra_eal = end, .n_extra_eal = RT_EXTRA_MAX + 1},
		{.file_prefix = "../mst"},
		{.file_prefix = ""},
		{.file_prefix = NULL},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_int_equal(rt_args_build(&args, &bad[i], &c, true, err, sizeof(err)), -EINVAL);
}

static void
too_long_is_refused(void **state)
{
	char word[4096];
	const char *extra[5] = {word, word, word, word, word};
	struct mst_rt_params p = {.file_prefix = "mst", .extra_eal = extra, .n_extra_eal = 5};
	struct rt_cpus c = {.control = 0, .workers = {1}, .n_workers = 1};

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(rt_args_build(&args, &p, &c, true, err, sizeof(err)), -EINVAL);
	assert_non_null(strstr(err, "longer"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hugepages_without_pci),
		cmocka_unit_test(ordinary_pages_with_pci),
		cmocka_unit_test(one_lcore_has_no_worker),
		cmocka_unit_test(one_cpu_is_two_lcores),
		cmocka_unit_test(cpus_beyond_eal_are_renumbered),
		cmocka_unit_test(extra_words_come_last),
		cmocka_unit_test(bad_words_are_refused),
		cmocka_unit_test(too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
