// An association that moves: in no table while a worker may hold it, then at its new place with all that it was.
#include <errno.h>
#include <string.h>

#include "mst_eal.h"

#include "session.h"

static unsigned int calls, moves, in_use;

static void
done(struct mst_session *s, bool moved)
{
	(void)s;
	calls++;
	moves += moved;
}

static int
setup(void **state)
{
	struct mst_session_params p = {.max_sessions = 50};
	char err[128];

	(void)state;
	mst_log_set_level(MST_LOG_WARNING);
	assert_int_equal(mst_test_eal_start(256), 0);
	assert_int_equal(mst_crypto_init(), 0);
	assert_int_equal(mst_net_parse("10.9.0.0/24", &p.pool4), 0);
	return mst_session_tables_create(&p, err, sizeof(err));
}

static int
teardown(void **state)
{
	(void)state;
	mst_session_tables_destroy();
	mst_rt_stop();
	return 0;
}

static int
begin(void **state)
{
	(void)state;
	calls = moves = 0;
	in_use = rte_mempool_in_use_count(session_state.associations.of_node[0]);
	return 0;
}

// Whatever happened, memory and counts are what they were.
static int
end(void **state)
{
	struct mst_session_counts c;

	(void)state;
	mst_test_reclaim();
	mst_session_counts(&c);
	assert_int_equal(c.dtls, 0);
	assert_int_equal(c.sessions, 0);
	assert_int_equal(rte_mempool_in_use_count(session_state.associations.of_node[0]), in_use);
	return 0;
}

static struct mst_sa_tuple
place(uint16_t port)
{
	struct mst_sa_tuple t = {.peer_port_be = port, .local_port_be = 443, .version = 4};

	memcpy(t.peer, (uint8_t[]){198, 51, 100, 7}, 4);
	memcpy(t.local, (uint8_t[]){203, 0, 113, 1}, 4);
	return t;
}

static struct mst_sa *
at(uint16_t port)
{
	struct mst_sa_tuple t = place(port);

	return mst_sa_lookup(&t);
}

static struct mst_sa *
publish(struct mst_session *s, uint16_t port)
{
	const struct mst_dtls_suite *suite = mst_dtls_suite_at(0);
	const uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES] = {1, 2, 3};
	struct mst_sa_params p = {.tuple = place(port)};
	struct mst_sa *sa = NULL;

	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(mst_dtls_keys_init(&sa->keys, suite, 1, block, mst_dtls_key_block_bytes(suite)), 0);
	assert_int_equal(mst_sa_publish(sa), 0);
	return sa;
}

static struct mst_session *
session(void)
{
	struct mst_session_info info = {.user = "bob"};
	struct mst_session *s = NULL;

	assert_int_equal(mst_session_open(&s, &info, 1400), 0);
	return s;
}

static int
move(struct mst_session *s, uint16_t port, uint64_t seq)
{
	struct mst_sa_move m = {.to = place(port), .seq = seq, .done = done};

	return mst_sa_move(s, &m);
}

static void
it_moves_when_no_worker_can_hold_it(void **state)
{
	struct mst_session *s = session();
	struct mst_sa *sa = publish(s, 1000);
	struct mst_session_view v;

	(void)state;
	mst_rt_worker_online(0);
	for (uint64_t seq = 1; seq <= 100; seq += 3)
		assert_true(mst_dtls_window_commit(&sa->window, seq));
	atomic_store(&sa->tx_seq, 5000);
	atomic_store(&sa->rx_packets, 34);
	assert_int_equal(move(s, 2000, 101), 0);
	mst_test_reclaim();
	// Neither place, and nothing to send by, while a worker may be at it.
	assert_null(at(1000));
	assert_null(at(2000));
	assert_null(atomic_load(&s->sa));
	assert_int_equal(atomic_load(&s->path), MST_PATH_DTLS);
	assert_int_equal(calls, 0);
	assert_int_equal(move(s, 3000, 200), -ENOENT); // one at a time
	atomic_fetch_add(&sa->tx_seq, 2);	       // by a worker, in its burst
	mst_rt_worker_quiescent(0);
	mst_test_reclaim();
	assert_int_equal(moves, 1);
	assert_null(at(1000));
	assert_ptr_equal(at(2000), sa);
	assert_ptr_equal(atomic_load(&s->sa), sa);
	// Numbers go on: no nonce comes twice, and no record either.
	assert_int_equal(atomic_load(&sa->tx_seq), 5002);
	assert_int_equal(mst_dtls_window_check(&sa->window, 100), MST_DTLS_REPLAY);
	assert_int_equal(mst_dtls_window_check(&sa->window, 99), MST_DTLS_OK);
	assert_memory_equal(sa->template_bytes + 22, &(uint16_t){2000}, 2);
	assert_true(mst_session_snapshot(s->index, &v));
	assert_int_equal(v.dtls_rx_packets, 34);
	assert_int_equal(v.dtls_tx_packets, 5002 - MST_DTLS_FIRST_DATA_SEQ);
	mst_rt_worker_offline(0);
	mst_session_close(s);
}

// The seq of the record that shows the way is newer than all, equal to the newest, or older.
static void
what_has_been_overtaken_stays(void **state)
{
	static const struct {
		uint64_t seq;
		bool moves;
	} rows[] = {{101, true}, {100, false}, {99, false}};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_session *s = session();
		struct mst_sa *sa = publish(s, 1000);

		moves = calls = 0;
		assert_int_equal(move(s, 2000, rows[i].seq), 0);
		assert_true(mst_dtls_window_commit(&sa->window, 100)); // a worker, in its burst
		mst_test_reclaim();
		assert_int_equal(calls, 1);
		assert_int_equal(moves, rows[i].moves);
		assert_ptr_equal(at(rows[i].moves ? 2000 : 1000), sa);
		assert_null(at(rows[i].moves ? 1000 : 2000));
		assert_ptr_equal(atomic_load(&s->sa), sa);
		mst_session_close(s);
		mst_test_reclaim();
	}
}

static void
a_place_that_is_taken_is_not_moved_to(void **state)
{
	struct mst_session *s = session(), *other = session();
	struct mst_sa *sa = publish(s, 1000), *theirs = publish(other, 2000);

	(void)state;
	assert_int_equal(move(s, 2000, 10), -EEXIST);
	assert_ptr_equal(at(1000), sa);
	assert_ptr_equal(at(2000), theirs);
	// Taken meanwhile: DTLS is lost and comes back by a handshake.
	assert_int_equal(move(s, 3000, 10), 0);
	theirs = publish(other, 3000);
	mst_test_reclaim();
	assert_int_equal(calls, 0);
	assert_ptr_equal(at(3000), theirs);
	assert_null(atomic_load(&s->sa));
	assert_int_equal(atomic_load(&s->path), MST_PATH_STREAM);
	mst_session_close(s);
	mst_session_close(other);
}

static void
what_ends_meanwhile_does_not_come_back(void **state)
{
	struct mst_session *s = session();
	struct mst_sa *sa;

	(void)state;
	assert_int_equal(move(s, 2000, 10), -ENOENT);
	publish(s, 1000);
	assert_int_equal(move(s, 2000, 10), 0);
	mst_sa_retire(s);
	mst_test_reclaim();
	assert_null(at(2000));
	assert_null(atomic_load(&s->sa));
	publish(s, 1000);
	assert_int_equal(move(s, 2000, 10), 0);
	sa = publish(s, 4000); // a handshake has been faster
	mst_test_reclaim();
	assert_null(at(2000));
	assert_ptr_equal(atomic_load(&s->sa), sa);
	assert_int_equal(move(s, 2000, 10), 0);
	mst_session_close(s);
	mst_test_reclaim();
	assert_null(at(2000));
	assert_int_equal(calls, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_moves_when_no_worker_can_hold_it),
		TEST(what_has_been_overtaken_stays),
		TEST(a_place_that_is_taken_is_not_moved_to),
		TEST(what_ends_meanwhile_does_not_come_back),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
