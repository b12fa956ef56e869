// Ethernet: none, one and two tags, and every cut of each.
#include "mst_test.h"
#include "mst_wire_inline.h"

#include "exact.h"

#define MACS 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2

struct frame {
	const char *name;
	uint8_t bytes[32];
	size_t len; // of the header: every byte less is too short
	struct mst_wire_eth want;
};

static const struct frame good[] = {
	{"plain", {MACS, 0x08, 0x00}, 14, {14, 0x0800, 0, 0}},
	{"arp", {MACS, 0x08, 0x06}, 14, {14, 0x0806, 0, 0}},
	{"802.3 length", {MACS, 0x00, 0x2e}, 14, {14, 0x002e, 0, 0}},
	{"one C-tag, priority bits set", {MACS, 0x81, 0x00, 0xe0, 0x7b, 0x86, 0xdd}, 18,
		{18, 0x86dd, 123, 1}},
	{"one S-tag", {MACS, 0x88, 0xa8, 0x0f, 0xff, 0x08, 0x00}, 18, {18, 0x0800, 4095, 1}},
	{"S-tag and C-tag", {MACS, 0x88, 0xa8, 0x00, 0x0a, 0x81, 0x00, 0x00, 0x14, 0x08, 0x00}, 22,
		{22, 0x0800, 10, 2}},
	{"two C-tags", {MACS, 0x81, 0x00, 0x00, 0x01, 0x81, 0x00, 0x00, 0x02, 0x86, 0xdd}, 22,
		{22, 0x86dd, 1, 2}},
};

static void
table(void **state)
{
	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(good); i++) {
		const struct frame *f = &good[i];

		for (size_t len = 0; len <= f->len + 4; len++) {
			struct mst_wire_eth eth = {.l3_off = 0xdead};
			uint8_t *p = exact(f->bytes, len);
			enum mst_wire_verdict v = mst_wire_eth_parse(p, len, &eth);

			free(p);
			if (len < f->len) {
				assert_int_equal(v, MST_WIRE_ETH_SHORT);
				assert_int_equal(eth.l3_off, 0xdead);
				continue;
			}
			assert_int_equal(v, MST_WIRE_OK);
			assert_int_equal(eth.l3_off, f->want.l3_off);
			assert_int_equal(eth.ethertype, f->want.ethertype);
			assert_int_equal(eth.vlan, f->want.vlan);
			assert_int_equal(eth.n_vlan, f->want.n_vlan);
		}
	}
}

static void
third_tag_is_refused(void **state)
{
	(void)state;
	const uint8_t b[] = {MACS, 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 0x08, 0x00};
	struct mst_wire_eth eth;

	assert_int_equal(mst_wire_eth_parse(b, sizeof(b), &eth), MST_WIRE_VLAN_DEPTH);
}

static void
verdicts_have_words(void **state)
{
	(void)state;
	for (unsigned int v = 0; v < MST_WIRE_VERDICT_COUNT; v++) {
		assert_string_not_equal(mst_wire_verdict_name(v), "unknown");
		assert_string_not_equal(mst_wire_verdict_help(v), "");
		for (unsigned int w = 0; w < v; w++)
			assert_string_not_equal(mst_wire_verdict_name(v), mst_wire_verdict_name(w));
	}
	assert_string_equal(mst_wire_verdict_name(MST_WIRE_VERDICT_COUNT), "unknown");
	assert_string_equal(mst_wire_verdict_help(MST_WIRE_VERDICT_COUNT), "unknown");
	assert_string_equal(mst_wire_verdict_name(MST_WIRE_UDP_LEN), "udp-len");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(third_tag_is_refused),
		cmocka_unit_test(verdicts_have_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
