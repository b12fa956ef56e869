// Sign-in: credentials to the helper and its results back to the connection that waits, or has gone meanwhile. Control
// lcore; verifying is another process's.
#include <errno.h>
#include <string.h>

#include "question.h"

// ---- what a device is asked for -----------------------------------------------------------------
static unsigned int
methods_of(const struct mst_conf_auth *auth)
{
	static const unsigned int bits[] = {
		[MST_CONF_METHOD_PASSWORD] = MST_AC_PASSWORD,
		[MST_CONF_METHOD_TOKEN] = MST_AC_TOKEN,
		[MST_CONF_METHOD_CERTIFICATE] = MST_AC_CERTIFICATE,
		[MST_CONF_METHOD_CERTIFICATE_PASSWORD] = MST_AC_CERTIFICATE_PASSWORD,
		[MST_CONF_METHOD_CERTIFICATE_TOKEN] = MST_AC_CERTIFICATE_TOKEN,
	};
	unsigned int methods = 0;

	for (uint32_t i = 0; i < auth->n_methods; i++)
		methods |= bits[auth->methods[i]];
	return methods;
}

// The name that chose the certificate decides: a Host header of HTTP, which may say another one, is not looked at.
static int
auth_of(const struct control_conn *conn, struct mst_conf_auth *out)
{
	return mst_conf_auth_of(conn->c->conf, mst_tls_conn_host(conn->tls), out);
}

// The TLS handshake of the connection is complete. -ENOENT: its host is none of the configuration.
int
control_signin_prepare(struct control_conn *conn, const char *page)
{
	struct mst_conf_auth auth;
	struct mst_tls_peer_cert cert;
	struct mst_ac_params p = {
		.page = page,
		.unavailable = conn->c->draining || control_login_is_full(conn->c),
		.certificate = mst_tls_conn_peer_cert(conn->tls, &cert) == MST_TLS_PEER_ACCEPTED,
		.large_left = &conn->c->bodies_left,
	};

	// Who came by a context of before, to a host that has gone with it.
	MST_TRY(auth_of(conn, &auth));
	p.methods = methods_of(&auth);
	p.groups = auth.groups;
	p.n_groups = auth.n_groups;
	return mst_ac_create(&conn->ac, &p);
}

void
control_signin_reload(struct mst_control *c)
{
	struct control_conn *conn, *next;
	struct mst_conf_auth auth;

	for (conn = TAILQ_FIRST(&c->conns); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, all);
		if (conn->ac == NULL)
			continue;
		if (auth_of(conn, &auth) == 0)
			mst_ac_offer(conn->ac, methods_of(&auth), auth.groups, auth.n_groups);
		else
			control_conn_close(conn);
	}
}

// ---- to the helper ------------------------------------------------------------------------------
static void
finish(struct control_conn *conn, enum mst_ac_auth result, const char *cookie)
{
	control_question_end(conn);
	control_conn_set_waiting(conn, false);
	if (mst_ac_auth_done(conn->ac, result, cookie) < 0)
		control_conn_close(conn);
	else
		control_answer_flush(conn);
}

static void
refuse(struct control_conn *conn, const char *user)
{
	char remote[MST_IP_TEXT_BYTES];

	CONTROL_COUNT(conn->c, auth_failed);
	MST_LOG(NOTICE, "control", "sign-in of '%s' from %s refused", user,
		mst_ip_format(&conn->remote, remote));
	control_event_refused(conn->c, user, &conn->remote, "sign-in");
	control_gate_failed(conn, user);
	finish(conn, MST_AC_AUTH_FAILED, NULL);
}

static void
put_off(struct control_conn *conn)
{
	CONTROL_COUNT(conn->c, auth_busy);
	finish(conn, MST_AC_AUTH_BUSY, NULL);
}

static bool
is_open(struct mst_control *c)
{
	if (!control_login_is_full(c))
		return !c->draining;
	CONTROL_COUNT(c, login_full);
	return false;
}

// State CONN_HTTP, event MST_AC_AUTHENTICATE. Each sign-in has a number of its own: what comes late for the one before
// is nobody's.
void
control_signin_start(struct control_conn *conn)
{
	const struct mst_ac_credentials *cred = mst_ac_credentials(conn->ac);
	struct mst_tls_peer_cert cert;
	struct mst_auth_try attempt = {
		.token = ++conn->c->n_signins,
		.host = mst_tls_conn_host(conn->tls),
		.remote = conn->remote,
		.user = cred->user,
		.password = cred->user[0] != '\0' ? cred->password : NULL,
		.group = cred->group,
		.bearer = cred->bearer,
		.user_agent = cred->user_agent,
		.platform = cred->platform,
		.device_id = cred->device_id,
	};
	int ret;

	if (control_gate_is_banned(conn)) {
		CONTROL_COUNT(conn->c, tcp_banned);
		control_conn_close(conn);
		return;
	}
	if (mst_tls_conn_peer_cert(conn->tls, &cert) == MST_TLS_PEER_ACCEPTED) {
		attempt.cert = cert.leaf;
		attempt.cert_len = cert.leaf_len;
		attempt.issuer = cert.issuer;
		attempt.issuer_len = cert.issuer_len;
	}
	conn->number = attempt.token;
	control_conn_set_waiting(conn, true);
	// Who cannot get a session is not asked further who he is.
	ret = is_open(conn->c) ? mst_auth_submit(conn->c->auth, &attempt) : -EBUSY;
	if (ret == -EINVAL)
		refuse(conn, cred->user);
	else if (ret < 0)
		put_off(conn);
}

// State CONN_HTTP, event MST_AC_ANSWER.
void
control_signin_answer(struct control_conn *conn)
{
	const struct mst_ac_credentials *cred = mst_ac_credentials(conn->ac);
	bool asked = control_question_take(conn, cred->handle);
	int ret;

	if (!asked)
		conn->number = ++conn->c->n_signins;
	control_conn_set_waiting(conn, true);
	if (!asked) {
		CONTROL_COUNT(conn->c, auth_stale);
		finish(conn, MST_AC_AUTH_FAILED, NULL);
		return;
	}
	ret = mst_auth_answer(conn->c->auth, conn->number, cred->answer);
	if (ret == -EINVAL)
		refuse(conn, "");
	else if (ret < 0)
		put_off(conn);
}

// The connection goes; state not yet CONN_CLOSING.
void
control_signin_drop(struct control_conn *conn)
{
	if (conn->state == CONN_AUTH) {
		mst_auth_cancel(conn->c->auth, conn->number);
		control_question_end(conn);
	}
	control_question_leave(conn);
}

// ---- and back -----------------------------------------------------------------------------------
static void
accept_user(struct mst_control *c, struct control_conn *conn, const struct mst_auth_result *r)
{
	const struct control_arrival from = control_conn_arrival(conn);
	char cookie[MST_COOKIE_TEXT_BYTES];
	struct control_login *l;
	char remote[MST_IP_TEXT_BYTES];

	if (control_login_create(c, r, &from, cookie, &l) < 0) {
		finish(conn, MST_AC_AUTH_BUSY, NULL);
		return;
	}
	snprintf(l->platform, sizeof(l->platform), "%s", mst_ac_credentials(conn->ac)->platform);
	CONTROL_COUNT(c, auth_ok);
	control_gate_succeeded(conn, r->user);
	MST_LOG(INFO, "control", "sign-in of '%s' from %s", r->user, mst_ip_format(&conn->remote, remote));
	finish(conn, MST_AC_AUTH_OK, cookie);
	mst_wipe(cookie, sizeof(cookie));
}

static void
ask(struct mst_control *c, struct control_conn *conn, const struct mst_auth_result *r)
{
	char handle[CONTROL_HANDLE_TEXT_BYTES];
	int ret = control_question_put(conn, handle);

	if (ret < 0) {
		mst_auth_cancel(c->auth, r->token);
		if (ret == -E2BIG)
			refuse(conn, r->user);
		else
			put_off(conn);
		return;
	}
	ret = mst_ac_auth_more(conn->ac, r->prompt, r->echo, handle);
	mst_wipe(handle, sizeof(handle));
	control_conn_set_waiting(conn, false);
	if (ret < 0)
		control_conn_close(conn);
	else
		control_answer_flush(conn);
}

static void
take_result(struct mst_control *c, const struct mst_auth_result *r)
{
	struct control_conn *conn = control_conn_by_number(c, r->token);

	if (conn == NULL)
		return; // it has gone meanwhile
	switch (r->outcome) {
	case MST_AUTH_OK:
		accept_user(c, conn, r);
		return;
	case MST_AUTH_NO:
		refuse(conn, r->user);
		return;
	case MST_AUTH_MORE:
		ask(c, conn, r);
		return;
	case MST_AUTH_BUSY:
		put_off(conn);
		return;
	}
}

void
control_signin_results(evutil_socket_t fd, short what, void *arg)
{
	struct mst_control *c = arg;
	struct mst_auth_result r;

	(void)fd;
	(void)what;
	while (mst_auth_next(c->auth, &r))
		take_result(c, &r);
}

void
control_signin_count(struct mst_control *c)
{
	struct mst_auth_stats stats;

	mst_auth_stats(c->auth, &stats);
	c->counters.auth_lost = stats.lost;
}
