// Strict HTTP/1.1 requests, and GET, HEAD and OPTIONS of "/" by HTTP/1.0, read incrementally (RFC 9112). Control lcore.
#pragma once

#include "mst_anyconnect.h"

#include "text.h"

// Grows with the bytes that came, never with what the peer announced; wiped on every way out.
struct ac_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
	size_t own;   // of cap, what is taken without asking
	size_t *left; // what all buffers together may take beyond it; NULL: without a bound
};

// clang-format off
#define AC_METHODS(X) X(GET) X(HEAD) X(POST) X(CONNECT) X(OPTIONS)
// clang-format on

enum ac_method {
	AC_METHOD_OTHER,
#define X(name) AC_METHOD_##name,
	AC_METHODS(X)
#undef X
};

struct ac_field {
	struct ac_text name;
	struct ac_text value; // without blanks at its ends
};

struct ac_request {
	enum ac_method method;
	struct ac_text target;
	struct ac_text path; // target up to '?'
	struct ac_field fields[MST_AC_FIELDS];
	size_t n_fields;
	uint64_t body_len; // Content-Length
	bool closes;	   // Connection: close, or HTTP/1.0
	bool old;	   // HTTP/1.0: good for the static page alone
	// How often a field that matters to the framing came.
	unsigned int n_host, n_length, n_coding, n_cookie, n_expect;
};

enum ac_http_verdict { AC_HTTP_MORE, AC_HTTP_DONE, AC_HTTP_FAULT };

struct ac_http {
	struct ac_buf head;
	struct ac_buf body;
	struct ac_request req; // its texts point into head; valid after AC_HTTP_DONE
	enum mst_ac_fault fault;
	size_t line_len;
	uint8_t last; // byte before this one
	bool in_first_line;
	bool head_done;
};

void ac_http_init(struct ac_http *h, size_t *large_left); // as in mst_ac_params
// Wipes the request, ready for the next one.
void ac_http_reset(struct ac_http *h);
void ac_http_fini(struct ac_http *h);
// Takes bytes up to the end of one request. After AC_HTTP_FAULT h->fault says why; only reset helps.
enum ac_http_verdict ac_http_feed(struct ac_http *h, const uint8_t *data, size_t len, size_t *consumed);

// Parses a whole header block, from request line to empty line. MST_AC_F_NONE if it is good.
enum mst_ac_fault ac_http_parse_head(struct ac_request *q, const uint8_t *head, size_t len);

// Value of the field; absent if it is missing or came more than once.
struct ac_text ac_http_field(const struct ac_request *q, const char *name);

// Cookie header (RFC 6265 section 4.2.1): the value of the cookie of that name; absent if it is missing or
// came twice.
struct ac_text ac_cookie_find(struct ac_text header, const char *name);
// True if every value is within MST_AC_COOKIE_BYTES.
bool ac_cookie_sizes_ok(struct ac_text header);
// True for a value we could have made: 1 to MST_AC_COOKIE_BYTES letters, digits and ._~+/=-
bool ac_cookie_is_ours(struct ac_text value);
