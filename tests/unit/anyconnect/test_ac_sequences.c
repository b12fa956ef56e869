// Every message in every state: all sequences of up to four messages, on one connection and on several, against a model
// that knows nothing of the table. What the model does not lead to a tunnel must not get one.
#include <inttypes.h>
#include <string.h>

#include "talk.h"
#include "trace.h"

#define LONGEST 4
#define VPN_AGENT "User-Agent: Open AnyConnect VPN Agent v9.01-3\r\n"
#define GET(path, more) "GET " path " HTTP/1.1\r\nHost: a\r\n" more "\r\n"
#define CONNECT(more) "CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: a\r\n" VPN_AGENT more "\r\n"
#define INIT_FAIL "<config-auth type=\"init\"><client-cert-fail/></config-auth>"
#define HALF TRACE_REPLY("<username>otto</username><password>secret1</password>", "")
#define ANSWER(code) TRACE_REPLY("<secondary_password>" code "</secondary_password>", "")
#define HANDLE "aGFuZGxl"
#define ANSWER_BY(handle)                                                                                    \
	"POST /auth HTTP/1.1\r\nHost: a\r\nCookie: webvpncontext=" handle                                    \
	"\r\nContent-Length: 25\r\n\r\nsecondary_password=123456"
#define REPEAT "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 32\r\n\r\nusername=alice&password=secret1&"
// What gateways have taken for a sign-in that another machine has done.
#define INTERNAL                                                                                             \
	"X-Forwarded-For: 127.0.0.1\r\nX-Remote-User: alice\r\nX-Original-URL: /\r\nX-PAN-AUTHCHECK: "       \
	"off\r\n"                                                                                            \
	"Forwarded: for=127.0.0.1\r\nUpgrade: websocket\r\nAuthorization: Basic YWxpY2U6c2VjcmV0MQ==\r\n"

// name, how it goes out, text
// clang-format off
#define MESSAGES(X)                                                                                          \
	X(PAGE, talk_send, GET("/", ""))                                                                     \
	X(GET_FORM, talk_send, GET("/", VPN_AGENT))                                                          \
	X(INIT, talk_xml, trace_init)                                                                        \
	X(INIT_GROUP, talk_xml, trace_group)                                                                 \
	X(CERT_FAIL, talk_xml, INIT_FAIL)                                                                    \
	X(USER, talk_xml, trace_user)                                                                        \
	X(RIGHT, talk_xml, trace_password)                                                                   \
	X(WRONG, talk_xml, trace_wrong)                                                                      \
	X(BLANK, talk_form, "username=alice&password=")                                                      \
	X(HALF_RIGHT, talk_xml, HALF)                                                                        \
	X(ANSWER_RIGHT, talk_xml, ANSWER("123456"))                                                          \
	X(ANSWER_WRONG, talk_xml, ANSWER("654321"))                                                          \
	X(ANSWER_HANDLE, talk_send, ANSWER_BY(HANDLE))                                                       \
	X(ANSWER_STALE, talk_send, ANSWER_BY("b3RoZXI="))                                                    \
	X(TOKEN_GOOD, talk_send, GET("/", VPN_AGENT "Authorization: Bearer good\r\n"))                       \
	X(TOKEN_BAD, talk_send, GET("/", VPN_AGENT "Authorization: Bearer bad\r\n"))                         \
	X(CONNECT_COOKIE, talk_send, CONNECT("Cookie: webvpn=" TALK_COOKIE "\r\n"))                          \
	X(CONNECT_OTHER, talk_send, CONNECT("Cookie: webvpn=b3RoZXI=\r\n"))                                  \
	X(CONNECT_BARE, talk_send, CONNECT(INTERNAL))                                                        \
	X(LOGOUT, talk_send, GET("/logout", VPN_AGENT))                                                      \
	X(UNKNOWN, talk_send, GET("/+CSCOE+/logon.html", VPN_AGENT INTERNAL))                                \
	X(TWO, talk_send, REPEAT CONNECT("Cookie: webvpn=" TALK_COOKIE "\r\n"))                              \
	X(GARBAGE, talk_send, "\x16\x03\x01\r\n\r\n")                                                       \
	X(AGAIN, another_connection, "")
// clang-format on

enum message {
#define X(name, how, text) M_##name,
	MESSAGES(X)
#undef X
		N_MESSAGES
};

static const char *const names[] = {
#define X(name, how, text) [M_##name] = #name,
	MESSAGES(X)
#undef X
};

// ---- the gateway's side: who checks, and what a cookie is worth ---------------------------------
static struct mst_ac_params params;
static bool issued, tunnel;
static bool waits, here; // a question, and on this connection

static void
another_connection(struct talk *t, const char *text)
{
	(void)text;
	talk_close(t);
	talk_open(t, &params);
	here = false;
}

static enum mst_ac_auth
judge(const struct mst_ac_credentials *c, unsigned int methods)
{
	if (c->bearer != NULL)
		return strcmp(c->bearer, "good") == 0 ? MST_AC_AUTH_OK : MST_AC_AUTH_FAILED;
	if (c->user[0] == '\0')
		return (methods & MST_AC_CERTIFICATE) != 0 ? MST_AC_AUTH_OK : MST_AC_AUTH_FAILED;
	return strcmp(c->password, "secret1") == 0 ? MST_AC_AUTH_OK : MST_AC_AUTH_FAILED;
}

static void
done(struct talk *t, enum mst_ac_auth result)
{
	assert_int_equal(mst_ac_auth_done(t->ac, result, TALK_COOKIE), 0);
	issued = issued || result == MST_AC_AUTH_OK;
	talk_take(t);
}

static bool
is_expected(const char *handle)
{
	bool expected = waits && (handle[0] == '\0' ? here : strcmp(handle, HANDLE) == 0);

	if (expected || here)
		waits = here = false;
	return expected;
}

static void
react(struct talk *t, unsigned int methods)
{
	const struct mst_ac_credentials *c = mst_ac_credentials(t->ac);
	struct mst_ac_tunnel n = {.addr4 = {4, {10, 0, 0, 2}}, .depth4 = 24, .mtu = 1400};

	if (t->event == MST_AC_AUTHENTICATE && strcmp(c->user, "otto") == 0) {
		assert_int_equal(mst_ac_auth_more(t->ac, "Code:", false, HANDLE), 0);
		waits = here = true;
		talk_take(t);
	} else if (t->event == MST_AC_AUTHENTICATE) {
		done(t, judge(c, methods));
	} else if (t->event == MST_AC_ANSWER) {
		done(t, is_expected(c->handle) && strcmp(c->answer, "123456") == 0 ? MST_AC_AUTH_OK
										   : MST_AC_AUTH_FAILED);
	} else if (t->event == MST_AC_CONNECT) {
		tunnel = issued && strcmp(mst_ac_connect_request(t->ac)->cookie, TALK_COOKIE) == 0;
		if (tunnel)
			assert_int_equal(mst_ac_connect_accept(t->ac, &n), 0);
		else
			assert_int_equal(mst_ac_connect_reject(t->ac, 401, NULL), 0);
		talk_take(t);
	}
}

static void
say(struct talk *t, enum message m, unsigned int methods)
{
	switch (m) {
#define X(name, how, text)                                                                                   \
	case M_##name:                                                                                       \
		how(t, text);                                                                                \
		break;
		MESSAGES(X)
#undef X
	case N_MESSAGES:
		break;
	}
	react(t, methods);
}

// ---- the model ----------------------------------------------------------------------------------
enum where { OPEN, HALF_WAY, SIGNED, TUNNEL, GONE };

struct model {
	unsigned int methods;
	bool certificate, shown; // shown: on this connection
	enum where at;
	unsigned int failed;
	bool asked, issued; // of all connections together
};

static bool
allows(const struct model *m, unsigned int alone, unsigned int with_certificate)
{
	return (m->methods & (alone | (m->shown ? with_certificate : 0u))) != 0;
}

static void
failed(struct model *m, enum where then)
{
	m->at = ++m->failed == 3 ? GONE : then;
}

// The client has shown nothing. in_xml: it can be asked for a certificate.
static enum where
asks(const struct model *m, bool in_xml)
{
	if (allows(m, 0, MST_AC_CERTIFICATE))
		return SIGNED;
	if (allows(m, MST_AC_PASSWORD | MST_AC_TOKEN, MST_AC_CERTIFICATE_PASSWORD | MST_AC_CERTIFICATE_TOKEN))
		return OPEN;
	return in_xml ? OPEN : GONE;
}

static void
model_form(struct model *m, enum message msg)
{
	if (!allows(m, MST_AC_PASSWORD, MST_AC_CERTIFICATE_PASSWORD))
		m->at = asks(m, false);
	else if (msg == M_RIGHT || (msg == M_ANSWER_HANDLE && m->asked))
		m->at = SIGNED;
	else if (msg == M_HALF_RIGHT)
		m->at = HALF_WAY;
	else if (msg != M_USER)
		failed(m, OPEN);
}

static void
model_open(struct model *m, enum message msg)
{
	bool token = allows(m, MST_AC_TOKEN, MST_AC_CERTIFICATE_TOKEN);

	if (msg == M_CERT_FAIL)
		m->shown = false;
	if (msg == M_INIT || msg == M_INIT_GROUP)
		m->at = asks(m, true);
	else if (msg == M_GET_FORM || msg == M_CERT_FAIL)
		m->at = asks(m, false);
	else if (msg == M_TOKEN_GOOD)
		m->at = token ? SIGNED : asks(m, false);
	else if (msg == M_TOKEN_BAD)
		m->at = token ? GONE : asks(m, false);
	else if (msg >= M_USER && msg <= M_ANSWER_STALE)
		model_form(m, msg);
	else
		m->at = msg == M_CONNECT_COOKIE && m->issued ? TUNNEL : GONE;
}

// Half a sign-in: its answer, or what clients call so; an empty one leaves the question.
static void
model_half_way(struct model *m, enum message msg)
{
	if (msg == M_ANSWER_RIGHT || msg == M_ANSWER_HANDLE)
		m->at = SIGNED;
	else if (msg == M_USER || msg == M_BLANK)
		failed(m, HALF_WAY);
	else if (msg > M_USER && msg <= M_ANSWER_STALE)
		failed(m, OPEN);
	else
		m->at = GONE;
}

// What is taken for the answer where one is expected.
static bool
is_reply(enum message msg)
{
	return msg > M_USER && msg <= M_ANSWER_STALE && msg != M_BLANK;
}

static void
model_connection(struct model *m)
{
	m->at = OPEN;
	m->failed = 0;
	m->shown = m->certificate;
}

static void
model_step(struct model *m, enum message msg)
{
	enum where before = m->at;

	if (msg == M_AGAIN)
		model_connection(m);
	if (msg == M_AGAIN || msg == M_PAGE || m->at == GONE || m->at == TUNNEL)
		return;
	if (m->at == OPEN)
		model_open(m, msg);
	else if (m->at == HALF_WAY)
		model_half_way(m, msg);
	else
		m->at = msg == M_CONNECT_COOKIE ? TUNNEL : GONE;
	if (m->at == HALF_WAY)
		m->asked = true;
	else if (before == HALF_WAY ? is_reply(msg) : msg == M_ANSWER_HANDLE && m->at == SIGNED)
		m->asked = false; // what was put is answered
	m->issued = m->issued || m->at == SIGNED;
}

// ---- all sequences ------------------------------------------------------------------------------
struct walk {
	unsigned int methods;
	bool certificate;
	enum message path[LONGEST];
	uint64_t sequences, with_tunnel;
};

static void
fail_at(const struct walk *w, size_t len, const char *what)
{
	char text[256] = "";

	for (size_t i = 0; i < len; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", names[w->path[i]]);
	fail_msg("methods %u, certificate %d:%s: %s", w->methods, w->certificate, text, what);
}

static enum where
run(const struct walk *w, size_t len)
{
	struct model m = {.methods = w->methods, .certificate = w->certificate};
	static struct talk t;
	bool gone = false;

	params = talk_params;
	params.methods = w->methods;
	params.certificate = w->certificate;
	issued = tunnel = waits = here = false;
	model_connection(&m);
	talk_open(&t, &params);
	for (size_t i = 0; i < len; i++) {
		say(&t, w->path[i], w->methods);
		model_step(&m, w->path[i]);
		gone = t.event == MST_AC_CLOSE || t.close;
	}
	if (tunnel != (m.at == TUNNEL))
		fail_at(w, len, tunnel ? "a tunnel that the model does not know" : "no tunnel");
	if (gone != (m.at == GONE))
		fail_at(w, len, gone ? "closed" : "not closed");
	if (issued != m.issued)
		fail_at(w, len, "a cookie too many or too few");
	if (waits != m.asked)
		fail_at(w, len, "a question that the model does not know, or none");
	if (gone) {
		talk_send(&t, GET("/", ""));
		if (t.event != MST_AC_CLOSE || t.answer_len != 0)
			fail_at(w, len, "closed, and still talking");
	}
	talk_close(&t);
	return m.at;
}

// Of all lengths behind len messages.
static uint64_t
count_behind(size_t len)
{
	uint64_t power = 1, all = 0;

	for (; len < LONGEST; len++)
		all += power *= N_MESSAGES;
	return all;
}

// Behind the end of a connection, and in a tunnel, messages are not read: what follows is counted without being said, but
// for another connection.
static void
walk(struct walk *w, size_t len, enum where before)
{
	for (unsigned int m = 0; m < N_MESSAGES; m++) {
		enum where at = before;

		w->path[len] = (enum message)m;
		w->sequences++;
		if (before != GONE || m == M_AGAIN)
			at = run(w, len + 1);
		w->with_tunnel += at == TUNNEL ? 1 + count_behind(len + 1) : 0;
		if (at == TUNNEL || (at == GONE && before == GONE))
			w->sequences += count_behind(len + 1);
		else if (len + 1 < LONGEST)
			walk(w, len + 1, at);
	}
}

// The form alone is walked with the token beside it: its states are the same, and they are the most.
static const struct walk kinds[] = {
	{.methods = MST_AC_TOKEN},
	{.methods = MST_AC_PASSWORD | MST_AC_TOKEN},
	{.methods = MST_AC_CERTIFICATE},
	{.methods = MST_AC_CERTIFICATE, .certificate = true},
	{.methods = MST_AC_CERTIFICATE_PASSWORD},
	{.methods = MST_AC_CERTIFICATE_PASSWORD, .certificate = true},
	{.methods = MST_AC_CERTIFICATE_TOKEN, .certificate = true},
	{.methods = MST_AC_CERTIFICATE | MST_AC_PASSWORD, .certificate = true},
};

static void
only_a_finished_sign_in_gets_a_tunnel(void **state)
{
	uint64_t sequences = 0, with_tunnel = 0;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(kinds); i++) {
		struct walk w = kinds[i];

		walk(&w, 0, OPEN);
		assert_int_equal(w.sequences, count_behind(0));
		sequences += w.sequences;
		with_tunnel += w.with_tunnel;
	}
	print_message("%" PRIu64 " sequences of %d messages under %zu settings, %" PRIu64 " with a tunnel\n",
		sequences, N_MESSAGES, MST_ARRAY_SIZE(kinds), with_tunnel);
	assert_true(with_tunnel > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_finished_sign_in_gets_a_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
