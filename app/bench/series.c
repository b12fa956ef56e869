// Percentiles of what was measured. Main lcore.
#include <string.h>

#include "bench.h"

void
bench_series_init(struct bench_series *s, size_t cap)
{
	*s = (struct bench_series){.cap = cap, .v = calloc(cap, sizeof(*s->v))};
	MST_ASSERT(s->v != NULL);
}

void
bench_series_fini(struct bench_series *s)
{
	free(s->v);
	*s = (struct bench_series){0};
}

void
bench_series_add(struct bench_series *s, double v)
{
	MST_ASSERT(s->n < s->cap);
	s->v[s->n++] = v;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_series_at(struct bench_series *s, double q)
{
	if (s->n == 0)
		return 0;
	qsort(s->v, s->n, sizeof(*s->v), ascending);
	return s->v[(size_t)(q * (double)(s->n - 1) + 0.5)];
}
