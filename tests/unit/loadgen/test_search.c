// The searches against gateways that are models: a sharp limit, a soft one, chance, a slow sender, none at all.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "search.h"

static struct lg_search s;
static struct lg_trial trial;

struct model {
	uint64_t carries;    // packets a second; what is above is lost
	uint64_t sender;     // what the sender manages; 0 = anything
	uint32_t noise_of_8; // of 8 trials so many lose one packet for no reason
	uint32_t slow_of_8;  // of 8 trials so many are sent at half the rate
	uint64_t state;
};

static void
start(enum lg_search_kind kind, uint64_t max, uint32_t goal_ppm, uint32_t trial_ms)
{
	const struct lg_search_params p = {kind, 1000, max, goal_ppm, trial_ms};

	assert_int_equal(lg_search_init(&s, &p), 0);
}

static void
answer(struct model *m)
{
	bool slow = (m->state >> 40) % 8 < m->slow_of_8;
	uint64_t pps = m->sender != 0 && m->sender < trial.pps ? m->sender : trial.pps / (slow ? 2 : 1);
	struct lg_trial_result r = {.sent = pps * trial.ms / 1000, .ns = trial.ms * MST_NS_PER_MS};

	r.lost = pps > m->carries ? r.sent - r.sent * m->carries / pps : 0;
	m->state = m->state * 6364136223846793005u + 1442695040888963407u;
	if (r.lost == 0 && r.sent > 0 && (m->state >> 60) % 8 < m->noise_of_8)
		r.lost = 1;
	assert_int_equal(lg_search_result(&s, &r), 0);
}

static void
run(struct model *m)
{
	uint64_t ms = 0;

	while (lg_search_next(&s, &trial)) {
		assert_true(trial.pps >= 1 && trial.pps <= s.params.max_pps);
		assert_true(trial.ms >= 1);
		ms += trial.ms;
		answer(m);
	}
	assert_true(s.report.trials <= LG_SEARCH_TRIALS_MAX);
	assert_true(ms <= (uint64_t)LG_SEARCH_TRIALS_MAX * 10000);
	assert_false(lg_search_next(&s, &trial));
}

static void
sharp_limit(void **state)
{
	static const uint64_t limits[] = {1000, 1234, 5000, 99999, 500000, 730001, 949999, 999999};

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(limits); i++) {
		struct model m = {.carries = limits[i]};

		start(LG_SEARCH_NDR, 1000000, 7, 10000);
		run(&m);
		assert_true(s.report.found && s.report.complete && !s.report.sender_limited);
		assert_int_equal(s.report.goal_ppm, 0);
		assert_true(s.report.low.pps <= limits[i] && s.report.high.pps > limits[i]);
		assert_true(s.report.high.pps - s.report.low.pps <= s.report.high.pps / 200 + 1);
		assert_true(s.report.low.lost == 0 && s.report.high.lost > 0 && s.report.low.sent > 0);
		assert_true(s.report.trials <= 40);
	}
}

// With a loss of 0.5 % allowed, the load may be that much above what is carried.
static void
partial_loss(void **state)
{
	struct model m = {.carries = 400000};
	uint64_t allowed = (uint64_t)(400000 / 0.995);

	(void)state;
	start(LG_SEARCH_PDR, 1000000, 5000, 5000);
	run(&m);
	assert_true(s.report.found && s.report.complete);
	assert_true(s.report.low.pps <= allowed && s.report.high.pps > allowed);
	assert_true(s.report.high.pps - s.report.low.pps <= s.report.high.pps / 200 + 1);
	assert_int_equal(s.report.goal_ppm, 5000);
}

static void
all_is_carried(void **state)
{
	struct model m = {.carries = 1000000};

	(void)state;
	start(LG_SEARCH_NDR, 1000000, 0, 10000);
	run(&m);
	assert_true(s.report.found && s.report.complete && !s.report.sender_limited);
	assert_int_equal(s.report.low.pps, 1000000);
	assert_int_equal(s.report.high.pps, 0);
	// One trial in each of the first phases, two of three in the last.
	assert_int_equal(s.report.trials, 4);
}

static void
nothing_is_carried(void **state)
{
	struct model m = {.carries = 999};

	(void)state;
	start(LG_SEARCH_NDR, 1000000, 0, 1000);
	run(&m);
	assert_true(!s.report.found && s.report.complete);
	assert_int_equal(s.report.low.pps, 0);
	assert_int_equal(s.report.high.pps, 1000);
	m.carries = 0;
	start(LG_SEARCH_PDR, 1000, 5000, 1000);
	run(&m);
	assert_false(s.report.found);
	assert_int_equal(s.report.trials, 1);
}

static void
slow_sender(void **state)
{
	struct model m = {.carries = 900000, .sender = 600000};

	(void)state;
	start(LG_SEARCH_NDR, 1000000, 0, 5000);
	run(&m);
	assert_true(s.report.found && s.report.complete && s.report.sender_limited);
	assert_int_equal(s.report.low.pps, 600000);
	// A limit below the sender's is found all the same.
	m = (struct model){.carries = 300000, .sender = 600000};
	start(LG_SEARCH_NDR, 1000000, 0, 5000);
	run(&m);
	assert_true(s.report.found && s.report.low.pps <= 300000 && s.report.high.pps > 300000);
	assert_true(s.report.high.pps <= 302000);
	// Nothing is sent at all: the search ends.
	for (start(LG_SEARCH_NDR, 1000000, 0, 5000); lg_search_next(&s, &trial);)
		assert_int_equal(lg_search_result(&s, &(struct lg_trial_result){.ns = 1}), 0);
	assert_false(s.report.found);
}

// Chance losses: two trials of three decide, and the number of trials is bounded whatever happens.
static void
noise(void **state)
{
	(void)state;
	for (uint32_t n = 0; n <= 8; n++) {
		for (uint64_t seed = 1; seed < 60; seed++) {
			struct model m = {.carries = 700000, .noise_of_8 = n, .state = seed};

			start(LG_SEARCH_NDR, 1000000, 0, 3000);
			run(&m);
			assert_true(s.report.low.pps <= 700000);
			if (n == 0)
				assert_true(s.report.low.pps >= 696500);
			if (s.report.found)
				assert_true(s.report.low.pps >= 1000);
		}
	}
}

// A sender that falls behind now and then: no load that was not offered is said to pass.
static void
hiccups(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 200; seed++) {
		struct model m = {
			.carries = 700000, .slow_of_8 = 1 + seed % 8, .state = seed * 0x123456789abcdu};

		start(LG_SEARCH_NDR, 1000000, 0, 3000);
		run(&m);
		assert_true(s.report.found && s.report.low.pps <= 700000);
	}
}

static void
what_passed_stays(void **state)
{
	struct model m = {.carries = 500000};
	struct lg_search_bound low;

	(void)state;
	start(LG_SEARCH_NDR, 1000000, 0, 3000);
	while (lg_search_next(&s, &trial) && (s.report.low.pps == 0 || trial.pps <= s.report.low.pps))
		answer(&m);
	low = s.report.low;
	assert_true(low.pps > 0 && trial.pps > low.pps);
	// All of a tenth arrives: that says nothing of a load that passed before.
	assert_int_equal(lg_search_result(&s, &(struct lg_trial_result){low.pps / 10, 0, MST_NS_PER_S}), 0);
	assert_int_equal(s.report.low.pps, low.pps);
}

// Answers that have nothing to do with the load: the number of trials is the end of it.
static void
bounded(void **state)
{
	bool reached = false;

	(void)state;
	for (uint64_t seed = 1; seed < 4000; seed++) {
		uint64_t x = seed * 0x9e3779b97f4a7c15u;

		for (start(LG_SEARCH_NDR, LG_RATE_MAX_PPS, 0, 3000); lg_search_next(&s, &trial);) {
			struct lg_trial_result r = {
				.sent = trial.pps * trial.ms / 1000, .ns = trial.ms * MST_NS_PER_MS};

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			r.sent = (x >> 20) % 8 == 0 ? r.sent * ((x >> 30) % 1000) / 1000 : r.sent;
			r.lost = r.sent > 0 && x % 2 == 0;
			assert_int_equal(lg_search_result(&s, &r), 0);
		}
		assert_true(s.report.trials <= LG_SEARCH_TRIALS_MAX);
		assert_true(s.report.complete || s.report.trials == LG_SEARCH_TRIALS_MAX);
		reached |= !s.report.complete;
	}
	assert_true(reached);
}

static void
phases_grow(void **state)
{
	struct model m = {.carries = 500000};
	uint32_t last = 0, first = 0;

	(void)state;
	for (start(LG_SEARCH_NDR, 1000000, 0, 9000); lg_search_next(&s, &trial);) {
		first = first == 0 ? trial.ms : first;
		assert_true(trial.ms >= last);
		last = trial.ms;
		answer(&m);
	}
	assert_int_equal(first, 1000);
	assert_int_equal(last, 9000);
	for (start(LG_SEARCH_NDR, 1000000, 0, 500); lg_search_next(&s, &trial); answer(&m))
		assert_int_equal(trial.ms, 500);
}

static void
mrr(void **state)
{
	struct model m = {.carries = 400000};

	(void)state;
	start(LG_SEARCH_MRR, 1000000, 0, 60000);
	run(&m);
	assert_true(s.report.found && s.report.complete && !s.report.sender_limited);
	assert_int_equal(s.report.trials, 10);
	assert_true(s.report.mrr_mean_pps > 399999 && s.report.mrr_mean_pps < 400001);
	assert_true(s.report.mrr_stdev_pps < 1);
	assert_int_equal(s.report.low.sent, 10000000);
	assert_int_equal(s.report.low.lost, 6000000);
	// 1 to 10 packets a second: the sample's deviation is 3.0277.
	start(LG_SEARCH_MRR, 1000, 0, 1000);
	for (uint64_t i = 1; lg_search_next(&s, &trial); i++) {
		assert_int_equal(trial.number, i);
		assert_int_equal(trial.ms, 1000);
		assert_int_equal(
			lg_search_result(&s, &(struct lg_trial_result){1000, 1000 - i, MST_NS_PER_S}), 0);
	}
	assert_true(s.report.mrr_mean_pps > 5.4999 && s.report.mrr_mean_pps < 5.5001);
	assert_true(s.report.mrr_stdev_pps > 3.0276 && s.report.mrr_stdev_pps < 3.0278);
}

static void
refused(void **state)
{
	static const struct lg_search_params wrong[] = {
		{LG_SEARCH_NONE, 1, 1000, 0, 1000},
		{LG_SEARCH_NDR, 0, 1000, 0, 1000},
		{LG_SEARCH_NDR, 1001, 1000, 0, 1000},
		{LG_SEARCH_NDR, 1, LG_RATE_MAX_PPS + 1, 0, 1000},
		{LG_SEARCH_PDR, 1, 1000, LG_PPM, 1000},
		{LG_SEARCH_PDR, 1, 1000, 0, 0},
		{(enum lg_search_kind)9, 1, 1000, 0, 1000},
	};
	struct lg_trial again;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(wrong); i++)
		assert_int_equal(lg_search_init(&s, &wrong[i]), -EINVAL);
	start(LG_SEARCH_NDR, LG_RATE_MAX_PPS, 0, 1000);
	assert_int_equal(lg_search_result(&s, &(struct lg_trial_result){1, 0, 1}), -EINVAL);
	assert_true(lg_search_next(&s, &trial));
	assert_true(lg_search_next(&s, &again));
	assert_memory_equal(&trial, &again, sizeof(trial));
	assert_int_equal(lg_search_result(&s, &(struct lg_trial_result){1, 2, 1}), -EINVAL);
	assert_int_equal(lg_search_result(&s, &(struct lg_trial_result){1, 0, 0}), -EINVAL);
	assert_int_equal(s.report.trials, 0);
	assert_string_equal(lg_search_kind_name(LG_SEARCH_PDR), "pdr");
	assert_string_equal(lg_search_kind_name((enum lg_search_kind)9), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sharp_limit),
		cmocka_unit_test(partial_loss),
		cmocka_unit_test(all_is_carried),
		cmocka_unit_test(nothing_is_carried),
		cmocka_unit_test(slow_sender),
		cmocka_unit_test(noise),
		cmocka_unit_test(hiccups),
		cmocka_unit_test(what_passed_stays),
		cmocka_unit_test(bounded),
		cmocka_unit_test(phases_grow),
		cmocka_unit_test(mrr),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
