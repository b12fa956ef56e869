// mst-cli as the operator runs it: output and exit code, against a server in this process. argv[1] is the
// program.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static const char *cli;
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

// Runs mst-cli with the words of a shell line; what it wrote, on both channels, is in out.
static int
run(const char *before, const char *args, char *out, size_t cap)
{
	char command[1024];
	FILE *p;
	size_t n;
	int code;

	snprintf(command, sizeof(command), "%s %s %s 2>&1", before, cli, args);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, cap - 1, p);
	out[n] = '\0';
	code = pclose(p);
	assert_true(WIFEXITED(code));
	return WEXITSTATUS(code);
}

static int
run_here(const char *args, char *out, size_t cap)
{
	char with_socket[256];

	snprintf(with_socket, sizeof(with_socket), "-s %s %s", f.path, args);
	return run("", with_socket, out, cap);
}

static void
answers_are_printed(void **state)
{
	(void)state;
	char out[8192];

	f.answer = json_pack("{s:s, s:i}", "Status", "on\033line", "raw_rx", 5);
	fixture_run(&f);
	assert_int_equal(run_here("server show status", out, sizeof(out)), 0);
	assert_string_equal(out, "Status: on\\x1bline\n");
	// Options may stand anywhere.
	assert_int_equal(run_here("server show status --json", out, sizeof(out)), 0);
	assert_string_equal(out, "{\n  \"Status\": \"on\\u001Bline\",\n  \"raw_rx\": 5\n}\n");
	fixture_halt(&f);
	assert_int_equal(f.id, MST_CTL_SHOW_STATUS);
}

static void
failures_exit_1_and_are_escaped(void **state)
{
	(void)state;
	char out[8192];

	f.answer_rc = -ENOENT;
	f.answer_err = "no user \033[31m";
	fixture_run(&f);
	assert_int_equal(run_here("server disconnect user bob", out, sizeof(out)), 1);
	assert_string_equal(out, "mst-cli: no user \\x1b[31m\n");
	fixture_halt(&f);
	assert_string_equal(f.first_arg, "bob");
}

static void
pages_are_printed_as_one(void **state)
{
	(void)state;
	char out[8192];

	f.pages = 3;
	f.step = 1;
	fixture_run(&f);
	assert_int_equal(run_here("server show users --json", out, sizeof(out)), 0);
	assert_string_equal(out, "[\n  0,\n  1,\n  2\n]\n");
	// One START given by hand: what comes from there on.
	assert_int_equal(run_here("server show sessions 1 --json", out, sizeof(out)), 0);
	assert_string_equal(out, "[\n  1,\n  2\n]\n");
	assert_int_equal(f.id, MST_CTL_SHOW_SESSIONS);
	assert_int_equal(run_here("server show cookies valid --json", out, sizeof(out)), 0);
	assert_string_equal(out, "[\n  0,\n  1,\n  2\n]\n");
	assert_int_equal(f.id, MST_CTL_SHOW_COOKIES_VALID);
	// Pages that do not go forward have no end.
	f.step = 0;
	assert_int_equal(run_here("server show sessions 1", out, sizeof(out)), 69);
	assert_non_null(strstr(out, "do not go forward"));
	fixture_halt(&f);
	assert_int_equal(f.n_calls, 3 + 2 + 3 + 2);
}

// The second time it asks for what came behind the last row; what it has printed is there whatever ends it.
static void
events_are_followed(void **state)
{
	(void)state;
	char out[8192];

	f.answer = json_pack("[{s:i, s:s, s:n}, {s:I, s:s, s:s}]", "raw_number", 7, "Event", "connect",
		"Reason", "raw_number", (json_int_t)1764115200000001, "Event", "end", "Reason",
		"its time\nis over");
	f.answer_rc = -EIO;
	f.answer_err = "enough";
	f.fail_from = 2;
	fixture_run(&f);
	assert_int_equal(run_here("server show events --follow", out, sizeof(out)), 1);
	assert_string_equal(out, "connect  -\nend  its time\\x0ais over\nmst-cli: enough\n");
	assert_string_equal(f.first_arg, "1764115200000001");
	f.fail_from = 4;
	assert_int_equal(run_here("server show events 5 -f -j", out, sizeof(out)), 1);
	assert_string_equal(out, "{\"raw_number\": 7, \"Event\": \"connect\", \"Reason\": null}\n"
				 "{\"raw_number\": 1764115200000001, \"Event\": \"end\", \"Reason\": \"its "
				 "time\\nis over\"}\nmst-cli: enough\n");
	fixture_halt(&f);
	assert_int_equal(f.id, MST_CTL_SHOW_EVENTS);
	assert_int_equal(f.n_calls, 4);
}

static void
usage_exits_64(void **state)
{
	(void)state;
	char out[8192];

	assert_int_equal(run("", "server shwo users", out, sizeof(out)), 64);
	assert_non_null(strstr(out, "Did you mean \"server show users [START]\"?"));
	assert_int_equal(run("", "server show", out, sizeof(out)), 64);
	assert_non_null(strstr(out, "server show users"));
	assert_null(strstr(out, "server stop"));
	assert_int_equal(run("", "server show user", out, sizeof(out)), 64);
	assert_string_equal(out, "mst-cli: usage: mst-cli server show user NAME\n");
	assert_int_equal(run("", "", out, sizeof(out)), 64);
	assert_int_equal(run("", "--nonsense", out, sizeof(out)), 64);
	assert_int_equal(run("", "-s", out, sizeof(out)), 64);
	assert_int_equal(run("", "1 2 3 4 5 6 7 8 9", out, sizeof(out)), 64);
	assert_int_equal(run("", "server show users --follow", out, sizeof(out)), 64);
	assert_string_equal(out, "mst-cli: --follow goes with server show events\n");
	assert_int_equal(run("", "--completion fish", out, sizeof(out)), 64);
	assert_int_equal(run("", "\"$(printf 'a\\033b')\"", out, sizeof(out)), 64);
	assert_non_null(strstr(out, "a\\x1bb"));
}

static void
help_exits_0(void **state)
{
	(void)state;
	char out[8192];

	assert_int_equal(run("", "--help", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "Exit codes:"));
	assert_int_equal(run("", "server disconnect --help", out, sizeof(out)), 0);
	assert_non_null(strstr(out, "server disconnect id"));
	assert_null(strstr(out, "server show"));
	assert_int_equal(run("", "--version", out, sizeof(out)), 0);
	assert_string_equal(out, "mst-cli " MST_VERSION "\n");
}

static void
no_gateway_exits_69(void **state)
{
	(void)state;
	char out[8192];

	assert_int_equal(run("", "-s /tmp/mst-no-such/sock server status", out, sizeof(out)), 69);
	assert_string_equal(
		out, "mst-cli: /tmp/mst-no-such/sock: mst-gateway is not running: nobody answers there\n");
}

static void
refusal_exits_77(void **state)
{
	(void)state;
	char command[512];
	char args[256];
	char out[8192];
	const char *real = cli;
	char copy[64];

	if (geteuid() != 0 || access("/usr/bin/setpriv", X_OK) != 0)
		skip();
	// The build folder may lie where other users cannot go.
	snprintf(copy, sizeof(copy), "%s/mst-cli", f.dir);
	snprintf(command, sizeof(command), "cp %s %s", cli, copy);
	assert_int_equal(system(command), 0);
	assert_int_equal(chmod(f.dir, 0755), 0);
	assert_int_equal(chmod(f.path, 0666), 0);
	fixture_run(&f);
	cli = copy;
	snprintf(args, sizeof(args), "-s %s server status", f.path);
	assert_int_equal(run("setpriv --reuid 65534 --clear-groups", args, out, sizeof(out)), 77);
	assert_string_equal(out, "mst-cli: only root and the gateway's own user may use this socket\n");
	assert_int_equal(chmod(f.path, 0600), 0);
	assert_int_equal(run("setpriv --reuid 65534 --clear-groups", args, out, sizeof(out)), 77);
	assert_non_null(strstr(out, "not permitted"));
	cli = real;
	unlink(copy);
	fixture_halt(&f);
	assert_int_equal(fixture_stats(&f).refused, 1);
}

static void
config_check_runs_the_gateway(void **state)
{
	(void)state;
	char dir[] = "/tmp/mst-ctl-XXXXXX";
	char script[64];
	char before[128];
	char out[8192];
	FILE *s;

	assert_non_null(mkdtemp(dir));
	snprintf(script, sizeof(script), "%s/mst-gateway", dir);
	snprintf(before, sizeof(before), "PATH=%s:$PATH", dir);
	s = fopen(script, "w");
	assert_non_null(s);
	fputs("#!/bin/sh\necho \"$#:$*\"\nexit 78\n", s);
	fclose(s);
	assert_int_equal(chmod(script, 0755), 0);
	assert_int_equal(run(before, "config check '/etc/a b.yaml'", out, sizeof(out)), 78);
	assert_string_equal(out, "3:--check -c /etc/a b.yaml\n");
	assert_int_equal(run(before, "config check", out, sizeof(out)), 78);
	assert_string_equal(out, "1:--check\n");
	unlink(script);
	rmdir(dir);
	assert_int_equal(run("PATH=/nonexistent", "config check x", out, sizeof(out)), 69);
	assert_non_null(strstr(out, "cannot start mst-gateway"));
}

static void
full_disk_is_noticed(void **state)
{
	(void)state;
	char out[64];

	assert_int_equal(run("", "--help >/dev/full", out, sizeof(out)), 1);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		WITH(answers_are_printed),
		WITH(pages_are_printed_as_one),
		WITH(events_are_followed),
		WITH(failures_exit_1_and_are_escaped),
		cmocka_unit_test(usage_exits_64),
		cmocka_unit_test(help_exits_0),
		cmocka_unit_test(no_gateway_exits_69),
		WITH(refusal_exits_77),
		cmocka_unit_test(config_check_runs_the_gateway),
		cmocka_unit_test(full_disk_is_noticed),
	};

	if (argc != 2)
		return 2;
	cli = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
