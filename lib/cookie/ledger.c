// Which sessions live and which have ended, in a table of fixed size: an entry stands in one of the places behind the one
// that its id names. Control lcore.
#include "ledger.h"

#include <errno.h>
#include <string.h>

#define WINDOW 32 // places an entry may stand in: all are looked at, always
#define PLACES_A_SESSION 4
#define PLACES_MIN 1024

uint64_t
mst_cookie_end_unix_s(const struct mst_cookie *cookie)
{
	return cookie->expires_unix_s != 0 ? cookie->expires_unix_s
					   : cookie->issued_unix_s + MST_COOKIE_LIFE_MAX_S;
}

uint32_t
ledger_places(uint32_t max_sessions)
{
	uint64_t n = PLACES_MIN;

	while (n < (uint64_t)PLACES_A_SESSION * max_sessions)
		n *= 2;
	return (uint32_t)n;
}

// Ids are random: any of their bytes spread evenly.
static struct mst_cookie_entry *
place(const struct mst_cookie_ledger *l, const uint8_t *id, uint32_t i)
{
	uint32_t start;

	memcpy(&start, id, sizeof(start));
	return &l->entries[(start + i) & (l->n - 1)];
}

static bool
is_free(const struct mst_cookie_entry *e, uint64_t now_unix_s)
{
	return e->known == MST_COOKIE_NEW || e->expires_unix_s <= now_unix_s;
}

// Who has ended goes before who lives, and of equals who is over first.
static bool
goes_before(const struct mst_cookie_entry *a, const struct mst_cookie_entry *b)
{
	if (a->known != b->known)
		return a->known == MST_COOKIE_ENDED;
	return a->expires_unix_s < b->expires_unix_s;
}

// The place of the id, else a free one, else one that is cleared for it.
static struct mst_cookie_entry *
place_for(struct mst_cookie_ledger *l, const uint8_t *id, uint64_t now_unix_s)
{
	struct mst_cookie_entry *room = NULL;
	struct mst_cookie_entry *least = place(l, id, 0);

	for (uint32_t i = 0; i < WINDOW; i++) {
		struct mst_cookie_entry *e = place(l, id, i);

		if (mst_ct_equal(e->id, id, sizeof(e->id)))
			return e;
		if (room == NULL && is_free(e, now_unix_s))
			room = e;
		if (goes_before(e, least))
			least = e;
	}
	if (room != NULL)
		return room;
	l->forgotten++;
	if (least->issued_unix_s > l->head->floor_unix_s)
		l->head->floor_unix_s = least->issued_unix_s;
	return least;
}

void
ledger_put(struct mst_cookie_ledger *l, const struct mst_cookie_entry *entry, uint64_t now_unix_s)
{
	struct mst_cookie_entry *e = place_for(l, entry->id, now_unix_s);

	// Whoever reads the file after a crash between these stores finds a place that is free.
	e->known = MST_COOKIE_NEW;
	atomic_signal_fence(memory_order_seq_cst);
	memcpy(e->id, entry->id, sizeof(e->id));
	e->issued_unix_s = entry->issued_unix_s;
	e->expires_unix_s = entry->expires_unix_s;
	e->addr4 = entry->addr4;
	atomic_signal_fence(memory_order_seq_cst);
	e->known = entry->known;
}

void
mst_cookie_ledger_note(struct mst_cookie_ledger *l, const struct mst_cookie *cookie,
	enum mst_cookie_known known, uint64_t now_unix_s)
{
	struct mst_cookie_entry e = {
		.issued_unix_s = (uint32_t)cookie->issued_unix_s,
		.expires_unix_s = (uint32_t)mst_cookie_end_unix_s(cookie),
		.addr4 = mst_ip4_host(&cookie->addr4),
		.known = known,
	};

	memcpy(e.id, cookie->id, sizeof(e.id));
	ledger_put(l, &e, now_unix_s);
}

enum mst_cookie_known
mst_cookie_ledger_look(
	const struct mst_cookie_ledger *l, const struct mst_cookie *cookie, uint64_t now_unix_s)
{
	enum mst_cookie_known known =
		cookie->issued_unix_s > l->head->floor_unix_s ? MST_COOKIE_NEW : MST_COOKIE_ENDED;

	for (uint32_t i = 0; i < WINDOW; i++) {
		const struct mst_cookie_entry *e = place(l, cookie->id, i);

		if (mst_ct_equal(e->id, cookie->id, sizeof(e->id)) && !is_free(e, now_unix_s))
			known = e->known;
	}
	return known;
}

const struct mst_cookie_entry *
mst_cookie_ledger_next(
	const struct mst_cookie_ledger *l, uint32_t *at, enum mst_cookie_known known, uint64_t now_unix_s)
{
	while (*at < l->n) {
		const struct mst_cookie_entry *e = &l->entries[(*at)++];

		if (e->known == (uint32_t)known && !is_free(e, now_unix_s))
			return e;
	}
	return NULL;
}

uint64_t
mst_cookie_ledger_forgotten(const struct mst_cookie_ledger *l)
{
	return l->forgotten;
}
