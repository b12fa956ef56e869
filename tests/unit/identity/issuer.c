// Starts it on loopback, and talks to it through the fetch under test.
#include "issuer.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch.h"

extern char **environ;

static void
read_ca(struct issuer *issuer)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/ca.pem", issuer->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	issuer->ca[fread(issuer->ca, 1, sizeof(issuer->ca) - 1, f)] = '\0';
	fclose(f);
}

bool
issuer_start(struct issuer *issuer)
{
	const char *root = getenv("MST_SOURCE_ROOT");
	char script[512];
	char word[16];
	char port[16];
	char line[512] = "";
	char *argv[] = {script, (char[]){"serve"}, issuer->dir, NULL};
	posix_spawn_file_actions_t actions;
	int in[2];
	int out[2];
	FILE *f;

	*issuer = (struct issuer){.dir = "/tmp/mst-test-issuer-XXXXXX"};
	assert_non_null(mkdtemp(issuer->dir));
	snprintf(script, sizeof(script), "%s/tests/support/issuer.py", root != NULL ? root : ".");
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	if (posix_spawn(&issuer->pid, script, &actions, NULL, argv, environ) != 0)
		issuer->pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	issuer->in = in[1];
	issuer->out = out[0];
	f = fdopen(out[0], "r");
	assert_non_null(f);
	if (issuer->pid != 0 && fgets(line, sizeof(line), f) != NULL &&
		sscanf(line, "%15s %127s %127s %15s", word, issuer->url, issuer->bait, port) == 4) {
		snprintf(issuer->proxy, sizeof(issuer->proxy), "http://proxy:canary@127.0.0.1:%s", port);
		read_ca(issuer);
		return true;
	}
	print_message("skipped: %s", line);
	issuer_stop(issuer);
	return false;
}

static void
empty_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char name[512];

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (strcmp(e->d_name, "keys") == 0)
			empty_folder(name);
		else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlink(name);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

void
issuer_stop(struct issuer *issuer)
{
	close(issuer->in);
	if (issuer->pid > 0) {
		kill(issuer->pid, SIGKILL);
		waitpid(issuer->pid, NULL, 0);
	}
	close(issuer->out);
	empty_folder(issuer->dir);
}

static struct fetch_answer
get(struct issuer *issuer, const char *path)
{
	char url[512];
	char text[FETCH_ERROR_BYTES];
	const struct fetch_request request = {.url = url,
		.ca = issuer->ca,
		.ca_len = strlen(issuer->ca),
		.proxy = "",
		.cap = 65536,
		.timeout_ms = 20000};
	struct fetch_answer answer;
	int rc;

	snprintf(url, sizeof(url), "%s%s", issuer->url, path);
	rc = fetch_run(&request, NULL, &answer, text);
	if (rc != 0)
		fail_msg("%s: %s", url, text);
	return answer;
}

void
issuer_mode(struct issuer *issuer, const char *mode)
{
	char path[64];

	snprintf(path, sizeof(path), "/admin/mode/%s", mode);
	free(get(issuer, path).bytes);
}

void
issuer_rotate(struct issuer *issuer)
{
	free(get(issuer, "/admin/rotate").bytes);
}

long
issuer_count(struct issuer *issuer, const char *counter)
{
	struct fetch_answer answer = get(issuer, "/admin/counters/");
	json_t *counters = oidc_json_parse(answer.bytes, answer.len);
	long n = (long)json_integer_value(json_object_get(counters, counter));

	json_decref(counters);
	free(answer.bytes);
	return n;
}

const char *
issuer_token(struct issuer *issuer, const char *user)
{
	static char token[8192];
	struct fetch_answer answer;
	char path[128];

	snprintf(path, sizeof(path), "/token/%s", user);
	answer = get(issuer, path);
	assert_true(answer.len < sizeof(token));
	memcpy(token, answer.bytes, answer.len);
	token[answer.len] = '\0';
	free(answer.bytes);
	return token;
}
