// A gateway in one process for tests: EAL without hugepages, the real libraries, ports made of rings, a table
// of routes instead of the kernel's, and a device whose records are made by OpenSSL, not by the code under
// test. Everything runs on the calling thread: a worker moves when rig_turn says so.
#pragma once

#include "mst_eal.h"
#include "mst_route.h"
#include "mst_session.h"

#include "worker.h"

#define RIG_PUBLIC 0
#define RIG_PRIVATE 1
#define RIG_MTU 1500	   // of both ports
#define RIG_INNER_MTU 1400 // of the sessions
#define RIG_DTLS_PORT 443
#define RIG_FRAME_MAX 2048
#define RIG_TX_RING 512 // frames that a port takes before it is full, plus 1

// The world around it.
#define RIG_GW4 "203.0.113.1"
#define RIG_GW6 "2001:db8::1"
#define RIG_PEER4 "198.51.100.7" // where devices are
#define RIG_PEER6 "2001:db8:7::7"
#define RIG_HOST4 "10.20.0.9" // on the private side
#define RIG_HOST6 "fd00:20::9"
#define RIG_GW_INSIDE4 "10.20.0.1"

// EAL, pool, tables, ports, worker 0, and a worker 1 that has no ports. arms: 2, or 1 for one port of both
// roles.
void rig_start(unsigned int arms);
// The same with two arms, and workers of which each has what the ports' queues give it.
void rig_start_workers(unsigned int n_workers, unsigned int n_queues);
void rig_stop(void); // and checks that no mbuf is missing
struct mst_worker *rig_worker(unsigned int index);
unsigned int rig_mbufs_free(void);
unsigned int rig_turn(unsigned int worker);

// ---- routes: rig_routes.c -----------------------------------------------------------------------
void rig_routes_reset(void);							  // the world above
struct mst_adj *rig_route(const char *net, enum mst_adj_kind kind, uint8_t port); // longest prefix wins

// ---- bytes: rig_bytes.c -------------------------------------------------------------------------
struct mst_ip rig_ip(const char *text);
// An IP packet of either family with payload_len bytes of a pattern; returns its length.
size_t rig_packet(
	uint8_t *out, const char *src, const char *dst, uint8_t proto, uint8_t ttl, size_t payload_len);
// UDP over IP with these payload bytes.
size_t rig_udp(uint8_t *out, const char *src, const char *dst, uint16_t sport, uint16_t dport,
	const void *payload, size_t len);
// Ethernet in front, to the MAC of our port.
size_t rig_frame(uint8_t *out, unsigned int port, const void *l3, size_t len);
// The bytes of an IPv4 header sum up.
bool rig_ip4_sums_up(const uint8_t *l3);

// ---- mbufs and ports ----------------------------------------------------------------------------
struct rte_mbuf *rig_mbuf(const void *bytes, size_t len);
void rig_push(unsigned int port, const void *frame, size_t len); // arrives at the port's first queue
bool rig_push_to(unsigned int port, unsigned int queue, const void *frame, size_t len); // false: no room
size_t rig_pop(unsigned int port, uint8_t *out); // what the port sent by the first; 0: nothing
size_t rig_pop_from(unsigned int port, unsigned int queue, uint8_t *out);
struct rte_mbuf *rig_pop_ring(struct rte_ring *r); // NULL: empty
unsigned int rig_empty_ring(struct rte_ring *r);   // frees what is in it; how many
uint64_t rig_verdict(enum mst_verdict v);	   // counted since rig_mark, all workers
uint64_t rig_verdicts_final(void);		   // sum of those that end a packet
void rig_mark(void);
// One packet through one stage: NEXT or how it left. The mbuf stays the caller's.
enum mst_verdict rig_stage(mst_stage_fn *stage, struct rte_mbuf *m);

// ---- devices: rig_device.c ----------------------------------------------------------------------
struct rig_device {
	struct mst_session *s;
	struct mst_sa *sa;
	const struct mst_dtls_suite *suite;
	const char *peer, *gw;
	char addr4[MST_IP_TEXT_BYTES], addr6[MST_IP_TEXT_BYTES];
	uint16_t port;
	uint64_t seq; // of the next record
	uint8_t key_block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
};
// A session; connected by DTLS when suite is not NULL. ip: 4 or 6, of the outer packets.
void rig_device_open(struct rig_device *d, size_t suite, int ip);
void rig_device_close(struct rig_device *d);
// A new association with new keys from port, not published.
struct mst_sa *rig_device_sa(struct rig_device *d, uint16_t port);
// A protected record; returns its length.
size_t rig_record(const struct rig_device *d, uint8_t type, uint16_t epoch, uint64_t seq, const void *plain,
	size_t len, uint8_t *out);
// The whole frame of a data record with the device's next sequence number.
size_t rig_data(struct rig_device *d, uint8_t message, const void *body, size_t len, uint8_t *out);
size_t rig_record_frame(const struct rig_device *d, const void *record, size_t len, uint8_t *out);
// What the gateway sent to the device: checks every header, opens the record with OpenSSL; returns the length
// of the plaintext, type byte first.
size_t rig_unwrap(
	const struct rig_device *d, const uint8_t *frame, size_t len, uint8_t *plain, uint64_t *seq);
