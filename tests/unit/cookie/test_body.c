// The layout of what is sealed: there and back, and nothing that we would not write.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "cookie.h"

#define HOST_AT (3 + 16 + 8 + 8 + 4 + 4 + 3 * 17)
#define USER_AT (HOST_AT + MST_COOKIE_HOST_BYTES + MST_COOKIE_DIGEST_BYTES)

static void
make(struct mst_cookie *c, uint8_t body[COOKIE_BODY_BYTES])
{
	memset(c, 0, sizeof(*c));
	memset(c->id, 9, sizeof(c->id));
	c->issued_unix_s = 1;
	c->addr4 = (struct mst_ip){.family = 4, .bytes = {10, 0, 0, 1}};
	c->addr6 = (struct mst_ip){.family = 6, .bytes = {0xfd, [15] = 1}};
	snprintf(c->user, sizeof(c->user), "bob");
	snprintf(c->group, sizeof(c->group), "staff");
	assert_int_equal(cookie_body_write(c, body), 0);
}

static void
names_of_every_length(void **state)
{
	uint8_t body[COOKIE_BODY_BYTES];
	struct mst_cookie c, out;

	(void)state;
	make(&c, body);
	for (size_t len = 0; len < sizeof(c.user); len++) {
		memset(c.user, 'x', len);
		c.user[len] = '\0';
		assert_int_equal(cookie_body_write(&c, body), 0);
		assert_int_equal(cookie_body_read(body, &out), 0);
		assert_string_equal(out.user, c.user);
	}
	memset(c.user, 'x', sizeof(c.user)); // without an end
	assert_int_equal(cookie_body_write(&c, body), -EINVAL);
	c.user[0] = '\0';
	memset(c.device, 'x', sizeof(c.device));
	assert_int_equal(cookie_body_write(&c, body), -EINVAL);
}

static void
without_addresses(void **state)
{
	uint8_t body[COOKIE_BODY_BYTES];
	struct mst_cookie c, out;

	(void)state;
	make(&c, body);
	c.addr4 = c.addr6 = c.remote = (struct mst_ip){0};
	assert_int_equal(cookie_body_write(&c, body), 0);
	assert_int_equal(cookie_body_read(body, &out), 0);
	assert_int_equal(out.addr4.family + out.addr6.family + out.remote.family, 0);
}

static void
a_wish(void **state)
{
	uint8_t body[COOKIE_BODY_BYTES];
	struct mst_cookie c, out;

	(void)state;
	make(&c, body);
	assert_int_equal(cookie_body_read(body, &out), 0);
	assert_false(out.wished);
	c.wished = true;
	assert_int_equal(cookie_body_write(&c, body), 0);
	assert_int_equal(cookie_body_read(body, &out), 0);
	assert_true(out.wished);
}

// A name of any length, and none that is nobody's.
static void
hosts(void **state)
{
	static const uint8_t site[MST_COOKIE_HOST_BYTES];
	uint8_t body[COOKIE_BODY_BYTES], other[MST_COOKIE_HOST_BYTES];
	struct mst_cookie c, out;

	(void)state;
	make(&c, body);
	assert_memory_equal(body + HOST_AT, site, sizeof(site));
	mst_cookie_host("", c.host);
	assert_memory_equal(c.host, site, sizeof(site));
	mst_cookie_host("vpn2.example.com", c.host);
	assert_memory_not_equal(c.host, site, sizeof(site));
	mst_cookie_host("vpn3.example.com", other);
	assert_memory_not_equal(c.host, other, sizeof(other));
	assert_int_equal(cookie_body_write(&c, body), 0);
	assert_int_equal(cookie_body_read(body, &out), 0);
	assert_memory_equal(out.host, c.host, sizeof(out.host));
}

// Each row is one byte that makes a good body a bad one.
static const struct {
	const char *what;
	size_t at;
	uint8_t value;
} bad[] = {
	{"flags", 0, 1},
	{"flags", 1, 1},
	{"flags", 2, 4},
	{"flags", 2, 7},
	{"family of IPv4", 43, 6},
	{"family of IPv4", 43, 5},
	{"bytes behind IPv4", 43 + 1 + 4, 1},
	{"bytes behind IPv4", 43 + 1 + 15, 1},
	{"family of IPv6", 60, 4},
	{"family of IPv6", 60, 255},
	{"remote without a family", 77 + 1, 1},
	{"remote of no family there is", 77, 5},
	{"length beyond the field", USER_AT, 128},
	{"length beyond the field", USER_AT, 255},
	{"length over the name", USER_AT, 4}, // a NUL within
	{"length short of the name", USER_AT, 2},
	{"NUL in the name", USER_AT + 2, 0},
	{"bytes behind the name", USER_AT + 127, 1},
	{"bytes behind the device", COOKIE_BODY_BYTES - 1, 1},
};

static void
what_we_would_not_write_is_refused(void **state)
{
	uint8_t body[COOKIE_BODY_BYTES];
	struct mst_cookie c, untouched;

	(void)state;
	memset(&untouched, 0x5a, sizeof(untouched));
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		make(&c, body);
		assert_int_equal(cookie_body_read(body, &c), 0);
		body[bad[i].at] = bad[i].value;
		c = untouched;
		if (cookie_body_read(body, &c) != -EBADMSG)
			fail_msg("row %zu: %s", i, bad[i].what);
		assert_memory_equal(&c, &untouched, sizeof(c));
	}
	make(&c, body);
	memset(body + 3, 0, 16); // an id that nobody drew
	assert_int_equal(cookie_body_read(body, &c), -EBADMSG);
}

// What follows the field has no NUL at which reading would end by itself.
static void
length_beyond_a_full_field(void **state)
{
	uint8_t body[COOKIE_BODY_BYTES];
	struct mst_cookie c;

	(void)state;
	make(&c, body);
	memset(body + USER_AT, 'a', COOKIE_BODY_BYTES - USER_AT);
	for (unsigned int len = MST_COOKIE_USER_BYTES; len < 256; len++) {
		body[USER_AT] = (uint8_t)len;
		assert_int_equal(cookie_body_read(body, &c), -EBADMSG);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_length),
		cmocka_unit_test(without_addresses),
		cmocka_unit_test(a_wish),
		cmocka_unit_test(hosts),
		cmocka_unit_test(what_we_would_not_write_is_refused),
		cmocka_unit_test(length_beyond_a_full_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
