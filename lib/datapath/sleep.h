// The sleep of a worker: what it waits on, and for how long at most. Control makes it, the worker sleeps.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mst_rt.h"

struct mst_worker;

struct sleep_set {
	int fds[MST_RT_SLEEP_FDS];
	unsigned int n_fds;
	int epoll; // for queues with interrupts, one of fds; -1: there are none
	uint64_t timeout_ns;
};

// sleep.c: after an empty turn. The first call announces the sleep, the second, behind one more empty turn, sleeps.
void datapath_sleep(struct mst_worker *w);
// That turn had packets.
void datapath_sleep_cancel(struct mst_worker *w);
// sleep_setup.c: control, before launch, when the worker has its queues.
void datapath_sleep_create(struct mst_worker *w);
void datapath_sleep_destroy(struct mst_worker *w);
