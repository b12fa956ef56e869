// What mst-authd cannot do any more once it is confined, and what it still can.
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_test.h"

#include "authd.h"

#define CHECK(cond)                                                                                          \
	do {                                                                                                 \
		if (!(cond))                                                                                 \
			return __LINE__ % 255 + 1;                                                           \
	} while (0)

#define REFUSED(call) ((call) == -1 && errno == EPERM)

static void *
nothing(void *arg)
{
	return arg;
}

// 0, or the line of what was not given up.
static int
look_limits(void)
{
	struct rlimit core, files;
	char folder[16];
	int signal = 0;

	CHECK(getuid() != 0 && geteuid() != 0 && getgid() != 0 && getgroups(0, NULL) == 0);
	CHECK(setuid(0) == -1 && setgid(0) == -1);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max == 256);
	CHECK(prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) == 0 && signal == SIGKILL);
	CHECK(getcwd(folder, sizeof(folder)) != NULL && strcmp(folder, "/") == 0);
	return 0;
}

// 0, or the line of what was not as it has to be.
static int
look(enum authd_needs needs)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static char *argv[] = {NULL};
	bool modules = needs == AUTHD_MODULES;
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t child;

	CHECK(fd >= 0);
	CHECK(modules ? bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0
		      : REFUSED(bind(fd, (struct sockaddr *)&addr, sizeof(addr))));
	CHECK(REFUSED(listen(fd, 1)) && REFUSED(accept(fd, NULL, NULL)) &&
		REFUSED(accept4(fd, NULL, NULL, 0)));
	CHECK(REFUSED(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
	CHECK(REFUSED(unshare(CLONE_NEWUSER)) && REFUSED(mount("none", "/mnt", "tmpfs", 0, NULL)));
	CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
	// A filter cannot see what clone3 is asked for: it is not there at all.
	CHECK(syscall(SYS_clone3, NULL, 0) == -1 && errno == (modules ? EINVAL : ENOSYS));
	if (!modules) {
		CHECK(REFUSED(fork()) && REFUSED(execve("/bin/true", argv, argv)));
		return 0;
	}
	child = fork();
	if (child == 0)
		_exit(7);
	CHECK(child > 0);
	return 0;
}

static void
confine(enum authd_needs needs)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
		const gid_t root = 0;
		int rc = setrlimit(RLIMIT_CORE, &all) < 0 || setgroups(1, &root) < 0
				 ? -errno
				 : authd_confine("nobody", needs, STDERR_FILENO);

		if (rc == 0)
			rc = look_limits();
		_exit(rc < 0 ? 1 : rc > 0 ? rc : look(needs));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
without_needs(void **state)
{
	(void)state;
	confine(AUTHD_NOTHING);
}

static void
with_modules(void **state)
{
	(void)state;
	confine(AUTHD_MODULES);
}

// Descriptors of who starts it are closed, but for the one.
static void
keeps_one_descriptor(void **state)
{
	int below = dup(0);
	int kept = dup(0);
	int above = dup(0);
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		int rc = authd_confine("nobody", AUTHD_NOTHING, kept);

		_exit(rc == 0 && close(kept) == 0 && close(below) == -1 && close(above) == -1 &&
					errno == EBADF
				? 0
				: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(below);
	close(kept);
	close(above);
}

// It never stays root, whatever it is told.
static void
never_root(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(authd_confine("root", AUTHD_NOTHING, STDERR_FILENO) == -EPERM ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_needs),
		cmocka_unit_test(with_modules),
		cmocka_unit_test(keeps_one_descriptor),
		cmocka_unit_test(never_root),
	};

	if (geteuid() != 0)
		return 77; // a skip to meson
	return cmocka_run_group_tests(tests, NULL, NULL);
}
