// The other TLS library, which openconnect uses: gnutls-cli as the client, over loopback sockets. Skipped
// without it.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_crypto.h"
#include "mst_dtls.h"

#include "support.h"

#define CLIENT "/usr/bin/gnutls-cli"
#define WAIT_MS 10000
// What openconnect 9.01 asks for on Debian.
#define PRIORITY "NORMAL:-VERS-SSL3.0:+SHA256:%COMPAT:-3DES-CBC:-ARCFOUR-128"

struct child {
	pid_t pid;
	int in;	 // to its stdin
	int out; // from its stdout
	char text[16384];
	size_t len;
};

static void
child_start(struct child *c, char *const argv[])
{
	int in[2];
	int out[2];

	*c = (struct child){0};
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execv(CLIENT, argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	c->in = in[1];
	c->out = out[0];
	assert_int_equal(fcntl(c->out, F_SETFL, O_NONBLOCK), 0);
}

static void
child_end(struct child *c)
{
	int status = 0;

	close(c->in);
	close(c->out);
	kill(c->pid, SIGKILL);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
}

static void
wait_fd(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};

	(void)poll(&p, 1, ms);
}

// Reads the client's output until word is in it.
static const char *
child_expect(struct child *c, const char *word)
{
	uint64_t end_ns = mst_now_ns() + WAIT_MS * MST_NS_PER_MS;

	while (mst_now_ns() < end_ns) {
		char *hit = strstr(c->text, word);

		if (hit != NULL)
			return hit;
		wait_fd(c->out, POLLIN, 100);
		ssize_t n = read(c->out, c->text + c->len, sizeof(c->text) - 1 - c->len);
		if (n > 0)
			c->len += (size_t)n;
		c->text[c->len] = '\0';
	}
	fail_msg("the client never said \"%s\":\n%s", word, c->text);
	return NULL;
}

static int
bind_loopback(int type, char port[8])
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(port, 8, "%u", ntohs(a.sin_port));
	return fd;
}

static void
handshake(struct mst_tls_conn *conn, int fd)
{
	uint64_t end_ns = mst_now_ns() + WAIT_MS * MST_NS_PER_MS;

	while (mst_now_ns() < end_ns) {
		enum mst_tls_result r = mst_tls_conn_handshake(conn);

		if (r == MST_TLS_OK)
			return;
		if (r != MST_TLS_WANT_READ && r != MST_TLS_WANT_WRITE)
			fail_msg("handshake %s: %s", mst_tls_result_text(r), mst_tls_conn_error(conn));
		wait_fd(fd, r == MST_TLS_WANT_READ ? POLLIN : POLLOUT, 100);
	}
	fail_msg("no handshake in time");
}

// gnutls-cli adds the certificate type to the version, openconnect does not.
static const char *
behind_version(const char *name)
{
	const char *at = strchr(name, ')');

	assert_non_null(at);
	return at;
}

static void
talk_tls(struct child *c, struct mst_tls_conn *conn, int fd)
{
	static uint8_t buf[MST_TLS_RECORD_BYTES];
	enum mst_tls_result r = MST_TLS_WANT_READ;
	uint8_t psk[MST_TLS_PSK_BYTES];
	char want[128];
	struct mst_str s = mst_str_init(want, sizeof(want));
	size_t n = 0;

	handshake(conn, fd);
	// The name is the one the client prints, and the exporter gives both the same secret.
	child_expect(c, "- Simple Client Mode");
	child_expect(c, behind_version(mst_tls_conn_cipher(conn)));
	assert_int_equal(mst_tls_conn_export_psk(conn, psk), 0);
	mst_str_fmt(&s, "- Key material: ");
	mst_str_add_hex(&s, psk, sizeof(psk));
	child_expect(c, want);
	assert_int_equal(mst_tls_conn_write(conn, "from the gateway\n", 17), MST_TLS_OK);
	child_expect(c, "from the gateway");
	assert_int_equal(write(c->in, "from the client\n", 16), 16);
	for (int i = 0; i < 100 && r == MST_TLS_WANT_READ; i++) {
		wait_fd(fd, POLLIN, 100);
		r = mst_tls_conn_read(conn, buf, sizeof(buf), &n);
	}
	assert_int_equal(r, MST_TLS_OK);
	assert_int_equal(n, 16);
	assert_memory_equal(buf, "from the client\n", 16);
}

static void
tls_with(const char *priority, enum key_kind kind)
{
	char port[8];
	char prio[160];
	char *const argv[] = {(char[]){"gnutls-cli"}, (char[]){"--insecure"}, prio,
		(char[]){"--keymatexport=EXPORTER-openconnect-psk"}, (char[]){"--keymatexportsize=32"},
		(char[]){"-p"}, port, (char[]){"127.0.0.1"}, NULL};
	struct mst_tls_conn *conn = NULL;
	struct mst_tls_ctx *ctx;
	struct files f;
	struct child c;
	int listener = bind_loopback(SOCK_STREAM, port);

	files_init(&f);
	files_put_identity(&f, kind);
	ctx = ctx_make(&f, MST_TLS_1_2);
	snprintf(prio, sizeof(prio), "--priority=%s", priority);
	assert_int_equal(listen(listener, 1), 0);
	child_start(&c, argv);
	wait_fd(listener, POLLIN, WAIT_MS);
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(mst_tls_conn_create(&conn, ctx, fd), 0);
	talk_tls(&c, conn, fd);
	mst_tls_conn_destroy(conn);
	mst_tls_ctx_put(ctx);
	child_end(&c);
	close(fd);
	close(listener);
	files_fini(&f);
}

static void
tls_1_3(void **state)
{
	(void)state;
	tls_with(PRIORITY, KEY_RSA);
}

static void
tls_1_2(void **state)
{
	(void)state;
	tls_with(PRIORITY ":-VERS-TLS1.3", KEY_RSA);
}

static const uint16_t suites[] = {0x00a9, 0xccab, 0x00a8};
static const uint8_t psk[MST_TLS_PSK_BYTES] = {0xab, 0xcd, 0xef};

static void
send_output(struct mst_tls_dtls *h, int fd)
{
	const uint8_t *datagram = NULL;
	size_t len = 0;

	while (mst_tls_dtls_output(h, &datagram, &len))
		assert_int_equal(send(fd, datagram, len, 0), len);
}

// The first datagram names the client; then until the handshake is over.
static void
handshake_dtls(struct mst_tls_dtls *h, int fd)
{
	enum mst_tls_dtls_state s = MST_TLS_DTLS_IN_PROGRESS;
	struct sockaddr_in peer;
	socklen_t peer_len = sizeof(peer);
	uint8_t buf[2048];

	wait_fd(fd, POLLIN, WAIT_MS);
	ssize_t n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&peer, &peer_len);
	assert_true(n > 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&peer, peer_len), 0);
	for (int i = 0; i < 100 && s == MST_TLS_DTLS_IN_PROGRESS; i++) {
		if (n > 0)
			s = mst_tls_dtls_feed(h, buf, (size_t)n);
		if (s == MST_TLS_DTLS_DONE)
			return;
		send_output(h, fd);
		wait_fd(fd, POLLIN, 100);
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	}
	fail_msg("DTLS handshake: %s", mst_tls_dtls_error(h));
}

static void
talk_dtls(struct child *c, struct mst_tls_dtls *h, int fd)
{
	uint8_t rec[2048];
	uint8_t *plain = NULL;
	size_t plain_len = 0;
	struct mst_dtls_keys keys;
	struct mst_dtls_header head;

	handshake_dtls(h, fd);
	assert_int_equal(mst_tls_dtls_keys(h, &keys), 0);
	send_output(h, fd);
	child_expect(c, "- Simple Client Mode");
	child_expect(c, behind_version(mst_tls_dtls_cipher(h)));
	plain = rec + mst_dtls_head_bytes(keys.suite);
	memcpy(plain, "from the gateway\n", 17);
	mst_dtls_seal(&keys, MST_DTLS_APPLICATION_DATA, MST_DTLS_FIRST_DATA_SEQ, plain, 17);
	size_t len = 17 + mst_dtls_overhead(keys.suite);
	assert_int_equal(send(fd, rec, len, 0), len);
	child_expect(c, "from the gateway");
	assert_int_equal(write(c->in, "from the client\n", 16), 16);
	wait_fd(fd, POLLIN, WAIT_MS);
	ssize_t n = recv(fd, rec, sizeof(rec), MSG_DONTWAIT);
	assert_true(n > 0);
	assert_int_equal(mst_dtls_parse(rec, (size_t)n, &head), MST_DTLS_OK);
	assert_int_equal(mst_dtls_open(&keys, rec, (size_t)n, &head, &plain, &plain_len), MST_DTLS_OK);
	assert_int_equal(plain_len, 16);
	assert_memory_equal(plain, "from the client\n", 16);
	mst_dtls_keys_wipe(&keys);
}

static void
dtls_with(const char *cipher)
{
	char port[8];
	char prio[160];
	char key[80];
	struct mst_str s = mst_str_init(key, sizeof(key));
	char *const argv[] = {(char[]){"gnutls-cli"}, (char[]){"--udp"}, (char[]){"--pskusername=psk"}, key,
		prio, (char[]){"-p"}, port, (char[]){"127.0.0.1"}, NULL};
	struct mst_tls_dtls_params p = {.suites = suites, .n_suites = MST_ARRAY_SIZE(suites)};
	struct mst_tls_dtls_ctx *ctx = NULL;
	struct mst_tls_dtls *h = NULL;
	struct child c;
	int fd = bind_loopback(SOCK_DGRAM, port);

	mst_str_fmt(&s, "--pskkey=");
	mst_str_add_hex(&s, psk, sizeof(psk));
	snprintf(prio, sizeof(prio),
		"--priority=NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL:+PSK:%%COMPAT:-CIPHER-ALL:+%s", cipher);
	assert_int_equal(mst_tls_dtls_ctx_create(&ctx, &p), 0);
	assert_int_equal(mst_tls_dtls_create(&h, ctx, psk, 1500), 0);
	child_start(&c, argv);
	talk_dtls(&c, h, fd);
	child_end(&c);
	mst_tls_dtls_destroy(h);
	mst_tls_dtls_ctx_put(ctx);
	close(fd);
}

static void
dtls_psk(void **state)
{
	(void)state;
	dtls_with("AES-256-GCM");
	dtls_with("AES-128-GCM");
	dtls_with("CHACHA20-POLY1305");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_1_3),
		cmocka_unit_test(tls_1_2),
		cmocka_unit_test(dtls_psk),
	};

	if (access(CLIENT, X_OK) != 0 || mst_crypto_init() != 0)
		return 77;
	// A client that ends early must not end the test by the pipe to it.
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
