// Whole conversations: sign-in, CONNECT, and everything a stranger may try before.
#include <errno.h>
#include <string.h>

#include "talk.h"
#include "trace.h"

#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: a\r\n" more "\r\n"
#define VPN_AGENT "User-Agent: Open AnyConnect VPN Agent v9.01-3\r\n"

static struct talk t, u;

static int
setup(void **state)
{
	(void)state;
	talk_open(&t, &talk_params);
	talk_open(&u, &talk_params);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	talk_close(&t);
	talk_close(&u);
	return 0;
}

static struct mst_ac_tunnel
tunnel(void)
{
	struct mst_ac_tunnel n = {
		.depth4 = 24, .mtu = 1400, .base_mtu = 1500, .dpd_s = 30, .keepalive_s = 300};

	assert_int_equal(mst_ip_parse("192.168.77.50", &n.addr4), 0);
	return n;
}

static void
verify(struct talk *k, enum mst_ac_auth result)
{
	assert_int_equal(k->event, MST_AC_AUTHENTICATE);
	assert_int_equal(k->answer_len, 0);
	assert_int_equal(mst_ac_auth_done(k->ac, result, TALK_COOKIE), 0);
	talk_take(k);
}

static void
sign_in(struct talk *k)
{
	talk_xml(k, trace_password);
	verify(k, MST_AC_AUTH_OK);
	assert_status(k, 200);
	assert_has(k, "Set-Cookie: webvpn=" TALK_COOKIE ";");
}

// The captured conversation from end to end, over any cut of the bytes.
static void
trace_two_steps(void **state)
{
	(void)state;
	const struct mst_ac_connect_request *q;
	struct mst_ac_tunnel n = tunnel();

	talk_post(&t, "/", "application/xml; charset=utf-8", trace_init);
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_has(&t, "name=\"username\"");
	assert_has(&t, "name=\"password\"");
	talk_xml(&t, trace_group);
	assert_has(&t, "type=\"auth-request\"");
	talk_xml(&t, trace_user);
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_has(&t, "<input type=\"hidden\" name=\"username\" value=\"alice\"/>");
	talk_xml(&t, trace_password);
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "alice");
	assert_string_equal(mst_ac_credentials(t.ac)->password, "secret1");
	assert_string_equal(mst_ac_credentials(t.ac)->user_agent, "Open AnyConnect VPN Agent v9.01-3");
	verify(&t, MST_AC_AUTH_OK);
	assert_has(&t, "<auth id=\"success\">");
	assert_string_equal(mst_ac_credentials(t.ac)->password, "");
	talk_send(&t, trace_connect);
	assert_int_equal(t.event, MST_AC_CONNECT);
	q = mst_ac_connect_request(t.ac);
	assert_string_equal(q->cookie, "AFZLEZ96abcdefghijklmnopqrstuvwxyzABCDEtJhP0=");
	n.hostname = q->hostname;
	assert_int_equal(mst_ac_connect_accept(t.ac, &n), 0);
	talk_take(&t);
	assert_has(&t, "HTTP/1.1 200 CONNECTED\r\n");
	assert_has(&t, "X-CSTP-Hostname: vm\r\n");
	assert_false(t.close);
	assert_string_equal(mst_ac_connect_request(t.ac)->cookie, "");
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_NONE);
}

static void
bytes_one_by_one(void **state)
{
	(void)state;
	static char post[2048];
	int len = snprintf(post, sizeof(post),
		"POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", strlen(trace_password),
		trace_password);

	for (size_t chunk = 1; chunk <= 64; chunk++) {
		struct talk k;

		talk_open(&k, &talk_params);
		talk_bytes(&k, post, (size_t)len, chunk);
		verify(&k, MST_AC_AUTH_OK);
		assert_has(&k, "<auth id=\"success\">");
		talk_bytes(&k, trace_connect, sizeof(trace_connect) - 1, chunk);
		assert_int_equal(k.event, MST_AC_CONNECT);
		talk_close(&k);
	}
}

// Without XML: GET, then a form.
static void
legacy(void **state)
{
	(void)state;
	talk_send(&t, GET("/", VPN_AGENT "X-Pad: 00\r\nContent-Length: 0\r\n"));
	assert_status(&t, 200);
	assert_has(&t, "text/xml");
	assert_has(&t, "name=\"password\"");
	talk_form(&t, "username=alice");
	assert_has(&t, "type=\"hidden\" name=\"username\" value=\"alice\"");
	talk_form(&t, "username=alice&password=a%20b&group_list=eng");
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	assert_string_equal(mst_ac_credentials(t.ac)->password, "a b");
	assert_string_equal(mst_ac_credentials(t.ac)->group, "eng");
	verify(&t, MST_AC_AUTH_OK);
	assert_has(&t, "type=\"complete\"");
}

// A load balancer is told to look elsewhere.
static void
unavailable(void **state)
{
	static const char page[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct mst_ac_params p = talk_params;
	struct talk lb;

	(void)state;
	p.unavailable = true;
	talk_open(&lb, &p);
	talk_bytes(&lb, page, sizeof(page) - 1, sizeof(page));
	assert_int_equal(lb.event, MST_AC_RESPOND);
	assert_non_null(strstr(lb.answer, "HTTP/1.1 503 Service Unavailable\r\n"));
	assert_true(lb.close);
	talk_close(&lb);
	p.unavailable = false;
	talk_open(&lb, &p);
	talk_bytes(&lb, page, sizeof(page) - 1, sizeof(page));
	assert_non_null(strstr(lb.answer, "HTTP/1.1 200 OK\r\n"));
	assert_false(lb.close);
	talk_close(&lb);
}

static void
three_tries(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		talk_xml(&t, trace_wrong);
		verify(&t, MST_AC_AUTH_FAILED);
		assert_status(&t, 200);
		assert_false(t.close);
		assert_has(&t, "<error>");
		assert_has(&t, "<form ");
		assert_has_not(&t, "alice");
		assert_has_not(&t, TALK_COOKIE);
	}
	talk_xml(&t, trace_wrong);
	verify(&t, MST_AC_AUTH_FAILED);
	assert_status(&t, 401);
	assert_true(t.close);
	assert_has_not(&t, TALK_COOKIE);
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_TRIES);
	talk_xml(&t, trace_password);
	assert_int_equal(t.event, MST_AC_CLOSE);
	assert_int_equal(t.answer_len, 0);
}

static void
right_after_wrong(void **state)
{
	(void)state;
	talk_xml(&t, trace_wrong);
	verify(&t, MST_AC_AUTH_FAILED);
	talk_xml(&t, trace_wrong);
	verify(&t, MST_AC_AUTH_FAILED);
	sign_in(&t);
}

static void
tries_can_be_set(void **state)
{
	(void)state;
	struct mst_ac_params p = talk_params;
	struct talk k;

	p.max_tries = 1;
	talk_open(&k, &p);
	talk_xml(&k, trace_wrong);
	verify(&k, MST_AC_AUTH_FAILED);
	assert_status(&k, 401);
	talk_close(&k);
}

// No user name and no password: counted, but nobody is asked.
static void
blanks_are_tries(void **state)
{
	(void)state;
	talk_form(&t, "username=alice&password=");
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_status(&t, 200);
	talk_xml(&t, trace_password_alone);
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_status(&t, 200);
	assert_has(&t, "<error>");
	talk_form(&t, "username=&password=x");
	assert_refused(&t, 401);
	talk_form(&u, "username=");
	assert_has(&u, "<error>");
	assert_has_not(&u, "hidden");
	talk_form(&u, "unknown=field");
	assert_has(&u, "<error>");
}

// A wrong password, an unknown user and a blank one look the same.
static void
users_cannot_be_listed(void **state)
{
	(void)state;
	talk_form(&t, "username=alice&password=wrong");
	verify(&t, MST_AC_AUTH_FAILED);
	talk_form(&u, "username=nobody-of-that-name&password=x");
	verify(&u, MST_AC_AUTH_FAILED);
	assert_string_equal(t.answer, u.answer);
	talk_form(&u, "username=&password=");
	assert_string_equal(t.answer, u.answer);
}

static void
busy(void **state)
{
	(void)state;
	talk_xml(&t, trace_password);
	verify(&t, MST_AC_AUTH_BUSY);
	assert_status(&t, 503);
	assert_has(&t, "X-Reason: ");
	assert_has_not(&t, TALK_COOKIE);
	assert_true(t.close);
}

static void
second_request_is_refused(void **state)
{
	(void)state;
	char two[2048];

	talk_send(&t, GET("/", "") GET("/", ""));
	assert_refused(&t, 400);
	assert_has_not(&t, "It works");
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_PIPELINED);
	snprintf(two, sizeof(two), "POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: 29\r\n\r\n%s%s",
		"username=alice&password=wrong", trace_connect);
	talk_send(&u, two);
	assert_refused(&u, 400);
	assert_int_equal(mst_ac_auth_done(u.ac, MST_AC_AUTH_OK, TALK_COOKIE), -EINVAL);
}

static void
one_byte_behind_is_refused(void **state)
{
	(void)state;
	talk_send(&t, GET("/", "") "x");
	assert_refused(&t, 400);
}

static void
bytes_behind_connect_are_left(void **state)
{
	(void)state;
	char more[4096];

	snprintf(more, sizeof(more), "%sSTF", trace_connect);
	talk_bytes(&t, more, strlen(more), SIZE_MAX);
	assert_int_equal(t.event, MST_AC_CONNECT);
	assert_int_equal(t.left_over, 3);
	talk_send(&t, "STF");
	assert_int_equal(t.event, MST_AC_MORE);
	assert_int_equal(t.left_over, 3);
	struct mst_ac_tunnel n = tunnel();
	assert_int_equal(mst_ac_connect_accept(t.ac, &n), 0);
	talk_take(&t);
	assert_has(&t, "200 CONNECTED");
	talk_send(&t, "STF");
	assert_int_equal(t.left_over, 3);
}

static void
bytes_behind_what_is_no_connect_are_not(void **state)
{
	(void)state;
	talk_send(&t, "CONNECT /else HTTP/1.1\r\nHost: a\r\n\r\nSTF");
	assert_int_not_equal(t.event, MST_AC_CONNECT);
	assert_int_equal(t.left_over, 0);
}

// A password before the mistake is not kept behind it.
static void
what_was_refused_is_forgotten(void **state)
{
	(void)state;
	talk_xml(&t, "<config-auth client=\"vpn\" type=\"auth-reply\"><auth><username>alice</username>"
		     "<password>secret1</password></auth>");
	assert_refused(&t, 400);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "");
	assert_string_equal(mst_ac_credentials(t.ac)->password, "");
}

static void
talking_during_the_check_is_refused(void **state)
{
	(void)state;
	talk_xml(&t, trace_password);
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	// Nothing is no talk.
	size_t consumed;
	assert_int_equal(mst_ac_feed(t.ac, NULL, 0, &consumed), MST_AC_MORE);
	talk_send(&t, trace_connect);
	assert_refused(&t, 400);
	assert_int_equal(t.left_over, 0);
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_PIPELINED);
	// The check ends later, and changes nothing any more.
	assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_OK, TALK_COOKIE), -EINVAL);
	talk_take(&t);
	assert_int_equal(t.answer_len, 0);
}

static void
sixteen_requests(void **state)
{
	(void)state;
	for (int i = 1; i <= MST_AC_REQUESTS; i++) {
		talk_send(&t, GET("/", ""));
		assert_status(&t, 200);
		assert_int_equal(t.close, i == MST_AC_REQUESTS);
	}
	talk_send(&t, GET("/", ""));
	assert_int_equal(t.event, MST_AC_CLOSE);
	assert_int_equal(t.answer_len, 0);
}

// The sixteenth may still sign in; the device connects anew with its cookie.
static void
sixteenth_signs_in(void **state)
{
	(void)state;
	for (int i = 1; i < MST_AC_REQUESTS; i++)
		talk_send(&t, GET("/", ""));
	sign_in(&t);
	assert_true(t.close);
	talk_send(&t, trace_connect);
	assert_int_equal(t.event, MST_AC_CLOSE);
}

static void
failed_accept_can_be_rejected(void **state)
{
	(void)state;
	struct mst_ac_tunnel n = tunnel();

	n.mtu = 0;
	talk_send(&t, trace_connect);
	assert_int_equal(mst_ac_connect_accept(t.ac, &n), -EINVAL);
	talk_take(&t);
	assert_int_equal(t.answer_len, 0);
	assert_int_equal(mst_ac_connect_reject(t.ac, 200, NULL), -EINVAL);
	assert_int_equal(mst_ac_connect_reject(t.ac, 401, NULL), 0);
	talk_take(&t);
	assert_status(&t, 401);
	assert_int_equal(mst_ac_connect_accept(t.ac, &n), -EINVAL);
}

static void
calls_out_of_turn(void **state)
{
	(void)state;
	struct mst_ac_tunnel n = tunnel();

	assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_OK, TALK_COOKIE), -EINVAL);
	assert_int_equal(mst_ac_connect_accept(t.ac, &n), -EINVAL);
	assert_int_equal(mst_ac_connect_reject(t.ac, 401, NULL), -EINVAL);
	// They count for nothing.
	for (int i = 0; i < 5; i++)
		assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_FAILED, NULL), -EINVAL);
	talk_xml(&t, trace_wrong);
	verify(&t, MST_AC_AUTH_FAILED);
	assert_status(&t, 200);
	talk_xml(&t, trace_password);
	assert_int_equal(mst_ac_connect_accept(t.ac, &n), -EINVAL);
	verify(&t, MST_AC_AUTH_OK);
	assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_OK, TALK_COOKIE), -EINVAL);
}

static void
cookies_of_ours_are_plain(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "a b", "a;b", "a\r\nX: y", "\"a\"", "a,b"};

	talk_xml(&t, trace_password);
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_OK, bad[i]), -EINVAL);
	assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_OK, NULL), -EINVAL);
	verify(&t, MST_AC_AUTH_OK);
}

static void
answers_are_not_lost(void **state)
{
	(void)state;
	size_t consumed;

	assert_int_equal(mst_ac_feed(t.ac, (const uint8_t *)GET("/", ""), strlen(GET("/", "")), &consumed),
		MST_AC_RESPOND);
	assert_int_equal(mst_ac_feed(t.ac, (const uint8_t *)"G", 1, &consumed), MST_AC_RESPOND);
	assert_int_equal(consumed, 0);
	talk_take(&t);
	assert_has(&t, "It works");
	assert_int_equal(mst_ac_feed(t.ac, NULL, 0, &consumed), MST_AC_MORE);
}

static void
create_checks_its_texts(void **state)
{
	(void)state;
	static char big[MST_AC_PAGE_BYTES + 2];
	struct mst_ac_params p = {0};
	struct mst_ac *ac;

	assert_int_equal(mst_ac_create(&ac, &p), -EINVAL);
	for (size_t n = MST_AC_PAGE_BYTES - 1; n <= MST_AC_PAGE_BYTES + 1; n++) {
		struct talk k;

		memset(big, 'p', n);
		big[n] = '\0';
		p.page = big;
		if (n > MST_AC_PAGE_BYTES) {
			assert_int_equal(mst_ac_create(&ac, &p), -EINVAL);
			continue;
		}
		talk_open(&k, &p);
		talk_send(&k, GET("/", ""));
		assert_status(&k, 200);
		talk_close(&k);
	}
	p.page = "";
	for (size_t n = MST_AC_BANNER_BYTES - 1; n <= MST_AC_BANNER_BYTES + 1; n++) {
		struct talk k;

		memset(big, '"', n); // the longest escape
		big[n] = '\0';
		p.banner = big;
		if (n > MST_AC_BANNER_BYTES) {
			assert_int_equal(mst_ac_create(&ac, &p), -EINVAL);
			continue;
		}
		talk_open(&k, &p);
		talk_xml(&k, trace_init);
		assert_status(&k, 200);
		talk_close(&k);
	}
	mst_ac_destroy(NULL);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(trace_two_steps),
		T(bytes_one_by_one),
		T(legacy),
		T(unavailable),
		T(three_tries),
		T(right_after_wrong),
		T(tries_can_be_set),
		T(blanks_are_tries),
		T(users_cannot_be_listed),
		T(busy),
		T(second_request_is_refused),
		T(one_byte_behind_is_refused),
		T(bytes_behind_connect_are_left),
		T(bytes_behind_what_is_no_connect_are_not),
		T(what_was_refused_is_forgotten),
		T(talking_during_the_check_is_refused),
		T(sixteen_requests),
		T(sixteenth_signs_in),
		T(failed_accept_can_be_rejected),
		T(calls_out_of_turn),
		T(cookies_of_ours_are_plain),
		T(answers_are_not_lost),
		T(create_checks_its_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
