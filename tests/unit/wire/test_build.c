// What is built is what the parser reads, bit for bit where it matters to others.
#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exact.h"

static const uint8_t src4[4] = {192, 0, 2, 1}, dst4[4] = {198, 51, 100, 7};
static const uint8_t src6[16] = {0x20, 1, 0xd, 0xb8, [15] = 1}, dst6[16] = {0x20, 1, 0xd, 0xb8, [15] = 2};

static void
ip4(void **state)
{
	(void)state;
	uint8_t *p = malloc(28);
	struct mst_wire_ip ip;

	memset(p, 0xa5, 28);
	mst_wire_ip4_build(p, src4, dst4, 17, 64, 8);
	assert_int_equal(mst_wire_ip_parse(p, 28, true, &ip), MST_WIRE_OK);
	assert_int_equal(ip.total_len, 28);
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.ttl, 64);
	assert_memory_equal(ip.src, src4, 4);
	assert_memory_equal(ip.dst, dst4, 4);
	assert_int_equal(p[1], 0);
	assert_int_equal(mst_wire_be16(p + 4), 0);
	assert_int_equal(mst_wire_be16(p + 6), 0x4000); // DF
	assert_int_equal(p[20], 0xa5);			// nothing behind the header is written
	free(p);
}

static void
ip6(void **state)
{
	(void)state;
	uint8_t *p = malloc(48);
	struct mst_wire_ip ip;

	memset(p, 0xa5, 48);
	mst_wire_ip6_build(p, src6, dst6, 17, 63, 8);
	assert_int_equal(mst_wire_ip_parse(p, 48, true, &ip), MST_WIRE_OK);
	assert_int_equal(ip.version, 6);
	assert_int_equal(ip.total_len, 48);
	assert_int_equal(ip.ttl, 63);
	assert_memory_equal(ip.src, src6, 16);
	assert_memory_equal(ip.dst, dst6, 16);
	assert_int_equal(mst_wire_be32(p), 0x60000000);
	assert_int_equal(p[40], 0xa5);
	free(p);
}

// A template of a session, set to the length of each packet in turn.
static void
template_lengths(void **state)
{
	(void)state;
	uint8_t h4[20], h6[40];
	struct mst_wire_ip ip;
	uint8_t *p = calloc(1, 65535);

	mst_wire_ip4_build(h4, src4, dst4, 17, 64, 0);
	mst_wire_ip6_build(h6, src6, dst6, 17, 64, 0);
	for (uint32_t len = 8; len < 65000; len += 331) {
		mst_wire_set_payload_len(h4, (uint16_t)len);
		memcpy(p, h4, sizeof(h4));
		assert_int_equal(mst_wire_ip_parse(p, 20 + len, true, &ip), MST_WIRE_OK);
		assert_int_equal(ip.total_len, 20 + len);
		mst_wire_set_payload_len(h6, (uint16_t)len);
		memcpy(p, h6, sizeof(h6));
		assert_int_equal(mst_wire_ip_parse(p, 40 + len, true, &ip), MST_WIRE_OK);
		assert_int_equal(ip.total_len, 40 + len);
	}
	free(p);
}

static void
udp(void **state)
{
	(void)state;
	uint8_t p[12] = {0};
	struct mst_wire_udp u;

	memset(p, 0xa5, sizeof(p));
	mst_wire_udp_build(p, rte_cpu_to_be_16(443), rte_cpu_to_be_16(50000), 4);
	assert_int_equal(mst_wire_udp_parse(p, 12, &u), MST_WIRE_OK);
	assert_int_equal(u.src_be, rte_cpu_to_be_16(443));
	assert_int_equal(u.dst_be, rte_cpu_to_be_16(50000));
	assert_int_equal(u.payload_len, 4);
	assert_int_equal(mst_wire_be16(p + 6), 0);
	assert_int_equal(p[8], 0xa5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip4),
		cmocka_unit_test(ip6),
		cmocka_unit_test(template_lengths),
		cmocka_unit_test(udp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
