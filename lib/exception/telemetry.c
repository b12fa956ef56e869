// /mst/punt/stats: what workers handed to the kernel, by class, in columns. EAL's telemetry thread reads with
// relaxed loads; the registration runs on the control lcore.
#include <rte_telemetry.h>

#include "exception.h"

static _Atomic(const struct mst_punt_policer *) policers[MST_MAX_WORKERS];

static const char *const class_words[MST_PUNT_COUNT] = {
#define X(name, word, help) [MST_PUNT_##name] = word,
	MST_PUNT_CLASSES(X)
#undef X
};

void
mst_exception_register_policer(unsigned int worker, const struct mst_punt_policer *p)
{
	if (worker < MST_MAX_WORKERS)
		atomic_store_explicit(&policers[worker], p, memory_order_release);
}

void
exception_forget_policers(void)
{
	for (unsigned int w = 0; w < MST_MAX_WORKERS; w++)
		mst_exception_register_policer(w, NULL);
}

static void
sum(uint64_t passed[MST_PUNT_COUNT], uint64_t dropped[MST_PUNT_COUNT])
{
	for (unsigned int w = 0; w < MST_MAX_WORKERS; w++) {
		const struct mst_punt_policer *p = atomic_load_explicit(&policers[w], memory_order_acquire);

		for (unsigned int c = 0; p != NULL && c < MST_PUNT_COUNT; c++) {
			passed[c] += __atomic_load_n(&p->passed[c], __ATOMIC_RELAXED);
			dropped[c] += __atomic_load_n(&p->dropped[c], __ATOMIC_RELAXED);
		}
	}
}

static int
punt_stats(const char *cmd, const char *params, struct rte_tel_data *d)
{
	uint64_t passed[MST_PUNT_COUNT] = {0}, dropped[MST_PUNT_COUNT] = {0};
	struct rte_tel_data *classes = rte_tel_data_alloc(), *pass = rte_tel_data_alloc(),
			    *drop = rte_tel_data_alloc();
	struct mst_exception_counters c;

	(void)cmd;
	(void)params;
	if (classes == NULL || pass == NULL || drop == NULL) {
		rte_tel_data_free(classes);
		rte_tel_data_free(pass);
		rte_tel_data_free(drop);
		return -1;
	}
	sum(passed, dropped);
	rte_tel_data_start_array(classes, RTE_TEL_STRING_VAL);
	rte_tel_data_start_array(pass, RTE_TEL_UINT_VAL);
	rte_tel_data_start_array(drop, RTE_TEL_UINT_VAL);
	for (unsigned int i = 0; i < MST_PUNT_COUNT; i++) {
		rte_tel_data_add_array_string(classes, class_words[i]);
		rte_tel_data_add_array_uint(pass, passed[i]);
		rte_tel_data_add_array_uint(drop, dropped[i]);
	}
	mst_exception_counters(&c);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_container(d, "class", classes, 0);
	rte_tel_data_add_dict_container(d, "passed", pass, 0);
	rte_tel_data_add_dict_container(d, "dropped", drop, 0);
	rte_tel_data_add_dict_uint(d, "to_kernel", c.to_kernel);
	rte_tel_data_add_dict_uint(d, "to_kernel_dropped", c.to_kernel_dropped);
	rte_tel_data_add_dict_uint(d, "from_kernel", c.from_kernel);
	rte_tel_data_add_dict_uint(d, "from_kernel_dropped", c.from_kernel_dropped);
	return 0;
}

int
exception_telemetry(void)
{
	static const struct mst_telemetry_row rows[] = {
		{"/mst/punt/stats", punt_stats,
			"Packets handed to the kernel, passed and dropped by class. No parameters."},
	};
	static bool registered; // EAL keeps a command until the process ends

	if (registered)
		return 0;
	MST_TRY(mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows)));
	registered = true;
	return 0;
}
