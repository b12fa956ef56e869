// The documents that answer a sign-in.
#include <string.h>

#include "mst_test.h"

#include "reply.h"

static const struct ac_shown full = {.body = AC_BODY_FULL};
static const char *const groups[] = {"staff", "eng", "a&b"};

static struct ac_reply r;
static char answer[MST_AC_REPLY_BYTES + 1];

static void
take(int rc)
{
	const char *length, *body;
	uint64_t n;

	assert_int_equal(rc, 0);
	memcpy(answer, r.data, r.len);
	answer[r.len] = '\0';
	length = strstr(answer, "Content-Length: ");
	body = strstr(answer, "\r\n\r\n");
	assert_non_null(length);
	assert_non_null(body);
	length += strlen("Content-Length: ");
	assert_int_equal(mst_parse_u64(length, strcspn(length, "\r"), 0, MST_AC_REPLY_BYTES, &n), 0);
	assert_int_equal(strlen(body + 4), n);
	assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
}

static void
assert_has(const char *part)
{
	if (strstr(answer, part) == NULL)
		fail_msg("\"%s\" is not in the answer:\n%s", part, answer);
}

static void
forms(void **state)
{
	(void)state;
	take(ac_reply_form(&r, &(struct ac_form){.banner = "A&B <c>"}, &full));
	assert_has("<banner>A&amp;B &lt;c&gt;</banner>");
	assert_has("<config-auth client=\"vpn\" type=\"auth-request\">");
	assert_has("<auth id=\"main\">");
	assert_has("<form method=\"post\" action=\"/auth\">");
	assert_has("type=\"text\" name=\"username\"");
	assert_has("type=\"password\" name=\"password\"");
	assert_has("Set-Cookie: webvpncontext=;");
	assert_null(strstr(answer, "<error>"));
	assert_null(strstr(answer, "<select"));
	take(ac_reply_form(&r, &(struct ac_form){.failed = true}, &full));
	assert_has("<error>");
	assert_null(strstr(answer, "<banner>"));
}

static void
password_form_carries_the_name(void **state)
{
	(void)state;
	const struct ac_form form = {.known_user = "a\"><x/>&'",
		.groups = groups,
		.n_groups = MST_ARRAY_SIZE(groups),
		.chosen = "eng"};

	take(ac_reply_form(&r, &form, &full));
	assert_has("<input type=\"hidden\" name=\"username\" value=\"a&quot;&gt;&lt;x/&gt;&amp;&apos;\"/>");
	assert_has("<input type=\"hidden\" name=\"group_list\" value=\"eng\"/>");
	assert_has("type=\"password\" name=\"password\"");
	assert_null(strstr(answer, "type=\"text\""));
	assert_null(strstr(answer, "<select"));
}

// In the order of the configuration, but for the chosen one.
static void
group_select(void **state)
{
	(void)state;
	struct ac_form form = {.groups = groups, .n_groups = MST_ARRAY_SIZE(groups), .chosen = ""};

	take(ac_reply_form(&r, &form, &full));
	assert_has("<select name=\"group_list\" label=\"Group:\"><option value=\"staff\">staff</option>"
		   "<option value=\"eng\">eng</option><option value=\"a&amp;b\">a&amp;b</option></select>");
	form.chosen = "a&b";
	take(ac_reply_form(&r, &form, &full));
	assert_has("label=\"Group:\"><option value=\"a&amp;b\" selected=\"true\">a&amp;b</option>"
		   "<option value=\"staff\">staff</option><option value=\"eng\">eng</option></select>");
	form.chosen = "none of them";
	take(ac_reply_form(&r, &form, &full));
	assert_has("label=\"Group:\"><option value=\"staff\">staff</option>");
	assert_null(strstr(answer, "none of them"));
}

static void
questions(void **state)
{
	(void)state;
	const struct ac_question code = {.prompt = "Code of <token> & \"more\"", .handle = "h4nd1e"};
	const struct ac_question colour = {.prompt = "Colour", .echo = true, .handle = "h4nd1e"};

	take(ac_reply_question(&r, &code, &full));
	assert_has("type=\"auth-request\"");
	assert_has("\r\nSet-Cookie: webvpncontext=h4nd1e; path=/; Secure; HttpOnly\r\n");
	assert_null(strstr(answer, "webvpncontext=;"));
	assert_has("<message>Code of &lt;token&gt; &amp; &quot;more&quot;</message>");
	assert_has("<input type=\"password\" name=\"secondary_password\" label=\"Answer:\"/></form>");
	take(ac_reply_question(&r, &colour, &full));
	assert_has("<input type=\"text\" name=\"secondary_password\"");
}

static void
notices(void **state)
{
	(void)state;
	take(ac_reply_ask_cert(&r, &full));
	assert_has("<client-cert-request/></config-auth>");
	assert_null(strstr(answer, "<auth"));
	take(ac_reply_notice(&r, "no <way>", &(struct ac_shown){.close = true}));
	assert_has("<error>no &lt;way&gt;</error></auth>");
	assert_null(strstr(answer, "<form"));
	assert_true(r.close);
}

static void
complete(void **state)
{
	(void)state;
	take(ac_reply_complete(&r, &(struct ac_shown){.cookie = "abc="}));
	assert_has("\r\nSet-Cookie: webvpn=abc=; path=/; Secure; HttpOnly\r\n");
	assert_has("\r\nSet-Cookie: webvpncontext=;");
	assert_has("type=\"complete\"");
	assert_has("<auth id=\"success\">");
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
		cmocka_unit_test(forms),
		cmocka_unit_test(password_form_carries_the_name),
		cmocka_unit_test(group_select),
		cmocka_unit_test(questions),
		cmocka_unit_test(notices),
		cmocka_unit_test(complete),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
