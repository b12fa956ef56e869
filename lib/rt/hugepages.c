// Are there hugepages enough? Asked before EAL, whose own answer is an abort. Control lcore.
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "rt_private.h"

// The number that a file of sysfs holds; 0 when there is none.
static unsigned int
read_number(const char *path)
{
	char line[32];
	uint64_t value = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL ||
		mst_parse_u64(line, strcspn(line, "\n"), 0, UINT32_MAX, &value) < 0)
		value = 0;
	fclose(f);
	return (unsigned int)value;
}

// "hugepages-2048kB" to 2048; 0: another name.
static unsigned int
page_kib(const char *name)
{
	static const char head[] = "hugepages-";
	size_t len = strlen(name);
	uint64_t kib = 0;

	if (len <= sizeof(head) + 1 || strncmp(name, head, sizeof(head) - 1) != 0 ||
		strcmp(name + len - 2, "kB") != 0 ||
		mst_parse_u64(name + sizeof(head) - 1, len - sizeof(head) - 1, 1, UINT32_MAX, &kib) < 0)
		return 0;
	return (unsigned int)kib;
}

static struct rt_huge_size *
size_slot(struct rt_huge *h, unsigned int kib)
{
	for (unsigned int i = 0; i < h->n_sizes; i++) {
		if (h->sizes[i].page_kib == kib)
			return &h->sizes[i];
	}
	if (h->n_sizes == RT_PAGE_SIZES_MAX)
		return NULL;
	h->sizes[h->n_sizes].page_kib = kib;
	return &h->sizes[h->n_sizes++];
}

// dir holds hugepages-<n>kB/{nr,free}_hugepages; false: no such folder.
static bool
read_folder(struct rt_huge *h, const char *dir, unsigned int node)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL) {
		char path[512];
		unsigned int kib = page_kib(e->d_name);
		struct rt_huge_size *s = kib == 0 ? NULL : size_slot(h, kib);

		if (s == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/%.64s/nr_hugepages", dir, e->d_name);
		s->total[node] = read_number(path);
		snprintf(path, sizeof(path), "%s/%.64s/free_hugepages", dir, e->d_name);
		s->free[node] = read_number(path);
	}
	closedir(d);
	return true;
}

void
rt_huge_read(struct rt_huge *out, const char *sysfs)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int node = 0; node < RT_NODES_MAX; node++) {
		char dir[256];

		snprintf(dir, sizeof(dir), "%s/devices/system/node/node%u/hugepages", sysfs, node);
		if (read_folder(out, dir, node))
			out->n_nodes = node + 1;
	}
	if (out->n_nodes == 0) { // a kernel without NUMA
		char dir[256];

		snprintf(dir, sizeof(dir), "%s/kernel/mm/hugepages", sysfs);
		out->n_nodes = 1;
		(void)read_folder(out, dir, 0);
	}
}

static uint64_t
free_mib(const struct rt_huge *h, unsigned int node)
{
	uint64_t kib = 0;

	for (unsigned int i = 0; i < h->n_sizes; i++)
		kib += (uint64_t)h->sizes[i].page_kib * h->sizes[i].free[node];
	return kib / 1024;
}

// The page size to ask the operator for: the smallest, because it can be had without a reboot.
static const struct rt_huge_size *
smallest(const struct rt_huge *h)
{
	const struct rt_huge_size *best = NULL;

	for (unsigned int i = 0; i < h->n_sizes; i++) {
		if (best == NULL || h->sizes[i].page_kib < best->page_kib)
			best = &h->sizes[i];
	}
	return best;
}

static int
too_few(const struct rt_huge *h, unsigned int node, uint64_t want_mib, char *err, size_t err_cap)
{
	const struct rt_huge_size *s = smallest(h);
	uint64_t have_mib = free_mib(h, node);
	uint64_t pages;

	if (s == NULL) {
		snprintf(err, err_cap, "hugepages: this kernel has none (CONFIG_HUGETLBFS)");
		return -ENOMEM;
	}
	pages = s->total[node] + ((want_mib - have_mib) * 1024 + s->page_kib - 1) / s->page_kib;
	if (h->n_nodes == 1 && s->page_kib == 2048)
		snprintf(err, err_cap,
			"hugepages: %llu MiB needed, %llu MiB free: echo %llu > /proc/sys/vm/nr_hugepages",
			(unsigned long long)want_mib, (unsigned long long)have_mib,
			(unsigned long long)pages);
	else
		snprintf(err, err_cap,
			"hugepages: %llu MiB needed on NUMA node %u, %llu MiB free: echo %llu > "
			"/sys/devices/system/node/node%u/hugepages/hugepages-%ukB/nr_hugepages",
			(unsigned long long)want_mib, node, (unsigned long long)have_mib,
			(unsigned long long)pages, node, s->page_kib);
	return -ENOMEM;
}

int
rt_huge_check(const struct rt_huge *h, const unsigned int lcores[RT_NODES_MAX], unsigned int memory_mib,
	char *err, size_t err_cap)
{
	unsigned int n_lcores = 0;

	for (unsigned int node = 0; node < RT_NODES_MAX; node++)
		n_lcores += lcores[node];
	for (unsigned int node = 0; node < RT_NODES_MAX && n_lcores > 0; node++) {
		uint64_t want = ((uint64_t)memory_mib * lcores[node] + n_lcores - 1) / n_lcores;

		if (want > free_mib(h, node))
			return too_few(h, node, want, err, err_cap);
	}
	return 0;
}
