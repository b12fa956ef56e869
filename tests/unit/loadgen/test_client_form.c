// Documents of a sign-in: forms within and beyond their bounds, and what is no such document.
#include <string.h>

#include "mst_test.h"

#include "client_http_private.h"

#define DOC(inside) "<config-auth type=\"auth-request\"><auth id=\"main\">" inside "</auth></config-auth>"
#define FORM(inside) DOC("<form method=\"post\" action=\"/auth\">" inside "</form>")
#define INPUT "<input type=\"text\" name=\"n\"/>"

static struct lg_http h;

static enum lg_http_fault
parse(const char *text, bool *complete)
{
	lg_http_begin(&h, LG_HTTP_WAIT_SIGN_IN, false);
	h.body_len = strlen(text);
	assert_true(h.body_len <= sizeof(h.body));
	memcpy(h.body, text, h.body_len);
	*complete = false;
	return lg_form_parse(&h, complete);
}

static void
good(const char *text)
{
	bool complete;

	assert_int_equal(parse(text, &complete), LG_HTTP_F_NONE);
	assert_false(complete);
}

static void
bad(const char *text, enum lg_http_fault want)
{
	bool complete;

	assert_string_equal(lg_http_fault_name(parse(text, &complete)), lg_http_fault_name(want));
}

static void
inputs(void **state)
{
	(void)state;
	good("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" FORM(
		"<input type=\"text\" name=\"username\" label=\"U\"/><input type=\"submit\" name=\"Login\"/>"
		"<input type=\"hidden\" name=\"st\" value=\"&lt;1&gt;\"/><input type=\"sso\" name=\"x\"/>"));
	assert_string_equal(h.form.action, "/auth");
	assert_int_equal(h.form.n_inputs, 2);
	assert_false(h.form.asks_password);
	assert_string_equal(h.form.inputs[0].name, "username");
	assert_int_equal(h.form.inputs[1].type, LG_HTTP_HIDDEN);
	assert_string_equal(h.form.inputs[1].value, "<1>");
	good(FORM("<input type=\"password\" name=\"password\"/>"));
	assert_true(h.form.asks_password);
	// Inputs outside of the form are nobody's.
	good(DOC(INPUT "<form action=\"/\">" INPUT "</form>" INPUT));
	assert_int_equal(h.form.n_inputs, 1);
}

static void
groups(void **state)
{
	(void)state;
	good(FORM("<select name=\"group_list\"><option value=\"x\">X</option><option "
		  "value=\"y\">Y</option></select>"));
	assert_string_equal(h.form.group, "x");
	good(FORM("<select name=\"group_list\"><option>a</option><option selected=\"true\">b&amp;c</option>"
		  "<option selected=\"true\">d</option></select>"));
	assert_string_equal(h.form.group, "b&c");
	good(FORM(INPUT "<select name=\"other\"><option>a</option></select>"));
	assert_string_equal(h.form.group, "");
}

static void
complete(void **state)
{
	bool done;

	(void)state;
	assert_int_equal(parse("<config-auth type=\"complete\"><auth "
			       "id=\"success\"><banner>b</banner></auth></config-auth>",
				 &done),
		LG_HTTP_F_NONE);
	assert_true(done);
	bad("<config-auth type=\"complete\"><auth id=\"main\"/></config-auth>", LG_HTTP_F_FORM);
	bad("<config-auth type=\"complete\"><x><auth id=\"success\"/></x></config-auth>", LG_HTTP_F_FORM);
}

static void
no_document(void **state)
{
	(void)state;
	bad("", LG_HTTP_F_XML);
	bad("<html/>", LG_HTTP_F_XML);
	bad("<config-auth/>", LG_HTTP_F_XML);
	bad("<config-auth type=\"init\"/>", LG_HTTP_F_XML);
	bad("<config-auth type=\"auth-request\">", LG_HTTP_F_XML);
	bad("<!DOCTYPE a [<!ENTITY e \"x\">]>" FORM(INPUT), LG_HTTP_F_XML);
	bad("<!DOCTYPE config-auth SYSTEM \"file:///etc/passwd\">" FORM(INPUT), LG_HTTP_F_XML);
	bad(FORM("&unknown;"), LG_HTTP_F_XML);
	bad(FORM(INPUT) "x", LG_HTTP_F_XML);
	bad(FORM("\xff"), LG_HTTP_F_XML);
	good(FORM(INPUT "<a><b><c><d><e/></d></c></b></a>"));
	bad(FORM(INPUT "<a><b><c><d><e><f/></e></d></c></b></a>"), LG_HTTP_F_XML);
}

static void
no_form(void **state)
{
	(void)state;
	bad(DOC("<error>no</error>"), LG_HTTP_F_FORM);
	bad(FORM(""), LG_HTTP_F_FORM);
	bad(DOC("<form>" INPUT "</form>"), LG_HTTP_F_FORM);
	bad(DOC("<form action=\"auth\">" INPUT "</form>"), LG_HTTP_F_FORM);
	bad(DOC("<form action=\"https://h/\">" INPUT "</form>"), LG_HTTP_F_FORM);
	bad(DOC("<form action=\"/a HTTP/1.1\">" INPUT "</form>"), LG_HTTP_F_FORM);
	bad(DOC("<form action=\"/a&#13;&#10;X: y\">" INPUT "</form>"), LG_HTTP_F_FORM);
	bad(DOC("<form action=\"/\">" INPUT "</form><form action=\"/\">" INPUT "</form>"), LG_HTTP_F_FORM);
	bad(FORM("<input type=\"text\"/>"), LG_HTTP_F_FORM);
	bad(FORM("<input type=\"text\" name=\"\"/>"), LG_HTTP_F_FORM);
	bad(FORM("<input type=\"text\" name=\"a&gt;b\"/>"), LG_HTTP_F_FORM);
	bad(FORM("<input type=\"text\" name=\"1a\"/>"), LG_HTTP_F_FORM);
}

// A form with an attribute of n letters, or n inputs.
static void
sized(const char *before, size_t n, const char *after, bool fits)
{
	static char text[8192];
	struct mst_str s = mst_str_init(text, sizeof(text));

	mst_str_fmt(&s, "%s", before);
	for (size_t i = 0; i < n; i++)
		mst_str_fmt(&s, "a");
	mst_str_fmt(&s, "%s", after);
	if (fits)
		good(text);
	else
		bad(text, LG_HTTP_F_FORM);
}

#define HEAD "<config-auth type=\"auth-request\"><auth id=\"main\"><form action=\"/"
#define TAIL "</form></auth></config-auth>"

static void
bounds(void **state)
{
	(void)state;
	sized(HEAD, LG_HTTP_PATH_BYTES - 1, "\">" INPUT TAIL, true);
	sized(HEAD, LG_HTTP_PATH_BYTES, "\">" INPUT TAIL, false);
	sized(HEAD "\"><input type=\"text\" name=\"", LG_HTTP_NAME_BYTES, "\"/>" TAIL, true);
	sized(HEAD "\"><input type=\"text\" name=\"", LG_HTTP_NAME_BYTES + 1, "\"/>" TAIL, false);
	sized(HEAD "\"><input type=\"hidden\" name=\"a\" value=\"", LG_HTTP_VALUE_BYTES, "\"/>" TAIL, true);
	sized(HEAD "\"><input type=\"hidden\" name=\"a\" value=\"", LG_HTTP_VALUE_BYTES + 1, "\"/>" TAIL,
		false);
	sized(HEAD "\"><select name=\"group_list\"><option>", LG_HTTP_VALUE_BYTES, "</option></select>" TAIL,
		true);
	sized(HEAD "\"><select name=\"group_list\"><option>", LG_HTTP_VALUE_BYTES + 1,
		"</option></select>" TAIL, false);
	sized(HEAD "\"><select name=\"group_list\"><option value=\"", LG_HTTP_VALUE_BYTES + 1,
		"\"/></select>" TAIL, false);
	good(FORM(INPUT INPUT INPUT INPUT INPUT INPUT INPUT INPUT));
	bad(FORM(INPUT INPUT INPUT INPUT INPUT INPUT INPUT INPUT INPUT), LG_HTTP_F_FORM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs),
		cmocka_unit_test(groups),
		cmocka_unit_test(complete),
		cmocka_unit_test(no_document),
		cmocka_unit_test(no_form),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
