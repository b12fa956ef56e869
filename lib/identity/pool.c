// Threads that compute or wait for one step of a sign-in at a time, and the queues between them and the serving
// thread. No job is allocated here: there are as many as a queue is long, so nothing can overflow.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "identity.h"

struct fifo {
	unsigned int head;
	unsigned int n;
	struct identity_job *jobs[IDENTITY_JOBS_MAX];
};

struct worker {
	struct identity_pool *pool;
	struct crypt_data *scratch;
	pthread_t thread;
};

struct identity_pool {
	// written at the start only
	int event_fd;
	unsigned int n_workers; // that run
	struct worker workers[IDENTITY_THREADS_MAX];
	// under the lock, which nobody holds while working
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool stop;
	struct fifo waiting;
	struct fifo done;
};

static void
put(struct fifo *f, struct identity_job *job)
{
	MST_ASSERT(f->n < IDENTITY_JOBS_MAX);
	f->jobs[(f->head + f->n++) % IDENTITY_JOBS_MAX] = job;
}

static struct identity_job *
get(struct fifo *f)
{
	struct identity_job *job;

	if (f->n == 0)
		return NULL;
	job = f->jobs[f->head];
	f->head = (f->head + 1) % IDENTITY_JOBS_MAX;
	f->n--;
	return job;
}

static void
judge(struct identity_job *job, struct crypt_data *scratch)
{
	struct mst_auth_result *result = &job->result;

	job->ways[job->way]->step(job, scratch);
	mst_wipe(job->answer, sizeof(job->answer));
	if (job->parks || result->outcome == MST_AUTH_MORE ||
		(result->outcome == MST_AUTH_OK && job->way + 1 < job->n_ways))
		return;
	if (result->outcome == MST_AUTH_OK)
		identity_ways_end(job);
	mst_wipe(job->message, job->message_len);
	mst_wipe(job->hash, sizeof(job->hash));
}

static void *
worker_run(void *arg)
{
	struct worker *w = arg;
	struct identity_pool *pool = w->pool;
	const uint64_t one = 1;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct identity_job *job = pool->stop ? NULL : get(&pool->waiting);

		if (pool->stop)
			break;
		if (job == NULL) {
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		judge(job, w->scratch);
		pthread_mutex_lock(&pool->lock);
		put(&pool->done, job);
		// Cannot fail: the counter stays below the number of jobs.
		MST_ASSERT(write(pool->event_fd, &one, sizeof(one)) == sizeof(one));
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int
start_worker(struct identity_pool *pool)
{
	struct worker *w = &pool->workers[pool->n_workers];
	sigset_t all;
	sigset_t before;
	int rc;

	w->pool = pool;
	w->scratch = calloc(1, sizeof(*w->scratch));
	if (w->scratch == NULL)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->thread, NULL, worker_run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		free(w->scratch);
		return -rc;
	}
	pool->n_workers++;
	return 0;
}

int
identity_pool_create(struct identity_pool **out, unsigned int n_threads)
{
	struct identity_pool *pool;
	int rc = 0;

	if (n_threads < 1 || n_threads > IDENTITY_THREADS_MAX)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->event_fd < 0)
		rc = -errno;
	for (unsigned int i = 0; rc == 0 && i < n_threads; i++)
		rc = start_worker(pool);
	if (rc < 0) {
		identity_pool_destroy(pool);
		return rc;
	}
	*out = pool;
	return 0;
}

void
identity_pool_destroy(struct identity_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->n_workers; i++) {
		pthread_join(pool->workers[i].thread, NULL);
		free(pool->workers[i].scratch);
	}
	if (pool->event_fd >= 0)
		close(pool->event_fd);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int
identity_pool_fd(const struct identity_pool *pool)
{
	return pool->event_fd;
}

void
identity_pool_start(struct identity_pool *pool, struct identity_job *job)
{
	pthread_mutex_lock(&pool->lock);
	put(&pool->waiting, job);
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

struct identity_job *
identity_pool_finish(struct identity_pool *pool)
{
	struct identity_job *job;
	uint64_t drained;

	pthread_mutex_lock(&pool->lock);
	job = get(&pool->done);
	// Under the lock, so that no result can come between the last one taken and the descriptor's reset.
	if (pool->done.n == 0)
		(void)!read(pool->event_fd, &drained, sizeof(drained));
	pthread_mutex_unlock(&pool->lock);
	return job;
}
