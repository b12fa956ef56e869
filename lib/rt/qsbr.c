// Quiescent-state reclamation and the defer queue. The queue belongs to the control lcore; nothing here ever
// waits for a worker.
#include <errno.h>
#include <pthread.h>

#include <rte_malloc.h>

#include "rt_private.h"

// Reader threads that are no lcores (telemetry) share one slot after the workers'.
#define READER_SLOT MST_MAX_WORKERS
#define N_SLOTS (MST_MAX_WORKERS + 1)

#define CHUNK_ENTRIES 1022
#define RECLAIM_BATCH 256

struct deferred {
	uint64_t token;
	void (*fn)(void *p);
	void *p;
};

struct chunk {
	struct chunk *next;
	unsigned int head, tail;
	struct deferred entries[CHUNK_ENTRIES];
};

struct rte_rcu_qsbr *mst_rt_qsbr_;
static pthread_mutex_t reader_lock = PTHREAD_MUTEX_INITIALIZER;

static struct {
	struct chunk *first, *last;
	struct chunk *spare; // one kept, so that a steady trickle does not allocate
	atomic_uint n;	     // control writes, telemetry reads
	atomic_uint high;
	_Atomic uint64_t lost;
} queue;

int
rt_qsbr_create(unsigned int n_workers)
{
	size_t size = rte_rcu_qsbr_get_memsize(N_SLOTS);
	struct rte_rcu_qsbr *v = rte_zmalloc("mst_qsbr", size, RTE_CACHE_LINE_SIZE);

	if (v == NULL)
		return -ENOMEM;
	if (rte_rcu_qsbr_init(v, N_SLOTS) != 0) {
		rte_free(v);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < n_workers; i++)
		(void)rte_rcu_qsbr_thread_register(v, i);
	(void)rte_rcu_qsbr_thread_register(v, READER_SLOT);
	mst_rt_qsbr_ = v;
	return 0;
}

void
mst_rt_worker_online(unsigned int worker)
{
	rte_rcu_qsbr_thread_online(mst_rt_qsbr_, worker);
}

void
mst_rt_worker_offline(unsigned int worker)
{
	rte_rcu_qsbr_thread_offline(mst_rt_qsbr_, worker);
}

void
mst_rt_reader_enter(void)
{
	pthread_mutex_lock(&reader_lock);
	if (mst_rt_qsbr_ != NULL) // telemetry outlives the runtime
		rte_rcu_qsbr_thread_online(mst_rt_qsbr_, READER_SLOT);
}

void
mst_rt_reader_leave(void)
{
	if (mst_rt_qsbr_ != NULL)
		rte_rcu_qsbr_thread_offline(mst_rt_qsbr_, READER_SLOT);
	pthread_mutex_unlock(&reader_lock);
}

static struct deferred *
queue_push(void)
{
	if (atomic_load_explicit(&queue.n, memory_order_relaxed) >= MST_RT_DEFER_MAX)
		return NULL;
	if (queue.last == NULL || queue.last->tail == CHUNK_ENTRIES) {
		struct chunk *c = queue.spare != NULL ? queue.spare : malloc(sizeof(*c));

		if (c == NULL)
			return NULL;
		queue.spare = NULL;
		c->next = NULL;
		c->head = c->tail = 0;
		if (queue.last != NULL)
			queue.last->next = c;
		else
			queue.first = c;
		queue.last = c;
	}
	return &queue.last->entries[queue.last->tail++];
}

static struct deferred *
queue_head(void)
{
	struct chunk *c = queue.first;

	return c != NULL && c->head < c->tail ? &c->entries[c->head] : NULL;
}

static void
queue_pop(void)
{
	struct chunk *c = queue.first;

	c->head++;
	atomic_fetch_sub_explicit(&queue.n, 1, memory_order_relaxed);
	if (c->head < c->tail)
		return;
	queue.first = c->next;
	if (queue.first == NULL)
		queue.last = NULL;
	if (queue.spare == NULL)
		queue.spare = c;
	else
		free(c);
}

void
mst_rt_defer(void (*fn)(void *p), void *p)
{
	struct deferred *d = queue_push();
	unsigned int n;

	// Leaking the object is the one safe answer: freeing it now could pull it from under a worker.
	if (d == NULL) {
		uint64_t lost = 1 + atomic_fetch_add_explicit(&queue.lost, 1, memory_order_relaxed);

		if ((lost & (lost - 1)) == 0)
			MST_LOG(ERROR, "rt", "defer queue full: objects are leaked, %llu so far",
				(unsigned long long)lost);
		return;
	}
	d->fn = fn;
	d->p = p;
	d->token = rte_rcu_qsbr_start(mst_rt_qsbr_);
	n = 1 + atomic_fetch_add_explicit(&queue.n, 1, memory_order_relaxed);
	if (n > atomic_load_explicit(&queue.high, memory_order_relaxed))
		atomic_store_explicit(&queue.high, n, memory_order_relaxed);
}

void
mst_rt_reclaim(void)
{
	for (unsigned int i = 0; i < RECLAIM_BATCH; i++) {
		struct deferred *d = queue_head();
		struct deferred due;

		// Tokens only grow: when the oldest is not due, none is.
		if (d == NULL || rte_rcu_qsbr_check(mst_rt_qsbr_, d->token, false) != 1)
			return;
		due = *d;
		queue_pop(); // before the call: fn may defer again
		due.fn(due.p);
	}
}

unsigned int
mst_rt_deferred(void)
{
	return atomic_load_explicit(&queue.n, memory_order_relaxed);
}

unsigned int
mst_rt_deferred_high(void)
{
	return atomic_load_explicit(&queue.high, memory_order_relaxed);
}

uint64_t
mst_rt_defer_lost(void)
{
	return atomic_load_explicit(&queue.lost, memory_order_relaxed);
}

void
rt_qsbr_destroy(void)
{
	struct rte_rcu_qsbr *v = mst_rt_qsbr_;

	if (v == NULL)
		return;
	for (unsigned int i = 0; i < MST_MAX_WORKERS; i++)
		rte_rcu_qsbr_thread_offline(v, i);
	while (mst_rt_deferred() > 0)
		mst_rt_reclaim();
	free(queue.spare);
	queue.spare = NULL;
	pthread_mutex_lock(&reader_lock); // a telemetry reader finishes first
	mst_rt_qsbr_ = NULL;
	pthread_mutex_unlock(&reader_lock);
	rte_free(v);
}
