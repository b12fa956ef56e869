// From a device to the private network: whole frames in, whole frames and verdicts out.
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
static uint8_t frame[RIG_FRAME_MAX], out[RIG_FRAME_MAX], l3[RIG_FRAME_MAX];

// One data record of the device with this packet, one turn of the worker.
static void
send_packet(const void *packet, size_t len)
{
	rig_push(RIG_PUBLIC, frame, rig_data(&d, 0, packet, len, frame));
	assert_int_equal(rig_turn(0), 1);
}

static void
send_frame(const void *bytes, size_t len)
{
	rig_push(RIG_PUBLIC, bytes, len);
	assert_int_equal(rig_turn(0), 1);
}

// The one packet since rig_mark ended so, and nothing left a port.
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

// What arrived on the private side is the packet with one hop less behind the header of the adjacency.
static void
assert_forwarded(const uint8_t *packet, size_t len)
{
	bool v4 = packet[0] >> 4 == 4;
	const uint8_t l2[14] = {2, 0xbb, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, v4 ? 0x08 : 0x86, v4 ? 0x00 : 0xdd};

	assert_int_equal(rig_pop(RIG_PRIVATE, out), 14 + len);
	assert_memory_equal(out, l2, 14);
	assert_int_equal(out[14 + (v4 ? 8 : 7)], packet[v4 ? 8 : 7] - 1);
	if (v4)
		assert_true(rig_ip4_sums_up(out + 14));
	out[14 + (v4 ? 8 : 7)]++;
	if (v4)
		memcpy(out + 14 + 10, packet + 10, 2);
	assert_memory_equal(out + 14, packet, len);
	assert_int_equal(rig_pop(RIG_PRIVATE, out), 0);
	assert_int_equal(rig_pop(RIG_PUBLIC, out), 0);
}

static void
data_of_each_cipher_and_family_arrives(void **state)
{
	size_t n;

	(void)state;
	for (size_t suite = 0; mst_dtls_suite_at(suite) != NULL; suite++) {
		for (int ip = 4; ip <= 6; ip += 2) {
			rig_device_open(&d, suite, ip);
			for (size_t payload = 0; payload < 1360; payload += 37) {
				rig_mark();
				n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, payload);
				send_packet(l3, n);
				assert_forwarded(l3, n);
				n = rig_packet(l3, d.addr6, RIG_HOST6, 17, 64, payload);
				send_packet(l3, n);
				assert_forwarded(l3, n);
				assert_int_equal(rig_verdict(MST_SENT), 2);
				assert_int_equal(rig_verdicts_final(), 2);
			}
			rig_device_close(&d);
		}
	}
}

static void
a_burst_of_many_devices_arrives_in_order(void **state)
{
	static struct rig_device many[8];
	uint8_t packets[32][100];

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		rig_device_open(&many[i], i % 3, i % 2 == 0 ? 4 : 6);
	rig_mark();
	for (unsigned int i = 0; i < 32; i++) {
		struct rig_device *from = &many[i * 5 % 8];

		rig_packet(packets[i], from->addr4, RIG_HOST4, 17, 64, 20 + i);
		rig_push(RIG_PUBLIC, frame, rig_data(from, 0, packets[i], 40 + i, frame));
	}
	assert_int_equal(rig_turn(0), 32);
	assert_int_equal(rig_verdict(MST_SENT), 32);
	for (unsigned int i = 0; i < 32; i++) {
		assert_int_equal(rig_pop(RIG_PRIVATE, out), 54 + i);
		assert_memory_equal(out + 14 + 12, packets[i] + 12, 28 + i);
	}
	for (unsigned int i = 0; i < 8; i++)
		rig_device_close(&many[i]);
}

static void
a_dpd_request_of_any_size_is_echoed_without_control(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 1300, RIG_INNER_MTU};
	uint8_t body[RIG_INNER_MTU], plain[RIG_FRAME_MAX];
	uint64_t seq;

	(void)state;
	mst_random(body, sizeof(body));
	for (size_t suite = 0; mst_dtls_suite_at(suite) != NULL; suite++) {
		for (int ip = 4; ip <= 6; ip += 2) {
			rig_device_open(&d, suite, ip);
			for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
				size_t n;

				rig_mark();
				n = rig_data(&d, 0x03, body, sizes[i], frame);
				send_frame(frame, n);
				assert_int_equal(rig_pop(RIG_PUBLIC, out), n); // as large as it came
				assert_int_equal(rig_unwrap(&d, out, n, plain, &seq), 1 + sizes[i]);
				assert_int_equal(plain[0], 0x04);
				assert_memory_equal(plain + 1, body, sizes[i]);
				assert_int_equal(seq, MST_DTLS_FIRST_DATA_SEQ + i);
				assert_int_equal(rig_verdict(MST_REFLECT), 1);
				assert_int_equal(rig_verdict(MST_SENT), 1);
				assert_int_equal(rig_verdicts_final(), 1);
				assert_null(rig_pop_ring(mst_rt_ring(MST_RING_CONTROL)));
			}
			rig_device_close(&d);
		}
	}
}

static void
what_a_device_may_not_do_is_refused_and_counted(void **state)
{
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	send_packet(l3, rig_packet(l3, "100.64.0.200", RIG_HOST4, 17, 64, 30));
	assert_ended(MST_DROP_SPOOF);
	send_packet(l3, rig_packet(l3, d.addr4, "100.64.0.200", 17, 64, 30));
	assert_ended(MST_DROP_ISOLATED);
	send_packet(l3, rig_packet(l3, d.addr4, "224.0.0.251", 17, 64, 30));
	assert_ended(MST_DROP_INNER_DST);
	send_packet(l3, rig_packet(l3, d.addr4, "192.0.2.1", 17, 64, 30));
	assert_ended(MST_DROP_NO_ROUTE);
	send_frame(frame, rig_data(&d, 0x08, "compressed", 10, frame));
	assert_ended(MST_DROP_TYPE);
	send_frame(frame, rig_data(&d, 0x05, "", 0, frame));
	assert_ended(MST_DROP_TYPE);
	send_frame(frame, rig_data(&d, 0x07, "", 0, frame));
	assert_ended(MST_DONE_KEEPALIVE);
	send_frame(frame, rig_data(&d, 0x04, "", 0, frame));
	assert_ended(MST_DONE_DPD);
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 30);
	send_packet(l3, n - 1); // shorter than it says
	assert_ended(MST_DROP_IP_TOTAL_LEN);
	rig_device_close(&d);
}

static void
replays_and_forgeries_change_nothing(void **state)
{
	uint8_t record[200];
	size_t n, frame_len;

	(void)state;
	rig_device_open(&d, 0, 4);
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 30);
	frame_len = rig_data(&d, 0, l3, n, frame);
	send_frame(frame, frame_len);
	assert_forwarded(l3, n);
	rig_mark();
	send_frame(frame, frame_len);
	assert_ended(MST_DROP_REPLAY);
	// The largest numbers that are opened, with a wrong tag: the window stays where it is.
	for (unsigned int i = 0; i < 100; i++) {
		size_t len = rig_record(&d, 23, 1, MST_DTLS_KEY_RECORDS - 1 - i, "\0junk", 5, record);

		record[len - 1] ^= 1;
		send_frame(frame, rig_record_frame(&d, record, len, frame));
		assert_ended(MST_DROP_TAG);
	}
	send_frame(frame, rig_record_frame(&d, record, rig_record(&d, 23, 2, 5, "\0junk", 5, record), frame));
	assert_ended(MST_DROP_EPOCH);
	send_packet(l3, n);
	assert_forwarded(l3, n);
	assert_int_equal(atomic_load(&d.sa->rx_packets), 2);
	rig_device_close(&d);
}

static void
a_stranger_gets_no_byte(void **state)
{
	uint8_t junk[100];
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	d.port++;
	send_frame(frame, rig_data(&d, 0, "x", 1, frame));
	assert_ended(MST_STRAY);
	send_frame(frame, rig_data(&d, 3, "x", 1, frame));
	assert_ended(MST_STRAY);
	assert_int_equal(rig_empty_ring(mst_rt_ring(MST_RING_CONTROL)), 2);
	d.port--;
	for (unsigned int i = 0; i < 1000; i++) {
		mst_random(junk, sizeof(junk));
		n = rig_record_frame(&d, junk, i % sizeof(junk), frame);
		send_frame(frame, n);
		assert_int_equal(rig_verdicts_final(), 1);
		rig_mark();
		assert_int_equal(rig_pop(RIG_PUBLIC, out), 0);
	}
	rig_empty_ring(mst_rt_ring(MST_RING_CONTROL));
	rig_device_close(&d);
}

// A packet that the kernel has to deal with is on its ring as the device sent it.
static void
assert_at_kernel(const uint8_t *bytes, size_t len, uint8_t flags)
{
	struct rte_mbuf *m = rig_pop_ring(mst_rt_ring(MST_RING_KERNEL));

	assert_non_null(m);
	assert_int_equal(m->data_len, len);
	assert_memory_equal(pkt_data(m), bytes, len);
	assert_int_equal(mst_pkt(m)->flags, flags);
	assert_int_equal(mst_pkt(m)->port, RIG_PUBLIC);
	rte_pktmbuf_free(m);
	assert_ended(MST_KERNEL);
}

static void
the_kernel_gets_what_needs_it(void **state)
{
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 1, 30); // last hop
	send_packet(l3, n);
	assert_at_kernel(l3, n, MST_PKT_INNER);
	n = rig_packet(l3, d.addr6, RIG_HOST6, 17, 1, 30);
	send_packet(l3, n);
	assert_at_kernel(l3, n, MST_PKT_INNER);
	n = rig_packet(l3, d.addr4, "10.20.9.9", 17, 64, 30); // neighbour not known
	send_packet(l3, n);
	assert_at_kernel(l3, n, MST_PKT_INNER);
	n = rig_packet(l3, d.addr4, RIG_GW_INSIDE4, 1, 64, 30); // for the gateway itself
	send_packet(l3, n);
	assert_at_kernel(l3, n, MST_PKT_INNER);
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 1480); // as large as the way
	send_packet(l3, n);
	assert_forwarded(l3, n);
	rig_mark();
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 1481); // larger
	send_packet(l3, n);
	assert_at_kernel(l3, n, MST_PKT_INNER);
	n = rig_packet(l3, RIG_PEER4, RIG_GW4, 6, 64, 40); // TCP to the gateway
	n = rig_frame(frame, RIG_PUBLIC, l3, n);
	send_frame(frame, n);
	assert_at_kernel(frame, n, 0);
	rig_device_close(&d);
}

static void
control_gets_handshakes_whole_and_alerts_in_plain(void **state)
{
	const uint8_t hello[60] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 47, 1};
	uint8_t record[100];
	struct rte_mbuf *m;
	size_t n;

	(void)state;
	rig_device_open(&d, 0, 4);
	rig_mark();
	n = rig_record_frame(&d, hello, sizeof(hello), frame);
	send_frame(frame, n);
	m = rig_pop_ring(mst_rt_ring(MST_RING_CONTROL));
	assert_non_null(m);
	assert_int_equal(m->data_len, n);
	assert_memory_equal(pkt_data(m), frame, n);
	assert_int_equal(mst_pkt(m)->l3_off, 14);
	assert_int_equal(mst_pkt(m)->record_off, 42);
	assert_int_equal(mst_pkt(m)->record_len, sizeof(hello));
	assert_int_equal(mst_pkt(m)->content, 22);
	assert_int_equal(mst_pkt(m)->flags, 0);
	assert_int_equal(mst_pkt(m)->verdict, MST_CONTROL);
	assert_int_equal(mst_pkt(m)->worker, 0);
	rte_pktmbuf_free(m);
	assert_ended(MST_CONTROL);
	// close_notify (RFC 5246 7.2.1) under the keys.
	send_frame(frame,
		rig_record_frame(&d, record, rig_record(&d, 21, 1, d.seq++, "\1\0", 2, record), frame));
	m = rig_pop_ring(mst_rt_ring(MST_RING_CONTROL));
	assert_non_null(m);
	assert_int_equal(m->data_len, 2);
	assert_memory_equal(pkt_data(m), "\1\0", 2);
	assert_int_equal(mst_pkt(m)->content, 21);
	assert_int_equal(mst_pkt(m)->flags, MST_PKT_PLAIN);
	assert_int_equal(mst_pkt(m)->session_id, d.s->id);
	assert_int_equal(mst_pkt(m)->session_index, d.s->index);
	rte_pktmbuf_free(m);
	assert_ended(MST_CONTROL);
	rig_device_close(&d);
}

static void
vlan_tags_are_read_over(void **state)
{
	size_t n, len;

	(void)state;
	rig_device_open(&d, 0, 4);
	n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 30);
	len = rig_data(&d, 0, l3, n, frame);
	memmove(frame + 16, frame + 12, len - 12);
	memcpy(frame + 12, (uint8_t[]){0x81, 0x00, 0x00, 0x05}, 4);
	send_frame(frame, len + 4);
	assert_forwarded(l3, n);
	rig_device_close(&d);
}

// Cut anywhere, or with any one byte changed, a frame ends in one verdict and hurts nobody.
static void
every_cut_and_every_flip_is_counted_once(void **state)
{
	uint8_t broken[300];
	size_t n, len;
	uint64_t sent = 0;

	(void)state;
	for (int ip = 4; ip <= 6; ip += 2) {
		rig_device_open(&d, 0, ip);
		n = rig_packet(l3, d.addr4, RIG_HOST4, 17, 64, 30);
		len = rig_data(&d, 0, l3, n, frame);
		rig_mark();
		for (size_t cut = 0; cut < len; cut++)
			send_frame(frame, cut);
		assert_int_equal(rig_verdicts_final(), len);
		assert_int_equal(rig_verdict(MST_SENT), 0);
		rig_mark();
		for (size_t i = 0; i < len; i++) {
			memcpy(broken, frame, len);
			broken[i] ^= 0x55;
			send_frame(broken, len);
			rig_empty_ring(mst_rt_ring(MST_RING_KERNEL));
			rig_empty_ring(mst_rt_ring(MST_RING_CONTROL));
		}
		assert_int_equal(rig_verdicts_final(), len);
		// Source MAC, TOS and the like are nobody's business; the first such copy gets through, the
		// rest are replays.
		sent = rig_verdict(MST_SENT);
		assert_in_range(sent, 1, 1);
		assert_true(rig_verdict(MST_DROP_REPLAY) + rig_verdict(MST_DROP_OLD) >= 6);
		assert_int_equal(rig_pop(RIG_PRIVATE, out), 14 + n);
		rig_device_close(&d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_each_cipher_and_family_arrives),
		cmocka_unit_test(a_burst_of_many_devices_arrives_in_order),
		cmocka_unit_test(a_dpd_request_of_any_size_is_echoed_without_control),
		cmocka_unit_test(what_a_device_may_not_do_is_refused_and_counted),
		cmocka_unit_test(replays_and_forgeries_change_nothing),
		cmocka_unit_test(a_stranger_gets_no_byte),
		cmocka_unit_test(the_kernel_gets_what_needs_it),
		cmocka_unit_test(control_gets_handshakes_whole_and_alerts_in_plain),
		cmocka_unit_test(vlan_tags_are_read_over),
		cmocka_unit_test(every_cut_and_every_flip_is_counted_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
