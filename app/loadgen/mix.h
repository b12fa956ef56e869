// Sizes of test packets, dealt from a shuffled deck: the proportions are exact in every deck, the order is the
// seed's. Pure; the packet loop that sends.
//
// A size given by number is that of the inner IP packet. IMIX is what labs count: 7 frames of 64 bytes, 4 of
// 570 and 1 of 1518 on the public wire, Ethernet header and FCS included, preamble and gap not. The inner
// packet is the frame less lg_mix_overhead: with IPv4 outside and AES-GCM 84 bytes (14 Ethernet, 20 IPv4,
// 8 UDP, 13 record header, 8 nonce, 1 type, 16 tag, 4 FCS), 76 with ChaCha20-Poly1305, and 20 more with IPv6
// outside. So 570 holds 486 and 1518 holds 1434. No frame of 64 bytes can carry a packet: the least test
// packet of 64 bytes goes instead, a frame of 148.
#pragma once

#include "mst_base.h"
#include "mst_crypto.h"

#include "options.h"

#define LG_MIX_DECK 192 // cards at most

struct lg_mix {
	uint16_t n;
	uint16_t at; // next card
	uint16_t max_inner;
	uint32_t deck_bytes;
	uint16_t deck[LG_MIX_DECK]; // inner sizes
};

// Bytes of a public frame beyond the inner packet, FCS included. family of the outer IP: 4 or 6; an alg of
// none counts as GCM.
size_t lg_mix_overhead(enum mst_aead_alg alg, uint8_t family);
// Sizes above max_inner, the tunnel's MTU, become it. -EINVAL: no size, or one (or max_inner) outside
// [LG_INNER_MIN_BYTES, LG_INNER_MAX_BYTES].
MST_MUST_USE int lg_mix_init(
	struct lg_mix *m, const struct lg_sizes *sizes, size_t overhead, uint16_t max_inner, uint64_t seed);
// Packets a second that make rate with the sizes of this deck; at least 1.
uint64_t lg_mix_pps(const struct lg_mix *m, const struct lg_rate *rate);
// The sentence for reports: what is sent, in inner and outer bytes.
void lg_mix_describe(
	const struct lg_mix *m, const struct lg_sizes *sizes, size_t overhead, struct mst_str *out);

static inline uint16_t
lg_mix_next(struct lg_mix *m)
{
	uint16_t len = m->deck[m->at++];

	if (m->at == m->n)
		m->at = 0;
	return len;
}
