// The reader of answers: what it takes however the bytes are cut, and what it refuses and why.
#include <string.h>

#include "mst_test.h"

#include "client_http.h"

#define LINE(text) text "\r\n"
#define OK LINE("HTTP/1.1 200 OK")
#define DONE "<config-auth type=\"complete\"><auth id=\"success\"/></config-auth>"
#define DONE_LEN "Content-Length: 63\r\n"
#define FORM                                                                                                 \
	"<config-auth type=\"auth-request\"><auth id=\"main\"><form action=\"/a\">"                          \
	"<input type=\"password\" name=\"password\"/></form></auth></config-auth>"

static struct lg_http h;

static enum lg_http_event
feed_n(enum lg_http_wait wait, const void *text, size_t len, size_t step)
{
	const uint8_t *p = text;
	enum lg_http_event ev = LG_HTTP_MORE;
	size_t off = 0, took;

	lg_http_begin(&h, wait, false);
	while (off < len && ev == LG_HTTP_MORE) {
		ev = lg_http_feed(&h, p + off, len - off < step ? len - off : step, &took);
		off += took;
	}
	return ev;
}

static enum lg_http_event
feed(enum lg_http_wait wait, const char *text)
{
	return feed_n(wait, text, strlen(text), strlen(text));
}

#define SIGN_IN(text) feed(LG_HTTP_WAIT_SIGN_IN, text)
#define CONNECT(text) feed(LG_HTTP_WAIT_CONNECT, text)
#define BAD(call, why)                                                                                       \
	do {                                                                                                 \
		assert_int_equal(call, LG_HTTP_BAD);                                                         \
		assert_string_equal(lg_http_fault_name(h.fault), lg_http_fault_name(LG_HTTP_F_##why));       \
	} while (0)

static void
however_it_is_cut(void **state)
{
	static const char text[] = OK LINE("X-Any: 1") LINE("set-cookie: webvpncontext=ctx; Secure")
		LINE("Set-Cookie: webvpn=abc==; Secure; HttpOnly") DONE_LEN "\r\n" DONE;

	(void)state;
	for (size_t step = 1; step < sizeof(text); step++) {
		assert_int_equal(feed_n(LG_HTTP_WAIT_SIGN_IN, text, sizeof(text) - 1, step), LG_HTTP_SIGNED);
		assert_string_equal(h.cookie, "abc==");
		assert_string_equal(h.context, "ctx");
		assert_int_equal(h.status, 200);
		assert_false(h.close);
	}
	// Every part of it alone is not yet an answer.
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(feed_n(LG_HTTP_WAIT_SIGN_IN, text, len, len + 1), LG_HTTP_MORE);
}

static void
says_it_again(void **state)
{
	size_t took = 9;

	(void)state;
	assert_int_equal(SIGN_IN(LINE("HTTP/1.1 401 No") "\r\nbody"), LG_HTTP_REFUSED);
	assert_int_equal(h.status, 401);
	assert_int_equal(lg_http_feed(&h, (const uint8_t *)"x", 1, &took), LG_HTTP_REFUSED);
	assert_int_equal(took, 0);
	lg_http_begin(&h, LG_HTTP_WAIT_SIGN_IN, true);
	assert_int_equal(lg_http_feed(&h, (const uint8_t *)"H", 1, &took), LG_HTTP_MORE);
	assert_int_equal(took, 1);
}

static void
cookies_stay_or_go(void **state)
{
	(void)state;
	assert_int_equal(SIGN_IN(OK LINE("Set-Cookie: webvpn=a") DONE_LEN "\r\n" DONE), LG_HTTP_SIGNED);
	lg_http_begin(&h, LG_HTTP_WAIT_CONNECT, true);
	assert_string_equal(h.cookie, "a");
	lg_http_begin(&h, LG_HTTP_WAIT_CONNECT, false);
	assert_string_equal(h.cookie, "");
	// An empty value takes it away: no cookie is left when the sign-in is complete.
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpn=a") LINE("Set-Cookie: webvpn=; expires=0") DONE_LEN
		    "\r\n" DONE),
		NO_COOKIE);
	lg_http_wipe(&h);
	for (size_t i = 0; i < sizeof(h); i++)
		assert_int_equal(((uint8_t *)&h)[i], 0);
}

static void
status_lines(void **state)
{
	static const char *const wrong[] = {"HTTP/1.1 200OK\r\n", "HTTP/1.1  200\r\n", "HTTP/2 200\r\n",
		"HTTP/1.1 20\r\n", "HTTP/1.1 2000\r\n", "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 199\r\n",
		"HTTP/1.1 600\r\n", "http/1.1 200\r\n", "HTTP/1.1 200 OK\n", "\r\n", "HTTP/1.1 200 O\rK\r\n",
		"STF\r\n"};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++)
		BAD(SIGN_IN(wrong[i]), SYNTAX);
	assert_int_equal(SIGN_IN("HTTP/1.0 599\r\n\r\n"), LG_HTTP_REFUSED);
	assert_true(h.close);
	assert_int_equal(SIGN_IN("HTTP/1.1 302\r\nLocation: /\r\n\r\n"), LG_HTTP_REFUSED);
	assert_int_equal(CONNECT("HTTP/1.1 503 Busy\r\nConnection: Close\r\n\r\n"), LG_HTTP_REFUSED);
	assert_true(h.close && h.status == 503);
}

static void
fields_refused(void **state)
{
	static const char nul[] = OK "X-A: \0b\r\n";

	(void)state;
	BAD(SIGN_IN(OK LINE("no colon")), SYNTAX);
	BAD(SIGN_IN(OK LINE(": no name")), SYNTAX);
	BAD(SIGN_IN(OK LINE("Bad Name: x")), SYNTAX);
	BAD(SIGN_IN(OK LINE("Name : x")), SYNTAX);
	BAD(SIGN_IN(OK LINE(" folded: x")), SYNTAX);
	BAD(SIGN_IN(OK "Name: x\n"), SYNTAX);
	BAD(SIGN_IN(OK "Name: x\ry\r\n"), SYNTAX);
	BAD(feed_n(LG_HTTP_WAIT_SIGN_IN, nul, sizeof(nul) - 1, 100), SYNTAX);
	BAD(SIGN_IN(OK LINE("Content-Length: 1") LINE("Content-Length: 1")), LENGTH);
	BAD(SIGN_IN(OK LINE("Content-Length: -1")), LENGTH);
	BAD(SIGN_IN(OK LINE("Content-Length: 1,1")), LENGTH);
	BAD(SIGN_IN(OK LINE("Content-Length:")), LENGTH);
	BAD(SIGN_IN(OK LINE("content-length: 4294967296")), LENGTH);
	BAD(SIGN_IN(OK "\r\n"), LENGTH);
	BAD(SIGN_IN(OK LINE("transfer-encoding: chunked")), CODING);
	BAD(SIGN_IN(OK LINE("Content-Length: 0") "\r\n"), XML);
	BAD(SIGN_IN(OK LINE("Content-Length: 16385") "\r\n"), BODY);
	assert_int_equal(SIGN_IN(OK LINE("Content-Length: 16384") "\r\n"), LG_HTTP_MORE);
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpn")), COOKIE);
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpn=a b")), COOKIE);
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpn=\"a\"")), COOKIE);
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpncontext=a,b")), COOKIE);
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpn=\xc3\xa4")), COOKIE);
	assert_int_equal(SIGN_IN(OK LINE("Set-Cookie: webvpnc=any thing")), LG_HTTP_MORE);
}

static char big[2 * LG_HTTP_HEAD_BYTES];

static enum lg_http_event
long_line(const char *begin, size_t line_len)
{
	struct mst_str s = mst_str_init(big, sizeof(big));

	mst_str_fmt(&s, OK "%s", begin);
	for (size_t n = strlen(begin); n < line_len; n++)
		mst_str_fmt(&s, "a");
	mst_str_fmt(&s, "\r\n");
	return SIGN_IN(big);
}

static void
bounds(void **state)
{
	struct mst_str s;

	(void)state;
	assert_int_equal(long_line("X: ", LG_HTTP_LINE_BYTES - 1), LG_HTTP_MORE); // its CR counts
	BAD(long_line("X: ", LG_HTTP_LINE_BYTES), HEAD);
	assert_int_equal(long_line("Set-Cookie: webvpn=", 19 + LG_HTTP_COOKIE_BYTES), LG_HTTP_MORE);
	assert_int_equal(strlen(h.cookie), LG_HTTP_COOKIE_BYTES);
	BAD(long_line("Set-Cookie: webvpn=", 19 + LG_HTTP_COOKIE_BYTES + 1), COOKIE);
	for (unsigned int n = LG_HTTP_FIELDS - 1; n <= LG_HTTP_FIELDS + 1; n++) {
		s = mst_str_init(big, sizeof(big));
		mst_str_fmt(&s, OK);
		for (unsigned int i = 0; i < n; i++)
			mst_str_fmt(&s, "X: \r\n");
		if (n <= LG_HTTP_FIELDS)
			assert_int_equal(SIGN_IN(big), LG_HTTP_MORE);
		else
			BAD(SIGN_IN(big), HEAD);
	}
	for (size_t n = LG_HTTP_HEAD_BYTES - 1; n <= LG_HTTP_HEAD_BYTES + 1; n++) {
		s = mst_str_init(big, sizeof(big));
		mst_str_fmt(&s, OK);
		while (s.len + 1001 < n - 4)
			mst_str_fmt(&s, "X: %0996d\r\n", 0);
		mst_str_fmt(&s, "X: %0*d\r\n\r\n", (int)(n - s.len - 7), 0);
		assert_int_equal(s.len, n);
		if (n <= LG_HTTP_HEAD_BYTES)
			BAD(SIGN_IN(big), LENGTH);
		else
			BAD(SIGN_IN(big), HEAD);
	}
}

static void
extra_bytes(void **state)
{
	(void)state;
	BAD(SIGN_IN(OK LINE("Set-Cookie: webvpn=a") DONE_LEN "\r\n" DONE "x"), EXTRA);
	BAD(SIGN_IN(OK LINE("Content-Length: 135") "\r\n" FORM "HTTP/1.1 200 OK\r\n"), EXTRA);
	assert_int_equal(SIGN_IN(OK LINE("Content-Length: 135") "\r\n" FORM), LG_HTTP_FORM);
	assert_int_equal(strlen(FORM), 135);
}

// ---- CONNECT ------------------------------------------------------------------------------------
#define ADDR LINE("X-CSTP-Address: 10.0.0.2")
#define MTU LINE("X-CSTP-MTU: 1400")

static void
tunnel(void **state)
{
	static const char text[] =
		LINE("HTTP/1.1 200 CONNECTED") ADDR LINE("X-CSTP-Address-IP6: 2001:db8::2/64")
			MTU LINE("X-CSTP-Base-MTU: 1500") LINE("X-CSTP-DPD: 30") LINE("X-CSTP-Keepalive: 20")
				LINE("X-CSTP-Rekey-Time: 86400") LINE("X-CSTP-Rekey-Method: new-tunnel")
					LINE("X-DTLS-Port: 443") LINE("X-DTLS-App-ID: 0aFf")
						LINE("X-DTLS-CipherSuite: "
						     "PSK-NEGOTIATE") LINE("X-DTLS-MTU: 1390")
							LINE("X-DTLS-DPD: 31") LINE("X-DTLS-Keepalive: 21")
								LINE("X-DTLS-Rekey-Time: 3600")
									LINE("Content-Length: 5") "\r\n"
												  "STF";
	size_t took;

	(void)state;
	lg_http_begin(&h, LG_HTTP_WAIT_CONNECT, false);
	assert_int_equal(lg_http_feed(&h, (const uint8_t *)text, sizeof(text) - 1, &took), LG_HTTP_TUNNEL);
	assert_int_equal(took, sizeof(text) - 1 - 3);
	assert_int_equal(h.tunnel.addr4.bytes[3], 2);
	assert_int_equal(h.tunnel.addr6.family, 6);
	assert_int_equal(h.tunnel.depth6, 64);
	assert_int_equal(h.tunnel.mtu, 1400);
	assert_int_equal(h.tunnel.base_mtu, 1500);
	assert_true(h.tunnel.dpd_s == 30 && h.tunnel.keepalive_s == 20 && h.tunnel.rekey_s == 86400);
	assert_true(h.tunnel.rekey_is_new_tunnel && h.tunnel.psk && !h.tunnel.compressed);
	assert_int_equal(h.tunnel.dtls_port, 443);
	assert_int_equal(h.tunnel.app_id_len, 2);
	assert_int_equal(h.tunnel.app_id[1], 0xff);
	assert_int_equal(h.tunnel.dtls_mtu, 1390);
	assert_true(h.tunnel.dtls_dpd_s == 31 && h.tunnel.dtls_keepalive_s == 21);
	assert_int_equal(h.tunnel.dtls_rekey_s, 3600);
	// A literal of IPv6 in the field of IPv4, as old gateways send it.
	assert_int_equal(CONNECT(OK LINE("X-CSTP-Address: 2001:db8::9") MTU "\r\n"), LG_HTTP_TUNNEL);
	assert_int_equal(h.tunnel.depth6, 128);
}

static void
tunnel_refused(void **state)
{
	static const char *const wrong[] = {"X-CSTP-Address: 10.0.0",
		"X-CSTP-Address:", "X-CSTP-Address-IP6: 10.0.0.1/8", "X-CSTP-Address-IP6: 2001:db8::1/129",
		"X-CSTP-MTU: 575", "X-CSTP-MTU: 16385", "X-CSTP-MTU: 1400 ", "X-CSTP-MTU: 1400x",
		"X-CSTP-Base-MTU: 575", "X-CSTP-Base-MTU: 65536", "X-CSTP-DPD: 86401", "X-CSTP-DPD: none",
		"X-CSTP-Keepalive: -1", "X-DTLS-Port: 65536", "X-DTLS-App-ID:", "X-DTLS-App-ID: 0",
		"X-DTLS-App-ID: 0g",
		"X-DTLS-App-ID: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
		"X-CSTP-Rekey-Method: maybe", "X-CSTP-Rekey-Time: 31536001",
		"X-DTLS-CipherSuite:", "X-CSTP-Content-Encoding:"};
	char text[200];

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), OK "%s\r\n", wrong[i]);
		if (strcmp(wrong[i], "X-CSTP-MTU: 1400 ") == 0)
			assert_int_equal(
				CONNECT(text), LG_HTTP_MORE); // blanks at the end are none of the value
		else
			BAD(CONNECT(text), TUNNEL);
	}
	BAD(CONNECT(OK ADDR LINE("X-CSTP-Address: 10.0.0.3")), TUNNEL);
	BAD(CONNECT(OK MTU MTU), TUNNEL);
	BAD(CONNECT(OK ADDR "\r\n"), NO_MTU);
	BAD(CONNECT(OK MTU "\r\n"), NO_ADDR);
	// Another case is another name, as for openconnect.
	BAD(CONNECT(OK ADDR LINE("x-cstp-mtu: 1400") "\r\n"), NO_MTU);
	BAD(CONNECT(OK ADDR MTU LINE("X-DTLS-Port: 443") LINE("X-DTLS-CipherSuite: PSK-NEGOTIATE") "\r\n"),
		TUNNEL);
	assert_int_equal(CONNECT(OK ADDR MTU LINE("X-DTLS-Port: 0") "\r\n"), LG_HTTP_TUNNEL);
	assert_int_equal(CONNECT(OK ADDR MTU LINE("X-DTLS-Content-Encoding: lzs") "\r\n"), LG_HTTP_TUNNEL);
	assert_true(h.tunnel.compressed);
	// None of it counts in an answer to a sign-in, nor in a refusal.
	assert_int_equal(SIGN_IN(OK LINE("X-CSTP-MTU: 1")), LG_HTTP_MORE);
	assert_int_equal(CONNECT("HTTP/1.1 401 No\r\nX-CSTP-MTU: 1\r\n\r\n"), LG_HTTP_REFUSED);
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(lg_http_fault_name(LG_HTTP_F_NO_ADDR), "no-address");
	assert_string_equal(lg_http_fault_name(LG_HTTP_N_FAULTS), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_cut),
		cmocka_unit_test(says_it_again),
		cmocka_unit_test(cookies_stay_or_go),
		cmocka_unit_test(status_lines),
		cmocka_unit_test(fields_refused),
		cmocka_unit_test(bounds),
		cmocka_unit_test(extra_bytes),
		cmocka_unit_test(tunnel),
		cmocka_unit_test(tunnel_refused),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
