// Header blocks: what is refused, and why.
#include <string.h>

#include "mst_test.h"

#include "http.h"

static enum mst_ac_fault
parse(struct ac_request *q, const char *head)
{
	memset(q, 0, sizeof(*q));
	return ac_http_parse_head(q, (const uint8_t *)head, strlen(head));
}

static void
good_heads(void **state)
{
	(void)state;
	struct ac_request q;

	assert_int_equal(
		parse(&q, "POST /auth?x=1 HTTP/1.1\r\nhOST:a\r\nX-A: \t b c \t\r\ncontent-length: 7\r\n\r\n"),
		MST_AC_F_NONE);
	assert_int_equal(q.method, AC_METHOD_POST);
	assert_true(ac_text_is(q.target, "/auth?x=1"));
	assert_true(ac_text_is(q.path, "/auth"));
	assert_int_equal(q.body_len, 7);
	assert_int_equal(q.n_fields, 3);
	assert_true(ac_text_is(ac_http_field(&q, "Host"), "a"));
	assert_true(ac_text_is(ac_http_field(&q, "x-a"), "b c"));
	assert_null(ac_http_field(&q, "X-B").p);
	assert_false(q.closes);
	assert_int_equal(parse(&q, "BREW /pot HTTP/1.1\r\nHost:\r\nConnection: keep-alive, Close\r\n\r\n"),
		MST_AC_F_NONE);
	assert_int_equal(q.method, AC_METHOD_OTHER);
	assert_true(q.closes);
}

// A kept connection is not for them, whatever they ask for.
static void
old_probes(void **state)
{
	(void)state;
	static const char *const heads[] = {
		"GET / HTTP/1.0\r\n\r\n",
		"HEAD / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
	};
	struct ac_request q;

	for (size_t i = 0; i < MST_ARRAY_SIZE(heads); i++) {
		assert_int_equal(parse(&q, heads[i]), MST_AC_F_NONE);
		assert_true(q.old);
		assert_true(q.closes);
	}
	assert_int_equal(parse(&q, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), MST_AC_F_NONE);
	assert_false(q.old);
}

static void
field_that_came_twice_is_absent(void **state)
{
	(void)state;
	struct ac_request q;

	assert_int_equal(parse(&q, "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n"), MST_AC_F_NONE);
	assert_null(ac_http_field(&q, "X-A").p);
}

static const struct {
	const char *head;
	enum mst_ac_fault f;
} bad[] = {
	// Request line.
	{" GET / HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET /\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET /\xc3\xbc HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / http/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.10\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1-1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP//.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/:.1\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1./\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.:\r\nHost: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n", MST_AC_F_VERSION},
	{"CONNECT / HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"OPTIONS /a HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"OPTIONS * HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"PUT / HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"get / HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"GET /? HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"GET // HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"GET /auth HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"HEAD /a HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"GET * HTTP/1.0\r\n\r\n", MST_AC_F_VERSION},
	{"GET / HTTP/0.9\r\n\r\n", MST_AC_F_VERSION},
	{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", MST_AC_F_VERSION},
	{"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.0\r\nContent-Length: 1\r\n\r\n", MST_AC_F_FRAMING},
	{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", MST_AC_F_CODING},
	{"GET / HTTP/1.0\r\nno colon\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", MST_AC_F_VERSION},
	// Fields.
	{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\n\tfolded: b\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\nX\xff: b\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nX-A: 1\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\nCookie: webvpn=1\r\ncookie: webvpn=2\r\n\r\n", MST_AC_F_SYNTAX},
	{"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", MST_AC_F_EXPECT},
	// Framing.
	{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", MST_AC_F_CODING},
	{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", MST_AC_F_CODING},
	{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nContent-Length: 1\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
		MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\n", MST_AC_F_FRAMING},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2147483648\r\n\r\n", MST_AC_F_BODY_SIZE},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4294967297\r\n\r\n", MST_AC_F_BODY_SIZE},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", MST_AC_F_BODY_SIZE},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n", MST_AC_F_BODY_SIZE},
	{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
		MST_AC_F_BODY_SIZE},
	{"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", MST_AC_F_FRAMING},
	{"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", MST_AC_F_FRAMING},
	{"CONNECT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", MST_AC_F_FRAMING},
};

static void
bad_heads(void **state)
{
	(void)state;
	struct ac_request q;

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		enum mst_ac_fault f = parse(&q, bad[i].head);

		if (f != bad[i].f)
			fail_msg("%s, not %s, for:\n%s", mst_ac_fault_name(f), mst_ac_fault_name(bad[i].f),
				bad[i].head);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_heads),
		cmocka_unit_test(old_probes),
		cmocka_unit_test(field_that_came_twice_is_absent),
		cmocka_unit_test(bad_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
