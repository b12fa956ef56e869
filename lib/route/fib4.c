// The workers' IPv4 table: DIR24-8 of rte_lpm, whose second-level groups are reclaimed by QSBR. Control lcore
// writes.
#define ALLOW_EXPERIMENTAL_API // rte_lpm_rcu_qsbr_add, experimental in DPDK 22.11

#include <errno.h>

#include <rte_errno.h>
#include <rte_lpm.h>

#include "mst_rt.h"

#include "route.h"

struct rte_lpm *fib4_lpm;
_Atomic uint32_t fib4_default; // rte_lpm knows no prefix of length 0

int
fib4_create(uint32_t max_routes)
{
	struct rte_lpm_config config = {.max_rules = max_routes + ROUTE_MAX_NEIGH,
		// One group for each /24 that holds something longer; 1 KiB a group.
		.number_tbl8s = max_routes < 2048    ? 1024
				: max_routes < 65536 ? max_routes / 2
						     : 32768};
	struct rte_lpm_rcu_config rcu = {.v = mst_rt_qsbr(), .mode = RTE_LPM_QSBR_MODE_DQ};

	fib4_lpm = rte_lpm_create("mst_route4", SOCKET_ID_ANY, &config);
	if (fib4_lpm == NULL)
		return -rte_errno;
	if (rte_lpm_rcu_qsbr_add(fib4_lpm, &rcu) != 0) {
		int ret = -rte_errno;

		fib4_destroy();
		return ret;
	}
	atomic_store_explicit(&fib4_default, ROUTE_SLOT_NONE, memory_order_relaxed);
	return 0;
}

void
fib4_destroy(void)
{
	rte_lpm_free(fib4_lpm);
	fib4_lpm = NULL;
}

int
fib4_set(const struct mst_net *net, uint32_t slot)
{
	if (net->depth == 0) {
		atomic_store_explicit(&fib4_default, slot, memory_order_release);
		return 0;
	}
	return rte_lpm_add(fib4_lpm, mst_ip4_host(&net->ip), net->depth, slot);
}

void
fib4_unset(const struct mst_net *net)
{
	if (net->depth == 0)
		atomic_store_explicit(&fib4_default, ROUTE_SLOT_NONE, memory_order_release);
	else
		(void)rte_lpm_delete(fib4_lpm, mst_ip4_host(&net->ip), net->depth);
}
