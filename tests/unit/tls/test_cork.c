// Records that leave together: still one a write, in order, none lost when the socket takes only a part of them.
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

#define OVERHEAD 22 // of a record of TLS 1.3: header 5, inner type 1, tag 16

static struct files f;
static struct mst_tls_ctx *ctx;
static struct pair p;
static struct mst_tls_cork cork;
static uint8_t buf[MST_TLS_RECORD_BYTES];
static uint8_t other[MST_TLS_RECORD_BYTES];

static int
group_setup(void **state)
{
	(void)state;
	files_init(&f);
	files_put_identity(&f, KEY_EC);
	ctx = ctx_make(&f, MST_TLS_1_3);
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
	pair_connect(&p);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pair_fini(&p);
	return 0;
}

static size_t
waits_in_socket(void)
{
	static uint8_t wire[4 * MST_TLS_CORK_BYTES];
	ssize_t n = recv(p.client_fd, wire, sizeof(wire), MSG_PEEK | MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static void
write_record(uint8_t number, size_t len, enum mst_tls_result want)
{
	memset(buf, number, len);
	assert_int_equal(mst_tls_conn_write(p.conn, buf, len), want);
}

static void
expect_record(uint8_t number, size_t len)
{
	assert_int_equal(pair_client_read(&p, other, sizeof(other)), len);
	assert_int_equal(other[0], number);
	assert_int_equal(other[len - 1], number);
}

static void
records_leave_together(void **state)
{
	(void)state;
	mst_tls_conn_cork(p.conn, &cork);
	for (uint8_t i = 0; i < 10; i++)
		write_record(i, 1u + i, MST_TLS_OK);
	assert_int_equal(waits_in_socket(), 0);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_OK);
	assert_int_equal(waits_in_socket(), 10 * OVERHEAD + 55);
	for (uint8_t i = 0; i < 10; i++)
		expect_record(i, 1u + i);
	// As before.
	write_record(77, 5, MST_TLS_OK);
	expect_record(77, 5);
}

static void
nothing_is_sent_of_nothing(void **state)
{
	(void)state;
	mst_tls_conn_cork(p.conn, &cork);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_OK);
	assert_int_equal(waits_in_socket(), 0);
}

// What fits to the byte stays; a byte more, and it goes to make room.
static void
a_full_cork_is_sent(void **state)
{
	static const struct {
		size_t last;
		bool sent;
	} rows[] = {{MST_TLS_RECORD_BYTES - OVERHEAD - 1, false}, {MST_TLS_RECORD_BYTES - OVERHEAD, false},
		{MST_TLS_RECORD_BYTES - OVERHEAD + 1, true}};

	(void)state;
	for (uint8_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		mst_tls_conn_cork(p.conn, &cork);
		write_record(1, MST_TLS_CORK_BYTES - MST_TLS_RECORD_BYTES - OVERHEAD, MST_TLS_OK);
		write_record(2, rows[i].last, MST_TLS_OK);
		assert_int_equal(waits_in_socket() != 0, rows[i].sent);
		assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_OK);
		expect_record(1, MST_TLS_CORK_BYTES - MST_TLS_RECORD_BYTES - OVERHEAD);
		expect_record(2, rows[i].last);
	}
}

// Writes until the socket and the cork are full; how many were taken.
static unsigned int
write_until_full(size_t len)
{
	enum mst_tls_result r = MST_TLS_OK;
	unsigned int n = 0;

	for (; n < 250 && r == MST_TLS_OK; n++) {
		memset(buf, (int)n, len);
		r = mst_tls_conn_write(p.conn, buf, len);
	}
	assert_int_equal(r, MST_TLS_WANT_WRITE);
	return n;
}

static void
narrow(void)
{
	int small = 8192;

	assert_int_equal(setsockopt(p.server_fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
}

static void
what_the_socket_does_not_take_waits(void **state)
{
	unsigned int n, seen = 0;

	(void)state;
	narrow();
	mst_tls_conn_cork(p.conn, &cork);
	n = write_until_full(1400);
	assert_true(n > MST_TLS_CORK_BYTES / (1400 + OVERHEAD));
	write_record(99, 10, MST_TLS_BUSY);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_WANT_WRITE);
	memset(&cork, 0xee, sizeof(cork)); // another connection's by now
	assert_true(mst_tls_conn_flush_pending(p.conn));
	write_record(99, 10, MST_TLS_BUSY);
	for (int i = 0; i < 10000 && seen < n; i++) {
		size_t len = pair_client_read(&p, other, sizeof(other));

		if (len == 0) {
			enum mst_tls_result r = mst_tls_conn_flush(p.conn);

			assert_true(r == MST_TLS_OK || r == MST_TLS_WANT_WRITE);
			continue;
		}
		assert_int_equal(len, 1400);
		assert_int_equal(other[0], (uint8_t)seen);
		assert_int_equal(other[len - 1], (uint8_t)seen);
		seen++;
	}
	assert_int_equal(seen, n);
	assert_int_equal(mst_tls_conn_flush(p.conn), MST_TLS_OK);
	assert_false(mst_tls_conn_flush_pending(p.conn));
	write_record(5, 5, MST_TLS_OK);
	expect_record(5, 5);
}

// A cork on a connection with a rest takes nothing in front of it.
static void
a_rest_comes_first(void **state)
{
	(void)state;
	narrow();
	mst_tls_conn_cork(p.conn, &cork);
	while (mst_tls_conn_write(p.conn, buf, 1400) == MST_TLS_OK && cork.len < MST_TLS_CORK_BYTES - 2000)
		;
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_WANT_WRITE);
	mst_tls_conn_cork(p.conn, &cork);
	write_record(1, 10, MST_TLS_BUSY);
	assert_int_equal(cork.len, 0);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_WANT_WRITE);
}

// Nothing valid can follow half a record (RFC 8446 6.1): destroy, in teardown, says no close_notify.
static void
an_end_with_a_rest_is_silent(void **state)
{
	size_t before;

	(void)state;
	narrow();
	mst_tls_conn_cork(p.conn, &cork);
	(void)write_until_full(1400);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_WANT_WRITE);
	before = waits_in_socket();
	mst_tls_conn_destroy(p.conn);
	p.conn = NULL;
	assert_int_equal(waits_in_socket(), before);
}

static void
the_device_goes_meanwhile(void **state)
{
	(void)state;
	mst_tls_conn_cork(p.conn, &cork);
	write_record(1, 100, MST_TLS_OK);
	assert_int_equal(shutdown(p.server_fd, SHUT_WR), 0);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_CLOSED);
	assert_int_equal(mst_tls_conn_write(p.conn, "x", 1), MST_TLS_CLOSED);
	assert_int_equal(mst_tls_conn_flush(p.conn), MST_TLS_CLOSED);
	mst_tls_conn_cork(p.conn, &cork);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_CLOSED);
}

static void
the_device_goes_with_a_rest(void **state)
{
	(void)state;
	narrow();
	mst_tls_conn_cork(p.conn, &cork);
	(void)write_until_full(1400);
	assert_int_equal(mst_tls_conn_uncork(p.conn), MST_TLS_WANT_WRITE);
	assert_int_equal(shutdown(p.server_fd, SHUT_WR), 0);
	assert_int_equal(mst_tls_conn_flush(p.conn), MST_TLS_CLOSED);
	assert_false(mst_tls_conn_flush_pending(p.conn));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_leave_together),
		TEST(nothing_is_sent_of_nothing),
		TEST(a_full_cork_is_sent),
		TEST(what_the_socket_does_not_take_waits),
		TEST(a_rest_comes_first),
		TEST(an_end_with_a_rest_is_silent),
		TEST(the_device_goes_meanwhile),
		TEST(the_device_goes_with_a_rest),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
