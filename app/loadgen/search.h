// Searches for the rate that a gateway carries, as a machine without clock or packets: it names a trial, is
// told what came of it, and names the next. Main thread.
//
// NDR and PDR are found by bisection as draft-ietf-bmwg-mlrsearch describes it: trials get longer from phase to
// phase and the interval narrower, bounds of an earlier phase are measured again, and in the last phase a load
// passes when no more than the exceed ratio (half) of its three trials lose more than the goal: 0 for NDR.
// MRR is ten trials of one second at the highest rate; what arrives is reported.
#pragma once

#include "mst_base.h"

#include "options.h"

#define LG_SEARCH_PHASES 3
#define LG_SEARCH_TRIALS_MAX 100
#define LG_SEARCH_MRR_TRIALS 10
#define LG_SEARCH_WIDTH_PPM 5000   // interval of the last phase, of its upper end
#define LG_SEARCH_LAST_TRIALS 3	   // trials of a load in the last phase, at most
#define LG_SEARCH_SHORT_PPM 970000 // a trial that sent less than this of its load was the sender's limit

struct lg_search_params {
	enum lg_search_kind kind; // not NONE
	uint64_t min_pps;	  // below it the search gives up; at least 1
	uint64_t max_pps;	  // the most that is offered
	uint32_t goal_ppm;	  // of loss; taken as 0 for NDR
	uint32_t trial_ms;	  // of the last phase; the first has 1 s, or this if shorter
};

struct lg_trial {
	uint64_t pps;
	uint32_t ms;
	uint32_t number; // 1 and on
};

struct lg_trial_result {
	uint64_t sent;
	uint64_t lost; // not above sent
	uint64_t ns;   // that sending took
};

struct lg_search_bound {
	uint64_t pps; // 0 = none
	uint64_t sent;
	uint64_t lost; // of its trials of the phase it was measured in
};

struct lg_search_report {
	enum lg_search_kind kind;
	uint32_t trials;
	bool found;	     // low is a rate that passed (MRR: all trials were made)
	bool complete;	     // and the interval is as narrow as was asked for
	bool sender_limited; // the generator could not offer what was asked: the gateway may carry more
	uint32_t goal_ppm;
	struct lg_search_bound low;  // highest load that passed; MRR: what was offered
	struct lg_search_bound high; // lowest that did not
	double mrr_mean_pps;	     // received
	double mrr_stdev_pps;	     // of the sample
};

struct lg_search {
	struct lg_search_params params;
	struct lg_search_report report;
	uint64_t lo, hi;   // ends of the interval
	uint64_t top;	   // the most that can be offered: max_pps, or what the sender manages
	uint64_t step;	   // by which an end moves out
	bool lo_ok, hi_ok; // measured in this phase
	uint8_t phase;
	bool in_air;
	bool done;
	struct lg_trial trial;
	struct lg_search_bound load; // the trials of this load so far
	uint32_t good, bad;
	double mrr_pps[LG_SEARCH_MRR_TRIALS];
};

// -EINVAL: kind NONE, min_pps of 0 or above max_pps, max_pps above LG_RATE_MAX_PPS, a goal of 100 % or more,
// no trial_ms.
MST_MUST_USE int lg_search_init(struct lg_search *s, const struct lg_search_params *p);
// The trial to do now; false when the search is over. Asked twice without a result it says the same again.
MST_MUST_USE bool lg_search_next(struct lg_search *s, struct lg_trial *out);
// What came of it. -EINVAL: no trial is in the air, lost above sent, or ns is 0.
MST_MUST_USE int lg_search_result(struct lg_search *s, const struct lg_trial_result *r);
const char *lg_search_kind_name(enum lg_search_kind k); // "ndr"; "none"
