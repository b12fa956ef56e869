// Test packets: template, next packet, and back. The packet loop.
#include "probe.h"

#include <assert.h>
#include <string.h>

#include "mst_wire_inline.h"

#define PAYLOAD (MST_IP4_HDR_BYTES + MST_UDP_HDR_BYTES)
#define MAGIC 0x6d737470u // "mstp"
#define DIR_OFF (PAYLOAD + 4)
#define LEN_OFF (PAYLOAD + 6)
#define FLOW_OFF (PAYLOAD + 8)
#define SEQ_OFF (PAYLOAD + 12)
#define TSC_OFF (PAYLOAD + 20)
#define CHECK_OFF (PAYLOAD + 28)

static_assert(sizeof(struct lg_probe) == 64, "one cache line a flow");
static_assert(SEQ_OFF == LG_PROBE_STATIC_BYTES, "what is before the sequence does not change");
static_assert(CHECK_OFF + 8 == LG_PROBE_MIN_BYTES, "the least packet is headers and stamp");

static void
put_be32(uint8_t *p, uint32_t v)
{
	v = rte_cpu_to_be_32(v);
	memcpy(p, &v, sizeof(v));
}

static void
put_be64(uint8_t *p, uint64_t v)
{
	v = rte_cpu_to_be_64(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t
get_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return rte_be_to_cpu_64(v);
}

// Not a MAC: strangers' packets and those of another run are to fall through, nobody attacks a test.
static uint64_t
mixed(uint64_t x)
{
	x ^= x >> 32;
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

// Over everything a packet says of itself: where says direction, length and flow, 8 bytes from DIR_OFF on.
static uint64_t
check_of(uint64_t key, uint64_t where, uint64_t seq, uint64_t tsc)
{
	return mixed(mixed(mixed(key ^ where) + seq) + tsc);
}

// The three numbers of 64 bits as eight words of 16; the sum of their memory order is what the field wants.
static uint64_t
sum_be64(uint64_t v)
{
	v = rte_cpu_to_be_64(v);
	return (v & 0xffffffff) + (v >> 32);
}

void
lg_probe_init(struct lg_probe *p, const struct lg_probe_params *params)
{
	uint8_t *h = p->head;

	memset(p, 0, sizeof(*p));
	p->key = params->key;
	mst_wire_ip4_build(h, params->src, params->dst, MST_PROTO_UDP, LG_PROBE_TTL, 0);
	mst_wire_udp_build(h + MST_IP4_HDR_BYTES, rte_cpu_to_be_16(params->src_port),
		rte_cpu_to_be_16(params->dst_port), 0);
	put_be32(h + PAYLOAD, MAGIC);
	h[DIR_OFF] = (uint8_t)params->dir;
	put_be32(h + FLOW_OFF, params->flow);
	// Lengths and checksums are a packet's own.
	memset(h + 2, 0, 2);
	memset(h + 10, 0, 2);
	memset(h + MST_IP4_HDR_BYTES + 4, 0, 4);
	p->ip_sum = mst_wire_fold(mst_wire_sum(h, MST_IP4_HDR_BYTES, 0));
	// RFC 768: addresses and protocol of the pseudo header, then header and payload.
	p->udp_sum = mst_wire_fold(
		mst_wire_sum(h + 12, LG_PROBE_STATIC_BYTES - 12, (uint64_t)rte_cpu_to_be_16(MST_PROTO_UDP)));
}

void
lg_probe_write(struct lg_probe *p, uint8_t *out, size_t len, uint64_t tsc)
{
	uint16_t udp_len = (uint16_t)(len - MST_IP4_HDR_BYTES);
	uint64_t check, sum;
	uint16_t word;

	MST_ASSERT(len >= LG_PROBE_MIN_BYTES && len <= LG_PROBE_MAX_BYTES);
	memcpy(out, p->head, LG_PROBE_STATIC_BYTES);
	mst_wire_put16(out + 2, (uint16_t)len);
	mst_wire_put16(out + MST_IP4_HDR_BYTES + 4, udp_len);
	mst_wire_put16(out + LEN_OFF, (uint16_t)len);
	check = check_of(p->key, get_be64(out + DIR_OFF), p->seq, tsc);
	put_be64(out + SEQ_OFF, p->seq);
	put_be64(out + TSC_OFF, tsc);
	put_be64(out + CHECK_OFF, check);
	word = (uint16_t)~mst_wire_fold(p->ip_sum + (uint64_t)rte_cpu_to_be_16((uint16_t)len));
	memcpy(out + 10, &word, sizeof(word));
	// The length of UDP counts twice: in the pseudo header and in its own.
	sum = p->udp_sum + 2 * (uint64_t)rte_cpu_to_be_16(udp_len) + rte_cpu_to_be_16((uint16_t)len);
	word = (uint16_t)~mst_wire_fold(sum + sum_be64(p->seq) + sum_be64(tsc) + sum_be64(check));
	word = word == 0 ? 0xffff : word;
	memcpy(out + MST_IP4_HDR_BYTES + 6, &word, sizeof(word));
	memset(out + LG_PROBE_MIN_BYTES, 0, len - LG_PROBE_MIN_BYTES);
	p->seq++;
}

const char *
lg_probe_verdict_name(enum lg_probe_verdict v)
{
	static const char *const names[] = {
#define X(name, word, help) word,
		LG_PROBE_VERDICTS(X)
#undef X
	};

	return (unsigned int)v < MST_ARRAY_SIZE(names) ? names[v] : "unknown";
}

// The stamp of a packet whose headers were read; what its lengths say is the caller's to compare.
static bool
read_stamp(const uint8_t *l3, size_t len, uint64_t key, struct lg_probe_seen *out, uint16_t *own_len)
{
	struct mst_rd r = mst_rd_init(l3, len);
	uint64_t where, check;

	mst_rd_bytes(&r, PAYLOAD);
	if (mst_rd_u32(&r) != MAGIC)
		return false;
	where = mst_rd_be(&r, 8);
	out->seq = mst_rd_be(&r, 8);
	out->tsc = mst_rd_be(&r, 8);
	check = mst_rd_be(&r, 8);
	if (r.err || check != check_of(key, where, out->seq, out->tsc) || where >> 56 >= LG_N_DIRS)
		return false;
	out->dir = (enum lg_dir)(where >> 56);
	out->flow = (uint32_t)where;
	*own_len = (uint16_t)(where >> 32);
	return true;
}

enum lg_probe_verdict
lg_probe_parse(
	const uint8_t *l3, size_t len, uint64_t key, uint32_t n_flows, bool verify, struct lg_probe_seen *out)
{
	struct lg_probe_seen seen;
	struct mst_wire_ip ip;
	uint16_t own_len;

	if (mst_wire_ip4_parse(l3, len, false, &ip) != MST_WIRE_OK || ip.hdr_len != MST_IP4_HDR_BYTES ||
		ip.proto != MST_PROTO_UDP || ip.fragment)
		return LG_PROBE_FOREIGN;
	if (!read_stamp(l3, ip.total_len, key, &seen, &own_len) || seen.flow >= n_flows)
		return LG_PROBE_FOREIGN;
	if (ip.total_len != own_len ||
		mst_wire_be16(l3 + MST_IP4_HDR_BYTES + 4) != own_len - MST_IP4_HDR_BYTES)
		return LG_PROBE_CUT;
	if (verify && (mst_wire_ip4_checksum(l3, MST_IP4_HDR_BYTES) != 0 ||
			      !mst_wire_udp_checksum_ok(
				      l3, l3 + MST_IP4_HDR_BYTES, (size_t)(own_len - MST_IP4_HDR_BYTES))))
		return LG_PROBE_CHECKSUM;
	seen.len = own_len;
	memcpy(seen.src, ip.src, sizeof(seen.src));
	memcpy(seen.dst, ip.dst, sizeof(seen.dst));
	*out = seen;
	return LG_PROBE_OK;
}
