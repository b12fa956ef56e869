// A device that fills forms, and the helper that judges them.
#pragma once

#include <errno.h>
#include <string.h>

#include "fake_auth.h"
#include "question.h"
#include "rig.h"

#define FORM_HANDLE (CONTROL_HANDLE_TEXT_BYTES - 1)

static char form_answer[8192]; // the last one of the gateway

static inline int
form_setup(void **state)
{
	fake = (struct fake_auth){0};
	return rig_setup(state);
}

static inline void
form_read(struct device *d)
{
	int n = device_read(d, form_answer, sizeof(form_answer) - 1);

	form_answer[n > 0 ? n : 0] = '\0';
}

// handle: NULL for a client without cookies.
static inline void
form_post(struct device *d, const char *handle, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text), "POST /auth HTTP/1.1\r\nHost: gw\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
		handle != NULL ? "Cookie: webvpncontext=" : "", handle != NULL ? handle : "",
		handle != NULL ? "\r\n" : "", strlen(body), body);
	device_send(d, text, strlen(text));
	form_read(d);
}

// What the helper says of the sign-in, and what the device gets of it.
static inline void
form_result(struct device *d, uint64_t token, enum mst_auth_outcome outcome, const char *user)
{
	struct mst_auth_result r = {.token = token, .outcome = outcome, .prompt = "Code:"};

	snprintf(r.user, sizeof(r.user), "%s", user);
	fake.result = &r;
	control_signin_results(-1, 0, rig);
	assert_null(fake.result);
	form_read(d);
}

static inline void
assert_form(const char *part)
{
	if (strstr(form_answer, part) == NULL)
		fail_msg("\"%s\" is not in the answer:\n%s", part, form_answer);
}

static inline void
form_take_handle(char handle[FORM_HANDLE + 1])
{
	const char *at = strstr(form_answer, "webvpncontext=");

	assert_non_null(at);
	snprintf(handle, FORM_HANDLE + 1, "%s", at + strlen("webvpncontext="));
	assert_int_equal(strspn(handle, "0123456789abcdef"), FORM_HANDLE);
}

// Opens a connection, gives name and password, and is asked for a code; the number of the sign-in.
static inline uint64_t
form_half(struct device *d, const char *remote, const char *user, char handle[FORM_HANDLE + 1])
{
	char body[128];

	device_open(d, remote);
	snprintf(body, sizeof(body), "username=%s&password=secret", user);
	form_post(d, NULL, body);
	assert_string_equal(fake.user, user);
	form_result(d, fake.submitted, MST_AUTH_MORE, "");
	assert_form("name=\"secondary_password\"");
	form_take_handle(handle);
	return fake.submitted;
}

#define FORM_ELSEWHERE "198.51.100.77"
// The answer by a connection of its own; the state of it stays in d.
static inline void
form_answer_by(struct device *d, const char *remote, const char *handle)
{
	device_open(d, remote);
	form_post(d, handle, "secondary_password=123456");
}
