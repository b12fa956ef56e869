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

// They still hold what was a ring ago.
void
mst_dtls_window_enter(struct mst_dtls_window *w, uint64_t seq)
{
	uint64_t newest = w->next == 0 ? 0 : w->next - 1;
	uint64_t n = seq / WORD_BITS - newest / WORD_BITS;

	if (n > WORDS)
		n = WORDS;
	for (uint64_t i = 0; i < n; i++)
		*mst_dtls_window_word(w, seq - i * WORD_BITS) = 0;
}
