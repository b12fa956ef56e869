// Addresses on the command line, and what they say of each other: nothing is sent to where no port of ours
// leads. Main thread, at start.
#include <errno.h>
#include <string.h>

#include "options_private.h"

static bool
is_unicast(const struct mst_ip *ip)
{
	static const struct mst_ip zero6 = {.family = 6};
	static const struct mst_ip loop6 = {.family = 6, .bytes = {[15] = 1}};

	if (ip->family == 6)
		return ip->bytes[0] != 0xff && !mst_ip_equal(ip, &zero6) && !mst_ip_equal(ip, &loop6);
	return ip->bytes[0] != 0 && ip->bytes[0] != 127 && ip->bytes[0] < 224;
}

// ---- values -------------------------------------------------------------------------------------
int
lg_take_ip(struct lg_taking *t)
{
	struct mst_ip ip;

	if (mst_ip_parse(t->value, &ip) < 0 || !is_unicast(&ip))
		return lg_option_wrong(t, "expected the address of one host");
	memcpy((uint8_t *)t->out + t->option->offset, &ip, sizeof(ip));
	return 0;
}

static int
add_net(struct lg_taking *t, struct lg_port_options *port, const char *text, size_t len)
{
	char word[MST_IP_TEXT_BYTES + 4];
	struct mst_net net;

	if (len >= sizeof(word))
		return lg_option_wrong(t, "expected ADDRESS/LENGTH");
	memcpy(word, text, len);
	word[len] = '\0';
	if (strchr(word, '/') == NULL || mst_net_parse(word, &net) < 0 || !is_unicast(&net.ip))
		return lg_option_wrong(t, "expected ADDRESS/LENGTH, the address of one host");
	if (port->n_nets == LG_NETS_MAX)
		return lg_option_wrong(t, "expected at most %d addresses", LG_NETS_MAX);
	for (size_t i = 0; i < port->n_nets; i++)
		if (mst_ip_equal(&port->nets[i].ip, &net.ip))
			return lg_option_wrong(t, "the address is there twice");
	port->nets[port->n_nets++] = net;
	return 0;
}

int
lg_take_nets(struct lg_taking *t)
{
	struct lg_port_options *port = (void *)((uint8_t *)t->out + t->option->offset);
	const char *p = t->value;

	for (;;) {
		size_t len = strcspn(p, ",");

		MST_TRY(add_net(t, port, p, len));
		if (p[len] == '\0')
			return 0;
		p += len + 1;
	}
}

// "ADDR", "ADDR4:PORT", "[ADDR6]:PORT".
int
lg_take_gateway(struct lg_taking *t)
{
	const char *text = t->value, *end = text + strlen(text), *port = NULL;
	char word[MST_IP_TEXT_BYTES];
	uint64_t number = 443;
	struct mst_ip ip;

	if (text[0] == '[' && strchr(text, ']') != NULL) {
		end = strchr(++text, ']');
		port = end[1] == ':' ? end + 2 : end + 1;
		port = end[1] == '\0' ? NULL : port;
	} else if (strchr(text, ':') != NULL && strchr(text, ':') == strrchr(text, ':')) {
		end = strchr(text, ':');
		port = end + 1;
	}
	if ((size_t)(end - text) >= sizeof(word))
		return lg_option_wrong(t, "expected ADDR, ADDR:PORT or [ADDR]:PORT");
	memcpy(word, text, (size_t)(end - text));
	word[end - text] = '\0';
	if (mst_ip_parse(word, &ip) < 0 || !is_unicast(&ip) ||
		(port != NULL &&
			(port[-1] != ':' || mst_parse_u64(port, strlen(port), 1, 65535, &number) < 0)))
		return lg_option_wrong(t, "expected ADDR, ADDR:PORT or [ADDR]:PORT, the address of one host");
	t->out->gateway = ip;
	t->out->gateway_port = (uint16_t)number;
	return 0;
}

// The lower 32 bits, which ranges lie within.
static uint32_t
low_word(const struct mst_ip *ip)
{
	const uint8_t *p = ip->bytes + (ip->family == 4 ? 0 : 12);

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct mst_ip
plus(const struct mst_ip *ip, uint32_t n)
{
	struct mst_ip out = *ip;
	uint8_t *p = out.bytes + (ip->family == 4 ? 0 : 12);
	uint32_t v = low_word(ip) + n;

	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * (3 - i));
	return out;
}

// The hosts of a network: all of it but the first and last address of IPv4.
static int
range_of_net(const char *text, struct mst_ip *first, struct mst_ip *last)
{
	struct mst_net net;
	uint32_t host_bits, n;

	MST_TRY(mst_net_parse(text, &net));
	host_bits = (net.ip.family == 4 ? 32u : 128u) - net.depth;
	if (host_bits > 17)
		return -E2BIG;
	n = 1u << host_bits;
	*first = mst_net_base(&net);
	*last = plus(first, n - 1);
	if (net.ip.family == 4 && host_bits >= 2) {
		*first = plus(first, 1);
		*last = plus(first, n - 3);
	}
	return 0;
}

static int
range_of_ends(const char *text, struct mst_ip *first, struct mst_ip *last)
{
	const char *dash = strchr(text, '-');
	char word[MST_IP_TEXT_BYTES];

	if (dash == NULL || (size_t)(dash - text) >= sizeof(word))
		return -EINVAL;
	memcpy(word, text, (size_t)(dash - text));
	word[dash - text] = '\0';
	MST_TRY(mst_ip_parse(word, first));
	MST_TRY(mst_ip_parse(dash + 1, last));
	if (first->family != last->family ||
		memcmp(first->bytes, last->bytes, first->family == 4 ? 0 : 12) != 0)
		return -EINVAL;
	return 0;
}

int
lg_take_sources(struct lg_taking *t)
{
	struct mst_ip first, last;
	int rc = strchr(t->value, '/') != NULL ? range_of_net(t->value, &first, &last)
					       : range_of_ends(t->value, &first, &last);

	if (rc == 0 && (low_word(&last) < low_word(&first) || !is_unicast(&first) || !is_unicast(&last)))
		rc = -EINVAL;
	if (rc == -EINVAL)
		return lg_option_wrong(t, "expected FIRST-LAST or a network, addresses of hosts");
	if (rc < 0 || low_word(&last) - low_word(&first) >= LG_SOURCES_MAX)
		return lg_option_wrong(t, "expected at most %d addresses", LG_SOURCES_MAX);
	t->out->sources = (struct lg_source_range){first, low_word(&last) - low_word(&first) + 1};
	return 0;
}

// ---- checks -------------------------------------------------------------------------------------
static int MST_PRINTF(3, 4) fail(char *err, size_t err_cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, err_cap, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool
is_on_link(const struct lg_port_options *port, const struct mst_ip *ip)
{
	for (size_t i = 0; i < port->n_nets; i++)
		if (mst_net_contains(&port->nets[i], ip))
			return true;
	return false;
}

static bool
is_own(const struct lg_port_options *port, const struct mst_ip *ip)
{
	for (size_t i = 0; i < port->n_nets; i++)
		if (mst_ip_equal(&port->nets[i].ip, ip))
			return true;
	return false;
}

static bool
has_family(const struct lg_port_options *port, uint8_t family)
{
	for (size_t i = 0; i < port->n_nets; i++)
		if (port->nets[i].ip.family == family)
			return true;
	return false;
}

static int
check_plain_via(const struct lg_options *o, char *err, size_t err_cap)
{
	char text[MST_IP_TEXT_BYTES];

	if (o->plain_via.family == 0)
		return 0;
	mst_ip_format(&o->plain_via, text);
	if (!is_on_link(&o->plain, &o->plain_via))
		return fail(err, err_cap, "--plain-via %s: is on no network of the port", text);
	if (is_own(&o->plain, &o->plain_via))
		return fail(err, err_cap, "--plain-via %s: is the port's own address", text);
	return 0;
}

static int
check_gateway(const struct lg_options *o, char *err, size_t err_cap)
{
	char text[MST_IP_TEXT_BYTES];

	mst_ip_format(&o->gateway, text);
	if (!has_family(&o->outer, o->gateway.family))
		return fail(err, err_cap, "--gateway %s: --address has no IPv%u address", text,
			o->gateway.family);
	if (is_own(&o->outer, &o->gateway) || is_own(&o->plain, &o->gateway))
		return fail(err, err_cap, "--gateway %s: is an address of our own", text);
	if (!is_on_link(&o->outer, &o->gateway))
		return fail(err, err_cap,
			"--gateway %s: is on no network of --address, and nothing is sent beyond", text);
	return 0;
}

static bool
in_sources(const struct lg_source_range *s, const struct mst_ip *ip)
{
	uint32_t off = low_word(ip) - low_word(&s->first);
	struct mst_ip at;

	if (s->n == 0 || ip->family != s->first.family)
		return false;
	at = plus(&s->first, off);
	return off < s->n && mst_ip_equal(&at, ip);
}

static int
check_sources(const struct lg_options *o, char *err, size_t err_cap)
{
	if (o->sources.n == 0)
		return 0;
	if (o->sources.first.family != o->gateway.family)
		return fail(err, err_cap, "--sources: are not of the family of --gateway");
	if (in_sources(&o->sources, &o->gateway))
		return fail(err, err_cap, "--sources: --gateway is among them");
	for (size_t i = 0; i < o->outer.n_nets; i++)
		if (in_sources(&o->sources, &o->outer.nets[i].ip))
			return fail(err, err_cap, "--sources: an address of --address is among them");
	return 0;
}

static int
check_plain(const struct lg_options *o, char *err, size_t err_cap)
{
	if ((o->plain.device == NULL) != (o->plain.n_nets == 0))
		return fail(err, err_cap, "--plain-port and --plain-address: one needs the other");
	if (o->plain.device == NULL && o->plain_via.family != 0)
		return fail(err, err_cap, "--plain-via: there is no --plain-port");
	if (o->plain.device == NULL)
		return 0;
	if (strcmp(o->plain.device, o->outer.device) == 0)
		return fail(err, err_cap, "--plain-port: is the device of --port");
	if (!has_family(&o->plain, 4))
		return fail(err, err_cap, "--plain-address: has no IPv4 address, which test packets need");
	if (o->plain_via.family == 6)
		return fail(err, err_cap, "--plain-via: is not IPv4, as test packets are");
	for (size_t i = 0; i < o->outer.n_nets; i++)
		for (size_t k = 0; k < o->plain.n_nets; k++)
			if (mst_net_overlaps(&o->outer.nets[i], &o->plain.nets[k]))
				return fail(err, err_cap, "--plain-address: shares a network with --address");
	return 0;
}

int
lg_options_check_net(const struct lg_options *o, char *err, size_t err_cap)
{
	MST_TRY(check_gateway(o, err, err_cap));
	MST_TRY(check_sources(o, err, err_cap));
	MST_TRY(check_plain(o, err, err_cap));
	return check_plain_via(o, err, err_cap);
}

// ---- questions of the engine --------------------------------------------------------------------
const struct mst_net *
lg_options_net_for(const struct lg_port_options *port, const struct mst_ip *peer)
{
	const struct mst_net *found = NULL;

	for (size_t i = 0; i < port->n_nets; i++) {
		if (mst_net_contains(&port->nets[i], peer))
			return &port->nets[i];
		if (found == NULL && port->nets[i].ip.family == peer->family)
			found = &port->nets[i];
	}
	return found;
}

struct mst_ip
lg_options_source(const struct lg_options *o, uint32_t i)
{
	struct mst_ip own[LG_NETS_MAX];
	uint32_t n_own = 0;

	for (size_t k = 0; k < o->outer.n_nets; k++)
		if (o->outer.nets[k].ip.family == o->gateway.family)
			own[n_own++] = o->outer.nets[k].ip;
	MST_ASSERT(n_own > 0);
	i %= n_own + o->sources.n;
	return i < n_own ? own[i] : plus(&o->sources.first, i - n_own);
}
