// A control server on a temporary socket, its event loop in a thread.
#pragma once

#include <pthread.h>

#include "mst_test.h"

#include "ctl.h"

struct fixture {
	char dir[32];
	char path[64];
	struct event_base *base;
	struct event *stop_ev;
	struct mst_ctl_server *server;
	pthread_t thread;
	int stop_fd;
	// What the handler saw last, and what it answers.
	enum mst_ctl_id id;
	size_t n_args;
	char first_arg[MST_CTL_WORD_BYTES + 1];
	unsigned int n_calls;
	int pages; // of one row each, if not 0; a page says that the next one is step further
	int step;
	int answer_rc;
	unsigned int fail_from; // the call from which on answer_rc counts
	const char *answer_err;
	json_t *answer; // a reference of the fixture
};

// Makes the folder, the base and the server; the loop runs after fixture_run.
void fixture_make(struct fixture *f);
void fixture_run(struct fixture *f);
// Ends the thread; server and counters can be looked at afterwards.
void fixture_halt(struct fixture *f);
void fixture_free(struct fixture *f);
struct mst_ctl_stats fixture_stats(struct fixture *f);
// A plain blocking connection to the socket.
int fixture_connect(const struct fixture *f);
