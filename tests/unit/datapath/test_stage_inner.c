// Messages of a device, and the addresses it may use.
#include <string.h>

#include "rig.h"

static int
setup(void **state)
{
	(void)state;
	rig_start(2);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rig_stop();
	return 0;
}

static struct rig_device d;

static enum mst_verdict
inner(uint8_t content, uint8_t type, const void *body, size_t len, struct mst_pkt *out)
{
	struct rte_mbuf *m = rig_mbuf(body, len);
	enum mst_verdict v;

	mst_pkt(m)->session = d.s;
	mst_pkt(m)->sa = d.sa;
	mst_pkt(m)->content = content;
	mst_pkt(m)->type = type;
	v = rig_stage(stage_inner, m);
	if (v == MST_NEXT && content == 23) // padding behind the packet goes
		assert_int_equal(rte_pktmbuf_data_len(m), mst_pkt(m)->l3_len);
	if (out != NULL)
		*out = *mst_pkt(m);
	rte_pktmbuf_free(m);
	return v;
}

static enum mst_verdict
packet(const char *src, const char *dst)
{
	uint8_t l3[200];

	return inner(23, 0, l3, rig_packet(l3, src, dst, 17, 64, 30), NULL);
}

static void
open_device(void)
{
	rig_device_open(&d, 0, 4);
}

static void
a_packet_from_the_leased_address_goes_on(void **state)
{
	uint8_t l3[200];
	struct mst_pkt p;
	size_t n;

	(void)state;
	open_device();
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 30);
	assert_int_equal(inner(23, 0, l3, n + 9, &p), MST_NEXT);
	assert_int_equal(p.l3_len, n);
	assert_int_equal(p.ip_version, 4);
	assert_int_equal(p.flags, MST_PKT_INNER);
	assert_int_equal(packet(d.addr6, RIG_HOST6), MST_NEXT);
	rig_device_close(&d);
}

static void
every_other_source_is_a_spoof(void **state)
{
	static const char *const sources4[] = {RIG_GW4, RIG_HOST4, RIG_GW_INSIDE4, "127.0.0.1", "0.0.0.0",
		"224.0.0.1", "255.255.255.255", "100.64.0.254", "100.64.0.0", "8.8.8.8"};
	static const char *const sources6[] = {
		RIG_GW6, RIG_HOST6, "::1", "::", "ff02::1", "fe80::1", "fd00:64::fffe", "::ffff:100.64.0.1"};
	struct rig_device other;
	char addr[MST_IP_TEXT_BYTES];
	struct mst_ip v6;

	(void)state;
	open_device();
	rig_device_open(&other, 0, 4);
	assert_int_equal(packet(other.addr4, RIG_HOST4), MST_DROP_SPOOF);
	assert_int_equal(packet(other.addr6, RIG_HOST6), MST_DROP_SPOOF);
	for (size_t i = 0; i < MST_ARRAY_SIZE(sources4); i++)
		assert_int_equal(packet(sources4[i], RIG_HOST4), MST_DROP_SPOOF);
	for (size_t i = 0; i < MST_ARRAY_SIZE(sources6); i++)
		assert_int_equal(packet(sources6[i], RIG_HOST6), MST_DROP_SPOOF);
	for (unsigned int bit = 0; bit < 128; bit++) { // one bit off is another address
		v6 = rig_ip(d.addr6);
		v6.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(packet(mst_ip_format(&v6, addr), RIG_HOST6), MST_DROP_SPOOF);
	}
	d.s->has6 = false;
	assert_int_equal(packet(d.addr6, RIG_HOST6), MST_DROP_SPOOF);
	d.s->has6 = true;
	rig_device_close(&other);
	rig_device_close(&d);
}

static void
addresses_that_are_never_routed_are_refused(void **state)
{
	static const char *const dst4[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.0.1",
		"239.255.255.250", "240.0.0.1", "255.255.255.255"};
	static const char *const dst6[] = {
		"::", "::1", "ff02::1", "ff05::2", "fe80::1", "febf::1", "::ffff:10.20.0.9", "::10.20.0.9"};

	(void)state;
	open_device();
	for (size_t i = 0; i < MST_ARRAY_SIZE(dst4); i++)
		assert_int_equal(packet(d.addr4, dst4[i]), MST_DROP_INNER_DST);
	for (size_t i = 0; i < MST_ARRAY_SIZE(dst6); i++)
		assert_int_equal(packet(d.addr6, dst6[i]), MST_DROP_INNER_DST);
	assert_int_equal(packet(d.addr4, "1.0.0.1"), MST_NEXT);
	assert_int_equal(packet(d.addr4, "223.255.255.1"), MST_NEXT);
	assert_int_equal(packet(d.addr6, "64:ff9b::1"), MST_NEXT);
	assert_int_equal(packet(d.addr6, "2001:db8::ffff:1"), MST_NEXT);
	rig_device_close(&d);
}

static void
a_dpd_request_is_answered_and_the_rest_is_counted(void **state)
{
	struct mst_pkt p;

	(void)state;
	open_device();
	assert_int_equal(inner(23, 0x03, "body", 4, &p), MST_REFLECT);
	assert_int_equal(p.type, 0x04);
	assert_int_equal(inner(23, 0x03, "", 0, NULL), MST_REFLECT);
	assert_int_equal(inner(23, 0x04, "body", 4, NULL), MST_DONE_DPD);
	assert_int_equal(inner(23, 0x07, "", 0, NULL), MST_DONE_KEEPALIVE);
	for (unsigned int type = 1; type < 256; type++)
		if (type != 3 && type != 4 && type != 7)
			assert_int_equal(inner(23, (uint8_t)type, "x", 1, NULL), MST_DROP_TYPE);
	rig_device_close(&d);
}

static void
what_is_not_data_is_controls_in_plain(void **state)
{
	struct mst_pkt p;

	(void)state;
	open_device();
	assert_int_equal(inner(21, 0, "\1\0", 2, &p), MST_CONTROL);
	assert_int_equal(p.flags, MST_PKT_PLAIN);
	assert_int_equal(p.content, 21);
	rig_device_close(&d);
}

static void
a_broken_packet_is_refused_at_every_length(void **state)
{
	uint8_t l3[200];
	size_t n;

	(void)state;
	open_device();
	for (int ip = 4; ip <= 6; ip += 2) {
		n = rig_packet(l3, ip == 4 ? d.addr4 : d.addr6, ip == 4 ? RIG_HOST4 : RIG_HOST6, 17, 64, 30);
		for (size_t len = 0; len < n; len++)
			assert_true(mst_verdict_is_drop(inner(23, 0, l3, len, NULL)));
		l3[0] = 0x50;
		assert_int_equal(inner(23, 0, l3, n, NULL), MST_DROP_IP_VERSION);
	}
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 30);
	l3[1] ^= 1;
	assert_int_equal(inner(23, 0, l3, n, NULL), MST_DROP_IP_CHECKSUM);
	rig_packet(l3, d.addr6, RIG_HOST6, 43, 64, 64);
	memcpy(l3 + 40, (uint8_t[]){17, 0, 0, 0, 0, 0, 0, 0}, 8);
	assert_int_equal(inner(23, 0, l3, 104, NULL), MST_DROP_ROUTING0);
	rig_device_close(&d);
}

static void
ping_does_not_count_as_use(void **state)
{
	uint8_t l3[200];

	(void)state;
	open_device();
	assert_int_equal(inner(23, 0, l3, rig_packet(l3, d.addr4, RIG_HOST4, 1, 64, 30), NULL), MST_NEXT);
	assert_int_equal(inner(23, 0, l3, rig_packet(l3, d.addr6, RIG_HOST6, 58, 64, 30), NULL), MST_NEXT);
	assert_int_equal(atomic_load(&d.sa->last_data_tsc), 0);
	assert_int_equal(inner(23, 0, l3, rig_packet(l3, d.addr4, RIG_HOST4, 6, 64, 30), NULL), MST_NEXT);
	assert_int_not_equal(atomic_load(&d.sa->last_data_tsc), 0);
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_from_the_leased_address_goes_on),
		cmocka_unit_test(every_other_source_is_a_spoof),
		cmocka_unit_test(addresses_that_are_never_routed_are_refused),
		cmocka_unit_test(a_dpd_request_is_answered_and_the_rest_is_counted),
		cmocka_unit_test(what_is_not_data_is_controls_in_plain),
		cmocka_unit_test(a_broken_packet_is_refused_at_every_length),
		cmocka_unit_test(ping_does_not_count_as_use),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
