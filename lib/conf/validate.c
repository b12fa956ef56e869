// Checks of the gateway's keys against each other, once each of them is well-formed. Control lcore.
#include <errno.h>
#include <string.h>

#include "conf.h"

struct check {
	const struct mst_conf *conf;
	const struct mst_conf_tree *tree;
	struct mst_conf_error *err;
};

static bool
is_link_local(const struct mst_ip *ip)
{
	return ip->family == 6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

// Can one host on one link have it? RFC 6890 and RFC 1122 section 3.2.1.3 for IPv4, RFC 4291 section 2.4 for
// IPv6.
static bool
is_host_address(const struct mst_ip *ip)
{
	static const uint8_t zero[15];

	if (ip->family == 4)
		return ip->bytes[0] != 0 && ip->bytes[0] != 127 && ip->bytes[0] < 224;
	if (memcmp(ip->bytes, zero, sizeof(zero)) == 0)
		return ip->bytes[15] > 1;
	return ip->bytes[0] != 0xff;
}

// The first and the last address of an IPv4 network are nobody's, but in /31 (RFC 3021) and /32.
static bool
is_network_or_broadcast(const struct mst_net *net)
{
	uint32_t host_mask = net->depth == 0 ? UINT32_MAX : (1u << (32 - net->depth)) - 1;
	uint32_t host;

	if (net->ip.family != 4 || net->depth > 30)
		return false;
	host = mst_ip4_host(&net->ip) & host_mask;
	return host == 0 || host == host_mask;
}

static int
check_port_address(const struct check *c, const char *port, uint32_t i, const struct mst_net *net)
{
	char key[64];
	char text[CONF_NET_TEXT_BYTES];

	if (is_host_address(&net->ip) && !is_network_or_broadcast(net) && net->depth > 0)
		return 0;
	snprintf(key, sizeof(key), "ports.%s.addresses[%u]", port, i);
	return mst_conf_reject(c->tree, c->err, key, "expected an address that a host can have, found %s",
		mst_net_format(net, text));
}

static bool
port_has_network_of(const struct mst_conf_port *port, const struct mst_ip *ip)
{
	for (uint32_t i = 0; i < port->n_addresses; i++) {
		if (mst_net_contains(&port->addresses[i], ip) && !mst_ip_equal(&port->addresses[i].ip, ip))
			return true;
	}
	// A router's link-local address is on every link (RFC 4861 section 6.1.2).
	return is_link_local(ip);
}

static int
check_port_gateway(const struct check *c, const char *name, const struct mst_conf_port *port, uint32_t i)
{
	const struct mst_ip *ip = &port->gateways[i];
	char key[64];
	char text[MST_IP_TEXT_BYTES];

	snprintf(key, sizeof(key), "ports.%s.gateway[%u]", name, i);
	if (i > 0 && port->gateways[i - 1].family == ip->family)
		return mst_conf_reject(c->tree, c->err, key,
			"expected one IPv4 and one IPv6 address, found two of IPv%u", ip->family);
	if (!port_has_network_of(port, ip))
		return mst_conf_reject(c->tree, c->err, key,
			"expected a neighbour within a network of ports.%s.addresses, found %s", name,
			mst_ip_format(ip, text));
	return 0;
}

static int
check_tap(const struct check *c, const char *name, const struct mst_conf_port *port)
{
	char key[64];

	if (strpbrk(port->tap, "/: %") == NULL && strcmp(port->tap, ".") != 0 && strcmp(port->tap, "..") != 0)
		return 0;
	snprintf(key, sizeof(key), "ports.%s.tap", name);
	return mst_conf_reject(
		c->tree, c->err, key, "expected a name of a kernel interface, found \"%s\"", port->tap);
}

// One queue has one worker; which workers there are is known only when they are listed.
static int
check_queues(const struct check *c, const char *name, const struct mst_conf_port *port)
{
	const struct mst_conf_lcores *lcores = &c->conf->dpdk.lcores;
	char key[64];

	if (!lcores->present || port->queues <= lcores->n_workers)
		return 0;
	snprintf(key, sizeof(key), "ports.%s.queues", name);
	return mst_conf_reject(c->tree, c->err, key,
		"expected at most as many as dpdk.lcores.workers lists (%u), found %u", lcores->n_workers,
		port->queues);
}

static int
check_port(const struct check *c, const char *name, const struct mst_conf_port *port)
{
	if (!port->present)
		return 0;
	for (uint32_t i = 0; i < port->n_addresses; i++)
		MST_TRY(check_port_address(c, name, i, &port->addresses[i]));
	for (uint32_t i = 0; i < port->n_gateways; i++)
		MST_TRY(check_port_gateway(c, name, port, i));
	MST_TRY(check_tap(c, name, port));
	return check_queues(c, name, port);
}

static int
check_ports_apart(const struct check *c)
{
	const struct mst_conf_port *pub = &c->conf->ports.public;
	const struct mst_conf_port *priv = &c->conf->ports.private;
	char key[64];

	if (!priv->present)
		return 0;
	if (strcmp(pub->device, priv->device) == 0)
		return mst_conf_reject(c->tree, c->err, "ports.private.device",
			"expected another device than ports.public.device, found the same");
	if (strcmp(pub->tap, priv->tap) == 0)
		return mst_conf_reject(c->tree, c->err, "ports.private.tap",
			"expected another name than ports.public.tap, found \"%s\" again", priv->tap);
	for (uint32_t i = 0; i < priv->n_addresses; i++) {
		for (uint32_t j = 0; j < pub->n_addresses; j++) {
			if (is_link_local(&pub->addresses[j].ip) ||
				!mst_net_overlaps(&priv->addresses[i], &pub->addresses[j]))
				continue;
			snprintf(key, sizeof(key), "ports.private.addresses[%u]", i);
			return mst_conf_reject(c->tree, c->err, key,
				"expected another network than ports.public.addresses[%u], found an overlap",
				j);
		}
	}
	return 0;
}

static int
check_pool_apart(const struct check *c, const char *key, const struct mst_net *pool, const char *name,
	const struct mst_conf_port *port)
{
	char text[CONF_NET_TEXT_BYTES];

	for (uint32_t i = 0; i < port->n_addresses; i++) {
		if (mst_net_overlaps(pool, &port->addresses[i]))
			return mst_conf_reject(c->tree, c->err, key,
				"expected a network apart from the ports', found it overlaps %s of "
				"ports.%s.addresses[%u]",
				mst_net_format(&port->addresses[i], text), name, i);
	}
	return 0;
}

static int
check_pool(const struct check *c, const char *key, const struct mst_net *pool)
{
	char text[CONF_NET_TEXT_BYTES];

	if (pool->ip.family == 0)
		return 0;
	MST_TRY(conf_check_host_bits(c->tree, c->err, key, pool));
	// :: and 0.0.0.0 are their networks' first addresses too, which no device gets.
	if (!is_host_address(&pool->ip))
		return mst_conf_reject(c->tree, c->err, key,
			"expected a network of addresses that hosts can have, found %s",
			mst_net_format(pool, text));
	MST_TRY(check_pool_apart(c, key, pool, "public", &c->conf->ports.public));
	return check_pool_apart(c, key, pool, "private", &c->conf->ports.private);
}

static int
check_domain(const struct check *c, const char *key, const char *text)
{
	if (conf_is_domain(text))
		return 0;
	return mst_conf_reject(c->tree, c->err, key, "expected a domain name, found \"%.60s\"", text);
}

// ---- who the gateway is -------------------------------------------------------------------------
static int
reject_count(const struct check *c, const char *path, const char *key, const char *want, uint32_t found)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", path, key);
	return mst_conf_reject(c->tree, c->err, name, "expected %s, found %u", want, found);
}

static int
check_identity(const struct check *c, const char *path, const struct mst_conf_identity *id)
{
	if (id->n_certificates + id->n_pfx == 0)
		return mst_conf_reject(
			c->tree, c->err, path, "expected certificate and key, or pfx, found neither");
	if (id->n_keys != id->n_certificates)
		return reject_count(c, path, "key", "one for each certificate", id->n_keys);
	if (id->n_certificates + id->n_pfx > 2)
		return reject_count(
			c, path, "pfx", "two certificates at the most", id->n_certificates + id->n_pfx);
	if (id->n_pfx_passwords > 1 && id->n_pfx_passwords != id->n_pfx)
		return reject_count(
			c, path, "pfx-password-file", "one, or one for each pfx", id->n_pfx_passwords);
	return 0;
}

// The certificate's library looks at wildcards.
static int
check_name(const struct check *c, const char *key, const char *text)
{
	struct mst_ip ip;

	if (mst_ip_parse(text, &ip) == 0)
		return 0;
	return check_domain(c, key, strncmp(text, "*.", 2) == 0 ? text + 2 : text);
}

static int
check_sites(const struct check *c)
{
	const struct mst_conf *gw = c->conf;
	char key[64];

	MST_TRY(check_identity(c, "tls", &gw->tls.identity));
	for (uint32_t i = 0; i < gw->listen.n_public_addresses; i++) {
		snprintf(key, sizeof(key), "listen.public-address[%u]", i);
		MST_TRY(check_name(c, key, gw->listen.public_addresses[i]));
	}
	for (uint32_t h = 0; h < gw->n_hosts; h++) {
		snprintf(key, sizeof(key), "hosts[%u]", h);
		MST_TRY(check_identity(c, key, &gw->hosts[h].identity));
		for (uint32_t i = 0; i < gw->hosts[h].n_names; i++) {
			snprintf(key, sizeof(key), "hosts[%u].name[%u]", h, i);
			MST_TRY(check_name(c, key, gw->hosts[h].names[i]));
		}
	}
	return 0;
}

static int
check_nets(const struct check *c, const char *list, const struct mst_net *nets, uint32_t n)
{
	char key[64];

	for (uint32_t i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%s[%u]", list, i);
		MST_TRY(conf_check_host_bits(c->tree, c->err, key, &nets[i]));
	}
	return 0;
}

static int
check_dpdk(const struct check *c)
{
	const struct mst_conf_dpdk *dpdk = &c->conf->dpdk;

	// It becomes the name of a folder.
	if (strchr(dpdk->file_prefix, '/') != NULL || dpdk->file_prefix[0] == '.')
		return mst_conf_reject(c->tree, c->err, "dpdk.file-prefix",
			"expected a name without '/' that does not begin with '.', found \"%s\"",
			dpdk->file_prefix);
	return 0;
}

static int
check_required_claims(const struct check *c)
{
	const struct mst_conf_auth *auth = &c->conf->auth;
	char key[64];

	for (uint32_t i = 0; i < auth->n_oidc; i++) {
		for (uint32_t n = 0; n < auth->oidc[i].n_required_claims; n++) {
			const char *claim = auth->oidc[i].required_claims[n];

			if (claim[0] != '=' && strchr(claim, '=') != NULL)
				continue;
			snprintf(key, sizeof(key), "auth.oidc[%u].required-claims[%u]", i, n);
			return mst_conf_reject(c->tree, c->err, key, "expected name=value, found %s", claim);
		}
	}
	return 0;
}

static bool
wants_tokens(const struct mst_conf_auth *auth)
{
	for (uint32_t i = 0; i < auth->n_methods; i++) {
		if (auth->methods[i] == MST_CONF_METHOD_TOKEN ||
			auth->methods[i] == MST_CONF_METHOD_CERTIFICATE_TOKEN)
			return true;
	}
	return false;
}

static bool
has_issuer(const struct mst_conf_auth *auth, const char *issuer)
{
	for (uint32_t i = 0; i < auth->n_oidc; i++) {
		if (strcmp(auth->oidc[i].issuer, issuer) == 0)
			return true;
	}
	return false;
}

// Of the site, or of a host with all that it has of the site's.
static int
check_auth(const struct check *c, const char *path, const struct mst_conf_auth *auth)
{
	char key[64];

	for (uint32_t i = 0; i < auth->n_issuers; i++) {
		snprintf(key, sizeof(key), "%s.issuers[%u]", path, i);
		if (!has_issuer(auth, auth->issuers[i]))
			return mst_conf_reject(c->tree, c->err, key,
				"expected the issuer of one of auth.oidc, found \"%.200s\"",
				auth->issuers[i]);
	}
	snprintf(key, sizeof(key), "%s.certificate.ca", path);
	if (mst_conf_wants_certificates(auth) && auth->certificate.ca[0] == '\0')
		return mst_conf_reject(c->tree, c->err, key,
			"expected a file of CA certificates, as %s.methods has certificate, found none",
			path);
	if (wants_tokens(auth) && auth->n_oidc == 0)
		return mst_conf_reject(c->tree, c->err, "auth.oidc",
			"expected an issuer of tokens, as %s.methods has token, found none", path);
	return 0;
}

static int
check_sign_in(const struct check *c)
{
	struct mst_conf_auth auth;
	char path[32] = "auth";

	MST_TRY(check_required_claims(c));
	for (uint32_t i = 0; mst_conf_auth_at(c->conf, i, &auth); i++) {
		if (i > 0)
			snprintf(path, sizeof(path), "hosts[%u].auth", i - 1);
		MST_TRY(check_auth(c, path, &auth));
	}
	return 0;
}

int
conf_gateway_check(const void *conf, const struct mst_conf_tree *tree, struct mst_conf_error *err)
{
	const struct mst_conf *gw = conf;
	struct check c = {.conf = gw, .tree = tree, .err = err};

	MST_TRY(check_dpdk(&c));
	MST_TRY(check_port(&c, "public", &gw->ports.public));
	MST_TRY(check_port(&c, "private", &gw->ports.private));
	MST_TRY(check_ports_apart(&c));
	MST_TRY(check_pool(&c, "pool.ipv4", &gw->pool.ipv4));
	MST_TRY(check_pool(&c, "pool.ipv6", &gw->pool.ipv6));
	MST_TRY(check_sites(&c));
	MST_TRY(check_nets(&c, "listen.proxy-protocol-from", gw->listen.proxies, gw->listen.n_proxies));
	MST_TRY(check_nets(&c, "bans.exempt", gw->bans.exempt, gw->bans.n_exempt));
	MST_TRY(check_sign_in(&c));
	MST_TRY(conf_addresses_check(gw, tree, err));
	return conf_networks_check(gw, tree, err);
}
