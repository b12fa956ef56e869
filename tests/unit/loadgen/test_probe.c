// Test packets: every byte that matters, against the checked parsers of wire; and whatever must not pass.
#include <string.h>

#include "mst_test.h"
#include "mst_wire_inline.h"

#include "probe.h"

#define KEY 0x1122334455667788u

static const struct lg_probe_params up = {
	.src = {10, 9, 0, 7},
	.dst = {192, 0, 2, 1},
	.src_port = 7001,
	.dst_port = 7002,
	.flow = 63999,
	.dir = LG_UP,
	.key = KEY,
};
static uint8_t buf[LG_PROBE_MAX_BYTES + 1];

static void
write_one(struct lg_probe *p, size_t len, uint64_t tsc)
{
	memset(buf, 0xee, sizeof(buf));
	lg_probe_write(p, buf, len, tsc);
	assert_int_equal(buf[len], 0xee);
}

static void
there_and_back(void **state)
{
	struct lg_probe_seen seen;
	struct lg_probe p;
	uint64_t tsc = 0x9000000000000001u;

	(void)state;
	lg_probe_init(&p, &up);
	p.seq = 0xfffe; // words of the sequence carry over
	for (size_t len = LG_PROBE_MIN_BYTES; len <= LG_PROBE_MAX_BYTES; len += len < 1500 ? 1 : 250) {
		uint64_t seq = p.seq;

		write_one(&p, len, tsc);
		assert_int_equal(lg_probe_parse(buf, len, KEY, 64000, true, &seen), LG_PROBE_OK);
		assert_int_equal(seen.flow, 63999);
		assert_int_equal(seen.dir, LG_UP);
		assert_int_equal(seen.len, len);
		assert_true(seen.seq == seq && seen.tsc == tsc);
		assert_memory_equal(seen.src, up.src, 4);
		assert_memory_equal(seen.dst, up.dst, 4);
		tsc += 0x123456789abu;
	}
	write_one(&p, LG_PROBE_MAX_BYTES, tsc);
	assert_int_equal(lg_probe_parse(buf, LG_PROBE_MAX_BYTES, KEY, 64000, true, &seen), LG_PROBE_OK);
}

// wire's own checksums, over many sequences: the incremental sum may never differ, nor be 0.
static void
checksums_of_wire(void **state)
{
	struct mst_wire_udp udp = {0};
	struct mst_wire_ip ip;
	struct lg_probe p;

	(void)state;
	lg_probe_init(&p, &up);
	for (uint64_t i = 0; i < 200000; i++) {
		const uint8_t *field = buf + MST_IP4_HDR_BYTES + 6;
		uint16_t want, is;

		lg_probe_write(&p, buf, 64 + i % 3, i * 0x10001);
		want = mst_wire_udp_checksum(buf, buf + MST_IP4_HDR_BYTES, 44 + i % 3);
		memcpy(&is, field, sizeof(is));
		assert_int_equal(is, want);
	}
	assert_int_equal(mst_wire_ip_parse(buf, 66, true, &ip), MST_WIRE_OK);
	assert_int_equal(ip.ttl, LG_PROBE_TTL);
	assert_false(ip.fragment);
	assert_int_equal(mst_wire_udp_parse(buf + 20, ip.total_len - 20, &udp), MST_WIRE_OK);
	assert_int_equal(rte_be_to_cpu_16(udp.src_be), 7001);
	assert_int_equal(rte_be_to_cpu_16(udp.dst_be), 7002);
}

static void
padding_is_passed_over(void **state)
{
	struct lg_probe_seen seen;
	struct lg_probe p;

	(void)state;
	lg_probe_init(&p, &up);
	write_one(&p, 64, 1);
	assert_int_equal(lg_probe_parse(buf, 80, KEY, 64000, true, &seen), LG_PROBE_OK);
	assert_int_equal(seen.len, 64);
	for (size_t len = 0; len < 64; len++)
		assert_int_equal(lg_probe_parse(buf, len, KEY, 64000, true, &seen), LG_PROBE_FOREIGN);
}

// Each bit of a packet, changed alone: nothing passes.
static void
every_bit(void **state)
{
	struct lg_probe_seen seen;
	struct lg_probe p;

	(void)state;
	lg_probe_init(&p, &up);
	write_one(&p, 100, 77);
	for (size_t i = 0; i < 100 * 8; i++) {
		enum lg_probe_verdict v;

		buf[i / 8] ^= (uint8_t)(1u << i % 8);
		v = lg_probe_parse(buf, 100, KEY, 64000, true, &seen);
		assert_int_not_equal(v, LG_PROBE_OK);
		if (i / 8 >= LG_PROBE_MIN_BYTES)
			assert_int_equal(v, LG_PROBE_CHECKSUM);
		else if (i / 8 >= 28)
			assert_int_equal(v, LG_PROBE_FOREIGN);
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	// A router on the way takes one hop and mends the checksum.
	assert_true(mst_wire_ttl_decrement(buf));
	assert_int_equal(lg_probe_parse(buf, 100, KEY, 64000, true, &seen), LG_PROBE_OK);
}

static void
others(void **state)
{
	struct lg_probe_seen seen;
	struct lg_probe p;

	(void)state;
	lg_probe_init(&p, &up);
	write_one(&p, 200, 5);
	assert_int_equal(lg_probe_parse(buf, 200, KEY + 1, 64000, false, &seen), LG_PROBE_FOREIGN);
	assert_int_equal(lg_probe_parse(buf, 200, KEY, 63999, false, &seen), LG_PROBE_FOREIGN);
	assert_int_equal(lg_probe_parse(buf, 200, KEY, 64000, false, &seen), LG_PROBE_OK);
	// Without the sum over the bytes a damaged tail passes.
	buf[150] ^= 1;
	assert_int_equal(lg_probe_parse(buf, 200, KEY, 64000, false, &seen), LG_PROBE_OK);
	assert_int_equal(lg_probe_parse(buf, 200, KEY, 64000, true, &seen), LG_PROBE_CHECKSUM);
	// Cut on the way, with an IP header that fits what is left.
	mst_wire_put16(buf + 2, 180);
	assert_int_equal(lg_probe_parse(buf, 180, KEY, 64000, false, &seen), LG_PROBE_CUT);
	// Parts of a packet, and options of IP, are none of ours, whatever else fits.
	write_one(&p, 64, 5);
	buf[6] = 0x20;
	assert_int_equal(lg_probe_parse(buf, 64, KEY, 64000, false, &seen), LG_PROBE_FOREIGN);
	buf[6] = 0x40;
	buf[0] = 0x46;
	assert_int_equal(lg_probe_parse(buf, 64, KEY, 64000, false, &seen), LG_PROBE_FOREIGN);
	// A direction there is none of, though the check is right.
	lg_probe_init(&p, &up);
	p.head[32] = LG_N_DIRS;
	write_one(&p, 64, 5);
	assert_int_equal(lg_probe_parse(buf, 64, KEY, 64000, false, &seen), LG_PROBE_FOREIGN);
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(lg_probe_verdict_name(LG_PROBE_CUT), "cut");
	assert_string_equal(lg_probe_verdict_name(LG_PROBE_VERDICT_COUNT), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(checksums_of_wire),
		cmocka_unit_test(padding_is_passed_over),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(others),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
