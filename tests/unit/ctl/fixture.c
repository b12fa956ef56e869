// See fixture.h.
#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

static int
handler(void *arg, enum mst_ctl_id id, const char *const *args, size_t n_args, json_t **data, char *err,
	size_t err_cap)
{
	struct fixture *f = arg;

	f->n_calls++;
	f->id = id;
	f->n_args = n_args;
	if (n_args > 0)
		snprintf(f->first_arg, sizeof(f->first_arg), "%s", args[0]);
	if (id == MST_CTL_STOP)
		event_base_loopexit(f->base, NULL);
	if (f->answer_rc < 0 && f->n_calls >= f->fail_from) {
		snprintf(err, err_cap, "%s", f->answer_err != NULL ? f->answer_err : "");
		return f->answer_rc;
	}
	if (f->pages > 0) {
		int start = n_args > 0 ? atoi(args[0]) : 0;

		*data = json_pack(
			"{s:[i], s:i}", "rows", start, "next", start + 1 < f->pages ? start + f->step : 0);
		return 0;
	}
	*data = f->answer != NULL ? json_incref(f->answer) : NULL;
	return 0;
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct fixture *f = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(f->base);
}

static void *
loop(void *arg)
{
	struct fixture *f = arg;

	event_base_dispatch(f->base);
	return NULL;
}

void
fixture_make(struct fixture *f)
{
	*f = (struct fixture){.dir = "/tmp/mst-ctl-XXXXXX"};
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	f->base = event_base_new();
	assert_non_null(f->base);
	f->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->stop_ev = event_new(f->base, f->stop_fd, EV_READ, on_stop, f);
	assert_int_equal(event_add(f->stop_ev, NULL), 0);
	assert_int_equal(mst_ctl_server_create(&f->server, f->base, f->path, handler, f), 0);
}

void
fixture_run(struct fixture *f)
{
	assert_int_equal(pthread_create(&f->thread, NULL, loop, f), 0);
}

void
fixture_halt(struct fixture *f)
{
	assert_int_equal(eventfd_write(f->stop_fd, 1), 0);
	assert_int_equal(pthread_join(f->thread, NULL), 0);
}

void
fixture_free(struct fixture *f)
{
	mst_ctl_server_destroy(f->server);
	event_free(f->stop_ev);
	event_base_free(f->base);
	close(f->stop_fd);
	json_decref(f->answer);
	// The server took its socket file away: the folder is empty.
	assert_int_equal(rmdir(f->dir), 0);
}

struct mst_ctl_stats
fixture_stats(struct fixture *f)
{
	struct mst_ctl_stats stats;

	mst_ctl_server_stats(f->server, &stats);
	return stats;
}

int
fixture_connect(const struct fixture *f)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f->path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}
