// Records that authenticate from an address which is nobody's: a translator has given the device another port, or the
// device has another address. The record tells whose it is by the keys that open it. Who sends from there without such
// keys costs a bounded number of tries and gets no answer. Control lcore.
//
// Tried are sessions that have been at this address, by UDP or TCP, and then, some at each record, all others: of those
// only whose next record could have this number. Every other record tries those that expect it most, which is whose it is
// unless he has lost much; the records between try one after the other, so that nobody is left out for ever. Workers pass on no more than their budget, control looks at no more than its own.
#include <string.h>

#include <rte_jhash.h>

#include "control.h"

#define STRAYS_PER_S 1000 // looked at
#define STRAYS_AT_ONCE 100
#define LOOKED_THROUGH 512 // sessions, of each of the two kinds, a record
#define TRIES 8		   // of opening it
// A device loses what it sends before it notices, at the rate of the line at the worst for some seconds.
#define AHEAD_MAX (1u << 20)
#define MOVE_PAUSE_NS (100 * MST_NS_PER_MS) // of one session

struct candidate {
	struct control_login *login;
	uint64_t ahead; // of the number that is expected
};

struct stray {
	struct mst_control *c;
	const struct mst_sa_tuple *from;
	const uint8_t *record;
	size_t len;
	struct mst_dtls_header h;
	unsigned int tries; // left
	uint64_t now_ns;
	bool ranks;
	struct candidate best[TRIES]; // with ranks: the one that it is the least ahead of first
	unsigned int n;
};

// ---- where devices have been --------------------------------------------------------------------
static struct control_places *
bucket_of(struct mst_control *c, const struct mst_ip *ip)
{
	uint32_t words[4]; // rte_jhash reads words, and bytes stand anywhere

	memcpy(words, ip->bytes, sizeof(words));
	return &c->places[rte_jhash_32b(words, 4, c->hash_seed ^ ip->family) & (CONTROL_TUPLE_BUCKETS - 1)];
}

static struct mst_ip
peer_of(const struct mst_sa_tuple *t)
{
	struct mst_ip ip = {.family = (uint8_t)t->version};

	memcpy(ip.bytes, t->peer, sizeof(ip.bytes));
	return ip;
}

static void
leave_place(struct mst_control *c, struct control_place *p)
{
	if (p->ip.family != 0)
		TAILQ_REMOVE(bucket_of(c, &p->ip), p, place);
	p->ip.family = 0;
}

static void
take_place(struct control_login *l, struct control_place *p, const struct mst_ip *ip)
{
	leave_place(l->c, p);
	p->ip = *ip;
	p->login = l;
	TAILQ_INSERT_TAIL(bucket_of(l->c, ip), p, place);
}

void
control_roam_note(struct control_login *l)
{
	const struct mst_sa *sa = atomic_load_explicit(&l->session->sa, memory_order_relaxed);
	struct mst_ip udp;

	rte_pktmbuf_free(l->stray); // of another association
	l->stray = NULL;
	if (sa == NULL)
		return;
	udp = peer_of(&sa->tuple);
	take_place(l, &l->udp_place, &udp);
	leave_place(l->c, &l->tcp_place);
	if (l->conn != NULL && !mst_ip_equal(&l->conn->remote, &udp))
		take_place(l, &l->tcp_place, &l->conn->remote);
	if (!l->roams)
		TAILQ_INSERT_TAIL(&l->c->roamers, l, roamer);
	l->roams = true;
}

void
control_roam_forget(struct control_login *l)
{
	leave_place(l->c, &l->udp_place);
	leave_place(l->c, &l->tcp_place);
	if (l->roams)
		TAILQ_REMOVE(&l->c->roamers, l, roamer);
	l->roams = false;
	rte_pktmbuf_free(l->stray);
	l->stray = NULL;
}

// ---- whose is it? -------------------------------------------------------------------------------
// cookie.deny_roaming: another port is a translator's doing, another address is the device's (IPv6: another /64).
static bool
may_come_from(const struct stray *x, const struct mst_sa *sa)
{
	return !x->c->conf->cookie.deny_roaming ||
	       memcmp(sa->tuple.peer, x->from->peer, sa->tuple.version == 4 ? 4 : 8) == 0;
}

// Nothing of this is proof: it only saves tries.
static bool
may_be_of(const struct stray *x, const struct control_login *l, uint64_t *ahead)
{
	const struct mst_sa *sa = atomic_load_explicit(&l->session->sa, memory_order_relaxed);
	uint64_t next;

	if (sa == NULL || sa->epoch != x->h.epoch || sa->tuple.version != x->from->version ||
		x->now_ns < l->roamed_ns + MOVE_PAUSE_NS || !may_come_from(x, sa))
		return false;
	next = mst_dtls_window_next(&sa->window);
	*ahead = x->h.seq - next;
	return x->h.seq >= next && *ahead < AHEAD_MAX;
}

static void
consider(struct stray *x, struct control_login *l)
{
	struct candidate c = {.login = l}, worse;

	if (!may_be_of(x, l, &c.ahead))
		return;
	for (unsigned int i = 0; i < x->tries; i++) {
		if (i == x->n) {
			x->best[x->n++] = c;
			return;
		}
		if (c.ahead >= x->best[i].ahead)
			continue;
		worse = x->best[i];
		x->best[i] = c;
		c = worse;
	}
}

static bool
opens(struct stray *x, const struct control_login *l)
{
	const struct mst_sa *sa = atomic_load_explicit(&l->session->sa, memory_order_relaxed);
	uint8_t *copy = x->c->record, *plain;
	size_t plain_len;

	x->tries--;
	CONTROL_COUNT(x->c, stray_tries);
	memcpy(copy, x->record, x->len);
	return mst_dtls_open(&sa->keys, copy, x->len, &x->h, &plain, &plain_len) == MST_DTLS_OK;
}

// Found, or looked at.
static bool
look_at(struct stray *x, struct control_login *l)
{
	uint64_t ahead;

	if (!x->ranks)
		return may_be_of(x, l, &ahead) && opens(x, l);
	consider(x, l);
	return false;
}

static struct control_login *
open_best(struct stray *x)
{
	unsigned int n = x->n;

	x->n = 0;
	for (unsigned int i = 0; i < n; i++) {
		if (opens(x, x->best[i].login))
			return x->best[i].login;
	}
	return NULL;
}

// Whom this record looks at is looked at last by the next one.
static struct control_login *
find_at_place(struct stray *x)
{
	struct mst_ip from = peer_of(x->from);
	struct control_places *bucket = bucket_of(x->c, &from);

	for (unsigned int i = 0; i < LOOKED_THROUGH && x->tries != 0; i++) {
		struct control_place *p = TAILQ_FIRST(bucket);

		if (p == NULL || p->seen_ns == x->now_ns)
			break;
		p->seen_ns = x->now_ns;
		TAILQ_REMOVE(bucket, p, place);
		TAILQ_INSERT_TAIL(bucket, p, place);
		if (mst_ip_equal(&p->ip, &from) && look_at(x, p->login))
			return p->login;
	}
	return open_best(x);
}

static struct control_login *
find_anywhere(struct stray *x)
{
	struct control_login *first = TAILQ_FIRST(&x->c->roamers), *l;

	for (unsigned int i = 0; i < LOOKED_THROUGH && x->tries != 0; i++) {
		l = TAILQ_FIRST(&x->c->roamers);
		if (l == NULL || (i != 0 && l == first))
			break;
		TAILQ_REMOVE(&x->c->roamers, l, roamer);
		TAILQ_INSERT_TAIL(&x->c->roamers, l, roamer);
		if (look_at(x, l))
			return l;
	}
	return open_best(x);
}

// ---- and to where -------------------------------------------------------------------------------
static void
to_owner(const struct mst_sa *sa, struct rte_mbuf *m)
{
	struct mst_pkt *p = mst_pkt(m);

	p->session_index = sa->session_index;
	p->session_id = sa->session_id;
	p->sa_serial = sa->serial;
	p->flags = 0;
	(void)mst_rt_inject(sa->owner, m, MST_ENTRY_RECORD);
}

static void
arrived(struct mst_session *s, bool moved)
{
	const struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_relaxed);
	struct control_login *l = s->owner;
	struct mst_ip ip = peer_of(&sa->tuple);
	char text[MST_IP_TEXT_BYTES];

	if (moved) {
		CONTROL_COUNT(l->c, roam_moved);
		MST_LOG(INFO, "control", "%s sends from %s port %u now", l->user, mst_ip_format(&ip, text),
			ntohs(sa->tuple.peer_port_be));
		control_look_heard(l);
	} else {
		CONTROL_COUNT(l->c, roam_stayed);
	}
	// It opens under the window that it has come to: what has come twice is dropped there.
	if (l->stray != NULL)
		to_owner(sa, l->stray);
	l->stray = NULL;
	control_roam_note(l);
}

static bool
within_budget(struct mst_control *c, uint64_t now_ns)
{
	uint64_t due_ns = (c->stray_due_ns > now_ns ? c->stray_due_ns : now_ns) + MST_NS_PER_S / STRAYS_PER_S;

	if (due_ns > now_ns + STRAYS_AT_ONCE * (MST_NS_PER_S / STRAYS_PER_S))
		return false;
	c->stray_due_ns = due_ns;
	return true;
}

bool
control_roam_record(struct mst_control *c, const struct mst_sa_tuple *from, struct rte_mbuf *m,
	const uint8_t *record, size_t len)
{
	struct stray x = {.c = c, .from = from, .record = record, .tries = TRIES, .now_ns = mst_now_ns()};
	struct mst_sa_move move = {.to = *from, .owner = mst_pkt(m)->worker, .done = arrived};
	const struct mst_sa *sa = mst_sa_lookup(from);
	struct control_login *l;

	if (sa != NULL) { // it was on the way when its device was found
		to_owner(sa, m);
		return true;
	}
	if (mst_dtls_parse(record, len, &x.h) != MST_DTLS_OK || x.h.epoch == 0)
		return false;
	x.len = MST_DTLS_HEADER_BYTES + (size_t)x.h.length;
	if (x.len > sizeof(c->record) || !within_budget(c, x.now_ns)) {
		CONTROL_COUNT(c, stray_over);
		return false;
	}
	x.ranks = c->stray_ranks = !c->stray_ranks;
	l = find_at_place(&x);
	if (l == NULL)
		l = find_anywhere(&x);
	move.seq = x.h.seq;
	if (l == NULL || mst_sa_move(l->session, &move) < 0) {
		CONTROL_COUNT(c, stray_nobody);
		return false;
	}
	l->roamed_ns = x.now_ns;
	rte_pktmbuf_free(l->stray);
	l->stray = m;
	return true;
}
