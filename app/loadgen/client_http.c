// The reader of answers: status line, fields, body, as the bytes come. Control lcore.
#include <string.h>
#include <strings.h>

#include "client_http_private.h"

enum { AT_STATUS, AT_FIELDS, AT_BODY, AT_END };

const char *
lg_http_fault_name(enum lg_http_fault f)
{
	static const char *const names[] = {
#define X(name, word, help) word,
		LG_HTTP_FAULTS(X)
#undef X
	};

	return (unsigned int)f < MST_ARRAY_SIZE(names) ? names[f] : "unknown";
}

void
lg_http_begin(struct lg_http *h, enum lg_http_wait wait, bool keep_cookies)
{
	memset(h, 0, offsetof(struct lg_http, cookie));
	h->wait = (uint8_t)wait;
	if (keep_cookies)
		return;
	mst_wipe(h->cookie, sizeof(h->cookie));
	mst_wipe(h->context, sizeof(h->context));
}

void
lg_http_wipe(struct lg_http *h)
{
	mst_wipe(h, sizeof(*h));
}

static enum lg_http_event
end(struct lg_http *h, enum lg_http_event event)
{
	h->state = AT_END;
	h->event = (uint8_t)event;
	return event;
}

static enum lg_http_event
bad(struct lg_http *h, enum lg_http_fault fault)
{
	h->fault = (uint8_t)fault;
	return end(h, LG_HTTP_BAD);
}

// ---- fields -------------------------------------------------------------------------------------
// RFC 9112 section 4: "HTTP/1.1 200 reason".
static enum lg_http_fault
on_status_line(struct lg_http *h)
{
	const char *l = h->line;
	uint64_t status;

	if (strncmp(l, "HTTP/1.1 ", 9) != 0 && strncmp(l, "HTTP/1.0 ", 9) != 0)
		return LG_HTTP_F_SYNTAX;
	if (h->line_len < 12 || mst_parse_u64(l + 9, 3, 200, 599, &status) < 0 ||
		(l[12] != '\0' && l[12] != ' '))
		return LG_HTTP_F_SYNTAX;
	h->status = (uint16_t)status;
	h->close = l[7] == '0';
	return LG_HTTP_F_NONE;
}

// RFC 6265 section 4.1.1: cookie-octet.
static bool
is_cookie_octet(char c)
{
	return c > 0x20 && c < 0x7f && strchr("\",;\\", c) == NULL;
}

// "name=value; attributes"; an empty value takes the cookie away.
static enum lg_http_fault
on_set_cookie(struct lg_http *h, const char *value)
{
	const char *equals = strchr(value, '=');
	size_t name_len, len;
	char *out;

	if (equals == NULL)
		return LG_HTTP_F_COOKIE;
	name_len = (size_t)(equals - value);
	if (name_len == 6 && strncmp(value, "webvpn", 6) == 0)
		out = h->cookie;
	else if (name_len == 13 && strncmp(value, "webvpncontext", 13) == 0)
		out = h->context;
	else
		return LG_HTTP_F_NONE;
	value = equals + 1;
	len = strcspn(value, ";");
	if (len > LG_HTTP_COOKIE_BYTES)
		return LG_HTTP_F_COOKIE;
	for (size_t i = 0; i < len; i++)
		if (!is_cookie_octet(value[i]))
			return LG_HTTP_F_COOKIE;
	memcpy(out, value, len);
	out[len] = '\0';
	return LG_HTTP_F_NONE;
}

static enum lg_http_fault
on_length(struct lg_http *h, const char *value)
{
	uint64_t len;

	if (h->has_length || mst_parse_u64(value, strlen(value), 0, UINT32_MAX, &len) < 0)
		return LG_HTTP_F_LENGTH;
	h->has_length = true;
	h->body_len = (size_t)len;
	return LG_HTTP_F_NONE;
}

// RFC 9110 section 5.6.2.
static bool
is_token(const char *text)
{
	static const char other[] = "!#$%&'*+-.^_`|~";

	if (text[0] == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (!(*text >= '0' && *text <= '9') && !(*text >= 'a' && *text <= 'z') &&
			!(*text >= 'A' && *text <= 'Z') && strchr(other, *text) == NULL)
			return false;
	return true;
}

static enum lg_http_fault
on_field(struct lg_http *h)
{
	char *name = h->line, *value = strchr(h->line, ':'), *last;

	if (++h->n_fields > LG_HTTP_FIELDS)
		return LG_HTTP_F_HEAD;
	if (value == NULL)
		return LG_HTTP_F_SYNTAX;
	*value++ = '\0';
	if (!is_token(name))
		return LG_HTTP_F_SYNTAX;
	value += strspn(value, " \t");
	for (last = value + strlen(value); last > value && (last[-1] == ' ' || last[-1] == '\t'); last--)
		last[-1] = '\0';
	if (strcasecmp(name, "Content-Length") == 0)
		return on_length(h, value);
	if (strcasecmp(name, "Transfer-Encoding") == 0)
		return LG_HTTP_F_CODING;
	if (strcasecmp(name, "Connection") == 0)
		h->close |= strcasecmp(value, "close") == 0;
	if (strcasecmp(name, "Set-Cookie") == 0)
		return on_set_cookie(h, value);
	if (h->wait == LG_HTTP_WAIT_CONNECT && h->status == 200)
		return lg_tunnel_field(h, name, value);
	return LG_HTTP_F_NONE;
}

// ---- ends ---------------------------------------------------------------------------------------
static enum lg_http_event
end_of_body(struct lg_http *h)
{
	bool complete = false;
	enum lg_http_fault fault = lg_form_parse(h, &complete);

	if (fault != LG_HTTP_F_NONE)
		return bad(h, fault);
	if (!complete)
		return end(h, LG_HTTP_FORM);
	return h->cookie[0] == '\0' ? bad(h, LG_HTTP_F_NO_COOKIE) : end(h, LG_HTTP_SIGNED);
}

static enum lg_http_event
end_of_head(struct lg_http *h)
{
	if (h->status != 200)
		return end(h, LG_HTTP_REFUSED);
	if (h->wait == LG_HTTP_WAIT_CONNECT) {
		enum lg_http_fault fault = lg_tunnel_check(h);

		// RFC 9110 section 9.3.6: what follows a 2xx to CONNECT is the tunnel, whatever a length says.
		return fault == LG_HTTP_F_NONE ? end(h, LG_HTTP_TUNNEL) : bad(h, fault);
	}
	if (!h->has_length)
		return bad(h, LG_HTTP_F_LENGTH);
	if (h->body_len > LG_HTTP_BODY_BYTES)
		return bad(h, LG_HTTP_F_BODY);
	h->state = AT_BODY;
	return h->body_len == 0 ? end_of_body(h) : LG_HTTP_MORE;
}

// ---- bytes --------------------------------------------------------------------------------------
static enum lg_http_event
on_line(struct lg_http *h)
{
	enum lg_http_fault fault;

	// RFC 9112 section 2.2: a lone CR or LF ends no line; a NUL would hide what is behind it.
	if (h->line_len == 0 || h->line[h->line_len - 1] != '\r' ||
		memchr(h->line, '\0', h->line_len) != NULL)
		return bad(h, LG_HTTP_F_SYNTAX);
	h->line[--h->line_len] = '\0';
	if (memchr(h->line, '\r', h->line_len) != NULL)
		return bad(h, LG_HTTP_F_SYNTAX);
	if (h->state == AT_FIELDS && h->line_len == 0)
		return end_of_head(h);
	fault = h->state == AT_STATUS ? on_status_line(h) : on_field(h);
	h->state = AT_FIELDS;
	h->line_len = 0;
	return fault == LG_HTTP_F_NONE ? LG_HTTP_MORE : bad(h, fault);
}

static enum lg_http_event
feed_head(struct lg_http *h, struct mst_rd *r)
{
	const uint8_t *lf = memchr(r->pos, '\n', mst_rd_left(r));
	size_t n = lf == NULL ? mst_rd_left(r) : (size_t)(lf - r->pos);
	const uint8_t *p;

	h->head_bytes += n + (lf != NULL);
	if (h->line_len + n > LG_HTTP_LINE_BYTES || h->head_bytes > LG_HTTP_HEAD_BYTES)
		return bad(h, LG_HTTP_F_HEAD);
	p = mst_rd_bytes(r, n);
	memcpy(h->line + h->line_len, p, n);
	h->line_len += n;
	if (lf == NULL)
		return LG_HTTP_MORE;
	mst_rd_bytes(r, 1);
	return on_line(h);
}

static enum lg_http_event
feed_body(struct lg_http *h, struct mst_rd *r)
{
	size_t want = h->body_len - h->body_got;
	size_t n = mst_rd_left(r) < want ? mst_rd_left(r) : want;

	memcpy(h->body + h->body_got, mst_rd_bytes(r, n), n);
	h->body_got += n;
	return h->body_got < h->body_len ? LG_HTTP_MORE : end_of_body(h);
}

enum lg_http_event
lg_http_feed(struct lg_http *h, const uint8_t *data, size_t len, size_t *consumed)
{
	struct mst_rd r = mst_rd_init(data, len);
	enum lg_http_event event = LG_HTTP_MORE;

	*consumed = 0;
	if (h->state == AT_END)
		return (enum lg_http_event)h->event;
	while (event == LG_HTTP_MORE && mst_rd_left(&r) > 0)
		event = h->state == AT_BODY ? feed_body(h, &r) : feed_head(h, &r);
	*consumed = len - mst_rd_left(&r);
	// Nothing was asked yet that more bytes could answer.
	if ((event == LG_HTTP_FORM || event == LG_HTTP_SIGNED) && mst_rd_left(&r) > 0)
		return bad(h, LG_HTTP_F_EXTRA);
	return event;
}
