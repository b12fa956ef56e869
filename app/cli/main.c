// mst-cli: one command to the gateway of this host, its answer on stdout, an exit code. No lcore, no EAL.
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mst_ctl.h"

#include "cli.h"

#define TIMEOUT_MS 15000
#define LONG_ONLY 256 // getopt's value of an option without a letter: this and its id

struct request {
	struct mst_ctl_print_opts print;
	const char *socket;
	const char *completion;
	bool help;
	bool version;
	bool man;
	const char *words[MST_CTL_WORDS + 1]; // ended by NULL
	size_t n;
};

static void
set_option(struct request *req, enum mst_ctl_option_id id, const char *value)
{
	switch (id) {
	case MST_CTL_OPT_JSON:
		req->print.json = true;
		break;
	case MST_CTL_OPT_SOCKET:
		req->socket = value;
		break;
	case MST_CTL_OPT_ALL:
		req->print.all = true;
		break;
	case MST_CTL_OPT_FOLLOW:
		req->print.follow = true;
		break;
	case MST_CTL_OPT_HELP:
		req->help = true;
		break;
	case MST_CTL_OPT_VERSION:
		req->version = true;
		break;
	case MST_CTL_OPT_COMPLETION:
		req->completion = value;
		break;
	case MST_CTL_OPT_MAN:
		req->man = true;
		break;
	}
}

static int
parse_options(int argc, char **argv, struct request *req)
{
	struct option longs[16] = {0};
	char shorts[2 * MST_ARRAY_SIZE(longs)];
	struct mst_str letters = mst_str_init(shorts, sizeof(shorts));
	int value;

	MST_ASSERT(mst_ctl_n_options < MST_ARRAY_SIZE(longs));
	for (size_t i = 0; i < mst_ctl_n_options; i++) {
		const struct mst_ctl_option *o = &mst_ctl_options[i];
		bool arg = o->arg[0] != '\0';

		longs[i].name = o->name;
		longs[i].has_arg = arg ? required_argument : no_argument;
		longs[i].val = o->letter != '\0' ? o->letter : LONG_ONLY + (int)o->id;
		if (o->letter != '\0')
			mst_str_fmt(&letters, "%c%s", o->letter, arg ? ":" : "");
	}
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = 0;

		while (i < mst_ctl_n_options && longs[i].val != value)
			i++;
		if (i == mst_ctl_n_options)
			return -EINVAL;
		set_option(req, mst_ctl_options[i].id, optarg);
	}
	if ((size_t)(argc - optind) > MST_CTL_WORDS)
		return -E2BIG;
	while (optind < argc)
		req->words[req->n++] = argv[optind++];
	return 0;
}

// Everything that is said about what was typed goes through mst_ctl_put_safe: it may have been pasted.
static int
unknown_command(const struct request *req)
{
	const struct mst_ctl_command *meant = mst_ctl_suggest(req->words, req->n);

	if (req->n == 0) {
		fputs("mst-cli: which command? See mst-cli --help\n", stderr);
		return MST_CTL_EXIT_USAGE;
	}
	// The first words of a command: say what may follow.
	if (mst_ctl_help(stderr, req->words, req->n) == 0)
		return MST_CTL_EXIT_USAGE;
	fputs("mst-cli: unknown command \"", stderr);
	for (size_t i = 0; i < req->n; i++) {
		fputs(i > 0 ? " " : "", stderr);
		mst_ctl_put_safe(stderr, req->words[i]);
	}
	fputs("\".", stderr);
	if (meant != NULL)
		fprintf(stderr, " Did you mean \"%s%s%s\"?\n", meant->words,
			meant->args[0] != '\0' ? " " : "", meant->args);
	else
		fputs(" See mst-cli --help\n", stderr);
	return MST_CTL_EXIT_USAGE;
}

static int
exit_code_of(int rc)
{
	switch (rc) {
	case 0:
		return MST_CTL_EXIT_OK;
	case -EACCES:
	case -EPERM:
		return MST_CTL_EXIT_REFUSED;
	case -EINVAL:
	case -ENAMETOOLONG:
		return MST_CTL_EXIT_USAGE;
	case -EREMOTEIO:
	case -E2BIG:
		return MST_CTL_EXIT_FAILED;
	default:
		return MST_CTL_EXIT_UNAVAILABLE;
	}
}

// Prints the answer; *data is a reference of the caller's when it is not NULL.
static int
ask_and_print(struct request *req, const struct mst_ctl_command *command, size_t n_words, json_t **data)
{
	char err[MST_CTL_ERR_BYTES] = "";
	int rc = mst_ctl_call_all(req->socket, req->words, n_words, TIMEOUT_MS, data, err, sizeof(err));

	if (rc < 0) {
		fputs("mst-cli: ", stderr);
		mst_ctl_put_safe(stderr, err);
		fputc('\n', stderr);
		return exit_code_of(rc);
	}
	req->print.now_s = time(NULL);
	mst_ctl_print(stdout, command, *data, &req->print);
	return MST_CTL_EXIT_OK;
}

// Asks each second for what came behind the last row.
static int
follow(struct request *req, const struct mst_ctl_command *command, size_t n_words)
{
	char after[24];

	for (;;) {
		json_t *data = NULL;
		const json_t *last;
		int rc = ask_and_print(req, command, n_words, &data);

		if (rc != MST_CTL_EXIT_OK)
			return rc;
		last = json_array_get(data, json_array_size(data) - 1);
		if (last != NULL) {
			snprintf(after, sizeof(after), "%" JSON_INTEGER_FORMAT,
				json_integer_value(json_object_get(last, "raw_number")));
			req->words[n_words] = after;
			req->words[n_words + 1] = NULL;
		}
		json_decref(data);
		// Whoever reads it has gone, or the disk is full: main tells.
		if (fflush(stdout) != 0)
			return MST_CTL_EXIT_FAILED;
		sleep(1);
	}
}

static int
run(struct request *req, char **argv)
{
	const struct mst_ctl_command *command;
	json_t *data = NULL;
	size_t n_words;
	int rc;

	rc = mst_ctl_match(req->words, req->n, &command, &n_words);
	if (rc == -ENOENT)
		return unknown_command(req);
	if (rc < 0) {
		fprintf(stderr, "mst-cli: usage: mst-cli %s %s\n", command->words, command->args);
		return MST_CTL_EXIT_USAGE;
	}
	if (req->print.follow && command->id != MST_CTL_SHOW_EVENTS) {
		fputs("mst-cli: --follow goes with server show events\n", stderr);
		return MST_CTL_EXIT_USAGE;
	}
	if (req->print.follow)
		return follow(req, command, n_words);
	if (command->id == MST_CTL_CONFIG_CHECK)
		return cli_config_check(req->n > n_words ? argv[n_words] : NULL);
	rc = ask_and_print(req, command, n_words, &data);
	json_decref(data);
	return rc;
}

static int
run_or_explain(struct request *req, char **argv)
{
	if (req->version) {
		printf("mst-cli %s\n", MST_VERSION);
		return MST_CTL_EXIT_OK;
	}
	if (req->man) {
		mst_ctl_man(stdout);
		return MST_CTL_EXIT_OK;
	}
	if (req->completion != NULL) {
		if (strcmp(req->completion, "bash") != 0) {
			fputs("mst-cli: only bash has a completion script\n", stderr);
			return MST_CTL_EXIT_USAGE;
		}
		mst_ctl_completion_bash(stdout);
		return MST_CTL_EXIT_OK;
	}
	if (req->help)
		return mst_ctl_help(stdout, req->words, req->n) == 0 ? MST_CTL_EXIT_OK : unknown_command(req);
	return run(req, argv);
}

int
main(int argc, char **argv)
{
	struct request req = {.socket = MST_CTL_SOCKET};
	int rc = parse_options(argc, argv, &req);

	if (rc < 0) {
		fputs("mst-cli: see mst-cli --help\n", stderr);
		return MST_CTL_EXIT_USAGE;
	}
	rc = run_or_explain(&req, argv + optind - req.n);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "mst-cli: cannot write the answer: %s\n", strerror(errno));
		return MST_CTL_EXIT_FAILED;
	}
	return rc;
}
