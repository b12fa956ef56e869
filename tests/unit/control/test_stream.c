// CSTP on a tunnel that stands: what each frame of the device does, and a device whose TCP does not keep up.
#include <sys/socket.h>

#include "mst_port.h"

#include "rig.h"

static void
a_dpd_request_is_echoed_byte_for_byte(void **state)
{
	static const size_t sizes[] = {0, 1, 100, 1434, 1501, 4000};
	struct device d;
	uint8_t ask[4000], got[MST_TLS_RECORD_BYTES];

	(void)state;
	rig_tunnel(&d, "bob", NULL);
	mst_random(ask, sizeof(ask));
	for (size_t i = 0; i < MST_ARRAY_SIZE(sizes); i++) {
		struct mst_cstp_frame f;
		int n;

		device_frame(&d, MST_CSTP_DPD_REQ, ask, sizes[i]);
		n = device_read(&d, got, sizeof(got));
		assert_true(n > 0);
		assert_int_equal(mst_cstp_parse(got, (size_t)n, &f), MST_CSTP_V_OK);
		assert_int_equal(f.type, MST_CSTP_DPD_RESP);
		assert_int_equal(f.len, sizes[i]);
		if (f.len != 0)
			assert_memory_equal(f.payload, ask, f.len);
	}
	device_close(&d);
}

static void
signs_of_life_and_unknown_frames_are_passed_over(void **state)
{
	static const uint8_t types[] = {
		MST_CSTP_DPD_RESP, MST_CSTP_KEEPALIVE, MST_CSTP_TERMINATE, 1, 2, 6, 255};
	struct device d;
	uint8_t buf[MST_TLS_RECORD_BYTES];

	(void)state;
	rig_tunnel(&d, "bob", NULL);
	for (size_t i = 0; i < sizeof(types); i++) {
		device_frame(&d, types[i], "x", 1);
		assert_int_equal(device_read(&d, buf, sizeof(buf)), 0);
	}
	assert_int_equal(rig->n_conns, 1);
	assert_int_equal(rig_inject_drop(), 0);
	device_close(&d);
}

static void
data_goes_to_the_home_of_the_session(void **state)
{
	static const uint8_t packet[] = {0x45, 0, 0, 20, 1, 2, 3, 4};
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	struct rte_mbuf *m;

	(void)state;
	device_frame(&d, MST_CSTP_DATA, NULL, 0);
	assert_int_equal(rig_inject_drop(), 0);
	device_frame(&d, MST_CSTP_DATA, packet, sizeof(packet));
	m = rig_inject_take();
	assert_non_null(m);
	assert_int_equal(mst_pkt(m)->entry, MST_ENTRY_FROM_DEVICE);
	assert_int_equal(mst_pkt(m)->session_index, l->session->index);
	assert_int_equal(mst_pkt(m)->session_id, l->session->id);
	assert_int_equal(rte_pktmbuf_data_len(m), sizeof(packet));
	assert_memory_equal(rte_pktmbuf_mtod(m, const void *), packet, sizeof(packet));
	rte_pktmbuf_free(m);
	assert_int_equal(rig->counters.stream_rx, 1);
	assert_int_equal(atomic_load(&l->session->stream_rx_bytes), sizeof(packet));
	device_close(&d);
}

// The pool's buffers hold less than a TLS record.
static void
data_that_fits_no_buffer_is_counted(void **state)
{
	static uint8_t big[4000];
	struct device d;

	(void)state;
	rig_tunnel(&d, "bob", NULL);
	device_frame(&d, MST_CSTP_DATA, big, sizeof(big));
	assert_int_equal(rig->counters.no_mbuf, 1);
	assert_int_equal(rig->counters.stream_rx, 0);
	assert_int_equal(rig_inject_drop(), 0);
	device_close(&d);
}

static void
disconnect_by_reason(void **state)
{
	static const struct {
		uint8_t reason;
		bool ends;
	} rows[] = {{0xb0, true}, {0x70, true}, {0x91, false}, {0x00, false}};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct device d;
		char cookie[MST_COOKIE_TEXT_BYTES];
		uint64_t before = rig->counters.end_bye;

		rig_tunnel(&d, "bob", cookie);
		device_frame(&d, MST_CSTP_DISCONNECT, &rows[i].reason, 1);
		assert_int_equal(rig->n_conns, 0);
		assert_int_equal(rig->counters.end_bye - before, rows[i].ends ? 1 : 0);
		assert_true((rig_find(cookie) == NULL) == rows[i].ends);
		device_close(&d);
		while (!TAILQ_EMPTY(&rig->logins))
			control_login_end(rig, TAILQ_FIRST(&rig->logins), CONTROL_END_ADMIN);
		mst_test_reclaim();
	}
}

static void
a_frame_that_is_none_closes(void **state)
{
	static const uint8_t frames[][12] = {
		{'S', 'T', 'F', 1, 0, 0, 3},			       // short
		{'S', 'T', 'X', 1, 0, 1, 0, 0, 'x'},		       // magic
		{'S', 'T', 'F', 1, 0, 2, 0, 0, 'x'},		       // longer than the record
		{'S', 'T', 'F', 1, 0, 0, 0, 0, 'x'},		       // shorter
		{'S', 'T', 'F', 1, 0, 1, 0, 1, 'x'},		       // last byte
		{'S', 'T', 'F', 1, 0, 1, MST_CSTP_COMPRESSED, 0, 'x'}, // never negotiated
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(frames); i++) {
		struct device d;

		rig_tunnel(&d, "bob", NULL);
		device_send(&d, frames[i], i == 0 ? 7 : 9);
		assert_int_equal(rig->n_conns, 0);
		assert_int_equal(rig->counters.cstp_malformed, i + 1);
		assert_int_equal(rig->n_logins, 1); // the device may come back
		assert_true(device_gone(&d));
		device_close(&d);
		control_login_end(rig, TAILQ_FIRST(&rig->logins), CONTROL_END_ADMIN);
		mst_test_reclaim();
	}
}

static struct rte_mbuf *
packet(uint32_t number, uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());
	uint8_t *p;

	assert_non_null(m);
	p = (uint8_t *)rte_pktmbuf_append(m, len);
	assert_non_null(p);
	memset(p, 0x5a, len);
	memcpy(p, &number, sizeof(number));
	return m;
}

static void
make_it_narrow(struct device *d)
{
	int small = 4096;

	assert_int_equal(setsockopt(d->conn->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
}

// Those that found room come in order, none twice; the rest was counted.
static uint32_t
read_all(struct device *d, uint32_t next)
{
	uint8_t buf[MST_TLS_RECORD_BYTES];
	int n;

	// Where the gateway still has something to send, a part of a record may be all that has come.
	while ((n = device_read(d, buf, sizeof(buf))) > 0 || (n == 0 && d->conn->blocked)) {
		struct mst_cstp_frame f;
		uint32_t number;

		if (n == 0)
			continue;
		assert_int_equal(mst_cstp_parse(buf, (size_t)n, &f), MST_CSTP_V_OK);
		assert_int_equal(f.type, MST_CSTP_DATA);
		assert_int_equal(f.len, 1000);
		memcpy(&number, f.payload, sizeof(number));
		assert_int_equal(number, next);
		next++;
	}
	assert_int_equal(n, 0);
	return next;
}

static void
a_slow_device_has_a_bounded_queue_that_drains_in_order(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint32_t n = 0, got;

	(void)state;
	make_it_narrow(&d);
	while (rig->counters.stream_full == 0) {
		assert_true(n < 500);
		control_stream_send_packet(l->conn, packet(n++, 1000));
	}
	assert_int_equal(l->conn->queue_len, CONTROL_STREAM_QUEUE);
	control_stream_send_packet(l->conn, packet(n, 1000));
	assert_int_equal(rig->counters.stream_full, 2);
	assert_int_equal(l->conn->queue_len, CONTROL_STREAM_QUEUE);
	got = read_all(&d, 0);
	assert_int_equal(got, n - 1);
	assert_int_equal(rig->counters.stream_tx, got);
	assert_int_equal(l->conn->queue_len, 0);
	assert_false(l->conn->blocked);
	// As if nothing had been.
	control_stream_send_packet(l->conn, packet(got, 1000));
	assert_int_equal(read_all(&d, got), got + 1);
	device_close(&d);
}

// No question, answer or last word waits: data would have to wait behind it.
static void
a_control_frame_that_finds_tcp_full_is_left_out(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint32_t n = 0;

	(void)state;
	make_it_narrow(&d);
	while (!l->conn->blocked)
		control_stream_send_packet(l->conn, packet(n++, 1000));
	device_frame(&d, MST_CSTP_DPD_REQ, "abc", 3);
	control_stream_send(l->conn, MST_CSTP_DPD_REQ, NULL, 0);
	assert_int_equal(read_all(&d, 0), n);
	device_close(&d);
}

// A connection that broke while packets waited: they are given up, and the loop does not try for ever.
static void
draining_into_a_broken_connection_ends(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);

	(void)state;
	l->conn->blocked = true;
	for (uint32_t n = 0; n < 3; n++)
		control_stream_send_packet(l->conn, packet(n, 1000));
	assert_int_equal(l->conn->queue_len, 3);
	assert_int_equal(rig->counters.stream_tx, 0);
	assert_int_equal(shutdown(l->conn->fd, SHUT_WR), 0);
	alarm(20); // it would not come back
	control_stream_drain(l->conn);
	alarm(0);
	assert_int_equal(l->conn->queue_len, 0);
	// They were taken, as if TCP had had them already.
	assert_int_equal(rig->counters.stream_tx, 3);
	device_close(&d);
}

// The queue's mbufs come back: rig_teardown counts them.
static void
closing_gives_the_queue_back(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint32_t n = 0;

	(void)state;
	make_it_narrow(&d);
	while (rig->counters.stream_full == 0)
		control_stream_send_packet(l->conn, packet(n++, 1000));
	control_login_end(rig, l, CONTROL_END_ADMIN);
	assert_int_equal(rig->n_conns, 0);
	rig_turn();
	device_close(&d);
}

static void
the_end_is_told_with_its_reason(void **state)
{
	struct device d;
	struct control_login *l = rig_tunnel(&d, "bob", NULL);
	uint8_t buf[MST_TLS_RECORD_BYTES];
	struct mst_cstp_frame f;
	int n;

	(void)state;
	control_login_end(rig, l, CONTROL_END_IDLE);
	n = device_read(&d, buf, sizeof(buf));
	assert_true(n > 0);
	assert_int_equal(mst_cstp_parse(buf, (size_t)n, &f), MST_CSTP_V_OK);
	assert_int_equal(f.type, MST_CSTP_DISCONNECT);
	assert_int_equal(f.len, 13);
	assert_memory_equal(f.payload, "\xb0Idle timeout", 13);
	assert_true(device_gone(&d));
	device_close(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dpd_request_is_echoed_byte_for_byte),
		TEST(signs_of_life_and_unknown_frames_are_passed_over),
		TEST(data_goes_to_the_home_of_the_session),
		TEST(data_that_fits_no_buffer_is_counted),
		TEST(disconnect_by_reason),
		TEST(a_frame_that_is_none_closes),
		TEST(a_slow_device_has_a_bounded_queue_that_drains_in_order),
		TEST(a_control_frame_that_finds_tcp_full_is_left_out),
		TEST(draining_into_a_broken_connection_ends),
		TEST(closing_gives_the_queue_back),
		TEST(the_end_is_told_with_its_reason),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
