// One write is one record and one read is one record, whatever the socket does; ends of a connection are told
// apart.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "support.h"

#define LABEL "EXPORTER-openconnect-psk"

static struct files f;
static struct mst_tls_ctx *ctx;
static struct pair p;
static uint8_t buf[MST_TLS_RECORD_BYTES];
static uint8_t other[MST_TLS_RECORD_BYTES + 64];

static int
group_setup(void **state)
{
	(void)state;
	files_init(&f);
	files_put_identity(&f, KEY_EC);
	ctx = ctx_make(&f, MST_TLS_1_2);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	mst_tls_ctx_put(ctx);
	files_fini(&f);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	pair_init(&p, ctx);
	return 0;
}

static int
setup_1_2(void **state)
{
	setup(state);
	assert_int_equal(SSL_set_max_proto_version(p.client, TLS1_2_VERSION), 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pair_fini(&p);
	return 0;
}

static void
fill(uint8_t *out, size_t len, uint8_t seed)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(seed + i);
}

static const size_t sizes[] = {1, 8, 1400, 1401, MST_TLS_RECORD_BYTES, 2};

// What waits in the client's socket, as records of the wire (RFC 8446 5.1): type, version, length.
static size_t
count_wire_records(size_t expect_data[], size_t cap, size_t overhead)
{
	static uint8_t wire[64 * 1024];
	ssize_t len = recv(p.client_fd, wire, sizeof(wire), MSG_PEEK | MSG_DONTWAIT);
	struct mst_rd r = mst_rd_init(wire, len > 0 ? (size_t)len : 0);
	size_t n = 0;

	while (mst_rd_left(&r) > 0) {
		assert_int_equal(mst_rd_u8(&r), 23);
		(void)mst_rd_u16(&r);
		uint16_t rec_len = mst_rd_u16(&r);
		(void)mst_rd_bytes(&r, rec_len);
		assert_false(r.err);
		assert_true(n < cap);
		expect_data[n++] = rec_len - overhead;
	}
	return n;
}

static void
write_is_record(size_t overhead)
{
	size_t seen[16];

	pair_connect(&p);
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
		fill(buf, sizes[i], (uint8_t)i);
		assert_int_equal(mst_tls_conn_write(p.conn, buf, sizes[i]), MST_TLS_OK);
	}
	assert_int_equal(count_wire_records(seen, 16, overhead), MST_ARRAY_SIZE(sizes));
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
		assert_int_equal(seen[i], sizes[i]);
		assert_int_equal(pair_client_read(&p, other, sizeof(other)), sizes[i]);
		fill(buf, sizes[i], (uint8_t)i);
		assert_memory_equal(buf, other, sizes[i]);
	}
}

static void
write_is_record_1_3(void **state)
{
	(void)state;
	write_is_record(17); // inner type 1, tag 16
	assert_int_equal(SSL_version(p.client), TLS1_3_VERSION);
}

static void
write_is_record_1_2(void **state)
{
	(void)state;
	write_is_record(24); // explicit nonce 8, tag 16
	assert_int_equal(SSL_version(p.client), TLS1_2_VERSION);
}

// Several records wait in the socket before the server reads the first.
static void
read_is_record(void **state)
{
	(void)state;
	size_t n = 0;

	pair_connect(&p);
	// The bound on handshake bytes is not one on data.
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_write(p.client, other, MST_TLS_RECORD_BYTES), MST_TLS_RECORD_BYTES);
		pair_push(&p, SIZE_MAX);
		assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_OK);
		assert_int_equal(n, MST_TLS_RECORD_BYTES);
	}
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_WANT_READ);
	assert_false(mst_tls_conn_pending(p.conn));
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
		fill(other, sizes[i], (uint8_t)i);
		assert_int_equal(SSL_write(p.client, other, (int)sizes[i]), sizes[i]);
	}
	pair_push(&p, SIZE_MAX);
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
		assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_OK);
		assert_int_equal(n, sizes[i]);
		fill(other, sizes[i], (uint8_t)i);
		assert_memory_equal(buf, other, n);
	}
	n = 4711;
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_WANT_READ);
	assert_int_equal(n, 4711);
	assert_false(mst_tls_conn_pending(p.conn));
}

// Small records are read ahead: the socket is empty, and the connection must say that more is there.
static void
pending(void **state)
{
	(void)state;
	size_t n = 0;

	pair_connect(&p);
	for (int i = 0; i < 3; i++)
		assert_int_equal(SSL_write(p.client, "abc", 3), 3);
	pair_push(&p, SIZE_MAX);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_OK);
		assert_int_equal(mst_tls_conn_pending(p.conn), i < 2);
	}
}

// Byte by byte: part of a record is neither data nor "pending", which would make the event loop spin.
static void
part_of_a_record(void **state)
{
	(void)state;
	size_t n = 0;

	pair_connect(&p);
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_WANT_READ);
	assert_int_equal(SSL_write(p.client, "abc", 3), 3);
	for (int i = 0; i < 5 + 3 + 17 - 1; i++) {
		assert_int_equal(pair_push(&p, 1), 1);
		assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_WANT_READ);
		assert_false(mst_tls_conn_pending(p.conn));
	}
	assert_int_equal(pair_push(&p, 1), 1);
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(buf, "abc", 3);
}

// A handshake that arrives byte by byte completes as well.
static void
slow_handshake(void **state)
{
	(void)state;
	enum mst_tls_result r = MST_TLS_WANT_READ;

	assert_string_equal(mst_tls_conn_cipher(p.conn), "");
	for (int i = 0; i < 5000 && r == MST_TLS_WANT_READ; i++) {
		(void)SSL_do_handshake(p.client);
		pair_push(&p, 1);
		r = mst_tls_conn_handshake(p.conn);
		pair_pull(&p);
	}
	assert_int_equal(r, MST_TLS_OK);
	assert_int_equal(mst_tls_conn_handshake(p.conn), MST_TLS_OK);
	// The hybrid with ML-KEM where libssl has it.
	assert_string_equal(mst_tls_conn_cipher(p.conn),
		OPENSSL_VERSION_NUMBER >= 0x30500000L
			? "(TLS1.3)-(ECDHE-X25519MLKEM768)-(ECDSA-SHA256)-(AES-256-GCM)"
			: "(TLS1.3)-(ECDHE-X25519)-(ECDSA-SHA256)-(AES-256-GCM)");
}

// A full socket: one record is kept, the next is refused, nothing is lost, joined or torn.
static void
blocked(void **state)
{
	(void)state;
	enum mst_tls_result r = MST_TLS_OK;
	size_t n_sent = 0;
	size_t n_seen = 0;

	pair_connect(&p);
	while (n_sent < 1000) {
		memset(buf, (int)n_sent, sizeof(buf));
		r = mst_tls_conn_write(p.conn, buf, sizeof(buf));
		n_sent++;
		if (r != MST_TLS_OK)
			break;
	}
	assert_int_equal(r, MST_TLS_WANT_WRITE);
	assert_true(mst_tls_conn_flush_pending(p.conn));
	// The caller's buffer is free: what is inside is a copy.
	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(mst_tls_conn_write(p.conn, buf, 5), MST_TLS_BUSY);
	assert_int_equal(mst_tls_conn_flush(p.conn), MST_TLS_WANT_WRITE);
	for (int i = 0; i < 1000 && n_seen < n_sent; i++) {
		size_t n = pair_client_read(&p, other, sizeof(other));

		r = mst_tls_conn_flush(p.conn);
		assert_true(r == MST_TLS_OK || r == MST_TLS_WANT_WRITE);
		if (n == 0)
			continue;
		assert_int_equal(n, MST_TLS_RECORD_BYTES);
		assert_int_equal(other[0], (uint8_t)n_seen);
		assert_int_equal(other[n - 1], (uint8_t)n_seen);
		n_seen++;
	}
	assert_int_equal(n_seen, n_sent);
	assert_false(mst_tls_conn_flush_pending(p.conn));
	assert_int_equal(mst_tls_conn_write(p.conn, "next", 4), MST_TLS_OK);
	assert_int_equal(pair_client_read(&p, other, sizeof(other)), 4);
}

static void
exporter(void **state)
{
	(void)state;
	uint8_t ours[MST_TLS_PSK_BYTES] = {0};
	uint8_t theirs[MST_TLS_PSK_BYTES] = {0};

	assert_int_equal(mst_tls_conn_export_psk(p.conn, ours), -EAGAIN);
	pair_connect(&p);
	assert_int_equal(mst_tls_conn_export_psk(p.conn, ours), 0);
	assert_int_equal(SSL_export_keying_material(
				 p.client, theirs, sizeof(theirs), LABEL, strlen(LABEL), NULL, 0, 0),
		1);
	assert_memory_equal(ours, theirs, sizeof(ours));
	assert_int_equal(SSL_export_keying_material(p.client, theirs, sizeof(theirs), "EXPORTER-something",
				 strlen("EXPORTER-something"), NULL, 0, 0),
		1);
	assert_memory_not_equal(ours, theirs, sizeof(ours));
}

static void
peer_says_goodbye(void **state)
{
	(void)state;
	size_t n = 0;

	pair_connect(&p);
	assert_true(SSL_shutdown(p.client) >= 0);
	pair_push(&p, SIZE_MAX);
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_CLOSED);
	assert_non_null(strstr(mst_tls_conn_error(p.conn), "close_notify"));
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_CLOSED);
	assert_int_equal(mst_tls_conn_write(p.conn, "x", 1), MST_TLS_CLOSED);
	assert_false(mst_tls_conn_pending(p.conn));
}

static void
peer_vanishes(void **state)
{
	(void)state;
	size_t n = 0;

	pair_connect(&p);
	close(p.client_fd);
	p.client_fd = -1;
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_CLOSED);
	assert_string_equal(mst_tls_conn_error(p.conn), "the peer closed without close_notify");
	assert_int_equal(ERR_peek_error(), 0);
}

// SIGPIPE would end this program: it has its default action here.
static void
write_to_nobody(void **state)
{
	(void)state;
	pair_connect(&p);
	close(p.client_fd);
	p.client_fd = -1;
	assert_int_equal(mst_tls_conn_write(p.conn, "x", 1), MST_TLS_CLOSED);
}

static void
probe_closes_at_once(void **state)
{
	(void)state;
	assert_int_equal(mst_tls_conn_handshake(p.conn), MST_TLS_WANT_READ);
	close(p.client_fd);
	p.client_fd = -1;
	assert_int_equal(mst_tls_conn_handshake(p.conn), MST_TLS_CLOSED);
}

static void
we_say_goodbye(void **state)
{
	(void)state;
	pair_connect(&p);
	mst_tls_conn_destroy(p.conn);
	p.conn = NULL;
	assert_int_equal(pair_client_read(&p, other, sizeof(other)), 0);
	assert_int_equal(SSL_get_shutdown(p.client) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

// What is not TLS fails, stays failed, and leaves nothing behind for the next connection.
static void
not_tls(void **state)
{
	(void)state;
	static const char http[] = "GET / HTTP/1.1\r\nHost: gw\r\n\r\n";

	assert_int_equal(send(p.client_fd, http, sizeof(http) - 1, 0), sizeof(http) - 1);
	assert_int_equal(mst_tls_conn_handshake(p.conn), MST_TLS_FAILED);
	assert_string_equal(mst_tls_conn_error(p.conn), "http request");
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(mst_tls_conn_handshake(p.conn), MST_TLS_FAILED);
	pair_fini(&p);
	pair_init(&p, ctx);
	pair_connect(&p);
}

// One flipped bit in a record: it is not delivered.
static void
forged_record(void **state)
{
	(void)state;
	size_t n = 0;
	uint8_t wire[64];

	pair_connect(&p);
	assert_int_equal(SSL_write(p.client, "abc", 3), 3);
	int len = BIO_read(SSL_get_wbio(p.client), wire, sizeof(wire));
	assert_true(len > 10);
	wire[len - 1] ^= 1;
	assert_int_equal(send(p.client_fd, wire, (size_t)len, 0), len);
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_FAILED);
	assert_true(strlen(mst_tls_conn_error(p.conn)) > 0);
	assert_int_equal(mst_tls_conn_write(p.conn, "x", 1), MST_TLS_FAILED);
}

// A reload: the old context goes while a connection made from it lives.
static void
outlives_context(void **state)
{
	(void)state;
	struct mst_tls_ctx *old = ctx_make(&f, MST_TLS_1_2);

	pair_fini(&p);
	pair_init(&p, old);
	mst_tls_ctx_put(old);
	pair_connect(&p);
	assert_int_equal(mst_tls_conn_write(p.conn, "abc", 3), MST_TLS_OK);
	assert_int_equal(pair_client_read(&p, other, sizeof(other)), 3);
}

// RFC 8446 4.6.3: the client changes its keys and asks for ours; traffic goes on in both directions.
static void
key_update(void **state)
{
	(void)state;
	size_t n = 0;

	pair_connect(&p);
	assert_int_equal(SSL_key_update(p.client, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_write(p.client, "abc", 3), 3);
	pair_push(&p, SIZE_MAX);
	assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_OK);
	assert_int_equal(mst_tls_conn_write(p.conn, "def", 3), MST_TLS_OK);
	assert_int_equal(pair_client_read(&p, other, sizeof(other)), 3);
	assert_memory_equal(other, "def", 3);
	assert_int_equal(SSL_get_key_update_type(p.client), SSL_KEY_UPDATE_NONE);
}

// Over memory as over a socket: what finds no room waits, also in the middle of a record.
static void
over_memory(void **state)
{
	static uint8_t room[8192];
	struct mst_tls_pipe pipe = {.out = room, .out_cap = 100};
	struct mst_tls_conn *conn;
	char *said;
	size_t n = 0;

	(void)state;
	assert_int_equal(mst_tls_conn_create_memory(&conn, ctx, &pipe), 0);
	assert_int_equal(mst_tls_conn_handshake(conn), MST_TLS_WANT_READ);
	for (int i = 0; i < 200 && mst_tls_conn_handshake(conn) != MST_TLS_OK; i++) {
		(void)SSL_do_handshake(p.client);
		pipe.in_len = (size_t)BIO_get_mem_data(SSL_get_wbio(p.client), &said);
		pipe.in = (const uint8_t *)said;
		assert_true(mst_tls_conn_handshake(conn) <= MST_TLS_WANT_WRITE);
		assert_int_equal(pipe.in_len, 0);
		BIO_reset(SSL_get_wbio(p.client));
		BIO_write(SSL_get_rbio(p.client), pipe.out, (int)pipe.out_len);
		pipe.out_len = 0;
	}
	assert_int_equal(mst_tls_conn_write(conn, buf, 1000), MST_TLS_WANT_WRITE);
	assert_int_equal(pipe.out_len, 100);
	pipe.out_cap = sizeof(room);
	assert_int_equal(mst_tls_conn_flush(conn), MST_TLS_OK);
	BIO_write(SSL_get_rbio(p.client), pipe.out, (int)pipe.out_len);
	assert_int_equal(SSL_read_ex(p.client, other, sizeof(other), &n), 1);
	assert_int_equal(n, 1000);
	mst_tls_conn_destroy(conn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(write_is_record_1_3),
		cmocka_unit_test_setup_teardown(write_is_record_1_2, setup_1_2, teardown),
		TEST(read_is_record),
		cmocka_unit_test_setup_teardown(read_is_record, setup_1_2, teardown),
		TEST(pending),
		TEST(part_of_a_record),
		TEST(slow_handshake),
		TEST(blocked),
		cmocka_unit_test_setup_teardown(blocked, setup_1_2, teardown),
		TEST(exporter),
		cmocka_unit_test_setup_teardown(exporter, setup_1_2, teardown),
		TEST(over_memory),
		TEST(peer_says_goodbye),
		TEST(peer_vanishes),
		TEST(write_to_nobody),
		TEST(probe_closes_at_once),
		TEST(we_say_goodbye),
		TEST(not_tls),
		TEST(forged_record),
		TEST(outlives_context),
		TEST(key_update),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
