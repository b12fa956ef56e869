// The replay window: a ring of bits that is never shifted (RFC 6479; RFC 6347 4.1.2.6). The worker that owns
// the session's receive side.
#include <assert.h>
#include <string.h>

#include "mst_dtls.h"

#define WORD_BITS 64
#define WORDS (MST_DTLS_WINDOW_RING_BITS / WORD_BITS)

static_assert((WORDS & (WORDS - 1)) == 0, "the ring is indexed by a mask");
static_assert(MST_DTLS_WINDOW_BITS >= 1024, "the window is to outlast the reordering between queues");

void
mst_dtls_window_init(struct mst_dtls_window *w)
{
	memset(w, 0, sizeof(*w));
}

// The head goes to its place in the ring; the words between, which no record has come for, still hold what was a ring ago.
void
mst_dtls_window_enter(struct mst_dtls_window *w, uint64_t seq)
{
	uint64_t old = w->next == 0 ? 0 : (w->next - 1) / WORD_BITS, n = seq / WORD_BITS - old;

	w->ring[old % WORDS] = w->head;
	if (n > WORDS)
		n = WORDS;
	for (uint64_t i = 1; i < n; i++)
		w->ring[(seq / WORD_BITS - i) % WORDS] = 0;
	w->head = 0;
}
