// How many queues, without EAL.
#include "mst_test.h"

#include "port_private.h"

static void
queues(void **state)
{
	static const struct {
		enum mst_port_spread spread;
		uint16_t profile_rx, profile_tx;
		unsigned int asked, workers;
		uint16_t dev_rx, dev_tx, n_rxq, n_txq;
	} cases[] = {
		{MST_PORT_SPREAD_ANY, 64, 64, 0, 4, 16, 16, 4, 4}, // one a worker
		{MST_PORT_SPREAD_ANY, 64, 64, 2, 4, 16, 16, 2, 4}, // as the operator says
		{MST_PORT_SPREAD_ANY, 64, 64, 0, 4, 2, 3, 2, 3},   // no more than the device has
		{MST_PORT_SPREAD_ANY, 1, 1, 0, 4, 255, 255, 1, 1}, // nor than the profile trusts
		{MST_PORT_SPREAD_ALL, 16, 16, 1, 2, 4, 4, 4, 2},   // a queue left alone would lose packets
		{MST_PORT_SPREAD_ALL, 16, 16, 0, 2, 1, 1, 1, 1},
		{MST_PORT_SPREAD_PAIRS, 16, 16, 1, 4, 16, 16, 1, 1}, // no send half without a receive half
		{MST_PORT_SPREAD_PAIRS, 16, 16, 4, 2, 16, 16, 4, 2},
		{MST_PORT_SPREAD_ANY, 1024, 1024, 1000, 1, 1024, 1024, MST_MAX_WORKERS, 1},
	};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		struct mst_port_profile p = {.max_rxq = cases[i].profile_rx,
			.max_txq = cases[i].profile_tx,
			.spread = cases[i].spread};
		uint16_t rx;
		uint16_t tx;

		port_queues_choose(
			&p, cases[i].asked, cases[i].workers, cases[i].dev_rx, cases[i].dev_tx, &rx, &tx);
		assert_int_equal(rx, cases[i].n_rxq);
		assert_int_equal(tx, cases[i].n_txq);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(queues)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
