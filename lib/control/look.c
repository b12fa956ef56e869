// What time does to a login: cookie, session and idle limits, DPD, and which path packets take. A login is looked at when
// the first of these is due, by a timer of its own: nothing walks over all of them. Control lcore.
#include <time.h>

#include <rte_cycles.h>

#include "terms.h"

// A device that sends by CSTP while its association is silent for so long has lost its UDP path.
#define PATH_SILENT_NS (2 * MST_NS_PER_S)
#define PATH_LOOK_NS MST_NS_PER_S

// A device that has new keys is heard a round trip later. One that has nothing to say is taken at its word after NEW_SA_NS.
// What was on the way under the keys before has arrived by BEFORE_NS, or never will.
#define NEW_PATH_LOOK_NS (20 * MST_NS_PER_MS)
#define HELLO_PAUSE_NS (10 * MST_NS_PER_S)
#define NEW_SA_NS MST_NS_PER_S
#define BEFORE_NS (5 * MST_NS_PER_S)

// Nobody is forgotten for longer: a reload may have made the limits shorter.
#define LOOK_MAX_NS (30 * MST_NS_PER_S)

// When a worker's stamp was made; 0: never. The stamp can be ahead of ours: a counter may be read before the line it
// is compared with has arrived.
static uint64_t
stamp_ns(const _Atomic uint64_t *stamp, uint64_t now_ns)
{
	uint64_t tsc = atomic_load_explicit(stamp, memory_order_relaxed);
	uint64_t now_tsc = rte_get_tsc_cycles();
	double age_s = now_tsc > tsc ? (double)(now_tsc - tsc) / (double)rte_get_tsc_hz() : 0;
	uint64_t age_ns = (uint64_t)(age_s * (double)MST_NS_PER_S);

	return tsc != 0 && age_ns < now_ns ? now_ns - age_ns : 0;
}

static void
take_path(struct control_login *l, enum mst_session_path path, uint64_t now_ns)
{
	mst_session_set_path(l->session, path);
	l->path_ns = now_ns;
	if (path == MST_PATH_DTLS)
		CONTROL_COUNT(l->c, path_to_dtls);
	else
		CONTROL_COUNT(l->c, path_to_stream);
}

static void
choose_path(struct control_login *l, uint64_t now_ns)
{
	struct mst_session *s = l->session;
	struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_relaxed);
	uint8_t path = atomic_load_explicit(&s->path, memory_order_relaxed);
	uint64_t heard_ns;

	if (sa == NULL)
		return;
	heard_ns = stamp_ns(&sa->last_rx_tsc, now_ns);
	if (path == MST_PATH_STREAM &&
		(heard_ns > l->path_ns ||
			(l->path_ns == l->new_sa_ns && now_ns > l->new_sa_ns + NEW_SA_NS))) {
		take_path(l, MST_PATH_DTLS, now_ns);
		return;
	}
	if (heard_ns < l->path_ns)
		heard_ns = l->path_ns;
	// Stray CSTP data while DTLS works must not turn the path: only data that came in a long DTLS silence does.
	if (path == MST_PATH_DTLS && now_ns > heard_ns + PATH_SILENT_NS &&
		s->last_stream_rx_ns > heard_ns + PATH_SILENT_NS / 2)
		take_path(l, MST_PATH_STREAM, now_ns);
}

void
control_look_take_stream(struct control_login *l)
{
	const struct mst_session *s = l->session;
	uint64_t now_ns = mst_now_ns();

	// A ClientHello is anybody's who has seen one: what it does to the path, it does now and then only.
	if (l->conn == NULL || now_ns < l->hello_ns + HELLO_PAUSE_NS ||
		atomic_load_explicit(&s->path, memory_order_relaxed) != MST_PATH_DTLS)
		return;
	l->hello_ns = now_ns;
	take_path(l, MST_PATH_STREAM, now_ns);
	control_look_arm(l);
}

void
control_look_heard(struct control_login *l)
{
	if (atomic_load_explicit(&l->session->path, memory_order_relaxed) == MST_PATH_STREAM)
		take_path(l, MST_PATH_DTLS, mst_now_ns());
}

void
control_look_new_sa(struct control_login *l)
{
	l->new_sa_ns = l->path_ns = mst_now_ns();
	control_look_arm(l);
}

static void
retire_before(struct control_login *l, uint64_t now_ns)
{
	if (l->new_sa_ns == 0 || now_ns < l->new_sa_ns + BEFORE_NS)
		return;
	mst_sa_retire_before(l->session);
	l->new_sa_ns = 0;
}

// What was seen stays with the login: the next association starts without a time, and must not make a busy session
// look idle.
void
control_look_note_use(struct control_login *l, uint64_t now_ns)
{
	struct mst_sa *sa = atomic_load_explicit(&l->session->sa, memory_order_relaxed);
	uint64_t at = sa != NULL ? stamp_ns(&sa->last_data_tsc, now_ns) : 0;

	if (l->session->last_stream_data_ns > at)
		at = l->session->last_stream_data_ns;
	if (at > l->last_data_ns)
		l->last_data_ns = at;
}

void
control_look_drop_sa(struct control_login *l)
{
	control_look_note_use(l, mst_now_ns());
	mst_sa_retire(l->session);
}

// ---- what ends a login --------------------------------------------------------------------------
// Past the moment at which the limit is reached; UINT64_MAX: there is no such limit.
static uint64_t
cookie_end_ns(const struct control_login *l)
{
	return l->conn == NULL ? l->away_since_ns + l->c->conf->timeouts.cookie_s * MST_NS_PER_S + 1
			       : UINT64_MAX;
}

// What the cookie says, or sooner by what a reload has changed since: never from a reconnect or a restart on. Whose a
// nameless one is, and so what is configured for it, its cookie will tell.
static uint64_t
session_end_ns(const struct control_login *l)
{
	int64_t limit_ns = (int64_t)control_terms(l).session_ns;
	int64_t end_ns = l->expires_ns;

	if (limit_ns != 0 && !l->nameless && l->signed_in_ns + limit_ns < end_ns)
		end_ns = l->signed_in_ns + limit_ns;
	if (end_ns == INT64_MAX)
		return UINT64_MAX;
	return end_ns > 0 ? (uint64_t)end_ns + 1 : 1;
}

uint32_t
control_look_whole_s(const struct control_login *l)
{
	uint64_t end_ns = session_end_ns(l);

	return end_ns != UINT64_MAX ? (uint32_t)(((int64_t)end_ns - l->signed_in_ns) / (int64_t)MST_NS_PER_S)
				    : 0;
}

uint32_t
control_look_left_s(const struct control_login *l)
{
	uint64_t end_ns = session_end_ns(l);
	uint64_t now_ns = mst_now_ns();

	if (end_ns == UINT64_MAX)
		return 0;
	return end_ns > now_ns ? (uint32_t)((end_ns - now_ns) / MST_NS_PER_S) : 0;
}

static uint64_t
idle_end_ns(const struct control_login *l)
{
	uint64_t limit_ns = l->idle_s != 0 ? l->idle_s * MST_NS_PER_S : control_terms(l).idle_ns;

	return limit_ns != 0 ? l->last_data_ns + limit_ns + 1 : UINT64_MAX;
}

// ---- looks --------------------------------------------------------------------------------------
// An association that is there and not used may come back to life; one that is used may be dead.
static bool
path_may_change(const struct control_login *l, uint64_t now_ns)
{
	const struct mst_session *s = l->session;
	uint8_t path = atomic_load_explicit(&s->path, memory_order_relaxed);

	if (atomic_load_explicit(&s->sa, memory_order_relaxed) == NULL)
		return false;
	return path == MST_PATH_STREAM || now_ns < s->last_stream_rx_ns + 2 * PATH_SILENT_NS;
}

static uint64_t
path_look_ns(const struct control_login *l, uint64_t now_ns)
{
	return now_ns < l->path_ns + NEW_SA_NS ? NEW_PATH_LOOK_NS : PATH_LOOK_NS;
}

static void
sooner(uint64_t *due_ns, uint64_t at_ns)
{
	if (at_ns < *due_ns)
		*due_ns = at_ns;
}

uint64_t
mst_control_expires_unix_s(struct mst_control *c, uint32_t id)
{
	const struct control_login *l = control_login_by_id(c, id);
	uint64_t end_ns = UINT64_MAX;
	uint64_t now_ns = mst_now_ns();

	if (l == NULL)
		return 0;
	sooner(&end_ns, session_end_ns(l));
	sooner(&end_ns, cookie_end_ns(l));
	// A device that is there puts this one off with every packet.
	if (l->conn == NULL)
		sooner(&end_ns, idle_end_ns(l));
	if (end_ns == UINT64_MAX)
		return 0;
	return (uint64_t)time(NULL) + (end_ns > now_ns ? (end_ns - now_ns) / MST_NS_PER_S : 0);
}

static void
arm(struct control_login *l, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + LOOK_MAX_NS;

	sooner(&due_ns, cookie_end_ns(l));
	sooner(&due_ns, session_end_ns(l));
	sooner(&due_ns, idle_end_ns(l));
	if (l->conn != NULL) {
		sooner(&due_ns, control_stream_due_ns(l->conn));
		sooner(&due_ns, l->conn->next_renew_ns);
	}
	if (path_may_change(l, now_ns))
		sooner(&due_ns, now_ns + path_look_ns(l, now_ns));
	if (l->new_sa_ns != 0)
		sooner(&due_ns, l->new_sa_ns + BEFORE_NS);
	mst_wheel_arm(&l->c->wheel, &l->look, due_ns);
}

void
control_look_arm(struct control_login *l)
{
	arm(l, mst_now_ns());
}

void
control_look_at_path(struct control_login *l)
{
	uint64_t due_ns = l->session->last_stream_rx_ns + PATH_LOOK_NS;

	if (due_ns < l->look.due_ns &&
		atomic_load_explicit(&l->session->path, memory_order_relaxed) == MST_PATH_DTLS)
		mst_wheel_arm(&l->c->wheel, &l->look, due_ns);
}

void
control_look(void *arg, uint64_t now_ns)
{
	struct control_login *l = arg;
	struct mst_control *c = l->c;

	control_look_note_use(l, now_ns);
	if (now_ns >= cookie_end_ns(l)) {
		control_login_end(c, l, CONTROL_END_AWAY);
		return;
	}
	if (now_ns >= session_end_ns(l)) {
		bool expired = l->expires_with_proof && (int64_t)now_ns > l->expires_ns;

		control_login_end(c, l, expired ? CONTROL_END_EXPIRED : CONTROL_END_LIMIT);
		return;
	}
	if (now_ns >= idle_end_ns(l)) {
		control_login_end(c, l, CONTROL_END_IDLE);
		return;
	}
	choose_path(l, now_ns);
	retire_before(l, now_ns);
	control_renew_look(l, now_ns);
	if (l->conn != NULL)
		control_stream_tick(l->conn, now_ns);
	arm(l, now_ns);
}
