// What is served by method and path, and that everything else is refused alike.
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

static void
static_page(void **state)
{
	(void)state;
	talk_send(&t, GET("/", "User-Agent: curl/7.88.1\r\n"));
	assert_status(&t, 200);
	assert_has(&t, "text/html");
	assert_has(&t, "<title>It works</title>");
	assert_false(t.close);
	talk_send(&t, GET("/?probe=1", ""));
	assert_has(&t, "<title>It works</title>");
	talk_send(&t, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_status(&t, 200);
	assert_has(&t, "Content-Length: 36\r\n");
	assert_has_not(&t, "<title>");
	talk_send(&t, GET("/", "Connection: close\r\n"));
	assert_true(t.close);
	assert_has(&t, "Connection: close\r\n");
}

// The page and no more, whoever asks: no form, no token is looked at, and the connection ends.
static void
old_probes_get_the_page(void **state)
{
	(void)state;
	static const struct {
		const char *ask;
		bool unavailable;
		unsigned int status;
		const char *length;
	} rows[] = {
		{"GET / HTTP/1.0\r\n\r\n", false, 200, "Content-Length: 36\r\n"},
		{"HEAD / HTTP/1.0\r\n\r\n", false, 200, "Content-Length: 36\r\n"},
		{"GET / HTTP/1.0\r\n\r\n", true, 503, "Content-Length: 0\r\n"},
		{"HEAD / HTTP/1.0\r\n\r\n", true, 503, "Content-Length: 0\r\n"},
		{"OPTIONS / HTTP/1.0\r\n\r\n", false, 200,
			"Content-Length: 0\r\n"}, // HAProxy unless it is told better
		{"OPTIONS / HTTP/1.0\r\n\r\n", true, 503, "Content-Length: 0\r\n"},
		{"OPTIONS / HTTP/1.0\r\n" VPN_AGENT "\r\n", false, 200, "Content-Length: 0\r\n"},
		{"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", false, 200,
			"Content-Length: 36\r\n"},
		{"GET / HTTP/1.0\r\n" VPN_AGENT "\r\n", false, 200, "Content-Length: 36\r\n"},
		{"GET / HTTP/1.0\r\nAuthorization: Bearer a.b.c\r\n\r\n", false, 200,
			"Content-Length: 36\r\n"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_ac_params p = talk_params;
		bool is_get = rows[i].ask[0] == 'G';
		struct talk k;

		p.unavailable = rows[i].unavailable;
		p.methods = MST_AC_PASSWORD | MST_AC_TOKEN;
		talk_open(&k, &p);
		talk_send(&k, rows[i].ask);
		assert_int_equal(k.event, MST_AC_RESPOND);
		assert_status(&k, rows[i].status);
		assert_has(&k, "Connection: close\r\n");
		assert_has(&k, rows[i].length);
		assert_int_equal(strstr(k.answer, "<title>") != NULL, is_get && !rows[i].unavailable);
		assert_true(k.close);
		assert_int_equal(mst_ac_fault(k.ac), MST_AC_F_NONE);
		talk_send(&k, GET("/", ""));
		assert_int_equal(k.event, MST_AC_CLOSE);
		assert_int_equal(k.answer_len, 0);
		talk_close(&k);
	}
}

static void
vpn_clients_get_the_form(void **state)
{
	(void)state;
	static const char *const asks[] = {
		GET("/", VPN_AGENT),
		GET("/auth", VPN_AGENT),
		GET("/VPN?x", VPN_AGENT),
		GET("/", "x-aggregate-auth: 1\r\n"),
		GET("/", "User-Agent: AnyConnect-compatible OpenConnect VPN Agent v9.21\r\n"),
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(asks); i++) {
		talk_send(&t, asks[i]);
		assert_has(&t, "name=\"password\"");
	}
	talk_send(&t, "HEAD / HTTP/1.1\r\nHost: a\r\n" VPN_AGENT "\r\n");
	assert_status(&t, 200);
	assert_has_not(&t, "<form");
}

// Paths of a group are taken; the query does not matter.
static void
login_paths(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"/", "/auth", "/VPN", "/?x=1", "/auth?a=b&c", "/staff", "/eng-2.a_b"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(paths); i++) {
		talk_post(&t, paths[i], "text/xml", trace_init);
		assert_status(&t, 200);
	}
}

static void
everything_else_is_one_404(void **state)
{
	(void)state;
	static const char *const asks[] = {
		GET("/index.html", ""),
		GET("/auth", ""),
		GET("/VPN", ""),
		GET("/../etc/passwd", ""),
		GET("/..%2f..%2fetc/passwd", VPN_AGENT),
		GET("//", ""),
		GET("/+CSCOT+/oem-customization", VPN_AGENT),
		GET("/+CSCOE+/logon.html", ""),
		GET("http://a/", ""),
		GET("*", ""),
		GET("/CSCOSSLC/tunnel", VPN_AGENT),
		GET("/favicon.ico", ""),
		GET("/logout", VPN_AGENT),
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS /auth HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS /?a HTTP/1.1\r\nHost: a\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
		"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n", // not waited for
		"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n",
		"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
		"get / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /a/b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"POST /../x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
		"POST /%2e HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /.x HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST //auth HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /auth/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /~x HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT /CSCOSSLC/tunnel/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT /CSCOSSLC/tunnel?x HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT /cscosslc/tunnel HTTP/1.1\r\nHost: a\r\n\r\n",
		"CONNECT //CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\n\r\n",
	};
	char first[2048] = "";

	for (size_t i = 0; i < MST_ARRAY_SIZE(asks); i++) {
		struct talk k;

		talk_open(&k, &talk_params);
		talk_send(&k, asks[i]);
		if (strncmp(k.answer, "HTTP/1.1 404 ", 13) != 0)
			fail_msg("%s was answered by %s", asks[i], k.answer);
		assert_true(k.close);
		assert_int_equal(mst_ac_fault(k.ac), MST_AC_F_UNKNOWN_URL);
		if (i == 0)
			snprintf(first, sizeof(first), "%s", k.answer);
		assert_string_equal(k.answer, first);
		talk_close(&k);
	}
}

// A segment is as long as the name of a group can be.
static void
login_path_limit(void **state)
{
	(void)state;
	const size_t longest = sizeof(((struct mst_ac_credentials *)0)->group) - 1;

	for (size_t n = longest - 1; n <= longest + 1; n++) {
		char path[80] = "/";
		struct talk k;

		memset(path + 1, 'g', n);
		path[n + 1] = '\0';
		talk_open(&k, &talk_params);
		talk_post(&k, path, "text/xml", trace_init);
		assert_status(&k, n <= longest ? 200 : 404);
		talk_close(&k);
	}
}

// Status of the answer for each kind of fault, and nothing after it.
static void
faults_answer_and_close(void **state)
{
	(void)state;
	static const struct {
		const char *ask;
		unsigned int status;
	} rows[] = {
		{"GET / HTTP/1.1\nHost: a\n\n", 400},
		{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
			400},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 262145\r\n\r\n", 413},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n<x/>", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n<!DOCTYPE a><a/>", 400},
		{"POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 16\r\n\r\n<config-auth a=>", 505},
		{"CONNECT /CSCOSSLC/tunnel HTTP/1.0\r\nHost: a\r\nCookie: webvpn=a\r\n\r\n", 505},
		{"GET /auth HTTP/1.0\r\nHost: a\r\n" VPN_AGENT "\r\n", 505},
		{"GET /?probe=1 HTTP/1.0\r\n\r\n", 505},
		{"OPTIONS /auth HTTP/1.0\r\n\r\n", 505},
		{"OPTIONS / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 400},
		{"OPTIONS / HTTP/1.0\r\n\r\nx", 400},
		{"GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", 400},
		{"GET / HTTP/1.0\r\n\r\nx", 400},
		{"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", 417},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct talk k;

		talk_open(&k, &talk_params);
		talk_send(&k, rows[i].ask);
		assert_refused(&k, rows[i].status);
		assert_int_equal(k.left_over, 0);
		assert_int_not_equal(mst_ac_fault(k.ac), MST_AC_F_NONE);
		talk_send(&k, GET("/", ""));
		assert_int_equal(k.event, MST_AC_CLOSE);
		assert_int_equal(k.answer_len, 0);
		talk_close(&k);
	}
}

static void
connect_paths(void **state)
{
	(void)state;
	talk_send(&t, "CONNECT CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(t.event, MST_AC_CONNECT);
	assert_string_equal(mst_ac_connect_request(t.ac)->cookie, "");
	assert_int_equal(mst_ac_connect_reject(t.ac, 503, "come later"), 0);
	talk_take(&t);
	assert_status(&t, 503);
	assert_has(&t, "X-Reason: come later\r\n");
	assert_true(t.close);
	talk_send(&t, trace_connect);
	assert_int_equal(t.event, MST_AC_CLOSE);
}

static void
after_sign_in(void **state)
{
	(void)state;
	sign_in(&t);
	talk_send(&t, GET("/", ""));
	assert_status(&t, 200);
	talk_xml(&t, trace_password);
	assert_refused(&t, 404);
	sign_in(&u);
	talk_send(&u, GET("/", VPN_AGENT));
	assert_refused(&u, 404);
}

// The same bad request is answered by the same bytes, whoever signed in between and with whatever names.
static void
answers_carry_no_memory(void **state)
{
	(void)state;
	static const char *const bad[] = {
		GET("/nothing", "X-CSTP-Hostname:\r\n"),
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\n<config-auth type=\"\"/>xx",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nusername=",
		"CONNECT /x HTTP/1.1\r\nHost: a\r\nCookie: webvpn=\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
	};
	char first[MST_ARRAY_SIZE(bad)][4096];

	for (int round = 0; round < 50; round++) {
		struct talk k;

		for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
			talk_open(&k, &talk_params);
			if (round > 0) {
				talk_form(&k, "username=canary-user&password=canary-password");
				verify(&k, MST_AC_AUTH_FAILED);
			}
			talk_send(&k, bad[i]);
			assert_in_range(k.answer_len, 1, sizeof(first[i]) - 1);
			assert_has_not(&k, "canary");
			if (round == 0)
				memcpy(first[i], k.answer, k.answer_len + 1);
			assert_string_equal(k.answer, first[i]);
			talk_close(&k);
		}
		talk_open(&k, &talk_params);
		talk_form(&k, "username=canary-user&password=canary-password");
		assert_int_equal(mst_ac_auth_done(k.ac, MST_AC_AUTH_OK, "canary-cookie"), 0);
		talk_close(&k);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(static_page),
		T(old_probes_get_the_page),
		T(vpn_clients_get_the_form),
		T(login_paths),
		T(login_path_limit),
		T(everything_else_is_one_404),
		T(faults_answer_and_close),
		T(connect_paths),
		T(after_sign_in),
		T(answers_carry_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
