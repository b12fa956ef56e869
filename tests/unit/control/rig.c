// A control lcore without listeners, taps and workers; see rig.h.
#include "rig.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/err.h>

#include "mst_port.h"

#include "question.h"

#define TURNS 50

struct mst_control *rig;
struct mst_conf rig_conf;
struct files rig_files;
static unsigned int mbufs_at_start;
static char keys_path[64], sessions_path[64];

int
rig_group_setup(void **state)
{
	(void)state;
	mst_log_set_level(MST_LOG_ERROR);
	if (!mst_test_netns())
		exit(MST_TEST_SKIP);
	assert_int_equal(mst_test_eal_start(256), 0);
	assert_int_equal(mst_crypto_init(), 0);
	assert_int_equal(mst_port_pool_create(1023, 2048), 0);
	files_init(&rig_files);
	files_put_identity(&rig_files, KEY_EC);
	return 0;
}

int
rig_group_teardown(void **state)
{
	(void)state;
	files_fini(&rig_files);
	mst_rt_stop();
	return 0;
}

static void
make_conf(void)
{
	rig_conf = (struct mst_conf){
		.listen = {.port = 443, .udp = true},
		.network = {.mtu = 1500, .pac_url = "", .banner = ""},
		.timeouts =
			{.dpd_s = 30, .cookie_s = 300, .auth_s = 60, .tls_handshake_s = 10, .header_s = 10},
		.limits = {.half_open = 8},
	};
	snprintf(keys_path, sizeof(keys_path), "%s/cookie.keys", rig_files.dir);
	snprintf(sessions_path, sizeof(sessions_path), "%s/sessions", rig_files.dir);
	rig_conf.cookie.keys = keys_path;
	rig_conf.cookie.sessions = sessions_path;
	assert_int_equal(mst_net_parse("10.9.0.0/29", &rig_conf.pool.ipv4), 0);
	assert_int_equal(mst_net_parse("fd00:9::/64", &rig_conf.pool.ipv6), 0);
}

static void
open_keyring(void)
{
	char err[512];

	if (control_keyring_open(rig, &rig_conf, err, sizeof(err)) < 0)
		fail_msg("%s", err);
}

int
rig_setup(void **state)
{
	static const uint16_t suite[] = {0x00a9};
	struct mst_session_params p = {.max_sessions = 100};
	char err[128];

	(void)state;
	make_conf();
	p.pool4 = rig_conf.pool.ipv4;
	p.pool6 = rig_conf.pool.ipv6;
	assert_int_equal(mst_session_tables_create(&p, err, sizeof(err)), 0);
	rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	rig->conf = &rig_conf;
	rig->base = event_base_new();
	rig->tls = ctx_make(&rig_files, MST_TLS_1_2);
	rig->dtls = dtls_ctx_make(suite, 1);
	assert_int_equal(control_tables_create(rig, 16), 0);
	unlink(keys_path);
	unlink(sessions_path);
	open_keyring();
	mbufs_at_start = rte_mempool_in_use_count(mst_port_pool());
	return 0;
}

static void
end_all(void)
{
	struct control_login *l;
	struct control_conn *conn;

	while ((l = TAILQ_FIRST(&rig->logins)) != NULL)
		control_login_end(rig, l, CONTROL_END_STOP);
	while ((conn = TAILQ_FIRST(&rig->conns)) != NULL)
		control_conn_close(conn);
	control_conn_reap(rig);
	control_question_end_all(rig);
}

void
rig_restart(void)
{
	end_all();
	mst_test_reclaim();
	control_keyring_close(rig);
	open_keyring();
}

int
rig_teardown(void **state)
{
	struct mst_session_counts counts;

	(void)state;
	end_all();
	control_keyring_close(rig);
	rig_inject_drop();
	mst_test_reclaim();
	mst_session_counts(&counts);
	assert_int_equal(counts.sessions, 0);
	assert_int_equal(counts.dtls, 0);
	assert_int_equal(rig->n_conns, 0);
	assert_int_equal(rig->n_half_open, 0);
	assert_int_equal(rig->n_logins, 0);
	assert_int_equal(rig->n_handshakes, 0);
	assert_true(rig->n_handshakes == 0 && TAILQ_EMPTY(&rig->unread) && TAILQ_EMPTY(&rig->knocking));
	for (unsigned int i = 0; i < CONTROL_WAITING_BUCKETS; i++)
		assert_true(LIST_EMPTY(&rig->auth_waiting[i]));
	for (unsigned int i = 0; i < MST_WHEEL_SLOTS; i++)
		assert_true(LIST_EMPTY(&rig->wheel.slots[i]));
	assert_true(TAILQ_EMPTY(&rig->dead));
	assert_int_equal(rte_mempool_in_use_count(mst_port_pool()), mbufs_at_start);
	mst_tls_ctx_put(rig->tls);
	mst_tls_dtls_ctx_put(rig->dtls);
	event_base_free(rig->base);
	control_tables_destroy(rig);
	free(rig);
	mst_session_tables_destroy();
	return 0;
}

void
rig_turn(void)
{
	control_turn(rig);
}

struct control_login *
rig_login(const char *user, char cookie[MST_COOKIE_TEXT_BYTES])
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK, .n_groups = 1, .groups = {"staff"}};
	struct control_arrival from = {.remote = {.family = 4, .bytes = {198, 51, 100, 7}}, .host = ""};
	struct control_login *l = NULL;
	char text[MST_COOKIE_TEXT_BYTES];

	snprintf(r.user, sizeof(r.user), "%s", user);
	assert_int_equal(control_login_create(rig, &r, &from, text, &l), 0);
	if (cookie != NULL)
		memcpy(cookie, text, sizeof(text));
	return l;
}

struct control_login *
rig_find(const char *cookie)
{
	struct mst_cookie c;

	if (mst_cookie_open(rig->keys, (uint64_t)time(NULL), cookie, &c) < 0)
		return NULL;
	return control_login_by_cookie(rig, c.id);
}

struct rte_mbuf *
rig_inject_take(void)
{
	void *m = NULL;

	return rte_ring_dequeue(mst_rt_ring_inject(0), &m) == 0 ? m : NULL;
}

unsigned int
rig_inject_drop(void)
{
	struct rte_mbuf *m;
	unsigned int n = 0;

	for (; (m = rig_inject_take()) != NULL; n++)
		rte_pktmbuf_free(m);
	return n;
}

// ---- devices ------------------------------------------------------------------------------------
static void
open_device(struct device *d, const char *remote, const char *host, X509 *cert, EVP_PKEY *key)
{
	char name[64]; // libssl's macro casts const away
	struct mst_ip ip;
	bool done = false;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	assert_int_equal(mst_ip_parse(remote, &ip), 0);
	*d = (struct device){.fd = fd[1]};
	control_conn_accept(rig, fd[0], &ip);
	d->conn = TAILQ_LAST(&rig->conns, control_conns);
	d->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(d->ctx);
	if (cert != NULL)
		assert_true(SSL_CTX_use_certificate(d->ctx, cert) == 1 &&
			    SSL_CTX_use_PrivateKey(d->ctx, key) == 1);
	d->ssl = SSL_new(d->ctx);
	assert_int_equal(SSL_set_fd(d->ssl, d->fd), 1);
	SSL_set_connect_state(d->ssl);
	if (host != NULL) {
		snprintf(name, sizeof(name), "%s", host);
		assert_int_equal(SSL_set_tlsext_host_name(d->ssl, name), 1);
	}
	for (int i = 0; i < TURNS && !done; i++) {
		ERR_clear_error();
		done = SSL_do_handshake(d->ssl) == 1;
		rig_turn();
	}
	assert_true(done);
	rig_turn();
}

void
device_open(struct device *d, const char *remote)
{
	open_device(d, remote, NULL, NULL, NULL);
}

void
device_open_at(struct device *d, const char *remote, const char *host)
{
	open_device(d, remote, host, NULL, NULL);
}

void
device_open_with(struct device *d, const char *remote, X509 *cert, EVP_PKEY *key)
{
	open_device(d, remote, NULL, cert, key);
}

void
device_close(struct device *d)
{
	SSL_free(d->ssl);
	SSL_CTX_free(d->ctx);
	close(d->fd);
	ERR_clear_error();
	rig_turn();
}

void
device_send(struct device *d, const void *data, size_t len)
{
	size_t n = 0;

	assert_int_equal(SSL_write_ex(d->ssl, data, len, &n), 1);
	rig_turn();
}

int
device_read(struct device *d, void *buf, size_t cap)
{
	size_t n = 0;

	rig_turn();
	ERR_clear_error();
	if (SSL_read_ex(d->ssl, buf, cap, &n) == 1)
		return (int)n;
	return SSL_get_error(d->ssl, 0) == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool
device_gone(struct device *d)
{
	uint8_t buf[MST_TLS_RECORD_BYTES];
	int n;

	while ((n = device_read(d, buf, sizeof(buf))) > 0)
		;
	return n < 0;
}

void
device_connect(struct device *d, const char *cookie, const char *extra, char *text, size_t cap)
{
	char request[2048];
	int n;

	n = snprintf(request, sizeof(request),
		"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: gw\r\nUser-Agent: Open AnyConnect VPN Agent "
		"v9.01\r\n"
		"%s%s%sX-CSTP-Version: 1\r\nX-CSTP-Hostname: vm\r\n%s\r\n",
		cookie != NULL ? "Cookie: webvpn=" : "", cookie != NULL ? cookie : "",
		cookie != NULL ? "\r\n" : "", extra);
	device_send(d, request, (size_t)n);
	n = device_read(d, text, cap - 1);
	assert_true(n > 0);
	text[n] = '\0';
}

void
device_frame(struct device *d, uint8_t type, const void *payload, size_t len)
{
	uint8_t rec[4096];

	assert_true(len <= sizeof(rec) - MST_CSTP_HEADER_BYTES);
	mst_cstp_header(rec, type, (uint16_t)len);
	if (len != 0)
		memcpy(rec + MST_CSTP_HEADER_BYTES, payload, len);
	device_send(d, rec, MST_CSTP_HEADER_BYTES + len);
}

static const char *
header(const char *answer, const char *name)
{
	const char *at = strstr(answer, name);

	return at != NULL ? at + strlen(name) : NULL;
}

long
header_number(const char *answer, const char *name)
{
	const char *at = header(answer, name);

	return at != NULL ? strtol(at, NULL, 10) : -1;
}

void
header_hex(const char *answer, const char *name, uint8_t *out, size_t len)
{
	const char *at = header(answer, name);

	assert_non_null(at);
	assert_int_equal(mst_parse_hex(at, 2 * len, out, len), 0);
}

struct control_login *
rig_tunnel(struct device *d, const char *user, char *cookie)
{
	char text[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l = rig_login(user, text);

	device_open(d, "198.51.100.7");
	device_connect(d, text, "X-DTLS-CipherSuite: PSK-NEGOTIATE\r\n", answer, sizeof(answer));
	assert_memory_equal(answer, "HTTP/1.1 200 ", 13);
	assert_ptr_equal(l->conn, d->conn);
	if (cookie != NULL)
		memcpy(cookie, text, sizeof(text));
	return l;
}

struct mst_sa_tuple
rig_tuple(uint16_t port)
{
	struct mst_sa_tuple t = {.peer_port_be = htons(port), .local_port_be = htons(443), .version = 4};

	memcpy(t.peer, (uint8_t[]){198, 51, 100, 7}, 4);
	memcpy(t.local, (uint8_t[]){203, 0, 113, 1}, 4);
	return t;
}

struct mst_sa *
rig_sa(struct mst_session *s, uint16_t port)
{
	static const uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES] = {1};
	const struct mst_dtls_suite *suite = mst_dtls_suite_at(0);
	struct mst_sa_params p = {.tuple = rig_tuple(port)};
	struct mst_sa *sa = NULL;

	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(mst_dtls_keys_init(&sa->keys, suite, 1, block, mst_dtls_key_block_bytes(suite)), 0);
	assert_int_equal(mst_sa_publish(sa), 0);
	return sa;
}
