// A device on its way to a tunnel: TCP, TLS, sign-in or cookie, CONNECT, each state with the function that goes on when
// the socket can. Main lcore.
#include <errno.h>
#include <string.h>

#include "lg.h"

#define FORMS_MAX 3 // of one sign-in: user and password may be asked for one after the other
#define LINK_MTU 1500
#define HTTP_DENIED 401
#define HTTP_BUSY 503

typedef void step_fn(struct lg *lg, struct lg_device *d);

bool
lg_setup_take(struct lg *lg, struct lg_device *d)
{
	struct lg_setup *s = lg->setups;

	if (d->setup != NULL)
		return true;
	if (lg->n_setups == lg->o->in_flight)
		return false;
	if (s != NULL)
		lg->setups = s->next;
	else
		s = calloc(1, sizeof(*s));
	if (s == NULL)
		return false;
	lg->n_setups++;
	d->setup = s;
	return true;
}

void
lg_setup_give(struct lg *lg, struct lg_device *d)
{
	struct lg_setup *s = d->setup;

	if (s == NULL)
		return;
	lg_dtls_end(d);
	lg_http_wipe(&s->http);
	s->next = lg->setups;
	lg->setups = s;
	lg->n_setups--;
	d->setup = NULL;
}

void
lg_setup_begin(struct lg *lg, struct lg_device *d)
{
	int rc = lg_socket_open(lg, d);

	d->started_tsc = lg->now_tsc;
	d->setup->n_forms = 0;
	lg_device_enter(lg, d, LG_STATE_TCP);
	if (rc < 0) {
		MST_LOG(DEBUG, "loadgen", "device %u: socket: %s", lg_number(lg, d), strerror(-rc));
		lg_device_fail(lg, d, &lg->report.failures.tcp_refused);
	}
}

static void
describe(const struct lg *lg, const struct lg_device *d, struct lg_http_device *out, char *texts, size_t cap)
{
	char address[MST_IP_TEXT_BYTES];
	size_t half = cap / 2;

	mst_ip_format(&lg->o->gateway, address);
	snprintf(texts, half, lg->o->gateway_port == 443 ? "%s" : "%s:%u", address, lg->o->gateway_port);
	snprintf(texts + half, half, "loadgen-%u", lg_number(lg, d));
	*out = (struct lg_http_device){
		.host = texts,
		.hostname = texts + half,
		.base_mtu = LINK_MTU,
		.dtls = lg->o->dtls && !d->udp_blocked,
	};
	if (d->inner != 0 && d->cookie != NULL)
		out->addr4 = mst_ip4_from_host(d->inner);
}

// What is said in the state that is entered; a request holds a cookie or a password and is wiped.
static void
say(struct lg *lg, struct lg_device *d, enum lg_state state)
{
	char text[LG_HTTP_REQUEST_BYTES], texts[160], user[LG_USER_BYTES + 16];
	struct mst_str out = mst_str_init(text, sizeof(text));
	struct lg_http *h = &d->setup->http;
	struct lg_http_device dev;
	int rc = lg_options_user(lg->o, lg_number(lg, d), user, sizeof(user));

	describe(lg, d, &dev, texts, sizeof(texts));
	if (rc == 0 && state == LG_STATE_FORM)
		rc = lg_http_init_request(&out, &dev);
	else if (rc == 0 && state == LG_STATE_SIGN_IN)
		rc = lg_http_reply_request(&out, &dev, &h->form, h->context, user, lg->password);
	else if (rc == 0)
		rc = lg_http_connect_request(&out, &dev, d->cookie);
	lg_http_begin(h, state == LG_STATE_CONNECT ? LG_HTTP_WAIT_CONNECT : LG_HTTP_WAIT_SIGN_IN,
		state != LG_STATE_FORM);
	lg_device_enter(lg, d, state);
	if (rc < 0)
		lg_device_fail(lg, d, &lg->report.failures.http);
	else if (lg_tls_write(d, (const uint8_t *)text, out.len) != LG_TLS_OK)
		lg_device_fail(lg, d, &lg->report.failures.closed);
	mst_wipe(text, sizeof(text));
}

static void
on_form(struct lg *lg, struct lg_device *d)
{
	if (d->setup->n_forms++ < FORMS_MAX) {
		say(lg, d, LG_STATE_SIGN_IN);
		return;
	}
	lg->report.failures.denied++;
	lg_device_ended(lg, d);
}

static void
on_signed_in(struct lg *lg, struct lg_device *d)
{
	free(d->cookie);
	d->cookie = strdup(d->setup->http.cookie);
	lg->report.control.sign_ins++;
	if (d->cookie == NULL)
		lg_device_fail(lg, d, &lg->report.failures.closed);
	else if (d->setup->http.close)
		lg_device_lost(lg, d); // with the cookie: it comes again for the CONNECT
	else
		say(lg, d, LG_STATE_CONNECT);
}

static void
on_refused(struct lg *lg, struct lg_device *d)
{
	uint16_t status = d->setup->http.status;

	if (status == HTTP_BUSY) {
		lg_device_fail(lg, d, &lg->report.failures.busy);
	} else if (status != HTTP_DENIED) {
		lg_device_fail(lg, d, &lg->report.failures.status);
	} else if (d->state == LG_STATE_CONNECT) {
		lg_device_forget(d); // the cookie is worth nothing any more: it signs in anew
		lg_device_fail(lg, d, &lg->report.failures.denied);
	} else {
		lg->report.failures.denied++;
		lg_device_ended(lg, d);
	}
}

static void
on_bad(struct lg *lg, struct lg_device *d)
{
	MST_LOG(DEBUG, "loadgen", "device %u: answer of the gateway: %s", lg_number(lg, d),
		lg_http_fault_name((enum lg_http_fault)d->setup->http.fault));
	lg_device_fail(lg, d, &lg->report.failures.http);
}

static void
on_tunnel(struct lg *lg, struct lg_device *d)
{
	lg_device_tunnel(lg, d, &d->setup->http.tunnel);
}

static step_fn *const on_event[] = {
	[LG_HTTP_FORM] = on_form,
	[LG_HTTP_SIGNED] = on_signed_in,
	[LG_HTTP_TUNNEL] = on_tunnel,
	[LG_HTTP_REFUSED] = on_refused,
	[LG_HTTP_BAD] = on_bad,
};

static void
http_io(struct lg *lg, struct lg_device *d)
{
	static uint8_t buf[LG_RECORD_BYTES];
	uint8_t state = d->state;

	while (d->state == state && d->tls != NULL) {
		size_t len = 0, used = 0;
		enum lg_tls_result r = lg_tls_flush(d);

		if (r == LG_TLS_OK || r == LG_TLS_WAIT)
			r = lg_tls_read(d, buf, sizeof(buf), &len);
		if (r == LG_TLS_WAIT)
			return;
		if (r != LG_TLS_OK) {
			lg_device_fail(lg, d,
				r == LG_TLS_CLOSED ? &lg->report.failures.closed : &lg->report.failures.tls);
			return;
		}
		enum lg_http_event event = lg_http_feed(&d->setup->http, buf, len, &used);
		if (event == LG_HTTP_MORE)
			continue;
		on_event[event](lg, d);
		if (d->state == LG_STATE_TUNNEL && used < len)
			lg_stream_record(lg, d, buf + used, len - used);
	}
	// Another state: what has come for it since raises no edge any more.
	if (d->tls != NULL && d->state != state)
		lg_device_io(lg, d);
}

static void
tls_io(struct lg *lg, struct lg_device *d)
{
	enum lg_tls_result r = lg_tls_handshake(d);

	if (r == LG_TLS_WAIT)
		return;
	if (r == LG_TLS_CLOSED) {
		lg_device_fail(lg, d, &lg->report.failures.closed);
	} else if (r == LG_TLS_FAILED) {
		MST_LOG(DEBUG, "loadgen", "device %u: TLS: %s", lg_number(lg, d), lg_tls_error());
		lg_device_fail(lg, d, &lg->report.failures.tls);
	} else if (!lg_tls_is_expected(lg, d)) {
		// Not the gateway that was meant: and it will not be next time.
		lg->report.failures.certificate++;
		lg_device_ended(lg, d);
	} else {
		say(lg, d, d->cookie != NULL ? LG_STATE_CONNECT : LG_STATE_FORM);
	}
}

static void
tcp_io(struct lg *lg, struct lg_device *d)
{
	int rc = lg_socket_connected(d);

	if (rc == -EAGAIN)
		return;
	if (rc < 0) {
		lg_device_fail(lg, d,
			rc == -ECONNREFUSED || rc == -ECONNRESET ? &lg->report.failures.tcp_refused
								 : &lg->report.failures.tcp_timeout);
		return;
	}
	if (lg_tls_open(lg, d) < 0) {
		lg_device_fail(lg, d, &lg->report.failures.tls);
		return;
	}
	lg_device_enter(lg, d, LG_STATE_TLS);
	tls_io(lg, d);
}

static step_fn *const on_io[LG_N_STATES] = {
	[LG_STATE_TCP] = tcp_io,
	[LG_STATE_TLS] = tls_io,
	[LG_STATE_FORM] = http_io,
	[LG_STATE_SIGN_IN] = http_io,
	[LG_STATE_CONNECT] = http_io,
};

void
lg_setup_io(struct lg *lg, struct lg_device *d)
{
	if (on_io[d->state] != NULL)
		on_io[d->state](lg, d);
}
