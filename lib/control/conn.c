// One TCP connection of a device: TLS handshake, then HTTP, then CSTP; its events, its time limits, its end.
// Control lcore.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

#define RECORDS_PER_EVENT 32 // then the others have their turn

static const char static_page[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gateway</title></head>"
	"<body><p>The gateway is serving.</p></body></html>\n";

// Numbers are given one after the other: they fill the buckets evenly.
static struct control_conn_bucket *
waiting_bucket(struct mst_control *c, uint64_t number)
{
	return &c->auth_waiting[number % CONTROL_WAITING_BUCKETS];
}

struct control_conn *
control_conn_by_number(struct mst_control *c, uint64_t number)
{
	struct control_conn *conn;

	LIST_FOREACH(conn, waiting_bucket(c, number), waiting)
	{
		if (conn->number == number)
			return conn;
	}
	return NULL;
}

static void
read_more_later(struct control_conn *conn)
{
	if (conn->state != CONN_TUNNEL) {
		control_newcomer_queue(conn);
	} else if (conn->line == NULL) {
		conn->line = &conn->c->unread;
		TAILQ_INSERT_TAIL(conn->line, conn, more);
	}
}

void
control_conn_read_no_more(struct control_conn *conn)
{
	if (conn->line != NULL)
		TAILQ_REMOVE(conn->line, conn, more);
	conn->line = NULL;
}

void
control_conn_read_again(struct control_conn *conn)
{
	event_add(conn->readable, NULL);
	read_more_later(conn);
}

// While a password is checked the device is not read: what it says meanwhile waits in its socket.
void
control_conn_set_waiting(struct control_conn *conn, bool waiting)
{
	if (waiting) {
		conn->state = CONN_AUTH;
		event_del(conn->readable);
		LIST_INSERT_HEAD(waiting_bucket(conn->c, conn->number), conn, waiting);
	} else {
		conn->state = CONN_HTTP;
		control_conn_read_again(conn);
		LIST_REMOVE(conn, waiting);
	}
}

void
control_conn_watch_write(struct control_conn *conn)
{
	event_add(conn->writable, NULL);
}

static void
arm(struct control_conn *conn, uint64_t seconds)
{
	mst_wheel_arm(&conn->c->wheel, &conn->limit, mst_now_ns() + seconds * MST_NS_PER_S);
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

// The device is away: its session waits for it until the cookie's time is over.
static void
detach(struct control_conn *conn)
{
	struct control_login *l = conn->login;
	struct mst_session_info info = *l->session->info;

	CONTROL_COUNT(conn->c, tcp_lost);
	control_event_of(l, "away", "its connection has gone");
	conn->login = NULL;
	l->conn = NULL;
	l->away_since_ns = mst_now_ns();
	info.connected = false;
	mst_session_set_info(l->session, &info);
	control_look_arm(l);
}

void
control_conn_close(struct control_conn *conn)
{
	struct mst_control *c = conn->c;

	if (conn->state == CONN_CLOSING)
		return;
	control_signin_drop(conn);
	if (conn->state == CONN_AUTH) {
		LIST_REMOVE(conn, waiting);
		// Who does not wait for the answer has had his try.
		control_gate_failed(conn, mst_ac_credentials(conn->ac)->user);
	}
	if (conn->state != CONN_TUNNEL)
		control_newcomer_leave(conn);
	if (conn->login != NULL)
		detach(conn);
	conn->state = CONN_CLOSING;
	control_conn_read_no_more(conn);
	control_stream_free_queue(conn);
	mst_tls_conn_destroy(conn->tls);
	mst_ac_destroy(conn->ac);
	free(conn->proxy);
	free_event(conn->readable);
	free_event(conn->writable);
	mst_wheel_stop(&conn->limit);
	if (conn->fd >= 0)
		close(conn->fd);
	control_answer_drop(conn);
	TAILQ_REMOVE(&c->conns, conn, all);
	c->n_conns--;
	TAILQ_INSERT_TAIL(&c->dead, conn, all);
}

void
control_conn_reap(struct mst_control *c)
{
	struct control_conn *conn;

	while ((conn = TAILQ_FIRST(&c->dead)) != NULL) {
		TAILQ_REMOVE(&c->dead, conn, all);
		free(conn);
	}
}

struct control_arrival
control_conn_arrival(const struct control_conn *conn)
{
	struct control_arrival from = {.remote = conn->remote, .host = mst_tls_conn_host(conn->tls)};

	mst_tls_conn_peer_digest(conn->tls, from.certificate);
	return from;
}

// ---- what arrives, by state ---------------------------------------------------------------------
static void
http_closed(struct control_conn *conn)
{
	char remote[MST_IP_TEXT_BYTES];

	CONTROL_COUNT(conn->c, http_closed);
	MST_LOG(DEBUG, "control", "HTTP of %s: %s", mst_ip_format(&conn->remote, remote),
		mst_ac_fault_name(mst_ac_fault(conn->ac)));
}

static void
http_record(struct control_conn *conn, uint8_t *data, size_t len)
{
	enum mst_ac_event tells;
	size_t used;

	do {
		tells = mst_ac_feed(conn->ac, data, len, &used);
		if (tells != MST_AC_MORE)
			control_newcomer_greet(conn);
		switch (tells) {
		case MST_AC_MORE:
			break;
		case MST_AC_RESPOND:
			if (mst_ac_fault(conn->ac) != MST_AC_F_NONE)
				http_closed(conn);
			control_answer_flush(conn);
			break;
		case MST_AC_AUTHENTICATE:
			control_signin_start(conn);
			break;
		case MST_AC_ANSWER:
			control_signin_answer(conn);
			break;
		case MST_AC_CONNECT:
			control_connect(conn);
			return; // the client waits for the answer before it sends its first frame
		case MST_AC_CLOSE:
			http_closed(conn);
			control_conn_close(conn);
			return;
		}
		data += used;
		len -= used;
	} while (len != 0 && used != 0 && conn->state == CONN_HTTP);
}

void
control_conn_handshake(struct control_conn *conn)
{
	struct mst_control *c = conn->c;
	const struct mst_conf_timeouts *t = &c->conf->timeouts;

	switch (mst_tls_conn_handshake(conn->tls)) {
	case MST_TLS_OK:
		CONTROL_COUNT(c, tls_done);
		if (control_signin_prepare(conn, static_page) < 0) {
			control_conn_close(conn);
			return;
		}
		conn->state = CONN_HTTP;
		conn->signin_end_ns = mst_now_ns() + t->auth_s * MST_NS_PER_S;
		arm(conn, t->header_s < t->auth_s ? t->header_s : t->auth_s);
		return;
	case MST_TLS_WANT_READ:
		return;
	case MST_TLS_WANT_WRITE:
		control_conn_watch_write(conn);
		return;
	case MST_TLS_CLOSED: // bare TCP probes of load balancers end here, without a word in the log
		control_conn_close(conn);
		return;
	default:
		CONTROL_COUNT(c, tls_failed);
		MST_LOG(DEBUG, "control", "TLS handshake failed: %s", mst_tls_conn_error(conn->tls));
		control_conn_close(conn);
		return;
	}
}

static bool
may_read(const struct control_conn *conn)
{
	return (conn->state == CONN_HTTP && !conn->blocked) || conn->state == CONN_TUNNEL;
}

static void
take_record(struct control_conn *conn, size_t n)
{
	struct mst_control *c = conn->c;

	conn->last_rx_ns = mst_now_ns();
	if (conn->state != CONN_HTTP) {
		control_stream_record(conn, c->record, n);
		return;
	}
	http_record(conn, c->record, n);
	mst_wipe(c->record, n); // a password or a cookie was in there
}

void
control_conn_read(struct control_conn *conn, unsigned int max_records)
{
	size_t n;

	for (unsigned int i = 0; i < max_records && may_read(conn); i++) {
		switch (mst_tls_conn_read(conn->tls, conn->c->record, sizeof(conn->c->record), &n)) {
		case MST_TLS_OK:
			take_record(conn, n);
			break;
		case MST_TLS_WANT_READ:
			return;
		case MST_TLS_WANT_WRITE:
			control_conn_watch_write(conn);
			return;
		default:
			control_conn_close(conn);
			return;
		}
	}
	if (may_read(conn) && mst_tls_conn_pending(conn->tls))
		read_more_later(conn);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct control_conn *conn = arg;

	(void)fd;
	(void)what;
	conn->c->events++;
	if (conn->state == CONN_TUNNEL)
		control_conn_read(conn, RECORDS_PER_EVENT);
	else
		control_newcomer_queue(conn);
}

// Those of now only: who has still more to say comes to the end of the list, for the next turn. An event made
// active by its own callback would run again within the same call of libevent, and again, before anybody else.
void
control_conn_resume(struct mst_control *c)
{
	struct control_conn *conn;
	unsigned int n = 0;

	TAILQ_FOREACH(conn, &c->unread, more)
	n++;
	for (; n != 0 && (conn = TAILQ_FIRST(&c->unread)) != NULL; n--) {
		control_conn_read_no_more(conn);
		c->events++;
		control_conn_read(conn, RECORDS_PER_EVENT);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct control_conn *conn = arg;

	(void)fd;
	(void)what;
	conn->c->events++;
	if (conn->state == CONN_TLS) {
		control_newcomer_queue(conn);
		return;
	}
	switch (mst_tls_conn_flush(conn->tls)) {
	case MST_TLS_OK:
		break;
	case MST_TLS_WANT_WRITE:
	case MST_TLS_WANT_READ:
	case MST_TLS_BUSY:
		control_conn_watch_write(conn);
		return;
	default:
		control_conn_close(conn);
		return;
	}
	conn->blocked = false;
	if (conn->state == CONN_TUNNEL)
		read_more_later(
			conn); // a read may have waited for room, to answer a KeyUpdate (RFC 8446 4.6.3)
	control_answer_go_on(conn);
}

static void
on_limit(void *arg, uint64_t now_ns)
{
	struct control_conn *conn = arg;

	(void)now_ns;
	CONTROL_COUNT(conn->c, tls_timeout);
	control_conn_close(conn);
}

static struct control_conn *
make(struct mst_control *c, struct mst_tls_conn *tls, int fd, const struct mst_ip *remote)
{
	struct control_conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL) {
		mst_tls_conn_destroy(tls);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	conn->c = c;
	conn->fd = fd;
	conn->tls = tls;
	conn->state = CONN_TLS;
	conn->remote = *remote;
	conn->last_rx_ns = mst_now_ns();
	conn->readable = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, conn);
	conn->writable = event_new(c->base, fd, EV_WRITE, on_writable, conn);
	mst_wheel_timer_init(&conn->limit, on_limit, conn);
	TAILQ_INSERT_TAIL(&c->conns, conn, all);
	c->n_conns++;
	control_newcomer_enter(conn);
	return conn;
}

struct control_conn *
control_conn_adopt(struct mst_control *c, struct mst_tls_conn *tls, int fd, const struct mst_ip *remote)
{
	struct control_conn *conn = make(c, tls, fd, remote);

	if (conn == NULL)
		return NULL;
	CONTROL_COUNT(c, tcp_accepted);
	if (conn->readable == NULL || conn->writable == NULL || event_add(conn->readable, NULL) != 0) {
		control_conn_close(conn);
		return NULL;
	}
	arm(conn, c->conf->timeouts.tls_handshake_s);
	return conn;
}

void
control_conn_accept(struct mst_control *c, int fd, const struct mst_ip *remote)
{
	struct control_conn *conn;
	struct mst_tls_conn *tls;

	if (mst_tls_conn_create(&tls, c->tls, fd) < 0) {
		CONTROL_COUNT(c, tcp_refused);
		close(fd);
		return;
	}
	conn = control_conn_adopt(c, tls, fd, remote);
	if (conn != NULL && control_proxy_is_listed(c, remote))
		control_proxy_expect(conn);
}
