// The deck of packet sizes: made, shuffled, weighed. Main thread, at start.
#include "mix.h"

#include <errno.h>

#define ETH_BYTES 14
#define FCS_BYTES 4
#define UDP_BYTES 8
#define RECORD_BYTES 13
#define TYPE_BYTES 1
#define GCM_NONCE_BYTES 8

// Frames of IMIX on the public wire, FCS included, and how often each comes.
static const struct {
	uint16_t frame;
	uint16_t times;
} imix[] = {{64, 7}, {570, 4}, {1518, 1}};

size_t
lg_mix_overhead(enum mst_aead_alg alg, uint8_t family)
{
	size_t nonce = alg == MST_AEAD_CHACHA20_POLY1305 ? 0 : GCM_NONCE_BYTES;

	return ETH_BYTES + (family == 6 ? 40 : 20) + UDP_BYTES + RECORD_BYTES + nonce + TYPE_BYTES +
	       MST_AEAD_TAG_BYTES + FCS_BYTES;
}

// splitmix64: as good as a shuffle of a few cards needs, and the same on every machine.
static uint64_t
next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void
shuffle(struct lg_mix *m, uint64_t seed)
{
	for (uint16_t i = m->n; i > 1; i--) {
		uint16_t j = (uint16_t)(next_random(&seed) % i);
		uint16_t card = m->deck[i - 1];

		m->deck[i - 1] = m->deck[j];
		m->deck[j] = card;
	}
}

static uint16_t
within(size_t frame, size_t overhead, uint16_t max_inner)
{
	size_t inner = frame > overhead ? frame - overhead : 0;

	inner = inner < LG_INNER_MIN_BYTES ? LG_INNER_MIN_BYTES : inner;
	return (uint16_t)(inner > max_inner ? max_inner : inner);
}

// One of each proportion: 12 cards of IMIX, or the list.
static size_t
deal_one(const struct lg_sizes *sizes, size_t overhead, uint16_t max_inner, uint16_t *out)
{
	size_t n = 0;

	if (!sizes->imix) {
		for (; n < sizes->n; n++)
			out[n] = sizes->inner[n] > max_inner ? max_inner : sizes->inner[n];
		return n;
	}
	for (size_t i = 0; i < MST_ARRAY_SIZE(imix); i++)
		for (uint16_t k = 0; k < imix[i].times; k++)
			out[n++] = within(imix[i].frame, overhead, max_inner);
	return n;
}

static bool
is_size(size_t inner)
{
	return inner >= LG_INNER_MIN_BYTES && inner <= LG_INNER_MAX_BYTES;
}

int
lg_mix_init(
	struct lg_mix *m, const struct lg_sizes *sizes, size_t overhead, uint16_t max_inner, uint64_t seed)
{
	struct lg_mix mix = {0};
	size_t one;

	if (!is_size(max_inner) || (!sizes->imix && (sizes->n == 0 || sizes->n > LG_SIZES_MAX)))
		return -EINVAL;
	for (size_t i = 0; !sizes->imix && i < sizes->n; i++)
		if (!is_size(sizes->inner[i]))
			return -EINVAL;
	one = deal_one(sizes, overhead, max_inner, mix.deck);
	for (mix.n = (uint16_t)one; mix.n + one <= LG_MIX_DECK; mix.n = (uint16_t)(mix.n + one))
		for (size_t i = 0; i < one; i++)
			mix.deck[mix.n + i] = mix.deck[i];
	for (uint16_t i = 0; i < mix.n; i++)
		mix.deck_bytes += mix.deck[i];
	mix.max_inner = max_inner;
	shuffle(&mix, seed);
	*m = mix;
	return 0;
}

uint64_t
lg_mix_pps(const struct lg_mix *m, const struct lg_rate *rate)
{
	// Cannot overflow: 4e11 bits and 192 cards at most.
	uint64_t pps = rate->bits ? rate->value * m->n / (8 * (uint64_t)m->deck_bytes) : rate->value;

	pps = pps == 0 ? 1 : pps;
	return pps > LG_RATE_MAX_PPS ? LG_RATE_MAX_PPS : pps;
}

void
lg_mix_describe(const struct lg_mix *m, const struct lg_sizes *sizes, size_t overhead, struct mst_str *out)
{
	if (sizes->imix) {
		mst_str_fmt(out, "imix 7:4:1 of 64/570/1518 byte frames, inner");
		for (size_t i = 0; i < MST_ARRAY_SIZE(imix); i++)
			mst_str_fmt(out, "%s%u", i == 0 ? " " : "/",
				within(imix[i].frame, overhead, m->max_inner));
	} else {
		mst_str_fmt(out, "inner");
		for (size_t i = 0; i < sizes->n; i++)
			mst_str_fmt(out, "%s%u", i == 0 ? " " : ",",
				sizes->inner[i] > m->max_inner ? m->max_inner : sizes->inner[i]);
	}
	mst_str_fmt(out, " bytes, %u on average, frames %zu bytes larger", m->deck_bytes / m->n, overhead);
}
