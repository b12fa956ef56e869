// What mst-cli shows of hosts and of the ranges of the pool. Control lcore; nothing here blocks.
#include <errno.h>
#include <string.h>

#include "mst_session.h"

#include "gateway.h"

#define PAGE_RANGES 256

static json_t *
texts_json(const char *const *texts, uint32_t n, const char *none)
{
	char line[2048] = "";
	struct mst_str s = mst_str_init(line, sizeof(line));

	for (uint32_t i = 0; i < n; i++)
		mst_str_fmt(&s, "%s%s", i > 0 ? ", " : "", texts[i]);
	return json_string(n > 0 ? line : none);
}

static json_t *
methods_json(const struct mst_conf_auth *auth)
{
	const char *names[8];
	uint32_t n = 0;

	for (; n < auth->n_methods && n < MST_ARRAY_SIZE(names); n++)
		names[n] = mst_conf_method_name(auth->methods[n]);
	return texts_json(names, n, "-");
}

static json_t *
net_json(const struct mst_net *net)
{
	char text[MST_IP_TEXT_BYTES + 4];

	return json_string(net->ip.family != 0 ? mst_net_format(net, text) : "-");
}

// What holds there, whoever wrote it.
static json_t *
host_json(const struct gateway *g, uint32_t i, const struct mst_conf_auth *auth)
{
	const struct mst_conf_host *h = i > 0 ? &g->conf->hosts[i - 1] : NULL;
	const struct mst_net none = {0};
	bool certs = mst_conf_wants_certificates(auth);
	json_t *o = json_object();

	json_object_set_new(o, "vhost", json_string(h != NULL ? h->names[0] : "default"));
	json_object_set_new(o, "Names",
		h != NULL ? texts_json(h->names, h->n_names, "-")
			  : texts_json(g->conf->listen.public_addresses, g->conf->listen.n_public_addresses,
				    "-"));
	json_object_set_new(o, "Methods", methods_json(auth));
	json_object_set_new(o, "Passwords",
		json_string(mst_conf_wants_passwords(auth) ? mst_conf_password_name(auth->password) : "-"));
	json_object_set_new(o, "Groups", texts_json(auth->groups, auth->n_groups, "-"));
	json_object_set_new(o, "Issuers",
		texts_json(auth->issuers, auth->n_issuers, auth->n_oidc > 0 ? "all of auth.oidc" : "-"));
	json_object_set_new(o, "Client CA", json_string(certs ? auth->certificate.ca : "-"));
	json_object_set_new(o, "Range", net_json(h != NULL ? &h->addresses : &none));
	return o;
}

json_t *
gateway_hosts(const struct gateway *g)
{
	json_t *list = json_array();
	struct mst_conf_auth auth;

	for (uint32_t i = 0; mst_conf_auth_at(g->conf, i, &auth); i++)
		json_array_append_new(list, host_json(g, i, &auth));
	return list;
}

// ---- ranges -------------------------------------------------------------------------------------
static void
add_owner(struct mst_str *s, const struct mst_net *owned, const struct mst_net *net, const char *kind,
	const char *name)
{
	if (owned->ip.family != 0 && owned->depth == net->depth && mst_ip_equal(&owned->ip, &net->ip))
		mst_str_fmt(s, "%s%s %s", s->len > 0 ? ", " : "", kind, name);
}

static json_t *
owners_json(const struct gateway *g, const struct mst_net *net)
{
	char line[512] = "";
	struct mst_str s = mst_str_init(line, sizeof(line));
	json_t *text;

	for (uint32_t i = 0; i < g->conf->n_hosts; i++)
		add_owner(&s, &g->conf->hosts[i].addresses, net, "host", g->conf->hosts[i].names[0]);
	for (uint32_t i = 0; i < g->conf->n_profiles; i++) {
		const struct mst_conf_profile *p = &g->conf->profiles[i];
		bool of_user = p->user[0] != '\0';

		add_owner(&s, &p->addresses, net, of_user ? "user" : "group", of_user ? p->user : p->group);
	}
	text = json_string(net->ip.family != 0 ? line : "all others");
	return text != NULL ? text : json_string("?"); // cut within a character
}

int
gateway_ranges(const struct gateway *g, const char *start, json_t **data, char *err, size_t err_cap)
{
	struct mst_session_range r;
	uint64_t from = 0;
	json_t *list;
	uint32_t i;

	if (start != NULL && mst_parse_u64(start, strlen(start), 0, UINT32_MAX - PAGE_RANGES, &from) < 0) {
		snprintf(err, err_cap, "START: expected the number that a page ended with");
		return -EINVAL;
	}
	list = json_array();
	for (i = (uint32_t)from; i - from < PAGE_RANGES && mst_session_range_at(i, &r); i++)
		json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:o}", "Range", net_json(&r.net),
						    "Addresses", (json_int_t)r.size, "Free",
						    (json_int_t)r.n_free, "For", owners_json(g, &r.net)));
	*data = json_pack(
		"{s:I, s:o}", "next", (json_int_t)(mst_session_range_at(i, &r) ? i : 0), "rows", list);
	return 0;
}
