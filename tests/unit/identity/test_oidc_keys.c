// Key sets: what is taken, what is passed over, what makes the whole set unusable.
#include <errno.h>
#include <string.h>

#include "jwt.h"
#include "oidc.h"

static int
parse(const char *text, uint32_t *n, uint32_t *n_passed_over)
{
	struct oidc_keys *keys = NULL;
	int rc = oidc_keys_parse(&keys, text, strlen(text));

	*n = 0;
	*n_passed_over = 0;
	if (rc == 0) {
		*n = keys->n;
		*n_passed_over = keys->n_passed_over;
		oidc_keys_put(keys);
	}
	return rc;
}

static void
expect_one(const char *jwk, bool taken)
{
	char text[16384];
	uint32_t n;
	uint32_t n_passed_over;
	struct mst_str s = mst_str_init(text, sizeof(text));

	mst_str_fmt(&s, "{\"keys\":[%s]}", jwk);
	assert_false(s.err);
	if (parse(text, &n, &n_passed_over) != (taken ? 0 : -ENOKEY))
		fail_msg("%s", jwk);
	assert_int_equal(n, taken);
}

static void
usable_keys(void **state)
{
	(void)state;
	static const char *const names[] = {"rsa", "p256", "p384", "p521"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++)
		expect_one(jwt_jwk(names[i], "k", ""), true);
	expect_one(jwt_jwk("rsa", "k", ",\"use\":\"sig\",\"alg\":\"RS256\",\"x5c\":[\"AAAA\"],\"x5t\":\"x\""),
		true);
	expect_one(jwt_jwk("rsa", "k", ",\"key_ops\":[\"verify\"]"), true);
	// A private member that got out is left alone.
	expect_one(jwt_jwk("rsa", "k", ",\"d\":\"AQAB\""), true);
}

static void
unusable_keys(void **state)
{
	(void)state;
	static const char *const jwks[] = {
		"{}",
		"null",
		"[]",
		"\"RSA\"",
		"{\"kty\":\"oct\",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"kid\":\"k\"}",
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
		"\"kid\":\"k\"}",
		"{\"kty\":\"RSA\",\"kid\":\"k\"}",
		"{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\",\"kid\":\"k\"}",
		"{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\",\"kid\":\"k\"}",
		"{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\",\"kid\":\"k\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\",\"kid\":\"k\"}",
		// Zero twice is not on the curve.
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		"\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"kid\":\"k\"}",
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(jwks); i++)
		expect_one(jwks[i], false);
	expect_one(jwt_jwk("rsa1024", "k", ""), false);
	expect_one(jwt_jwk("rsa", "k", ",\"use\":\"enc\""), false);
	expect_one(jwt_jwk("rsa", "k", ",\"use\":7"), false);
	expect_one(jwt_jwk("rsa", "k", ",\"key_ops\":[\"encrypt\"]"), false);
	expect_one(jwt_jwk("rsa", "k", ",\"alg\":7"), false);
	expect_one(jwt_jwk("rsa", "k", ",\"alg\":\"RSA-OAEP-256\""), false);
	expect_one(jwt_jwk("rsa", "k", ",\"alg\":\"RSA1_5\""), false);
	expect_one(jwt_jwk("rsa", "k", ",\"alg\":\"HS256\""), false);
	expect_one(jwt_jwk("rsa", "", ""), false);
	expect_one(jwt_jwk("rsa", "a\\n", ""), false);
}

// n and e of every size around the bounds; the numbers need not be keys of anybody.
static void
sizes_of_rsa(void **state)
{
	(void)state;
	static const struct {
		size_t n_len;
		uint8_t first;
		uint8_t last;
		const char *e;
		bool taken;
	} rows[] = {
		{256, 0x80, 1, "AQAB", true}, {256, 0x7f, 1, "AQAB", false}, // 2047 bits
		{255, 0xff, 1, "AQAB", false},
		{257, 0x00, 1, "AQAB", false}, // zeros in front do not make it larger
		{257, 0x01, 1, "AQAB", true}, {1024, 0xff, 1, "AQAB", true}, {1025, 0x01, 1, "AQAB", false},
		{256, 0x80, 2, "AQAB", false}, // even
		{256, 0x80, 1, "AQ", false},   // 1
		{256, 0x80, 1, "Aw", true},    // 3
		{256, 0x80, 1, "Ag", false}, {256, 0x80, 1, "AA", false}, {256, 0x80, 1, "", false},
		{256, 0x80, 1, "AAEAAQ", false}, {256, 0x80, 1, "gAAAAAAAAAE", true}, // 8 bytes
		{256, 0x80, 1, "AYAAAAAAAAAB", false},				      // 9 bytes
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		uint8_t n[1025] = {0};
		char part[JWT_BYTES];
		char jwk[4096];

		n[0] = rows[i].first;
		n[1] = 0xff;
		n[rows[i].n_len - 1] = rows[i].last;
		jwt_base64(n, rows[i].n_len, part);
		snprintf(jwk, sizeof(jwk), "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"%.2000s\",\"e\":\"%s\"}",
			part, rows[i].e);
		expect_one(jwk, rows[i].taken);
	}
}

static void
sets(void **state)
{
	(void)state;
	static const char *const none[] = {"", "{}", "[]", "null", "{\"keys\":{}}", "{\"keys\":\"\"}",
		"{\"keys\":[]", "{\"keys\":[],\"keys\":[]}", "<html>"};
	static char text[256 * 1024 + 64];
	uint32_t n;
	uint32_t n_passed_over;
	struct mst_str s;

	for (size_t i = 0; i < MST_ARRAY_SIZE(none); i++)
		assert_int_equal(parse(none[i], &n, &n_passed_over), -EINVAL);
	assert_int_equal(parse("{\"keys\":[]}", &n, &n_passed_over), -ENOKEY);
	s = mst_str_init(text, sizeof(text));
	mst_str_fmt(&s, "{\"keys\":[%s,{\"kty\":\"oct\"},", jwt_jwk("rsa", "a", ""));
	mst_str_fmt(&s, "%s]}", jwt_jwk("p256", "b", ""));
	assert_int_equal(parse(text, &n, &n_passed_over), 0);
	assert_int_equal(n, 2);
	assert_int_equal(n_passed_over, 1);
	// Which of two with one id would be meant?
	s = mst_str_init(text, sizeof(text));
	mst_str_fmt(&s, "{\"keys\":[%s,", jwt_jwk("rsa", "a", ""));
	mst_str_fmt(&s, "%s]}", jwt_jwk("p256", "a", ""));
	assert_int_equal(parse(text, &n, &n_passed_over), -EINVAL);
	for (unsigned int count = OIDC_KEYS_MAX; count <= OIDC_KEYS_MAX + 1; count++) {
		s = mst_str_init(text, sizeof(text));
		mst_str_fmt(&s, "{\"keys\":[");
		for (unsigned int i = 0; i < count; i++) {
			char kid[16];

			snprintf(kid, sizeof(kid), "k%u", i);
			mst_str_fmt(&s, "%s%s", i > 0 ? "," : "", jwt_jwk("p256", kid, ""));
		}
		mst_str_fmt(&s, "]}");
		assert_int_equal(parse(text, &n, &n_passed_over), count <= OIDC_KEYS_MAX ? 0 : -E2BIG);
	}
	// 256 KiB, and one byte more.
	s = mst_str_init(text, sizeof(text));
	mst_str_fmt(&s, "{\"keys\":[%s]", jwt_jwk("p256", "k", ""));
	memset(text + s.len, ' ', sizeof(text) - s.len);
	text[OIDC_DOCUMENT_BYTES_MAX - 1] = '}';
	text[OIDC_DOCUMENT_BYTES_MAX] = '\0';
	assert_int_equal(parse(text, &n, &n_passed_over), 0);
	text[OIDC_DOCUMENT_BYTES_MAX - 1] = ' ';
	text[OIDC_DOCUMENT_BYTES_MAX] = '}';
	text[OIDC_DOCUMENT_BYTES_MAX + 1] = '\0';
	assert_int_equal(parse(text, &n, &n_passed_over), -EINVAL);
}

static void
key_ids(void **state)
{
	(void)state;
	char kid[OIDC_KID_BYTES + 1];
	struct oidc_keys *keys;
	char text[4096];

	snprintf(kid, sizeof(kid), "%0255d", 1);
	expect_one(jwt_jwk("p256", kid, ""), true);
	snprintf(kid, sizeof(kid), "%0256d", 1);
	expect_one(jwt_jwk("p256", kid, ""), false);
	snprintf(text, sizeof(text), "{\"keys\":[%.2000s]}", jwt_jwk("p256", "a/../b'%s", ""));
	assert_int_equal(oidc_keys_parse(&keys, text, strlen(text)), 0);
	assert_non_null(oidc_keys_find(keys, "a/../b'%s"));
	assert_null(oidc_keys_find(keys, "b'%s"));
	assert_null(oidc_keys_find(keys, ""));
	assert_ptr_equal(oidc_keys_get(keys), keys);
	oidc_keys_put(keys);
	assert_non_null(oidc_keys_find(keys, "a/../b'%s"));
	oidc_keys_put(keys);
	oidc_keys_put(NULL);
}

static int
tear_down(void **state)
{
	(void)state;
	jwt_keys_free();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usable_keys),
		cmocka_unit_test(unusable_keys),
		cmocka_unit_test(sizes_of_rsa),
		cmocka_unit_test(sets),
		cmocka_unit_test(key_ids),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
