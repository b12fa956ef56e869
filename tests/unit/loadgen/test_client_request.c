// What a device sends, letter by letter; its bounds; and the gateway's own sign-in as the other end.
#include <errno.h>
#include <string.h>

#include "mst_anyconnect.h"
#include "mst_test.h"

#include "client_http.h"

static const struct lg_http_device dev = {
	.host = "192.0.2.1:4443", .hostname = "device-7", .base_mtu = 1500, .dtls = true};
static char text[LG_HTTP_REQUEST_BYTES];
static struct mst_str out;
static struct lg_http reader;

static void
init_document(void **state)
{
	static const char head[] =
		"POST / HTTP/1.1\r\nHost: 192.0.2.1:4443\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\n"
		"Accept: */*\r\nAccept-Encoding: identity\r\nX-Transcend-Version: 1\r\nX-Aggregate-Auth: "
		"1\r\n"
		"X-Support-HTTP-Auth: true\r\nX-Pad: 0";
	const char *body;

	(void)state;
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_init_request(&out, &dev), 0);
	assert_int_equal(strncmp(text, head, strlen(head)), 0);
	body = strstr(text, "\r\n\r\n") + 4;
	assert_string_equal(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				  "<config-auth client=\"vpn\" type=\"init\" aggregate-auth-version=\"2\">"
				  "<version who=\"vpn\">v9.01</version><device-id>linux-64</device-id>"
				  "<group-access>https://192.0.2.1:4443/</group-access></config-auth>");
}

// Body and padding together are a multiple of 64, and the length is the body's.
static void
padded(void **state)
{
	struct lg_http_form form = {.action = "/auth", .n_inputs = 1, .inputs = {{.name = "username"}}};

	(void)state;
	for (size_t n = 1; n <= LG_HTTP_USER_BYTES; n++) {
		char user[LG_HTTP_USER_BYTES + 1], length[64];
		const char *pad, *body;

		memset(user, 'u', n);
		user[n] = '\0';
		out = mst_str_init(text, sizeof(text));
		assert_int_equal(lg_http_reply_request(&out, &dev, &form, "", user, ""), 0);
		pad = strstr(text, "X-Pad: ") + 7;
		body = strstr(text, "\r\n\r\n") + 4;
		assert_int_equal((strspn(pad, "0") + strlen(body)) % 64, 0);
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
		assert_non_null(strstr(text, length));
	}
}

static void
reply_document(void **state)
{
	struct lg_http_form form = {
		.action = "/auth",
		.group = "a&b",
		.n_inputs = 5,
		.inputs = {{LG_HTTP_TEXT, "username", ""}, {LG_HTTP_PASSWORD, "answer", ""},
			{LG_HTTP_HIDDEN, "state", "<1>"}, {LG_HTTP_PASSWORD, "verify_pin", ""},
			{LG_HTTP_PASSWORD, "secondary_password", ""}},
	};

	(void)state;
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_reply_request(&out, &dev, &form, "ctx", "al<ice", "p\"w"), 0);
	assert_int_equal(strncmp(text, "POST /auth HTTP/1.1\r\n", 21), 0);
	assert_non_null(strstr(text, "\r\nCookie: webvpncontext=ctx\r\n"));
	assert_non_null(
		strstr(text, "<auth><username>al&lt;ice</username><password>p&quot;w</password>"
			     "<state>&lt;1&gt;</state><secondary_password>p&quot;w</secondary_password>"
			     "</auth><group-select>a&amp;b</group-select></config-auth>"));
	assert_null(strstr(text, "verify_pin"));
}

static void
connect_with_all(void **state)
{
	struct lg_http_device again = dev;

	(void)state;
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_connect_request(&out, &dev, "c00kie="), 0);
	assert_string_equal(text,
		"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: 192.0.2.1:4443\r\n"
		"User-Agent: Open AnyConnect VPN Agent v9.01\r\nCookie: webvpn=c00kie=\r\n"
		"X-CSTP-Version: 1\r\nX-CSTP-Hostname: device-7\r\nX-CSTP-Base-MTU: 1500\r\n"
		"X-CSTP-MTU: 1390\r\nX-CSTP-Address-Type: IPv6,IPv4\r\n"
		"X-CSTP-Full-IPv6-Capability: true\r\nX-DTLS-CipherSuite: PSK-NEGOTIATE\r\n\r\n");
	again.dtls = false;
	assert_int_equal(mst_ip_parse("10.0.0.2", &again.addr4), 0);
	assert_int_equal(mst_ip_parse("2001:db8::2", &again.addr6), 0);
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_connect_request(&out, &again, "c"), 0);
	assert_null(strstr(text, "DTLS"));
	assert_non_null(strstr(text, "X-CSTP-Address: 10.0.0.2\r\nX-CSTP-Address: 2001:db8::2\r\n"));
}

// The largest form, every letter of which needs five, fits LG_HTTP_REQUEST_BYTES; one byte less room does not.
static void
bounds(void **state)
{
	static struct lg_http_form form = {.n_inputs = LG_HTTP_INPUTS};
	static char user[LG_HTTP_USER_BYTES + 2], context[LG_HTTP_COOKIE_BYTES + 1];
	size_t need;

	(void)state;
	memset(user, '&', LG_HTTP_USER_BYTES);
	memset(context, 'c', LG_HTTP_COOKIE_BYTES);
	memset(form.action, '/', LG_HTTP_PATH_BYTES);
	memset(form.group, '&', LG_HTTP_VALUE_BYTES);
	for (size_t i = 0; i < LG_HTTP_INPUTS; i++) {
		form.inputs[i].type = LG_HTTP_HIDDEN;
		memset(form.inputs[i].name, 'n', LG_HTTP_NAME_BYTES);
		memset(form.inputs[i].value, '"', LG_HTTP_VALUE_BYTES);
	}
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_reply_request(&out, &dev, &form, context, user, user), 0);
	need = out.len;
	out = mst_str_init(text, need);
	assert_int_equal(lg_http_reply_request(&out, &dev, &form, context, user, user), -E2BIG);
	user[LG_HTTP_USER_BYTES] = 'u';
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_reply_request(&out, &dev, &form, "", user, ""), -E2BIG);
	assert_int_equal(lg_http_reply_request(&out, &dev, &form, "", "", user), -E2BIG);
	out = mst_str_init(text, 100);
	assert_int_equal(lg_http_init_request(&out, &dev), -E2BIG);
	out = mst_str_init(text, 100);
	assert_int_equal(lg_http_connect_request(&out, &dev, "c"), -E2BIG);
}

// ---- the gateway's end --------------------------------------------------------------------------
static enum mst_ac_event
say(struct mst_ac *ac)
{
	size_t consumed;
	enum mst_ac_event ev = mst_ac_feed(ac, (const uint8_t *)text, out.len, &consumed);

	assert_int_equal(consumed, out.len);
	return ev;
}

static enum lg_http_event
hear(struct mst_ac *ac, enum lg_http_wait wait)
{
	const uint8_t *data;
	size_t len, consumed;
	bool close_after;
	enum lg_http_event ev;

	assert_true(mst_ac_output(ac, &data, &len, &close_after));
	lg_http_begin(&reader, wait, true);
	ev = lg_http_feed(&reader, data, len, &consumed);
	out = mst_str_init(text, sizeof(text));
	return ev;
}

static void
sign_in(struct mst_ac *ac)
{
	out = mst_str_init(text, sizeof(text));
	lg_http_begin(&reader, LG_HTTP_WAIT_SIGN_IN, false);
	assert_int_equal(lg_http_init_request(&out, &dev), 0);
	assert_int_equal(say(ac), MST_AC_RESPOND);
	assert_int_equal(hear(ac, LG_HTTP_WAIT_SIGN_IN), LG_HTTP_FORM);
	assert_true(reader.form.asks_password);
	assert_int_equal(
		lg_http_reply_request(&out, &dev, &reader.form, reader.context, "load7", "se<cret"), 0);
	assert_int_equal(say(ac), MST_AC_AUTHENTICATE);
	assert_string_equal(mst_ac_credentials(ac)->user, "load7");
	assert_string_equal(mst_ac_credentials(ac)->password, "se<cret");
}

static void
with_the_gateway(void **state)
{
	static const uint8_t app_id[MST_AC_APP_ID_BYTES] = {1, 2, 3};
	struct mst_ac_tunnel t = {.addr4 = {4, {10, 9, 0, 2}},
		.depth4 = 16,
		.mtu = 1434,
		.base_mtu = 1500,
		.dpd_s = 30,
		.keepalive_s = 20,
		.dtls_port = 4443,
		.app_id = app_id};
	struct mst_ac *ac;

	(void)state;
	assert_int_equal(mst_ac_create(&ac, &(struct mst_ac_params){.page = "page"}), 0);
	sign_in(ac);
	assert_int_equal(mst_ac_auth_done(ac, MST_AC_AUTH_OK, "c00kie"), 0);
	assert_int_equal(hear(ac, LG_HTTP_WAIT_SIGN_IN), LG_HTTP_SIGNED);
	assert_string_equal(reader.cookie, "c00kie");
	assert_int_equal(lg_http_connect_request(&out, &dev, reader.cookie), 0);
	assert_int_equal(say(ac), MST_AC_CONNECT);
	assert_string_equal(mst_ac_connect_request(ac)->cookie, "c00kie");
	assert_true(mst_ac_connect_request(ac)->psk_negotiate);
	assert_true(mst_ac_connect_request(ac)->wants_ipv4 && mst_ac_connect_request(ac)->wants_ipv6);
	assert_int_equal(mst_ac_connect_request(ac)->base_mtu, 1500);
	assert_int_equal(mst_ac_connect_accept(ac, &t), 0);
	assert_int_equal(hear(ac, LG_HTTP_WAIT_CONNECT), LG_HTTP_TUNNEL);
	assert_true(mst_ip_equal(&reader.tunnel.addr4, &t.addr4));
	assert_int_equal(reader.tunnel.mtu, 1434);
	assert_int_equal(reader.tunnel.dtls_port, 4443);
	assert_int_equal(reader.tunnel.dpd_s, 30);
	assert_int_equal(reader.tunnel.app_id_len, 32);
	assert_memory_equal(reader.tunnel.app_id, app_id, 32);
	assert_true(reader.tunnel.psk && !reader.tunnel.compressed);
	mst_ac_destroy(ac);
}

static void
refused_by_the_gateway(void **state)
{
	struct mst_ac *ac;

	(void)state;
	assert_int_equal(mst_ac_create(&ac, &(struct mst_ac_params){.page = "page", .max_tries = 2}), 0);
	sign_in(ac);
	assert_int_equal(mst_ac_auth_done(ac, MST_AC_AUTH_FAILED, NULL), 0);
	assert_int_equal(hear(ac, LG_HTTP_WAIT_SIGN_IN), LG_HTTP_FORM);
	assert_true(reader.form.asks_password);
	assert_int_equal(lg_http_reply_request(&out, &dev, &reader.form, reader.context, "load7", "x"), 0);
	assert_int_equal(say(ac), MST_AC_AUTHENTICATE);
	assert_int_equal(mst_ac_auth_done(ac, MST_AC_AUTH_FAILED, NULL), 0);
	assert_int_equal(hear(ac, LG_HTTP_WAIT_SIGN_IN), LG_HTTP_REFUSED);
	assert_int_equal(reader.status, 401);
	mst_ac_destroy(ac);

	assert_int_equal(mst_ac_create(&ac, &(struct mst_ac_params){.page = "page"}), 0);
	out = mst_str_init(text, sizeof(text));
	assert_int_equal(lg_http_connect_request(&out, &dev, "stale"), 0);
	assert_int_equal(say(ac), MST_AC_CONNECT);
	assert_int_equal(mst_ac_connect_reject(ac, 503, "busy"), 0);
	assert_int_equal(hear(ac, LG_HTTP_WAIT_CONNECT), LG_HTTP_REFUSED);
	assert_int_equal(reader.status, 503);
	mst_ac_destroy(ac);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_document),
		cmocka_unit_test(padded),
		cmocka_unit_test(reply_document),
		cmocka_unit_test(connect_with_all),
		cmocka_unit_test(bounds),
		cmocka_unit_test(with_the_gateway),
		cmocka_unit_test(refused_by_the_gateway),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
