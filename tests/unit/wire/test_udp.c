// UDP: the length within the IP payload, every cut, the checksum over both pseudo headers.
#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exact.h"

static const uint8_t datagram[12] = {0xc0, 0x01, 0x01, 0xbb, 0, 12, 0, 0, 'd', 'a', 't', 'a'};

static void
good_datagram(void **state)
{
	(void)state;
	struct mst_wire_udp udp;

	assert_int_equal(mst_wire_udp_parse(datagram, sizeof(datagram), &udp), MST_WIRE_OK);
	assert_int_equal(udp.src_be, rte_cpu_to_be_16(0xc001));
	assert_int_equal(udp.dst_be, rte_cpu_to_be_16(443));
	assert_int_equal(udp.payload_off, 8);
	assert_int_equal(udp.payload_len, 4);
}

static void
lengths(void **state)
{
	(void)state;
	static const struct {
		uint16_t udp_len;
		enum mst_wire_verdict v;
	} t[] = {{0, MST_WIRE_UDP_LEN}, {7, MST_WIRE_UDP_LEN}, {8, MST_WIRE_OK}, {9, MST_WIRE_OK},
		{11, MST_WIRE_OK}, {12, MST_WIRE_OK}, {13, MST_WIRE_UDP_LEN}, {0xffff, MST_WIRE_UDP_LEN}};
	struct mst_wire_udp udp;
	uint8_t p[12];

	memcpy(p, datagram, sizeof(p));
	for (size_t i = 0; i < MST_ARRAY_SIZE(t); i++) {
		mst_wire_put16(p + 4, t[i].udp_len);
		assert_int_equal(mst_wire_udp_parse(p, sizeof(p), &udp), t[i].v);
		if (t[i].v == MST_WIRE_OK)
			assert_int_equal(udp.payload_len, t[i].udp_len - 8);
	}
}

static void
every_cut(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(datagram); len++) {
		struct mst_wire_udp udp = {.payload_off = 99};
		uint8_t *p = exact(datagram, len);

		assert_int_equal(
			mst_wire_udp_parse(p, len, &udp), len < 8 ? MST_WIRE_UDP_SHORT : MST_WIRE_UDP_LEN);
		assert_int_equal(udp.payload_off, 99);
		free(p);
	}
}

// The sum as RFC 768 tells it, with the pseudo header laid out in memory: the reference.
static uint16_t
by_the_book(const uint8_t *l3, const uint8_t *udp, size_t len)
{
	uint8_t pseudo[40 + 2048] = {0};
	size_t n;
	uint32_t sum = 0;

	if (l3[0] >> 4 == 4) {
		memcpy(pseudo, l3 + 12, 8);
		pseudo[9] = 17;
		mst_wire_put16(pseudo + 10, (uint16_t)len);
		n = 12;
	} else {
		memcpy(pseudo, l3 + 8, 32);
		mst_wire_put16(pseudo + 34, (uint16_t)len);
		pseudo[39] = 17;
		n = 40;
	}
	memcpy(pseudo + n, udp, len);
	memset(pseudo + n + 6, 0, 2);
	for (size_t i = 0; i < n + len; i += 2)
		sum += mst_wire_be16(pseudo + i); // a zero byte follows an odd end
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return rte_cpu_to_be_16((uint16_t)(sum == 0 ? 0xffff : sum));
}

static void
checksum_both_versions(void **state)
{
	(void)state;
	uint64_t seed = 0x1234567;

	for (size_t len = 8; len < 1500; len += len < 64 ? 1 : 97) {
		for (unsigned int version = 4; version <= 6; version += 2) {
			uint8_t l3[40], *udp = malloc(len);
			uint16_t want, got;

			for (size_t i = 0; i < 40; i++)
				l3[i] = (uint8_t)next_random(&seed);
			for (size_t i = 0; i < len; i++)
				udp[i] = (uint8_t)next_random(&seed);
			l3[0] = (uint8_t)(version << 4 | 5);
			want = by_the_book(l3, udp, len);
			got = mst_wire_udp_checksum(l3, udp, len);
			assert_int_equal(got, want);
			memcpy(udp + 6, &got, 2);
			assert_true(mst_wire_udp_checksum_ok(l3, udp, len));
			udp[len - 1] ^= 1;
			assert_false(mst_wire_udp_checksum_ok(l3, udp, len));
			memset(udp + 6, 0, 2);
			assert_int_equal(mst_wire_udp_checksum_ok(l3, udp, len), version == 4);
			free(udp);
		}
	}
}

// A sum that comes out as 0 goes on the wire as ffff, because 0 says "none".
static void
zero_is_sent_as_ones(void **state)
{
	(void)state;
	uint8_t l3[20] = {0x45}, udp[10] = {0};
	uint16_t rest;

	mst_wire_put16(udp + 4, 10);
	// Sum so far: protocol 17, length 10 twice; the payload makes it ffff.
	rest = (uint16_t)(0xffff - 17 - 10 - 10);
	mst_wire_put16(udp + 8, rest);
	assert_int_equal(mst_wire_udp_checksum(l3, udp, 10), 0xffff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_datagram),
		cmocka_unit_test(lengths),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(checksum_both_versions),
		cmocka_unit_test(zero_is_sent_as_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
