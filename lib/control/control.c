// The control lcore: creation, reload, the loop, the end. Control lcore.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "mst_exception.h"
#include "mst_route.h"

#include "ban.h"
#include "question.h"
#include "terms.h"

#define TICK_MS 100
#define WHEEL_SLOT_NS (100 * MST_NS_PER_MS)
#define TIMERS_PER_TURN 64
#define IDLE_MIN_NS 10000 // pause of a quiet loop, doubled up to
#define IDLE_MAX_NS MST_NS_PER_MS
#define LAST_WORDS_NS (200 * MST_NS_PER_MS) // for FIN to leave through tap and worker

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct mst_control *c = arg;

	(void)fd;
	(void)what;
	mst_route_process(); // tries again what the kernel had no room for
	mst_auth_tick(c->auth, mst_now_ns());
	control_signin_count(c);
}

static void
on_route(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	((struct mst_control *)arg)->events++;
	mst_route_process();
}

static void
on_exception(evutil_socket_t fd, short what, void *arg)
{
	struct control_kernel_fd *k = arg;

	(void)fd;
	(void)what;
	k->c->events++;
	mst_exception_input(k->index);
}

static int
watch(struct mst_control *c, struct event **out, int fd, event_callback_fn fn, void *arg)
{
	*out = event_new(c->base, fd, EV_READ | EV_PERSIST, fn, arg);
	return *out != NULL && event_add(*out, NULL) == 0 ? 0 : -ENOMEM;
}

static int
watch_all(struct mst_control *c)
{
	struct timeval tick = {.tv_usec = TICK_MS * 1000};

	MST_TRY(watch(c, &c->auth_event, mst_auth_fd(c->auth), control_signin_results, c));
	MST_TRY(watch(c, &c->route_event, mst_route_fd(), on_route, c));
	for (unsigned int i = 0; i < mst_exception_n_fds() && i < MST_ARRAY_SIZE(c->kernel_fds); i++) {
		struct control_kernel_fd *k = &c->kernel_fds[i];

		k->c = c;
		k->index = i;
		MST_TRY(watch(c, &k->event, mst_exception_fd(i), on_exception, k));
	}
	c->tick_event = event_new(c->base, -1, EV_PERSIST, on_tick, c);
	return c->tick_event != NULL && event_add(c->tick_event, &tick) == 0 ? 0 : -ENOMEM;
}

// ---- what a reload makes anew -------------------------------------------------------------------
static int
make_dtls(const struct mst_conf *conf, struct mst_tls_dtls_ctx **out, char *err, size_t err_cap)
{
	static const uint16_t ids[] = {
		[MST_CONF_CIPHER_AES_256_GCM] = 0x00a9,
		[MST_CONF_CIPHER_AES_128_GCM] = 0x00a8,
		[MST_CONF_CIPHER_CHACHA20_POLY1305] = 0xccab,
	};
	uint16_t suites[MST_ARRAY_SIZE(ids)];
	struct mst_tls_dtls_params p = {
		.suites = suites, .n_suites = conf->dtls.n_ciphers, .legacy = conf->dtls.legacy};
	int ret;

	*out = NULL;
	if (!conf->listen.udp)
		return 0;
	for (uint32_t i = 0; i < conf->dtls.n_ciphers; i++)
		suites[i] = ids[conf->dtls.ciphers[i]];
	ret = mst_tls_dtls_ctx_create(out, &p);
	if (ret < 0)
		snprintf(err, err_cap, "dtls.ciphers: libssl refuses them: %s", strerror(-ret));
	return ret;
}

static int
make_auth(const struct mst_conf *conf, struct mst_auth **out, char *err, size_t err_cap)
{
	struct mst_auth_params p = {.conf = conf, .queue = MST_AUTH_QUEUE_MAX};
	struct mst_conf_error e;
	int ret = mst_auth_create(out, &p, &e);

	if (ret < 0)
		snprintf(err, err_cap, "%s", e.text);
	return ret;
}

int
mst_control_check(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_tls_ctx *tls = NULL;
	struct mst_tls_dtls_ctx *dtls = NULL;
	struct mst_auth *auth = NULL;
	int ret = control_site_make(conf, &tls, err, err_cap);

	if (ret == 0)
		ret = make_dtls(conf, &dtls, err, err_cap);
	if (ret == 0)
		ret = make_auth(conf, &auth, err, err_cap);
	if (ret == 0)
		ret = control_keyring_check(conf, err, err_cap);
	mst_auth_destroy(auth);
	mst_tls_dtls_ctx_put(dtls);
	mst_tls_ctx_put(tls);
	return ret;
}

int
control_tables_create(struct mst_control *c, uint32_t max_logins)
{
	uint32_t n = rte_align32pow2(max_logins);
	struct control_login_bucket *b = calloc((size_t)4 * n, sizeof(*b));

	c->by_cookie = b;
	c->bans = ban_create();
	c->questions = calloc(1, sizeof(*c->questions));
	if (b == NULL || c->bans == NULL || c->questions == NULL) {
		control_tables_destroy(c);
		return -ENOMEM;
	}
	c->login_mask = n - 1;
	c->by_app_id = b + n;
	c->by_user = b + 2 * (size_t)n;
	c->by_id = b + 3 * (size_t)n;
	TAILQ_INIT(&c->conns);
	TAILQ_INIT(&c->dead);
	TAILQ_INIT(&c->unread);
	TAILQ_INIT(&c->knocking);
	TAILQ_INIT(&c->strangers);
	TAILQ_INIT(&c->guests);
	TAILQ_INIT(&c->logins);
	TAILQ_INIT(&c->roamers);
	for (unsigned int i = 0; i < CONTROL_TUPLE_BUCKETS; i++)
		TAILQ_INIT(&c->places[i]);
	mst_random(&c->hash_seed, sizeof(c->hash_seed));
	c->bodies_left = CONTROL_BODIES_BYTES;
	mst_tls_dtls_verifier_init(&c->verifier, mst_now_ns());
	mst_wheel_init(&c->wheel, WHEEL_SLOT_NS, mst_now_ns());
	return 0;
}

void
control_tables_destroy(struct mst_control *c)
{
	free(c->by_cookie);
	c->by_cookie = NULL;
	free(c->questions);
	c->questions = NULL;
	ban_destroy(c->bans);
	c->bans = NULL;
	mst_tls_dtls_verifier_fini(&c->verifier);
}

int
mst_control_create(struct mst_control **out, const struct mst_control_params *p, char *err, size_t err_cap)
{
	struct mst_control *c = calloc(1, sizeof(*c));
	int ret = -ENOMEM;

	snprintf(err, err_cap, "out of memory");
	if (c == NULL)
		return ret;
	c->conf = p->conf;
	c->base = p->base;
	if (control_tables_create(c, mst_session_capacity()) < 0) {
		free(c);
		return ret;
	}
	control_address_set_ranges(c);
	ret = control_site_make(p->conf, &c->tls, err, err_cap);
	if (ret == 0)
		ret = make_dtls(p->conf, &c->dtls, err, err_cap);
	if (ret == 0)
		ret = make_auth(p->conf, &c->auth, err, err_cap);
	if (ret == 0)
		ret = control_keyring_open(c, p->conf, err, err_cap);
	if (ret == 0)
		ret = control_listen(c, err, err_cap);
	if (ret == 0)
		ret = watch_all(c);
	if (ret == 0)
		ret = control_telemetry_register(c);
	if (ret == 0)
		control_site_watch(c);
	if (ret < 0) {
		mst_control_destroy(c);
		return ret;
	}
	*out = c;
	return 0;
}

static void
free_event(struct event *e)
{
	if (e != NULL)
		event_free(e);
}

static void
end_everything(struct mst_control *c)
{
	struct control_login *l;
	struct control_conn *conn;

	control_listen_stop(c);
	while ((l = TAILQ_FIRST(&c->logins)) != NULL)
		control_login_end(c, l, CONTROL_END_STOP);
	while ((conn = TAILQ_FIRST(&c->conns)) != NULL)
		control_conn_close(conn);
	control_conn_reap(c);
	control_question_end_all(c);
}

void
mst_control_destroy(struct mst_control *c)
{
	if (c == NULL)
		return;
	control_telemetry_forget();
	end_everything(c);
	free_event(c->auth_event);
	free_event(c->route_event);
	free_event(c->tick_event);
	for (size_t i = 0; i < MST_ARRAY_SIZE(c->kernel_fds); i++)
		free_event(c->kernel_fds[i].event);
	mst_wheel_stop(&c->drain_step);
	control_keyring_close(c);
	mst_auth_destroy(c->auth);
	mst_tls_dtls_ctx_put(c->dtls);
	mst_tls_ctx_put(c->tls);
	control_tables_destroy(c);
	free(c);
}

int
mst_control_reload(struct mst_control *c, const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_tls_ctx *tls = NULL;
	struct mst_tls_ctx *old;
	struct mst_tls_dtls_ctx *dtls = NULL;
	struct mst_cookie_keys *keys = NULL;
	struct mst_conf_error e;
	int ret = control_site_make(conf, &tls, err, err_cap);

	if (ret == 0)
		ret = make_dtls(conf, &dtls, err, err_cap);
	if (ret == 0)
		ret = control_keyring_read(conf, &keys, err, err_cap);
	// Last, because it takes effect at once: everything that can fail has been tried by then.
	if (ret == 0) {
		ret = mst_auth_reload(c->auth, conf, &e);
		if (ret < 0)
			snprintf(err, err_cap, "%s", e.text);
	}
	if (ret < 0) {
		mst_cookie_keys_destroy(keys);
		mst_tls_dtls_ctx_put(dtls);
		mst_tls_ctx_put(tls);
		return ret;
	}
	mst_tls_dtls_ctx_put(c->dtls);
	old = c->tls;
	c->tls = tls;
	c->dtls = dtls;
	control_keyring_take(c, conf, keys);
	c->conf = conf;
	control_staple_begin(c, old);
	mst_tls_ctx_put(old);
	control_site_note(c);
	control_address_set_ranges(c);
	control_signin_reload(c);
	return 0;
}

// ---- the loop -----------------------------------------------------------------------------------
void
mst_control_request_stop(struct mst_control *c)
{
	c->stopping = true;
}

static void
pause_ns(uint64_t ns)
{
	struct timespec ts = {.tv_nsec = (long)ns};

	nanosleep(&ts, NULL);
}

// Rings first, then sockets and taps, timers, and the newcomers at last. True when there was something to do.
bool
control_turn(struct mst_control *c)
{
	unsigned int work = control_inbox(c) + mst_exception_output();

	c->events = 0;
	// Without EVLOOP_ONCE libevent returns only when no descriptor is ready any more: one that stays ready, such
	// as a listener in a process that has no descriptor left, would keep the rings waiting for ever.
	event_base_loop(c->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	control_conn_resume(c);
	work += mst_wheel_turn(&c->wheel, mst_now_ns(), TIMERS_PER_TURN);
	work += control_newcomers(c);
	mst_rt_reclaim();
	control_conn_reap(c);
	return work + c->events != 0;
}

// Rings have no file descriptor, and a worker makes no system call to wake us: so the loop polls, and sleeps
// a little longer with every turn in which nothing was to be done.
void
mst_control_run(struct mst_control *c)
{
	uint64_t idle_ns = 0;
	uint64_t before = mst_now_ns();
	uint64_t end_ns;

	while (!c->stopping) {
		bool worked = control_turn(c);
		uint64_t now = mst_now_ns();

		c->busy_ns += now - before;
		before = now;
		if (worked) {
			idle_ns = 0;
			continue;
		}
		idle_ns = idle_ns == 0 ? IDLE_MIN_NS : idle_ns * 2 < IDLE_MAX_NS ? idle_ns * 2 : IDLE_MAX_NS;
		pause_ns(idle_ns);
		before = mst_now_ns();
		c->idle_ns += before - now;
	}
	end_everything(c);
	for (end_ns = mst_now_ns() + LAST_WORDS_NS; mst_now_ns() < end_ns;) {
		if (!control_turn(c))
			pause_ns(IDLE_MIN_NS);
	}
}

// ---- for commands and telemetry -----------------------------------------------------------------
unsigned int
mst_control_disconnect_user(struct mst_control *c, const char *user)
{
	struct control_login *l, *next;
	unsigned int n = 0;

	for (l = control_login_by_user(c, user, NULL); l != NULL; l = next) {
		next = control_login_by_user(c, user, l);
		n++;
		control_login_end(c, l, CONTROL_END_ADMIN);
	}
	return n;
}

bool
mst_control_disconnect_id(struct mst_control *c, uint32_t id)
{
	struct control_login *l = control_login_by_id(c, id);

	if (l == NULL)
		return false;
	control_login_end(c, l, CONTROL_END_ADMIN);
	return true;
}

unsigned int
mst_control_disconnect_all(struct mst_control *c)
{
	struct control_login *l;
	unsigned int n = 0;

	for (; (l = TAILQ_FIRST(&c->logins)) != NULL; n++)
		control_login_end(c, l, CONTROL_END_ADMIN);
	return n;
}

void
mst_control_counters(const struct mst_control *c, struct mst_control_counters *out)
{
	*out = c->counters;
}

void
mst_control_gauges(const struct mst_control *c, struct mst_control_gauges *out)
{
	*out = (struct mst_control_gauges){
		.connections = c->n_conns,
		.half_open = c->n_half_open,
		.tunnels = c->n_conns - c->n_half_open,
		.logins = c->n_logins,
		.handshakes = c->n_handshakes,
		.draining = c->draining,
		.busy_ns = c->busy_ns,
		.total_ns = c->busy_ns + c->idle_ns,
	};
}

pid_t
mst_control_auth_pid(const struct mst_control *c)
{
	return mst_auth_pid(c->auth);
}

bool
mst_control_certificate(const struct mst_control *c, size_t i, struct mst_control_certificate *out)
{
	size_t pair = i;
	const struct mst_tls_ctx *ctx = control_site_find(c, &pair, &out->host);

	if (ctx == NULL)
		return false;
	mst_tls_ctx_info(ctx, pair, time(NULL), &out->info);
	out->good_until_unix_s = mst_tls_staple_until(ctx, pair);
	control_staple_text(c, i, ctx, pair, out->revocation, sizeof(out->revocation));
	return true;
}
