// One client of the machine under test: sends text, keeps what came back.
#pragma once

#include <string.h>

#include "mst_anyconnect.h"
#include "mst_test.h"

#define TALK_COOKIE "c29tZSBvcGFxdWUgdGV4dA=="

struct talk {
	struct mst_ac *ac;
	enum mst_ac_event event; // the last one
	char answer[MST_AC_REPLY_BYTES + 1];
	size_t answer_len; // 0: no answer came
	bool close;
	size_t left_over; // bytes of the last send that were not taken
};

static const struct mst_ac_params talk_params = {.page = "<html><title>It works</title></html>"};

static inline void
talk_open(struct talk *t, const struct mst_ac_params *p)
{
	memset(t, 0, sizeof(*t));
	assert_int_equal(mst_ac_create(&t->ac, p), 0);
}

static inline void
talk_close(struct talk *t)
{
	mst_ac_destroy(t->ac);
	t->ac = NULL;
}

// Takes the answer if one is ready.
static inline void
talk_take(struct talk *t)
{
	const uint8_t *data;
	size_t len;

	t->answer_len = 0;
	t->answer[0] = '\0';
	t->close = false;
	if (!mst_ac_output(t->ac, &data, &len, &t->close))
		return;
	assert_in_range(len, 1, MST_AC_REPLY_BYTES);
	memcpy(t->answer, data, len);
	t->answer[len] = '\0';
	t->answer_len = len;
	assert_false(mst_ac_output(t->ac, &data, &len, &t->close));
}

// Sends len bytes, chunk at a time, each from a heap block of its exact size; stops at the first event.
static inline void
talk_bytes(struct talk *t, const void *data, size_t len, size_t chunk)
{
	const uint8_t *p = data;
	size_t off = 0;

	t->event = MST_AC_MORE;
	while (off < len && t->event == MST_AC_MORE) {
		size_t n = len - off < chunk ? len - off : chunk;
		uint8_t *copy = malloc(n);
		size_t consumed;

		assert_non_null(copy);
		memcpy(copy, p + off, n);
		t->event = mst_ac_feed(t->ac, copy, n, &consumed);
		free(copy);
		assert_in_range(consumed, 0, n);
		off += consumed;
		if (consumed < n)
			break;
	}
	t->left_over = len - off;
	talk_take(t);
}

static inline void
talk_send(struct talk *t, const char *text)
{
	talk_bytes(t, text, strlen(text), SIZE_MAX);
}

// A POST as openconnect sends it.
static inline void
talk_post(struct talk *t, const char *path, const char *type, const char *body)
{
	static char text[2 * MST_AC_BODY_BYTES];
	int n = snprintf(text, sizeof(text),
		"POST %s HTTP/1.1\r\nHost: 10.77.0.1:4443\r\nUser-Agent: Open AnyConnect VPN Agent "
		"v9.01-3\r\n"
		"X-Transcend-Version: 1\r\nX-Aggregate-Auth: 1\r\nX-Support-HTTP-Auth: true\r\n"
		"Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
		path, type, strlen(body), body);

	assert_in_range(n, 1, sizeof(text) - 1);
	talk_send(t, text);
}

static inline void
talk_xml(struct talk *t, const char *body)
{
	talk_post(t, "/auth", "application/xml; charset=utf-8", body);
}

static inline void
talk_form(struct talk *t, const char *body)
{
	talk_post(t, "/auth", "application/x-www-form-urlencoded", body);
}

static inline void
assert_status(const struct talk *t, unsigned int status)
{
	char start[32];

	snprintf(start, sizeof(start), "HTTP/1.1 %u ", status);
	assert_int_equal(strncmp(t->answer, start, strlen(start)), 0);
}

static inline void
assert_has(const struct talk *t, const char *part)
{
	if (strstr(t->answer, part) == NULL)
		fail_msg("\"%s\" is not in the answer:\n%s", part, t->answer);
}

static inline void
assert_has_not(const struct talk *t, const char *part)
{
	if (strstr(t->answer, part) != NULL)
		fail_msg("\"%s\" is in the answer:\n%s", part, t->answer);
}

// Refused: an answer of that status, then the end.
static inline void
assert_refused(const struct talk *t, unsigned int status)
{
	assert_int_equal(t->event, MST_AC_RESPOND);
	assert_status(t, status);
	assert_true(t->close);
}
