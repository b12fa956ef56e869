// Private to lib/control: what the configuration says for one device, its addresses among it. Control lcore.
#pragma once

#include "control.h"

// terms.c: what the configuration says for a login; read anew whenever it matters, so that a reload counts
struct control_terms {
	uint64_t dpd_ns, idle_ns, session_ns; // 0: none
};
struct control_terms control_terms(const struct control_login *l);
// All of it; borrows from the configuration.
void control_terms_profile(const struct control_login *l, struct mst_conf_profile *out);

// address.c: which address a device gets
void control_address_set_ranges(const struct mst_control *c); // by the configuration that is in force now
// addr4 and wished, by what the source of identities says. -EADDRINUSE: that cannot be had.
MST_MUST_USE int control_address_wish(const struct mst_auth_result *r, struct mst_cookie *out);
// The user's own session that has the one address he must get, by wish or by range; NULL: there is none.
struct control_login *control_address_holder(
	struct mst_control *c, const char *user, const struct mst_cookie *wish, const struct mst_net *range);
// None of the range, or not the wish: counted, logged, shown.
void control_address_refused(struct mst_control *c, const struct mst_auth_result *r,
	const struct control_arrival *from, const struct mst_net *range);
// Whether that of a login is still one that the user of the cookie may have.
bool control_address_suits(
	const struct control_login *l, const struct mst_cookie *cookie, const struct control_arrival *from);
