// What a device is asked for, by the methods that are configured: form, token, certificate, and mixtures.
#include <errno.h>
#include <string.h>

#include "talk.h"
#include "trace.h"

#define VPN_AGENT "User-Agent: Open AnyConnect VPN Agent v9.01-3\r\n"
#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: a\r\n" more "\r\n"
#define POST(path, more) "POST " path " HTTP/1.1\r\nHost: a\r\n" more "\r\n"
#define JWT "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln-_~+/="
#define BEARER "Authorization: Bearer " JWT "\r\n"

static struct talk t;

static void
open_for(unsigned int methods, bool certificate)
{
	struct mst_ac_params p = talk_params;

	p.methods = methods;
	p.certificate = certificate;
	talk_close(&t);
	talk_open(&t, &p);
}

static int
teardown(void **state)
{
	(void)state;
	talk_close(&t);
	return 0;
}

static void
verify(enum mst_ac_auth result)
{
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	assert_int_equal(t.answer_len, 0);
	assert_int_equal(mst_ac_auth_done(t.ac, result, TALK_COOKIE), 0);
	talk_take(&t);
}

static void
assert_token_asked(const char *bearer)
{
	const struct mst_ac_credentials *c = mst_ac_credentials(t.ac);

	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	assert_non_null(c->bearer);
	assert_string_equal(c->bearer, bearer);
	assert_string_equal(c->user, "");
	assert_string_equal(c->password, "");
}

static void
assert_challenged(void)
{
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_status(&t, 401);
	assert_has(&t, "\r\nWWW-Authenticate: Bearer\r\n");
	assert_has(&t, "\r\nContent-Length: 0\r\n");
	assert_false(t.close);
	assert_has_not(&t, "webvpn=");
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_NONE);
}

// 401 with the connection kept, then the same request with the token, and the cookie in the answer to it.
static void
token_after_the_challenge(void **state)
{
	(void)state;
	open_for(MST_AC_TOKEN, false);
	talk_post(&t, "/", "text/xml", trace_init);
	assert_challenged();
	assert_has_not(&t, "fallback");
	talk_send(&t, GET("/", VPN_AGENT));
	assert_challenged();
	talk_send(&t, GET("/", VPN_AGENT BEARER));
	assert_token_asked(JWT);
	assert_string_equal(mst_ac_credentials(t.ac)->user_agent, "Open AnyConnect VPN Agent v9.01-3");
	verify(MST_AC_AUTH_OK);
	assert_status(&t, 200);
	assert_has(&t, "Set-Cookie: webvpn=" TALK_COOKIE ";");
	assert_has(&t, "<auth id=\"success\">");
	assert_null(mst_ac_credentials(t.ac)->bearer);
	talk_send(&t, trace_connect);
	assert_int_equal(t.event, MST_AC_CONNECT);
}

// By either method, on each URL that signs in, at once, with or without a document.
static void
token_at_once(void **state)
{
	(void)state;
	static const char *const asks[] = {
		GET("/", BEARER),
		GET("/auth?x=1", BEARER),
		GET("/staff", VPN_AGENT BEARER),
		POST("/", BEARER),
		POST("/auth", "X-Aggregate-Auth: 1\r\n" BEARER),
		POST("/staff", BEARER "Content-Length: 0\r\n"),
		GET("/", "Authorization: bEARER " JWT "\r\n"),
		GET("/", "authorization: Bearer=" JWT "\r\n"),
		GET("/", "Authorization:Bearer  \t" JWT " \r\n"),
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(asks); i++) {
		open_for(MST_AC_TOKEN, false);
		talk_send(&t, asks[i]);
		assert_token_asked(JWT);
		verify(MST_AC_AUTH_OK);
		assert_status(&t, 200);
	}
}

static void
token_beside_a_document(void **state)
{
	(void)state;
	char ask[2048];

	open_for(MST_AC_TOKEN, false);
	snprintf(ask, sizeof(ask), "POST / HTTP/1.1\r\nHost: a\r\n" BEARER "Content-Length: %zu\r\n\r\n%s",
		strlen(trace_group), trace_group);
	talk_send(&t, ask);
	assert_token_asked(JWT);
	assert_string_equal(mst_ac_credentials(t.ac)->group, "eng");
	assert_string_equal(mst_ac_credentials(t.ac)->platform, "linux-64");
}

// Whatever is wrong with it: 401 and the end, at the first try.
static void
bad_tokens(void **state)
{
	(void)state;
	static const char *const asks[] = {
		"Authorization: Bearer a b\r\n",
		"Authorization: Bearer \"a\"\r\n",
		"Authorization: Bearer a,b\r\n",
		"Authorization: Bearer a\x80\r\n",
		"Authorization: Bearer=\r\n",
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(asks); i++) {
		char ask[256];

		snprintf(ask, sizeof(ask), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", asks[i]);
		open_for(MST_AC_TOKEN | MST_AC_PASSWORD, false);
		talk_send(&t, ask);
		assert_refused(&t, 401);
		assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_TOKEN);
	}
	open_for(MST_AC_TOKEN | MST_AC_PASSWORD, false);
	talk_send(&t, GET("/", BEARER));
	verify(MST_AC_AUTH_FAILED);
	assert_status(&t, 401);
	assert_true(t.close);
	assert_has_not(&t, TALK_COOKIE);
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_TOKEN);
	talk_send(&t, GET("/", BEARER));
	assert_int_equal(t.event, MST_AC_CLOSE);
}

// What is no token of ours to judge reads as none.
static void
other_schemes(void **state)
{
	(void)state;
	static const char *const asks[] = {
		"Authorization: Basic YTpi\r\n",
		"Authorization: Bearer\r\n",
		"Authorization: Bearerx\r\n",
		"Authorization: Bea\r\n",
		"Authorization:\r\n",
		BEARER BEARER,
		"X-Authorization: Bearer " JWT "\r\n",
		"Proxy-Authorization: Bearer " JWT "\r\n",
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(asks); i++) {
		char ask[512];

		snprintf(ask, sizeof(ask), "GET / HTTP/1.1\r\nHost: a\r\n" VPN_AGENT "%s\r\n", asks[i]);
		open_for(MST_AC_TOKEN, false);
		talk_send(&t, ask);
		assert_challenged();
	}
}

// A token opens no other path, and HEAD signs nobody in.
static void
token_elsewhere(void **state)
{
	(void)state;
	static const char *const asks[] = {
		GET("/a/b", VPN_AGENT BEARER),
		GET("/../auth", VPN_AGENT BEARER),
		GET("/a%2fb", VPN_AGENT BEARER),
		GET("//", VPN_AGENT BEARER),
		GET("/a/b", BEARER),
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(asks); i++) {
		open_for(MST_AC_TOKEN, false);
		talk_send(&t, asks[i]);
		assert_int_equal(t.event, MST_AC_RESPOND);
		assert_status(&t, 404);
	}
	open_for(MST_AC_TOKEN, false);
	talk_send(&t, "HEAD / HTTP/1.1\r\nHost: a\r\n" VPN_AGENT BEARER "\r\n");
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_has_not(&t, "webvpn=");
}

// A head of 16 KB holds a token of nearly that; one byte more is refused by the head's own limit.
static void
longest_token(void **state)
{
	(void)state;
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ";
	const size_t longest = MST_AC_HEAD_BYTES - (sizeof(head) - 1) - 4;
	static char ask[2 * MST_AC_HEAD_BYTES], token[MST_AC_HEAD_BYTES];

	for (size_t n = longest - 1; n <= longest + 1; n++) {
		memset(token, 'e', n);
		token[n] = '\0';
		snprintf(ask, sizeof(ask), "%s%s\r\n\r\n", head, token);
		open_for(MST_AC_TOKEN, false);
		talk_send(&t, ask);
		if (n > longest) {
			assert_refused(&t, 431);
			continue;
		}
		assert_token_asked(token);
	}
}

// Where tokens are no way in, the field says nothing: neither does it sign in nor does it lock out.
static void
token_not_configured(void **state)
{
	(void)state;
	open_for(MST_AC_PASSWORD, false);
	talk_send(&t, GET("/", VPN_AGENT BEARER));
	assert_has(&t, "name=\"password\"");
	talk_send(&t, GET("/", BEARER));
	assert_has(&t, "It works");
	// One that goes with a certificate, on a connection without.
	open_for(MST_AC_PASSWORD | MST_AC_CERTIFICATE_TOKEN, false);
	talk_send(&t, GET("/", VPN_AGENT BEARER));
	assert_has(&t, "name=\"password\"");
}

// With both, who can do HTTP authentication is challenged, and gets the form when it says that it cannot.
static void
token_or_form(void **state)
{
	(void)state;
	open_for(MST_AC_TOKEN | MST_AC_PASSWORD, false);
	talk_post(&t, "/", "text/xml", trace_init);
	assert_challenged();
	assert_has(&t, "\r\nX-HTTP-Auth-Support: fallback\r\n");
	talk_send(&t, GET("/", VPN_AGENT));
	assert_status(&t, 200);
	assert_has(&t, "name=\"password\"");
	talk_form(&t, "username=alice&password=secret");
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	assert_null(mst_ac_credentials(t.ac)->bearer);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "alice");
	verify(MST_AC_AUTH_OK);
	assert_has(&t, "type=\"complete\"");
}

static void
password_is_no_way_where_it_is_not_configured(void **state)
{
	(void)state;
	open_for(MST_AC_TOKEN, false);
	talk_xml(&t, trace_password);
	assert_challenged();
	open_for(MST_AC_CERTIFICATE_PASSWORD, false);
	talk_xml(&t, trace_password);
	assert_refused(&t, 200);
	assert_has(&t, "<error>A client certificate is needed to sign in.</error>");
	assert_has_not(&t, "<form");
}

static void
certificate_alone(void **state)
{
	(void)state;
	open_for(MST_AC_CERTIFICATE, true);
	talk_post(&t, "/", "text/xml", trace_init);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "");
	assert_null(mst_ac_credentials(t.ac)->bearer);
	verify(MST_AC_AUTH_OK);
	assert_has(&t, "type=\"complete\"");
	// A name that comes along is not taken for one that goes with the certificate.
	open_for(MST_AC_CERTIFICATE, true);
	talk_xml(&t, trace_password);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "");
	assert_string_equal(mst_ac_credentials(t.ac)->password, "");
	verify(MST_AC_AUTH_OK);
	open_for(MST_AC_CERTIFICATE, true);
	talk_send(&t, "HEAD / HTTP/1.1\r\nHost: a\r\n" VPN_AGENT "\r\n");
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_has_not(&t, "webvpn=" TALK_COOKIE);
}

static void
certificate_missing(void **state)
{
	(void)state;
	static const unsigned int methods[] = {
		MST_AC_CERTIFICATE, MST_AC_CERTIFICATE_PASSWORD, MST_AC_CERTIFICATE_TOKEN};
	static const char fail[] = "<config-auth type=\"init\"><client-cert-fail/></config-auth>";

	for (size_t i = 0; i < MST_ARRAY_SIZE(methods); i++) {
		open_for(methods[i], false);
		talk_post(&t, "/", "text/xml", trace_init);
		assert_status(&t, 200);
		assert_has(&t, "<client-cert-request/>");
		assert_has_not(&t, "<form");
		assert_false(t.close);
		talk_post(&t, "/", "text/xml", fail);
		assert_refused(&t, 200);
		assert_has(&t, "<error>");
		assert_has_not(&t, "<form");
		// Without XML there are no words to ask for it.
		open_for(methods[i], false);
		talk_send(&t, GET("/", VPN_AGENT));
		assert_refused(&t, 200);
		assert_has(&t, "<error>");
	}
}

// A client that says that its certificate cannot be used is believed, whatever TLS has seen.
static void
certificate_given_up(void **state)
{
	(void)state;
	open_for(MST_AC_CERTIFICATE | MST_AC_PASSWORD, true);
	talk_post(&t, "/", "text/xml", "<config-auth type=\"init\"><client-cert-fail/></config-auth>");
	assert_has(&t, "name=\"password\"");
	// It says so beside what it shows, not in it.
	open_for(MST_AC_CERTIFICATE | MST_AC_PASSWORD, true);
	talk_post(&t, "/", "text/xml",
		"<config-auth type=\"init\"><auth><client-cert-fail/></auth></config-auth>");
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	open_for(MST_AC_CERTIFICATE_PASSWORD, true);
	talk_post(&t, "/", "text/xml", "<config-auth type=\"init\"><client-cert-fail/></config-auth>");
	assert_refused(&t, 200);
	assert_has(&t, "<error>");
}

// A certificate that names nobody is tried once; then a form, if there is one.
static void
certificate_refused(void **state)
{
	(void)state;
	open_for(MST_AC_CERTIFICATE, true);
	talk_post(&t, "/", "text/xml", trace_init);
	verify(MST_AC_AUTH_FAILED);
	assert_status(&t, 401);
	assert_true(t.close);
	open_for(MST_AC_CERTIFICATE | MST_AC_PASSWORD, true);
	talk_post(&t, "/", "text/xml", trace_init);
	verify(MST_AC_AUTH_FAILED);
	assert_status(&t, 200);
	assert_has(&t, "name=\"password\"");
	talk_post(&t, "/", "text/xml", trace_init);
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_has(&t, "name=\"password\"");
}

static void
certificate_and_more(void **state)
{
	(void)state;
	open_for(MST_AC_CERTIFICATE_PASSWORD, true);
	talk_post(&t, "/", "text/xml", trace_init);
	assert_has(&t, "name=\"password\"");
	talk_xml(&t, trace_password);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "alice");
	verify(MST_AC_AUTH_OK);
	assert_has(&t, "type=\"complete\"");
	open_for(MST_AC_CERTIFICATE_TOKEN, true);
	talk_post(&t, "/", "text/xml", trace_init);
	assert_challenged();
	talk_send(&t, GET("/", BEARER));
	assert_token_asked(JWT);
}

int
main(void)
{
#define T(f) cmocka_unit_test_teardown(f, teardown)
	const struct CMUnitTest tests[] = {
		T(token_after_the_challenge),
		T(token_at_once),
		T(token_beside_a_document),
		T(bad_tokens),
		T(other_schemes),
		T(token_elsewhere),
		T(longest_token),
		T(token_not_configured),
		T(token_or_form),
		T(password_is_no_way_where_it_is_not_configured),
		T(certificate_alone),
		T(certificate_missing),
		T(certificate_given_up),
		T(certificate_refused),
		T(certificate_and_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
