// Associations: the tuple table, publish, replace, retire, totals that never go back, the header template.
#include <errno.h>
#include <string.h>

#include "mst_eal.h"
#include "mst_wire.h"

#include "session.h"

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

static struct mst_session *
session(void)
{
	struct mst_session_info info = {.user = "bob"};
	struct mst_session *s = NULL;

	assert_int_equal(mst_session_open(&s, &info, 1400), 0);
	mst_session_set_path(s, MST_PATH_STREAM);
	return s;
}

static struct mst_sa_params
params4(uint16_t port)
{
	struct mst_sa_params p = {.owner = 0};

	memcpy(p.tuple.peer, (uint8_t[]){198, 51, 100, 7}, 4);
	memcpy(p.tuple.local, (uint8_t[]){203, 0, 113, 1}, 4);
	p.tuple.peer_port_be = port;
	p.tuple.local_port_be = 443;
	p.tuple.version = 4;
	return p;
}

static struct mst_sa *
make(struct mst_session *s, uint16_t port)
{
	struct mst_sa_params p = params4(port);
	const struct mst_dtls_suite *suite = mst_dtls_suite_at(0);
	const uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES] = {1, 2, 3};
	struct mst_sa *sa = NULL;

	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(mst_dtls_keys_init(&sa->keys, suite, 1, block, mst_dtls_key_block_bytes(suite)), 0);
	return sa;
}

static struct mst_sa *
lookup(uint16_t port)
{
	struct mst_sa_params p = params4(port);
	struct mst_sa *found = (struct mst_sa *)&p;

	mst_sa_lookup_bulk(&p.tuple, &found, 1);
	assert_ptr_equal(found, mst_sa_lookup(&p.tuple));
	return found;
}

static uint32_t
with_dtls(void)
{
	struct mst_session_counts c;

	mst_session_counts(&c);
	return c.dtls;
}

static void
publish_makes_it_found_and_retire_ends_it(void **state)
{
	struct mst_session *s = session();
	struct mst_sa *sa = make(s, 1000);

	(void)state;
	assert_null(lookup(1000));
	assert_int_equal(mst_sa_publish(sa), 0);
	assert_ptr_equal(lookup(1000), sa);
	assert_null(lookup(1001));
	assert_ptr_equal(atomic_load(&s->sa), sa);
	assert_int_equal(atomic_load(&s->path), MST_PATH_DTLS);
	assert_int_equal(with_dtls(), 1);
	assert_int_equal(atomic_load(&sa->tx_seq), MST_DTLS_FIRST_DATA_SEQ);
	mst_sa_retire(s);
	assert_null(lookup(1000));
	assert_null(atomic_load(&s->sa));
	assert_int_equal(atomic_load(&s->path), MST_PATH_STREAM);
	assert_int_equal(with_dtls(), 0);
	mst_sa_retire(s); // nothing left to retire
	mst_session_close(s);
	mst_test_reclaim();
}

static void
a_new_port_takes_the_place_of_the_old(void **state)
{
	struct mst_session *s = session();
	struct mst_sa *a = make(s, 2000), *b = make(s, 2001), *c = make(s, 2001);

	(void)state;
	assert_int_equal(mst_sa_publish(a), 0);
	mst_session_set_path(s, MST_PATH_STREAM);
	assert_int_equal(mst_sa_publish(b), 0);
	assert_int_equal(atomic_load(&s->path), MST_PATH_STREAM); // only the first one is the path at once
	// Its records may still be on the way.
	assert_ptr_equal(lookup(2000), a);
	assert_ptr_equal(lookup(2001), b);
	assert_ptr_equal(atomic_load(&s->sa), b);
	assert_ptr_equal(atomic_load(&s->before), a);
	assert_int_equal(with_dtls(), 1);
	// New keys on the same port: one tuple has one association.
	assert_int_equal(mst_sa_publish(c), 0);
	assert_null(lookup(2000));
	assert_ptr_equal(lookup(2001), c);
	assert_ptr_equal(atomic_load(&s->sa), c);
	assert_null(atomic_load(&s->before));
	assert_int_equal(session_state.n_before, 0);
	mst_session_close(s);
	assert_null(lookup(2001));
	assert_int_equal(with_dtls(), 0);
	mst_test_reclaim();
}

static void
the_one_before_goes_with_its_session_or_before_it(void **state)
{
	struct mst_session *s = session();
	unsigned int in_use;

	(void)state;
	mst_test_reclaim();
	in_use = rte_mempool_in_use_count(session_state.associations.of_node[0]);
	assert_int_equal(mst_sa_publish(make(s, 2100)), 0);
	assert_int_equal(mst_sa_publish(make(s, 2101)), 0);
	mst_sa_retire_before(s);
	assert_null(lookup(2100));
	assert_non_null(lookup(2101));
	mst_sa_retire_before(s); // nothing left of it
	assert_int_equal(mst_sa_publish(make(s, 2102)), 0);
	mst_sa_retire(s);
	assert_null(lookup(2101));
	assert_null(lookup(2102));
	assert_int_equal(mst_sa_publish(make(s, 2103)), 0);
	assert_int_equal(mst_sa_publish(make(s, 2104)), 0);
	mst_session_close(s);
	assert_null(lookup(2103));
	assert_int_equal(session_state.n_before, 0);
	mst_test_reclaim();
	assert_int_equal(rte_mempool_in_use_count(session_state.associations.of_node[0]), in_use);
}

// n - 1, n and n + 1 sessions that are between two keys.
static void
who_has_two_is_bounded(void **state)
{
	uint32_t bound = session_pool_spare(session_state.capacity) / 2;
	struct mst_session *s[64];

	(void)state;
	assert_in_range(bound, 2, MST_ARRAY_SIZE(s) - 1);
	for (uint32_t i = 0; i <= bound; i++) {
		s[i] = session();
		assert_int_equal(mst_sa_publish(make(s[i], (uint16_t)(9000 + i))), 0);
		assert_int_equal(mst_sa_publish(make(s[i], (uint16_t)(9100 + i))), 0);
		assert_int_equal(lookup((uint16_t)(9000 + i)) != NULL, i < bound);
		assert_non_null(lookup((uint16_t)(9100 + i)));
		assert_int_equal(session_state.n_before, i < bound ? i + 1 : bound);
	}
	for (uint32_t i = 0; i <= bound; i++)
		mst_session_close(s[i]);
	mst_test_reclaim();
}

static void
the_tuple_of_another_session_is_not_taken(void **state)
{
	struct mst_session *s = session(), *thief = session();
	struct mst_sa *sa = make(s, 3000), *other = make(thief, 3000);

	(void)state;
	assert_int_equal(mst_sa_publish(sa), 0);
	assert_int_equal(mst_sa_publish(other), -EEXIST);
	assert_ptr_equal(lookup(3000), sa);
	assert_null(atomic_load(&thief->sa));
	assert_int_equal(atomic_load(&thief->path), MST_PATH_STREAM);
	// Once the holder has let go the caller, who kept it, may try again.
	mst_sa_retire(s);
	assert_int_equal(mst_sa_publish(other), 0);
	assert_ptr_equal(lookup(3000), other);
	mst_session_close(s);
	mst_session_close(thief);
	mst_test_reclaim();
}

static void
what_is_not_whole_is_not_published(void **state)
{
	struct mst_session *s = session();
	struct mst_sa_params p = params4(4000);
	struct mst_sa *sa = NULL;

	(void)state;
	p.tuple.version = 5;
	assert_int_equal(mst_sa_create(&sa, s, &p), -EINVAL);
	p.tuple.version = 4;
	p.owner = MST_MAX_WORKERS;
	assert_int_equal(mst_sa_create(&sa, s, &p), -EINVAL);
	p.owner = 0;
	assert_null(sa);
	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(mst_sa_publish(sa), -EINVAL); // no keys
	assert_null(lookup(4000));
	mst_sa_destroy_unpublished(sa);
	mst_sa_destroy_unpublished(NULL);
	mst_session_close(s);
	mst_test_reclaim();
}

static struct mst_session_view
view(const struct mst_session *s)
{
	struct mst_session_view v;

	assert_true(mst_session_snapshot(s->index, &v));
	assert_int_equal(v.id, s->id);
	return v;
}

static void
totals_do_not_go_back(void **state)
{
	struct mst_session *s = session();
	struct mst_sa *sa = make(s, 5000);

	(void)state;
	assert_int_equal(mst_sa_publish(sa), 0);
	mst_rt_worker_online(0);
	atomic_store(&sa->rx_packets, 10);
	atomic_store(&sa->rx_bytes, 1000);
	atomic_store(&sa->tx_seq, MST_DTLS_FIRST_DATA_SEQ + 4);
	atomic_store(&sa->tx_bytes, 400);
	atomic_store(&s->stream_rx_packets, 1);
	assert_int_equal(view(s).rx_packets, 11);
	assert_int_equal(view(s).tx_packets, 4);
	assert_string_equal(view(s).info.dtls_cipher, mst_dtls_suite_at(0)->name);
	mst_sa_retire(s);
	assert_int_equal(view(s).rx_packets, 11);
	assert_int_equal(view(s).tx_bytes, 400);
	assert_string_equal(view(s).info.dtls_cipher, "");
	// A worker that still has it counts on; nothing is lost and nothing is counted twice.
	atomic_store(&sa->rx_packets, 12);
	mst_test_reclaim();
	assert_int_equal(view(s).rx_packets, 11);
	mst_rt_worker_quiescent(0);
	mst_test_reclaim();
	assert_int_equal(view(s).rx_packets, 13);
	assert_int_equal(view(s).rx_bytes, 1000);
	assert_int_equal(view(s).dtls_rx_packets, 12);
	mst_rt_worker_offline(0);
	mst_session_close(s);
	mst_test_reclaim();
}

static void
a_template_has_the_headers_but_lengths_and_sums(void **state)
{
	struct mst_session *s = session();
	struct mst_sa_params p = params4(0x1234);
	struct mst_sa *sa = NULL;
	const uint8_t want4[28] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 203, 0, 113, 1, 198, 51, 100, 7};

	(void)state;
	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(sa->template_len, 28);
	assert_memory_equal(sa->template_bytes, want4, 20);
	assert_memory_equal(sa->template_bytes + 20, &p.tuple.local_port_be, 2);
	assert_memory_equal(sa->template_bytes + 22, &p.tuple.peer_port_be, 2);
	assert_memory_equal(sa->template_bytes + 24, want4 + 4, 4);
	mst_sa_destroy_unpublished(sa);
	p.tuple.version = 6;
	memset(p.tuple.peer, 0x66, 16);
	memset(p.tuple.local, 0x77, 16);
	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(sa->template_len, 48);
	assert_int_equal(sa->template_bytes[0], 0x60);
	assert_int_equal(sa->template_bytes[6], 17);
	assert_memory_equal(sa->template_bytes + 8, p.tuple.local, 16);
	assert_memory_equal(sa->template_bytes + 24, p.tuple.peer, 16);
	mst_sa_destroy_unpublished(sa);
	mst_session_close(s);
	mst_test_reclaim();
}

// More keys in and out than the table has slots: a deleted one comes back when its grace period is over.
static void
slots_of_the_table_come_back(void **state)
{
	struct mst_session *s = session();

	(void)state;
	for (unsigned int i = 0; i < 2000; i++) {
		assert_int_equal(mst_sa_publish(make(s, (uint16_t)(6000 + i))), 0);
		mst_test_reclaim();
	}
	assert_non_null(lookup(7999));
	assert_non_null(lookup(7998)); // before the last
	assert_null(lookup(7997));
	mst_session_close(s);
	mst_test_reclaim();
}

// One worker here: the other is made up, to see who is asked.
static void
the_home_owns_where_the_port_does_not_spread(void **state)
{
	struct mst_sa_params p = params4(77);
	struct mst_session *s = session();
	struct mst_sa *sa;

	(void)state;
	p.owner = 9; // no such worker
	assert_int_equal(mst_sa_create(&sa, s, &p), -EINVAL);
	session_state.home_owns = true;
	assert_int_equal(mst_sa_create(&sa, s, &p), 0);
	assert_int_equal(sa->owner, s->home);
	mst_sa_destroy_unpublished(sa);
	session_state.home_owns = false;
	mst_session_close(s);
	mst_test_reclaim();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publish_makes_it_found_and_retire_ends_it),
		cmocka_unit_test(a_new_port_takes_the_place_of_the_old),
		cmocka_unit_test(the_one_before_goes_with_its_session_or_before_it),
		cmocka_unit_test(who_has_two_is_bounded),
		cmocka_unit_test(the_tuple_of_another_session_is_not_taken),
		cmocka_unit_test(what_is_not_whole_is_not_published),
		cmocka_unit_test(totals_do_not_go_back),
		cmocka_unit_test(a_template_has_the_headers_but_lengths_and_sums),
		cmocka_unit_test(slots_of_the_table_come_back),
		cmocka_unit_test(the_home_owns_where_the_port_does_not_spread),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
