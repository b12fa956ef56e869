// The cookie by which a device comes back: what it says, sealed under a key of the site; the ring of these keys; and the
// memory of sessions, which outlives the process. Control lcore, but for mst_cookie_keys_rotate. No EAL.
#pragma once

#include "mst_base.h"
#include "mst_conf.h"

#define MST_COOKIE_ID_BYTES 16
#define MST_COOKIE_USER_BYTES 128
#define MST_COOKIE_GROUP_BYTES 64
#define MST_COOKIE_SERVER_BYTES 32
#define MST_COOKIE_DEVICE_BYTES 64
#define MST_COOKIE_HOST_BYTES 12
#define MST_COOKIE_DIGEST_BYTES 32 // SHA-256

// A cookie that names no end of its session is good for so long.
#define MST_COOKIE_LIFE_MAX_S (30 * 86400)
#define MST_COOKIE_KEYS_MAX 64
// A ring holds as many keys as it takes while a cookie lives; the rest is for turns by hand.
#define MST_COOKIE_KEYS_A_LIFE 48

// ---- what a cookie says -------------------------------------------------------------------------
struct mst_cookie {
	uint8_t id[MST_COOKIE_ID_BYTES];     // of the session, random
	uint64_t issued_unix_s;		     // sign-in: no reconnect changes it
	uint64_t expires_unix_s;	     // end of the session whatever happens; 0: none
	bool expires_with_proof;	     // that is when the token or certificate of the sign-in is over
	uint32_t policy;		     // number of the rules it was issued under
	uint32_t idle_s;		     // the user's own idle limit; 0: that of the gateway
	struct mst_ip addr4, addr6;	     // of the tunnel; family 0: none
	bool wished;			     // by the source of identities: addr4 need not be of any range
	struct mst_ip remote;		     // where the sign-in came from
	uint8_t host[MST_COOKIE_HOST_BYTES]; // that it came to, as mst_cookie_host calls it
	uint8_t certificate[MST_COOKIE_DIGEST_BYTES]; // that the sign-in took; all zero: none
	char user[MST_COOKIE_USER_BYTES];
	char group[MST_COOKIE_GROUP_BYTES];
	char server[MST_COOKIE_SERVER_BYTES]; // who issued it
	char device[MST_COOKIE_DEVICE_BYTES]; // its identity at the source of identities; may be empty
};

// Every cookie has the same length, so it tells nothing of the name; a multiple of three, so base64 has no bits to
// spare and each cookie one spelling.
#define MST_COOKIE_BYTES 471
#define MST_COOKIE_TEXT_BYTES (MST_COOKIE_BYTES / 3 * 4 + 1) // and a NUL

// What a cookie calls a host by: a digest of its name, so that names of any length take the same room; all zero: of the
// site itself, whose name is "".
void mst_cookie_host(const char *name, uint8_t out[MST_COOKIE_HOST_BYTES]);

struct mst_cookie_keys;

// The text of a cookie under the newest key. -ENOMEM; -EINVAL: a name without an end.
MST_MUST_USE int mst_cookie_seal(const struct mst_cookie_keys *keys, uint64_t now_unix_s,
	const struct mst_cookie *cookie, char text[MST_COOKIE_TEXT_BYTES]);
// -EBADMSG: not ours, which costs the same work whatever is wrong with it; -EKEYEXPIRED: ours, but over, or from the
// future; -ENOMEM. *out is written on success only.
MST_MUST_USE int mst_cookie_open(
	const struct mst_cookie_keys *keys, uint64_t now_unix_s, const char *text, struct mst_cookie *out);

// ---- the ring of keys ---------------------------------------------------------------------------
// A file of lines "ID CREATED KEY": 8 hex digits, seconds since 1970, 64 hex digits. Empty lines and lines that begin
// with '#' are skipped. The newest key whose time has come seals, all of them open.
#define MST_COOKIE_KEYS_FILE_BYTES 16384

// Reads the ring; where there is no file, makes one with one key. -EINVAL: malformed ("FILE:LINE: ..."), others can
// read it, or a key that anybody can guess; other errors of the system. err is filled on every failure.
MST_MUST_USE int mst_cookie_keys_load(
	struct mst_cookie_keys **out, const char *path, uint64_t now_unix_s, struct mst_conf_error *err);
// The same from text called name; no file.
MST_MUST_USE int mst_cookie_keys_parse(struct mst_cookie_keys **out, const char *name, const char *text,
	size_t len, struct mst_conf_error *err);
// One key, in memory only.
MST_MUST_USE int mst_cookie_keys_create(struct mst_cookie_keys **out, uint64_t now_unix_s);
void mst_cookie_keys_destroy(struct mst_cookie_keys *keys); // wipes; NULL is fine

// Puts a new key before those of the file and leaves out what can open no living cookie any more; whole or not at all.
// Waits for the disk: any thread but the control lcore's. -ENOSPC: the ring is full of keys that are still needed.
MST_MUST_USE int mst_cookie_keys_rotate(
	const char *path, uint64_t now_unix_s, uint64_t life_s, struct mst_conf_error *err);

struct mst_cookie_keys_info {
	uint32_t n;
	uint32_t id; // of the key that seals
	uint64_t created_unix_s;
};
void mst_cookie_keys_info(
	const struct mst_cookie_keys *keys, uint64_t now_unix_s, struct mst_cookie_keys_info *out);

// ---- the ledger: which sessions live, and which have ended ---------------------------------------
// A table in a mapped file: a store into it is there for the next process, however this one ends, and costs no system
// call. A power failure may lose the last half minute. It has a bound, and errs to the safe side when that is reached:
// who is not known to live and signed in no later than somebody it had to forget is refused.
struct mst_cookie_ledger;

enum mst_cookie_known { MST_COOKIE_NEW, MST_COOKIE_LIVES, MST_COOKIE_ENDED };

struct mst_cookie_entry {
	uint8_t id[MST_COOKIE_ID_BYTES];
	uint32_t issued_unix_s, expires_unix_s; // when nobody can come with the cookie any more
	uint32_t addr4;				// host order
	uint32_t known;				// enum mst_cookie_known; NEW: the place is free
};

// For max_sessions that live at a time, and some three times as many that have ended. Takes over what the file has, in
// whatever size. -EBUSY: another process uses it; -EINVAL: not a ledger; other errors of the system. err is filled.
MST_MUST_USE int mst_cookie_ledger_open(struct mst_cookie_ledger **out, const char *path,
	uint32_t max_sessions, uint64_t now_unix_s, struct mst_conf_error *err);
// The same without a file, for who does not outlive the process.
MST_MUST_USE int mst_cookie_ledger_create(struct mst_cookie_ledger **out, uint32_t max_sessions);
void mst_cookie_ledger_close(struct mst_cookie_ledger *ledger); // NULL is fine

// The session lives, or has ended; what was noted of it before is replaced.
void mst_cookie_ledger_note(struct mst_cookie_ledger *ledger, const struct mst_cookie *cookie,
	enum mst_cookie_known known, uint64_t now_unix_s);
enum mst_cookie_known mst_cookie_ledger_look(
	const struct mst_cookie_ledger *ledger, const struct mst_cookie *cookie, uint64_t now_unix_s);
// The next entry from place *at on, behind which *at stands afterwards; NULL: no more. Good until the next note.
const struct mst_cookie_entry *mst_cookie_ledger_next(const struct mst_cookie_ledger *ledger, uint32_t *at,
	enum mst_cookie_known known, uint64_t now_unix_s);
// Entries that had to be forgotten before their time, since the ledger was opened.
uint64_t mst_cookie_ledger_forgotten(const struct mst_cookie_ledger *ledger);
// The end of a cookie that names none.
uint64_t mst_cookie_end_unix_s(const struct mst_cookie *cookie);
