// Two processes side by side, each with its own prefix; each takes its runtime folder with it.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rt_test.h"

struct child {
	pid_t pid;
	int to;	  // closing it ends the child
	int from; // the child writes its runtime folder
	char dir[256];
};

static void
run_child(int from_parent, int to_parent)
{
	char prefix[32];
	char err[512];
	char c;
	struct mst_rt_params p = rt_test_params(prefix, MST_RT_HUGE_OFF);

	if (mst_rt_start(&p, err, sizeof(err)) < 0)
		_exit(1);
	if (write(to_parent, rte_eal_get_runtime_dir(), strlen(rte_eal_get_runtime_dir()) + 1) < 0)
		_exit(1);
	(void)!read(from_parent, &c, 1);
	mst_rt_stop();
	exit(0); // not _exit: the handlers clean up
}

static void
spawn(struct child *c)
{
	int down[2];
	int up[2];

	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0) {
		close(down[1]);
		close(up[0]);
		run_child(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	c->to = down[1];
	c->from = up[0];
	(void)fcntl(c->to, F_SETFD, FD_CLOEXEC);
}

static void
end(struct child *c)
{
	int status;

	close(c->to);
	close(c->from);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_int_equal(status, 0);
}

static void
side_by_side(void **state)
{
	struct child a;
	struct child b;
	struct stat st;

	(void)state;
	// b inherits the write end of a's pipe: end b first.
	spawn(&a);
	assert_true(read(a.from, a.dir, sizeof(a.dir)) > 0);
	spawn(&b);
	assert_true(read(b.from, b.dir, sizeof(b.dir)) > 0);
	assert_string_not_equal(a.dir, b.dir);
	assert_int_equal(stat(a.dir, &st), 0);
	assert_int_equal(stat(b.dir, &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
	end(&b);
	assert_int_equal(stat(b.dir, &st), -1);
	assert_int_equal(stat(a.dir, &st), 0);
	end(&a);
	assert_int_equal(stat(a.dir, &st), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(side_by_side)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
