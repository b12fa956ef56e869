// A connection before its tunnel: bounds, time limits, answers that TCP does not take, sign-in; and the loop around it.
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "rig.h"

#define GET "GET / HTTP/1.1\r\nHost: gw\r\n\r\n"

static int
knock(void)
{
	struct sockaddr_in gw = {
		.sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(0x7f000001)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&gw, sizeof(gw)), 0);
	return fd;
}

static void
turns(unsigned int n)
{
	while (n-- > 0)
		rig_turn();
}

static void
age(struct control_conn *conn)
{
	conn->last_rx_ns -= 2 * MST_NS_PER_S;
}

// Who comes while the bound is reached waits in the kernel, and is let in when there is room or who is in keeps us waiting.
static void
half_open_connections_have_a_bound(void **state)
{
	struct control_conn *oldest, *conn;
	struct mst_net lo;
	char err[128];
	int fd[10];

	(void)state;
	assert_int_equal(mst_test_run("ip link set lo up"), 0);
	assert_int_equal(mst_net_parse("127.0.0.1/8", &lo), 0);
	rig_conf.ports.public.addresses = &lo;
	rig_conf.ports.public.n_addresses = 1;
	assert_int_equal(control_listen(rig, err, sizeof(err)), 0);
	for (unsigned int i = 0; i < 8; i++)
		fd[i] = knock();
	turns(20);
	assert_int_equal(rig->n_half_open, 8);
	assert_int_equal(rig->counters.tcp_paused, 0);
	fd[8] = knock();
	turns(20);
	assert_int_equal(rig->n_half_open, 8);
	assert_int_equal(rig->counters.tcp_paused, 1);
	assert_int_equal(rig->counters.tcp_accepted, 8);
	close(fd[3]);
	turns(20);
	assert_int_equal(rig->n_half_open, 8);
	assert_int_equal(rig->counters.tcp_accepted, 9);
	fd[3] = knock();
	turns(20);
	assert_int_equal(rig->counters.half_open_dropped, 0);
	// The first of those who have said nothing for a second goes, one for each who wants to come in.
	oldest = TAILQ_FIRST(&rig->strangers);
	age(TAILQ_NEXT(oldest, half));
	turns(20);
	assert_int_equal(rig->counters.half_open_dropped, 1);
	assert_int_equal(rig->counters.tcp_accepted, 10);
	assert_ptr_equal(TAILQ_FIRST(&rig->strangers), oldest); // spoke a moment ago
	// Whoever has sent a request goes after all who have not, and who waits for us not at all.
	fd[9] = knock();
	TAILQ_FOREACH(conn, &rig->strangers, half)
	age(conn);
	oldest->is_guest = true;
	TAILQ_REMOVE(&rig->strangers, oldest, half);
	TAILQ_INSERT_TAIL(&rig->guests, oldest, half);
	turns(20);
	assert_int_equal(rig->counters.half_open_dropped, 2);
	assert_ptr_equal(TAILQ_FIRST(&rig->guests), oldest);
	assert_int_equal(rig->n_half_open, 8);
	for (unsigned int i = 0; i < 10; i++)
		close(fd[i]);
	turns(20);
	assert_int_equal(rig->n_half_open, 0);
	assert_int_equal(rig->counters.tcp_refused, 0);
	control_listen_stop(rig);
}

// Newcomers' work ends with its share of the turn; a tunnel is served before it in any case.
static void
a_tunnel_is_served_before_newcomers(void **state)
{
	struct device d;
	struct control_conn *waiting;
	uint8_t answer[MST_TLS_RECORD_BYTES];
	struct mst_ip ip;
	int fd[2];

	(void)state;
	rig_tunnel(&d, "bob", NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(mst_ip_parse("198.51.100.9", &ip), 0);
	control_conn_accept(rig, fd[0], &ip);
	waiting = TAILQ_LAST(&rig->conns, control_conns);
	assert_int_equal(send(fd[1], "x", 1, 0), 1);
	event_base_loop(rig->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	assert_ptr_equal(waiting->line, &rig->knocking); // seen, not served
	device_frame(&d, MST_CSTP_DPD_REQ, NULL, 0);
	assert_int_equal(device_read(&d, answer, sizeof(answer)), MST_CSTP_HEADER_BYTES);
	assert_null(waiting->line); // that turn came to it as well
	control_conn_close(waiting);
	close(fd[1]);
	device_close(&d);
}

static void
who_does_not_sign_in_is_closed(void **state)
{
	struct device d;
	struct mst_ip ip;
	int fd[2];

	(void)state;
	rig_conf.timeouts.auth_s = 0; // at the next turn
	device_open(&d, "198.51.100.7");
	for (int i = 0; i < 500 && rig->n_conns != 0; i++) {
		rig_turn();
		usleep(2000);
	}
	assert_int_equal(rig->counters.tls_timeout, 1);
	assert_int_equal(rig->n_conns, 0);
	device_close(&d);
	rig_conf.timeouts.auth_s = 60;
	rig_conf.timeouts.header_s = 5;
	device_open(&d, "198.51.100.7");
	assert_true(d.conn->limit.due_ns + 54 * MST_NS_PER_S < d.conn->signin_end_ns); // of the first request
	assert_ptr_equal(TAILQ_FIRST(&rig->strangers), d.conn);
	device_send(&d, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
	for (int i = 0; i < 500 && !d.conn->is_guest; i++)
		rig_turn();
	assert_ptr_equal(TAILQ_FIRST(&rig->guests), d.conn);
	assert_int_equal(d.conn->limit.due_ns, d.conn->signin_end_ns);
	device_close(&d);
	rig_turn();
	rig_conf.timeouts.tls_handshake_s = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(mst_ip_parse("198.51.100.9", &ip), 0);
	control_conn_accept(rig, fd[0], &ip);
	for (int i = 0; i < 500 && rig->n_conns != 0; i++) {
		rig_turn();
		usleep(2000);
	}
	assert_int_equal(rig->counters.tls_timeout, 2);
	close(fd[1]);
}

static unsigned int
answers(struct device *d)
{
	char text[MST_TLS_RECORD_BYTES + 1];
	unsigned int n = 0;
	int len;

	while ((len = device_read(d, text, sizeof(text) - 1)) > 0) {
		text[len] = '\0';
		n += strncmp(text, "HTTP/1.1 200 ", 13) == 0;
	}
	return n;
}

// No answer is lost, and a CONNECT that waited behind them gets its own.
static void
who_does_not_read_is_not_read(void **state)
{
	struct device d;
	int small = 1;
	char cookie[MST_COOKIE_TEXT_BYTES], text[1024];
	unsigned int n = 0;
	size_t sent;

	(void)state;
	rig_login("bob", cookie);
	device_open(&d, "198.51.100.7");
	assert_int_equal(setsockopt(d.conn->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	for (; n < 13; n++) // all of them in one go of the loop
		assert_int_equal(SSL_write_ex(d.ssl, GET, sizeof(GET) - 1, &sent), 1);
	snprintf(text, sizeof(text),
		"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: gw\r\nCookie: webvpn=%s\r\n\r\n", cookie);
	device_send(&d, text, strlen(text));
	for (unsigned int i = 0; i < 1000 && !d.conn->blocked; i++)
		rig_turn(); // a turn has a millisecond for newcomers, which a busy machine may make short
	assert_true(d.conn->blocked);
	assert_int_equal(d.conn->state, CONN_HTTP);
	assert_int_equal(answers(&d), n + 1);
	assert_int_equal(d.conn->state, CONN_TUNNEL);
	assert_null(d.conn->ac);
	device_frame(&d, MST_CSTP_DPD_REQ, NULL, 0);
	assert_int_equal(device_read(&d, text, sizeof(text)), MST_CSTP_HEADER_BYTES);
	device_close(&d);
}

// The answer to CONNECT goes before the packets that came meanwhile.
static void
packets_wait_for_the_answer(void **state)
{
	struct device d;
	char text[MST_TLS_RECORD_BYTES + 1];
	int n;

	(void)state;
	rig_tunnel(&d, "bob", NULL);
	d.conn->blocked = true; // as if the answer still waited
	control_stream_send(d.conn, MST_CSTP_DPD_REQ, NULL, 0);
	assert_int_equal(device_read(&d, text, sizeof(text)), 0);
	control_conn_watch_write(d.conn);
	rig_turn();
	assert_false(d.conn->blocked);
	control_stream_send(d.conn, MST_CSTP_DPD_REQ, NULL, 0);
	n = device_read(&d, text, sizeof(text));
	assert_int_equal(n, MST_CSTP_HEADER_BYTES);
	device_close(&d);
}

// A connection that always has more to say gives the others their turn.
static void
a_fast_sender_does_not_hold_the_loop(void **state)
{
	struct device d;
	uint8_t rec[MST_CSTP_HEADER_BYTES];
	size_t n;
	uint64_t before;

	(void)state;
	rig_tunnel(&d, "bob", NULL);
	mst_cstp_header(rec, MST_CSTP_KEEPALIVE, 0);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(SSL_write_ex(d.ssl, rec, sizeof(rec), &n), 1);
	before = d.conn->last_rx_ns;
	event_base_loop(rig->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	assert_true(d.conn->last_rx_ns > before);
	assert_ptr_equal(d.conn->line, &rig->unread); // 32 were read
	assert_true(mst_tls_conn_pending(d.conn->tls));
	control_conn_resume(rig);
	assert_ptr_equal(d.conn->line, &rig->unread);
	control_conn_resume(rig);
	control_conn_resume(rig);
	assert_null(d.conn->line);
	assert_false(mst_tls_conn_pending(d.conn->tls));
	device_close(&d);
}

static unsigned int calls;

static void
always_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (++calls == 3)
		mst_control_request_stop(rig);
}

// Such as a listener in a process without a descriptor left. The alarm ends the program if the loop does not.
static void
a_descriptor_that_stays_ready_does_not_hold_the_loop(void **state)
{
	struct event *e;
	int fd[2];

	(void)state;
	calls = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	e = event_new(rig->base, fd[0], EV_READ | EV_PERSIST, always_ready, NULL);
	event_add(e, NULL);
	alarm(20);
	mst_control_run(rig);
	alarm(0);
	assert_true(calls >= 3);
	event_free(e);
	close(fd[0]);
	close(fd[1]);
}

// A device that is told exits; one that is not comes back by its cookie.
static void
a_stop_leaves_devices_to_come_back(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES];
	uint8_t buf[MST_TLS_RECORD_BYTES];

	(void)state;
	rig_tunnel(&d, "bob", cookie);
	rig_login("eve", NULL);
	mst_control_request_stop(rig);
	mst_control_run(rig);
	assert_int_equal(rig->counters.end_stop, 2);
	assert_int_equal(device_read(&d, buf, sizeof(buf)), -1);
	device_close(&d);
	rig->stopping = false;
	rig_restart();
	assert_non_null(rig_find(cookie));
	assert_int_equal(rig->n_logins, 2);
}

// ---- sign-in ------------------------------------------------------------------------------------
static struct event *results;
static struct mst_conf *auth_conf;

static struct mst_conf *
conf_with_users(const char *path)
{
	struct mst_conf_error err;
	struct mst_conf *conf;
	char text[512];

	snprintf(text, sizeof(text),
		"tls: {certificate: %s, key: %s}\npool: {ipv4: 10.9.0.0/29}\ndtls: {ciphers: [aes-256-gcm]}\n"
		"ports: {public: {device: none, addresses: [192.0.2.1/24]}}\n"
		"auth: {helper: %s}\nusers: {file: %s}\ncookie: {keys: %s, sessions: %s}\n",
		rig_files.cert, rig_files.key, getenv("MST_AUTHD"), path, rig_conf.cookie.keys,
		rig_conf.cookie.sessions);
	assert_int_equal(mst_conf_load_text(&conf, "f", text, strlen(text), &err), 0);
	return conf;
}

static void
auth_start(void)
{
	struct mst_auth_params p = {.queue = 2};
	struct mst_conf_error err;
	char path[64];

	snprintf(path, sizeof(path), "%s/users", rig_files.dir);
	files_put(path, "bob:staff:$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1\n"); // "secret"
	p.conf = auth_conf = conf_with_users(path);
	assert_int_equal(mst_auth_create(&rig->auth, &p, &err), 0);
	results = event_new(
		rig->base, mst_auth_fd(rig->auth), EV_READ | EV_PERSIST, control_signin_results, rig);
	event_add(results, NULL);
}

static void
auth_stop(void)
{
	event_free(results);
	mst_auth_destroy(rig->auth);
	mst_conf_free(auth_conf);
}

static void
post(struct device *d, const char *body)
{
	char text[512];

	snprintf(text, sizeof(text),
		"POST /auth HTTP/1.1\r\nHost: gw\r\nUser-Agent: Open AnyConnect VPN Agent v9.01\r\n"
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	device_send(d, text, strlen(text));
}

static void
wait_answer(struct device *d, char *text, size_t cap)
{
	int n = 0;

	for (int i = 0; i < 2000 && n == 0; i++) {
		n = device_read(d, text, cap - 1);
		usleep(1000);
	}
	assert_true(n > 0);
	text[n] = '\0';
}

static void
the_right_password_gives_a_cookie(void **state)
{
	struct device d;
	char text[MST_TLS_RECORD_BYTES + 1], cookie[MST_COOKIE_TEXT_BYTES];
	const char *at;
	struct control_login *l;

	(void)state;
	auth_start();
	device_open(&d, "198.51.100.7");
	post(&d, "username=bob&password=wrong");
	assert_int_equal(d.conn->state, CONN_AUTH);
	wait_answer(&d, text, sizeof(text));
	assert_null(strstr(text, "webvpn="));
	assert_int_equal(rig->counters.auth_failed, 1);
	assert_int_equal(rig->n_logins, 0);
	post(&d, "username=bob&password=secret");
	wait_answer(&d, text, sizeof(text));
	at = strstr(text, "webvpn=");
	assert_non_null(at);
	snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(at + 7, ";"), at + 7);
	l = rig_find(cookie);
	assert_non_null(l);
	assert_string_equal(l->user, "bob");
	assert_string_equal(l->group, "staff");
	assert_false(l->session->info->connected);
	assert_int_equal(rig->counters.auth_ok, 1);
	assert_null(memmem(rig->record, sizeof(rig->record), "secret", 6)); // wiped
	device_close(&d);
	auth_stop();
}

static void
a_result_for_who_has_gone_makes_no_login(void **state)
{
	struct device d;

	(void)state;
	auth_start();
	device_open(&d, "198.51.100.7");
	post(&d, "username=bob&password=secret");
	assert_int_equal(d.conn->state, CONN_AUTH);
	control_conn_close(d.conn);
	assert_null(control_conn_by_number(rig, rig->n_signins));
	for (int i = 0; i < 300; i++) {
		rig_turn();
		usleep(1000);
	}
	assert_int_equal(rig->counters.auth_ok, 0);
	assert_int_equal(rig->n_logins, 0);
	device_close(&d);
	auth_stop();
}

// All or nothing, and what lives lives on.
static void
a_reload_keeps_connections(void **state)
{
	struct mst_tls_ctx *tls = rig->tls;
	struct mst_conf *bad = conf_with_users("/nonexistent/users"), *fresh;
	struct device d, later;
	char path[64], err[512], text[MST_TLS_RECORD_BYTES + 1];

	(void)state;
	auth_start();
	rig_tunnel(&d, "bob", NULL);
	device_open(&later, "198.51.100.8");
	snprintf(path, sizeof(path), "%s/users", rig_files.dir);
	assert_int_equal(mst_control_reload(rig, bad, err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "/nonexistent/users"));
	assert_ptr_equal(rig->tls, tls);
	assert_ptr_equal(rig->conf, &rig_conf);
	mst_conf_free(bad);
	fresh = conf_with_users(path);
	assert_int_equal(mst_control_reload(rig, fresh, err, sizeof(err)), 0);
	assert_ptr_equal(rig->conf, fresh);
	device_frame(&d, MST_CSTP_DPD_REQ, NULL, 0);
	assert_int_equal(device_read(&d, text, sizeof(text)), MST_CSTP_HEADER_BYTES);
	post(&later, "username=bob&password=secret"); // its TLS is of the context before
	wait_answer(&later, text, sizeof(text));
	assert_non_null(strstr(text, "webvpn="));
	device_close(&later);
	device_open(&later, "198.51.100.8");
	device_close(&later);
	device_close(&d);
	rig->conf = &rig_conf;
	auth_stop();
	mst_conf_free(fresh);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(half_open_connections_have_a_bound),
		TEST(a_tunnel_is_served_before_newcomers),
		TEST(who_does_not_sign_in_is_closed),
		TEST(who_does_not_read_is_not_read),
		TEST(packets_wait_for_the_answer),
		TEST(a_fast_sender_does_not_hold_the_loop),
		TEST(a_descriptor_that_stays_ready_does_not_hold_the_loop),
		TEST(a_stop_leaves_devices_to_come_back),
		TEST(the_right_password_gives_a_cookie),
		TEST(a_reload_keeps_connections),
		TEST(a_result_for_who_has_gone_makes_no_login),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
