// Points by source. They drain away evenly, max-points in reset-time; whoever reaches max-points is banned for ban-time. An
// office behind one address is not locked out by its users' mistakes: a user who signs in takes back the points that his
// own mistakes have added, and each user who is known from an address gives it room for one mistake more. A password
// spray gains nothing by it: an account of one's own takes back only the mistakes made with that account.
// Control lcore.
#include "ban.h"

#include <ctype.h>

#define SCALE 1000
#define KNOWN_MS (12ULL * 3600 * 1000) // how long a source is known for its users after the last sign-in
#define KNOWN_MAX 4096
#define BUCKET_UNIT 1000 // microseconds in a millisecond

// The finaliser of MurmurHash3: every bit of the source moves every bit of the result.
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static uint64_t
address_of(const struct mst_ip *ip)
{
	struct mst_rd r = mst_rd_init(ip->bytes, sizeof(ip->bytes));

	return ip->family == 4 ? mst_rd_u32(&r) : mst_rd_be(&r, 8);
}

static uint64_t
source_hash(const struct control_bans *b, uint64_t address, uint8_t family)
{
	return mix(mix(address ^ b->seed) + family + b->seed);
}

// Nobody outside knows the seed, so nobody can choose a name that meets another one's. Case is what people mistype.
static uint64_t
user_tag(const struct control_bans *b, uint64_t source, const char *user)
{
	uint64_t tag = source;

	for (; *user != '\0'; user++)
		tag = mix(tag ^ (uint8_t)tolower((unsigned char)*user)) + b->seed;
	return tag | 1;
}

struct control_bans *
ban_create(void)
{
	struct control_bans *b = calloc(1, sizeof(*b));

	if (b != NULL)
		mst_random(&b->seed, sizeof(b->seed));
	return b;
}

void
ban_destroy(struct control_bans *b)
{
	free(b);
}

// ---- what is left of points ---------------------------------------------------------------------
static uint64_t
level(const struct mst_conf_bans *conf, const struct ban_source *s, uint64_t now_ms)
{
	uint64_t gone = conf->max_points * (now_ms - s->at_ms) / conf->reset_s; // thousandths a millisecond

	return s->points > gone ? s->points - gone : 0;
}

// What a user has added does not drain by itself: the source's points do, once for all users together.
static uint64_t
own(const struct mst_conf_bans *conf, const struct ban_user *u, uint64_t now_ms)
{
	return now_ms - u->at_ms < conf->reset_s * 1000ULL ? u->points : 0;
}

static uint64_t
known_users(const struct ban_source *s, uint64_t now_ms)
{
	return now_ms - s->known_ms < KNOWN_MS ? s->known : 0;
}

static uint64_t
most(const struct mst_conf_bans *conf, const struct ban_source *s, uint64_t now_ms)
{
	return SCALE * (conf->max_points + known_users(s, now_ms) * conf->wrong_password);
}

// ---- the two tables -----------------------------------------------------------------------------
// What is lost when the entry goes: a ban most, then points, then being known. Full of bans, the table lets the one go that
// ends first: strangers in any number never lock everybody out.
static uint64_t
worth(const struct ban_source *s, uint64_t now_ms)
{
	if (s->family == 0)
		return 0;
	if (s->until_ms > now_ms)
		return UINT64_MAX / 2 + (s->until_ms - now_ms);
	return 1 + s->points + SCALE * known_users(s, now_ms);
}

static struct ban_source *
find_source(struct control_bans *b, const struct mst_ip *ip)
{
	uint64_t address = address_of(ip);
	struct ban_source *set = b->sources[source_hash(b, address, ip->family) % BAN_SETS];

	for (unsigned int i = 0; i < BAN_WAYS; i++) {
		if (set[i].family == ip->family && set[i].address == address)
			return &set[i];
	}
	return NULL;
}

static struct ban_source *
source_of(struct control_bans *b, const struct mst_ip *ip, uint64_t now_ms)
{
	uint64_t address = address_of(ip);
	struct ban_source *set = b->sources[source_hash(b, address, ip->family) % BAN_SETS];
	struct ban_source *s = find_source(b, ip);

	if (s != NULL)
		return s;
	s = set;
	for (unsigned int i = 1; i < BAN_WAYS; i++) {
		if (worth(&set[i], now_ms) < worth(s, now_ms))
			s = &set[i];
	}
	*s = (struct ban_source){.address = address, .family = ip->family, .at_ms = now_ms};
	return s;
}

static struct ban_user *
user_of(struct control_bans *b, const struct ban_source *s, const char *user, uint64_t now_ms)
{
	uint64_t tag = user_tag(b, source_hash(b, s->address, s->family), user);
	struct ban_user *set = b->users[tag / 2 % BAN_SETS];
	struct ban_user *u = set;

	for (unsigned int i = 0; i < BAN_WAYS; i++) {
		if (set[i].tag == tag)
			return &set[i];
		if (set[i].at_ms < u->at_ms)
			u = &set[i];
	}
	*u = (struct ban_user){.tag = tag, .at_ms = now_ms};
	return u;
}

// ---- what happens -------------------------------------------------------------------------------
bool
ban_is_exempt(const struct mst_conf_bans *conf, const struct mst_ip *ip)
{
	for (uint32_t i = 0; i < conf->n_exempt; i++) {
		if (mst_net_contains(&conf->exempt[i], ip))
			return true;
	}
	return false;
}

bool
ban_is_banned(struct control_bans *b, const struct mst_ip *ip, uint64_t now_ms)
{
	const struct ban_source *s = find_source(b, ip);

	return s != NULL && s->until_ms > now_ms;
}

// The bucket as its time of arrival (GCRA, ITU-T I.371 annex A), a second's worth deep.
bool
ban_admit(struct control_bans *b, const struct mst_ip *ip, uint32_t per_s, uint64_t now_ms)
{
	struct ban_source *s = source_of(b, ip, now_ms);
	uint64_t now = now_ms * BUCKET_UNIT;
	uint64_t cost = per_s != 0 ? 1000ULL * BUCKET_UNIT / per_s : 0;
	uint64_t next = (s->full_us > now ? s->full_us : now) + cost;

	if (next > now + 1000ULL * BUCKET_UNIT)
		return false;
	s->full_us = next;
	return true;
}

static bool
add(struct ban_source *s, const struct mst_conf_bans *conf, uint32_t points, uint64_t now_ms)
{
	s->points = level(conf, s, now_ms) + (uint64_t)SCALE * points;
	s->at_ms = now_ms;
	if (s->points < most(conf, s, now_ms) || s->until_ms > now_ms)
		return false;
	s->until_ms = now_ms + conf->ban_s * 1000ULL;
	s->points = 0; // a ban is served, not counted twice
	return true;
}

bool
ban_flood(struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip, uint64_t now_ms)
{
	struct ban_source *s;

	if (conf->max_points == 0 || conf->connect_flood == 0)
		return false;
	s = source_of(b, ip, now_ms);
	if (now_ms - s->flood_ms < 1000)
		return false;
	s->flood_ms = now_ms;
	return add(s, conf, conf->connect_flood, now_ms);
}

bool
ban_failed(struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip,
	const char *user, uint64_t now_ms)
{
	struct ban_source *s;
	struct ban_user *u;

	if (conf->max_points == 0 || conf->wrong_password == 0)
		return false;
	s = source_of(b, ip, now_ms);
	u = user_of(b, s, user, now_ms);
	u->points = own(conf, u, now_ms) + (uint64_t)SCALE * conf->wrong_password;
	u->at_ms = now_ms;
	return add(s, conf, conf->wrong_password, now_ms);
}

void
ban_succeeded(struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip,
	const char *user, uint64_t now_ms)
{
	struct ban_source *s;
	struct ban_user *u;
	uint64_t his, all;

	if (conf->max_points == 0)
		return;
	s = source_of(b, ip, now_ms);
	u = user_of(b, s, user, now_ms);
	his = own(conf, u, now_ms);
	all = level(conf, s, now_ms);
	s->points = all > his ? all - his : 0;
	s->at_ms = now_ms;
	u->points = 0;
	u->at_ms = now_ms;
	s->known = (uint16_t)known_users(s, now_ms);
	if (!u->known && s->known < KNOWN_MAX)
		s->known++;
	if (s->known == 0) // known before, and long ago
		s->known = 1;
	u->known = true;
	s->known_ms = now_ms;
}

bool
ban_lift(struct control_bans *b, const struct mst_conf_bans *conf, const struct mst_ip *ip, uint64_t now_ms)
{
	struct ban_source *s = find_source(b, ip);
	bool any = s != NULL && (s->until_ms > now_ms || level(conf, s, now_ms) != 0);

	if (any)
		s->until_ms = s->points = 0;
	return any;
}

bool
ban_next(const struct control_bans *b, const struct mst_conf_bans *conf, size_t *at, uint64_t now_ms,
	struct mst_control_ban *out)
{
	for (; *at < BAN_SOURCES; ++*at) {
		const struct ban_source *s = &b->sources[*at / BAN_WAYS][*at % BAN_WAYS];
		uint64_t points = s->family != 0 ? level(conf, s, now_ms) : 0;

		if (points == 0 && s->until_ms <= now_ms)
			continue;
		*out = (struct mst_control_ban){
			.source = {.ip = {.family = s->family}, .depth = s->family == 4 ? 32 : 64},
			.points = (uint32_t)((points + SCALE - 1) / SCALE),
			.max_points = (uint32_t)(most(conf, s, now_ms) / SCALE),
			.known_users = (uint32_t)known_users(s, now_ms),
			.left_s = s->until_ms > now_ms ? (uint32_t)((s->until_ms - now_ms + 999) / 1000) : 0,
		};
		struct mst_wr w = mst_wr_init(out->source.ip.bytes, sizeof(out->source.ip.bytes));
		mst_wr_be(&w, s->address, s->family == 4 ? 4 : 8);
		++*at;
		return true;
	}
	return false;
}
