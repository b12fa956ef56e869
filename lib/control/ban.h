// Who is kept out, and how often who may knock: points, bans and token buckets by source, in memory of a fixed size. A source
// is an IPv4 address or an IPv6 /64. No clock and no I/O: time is an argument. Control lcore.
#pragma once

#include "mst_base.h"
#include "mst_conf.h"
#include "mst_control.h"

#define BAN_WAYS 8
#define BAN_SOURCES 65536 // and as many pairs of source and user
#define BAN_SETS (BAN_SOURCES / BAN_WAYS)

struct ban_source {
	uint64_t address; // of IPv4, or the upper half of IPv6
	uint8_t family;	  // 0: nobody
	uint16_t known;	  // users who have signed in from here
	uint64_t points;  // thousandths, as of at_ms
	uint64_t at_ms;
	uint64_t until_ms; // banned; 0: not
	uint64_t known_ms; // the last sign-in from here
	uint64_t full_us;  // when the token bucket is full again
	uint64_t flood_ms; // the last time that it got points for a flood
};

struct ban_user {
	uint64_t tag;	 // of source and name; 0: nobody
	uint64_t points; // thousandths, that he has added to his source, the last ones at_ms
	uint64_t at_ms;
	bool known; // has signed in from there
};

struct control_bans {
	uint64_t seed;
	struct ban_source sources[BAN_SETS][BAN_WAYS];
	struct ban_user users[BAN_SETS][BAN_WAYS];
};

struct control_bans *ban_create(void); // NULL: no memory
void ban_destroy(struct control_bans *b);

bool ban_is_exempt(const struct mst_conf_bans *conf, const struct mst_ip *ip);
bool ban_is_banned(struct control_bans *b, const struct mst_ip *ip, uint64_t now_ms);
// A connection comes: false when the source has had its per_s a second (0: any number).
bool ban_admit(struct control_bans *b, const struct mst_ip *ip, uint32_t per_s, uint64_t now_ms);
// True when this one was the point too much, and the source is banned from now on. A second of flood counts once: an
// office whose devices all come back at once is no attacker.
bool ban_flood(
	struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip, uint64_t now_ms);
bool ban_failed(struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip,
	const char *user, uint64_t now_ms);
void ban_succeeded(struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip,
	const char *user, uint64_t now_ms);
// Forgets the source; false when it has neither ban nor points.
bool ban_lift(
	struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip, uint64_t now_ms);
// The next source with points or a ban; *at is 0 at first. False: no more.
bool ban_next(const struct control_bans *b, const struct mst_conf_bans *conf, size_t *at, uint64_t now_ms,
	struct mst_control_ban *out);
