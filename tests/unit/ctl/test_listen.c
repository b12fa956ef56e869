// The socket file: its mode, what is replaced and what is not, what is left behind.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "mst_test.h"

#include "ctl.h"

static char dir[32];
static char path[64];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/mst-ctl-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static bool
exists(void)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
mode_is_0600_whatever_the_umask(void **state)
{
	(void)state;
	mode_t old = umask(0);
	struct ctl_listener l;
	struct stat st;

	assert_int_equal(ctl_listener_open(&l, path), 0);
	umask(old);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	ctl_listener_close(&l);
	assert_false(exists());
}

// A file whose listener is gone, as a killed gateway leaves it.
static void
leave_stale_file(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	assert_true(exists());
}

static void
stale_file_is_replaced(void **state)
{
	(void)state;
	struct ctl_listener l;

	leave_stale_file();
	assert_int_equal(ctl_listener_open(&l, path), 0);
	ctl_listener_close(&l);
	assert_false(exists());
}

static void
live_socket_is_left_alone(void **state)
{
	(void)state;
	struct ctl_listener first;
	struct ctl_listener second;

	assert_int_equal(ctl_listener_open(&first, path), 0);
	assert_int_equal(ctl_listener_open(&second, path), -EADDRINUSE);
	assert_true(exists());
	ctl_listener_close(&first);
	assert_false(exists());
}

static void
full_backlog_counts_as_alive(void **state)
{
	(void)state;
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct ctl_listener first;
	struct ctl_listener second;
	int fds[64];
	size_t n = 0;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(ctl_listener_open(&first, path), 0);
	for (; n < MST_ARRAY_SIZE(fds); n++) {
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fds[n], (struct sockaddr *)&addr, sizeof(addr)) < 0)
			break;
	}
	assert_true(n < MST_ARRAY_SIZE(fds));
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(ctl_listener_open(&second, path), -EADDRINUSE);
	for (size_t i = 0; i <= n; i++)
		close(fds[i]);
	ctl_listener_close(&first);
}

static void
other_files_are_left_alone(void **state)
{
	(void)state;
	struct ctl_listener l;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	close(fd);
	assert_int_equal(ctl_listener_open(&l, path), -EEXIST);
	assert_true(exists());
	unlink(path);
	// Neither is a link followed: what it points at may be somebody else's.
	assert_int_equal(symlink("/nonexistent", path), 0);
	assert_int_equal(ctl_listener_open(&l, path), -EEXIST);
	assert_true(exists());
	unlink(path);
}

static void
only_the_own_file_is_removed(void **state)
{
	(void)state;
	struct ctl_listener first;
	struct ctl_listener second;

	assert_int_equal(ctl_listener_open(&first, path), 0);
	unlink(path);
	assert_int_equal(ctl_listener_open(&second, path), 0);
	ctl_listener_close(&first);
	assert_true(exists());
	ctl_listener_close(&second);
	assert_false(exists());
}

static void
path_limits(void **state)
{
	(void)state;
	char longest[109];
	struct ctl_listener l;
	size_t used = strlen(dir);

	// 107 characters and the NUL fill sun_path.
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, dir, used);
	longest[used] = '/';
	longest[108] = '\0';
	assert_int_equal(ctl_listener_open(&l, longest), -ENAMETOOLONG);
	longest[107] = '\0';
	assert_int_equal(ctl_listener_open(&l, longest), 0);
	ctl_listener_close(&l);
	assert_int_equal(ctl_listener_open(&l, ""), -ENAMETOOLONG);
	assert_int_equal(ctl_listener_open(&l, "/nonexistent/folder/sock"), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mode_is_0600_whatever_the_umask, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(stale_file_is_replaced, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(live_socket_is_left_alone, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(full_backlog_counts_as_alive, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(other_files_are_left_alone, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(only_the_own_file_is_removed, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(path_limits, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
