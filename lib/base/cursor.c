// Cursors over bytes. Any thread.
#include <string.h>

#include "mst_base.h"

struct mst_rd
mst_rd_sub(struct mst_rd *r, size_t len)
{
	const uint8_t *p = mst_rd_bytes(r, len);

	if (p == NULL)
		return (struct mst_rd){.pos = r->pos, .end = r->pos, .err = true};
	return mst_rd_init(p, len);
}

struct mst_wr
mst_wr_init(void *buf, size_t cap)
{
	return (struct mst_wr){.base = buf, .cap = cap};
}

void
mst_wr_bytes(struct mst_wr *w, const void *data, size_t len)
{
	if (w->err || w->cap - w->len < len) {
		w->err = true;
		return;
	}
	if (len != 0)
		memcpy(w->base + w->len, data, len);
	w->len += len;
}

void
mst_wr_be(struct mst_wr *w, uint64_t v, unsigned int n_bytes)
{
	uint8_t b[8];

	MST_ASSERT(n_bytes <= sizeof(b));
	for (unsigned int i = 0; i < n_bytes; i++)
		b[i] = (uint8_t)(v >> (8 * (n_bytes - 1 - i)));
	mst_wr_bytes(w, b, n_bytes);
}
