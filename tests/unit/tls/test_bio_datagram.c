// Bounds of what a handshake over datagrams may write and be given.
#include <string.h>

#include "mst_test.h"

#include "tls_private.h"

static struct {
	struct tls_datagrams d;
	uint8_t behind[64];
} room;
static BIO *bio;
static uint8_t data[MST_TLS_DTLS_OUT_BYTES + 1];

static int
setup(void **state)
{
	(void)state;
	memset(&room, 0, sizeof(room));
	memset(data, 7, sizeof(data));
	bio = tls_bio_datagram(&room.d);
	return bio != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(room.behind); i++)
		assert_int_equal(room.behind[i], 0);
	BIO_free(bio);
	return 0;
}

// What finds no room is lost, and libssl does not hear of it.
static void
put(int len, bool fits)
{
	size_t n_out = room.d.n_out, bytes = room.d.out_bytes;

	assert_int_equal(BIO_write(bio, data, len), len);
	assert_int_equal(room.d.n_out, fits ? n_out + 1 : n_out);
	assert_int_equal(room.d.out_bytes, fits ? bytes + (size_t)len : bytes);
}

static void
so_many_datagrams(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MST_TLS_DTLS_OUT_DATAGRAMS; i++)
		put(1, true);
	put(1, false);
}

static void
so_large_a_datagram(void **state)
{
	(void)state;
	put(MST_TLS_DTLS_DATAGRAM_BYTES - 1, true);
	put(MST_TLS_DTLS_DATAGRAM_BYTES + 1, false);
	put(MST_TLS_DTLS_DATAGRAM_BYTES, true);
	assert_int_equal(room.d.out_len[1], MST_TLS_DTLS_DATAGRAM_BYTES);
}

static void
so_many_bytes_of_all(void **state)
{
	const int left = MST_TLS_DTLS_OUT_BYTES - 2 * MST_TLS_DTLS_DATAGRAM_BYTES;

	(void)state;
	put(MST_TLS_DTLS_DATAGRAM_BYTES, true);
	put(MST_TLS_DTLS_DATAGRAM_BYTES, true);
	put(left + 1, false);
	put(left, true);
	put(1, false);
}

// As recv(2) does: a datagram is read once, and what does not fit is gone.
static void
a_datagram_is_read_once(void **state)
{
	uint8_t buf[8] = {0};

	(void)state;
	assert_int_equal(BIO_read(bio, buf, 4), -1);
	assert_true(BIO_should_retry(bio));
	room.d.in = data;
	room.d.in_len = 6;
	assert_int_equal(BIO_read(bio, buf, 4), 4);
	assert_int_equal(buf[3], 7);
	assert_int_equal(buf[4], 0);
	assert_int_equal(BIO_read(bio, buf, 4), -1);
	room.d.in = data;
	room.d.in_len = 2;
	assert_int_equal(BIO_read(bio, buf, 8), 2);
	assert_int_equal(buf[4], 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(so_many_datagrams),
		TEST(so_large_a_datagram),
		TEST(so_many_bytes_of_all),
		TEST(a_datagram_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
