// What the options of the sub-commands have in common. Main lcore.
#include <string.h>

#include "bench.h"

int
bench_number_parse(
	const char *option, const char *text, unsigned int min, unsigned int max, unsigned int *out)
{
	struct bench_list l;

	MST_TRY(bench_list_parse(option, text, NULL, min, max, &l));
	*out = l.v[l.n - 1];
	return 0;
}

int
bench_sizes_parse(const char *text, struct bench_list *out)
{
	// The word imix has index 0, which is BENCH_IMIX.
	return bench_list_parse("size", text, "imix", BENCH_INNER_MIN, BENCH_INNER_MAX, out);
}

void
bench_size_text(unsigned int size, char out[16])
{
	if (size == BENCH_IMIX)
		snprintf(out, 16, "imix");
	else
		snprintf(out, 16, "%u", size);
}

int
bench_options(
	int argc, char **argv, const struct option *longs, bench_option_fn *take, void *arg, const char *help)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (opt == 'h') {
			fputs(help, stdout);
			return BENCH_OK;
		}
		if (opt == '?' || take(arg, opt) < 0) {
			fprintf(stderr, "try: mst-bench %s --help\n", argv[0]);
			return BENCH_USAGE;
		}
	}
	if (optind == argc)
		return BENCH_GO_ON;
	fprintf(stderr, "mst-bench: unexpected argument: %s\n", argv[optind]);
	return BENCH_USAGE;
}
