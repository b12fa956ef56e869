// What the files of lib/route share: the events a netlink message becomes, the mirror of the kernel's routes
// and neighbours (plain memory, control lcore, no I/O), and what is made of them for the workers.
#pragma once

#include <stdatomic.h>

#include <linux/netlink.h>

#include "mst_route.h"

#define ROUTE_MAX_HOPS 32     // next hops taken of one multipath route
#define ROUTE_MAX_NEIGH 16384 // neighbours mirrored
#define ROUTE_MAX_ADJ 32768   // adjacency slots: neighbours and gateways
#define ROUTE_MAX_FIXED 12    // pools, and nets that are never routed

// ---- msg.c: netlink bytes to events, pure -------------------------------------------------------------
enum route_event_kind { ROUTE_EV_LINK, ROUTE_EV_ADDR, ROUTE_EV_ROUTE, ROUTE_EV_NEIGH };

// Order of preference for one prefix: what the process promises, then the kernel's tables local and main.
enum route_rank { ROUTE_RANK_FIXED, ROUTE_RANK_LOCAL, ROUTE_RANK_MAIN };
enum route_class { ROUTE_CLASS_UNICAST, ROUTE_CLASS_LOCAL, ROUTE_CLASS_POOL, ROUTE_CLASS_REFUSE };

struct route_hop {
	int ifindex;
	struct mst_ip gateway; // family 0: on link
	bool usable;	       // not dead, carrier up
};

struct route_event {
	enum route_event_kind kind;
	bool del;
	bool replace, append; // a new route: in the place of its equals, behind them
	int ifindex;	      // link, neighbour
	bool up;	      // link
	uint32_t mtu;	      // link, 0 = not told
	struct mst_ip ip;     // neighbour
	uint16_t state;	      // neighbour, NUD_*
	bool has_mac;
	struct rte_ether_addr mac;
	struct mst_net net; // route; host bits cleared
	enum route_rank rank;
	enum route_class class;
	uint32_t metric;
	unsigned int n_hops; // route; a REFUSE has one of ifindex 0
	struct route_hop hops[ROUTE_MAX_HOPS];
};

// 0 and *out; -ENOMSG: well formed and of no concern here; -EBADMSG: cut or contradictory.
MST_MUST_USE int route_msg_parse(const struct nlmsghdr *nlh, size_t len, struct route_event *out);

// ---- rib.c, rib_best.c: the mirror of routes ----------------------------------------------------------
struct rib_cand { // one next hop of one route
	struct rib_cand *next;
	struct route_hop hop;
	uint32_t metric;
	uint32_t generation;
	enum route_rank rank;
	enum route_class class;
};

struct rib_prefix {
	struct rib_prefix *next, *dirty_next;
	struct rib_cand *cands; // best first
	struct mst_net net;
	uint32_t slot; // in the workers' table when installed
	bool installed, dirty;
};

struct rib {
	struct rib_prefix **buckets;
	struct rib_prefix *dirty, *dirty_tail;
	uint32_t mask, n_cands[2], max_cands, generation;
	uint32_t depth_count[2][129]; // prefixes that have a candidate, by family and depth
	uint64_t full;
};

MST_MUST_USE int rib_create(struct rib **out, uint32_t max_cands);
void rib_destroy(struct rib *rib);
// Applies a ROUTE event and marks its prefix dirty. -ENOSPC: the bound (counted); -ENOMEM; -ENOENT: nothing
// to delete.
int rib_apply(struct rib *rib, const struct route_event *ev);
// A dump begins: what is not applied again until rib_sweep goes. FIXED candidates stay.
void rib_begin(struct rib *rib);
void rib_sweep(struct rib *rib);
// The record of a prefix, made when missing, marked dirty; NULL without memory.
struct rib_prefix *rib_touch(struct rib *rib, const struct mst_net *net);
struct rib_prefix *rib_pop_dirty(struct rib *rib);
// Frees a record that is neither installed nor has a candidate.
void rib_settle(struct rib *rib, struct rib_prefix *p);
bool rib_uses(const struct rib *rib, int ifindex);
const struct rib_prefix *rib_find(const struct rib *rib, const struct mst_net *net);
// First usable candidate, NULL when there is none.
const struct rib_cand *rib_best(const struct rib_prefix *p);
// Best candidate of the longest prefix that covers ip and is shorter than depth.
const struct rib_cand *rib_parent(const struct rib *rib, const struct mst_ip *ip, unsigned int depth);
// Records one after another: NULL starts, NULL ends; n is the caller's bucket cursor.
struct rib_prefix *rib_next(const struct rib *rib, struct rib_prefix *p, uint32_t *n);

static inline unsigned int
route_family_bits(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

uint32_t route_hash(const void *data, size_t len, uint32_t seed);

// ---- neigh.c: the mirror of neighbours ----------------------------------------------------------------
struct neigh {
	struct neigh *next;
	int ifindex;
	struct mst_ip ip;
	uint16_t state;
	bool has_mac;
	struct rte_ether_addr mac;
	uint32_t generation;
};

struct neigh_table {
	struct neigh *buckets[4096];
	uint32_t n, generation;
	uint64_t full;
};

MST_MUST_USE int neigh_table_create(struct neigh_table **out);
void neigh_table_destroy(struct neigh_table *t);
// Applies a NEIGH event. -ENOSPC: the bound (counted); -ENOENT: nothing to delete.
int neigh_apply(struct neigh_table *t, const struct route_event *ev);
const struct neigh *neigh_find(const struct neigh_table *t, int ifindex, const struct mst_ip *ip);
bool neigh_usable(const struct neigh *n); // n may be NULL
void neigh_begin(struct neigh_table *t);
// Takes out one neighbour that the dump did not show; false when there is none left.
bool neigh_sweep_one(struct neigh_table *t, int *ifindex, struct mst_ip *ip);

// ---- choose.c: routes and neighbours to what a prefix means, pure -------------------------------------
struct route_link {
	struct mst_route_port port;
	uint16_t mtu; // of the tap as the kernel tells it, never above port.mtu
	bool up;
};

struct route_mirror {
	struct rib *rib;
	struct neigh_table *neighs;
	struct route_link links[2];
	unsigned int n_links;
	struct mst_net fixed[ROUTE_MAX_FIXED];
	unsigned int n_fixed;
};

struct route_choice {
	enum mst_adj_kind kind; // NONE, LOCAL, POOL, FOREIGN; READY = by the neighbour (ifindex, next_hop)
	int ifindex;
	struct mst_ip next_hop; // family 0: on link, the packet's own destination
};

const struct route_link *route_link_find(const struct route_mirror *m, int ifindex);
void route_choose(const struct route_mirror *m, const struct rib_prefix *p, struct route_choice *out);
// The adjacency of a next hop as things stand.
void route_fill_adj(
	const struct route_mirror *m, int ifindex, const struct mst_ip *next_hop, struct mst_adj *out);

// ---- limiter.c: pure ----------------------------------------------------------------------------------
#define ROUTE_LIMIT_SETS 64
#define ROUTE_LIMIT_WAYS 4
#define ROUTE_LIMIT_NS (100 * MST_NS_PER_MS)
struct route_limiter {
	struct {
		int ifindex; // 0 = free
		struct mst_ip ip;
		uint64_t last_ns;
	} set[ROUTE_LIMIT_SETS][ROUTE_LIMIT_WAYS];
};
// True once in ROUTE_LIMIT_NS for a key; false too when its set is full of younger keys.
bool route_limiter_admit(struct route_limiter *l, int ifindex, const struct mst_ip *ip, uint64_t now_ns);

// ---- adj.c: adjacency slots ---------------------------------------------------------------------------
enum { ROUTE_SLOT_NONE, ROUTE_SLOT_LOCAL, ROUTE_SLOT_POOL, ROUTE_SLOT_FOREIGN, ROUTE_SLOT_FIRST };
extern _Atomic(struct mst_adj *) *route_slots; // workers read; NULL before create

MST_MUST_USE int adj_create(const struct route_mirror *m);
void adj_destroy(void); // workers have stopped
// Slot of a choice, one more reference. A full table gives the on-link slot of the interface: the kernel
// forwards.
uint32_t adj_get(const struct route_choice *c);
// One reference less once adj_flush is called, which comes after the workers' tables let go of the slot.
void adj_put_later(uint32_t slot);
void adj_flush(void);
// The neighbour, or any of an interface, changed: publishes what is different now.
void adj_refresh(int ifindex, const struct mst_ip *next_hop);
void adj_refresh_link(int ifindex);
bool adj_in_use(int ifindex, const struct mst_ip *next_hop);

// ---- fib4.c, fib6.c: the workers' tables --------------------------------------------------------------
struct rte_lpm;
extern struct rte_lpm *fib4_lpm;
extern _Atomic uint32_t fib4_default;
MST_MUST_USE int fib4_create(uint32_t max_routes);
void fib4_destroy(void);
MST_MUST_USE int fib4_set(const struct mst_net *net, uint32_t slot);
void fib4_unset(const struct mst_net *net);

// Disjoint ranges of the address space in ascending order, the first at ::, immutable once published.
struct fib6_key {
	uint64_t hi, lo; // host order
};
struct fib6 {
	uint32_t n;
	uint32_t *slot;
	struct fib6_key start[];
};
struct fib6_route {
	struct mst_net net;
	uint32_t slot;
};
extern _Atomic(struct fib6 *) fib6_current;
// Builds the ranges of n routes (sorted in place, no two of one prefix); NULL without memory. fib6_free it.
struct fib6 *fib6_build(struct fib6_route *routes, uint32_t n);
void fib6_free(void *fib);
uint32_t fib6_find(const struct fib6 *fib, const uint8_t dst[16]);
// A new table of the IPv6 records of rib; the old one is retired. -ENOMEM keeps the old one.
MST_MUST_USE int fib6_publish(const struct rib *rib);

// ---- sync.c: events into the mirror, the mirror into the tables ---------------------------------------
extern struct route_mirror route_mirror;
extern _Atomic uint64_t route_full; // a bound was reached
MST_MUST_USE int sync_create(const struct mst_route_params *p);
void sync_destroy(void);
void sync_event(const struct route_event *ev);
void sync_dump_begin(void);
void sync_dump_end(void);
// Brings the workers' tables to the state of the mirror.
void sync_commit(void);
bool sync_wants_resync(void);  // the kernel dropped routes without a word
void sync_refresh_stale(void); // has the kernel probe the stale neighbours in use; after the commit of a dump

// ---- netlink.c: the sockets ---------------------------------------------------------------------------
MST_MUST_USE int netlink_open(char *err, size_t err_cap);
void netlink_close(void);
int netlink_fd(void);
// Dumps everything into sync_event; -EIO or a kernel error.
MST_MUST_USE int netlink_dump(void);
// Applies what is queued, a bounded piece; returns events handled, -ENOBUFS when some were lost.
int netlink_drain(void);
int netlink_use_neighbour(int ifindex, const struct mst_ip *ip);
