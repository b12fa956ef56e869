// Help, completion and manual page: each row of the tables is in them, and their readers accept them.
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_test.h"

#include "ctl.h"

static char *
text_of(void (*print)(FILE *))
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	print(f);
	fclose(f);
	return out;
}

static char *
help_of(const char *const *words, size_t n, int *rc)
{
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	*rc = mst_ctl_help(f, words, n);
	fclose(f);
	return out;
}

static void
help_names_every_row(void **state)
{
	(void)state;
	int rc;
	char *help = help_of(NULL, 0, &rc);

	assert_int_equal(rc, 0);
	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		assert_non_null(strstr(help, mst_ctl_commands[i].words));
		assert_non_null(strstr(help, mst_ctl_commands[i].help));
	}
	for (size_t i = 0; i < mst_ctl_n_options; i++)
		assert_non_null(strstr(help, mst_ctl_options[i].help));
	assert_non_null(strstr(help, "77"));
	free(help);
}

static void
help_of_a_prefix(void **state)
{
	(void)state;
	const char *const words[] = {"server", "disconnect"};
	const char *const unknown[] = {"server", "disc"};
	int rc;
	char *help = help_of(words, 2, &rc);

	assert_int_equal(rc, 0);
	assert_string_equal(help, "Usage: mst-cli [OPTION]... server disconnect ...\n"
				  "\n"
				  "Commands:\n"
				  "  server disconnect user NAME  end all sessions of a user\n"
				  "  server disconnect id ID      end one session\n"
				  "  server disconnect all        end all sessions\n");
	free(help);
	help = help_of(unknown, 2, &rc);
	assert_int_equal(rc, -ENOENT);
	assert_string_equal(help, "");
	free(help);
}

// Runs the script in bash with the given line and returns what it offers, one a line.
static void
complete(const char *script, const char *words, const char *expected)
{
	char path[] = "/tmp/mst-ctl-XXXXXX";
	char got[1024];
	char command[512];
	int fd = mkstemp(path);
	FILE *p;
	size_t n;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), (ssize_t)strlen(script));
	close(fd);
	snprintf(command, sizeof(command),
		"bash -c '. %s; COMP_WORDS=(mst-cli %s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mst_cli; "
		"echo \"${COMPREPLY[@]}\"'",
		path, words);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(got, 1, sizeof(got) - 1, p);
	got[n] = '\0';
	assert_int_equal(pclose(p), 0);
	unlink(path);
	assert_string_equal(got, expected);
}

static void
completion_completes(void **state)
{
	(void)state;
	char *script = text_of(mst_ctl_completion_bash);

	complete(script, "\"\"", "server config\n");
	complete(script, "se", "server\n");
	complete(script, "server show us", "users user\n");
	complete(script, "-s /tmp/x server disconnect \"\"", "user id all\n");
	complete(script, "--json server \"\"",
		"status show disconnect unban drain undrain rotate-cookie-key reload stop\n");
	complete(script, "server show user \"\"", "\n");
	complete(script, "server show sess", "sessions\n");
	complete(script, "server show sessions \"\"", "all valid\n");
	complete(script, "server show cookies v", "valid\n");
	complete(script, "config check /dev/nul", "/dev/null\n");
	complete(script, "--so", "--socket\n");
	free(script);
}

// The groff command, if the machine has it, must have nothing to complain about.
static void
manual_page_is_good_roff(void **state)
{
	(void)state;
	char *man = text_of(mst_ctl_man);
	FILE *p;

	for (size_t i = 0; i < mst_ctl_n_commands; i++) {
		char words[128] = "";
		FILE *f = fmemopen(words, sizeof(words) - 1, "w");

		assert_non_null(f);
		mst_put_roff(f, mst_ctl_commands[i].words);
		fclose(f);
		assert_non_null(strstr(man, words));
	}
	assert_non_null(strstr(man, "\\-\\-json"));
	if (system("command -v groff >/dev/null") != 0) {
		free(man);
		skip();
	}
	p = popen("test -z \"$(groff -man -ww -z -Tutf8 2>&1)\"", "w");
	assert_non_null(p);
	fputs(man, p);
	assert_int_equal(pclose(p), 0);
	free(man);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_names_every_row),
		cmocka_unit_test(help_of_a_prefix),
		cmocka_unit_test(completion_completes),
		cmocka_unit_test(manual_page_is_good_roff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
