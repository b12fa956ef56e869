// IPv4: header and total length off by one each way, options, fragments, padding, checksum, TTL.
#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exact.h"

// 20 bytes of header and 8 of payload.
static const uint8_t packet[28] = {0x45, 0, 0, 28, 0x12, 0x34, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51,
	100, 7, 1, 2, 3, 4, 5, 6, 7, 8};

static void
set_checksum(uint8_t *p, size_t hdr_len)
{
	uint16_t c;

	p[10] = p[11] = 0;
	c = mst_wire_ip4_checksum(p, hdr_len);
	memcpy(p + 10, &c, sizeof(c));
}

static enum mst_wire_verdict
parse(const uint8_t *bytes, size_t len, bool verify, struct mst_wire_ip *out)
{
	uint8_t *p = exact(bytes, len);
	enum mst_wire_verdict v = mst_wire_ip_parse(p, len, verify, out);

	free(p);
	return v;
}

static void
good_packet(void **state)
{
	(void)state;
	struct mst_wire_ip ip;

	assert_int_equal(mst_wire_ip_parse(packet, sizeof(packet), false, &ip), MST_WIRE_OK);
	assert_int_equal(ip.version, 4);
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.ttl, 64);
	assert_false(ip.fragment);
	assert_false(ip.routing0);
	assert_int_equal(ip.hdr_len, 20);
	assert_int_equal(ip.total_len, 28);
	assert_ptr_equal(ip.src, packet + 12);
	assert_ptr_equal(ip.dst, packet + 16);
}

static void
every_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(packet); len++) {
		struct mst_wire_ip ip = {.version = 99};

		assert_int_equal(
			parse(packet, len, false, &ip), len < 20 ? MST_WIRE_IP_SHORT : MST_WIRE_IP_TOTAL_LEN);
		assert_int_equal(ip.version, 99);
	}
}

static void
total_length_off_by_one(void **state)
{
	(void)state;
	struct mst_wire_ip ip;
	uint8_t p[28];

	memcpy(p, packet, sizeof(p));
	p[3] = 29; // one more than was received
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_IP_TOTAL_LEN);
	p[3] = 27; // one less: link padding
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_OK);
	assert_int_equal(ip.total_len, 27);
	p[3] = 20; // empty payload
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_OK);
	p[3] = 19; // inside the header
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_IP_TOTAL_LEN);
	p[2] = 0xff, p[3] = 0xff;
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_IP_TOTAL_LEN);
	p[2] = 0, p[3] = 0;
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_IP_TOTAL_LEN);
}

static void
header_length_and_options(void **state)
{
	(void)state;
	struct mst_wire_ip ip;
	uint8_t p[68] = {0};

	for (unsigned int ihl = 0; ihl < 16; ihl++) {
		size_t hdr = ihl * 4;

		memcpy(p, packet, sizeof(packet));
		p[0] = (uint8_t)(0x40 | ihl);
		p[3] = (uint8_t)(hdr + 8);
		if (ihl < 5) {
			assert_int_equal(parse(p, sizeof(p), false, &ip), MST_WIRE_IP_HDR_LEN);
			continue;
		}
		assert_int_equal(parse(p, hdr + 8, false, &ip), MST_WIRE_OK);
		assert_int_equal(ip.hdr_len, hdr);
		// One byte short of the options, and a total length that ends inside them.
		if (ihl > 5)
			assert_int_equal(parse(p, hdr - 1, false, &ip), MST_WIRE_IP_HDR_LEN);
		p[3] = (uint8_t)(hdr - 1);
		assert_int_equal(parse(p, hdr + 8, false, &ip), MST_WIRE_IP_TOTAL_LEN);
	}
}

static void
versions(void **state)
{
	(void)state;
	struct mst_wire_ip ip;
	uint8_t p[28];

	memcpy(p, packet, sizeof(p));
	for (unsigned int v = 0; v < 16; v++) {
		p[0] = (uint8_t)(v << 4 | 5);
		if (v != 4 && v != 6)
			assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_IP_VERSION);
		if (v != 4)
			assert_int_equal(mst_wire_ip4_parse(p, 28, false, &ip), MST_WIRE_IP_VERSION);
	}
}

static void
fragments(void **state)
{
	(void)state;
	static const struct {
		uint16_t field;
		bool fragment;
	} t[] = {{0x0000, false}, {0x4000, false}, {0x8000, false}, {0x2000, true}, {0x0001, true},
		{0x3fff, true}, {0x1000, true}, {0x6000, true}};
	struct mst_wire_ip ip;
	uint8_t p[28];

	memcpy(p, packet, sizeof(p));
	for (size_t i = 0; i < MST_ARRAY_SIZE(t); i++) {
		mst_wire_put16(p + 6, t[i].field);
		assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_OK);
		assert_int_equal(ip.fragment, t[i].fragment);
	}
}

static void
checksum_is_verified_on_request(void **state)
{
	(void)state;
	struct mst_wire_ip ip;
	uint8_t p[28];

	memcpy(p, packet, sizeof(p));
	assert_int_equal(parse(p, 28, false, &ip), MST_WIRE_OK);
	assert_int_equal(parse(p, 28, true, &ip), MST_WIRE_IP_CHECKSUM);
	set_checksum(p, 20);
	assert_int_equal(parse(p, 28, true, &ip), MST_WIRE_OK);
	for (unsigned int bit = 0; bit < 160; bit++) {
		enum mst_wire_verdict v;

		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		v = parse(p, 28, true, &ip);
		assert_int_not_equal(v, MST_WIRE_OK);
		if (bit >= 32) // no bit of version, IHL, length: only the checksum can tell
			assert_int_equal(v, MST_WIRE_IP_CHECKSUM);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
ttl(void **state)
{
	(void)state;
	uint8_t p[28];

	memcpy(p, packet, sizeof(p));
	for (unsigned int t = 0; t < 256; t++) {
		p[8] = (uint8_t)t;
		set_checksum(p, 20);
		if (t <= 1) {
			uint8_t before[28];

			memcpy(before, p, sizeof(p));
			assert_false(mst_wire_ttl_decrement(p));
			assert_memory_equal(before, p, sizeof(p));
			continue;
		}
		assert_true(mst_wire_ttl_decrement(p));
		assert_int_equal(p[8], t - 1);
		assert_int_equal(mst_wire_ip4_checksum(p, 20), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_packet),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(total_length_off_by_one),
		cmocka_unit_test(header_length_and_options),
		cmocka_unit_test(versions),
		cmocka_unit_test(fragments),
		cmocka_unit_test(checksum_is_verified_on_request),
		cmocka_unit_test(ttl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
