// Server and client together over a real socket: who is served, what is bounded, what is counted.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define CALL_MS 5000
#define NOBODY 65534

static struct fixture f;

static int
make(void **state)
{
	(void)state;
	fixture_make(&f);
	return 0;
}

static int
unmake(void **state)
{
	(void)state;
	fixture_free(&f);
	return 0;
}

static int
call(const char *const *argv, json_t **data, char *err)
{
	err[0] = '\0';
	*data = NULL;
	return mst_ctl_call(f.path, argv, CALL_MS, data, err, MST_CTL_ERR_BYTES);
}

static const char *const status[] = {"server", "status", NULL};
static const char *const user[] = {"server", "show", "user", "alice", NULL};
static const char *const stop[] = {"server", "stop", NULL};
static const char *const unknown[] = {"server", "coffee", NULL};

static void
peers_allowed(void **state)
{
	(void)state;
	assert_true(mst_ctl_peer_allowed(0, 0));
	assert_true(mst_ctl_peer_allowed(0, 1000));
	assert_true(mst_ctl_peer_allowed(1000, 1000));
	assert_false(mst_ctl_peer_allowed(1000, 0));
	assert_false(mst_ctl_peer_allowed(1001, 1000));
	assert_false(mst_ctl_peer_allowed((uid_t)-1, 0));
}

static void
commands_reach_the_handler(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES];
	json_t *data;
	struct mst_ctl_stats stats;

	f.answer = json_pack("{s:s}", "Status", "online");
	fixture_run(&f);
	assert_int_equal(call(user, &data, err), 0);
	assert_string_equal(json_string_value(json_object_get(data, "Status")), "online");
	json_decref(data);
	assert_int_equal(call(unknown, &data, err), -EINVAL);
	assert_string_equal(err, "no such command");
	fixture_halt(&f);
	assert_int_equal(f.n_calls, 1);
	assert_int_equal(f.id, MST_CTL_SHOW_USER);
	assert_int_equal(f.n_args, 1);
	assert_string_equal(f.first_arg, "alice");
	stats = fixture_stats(&f);
	assert_int_equal(stats.accepted, 2);
	assert_int_equal(stats.requests, 1);
	assert_int_equal(stats.bad_requests, 1);
	assert_int_equal(stats.refused + stats.busy + stats.failed + stats.timeouts, 0);
}

static void
failures_carry_their_text(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES];
	json_t *data;

	f.answer_rc = -ENOENT;
	f.answer_err = "no user alice";
	fixture_run(&f);
	assert_int_equal(call(user, &data, err), -EREMOTEIO);
	assert_string_equal(err, "no user alice");
	f.answer_err = NULL;
	assert_int_equal(call(user, &data, err), -EREMOTEIO);
	assert_string_equal(err, "No such file or directory");
	fixture_halt(&f);
	assert_int_equal(fixture_stats(&f).failed, 2);
}

static void
stop_is_answered_before_the_loop_ends(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES];
	json_t *data;

	f.answer = json_string("stopping");
	fixture_run(&f);
	assert_int_equal(call(stop, &data, err), 0);
	assert_string_equal(json_string_value(data), "stopping");
	json_decref(data);
	fixture_halt(&f);
}

// In a child that has given up root; returns what mst_ctl_call said.
static int
call_as_nobody(void)
{
	int code;
	pid_t pid = fork();

	if (pid == 0) {
		char err[MST_CTL_ERR_BYTES];
		json_t *data;

		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(0);
		_exit(-call(status, &data, err));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &code, 0), pid);
	assert_true(WIFEXITED(code));
	return -WEXITSTATUS(code);
}

static void
other_users_are_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(f.dir, 0755), 0);
	fixture_run(&f);
	// The mode of the file keeps them out.
	assert_int_equal(call_as_nobody(), -EACCES);
	// And when somebody has widened it, the kernel's word on who they are.
	assert_int_equal(chmod(f.path, 0666), 0);
	assert_int_equal(call_as_nobody(), -EACCES);
	assert_int_equal(call_as_nobody(), -EACCES);
	fixture_halt(&f);
	assert_int_equal(f.n_calls, 0);
	assert_int_equal(fixture_stats(&f).refused, 2);
	assert_int_equal(fixture_stats(&f).requests, 0);
}

static void
root_may_command_a_gateway_of_another_user(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES];
	json_t *data;

	if (geteuid() != 0)
		skip();
	f.server->own_uid = NOBODY;
	assert_int_equal(chmod(f.dir, 0755), 0);
	assert_int_equal(chmod(f.path, 0666), 0);
	fixture_run(&f);
	assert_int_equal(call(status, &data, err), 0);
	json_decref(data);
	assert_int_equal(call_as_nobody(), 0);
	fixture_halt(&f);
	assert_int_equal(f.n_calls, 2);
}

// Reads until the server closes, within the test's time; returns the number of bytes.
static size_t
drain(int fd)
{
	uint8_t buf[4096];
	size_t total = 0;
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		total += (size_t)n;
	close(fd);
	return total;
}

static void
slow_sender_is_closed(void **state)
{
	(void)state;
	uint64_t start;
	int fd;

	f.server->request_ms = 200;
	fixture_run(&f);
	start = mst_now_ns();
	fd = fixture_connect(&f);
	// A byte now and then does not extend the time.
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(fd, "\0", 1, MSG_NOSIGNAL), 1);
		usleep(50 * 1000);
	}
	assert_int_equal(drain(fd), 0);
	assert_in_range((mst_now_ns() - start) / MST_NS_PER_MS, 190, 2000);
	fixture_halt(&f);
	assert_int_equal(fixture_stats(&f).timeouts, 1);
}

static json_t *
text_of(size_t len)
{
	char *text = malloc(len + 1);
	json_t *s;

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	s = json_string(text);
	free(text);
	return s;
}

static void
slow_reader_is_closed(void **state)
{
	(void)state;
	struct ctl_buf request = {0};
	int fd;

	f.server->reply_ms = 200;
	f.answer = text_of(4u << 20); // far beyond a socket's buffer
	fixture_run(&f);
	fd = fixture_connect(&f);
	assert_int_equal(ctl_request_build(status, &request), 0);
	assert_int_equal(send(fd, request.data, request.len, MSG_NOSIGNAL), (ssize_t)request.len);
	ctl_buf_fini(&request);
	usleep(600 * 1000);
	assert_true(drain(fd) < 4u << 20);
	fixture_halt(&f);
	assert_int_equal(fixture_stats(&f).timeouts, 1);
}

// {"ok":true,"data":"x..."} has 21 bytes beside the text.
#define REPLY_EXTRA 21

static void
reply_limits(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES];
	json_t *data;

	fixture_run(&f);
	for (size_t over = 0; over < 3; over++) {
		json_decref(f.answer);
		f.answer = text_of(MST_CTL_REPLY_BYTES - REPLY_EXTRA - 1 + over);
		if (over < 2) {
			assert_int_equal(call(status, &data, err), 0);
			assert_int_equal(json_string_length(data), json_string_length(f.answer));
			json_decref(data);
		} else {
			assert_int_equal(call(status, &data, err), -E2BIG);
			assert_string_equal(err, "the answer is too large; ask for less");
		}
	}
	fixture_halt(&f);
	assert_int_equal(fixture_stats(&f).too_large, 1);
}

static void
oversized_and_binary_requests_are_answered_and_closed(void **state)
{
	(void)state;
	static const uint8_t inputs[][8] = {{0, 0, 0x10, 0x01, '{'}, {0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0},
		{0, 0, 0, 4, 'j', 'u', 'n', 'k'}};

	fixture_run(&f);
	for (size_t i = 0; i < MST_ARRAY_SIZE(inputs); i++) {
		int fd = fixture_connect(&f);

		assert_int_equal(send(fd, inputs[i], sizeof(inputs[i]), MSG_NOSIGNAL), sizeof(inputs[i]));
		assert_true(drain(fd) > CTL_HEAD_BYTES);
	}
	fixture_halt(&f);
	assert_int_equal(f.n_calls, 0);
	assert_int_equal(fixture_stats(&f).bad_requests, MST_ARRAY_SIZE(inputs));
}

static void
request_in_single_bytes(void **state)
{
	(void)state;
	struct ctl_buf request = {0};
	int fd;

	fixture_run(&f);
	fd = fixture_connect(&f);
	assert_int_equal(ctl_request_build(status, &request), 0);
	for (size_t i = 0; i < request.len; i++) {
		assert_int_equal(send(fd, request.data + i, 1, MSG_NOSIGNAL), 1);
		usleep(1000);
	}
	ctl_buf_fini(&request);
	assert_true(drain(fd) > CTL_HEAD_BYTES);
	fixture_halt(&f);
	assert_int_equal(f.n_calls, 1);
}

static void
clients_are_bounded(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES];
	json_t *data;
	int fds[MST_CTL_CLIENTS];

	fixture_run(&f);
	for (size_t i = 0; i < MST_CTL_CLIENTS - 1; i++)
		fds[i] = fixture_connect(&f);
	assert_int_equal(call(status, &data, err), 0);
	json_decref(data);
	fds[MST_CTL_CLIENTS - 1] = fixture_connect(&f);
	assert_int_equal(call(status, &data, err), -EBUSY);
	// A slot that is given back serves again.
	close(fds[3]);
	fds[3] = -1;
	for (int tries = 0; tries < 50 && call(status, &data, err) == -EBUSY; tries++)
		usleep(20 * 1000);
	assert_non_null(data);
	json_decref(data);
	fixture_halt(&f);
	assert_true(fixture_stats(&f).busy >= 1);
	for (size_t i = 0; i < MST_CTL_CLIENTS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

// Without a pause the loop would turn as fast as it can while a caller waits and no descriptor is free.
static void
no_descriptors_puts_off_and_recovers(void **state)
{
	(void)state;
	struct rlimit was;
	struct rlimit none;
	int probe;
	int go[2];
	int code;
	pid_t pid;

	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		char err[MST_CTL_ERR_BYTES];
		json_t *data;
		char c;

		_exit(read(go[0], &c, 1) == 1 ? -call(status, &data, err) : 1);
	}
	assert_true(pid > 0);
	probe = dup(0);
	assert_true(probe >= 0);
	close(probe);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)probe, .rlim_max = was.rlim_max};
	fixture_run(&f);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(write(go[1], "g", 1), 1);
	usleep(500 * 1000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(waitpid(pid, &code, 0), pid);
	assert_int_equal(WEXITSTATUS(code), 0);
	fixture_halt(&f);
	close(go[0]);
	close(go[1]);
	assert_int_equal(f.n_calls, 1);
	assert_int_equal(fixture_stats(&f).put_off, 1);
}

static void
second_server_is_refused(void **state)
{
	(void)state;
	struct mst_ctl_server *second = NULL;

	fixture_run(&f);
	assert_int_equal(mst_ctl_server_create(&second, f.base, f.path, f.server->handler, &f), -EADDRINUSE);
	assert_null(second);
	fixture_halt(&f);
}

static void
destroy_with_open_clients(void **state)
{
	(void)state;
	int idle = fixture_connect(&f);
	int half = fixture_connect(&f);

	fixture_run(&f);
	assert_int_equal(send(half, "\0\0", 2, MSG_NOSIGNAL), 2);
	usleep(50 * 1000);
	fixture_halt(&f);
	mst_ctl_server_destroy(f.server);
	f.server = NULL;
	assert_int_equal(drain(idle), 0);
	assert_int_equal(drain(half), 0);
	mst_ctl_server_destroy(NULL);
}

static void
nobody_there(void **state)
{
	(void)state;
	char err[MST_CTL_ERR_BYTES] = "";
	json_t *data = NULL;

	assert_int_equal(mst_ctl_call("/tmp/mst-no-such/sock", status, CALL_MS, &data, err, sizeof(err)),
		-ECONNREFUSED);
	assert_non_null(strstr(err, "/tmp/mst-no-such/sock"));
	assert_non_null(strstr(err, "not running"));
	assert_null(data);
}

static void
silent_server_times_out(void **state)
{
	(void)state;
	// The loop does not run: the connection stays in the backlog.
	char err[MST_CTL_ERR_BYTES] = "";
	json_t *data = NULL;
	uint64_t start = mst_now_ns();

	assert_int_equal(mst_ctl_call(f.path, status, 150, &data, err, sizeof(err)), -ETIMEDOUT);
	assert_in_range((mst_now_ns() - start) / MST_NS_PER_MS, 140, 2000);
	assert_null(data);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peers_allowed),
		WITH(commands_reach_the_handler),
		WITH(failures_carry_their_text),
		WITH(stop_is_answered_before_the_loop_ends),
		WITH(other_users_are_refused),
		WITH(root_may_command_a_gateway_of_another_user),
		WITH(slow_sender_is_closed),
		WITH(slow_reader_is_closed),
		WITH(reply_limits),
		WITH(oversized_and_binary_requests_are_answered_and_closed),
		WITH(request_in_single_bytes),
		WITH(clients_are_bounded),
		WITH(no_descriptors_puts_off_and_recovers),
		WITH(second_server_is_refused),
		WITH(destroy_with_open_clients),
		cmocka_unit_test(nobody_there),
		WITH(silent_server_times_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
