// Series of figures and their percentiles. Any thread.
#include "series.h"

#include <errno.h>
#include <stdlib.h>

int
series_init(struct series *s, uint32_t cap)
{
	*s = (struct series){.v = calloc(cap, sizeof(double)), .cap = cap};
	return s->v != NULL ? 0 : -ENOMEM;
}

void
series_fini(struct series *s)
{
	free(s->v);
	*s = (struct series){0};
}

void
series_add(struct series *s, double v)
{
	if (s->n < s->cap)
		s->v[s->n++] = v;
	s->sum += v;
	if (v > s->max)
		s->max = v;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
series_at(struct series *s, double share)
{
	if (s->n == 0)
		return 0;
	qsort(s->v, s->n, sizeof(s->v[0]), ascending);
	return s->v[(uint32_t)(share * (s->n - 1))];
}
