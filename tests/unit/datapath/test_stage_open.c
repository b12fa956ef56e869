// Window, tag, and what a plaintext becomes.
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

static struct rte_mbuf *
looked_up(const uint8_t *record, size_t len)
{
	uint8_t frame[RIG_FRAME_MAX];
	struct rte_mbuf *m = rig_mbuf(frame, rig_record_frame(&d, record, len, frame));

	mst_pkt(m)->port = RIG_PUBLIC;
	assert_int_equal(rig_stage(stage_outer, m), MST_NEXT);
	assert_int_equal(rig_stage(stage_record, m), MST_NEXT);
	assert_int_equal(rig_stage(stage_lookup_in, m), MST_NEXT);
	return m;
}

static enum mst_verdict
open_record(const uint8_t *record, size_t len)
{
	struct rte_mbuf *m = looked_up(record, len);
	enum mst_verdict v = rig_stage(stage_open, m);

	rte_pktmbuf_free(m);
	return v;
}

static enum mst_verdict
open_seq(uint64_t seq)
{
	uint8_t record[200];

	return open_record(record, rig_record(&d, 23, 1, seq, "\0data", 5, record));
}

static void
the_plaintext_is_the_packet(void **state)
{
	uint8_t record[200];

	(void)state;
	for (size_t suite = 0; mst_dtls_suite_at(suite) != NULL; suite++) {
		struct rte_mbuf *m;
		size_t n;

		rig_device_open(&d, suite, 4);
		n = rig_record(&d, 23, 1, 5, "\7payload", 8, record);
		m = looked_up(record, n);
		assert_int_equal(rig_stage(stage_open, m), MST_NEXT);
		assert_int_equal(mst_pkt(m)->type, 7);
		assert_int_equal(m->data_len, 7);
		assert_int_equal(m->pkt_len, 7);
		assert_memory_equal(pkt_data(m), "payload", 7);
		assert_int_equal(atomic_load(&d.sa->rx_packets), 1);
		assert_int_equal(atomic_load(&d.sa->rx_bytes), 8);
		assert_true(atomic_load(&d.sa->last_rx_tsc) != 0);
		rte_pktmbuf_free(m);
		rig_device_close(&d);
	}
}

static void
a_record_is_accepted_once(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(open_seq(5), MST_NEXT);
	assert_int_equal(open_seq(5), MST_DROP_REPLAY);
	assert_int_equal(open_seq(4), MST_NEXT);
	assert_int_equal(open_seq(5 + MST_DTLS_WINDOW_BITS), MST_NEXT);
	assert_int_equal(open_seq(5), MST_DROP_OLD);
	assert_int_equal(atomic_load(&d.sa->rx_packets), 3);
	rig_device_close(&d);
}

// Twins within one burst: both are fresh when the burst begins.
static void
of_twins_in_a_burst_one_is_accepted(void **state)
{
	uint8_t record[200];
	size_t n;
	struct mst_burst b;

	(void)state;
	rig_device_open(&d, 0, 4);
	n = rig_record(&d, 23, 1, 5, "\0data", 5, record);
	burst_init(&b, 1);
	for (unsigned int i = 0; i < 4; i++)
		burst_add(&b, looked_up(record, n));
	stage_open(rig_worker(0), &b);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.n_left, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(mst_pkt(b.left[i])->verdict, MST_DROP_REPLAY);
		rte_pktmbuf_free(b.left[i]);
	}
	rte_pktmbuf_free(b.m[0]);
	rig_device_close(&d);
}

static void
a_forgery_moves_no_window(void **state)
{
	uint8_t record[200];
	size_t n;

	(void)state;
	for (size_t suite = 0; mst_dtls_suite_at(suite) != NULL; suite++) {
		rig_device_open(&d, suite, 4);
		assert_int_equal(open_seq(5), MST_NEXT);
		n = rig_record(&d, 23, 1, MST_DTLS_KEY_RECORDS - 1, "\0data", 5, record);
		for (size_t i = 13; i < n; i++) { // every bit behind the header is vouched for
			record[i] ^= 0x10;
			assert_int_equal(open_record(record, n), MST_DROP_TAG);
			record[i] ^= 0x10;
		}
		n = rig_record(&d, 23, 1, 7, "\0data", 5, record);
		record[10] = 8; // so is the number
		assert_int_equal(open_record(record, n), MST_DROP_TAG);
		assert_int_equal(open_seq(6), MST_NEXT);
		assert_int_equal(atomic_load(&d.sa->rx_packets), 2);
		rig_device_close(&d);
	}
}

// The device's key has its end as ours has: n - 1, n, and the largest number there is.
static void
beyond_what_a_key_may_protect_nothing_is_opened(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(open_seq(MST_DTLS_KEY_RECORDS - 1), MST_NEXT);
	assert_int_equal(open_seq(MST_DTLS_KEY_RECORDS), MST_DROP_SEQ_LIMIT);
	assert_int_equal(open_seq(MST_DTLS_SEQ_MAX), MST_DROP_SEQ_LIMIT);
	assert_int_equal(d.sa->window.next, MST_DTLS_KEY_RECORDS);
	rig_device_close(&d);
}

static void
an_alert_is_opened_but_has_no_type_byte(void **state)
{
	uint8_t record[200];
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	m = looked_up(record, rig_record(&d, 21, 1, 5, "\1\0", 2, record));
	assert_int_equal(rig_stage(stage_open, m), MST_NEXT);
	assert_int_equal(m->data_len, 2);
	assert_memory_equal(pkt_data(m), "\1\0", 2);
	rte_pktmbuf_free(m);
	rig_device_close(&d);
}

static void
data_without_a_type_byte_is_refused(void **state)
{
	uint8_t record[200];

	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(open_record(record, rig_record(&d, 23, 1, 5, "", 0, record)), MST_DROP_TYPE);
	rig_device_close(&d);
}

// A Finished under the keys to come reaches control as it was sent, whether it is too old for the window or
// fails the tag.
static void
a_handshake_of_other_keys_reaches_control_unspoilt(void **state)
{
	struct rig_device other;
	uint8_t record[200];
	struct rte_mbuf *m;
	size_t n;

	(void)state;
	rig_device_open(&other, 0, 4);
	rig_device_open(&d, 0, 4);
	n = rig_record(&other, 22, 1, 0,
		"\x14"
		"finished",
		9, record);
	for (unsigned int i = 0; i < 2; i++) {
		m = looked_up(record, n);
		assert_int_equal(rig_stage(stage_open, m), MST_CONTROL);
		assert_memory_equal(pkt_data(m) + mst_pkt(m)->record_off, record, n);
		assert_int_equal(mst_pkt(m)->flags, 0);
		rte_pktmbuf_free(m);
		assert_int_equal(open_seq(0), i == 0 ? MST_NEXT : MST_DROP_REPLAY);
	}
	// Under the keys in place it is opened.
	n = rig_record(&d, 22, 1, 1,
		"\x14"
		"finished",
		9, record);
	m = looked_up(record, n);
	assert_int_equal(rig_stage(stage_open, m), MST_NEXT);
	assert_int_equal(m->data_len, 9);
	rte_pktmbuf_free(m);
	rig_device_close(&d);
	rig_device_close(&other);
}

static void
a_handshake_too_long_for_a_copy_is_refused(void **state)
{
	uint8_t record[600], zeros[500] = {0};

	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(open_record(record, rig_record(&d, 22, 1, 1, zeros, sizeof(zeros), record)),
		MST_DROP_RECORD_LENGTH);
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plaintext_is_the_packet),
		cmocka_unit_test(a_record_is_accepted_once),
		cmocka_unit_test(of_twins_in_a_burst_one_is_accepted),
		cmocka_unit_test(a_forgery_moves_no_window),
		cmocka_unit_test(beyond_what_a_key_may_protect_nothing_is_opened),
		cmocka_unit_test(an_alert_is_opened_but_has_no_type_byte),
		cmocka_unit_test(data_without_a_type_byte_is_refused),
		cmocka_unit_test(a_handshake_of_other_keys_reaches_control_unspoilt),
		cmocka_unit_test(a_handshake_too_long_for_a_copy_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
