// What one connection and one handshake cost, at rest and at the hands of somebody who wants them to cost
// much. Counted are libssl's and libcrypto's allocations made while our functions run, not those of the
// client in the same process.
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "dtls_client.h"
#include "dtls_private.h"
#include "support.h"

#define KIB 1024
// libssl 3.2 and later, with QUIC and larger key shares, takes more for the same.
#define OLD_LIBSSL (OPENSSL_VERSION_NUMBER < 0x30200000L)
#define CONN_BYTES (OLD_LIBSSL ? 16 * KIB : 32 * KIB)
#define DTLS_PEAK_BYTES (OLD_LIBSSL ? 96 * KIB : 112 * KIB)

struct block {
	size_t bytes;
	bool counted;
	max_align_t data[];
};

static bool counting;
static size_t now_bytes;
static size_t peak_bytes;

static void *
count_malloc(size_t n, const char *file, int line)
{
	struct block *b = malloc(sizeof(*b) + n);

	(void)file;
	(void)line;
	if (b == NULL)
		return NULL;
	*b = (struct block){.bytes = n, .counted = counting};
	if (counting)
		now_bytes += n;
	if (now_bytes > peak_bytes)
		peak_bytes = now_bytes;
	return b->data;
}

static void
count_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	if (p == NULL)
		return;
	struct block *b = (struct block *)((uint8_t *)p - offsetof(struct block, data));
	if (b->counted)
		now_bytes -= b->bytes;
	free(b);
}

static void *
count_realloc(void *p, size_t n, const char *file, int line)
{
	void *fresh;

	if (n == 0) {
		count_free(p, file, line);
		return NULL;
	}
	fresh = count_malloc(n, file, line);
	if (fresh == NULL || p == NULL)
		return fresh;
	const struct block *b = (const struct block *)((uint8_t *)p - offsetof(struct block, data));
	memcpy(fresh, p, b->bytes < n ? b->bytes : n);
	count_free(p, file, line);
	return fresh;
}

static void
count_from_zero(void)
{
	now_bytes = 0;
	peak_bytes = 0;
}

static void
report(const char *what, size_t bytes, size_t bound)
{
	print_message("%s: %zu bytes\n", what, bytes);
	assert_in_range(bytes, 1, bound);
}

static struct files f;
static struct mst_tls_ctx *ctx;
static struct pair p;
static uint8_t buf[MST_TLS_RECORD_BYTES];

// The connection of the pair anew, this time counted.
static void
count_conn(int version)
{
	pair_init(&p, ctx);
	mst_tls_conn_destroy(p.conn);
	assert_int_equal(SSL_set_max_proto_version(p.client, version), 1);
	count_from_zero();
	counting = true;
	assert_int_equal(mst_tls_conn_create(&p.conn, ctx, p.server_fd), 0);
	counting = false;
}

static void
connect_counted(void)
{
	enum mst_tls_result r = MST_TLS_WANT_READ;

	for (int i = 0; i < 10 && !(r == MST_TLS_OK && SSL_is_init_finished(p.client)); i++) {
		(void)SSL_do_handshake(p.client);
		pair_push(&p, SIZE_MAX);
		counting = true;
		r = mst_tls_conn_handshake(p.conn);
		counting = false;
		pair_pull(&p);
	}
	assert_int_equal(r, MST_TLS_OK);
}

static void
tls_conn(int version, const char *name)
{
	char what[64];
	size_t n = 0;

	count_conn(version);
	connect_counted();
	snprintf(what, sizeof(what), "%s handshake, peak", name);
	report(what, peak_bytes, 128 * KIB);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_write(p.client, buf, 1400), 1400);
		pair_push(&p, SIZE_MAX);
		counting = true;
		assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_OK);
		assert_int_equal(mst_tls_conn_read(p.conn, buf, sizeof(buf), &n), MST_TLS_WANT_READ);
		assert_int_equal(mst_tls_conn_write(p.conn, buf, 1400), MST_TLS_OK);
		counting = false;
		assert_int_equal(pair_client_read(&p, buf, sizeof(buf)), 1400);
	}
	snprintf(what, sizeof(what), "%s connection, idle", name);
	report(what, now_bytes, CONN_BYTES);
	pair_fini(&p);
}

static void
tls_idle(void **state)
{
	(void)state;
	tls_conn(TLS1_3_VERSION, "TLS 1.3");
	tls_conn(TLS1_2_VERSION, "TLS 1.2");
}

// A ClientHello as large as libssl allows: what somebody without a password can make us hold ends at our own
// bound.
static void
large_hello(size_t announced, int records, size_t bound)
{
	static const uint8_t record[] = {22, 3, 1, 0x40, 0};
	const uint8_t message[] = {
		1, (uint8_t)(announced >> 16), (uint8_t)(announced >> 8), (uint8_t)announced};
	enum mst_tls_result r = MST_TLS_WANT_READ;
	int n = 0;

	count_conn(TLS1_3_VERSION);
	memset(buf, 0, sizeof(buf));
	memcpy(buf, message, sizeof(message));
	for (; n < 8 && r == MST_TLS_WANT_READ; n++) {
		assert_int_equal(send(p.client_fd, record, sizeof(record), 0), sizeof(record));
		assert_int_equal(send(p.client_fd, buf, sizeof(buf), 0), sizeof(buf));
		memset(buf, 0, sizeof(message));
		counting = true;
		r = mst_tls_conn_handshake(p.conn);
		counting = false;
	}
	assert_int_equal(r, MST_TLS_FAILED);
	assert_int_equal(n, records);
	assert_string_equal(mst_tls_conn_error(p.conn), "the handshake is too large");
	report("TLS handshake, ClientHello too large", peak_bytes, bound);
	pair_fini(&p);
}

// What is announced beyond the bound is refused before libssl makes room for it; what is announced within it and does
// not end there, at the bound.
static void
tls_large_hello(void **state)
{
	(void)state;
	large_hello(131328, 1, 80 * KIB);
	large_hello(MST_TLS_HANDSHAKE_BYTES + 1, 1, 80 * KIB);
	large_hello(MST_TLS_HANDSHAKE_BYTES, MST_TLS_HANDSHAKE_BYTES / MST_TLS_RECORD_BYTES, 128 * KIB);
}

static const uint16_t suites[] = {0x00a9};
static const uint8_t psk[MST_TLS_PSK_BYTES] = {1};

static void
dtls_handshake(void **state)
{
	(void)state;
	struct mst_tls_dtls_ctx *dtls = dtls_ctx_make(suites, 1);
	struct dtls_client client;
	struct road road = {.client = &client};
	const uint8_t *datagram;
	size_t len;

	dtls_client_init(&client, "PSK-AES256-GCM-SHA384", psk);
	count_from_zero();
	counting = true;
	assert_int_equal(mst_tls_dtls_create(&road.server, dtls, psk, 1500), 0);
	counting = false;
	while (road.state != MST_TLS_DTLS_DONE) {
		dtls_client_step(&client);
		for (size_t at = 0, i = 0; i < client.io.n_out; at += client.io.out_len[i++]) {
			counting = true;
			road.state = mst_tls_dtls_feed(road.server, client.io.out + at, client.io.out_len[i]);
			counting = false;
		}
		while (mst_tls_dtls_output(road.server, &datagram, &len))
			dtls_client_give(&client, datagram, len);
	}
	report("DTLS handshake, object included, at its end", now_bytes + sizeof(struct mst_tls_dtls),
		96 * KIB);
	report("DTLS handshake, object included, peak", peak_bytes + sizeof(struct mst_tls_dtls),
		DTLS_PEAK_BYTES);
	mst_tls_dtls_destroy(road.server);
	dtls_client_fini(&client);
	mst_tls_dtls_ctx_put(dtls);
}

// One byte of each message that may come, each as large as it may be, and early Finished records beyond the
// bound.
static void
dtls_hostile(void **state)
{
	(void)state;
	struct mst_tls_dtls_ctx *dtls = dtls_ctx_make(suites, 1);
	struct dtls_client client;
	struct mst_tls_dtls *h = NULL;
	size_t held = 0;
	uint8_t part[13 + 12 + 1] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 16, 0x00, 0x04};
	uint8_t early[13 + 48] = {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 0, 0, 48};

	dtls_client_init(&client, "PSK-AES256-GCM-SHA384", psk);
	dtls_client_step(&client);
	count_from_zero();
	counting = true;
	assert_int_equal(mst_tls_dtls_create(&h, dtls, psk, 1500), 0);
	assert_int_equal(mst_tls_dtls_feed(h, client.io.out, client.io.out_len[0]), MST_TLS_DTLS_IN_PROGRESS);
	for (uint8_t i = 1; i < 20; i++) {
		part[10] = i; // record number
		part[18] = i; // message number
		part[24] = 1; // bytes of it
		assert_int_equal(mst_tls_dtls_feed(h, part, sizeof(part)), MST_TLS_DTLS_IN_PROGRESS);
	}
	for (uint8_t i = 0; i < 40; i++) {
		if (i == 6)
			held = now_bytes;
		early[10] = i;
		assert_int_equal(mst_tls_dtls_feed(h, early, sizeof(early)), MST_TLS_DTLS_IN_PROGRESS);
	}
	counting = false;
	assert_int_equal(now_bytes, held); // six are kept, the others never were
	report("DTLS handshake, hostile client, object included", peak_bytes + sizeof(*h), 256 * KIB);
	mst_tls_dtls_destroy(h);
	dtls_client_fini(&client);
	mst_tls_dtls_ctx_put(dtls);
}

// One connection first: what libcrypto loads once is nobody's cost.
static int
setup(void **state)
{
	(void)state;
	files_init(&f);
	files_put_identity(&f, KEY_EC);
	ctx = ctx_make(&f, MST_TLS_1_2);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		pair_init(&p, ctx);
		assert_int_equal(SSL_set_max_proto_version(p.client, version), 1);
		pair_connect(&p);
		pair_fini(&p);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mst_tls_ctx_put(ctx);
	files_fini(&f);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_idle),
		cmocka_unit_test(tls_large_hello),
		cmocka_unit_test(dtls_handshake),
		cmocka_unit_test(dtls_hostile),
	};

	// Only before libcrypto's first allocation.
	if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
