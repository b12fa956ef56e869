// Private to lib/cookie: the ledger as it stands in its file. Control lcore.
#pragma once

#include <assert.h>
#include <stdatomic.h>

#include "mst_cookie.h"

#define LEDGER_MAGIC "MSTldgr1"
#define LEDGER_MAGIC_BYTES 8

// Of this machine and in its byte order: nobody else reads it.
struct ledger_head {
	char magic[LEDGER_MAGIC_BYTES];
	uint32_t n_places;
	uint32_t floor_unix_s; // who signed in no later and is not known is refused
	uint8_t unused[48];
};

static_assert(sizeof(struct ledger_head) == 64, "entries stand on cache lines");
static_assert(sizeof(struct mst_cookie_entry) == 32, "an entry never lies across two pages");

struct mst_cookie_ledger {
	struct ledger_head *head;
	struct mst_cookie_entry *entries; // behind the head
	uint32_t n;			  // a power of two
	size_t bytes;			  // of the mapping
	int fd;				  // -1: no file
	uint64_t forgotten;
};

// ledger.c
uint32_t ledger_places(uint32_t max_sessions);
void ledger_put(struct mst_cookie_ledger *l, const struct mst_cookie_entry *entry, uint64_t now_unix_s);
