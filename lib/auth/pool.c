// The hashing threads and the queue between them and the control lcore. No job is allocated after the start:
// a job is idle, waiting, with a thread, or done, and there are as many as the queue is long, so nothing can
// overflow.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "auth.h"

#define HASHING_NICE 10

struct fifo {
	unsigned int head;
	unsigned int n;
	struct auth_job *jobs[MST_AUTH_QUEUE_MAX];
};

struct hasher {
	struct auth_pool *pool;
	struct crypt_data *scratch;
	pthread_t thread;
};

struct auth_pool {
	// written at the start only
	const struct auth_backend *backend;
	struct auth_job *jobs;
	unsigned int queue;
	int event_fd;
	unsigned int n_hashers; // that run
	struct hasher hashers[MST_AUTH_THREADS_MAX];
	// under the lock, which nobody holds while hashing
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stop;
	struct fifo idle;
	struct fifo waiting;
	struct fifo done;
};

static void
put(struct fifo *f, struct auth_job *job)
{
	MST_ASSERT(f->n < MST_AUTH_QUEUE_MAX);
	f->jobs[(f->head + f->n++) % MST_AUTH_QUEUE_MAX] = job;
}

static struct auth_job *
get(struct fifo *f)
{
	struct auth_job *job;

	if (f->n == 0)
		return NULL;
	job = f->jobs[f->head];
	f->head = (f->head + 1) % MST_AUTH_QUEUE_MAX;
	f->n--;
	return job;
}

static void
judge(struct auth_pool *pool, struct auth_job *job, struct crypt_data *scratch)
{
	struct mst_auth_result *result = &job->result;

	result->ok = pool->backend->verify(job, scratch);
	mst_wipe(job->password, sizeof(job->password));
	mst_wipe(job->hash, sizeof(job->hash));
	if (!result->ok) {
		result->n_groups = 0;
		memset(result->groups, 0, sizeof(result->groups));
	}
}

static void *
hasher_run(void *arg)
{
	struct hasher *h = arg;
	struct auth_pool *pool = h->pool;
	const uint64_t one = 1;

	// Of this thread alone, on Linux. It may share a CPU with the control loop, which must go first.
	(void)setpriority(PRIO_PROCESS, 0, HASHING_NICE);
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct auth_job *job = pool->stop ? NULL : get(&pool->waiting);

		if (pool->stop)
			break;
		if (job == NULL) {
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		judge(pool, job, h->scratch);
		pthread_mutex_lock(&pool->lock);
		put(&pool->done, job);
		// Cannot fail: the counter stays below the number of jobs.
		MST_ASSERT(write(pool->event_fd, &one, sizeof(one)) == sizeof(one));
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int
start_hasher(struct auth_pool *pool)
{
	struct hasher *h = &pool->hashers[pool->n_hashers];
	sigset_t all;
	sigset_t before;
	int rc;

	h->pool = pool;
	h->scratch = calloc(1, sizeof(*h->scratch));
	if (h->scratch == NULL)
		return -ENOMEM;
	// Signals are the control loop's.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&h->thread, NULL, hasher_run, h);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		free(h->scratch);
		return -rc;
	}
	pool->n_hashers++;
	return 0;
}

int
auth_pool_create(struct auth_pool **out, const struct auth_backend *backend, unsigned int n_threads,
	unsigned int queue)
{
	struct auth_pool *pool;
	int rc = 0;

	if (n_threads < 1 || n_threads > MST_AUTH_THREADS_MAX || queue < 1 || queue > MST_AUTH_QUEUE_MAX)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pool->backend = backend;
	pool->queue = queue;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->jobs = calloc(queue, sizeof(*pool->jobs));
	pool->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->event_fd < 0)
		rc = -errno;
	else if (pool->jobs == NULL)
		rc = -ENOMEM;
	for (unsigned int i = 0; rc == 0 && i < queue; i++)
		put(&pool->idle, &pool->jobs[i]);
	for (unsigned int i = 0; rc == 0 && i < n_threads; i++)
		rc = start_hasher(pool);
	if (rc < 0) {
		auth_pool_destroy(pool);
		return rc;
	}
	*out = pool;
	return 0;
}

void
auth_pool_destroy(struct auth_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->n_hashers; i++) {
		pthread_join(pool->hashers[i].thread, NULL);
		free(pool->hashers[i].scratch);
	}
	if (pool->event_fd >= 0)
		close(pool->event_fd);
	if (pool->jobs != NULL)
		mst_wipe(pool->jobs, pool->queue * sizeof(*pool->jobs));
	free(pool->jobs);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int
auth_pool_fd(const struct auth_pool *pool)
{
	return pool->event_fd;
}

struct auth_job *
auth_pool_take(struct auth_pool *pool)
{
	struct auth_job *job;

	pthread_mutex_lock(&pool->lock);
	job = get(&pool->idle);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

void
auth_pool_start(struct auth_pool *pool, struct auth_job *job)
{
	pthread_mutex_lock(&pool->lock);
	put(&pool->waiting, job);
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

bool
auth_pool_finish(struct auth_pool *pool, struct mst_auth_result *out)
{
	struct auth_job *job;
	uint64_t drained;

	pthread_mutex_lock(&pool->lock);
	job = get(&pool->done);
	if (job != NULL) {
		*out = job->result;
		mst_wipe(job, sizeof(*job));
		put(&pool->idle, job);
	}
	// Under the lock, so that no result can come between the last one taken and the descriptor's reset.
	if (pool->done.n == 0)
		(void)!read(pool->event_fd, &drained, sizeof(drained));
	pthread_mutex_unlock(&pool->lock);
	return job != NULL;
}
