// Seal and open: only the cookie itself opens, in its one spelling, under its own key, while its time lasts.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "cookie.h"

#define NOW 1800000000ULL
#define TEXT_LEN (MST_COOKIE_TEXT_BYTES - 1)
#define KEY_A "11111111 1799990000 5f0c8e1b7a2d9346b1e0c7f3a8d5426990ab1c2e7d4f60835b9ae2c1d7f40836\n"
#define KEY_B "22222222 1799990001 a40c8e1b7a2d9346b1e0c7f3a8d5426990ab1c2e7d4f60835b9ae2c1d7f40837\n"
// The number of one, the secret of the other.
#define KEY_C "11111111 1799990000 a40c8e1b7a2d9346b1e0c7f3a8d5426990ab1c2e7d4f60835b9ae2c1d7f40837\n"

static struct mst_cookie_keys *
ring(const char *text)
{
	struct mst_cookie_keys *keys = NULL;
	struct mst_conf_error err;

	assert_int_equal(mst_cookie_keys_parse(&keys, "keys", text, strlen(text), &err), 0);
	return keys;
}

static struct mst_cookie
sample(void)
{
	struct mst_cookie c = {
		.id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		.issued_unix_s = NOW - 10,
		.expires_unix_s = NOW + 3600,
		.policy = 7,
		.idle_s = 900,
		.addr4 = {.family = 4, .bytes = {10, 9, 0, 5}},
		.addr6 = {.family = 6, .bytes = {0xfd, 0, 0, 9, [15] = 5}},
		.remote = {.family = 4, .bytes = {198, 51, 100, 7}},
		.user = "bob@example.com",
		.group = "staff",
		.server = "gw1",
		.device = "d-1",
		.expires_with_proof = true,
		.certificate = {0xce, [31] = 0x47},
	};

	return c;
}

static void
seal(const struct mst_cookie_keys *keys, char text[MST_COOKIE_TEXT_BYTES])
{
	struct mst_cookie c = sample();

	assert_int_equal(mst_cookie_seal(keys, NOW, &c, text), 0);
	assert_int_equal(strlen(text), TEXT_LEN);
}

static void
refused(const struct mst_cookie_keys *keys, const char *text, int error)
{
	struct mst_cookie out, before;

	memset(&out, 0xa5, sizeof(out));
	before = out;
	assert_int_equal(mst_cookie_open(keys, NOW, text, &out), error);
	assert_memory_equal(&out, &before, sizeof(out)); // nothing of it comes out
}

static void
what_is_sealed_comes_back(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A);
	struct mst_cookie c = sample(), out;
	char text[MST_COOKIE_TEXT_BYTES];

	(void)state;
	seal(keys, text);
	assert_int_equal(mst_cookie_open(keys, NOW, text, &out), 0);
	assert_memory_equal(&out.id, &c.id, sizeof(c.id));
	assert_true(out.issued_unix_s == c.issued_unix_s && out.expires_unix_s == c.expires_unix_s);
	assert_true(out.policy == 7 && out.idle_s == 900);
	assert_true(mst_ip_equal(&out.addr4, &c.addr4) && mst_ip_equal(&out.addr6, &c.addr6));
	assert_true(mst_ip_equal(&out.remote, &c.remote));
	assert_string_equal(out.user, c.user);
	assert_string_equal(out.group, c.group);
	assert_string_equal(out.server, c.server);
	assert_string_equal(out.device, c.device);
	assert_true(out.expires_with_proof);
	assert_memory_equal(out.certificate, c.certificate, sizeof(c.certificate));
	mst_cookie_keys_destroy(keys);
}

static void
no_two_cookies_are_alike(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A);
	char a[MST_COOKIE_TEXT_BYTES], b[MST_COOKIE_TEXT_BYTES];
	unsigned int same = 0;

	(void)state;
	seal(keys, a);
	seal(keys, b);
	for (size_t i = 0; i < TEXT_LEN; i++)
		same += a[i] == b[i];
	assert_in_range(same, 6, TEXT_LEN / 10); // the head's version and key number; the rest by chance
	assert_null(strstr(a, "Ym9i"));		 // "bob"
	mst_cookie_keys_destroy(keys);
}

static void
each_bit_counts(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A KEY_B);
	uint8_t raw[MST_COOKIE_BYTES];
	char text[MST_COOKIE_TEXT_BYTES];

	(void)state;
	seal(keys, text);
	assert_true(cookie_text_read(text, raw));
	for (size_t bit = 0; bit < 8 * sizeof(raw); bit++) {
		raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		cookie_text_write(raw, text);
		refused(keys, text, -EBADMSG);
		raw[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	cookie_text_write(raw, text);
	assert_int_equal(mst_cookie_open(keys, NOW, text, &(struct mst_cookie){0}), 0);
	mst_cookie_keys_destroy(keys);
}

static void
one_length_only(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A);
	char text[MST_COOKIE_TEXT_BYTES], other[2 * MST_COOKIE_TEXT_BYTES];

	(void)state;
	seal(keys, text);
	for (size_t len = 0; len < TEXT_LEN; len++) {
		snprintf(other, sizeof(other), "%.*s", (int)len, text);
		refused(keys, other, -EBADMSG);
		snprintf(other, sizeof(other), "%s", text + TEXT_LEN - len); // from the front
		refused(keys, other, -EBADMSG);
	}
	for (size_t more = 1; more < 8; more++) {
		snprintf(other, sizeof(other), "%s%.*s", text, (int)more, "AAAAAAAA");
		refused(keys, other, -EBADMSG);
	}
	snprintf(other, sizeof(other), "%s%s", text, text);
	refused(keys, other, -EBADMSG);
	mst_cookie_keys_destroy(keys);
}

// RFC 4648: padding, line feeds, the other alphabet, and what some decoders skip.
static void
one_spelling_only(void **state)
{
	static const char *const strange[] = {"=", "==", " ", "\n", "\r\n", "\t", "+", "/", ".", "~", "%41",
		"\x80", "\xc3\xa9", "\x01", "\x7f", "@", "[", "`", "{", ",", ":"};
	struct mst_cookie_keys *keys = ring(KEY_A);
	char text[MST_COOKIE_TEXT_BYTES], other[MST_COOKIE_TEXT_BYTES + 16];

	(void)state;
	seal(keys, text);
	for (size_t i = 0; i < MST_ARRAY_SIZE(strange); i++) {
		size_t len = strlen(strange[i]);

		snprintf(other, sizeof(other), "%s%s", text, strange[i]);
		refused(keys, other, -EBADMSG);
		snprintf(other, sizeof(other), "%s%s", strange[i], text);
		refused(keys, other, -EBADMSG);
		for (size_t at = 0; at + len < TEXT_LEN; at += 29) { // in place of what stands there
			snprintf(other, sizeof(other), "%s", text);
			memcpy(other + at, strange[i], len);
			refused(keys, other, -EBADMSG);
		}
		snprintf(other, sizeof(other), "%.*s%s%s", 40, text, strange[i], text + 40);
		refused(keys, other, -EBADMSG);
	}
	// A NUL ends the text, whatever stands behind it.
	memcpy(other, text, sizeof(text));
	other[100] = '\0';
	refused(keys, other, -EBADMSG);
	memcpy(other + 1, text, sizeof(text));
	other[0] = '\0';
	refused(keys, other, -EBADMSG);
	mst_cookie_keys_destroy(keys);
}

// Standard base64 spells 62 and 63 in another way: the same bytes, and refused.
static void
the_other_alphabet_is_refused(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A);
	char text[MST_COOKIE_TEXT_BYTES];
	unsigned int changed = 0;

	(void)state;
	seal(keys, text);
	for (char *p = text; *p != '\0'; p++) {
		changed += *p == '-' || *p == '_';
		*p = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	}
	if (changed != 0) // all but always
		refused(keys, text, -EBADMSG);
	mst_cookie_keys_destroy(keys);
}

static void
every_key_of_the_ring_opens_and_no_other(void **state)
{
	struct mst_cookie_keys *a = ring(KEY_A), *b = ring(KEY_B), *both = ring(KEY_A KEY_B),
			       *c = ring(KEY_C);
	char of_a[MST_COOKIE_TEXT_BYTES], of_b[MST_COOKIE_TEXT_BYTES];
	struct mst_cookie out;

	(void)state;
	seal(a, of_a);
	seal(both, of_b); // B is the newer one
	assert_int_equal(mst_cookie_open(both, NOW, of_a, &out), 0);
	assert_int_equal(mst_cookie_open(both, NOW, of_b, &out), 0);
	assert_int_equal(mst_cookie_open(b, NOW, of_b, &out), 0);
	refused(b, of_a, -EBADMSG);
	refused(a, of_b, -EBADMSG);
	refused(c, of_a, -EBADMSG); // another secret of the same number
	mst_cookie_keys_destroy(a);
	mst_cookie_keys_destroy(b);
	mst_cookie_keys_destroy(both);
	mst_cookie_keys_destroy(c);
}

// The key that unknown numbers are tried with is drawn, so nobody can seal under it; and if somebody could, it would not
// do: the number has to be known as well.
static void
nobodys_key_opens_nothing(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A), *attacker = ring(KEY_B);
	char text[MST_COOKIE_TEXT_BYTES];

	(void)state;
	keys->nobody = attacker->keys[0];
	seal(attacker, text);
	refused(keys, text, -EBADMSG);
	mst_cookie_keys_destroy(keys);
	mst_cookie_keys_destroy(attacker);
}

static int
open_at(const struct mst_cookie_keys *keys, struct mst_cookie c, uint64_t now)
{
	char text[MST_COOKIE_TEXT_BYTES];

	assert_int_equal(mst_cookie_seal(keys, now, &c, text), 0);
	return mst_cookie_open(keys, now, text, &c);
}

static void
a_cookie_has_an_end_and_a_beginning(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A);
	struct mst_cookie c = sample();

	(void)state;
	assert_int_equal(open_at(keys, c, c.expires_unix_s - 1), 0);
	assert_int_equal(open_at(keys, c, c.expires_unix_s), -EKEYEXPIRED);
	assert_int_equal(open_at(keys, c, c.expires_unix_s + 1), -EKEYEXPIRED);
	assert_int_equal(open_at(keys, c, c.issued_unix_s - 300), 0); // clocks differ
	assert_int_equal(open_at(keys, c, c.issued_unix_s - 301), -EKEYEXPIRED);
	c.expires_unix_s = 0;
	assert_int_equal(open_at(keys, c, c.issued_unix_s + MST_COOKIE_LIFE_MAX_S - 1), 0);
	assert_int_equal(open_at(keys, c, c.issued_unix_s + MST_COOKIE_LIFE_MAX_S), -EKEYEXPIRED);
	mst_cookie_keys_destroy(keys);
}

static void
another_version_is_refused(void **state)
{
	struct mst_cookie_keys *keys = ring(KEY_A);
	uint8_t raw[MST_COOKIE_BYTES];
	char text[MST_COOKIE_TEXT_BYTES];

	(void)state;
	seal(keys, text);
	assert_true(cookie_text_read(text, raw));
	for (unsigned int v = 0; v < 256; v++) {
		raw[0] = (uint8_t)v;
		cookie_text_write(raw, text);
		if (v != COOKIE_VERSION)
			refused(keys, text, -EBADMSG);
	}
	mst_cookie_keys_destroy(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_comes_back),
		cmocka_unit_test(no_two_cookies_are_alike),
		cmocka_unit_test(each_bit_counts),
		cmocka_unit_test(one_length_only),
		cmocka_unit_test(one_spelling_only),
		cmocka_unit_test(the_other_alphabet_is_refused),
		cmocka_unit_test(every_key_of_the_ring_opens_and_no_other),
		cmocka_unit_test(nobodys_key_opens_nothing),
		cmocka_unit_test(a_cookie_has_an_end_and_a_beginning),
		cmocka_unit_test(another_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
