// The replay window: a ring of bits that is never shifted (RFC 6479; RFC 6347 4.1.2.6). The worker that owns
// the session's receive side.
#include <assert.h>
#include <string.h>

#include "mst_dtls.h"

#define WORD_BITS 64
#define WORDS (MST_DTLS_WINDOW_RING_BITS / WORD_BITS)

static_assert((WORDS & (WORDS - 1)) == 0, "the ring is indexed by a mask");
static_assert(MST_DTLS_WINDOW_BITS >= 1024, "the window is to outlast the reordering between queues");

static uint64_t
bit(uint64_t seq)
{
	return 1ULL << (seq % WORD_BITS);
}

static size_t
word(uint64_t seq)
{
	return (seq / WORD_BITS) % WORDS;
}

void
mst_dtls_window_init(struct mst_dtls_window *w)
{
	memset(w, 0, sizeof(*w));
}

enum mst_dtls_verdict
mst_dtls_window_check(const struct mst_dtls_window *w, uint64_t seq)
{
	if (seq >= w->next)
		return MST_DTLS_OK;
	if (w->next - seq > MST_DTLS_WINDOW_BITS)
		return MST_DTLS_OLD;
	return (w->ring[word(seq)] & bit(seq)) != 0 ? MST_DTLS_REPLAY : MST_DTLS_OK;
}

// The words between the newest number so far and seq are entered now; they still hold what was a ring ago.
static void
clear_entered(struct mst_dtls_window *w, uint64_t seq)
{
	uint64_t newest = w->next == 0 ? 0 : w->next - 1;
	uint64_t n = seq / WORD_BITS - newest / WORD_BITS;

	if (n > WORDS)
		n = WORDS;
	for (uint64_t i = 0; i < n; i++)
		w->ring[word(seq - i * WORD_BITS)] = 0;
}

bool
mst_dtls_window_commit(struct mst_dtls_window *w, uint64_t seq)
{
	if (mst_dtls_window_check(w, seq) != MST_DTLS_OK)
		return false;
	if (seq >= w->next) {
		clear_entered(w, seq);
		w->next = seq + 1;
	}
	w->ring[word(seq)] |= bit(seq);
	return true;
}
