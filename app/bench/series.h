// Series of figures and their percentiles. Any thread.
#pragma once

#include "mst_base.h"

struct series {
	double *v;
	uint32_t n, cap;
	double sum, max;
};

MST_MUST_USE int series_init(struct series *s, uint32_t cap);
void series_fini(struct series *s);
void series_add(struct series *s, double v);	  // beyond cap only sum and max are kept
double series_at(struct series *s, double share); // 0.5: the median; sorts
