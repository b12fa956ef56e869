// The text of the key ring: what is refused and at which line, and which key seals.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "cookie.h"

#define SECRET "5f0c8e1b7a2d9346b1e0c7f3a8d5426990ab1c2e7d4f60835b9ae2c1d7f40836"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define COUNT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct mst_cookie_keys *
ring(const char *text)
{
	struct mst_cookie_keys *keys = NULL;
	struct mst_conf_error err;

	if (mst_cookie_keys_parse(&keys, "f", text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	return keys;
}

static void
refuse(const char *text, const char *want)
{
	struct mst_cookie_keys *keys = NULL;
	struct mst_conf_error err = {0};

	assert_int_equal(mst_cookie_keys_parse(&keys, "f", text, strlen(text), &err), -EINVAL);
	assert_string_equal(err.text, want);
	assert_null(keys);
}

static void
reads_lines_and_skips_remarks(void **state)
{
	struct mst_cookie_keys *keys =
		ring("# remark\n\n0000000a 100 " SECRET "\n#\nABCDEF01 99999999999 " SECRET);

	(void)state;
	assert_int_equal(keys->n, 2);
	assert_int_equal(keys->keys[0].id, 10);
	assert_int_equal(keys->keys[0].created_unix_s, 100);
	assert_int_equal(keys->keys[0].bytes[0], 0x5f);
	assert_int_equal(keys->keys[1].id, 0xabcdef01);
	mst_cookie_keys_destroy(keys);
}

static void
refuses_malformed_lines(void **state)
{
	static const char id[] =
		"f:2: expected ID CREATED KEY with an ID of 8 hex digits, found something else";
	static const char at[] = "f:2: expected the key's time in seconds since 1970, found something else";
	static const char key[] =
		"f:2: expected a key of 64 hex digits and nothing behind, found something else";
	static const char example[] =
		"f:2: expected a random key (openssl rand -hex 32), found one that is an example";

	(void)state;
	refuse("", "f:0: expected a key, found none");
	refuse("# only a remark\n", "f:1: expected a key, found none");
	refuse("#\n0000000 1 " SECRET, id);
	refuse("#\n000000000 1 " SECRET, id);
	refuse("#\n0000000g 1 " SECRET, id);
	refuse("#\n 00000001 1 " SECRET, id);
	refuse("#\n00000001\t1 " SECRET, id);
	refuse("#\n00000001  1 " SECRET, at);
	refuse("#\n00000001 0 " SECRET, at);
	refuse("#\n00000001 -1 " SECRET, at);
	refuse("#\n00000001 999999999999 " SECRET, at);
	refuse("#\n00000001", at);
	refuse("#\n00000001 1", key);
	refuse("#\n00000001 1 " SECRET "0", key);
	refuse("#\n00000001 1 " SECRET " ", key);
	refuse("#\n00000001 1 " SECRET "\r", key);
	refuse("#\n00000001 1 " SECRET " x", key);
	refuse("#\n00000001 1 " ZERO, example);
	refuse("#\n00000001 1 " ONES, example);
	refuse("#\n00000001 1 " COUNT, example);
	refuse("00000001 1 " SECRET "\n00000001 2 " SECRET, "f:2: expected each ID once, found one again");
}

static void
the_ring_has_a_bound(void **state)
{
	char text[MST_COOKIE_KEYS_FILE_BYTES];
	struct mst_str s = mst_str_init(text, sizeof(text));

	(void)state;
	for (unsigned int i = 1; i <= MST_COOKIE_KEYS_MAX; i++) {
		mst_str_fmt(&s, "%08x %u " SECRET "\n", i, i);
		if (i >= MST_COOKIE_KEYS_MAX - 1)
			mst_cookie_keys_destroy(ring(text));
	}
	mst_str_fmt(&s, "%08x 1 " SECRET "\n", MST_COOKIE_KEYS_MAX + 1);
	assert_false(s.err);
	refuse(text, "f:65: expected at most 64 keys, found more");
}

static uint32_t
sealer(const struct mst_cookie_keys *keys, uint64_t now)
{
	struct mst_cookie_keys_info info;

	mst_cookie_keys_info(keys, now, &info);
	assert_int_equal(info.n, keys->n);
	return info.id;
}

static void
the_newest_whose_time_has_come_seals(void **state)
{
	struct mst_cookie_keys *keys =
		ring("00000002 200 " SECRET "\n00000001 100 " SECRET "\n00000003 300 " SECRET "\n");

	(void)state;
	assert_int_equal(sealer(keys, 99), 1); // a clock that is wrong: the oldest
	assert_int_equal(sealer(keys, 100), 1);
	assert_int_equal(sealer(keys, 199), 1);
	assert_int_equal(sealer(keys, 200), 2);
	assert_int_equal(sealer(keys, 299), 2);
	assert_int_equal(sealer(keys, 300), 3);
	assert_int_equal(sealer(keys, 1000), 3);
	mst_cookie_keys_destroy(keys);
	keys = ring("00000001 100 " SECRET "\n00000002 100 " SECRET "\n"); // made within a second
	assert_int_equal(sealer(keys, 100), 2);
	mst_cookie_keys_destroy(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines_and_skips_remarks),
		cmocka_unit_test(refuses_malformed_lines),
		cmocka_unit_test(the_ring_has_a_bound),
		cmocka_unit_test(the_newest_whose_time_has_come_seals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
