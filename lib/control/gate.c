// Who may come in at all: bans and token buckets by source, fed by what becomes of connections and sign-ins. Sessions that
// are up do not pass here. Control lcore.
#include <string.h>

#include "ban.h"
#include "control.h"

static uint64_t
now_ms(void)
{
	return mst_now_ns() / MST_NS_PER_MS;
}

static void
say_banned(struct mst_control *c, const struct mst_ip *remote, const char *why)
{
	char text[MST_IP_TEXT_BYTES];

	CONTROL_COUNT(c, bans);
	MST_LOG(NOTICE, "control", "%s is banned for %u s: too many %s", mst_ip_format(remote, text),
		c->conf->bans.ban_s, why);
}

bool
control_gate_admits(struct mst_control *c, const struct mst_ip *remote)
{
	const struct mst_conf_bans *conf = &c->conf->bans;
	uint64_t now = now_ms();

	if (ban_is_exempt(conf, remote))
		return true;
	if (ban_is_banned(c->bans, remote, now)) {
		CONTROL_COUNT(c, tcp_banned);
		return false;
	}
	if (ban_admit(c->bans, remote, c->conf->limits.handshakes_per_second, now))
		return true;
	CONTROL_COUNT(c, tcp_flood);
	if (ban_flood(c->bans, conf, remote, now))
		say_banned(c, remote, "connections");
	return false;
}

bool
control_gate_is_banned(const struct control_conn *conn)
{
	const struct mst_control *c = conn->c;

	return !ban_is_exempt(&c->conf->bans, &conn->remote) &&
	       ban_is_banned(c->bans, &conn->remote, now_ms());
}

void
control_gate_failed(struct control_conn *conn, const char *user)
{
	struct mst_control *c = conn->c;

	if (!ban_is_exempt(&c->conf->bans, &conn->remote) &&
		ban_failed(c->bans, &c->conf->bans, &conn->remote, user, now_ms()))
		say_banned(c, &conn->remote, "refused sign-ins");
}

void
control_gate_succeeded(struct control_conn *conn, const char *user)
{
	struct mst_control *c = conn->c;

	ban_succeeded(c->bans, &c->conf->bans, &conn->remote, user, now_ms());
}

// ---- for commands -------------------------------------------------------------------------------
bool
mst_control_ban_next(const struct mst_control *c, size_t *at, struct mst_control_ban *out)
{
	return ban_next(c->bans, &c->conf->bans, at, now_ms(), out);
}

bool
mst_control_unban(struct mst_control *c, const struct mst_ip *ip)
{
	char text[MST_IP_TEXT_BYTES];

	if (!ban_lift(c->bans, &c->conf->bans, ip, now_ms()))
		return false;
	MST_LOG(NOTICE, "control", "%s is not banned any more: lifted by the administrator",
		mst_ip_format(ip, text));
	return true;
}
