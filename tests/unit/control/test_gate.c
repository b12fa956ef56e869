// Who may come in at all, and whom a load balancer speaks for.
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "rig.h"

static struct mst_net home; // 127.0.0.0/8

static int
setup(void **state)
{
	int rc = rig_setup(state);

	rig_conf.bans = (struct mst_conf_bans){
		.max_points = 80, .wrong_password = 10, .connect_flood = 1, .reset_s = 1200, .ban_s = 300};
	rig_conf.limits.handshakes_per_second = 5;
	assert_int_equal(mst_net_parse("127.0.0.0/8", &home), 0);
	return rc;
}

static struct mst_ip
ip(const char *text)
{
	struct mst_ip a;

	assert_int_equal(mst_ip_parse(text, &a), 0);
	return a;
}

// How many of a hundred come in.
static unsigned int
admitted(const char *from)
{
	struct mst_ip a = ip(from);
	unsigned int n = 0;

	for (unsigned int i = 0; i < 100; i++)
		n += control_gate_admits(rig, &a);
	return n;
}

static void
ban(const char *from)
{
	struct control_conn conn = {.c = rig, .remote = ip(from)};

	for (unsigned int i = 0; i < 8; i++) {
		assert_false(control_gate_is_banned(&conn));
		control_gate_failed(&conn, "anna");
	}
}

static bool
is_banned(const char *from)
{
	return control_gate_is_banned(&(struct control_conn){.c = rig, .remote = ip(from)});
}

static void
a_second_has_so_many(void **state)
{
	(void)state;
	assert_in_range(admitted("192.0.2.7"), 5, 50);
	assert_in_range(rig->counters.tcp_flood, 50, 95);
	assert_int_equal(rig->counters.tcp_banned, 0);
	assert_in_range(admitted("192.0.2.8"), 5, 50);
	// Whoever goes on beyond it is banned in the end; a point a second at the most, so here by one.
	rig_conf.bans.max_points = 1;
	admitted("192.0.2.9");
	assert_true(is_banned("192.0.2.9"));
	assert_int_equal(rig->counters.bans, 1);
}

static void
the_banned_stay_outside(void **state)
{
	struct control_conn anna = {.c = rig, .remote = ip("192.0.2.7")};

	(void)state;
	ban("192.0.2.7");
	assert_int_equal(rig->counters.bans, 1);
	assert_true(is_banned("192.0.2.7"));
	assert_false(is_banned("192.0.2.8"));
	assert_int_equal(admitted("192.0.2.7"), 0);
	assert_int_equal(rig->counters.tcp_banned, 100);
	assert_int_equal(rig->counters.tcp_flood, 0);
	assert_true(mst_control_unban(rig, &anna.remote));
	assert_false(mst_control_unban(rig, &anna.remote));
	assert_true(control_gate_admits(rig, &anna.remote));
	// A sign-in that succeeds takes back what that user has mistyped.
	for (unsigned int i = 0; i < 20; i++) {
		control_gate_failed(&anna, "anna");
		control_gate_succeeded(&anna, "anna");
	}
	assert_false(is_banned("192.0.2.7"));
}

static void
the_exempt_are_not_counted(void **state)
{
	(void)state;
	ban("127.0.0.1");
	rig_conf.bans.exempt = &home;
	rig_conf.bans.n_exempt = 1;
	assert_false(is_banned("127.0.0.1"));
	assert_int_equal(admitted("127.0.0.1"), 100);
	for (unsigned int i = 0; i < 2; i++)
		ban("127.0.0.2");
	assert_int_equal(rig->counters.bans, 1);
	rig_conf.bans.n_exempt = 0;
	assert_false(is_banned("127.0.0.2"));
}

// ---- load balancers -----------------------------------------------------------------------------
static struct control_conn *
arrive(const char *from, int *fd)
{
	struct mst_ip a = ip(from);
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	control_conn_accept(rig, pair[0], &a);
	*fd = pair[1];
	return TAILQ_LAST(&rig->conns, control_conns);
}

static void
say(int fd, const void *text, size_t len)
{
	assert_int_equal(send(fd, text, len, 0), len);
	for (unsigned int i = 0; i < 3; i++)
		rig_turn();
}

static void
listen_to_home(void)
{
	rig_conf.listen.proxies = &home;
	rig_conf.listen.n_proxies = 1;
}

static void
a_balancer_says_whom_it_speaks_for(void **state)
{
	static const char header[] = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
	static const char nobody[] = "PROXY UNKNOWN\r\n";
	struct mst_ip device = ip("192.0.2.7"), balancer = ip("127.0.0.1");
	struct control_conn *conn;
	int fd;

	(void)state;
	listen_to_home();
	conn = arrive("127.0.0.1", &fd);
	say(fd, header, sizeof(header) - 1);
	assert_null(conn->proxy);
	assert_true(mst_ip_equal(&conn->remote, &device));
	close(fd);
	conn = arrive("127.0.0.1", &fd);
	for (size_t i = 0; i < sizeof(header) - 1; i++) {
		assert_non_null(conn->proxy);
		say(fd, header + i, 1);
	}
	assert_null(conn->proxy);
	assert_true(mst_ip_equal(&conn->remote, &device));
	close(fd);
	conn = arrive("127.0.0.1", &fd);
	say(fd, nobody, sizeof(nobody) - 1);
	assert_null(conn->proxy);
	assert_true(mst_ip_equal(&conn->remote, &balancer));
	close(fd);
	assert_int_equal(rig->counters.proxy_malformed, 0);
}

static void
what_is_no_header_ends(void **state)
{
	static const char *const texts[] = {
		"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01"};
	int fd;

	(void)state;
	listen_to_home();
	for (size_t i = 0; i < MST_ARRAY_SIZE(texts); i++) {
		(void)arrive("127.0.0.1", &fd);
		say(fd, texts[i], strlen(texts[i]));
		assert_int_equal(rig->n_conns, 0);
		assert_int_equal(rig->counters.proxy_malformed, i + 1);
		close(fd);
	}
	// A probe is no event.
	(void)arrive("127.0.0.1", &fd);
	close(fd);
	for (unsigned int i = 0; i < 3; i++)
		rig_turn();
	assert_int_equal(rig->n_conns, 0);
	assert_int_equal(rig->counters.proxy_malformed, MST_ARRAY_SIZE(texts));
}

// Nobody else is believed, and nobody gets round a ban by it.
static void
bans_are_of_whom_it_speaks_for(void **state)
{
	static const char header[] = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";
	struct control_conn *conn;
	int fd;

	(void)state;
	listen_to_home();
	conn = arrive("198.51.100.1", &fd);
	assert_null(conn->proxy);
	say(fd, header, sizeof(header) - 1);
	assert_int_equal(rig->n_conns, 0);
	assert_int_equal(rig->counters.proxy_malformed, 0);
	close(fd);
	ban("192.0.2.7");
	(void)arrive("127.0.0.1", &fd);
	say(fd, header, sizeof(header) - 1);
	assert_int_equal(rig->n_conns, 0);
	assert_int_equal(rig->counters.tcp_banned, 1);
	close(fd);
}

static int
knock_at(const struct sockaddr *gw, socklen_t len)
{
	int fd = socket(gw->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, gw, len), 0);
	for (unsigned int i = 0; i < 20; i++)
		rig_turn();
	return fd;
}

static int
knock(void)
{
	struct sockaddr_in gw = {
		.sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return knock_at((const struct sockaddr *)&gw, sizeof(gw));
}

static void
the_listener_asks_the_gate(void **state)
{
	struct sockaddr_in6 gw6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(443), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct mst_ip home4 = ip("127.0.0.1"), home6 = ip("::1");
	struct mst_net lo[2];
	char err[128];
	int fd[4];

	(void)state;
	assert_int_equal(mst_test_run("ip link set lo up"), 0);
	assert_int_equal(mst_net_parse("127.0.0.1/8", &lo[0]), 0);
	assert_int_equal(mst_net_parse("::1/128", &lo[1]), 0);
	rig_conf.ports.public.addresses = lo;
	rig_conf.ports.public.n_addresses = 2;
	assert_int_equal(control_listen(rig, err, sizeof(err)), 0);
	fd[0] = knock();
	assert_int_equal(rig->n_conns, 1);
	assert_true(mst_ip_equal(&TAILQ_LAST(&rig->conns, control_conns)->remote, &home4));
	ban("127.0.0.1");
	fd[1] = knock();
	assert_int_equal(rig->n_conns, 1);
	assert_int_equal(rig->counters.tcp_banned, 1);
	// By RST, so that nothing of it stays in the kernel.
	assert_int_equal(recv(fd[1], err, 1, 0), -1);
	// Whom a balancer speaks for is known later.
	listen_to_home();
	fd[2] = knock();
	assert_int_equal(rig->n_conns, 2);
	assert_int_equal(rig->counters.tcp_banned, 1);
	fd[3] = knock_at((const struct sockaddr *)&gw6, sizeof(gw6));
	assert_int_equal(rig->n_conns, 3);
	assert_true(mst_ip_equal(&TAILQ_LAST(&rig->conns, control_conns)->remote, &home6));
	for (unsigned int i = 0; i < 4; i++)
		close(fd[i]);
	control_listen_stop(rig);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_second_has_so_many),
		TEST(the_banned_stay_outside),
		TEST(the_exempt_are_not_counted),
		TEST(a_balancer_says_whom_it_speaks_for),
		TEST(what_is_no_header_ends),
		TEST(bans_are_of_whom_it_speaks_for),
		TEST(the_listener_asks_the_gate),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
