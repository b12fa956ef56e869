// Takes the bytes of one HTTP request: header block, then body. Line ends are strict and everything is
// counted, so that no two readers can see two different requests (RFC 9112 section 11.2). Control lcore.
#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t
beyond_own(const struct ac_buf *b, size_t cap)
{
	return b->left != NULL && cap > b->own ? cap - b->own : 0;
}

static void
buf_free(struct ac_buf *b)
{
	if (b->data != NULL)
		mst_wipe(b->data, b->cap);
	if (beyond_own(b, b->cap) > 0)
		*b->left += beyond_own(b, b->cap);
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}

// realloc could leave a copy of a password or a cookie behind.
static int
buf_grow(struct ac_buf *b, size_t need)
{
	size_t cap = b->cap > 0 ? b->cap : 1024;
	uint8_t *data;

	while (cap < need)
		cap *= 2;
	if (beyond_own(b, cap) > 0 && beyond_own(b, cap) > *b->left + beyond_own(b, b->cap))
		return -ENOMEM;
	data = malloc(cap);
	if (data == NULL)
		return -ENOMEM;
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	size_t len = b->len;
	buf_free(b);
	b->data = data;
	b->len = len;
	b->cap = cap;
	if (beyond_own(b, cap) > 0)
		*b->left -= beyond_own(b, cap);
	return 0;
}

static int
buf_add(struct ac_buf *b, const void *data, size_t len)
{
	if (b->max - b->len < len)
		return -E2BIG;
	if (b->cap - b->len < len)
		MST_TRY(buf_grow(b, b->len + len));
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

static void
start(struct ac_http *h)
{
	memset(&h->req, 0, sizeof(h->req));
	h->fault = MST_AC_F_NONE;
	h->line_len = 0;
	h->last = 0;
	h->in_first_line = true;
	h->head_done = false;
}

void
ac_http_init(struct ac_http *h, size_t *large_left)
{
	*h = (struct ac_http){.head.max = MST_AC_HEAD_BYTES,
		.body = {.max = MST_AC_BODY_BYTES, .own = MST_AC_BODY_OWN_BYTES, .left = large_left}};
	start(h);
}

void
ac_http_reset(struct ac_http *h)
{
	buf_free(&h->head);
	buf_free(&h->body);
	start(h);
}

void
ac_http_fini(struct ac_http *h)
{
	ac_http_reset(h);
}

static enum ac_http_verdict
refuse(struct ac_http *h, enum mst_ac_fault fault)
{
	h->fault = fault;
	return AC_HTTP_FAULT;
}

// CR and LF come as a pair only (RFC 9112 section 2.2 lets a server take a bare LF; no client of ours sends
// one), and NUL and other controls never.
static bool
byte_is_legal(const struct ac_http *h, uint8_t c)
{
	if ((h->last == '\r') != (c == '\n'))
		return false;
	return c == '\r' || c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f);
}

// An empty line ends the block. Where the request line belongs it leaves a block without one, which is
// refused.
static void
count_line(struct ac_http *h, uint8_t c)
{
	h->last = c;
	if (c == '\n') {
		h->head_done = h->line_len == 0;
		h->in_first_line = false;
		h->line_len = 0;
	} else if (c != '\r') {
		h->line_len++;
	}
}

static enum ac_http_verdict
take_head(struct ac_http *h, struct mst_rd *r)
{
	while (!h->head_done && mst_rd_left(r) > 0) {
		uint8_t c = mst_rd_u8(r);
		int rc;

		if (!byte_is_legal(h, c))
			return refuse(h, MST_AC_F_SYNTAX);
		rc = buf_add(&h->head, &c, 1);
		if (rc == -E2BIG)
			return refuse(h, h->in_first_line ? MST_AC_F_URL_SIZE : MST_AC_F_HEAD_SIZE);
		if (rc < 0)
			return refuse(h, MST_AC_F_NO_MEMORY);
		count_line(h, c);
	}
	if (!h->head_done)
		return AC_HTTP_MORE;
	h->fault = ac_http_parse_head(&h->req, h->head.data, h->head.len);
	return h->fault != MST_AC_F_NONE ? AC_HTTP_FAULT : AC_HTTP_DONE;
}

static enum ac_http_verdict
take_body(struct ac_http *h, struct mst_rd *r)
{
	// Only a POST has a body that is read; ac_http_parse_head refused the others that matter.
	size_t want = h->req.method == AC_METHOD_POST ? (size_t)h->req.body_len - h->body.len : 0;
	size_t n = mst_rd_left(r) < want ? mst_rd_left(r) : want;

	if (n > 0 && buf_add(&h->body, mst_rd_bytes(r, n), n) < 0)
		return refuse(h, MST_AC_F_NO_MEMORY);
	return n == want ? AC_HTTP_DONE : AC_HTTP_MORE;
}

enum ac_http_verdict
ac_http_feed(struct ac_http *h, const uint8_t *data, size_t len, size_t *consumed)
{
	struct mst_rd r = ac_text_rd((struct ac_text){(const char *)data, len});
	enum ac_http_verdict v = AC_HTTP_DONE;

	if (!h->head_done)
		v = take_head(h, &r);
	if (v == AC_HTTP_DONE)
		v = take_body(h, &r);
	*consumed = len - mst_rd_left(&r);
	return v;
}
