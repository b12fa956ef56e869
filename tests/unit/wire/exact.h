// A copy of some bytes in a heap block of exactly their size: ASan sees a read of one byte too many.
#pragma once

#include <string.h>

static inline uint8_t *
exact(const void *data, size_t len)
{
	uint8_t *p = malloc(len > 0 ? len : 1);

	if (p == NULL)
		abort();
	memcpy(p, data, len);
	return p;
}

// A deterministic stream of numbers (xorshift64), so that a failure can be had again.
static inline uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}
