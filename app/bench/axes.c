// Sizes, numbers of sessions, orders: lists on the command line, and what they mean for packet i. Main lcore.
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench.h"

const char *
bench_word(const char *words, unsigned int index, char out[BENCH_WORD_BYTES])
{
	const char *p = words;

	for (; index > 0 && p != NULL; index--) {
		p = strchr(p, ' ');
		p = p == NULL ? NULL : p + 1;
	}
	if (p == NULL)
		return NULL;
	snprintf(out, BENCH_WORD_BYTES, "%.*s", (int)strcspn(p, " "), p);
	return out;
}

static int
one(const char *item, size_t len, const char *words, unsigned int min, unsigned int max, unsigned int *out)
{
	char word[BENCH_WORD_BYTES];
	uint64_t v;

	for (unsigned int i = 0; words != NULL && bench_word(words, i, word) != NULL; i++) {
		if (strlen(word) == len && memcmp(word, item, len) == 0) {
			*out = i;
			return 0;
		}
	}
	if (max == 0 || mst_parse_u64(item, len, min, max, &v) < 0)
		return -EINVAL;
	*out = (unsigned int)v;
	return 0;
}

int
bench_list_parse(const char *option, const char *text, const char *words, unsigned int min, unsigned int max,
	struct bench_list *out)
{
	out->n = 0;
	while (true) {
		size_t len = strcspn(text, ",");

		if (out->n == BENCH_AXIS_MAX) {
			fprintf(stderr, "mst-bench: --%s: more than %d values\n", option, BENCH_AXIS_MAX);
			return -EINVAL;
		}
		if (one(text, len, words, min, max, &out->v[out->n]) < 0) {
			fprintf(stderr, "mst-bench: --%s: '%.*s': expected ", option, (int)len, text);
			if (max != 0)
				fprintf(stderr, "a number from %u to %u%s", min, max,
					words != NULL ? " or " : "");
			fprintf(stderr, "%s\n", words != NULL ? words : "");
			return -EINVAL;
		}
		out->n++;
		if (text[len] == '\0')
			return 0;
		text += len + 1;
	}
}

unsigned int
bench_inner_len(unsigned int size, unsigned int i)
{
	// 7:4:1, spread out; the least inner packet stands for outer frames that no tunnel packet is as small as.
	static const uint16_t outer[] = {64, 570, 64, 64, 570, 64, 1518, 64, 570, 64, 570, 64};
	unsigned int frame;

	if (size != BENCH_IMIX)
		return size;
	frame = outer[i % MST_ARRAY_SIZE(outer)];
	return frame < BENCH_OUTER_OVERHEAD + BENCH_INNER_MIN ? BENCH_INNER_MIN
							      : frame - BENCH_OUTER_OVERHEAD;
}

// xorshift64* (Vigna): repeatable, and fast enough beside what is measured.
static uint64_t
random64(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

static double
random_share(uint64_t *state)
{
	return (double)(random64(state) >> 11) / (double)(1ULL << 53);
}

// Session k has a share of 1/k: few are busy, many are not.
static double *
zipf_shares(uint32_t n)
{
	double *share = calloc(n, sizeof(*share));
	double sum = 0;

	MST_ASSERT(share != NULL);
	for (uint32_t i = 0; i < n; i++) {
		sum += 1.0 / (i + 1);
		share[i] = sum;
	}
	for (uint32_t i = 0; i < n; i++)
		share[i] /= sum;
	return share;
}

void
bench_pick_init(struct bench_pick *p, enum bench_order order, uint32_t n_sessions, uint64_t seed)
{
	*p = (struct bench_pick){.order = order, .n_sessions = n_sessions, .state = seed | 1};
	if (order == BENCH_ZIPF)
		p->zipf = zipf_shares(n_sessions);
}

void
bench_pick_fini(struct bench_pick *p)
{
	free(p->zipf);
	p->zipf = NULL;
}

static uint32_t
zipf_next(struct bench_pick *p)
{
	double at = random_share(&p->state);
	uint32_t low = 0, high = p->n_sessions - 1;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (p->zipf[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t
bench_pick_next(struct bench_pick *p)
{
	switch (p->order) {
	case BENCH_RR:
		p->next = p->next + 1 < p->n_sessions ? p->next + 1 : 0;
		return p->next;
	case BENCH_ZIPF:
		return zipf_next(p);
	case BENCH_BURST8:
		if (p->left-- == 0) {
			p->left = 7;
			p->next = (uint32_t)(random64(&p->state) % p->n_sessions);
		}
		return p->next;
	case BENCH_RANDOM:
	default:
		return (uint32_t)(random64(&p->state) % p->n_sessions);
	}
}
