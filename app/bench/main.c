// mst-bench: cycles a packet of the gateway's own code beside what it is built on. Prints figures, judges nothing.
#include <string.h>

#include "bench.h"

struct command {
	const char *name;
	bench_command_fn *run;
	const char *help;
};

static const struct command commands[] = {
	{"dataplane", bench_dataplane, "both pipelines, rx to tx, beside the bare cipher"},
	{"crypto", bench_crypto, "the bare cipher, as others call it and as the data plane does"},
	{"lookup", bench_lookup, "tuple to association, address to session, destination to adjacency"},
};

static void
usage(FILE *out)
{
	fputs("usage: mst-bench COMMAND [OPTION]...\n\n", out);
	for (size_t i = 0; i < MST_ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\n"
	      "  -h, --help     this text; after a command: its options\n"
	      "  -V, --version  print the version\n"
	      "\n"
	      "exit: 0 measured, 1 failed while measuring, 64 usage, 71 the host lacks something, 77 no "
	      "permission\n",
		out);
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	mst_log_set_level(MST_LOG_ERROR);
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
		usage(stdout);
		return BENCH_OK;
	}
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
		puts("mst-bench " MST_VERSION);
		return BENCH_OK;
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (name[0] != '\0')
		fprintf(stderr, "mst-bench: no such command: %s\n\n", name);
	usage(stderr);
	return BENCH_USAGE;
}
