// Memory of sessions and associations: pools of the size that the tables promise, made at start. A general heap looks
// through what is free, and with 64,000 associations that is most of what publishing one costs. Control lcore.
#include <errno.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mempool.h>

#include "session.h"

static unsigned int
workers_on(unsigned int node)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < mst_rt_n_workers(); i++)
		n += mst_rt_worker_socket(i) == (int)node;
	return n;
}

int
session_pool_create(struct session_pool *p, const char *what, uint32_t n, size_t bytes)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	for (unsigned int node = 0; node < RTE_MAX_NUMA_NODES; node++) {
		uint64_t share =
			((uint64_t)n * workers_on(node) + mst_rt_n_workers() - 1) / mst_rt_n_workers();

		if (share == 0)
			continue;
		snprintf(name, sizeof(name), "mst_%s_%u", what, node);
		p->of_node[node] =
			rte_mempool_create(name, (uint32_t)share + session_pool_spare((uint32_t)share),
				(unsigned int)bytes, 0, 0, NULL, NULL, NULL, NULL, (int)node,
				RTE_MEMPOOL_F_SP_PUT | RTE_MEMPOOL_F_SC_GET | RTE_MEMPOOL_F_NO_SPREAD |
					RTE_MEMPOOL_F_NO_IOVA_CONTIG);
		if (p->of_node[node] == NULL)
			return rte_errno != 0 ? -rte_errno : -ENOMEM;
	}
	return 0;
}

void
session_pool_destroy(struct session_pool *p)
{
	for (unsigned int node = 0; node < RTE_MAX_NUMA_NODES; node++)
		rte_mempool_free(p->of_node[node]);
	*p = (struct session_pool){0};
}

static void *
take(struct rte_mempool *mp)
{
	void *object;

	if (mp == NULL || rte_mempool_get(mp, &object) != 0)
		return NULL;
	memset(object, 0, mp->elt_size);
	return object;
}

// Sessions are shared out over the workers, but which worker a NIC gives a device to is the NIC's choice: the memory of
// another node is better than none.
void *
session_pool_take(const struct session_pool *p, int node)
{
	void *object = node >= 0 && node < RTE_MAX_NUMA_NODES ? take(p->of_node[node]) : NULL;

	for (unsigned int i = 0; object == NULL && i < RTE_MAX_NUMA_NODES; i++)
		object = take(p->of_node[i]);
	return object;
}

void
session_pool_give(void *object)
{
	if (object != NULL)
		rte_mempool_put(rte_mempool_from_obj(object), object);
}
