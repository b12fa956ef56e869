// What workers hand over of sessions: records that their keys opened, packets for devices without DTLS.
#include <sys/socket.h>

#include "mst_port.h"
#include "mst_wire.h"

#include "rig.h"

// RFC 5246 7.2: only close_notify and what is fatal end the association, and only of a session that lives.
static void
alerts_under_the_keys_end_the_association(void **state)
{
	static const struct {
		uint8_t alert[2];
		uint8_t len;
		uint8_t content;
		bool ends;
	} rows[] = {
		{{1, 90}, 2, MST_DTLS_ALERT, false},
		{{1, 0}, 1, MST_DTLS_ALERT, false},
		{{2, 40}, 2, MST_DTLS_HANDSHAKE, false},
		{{2, 40}, 2, MST_DTLS_ALERT, true},
		{{1, 0}, 2, MST_DTLS_ALERT, true},
	};

	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	const struct mst_sa *sa;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

		sa = rig_sa(l->session, 1000);
		memcpy(rte_pktmbuf_append(m, rows[i].len), rows[i].alert, rows[i].len);
		*mst_pkt(m) = (struct mst_pkt){.session_index = l->session->index,
			.session_id = l->session->id,
			.sa_serial = sa->serial,
			.content = rows[i].content,
			.flags = MST_PKT_PLAIN};
		assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_CONTROL), m), 0);
		assert_int_equal(control_inbox(rig), 1);
		assert_int_equal(atomic_load(&l->session->sa) == NULL, rows[i].ends);
	}
	assert_int_equal(rig->counters.dtls_alerts, 2);
	assert_int_equal(rig->n_conns, 1);
	device_close(&d);
}

static void
alerts_of_who_has_gone_are_dropped(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	(void)state;
	memcpy(rte_pktmbuf_append(m, 2), (uint8_t[]){2, 40}, 2);
	*mst_pkt(m) = (struct mst_pkt){.session_index = l->session->index,
		.session_id = l->session->id + 1,
		.content = MST_DTLS_ALERT,
		.flags = MST_PKT_PLAIN};
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_CONTROL), m), 0);
	assert_int_equal(control_inbox(rig), 1);
	assert_int_equal(rig->counters.dtls_alerts, 0);
	device_close(&d);
}

static void
hand_over(const uint8_t *data, size_t len, uint16_t l3_off, uint8_t flags)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	memcpy(rte_pktmbuf_append(m, (uint16_t)len), data, len);
	*mst_pkt(m) = (struct mst_pkt){.l3_off = l3_off, .flags = flags};
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_CONTROL), m), 0);
	assert_int_equal(control_inbox(rig), 1);
}

// What is no handshake is counted where it is read: a datagram of each family comes that far, and nothing that is none.
static void
datagrams_are_looked_at_once_more(void **state)
{
	enum { BEHIND = 30 };
	uint8_t data[14 + 40 + 8 + BEHIND] = {0};
	const uint8_t peer[16] = {192, 0, 2, 7}, local[16] = {192, 0, 2, 1};
	size_t len4 = 14 + 20 + 8 + BEHIND;

	(void)state;
	mst_wire_ip4_build(data + 14, peer, local, 17, 64, 8 + BEHIND);
	mst_wire_udp_build(data + 34, 4711, 443, BEHIND);
	hand_over(data, len4, 14, 0);
	assert_int_equal(rig->counters.dtls_malformed, 1);
	for (size_t len = 0; len < len4; len++)
		hand_over(data, len, 14, 0);
	hand_over(data, len4, (uint16_t)len4 + 1, 0);
	hand_over(data, len4, 15, 0);
	data[39] = BEHIND + 9; // longer than the packet around it
	hand_over(data, len4, 14, 0);
	assert_int_equal(rig->counters.dtls_malformed, 1);
	mst_wire_ip6_build(data + 14, peer, local, 17, 64, 8 + BEHIND);
	mst_wire_udp_build(data + 54, 4711, 443, BEHIND);
	hand_over(data, sizeof(data), 14, 0);
	assert_int_equal(rig->counters.dtls_malformed, 2);
	// A stray is no handshake.
	hand_over(data, sizeof(data), 14, MST_PKT_STRAY);
	assert_int_equal(rig->counters.dtls_malformed, 2);
}

// A client that has renewed its keys closes its association of before: that one goes, the new one stays.
static void
an_alert_of_the_old_keys_leaves_the_new(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	const struct mst_sa *old = rig_sa(l->session, 1000), *sa = rig_sa(l->session, 1001);
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	(void)state;
	memcpy(rte_pktmbuf_append(m, 2), (uint8_t[]){1, 0}, 2);
	*mst_pkt(m) = (struct mst_pkt){.session_index = l->session->index,
		.session_id = l->session->id,
		.sa_serial = old->serial,
		.content = MST_DTLS_ALERT,
		.flags = MST_PKT_PLAIN};
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_CONTROL), m), 0);
	assert_int_equal(control_inbox(rig), 1);
	assert_ptr_equal(atomic_load(&l->session->sa), sa);
	assert_null(atomic_load(&l->session->before));
	device_close(&d);
}

// The ring names the session by index and id.
static void
packets_for_who_has_gone_are_dropped(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint32_t index = l->session->index, id = l->session->id;
	uint8_t buf[MST_TLS_RECORD_BYTES];
	struct rte_mbuf *m[3];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		m[i] = rte_pktmbuf_alloc(mst_port_pool());
		assert_non_null(rte_pktmbuf_append(m[i], 100));
		mst_pkt(m[i])->session_index = index;
		mst_pkt(m[i])->session_id = i == 1 ? id + 1 : id; // the second: of who had the address before
	}
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_STREAM), m[0]), 0);
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_STREAM), m[1]), 0);
	assert_int_equal(control_inbox(rig), 2);
	assert_int_equal(rig->counters.stream_stale, 1);
	assert_int_equal(device_read(&d, buf, sizeof(buf)), MST_CSTP_HEADER_BYTES + 100);
	assert_int_equal(device_read(&d, buf, sizeof(buf)), 0);
	device_close(&d);
	assert_int_equal(rte_ring_enqueue(mst_rt_ring(MST_RING_STREAM), m[2]), 0);
	assert_int_equal(control_inbox(rig), 1);
	assert_int_equal(rig->counters.stream_stale, 2);
}

static struct rte_mbuf *
packet_to(const struct mst_session *s, uint8_t number)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());

	assert_non_null(m);
	memset(rte_pktmbuf_append(m, 100), number, 100);
	mst_pkt(m)->session_index = s->index;
	mst_pkt(m)->session_id = s->id;
	return m;
}

// What one turn has for a device leaves in one piece, in order, however it was mixed with that for others.
static void
packets_of_a_turn_leave_together(void **state)
{
	struct device d[2];
	struct mst_session *s[2];
	uint8_t buf[MST_TLS_RECORD_BYTES], wire[4096];

	(void)state;
	s[0] = rig_tunnel(&d[0], "bob", NULL)->session;
	s[1] = rig_tunnel(&d[1], "carol", NULL)->session;
	for (uint8_t i = 0; i < 10; i++)
		assert_int_equal(
			rte_ring_enqueue(mst_rt_ring(MST_RING_STREAM), packet_to(s[i * 7 % 3 % 2], i)), 0);
	assert_int_equal(control_inbox(rig), 10);
	for (uint8_t k = 0; k < 2; k++) {
		assert_true(recv(d[k].fd, wire, sizeof(wire), MSG_PEEK) > 0);
		for (uint8_t i = 0; i < 10; i++) {
			if (i * 7 % 3 % 2 != k)
				continue;
			assert_int_equal(device_read(&d[k], buf, sizeof(buf)), MST_CSTP_HEADER_BYTES + 100);
			assert_int_equal(buf[MST_CSTP_HEADER_BYTES], i);
		}
		assert_int_equal(device_read(&d[k], buf, sizeof(buf)), 0);
	}
	assert_int_equal(rig->counters.stream_tx, 10);
	device_close(&d[0]);
	device_close(&d[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(alerts_under_the_keys_end_the_association),
		TEST(datagrams_are_looked_at_once_more),
		TEST(alerts_of_who_has_gone_are_dropped),
		TEST(an_alert_of_the_old_keys_leaves_the_new),
		TEST(packets_for_who_has_gone_are_dropped),
		TEST(packets_of_a_turn_leave_together),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
