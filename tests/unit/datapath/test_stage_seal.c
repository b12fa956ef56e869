// Sequence numbers and sealing.
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

static struct rig_device d[3];

static struct rte_mbuf *
plain(const struct rig_device *to, size_t len)
{
	static const uint8_t bytes[RIG_FRAME_MAX];
	struct rte_mbuf *m = rig_mbuf(bytes, len);

	mst_pkt(m)->sa = to->sa;
	mst_pkt(m)->session = to->s;
	return m;
}

static void
a_record_is_in_place_with_its_header(void **state)
{
	(void)state;
	for (size_t suite = 0; mst_dtls_suite_at(suite) != NULL; suite++) {
		struct rte_mbuf *m;
		size_t head = mst_dtls_head_bytes(mst_dtls_suite_at(suite));

		rig_device_open(&d[0], suite, 4);
		m = plain(&d[0], 100);
		assert_int_equal(rig_stage(stage_seal, m), MST_NEXT);
		assert_int_equal(m->data_len, head + 1 + 100 + 16);
		assert_int_equal(m->pkt_len, m->data_len);
		assert_memory_equal(pkt_data(m), ((uint8_t[]){23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 64}), 11);
		assert_int_equal(mst_pkt(m)->seq, MST_DTLS_FIRST_DATA_SEQ);
		rte_pktmbuf_free(m);
		rig_device_close(&d[0]);
	}
}

static void
numbers_follow_each_other_and_never_repeat(void **state)
{
	static const uint8_t order[] = {0, 0, 0, 1, 1, 0, 2, 2, 2, 2, 1, 0, 0};
	uint64_t next[3] = {64, 64, 64}, bytes[3] = {0, 0, 0};
	struct mst_burst b;

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		rig_device_open(&d[i], 0, 4);
	for (unsigned int round = 0; round < 3; round++) {
		burst_init(&b, 1);
		for (size_t i = 0; i < sizeof(order); i++)
			burst_add(&b, plain(&d[order[i]], 10 + i));
		stage_seal(rig_worker(round % 2), &b);
		assert_int_equal(b.n, sizeof(order));
		for (size_t i = 0; i < sizeof(order); i++) {
			assert_int_equal(mst_pkt(b.m[i])->seq, next[order[i]]++);
			bytes[order[i]] += 10 + i;
			rte_pktmbuf_free(b.m[i]);
		}
	}
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(atomic_load(&d[i].sa->tx_seq), next[i]);
		assert_int_equal(atomic_load(&d[i].sa->tx_bytes), bytes[i]);
		rig_device_close(&d[i]);
	}
}

// n - 1 and n: what is data takes the stream as it came, what is not is dropped.
static void
at_the_limit_data_takes_the_stream(void **state)
{
	struct mst_burst b;

	(void)state;
	rig_device_open(&d[0], 0, 4);
	atomic_store(&d[0].sa->tx_seq, MST_DTLS_KEY_RECORDS - 2);
	burst_init(&b, 1);
	for (unsigned int i = 0; i < 4; i++)
		burst_add(&b, plain(&d[0], 10));
	mst_pkt(b.m[3])->type = 4; // a DPD response
	stage_seal(rig_worker(0), &b);
	assert_int_equal(b.n, 2);
	assert_int_equal(b.n_left, 2);
	assert_int_equal(mst_pkt(b.left[0])->verdict, MST_STREAM);
	assert_int_equal(b.left[0]->data_len, 10);
	assert_int_equal(mst_pkt(b.left[1])->verdict, MST_DROP_SEQ_LIMIT);
	for (unsigned int i = 0; i < 2; i++) {
		rte_pktmbuf_free(b.left[i]);
		rte_pktmbuf_free(b.m[i]);
	}
	atomic_store(&d[0].sa->tx_seq, UINT64_MAX - 100); // far beyond, and no number comes round again
	burst_init(&b, 1);
	burst_add(&b, plain(&d[0], 10));
	stage_seal(rig_worker(0), &b);
	assert_int_equal(b.n, 0);
	rte_pktmbuf_free(b.left[0]);
	rig_device_close(&d[0]);
}

static void
without_room_it_is_dropped_and_takes_no_number(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	rig_device_open(&d[0], 0, 4);
	m = plain(&d[0], 10);
	m->data_off = (uint16_t)(d[0].sa->head_bytes); // one short of the type byte
	assert_int_equal(rig_stage(stage_seal, m), MST_DROP_ROOM);
	m->data_off++;
	assert_int_equal(rig_stage(stage_seal, m), MST_NEXT);
	rte_pktmbuf_free(m);
	m = plain(&d[0], RIG_FRAME_MAX - 15);
	assert_int_equal(rig_stage(stage_seal, m), MST_DROP_ROOM);
	assert_non_null(rte_pktmbuf_adj(m, 1));
	assert_int_equal(rte_pktmbuf_trim(m, 1), 0);
	assert_int_equal(rig_stage(stage_seal, m), MST_NEXT);
	rte_pktmbuf_free(m);
	assert_int_equal(atomic_load(&d[0].sa->tx_seq), MST_DTLS_FIRST_DATA_SEQ + 2);
	rig_device_close(&d[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_in_place_with_its_header),
		cmocka_unit_test(numbers_follow_each_other_and_never_repeat),
		cmocka_unit_test(at_the_limit_data_takes_the_stream),
		cmocka_unit_test(without_room_it_is_dropped_and_takes_no_number),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
