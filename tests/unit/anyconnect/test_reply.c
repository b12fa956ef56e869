// Pages and refusals.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "reply.h"

static struct ac_reply r;
static char answer[MST_AC_REPLY_BYTES + 1];

static void
take(int rc)
{
	assert_int_equal(rc, 0);
	memcpy(answer, r.data, r.len);
	answer[r.len] = '\0';
	assert_true(r.ready);
}

// Content-Length counts the body, and the body is there.
static void
check_length(enum ac_body show)
{
	const char *length = strstr(answer, "Content-Length: ");
	const char *body = strstr(answer, "\r\n\r\n");
	uint64_t n;

	assert_non_null(length);
	assert_non_null(body);
	length += strlen("Content-Length: ");
	assert_int_equal(mst_parse_u64(length, strcspn(length, "\r"), 0, MST_AC_REPLY_BYTES, &n), 0);
	assert_int_equal(strlen(body + 4), show == AC_BODY_FULL ? n : 0);
}

static void
check_headers(void)
{
	assert_non_null(strstr(answer, "\r\nStrict-Transport-Security: max-age="));
	assert_non_null(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(answer, "\r\nX-Frame-Options: DENY\r\n"));
	assert_non_null(strstr(answer, "\r\nContent-Security-Policy: "));
	assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
	assert_null(strstr(answer, "Server:"));
}

static void
pages(void **state)
{
	(void)state;
	take(ac_reply_page(&r, "<p>hello</p>", AC_BODY_FULL, false));
	check_length(AC_BODY_FULL);
	check_headers();
	assert_non_null(strstr(answer, "Connection: Keep-Alive\r\n"));
	assert_null(strstr(answer, "Set-Cookie"));
	assert_false(r.close);
	take(ac_reply_page(&r, "<p>hello</p>", AC_BODY_HEAD_ONLY, true));
	check_length(AC_BODY_HEAD_ONLY);
	assert_non_null(strstr(answer, "Content-Length: 12\r\n"));
	assert_non_null(strstr(answer, "Connection: close\r\n"));
	assert_true(r.close);
}

static void
refusals(void **state)
{
	(void)state;
	for (int f = MST_AC_F_NONE + 1; f < MST_AC_N_FAULTS; f++) {
		take(ac_reply_refusal(&r, (enum mst_ac_fault)f, NULL));
		check_headers();
		assert_non_null(strstr(answer, "\r\nConnection: close\r\nContent-Length: 0\r\n"));
		assert_ptr_equal(strstr(answer, "\r\n\r\n"), answer + r.len - 4);
		assert_true(r.close);
	}
	take(ac_reply_refusal(&r, MST_AC_F_HEAD_SIZE, NULL));
	assert_int_equal(strncmp(answer, "HTTP/1.1 431 Request Header Fields Too Large\r\n", 46), 0);
}

static void
challenges(void **state)
{
	(void)state;
	take(ac_reply_challenge(&r, false, false));
	check_headers();
	assert_int_equal(strncmp(answer, "HTTP/1.1 401 Unauthorized\r\n", 27), 0);
	assert_non_null(strstr(answer, "\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n"));
	assert_non_null(strstr(answer, "\r\nWWW-Authenticate: Bearer\r\n"));
	assert_null(strstr(answer, "fallback"));
	assert_false(r.close);
	take(ac_reply_challenge(&r, true, true));
	assert_non_null(strstr(answer, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(answer, "\r\nX-HTTP-Auth-Support: fallback\r\n"));
	assert_true(r.close);
	take(ac_reply_refusal(&r, MST_AC_F_TOKEN, NULL));
	assert_non_null(strstr(answer, "\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"));
	take(ac_reply_refusal(&r, MST_AC_F_TRIES, NULL));
	assert_null(strstr(answer, "WWW-Authenticate"));
}

static void
rejects(void **state)
{
	(void)state;
	take(ac_reply_reject(&r, 503, "full\r\nX: y\x80"));
	assert_int_equal(strncmp(answer, "HTTP/1.1 503 ", 13), 0);
	assert_non_null(strstr(answer, "\r\nX-Reason: full??X: y?\r\n"));
	assert_true(r.close);
	take(ac_reply_reject(&r, 401, NULL));
	assert_int_equal(strncmp(answer, "HTTP/1.1 401 ", 13), 0);
	assert_null(strstr(answer, "X-Reason"));
	assert_int_equal(ac_reply_reject(&r, 200, NULL), -EINVAL);
	assert_int_equal(ac_reply_reject(&r, 404, NULL), -EINVAL);
}

static int
teardown(void **state)
{
	(void)state;
	ac_reply_fini(&r);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages),
		cmocka_unit_test(refusals),
		cmocka_unit_test(challenges),
		cmocka_unit_test(rejects),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
