// Every way a packet can leave a stage, in one list: the enum, the counters, their names in telemetry and
// their help come from it. Worker lcores.
#pragma once

#include <assert.h>

#include "mst_dtls.h"
#include "mst_wire.h"

// X(name, kind, word, help). Kinds:
//   STAY  kept for the next stage, never counted
//   PASS  goes on elsewhere in the data path and ends in another verdict; counted, no end
//   END   the end of a packet that arrived where it should
//   DROP  the end of a packet that did not
// Each packet that a worker takes in ends in one verdict of END or DROP.
// clang-format off
#define MST_VERDICTS(X)                                                                                                              \
	X(NEXT,                STAY, "next",                "kept for the next stage")                                               \
	X(HANDOFF,             PASS, "handoff",             "stray record handed to the worker that owns the association")           \
	X(SPREAD_IN,           PASS, "spread_in",           "record handed to its session's worker: software spread")                \
	X(SPREAD_OUT,          PASS, "spread_out",          "packet to seal handed to its session's worker: software spread")        \
	X(HANDOFF_TX,          PASS, "handoff_tx",          "frame handed to the worker that has the transmit queue")                \
	X(REFLECT,             PASS, "reflect",             "DPD request of a device, answered from the worker")                     \
	X(SENT,                END,  "sent",                "transmitted")                                                           \
	X(CONTROL,             END,  "control",             "DTLS handshake or alert handed to the control lcore")                   \
	X(STRAY,               END,  "stray",               "record from an address of nobody: control asks whose it is")            \
	X(RESOLVE,             END,  "resolve",             "control is to have the outer next hop resolved")                        \
	X(KERNEL,              END,  "kernel",              "handed to the kernel")                                                  \
	X(STREAM,              END,  "stream",              "handed to control, for a device without DTLS")                          \
	X(DONE_KEEPALIVE,      END,  "done_keepalive",      "keepalive of a device")                                                 \
	X(DONE_DPD,            END,  "done_dpd",            "DPD response of a device")                                              \
	X(DROP_SEGMENTS,       DROP, "drop_segments",       "frame in more than one mbuf")                                           \
	X(DROP_ETH_SHORT,      DROP, "drop_eth_short",      "frame shorter than its Ethernet header and VLAN tags")                  \
	X(DROP_VLAN_DEPTH,     DROP, "drop_vlan_depth",     "more than two VLAN tags")                                               \
	X(DROP_IP_SHORT,       DROP, "drop_ip_short",       "packet shorter than an IP header")                                      \
	X(DROP_IP_VERSION,     DROP, "drop_ip_version",     "IP version neither 4 nor 6")                                            \
	X(DROP_IP_HDR_LEN,     DROP, "drop_ip_hdr_len",     "IPv4 header length below 20 or beyond the packet")                      \
	X(DROP_IP_TOTAL_LEN,   DROP, "drop_ip_total_len",   "IP length below its header or beyond the bytes received")               \
	X(DROP_IP_CHECKSUM,    DROP, "drop_ip_checksum",    "IPv4 header checksum is wrong")                                         \
	X(DROP_IP6_EXT,        DROP, "drop_ip6_ext",        "IPv6 extension headers cut, too many or out of order")                  \
	X(DROP_UDP_SHORT,      DROP, "drop_udp_short",      "IP payload shorter than a UDP header")                                  \
	X(DROP_UDP_LEN,        DROP, "drop_udp_len",        "UDP length below its header or beyond the IP payload")                  \
	X(DROP_MAC,            DROP, "drop_mac",            "frame for another station, or a packet for one in a frame for many")                                             \
	X(DROP_ROUTING0,       DROP, "drop_routing0",       "IPv6 routing header of type 0 (RFC 5095)")                              \
	X(DROP_NOT_OURS,       DROP, "drop_not_ours",       "for an address that this side does not forward to")                     \
	X(DROP_POOL_OUTSIDE,   DROP, "drop_pool_outside",   "for an address of a device, from the public side")                      \
	X(DROP_FRAGMENT,       DROP, "drop_fragment",       "fragment of a datagram to the DTLS port")                               \
	X(DROP_RECORD_SHORT,   DROP, "drop_record_short",   "datagram ends before what its record announces")                        \
	X(DROP_RECORD_TYPE,    DROP, "drop_record_type",    "record type unknown, or not one of its epoch")                          \
	X(DROP_RECORD_VERSION, DROP, "drop_record_version", "record version is not DTLS 1.2")                                        \
	X(DROP_RECORD_LENGTH,  DROP, "drop_record_length",  "record length outside the bounds of the protocol")                      \
	X(DROP_EPOCH,          DROP, "drop_epoch",          "record of an epoch that the session has no keys of")                    \
	X(DROP_REPLAY,         DROP, "drop_replay",         "record that was accepted before")                                       \
	X(DROP_OLD,            DROP, "drop_old",            "record behind the replay window")                                       \
	X(DROP_TAG,            DROP, "drop_tag",            "record with a wrong authentication tag")                                \
	X(DROP_NO_SESSION,     DROP, "drop_no_session",     "record from an address of nobody, beyond what is looked into")          \
	X(DROP_STALE,          DROP, "drop_stale",          "session ended while the packet was between two lcores")                 \
	X(DROP_TYPE,           DROP, "drop_type",           "message of a device with an unknown type byte")                         \
	X(DROP_SPOOF,          DROP, "drop_spoof",          "source address is not the sender's to use")                             \
	X(DROP_INNER_DST,      DROP, "drop_inner_dst",      "a device's packet for an address that is never routed")                 \
	X(DROP_ISOLATED,       DROP, "drop_isolated",       "from a device to another device")                                       \
	X(DROP_NO_ROUTE,       DROP, "drop_no_route",       "no route to the destination")                                           \
	X(DROP_NO_DEVICE,      DROP, "drop_no_device",      "for a pool address that no device holds")                               \
	X(DROP_NO_PATH,        DROP, "drop_no_path",        "the device has no connection at the moment")                            \
	X(DROP_MTU,            DROP, "drop_mtu",            "larger than the way out and nobody to tell")                            \
	X(DROP_ROOM,           DROP, "drop_room",           "no room in the mbuf for the headers to add")                            \
	X(DROP_SEQ_LIMIT,      DROP, "drop_seq_limit",      "record beyond what a key may protect")                                  \
	X(DROP_PORT,           DROP, "drop_port",           "for a port that does not exist")                                        \
	X(DROP_RATE,           DROP, "drop_rate",           "source exceeds its rate of handshake records")                          \
	X(DROP_UNRESOLVED,     DROP, "drop_unresolved",     "outer next hop not resolved, and asked about already")                  \
	X(DROP_POLICED,        DROP, "drop_policed",        "class exceeds its rate towards the kernel")                             \
	X(DROP_CONTROL_RING,   DROP, "drop_control_ring",   "ring to the control lcore full")                                        \
	X(DROP_KERNEL_RING,    DROP, "drop_kernel_ring",    "ring to the kernel full")                                               \
	X(DROP_STREAM_RING,    DROP, "drop_stream_ring",    "ring of packets for devices without DTLS full")                         \
	X(DROP_HANDOFF_RING,   DROP, "drop_handoff_ring",   "ring to another worker full")                                           \
	X(DROP_TX,             DROP, "drop_tx",             "transmit queue of the port full")
// clang-format on

enum mst_verdict {
#define X(name, kind, word, help) MST_##name,
	MST_VERDICTS(X)
#undef X
		MST_VERDICT_COUNT
};

enum mst_verdict_kind { MST_VERDICT_STAY, MST_VERDICT_PASS, MST_VERDICT_END, MST_VERDICT_DROP };

// The rows above that repeat a list of a lower library stand in its order, so one addition maps them.
#define SAME_AS_WIRE(name)                                                                                   \
	static_assert((int)MST_DROP_##name - (int)MST_DROP_ETH_SHORT == (int)MST_WIRE_##name - 1, #name)
SAME_AS_WIRE(ETH_SHORT);
SAME_AS_WIRE(VLAN_DEPTH);
SAME_AS_WIRE(IP_SHORT);
SAME_AS_WIRE(IP_VERSION);
SAME_AS_WIRE(IP_HDR_LEN);
SAME_AS_WIRE(IP_TOTAL_LEN);
SAME_AS_WIRE(IP_CHECKSUM);
SAME_AS_WIRE(IP6_EXT);
SAME_AS_WIRE(UDP_SHORT);
SAME_AS_WIRE(UDP_LEN);
#undef SAME_AS_WIRE
static_assert(
	(int)MST_WIRE_OK == 0 && (int)MST_WIRE_VERDICT_COUNT == 11, "a verdict of wire has no row here");

#define SAME_AS_DTLS(mine, theirs)                                                                           \
	static_assert((int)MST_DROP_##mine - (int)MST_DROP_RECORD_SHORT == (int)MST_DTLS_##theirs - 1, #mine)
SAME_AS_DTLS(RECORD_SHORT, SHORT);
SAME_AS_DTLS(RECORD_TYPE, TYPE);
SAME_AS_DTLS(RECORD_VERSION, VERSION);
SAME_AS_DTLS(RECORD_LENGTH, LENGTH);
SAME_AS_DTLS(EPOCH, EPOCH);
SAME_AS_DTLS(REPLAY, REPLAY);
SAME_AS_DTLS(OLD, OLD);
SAME_AS_DTLS(TAG, TAG);
#undef SAME_AS_DTLS
static_assert((int)MST_DTLS_OK == 0, "0 is no fault");

static inline enum mst_verdict
verdict_of_wire(enum mst_wire_verdict v)
{
	return (enum mst_verdict)((int)MST_DROP_ETH_SHORT + (int)v - 1);
}

static inline enum mst_verdict
verdict_of_dtls(enum mst_dtls_verdict v)
{
	return (enum mst_verdict)((int)MST_DROP_RECORD_SHORT + (int)v - 1);
}

enum mst_verdict_kind datapath_verdict_kind(unsigned int verdict);
