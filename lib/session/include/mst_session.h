// Sessions: the object, its address lease, the lookup tables, publish and retire. Control creates, changes
// and ends sessions; workers look them up and write only the lines that are headed so.
#pragma once

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

#include <rte_mbuf.h>

#include "mst_base.h"
#include "mst_dtls.h"

struct mst_session;

// One DTLS association of a device: keys, replay window, sequence numbers, outer headers. Immutable but for
// the lines of its writers while a worker can find it; a rekey is a new object.
struct mst_sa_tuple { // key of the outer lookup; network byte order; IPv4 in the first 4 bytes, rest zero
	uint8_t peer[16];
	uint8_t local[16];
	uint16_t peer_port_be;
	uint16_t local_port_be;
	uint32_t version; // 4 or 6
};

struct mst_sa_counts {
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
};

struct mst_sa {
	// control writes before publish, workers read: what the way in reads of it
	alignas(64) struct mst_sa_tuple tuple;
	struct mst_session *session;
	uint32_t session_index, session_id;
	uint16_t epoch;
	uint16_t owner;	 // worker that owns the receive state
	uint32_t serial; // tells it from the others of its session across rings

	// rx owner writes (plain load and store, read by telemetry)
	alignas(64) _Atomic uint64_t rx_packets;
	_Atomic uint64_t rx_bytes;
	_Atomic uint64_t last_rx_tsc;
	_Atomic uint64_t last_data_tsc; // of data that is not ICMP: idle timeout
	struct mst_dtls_window window;

	// control writes before publish, workers read: what the way out reads of it
	alignas(64) uint8_t template_bytes[48];
	uint32_t ip_csum_base; // sum of the IPv4 template, not complemented
	uint8_t template_len;  // 28 or 48: IP header + UDP header, lengths and checksum zero
	uint8_t ip_version;    // of the outer headers
	uint8_t head_bytes;    // DTLS header + explicit nonce

	// any worker: one fetch-add a burst
	alignas(64) _Atomic uint64_t tx_seq; // next sequence number, from MST_DTLS_FIRST_DATA_SEQ
	_Atomic uint64_t tx_bytes;

	// control writes before publish, workers read
	struct mst_dtls_keys keys;

	// (control, cold)
	struct mst_sa_counts folded; // what the session's totals have of this association
	bool dead;		     // retired already
};

#define MST_SESSION_NAME_BYTES 128
// Cold facts for people; control only (telemetry reads copies through mst_session_snapshot).
struct mst_session_info {
	char user[MST_SESSION_NAME_BYTES];
	char group[64];
	char host[64]; // that it came to; empty: the site itself
	char hostname[64];
	char user_agent[128];
	char platform[64];
	char device_type[64];
	char device_id[128];
	char tls_cipher[96];
	char dtls_cipher[48];
	struct mst_ip remote; // of the TLS connection
	uint64_t connected_unix_s;
	bool connected; // false: away, its session waits for it
};

enum mst_session_path { MST_PATH_NONE, MST_PATH_STREAM, MST_PATH_DTLS };

struct mst_session {
	// control writes, workers read
	alignas(64) uint32_t id; // never used twice in a run; with index it names the session across rings
	uint32_t index;		 // slot = number of the IPv4 lease
	uint32_t addr4;		 // host order
	uint16_t mtu;		 // largest inner packet
	uint16_t home;		 // worker that serves it wherever one must be chosen
	uint8_t addr6[16];	 // all zero: none
	_Atomic(struct mst_sa *) sa; // association to send by; NULL: none
	_Atomic(struct mst_sa *)
		before;	      // the one before it: what is on the way under its keys is still opened
	_Atomic uint8_t path; // enum mst_session_path: where packets towards the device go
	bool has6;
	bool closing;	   // (control) retired
	bool leaves_lease; // (control) its address is another's, or about to be, when it is reclaimed

	// control writes: the CSTP side
	alignas(64) _Atomic uint64_t stream_rx_packets; // alone: alignas is of each name of a declaration
	_Atomic uint64_t stream_rx_bytes, stream_tx_packets, stream_tx_bytes;
	uint64_t last_stream_rx_ns, last_stream_data_ns;
	_Atomic uint64_t dtls_rx_packets, dtls_rx_bytes; // of associations gone
	_Atomic uint64_t dtls_tx_packets, dtls_tx_bytes;
	struct mst_sa *moving;	       // in no table until no worker can hold it: see mst_sa_move
	void *owner;		       // control's connection state
	struct mst_session_info *info; // on the heap: no worker reads it
};

// ---- tables (control at start and end) ----------------------------------------------------------
struct mst_session_params {
	struct mst_net pool4;
	struct mst_net pool6;	       // family 0: none; device i gets base + i
	uint32_t max_sessions;	       // and never more than the pool has usable addresses
	const struct mst_ip *reserved; // addresses never leased (gateway's own)
	size_t n_reserved;
	// The public port has fewer queues than workers: a session's home owns its associations, whichever worker
	// delivered the handshake.
	bool home_owns;
};
MST_MUST_USE int mst_session_tables_create(const struct mst_session_params *p, char *err, size_t err_cap);
void mst_session_tables_destroy(void); // all sessions closed and reclaimed
uint32_t mst_session_capacity(void);

// ---- life cycle (control) -----------------------------------------------------------------------
// Leases an address, publishes the session. -EADDRNOTAVAIL: pool exhausted.
MST_MUST_USE int mst_session_open(
	struct mst_session **out, const struct mst_session_info *info, uint16_t mtu);
// The same with one address of the pool, host order. -EADDRINUSE: it is another's, or none of the pool.
MST_MUST_USE int mst_session_open_at(
	struct mst_session **out, uint32_t addr4, const struct mst_session_info *info, uint16_t mtu);
// Retire: unlinks session and association from every table at once; lease and memory come back after the
// grace period. The pointer must not be used afterwards. Exactly once.
void mst_session_close(struct mst_session *s);

// Parts of the pool that are kept for some: they are leased to who asks for that range, and to nobody else. Of ranges
// within each other the smallest one has an address. In the place of those before; who has an address keeps it. Equal ones
// are one. -EINVAL: one is not of the pool; -E2BIG.
#define MST_SESSION_RANGES_MAX 1064
MST_MUST_USE int mst_session_set_ranges(const struct mst_net *ranges, uint32_t n);
// Leases an address of the range, which was set; NULL: of what is in none. Else as mst_session_open.
MST_MUST_USE int mst_session_open_in(struct mst_session **out, const struct mst_net *range,
	const struct mst_session_info *info, uint16_t mtu);
// Before its close: the address does not become free by it, but is for mst_session_open_left, once, which is to follow.
void mst_session_leave_address(struct mst_session *s);
MST_MUST_USE int mst_session_open_left(
	struct mst_session **out, uint32_t addr4, const struct mst_session_info *info, uint16_t mtu);
// Whether an address, host order, may be leased to who asks for that range; NULL: to who asks for none.
bool mst_session_is_kept_for(uint32_t addr4, const struct mst_net *range);
// The IPv4 address that goes with an IPv6 address; 0: it is of no device that there can be.
uint32_t mst_session_addr4_of(const uint8_t addr6[16]);

struct mst_sa_params {
	struct mst_sa_tuple tuple;
	uint16_t owner; // worker that delivered the handshake; not looked at where home_owns
};
// A new association, not published: the caller fills sa->keys, then publishes or destroys.
MST_MUST_USE int mst_sa_create(struct mst_sa **out, struct mst_session *s, const struct mst_sa_params *p);
void mst_sa_destroy_unpublished(struct mst_sa *sa);
// Inserts the tuple and makes it the session's association. The first one also makes DTLS the path. What a later one
// takes the place of goes on receiving, unless it has the same tuple, until the caller retires it (seconds later), or at
// the next publish; where many sessions have two it is retired at once. On error the session sends as before and the
// caller still owns sa. -EEXIST: the tuple is another live session's; -ENOSPC: table full; -EINVAL: the keys were never
// filled or the session is closed.
MST_MUST_USE int mst_sa_publish(struct mst_sa *sa);
void mst_sa_retire_before(struct mst_session *s);
void mst_sa_retire(struct mst_session *s); // drop DTLS of the session: path falls back to STREAM
// To where its device has gone. done runs on control when that is over: moved is false when the device has been heard
// at the old place since, by a record that is newer.
struct mst_sa_move {
	struct mst_sa_tuple to;
	uint16_t owner; // worker that the record came to; not looked at where home_owns
	uint64_t seq;	// of the record that showed the way
	void (*done)(struct mst_session *s, bool moved);
};

// The device has been heard from another address, by a record that these keys open and that is newer than all. Nothing
// is sent to the old address any more; when no worker can hold the association it gets the new one, with the keys, the
// window and the sequence numbers it has, unless m->seq has been overtaken meanwhile. -ENOENT: there is none, or it is on
// the move already; -ENOMEM; -EEXIST: the address is another session's.
MST_MUST_USE int mst_sa_move(struct mst_session *s, const struct mst_sa_move *m);
void mst_session_set_path(struct mst_session *s, enum mst_session_path path);
// Replaces s->info, which telemetry may be copying just now (a device that came back with its cookie). What
// snapshots show as dtls_cipher is the suite of the association, whatever info says.
void mst_session_set_info(struct mst_session *s, const struct mst_session_info *info);

// ---- lookups ------------------------------------------------------------------------------------
extern struct mst_session_table {
	uint32_t base4;	  // first address of the pool, host order
	uint32_t n_slots; // addresses of the pool
	uint8_t base6[16];
	bool has6;
	uint8_t depth6;
	_Atomic(struct mst_session *) *slots;
} mst_session_table_;

// Any lcore; NULL: none. Worker: valid until its next quiescent report.
static inline struct mst_session *
mst_session_at(uint32_t index)
{
	if (index >= mst_session_table_.n_slots)
		return NULL;
	return atomic_load_explicit(&mst_session_table_.slots[index], memory_order_acquire);
}

// The session a handle names, or NULL when it has ended meanwhile.
static inline struct mst_session *
mst_session_find(uint32_t index, uint32_t id)
{
	struct mst_session *s = mst_session_at(index);
	return s != NULL && s->id == id ? s : NULL;
}

static inline bool
mst_session_in_pool4(uint32_t addr_host)
{
	return addr_host - mst_session_table_.base4 < mst_session_table_.n_slots;
}

static inline struct mst_session *
mst_session_by_addr4(uint32_t addr_host)
{
	return mst_session_at(addr_host - mst_session_table_.base4);
}
bool mst_session_in_pool6(const uint8_t addr[16]);
struct mst_session *mst_session_by_addr6(const uint8_t addr[16]);

// Outer tuple -> association, a burst at a time, 64 at the most; out[i] NULL: none. Worker (lock-free, under QSBR).
void mst_sa_lookup_bulk(const struct mst_sa_tuple *tuples, struct mst_sa **out, unsigned int n);
struct mst_sa *mst_sa_lookup(const struct mst_sa_tuple *key); // control

// ---- reading (telemetry thread, control) --------------------------------------------------------
struct mst_session_counts {
	uint32_t sessions, dtls, leases_free, leases_quarantined;
	uint64_t opened, closed, exhausted;
};
void mst_session_counts(struct mst_session_counts *out);

struct mst_session_view { // a copy, safe to format at leisure
	uint32_t id, index;
	uint32_t addr4;
	uint8_t addr6[16];
	bool has6;
	uint16_t mtu;
	uint8_t path;
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes; // DTLS and CSTP together
	uint64_t dtls_rx_packets, dtls_tx_packets;
	struct mst_net range; // that its address is kept in; family 0: none
	struct mst_session_info info;
};
// Copies the first session with index >= start; false: no more. Any thread but a worker: it is a QSBR reader
// around the copy, and readers take turns.
bool mst_session_snapshot(uint32_t start, struct mst_session_view *out);

struct mst_session_range {
	struct mst_net net;    // family 0: what is in none
	uint32_t size, n_free; // addresses that are in no smaller range
};
// Range number i, the larger ones first; 0: what is in none. False: no more. Any thread but a worker.
bool mst_session_range_at(uint32_t i, struct mst_session_range *out);
