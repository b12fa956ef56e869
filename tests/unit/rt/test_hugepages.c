// The hugepage check: sysfs of an invented host, and the arithmetic.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mst_test.h"

#include "rt_private.h"

static char err[256];

static void
put(const char *root, const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
remove_tree(const char *root)
{
	char cmd[300];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", root);
	assert_int_equal(system(cmd), 0);
}

static void
reads_every_node_and_size(void **state)
{
	char root[] = "/tmp/mst-huge-XXXXXX";
	struct rt_huge h;

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
	put(root, "devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "100\n");
	put(root, "devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages", "64\n");
	put(root, "devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "64\n");
	put(root, "devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "2\n");
	put(root, "devices/system/node/node1/hugepages/hugepages-1048576kB/free_hugepages", "junk\n");
	put(root, "devices/system/node/node1/hugepages/hugepages-kB/nr_hugepages", "2\n");
	put(root, "devices/system/node/node1/hugepages/hugepages-64MB/nr_hugepages", "2\n");
	rt_huge_read(&h, root);
	assert_int_equal(h.n_nodes, 2);
	assert_int_equal(h.n_sizes, 2);
	for (unsigned int i = 0; i < h.n_sizes; i++) {
		bool small = h.sizes[i].page_kib == 2048;

		assert_int_equal(h.sizes[i].free[0], small ? 100 : 0);
		assert_int_equal(h.sizes[i].total[1], small ? 64 : 2);
		assert_int_equal(h.sizes[i].free[1], small ? 64 : 0);
	}
	remove_tree(root);
}

static void
reads_a_kernel_without_numa(void **state)
{
	char root[] = "/tmp/mst-huge-XXXXXX";
	struct rt_huge h;

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "8\n");
	put(root, "kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "3\n");
	rt_huge_read(&h, root);
	assert_int_equal(h.n_nodes, 1);
	assert_int_equal(h.sizes[0].free[0], 3);
	remove_tree(root);
}

static void
one_node_counts_to_the_page(void **state)
{
	struct rt_huge h = {
		.n_nodes = 1, .n_sizes = 1, .sizes = {{.page_kib = 2048, .total = {512}, .free = {128}}}};
	unsigned int lcores[RT_NODES_MAX] = {2};

	(void)state;
	assert_int_equal(rt_huge_check(&h, lcores, 256, err, sizeof(err)), 0);
	assert_int_equal(rt_huge_check(&h, lcores, 257, err, sizeof(err)), -ENOMEM);
	// 384 pages are somebody's: they come on top
	assert_int_equal(rt_huge_check(&h, lcores, 300, err, sizeof(err)), -ENOMEM);
	assert_string_equal(
		err, "hugepages: 300 MiB needed, 256 MiB free: echo 534 > /proc/sys/vm/nr_hugepages");
}

static void
each_node_needs_its_share(void **state)
{
	struct rt_huge h = {.n_nodes = 2,
		.n_sizes = 2,
		.sizes = {{.page_kib = 1048576, .total = {4}, .free = {4}},
			{.page_kib = 2048, .total = {0, 50}, .free = {0, 50}}}};
	unsigned int lcores[RT_NODES_MAX] = {3, 1};

	(void)state;
	assert_int_equal(rt_huge_check(&h, lcores, 400, err, sizeof(err)), 0);
	// a quarter of 1,024 MiB is wanted on node 1, though node 0 alone could hold it all
	assert_int_equal(rt_huge_check(&h, lcores, 1024, err, sizeof(err)), -ENOMEM);
	assert_string_equal(err, "hugepages: 256 MiB needed on NUMA node 1, 100 MiB free: echo 128 > "
				 "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
}

static void
a_kernel_without_hugepages(void **state)
{
	struct rt_huge h = {.n_nodes = 1};
	unsigned int lcores[RT_NODES_MAX] = {1};

	(void)state;
	assert_int_equal(rt_huge_check(&h, lcores, 1, err, sizeof(err)), -ENOMEM);
	assert_non_null(strstr(err, "CONFIG_HUGETLBFS"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_node_and_size),
		cmocka_unit_test(reads_a_kernel_without_numa),
		cmocka_unit_test(one_node_counts_to_the_page),
		cmocka_unit_test(each_node_needs_its_share),
		cmocka_unit_test(a_kernel_without_hugepages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
