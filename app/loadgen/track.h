// What became of the packets of one flow in one direction: a bounded window of bits behind the highest
// sequence. Pure; the packet loop that receives writes, sums are taken when it rests or with relaxed reads.
#pragma once

#include <stdalign.h>

#include "mst_base.h"

#define LG_TRACK_WINDOW_BITS 256

// One cache line a flow. A sequence starts at 0.
struct lg_track {
	alignas(64) uint64_t next;		  // highest sequence received, plus 1
	uint64_t received;			  // sequences received, each counted once
	uint64_t seen[LG_TRACK_WINDOW_BITS / 64]; // ring of bits, by sequence
	uint32_t reordered;			  // of received: those that came after a higher one
	uint32_t duplicated;
	uint32_t late; // came from behind the window: reordered or duplicated, nobody can say
};

struct lg_track_sum {
	uint64_t sent;
	uint64_t received;
	uint64_t lost; // sent, and neither received nor late
	uint64_t reordered;
	uint64_t duplicated;
	uint64_t late;
};

enum lg_track_verdict { LG_TRACK_NEW, LG_TRACK_REORDERED, LG_TRACK_DUPLICATED, LG_TRACK_LATE };

void lg_track_init(struct lg_track *t);
enum lg_track_verdict lg_track_seen(struct lg_track *t, uint64_t seq);
// Adds a flow of which sent packets were sent to sum.
void lg_track_add(struct lg_track_sum *sum, const struct lg_track *t, uint64_t sent);
void lg_track_merge(struct lg_track_sum *sum, const struct lg_track_sum *other);
// after - before, of two sums of the same flows: what happened in between.
struct lg_track_sum lg_track_since(const struct lg_track_sum *after, const struct lg_track_sum *before);
// lost in parts of a million of sent, rounded up: 0 only when nothing was lost.
uint32_t lg_track_loss_ppm(uint64_t sent, uint64_t lost);
