// What the configuration says for one login, by its user, its group and its device. Control lcore.
#include "terms.h"

void
control_terms_profile(const struct control_login *l, struct mst_conf_profile *out)
{
	mst_conf_profile_of(l->c->conf, l->user, l->group, l->platform, out);
}

struct control_terms
control_terms(const struct control_login *l)
{
	struct mst_conf_profile p;

	control_terms_profile(l, &p);
	return (struct control_terms){
		.dpd_ns = p.timeouts.dpd_s * MST_NS_PER_S,
		.idle_ns = p.timeouts.idle_s * MST_NS_PER_S,
		.session_ns = p.timeouts.session_s * MST_NS_PER_S,
	};
}
