// The rings between control and workers: made by control at start, one consumer each. Producers never wait: a
// full ring is counted.
#include <errno.h>

#include <rte_errno.h>

#include "rt_private.h"

// Powers of two; a ring holds one less. Control drains its rings every turn of its loop, which a handshake
// may stretch to milliseconds; a worker drains its own every few microseconds.
static const struct {
	const char *name;
	unsigned int size;
} shared_rings[MST_RING_COUNT] = {
	[MST_RING_CONTROL] = {"mst_control", 4096},
	[MST_RING_KERNEL] = {"mst_kernel", 4096},
	[MST_RING_STREAM] = {"mst_stream", 8192},
};
#define INJECT_SIZE 2048
#define HANDOFF_SIZE 4096 // the frames that a worker takes in while the one it hands over to has no CPU

static struct rte_ring *shared[MST_RING_COUNT];
static struct rte_ring *inject[MST_MAX_WORKERS];
static struct rte_ring *handoff[MST_MAX_WORKERS];
static _Atomic uint64_t inject_full;

static int
create(struct rte_ring **out, const char *name, unsigned int size, unsigned int flags)
{
	*out = rte_ring_create(name, size, SOCKET_ID_ANY, flags);
	return *out == NULL ? -rte_errno : 0;
}

int
rt_ring_create(unsigned int n_workers, bool cpus_shared)
{
	// A producer of a plain ring waits for the one before it, which on a shared CPU may have lost its turn
	// half way; with a relaxed tail nobody waits.
	unsigned int many = RING_F_SC_DEQ | (cpus_shared ? RING_F_MP_RTS_ENQ : 0);
	char name[RTE_RING_NAMESIZE];

	for (unsigned int i = 0; i < MST_RING_COUNT; i++)
		MST_TRY(create(&shared[i], shared_rings[i].name, shared_rings[i].size, many));
	for (unsigned int i = 0; i < n_workers; i++) {
		snprintf(name, sizeof(name), "mst_inject_%u", i);
		MST_TRY(create(&inject[i], name, INJECT_SIZE, RING_F_SP_ENQ | RING_F_SC_DEQ));
		snprintf(name, sizeof(name), "mst_handoff_%u", i);
		MST_TRY(create(&handoff[i], name, HANDOFF_SIZE, many));
	}
	return 0;
}

static void
destroy(struct rte_ring **r)
{
	void *m;

	while (*r != NULL && rte_ring_dequeue(*r, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(*r);
	*r = NULL;
}

void
rt_ring_destroy(void)
{
	for (unsigned int i = 0; i < MST_RING_COUNT; i++)
		destroy(&shared[i]);
	for (unsigned int i = 0; i < MST_MAX_WORKERS; i++) {
		destroy(&inject[i]);
		destroy(&handoff[i]);
	}
}

struct rte_ring *
mst_rt_ring(enum mst_ring which)
{
	return shared[which];
}

struct rte_ring *
mst_rt_ring_inject(unsigned int worker)
{
	return inject[worker];
}

struct rte_ring *
mst_rt_ring_handoff(unsigned int worker)
{
	return handoff[worker];
}

int
mst_rt_inject(unsigned int worker, struct rte_mbuf *m, enum mst_entry entry)
{
	mst_pkt(m)->entry = (uint8_t)entry;
	if (rte_ring_enqueue(inject[worker], m) == 0) {
		atomic_thread_fence(memory_order_seq_cst); // against mst_rt_sleep_announce
		if ((mst_rt_asleep() & UINT64_C(1) << worker) != 0)
			mst_rt_wake(worker);
		return 0;
	}
	rte_pktmbuf_free(m);
	atomic_fetch_add_explicit(&inject_full, 1, memory_order_relaxed);
	return -ENOBUFS;
}

uint64_t
mst_rt_inject_full(void)
{
	return atomic_load_explicit(&inject_full, memory_order_relaxed);
}
