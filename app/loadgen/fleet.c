// The fleet as a whole: who connects when, who is cut, and the phases of a run as a table. Main lcore.
#include <errno.h>
#include <string.h>

#include "lg.h"

#define STARTS_A_TURN 8 // connections begun in one turn of the loop, which goes on with packets in between
#define CUTS_A_TURN 64
#define BYES_A_TURN 8 // two segments each, which the tap must hold until the next turn
#define SETTLE_MS 300 // that packets on the way may take
#define DRAIN_MS 500
#define DRAIN_MAX_MS 10000 // that devices may take which were cut at the end
#define STORM_MAX_MS 300000
#define FLUSH_MS 500
#define WARMUP_SEARCH_PPS 1000
#define RAMP_BURST 32
#define TIMER_SLOT_NS (8 * MST_NS_PER_MS)

void
lg_fleet_queue(struct lg *lg, struct lg_device *d)
{
	lg->queue[(lg->queue_at + lg->n_queued++) % lg->n_devices] = lg_number(lg, d);
}

void
lg_fleet_up(struct lg *lg, struct lg_device *d)
{
	d->up = true;
	d->tries = 0;
	lg->n_up++;
	lg_histogram_add(&lg->setup_ns, lg_ns(lg, lg->now_tsc - d->started_tsc));
	if (!d->was_up && lg->mtu > d->mtu)
		lg->mtu = d->mtu;
	d->was_up = true;
	lg_traffic_join(lg, d);
}

void
lg_fleet_down(struct lg *lg, struct lg_device *d)
{
	d->up = false;
	lg->n_up--;
	lg_traffic_leave(lg, d);
}

void
lg_fleet_gone(struct lg *lg, struct lg_device *d)
{
	(void)d;
	lg->n_gone++;
}

int
lg_fleet_create(struct lg *lg, char *err, size_t err_cap)
{
	uint32_t n = lg->o->devices;
	uint64_t blocked = 0;

	lg->n_devices = n;
	lg->devices = calloc(n, sizeof(lg->devices[0]));
	lg->queue = calloc(n, sizeof(lg->queue[0]));
	if (lg->devices == NULL || lg->queue == NULL) {
		snprintf(err, err_cap, "no memory for %u devices", n);
		return -ENOMEM;
	}
	lg->mtu = UINT16_MAX;
	mst_wheel_init(&lg->wheel, TIMER_SLOT_NS, lg->now_ms * MST_NS_PER_MS);
	lg_histogram_init(&lg->setup_ns);
	lg_pace_init(&lg->ramp, lg->hz, lg->o->ramp, RAMP_BURST, lg->now_tsc);
	for (uint32_t i = 0; i < n; i++) {
		struct lg_device *d = &lg->devices[i];

		d->lg = lg;
		mst_wheel_timer_init(&d->timer, lg_device_timer, d);
		d->fd = -1;
		d->flow_slot = LG_NOWHERE;
		// Every so many-th, so that the share is right in every stretch of the fleet.
		blocked += lg->o->udp_blocked_ppm;
		d->udp_blocked = blocked >= LG_PPM;
		if (d->udp_blocked)
			blocked -= LG_PPM;
		lg_fleet_queue(lg, d);
	}
	if (lg->o->churn_ppm != 0)
		lg->churn_tsc = lg->hz * 60 * LG_PPM / ((uint64_t)n * lg->o->churn_ppm);
	return 0;
}

void
lg_fleet_destroy(struct lg *lg)
{
	for (uint32_t i = 0; lg->devices != NULL && i < lg->n_devices; i++)
		lg_device_free(lg, &lg->devices[i]);
	while (lg->setups != NULL) {
		struct lg_setup *s = lg->setups;

		lg->setups = s->next;
		free(s);
	}
	free(lg->devices);
	free(lg->queue);
	lg->devices = NULL;
	lg->queue = NULL;
}

static bool
ramp_allows(struct lg *lg)
{
	return lg->phase != LG_PHASE_RAMP || lg->o->ramp == 0 || lg_pace_take(&lg->ramp, lg->now_tsc, 1) == 1;
}

static unsigned int
start_devices(struct lg *lg)
{
	unsigned int n = 0;

	while (n < STARTS_A_TURN && lg->n_queued > 0 && lg->n_setups < lg->o->in_flight && ramp_allows(lg)) {
		struct lg_device *d = &lg->devices[lg->queue[lg->queue_at]];

		if (!lg_setup_take(lg, d))
			break;
		lg->queue_at = (lg->queue_at + 1) % lg->n_devices;
		lg->n_queued--;
		lg_setup_begin(lg, d);
		n++;
	}
	return n;
}

// A device stops sending first, so that what is lost afterwards is lost by nobody.
static void
churn_next(struct lg *lg)
{
	struct lg_device *d = &lg->devices[lg->churn_at];

	lg->churn_at = (lg->churn_at + 1) % lg->n_devices;
	if (!d->up || d->cut_ms != 0)
		return;
	lg_traffic_leave(lg, d);
	d->signs_out = lg->n_churned++ % 2 == 1;
	d->cut_ms = lg->now_ms + SETTLE_MS;
	lg_device_rearm(lg, d);
}

static void
churn(struct lg *lg)
{
	for (uint32_t n = 0; lg->churn_tsc != 0 && lg->now_tsc >= lg->next_churn_tsc; n++) {
		if (n == lg->n_devices) { // all have been asked: more than they can do
			lg->next_churn_tsc = lg->now_tsc + lg->churn_tsc;
			return;
		}
		churn_next(lg);
		lg->next_churn_tsc += lg->churn_tsc;
	}
}

static bool
all_settled(const struct lg *lg)
{
	return lg->n_up + lg->n_gone == lg->n_devices;
}

static uint64_t
phase_ms(const struct lg *lg)
{
	return lg_ns(lg, lg->now_tsc - lg->phase_tsc) / MST_NS_PER_MS;
}

// ---- phases: enter does what there is to do at the beginning, step says which comes next --------
static enum lg_phase
after_storm(const struct lg *lg)
{
	return lg->n_up == 0 ? LG_PHASE_BYE : LG_PHASE_WARMUP;
}

static enum lg_phase
ramp_step(struct lg *lg)
{
	uint64_t ms = phase_ms(lg);

	if (!all_settled(lg))
		return LG_PHASE_RAMP;
	lg->report.control.setup_ms = ms;
	lg->report.control.setup_rate = lg->n_up * 1000ULL / (ms > 0 ? ms : 1);
	lg->report.control.setup_p50_us = lg_histogram_quantile(&lg->setup_ns, 5000) / 1000;
	lg->report.control.setup_p99_us = lg_histogram_quantile(&lg->setup_ns, 9900) / 1000;
	lg->came_up = lg->n_up;
	return lg->o->storm && lg->n_up > 0 ? LG_PHASE_STORM : after_storm(lg);
}

// Some a turn, or the ports would overflow with what others are sent meanwhile.
static bool
cut_some(struct lg *lg)
{
	for (unsigned int n = 0; n < CUTS_A_TURN && lg->cut_at < lg->n_devices; n++) {
		struct lg_device *d = &lg->devices[lg->cut_at++];

		if (d->up)
			lg_device_cut(lg, d);
	}
	return lg->cut_at < lg->n_devices;
}

static enum lg_phase
storm_step(struct lg *lg)
{
	uint64_t ms = phase_ms(lg);

	if (cut_some(lg))
		return LG_PHASE_STORM;
	if (lg->report.control.storm_99_ms == 0 && lg->n_up * 100ULL >= lg->came_up * 99ULL)
		lg->report.control.storm_99_ms = ms > 0 ? ms : 1;
	if (lg->n_up >= lg->came_up)
		lg->report.control.storm_100_ms = ms > 0 ? ms : 1;
	return lg->n_up >= lg->came_up || all_settled(lg) || ms > STORM_MAX_MS ? after_storm(lg)
									       : LG_PHASE_STORM;
}

static void
warmup_enter(struct lg *lg)
{
	uint64_t pps;

	if (lg->o->dirs == LG_DIRS_NONE)
		return;
	// The sizes are in bounds (options.c), and no tunnel is narrower than the least packet, or none is sent.
	if (lg_mix_init(&lg->mix, &lg->o->sizes, lg_mix_overhead(lg->o->cipher, 4), lg->mtu, lg->o->seed) <
		0) {
		MST_LOG(ERROR, "loadgen", "an MTU of %u bytes is too small for test packets", lg->mtu);
		lg->stop = true;
		return;
	}
	lg->mixed = true;
	pps = lg_mix_pps(&lg->mix, &lg->o->rate);
	lg->report.settings.rate_pps = pps;
	if (lg->o->search != LG_SEARCH_NONE && pps > WARMUP_SEARCH_PPS)
		pps = WARMUP_SEARCH_PPS;
	lg_traffic_rate(lg, pps);
}

static enum lg_phase
warmup_step(struct lg *lg)
{
	if (lg->o->dirs == LG_DIRS_NONE)
		return LG_PHASE_MEASURE;
	if (!lg->sending && (lg->o->dirs & LG_DIRS_DOWN) != 0 && !lg_net_ready(LG_NET_PLAIN)) {
		if (phase_ms(lg) < DRAIN_MAX_MS)
			return LG_PHASE_WARMUP;
		MST_LOG(ERROR, "loadgen", "the gateway does not answer ARP on the plain port");
		return LG_PHASE_BYE;
	}
	if (!lg->sending)
		lg->phase_tsc = lg->now_tsc;
	lg->sending = true;
	return phase_ms(lg) < lg->o->warmup_s * 1000ULL ? LG_PHASE_WARMUP : LG_PHASE_SETTLE;
}

// From zero: what was sent before has settled.
static void
forget_packets(struct lg *lg)
{
	memset(lg->sum, 0, sizeof(lg->sum));
	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++) {
		lg->report.flow[dir].sent_bytes = lg->report.flow[dir].received_bytes = 0;
		lg_histogram_init(&lg->report.flow[dir].latency);
		lg_report_set_flow(&lg->line.flow[dir], &lg->sum[dir]);
	}
	lg->line_tsc = lg->now_tsc;
}

static void
measure_enter(struct lg *lg)
{
	forget_packets(lg);
	lg->next_churn_tsc = lg->now_tsc + lg->churn_tsc;
	if (lg->o->dirs == LG_DIRS_NONE)
		return;
	lg_traffic_rate(lg, lg->report.settings.rate_pps);
	lg->sending = true;
}

static enum lg_phase
measure_step(struct lg *lg)
{
	churn(lg);
	lg->report.measured_ns = lg_ns(lg, lg->now_tsc - lg->phase_tsc);
	return lg->stop || phase_ms(lg) >= lg->o->duration_s * 1000ULL ? LG_PHASE_DRAIN : LG_PHASE_MEASURE;
}

static void
stop_sending(struct lg *lg)
{
	lg->sending = false;
}

static void
trial_enter(struct lg *lg)
{
	forget_packets(lg);
	lg_traffic_rate(lg, lg->trial.pps);
	lg->sending = true;
}

static enum lg_phase
trial_step(struct lg *lg)
{
	lg->report.measured_ns = lg_ns(lg, lg->now_tsc - lg->phase_tsc);
	return phase_ms(lg) < lg->trial.ms ? LG_PHASE_TRIAL : LG_PHASE_SETTLE;
}

static uint64_t
lost(const struct lg_track_sum *s)
{
	uint64_t there = s->received + s->late;

	return s->sent > there ? s->sent - there : 0;
}

static void
trial_result(struct lg *lg)
{
	struct lg_trial_result r = {.ns = lg->report.measured_ns};

	for (unsigned int dir = 0; dir < LG_N_DIRS; dir++) {
		r.sent += lg->sum[dir].sent;
		r.lost += lost(&lg->sum[dir]);
	}
	// Both directions go at the trial's rate: the search thinks of one.
	if (lg->o->dirs == LG_DIRS_BOTH) {
		r.sent /= 2;
		r.lost = (r.lost + 1) / 2;
	}
	if (lg_search_result(&lg->search, &r) < 0)
		lg->stop = true;
}

static enum lg_phase
settle_step(struct lg *lg)
{
	if (phase_ms(lg) < SETTLE_MS)
		return LG_PHASE_SETTLE;
	if (lg->o->search == LG_SEARCH_NONE)
		return LG_PHASE_MEASURE;
	if (lg->trial.number != 0)
		trial_result(lg);
	if (lg->stop || !lg_search_next(&lg->search, &lg->trial))
		return LG_PHASE_DRAIN;
	return LG_PHASE_TRIAL;
}

static enum lg_phase
drain_step(struct lg *lg)
{
	uint64_t ms = phase_ms(lg);

	return ms < DRAIN_MS || (!all_settled(lg) && ms < DRAIN_MAX_MS && !lg->stop) ? LG_PHASE_DRAIN
										     : LG_PHASE_BYE;
}

static void
bye_enter(struct lg *lg)
{
	stop_sending(lg);
	lg->report.control.connected = lg->n_up;
	lg->dtls_at_end = lg->report.control.dtls_up;
	lg->n_queued = 0;
	lg->churn_at = 0;
}

static enum lg_phase
bye_step(struct lg *lg)
{
	for (unsigned int n = 0; n < BYES_A_TURN && lg->churn_at < lg->n_devices; n++) {
		struct lg_device *d = &lg->devices[lg->churn_at++];

		lg_device_sign_out(lg, d);
		lg_device_enter(lg, d, LG_STATE_GONE);
	}
	return lg->churn_at < lg->n_devices ? LG_PHASE_BYE : LG_PHASE_FLUSH;
}

static enum lg_phase
flush_step(struct lg *lg)
{
	return phase_ms(lg) < FLUSH_MS ? LG_PHASE_FLUSH : LG_PHASE_END;
}

static const struct {
	const char *name;
	void (*enter)(struct lg *lg);
	enum lg_phase (*step)(struct lg *lg);
} phases[] = {
	[LG_PHASE_RAMP] = {"ramp", NULL, ramp_step},
	[LG_PHASE_STORM] = {"storm", NULL, storm_step},
	[LG_PHASE_WARMUP] = {"warm-up", warmup_enter, warmup_step},
	[LG_PHASE_SETTLE] = {"settle", stop_sending, settle_step},
	[LG_PHASE_MEASURE] = {"measure", measure_enter, measure_step},
	[LG_PHASE_TRIAL] = {"trial", trial_enter, trial_step},
	[LG_PHASE_DRAIN] = {"drain", stop_sending, drain_step},
	[LG_PHASE_BYE] = {"bye", bye_enter, bye_step},
	[LG_PHASE_FLUSH] = {"bye", NULL, flush_step},
	[LG_PHASE_END] = {"end", NULL, NULL},
};

const char *
lg_fleet_phase(const struct lg *lg)
{
	return phases[lg->phase].name;
}

unsigned int
lg_fleet_turn(struct lg *lg)
{
	unsigned int started = lg->phase < LG_PHASE_BYE ? start_devices(lg) : 0;
	enum lg_phase next = phases[lg->phase].step(lg);

	if (lg->stop && next < LG_PHASE_DRAIN)
		next = LG_PHASE_DRAIN;
	if (next != lg->phase) {
		MST_LOG(DEBUG, "loadgen", "%s after %llu ms", phases[next].name,
			(unsigned long long)phase_ms(lg));
		lg->phase = next;
		lg->phase_tsc = lg->now_tsc;
		if (phases[next].enter != NULL)
			phases[next].enter(lg);
	}
	return started;
}
