// The answers over HTTP until the tunnel stands: page, forms, success, refusals. Control lcore.
#include "reply.h"

#include <errno.h>
#include <string.h>

#include "text.h"

// For browsers that come by; no Server header says what runs here (RFC 6797, OWASP secure headers).
static const char security_headers[] =
	"Strict-Transport-Security: max-age=31536000\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cache-Control: no-store\r\n";

static const char clear_context[] =
	"Set-Cookie: webvpncontext=; expires=Thu, 01 Jan 1970 22:00:00 GMT; path=/; Secure; HttpOnly\r\n";

static const char bad_token[] = "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n";

struct answer {
	const char *type;
	const char *cookie; // value of webvpn, or NULL
	const char *handle; // value of webvpncontext, or NULL: the client is to forget it
	const struct mst_str *body;
	enum ac_body show;
	bool is_login;
	bool close;
};

int
ac_reply_begin(struct mst_str *s)
{
	char *buf = malloc(MST_AC_REPLY_BYTES + 1);

	if (buf == NULL)
		return -ENOMEM;
	*s = mst_str_init(buf, MST_AC_REPLY_BYTES + 1);
	return 0;
}

static void
scratch_free(struct mst_str *s)
{
	mst_wipe(s->buf, s->len);
	free(s->buf);
}

int
ac_reply_finish(struct ac_reply *out, struct mst_str *s, bool close)
{
	int rc = s->err ? -E2BIG : 0;
	uint8_t *data = rc == 0 ? malloc(s->len) : NULL;

	if (rc == 0 && data == NULL)
		rc = -ENOMEM;
	if (rc == 0) {
		memcpy(data, s->buf, s->len);
		ac_reply_fini(out);
		*out = (struct ac_reply){.data = data, .len = s->len, .close = close, .ready = true};
	}
	scratch_free(s);
	return rc;
}

void
ac_reply_fini(struct ac_reply *r)
{
	if (r->data != NULL)
		mst_wipe(r->data, r->len);
	free(r->data);
	*r = (struct ac_reply){0};
}

void
ac_reply_add_clean(struct mst_str *s, const char *text)
{
	for (; *text != '\0'; text++)
		mst_str_add(s, *text >= 0x20 && *text <= 0x7e ? text : "?", 1);
}

static int
answer_200(struct ac_reply *out, const struct answer *a)
{
	struct mst_str s;

	MST_TRY(ac_reply_begin(&s));
	mst_str_fmt(&s, "HTTP/1.1 200 OK\r\nConnection: %s\r\n", a->close ? "close" : "Keep-Alive");
	if (a->is_login)
		mst_str_fmt(&s, "X-Transcend-Version: 1\r\n%s", a->handle == NULL ? clear_context : "");
	if (a->handle != NULL)
		mst_str_fmt(&s, "Set-Cookie: webvpncontext=%s; path=/; Secure; HttpOnly\r\n", a->handle);
	if (a->cookie != NULL)
		mst_str_fmt(&s, "Set-Cookie: webvpn=%s; path=/; Secure; HttpOnly\r\n", a->cookie);
	mst_str_fmt(&s, "Content-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n%s\r\n", a->type,
		a->body->len, security_headers);
	if (a->show == AC_BODY_FULL)
		mst_str_add(&s, a->body->buf, a->body->len);
	if (a->body->err)
		s.err = true;
	return ac_reply_finish(out, &s, a->close);
}

int
ac_reply_page(struct ac_reply *out, const char *html, enum ac_body show, bool close)
{
	struct mst_str body;
	int rc;

	MST_TRY(ac_reply_begin(&body));
	mst_str_add(&body, html, strlen(html));
	rc = answer_200(
		out, &(struct answer){.type = "text/html", .body = &body, .show = show, .close = close});
	scratch_free(&body);
	return rc;
}

int
ac_reply_document(struct ac_reply *out, struct mst_str *body, const struct ac_shown *how)
{
	int rc = answer_200(out, &(struct answer){.type = "text/xml",
					 .cookie = how->cookie,
					 .handle = how->handle,
					 .body = body,
					 .show = how->body,
					 .is_login = true,
					 .close = how->close});

	scratch_free(body);
	return rc;
}

struct empty {
	unsigned int status;
	const char *phrase;
	const char *reason; // for X-Reason, or NULL
	const char *fields; // more header fields, or NULL
	bool keep;
};

static int
answer_empty(struct ac_reply *out, const struct empty *e)
{
	struct mst_str s;

	MST_TRY(ac_reply_begin(&s));
	mst_str_fmt(&s, "HTTP/1.1 %u %s\r\nConnection: %s\r\nContent-Length: 0\r\n", e->status, e->phrase,
		e->keep ? "Keep-Alive" : "close");
	if (e->reason != NULL) {
		mst_str_fmt(&s, "X-Reason: ");
		ac_reply_add_clean(&s, e->reason);
		mst_str_fmt(&s, "\r\n");
	}
	if (e->fields != NULL)
		mst_str_add(&s, e->fields, strlen(e->fields));
	mst_str_fmt(&s, "%s\r\n", security_headers);
	return ac_reply_finish(out, &s, !e->keep);
}

int
ac_reply_challenge(struct ac_reply *out, bool fallback, bool close)
{
	return answer_empty(out, &(struct empty){.status = 401,
					 .phrase = "Unauthorized",
					 .fields = fallback ? "WWW-Authenticate: Bearer\r\n"
							      "X-HTTP-Auth-Support: fallback\r\n"
							    : "WWW-Authenticate: Bearer\r\n",
					 .keep = !close});
}

int
ac_reply_refusal(struct ac_reply *out, enum mst_ac_fault fault, const char *reason)
{
	static const struct {
		unsigned int status;
		const char *phrase;
	} row[] = {
#define X(name, code, text, help) [MST_AC_F_##name] = {code, text},
		MST_AC_FAULTS(X)
#undef X
	};

	MST_ASSERT(fault > MST_AC_F_NONE && fault < MST_AC_N_FAULTS);
	return answer_empty(out, &(struct empty){.status = row[fault].status,
					 .phrase = row[fault].phrase,
					 .reason = reason,
					 // RFC 6750 section 3.1.
					 .fields = fault == MST_AC_F_TOKEN ? bad_token : NULL});
}

int
ac_reply_reject(struct ac_reply *out, unsigned int status, const char *reason)
{
	// A device that reads 401 forgets its cookie and ends; after 503 it comes again.
	if (status == 401)
		return answer_empty(
			out, &(struct empty){.status = 401, .phrase = "Unauthorized", .reason = reason});
	if (status == 503)
		return answer_empty(out,
			&(struct empty){.status = 503, .phrase = "Service Unavailable", .reason = reason});
	return -EINVAL;
}
