// Test packets: IPv4/UDP inside the tunnel, with flow, direction, sequence, time stamp and a keyed check that
// tells them from whatever else travels. Pure; the packet loop. A flow's state is one cache line, and a packet
// costs its 64 bytes, a fill and no checksum over its length.
//
// Layout, network order:            bytes
//	 0  IPv4 header, DF, TTL 64     20
//	20  UDP header, with checksum    8
//	28  magic "mstp"                 4
//	32  direction, zero, length      1 1 2
//	36  flow                         4
//	40  sequence                     8
//	48  time stamp                   8
//	56  check                        8
//	64  zeros
#pragma once

#include <stdalign.h>

#include "mst_base.h"

#define LG_PROBE_MIN_BYTES 64
#define LG_PROBE_MAX_BYTES 9000
#define LG_PROBE_STATIC_BYTES 40
#define LG_PROBE_TTL 64

enum lg_dir { LG_UP, LG_DOWN, LG_N_DIRS }; // up: from a device through the tunnel

// The sender's state of a flow.
struct lg_probe {
	alignas(64) uint8_t head[LG_PROBE_STATIC_BYTES]; // lengths and checksums zero
	uint32_t ip_sum;				 // of head, folded
	uint32_t udp_sum; // of pseudo header, UDP header and payload in head, folded
	uint64_t key;
	uint64_t seq; // of the next packet
};

struct lg_probe_params {
	uint8_t src[4];
	uint8_t dst[4];
	uint16_t src_port; // host order
	uint16_t dst_port;
	uint32_t flow; // number of the device
	enum lg_dir dir;
	uint64_t key; // of this run, random; the same for sender and receiver
};

void lg_probe_init(struct lg_probe *p, const struct lg_probe_params *params);
// Writes the next packet of the flow: len bytes (asserted LG_PROBE_MIN_BYTES..LG_PROBE_MAX_BYTES) into out.
void lg_probe_write(struct lg_probe *p, uint8_t *out, size_t len, uint64_t tsc);

// X(name, word of counters, help)
// clang-format off
#define LG_PROBE_VERDICTS(X)                                                                     \
	X(OK,       "ok",       "a packet of this run")                                          \
	X(FOREIGN,  "foreign",  "no test packet, or one of another run")                         \
	X(CUT,      "cut",      "a test packet whose length was changed")                        \
	X(CHECKSUM, "checksum", "a test packet whose bytes were changed")
// clang-format on

enum lg_probe_verdict {
#define X(name, word, help) LG_PROBE_##name,
	LG_PROBE_VERDICTS(X)
#undef X
		LG_PROBE_VERDICT_COUNT
};

const char *lg_probe_verdict_name(enum lg_probe_verdict v);

struct lg_probe_seen {
	uint32_t flow; // below n_flows
	enum lg_dir dir;
	uint16_t len; // of the packet
	uint64_t seq;
	uint64_t tsc;
	uint8_t src[4];
	uint8_t dst[4];
};

// len bytes from the IP header on; link padding behind the packet is passed over. A flow number that is not
// below n_flows is FOREIGN. verify: add up the whole packet's UDP checksum too. *out is written on OK only.
MST_MUST_USE enum lg_probe_verdict lg_probe_parse(const uint8_t *l3, size_t len, uint64_t key,
	uint32_t n_flows, bool verify, struct lg_probe_seen *out);
