// Does the time of a comparison with a secret tell how much of it was right? Samples of two kinds in random order, Welch's
// t of them without the slowest tenth; beyond 4.5 it does. Numbers to look at, not to pass: `--assert` makes them one.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "mst_cookie.h"

#define SAMPLES 200000
#define SECRET_BYTES 32
#define T_MAX 4.5

// What is measured: something made up beforehand, told by the kind of it, 0 or 1.
struct subject {
	const char *name;
	unsigned int divisor; // of the number of samples
	bool is_secret;	      // what the two kinds differ in
	void (*prepare)(unsigned int kind);
	bool (*judge)(void);
};

static uint8_t secret[SECRET_BYTES], guess[SECRET_BYTES];
static struct mst_cookie_keys *keys;
static char sealed[MST_COOKIE_TEXT_BYTES], forged[MST_COOKIE_TEXT_BYTES];
static volatile bool sink;

// The first byte is wrong, or the last.
static void
prepare_guess(unsigned int kind)
{
	memcpy(guess, secret, sizeof(guess));
	guess[kind == 0 ? 0 : SECRET_BYTES - 1] ^= 1;
}

static bool
judge_guess(void)
{
	return mst_ct_equal(secret, guess, sizeof(guess));
}

static void
spoil(size_t at)
{
	memcpy(forged, sealed, sizeof(forged));
	forged[at] = forged[at] == 'A' ? 'B' : 'A';
}

// A byte behind the header is wrong, or one of the tag.
static void
prepare_tag(unsigned int kind)
{
	spoil(kind == 0 ? 100 : MST_COOKIE_TEXT_BYTES - 6);
}

// A letter of the number of its key is wrong, or one of the tag.
static void
prepare_key(unsigned int kind)
{
	spoil(kind == 0 ? 4 : MST_COOKIE_TEXT_BYTES - 6);
}

static bool
judge_cookie(void)
{
	struct mst_cookie out;

	return mst_cookie_open(keys, 1000, forged, &out) == 0;
}

static const struct subject subjects[] = {
	{"mst_ct_equal: first byte or last", 1, true, prepare_guess, judge_guess},
	{"mst_cookie_open: a letter in front or the tag", 10, true, prepare_tag, judge_cookie},
	{"mst_cookie_open: number of the key or the tag", 10, false, prepare_key, judge_cookie},
};

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct moments {
	double mean, variance;
	size_t n;
};

static struct moments
moments_of(uint64_t *v, size_t n)
{
	struct moments m = {.n = n * 9 / 10};

	qsort(v, n, sizeof(v[0]), by_size);
	for (size_t i = 0; i < m.n; i++)
		m.mean += (double)v[i] / (double)m.n;
	for (size_t i = 0; i < m.n; i++)
		m.variance += ((double)v[i] - m.mean) * ((double)v[i] - m.mean) / (double)(m.n - 1);
	return m;
}

static double
measure(const struct subject *s)
{
	static uint64_t took[2][SAMPLES];
	size_t n[2] = {0}, most = SAMPLES / s->divisor;
	struct moments a, b;

	while (n[0] < most && n[1] < most) {
		unsigned int kind = (unsigned int)random() & 1;
		uint64_t start;

		s->prepare(kind);
		start = rte_rdtsc_precise();
		sink = s->judge();
		took[kind][n[kind]++] = rte_rdtsc_precise() - start;
	}
	a = moments_of(took[0], n[0]);
	b = moments_of(took[1], n[1]);
	printf("%-48s %8.1f %8.1f", s->name, a.mean, b.mean);
	return (a.mean - b.mean) / sqrt(a.variance / (double)a.n + b.variance / (double)b.n);
}

int
main(int argc, char **argv)
{
	bool is_test = argc > 1 && strcmp(argv[1], "--assert") == 0, good = true;
	struct mst_cookie cookie = {.issued_unix_s = 900, .expires_unix_s = 2000, .user = "alice"};
	mst_random(secret, sizeof(secret));
	if (mst_cookie_keys_create(&keys, 900) < 0 || mst_cookie_seal(keys, 900, &cookie, sealed) < 0) {
		fprintf(stderr, "compare: no cookie can be sealed\n");
		return 1;
	}
	printf("%-48s %8s %8s %6s\n", "cycles", "one", "other", "t");
	for (size_t i = 0; i < MST_ARRAY_SIZE(subjects); i++) {
		double t = measure(&subjects[i]);

		printf(" %6.1f\n", t);
		good = good && (!subjects[i].is_secret || fabs(t) < T_MAX);
	}
	mst_cookie_keys_destroy(keys);
	return is_test && !good;
}
