// The public face of the mirror: create, process, resolve, counters. Control lcore.
#include "route.h"

#include <errno.h>
#include <string.h>

#include "mst_rt.h"

static bool created, dump_owed;
static struct route_limiter limiter;
static _Atomic uint64_t changes, resyncs, resolves;
static _Atomic uint32_t routes4, routes6, neighbours;

static void
count(_Atomic uint64_t *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static int
dump(void)
{
	int ret;

	sync_dump_begin();
	ret = netlink_dump();
	if (ret == 0)
		sync_dump_end();
	return ret;
}

static void
note_sizes(void)
{
	atomic_store_explicit(&routes4, route_mirror.rib->n_cands[0], memory_order_relaxed);
	atomic_store_explicit(&routes6, route_mirror.rib->n_cands[1], memory_order_relaxed);
	atomic_store_explicit(&neighbours, route_mirror.neighs->n, memory_order_relaxed);
}

static int
fail(int ret, const char *what, char *err, size_t err_cap)
{
	snprintf(err, err_cap, "%s: %s", what, strerror(-ret));
	mst_route_destroy();
	return ret;
}

int
mst_route_create(const struct mst_route_params *p, char *err, size_t err_cap)
{
	int ret;

	if (created || p->n_ports > MST_ARRAY_SIZE(p->ports) || p->n_pools > MST_ARRAY_SIZE(p->pools) ||
		p->max_routes == 0) {
		snprintf(err, err_cap, "routes: %s", created ? "created already" : "bad parameters");
		return -EINVAL;
	}
	created = true;
	memset(&limiter, 0, sizeof(limiter));
	changes = resyncs = resolves = 0;
	ret = sync_create(p);
	if (ret != 0)
		return fail(ret, "mirror of the kernel's routes", err, err_cap);
	ret = adj_create(&route_mirror);
	if (ret != 0)
		return fail(ret, "memory of the adjacencies", err, err_cap);
	ret = fib4_create(p->max_routes);
	if (ret != 0)
		return fail(ret, "IPv4 table, which takes 64 MiB and more of EAL memory", err, err_cap);
	ret = netlink_open(err, err_cap);
	if (ret != 0) {
		mst_route_destroy();
		return ret;
	}
	ret = dump();
	if (ret != 0)
		return fail(ret, "dump of the kernel's routes", err, err_cap);
	sync_commit();
	sync_refresh_stale();
	note_sizes();
	return 0;
}

void
mst_route_destroy(void)
{
	if (!created)
		return;
	netlink_close();
	fib4_destroy();
	fib6_free(atomic_exchange_explicit(&fib6_current, NULL, memory_order_acq_rel));
	adj_destroy();
	sync_destroy();
	created = dump_owed = false;
}

int
mst_route_fd(void)
{
	return netlink_fd();
}

void
mst_route_process(void)
{
	bool dumped = false;
	int n;

	if (!created)
		return;
	n = netlink_drain();
	if (n > 0)
		count(&changes, (uint64_t)n);
	if (n < 0 || sync_wants_resync() || dump_owed) {
		int ret = dump();

		count(&resyncs, 1);
		if (ret != 0 && !dump_owed)
			MST_LOG(ERROR, "route", "dump of the kernel's routes: %s; tried again",
				strerror(-ret));
		dump_owed = ret != 0;
		dumped = ret == 0;
	}
	sync_commit();
	if (dumped)
		sync_refresh_stale();
	note_sizes();
}

int
mst_route_resolve(int ifindex, const struct mst_ip *next_hop)
{
	if (next_hop->family == 0 || ifindex <= 0)
		return -EINVAL;
	if (!route_limiter_admit(&limiter, ifindex, next_hop, mst_now_ns()))
		return -EAGAIN;
	count(&resolves, 1);
	return netlink_use_neighbour(ifindex, next_hop);
}

void
mst_route_counters(struct mst_route_counters *out)
{
	*out = (struct mst_route_counters){
		.routes4 = atomic_load_explicit(&routes4, memory_order_relaxed),
		.routes6 = atomic_load_explicit(&routes6, memory_order_relaxed),
		.neighbours = atomic_load_explicit(&neighbours, memory_order_relaxed),
		.changes = atomic_load_explicit(&changes, memory_order_relaxed),
		.resyncs = atomic_load_explicit(&resyncs, memory_order_relaxed),
		.full = atomic_load_explicit(&route_full, memory_order_relaxed),
		.resolves = atomic_load_explicit(&resolves, memory_order_relaxed),
	};
}
