// Whose record is it?
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

// The frame of a record, parsed as far as this stage needs it.
static struct rte_mbuf *
parsed(uint8_t type, uint16_t epoch)
{
	uint8_t record[200], frame[300];
	size_t n = rig_record(&d, type, epoch, 5, "\0data", 5, record);
	struct rte_mbuf *m = rig_mbuf(frame, rig_record_frame(&d, record, n, frame));

	mst_pkt(m)->port = RIG_PUBLIC;
	assert_int_equal(rig_stage(stage_outer, m), MST_NEXT);
	assert_int_equal(rig_stage(stage_record, m), MST_NEXT);
	return m;
}

static enum mst_verdict
lookup(uint8_t type, uint16_t epoch)
{
	struct rte_mbuf *m = parsed(type, epoch);
	enum mst_verdict v = rig_stage(stage_lookup_in, m);

	rte_pktmbuf_free(m);
	return v;
}

static void
a_known_tuple_is_its_session(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	for (int ip = 4; ip <= 6; ip += 2) {
		rig_device_open(&d, 0, ip);
		m = parsed(23, 1);
		assert_int_equal(rig_stage(stage_lookup_in, m), MST_NEXT);
		assert_ptr_equal(mst_pkt(m)->sa, d.sa);
		assert_ptr_equal(mst_pkt(m)->session, d.s);
		assert_int_equal(mst_pkt(m)->session_id, d.s->id);
		assert_int_equal(mst_pkt(m)->session_index, d.s->index);
		rte_pktmbuf_free(m);
		rig_device_close(&d);
	}
}

static void
every_part_of_the_tuple_counts(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	d.port++;
	assert_int_equal(lookup(23, 1), MST_STRAY);
	assert_int_equal(lookup(21, 1), MST_STRAY);
	d.port--;
	d.peer = "198.51.100.8";
	assert_int_equal(lookup(23, 1), MST_STRAY);
	d.peer = RIG_PEER4;
	rig_route("203.0.113.5", MST_ADJ_LOCAL, RIG_PUBLIC);
	d.gw = "203.0.113.5";
	assert_int_equal(lookup(23, 1), MST_STRAY);
	d.gw = RIG_GW4;
	assert_int_equal(lookup(23, 1), MST_NEXT);
	rig_device_close(&d);
	assert_int_equal(lookup(23, 1), MST_STRAY);
}

static void
another_epoch_is_refused(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(lookup(23, 2), MST_DROP_EPOCH);
	assert_int_equal(lookup(23, 0xffff), MST_DROP_EPOCH);
	rig_device_close(&d);
}

static void
a_handshake_that_is_not_of_these_keys_is_controls(void **state)
{
	(void)state;
	rig_device_open(&d, 0, 4);
	assert_int_equal(lookup(22, 1), MST_NEXT);
	assert_int_equal(lookup(22, 2), MST_CONTROL);
	d.port++;
	assert_int_equal(lookup(22, 1), MST_CONTROL);
	d.port--;
	rig_device_close(&d);
}

static void
another_workers_session_is_handed_over(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	d.sa->owner = 1;
	m = parsed(23, 1);
	assert_int_equal(rig_stage(stage_lookup_in, m), MST_HANDOFF);
	assert_int_equal(mst_pkt(m)->worker, 1);
	assert_int_equal(mst_pkt(m)->session_id, d.s->id);
	rte_pktmbuf_free(m);
	rig_device_close(&d);
}

// The same by software spread, which the counters keep apart from strays.
static void
a_session_that_software_spreads_is_its_homes(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d, 0, 4);
	d.sa->owner = 1;
	rig_worker(0)->spread_in = true;
	m = parsed(23, 1);
	assert_int_equal(rig_stage(stage_lookup_in, m), MST_SPREAD_IN);
	rig_worker(0)->spread_in = false;
	assert_int_equal(mst_pkt(m)->worker, 1);
	rte_pktmbuf_free(m);
	rig_device_close(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_tuple_is_its_session),
		cmocka_unit_test(every_part_of_the_tuple_counts),
		cmocka_unit_test(another_epoch_is_refused),
		cmocka_unit_test(a_handshake_that_is_not_of_these_keys_is_controls),
		cmocka_unit_test(another_workers_session_is_handed_over),
		cmocka_unit_test(a_session_that_software_spreads_is_its_homes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
