// The header of a record, and who gets it.
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

static enum mst_verdict
record(uint8_t type, uint16_t version, uint16_t epoch, size_t announced, size_t len, struct mst_pkt *out)
{
	uint8_t d[300] = {type, (uint8_t)(version >> 8), (uint8_t)version, (uint8_t)(epoch >> 8),
		(uint8_t)epoch, 1, 2, 3, 4, 5, 6, (uint8_t)(announced >> 8), (uint8_t)announced};
	struct rte_mbuf *m = rig_mbuf(d, sizeof(d));
	enum mst_verdict v;

	mst_pkt(m)->record_off = 0;
	mst_pkt(m)->record_len = (uint16_t)len;
	v = rig_stage(stage_record, m);
	if (out != NULL)
		*out = *mst_pkt(m);
	rte_pktmbuf_free(m);
	return v;
}

static void
protected_records_go_on(void **state)
{
	struct mst_pkt p;

	(void)state;
	assert_int_equal(record(23, 0xfefd, 1, 50, 63, &p), MST_NEXT);
	assert_int_equal(p.content, 23);
	assert_int_equal(p.seq, 0x010203040506);
	assert_int_equal(p.record_len, 63);
	assert_int_equal(record(21, 0xfefd, 1, 50, 63, NULL), MST_NEXT);
	assert_int_equal(record(22, 0xfefd, 2, 50, 63, NULL), MST_NEXT);
	// What stands behind the first record is as good as lost.
	for (uint8_t type = 21; type <= 23; type++) {
		assert_int_equal(record(type, 0xfefd, 1, 50, 200, &p), MST_NEXT);
		assert_int_equal(p.record_len, 63);
	}
}

static void
records_without_keys_are_controls(void **state)
{
	struct mst_pkt p;

	(void)state;
	assert_int_equal(record(22, 0xfefd, 0, 50, 200, &p), MST_CONTROL);
	assert_int_equal(p.record_len, 200); // a flight goes whole
	assert_int_equal(record(22, 0xfeff, 0, 50, 63, NULL), MST_CONTROL);
	assert_int_equal(record(21, 0xfefd, 0, 2, 15, NULL), MST_CONTROL);
	assert_int_equal(record(20, 0xfefd, 0, 1, 14, NULL), MST_CONTROL);
}

static void
junk_goes_nowhere(void **state)
{
	(void)state;
	assert_int_equal(
		record(23, 0xfefd, 0, 50, 63, NULL), MST_DROP_RECORD_TYPE); // data without protection
	assert_int_equal(record(20, 0xfefd, 1, 50, 63, NULL), MST_DROP_RECORD_TYPE); // never protected
	assert_int_equal(record(24, 0xfefd, 1, 50, 63, NULL), MST_DROP_RECORD_TYPE);
	assert_int_equal(record(0, 0xfefd, 1, 50, 63, NULL), MST_DROP_RECORD_TYPE);
	assert_int_equal(record(23, 0x0100, 1, 50, 63, NULL), MST_DROP_RECORD_VERSION);
	assert_int_equal(record(23, 0x0303, 1, 50, 63, NULL), MST_DROP_RECORD_VERSION);
	assert_int_equal(record(23, 0xfefd, 1, 51, 63, NULL), MST_DROP_RECORD_SHORT);
	for (size_t len = 0; len < 13; len++)
		assert_int_equal(record(23, 0xfefd, 1, 50, len, NULL), MST_DROP_RECORD_SHORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protected_records_go_on),
		cmocka_unit_test(records_without_keys_are_controls),
		cmocka_unit_test(junk_goes_nowhere),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
