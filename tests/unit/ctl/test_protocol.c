// Requests and replies as bytes: limits, cuts, wrong shapes.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "ctl.h"

#define MAX_FRAME (CTL_HEAD_BYTES + MST_CTL_REQUEST_BYTES + 64)

static size_t
frame_of(const char *body, size_t len, uint8_t *out)
{
	struct mst_wr w = mst_wr_init(out, MAX_FRAME);

	mst_wr_be(&w, len, 4);
	mst_wr_bytes(&w, body, len);
	assert_false(w.err);
	return w.len;
}

static int
parse_request(const char *body, struct mst_ctl_request *req)
{
	uint8_t frame[MAX_FRAME];
	char err[MST_CTL_ERR_BYTES] = "";
	int rc = mst_ctl_request_parse(frame, frame_of(body, strlen(body), frame), req, err, sizeof(err));

	assert_true((rc == 0) == (err[0] == '\0'));
	return rc;
}

static void
request_goes_round(void **state)
{
	(void)state;
	const char *const argv[] = {"server", "show", "user", "alice", NULL};
	struct mst_ctl_request req;
	struct ctl_buf frame = {0};
	char err[MST_CTL_ERR_BYTES];

	assert_int_equal(ctl_request_build(argv, &frame), 0);
	for (size_t cut = 0; cut < frame.len; cut++)
		assert_int_equal(mst_ctl_request_parse(frame.data, cut, &req, err, sizeof(err)), -EAGAIN);
	assert_int_equal(mst_ctl_request_parse(frame.data, frame.len, &req, err, sizeof(err)), 0);
	assert_int_equal(req.command->id, MST_CTL_SHOW_USER);
	assert_int_equal(req.n_args, 1);
	assert_string_equal(req.args[0], "alice");
	mst_ctl_request_fini(&req);
	ctl_buf_fini(&frame);
}

static void
bytes_after_the_frame_are_refused(void **state)
{
	(void)state;
	const char body[] = "{\"version\":1,\"argv\":[\"server\",\"stop\"]}";
	uint8_t frame[MAX_FRAME];
	size_t len = frame_of(body, strlen(body), frame);
	struct mst_ctl_request req;
	char err[MST_CTL_ERR_BYTES];

	assert_int_equal(mst_ctl_request_parse(frame, len, &req, err, sizeof(err)), 0);
	mst_ctl_request_fini(&req);
	frame[len] = ' ';
	assert_int_equal(mst_ctl_request_parse(frame, len + 1, &req, err, sizeof(err)), -EPROTO);
}

static void
wrong_shapes_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		int rc;
	} cases[] = {
		{"{\"version\":1,\"argv\":[\"server\",\"status\"]}", 0},
		{"{\"version\":2,\"argv\":[\"server\",\"status\"]}", -EPROTO},
		{"{\"version\":\"1\",\"argv\":[\"server\",\"status\"]}", -EPROTO},
		{"{\"argv\":[\"server\",\"status\"]}", -EPROTO},
		{"{\"version\":1}", -EPROTO},
		{"{\"version\":1,\"argv\":[\"server\",\"status\"],\"more\":1}", -EPROTO},
		{"{\"version\":1,\"version\":1,\"argv\":[\"server\",\"status\"]}", -EPROTO},
		{"{\"version\":1,\"argv\":\"server status\"}", -EPROTO},
		{"{\"version\":1,\"argv\":[]}", -EPROTO},
		{"{\"version\":1,\"argv\":[\"server\",7]}", -EPROTO},
		{"{\"version\":1,\"argv\":[\"server\",\"sta\\u0000tus\"]}", -EPROTO},
		{"{\"version\":1,\"argv\":[\"server\",\"status\"]}x", -EPROTO},
		{"{\"version\":1,\"argv\":[\"server\",\"status\"]", -EPROTO},
		{"[\"server\",\"status\"]", -EPROTO},
		{"7", -EPROTO},
		{"\xff\xfe", -EPROTO},
		{"{\"version\":1,\"argv\":[\"server\",\"coffee\"]}", -ENOENT},
		{"{\"version\":1,\"argv\":[\"server\"]}", -ENOENT},
		{"{\"version\":1,\"argv\":[\"server\",\"status\",\"now\"]}", -EINVAL},
		{"{\"version\":1,\"argv\":[\"server\",\"show\",\"user\"]}", -EINVAL},
		// Done by mst-cli; a gateway that did it would open files for a client.
		{"{\"version\":1,\"argv\":[\"config\",\"check\",\"/etc/shadow\"]}", -ENOENT},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		struct mst_ctl_request req;
		int rc = parse_request(cases[i].body, &req);

		assert_int_equal(rc, cases[i].rc);
		if (rc == 0)
			mst_ctl_request_fini(&req);
	}
}

static int
parse_word_of(size_t word_len)
{
	char word[MST_CTL_WORD_BYTES + 2];
	char body[2 * MST_CTL_WORD_BYTES];
	struct mst_ctl_request req;
	int rc;

	memset(word, 'u', word_len);
	word[word_len] = '\0';
	snprintf(body, sizeof(body), "{\"version\":1,\"argv\":[\"server\",\"show\",\"user\",\"%s\"]}", word);
	rc = parse_request(body, &req);
	if (rc == 0) {
		assert_int_equal(strlen(req.args[0]), word_len);
		mst_ctl_request_fini(&req);
	}
	return rc;
}

static void
word_limits(void **state)
{
	(void)state;
	struct mst_ctl_request req;

	assert_int_equal(parse_word_of(MST_CTL_WORD_BYTES - 1), 0);
	assert_int_equal(parse_word_of(MST_CTL_WORD_BYTES), 0);
	assert_int_equal(parse_word_of(MST_CTL_WORD_BYTES + 1), -EPROTO);
	// Eight words get as far as the table, nine do not.
	assert_int_equal(
		parse_request(
			"{\"version\":1,\"argv\":[\"server\",\"stop\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"]}",
			&req),
		-EINVAL);
	assert_int_equal(parse_request("{\"version\":1,\"argv\":[\"server\",\"stop\",\"3\",\"4\",\"5\",\"6\","
				       "\"7\",\"8\",\"9\"]}",
				 &req),
		-EPROTO);
}

// A valid request, made body_len long with blanks.
static int
parse_padded(size_t body_len)
{
	char body[MST_CTL_REQUEST_BYTES + 2];
	const char text[] = "{\"version\":1,\"argv\":[\"server\",\"stop\"]}";
	uint8_t frame[MAX_FRAME];
	struct mst_ctl_request req;
	char err[MST_CTL_ERR_BYTES];
	int rc;

	memset(body, ' ', sizeof(body));
	memcpy(body, text, strlen(text));
	rc = mst_ctl_request_parse(frame, frame_of(body, body_len, frame), &req, err, sizeof(err));
	if (rc == 0)
		mst_ctl_request_fini(&req);
	return rc;
}

static void
request_limits(void **state)
{
	(void)state;
	const uint8_t claims_too_much[] = {0, 0, 0x10, 0x01};
	const uint8_t claims_all[] = {0xff, 0xff, 0xff, 0xff};
	const uint8_t empty[] = {0, 0, 0, 0};
	const uint8_t *body;
	size_t len;

	assert_int_equal(parse_padded(MST_CTL_REQUEST_BYTES - 1), 0);
	assert_int_equal(parse_padded(MST_CTL_REQUEST_BYTES), 0);
	assert_int_equal(parse_padded(MST_CTL_REQUEST_BYTES + 1), -EMSGSIZE);
	// The length alone is enough to refuse: no buffer is ever made for it.
	assert_int_equal(ctl_frame_body(claims_too_much, 4, MST_CTL_REQUEST_BYTES, &body, &len), -EMSGSIZE);
	assert_int_equal(ctl_frame_body(claims_all, 4, MST_CTL_REQUEST_BYTES, &body, &len), -EMSGSIZE);
	assert_int_equal(ctl_frame_body(empty, 4, MST_CTL_REQUEST_BYTES, &body, &len), -EPROTO);
}

static void
build_limits(void **state)
{
	(void)state;
	// A JSON string of n characters takes n + 2 bytes.
	char text[101];
	struct ctl_buf buf = {0};
	json_t *s;

	memset(text, 'x', 100);
	text[100] = '\0';
	s = json_pack("[s]", text); // 104 bytes
	assert_int_equal(ctl_frame_build(s, 103, &buf), -E2BIG);
	assert_null(buf.data);
	assert_int_equal(ctl_frame_build(s, 104, &buf), 0);
	assert_int_equal(buf.len, 108);
	assert_memory_equal(buf.data, "\0\0\0\x68[\"x", 7);
	ctl_buf_fini(&buf);
	json_decref(s);
}

static void
requests_that_cannot_be_built(void **state)
{
	(void)state;
	char word[MST_CTL_REQUEST_BYTES + 1];
	const char *const too_long[] = {word, NULL};
	const char *const not_text[] = {"server", "\xff", NULL};
	struct ctl_buf buf = {0};

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_int_equal(ctl_request_build(too_long, &buf), -E2BIG);
	assert_int_equal(ctl_request_build(not_text, &buf), -EINVAL);
	assert_null(buf.data);
}

static void
reply_goes_round(void **state)
{
	(void)state;
	struct ctl_buf frame = {0};
	char err[MST_CTL_ERR_BYTES] = "";
	json_t *data = NULL;

	assert_int_equal(ctl_reply_build(json_pack("{s:i}", "Server PID", 7), &frame), 0);
	for (size_t cut = 0; cut < frame.len; cut++)
		assert_int_equal(mst_ctl_reply_parse(frame.data, cut, &data, err, sizeof(err)), -EAGAIN);
	assert_int_equal(mst_ctl_reply_parse(frame.data, frame.len, &data, err, sizeof(err)), 0);
	assert_int_equal(json_integer_value(json_object_get(data, "Server PID")), 7);
	json_decref(data);
	ctl_buf_fini(&frame);

	assert_int_equal(ctl_reply_build(NULL, &frame), 0);
	assert_int_equal(mst_ctl_reply_parse(frame.data, frame.len, &data, err, sizeof(err)), 0);
	assert_true(json_is_null(data));
	json_decref(data);
	ctl_buf_fini(&frame);
}

static void
each_fault_has_its_errno(void **state)
{
	(void)state;
	static const int errnos[] = {
#define X(id, word, errnum, help) [CTL_##id] = errnum,
		CTL_FAULTS(X)
#undef X
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(errnos); i++) {
		struct ctl_buf frame = {0};
		char err[MST_CTL_ERR_BYTES] = "";
		json_t *data = NULL;

		assert_int_equal(ctl_fault_build((enum ctl_fault)i, "no such user", &frame), 0);
		assert_int_equal(
			mst_ctl_reply_parse(frame.data, frame.len, &data, err, sizeof(err)), -errnos[i]);
		assert_string_equal(err, "no such user");
		assert_null(data);
		ctl_buf_fini(&frame);
	}
}

static void
fault_texts_that_are_not_text_still_arrive(void **state)
{
	(void)state;
	struct ctl_buf frame = {0};
	char err[MST_CTL_ERR_BYTES] = "";
	json_t *data = NULL;

	assert_int_equal(ctl_fault_build(CTL_FAILED, "no user \xff", &frame), 0);
	assert_int_equal(mst_ctl_reply_parse(frame.data, frame.len, &data, err, sizeof(err)), -EREMOTEIO);
	assert_string_equal(err, "(unprintable)");
	ctl_buf_fini(&frame);
}

static void
wrong_replies_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		int rc;
	} cases[] = {
		{"{\"ok\":true}", -EPROTO},
		{"{\"data\":[]}", -EPROTO},
		{"{\"ok\":1,\"data\":[]}", -EPROTO},
		{"{\"ok\":false}", -EPROTO},
		{"{\"ok\":false,\"error\":7}", -EPROTO},
		{"[true]", -EPROTO},
		{"junk", -EPROTO},
		{"{\"ok\":false,\"error\":\"e\"}", -EREMOTEIO},
		{"{\"ok\":false,\"error\":\"e\",\"code\":\"new\"}", -EREMOTEIO},
		{"{\"ok\":false,\"error\":\"e\",\"code\":\"refused\"}", -EACCES},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		uint8_t frame[MAX_FRAME];
		char err[MST_CTL_ERR_BYTES] = "";
		json_t *data = NULL;
		size_t len = frame_of(cases[i].body, strlen(cases[i].body), frame);

		assert_int_equal(mst_ctl_reply_parse(frame, len, &data, err, sizeof(err)), cases[i].rc);
		assert_true(err[0] != '\0');
		assert_null(data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_goes_round),
		cmocka_unit_test(bytes_after_the_frame_are_refused),
		cmocka_unit_test(wrong_shapes_are_refused),
		cmocka_unit_test(word_limits),
		cmocka_unit_test(request_limits),
		cmocka_unit_test(build_limits),
		cmocka_unit_test(requests_that_cannot_be_built),
		cmocka_unit_test(reply_goes_round),
		cmocka_unit_test(each_fault_has_its_errno),
		cmocka_unit_test(fault_texts_that_are_not_text_still_arrive),
		cmocka_unit_test(wrong_replies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
