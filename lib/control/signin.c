// Sign-in: credentials to the helper and its results back to the connection that waits, or has gone meanwhile. Control
// lcore; verifying is another process's.
#include <errno.h>
#include <string.h>

#include "control.h"

#define COOKIE_TEXT_BYTES (2 * CONTROL_COOKIE_BYTES + 1)

static void
finish(struct control_conn *conn, enum mst_ac_auth result, const char *cookie)
{
	control_conn_set_waiting(conn, false);
	if (mst_ac_auth_done(conn->ac, result, cookie) < 0)
		control_conn_close(conn);
	else
		control_answer_flush(conn);
}

// State CONN_HTTP, event MST_AC_AUTHENTICATE.
void
control_signin_start(struct control_conn *conn)
{
	const struct mst_ac_credentials *cred = mst_ac_credentials(conn->ac);
	const struct mst_auth_try attempt = {
		.token = conn->number,
		.remote = conn->remote,
		.user = cred->user,
		.password = cred->password,
	};
	int ret;

	if (control_gate_is_banned(conn)) {
		CONTROL_COUNT(conn->c, tcp_banned);
		control_conn_close(conn);
		return;
	}
	control_conn_set_waiting(conn, true);
	ret = mst_auth_submit(conn->c->auth, &attempt);
	if (ret == -EINVAL) {
		CONTROL_COUNT(conn->c, auth_failed);
		control_gate_failed(conn, cred->user);
		finish(conn, MST_AC_AUTH_FAILED, NULL);
	} else if (ret < 0) {
		CONTROL_COUNT(conn->c, auth_busy);
		finish(conn, MST_AC_AUTH_BUSY, NULL);
	}
}

static void
accept_user(
	struct mst_control *c, struct control_conn *conn, const struct mst_auth_result *r, const char *remote)
{
	char cookie[COOKIE_TEXT_BYTES];
	struct control_login *l;

	if (control_login_create(c, r, cookie, sizeof(cookie), &l) < 0) {
		finish(conn, MST_AC_AUTH_BUSY, NULL);
		return;
	}
	CONTROL_COUNT(c, auth_ok);
	control_gate_succeeded(conn, mst_ac_credentials(conn->ac)->user);
	MST_LOG(INFO, "control", "sign-in of '%s' from %s", r->user, remote);
	finish(conn, MST_AC_AUTH_OK, cookie);
	mst_wipe(cookie, sizeof(cookie));
}

static void
take_result(struct mst_control *c, const struct mst_auth_result *r)
{
	struct control_conn *conn = control_conn_by_number(c, r->token);
	char remote[MST_IP_TEXT_BYTES];

	// Nobody can be asked a second question by the forms that there are.
	if (r->outcome == MST_AUTH_MORE)
		mst_auth_cancel(c->auth, r->token);
	if (conn == NULL)
		return; // it has gone meanwhile
	mst_ip_format(&conn->remote, remote);
	switch (r->outcome) {
	case MST_AUTH_OK:
		accept_user(c, conn, r, remote);
		return;
	case MST_AUTH_NO:
	case MST_AUTH_MORE:
		CONTROL_COUNT(c, auth_failed);
		MST_LOG(NOTICE, "control", "sign-in of '%s' from %s refused", r->user, remote);
		control_gate_failed(conn, mst_ac_credentials(conn->ac)->user);
		finish(conn, MST_AC_AUTH_FAILED, NULL);
		return;
	case MST_AUTH_BUSY:
		CONTROL_COUNT(c, auth_busy);
		finish(conn, MST_AC_AUTH_BUSY, NULL);
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
