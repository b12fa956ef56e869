// Bans: eight wrong passwords in a row, and nobody else; an office's users do not lock each other out; memory stays what it
// is, and strangers in any number lock nobody out.
#include <string.h>

#include "mst_test.h"

#include "ban.h"

#define MIN_MS (60 * 1000ULL)
#define HOUR_MS (60 * MIN_MS)

static struct control_bans *b;
static struct mst_conf_bans conf;
static uint64_t now;

static int
setup(void **state)
{
	(void)state;
	conf = (struct mst_conf_bans){
		.max_points = 80, .wrong_password = 10, .connect_flood = 1, .reset_s = 1200, .ban_s = 300};
	now = 1000 * HOUR_MS;
	b = ban_create();
	return b != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	ban_destroy(b);
	return 0;
}

static struct mst_ip
ip(const char *text)
{
	struct mst_ip a;

	assert_int_equal(mst_ip_parse(text, &a), 0);
	return a;
}

// How many tries until the ban; 0: none within n.
static unsigned int
tries(const char *from, const char *user, unsigned int n, uint64_t apart_ms)
{
	struct mst_ip a = ip(from);

	for (unsigned int i = 1; i <= n; i++, now += apart_ms) {
		if (ban_failed(b, &conf, &a, user, now))
			return i;
	}
	return 0;
}

static bool
banned(const char *from)
{
	struct mst_ip a = ip(from);

	return ban_is_banned(b, &a, now);
}

static void
eight_in_a_row(void **state)
{
	(void)state;
	assert_int_equal(tries("192.0.2.7", "alice", 7, 0), 0);
	assert_false(banned("192.0.2.7"));
	assert_int_equal(tries("192.0.2.7", "bob", 1, 0), 1);
	assert_true(banned("192.0.2.7"));
	assert_false(banned("192.0.2.8"));
	// More tries make it no longer, as they do not get that far.
	assert_int_equal(tries("192.0.2.7", "bob", 30, 0), 0);
	now += 300 * 1000 - 1;
	assert_true(banned("192.0.2.7"));
	now += 1;
	assert_false(banned("192.0.2.7"));
}

static void
points_drain(void **state)
{
	(void)state;
	// Ten points need 150 s.
	assert_int_equal(tries("192.0.2.7", "a", 1000, 150 * 1000), 0);
	assert_int_equal(tries("192.0.2.8", "a", 1000, 120 * 1000), 36);
	assert_int_equal(tries("192.0.2.9", "a", 7, 0), 0);
	now += 1200 * 1000;
	assert_int_equal(tries("192.0.2.9", "a", 7, 0), 0);
}

static void
keys(void **state)
{
	(void)state;
	static const char *const hosts[] = {"2001:db8::1", "2001:db8::2:3", "2001:db8:0:0:ffff::"};

	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(tries(hosts[i % 3], "a", 1, 0), 0);
	assert_int_equal(tries("2001:db8::9", "a", 1, 0), 1);
	assert_true(banned("2001:db8::77"));
	assert_false(banned("2001:db8:0:1::1"));
	// The first eight bytes of an IPv6 address are no IPv4 address.
	assert_int_equal(tries("::", "a", 8, 0), 8);
	assert_false(banned("0.0.0.0"));
}

static void
success_takes_back_ones_own(void **state)
{
	(void)state;
	struct mst_ip a = ip("192.0.2.7");

	for (unsigned int i = 0; i < 50; i++) {
		assert_int_equal(tries("192.0.2.7", "alice", 3, 0), 0);
		ban_succeeded(b, &conf, &a, "alice", now);
	}
	// An account of one's own is no way to go on guessing those of others; being known is worth one try.
	assert_int_equal(tries("192.0.2.9", "victim", 7, 0), 0);
	a = ip("192.0.2.9");
	ban_succeeded(b, &conf, &a, "mallory", now);
	ban_succeeded(b, &conf, &a, "mallory", now);
	assert_int_equal(tries("192.0.2.9", "victim", 9, 0), 2);
}

// A thousand users behind one address, each of whom mistypes eight times an hour and then gets it right.
static void
an_office_is_not_locked_out(void **state)
{
	(void)state;
	struct mst_ip a = ip("192.0.2.7");
	char user[16];

	for (unsigned int i = 0; i < 1000; i++, now += 2000) {
		snprintf(user, sizeof(user), "u%u", i);
		ban_succeeded(b, &conf, &a, user, now);
	}
	for (unsigned int i = 0; i < 8000; i++, now += 450) {
		snprintf(user, sizeof(user), "u%u", i % 1000);
		assert_false(ban_failed(b, &conf, &a, user, now));
		if (i < 100)
			continue; // the right one comes 45 s later
		snprintf(user, sizeof(user), "u%u", (i - 100) % 1000);
		ban_succeeded(b, &conf, &a, user, now);
	}
	// Whoever sprays from that office is found, although later.
	assert_in_range(tries("192.0.2.7", "victim", 2000, 0), 900, 1100);
	// Eight an hour from all of them together, of whom none gets it right.
	assert_int_equal(tries("192.0.2.8", "x", 100, HOUR_MS / 8), 0);
}

static void
known_users_are_counted(void **state)
{
	(void)state;
	struct mst_ip a = ip("192.0.2.7");
	struct mst_control_ban v;
	char user[16];
	size_t at = 0;

	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		ban_succeeded(b, &conf, &a, user, now);
	}
	tries("192.0.2.7", "x", 1, 0);
	assert_true(ban_next(b, &conf, &at, now, &v));
	assert_int_equal(v.known_users, 4096);
	// Half a day later nobody is known, and who was known then is one.
	now += 12 * HOUR_MS;
	ban_succeeded(b, &conf, &a, "u1", now);
	tries("192.0.2.7", "x", 1, 0);
	at = 0;
	assert_true(ban_next(b, &conf, &at, now, &v));
	assert_int_equal(v.known_users, 1);
}

static void
floods(void **state)
{
	(void)state;
	struct mst_ip a = ip("192.0.2.7");
	unsigned int n = 0;

	for (unsigned int i = 0; i < 100; i++)
		n += ban_admit(b, &a, 20, now);
	assert_int_equal(n, 20);
	assert_false(ban_admit(b, &a, 20, now + 49));
	assert_true(ban_admit(b, &a, 20, now + 50));
	assert_false(ban_admit(b, &a, 20, now + 50));
	// A thousand too many within a second are one point, and a minute and a half of it are too many.
	for (unsigned int i = 0; i < 1000; i++)
		assert_false(ban_flood(b, &conf, &a, now));
	for (n = 1; n < 200 && !ban_flood(b, &conf, &a, now += 1000); n++)
		;
	assert_in_range(n, 80, 90);
	assert_true(banned("192.0.2.7"));
}

static void
exempt_and_off(void **state)
{
	(void)state;
	struct mst_net nets[2];
	struct mst_ip a = ip("192.0.2.200"), c = ip("192.0.3.1"), d = ip("2001:db8::1");

	assert_int_equal(mst_net_parse("192.0.2.0/24", &nets[0]), 0);
	assert_int_equal(mst_net_parse("2001:db8::/32", &nets[1]), 0);
	conf.exempt = nets;
	conf.n_exempt = 2;
	assert_true(ban_is_exempt(&conf, &a));
	assert_false(ban_is_exempt(&conf, &c));
	assert_true(ban_is_exempt(&conf, &d));
	assert_true(ban_admit(b, &c, 0, now)); // 0: no limit
	conf.max_points = 0;
	assert_int_equal(tries("192.0.3.1", "x", 1000, 0), 0);
	assert_false(ban_flood(b, &conf, &c, now));
	ban_succeeded(b, &conf, &c, "x", now);
	assert_false(banned("192.0.3.1"));
}

static void
shown_and_lifted(void **state)
{
	(void)state;
	struct mst_ip a = ip("192.0.2.7"), c = ip("2001:db8::1");
	struct mst_control_ban v;
	size_t at = 0;

	assert_false(ban_next(b, &conf, &at, now, &v));
	tries("192.0.2.7", "x", 8, 0);
	at = 0;
	assert_true(ban_next(b, &conf, &at, now + 1000, &v));
	assert_true(mst_ip_equal(&v.source.ip, &a));
	assert_int_equal(v.source.depth, 32);
	assert_int_equal(v.left_s, 299);
	assert_int_equal(v.max_points, 80);
	assert_false(ban_next(b, &conf, &at, now, &v));
	assert_true(ban_lift(b, &conf, &a, now));
	assert_false(banned("192.0.2.7"));
	assert_false(ban_lift(b, &conf, &a, now));
	assert_false(ban_lift(b, &conf, &c, now));
	tries("2001:db8::1", "x", 2, 0);
	at = 0;
	assert_true(ban_next(b, &conf, &at, now, &v));
	c = ip("2001:db8::");
	assert_true(mst_ip_equal(&v.source.ip, &c));
	assert_int_equal(v.source.depth, 64);
	assert_int_equal(v.points, 20);
	assert_int_equal(v.left_s, 0);
	assert_true(ban_lift(b, &conf, &c, now));
	at = 0;
	assert_false(ban_next(b, &conf, &at, now, &v));
}

// A million sources, each with a try, and in between one that is banned and a thousand that have bans as well.
static void
a_million_sources(void **state)
{
	(void)state;
	struct mst_ip a = {.family = 4};
	uint64_t x = 88172645463325252ULL;
	unsigned int n_banned = 0;

	assert_int_equal(tries("192.0.2.7", "x", 8, 0), 8);
	for (unsigned int i = 0; i < 1000000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(a.bytes, &x, 4);
		n_banned += ban_failed(b, &conf, &a, "x", now);
	}
	assert_int_equal(n_banned, 0);
	assert_true(banned("192.0.2.7")); // a ban outlives what is worth less
	// Twice as many bans as there is room for: the last ones are in, and who did nothing is not.
	for (uint32_t i = 0; i < 2 * BAN_SOURCES; i++) {
		a = mst_ip4_from_host(0x0a000000 + i);
		for (unsigned int k = 0; k < 8; k++)
			(void)ban_failed(b, &conf, &a, "x", now + i);
	}
	assert_true(ban_is_banned(b, &a, now + 2 * BAN_SOURCES));
	assert_false(banned("198.51.100.1"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(eight_in_a_row),
		TEST(points_drain),
		TEST(keys),
		TEST(success_takes_back_ones_own),
		TEST(an_office_is_not_locked_out),
		TEST(known_users_are_counted),
		TEST(floods),
		TEST(exempt_and_off),
		TEST(shown_and_lifted),
		TEST(a_million_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
