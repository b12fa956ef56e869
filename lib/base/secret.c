// Secrets: wipe, constant-time compare, random; and the clock and the assertion. Any thread.
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "mst_base.h"

void
mst_wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

void
mst_secret_wipe(struct mst_secret *s)
{
	mst_wipe(s, sizeof(*s));
}

bool
mst_ct_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= (uint8_t)(x[i] ^ y[i]);
	return diff == 0;
}

void
mst_random(void *out, size_t len)
{
	uint8_t *p = out;

	while (len != 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		MST_ASSERT(n > 0);
		p += n;
		len -= (size_t)n;
	}
}

uint64_t
mst_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * MST_NS_PER_S + (uint64_t)ts.tv_nsec;
}

_Noreturn void
mst_assert_failed(const char *cond, const char *file, int line)
{
	MST_LOG(ERROR, "base", "broken promise: %s at %s:%d", cond, file, line);
	abort();
}
