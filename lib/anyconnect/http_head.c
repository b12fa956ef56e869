// The header block of an HTTP request: request line, fields, what the fields say of the framing. Control
// lcore.
#include <errno.h>
#include <string.h>

#include "http.h"

// RFC 9110 section 5.6.2.
static bool
is_token(struct ac_text t)
{
	static const char other[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < t.len; i++) {
		char c = t.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			continue;
		if (memchr(other, c, sizeof(other) - 1) == NULL)
			return false;
	}
	return t.len > 0;
}

static bool
is_visible(struct ac_text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] < 0x21 || t.p[i] > 0x7e)
			return false;
	return t.len > 0;
}

static enum ac_method
method_of(struct ac_text t)
{
#define X(name)                                                                                              \
	if (ac_text_is(t, #name))                                                                            \
		return AC_METHOD_##name;
	AC_METHODS(X)
#undef X
	return AC_METHOD_OTHER;
}

// What load balancers probe with unless they are told better. Nothing but the page is to be had by it.
static bool
is_old_probe(const struct ac_request *q, struct ac_text version)
{
	return ac_text_is(version, "HTTP/1.0") && ac_text_is(q->target, "/") &&
	       (q->method == AC_METHOD_GET || q->method == AC_METHOD_HEAD || q->method == AC_METHOD_OPTIONS);
}

static enum mst_ac_fault
take_version(struct ac_request *q, struct ac_text t)
{
	if (ac_text_is(t, "HTTP/1.1"))
		return MST_AC_F_NONE;
	if (is_old_probe(q, t)) {
		q->old = true;
		q->closes = true;
		return MST_AC_F_NONE;
	}
	// RFC 9112 section 2.3: HTTP-name "/" DIGIT "." DIGIT
	if (t.len == 8 && memcmp(t.p, "HTTP/", 5) == 0 && t.p[6] == '.' && t.p[5] >= '0' && t.p[5] <= '9' &&
		t.p[7] >= '0' && t.p[7] <= '9')
		return MST_AC_F_VERSION;
	return MST_AC_F_SYNTAX;
}

// RFC 9112 section 3: single spaces, nothing lenient.
static enum mst_ac_fault
parse_request_line(struct ac_request *q, struct ac_text line)
{
	struct mst_rd r = ac_text_rd(line);
	struct ac_text method, version;

	if (!ac_text_until(&r, ' ', &method) || !is_token(method))
		return MST_AC_F_SYNTAX;
	if (!ac_text_until(&r, ' ', &q->target)) {
		return q->target.len > MST_AC_URL_BYTES ? MST_AC_F_URL_SIZE : MST_AC_F_SYNTAX;
	}
	if (q->target.len > MST_AC_URL_BYTES)
		return MST_AC_F_URL_SIZE;
	if (!is_visible(q->target))
		return MST_AC_F_SYNTAX;
	version = (struct ac_text){(const char *)r.pos, mst_rd_left(&r)};
	r = ac_text_rd(q->target);
	ac_text_until(&r, '?', &q->path);
	q->method = method_of(method);
	return take_version(q, version);
}

static enum mst_ac_fault
on_length(struct ac_request *q, struct ac_text value)
{
	if (q->n_length++ > 0)
		return MST_AC_F_FRAMING;
	if (mst_parse_u64(value.p, value.len, 0, MST_AC_BODY_BYTES, &q->body_len) == 0)
		return MST_AC_F_NONE;
	for (size_t i = 0; i < value.len; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return MST_AC_F_FRAMING;
	return value.len > 0 ? MST_AC_F_BODY_SIZE : MST_AC_F_FRAMING;
}

static enum mst_ac_fault
on_coding(struct ac_request *q, struct ac_text value)
{
	(void)value;
	q->n_coding++;
	return MST_AC_F_NONE;
}

static enum mst_ac_fault
on_host(struct ac_request *q, struct ac_text value)
{
	(void)value;
	q->n_host++;
	return MST_AC_F_NONE;
}

static enum mst_ac_fault
on_cookie(struct ac_request *q, struct ac_text value)
{
	// Two Cookie fields are two answers to who is calling (RFC 6265 section 5.4 forbids them).
	if (q->n_cookie++ > 0)
		return MST_AC_F_SYNTAX;
	return ac_cookie_sizes_ok(value) ? MST_AC_F_NONE : MST_AC_F_COOKIE_SIZE;
}

static enum mst_ac_fault
on_expect(struct ac_request *q, struct ac_text value)
{
	(void)value;
	q->n_expect++;
	return MST_AC_F_NONE;
}

static enum mst_ac_fault
on_connection(struct ac_request *q, struct ac_text value)
{
	if (ac_text_lists(value, ',', "close", AC_CASE_IGNORE))
		q->closes = true;
	return MST_AC_F_NONE;
}

static const struct {
	const char *name;
	enum mst_ac_fault (*on)(struct ac_request *q, struct ac_text value);
} special[] = {
	{"Content-Length", on_length},
	{"Transfer-Encoding", on_coding},
	{"Host", on_host},
	{"Cookie", on_cookie},
	{"Expect", on_expect},
	{"Connection", on_connection},
};

static enum mst_ac_fault
parse_field(struct ac_request *q, struct ac_text line)
{
	struct mst_rd r = ac_text_rd(line);
	struct ac_field f;

	// A name that is no token covers a folded line, a blank before the colon and an empty name (RFC 9112
	// section 5).
	if (!ac_text_until(&r, ':', &f.name) || !is_token(f.name))
		return MST_AC_F_SYNTAX;
	if (q->n_fields == MST_AC_FIELDS)
		return MST_AC_F_FIELDS;
	f.value = ac_text_trim((struct ac_text){(const char *)r.pos, mst_rd_left(&r)});
	q->fields[q->n_fields++] = f;
	for (size_t i = 0; i < MST_ARRAY_SIZE(special); i++)
		if (ac_text_is_nocase(f.name, special[i].name))
			return special[i].on(q, f.value);
	return MST_AC_F_NONE;
}

static enum mst_ac_fault
check_framing(const struct ac_request *q)
{
	// RFC 9112 section 6.1: a coding beside a length is an attempt at smuggling; a coding alone is not
	// implemented.
	if (q->n_coding > 0)
		return q->n_length > 0 ? MST_AC_F_FRAMING : MST_AC_F_CODING;
	// RFC 9112 section 3.2; HTTP/1.0 has no such field.
	if (q->n_host > 1 || (q->n_host == 0 && !q->old))
		return MST_AC_F_SYNTAX;
	if (q->n_expect > 0)
		return MST_AC_F_EXPECT;
	// Of the others a body is not waited for: they are refused.
	if (q->body_len > 0 && q->method != AC_METHOD_POST && q->method != AC_METHOD_OTHER)
		return MST_AC_F_FRAMING;
	return MST_AC_F_NONE;
}

enum mst_ac_fault
ac_http_parse_head(struct ac_request *q, const uint8_t *head, size_t len)
{
	struct mst_rd r = mst_rd_init(head, len);
	enum mst_ac_fault fault;
	struct ac_text line, rest;

	ac_text_until(&r, '\r', &line);
	ac_text_until(&r, '\n', &rest);
	fault = parse_request_line(q, line);
	while (fault == MST_AC_F_NONE) {
		ac_text_until(&r, '\r', &line);
		ac_text_until(&r, '\n', &rest);
		if (line.len == 0)
			return check_framing(q);
		fault = parse_field(q, line);
	}
	return fault;
}

struct ac_text
ac_http_field(const struct ac_request *q, const char *name)
{
	struct ac_text found = {0};
	unsigned int n = 0;

	for (size_t i = 0; i < q->n_fields; i++) {
		if (!ac_text_is_nocase(q->fields[i].name, name))
			continue;
		found = q->fields[i].value;
		n++;
	}
	return n == 1 ? found : (struct ac_text){0};
}
