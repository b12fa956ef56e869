// The runtime: EAL start, lcore roles, QSBR and the defer queue, the rings between lcores, the mbuf pool's
// packet area, telemetry registration. The control lcore is the EAL main lcore; every other lcore is a
// worker.
#pragma once

#include <assert.h>

#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <rte_telemetry.h>

#include "mst_base.h"
#include "mst_compat.h"

#define MST_MAX_WORKERS 64
#define MST_MAX_PORTS 2
#define MST_BURST 32

// ---- start and stop (control lcore) -------------------------------------------------------------
enum mst_rt_huge { MST_RT_HUGE_AUTO, MST_RT_HUGE_ON, MST_RT_HUGE_OFF };

struct mst_rt_params {
	int control_cpu;		  // -1 = choose ("lcores: auto")
	int worker_cpus[MST_MAX_WORKERS]; // one CPU more than once, or control's too: shared
	unsigned int n_workers; // 0 = choose: every other CPU this process may run on; one CPU: share it
	bool one_lcore;		// no worker lcores: the loop of the caller does the work of worker 0 as well
	enum mst_rt_huge huge;	// auto: hugepages when enough are free, else --no-huge --no-shconf
	unsigned int memory_mib;
	const char *file_prefix;
	const char *const *extra_eal;
	size_t n_extra_eal;
	bool needs_pci; // a port is a PCI device: scan the bus, probe nothing by itself
};

// Builds the EAL arguments, logs them, starts EAL, makes QSBR, defer queue and rings. On failure err says
// what is missing on the host and the command that mends it; -EINVAL (configuration), -ENOMEM (hugepages),
// -EPERM, -EIO.
MST_MUST_USE int mst_rt_start(const struct mst_rt_params *p, char *err, size_t err_cap);
void mst_rt_stop(void); // workers have returned; runs all that is deferred, frees what is left in the rings
// The first error that EAL or a driver logged since the last call, "" when none: the reason behind a bare -1.
// Any thread.
void mst_rt_eal_error(char *out, size_t cap);

unsigned int mst_rt_n_workers(void);
unsigned int mst_rt_worker_lcore(unsigned int worker); // EAL lcore id of worker 0 .. n-1
int mst_rt_worker_socket(unsigned int worker); // NUMA node of its CPU: what it uses most is allocated there
bool mst_rt_shares_cpu(void);		       // some lcores run on one CPU

typedef int mst_worker_fn(void *arg);		   // arg = (void *)(uintptr_t)worker index
MST_MUST_USE int mst_rt_launch(mst_worker_fn *fn); // on every worker lcore
void mst_rt_request_stop(void);			   // workers leave their loop at the next turn
void mst_rt_wait(void);				   // until they have
extern atomic_bool mst_rt_stopping_;
static inline bool
mst_rt_stopping(void) // worker, once every quiescent report
{
	return atomic_load_explicit(&mst_rt_stopping_, memory_order_relaxed);
}

// ---- QSBR: workers hold pointers to shared objects only between two quiescent reports -----------
extern struct rte_rcu_qsbr *mst_rt_qsbr_;
static inline struct rte_rcu_qsbr *
mst_rt_qsbr(void)
{
	return mst_rt_qsbr_;
}
void mst_rt_worker_online(unsigned int worker);	 // worker, once at start
void mst_rt_worker_offline(unsigned int worker); // worker, before any wait and at its end
static inline void
mst_rt_worker_quiescent(unsigned int worker) // worker, about every 256 turns, holding no shared pointer
{
	rte_rcu_qsbr_quiescent(mst_rt_qsbr_, worker);
}

// ---- sleep of an idle worker --------------------------------------------------------------------
// In this order, on the worker: announce; look once more at everything packets come from; sleep, or cancel when there
// was something. Whoever fills a ring of a worker that is asleep wakes it: mst_rt_inject does; a worker looks after
// the rings of the others at the end of its turns.
#define MST_RT_SLEEP_FDS 33
extern _Atomic uint64_t mst_rt_asleep_;
static inline uint64_t
mst_rt_asleep(void) // bit i: worker i has announced its sleep
{
	return atomic_load_explicit(&mst_rt_asleep_, memory_order_relaxed);
}
void mst_rt_sleep_announce(unsigned int worker);
void mst_rt_sleep_cancel(unsigned int worker);
// Offline meanwhile: until somebody wakes it, one of fds has something to read, or the time is over (false).
// Not at all when the workers are to stop.
bool mst_rt_sleep(unsigned int worker, const int *fds, unsigned int n_fds, uint64_t timeout_ns);
void mst_rt_wake(unsigned int worker); // any lcore; nothing when it is awake

// Call fn(p) on the control lcore when no worker can still hold p. Never blocks. Control lcore.
void mst_rt_defer(void (*fn)(void *p), void *p);
void mst_rt_reclaim(void);	    // control loop, every turn: runs what is due, bounded work
unsigned int mst_rt_deferred(void); // waiting now; the next two: most at once, and leaked at the limit
unsigned int mst_rt_deferred_high(void);
uint64_t mst_rt_defer_lost(void);
#define MST_RT_DEFER_MAX                                                                                     \
	(1u << 20) // beyond it mst_rt_defer leaks p, counts and logs: never a wait, never an early free

// Around reading shared objects on a thread that is no lcore (telemetry): one such reader at a time, the
// others wait; workers and the control lcore never do. Keep it short: reclaim stands still meanwhile.
void mst_rt_reader_enter(void);
void mst_rt_reader_leave(void);

// ---- the packet area: private bytes of every mbuf of our pool -----------------------------------
// Pointers in it are valid within one burst on one worker; across a ring only index and id name a session.
struct mst_pkt {
	void *session;	 // struct mst_session, set by a lookup stage
	void *sa;	 // struct mst_sa
	const void *adj; // struct mst_adj, set by stage_route
	uint64_t seq;	 // DTLS sequence number of the record
	uint32_t session_index;
	uint32_t session_id;
	uint16_t l3_off;     // outer IP header, from the start of data
	uint16_t record_off; // DTLS record, from the start of data
	uint16_t record_len;
	uint16_t l3_len;    // length of the IP packet in hand (outer before open, inner after)
	uint8_t ip_version; // of the IP packet in hand: 4 or 6
	uint8_t type;	    // first byte of the DTLS plaintext (inner type)
	uint8_t content;    // DTLS content type of the record
	uint8_t verdict;    // enum mst_verdict, when it leaves a pipeline
	uint8_t port;	    // our port index (not DPDK's): where it came in, or for MST_ENTRY_FRAME goes out
	uint8_t entry;	    // enum mst_entry, on the inject ring
	uint8_t punt;	    // enum mst_punt_class, on the kernel ring
	uint8_t flags;	    // MST_PKT_*
	uint16_t worker;    // index of the worker that handed it over
	uint32_t sa_serial; // of the association that was looked up, where the packet goes on by ring
};
static_assert(sizeof(struct mst_pkt) <= 64, "the packet area is one cache line");

#define MST_PKT_INNER 0x01 // data begins at an IP header of the inside (tun), not at an Ethernet header (tap)
#define MST_PKT_PLAIN 0x02 // on the control ring: data is the plaintext of an opened record of type content
#define MST_PKT_RESOLVE                                                                                      \
	0x04		   // on the control ring: data is an outer IP packet whose next hop is to be resolved
#define MST_PKT_STRAY 0x08 // on the control ring: a protected record from an address that is nobody's

static inline struct mst_pkt *
mst_pkt(struct rte_mbuf *m)
{
	return rte_mbuf_to_priv(m);
}

// ---- rings --------------------------------------------------------------------------------------
// Worker -> control, one each for the whole process, many producers, one consumer. What is in them:
//   CONTROL  DTLS handshake and alert records: data = whole frame, l3_off record_off record_len set; or, with
//            MST_PKT_PLAIN, what the keys of session_index, session_id opened: data = plaintext, content set; or,
//            with MST_PKT_RESOLVE, an outer IP packet to ask mst_route_resolve about and to free; or, with
//            MST_PKT_STRAY, a record of unknown peer: whole frame, as for a handshake
//   KERNEL   for a tap (whole frame) or the tun (inner IP packet, MST_PKT_INNER); exception drains it
//   STREAM   inner IP packet towards a device without DTLS: session_index, session_id set
enum mst_ring { MST_RING_CONTROL, MST_RING_KERNEL, MST_RING_STREAM, MST_RING_COUNT };
struct rte_ring *mst_rt_ring(enum mst_ring which);

// Control -> worker, one ring a worker (producer: control), and worker -> worker hand-over, one ring a
// worker.
enum mst_entry {
	MST_ENTRY_FRAME,       // whole frame: transmit on our port pkt->port
	MST_ENTRY_OUTER,       // outer IP packet made by control: stage_route, stage_rewrite
	MST_ENTRY_FROM_DEVICE, // inner IP packet of a CSTP frame; session_index/id set: stage_inner onwards
	MST_ENTRY_TO_DEVICE,   // inner IP packet from the kernel's tun: stage_lookup_out onwards
	MST_ENTRY_RECORD, // whole frame, parsed and looked up: session_index/id, sa_serial set: stage_open onwards
};
struct rte_ring *mst_rt_ring_inject(unsigned int worker);
struct rte_ring *mst_rt_ring_handoff(unsigned int worker);
// Sets pkt->entry and enqueues; on a full ring frees the mbuf, counts and returns -ENOBUFS. Control lcore.
int mst_rt_inject(unsigned int worker, struct rte_mbuf *m, enum mst_entry entry);
uint64_t mst_rt_inject_full(void); // how often the ring was full

// ---- counters that one lcore writes and anybody reads ------------------------------------------
// One writer: no locked instruction. The writer, whichever lcore that is.
static inline void
mst_counter_add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}

// ---- telemetry: a table of rows, registered at once ---------------------------------------------
struct mst_telemetry_row {
	const char *command; // "/mst/..."
	telemetry_cb
		fn; // runs on EAL's telemetry thread: reads with relaxed atomics, takes no lock of a worker
	const char *help;
};
MST_MUST_USE int mst_rt_telemetry(const struct mst_telemetry_row *rows, size_t n);
