// Taking a request in pieces; each limit one below, at, one above.
#include <string.h>

#include "mst_test.h"

#include "http.h"

static struct ac_http h;
static char text[4 * MST_AC_BODY_BYTES];

// Feeds chunk bytes at a time until something is decided.
static enum ac_http_verdict
feed(const char *data, size_t len, size_t chunk)
{
	enum ac_http_verdict v = AC_HTTP_MORE;
	size_t off = 0;

	ac_http_reset(&h);
	while (off < len && v == AC_HTTP_MORE) {
		size_t n = len - off < chunk ? len - off : chunk;
		uint8_t *copy = malloc(n);
		size_t consumed;

		assert_non_null(copy);
		memcpy(copy, data + off, n);
		v = ac_http_feed(&h, copy, n, &consumed);
		free(copy);
		assert_in_range(consumed, 1, n);
		off += consumed;
	}
	return v;
}

static enum mst_ac_fault
fault_of(const char *data, size_t len)
{
	static const size_t chunks[] = {SIZE_MAX, 1, 7, 1000};
	enum mst_ac_fault first = MST_AC_N_FAULTS;

	for (size_t i = 0; i < MST_ARRAY_SIZE(chunks); i++) {
		enum ac_http_verdict v = feed(data, len, chunks[i]);

		assert_int_not_equal(v, AC_HTTP_MORE);
		assert_int_equal(v == AC_HTTP_FAULT, h.fault != MST_AC_F_NONE);
		if (i == 0)
			first = h.fault;
		assert_int_equal(h.fault, first); // the cut decides nothing
	}
	return first;
}

static void
line_ends_are_strict(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
#define T(s) {s, sizeof(s) - 1}
		T("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		T("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		T("GET / HTTP/1.1\nHost: a\n\n"),
		T("GET / HTTP/1.1\r\nHost: a\n\r\n"),
		T("GET / HTTP/1.1\r\nHost: a\r\n\n"),
		T("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"),
		T("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
		T("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
		T("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"),
		T("GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n"),
		T("GET / HTTP/1.1\r\nHost: a\x7f\r\n\r\n"),
		T("\x16\x03\x01\x02\x00\x01"),
#undef T
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_int_equal(fault_of(bad[i].text, bad[i].len), MST_AC_F_SYNTAX);
}

static size_t
fill(char *at, size_t n)
{
	memset(at, 'a', n);
	return n;
}

static void
head_limit(void **state)
{
	(void)state;
	static const char start[] = "GET / HTTP/1.1\r\nHost: ";

	for (size_t total = MST_AC_HEAD_BYTES - 1; total <= MST_AC_HEAD_BYTES + 1; total++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "%s", start);

		len += fill(text + len, total - len - 4);
		memcpy(text + len, "\r\n\r\n", 4);
		assert_int_equal(fault_of(text, len + 4),
			total <= MST_AC_HEAD_BYTES ? MST_AC_F_NONE : MST_AC_F_HEAD_SIZE);
	}
}

static void
field_limit(void **state)
{
	(void)state;
	for (unsigned int n = MST_AC_FIELDS - 1; n <= MST_AC_FIELDS + 1; n++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n");

		for (unsigned int i = 1; i < n; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "X-%u: 1\r\n", i);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "\r\n");
		assert_int_equal(fault_of(text, len), n <= MST_AC_FIELDS ? MST_AC_F_NONE : MST_AC_F_FIELDS);
	}
}

static void
url_limit(void **state)
{
	(void)state;
	for (size_t n = MST_AC_URL_BYTES - 1; n <= MST_AC_URL_BYTES + 1; n++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "GET /");

		len += fill(text + len, n - 1);
		len += (size_t)snprintf(text + len, sizeof(text) - len, " HTTP/1.1\r\nHost: a\r\n\r\n");
		assert_int_equal(
			fault_of(text, len), n <= MST_AC_URL_BYTES ? MST_AC_F_NONE : MST_AC_F_URL_SIZE);
	}
	// A request line without end.
	fill(text, MST_AC_HEAD_BYTES + 1);
	assert_int_equal(fault_of(text, MST_AC_HEAD_BYTES + 1), MST_AC_F_URL_SIZE);
}

static void
cookie_limit(void **state)
{
	(void)state;
	static const char *const names[] = {"webvpn", "webvpncontext", "webvpnc", "other"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++) {
		for (size_t n = MST_AC_COOKIE_BYTES - 1; n <= MST_AC_COOKIE_BYTES + 1; n++) {
			size_t len = (size_t)snprintf(text, sizeof(text),
				"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b; %s=", names[i]);

			len += fill(text + len, n);
			len += (size_t)snprintf(text + len, sizeof(text) - len, "; c=d\r\n\r\n");
			assert_int_equal(fault_of(text, len),
				n <= MST_AC_COOKIE_BYTES ? MST_AC_F_NONE : MST_AC_F_COOKIE_SIZE);
		}
	}
}

static void
body_limit(void **state)
{
	(void)state;
	for (size_t n = MST_AC_BODY_BYTES - 1; n <= MST_AC_BODY_BYTES + 1; n++) {
		size_t len = (size_t)snprintf(
			text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", n);

		len += fill(text + len, n);
		assert_int_equal(
			fault_of(text, len), n <= MST_AC_BODY_BYTES ? MST_AC_F_NONE : MST_AC_F_BODY_SIZE);
		if (n <= MST_AC_BODY_BYTES)
			assert_int_equal(h.body.len, n);
	}
}

// What the client announces costs nothing; only what it sends does.
static void
memory_follows_the_bytes(void **state)
{
	(void)state;
	int len = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\nx",
		MST_AC_BODY_BYTES);

	assert_int_equal(feed(text, (size_t)len - 1, SIZE_MAX), AC_HTTP_MORE);
	assert_int_equal(h.body.cap, 0);
	assert_int_equal(feed(text, (size_t)len, SIZE_MAX), AC_HTTP_MORE);
	assert_in_range(h.body.cap, 1, 1024);
	ac_http_reset(&h);
	assert_null(h.head.data);
	assert_null(h.body.data);
}

static enum ac_http_verdict
post(struct ac_http *to, size_t announced, size_t sent)
{
	size_t consumed, len = (size_t)snprintf(text, sizeof(text),
				 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", announced);

	len += fill(text + len, sent);
	ac_http_reset(to);
	return ac_http_feed(to, (const uint8_t *)text, len, &consumed);
}

// Each has MST_AC_BODY_OWN_BYTES; strangers who send more get no more of it together than is left, and give it back.
static void
large_bodies_share_what_is_left(void **state)
{
	const size_t all = MST_AC_BODY_BYTES - MST_AC_BODY_OWN_BYTES;
	size_t left = all + 1;
	struct ac_http a, b;

	(void)state;
	ac_http_init(&a, &left);
	ac_http_init(&b, &left);
	assert_int_equal(post(&a, MST_AC_BODY_BYTES, 1), AC_HTTP_MORE); // announced costs nothing
	assert_int_equal(post(&a, MST_AC_BODY_BYTES, MST_AC_BODY_OWN_BYTES), AC_HTTP_MORE);
	assert_int_equal(left, all + 1);
	assert_int_equal(post(&a, MST_AC_BODY_BYTES, MST_AC_BODY_BYTES - 1), AC_HTTP_MORE);
	assert_int_equal(left, 1);
	assert_int_equal(post(&b, MST_AC_BODY_OWN_BYTES, MST_AC_BODY_OWN_BYTES), AC_HTTP_DONE);
	assert_int_equal(post(&b, MST_AC_BODY_BYTES, MST_AC_BODY_OWN_BYTES + 1), AC_HTTP_FAULT);
	assert_int_equal(b.fault, MST_AC_F_NO_MEMORY);
	assert_int_equal(left, 1);
	ac_http_reset(&a);
	assert_int_equal(left, all + 1);
	// Exactly what is left, in many steps, and one byte less.
	for (left = all; left + 1 >= all; left--) {
		size_t before = left, consumed;
		enum ac_http_verdict v = post(&b, MST_AC_BODY_BYTES, 1);

		for (size_t i = 1; i < MST_AC_BODY_BYTES && v == AC_HTTP_MORE; i++)
			v = ac_http_feed(&b, (const uint8_t *)"x", 1, &consumed);
		assert_int_equal(v, before == all ? AC_HTTP_DONE : AC_HTTP_FAULT);
		ac_http_reset(&b);
		assert_int_equal(left, before);
	}
	ac_http_fini(&a);
	ac_http_fini(&b);
}

static void
a_request_ends_where_its_length_says(void **state)
{
	(void)state;
	static const char two[] =
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n";
	size_t consumed;

	ac_http_reset(&h);
	assert_int_equal(ac_http_feed(&h, (const uint8_t *)two, sizeof(two) - 1, &consumed), AC_HTTP_DONE);
	assert_int_equal(consumed, sizeof(two) - 1 - strlen("GET / HTTP/1.1\r\n"));
	assert_int_equal(h.body.len, 3);
	assert_memory_equal(h.body.data, "abc", 3);
}

static int
teardown(void **state)
{
	(void)state;
	ac_http_fini(&h);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_ends_are_strict),
		cmocka_unit_test(head_limit),
		cmocka_unit_test(field_limit),
		cmocka_unit_test(url_limit),
		cmocka_unit_test(cookie_limit),
		cmocka_unit_test(body_limit),
		cmocka_unit_test(memory_follows_the_bytes),
		cmocka_unit_test(large_bodies_share_what_is_left),
		cmocka_unit_test(a_request_ends_where_its_length_says),
	};

	ac_http_init(&h, NULL);
	return cmocka_run_group_tests(tests, NULL, teardown);
}
