// The machine that searches for a rate: bounds of an interval, phases, and what a trial's result does to them.
// Main thread.
#include "search.h"

#include <errno.h>
#include <math.h>

#include "track.h"

#define FIRST_MS 1000
#define MRR_MS 1000

const char *
lg_search_kind_name(enum lg_search_kind k)
{
	static const char *const names[] = {[LG_SEARCH_NONE] = "none",
		[LG_SEARCH_NDR] = "ndr",
		[LG_SEARCH_PDR] = "pdr",
		[LG_SEARCH_MRR] = "mrr"};

	return (unsigned int)k < MST_ARRAY_SIZE(names) ? names[k] : "unknown";
}

int
lg_search_init(struct lg_search *s, const struct lg_search_params *p)
{
	if (p->kind == LG_SEARCH_NONE || (unsigned int)p->kind > LG_SEARCH_MRR || p->trial_ms == 0)
		return -EINVAL;
	if (p->min_pps == 0 || p->min_pps > p->max_pps || p->max_pps > LG_RATE_MAX_PPS ||
		p->goal_ppm >= LG_PPM)
		return -EINVAL;
	*s = (struct lg_search){.params = *p, .lo = p->max_pps, .hi = p->max_pps, .top = p->max_pps};
	if (p->kind != LG_SEARCH_PDR)
		s->params.goal_ppm = 0;
	s->report.kind = p->kind;
	s->report.goal_ppm = s->params.goal_ppm;
	return 0;
}

// ---- phases -------------------------------------------------------------------------------------
static bool
is_last_phase(const struct lg_search *s)
{
	return s->phase == LG_SEARCH_PHASES - 1;
}

// One second, a third of the last length, the last length.
static uint32_t
phase_ms(const struct lg_search *s)
{
	uint32_t last = s->params.trial_ms, first = last < FIRST_MS ? last : FIRST_MS;

	if (is_last_phase(s))
		return last;
	return s->phase == 0 || last / 3 < first ? first : last / 3;
}

// Each phase halves the width of the one before.
static uint64_t
phase_width(const struct lg_search *s, uint64_t pps)
{
	uint64_t ppm = (uint64_t)LG_SEARCH_WIDTH_PPM << (LG_SEARCH_PHASES - 1 - s->phase);
	uint64_t width = pps * ppm / LG_PPM;

	return width == 0 ? 1 : width;
}

static bool
phase_is_over(const struct lg_search *s)
{
	if (!s->lo_ok)
		return false;
	return s->lo >= s->top || (s->hi_ok && s->hi - s->lo <= phase_width(s, s->hi));
}

static void
finish(struct lg_search *s, bool complete)
{
	s->done = true;
	s->report.complete = complete;
	s->report.found = s->report.low.pps > 0;
}

// Bounds that shorter trials found are measured again.
static void
next_phase(struct lg_search *s)
{
	if (is_last_phase(s)) {
		finish(s, true);
		return;
	}
	s->phase++;
	s->lo_ok = s->hi_ok = false;
	s->step = 0;
}

static uint64_t
next_load(const struct lg_search *s)
{
	if (!s->lo_ok)
		return s->lo;
	return s->hi_ok ? s->lo + (s->hi - s->lo) / 2 : s->hi;
}

bool
lg_search_next(struct lg_search *s, struct lg_trial *out)
{
	while (!s->done && !s->in_air) {
		bool mrr = s->params.kind == LG_SEARCH_MRR;

		if (s->report.trials == LG_SEARCH_TRIALS_MAX) {
			finish(s, false);
		} else if (!mrr && phase_is_over(s)) {
			next_phase(s);
		} else {
			// A load of several trials is gone on with.
			if (s->good + s->bad == 0)
				s->load = (struct lg_search_bound){
					.pps = mrr ? s->params.max_pps : next_load(s)};
			s->trial = (struct lg_trial){
				s->load.pps, mrr ? MRR_MS : phase_ms(s), s->report.trials + 1};
			s->in_air = true;
		}
	}
	*out = s->trial;
	return !s->done;
}

// ---- results ------------------------------------------------------------------------------------
static uint64_t
per_second(uint64_t packets, uint64_t ns)
{
	return (uint64_t)((double)packets * (double)MST_NS_PER_S / (double)ns);
}

// A step further out each time: the interval is found in few trials however far off it is.
static uint64_t
step_from(struct lg_search *s, uint64_t pps)
{
	s->step = s->step == 0 ? phase_width(s, pps) : 2 * s->step;
	return s->step;
}

static void
load_passed(struct lg_search *s)
{
	const uint64_t pps = s->load.pps;

	// The sender fell behind what is known to pass: nothing was learnt.
	if (s->lo_ok && pps < s->lo)
		return;
	s->report.low = s->load;
	if (s->report.high.pps <= pps)
		s->report.high = (struct lg_search_bound){0};
	s->lo = pps;
	s->lo_ok = true;
	if (s->hi > pps)
		return;
	s->hi = pps + step_from(s, pps);
	s->hi = s->hi > s->top ? s->top : s->hi;
	s->hi_ok = false;
}

static void
load_failed(struct lg_search *s, uint64_t received_pps)
{
	const uint64_t pps = s->load.pps, least = s->params.min_pps;
	uint64_t down;

	s->report.high = s->load;
	if (s->report.low.pps >= pps)
		s->report.low = (struct lg_search_bound){0};
	s->hi = pps;
	s->hi_ok = true;
	if (s->lo < pps)
		return;
	if (pps <= least) {
		finish(s, true);
		return;
	}
	s->lo_ok = false;
	// What came through at the highest load is the first guess at what is carried.
	if (s->report.trials == 1 && received_pps > least && received_pps < pps) {
		s->lo = received_pps;
		return;
	}
	down = step_from(s, pps);
	s->lo = pps - least > down ? pps - down : least;
}

// The sender did not manage the load: what it managed is what was measured.
static void
note_sender(struct lg_search *s, uint64_t offered)
{
	if (offered >= s->trial.pps * (LG_SEARCH_SHORT_PPM / 1000) / 1000)
		return;
	s->report.sender_limited = true;
	if (offered < s->load.pps)
		s->load.pps = offered > 0 ? offered : 1;
}

static void
mrr_result(struct lg_search *s, uint64_t received, uint64_t ns)
{
	struct lg_search_report *r = &s->report;
	double sum = 0, squares = 0;

	s->mrr_pps[r->trials - 1] = (double)received * (double)MST_NS_PER_S / (double)ns;
	r->low.pps = s->params.max_pps;
	if (r->trials < LG_SEARCH_MRR_TRIALS)
		return;
	for (size_t i = 0; i < LG_SEARCH_MRR_TRIALS; i++)
		sum += s->mrr_pps[i];
	r->mrr_mean_pps = sum / LG_SEARCH_MRR_TRIALS;
	for (size_t i = 0; i < LG_SEARCH_MRR_TRIALS; i++)
		squares += (s->mrr_pps[i] - r->mrr_mean_pps) * (s->mrr_pps[i] - r->mrr_mean_pps);
	r->mrr_stdev_pps = sqrt(squares / (LG_SEARCH_MRR_TRIALS - 1));
	finish(s, true);
}

// Does the load stand or fall, or does it take another trial?
static void
judge(struct lg_search *s, bool passed, uint64_t received_pps)
{
	uint32_t most = is_last_phase(s) ? LG_SEARCH_LAST_TRIALS : 1;

	s->good += passed;
	s->bad += !passed;
	if (2 * s->good > most) {
		// More than the sender manages cannot be offered.
		if (s->load.pps < s->trial.pps)
			s->top = s->load.pps > s->lo ? s->load.pps : s->lo;
		load_passed(s);
	} else if (2 * s->bad > most) {
		load_failed(s, received_pps);
	} else {
		return;
	}
	s->good = s->bad = 0;
}

int
lg_search_result(struct lg_search *s, const struct lg_trial_result *r)
{
	if (!s->in_air || r->lost > r->sent || r->ns == 0)
		return -EINVAL;
	s->in_air = false;
	s->report.trials++;
	note_sender(s, per_second(r->sent, r->ns));
	if (s->params.kind == LG_SEARCH_MRR) {
		s->report.low.sent += r->sent;
		s->report.low.lost += r->lost;
		mrr_result(s, r->sent - r->lost, r->ns);
		return 0;
	}
	s->load.sent += r->sent;
	s->load.lost += r->lost;
	// Nothing sent says nothing good.
	judge(s, r->sent > 0 && lg_track_loss_ppm(r->sent, r->lost) <= s->params.goal_ppm,
		per_second(r->sent - r->lost, r->ns));
	return 0;
}
