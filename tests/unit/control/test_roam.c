// Records from elsewhere: whose they are, when they move an association, and what strangers can make us spend.
#include <arpa/inet.h>
#include <string.h>

#include "mst_port.h"

#include "rig.h"

#define PORT 1000
#define DEVICES 5

static struct device devices[DEVICES];
static struct control_login *login[DEVICES];
static struct mst_dtls_keys keys[DEVICES]; // of the device's side

// An association with keys of its own, all of one address.
static void
associate(unsigned int i)
{
	const struct mst_dtls_suite *suite = mst_dtls_suite_at(0);
	struct mst_sa_params p = {.tuple = rig_tuple((uint16_t)(PORT + i))};
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
	size_t len = mst_dtls_key_block_bytes(suite);
	struct mst_sa *sa = NULL;

	mst_random(block, sizeof(block));
	assert_int_equal(mst_sa_create(&sa, login[i]->session, &p), 0);
	assert_int_equal(mst_dtls_keys_init(&sa->keys, suite, 1, block, len), 0);
	assert_int_equal(mst_dtls_keys_init_client(&keys[i], suite, 1, block, len), 0);
	assert_int_equal(mst_sa_publish(sa), 0);
	control_roam_note(login[i]);
}

static int
setup(void **state)
{
	char name[16];

	rig_setup(state);
	for (unsigned int i = 0; i < DEVICES; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		login[i] = rig_tunnel(&devices[i], name, NULL);
		associate(i);
	}
	return 0;
}

static int
teardown(void **state)
{
	for (unsigned int i = 0; i < DEVICES; i++)
		device_close(&devices[i]);
	return rig_teardown(state);
}

static struct mst_sa *
sa_of(unsigned int i)
{
	return atomic_load(&login[i]->session->sa);
}

// A record of device i arrives from t; true: it was taken.
static bool
arrives(unsigned int i, uint64_t seq, const struct mst_sa_tuple *t, bool forged)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mst_port_pool());
	size_t head = mst_dtls_head_bytes(keys[i].suite), len = head + 5 + MST_AEAD_TAG_BYTES;
	uint8_t *record = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)len);
	bool taken;

	memset(record, 0, len);
	*mst_pkt(m) = (struct mst_pkt){.flags = MST_PKT_STRAY};
	mst_dtls_seal(&keys[i], MST_DTLS_APPLICATION_DATA, seq, record + head, 5);
	record[len - 1] ^= forged;
	taken = control_roam_record(rig, t, m, record, len);
	if (!taken)
		rte_pktmbuf_free(m);
	mst_test_reclaim();
	return taken;
}

static struct mst_sa_tuple
elsewhere(uint8_t host, uint16_t port)
{
	struct mst_sa_tuple t = rig_tuple(port);

	t.peer[3] = host;
	return t;
}

static void
assert_at(unsigned int i, const struct mst_sa_tuple *t)
{
	assert_non_null(sa_of(i));
	assert_memory_equal(&sa_of(i)->tuple, t, sizeof(*t));
	assert_ptr_equal(mst_sa_lookup(t), sa_of(i));
}

static void
the_newest_record_moves_its_own_association(void **state)
{
	struct mst_sa_tuple was, t;

	(void)state;
	for (unsigned int i = 0; i < DEVICES; i++) {
		was = sa_of(i)->tuple;
		t = i % 2 == 0 ? elsewhere(7, (uint16_t)(7000 + i)) : elsewhere((uint8_t)(90 + i), 7000);
		assert_true(arrives(i, 100, &t, false));
		assert_at(i, &t);
		assert_null(mst_sa_lookup(&was));
		assert_int_equal(rig->counters.roam_moved, i + 1);
	}
	for (unsigned int i = 0; i < DEVICES; i++) {
		struct rte_mbuf *m = rig_inject_take();

		// The record goes on to the worker, which opens it under the window.
		assert_non_null(m);
		assert_int_equal(mst_pkt(m)->entry, MST_ENTRY_RECORD);
		assert_int_equal(mst_pkt(m)->sa_serial, sa_of(i)->serial);
		assert_int_equal(mst_pkt(m)->session_id, login[i]->session->id);
		assert_int_equal(mst_pkt(m)->flags, 0);
		rte_pktmbuf_free(m);
	}
	assert_null(rig_inject_take());
}

static void
a_record_that_is_old_or_forged_moves_nothing(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000), far = elsewhere(99, 7000), was = sa_of(0)->tuple;

	(void)state;
	assert_true(mst_dtls_window_commit(&sa_of(0)->window, 100));
	assert_false(arrives(0, 101, &t, true));
	assert_false(arrives(0, 101, &far, true));
	assert_false(arrives(0, 100, &t, false)); // captured
	assert_false(arrives(0, 99, &t, false));  // kept back
	assert_false(arrives(0, 100, &far, false));
	assert_false(arrives(0, 101 + (1u << 20), &t, false)); // no device loses so many
	assert_at(0, &was);
	assert_int_equal(rig->counters.roam_moved, 0);
	assert_int_equal(rig->counters.stray_nobody, 6);
	assert_null(rig_inject_take());
	assert_true(arrives(0, 101, &t, false));
	assert_at(0, &t);
	rig_inject_drop();
}

// What is on the way when its device has moved is opened, and does not move it back.
static void
what_comes_behind_the_first_goes_to_the_worker(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000);

	(void)state;
	assert_true(arrives(0, 100, &t, false));
	assert_true(arrives(0, 101, &t, false));
	assert_int_equal(rig_inject_drop(), 2);
	assert_int_equal(rig->counters.roam_moved, 1);
}

// Whoever can copy a device's records and be faster than they are cannot make us move all the time.
static void
an_association_does_not_move_again_at_once(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000), next = elsewhere(7, 7001);

	(void)state;
	assert_true(arrives(0, 100, &t, false));
	assert_false(arrives(0, 200, &next, false));
	assert_at(0, &t);
	login[0]->roamed_ns -= MST_NS_PER_S;
	assert_true(arrives(0, 200, &next, false));
	assert_at(0, &next);
	rig_inject_drop();
}

static void
a_stranger_costs_a_bounded_number_of_tries(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000);
	uint64_t looked;

	(void)state;
	assert_false(arrives(0, 100, &t, true));
	assert_int_equal(rig->counters.stray_tries, 8); // all of this address, and again of all
	for (unsigned int i = 0; i < 300; i++)
		assert_false(arrives(0, 100, &t, true));
	looked = rig->counters.stray_nobody;
	assert_in_range(looked, 100, 200); // at once, and what a second has of it on a slow machine
	assert_int_equal(looked + rig->counters.stray_over, 301);
	assert_true(rig->counters.stray_tries <= 8 * looked);
	assert_int_equal(rig->counters.roam_moved, 0);
}

static void
whom_a_record_did_not_come_to_the_next_looks_at(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000);
	struct control_login *first = TAILQ_FIRST(&rig->roamers);

	(void)state;
	for (unsigned int i = 0; i < 3; i++)
		assert_false(arrives(0, 100, &t, true));
	assert_ptr_not_equal(TAILQ_FIRST(&rig->roamers), first);
	assert_true(arrives(4, 100, &t, false));
	rig_inject_drop();
}

// RFC 8200 has longer headers: what fits the one does not fit the other.
static void
an_association_stays_in_its_family(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000), was = sa_of(0)->tuple;

	(void)state;
	t.version = 6;
	assert_false(arrives(0, 100, &t, false));
	assert_at(0, &was);
}

static void
where_roaming_is_denied_only_ports_change(void **state)
{
	struct mst_sa_tuple far = elsewhere(99, 7000), near = elsewhere(7, 7000), was = sa_of(0)->tuple;

	(void)state;
	rig_conf.cookie.deny_roaming = true;
	assert_false(arrives(0, 100, &far, false));
	assert_at(0, &was);
	assert_true(arrives(0, 100, &near, false));
	assert_at(0, &near);
	rig_inject_drop();
}

static void
a_login_that_ends_is_forgotten(void **state)
{
	struct mst_sa_tuple t = elsewhere(7, 7000);

	(void)state;
	control_login_end(rig, login[0], CONTROL_END_ADMIN);
	assert_false(arrives(0, 100, &t, false));
	assert_int_equal(rig->counters.roam_moved, 0);
}

// All of them may have sent it; one try finds who has.
static void
who_expects_the_record_most_is_tried_first(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < DEVICES; i++)
		assert_true(mst_dtls_window_commit(&sa_of(i)->window, 1000 * (i + 1)));
	for (unsigned int i = 0; i < DEVICES; i++) {
		struct mst_sa_tuple t =
			i % 2 == 0 ? elsewhere(7, (uint16_t)(7000 + i)) : elsewhere((uint8_t)(90 + i), 7000);

		rig->counters.stray_tries = 0;
		rig->stray_ranks = false;
		assert_true(arrives(i, 1000 * (i + 1) + 5, &t, false));
		assert_at(i, &t);
		assert_int_equal(rig->counters.stray_tries, 1);
	}
	rig_inject_drop();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_newest_record_moves_its_own_association),
		TEST(who_expects_the_record_most_is_tried_first),
		TEST(a_record_that_is_old_or_forged_moves_nothing),
		TEST(what_comes_behind_the_first_goes_to_the_worker),
		TEST(an_association_does_not_move_again_at_once),
		TEST(a_stranger_costs_a_bounded_number_of_tries),
		TEST(whom_a_record_did_not_come_to_the_next_looks_at),
		TEST(an_association_stays_in_its_family),
		TEST(where_roaming_is_denied_only_ports_change),
		TEST(a_login_that_ends_is_forgotten),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
