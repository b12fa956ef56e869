// Packets of RADIUS: the example of RFC 2865, what is taken for an answer, and bounds.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "radius.h"

// RFC 2865 section 7.1.
static const uint8_t asked[] = {0x01, 0x00, 0x00, 0x38, 0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd,
	0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a, 0x01, 0x06, 0x6e, 0x65, 0x6d, 0x6f, 0x02, 0x12, 0x0d, 0xbe,
	0x70, 0x8d, 0x93, 0xd4, 0x13, 0xce, 0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee, 0x04, 0x06, 0xc0,
	0xa8, 0x01, 0x10, 0x05, 0x06, 0x00, 0x00, 0x00, 0x03};
static const uint8_t answered[] = {0x02, 0x00, 0x00, 0x26, 0x86, 0xfe, 0x22, 0x0e, 0x76, 0x24, 0xba, 0x2a,
	0x10, 0x05, 0xf6, 0xbf, 0x9b, 0x55, 0xe0, 0xb2, 0x06, 0x06, 0x00, 0x00, 0x00, 0x01, 0x0f, 0x06, 0x00,
	0x00, 0x00, 0x00, 0x0e, 0x06, 0xc0, 0xa8, 0x01, 0x03};
static const char secret[] = "xyzzy5461";

static struct radius_packet
the_request(void)
{
	struct radius_packet p = {.len = sizeof(asked)};

	memcpy(p.bytes, asked, sizeof(asked));
	return p;
}

static void
the_published_password(void **state)
{
	struct radius_packet p = {.len = RADIUS_HEADER_BYTES};

	(void)state;
	memcpy(p.bytes, asked, RADIUS_HEADER_BYTES);
	radius_packet_add_text(&p, RADIUS_USER_NAME, "nemo");
	radius_packet_add_password(&p, secret, "arctangent");
	assert_false(p.err);
	assert_int_equal(p.len, RADIUS_HEADER_BYTES + 6 + 18);
	assert_memory_equal(p.bytes, asked, p.len);
}

static void
the_published_answer(void **state)
{
	struct radius_packet request = the_request();
	uint8_t bytes[sizeof(answered)];

	(void)state;
	assert_int_equal(radius_packet_check(answered, sizeof(answered), &request, secret, false),
		RADIUS_ACCESS_ACCEPT);
	assert_int_equal(radius_packet_check(answered, sizeof(answered), &request, secret, true), -EBADMSG);
	assert_int_equal(
		radius_packet_check(answered, sizeof(answered), &request, "xyzzy5462", false), -EBADMSG);
	for (size_t len = 0; len < sizeof(answered); len++)
		assert_int_equal(radius_packet_check(answered, len, &request, secret, false), -EBADMSG);
	for (size_t bit = 0; bit < 8 * sizeof(answered); bit++) {
		memcpy(bytes, answered, sizeof(answered));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(
			radius_packet_check(bytes, sizeof(bytes), &request, secret, false), -EBADMSG);
	}
	// Of another request.
	request.bytes[4] ^= 1;
	assert_int_equal(radius_packet_check(answered, sizeof(answered), &request, secret, false), -EBADMSG);
}

static void
requests_are_unlike(void **state)
{
	struct radius_packet a, b;

	(void)state;
	radius_packet_begin(&a, RADIUS_ACCESS_REQUEST);
	radius_packet_begin(&b, RADIUS_ACCESS_REQUEST);
	assert_memory_not_equal(&a.bytes[4], &b.bytes[4], RADIUS_AUTHENTICATOR_BYTES);
	// The Message-Authenticator is the first attribute, and over all that follows.
	assert_int_equal(a.bytes[RADIUS_HEADER_BYTES], RADIUS_MESSAGE_AUTHENTICATOR);
	radius_packet_add_text(&a, RADIUS_USER_NAME, "nemo");
	assert_int_equal(radius_packet_finish(&a, secret), 0);
	b = a;
	b.bytes[b.len - 1] ^= 1;
	memset(&b.bytes[RADIUS_HEADER_BYTES + 2], 0, 16);
	assert_int_equal(radius_packet_finish(&b, secret), 0);
	assert_memory_not_equal(&a.bytes[RADIUS_HEADER_BYTES + 2], &b.bytes[RADIUS_HEADER_BYTES + 2], 16);
	assert_int_equal(a.bytes[2] << 8 | a.bytes[3], a.len);
}

static void
bounds(void **state)
{
	char password[RADIUS_PASSWORD_BYTES + 2];
	char text[300];
	struct radius_packet p;

	(void)state;
	memset(password, 'p', sizeof(password) - 1);
	memset(text, 't', sizeof(text) - 1);
	password[sizeof(password) - 1] = text[sizeof(text) - 1] = '\0';
	radius_packet_begin(&p, RADIUS_ACCESS_REQUEST);
	radius_packet_add_password(&p, secret, password + 1);
	assert_false(p.err);
	radius_packet_add_password(&p, secret, password);
	assert_true(p.err);
	assert_int_equal(radius_packet_finish(&p, secret), -EMSGSIZE);
	// A text is cut, a value is not.
	radius_packet_begin(&p, RADIUS_ACCOUNTING_REQUEST);
	radius_packet_add_text(&p, RADIUS_CONNECT_INFO, text);
	assert_int_equal(p.len, RADIUS_HEADER_BYTES + 255);
	radius_packet_add_text(&p, RADIUS_CONNECT_INFO, "");
	assert_int_equal(p.len, RADIUS_HEADER_BYTES + 255);
	radius_packet_add(&p, RADIUS_STATE, text, RADIUS_VALUE_BYTES);
	assert_false(p.err);
	radius_packet_add(&p, RADIUS_STATE, text, RADIUS_VALUE_BYTES + 1);
	assert_true(p.err);
	// The whole packet.
	radius_packet_begin(&p, RADIUS_ACCOUNTING_REQUEST);
	for (unsigned int i = 0; i < 15; i++)
		radius_packet_add(&p, RADIUS_STATE, text, RADIUS_VALUE_BYTES);
	radius_packet_add(&p, RADIUS_STATE, text, RADIUS_PACKET_BYTES - RADIUS_HEADER_BYTES - 15 * 255 - 2);
	assert_false(p.err);
	assert_int_equal(p.len, RADIUS_PACKET_BYTES);
	assert_int_equal(radius_packet_finish(&p, secret), 0);
	radius_packet_add(&p, RADIUS_STATE, text, 0);
	assert_true(p.err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_password),
		cmocka_unit_test(the_published_answer),
		cmocka_unit_test(requests_are_unlike),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
