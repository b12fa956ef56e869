// The argument vector that EAL is started with. Pure: no system call. Control lcore, before EAL.
#include <errno.h>
#include <string.h>

#include "rt_private.h"

static void
add(struct rt_args *a, const char *word)
{
	size_t len = strlen(word) + 1;

	if (a->full || a->argc == RT_ARGS_MAX || len > sizeof(a->text) - a->used) {
		a->full = true;
		return;
	}
	memcpy(a->text + a->used, word, len);
	a->argv[a->argc++] = a->text + a->used;
	a->argv[a->argc] = NULL;
	a->used += len;
}

static void
add_lcores(struct rt_args *a, const struct rt_cpus *c)
{
	char list[1024];
	char main_lcore[12];
	struct mst_str s = mst_str_init(list, sizeof(list));
	bool renumbered = rt_cpus_renumbered(c);

	if (renumbered)
		mst_str_fmt(&s, "%u@%d", rt_cpus_control_lcore(c), c->control);
	else
		mst_str_fmt(&s, "%d", c->control);
	for (unsigned int i = 0; i < c->n_workers && !c->single; i++) {
		if (renumbered)
			mst_str_fmt(&s, ",%u@%d", rt_cpus_worker_lcore(c, i), c->workers[i]);
		else
			mst_str_fmt(&s, ",%d", c->workers[i]);
	}
	a->full = a->full || s.err;
	add(a, renumbered ? "--lcores" : "-l");
	add(a, list);
	snprintf(main_lcore, sizeof(main_lcore), "%u", rt_cpus_control_lcore(c));
	add(a, "--main-lcore");
	add(a, main_lcore);
}

static void
add_memory(struct rt_args *a, unsigned int memory_mib, bool huge)
{
	char mib[12];

	// Session keys must not lie in files of hugetlbfs: --in-memory. DPDK 22.11 refuses it beside
	// --no-huge, where the memory is anonymous anyway and --no-shconf keeps the rest off the disk.
	if (huge) {
		add(a, "--in-memory");
		// Else every 2 MiB page is an open file: 1 GiB would use up RLIMIT_NOFILE's usual 1,024, and
		// vhost-user backends take a few files only.
		add(a, "--single-file-segments");
	} else {
		add(a, "--no-huge");
		add(a, "--no-shconf");
	}
	snprintf(mib, sizeof(mib), "%u", memory_mib == 0 ? RT_DEFAULT_MEMORY_MIB : memory_mib);
	add(a, "-m");
	add(a, mib);
}

static int
check_extra(const struct mst_rt_params *p, char *err, size_t err_cap)
{
	if (p->n_extra_eal > RT_EXTRA_MAX) {
		snprintf(err, err_cap, "extra-eal: more than %d words", RT_EXTRA_MAX);
		return -EINVAL;
	}
	for (size_t i = 0; i < p->n_extra_eal; i++) {
		if (p->extra_eal[i][0] == '\0' || strcmp(p->extra_eal[i], "--") == 0) {
			snprintf(err, err_cap, "extra-eal: word %zu, \"%s\", would end EAL's options", i + 1,
				p->extra_eal[i]);
			return -EINVAL;
		}
	}
	return 0;
}

int
rt_args_build(struct rt_args *a, const struct mst_rt_params *p, const struct rt_cpus *cpus, bool huge,
	char *err, size_t err_cap)
{
	MST_TRY(check_extra(p, err, err_cap));
	if (p->file_prefix == NULL || p->file_prefix[0] == '\0' || strchr(p->file_prefix, '/') != NULL) {
		snprintf(err, err_cap, "file prefix: must be a word without \"/\"");
		return -EINVAL;
	}
	memset(a, 0, sizeof(*a));
	add(a, "mst-gateway");
	add_lcores(a, cpus);
	add(a, "--file-prefix");
	add(a, p->file_prefix);
	add_memory(a, p->memory_mib, huge);
	if (p->needs_pci) {
		// An allow-list that matches no device: EAL itself probes nothing, mst_port_add probes one by
		// one.
		add(a, "-a");
		add(a, "0000:00:00.0");
	} else {
		add(a, "--no-pci");
		add(a, "--iova-mode=va"); // no device does DMA: physical addresses, and the right to them,
					  // are not needed
	}
	for (size_t i = 0; i < p->n_extra_eal; i++)
		add(a, p->extra_eal[i]);
	if (a->full) {
		snprintf(err, err_cap, "the EAL arguments are longer than %zu bytes or %d words",
			sizeof(a->text), RT_ARGS_MAX);
		return -EINVAL;
	}
	return 0;
}

void
rt_args_line(const struct rt_args *a, struct mst_str *out)
{
	for (int i = 0; i < a->argc; i++) {
		bool quote = strchr(a->argv[i], ' ') != NULL;

		mst_str_fmt(out, quote ? "%s\"%s\"" : "%s%s", i == 0 ? "" : " ", a->argv[i]);
	}
}
