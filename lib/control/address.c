// Which address a device gets: the one that the source of identities wishes, else one of the range that is kept for its user,
// its group or its host, else one that is kept for nobody. Control lcore.
#include <errno.h>

#include "terms.h"

void
control_address_set_ranges(const struct mst_control *c)
{
	struct mst_net ranges[MST_SESSION_RANGES_MAX];
	const struct mst_net *net;
	uint32_t n = 0;

	for (; n < MST_SESSION_RANGES_MAX && (net = mst_conf_addresses_at(c->conf, n)) != NULL; n++)
		ranges[n] = *net;
	// The configuration has been checked, and the pool is the one of the start.
	MST_ASSERT(mst_session_set_ranges(ranges, n) == 0);
}

// Both addresses of a device have the same number in their pools: the one names the other.
int
control_address_wish(const struct mst_auth_result *r, struct mst_cookie *out)
{
	uint32_t addr4;

	out->addr4 = r->want4;
	if (r->want6.family == 6) {
		addr4 = mst_session_addr4_of(r->want6.bytes);
		if (addr4 == 0 || (r->want4.family == 4 && mst_ip4_host(&r->want4) != addr4))
			return -EADDRINUSE;
		out->addr4 = mst_ip4_from_host(addr4);
	}
	out->wished = out->addr4.family == 4;
	return 0;
}

// A device that was lost without its cookie would else keep its user out until its time is over.
struct control_login *
control_address_holder(
	struct mst_control *c, const char *user, const struct mst_cookie *wish, const struct mst_net *range)
{
	struct control_login *l = NULL;
	uint32_t addr4;

	if (wish->addr4.family == 4)
		addr4 = mst_ip4_host(&wish->addr4);
	else if (range != NULL && range->depth == 32)
		addr4 = mst_ip4_host(&range->ip);
	else
		return NULL;
	do
		l = control_login_by_user(c, user, l);
	while (l != NULL && l->session->addr4 != addr4);
	return l;
}

void
control_address_refused(struct mst_control *c, const struct mst_auth_result *r,
	const struct control_arrival *from, const struct mst_net *range)
{
	const struct mst_ip *wish = r->want6.family == 6 ? &r->want6 : &r->want4;
	char what[MST_IP_TEXT_BYTES + 4], remote[MST_IP_TEXT_BYTES];
	char why[96];

	CONTROL_COUNT(c, login_full);
	if (control_login_is_full(c))
		snprintf(why, sizeof(why), "no session is free");
	else if (wish->family != 0)
		snprintf(why, sizeof(why), "%s is not free, or not of the pool", mst_ip_format(wish, what));
	else if (range != NULL)
		snprintf(why, sizeof(why), "no address of %s is free", mst_net_format(range, what));
	else
		snprintf(why, sizeof(why), "no address is free");
	control_event_refused(c, r->user, &from->remote, why);
	MST_LOG(WARNING, "control", "sign-in of '%s' from %s put off: %s", r->user,
		mst_ip_format(&from->remote, remote), why);
}

// By the cookie, because a login from before a restart does not know yet whose it is.
bool
control_address_suits(
	const struct control_login *l, const struct mst_cookie *cookie, const struct control_arrival *from)
{
	return cookie->wished ||
	       mst_session_is_kept_for(l->session->addr4,
		       mst_conf_addresses_of(l->c->conf, from->host, cookie->user, cookie->group));
}
