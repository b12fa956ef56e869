// Only whole records of a small handshake reach libssl.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "tls_private.h"

static uint8_t dgram[4096];
static struct mst_wr w;

static void
begin(void)
{
	w = mst_wr_init(dgram, sizeof(dgram));
}

static void
record(uint8_t type, uint16_t version, uint16_t epoch, uint16_t len)
{
	mst_wr_be(&w, type, 1);
	mst_wr_be(&w, version, 2);
	mst_wr_be(&w, epoch, 2);
	mst_wr_be(&w, 0, 6);
	mst_wr_be(&w, len, 2);
}

static void
message(uint8_t type, uint32_t len, uint16_t seq, uint32_t off, uint32_t part)
{
	mst_wr_be(&w, type, 1);
	mst_wr_be(&w, len, 3);
	mst_wr_be(&w, seq, 2);
	mst_wr_be(&w, off, 3);
	mst_wr_be(&w, part, 3);
}

static void
body(size_t len)
{
	static const uint8_t zero[2048];

	mst_wr_bytes(&w, zero, len);
}

static int
parse(struct tls_flight *f)
{
	assert_false(w.err);
	return tls_flight_parse(dgram, w.len, f);
}

static void
passes(uint8_t n_records, uint8_t n_encrypted)
{
	struct tls_flight f = {0};

	assert_int_equal(parse(&f), 0);
	assert_int_equal(f.n_records, n_records);
	assert_int_equal(f.n_encrypted, n_encrypted);
}

static void
dropped(void)
{
	struct tls_flight f = {.n_records = 77};

	assert_int_equal(parse(&f), -EBADMSG);
	assert_int_equal(f.n_records, 77);
}

static void
one_message(uint32_t len, uint16_t seq, uint32_t off, uint32_t part, uint16_t rec_len)
{
	begin();
	record(22, 0xfefd, 0, rec_len);
	message(1, len, seq, off, part);
	body(part);
}

static void
flights(void **state)
{
	(void)state;
	begin();
	record(22, 0xfeff, 0, 12 + 40); // a first ClientHello may say 1.0
	message(1, 40, 0, 0, 40);
	body(40);
	passes(1, 0);
	begin(); // ClientKeyExchange, ChangeCipherSpec, Finished in one datagram
	record(22, 0xfefd, 0, 12 + 5);
	message(16, 5, 1, 0, 5);
	body(5);
	record(20, 0xfefd, 0, 1);
	body(1);
	record(22, 0xfefd, 1, 48);
	body(48);
	passes(3, 1);
	begin(); // two messages in one record
	record(22, 0xfefd, 0, 12 + 5 + 12);
	message(16, 5, 1, 0, 5);
	body(5);
	message(14, 0, 2, 0, 0);
	passes(1, 0);
	one_message(100, 0, 60, 40, 12 + 40); // a fragment
	passes(1, 0);
}

static void
message_bounds(void **state)
{
	(void)state;
	one_message(MST_TLS_DTLS_MESSAGE_BYTES, 0, 0, 8, 12 + 8);
	passes(1, 0);
	one_message(MST_TLS_DTLS_MESSAGE_BYTES + 1, 0, 0, 8, 12 + 8);
	dropped();
	one_message(8, 7, 0, 8, 12 + 8);
	passes(1, 0);
	one_message(8, 8, 0, 8, 12 + 8);
	dropped();
	one_message(8, 0, 1, 8, 12 + 8); // past the end of the message
	dropped();
	one_message(8, 0, 0, 8, 12 + 7); // past the end of the record
	dropped();
	one_message(8, 0, 0, 8, 11); // half a header
	dropped();
	one_message(8, 0, 0, 8, 12 + 9); // the record past the end of the datagram
	dropped();
}

static void
types(void **state)
{
	(void)state;
	static const struct {
		uint8_t type;
		uint16_t version;
		uint16_t epoch;
		uint16_t len;
	} bad[] = {
		{21, 0xfefd, 0, 2},  // an alert that anybody can forge
		{23, 0xfefd, 1, 40}, // data before the handshake is over
		{21, 0xfefd, 1, 26}, // an encrypted alert before the keys are known
		{20, 0xfefd, 1, 1},
		{20, 0xfefd, 0, 2},
		{24, 0xfefd, 0, 2},  // heartbeat
		{22, 0xfefd, 1, 65}, // larger than a Finished can be
		{22, 0xfefd, 2, 48},
		{22, 0x0303, 0, 20},
		{22, 0xfefd, 0, 0},
		{22, 0xfefd, 1, 0},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		begin();
		record(bad[i].type, bad[i].version, bad[i].epoch, bad[i].len);
		body(bad[i].len);
		dropped();
	}
}

static void
sizes(void **state)
{
	(void)state;
	begin();
	dropped();
	for (int n = 8; n <= 9; n++) {
		begin();
		for (int i = 0; i < n; i++) {
			record(20, 0xfefd, 0, 1);
			body(1);
		}
		if (n == 8)
			passes(8, 0);
		else
			dropped();
	}
	// As large as a datagram may be, and one byte more: two fragments of 722 or 723.
	for (uint16_t more = 0; more < 2; more++) {
		uint16_t part = (uint16_t)((MST_TLS_DTLS_DATAGRAM_BYTES - 2 * 25) / 2);

		begin();
		record(22, 0xfefd, 0, (uint16_t)(12 + part));
		message(1, 1000, 0, 0, part);
		body(part);
		record(22, 0xfefd, 0, (uint16_t)(12 + part + more));
		message(1, 1000, 0, 0, part + more);
		body(part + more);
		assert_int_equal(w.len, MST_TLS_DTLS_DATAGRAM_BYTES + more);
		if (more == 0)
			passes(2, 0);
		else
			dropped();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flights),
		cmocka_unit_test(message_bounds),
		cmocka_unit_test(types),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
