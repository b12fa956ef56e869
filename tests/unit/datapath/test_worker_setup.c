// How the queues of the ports are shared out.
#include "mst_test.h"

#include "worker.h"

static void
every_queue_has_one_worker_and_no_worker_has_two_more_than_another(void **state)
{
	(void)state;
	for (unsigned int n_workers = 1; n_workers <= 8; n_workers++) {
		for (unsigned int n_rxq = 1; n_rxq <= 16; n_rxq++) {
			unsigned int load[8] = {0}, least = 100, most = 0;

			for (unsigned int q = 0; q < n_rxq; q++) {
				unsigned int w = datapath_worker_of_queue(1, q, n_rxq, n_workers);

				assert_in_range(w, 0, n_workers - 1);
				load[w]++;
			}
			for (unsigned int w = 0; w < n_workers; w++) {
				least = load[w] < least ? load[w] : least;
				most = load[w] > most ? load[w] : most;
			}
			assert_true(most - least <= 1);
		}
	}
}

static void
two_ports_of_one_queue_keep_two_workers_busy(void **state)
{
	(void)state;
	assert_int_not_equal(datapath_worker_of_queue(0, 0, 1, 2), datapath_worker_of_queue(1, 0, 1, 2));
}

static void
a_queue_for_each_is_the_workers_own(void **state)
{
	(void)state;
	for (unsigned int q = 0; q < 4; q++)
		assert_int_equal(datapath_worker_of_queue(1, q, 4, 4), q);
}

// Two workers on one transmit queue would need a lock: of every queue in use one worker is the owner, which sends by it
// itself.
static void
a_transmit_queue_has_one_owner_which_uses_it(void **state)
{
	(void)state;
	for (unsigned int n_workers = 1; n_workers <= 8; n_workers++) {
		for (unsigned int n_txq = 1; n_txq <= n_workers; n_txq++) {
			for (unsigned int w = 0; w < n_workers; w++) {
				unsigned int q = datapath_txq_of_worker(1, w, n_txq, n_workers);
				unsigned int owner = datapath_worker_of_queue(1, q, n_txq, n_workers);

				assert_in_range(q, 0, n_txq - 1);
				assert_in_range(owner, 0, n_workers - 1);
				assert_int_equal(datapath_txq_of_worker(1, owner, n_txq, n_workers), q);
				if (n_txq == n_workers)
					assert_int_equal(owner, w);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_queue_has_one_worker_and_no_worker_has_two_more_than_another),
		cmocka_unit_test(two_ports_of_one_queue_keep_two_workers_busy),
		cmocka_unit_test(a_queue_for_each_is_the_workers_own),
		cmocka_unit_test(a_transmit_queue_has_one_owner_which_uses_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
