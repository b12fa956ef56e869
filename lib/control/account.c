// Accounting: a session is reported when its device first connects, from time to time, and when it ends. What goes on after
// a restart of the gateway is a session of its own to the servers, because its counters begin anew. Control lcore.
#include <string.h>

#include "control.h"

#define NAME_BYTES 40
#define ID_BYTES ((MST_CONTROL_NAME_BYTES - 1) / 2) // of the cookie's: it opens nothing

// In struct mst_auth_account, whose texts are those of the login, the view and name.
static bool
describe(const struct control_login *l, struct mst_session_view *v, char name[NAME_BYTES],
	struct mst_auth_account *a)
{
	struct mst_str text = mst_str_init(name, NAME_BYTES);

	if (!mst_session_snapshot(l->session->index, v) || v->id != l->session->id)
		return false;
	mst_str_add_hex(&text, l->cookie_id, ID_BYTES);
	mst_str_fmt(&text, "-%llx", (unsigned long long)l->reported_from_ns);
	*a = (struct mst_auth_account){
		.session = name,
		.user = l->user,
		.group = l->group,
		.user_agent = v->info.user_agent,
		.remote = v->info.remote,
		.inner4 = mst_ip4_from_host(v->addr4),
		.inner6 = {.family = v->has6 ? 6 : 0},
		.rx_bytes = v->rx_bytes,
		.tx_bytes = v->tx_bytes,
		.rx_packets = v->rx_packets,
		.tx_packets = v->tx_packets,
		.session_s = (uint32_t)((mst_now_ns() - l->reported_from_ns) / MST_NS_PER_S),
	};
	if (v->has6)
		memcpy(a->inner6.bytes, v->addr6, sizeof(v->addr6));
	return true;
}

static void
report(const struct control_login *l, enum mst_auth_account_kind kind, enum mst_auth_cause cause)
{
	struct mst_session_view v;
	struct mst_auth_account a;
	char name[NAME_BYTES];

	if (!describe(l, &v, name, &a))
		return;
	a.cause = cause;
	mst_auth_account(l->c->auth, kind, &a);
}

void
mst_control_session_name(struct mst_control *c, uint32_t id, char out[MST_CONTROL_NAME_BYTES])
{
	const struct control_login *l = control_login_by_id(c, id);
	struct mst_str text = mst_str_init(out, MST_CONTROL_NAME_BYTES);

	if (l != NULL)
		mst_str_add_hex(&text, l->cookie_id, ID_BYTES);
}

static void
arm(struct control_login *l, uint64_t now_ns)
{
	uint32_t interim_s = l->c->conf->auth.radius.interim_s;

	if (interim_s != 0)
		mst_wheel_arm(&l->c->wheel, &l->report, now_ns + interim_s * MST_NS_PER_S);
}

static void
on_interim(void *arg, uint64_t now_ns)
{
	struct control_login *l = arg;

	report(l, MST_AUTH_ACCOUNT_INTERIM, MST_AUTH_CAUSE_NONE);
	arm(l, now_ns);
}

void
control_account_start(struct control_login *l)
{
	if (l->c->conf->auth.radius.n_accounting == 0 || l->reported_from_ns != 0)
		return;
	l->reported_from_ns = mst_now_ns();
	mst_wheel_timer_init(&l->report, on_interim, l);
	report(l, MST_AUTH_ACCOUNT_START, MST_AUTH_CAUSE_NONE);
	arm(l, l->reported_from_ns);
}

void
control_account_stop(struct control_login *l, enum control_end why)
{
	static const enum mst_auth_cause causes[] = {
		[CONTROL_END_BYE] = MST_AUTH_CAUSE_USER,
		[CONTROL_END_IDLE] = MST_AUTH_CAUSE_IDLE,
		[CONTROL_END_LIMIT] = MST_AUTH_CAUSE_LIMIT,
		[CONTROL_END_EXPIRED] = MST_AUTH_CAUSE_LIMIT,
		[CONTROL_END_ADMIN] = MST_AUTH_CAUSE_ADMIN,
		[CONTROL_END_AWAY] = MST_AUTH_CAUSE_LOST,
		[CONTROL_END_LOST] = MST_AUTH_CAUSE_LOST,
		[CONTROL_END_STOP] = MST_AUTH_CAUSE_STOP,
		[CONTROL_END_TAKEN] = MST_AUTH_CAUSE_NONE,
	};

	if (l->reported_from_ns == 0)
		return;
	mst_wheel_stop(&l->report);
	report(l, MST_AUTH_ACCOUNT_STOP, causes[why]);
}
