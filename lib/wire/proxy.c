// The header of the PROXY protocol, versions 1 and 2, with which a load balancer says whom it speaks for (HAProxy,
// "The PROXY protocol"). Any lcore; only control has a use for it.
#include <errno.h>
#include <string.h>

#include "mst_wire.h"

#define V1_BYTES 107 // with CR and LF
#define V1_HEAD 6
#define V2_HEAD 16
#define V2_SIGNATURE 12

static const uint8_t v1_head[V1_HEAD] = "PROXY ";
static const uint8_t v2_signature[V2_SIGNATURE] = "\r\n\r\n\0\r\nQUIT\n";

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21 };
enum { V2_UNSPEC = 0x00, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

// An IPv4 address in the clothes of IPv6 would share its /64 with all others.
static void
unmap(struct mst_ip *ip)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
	struct mst_ip v4 = {.family = 4};

	if (ip->family != 6 || memcmp(ip->bytes, prefix, sizeof(prefix)) != 0)
		return;
	memcpy(v4.bytes, ip->bytes + sizeof(prefix), 4);
	*ip = v4;
}

// ---- version 1: a line of text ------------------------------------------------------------------
// The next word, which ends at a blank or at the end of the line; false: none, or too long.
static bool
word(const char **at, const char *end, char *out, size_t cap)
{
	const char *blank = memchr(*at, ' ', (size_t)(end - *at));
	size_t len = (size_t)((blank != NULL ? blank : end) - *at);

	if (len == 0 || len >= cap)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + (blank != NULL ? 1 : 0);
	return true;
}

static bool
address(const char **at, const char *end, uint8_t family, struct mst_ip *out)
{
	char text[MST_IP_TEXT_BYTES];

	return word(at, end, text, sizeof(text)) && mst_ip_parse(text, out) == 0 && out->family == family;
}

static bool
port(const char **at, const char *end)
{
	char text[6];
	uint64_t v;

	return word(at, end, text, sizeof(text)) && mst_parse_u64(text, strlen(text), 0, UINT16_MAX, &v) == 0;
}

static int
read_line(const char *at, const char *end, struct mst_wire_proxy *out)
{
	struct mst_wire_proxy p = {.known = true};
	struct mst_ip to;
	char family[8];

	if (!word(&at, end, family, sizeof(family)))
		return -EBADMSG;
	if (strcmp(family, "UNKNOWN") == 0) {
		*out = (struct mst_wire_proxy){0};
		return 0;
	}
	if (strcmp(family, "TCP4") != 0 && strcmp(family, "TCP6") != 0)
		return -EBADMSG;
	if (!address(&at, end, family[3] == '4' ? 4 : 6, &p.source) ||
		!address(&at, end, family[3] == '4' ? 4 : 6, &to) || !port(&at, end) || !port(&at, end) ||
		at != end || end[-1] == ' ')
		return -EBADMSG;
	unmap(&p.source);
	*out = p;
	return 0;
}

static int
parse_v1(const char *data, size_t len, struct mst_wire_proxy *out)
{
	size_t seen = len < V1_BYTES ? len : V1_BYTES;
	const char *cr = memchr(data, '\r', seen);

	if (cr == NULL || cr + 1 == data + len)
		return seen < V1_BYTES && (cr == NULL || cr + 1 < data + V1_BYTES) ? -EAGAIN : -EBADMSG;
	if (cr + 1 == data + V1_BYTES || cr[1] != '\n')
		return -EBADMSG;
	MST_TRY(read_line(data + V1_HEAD, cr, out));
	return (int)(cr + 2 - data);
}

// ---- version 2: binary --------------------------------------------------------------------------
// What stands behind the addresses says nothing that we ask; it must be well-formed all the same.
static bool
skip_tlvs(struct mst_rd *r)
{
	while (!r->err && mst_rd_left(r) != 0) {
		(void)mst_rd_u8(r);
		(void)mst_rd_bytes(r, mst_rd_u16(r));
	}
	return !r->err;
}

static int
read_addresses(struct mst_rd *r, uint8_t family, struct mst_wire_proxy *out)
{
	size_t len = family == V2_TCP4 ? 4 : 16;
	struct mst_wire_proxy p = {.known = true, .source.family = family == V2_TCP4 ? 4 : 6};
	const uint8_t *from = mst_rd_bytes(r, len);

	(void)mst_rd_bytes(r, len + 4); // the address that was spoken to, and two ports
	if (r->err || !skip_tlvs(r))
		return -EBADMSG;
	memcpy(p.source.bytes, from, len);
	unmap(&p.source);
	*out = p;
	return 0;
}

static int
parse_v2(const uint8_t *data, size_t len, struct mst_wire_proxy *out)
{
	struct mst_rd r = mst_rd_init(data, len);
	uint8_t command, family;
	uint16_t rest;

	(void)mst_rd_bytes(&r, V2_SIGNATURE);
	command = mst_rd_u8(&r);
	family = mst_rd_u8(&r);
	rest = mst_rd_u16(&r);
	if (r.err)
		return -EAGAIN;
	if ((command != V2_LOCAL && command != V2_PROXY) || V2_HEAD + rest > MST_WIRE_PROXY_BYTES)
		return -EBADMSG;
	if (mst_rd_left(&r) < rest)
		return -EAGAIN;
	r = mst_rd_sub(&r, rest);
	if (command == V2_LOCAL || family == V2_UNSPEC)
		*out = (struct mst_wire_proxy){0};
	else if (family != V2_TCP4 && family != V2_TCP6)
		return -EBADMSG;
	else
		MST_TRY(read_addresses(&r, family, out));
	return V2_HEAD + rest;
}

static bool
begins(const uint8_t *data, size_t len, const uint8_t *with, size_t n)
{
	return memcmp(data, with, len < n ? len : n) == 0;
}

int
mst_wire_proxy_parse(const void *data, size_t len, struct mst_wire_proxy *out)
{
	const uint8_t *p = data;

	if (len == 0)
		return -EAGAIN;
	if (begins(p, len, v1_head, sizeof(v1_head)))
		return len < V1_HEAD ? -EAGAIN : parse_v1(data, len, out);
	if (begins(p, len, v2_signature, sizeof(v2_signature)))
		return len < V2_SIGNATURE ? -EAGAIN : parse_v2(p, len, out);
	return -EBADMSG;
}
