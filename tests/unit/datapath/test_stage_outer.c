// What a frame of the public side is taken for.
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

static uint8_t frame[RIG_FRAME_MAX];

static enum mst_verdict
outer(const uint8_t *bytes, size_t len, struct mst_pkt *out)
{
	struct rte_mbuf *m = rig_mbuf(bytes, len);
	enum mst_verdict v;

	mst_pkt(m)->port = RIG_PUBLIC;
	v = rig_stage(stage_outer, m);
	if (out != NULL)
		*out = *mst_pkt(m);
	rte_pktmbuf_free(m);
	return v;
}

// An IP packet in a frame to our MAC.
static enum mst_verdict
outer_ip(const uint8_t *l3, size_t len)
{
	return outer(frame, rig_frame(frame, RIG_PUBLIC, l3, len), NULL);
}

static enum mst_verdict
udp_to(const char *src, const char *dst, uint16_t port)
{
	uint8_t l3[200];

	return outer_ip(l3, rig_udp(l3, src, dst, 1000, port, "hello", 5));
}

static void
a_datagram_to_our_port_goes_on(void **state)
{
	uint8_t l3[200];
	struct mst_pkt p;
	size_t n = rig_udp(l3, RIG_PEER4, RIG_GW4, 1000, 443, "hello", 5);

	(void)state;
	assert_int_equal(outer(frame, rig_frame(frame, RIG_PUBLIC, l3, n), &p), MST_NEXT);
	assert_int_equal(p.l3_off, 14);
	assert_int_equal(p.record_off, 42);
	assert_int_equal(p.record_len, 5);
	assert_int_equal(p.ip_version, 4);
	// Link padding is not the record's.
	assert_int_equal(outer(frame, 60, &p), MST_NEXT);
	assert_int_equal(p.record_len, 5);
	n = rig_udp(l3, RIG_PEER6, RIG_GW6, 1000, 443, "hello", 5);
	assert_int_equal(outer(frame, rig_frame(frame, RIG_PUBLIC, l3, n), &p), MST_NEXT);
	assert_int_equal(p.record_off, 62);
	assert_int_equal(p.ip_version, 6);
}

static void
a_vlan_tag_moves_the_offsets(void **state)
{
	uint8_t l3[200];
	struct mst_pkt p;
	size_t n = rig_udp(l3, RIG_PEER4, RIG_GW4, 1000, 443, "hello", 5);

	(void)state;
	n = rig_frame(frame, RIG_PUBLIC, l3, n);
	memmove(frame + 16, frame + 12, n - 12);
	memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x00, 0x05}, 4);
	assert_int_equal(outer(frame, n + 4, &p), MST_NEXT);
	assert_int_equal(p.l3_off, 18);
	assert_int_equal(p.record_off, 46);
}

static void
what_else_is_for_the_gateway_is_the_kernels(void **state)
{
	const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0xcc, 0, 0, 0, 1, 0x08, 0x06};
	uint8_t lldp[60] = {0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0xcc, 0, 0, 0, 1, 0x88, 0xcc};
	uint8_t l3[200];

	(void)state;
	assert_int_equal(outer(arp, sizeof(arp), NULL), MST_KERNEL);
	assert_int_equal(outer(lldp, sizeof(lldp), NULL), MST_KERNEL);
	assert_int_equal(outer_ip(l3, rig_packet(l3, RIG_PEER4, RIG_GW4, 6, 64, 20)), MST_KERNEL);
	assert_int_equal(outer_ip(l3, rig_packet(l3, RIG_PEER4, RIG_GW4, 1, 64, 20)), MST_KERNEL);
	assert_int_equal(outer_ip(l3, rig_packet(l3, RIG_PEER4, RIG_GW4, 47, 64, 20)), MST_KERNEL);
	assert_int_equal(outer_ip(l3, rig_packet(l3, RIG_PEER6, RIG_GW6, 58, 255, 20)), MST_KERNEL);
	assert_int_equal(udp_to(RIG_PEER4, RIG_GW4, 444), MST_KERNEL);
	assert_int_equal(udp_to(RIG_PEER4, "255.255.255.255", 68), MST_KERNEL);
	assert_int_equal(udp_to(RIG_PEER4, "224.0.0.5", 89), MST_KERNEL);
	assert_int_equal(udp_to(RIG_PEER6, "ff02::1", 89), MST_KERNEL);
	assert_int_equal(udp_to(RIG_PEER6, "fe80::1", 89), MST_KERNEL);
}

static void
what_is_not_for_us_goes_nowhere(void **state)
{
	uint8_t l3[200];
	size_t n = rig_udp(l3, RIG_PEER4, RIG_GW4, 1000, 443, "hello", 5);

	(void)state;
	assert_int_equal(udp_to(RIG_PEER4, "203.0.113.2", 443), MST_DROP_NOT_OURS);
	assert_int_equal(udp_to(RIG_PEER4, RIG_HOST4, 443), MST_DROP_NOT_OURS);
	assert_int_equal(udp_to(RIG_PEER4, "100.64.0.9", 443), MST_DROP_POOL_OUTSIDE);
	assert_int_equal(udp_to(RIG_PEER6, "fd00:64::9", 443), MST_DROP_POOL_OUTSIDE);
	n = rig_frame(frame, RIG_PUBLIC, l3, n);
	frame[5] ^= 1;
	assert_int_equal(outer(frame, n, NULL), MST_DROP_MAC);
	memset(frame, 0xff, 6); // to all, but to our address
	assert_int_equal(outer(frame, n, NULL), MST_DROP_MAC);
}

static void
every_broken_length_has_its_name(void **state)
{
	uint8_t l3[200];
	size_t n = rig_udp(l3, RIG_PEER4, RIG_GW4, 1000, 443, "hello", 5);

	(void)state;
	rig_frame(frame, RIG_PUBLIC, l3, n);
	assert_int_equal(outer(frame, 13, NULL), MST_DROP_ETH_SHORT);
	assert_int_equal(outer(frame, 14 + 19, NULL), MST_DROP_IP_SHORT);
	assert_int_equal(outer(frame, 14 + n - 1, NULL), MST_DROP_IP_TOTAL_LEN);
	frame[14 + 8] ^= 1;
	assert_int_equal(outer(frame, 14 + n, NULL), MST_DROP_IP_CHECKSUM);
	l3[25]++; // UDP length beyond the packet
	assert_int_equal(outer_ip(l3, n), MST_DROP_UDP_LEN);
	assert_int_equal(outer_ip(l3, rig_packet(l3, RIG_PEER4, RIG_GW4, 17, 64, 7)), MST_DROP_UDP_SHORT);
	memcpy(frame + 12, (uint8_t[]){0x86, 0xdd}, 2); // says IPv6, is IPv4
	assert_int_equal(outer(frame, 14 + 27, NULL), MST_DROP_IP_VERSION);
}

static void
a_sum_that_the_port_has_checked_is_not_checked_again(void **state)
{
	uint8_t l3[200];
	size_t n = rig_udp(l3, RIG_PEER4, RIG_GW4, 1000, 443, "hello", 5);
	struct rte_mbuf *m;

	(void)state;
	l3[10] ^= 1;
	m = rig_mbuf(frame, rig_frame(frame, RIG_PUBLIC, l3, n));
	assert_int_equal(rig_stage(stage_outer, m), MST_DROP_IP_CHECKSUM);
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_BAD;
	assert_int_equal(rig_stage(stage_outer, m), MST_DROP_IP_CHECKSUM);
	m->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	assert_int_equal(rig_stage(stage_outer, m), MST_NEXT);
	rte_pktmbuf_free(m);
}

// offset in units of 8 bytes; bit 13 is More Fragments.
static enum mst_verdict
fragment4(uint16_t field, uint16_t port, size_t payload)
{
	uint8_t l3[200];
	uint32_t sum = 0;

	rig_packet(l3, RIG_PEER4, RIG_GW4, 17, 64, payload);
	l3[6] = (uint8_t)(field >> 8);
	l3[7] = (uint8_t)field;
	l3[22] = (uint8_t)(port >> 8);
	l3[23] = (uint8_t)port;
	l3[10] = l3[11] = 0;
	for (unsigned int i = 0; i < 20; i += 2)
		sum += (uint32_t)l3[i] << 8 | l3[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	l3[10] = (uint8_t)(sum >> 8);
	l3[11] = (uint8_t)sum;
	return outer_ip(l3, 20 + payload);
}

static void
a_fragment_for_the_dtls_port_never_reaches_the_kernel_whole(void **state)
{
	uint8_t l3[200];

	(void)state;
	assert_int_equal(fragment4(0x2000, 443, 64), MST_DROP_FRAGMENT);
	assert_int_equal(fragment4(0x2000, 53, 64), MST_KERNEL);
	assert_int_equal(fragment4(0x2000, 53, 7), MST_DROP_FRAGMENT); // too short to tell
	assert_int_equal(fragment4(0x2008, 443, 64), MST_KERNEL);      // bytes of the middle
	assert_int_equal(fragment4(0x0008, 443, 64), MST_KERNEL);
	// IPv6: the fragment header, then UDP.
	rig_packet(l3, RIG_PEER6, RIG_GW6, 44, 64, 64);
	memcpy(l3 + 40, (uint8_t[]){17, 0, 0, 1, 0, 0, 0, 9, 3, 0xe8, 443 >> 8, 443 & 0xff}, 12);
	assert_int_equal(outer_ip(l3, 104), MST_DROP_FRAGMENT);
	l3[42] = 1; // offset 32
	assert_int_equal(outer_ip(l3, 104), MST_KERNEL);
}

static void
a_routing_header_of_type_0_is_refused(void **state)
{
	uint8_t l3[200];

	(void)state;
	rig_packet(l3, RIG_PEER6, RIG_GW6, 43, 64, 64);
	memcpy(l3 + 40, (uint8_t[]){17, 0, 0, 0, 0, 0, 0, 0}, 8);
	assert_int_equal(outer_ip(l3, 104), MST_DROP_ROUTING0);
}

static void
a_chained_mbuf_is_refused(void **state)
{
	uint8_t l3[200];
	size_t n = rig_udp(l3, RIG_PEER4, RIG_GW4, 1000, 443, "hello", 5);
	struct rte_mbuf *m = rig_mbuf(frame, rig_frame(frame, RIG_PUBLIC, l3, n));

	(void)state;
	assert_int_equal(rte_pktmbuf_chain(m, rig_mbuf(l3, 10)), 0);
	assert_int_equal(rig_stage(stage_outer, m), MST_DROP_SEGMENTS);
	rte_pktmbuf_free(m);
}

// Whatever a frame is cut to, it is judged and nothing is read beyond.
static void
cut_anywhere_it_has_a_verdict(void **state)
{
	uint8_t l3[200];
	size_t n = rig_udp(l3, RIG_PEER6, RIG_GW6, 1000, 443, "hello", 5);

	(void)state;
	n = rig_frame(frame, RIG_PUBLIC, l3, n);
	for (size_t len = 0; len < n; len++)
		assert_true(mst_verdict_is_drop(outer(frame, len, NULL)));
	assert_int_equal(outer(frame, n, NULL), MST_NEXT);
}

// What was found out of one packet of a burst is not said of one to another address.
static void
each_packet_of_a_burst_has_its_own_address(void **state)
{
	static const struct {
		const char *from, *to;
		enum mst_verdict verdict;
	} rows[] = {
		{RIG_PEER6, RIG_GW6, MST_NEXT},
		{RIG_PEER6, "2001:db8::2", MST_DROP_NOT_OURS},
		{RIG_PEER6, RIG_GW6, MST_NEXT},
		{RIG_PEER4, RIG_GW4, MST_NEXT},
		{RIG_PEER4, "203.0.113.2", MST_DROP_NOT_OURS},
		{RIG_PEER4, RIG_GW4, MST_NEXT},
	};
	struct rte_mbuf *m[MST_ARRAY_SIZE(rows)];
	struct mst_burst b;
	uint8_t l3[200];

	(void)state;
	burst_init(&b, 1);
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		size_t n = rig_udp(l3, rows[i].from, rows[i].to, 1000, 443, "hello", 5);

		n = rig_frame(frame, RIG_PUBLIC, l3, n);
		m[i] = rig_mbuf(frame, n);
		mst_pkt(m[i])->port = RIG_PUBLIC;
		burst_add(&b, m[i]);
	}
	stage_outer(rig_worker(0), &b);
	assert_int_equal(b.n, 4);
	assert_int_equal(b.n_left, 2);
	for (uint16_t i = 0; i < b.n_left; i++)
		assert_int_equal(mst_pkt(b.left[i])->verdict, MST_DROP_NOT_OURS);
	assert_ptr_equal(b.left[0], m[1]);
	assert_ptr_equal(b.left[1], m[4]);
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		rte_pktmbuf_free(m[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_to_our_port_goes_on),
		cmocka_unit_test(a_vlan_tag_moves_the_offsets),
		cmocka_unit_test(what_else_is_for_the_gateway_is_the_kernels),
		cmocka_unit_test(what_is_not_for_us_goes_nowhere),
		cmocka_unit_test(every_broken_length_has_its_name),
		cmocka_unit_test(a_sum_that_the_port_has_checked_is_not_checked_again),
		cmocka_unit_test(a_fragment_for_the_dtls_port_never_reaches_the_kernel_whole),
		cmocka_unit_test(a_routing_header_of_type_0_is_refused),
		cmocka_unit_test(a_chained_mbuf_is_refused),
		cmocka_unit_test(each_packet_of_a_burst_has_its_own_address),
		cmocka_unit_test(cut_anywhere_it_has_a_verdict),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
