// Frames, requests and replies of the control socket: bytes in, structs out, no I/O. Any thread.
#include <errno.h>
#include <string.h>

#include "ctl.h"

void
ctl_buf_fini(struct ctl_buf *buf)
{
	free(buf->data);
	*buf = (struct ctl_buf){0};
}

// Sink of json_dump_callback: a negative return stops the dump.
static int
buf_append(const char *text, size_t len, void *arg)
{
	struct ctl_buf *buf = arg;

	if (len > buf->max - buf->len) {
		buf->err = -E2BIG;
		return -1;
	}
	if (len > buf->cap - buf->len) {
		size_t cap = buf->cap == 0 ? 1024 : buf->cap;
		uint8_t *data;

		while (cap < buf->len + len)
			cap *= 2;
		data = realloc(buf->data, cap);
		if (data == NULL) {
			buf->err = -ENOMEM;
			return -1;
		}
		buf->data = data;
		buf->cap = cap;
	}
	memcpy(buf->data + buf->len, text, len);
	buf->len += len;
	return 0;
}

int
ctl_frame_build(const json_t *body, size_t max, struct ctl_buf *out)
{
	struct ctl_buf buf = {.max = CTL_HEAD_BYTES + max};
	struct mst_wr head;

	// The dump itself can only fail by its sink, or for want of memory.
	if (buf_append("\0\0\0\0", CTL_HEAD_BYTES, &buf) != 0 ||
		json_dump_callback(body, buf_append, &buf, JSON_COMPACT) != 0) {
		int rc = buf.err != 0 ? buf.err : -ENOMEM;

		ctl_buf_fini(&buf);
		return rc;
	}
	head = mst_wr_init(buf.data, CTL_HEAD_BYTES);
	mst_wr_be(&head, buf.len - CTL_HEAD_BYTES, 4);
	*out = buf;
	return 0;
}

int
ctl_request_build(const char *const *argv, struct ctl_buf *out)
{
	json_t *words = json_array();
	json_t *root;
	int rc;

	for (size_t i = 0; argv[i] != NULL; i++) {
		// A word that is not UTF-8 has no place in JSON.
		if (json_array_append_new(words, json_string(argv[i])) != 0) {
			json_decref(words);
			return -EINVAL;
		}
	}
	root = json_pack("{s:i, s:o}", "version", MST_CTL_VERSION, "argv", words);
	if (root == NULL)
		return -ENOMEM;
	rc = ctl_frame_build(root, MST_CTL_REQUEST_BYTES, out);
	json_decref(root);
	return rc;
}

int
ctl_reply_build(json_t *data, struct ctl_buf *out)
{
	json_t *root = json_pack("{s:b, s:o}", "ok", 1, "data", data != NULL ? data : json_null());
	int rc;

	if (root == NULL)
		return -ENOMEM;
	rc = ctl_frame_build(root, MST_CTL_REPLY_BYTES, out);
	json_decref(root);
	return rc;
}

static const char *const fault_words[] = {
#define X(id, word, errnum, help) [CTL_##id] = word,
	CTL_FAULTS(X)
#undef X
};
static const int fault_errnos[] = {
#define X(id, word, errnum, help) [CTL_##id] = errnum,
	CTL_FAULTS(X)
#undef X
};

int
ctl_fault_build(enum ctl_fault fault, const char *text, struct ctl_buf *out)
{
	// A text may quote what is not UTF-8; the fault itself must still arrive.
	json_t *error = json_string(text);
	json_t *root = json_pack("{s:b, s:s, s:o}", "ok", 0, "code", fault_words[fault], "error",
		error != NULL ? error : json_string("(unprintable)"));
	int rc;

	if (root == NULL)
		return -ENOMEM;
	rc = ctl_frame_build(root, MST_CTL_REPLY_BYTES, out);
	json_decref(root);
	return rc;
}

int
ctl_frame_body(const void *data, size_t len, size_t max, const uint8_t **body, size_t *body_len)
{
	struct mst_rd r = mst_rd_init(data, len);
	uint32_t n = mst_rd_u32(&r);
	const uint8_t *p;

	if (r.err)
		return -EAGAIN;
	if (n > max)
		return -EMSGSIZE;
	if (n == 0)
		return -EPROTO;
	p = mst_rd_bytes(&r, n);
	if (r.err)
		return -EAGAIN;
	if (mst_rd_left(&r) != 0)
		return -EPROTO;
	*body = p;
	*body_len = n;
	return 0;
}

// The frame's body as a JSON object; a new reference.
static int
frame_object(const void *frame, size_t len, size_t max, json_t **out)
{
	const uint8_t *body;
	size_t body_len;
	json_t *root;

	MST_TRY(ctl_frame_body(frame, len, max, &body, &body_len));
	root = json_loadb((const char *)body, body_len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return -EPROTO;
	}
	*out = root;
	return 0;
}

static int
request_words(const json_t *root, const char **words, size_t *n)
{
	const json_t *version = json_object_get(root, "version");
	const json_t *argv = json_object_get(root, "argv");

	if (json_object_size(root) != 2 || !json_is_integer(version) || !json_is_array(argv))
		return -EPROTO;
	if (json_integer_value(version) != MST_CTL_VERSION)
		return -EPROTONOSUPPORT;
	if (json_array_size(argv) == 0 || json_array_size(argv) > MST_CTL_WORDS)
		return -EPROTO;
	for (size_t i = 0; i < json_array_size(argv); i++) {
		const json_t *word = json_array_get(argv, i);

		if (!json_is_string(word) || json_string_length(word) > MST_CTL_WORD_BYTES)
			return -EPROTO;
		words[i] = json_string_value(word);
	}
	*n = json_array_size(argv);
	return 0;
}

static const char *
request_fault(int rc)
{
	switch (rc) {
	case -EMSGSIZE:
		return "request is too long";
	case -EPROTONOSUPPORT:
		return "mst-cli and mst-gateway are of different versions";
	case -ENOENT:
		return "no such command";
	case -EINVAL:
		return "wrong number of arguments";
	default:
		return "not a request";
	}
}

int
mst_ctl_request_parse(const void *frame, size_t len, struct mst_ctl_request *out, char *err, size_t err_cap)
{
	const char *words[MST_CTL_WORDS];
	struct mst_ctl_request req = {0};
	size_t n_words = 0;
	size_t n = 0;
	int rc;

	rc = frame_object(frame, len, MST_CTL_REQUEST_BYTES, &req.root);
	if (rc == -EAGAIN)
		return rc;
	if (rc == 0)
		rc = request_words(req.root, words, &n);
	if (rc == 0)
		rc = mst_ctl_match(words, n, &req.command, &n_words);
	if (rc == 0 && req.command->view == MST_CTL_LOCAL)
		rc = -ENOENT;
	if (rc < 0) {
		snprintf(err, err_cap, "%s", request_fault(rc));
		mst_ctl_request_fini(&req);
		return rc == -EPROTONOSUPPORT ? -EPROTO : rc;
	}
	req.n_args = n - n_words;
	for (size_t i = 0; i < req.n_args; i++)
		req.args[i] = words[n_words + i];
	*out = req;
	return 0;
}

void
mst_ctl_request_fini(struct mst_ctl_request *req)
{
	json_decref(req->root);
	*req = (struct mst_ctl_request){0};
}

static int
reply_fault(const json_t *root, char *err, size_t err_cap)
{
	const char *code = json_string_value(json_object_get(root, "code"));
	const char *text = json_string_value(json_object_get(root, "error"));

	if (text == NULL)
		return -EPROTO;
	snprintf(err, err_cap, "%s", text);
	for (size_t i = 0; code != NULL && i < MST_ARRAY_SIZE(fault_words); i++) {
		if (strcmp(code, fault_words[i]) == 0)
			return -fault_errnos[i];
	}
	return -EREMOTEIO;
}

int
mst_ctl_reply_parse(const void *frame, size_t len, json_t **data, char *err, size_t err_cap)
{
	json_t *root = NULL;
	const json_t *ok;
	json_t *found;
	int rc;

	rc = frame_object(frame, len, MST_CTL_REPLY_BYTES, &root);
	if (rc == -EAGAIN)
		return rc;
	ok = json_object_get(root, "ok");
	found = json_object_get(root, "data");
	if (rc == 0 && json_is_false(ok))
		rc = reply_fault(root, err, err_cap);
	else if (rc == 0 && json_is_true(ok) && found != NULL)
		*data = json_incref(found);
	else if (rc == 0)
		rc = -EPROTO;
	if (rc == -EPROTO || rc == -EMSGSIZE)
		snprintf(err, err_cap, "the answer is not of this protocol");
	json_decref(root);
	return rc;
}
