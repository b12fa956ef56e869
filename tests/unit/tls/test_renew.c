// Keys of TLS are renewed by both sides and end after so many records; who renews without end is closed.
#include <string.h>

#include "support.h"
#include "tls_private.h"

static struct files f;
static struct mst_tls_ctx *ctx;
static struct pair p;
static char buf[MST_TLS_RECORD_BYTES], other[MST_TLS_RECORD_BYTES];
static unsigned int updates; // of the gateway, as its client sees them
static unsigned int asks;    // of these, that the client renew its keys as well

static int
group_setup(void **state)
{
	(void)state;
	files_init(&f);
	files_put_identity(&f, KEY_EC);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	files_fini(&f);
	return 0;
}

static void
on_message(int sent, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	(void)version;
	(void)ssl;
	(void)arg;
	if (sent || type != SSL3_RT_HANDSHAKE || len == 0 || *(const uint8_t *)bytes != 24)
		return;
	assert_int_equal(len, 5);
	updates++;
	asks += ((const uint8_t *)bytes)[4];
}

static int
setup(void **state)
{
	(void)state;
	ctx = ctx_make(&f, MST_TLS_1_2);
	pair_init(&p, ctx);
	SSL_set_msg_callback(p.client, on_message);
	updates = asks = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pair_fini(&p);
	mst_tls_ctx_put(ctx);
	return 0;
}

static void
down(void)
{
	assert_int_equal(mst_tls_conn_write(p.conn, "down", 4), MST_TLS_OK);
	assert_int_equal(pair_client_read(&p, other, sizeof(other)), 4);
}

static enum mst_tls_result
up(void)
{
	size_t n = 0;

	assert_int_equal(SSL_write(p.client, "up", 2), 2);
	pair_push(&p, SIZE_MAX);
	return mst_tls_conn_read(p.conn, buf, sizeof(buf), &n);
}

static void
the_gateway_renews_and_traffic_goes_on(void **state)
{
	(void)state;
	assert_false(mst_tls_conn_can_renew(p.conn));
	pair_connect(&p);
	assert_true(mst_tls_conn_can_renew(p.conn));
	for (unsigned int i = 1; i <= 20; i++) {
		assert_int_equal(mst_tls_conn_renew(p.conn), MST_TLS_OK);
		down();
		assert_int_equal(updates, i);
		assert_int_equal(up(), MST_TLS_OK);
	}
}

// GnuTLS ends a connection on which the two ask each other at one moment: who renews by himself is not asked.
static void
only_a_client_that_does_not_renew_is_asked(void **state)
{
	(void)state;
	pair_connect(&p);
	for (unsigned int i = 1; i <= 9; i++) {
		assert_int_equal(mst_tls_conn_renew(p.conn), MST_TLS_OK);
		down();
		assert_int_equal(up(), MST_TLS_OK); // with the client's own in front, when it was asked
		assert_int_equal(updates, i);
		assert_int_equal(asks, i / 3);
	}
	for (unsigned int i = 1; i <= 9; i++) {
		assert_int_equal(SSL_key_update(p.client, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(up(), MST_TLS_OK);
		assert_int_equal(mst_tls_conn_renew(p.conn), MST_TLS_OK);
		down();
	}
	assert_int_equal(asks, 3);
}

static void
tls_1_2_cannot(void **state)
{
	(void)state;
	assert_int_equal(SSL_set_max_proto_version(p.client, TLS1_2_VERSION), 1);
	pair_connect(&p);
	assert_false(mst_tls_conn_can_renew(p.conn));
	assert_int_equal(mst_tls_conn_renew(p.conn), MST_TLS_BUSY);
	down();
}

// At the half of what a key may protect, in either direction, and once: the peer answers in its time.
static void
keys_are_renewed_before_their_end(void **state)
{
	struct tls_use *use = tls_conn_use(p.conn);

	(void)state;
	pair_connect(&p);
	use->most = 20;
	for (unsigned int i = 0; i < 10; i++)
		down();
	assert_int_equal(updates, 0);
	down();
	assert_int_equal(updates, 1);
	assert_int_equal(use->sent, 1);
	assert_int_equal(asks, 0); // the client's key is good for long
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(up(), MST_TLS_OK);
	assert_int_equal(updates, 1);
	down();
	down();
	assert_int_equal(updates, 2);
	assert_int_equal(asks, 1);
	assert_true(use->asked);
	assert_int_equal(up(), MST_TLS_OK); // with the client's own update in front
	assert_false(use->asked);
	assert_int_equal(use->received, 1);
}

// n - 1, n, and what a peer that does not renew its keys may send under them.
static void
no_key_protects_more_than_it_may(void **state)
{
	struct tls_use *use = tls_conn_use(p.conn);

	(void)state;
	assert_int_equal(SSL_set_max_proto_version(p.client, TLS1_2_VERSION), 1);
	pair_connect(&p);
	use->most = 20;
	for (unsigned int i = 0; i < 20; i++)
		down();
	assert_int_equal(mst_tls_conn_write(p.conn, "down", 4), MST_TLS_FAILED);
	assert_string_equal(mst_tls_conn_error(p.conn), "the keys are used up");
	assert_int_equal(mst_tls_conn_write(p.conn, "down", 4), MST_TLS_FAILED);
}

static void
nor_a_key_of_the_peer(void **state)
{
	(void)state;
	pair_connect(&p);
	tls_conn_use(p.conn)->most = 20;
	for (unsigned int i = 0; i < 19; i++)
		assert_int_equal(up(), MST_TLS_OK);
	assert_int_equal(up(), MST_TLS_FAILED);
}

static unsigned int
renewals_borne(unsigned int records_between)
{
	for (unsigned int i = 0; i < 200; i++) {
		if (SSL_key_update(p.client, SSL_KEY_UPDATE_NOT_REQUESTED) != 1)
			return i;
		for (unsigned int k = 0; k < records_between; k++)
			if (up() != MST_TLS_OK)
				return i;
	}
	return 200;
}

static void
a_peer_may_renew_now_and_then(void **state)
{
	(void)state;
	pair_connect(&p);
	assert_int_equal(renewals_borne(64), 200);
}

// Both by the same pause, with hardly a record between: as a client does whose data goes by DTLS.
static void
a_peer_may_renew_as_often_as_we_do(void **state)
{
	(void)state;
	pair_connect(&p);
	for (unsigned int i = 0; i < 200; i++) {
		assert_int_equal(mst_tls_conn_renew(p.conn), MST_TLS_OK);
		assert_int_equal(pair_client_read(&p, other, sizeof(other)), 0);
		assert_int_equal(up(), MST_TLS_OK); // with the answer
		assert_int_equal(SSL_key_update(p.client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(up(), MST_TLS_OK);
	}
	assert_in_range(renewals_borne(1), 16, 30); // and no more than that
	assert_true(tls_conn_use(p.conn)->flood);
}

// B27: each costs a derivation of keys.
static void
a_flood_of_renewals_ends_the_connection(void **state)
{
	(void)state;
	pair_connect(&p);
	assert_in_range(renewals_borne(1), 16, 20);
	assert_true(tls_conn_use(p.conn)->flood);
	assert_string_equal(mst_tls_conn_error(p.conn), "more KeyUpdates than records");
}

// Thousands in one piece: libssl stops at what it has buffered.
static void
a_flood_in_one_piece_is_not_worked_through(void **state)
{
	size_t n = 0;
	enum mst_tls_result r = MST_TLS_WANT_READ;

	(void)state;
	pair_connect(&p);
	for (unsigned int i = 0; i < 4000; i++) {
		assert_int_equal(SSL_key_update(p.client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(p.client), 1);
	}
	for (unsigned int i = 0; i < 100 && r == MST_TLS_WANT_READ; i++) {
		pair_push(&p, SIZE_MAX);
		r = mst_tls_conn_read(p.conn, buf, sizeof(buf), &n);
	}
	assert_int_equal(r, MST_TLS_FAILED);
	assert_in_range(tls_conn_use(p.conn)->updates, 17, 1500);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_gateway_renews_and_traffic_goes_on),
		TEST(only_a_client_that_does_not_renew_is_asked),
		TEST(tls_1_2_cannot),
		TEST(keys_are_renewed_before_their_end),
		TEST(no_key_protects_more_than_it_may),
		TEST(nor_a_key_of_the_peer),
		TEST(a_peer_may_renew_now_and_then),
		TEST(a_peer_may_renew_as_often_as_we_do),
		TEST(a_flood_of_renewals_ends_the_connection),
		TEST(a_flood_in_one_piece_is_not_worked_through),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
