// The life of a device: its states, its timer, its ends. Main lcore.
#include <string.h>

#include "lg.h"

#define TRIES_MAX 8
#define BACK_OFF_MS 100 // doubles with each try
#define BACK_OFF_MAX_MS 5000
#define PROOF_AGAIN_MS 500
#define PROOF_MS 5000
#define DTLS_AGAIN_MS 60000 // protocol.md 3.1
#define TIMER_MAX_MS 60000
#define BYE_REASON 0xb0 // the user signed out (protocol.md 2.2)

static const uint32_t time_limits_ms[LG_N_STATES] = {
#define X(name, help, ms) [LG_STATE_##name] = (ms),
	LG_STATES(X)
#undef X
};

void
lg_device_enter(struct lg *lg, struct lg_device *d, enum lg_state state)
{
	d->state = (uint8_t)state;
	d->step_end_ms = lg->now_ms + time_limits_ms[state];
	lg_device_rearm(lg, d);
}

static void
sooner(const struct lg *lg, uint32_t *due, uint32_t ms)
{
	if ((int32_t)(ms - *due) < 0)
		*due = lg_is_due(lg, ms) ? lg->now_ms : ms;
}

// When a channel that was heard and asked then wants to be asked, or is dead.
static uint32_t
dpd_due(uint32_t heard_ms, uint32_t asked_ms, uint32_t dpd_ms)
{
	uint32_t due = heard_ms + dpd_ms, again = asked_ms + dpd_ms / 2;

	return (int32_t)(again - due) > 0 ? again : due;
}

static void
tunnel_due(struct lg *lg, const struct lg_device *d, uint32_t *due)
{
	if (d->dpd_s != 0 && d->tls != NULL)
		sooner(lg, due, dpd_due(d->tls_heard_ms, d->tls_asked_ms, d->dpd_s * 1000u));
	if (d->keepalive_s != 0 && d->tls != NULL)
		sooner(lg, due, d->tls_sent_ms + d->keepalive_s * 1000u);
	switch (d->dtls) {
	case LG_DTLS_HANDSHAKE:
		sooner(lg, due, lg_dtls_due_ms(lg, d));
		break;
	case LG_DTLS_PROOF:
		sooner(lg, due, d->dtls_asked_ms + PROOF_AGAIN_MS);
		break;
	case LG_DTLS_UP:
		if (d->dtls_dpd_s != 0)
			sooner(lg, due, dpd_due(d->dtls_heard_ms, d->dtls_asked_ms, d->dtls_dpd_s * 1000u));
		if (d->rekey_ms != 0)
			sooner(lg, due, d->rekey_ms);
		break;
	default:
		if (d->dtls_port != 0)
			sooner(lg, due, d->dtls_end_ms);
		break;
	}
}

// One timer a device: what moves a deadline forward, a packet that was heard, does not touch it; it fires, finds
// nothing to do and is set again.
void
lg_device_rearm(struct lg *lg, struct lg_device *d)
{
	uint32_t due = lg->now_ms + TIMER_MAX_MS;

	if (d->state == LG_STATE_GONE || d->state == LG_STATE_QUEUED) {
		mst_wheel_stop(&d->timer);
		return;
	}
	if (d->state == LG_STATE_TUNNEL)
		tunnel_due(lg, d, &due);
	else
		sooner(lg, &due, d->step_end_ms);
	if (d->cut_ms != 0)
		sooner(lg, &due, d->cut_ms);
	mst_wheel_arm(&lg->wheel, &d->timer, due * MST_NS_PER_MS);
}

// Its connection and all that hangs on it; cookie and address stay.
static void
let_go(struct lg *lg, struct lg_device *d, bool politely)
{
	if (d->up)
		lg_fleet_down(lg, d);
	if (d->dtls == LG_DTLS_UP)
		lg->report.control.dtls_up--;
	if (d->record != NULL)
		lg->report.control.odd_nonces += d->record->odd_nonces;
	lg_dtls_forget(d);
	lg_setup_give(lg, d);
	lg_tls_close(d, politely);
	d->cut_ms = 0;
	d->dtls_port = 0;
}

void
lg_device_forget(struct lg_device *d)
{
	if (d->cookie != NULL)
		mst_wipe(d->cookie, strlen(d->cookie));
	free(d->cookie);
	d->cookie = NULL;
	d->inner = 0;
}

void
lg_device_ended(struct lg *lg, struct lg_device *d)
{
	let_go(lg, d, true);
	lg_device_forget(d);
	lg_device_enter(lg, d, LG_STATE_GONE);
	lg_fleet_gone(lg, d);
}

void
lg_device_lost(struct lg *lg, struct lg_device *d)
{
	uint32_t pause_ms = BACK_OFF_MS << (d->tries < 6 ? d->tries : 6);

	if (d->tries == TRIES_MAX) {
		lg_device_ended(lg, d);
		return;
	}
	let_go(lg, d, false);
	d->tries++;
	lg_device_enter(lg, d, LG_STATE_BACK_OFF);
	d->step_end_ms = lg->now_ms + (pause_ms < BACK_OFF_MAX_MS ? pause_ms : BACK_OFF_MAX_MS);
	lg_device_rearm(lg, d);
}

void
lg_device_fail(struct lg *lg, struct lg_device *d, uint64_t *cause)
{
	(*cause)++;
	lg_device_lost(lg, d);
}

void
lg_device_cut(struct lg *lg, struct lg_device *d)
{
	lg_socket_reset(d);
	let_go(lg, d, false);
	lg_device_enter(lg, d, LG_STATE_QUEUED);
	lg_fleet_queue(lg, d);
}

void
lg_device_sign_out(struct lg *lg, struct lg_device *d)
{
	uint8_t frame[MST_CSTP_HEADER_BYTES + 1];

	frame[MST_CSTP_HEADER_BYTES] = BYE_REASON;
	if (d->state == LG_STATE_TUNNEL && d->tls != NULL)
		(void)lg_stream_send(lg, d, MST_CSTP_DISCONNECT, frame, 1);
	let_go(lg, d, true);
	lg_device_forget(d);
}

void
lg_device_free(struct lg *lg, struct lg_device *d)
{
	let_go(lg, d, false);
	lg_device_forget(d);
	mst_wheel_stop(&d->timer);
}

static uint16_t
seconds(uint32_t s, uint32_t wanted)
{
	if (wanted != 0)
		s = wanted;
	return (uint16_t)(s < UINT16_MAX ? s : UINT16_MAX);
}

static void
try_dtls(struct lg *lg, struct lg_device *d)
{
	if (!lg_setup_take(lg, d)) {
		d->dtls_end_ms = lg->now_ms + 1000; // as soon as another device has come up
	} else if (lg_dtls_start(lg, d) < 0) {
		lg->report.failures.dtls_failed++;
		lg_device_dtls_failed(lg, d);
	}
	lg_device_rearm(lg, d);
}

void
lg_device_tunnel(struct lg *lg, struct lg_device *d, const struct lg_http_tunnel *t)
{
	bool dtls = t->dtls_port != 0 && t->psk && t->app_id_len > 0;

	if (t->addr4.family != 4) {
		lg_device_fail(lg, d, &lg->report.failures.http);
		return;
	}
	lg->report.control.connects++;
	if (d->was_up)
		lg->report.control.reconnects++;
	d->inner = mst_ip4_host(&t->addr4);
	d->mtu = t->mtu;
	d->dpd_s = seconds(t->dpd_s, lg->o->dpd_s);
	d->dtls_dpd_s = seconds(t->dtls_dpd_s, lg->o->dpd_s);
	d->keepalive_s = seconds(t->keepalive_s, 0);
	d->app_id_len = t->app_id_len;
	memcpy(d->app_id, t->app_id, sizeof(d->app_id));
	d->dtls_port = dtls && lg->o->dtls && !d->udp_blocked ? t->dtls_port : 0;
	d->tls_heard_ms = d->tls_asked_ms = d->tls_sent_ms = lg->now_ms;
	lg_device_enter(lg, d, LG_STATE_TUNNEL);
	if (d->dtls_port != 0) {
		try_dtls(lg, d);
		return;
	}
	if (lg->o->dtls && !d->udp_blocked)
		lg->report.failures.no_dtls++;
	lg_setup_give(lg, d);
	lg_fleet_up(lg, d);
}

void
lg_device_dtls_up(struct lg *lg, struct lg_device *d)
{
	d->dtls = LG_DTLS_UP;
	d->rekey_ms = lg->o->rekey_s != 0 ? lg->now_ms + lg->o->rekey_s * 1000u : 0;
	lg->report.control.dtls_up++;
	if (lg_number(lg, d) >= lg->o->connections) {
		lg_socket_reset(d);
		lg_tls_close(d, false);
	}
	lg_setup_give(lg, d);
	if (!d->up)
		lg_fleet_up(lg, d);
	lg_device_rearm(lg, d);
}

void
lg_device_dtls_failed(struct lg *lg, struct lg_device *d)
{
	lg_dtls_forget(d);
	lg_setup_give(lg, d);
	d->dtls_end_ms = lg->now_ms + DTLS_AGAIN_MS;
	if (!d->up)
		lg_fleet_up(lg, d);
	lg_device_rearm(lg, d);
}

// ---- timer --------------------------------------------------------------------------------------
// False: the gateway is dead. Sets *ask when it is time to ask.
static bool
is_alive(const struct lg *lg, uint32_t heard_ms, uint32_t asked_ms, uint16_t dpd_s, bool *ask)
{
	uint32_t dpd_ms = dpd_s * 1000u;
	// A generator that had no CPU for a while asks before it judges.
	bool asked = (int32_t)(asked_ms - heard_ms) > 0 && lg_is_due(lg, asked_ms + dpd_ms / 2);

	*ask = dpd_s != 0 && lg_is_due(lg, dpd_due(heard_ms, asked_ms, dpd_ms));
	return dpd_s == 0 || !asked || !lg_is_due(lg, heard_ms + 2 * dpd_ms);
}

static bool
tls_timer(struct lg *lg, struct lg_device *d)
{
	uint8_t frame[MST_CSTP_HEADER_BYTES];
	bool ask;

	if (d->tls == NULL) // it has lost it (--connections)
		return true;
	if (!is_alive(lg, d->tls_heard_ms, d->tls_asked_ms, d->dpd_s, &ask)) {
		lg_device_fail(lg, d, &lg->report.failures.dpd_dead);
		return false;
	}
	if (ask) {
		d->tls_asked_ms = lg->now_ms;
		if (lg_stream_send(lg, d, MST_CSTP_DPD_REQ, frame, 0))
			lg->report.control.dpd_sent++;
	} else if (d->keepalive_s != 0 && lg_is_due(lg, d->tls_sent_ms + d->keepalive_s * 1000u)) {
		d->tls_sent_ms = lg->now_ms;
		if (lg_stream_send(lg, d, MST_CSTP_KEEPALIVE, frame, 0))
			lg->report.control.keepalives++;
	}
	return true;
}

static void
ask_by_dtls(struct lg *lg, struct lg_device *d)
{
	d->dtls_asked_ms = lg->now_ms;
	if (lg_data_send_dtls(lg, d, MST_CSTP_DPD_REQ, NULL, 0))
		lg->report.control.dpd_sent++;
}

// The key of the handshake is the TLS connection's: who has lost it (--connections) keeps what it has.
static void
rekey(struct lg *lg, struct lg_device *d)
{
	d->rekey_ms = lg->now_ms + lg->o->rekey_s * 1000u;
	if (d->tls == NULL || !lg_setup_take(lg, d))
		return; // at the next time
	lg->report.control.dtls_up--;
	try_dtls(lg, d);
}

static void
dtls_timer(struct lg *lg, struct lg_device *d)
{
	bool ask;

	switch (d->dtls) {
	case LG_DTLS_HANDSHAKE:
		lg_dtls_tick(lg, d);
		break;
	case LG_DTLS_PROOF:
		if (lg_is_due(lg, d->dtls_heard_ms + PROOF_MS)) {
			lg->report.failures.dtls_timeout++;
			lg_device_dtls_failed(lg, d);
		} else if (lg_is_due(lg, d->dtls_asked_ms + PROOF_AGAIN_MS)) {
			ask_by_dtls(lg, d);
		}
		break;
	case LG_DTLS_UP:
		if (!is_alive(lg, d->dtls_heard_ms, d->dtls_asked_ms, d->dtls_dpd_s, &ask)) {
			lg->report.failures.dpd_dead++;
			if (d->tls == NULL) {
				lg_device_lost(lg, d);
				return;
			}
			lg->report.control.dtls_up--;
			lg_dtls_forget(d); // or it is found dead again while it waits for its turn
			try_dtls(lg, d);
		} else if (d->rekey_ms != 0 && lg_is_due(lg, d->rekey_ms)) {
			rekey(lg, d);
		} else if (ask) {
			ask_by_dtls(lg, d);
		}
		break;
	default:
		if (d->dtls_port != 0 && lg_is_due(lg, d->dtls_end_ms))
			try_dtls(lg, d);
		break;
	}
}

static void
cut(struct lg *lg, struct lg_device *d)
{
	if (!d->signs_out) {
		lg_device_cut(lg, d);
		return;
	}
	lg_device_sign_out(lg, d);
	lg_device_enter(lg, d, LG_STATE_QUEUED);
	lg_fleet_queue(lg, d);
}

void
lg_device_timer(void *arg, uint64_t now_ns)
{
	struct lg_device *d = arg;
	struct lg *lg = d->lg;

	(void)now_ns;
	if (d->cut_ms != 0 && lg_is_due(lg, d->cut_ms)) {
		cut(lg, d);
		return;
	}
	if (d->state == LG_STATE_TUNNEL) {
		if (tls_timer(lg, d))
			dtls_timer(lg, d);
	} else if (d->state == LG_STATE_BACK_OFF && lg_is_due(lg, d->step_end_ms)) {
		lg_device_enter(lg, d, LG_STATE_QUEUED);
		lg_fleet_queue(lg, d);
	} else if (time_limits_ms[d->state] != 0 && lg_is_due(lg, d->step_end_ms)) {
		lg_device_fail(lg, d,
			d->state == LG_STATE_TCP ? &lg->report.failures.tcp_timeout
						 : &lg->report.failures.timeout);
	}
	lg_device_rearm(lg, d);
}

// ---- socket -------------------------------------------------------------------------------------
static void
stream_io(struct lg *lg, struct lg_device *d)
{
	static uint8_t buf[LG_RECORD_BYTES];
	enum lg_tls_result r = lg_tls_flush(d);

	while (d->state == LG_STATE_TUNNEL && (r == LG_TLS_OK || r == LG_TLS_WAIT)) {
		size_t len = 0;

		r = lg_tls_read(d, buf, sizeof(buf), &len);
		if (r == LG_TLS_WAIT)
			return;
		if (r == LG_TLS_OK)
			lg_stream_record(lg, d, buf, len);
	}
	if (d->state == LG_STATE_TUNNEL)
		lg_device_fail(
			lg, d, r == LG_TLS_CLOSED ? &lg->report.failures.closed : &lg->report.failures.tls);
}

void
lg_device_io(struct lg *lg, struct lg_device *d)
{
	if (d->state == LG_STATE_TUNNEL)
		stream_io(lg, d);
	else
		lg_setup_io(lg, d);
}
