// Checksums: a published example, chaining of parts, and the incremental update against the full sum.
#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exact.h"

// RFC 1071 section 3: the bytes 00 01 f2 03 f4 f5 f6 f7 have the sum ddf2.
static void
published_example(void **state)
{
	(void)state;
	const uint8_t b[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint16_t sum = mst_wire_fold(mst_wire_sum(b, sizeof(b), 0));

	assert_int_equal(rte_be_to_cpu_16(sum), 0xddf2);
}

// RFC 1624 section 4: HC = dd2f, m = 5555, m' = 3285 gives 0000, where RFC 1141 gave ffff.
static void
published_update(void **state)
{
	(void)state;
	uint16_t hc = rte_cpu_to_be_16(0xdd2f), m = rte_cpu_to_be_16(0x5555), to = rte_cpu_to_be_16(0x3285);

	assert_int_equal(mst_wire_checksum_update(hc, m, to), 0x0000);
}

static uint16_t
slow_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void
every_length_and_split(void **state)
{
	(void)state;
	uint64_t seed = 99;

	for (size_t len = 0; len <= 70; len++) {
		uint8_t *p = malloc(len + 1);
		uint16_t want;

		for (size_t i = 0; i < len; i++)
			p[i] = (uint8_t)next_random(&seed);
		want = slow_sum(p, len);
		for (size_t cut = 0; cut <= len; cut += 2) {
			uint8_t *head = exact(p, cut), *tail = exact(p + cut, len - cut);
			uint64_t sum = mst_wire_sum(tail, len - cut, mst_wire_sum(head, cut, 0));

			assert_int_equal(rte_be_to_cpu_16(mst_wire_fold(sum)), want);
			free(head);
			free(tail);
		}
		free(p);
	}
	// The largest of sums: 64 KiB of ones.
	uint8_t *ones = malloc(65535);
	memset(ones, 0xff, 65535);
	assert_int_equal(rte_be_to_cpu_16(mst_wire_fold(mst_wire_sum(ones, 65534, 0))), 0xffff);
	free(ones);
}

// Over random headers, TTL decrement and a change of length leave a checksum that verifies, and the one a
// full recomputation gives.
static void
update_equals_recompute(void **state)
{
	(void)state;
	uint64_t seed = 0xfeedULL;

	for (unsigned int n = 0; n < 20000; n++) {
		uint8_t h[60];
		size_t hdr_len = 20 + 4 * (next_random(&seed) % 11);
		uint16_t c, full, len = (uint16_t)(next_random(&seed) % 65515);

		for (size_t i = 0; i < hdr_len; i++)
			h[i] = (uint8_t)next_random(&seed);
		h[0] = (uint8_t)(0x40 | hdr_len / 4);
		h[10] = h[11] = 0;
		c = mst_wire_ip4_checksum(h, hdr_len);
		memcpy(h + 10, &c, 2);
		if (h[8] <= 1)
			continue;
		assert_true(mst_wire_ttl_decrement(h));
		mst_wire_set_payload_len(h, len);
		assert_int_equal(mst_wire_be16(h + 2), len + 20);
		memcpy(&c, h + 10, 2);
		h[10] = h[11] = 0;
		full = mst_wire_ip4_checksum(h, hdr_len);
		assert_int_equal(c, full);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_example),
		cmocka_unit_test(published_update),
		cmocka_unit_test(every_length_and_split),
		cmocka_unit_test(update_equals_recompute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
