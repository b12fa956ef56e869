// How an idle worker waits and who ends the wait. The one system call of a worker, made when it has nothing to
// do; others make one for it only while it sleeps. Worker lcores; waking: any lcore.
//
// No wake-up is lost: the sleeper announces itself, then looks at its rings a last time; a producer fills a ring, then
// looks for the announcement. With a full fence between the two on both sides one of them sees the other.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rt_private.h"

#define NS_PER_S 1000000000

_Atomic uint64_t mst_rt_asleep_;

static_assert(MST_MAX_WORKERS <= 64, "a bit a worker");

static struct {
	int fd;
	bool exact; // the worker's: its thread has had its timer slack taken
} sleepers[MST_MAX_WORKERS];
static unsigned int n_sleepers;

int
rt_sleep_create(unsigned int n_workers)
{
	atomic_store(&mst_rt_asleep_, 0);
	for (n_sleepers = 0; n_sleepers < n_workers; n_sleepers++) {
		int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

		if (fd < 0)
			return -errno;
		sleepers[n_sleepers].fd = fd;
		sleepers[n_sleepers].exact = false;
	}
	return 0;
}

void
rt_sleep_destroy(void)
{
	while (n_sleepers > 0)
		close(sleepers[--n_sleepers].fd);
}

void
mst_rt_sleep_announce(unsigned int worker)
{
	atomic_fetch_or(&mst_rt_asleep_, UINT64_C(1) << worker);
	atomic_thread_fence(memory_order_seq_cst);
}

void
mst_rt_sleep_cancel(unsigned int worker)
{
	atomic_fetch_and(&mst_rt_asleep_, ~(UINT64_C(1) << worker));
}

// One write a sleep, whoever comes first. It stays readable until the sleeper has read it.
void
mst_rt_wake(unsigned int worker)
{
	uint64_t bit = UINT64_C(1) << worker;

	if ((atomic_fetch_and(&mst_rt_asleep_, ~bit) & bit) != 0)
		(void)eventfd_write(sleepers[worker].fd, 1);
}

// A socket whose interface went down says so until it is asked; left alone it would end every wait at once.
static void
settle(const struct pollfd *p)
{
	int error;
	socklen_t len = sizeof(error);

	if ((p->revents & POLLERR) != 0)
		(void)getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

bool
mst_rt_sleep(unsigned int worker, const int *fds, unsigned int n_fds, uint64_t timeout_ns)
{
	struct timespec t = {
		.tv_sec = (time_t)(timeout_ns / NS_PER_S), .tv_nsec = (long)(timeout_ns % NS_PER_S)};
	struct pollfd p[1 + MST_RT_SLEEP_FDS] = {{.fd = sleepers[worker].fd, .events = POLLIN}};
	eventfd_t count;
	int n = 0;

	MST_ASSERT(n_fds <= MST_RT_SLEEP_FDS);
	for (unsigned int i = 0; i < n_fds; i++)
		p[1 + i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	if (!sleepers[worker]
			.exact) // the kernel adds 50 us to a wait, to save wake-ups; to us they are most of it
		sleepers[worker].exact = prctl(PR_SET_TIMERSLACK, 1) == 0;
	mst_rt_worker_offline(worker);
	if (!mst_rt_stopping())
		n = ppoll(p, 1 + n_fds, &t, NULL);
	mst_rt_worker_online(worker);
	mst_rt_sleep_cancel(worker);
	if (n <= 0)
		return false;
	if (p[0].revents != 0)
		(void)eventfd_read(p[0].fd, &count);
	for (unsigned int i = 0; i < n_fds; i++)
		settle(&p[1 + i]);
	return true;
}
