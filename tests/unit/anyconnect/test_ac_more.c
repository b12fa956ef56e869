// More than one form: questions behind the password, and the choice of a group.
#include <errno.h>
#include <string.h>

#include "talk.h"
#include "trace.h"

#define VPN_AGENT "User-Agent: Open AnyConnect VPN Agent v9.01-3\r\n"
#define HANDLE "0123456789abcdef"
#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: a\r\n" more "\r\n"

static const char *const groups[] = {"staff", "eng"};
static const char trace_answer[] = TRACE_REPLY("<secondary_password>123456</secondary_password>", "");
static const char trace_blank_answer[] = TRACE_REPLY("<secondary_password></secondary_password>", "");

static struct talk t;

static int
setup(void **state)
{
	(void)state;
	struct mst_ac_params p = talk_params;

	p.groups = groups;
	p.n_groups = MST_ARRAY_SIZE(groups);
	talk_open(&t, &p);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	talk_close(&t);
	return 0;
}

static void
done(enum mst_ac_auth result)
{
	assert_int_equal(mst_ac_auth_done(t.ac, result, TALK_COOKIE), 0);
	talk_take(&t);
}

static void
ask(const char *prompt)
{
	assert_int_equal(mst_ac_auth_more(t.ac, prompt, false, HANDLE), 0);
	assert_string_equal(mst_ac_credentials(t.ac)->password, "");
	talk_take(&t);
	assert_status(&t, 200);
	assert_false(t.close);
	assert_has(&t, "name=\"secondary_password\"");
	assert_has_not(&t, "webvpn=" TALK_COOKIE);
}

static void
half_way(void)
{
	talk_xml(&t, trace_password);
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	ask("Code:");
}

static void
assert_answer(const char *answer)
{
	assert_int_equal(t.event, MST_AC_ANSWER);
	assert_int_equal(t.answer_len, 0);
	assert_string_equal(mst_ac_credentials(t.ac)->answer, answer);
	assert_string_equal(mst_ac_credentials(t.ac)->user, "");
}

static void
code_after_the_password(void **state)
{
	(void)state;
	half_way();
	assert_has(&t, "<message>Code:</message>");
	talk_xml(&t, trace_answer);
	assert_answer("123456");
	done(MST_AC_AUTH_OK);
	assert_has(&t, "Set-Cookie: webvpn=" TALK_COOKIE ";");
	assert_string_equal(mst_ac_credentials(t.ac)->answer, "");
	talk_send(&t, trace_connect);
	assert_int_equal(t.event, MST_AC_CONNECT);
}

// As a form, and as clients that call every answer a password.
static void
spellings_of_an_answer(void **state)
{
	(void)state;
	half_way();
	talk_form(&t, "secondary_password=12+34");
	assert_answer("12 34");
	ask("Next:");
	talk_form(&t, "password=next");
	assert_answer("next");
	ask("And:");
	talk_xml(&t, trace_password_alone);
	assert_answer("secret1");
	ask("Last:");
	talk_form(&t, "password=x&secondary_password=y");
	assert_answer("y");
	done(MST_AC_AUTH_OK);
	assert_has(&t, "type=\"complete\"");
}

// An answer with a handle is one on any connection, and names nobody; whose it is the caller has to know.
static void
answer_to_a_question_of_another_connection(void **state)
{
	static const struct {
		const char *cookie, *body;
		const char *handle; // NULL: no answer
	} rows[] = {
		{HANDLE, "secondary_password=123456", HANDLE},
		{HANDLE, "password=123456", HANDLE},
		{HANDLE "; webvpn=x", "secondary_password=123456&group_list=eng", HANDLE},
		{"x", "secondary_password=123456", "x"},
		{HANDLE, "secondary_password=", NULL},
		{HANDLE, "group_list=eng", NULL},
		{HANDLE, "username=alice&password=123456", NULL},
		{HANDLE, "username=&secondary_password=123456", NULL},
		{HANDLE "; webvpncontext=" HANDLE, "secondary_password=123456", NULL},
		{"a b", "secondary_password=123456", NULL},
		{"", "secondary_password=123456", NULL},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		char text[512];

		teardown(NULL);
		setup(NULL);
		snprintf(text, sizeof(text),
			"POST /auth HTTP/1.1\r\nHost: a\r\nCookie: webvpncontext=%s\r\nContent-Length: "
			"%zu\r\n\r\n%s",
			rows[i].cookie, strlen(rows[i].body), rows[i].body);
		talk_send(&t, text);
		if ((t.event == MST_AC_ANSWER) != (rows[i].handle != NULL))
			fail_msg("row %zu: event %d", i, t.event);
		if (rows[i].handle == NULL)
			continue;
		assert_answer("123456");
		assert_string_equal(mst_ac_credentials(t.ac)->handle, rows[i].handle);
		done(MST_AC_AUTH_FAILED);
		assert_has(&t, "name=\"username\"");
		assert_has(&t, "webvpncontext=;");
	}
}

// One below, at and one above the longest; a bad one leaves the sign-in where it is.
static void
handles_have_a_form(void **state)
{
	static char handle[MST_AC_HANDLE_BYTES + 2];

	(void)state;
	talk_xml(&t, trace_password);
	assert_int_equal(mst_ac_auth_more(t.ac, "x", false, ""), -EINVAL);
	assert_int_equal(mst_ac_auth_more(t.ac, "x", false, "a;b"), -EINVAL);
	memset(handle, 'h', MST_AC_HANDLE_BYTES + 1);
	assert_int_equal(mst_ac_auth_more(t.ac, "x", false, handle), -EINVAL);
	for (size_t n = MST_AC_HANDLE_BYTES; n >= MST_AC_HANDLE_BYTES - 1; n--) {
		handle[n] = '\0';
		assert_int_equal(mst_ac_auth_more(t.ac, "x", false, handle), 0);
		talk_take(&t);
		assert_has(&t, handle);
		talk_xml(&t, trace_answer);
	}
	done(MST_AC_AUTH_FAILED);
	for (size_t n = MST_AC_HANDLE_BYTES; n <= MST_AC_HANDLE_BYTES + 1; n++) {
		char text[512];

		memset(handle, 'h', n);
		handle[n] = '\0';
		snprintf(text, sizeof(text),
			"POST / HTTP/1.1\r\nHost: a\r\nCookie: webvpncontext=%s\r\nContent-Length: "
			"10\r\n\r\npassword=x",
			handle);
		talk_send(&t, text);
		assert_int_equal(t.event, n == MST_AC_HANDLE_BYTES ? MST_AC_ANSWER : MST_AC_RESPOND);
		if (t.event == MST_AC_ANSWER)
			done(MST_AC_AUTH_FAILED);
	}
}

static void
wrong_code(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		talk_xml(&t, trace_password);
		assert_int_equal(t.event, MST_AC_AUTHENTICATE);
		ask("Code:");
		talk_xml(&t, trace_answer);
		done(MST_AC_AUTH_FAILED);
		assert_status(&t, i < 2 ? 200 : 401);
		assert_int_equal(t.close, i == 2);
		assert_has_not(&t, TALK_COOKIE);
	}
	assert_int_equal(mst_ac_fault(t.ac), MST_AC_F_TRIES);
}

static void
busy_at_the_code(void **state)
{
	(void)state;
	half_way();
	talk_xml(&t, trace_answer);
	done(MST_AC_AUTH_BUSY);
	assert_status(&t, 503);
	assert_true(t.close);
}

// An empty answer is not passed on; the question stays, as often as a password may be wrong.
static void
blank_answers(void **state)
{
	(void)state;
	half_way();
	for (int i = 0; i < 2; i++) {
		talk_xml(&t, trace_blank_answer);
		assert_int_equal(t.event, MST_AC_RESPOND);
		assert_status(&t, 200);
		assert_has(&t, "<message>Code:</message>");
	}
	talk_form(&t, "username=alice");
	assert_refused(&t, 401);
}

// In the middle of a sign-in nothing else is served, least of all what would get around the rest of it.
static void
only_the_answer_goes_on(void **state)
{
	(void)state;
	half_way();
	talk_send(&t, GET("/", ""));
	assert_has(&t, "It works");
	talk_send(&t, trace_connect);
	assert_refused(&t, 404);
	teardown(NULL);
	setup(NULL);
	half_way();
	talk_post(&t, "/", "text/xml", trace_init);
	assert_refused(&t, 404);
	teardown(NULL);
	setup(NULL);
	half_way();
	talk_send(&t, GET("/", VPN_AGENT));
	assert_refused(&t, 404);
	teardown(NULL);
	setup(NULL);
	half_way();
	assert_int_equal(mst_ac_auth_done(t.ac, MST_AC_AUTH_OK, TALK_COOKIE), -EINVAL);
	assert_int_equal(mst_ac_auth_more(t.ac, "x", false, HANDLE), -EINVAL);
}

static void
answer_without_a_question(void **state)
{
	(void)state;
	talk_xml(&t, trace_answer);
	assert_int_equal(t.event, MST_AC_RESPOND);
	assert_has(&t, "<error>");
	assert_int_equal(mst_ac_auth_more(t.ac, "x", false, HANDLE), -EINVAL);
}

// Prompts come from other servers.
static void
prompts(void **state)
{
	(void)state;
	static char big[MST_AC_PROMPT_BYTES + 2];

	talk_xml(&t, trace_password);
	ask("two\nlines \xff");
	assert_has(&t, "<message>two?lines ?</message>");
	talk_xml(&t, trace_answer);
	ask("caf\xc3\xa9 <b>");
	assert_has(&t, "<message>caf\xc3\xa9 &lt;b&gt;</message>");
	for (size_t n = MST_AC_PROMPT_BYTES - 1; n <= MST_AC_PROMPT_BYTES + 1; n++) {
		char part[MST_AC_PROMPT_BYTES + 32];

		memset(big, 'p', n);
		big[n] = '\0';
		talk_xml(&t, trace_answer);
		ask(big);
		snprintf(part, sizeof(part), "<message>%.*s</message>", MST_AC_PROMPT_BYTES, big);
		assert_has(&t, part);
	}
}

// The client asks for the form again with the group it wants, and takes it when that one is first.
static void
group_by_select(void **state)
{
	(void)state;
	talk_post(&t, "/", "text/xml", trace_init);
	assert_has(&t, "label=\"Group:\"><option value=\"staff\">staff</option>");
	talk_xml(&t, trace_group);
	assert_has(&t, "label=\"Group:\"><option value=\"eng\" selected=\"true\">eng</option>");
	talk_xml(&t, trace_user);
	assert_has(&t, "type=\"hidden\" name=\"group_list\" value=\"eng\"");
	talk_form(&t, "username=alice&group_list=eng&password=x");
	assert_string_equal(mst_ac_credentials(t.ac)->group, "eng");
	done(MST_AC_AUTH_FAILED);
	assert_has(&t, "label=\"Group:\"><option value=\"eng\" selected=\"true\">");
}

static void
group_by_path(void **state)
{
	(void)state;
	talk_send(&t, GET("/eng", VPN_AGENT));
	assert_has(&t, "label=\"Group:\"><option value=\"eng\" selected=\"true\">eng</option>");
	talk_post(&t, "/eng", "application/x-www-form-urlencoded", "username=alice&password=x");
	assert_string_equal(mst_ac_credentials(t.ac)->group, "eng");
	done(MST_AC_AUTH_FAILED);
	// What was chosen in the form counts more than the path; what is no group is no choice.
	talk_post(&t, "/eng", "application/x-www-form-urlencoded",
		"username=alice&password=x&group_list=staff");
	assert_string_equal(mst_ac_credentials(t.ac)->group, "staff");
	done(MST_AC_AUTH_OK);
}

static void
paths_that_are_no_groups(void **state)
{
	(void)state;
	talk_post(&t, "/other", "application/x-www-form-urlencoded", "username=alice&password=x");
	assert_string_equal(mst_ac_credentials(t.ac)->group, "");
	done(MST_AC_AUTH_FAILED);
	talk_post(&t, "/auth", "application/x-www-form-urlencoded", "username=alice&password=x");
	assert_string_equal(mst_ac_credentials(t.ac)->group, "");
	done(MST_AC_AUTH_FAILED);
	talk_send(&t, GET("/other", VPN_AGENT));
	assert_refused(&t, 404);
}

// Whether a group exists is for whoever checks to say, when the password is right: it is passed on as it came.
static void
unknown_group(void **state)
{
	(void)state;
	talk_form(&t, "username=alice&password=x&group_list=ghost");
	assert_int_equal(t.event, MST_AC_AUTHENTICATE);
	assert_string_equal(mst_ac_credentials(t.ac)->group, "ghost");
	done(MST_AC_AUTH_FAILED);
	assert_has_not(&t, "ghost");
	assert_has_not(&t, "selected");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(code_after_the_password),
		T(spellings_of_an_answer),
		T(answer_to_a_question_of_another_connection),
		T(handles_have_a_form),
		T(wrong_code),
		T(busy_at_the_code),
		T(blank_answers),
		T(only_the_answer_goes_on),
		T(answer_without_a_question),
		T(prompts),
		T(group_by_select),
		T(group_by_path),
		T(paths_that_are_no_groups),
		T(unknown_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
