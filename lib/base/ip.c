// Addresses and prefixes as text and as bytes. Any thread.
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "mst_base.h"

static uint8_t
ip_bits(const struct mst_ip *ip)
{
	return ip->family == 4 ? 32 : 128;
}

int
mst_ip_parse(const char *text, struct mst_ip *out)
{
	struct mst_ip ip = {0};

	if (inet_pton(AF_INET, text, ip.bytes) == 1)
		ip.family = 4;
	else if (inet_pton(AF_INET6, text, ip.bytes) == 1)
		ip.family = 6;
	else
		return -EINVAL;
	*out = ip;
	return 0;
}

int
mst_net_parse(const char *text, struct mst_net *out)
{
	char addr[MST_IP_TEXT_BYTES];
	const char *slash = strchr(text, '/');
	size_t addr_len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct mst_net net;
	uint64_t depth;

	if (addr_len >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, text, addr_len);
	addr[addr_len] = '\0';
	MST_TRY(mst_ip_parse(addr, &net.ip));
	depth = ip_bits(&net.ip);
	if (slash != NULL)
		MST_TRY(mst_parse_u64(slash + 1, strlen(slash + 1), 0, depth, &depth));
	net.depth = (uint8_t)depth;
	*out = net;
	return 0;
}

char *
mst_ip_format(const struct mst_ip *ip, char *out)
{
	if (ip->family == 0 ||
		inet_ntop(ip->family == 4 ? AF_INET : AF_INET6, ip->bytes, out, MST_IP_TEXT_BYTES) == NULL)
		snprintf(out, MST_IP_TEXT_BYTES, "none");
	return out;
}

char *
mst_net_format(const struct mst_net *net, char *out)
{
	size_t len;

	mst_ip_format(&net->ip, out);
	len = strlen(out);
	snprintf(out + len, MST_IP_TEXT_BYTES + 4 - len, "/%u", net->depth);
	return out;
}

bool
mst_ip_equal(const struct mst_ip *a, const struct mst_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void
clear_host_bits(struct mst_ip *ip, uint8_t depth)
{
	for (unsigned int bit = depth; bit < ip_bits(ip); bit++)
		ip->bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
}

struct mst_ip
mst_net_base(const struct mst_net *net)
{
	struct mst_ip base = net->ip;

	clear_host_bits(&base, net->depth);
	return base;
}

bool
mst_net_contains(const struct mst_net *net, const struct mst_ip *ip)
{
	struct mst_ip base = mst_net_base(net);
	struct mst_ip masked = *ip;

	if (net->ip.family != ip->family)
		return false;
	clear_host_bits(&masked, net->depth);
	return mst_ip_equal(&base, &masked);
}

bool
mst_net_overlaps(const struct mst_net *a, const struct mst_net *b)
{
	return a->depth <= b->depth ? mst_net_contains(a, &b->ip) : mst_net_contains(b, &a->ip);
}

uint32_t
mst_ip4_host(const struct mst_ip *ip)
{
	return (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 | (uint32_t)ip->bytes[2] << 8 |
	       ip->bytes[3];
}

struct mst_ip
mst_ip4_from_host(uint32_t addr)
{
	return (struct mst_ip){.family = 4,
		.bytes = {(uint8_t)(addr >> 24), (uint8_t)(addr >> 16), (uint8_t)(addr >> 8), (uint8_t)addr}};
}
