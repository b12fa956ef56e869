// From the private network and from the kernel to a device.
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
static uint8_t frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX], l3[RIG_FRAME_MAX], plain[RIG_FRAME_MAX];

static void
from_lan(const void *packet, size_t len)
{
	rig_push(RIG_PRIVATE, frame, rig_frame(frame, RIG_PRIVATE, packet, len));
	assert_int_equal(rig_turn(0), 1);
}

static void
inject(const void *bytes, size_t len, enum mst_entry entry, const struct mst_session *s, uint8_t port)
{
	struct rte_mbuf *m = rig_mbuf(bytes, len);

	memset(mst_pkt(m), 0x5a, sizeof(struct mst_pkt));
	mst_pkt(m)->session_index = s == NULL ? 0 : s->index;
	mst_pkt(m)->session_id = s == NULL ? 0 : s->id;
	mst_pkt(m)->port = port;
	assert_int_equal(mst_rt_inject(0, m, entry), 0);
	assert_int_equal(rig_turn(0), 1);
}

static void
assert_ended(enum mst_verdict v)
{
	if (rig_verdict(v) != 1)
		fail_msg("%s was not counted", mst_verdict_name(v));
	assert_int_equal(rig_verdicts_final(), 1);
	assert_int_equal(rig_pop(RIG_PUBLIC, out), 0);
	assert_int_equal(rig_pop(RIG_PRIVATE, out), 0);
	rig_mark();
}

// What the device reads is a data message with this packet and so many hops less.
static uint64_t
assert_delivered(const uint8_t *packet, size_t len, uint8_t hops)
{
	size_t n = rig_pop(RIG_PUBLIC, out), ttl = packet[0] >> 4 == 4 ? 8 : 7;
	uint64_t seq;

	assert_int_not_equal(n, 0);
	assert_int_equal(rig_unwrap(&d, out, n, plain, &seq), 1 + len);
	assert_int_equal(plain[0], 0);
	assert_int_equal(plain[1 + ttl], packet[ttl] - hops);
	if (ttl == 8) {
		assert_true(rig_ip4_sums_up(plain + 1));
		memcpy(plain + 11, packet + 10, 2);
	}
	plain[1 + ttl] = packet[ttl];
	assert_memory_equal(plain + 1, packet, len);
	assert_int_equal(rig_verdict(MST_SENT), 1);
	assert_int_equal(rig_verdicts_final(), 1);
	assert_int_equal(rig_pop(RIG_PUBLIC, out), 0);
	rig_mark();
	return seq;
}

static void
data_of_each_cipher_and_family_arrives(void **state)
{
	size_t n;

	(void)state;
	for (size_t suite = 0; mst_dtls_suite_at(suite) != NULL; suite++) {
		for (int ip = 4; ip <= 6; ip += 2) {
			uint64_t seq = MST_DTLS_FIRST_DATA_SEQ;

			rig_device_open(&d, suite, ip);
			rig_mark();
			for (size_t payload = 0; payload <= 1360; payload += 34) {
				n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, payload);
				from_lan(l3, n);
				assert_int_equal(assert_delivered(l3, n, 1), seq++);
				n = rig_packet(l3, RIG_HOST6, d.addr6, 17, 64, payload);
				from_lan(l3, n);
				assert_int_equal(assert_delivered(l3, n, 1), seq++);
			}
			assert_int_equal(atomic_load(&d.sa->tx_seq), seq);
			rig_device_close(&d);
		}
	}
}

static void
the_size_of_the_tunnel_is_the_last_that_passes(void **state)
{
	struct rte_mbuf *m;
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, RIG_INNER_MTU - 20);
	from_lan(l3, n);
	assert_delivered(l3, n, 1);
	n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, RIG_INNER_MTU - 19);
	from_lan(l3, n);
	m = rig_pop_ring(mst_rt_ring(MST_RING_KERNEL));
	assert_non_null(m);
	assert_int_equal(m->data_len, 14 + n);
	assert_memory_equal(pkt_data(m), frame, 14 + n);
	assert_int_equal(mst_pkt(m)->flags, 0);
	assert_int_equal(mst_pkt(m)->port, RIG_PRIVATE);
	rte_pktmbuf_free(m);
	assert_ended(MST_KERNEL);
	inject(l3, n, MST_ENTRY_TO_DEVICE, NULL, 0);
	assert_ended(MST_DROP_MTU);
	rig_device_close(&d);
}

static void
the_kernel_may_send_into_the_pool(void **state)
{
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	n = rig_packet(l3, RIG_GW_INSIDE4, d.addr4, 1, 64, 56);
	inject(l3, n, MST_ENTRY_TO_DEVICE, NULL, 0);
	assert_delivered(l3, n, 0);
	n = rig_packet(l3, RIG_HOST6, d.addr6, 58, 1, 56);
	inject(l3, n, MST_ENTRY_TO_DEVICE, NULL, 0);
	assert_delivered(l3, n, 0);
	n = rig_packet(l3, RIG_GW_INSIDE4, "100.64.0.222", 1, 64, 56);
	inject(l3, n, MST_ENTRY_TO_DEVICE, NULL, 0);
	assert_ended(MST_DROP_NO_DEVICE);
	n = rig_packet(l3, RIG_GW_INSIDE4, "9.9.9.9", 1, 64, 56);
	inject(l3, n, MST_ENTRY_TO_DEVICE, NULL, 0);
	assert_ended(MST_DROP_NO_DEVICE);
	inject(l3, 5, MST_ENTRY_TO_DEVICE, NULL, 0);
	assert_ended(MST_DROP_IP_SHORT);
	rig_device_close(&d);
}

static void
a_device_without_dtls_is_controls(void **state)
{
	struct rte_mbuf *m;
	size_t n;

	(void)state;
	rig_device_open(&d, 99, 4); // no such suite: no DTLS
	rig_mark();
	n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 100);
	from_lan(l3, n);
	m = rig_pop_ring(mst_rt_ring(MST_RING_STREAM));
	assert_non_null(m);
	assert_int_equal(m->data_len, n);
	assert_int_equal(pkt_data(m)[8], 63);
	assert_memory_equal(pkt_data(m) + 12, l3 + 12, n - 12);
	assert_int_equal(mst_pkt(m)->session_index, d.s->index);
	assert_int_equal(mst_pkt(m)->session_id, d.s->id);
	rte_pktmbuf_free(m);
	assert_ended(MST_STREAM);
	mst_session_set_path(d.s, MST_PATH_NONE);
	from_lan(l3, n);
	assert_ended(MST_DROP_NO_PATH);
	rig_device_close(&d);
}

static void
a_packet_of_the_stream_is_checked_like_any_other(void **state)
{
	size_t n;

	(void)state;
	rig_device_open(&d, 99, 4);
	rig_mark();
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 100);
	inject(l3, n, MST_ENTRY_FROM_DEVICE, d.s, 0);
	assert_int_equal(rig_pop(RIG_PRIVATE, out), 14 + n);
	assert_int_equal(out[14 + 8], 63);
	assert_memory_equal(out + 14 + 12, l3 + 12, n - 12);
	assert_ended(MST_SENT);
	n = rig_packet(l3, "100.64.0.200", RIG_HOST4, 17, 64, 100);
	inject(l3, n, MST_ENTRY_FROM_DEVICE, d.s, 0);
	assert_ended(MST_DROP_SPOOF);
	n = rig_packet(l3, d.addr4, "100.64.0.200", 17, 64, 100);
	inject(l3, n, MST_ENTRY_FROM_DEVICE, d.s, 0);
	assert_ended(MST_DROP_ISOLATED);
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 1, 100);
	inject(l3, n, MST_ENTRY_FROM_DEVICE, d.s, 0);
	assert_int_equal(rig_empty_ring(mst_rt_ring(MST_RING_KERNEL)), 1);
	assert_ended(MST_KERNEL);
	inject(l3, 0, MST_ENTRY_FROM_DEVICE, d.s, 0);
	assert_ended(MST_DROP_IP_SHORT);
	rig_device_close(&d);
}

static void
control_sends_frames_and_outer_packets(void **state)
{
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	inject("any frame at all", 16, MST_ENTRY_FRAME, NULL, RIG_PRIVATE);
	assert_int_equal(rig_pop(RIG_PRIVATE, out), 16);
	assert_memory_equal(out, "any frame at all", 16);
	assert_ended(MST_SENT);
	inject("any frame at all", 16, MST_ENTRY_FRAME, NULL, 2);
	assert_ended(MST_DROP_PORT);
	n = rig_udp(l3, RIG_GW4, RIG_PEER4, 443, 4444, "flight", 6);
	inject(l3, n, MST_ENTRY_OUTER, NULL, 0);
	assert_int_equal(rig_pop(RIG_PUBLIC, out), 14 + n);
	assert_memory_equal(out + 14, l3, n);
	assert_ended(MST_SENT);
	n = rig_udp(l3, RIG_GW6, RIG_PEER6, 443, 4444, "flight", 6);
	inject(l3, n, MST_ENTRY_OUTER, NULL, 0);
	assert_int_equal(rig_pop(RIG_PUBLIC, out), 14 + n);
	assert_int_equal(out[12], 0x86);
	assert_ended(MST_SENT);
	n = rig_udp(l3, RIG_GW4, "9.9.9.9", 443, 4444, "flight", 6);
	inject(l3, n, MST_ENTRY_OUTER, NULL, 0);
	assert_ended(MST_DROP_NO_ROUTE);
	rig_device_close(&d);
}

static void
an_unresolved_peer_is_asked_about_and_not_often(void **state)
{
	struct mst_adj *adj = rig_route("198.51.100.7", MST_ADJ_RESOLVE, RIG_PUBLIC);
	struct rte_mbuf *m;
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 100);
	from_lan(l3, n);
	m = rig_pop_ring(mst_rt_ring(MST_RING_CONTROL));
	assert_non_null(m);
	assert_int_equal(mst_pkt(m)->flags, MST_PKT_RESOLVE);
	assert_int_equal(mst_pkt(m)->verdict, MST_RESOLVE);
	assert_int_equal(pkt_data(m)[0], 0x45);
	assert_memory_equal(pkt_data(m) + 16, rig_ip(RIG_PEER4).bytes, 4);
	rte_pktmbuf_free(m);
	assert_ended(MST_RESOLVE);
	for (unsigned int i = 0; i < 20; i++)
		from_lan(l3, n);
	assert_in_range(rig_verdict(MST_RESOLVE), 0, 4);
	assert_int_equal(rig_verdict(MST_RESOLVE) + rig_verdict(MST_DROP_UNRESOLVED), 20);
	rig_empty_ring(mst_rt_ring(MST_RING_CONTROL));
	adj->kind = MST_ADJ_READY;
	rig_mark();
	from_lan(l3, n);
	assert_delivered(l3, n, 1);
	rig_device_close(&d);
}

static void
what_is_no_packet_for_a_device_is_counted(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	from_lan(l3, rig_packet(l3, RIG_HOST4, "100.64.0.222", 17, 64, 10));
	assert_ended(MST_DROP_NO_DEVICE);
	from_lan(l3, rig_packet(l3, "100.64.0.222", d.addr4, 17, 64, 10));
	assert_ended(MST_DROP_SPOOF);
	from_lan(l3, rig_packet(l3, RIG_HOST4, RIG_PEER4, 17, 64, 10));
	assert_ended(MST_DROP_NOT_OURS);
	from_lan(l3, rig_packet(l3, RIG_HOST4, d.addr4, 17, 1, 10));
	assert_int_equal(rig_empty_ring(mst_rt_ring(MST_RING_KERNEL)), 1);
	assert_ended(MST_KERNEL);
	for (size_t cut = 0; cut < 54; cut++) {
		rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 20);
		rig_frame(frame, RIG_PRIVATE, l3, 40);
		rig_push(RIG_PRIVATE, frame, cut);
		assert_int_equal(rig_turn(0), 1);
		assert_int_equal(rig_verdicts_final(), cut + 1);
		assert_int_equal(rig_verdict(MST_SENT), 0);
	}
	rig_device_close(&d);
}

// Data, DPD responses and another worker draw from one counter.
static void
no_sequence_number_is_used_twice(void **state)
{
	static bool seen[1000];
	uint64_t seq;
	size_t n;

	(void)state;
	memset(seen, 0, sizeof(seen));
	rig_device_open(&d, 0, 4);
	for (unsigned int i = 0; i < 40; i++) {
		struct rte_mbuf *m;

		n = rig_packet(l3, RIG_HOST4, d.addr4, 17, 64, 10);
		rig_push(RIG_PRIVATE, frame, rig_frame(frame, RIG_PRIVATE, l3, n));
		rig_push(RIG_PUBLIC, frame, rig_data(&d, 0x03, "x", 1, frame));
		m = rig_mbuf(l3, n);
		mst_pkt(m)->entry = MST_ENTRY_TO_DEVICE;
		assert_int_equal(rte_ring_enqueue(rig_worker(1)->inject, m), 0);
		assert_int_equal(rig_turn(1), 1);
		assert_int_equal(rig_turn(0), 3); // with the frame that worker 1 has no queue for
		for (unsigned int j = 0; j < 3; j++) {
			size_t len = rig_pop(RIG_PUBLIC, out);

			assert_int_not_equal(len, 0);
			(void)rig_unwrap(&d, out, len, plain, &seq);
			assert_in_range(seq, MST_DTLS_FIRST_DATA_SEQ, MST_ARRAY_SIZE(seen) - 1);
			assert_false(seen[seq]);
			seen[seq] = true;
		}
	}
	assert_int_equal(atomic_load(&d.sa->tx_seq), MST_DTLS_FIRST_DATA_SEQ + 120);
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_each_cipher_and_family_arrives),
		cmocka_unit_test(the_size_of_the_tunnel_is_the_last_that_passes),
		cmocka_unit_test(the_kernel_may_send_into_the_pool),
		cmocka_unit_test(a_device_without_dtls_is_controls),
		cmocka_unit_test(a_packet_of_the_stream_is_checked_like_any_other),
		cmocka_unit_test(control_sends_frames_and_outer_packets),
		cmocka_unit_test(an_unresolved_peer_is_asked_about_and_not_often),
		cmocka_unit_test(what_is_no_packet_for_a_device_is_counted),
		cmocka_unit_test(no_sequence_number_is_used_twice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
