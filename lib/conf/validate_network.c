// Checks of what devices are told: the section network and each profile by itself, and what the two make together.
// Control lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

// Where the keys that are being checked stand.
struct place {
	const struct mst_conf *conf;
	const struct mst_conf_tree *tree;
	struct mst_conf_error *err;
	char prefix[32];
};

#define KEY_BYTES 64

static const char *
key_of(const struct place *p, const char *name, char buf[KEY_BYTES])
{
	snprintf(buf, KEY_BYTES, "%s.%s", p->prefix, name);
	return buf;
}

static const char *
item_of(const struct place *p, const char *list, uint32_t i, char buf[KEY_BYTES])
{
	snprintf(buf, KEY_BYTES, "%s.%s[%u]", p->prefix, list, i);
	return buf;
}

int
conf_check_host_bits(const struct mst_conf_tree *tree, struct mst_conf_error *err, const char *key,
	const struct mst_net *net)
{
	struct mst_net base = {.ip = mst_net_base(net), .depth = net->depth};
	char want[CONF_NET_TEXT_BYTES];
	char found[CONF_NET_TEXT_BYTES];

	if (mst_ip_equal(&base.ip, &net->ip))
		return 0;
	return mst_conf_reject(tree, err, key, "expected a network address such as %s, found %s",
		mst_net_format(&base, want), mst_net_format(net, found));
}

static int
check_routes(const struct place *p, const char *list, const struct mst_net *nets, uint32_t n)
{
	char key[KEY_BYTES];
	char text[CONF_NET_TEXT_BYTES];

	for (uint32_t i = 0; i < n; i++) {
		item_of(p, list, i, key);
		if (nets[i].depth == 0)
			return mst_conf_reject(p->tree, p->err, key,
				"expected a part of the network, found %s: leave the list out for a full "
				"tunnel",
				mst_net_format(&nets[i], text));
		MST_TRY(conf_check_host_bits(p->tree, p->err, key, &nets[i]));
	}
	return 0;
}

// RFC 1123 section 2.1 and RFC 2782 (underscore): nothing that could end a header line or a list.
bool
conf_is_domain(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] ==
	       '\0';
}

static int
check_domains(const struct place *p, const char *list, const char *const *domains, uint32_t n)
{
	char key[KEY_BYTES];

	for (uint32_t i = 0; i < n; i++)
		if (!conf_is_domain(domains[i]))
			return mst_conf_reject(p->tree, p->err, item_of(p, list, i, key),
				"expected a domain name, found \"%.60s\"", domains[i]);
	return 0;
}

// It becomes a header line, and is fetched by whatever the device is: no blanks, no letters beyond ASCII.
static int
check_url(const struct place *p, const char *name, const char *url)
{
	char key[KEY_BYTES];
	size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
	bool clean = scheme != 0 && url[scheme] != '\0';

	for (const char *c = url; *c != '\0'; c++)
		clean = clean && *c > ' ' && *c <= '~';
	if (url[0] == '\0' || clean)
		return 0;
	return mst_conf_reject(p->tree, p->err, key_of(p, name, key),
		"expected http:// or https:// and the rest of an URL, found \"%.60s\"", url);
}

static int
check_network(const struct place *p, const struct mst_conf_network *net)
{
	uint32_t port_mtu = p->conf->ports.public.mtu;
	char key[KEY_BYTES];

	MST_TRY(check_routes(p, "routes", net->routes, net->n_routes));
	MST_TRY(check_routes(p, "no-routes", net->no_routes, net->n_no_routes));
	if (net->mtu > port_mtu)
		return mst_conf_reject(p->tree, p->err, key_of(p, "mtu", key),
			"expected at most ports.public.mtu (%u), found %u", port_mtu, net->mtu);
	MST_TRY(check_domains(p, "default-domain", net->domains, net->n_domains));
	MST_TRY(check_domains(p, "split-dns", net->split_dns, net->n_split_dns));
	return check_url(p, "pac-url", net->pac_url);
}

// The answer to CONNECT holds so many rules of both kinds, wherever each kind comes from.
static int
check_sum(const struct place *p, const struct mst_conf_network *net, const char *with)
{
	char key[KEY_BYTES];
	uint32_t n = net->n_routes + net->n_no_routes;

	if (n <= MST_CONF_ROUTES_MAX)
		return 0;
	return mst_conf_reject(p->tree, p->err, key_of(p, "no-routes", key),
		"expected at most %u together with %s, found %u", MST_CONF_ROUTES_MAX, with, n);
}

static int
check_profile(struct place *p, uint32_t i)
{
	const struct mst_conf_profile *profile = &p->conf->profiles[i];
	struct mst_conf_profile whole;
	char key[KEY_BYTES];

	snprintf(p->prefix, sizeof(p->prefix), "profiles[%u]", i);
	if ((profile->group[0] == '\0') == (profile->user[0] == '\0'))
		return mst_conf_reject(p->tree, p->err, key_of(p, "user", key),
			"expected either group or user, found %s",
			profile->user[0] == '\0' ? "none of them" : "both of them");
	for (uint32_t j = 0; j < i; j++)
		if (strcmp(profile->group, p->conf->profiles[j].group) == 0 &&
			strcmp(profile->user, p->conf->profiles[j].user) == 0)
			return mst_conf_reject(p->tree, p->err,
				key_of(p, profile->user[0] != '\0' ? "user" : "group", key),
				"expected each once, found the one of profiles[%u] again", j);
	MST_TRY(check_network(p, &profile->network));
	mst_conf_profile_of(p->conf, profile->user, profile->group, "", &whole);
	return check_sum(p, &whole.network, "its routes and those of network");
}

// A user with one of the lists has the other one from a group, any of them.
static int
check_user_in_groups(struct place *p, uint32_t user)
{
	const struct mst_conf_profile *profile = &p->conf->profiles[user];
	struct mst_conf_profile whole;
	char with[128];

	if (profile->user[0] == '\0' || profile->has_routes == profile->has_no_routes)
		return 0;
	snprintf(p->prefix, sizeof(p->prefix), "profiles[%u]", user);
	for (uint32_t i = 0; i < p->conf->n_profiles; i++) {
		const char *group = p->conf->profiles[i].group;

		if (group[0] == '\0')
			continue;
		mst_conf_profile_of(p->conf, profile->user, group, "", &whole);
		snprintf(with, sizeof(with), "its routes and those of profiles[%u] (group %.63s)", i, group);
		MST_TRY(check_sum(p, &whole.network, with));
	}
	return 0;
}

int
conf_networks_check(const struct mst_conf *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err)
{
	struct place p = {.conf = conf, .tree = tree, .err = err, .prefix = "network"};

	MST_TRY(check_network(&p, &conf->network));
	MST_TRY(check_sum(&p, &conf->network, "network.routes"));
	for (uint32_t i = 0; i < conf->n_profiles; i++)
		MST_TRY(check_profile(&p, i));
	for (uint32_t i = 0; i < conf->n_profiles; i++)
		MST_TRY(check_user_in_groups(&p, i));
	return 0;
}
