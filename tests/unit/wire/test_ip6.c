// IPv6: lengths, chains of extension headers, fragments, routing header 0, jumbograms, neighbour discovery.
#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exact.h"

// Extension headers of 8 bytes: next header, length, then what makes them of their kind.
#define OPTIONS(next) next, 0, 1, 4, 0, 0, 0, 0
#define ROUTING(next, type) next, 0, type, 0, 0, 0, 0, 0
#define FRAGMENT(next, hi, lo) next, 0, hi, lo, 0, 0, 0, 1
#define UDP8 0x12, 0x34, 0x01, 0xbb, 0, 8, 0, 0

struct chain {
	const char *name;
	uint8_t first;
	uint8_t body[96];
	uint8_t body_len;
	enum mst_wire_verdict v;
	uint8_t proto, ext_len;
	bool fragment, routing0;
};

// clang-format off
static const struct chain chains[] = {
	{"no extension", 17, {UDP8}, 8, MST_WIRE_OK, 17, 0, false, false},
	{"tcp", 6, {UDP8}, 8, MST_WIRE_OK, 6, 0, false, false},
	{"hop-by-hop", 0, {OPTIONS(17), UDP8}, 16, MST_WIRE_OK, 17, 8, false, false},
	{"hop-by-hop of 16 bytes", 0, {58, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UDP8}, 24, MST_WIRE_OK, 58, 16, false, false},
	{"destination, routing 2, destination", 60, {OPTIONS(43), ROUTING(60, 2), OPTIONS(17), UDP8}, 32, MST_WIRE_OK, 17, 24, false, false},
	{"routing 0", 43, {ROUTING(17, 0), UDP8}, 16, MST_WIRE_OK, 17, 8, false, true},
	{"first fragment", 44, {FRAGMENT(17, 0, 1), UDP8}, 16, MST_WIRE_OK, 17, 8, true, false},
	{"later fragment", 44, {FRAGMENT(17, 0, 8), UDP8}, 16, MST_WIRE_OK, 17, 8, true, false},
	{"later fragment of a chain: its bytes are no header", 44, {FRAGMENT(60, 0xff, 0xf8), 1, 255, 3, 4, 5, 6, 7, 8}, 16, MST_WIRE_OK, 60, 8, true, false},
	{"atomic fragment, reserved bits set", 44, {FRAGMENT(17, 0, 6), UDP8}, 16, MST_WIRE_OK, 17, 8, false, false},
	{"esp ends the walk", 50, {UDP8}, 8, MST_WIRE_OK, 50, 0, false, false},
	{"no next header", 59, {0}, 0, MST_WIRE_OK, 59, 0, false, false},
	{"hop-by-hop not first", 60, {OPTIONS(0), OPTIONS(17), UDP8}, 24, MST_WIRE_IP6_EXT, 0, 0, false, false},
	{"hop-by-hop twice", 0, {OPTIONS(0), OPTIONS(17), UDP8}, 24, MST_WIRE_IP6_EXT, 0, 0, false, false},
	{"length beyond the packet", 60, {17, 1, 1, 4, 0, 0, 0, 0}, 8, MST_WIRE_IP6_EXT, 0, 0, false, false},
	{"cut header", 60, {17, 0, 1, 4, 0, 0, 0}, 7, MST_WIRE_IP6_EXT, 0, 0, false, false},
	{"jumbogram", 0, {17, 0, 0xc2, 4, 0, 1, 0, 0}, 0, MST_WIRE_IP6_EXT, 0, 0, false, false},
	{"eight headers", 60, {OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(17), UDP8}, 72, MST_WIRE_OK, 17, 64, false, false},
	{"nine headers", 60, {OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(60), OPTIONS(17), UDP8}, 80, MST_WIRE_IP6_EXT, 0, 0, false, false},
};
// clang-format on

static size_t
make(uint8_t *p, const struct chain *c)
{
	static const uint8_t src[16] = {0x20, 1, 0xd, 0xb8, 1}, dst[16] = {0x20, 1, 0xd, 0xb8, 2};

	mst_wire_ip6_build(p, src, dst, c->first, 64, c->body_len);
	memcpy(p + MST_IP6_HDR_BYTES, c->body, c->body_len);
	return MST_IP6_HDR_BYTES + (size_t)c->body_len;
}

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(chains); i++) {
		const struct chain *c = &chains[i];
		struct mst_wire_ip ip = {.version = 99};
		uint8_t buf[200], *p;
		size_t len = make(buf, c);

		p = exact(buf, len);
		if (mst_wire_ip_parse(p, len, true, &ip) != c->v)
			fail_msg("%s: another verdict", c->name);
		if (c->v != MST_WIRE_OK) {
			assert_int_equal(ip.version, 99);
			free(p);
			continue;
		}
		assert_int_equal(ip.version, 6);
		assert_int_equal(ip.proto, c->proto);
		assert_int_equal(ip.ttl, 64);
		assert_int_equal(ip.fragment, c->fragment);
		assert_int_equal(ip.routing0, c->routing0);
		assert_int_equal(ip.hdr_len, MST_IP6_HDR_BYTES + c->ext_len);
		assert_int_equal(ip.total_len, len);
		assert_ptr_equal(ip.src, p + 8);
		assert_ptr_equal(ip.dst, p + 24);
		free(p);
	}
}

// Cut by the link, and cut by the payload length: never OK with an offset behind the end, never a read behind
// it.
static void
every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(chains); i++) {
		uint8_t buf[200];
		size_t len = make(buf, &chains[i]);

		for (size_t cut = 0; cut < len; cut++) {
			struct mst_wire_ip ip;
			uint8_t *p = exact(buf, cut);
			enum mst_wire_verdict v = mst_wire_ip_parse(p, cut, false, &ip);

			assert_int_equal(v, cut < 40 ? MST_WIRE_IP_SHORT : MST_WIRE_IP_TOTAL_LEN);
			free(p);
			if (cut < 40)
				continue;
			p = exact(buf, cut);
			mst_wire_put16(p + 4, (uint16_t)(cut - 40));
			v = mst_wire_ip_parse(p, cut, false, &ip);
			assert_true(v == MST_WIRE_OK || v == MST_WIRE_IP6_EXT);
			if (v == MST_WIRE_OK) {
				assert_int_equal(ip.total_len, cut);
				assert_true(ip.hdr_len <= cut);
			}
			free(p);
		}
	}
}

static void
payload_length_off_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct mst_wire_ip ip;
		uint8_t p[200] = {0};
		size_t len = make(p, &chains[i]);

		mst_wire_put16(p + 4, (uint16_t)(len - 40 + 1));
		assert_int_equal(mst_wire_ip_parse(p, len, false, &ip), MST_WIRE_IP_TOTAL_LEN);
		mst_wire_put16(p + 4, (uint16_t)(len - 40 - 1));
		assert_int_equal(mst_wire_ip_parse(p, len, false, &ip), MST_WIRE_OK);
		assert_int_equal(ip.total_len, len - 1);
		// Link padding behind a whole packet.
		mst_wire_put16(p + 4, (uint16_t)(len - 40));
		assert_int_equal(mst_wire_ip_parse(p, len + 6, false, &ip), MST_WIRE_OK);
		assert_int_equal(ip.total_len, len);
	}
}

static void
version_is_checked(void **state)
{
	(void)state;
	struct mst_wire_ip ip;
	uint8_t p[200];
	size_t len = make(p, &chains[2]);

	p[0] = 0x40;
	assert_int_equal(mst_wire_ip6_parse(p, len, &ip), MST_WIRE_IP_VERSION);
}

static void
hop_limit(void **state)
{
	(void)state;
	uint8_t p[200];

	make(p, &chains[0]);
	p[7] = 2;
	assert_true(mst_wire_ttl_decrement(p));
	assert_int_equal(p[7], 1);
	assert_false(mst_wire_ttl_decrement(p));
	assert_int_equal(p[7], 1);
	p[7] = 0;
	assert_false(mst_wire_ttl_decrement(p));
	assert_int_equal(p[7], 0);
}

static void
neighbour_discovery(void **state)
{
	(void)state;
	const struct chain icmp = {.first = 58, .body = {135, 0, 0, 0}, .body_len = 4, .v = MST_WIRE_OK};
	struct mst_wire_ip ip;
	uint8_t p[200];
	size_t len = make(p, &icmp);

	p[7] = 255;
	for (unsigned int type = 0; type < 256; type++) {
		p[40] = (uint8_t)type;
		assert_int_equal(mst_wire_ip_parse(p, len, false, &ip), MST_WIRE_OK);
		assert_int_equal(mst_wire_icmp_type(&ip, p), (int)type);
		assert_int_equal(mst_wire_is_nd(&ip, p), type >= 133 && type <= 137);
	}
	p[40] = 135;
	p[7] = 254; // was routed: not from this link
	assert_int_equal(mst_wire_ip_parse(p, len, false, &ip), MST_WIRE_OK);
	assert_false(mst_wire_is_nd(&ip, p));
	ip.ttl = 255, ip.fragment = true;
	assert_false(mst_wire_is_nd(&ip, p));
	ip.fragment = false, ip.total_len = 40;
	assert_int_equal(mst_wire_icmp_type(&ip, p), -1);
	ip.total_len = 44, ip.proto = 1; // ICMP of the other version
	assert_int_equal(mst_wire_icmp_type(&ip, p), -1);
	ip.version = 4;
	assert_int_equal(mst_wire_icmp_type(&ip, p), 135);
	assert_false(mst_wire_is_nd(&ip, p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(every_cut),
		cmocka_unit_test(payload_length_off_by_one),
		cmocka_unit_test(version_is_checked),
		cmocka_unit_test(hop_limit),
		cmocka_unit_test(neighbour_discovery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
