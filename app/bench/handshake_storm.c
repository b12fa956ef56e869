// mst-bench handshake --mode storm: how long a tunnel that is up waits for the answer to its DPD while many devices
// knock. One thread, so that only the gateway's turns of the loop count; what the devices do between two turns is not
// timed. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mst_anyconnect.h"

#include "handshake.h"

#define TUNNELS 64
#define SETTLE_TURNS 200
#define HEARD_BYTES 32768

struct visitor { // a socket and who is behind it
	struct client d;
	struct control_login *login;
	int fd;
	bool is_up;
};

struct storm {
	struct gateway *g;
	const struct handshake_options *o;
	struct client_ctx ctx;
	struct visitor tunnels[TUNNELS];
	struct visitor *knocking;
	struct bench_series turn, dpd;
	unsigned int n_signed_in, setups;
};

// CPU time: what somebody else does with the machine meanwhile is not ours.
static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double
turn(struct storm *s)
{
	double before = now_us();
	double us;

	control_turn(s->g->control);
	us = now_us() - before;
	bench_series_add(&s->turn, us);
	return us;
}

static int
visitor_say(struct visitor *v)
{
	const uint8_t *said;
	size_t n = client_tls_says(&v->d, &said);

	if (n != 0 && write(v->fd, said, n) != (ssize_t)n)
		return -EIO;
	client_tls_said(&v->d);
	return 0;
}

static bool
visitor_hear(struct visitor *v)
{
	uint8_t heard[HEARD_BYTES];
	ssize_t got = read(v->fd, heard, sizeof(heard));

	if (got > 0)
		client_tls_hear(&v->d, heard, (size_t)got);
	return got > 0;
}

static int
visitor_init(struct storm *s, struct visitor *v)
{
	*v = (struct visitor){.fd = gateway_connect(s->g)};
	if (v->fd < 0)
		return v->fd;
	MST_TRY(client_init(&v->d, &s->ctx));
	MST_TRY(gateway_sign_in(s->g, s->n_signed_in++, &v->d, &v->login));
	MST_TRY(client_tls_step(&v->d));
	return visitor_say(v);
}

static void
visitor_fini(struct visitor *v)
{
	client_fini(&v->d);
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

// Whatever the gateway has said is answered at once.
static int
visitor_go_on(struct visitor *v)
{
	if (!visitor_hear(v))
		return 0;
	if (v->d.tls_done) {
		int ret = client_connected(&v->d);

		v->is_up = ret == 0;
		return ret == -EAGAIN ? 0 : ret;
	}
	MST_TRY(client_tls_step(&v->d));
	if (v->d.tls_done)
		MST_TRY(client_connect(&v->d));
	return visitor_say(v);
}

static int
tunnels_up(struct storm *s)
{
	for (unsigned int i = 0; i < TUNNELS; i++) {
		struct visitor *v = &s->tunnels[i];

		MST_TRY(visitor_init(s, v));
		for (int t = 0; t < SETTLE_TURNS && !v->is_up; t++) {
			control_turn(s->g->control);
			MST_TRY(visitor_go_on(v));
		}
		if (!v->is_up)
			return -ETIMEDOUT;
	}
	return 0;
}

// Who is in makes room for the next, which knocks at once. A device that is refused comes again.
static int
knock(struct storm *s)
{
	for (uint32_t i = 0; i < s->o->waiting; i++) {
		struct visitor *v = &s->knocking[i];

		if (v->fd >= 0 && visitor_go_on(v) < 0)
			return -EIO;
		if (v->is_up) {
			s->setups++;
			control_login_end(s->g->control, v->login, CONTROL_END_ADMIN);
			visitor_fini(v);
			v->is_up = false;
		}
		if (v->fd < 0)
			MST_TRY(visitor_init(s, v));
	}
	return 0;
}

static int
ask(struct storm *s, struct visitor *v)
{
	uint8_t frame[MST_CSTP_HEADER_BYTES], answer[MST_TLS_RECORD_BYTES];
	double us = 0;

	mst_cstp_header(frame, MST_CSTP_DPD_REQ, 0);
	MST_TRY(client_write(&v->d, frame, sizeof(frame)));
	MST_TRY(visitor_say(v));
	for (int t = 0; t < SETTLE_TURNS; t++) {
		us += turn(s);
		if (visitor_hear(v) && client_read(&v->d, answer, sizeof(answer)) != 0) {
			bench_series_add(&s->dpd, us);
			return knock(s);
		}
		MST_TRY(knock(s));
	}
	return -ETIMEDOUT;
}

static void
report(struct storm *s, enum gateway_key key)
{
	const double dpd[] = {bench_series_at(&s->dpd, 0.5), bench_series_at(&s->dpd, 0.99), s->dpd.max};
	const double turns[] = {bench_series_at(&s->turn, 0.5), bench_series_at(&s->turn, 0.99), s->turn.max};

	if (s->o->json) {
		printf("{\"key\":\"%s\",\"mode\":\"storm\",\"count\":%u,\"waiting\":%u,\"setups\":%u,",
			gateway_key_name(key), s->o->count, s->o->waiting, s->setups);
		printf("\"dpd_us\":{\"median\":%.0f,\"p99\":%.0f,\"max\":%.0f},", dpd[0], dpd[1], dpd[2]);
		printf("\"turn_us\":{\"median\":%.0f,\"p99\":%.0f,\"max\":%.0f}}\n", turns[0], turns[1],
			turns[2]);
		return;
	}
	printf("%s, storm, %u DPD requests while %u devices knock\n", gateway_key_name(key), s->o->count,
		s->o->waiting);
	printf("  %-18s %10s %10s %10s  us\n", "", "median", "p99", "worst");
	printf("  %-18s %10.0f %10.0f %10.0f\n", "answer to DPD", dpd[0], dpd[1], dpd[2]);
	printf("  %-18s %10.0f %10.0f %10.0f\n", "turn of the loop", turns[0], turns[1], turns[2]);
	printf("  %u devices got in\n", s->setups);
}

int
handshake_storm(struct gateway *g, enum gateway_key key, const struct handshake_options *o)
{
	struct storm s = {.g = g, .o = o};
	int ret = -ENOMEM;

	s.knocking = calloc(o->waiting, sizeof(*s.knocking));
	if (s.knocking == NULL || client_ctx_init(&s.ctx) < 0)
		goto out;
	for (uint32_t i = 0; i < o->waiting; i++)
		s.knocking[i].fd = -1;
	for (unsigned int i = 0; i < TUNNELS; i++)
		s.tunnels[i].fd = -1;
	bench_series_init(&s.dpd, o->count);
	bench_series_init(&s.turn, 16 * o->count);
	ret = tunnels_up(&s);
	if (ret == 0)
		ret = knock(&s);
	for (uint32_t i = 0; ret == 0 && i < o->count; i++)
		ret = ask(&s, &s.tunnels[i % TUNNELS]);
	if (ret == 0)
		report(&s, key);
	for (uint32_t i = 0; i < o->waiting; i++)
		visitor_fini(&s.knocking[i]);
	for (unsigned int i = 0; i < TUNNELS; i++)
		visitor_fini(&s.tunnels[i]);
out:
	bench_series_fini(&s.dpd);
	bench_series_fini(&s.turn);
	client_ctx_fini(&s.ctx);
	free(s.knocking);
	return ret;
}
