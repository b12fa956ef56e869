// One flow's sequence: what came, what came twice, what came late. The packet loop that receives.
#include "track.h"

#include <assert.h>
#include <string.h>

#define WORD_BITS 64
#define WORDS (LG_TRACK_WINDOW_BITS / WORD_BITS)

static_assert((WORDS & (WORDS - 1)) == 0, "the ring is indexed by a mask");
static_assert(sizeof(struct lg_track) == 64, "one cache line a flow");

void
lg_track_init(struct lg_track *t)
{
	memset(t, 0, sizeof(*t));
}

// Clears the bits of the sequences from t->next up to seq: they still hold what was one window ago.
static void
clear_entered(struct lg_track *t, uint64_t seq)
{
	uint64_t n = seq - t->next + 1;

	if (n >= LG_TRACK_WINDOW_BITS) {
		memset(t->seen, 0, sizeof(t->seen));
		return;
	}
	for (uint64_t s = t->next; n > 0; s++, n--)
		t->seen[s / WORD_BITS % WORDS] &= ~(1ULL << s % WORD_BITS);
}

enum lg_track_verdict
lg_track_seen(struct lg_track *t, uint64_t seq)
{
	uint64_t *word = &t->seen[seq / WORD_BITS % WORDS];
	uint64_t bit = 1ULL << seq % WORD_BITS;

	if (seq >= t->next) {
		clear_entered(t, seq);
		t->next = seq + 1;
		t->received++;
		*word |= bit;
		return LG_TRACK_NEW;
	}
	if (t->next - seq > LG_TRACK_WINDOW_BITS) {
		t->late++;
		return LG_TRACK_LATE;
	}
	if ((*word & bit) != 0) {
		t->duplicated++;
		return LG_TRACK_DUPLICATED;
	}
	t->received++;
	t->reordered++;
	*word |= bit;
	return LG_TRACK_REORDERED;
}

static uint64_t
lost_of(uint64_t sent, uint64_t arrived)
{
	return sent > arrived ? sent - arrived : 0;
}

void
lg_track_add(struct lg_track_sum *sum, const struct lg_track *t, uint64_t sent)
{
	sum->sent += sent;
	sum->received += t->received;
	sum->lost += lost_of(sent, t->received + t->late);
	sum->reordered += t->reordered;
	sum->duplicated += t->duplicated;
	sum->late += t->late;
}

void
lg_track_merge(struct lg_track_sum *sum, const struct lg_track_sum *other)
{
	sum->sent += other->sent;
	sum->received += other->received;
	sum->lost += other->lost;
	sum->reordered += other->reordered;
	sum->duplicated += other->duplicated;
	sum->late += other->late;
}

struct lg_track_sum
lg_track_since(const struct lg_track_sum *after, const struct lg_track_sum *before)
{
	return (struct lg_track_sum){
		.sent = after->sent - before->sent,
		.received = after->received - before->received,
		// What was on its way at the first look may have come by the second.
		.lost = lost_of(after->lost, before->lost),
		.reordered = after->reordered - before->reordered,
		.duplicated = after->duplicated - before->duplicated,
		.late = after->late - before->late,
	};
}

uint32_t
lg_track_loss_ppm(uint64_t sent, uint64_t lost)
{
	if (lost == 0)
		return 0;
	if (lost >= sent)
		return 1000000;
	// Of such numbers the lower bits do not matter, and the product would not fit.
	if (sent > UINT64_MAX / 1000001) {
		sent = sent / 1000001 + 1;
		lost = lost / 1000001 + 1;
	}
	return lost >= sent ? 1000000 : (uint32_t)((lost * 1000000 + sent - 1) / sent);
}
