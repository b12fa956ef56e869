// Tokens: right ones of every algorithm, and every way to be wrong that we know of, each with the check that finds it.
#include <string.h>

#include <openssl/bn.h>

#include "jwt.h"
#include "oidc.h"

#define NOW 1700000000
#define HEADER "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"
#define TIMES "\"exp\":1700000600,\"nbf\":1699999990,\"iat\":1699999990"
#define BASE "\"iss\":\"https://i.test\",\"aud\":\"mst\"," TIMES
#define NAME "\"preferred_username\":\"anna\""
#define PAYLOAD "{" BASE "," NAME "}"

static struct oidc_keys *keys;
static const char *const audiences[] = {"other", "mst"};
static const struct oidc_issuer issuers[] = {
	{.issuer = "https://second.test", .audiences = audiences, .n_audiences = 1, .user_claim = "upn"},
	{.issuer = "https://i.test",
		.audiences = audiences,
		.n_audiences = 2,
		.user_claim = "preferred_username",
		.group_claim = "groups",
		.device_claim = "deviceid",
		.leeway_s = 60},
};

static int
set_up(void **state)
{
	(void)state;
	static const char *const names[] = {"rsa", "rsa2", "p256", "p256b", "p384", "p521"};
	static char set[32768];
	int n = snprintf(set, sizeof(set), "{\"keys\":[");

	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++)
		n += snprintf(set + n, sizeof(set) - (size_t)n, "%s,", jwt_jwk(names[i], names[i], ""));
	n += snprintf(
		set + n, sizeof(set) - (size_t)n, "%s]}", jwt_jwk("rsa", "rsa-ps", ",\"alg\":\"PS256\""));
	return oidc_keys_parse(&keys, set, (size_t)n);
}

static int
tear_down(void **state)
{
	(void)state;
	oidc_keys_put(keys);
	jwt_keys_free();
	return 0;
}

static enum oidc_verdict
judge_by(const struct oidc_issuer *list, uint32_t n, uint64_t now, const char *text, struct identity_who *who)
{
	static struct oidc_token token;
	// At the end of a block of its own, so that ASan sees a byte too many.
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	enum oidc_verdict verdict;
	uint32_t issuer;

	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(who, 0xff, sizeof(*who));
	verdict = oidc_token_open(&token, copy, len, list, n, &issuer);
	if (verdict == OIDC_OK) {
		verdict = oidc_token_check(&token, &list[issuer], keys, now, who);
		oidc_token_fini(&token);
	}
	free(copy);
	// Nothing is said of somebody who has not been verified.
	if (verdict != OIDC_OK)
		assert_int_equal((uint8_t)who->user[0], 0xff);
	return verdict;
}

static enum oidc_verdict
judge(const char *text)
{
	struct identity_who who;

	return judge_by(issuers, MST_ARRAY_SIZE(issuers), NOW, text, &who);
}

static void
expect(enum oidc_verdict want, const char *what, const char *text)
{
	enum oidc_verdict got = judge(text);

	if (got != want)
		fail_msg("%s: the token has %s, expected: %s", what, oidc_verdict_text(got),
			oidc_verdict_text(want));
}

static void
every_algorithm(void **state)
{
	(void)state;
	static const char *const rows[][2] = {{"rsa", "RS256"}, {"rsa", "RS384"}, {"rsa2", "RS512"},
		{"rsa", "PS256"}, {"rsa", "PS384"}, {"rsa2", "PS512"}, {"p256", "ES256"}, {"p384", "ES384"},
		{"p521", "ES512"}};
	static const char *const others[] = {"rsa", "rsa2", "p256", "p256b", "p384", "p521"};
	char header[128];

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
			rows[i][1], rows[i][0]);
		expect(OIDC_OK, rows[i][1], jwt_sign(rows[i][0], rows[i][1], header, PAYLOAD));
		// No other key of the same issuer will do.
		for (size_t j = 0; j < MST_ARRAY_SIZE(others); j++) {
			if (strcmp(others[j], rows[i][0]) == 0)
				continue;
			snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}", rows[i][1],
				others[j]);
			assert_int_not_equal(
				judge(jwt_sign(rows[i][0], rows[i][1], header, PAYLOAD)), OIDC_OK);
		}
	}
}

static void
says_who(void **state)
{
	(void)state;
	struct identity_who who;
	const char *text = jwt_sign("rsa", "RS256", HEADER,
		"{" BASE ",\"preferred_username\":\"Anna@Example.com\",\"deviceid\":\"d-1\","
		"\"groups\":[\"staff\",7,\"\",\"a\\nb\",\"admins\"]}");

	assert_int_equal(judge_by(issuers, 2, NOW, text, &who), OIDC_OK);
	assert_string_equal(who.user, "Anna@Example.com");
	assert_string_equal(who.device_id, "d-1");
	assert_int_equal(who.n_groups, 2);
	assert_string_equal(who.groups[0], "staff");
	assert_string_equal(who.groups[1], "admins");
	text = jwt_sign("rsa", "RS256", HEADER, "{" BASE "," NAME ",\"groups\":\"one\"}");
	assert_int_equal(judge_by(issuers, 2, NOW, text, &who), OIDC_OK);
	assert_int_equal(who.n_groups, 1);
	assert_string_equal(who.groups[0], "one");
	assert_string_equal(who.device_id, "");
	// The second issuer asks for another claim and another audience.
	text = jwt_sign("rsa", "RS256", HEADER,
		"{\"iss\":\"https://second.test\",\"aud\":\"other\"," TIMES ",\"upn\":\"b@b\"}");
	assert_int_equal(judge_by(issuers, 2, NOW, text, &who), OIDC_OK);
	assert_string_equal(who.user, "b@b");
	assert_int_equal(judge_by(issuers + 1, 1, NOW, text, &who), OIDC_ISSUER);
}

static void
names_and_groups_are_bounded(void **state)
{
	(void)state;
	struct identity_who who;
	char payload[4096];
	int n;

	snprintf(payload, sizeof(payload),
		"{" BASE ",\"preferred_username\":\"%0127d\",\"deviceid\":\"%0127d\"}", 1, 1);
	expect(OIDC_OK, "127 bytes", jwt_sign("rsa", "RS256", HEADER, payload));
	snprintf(payload, sizeof(payload), "{" BASE ",\"preferred_username\":\"%0128d\"}", 1);
	expect(OIDC_USER, "128 bytes", jwt_sign("rsa", "RS256", HEADER, payload));
	snprintf(payload, sizeof(payload), "{" BASE "," NAME ",\"deviceid\":\"%0128d\"}", 1);
	expect(OIDC_DEVICE, "128 bytes", jwt_sign("rsa", "RS256", HEADER, payload));
	n = snprintf(payload, sizeof(payload), "{" BASE "," NAME ",\"groups\":[\"%064d\",\"%063d\"", 1, 1);
	for (unsigned int i = 0; i < 200; i++)
		n += snprintf(payload + n, sizeof(payload) - (size_t)n, ",\"g%u\"", i);
	snprintf(payload + n, sizeof(payload) - (size_t)n, "]}");
	assert_int_equal(judge_by(issuers, 2, NOW, jwt_sign("rsa", "RS256", HEADER, payload), &who), OIDC_OK);
	assert_int_equal(who.n_groups, IDENTITY_GROUPS_MAX);
	assert_int_equal(strlen(who.groups[0]), 63);
	assert_string_equal(who.groups[15], "g14");
}

// The end that is told is the first second at which it is refused.
static void
assert_is_over_at(uint64_t end, const char *payload)
{
	struct identity_who who;

	assert_int_equal(
		judge_by(issuers, 2, end - 1, jwt_sign("rsa", "RS256", HEADER, payload), &who), OIDC_OK);
	assert_int_equal(
		judge_by(issuers, 2, end, jwt_sign("rsa", "RS256", HEADER, payload), &who), OIDC_EXPIRED);
}

static void
times(void **state)
{
	(void)state;
	static const struct {
		enum oidc_verdict want;
		uint64_t now;
		const char *times;
	} rows[] = {
		{OIDC_OK, NOW, "\"exp\":1700000001,\"nbf\":1700000000,\"iat\":1700000000"},
		{OIDC_OK, NOW + 60, "\"exp\":1700000001,\"nbf\":0,\"iat\":0"},
		{OIDC_EXPIRED, NOW + 61, "\"exp\":1700000001,\"nbf\":0,\"iat\":0"},
		{OIDC_EXPIRED, NOW, "\"exp\":0,\"nbf\":0,\"iat\":0"},
		{OIDC_OK, NOW, "\"exp\":1700000600,\"nbf\":1700000060,\"iat\":1700000060"},
		{OIDC_EARLY, NOW, "\"exp\":1700000600,\"nbf\":1700000061,\"iat\":1700000000"},
		{OIDC_EARLY, NOW, "\"exp\":1700000600,\"nbf\":1700000000,\"iat\":1700000061"},
		{OIDC_OK, NOW, "\"exp\":1700000600.5,\"nbf\":1.6e9,\"iat\":1.6E+9"},
		{OIDC_OK, NOW, "\"exp\":253402300799,\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":253402300800,\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":9223372036854775807,\"nbf\":0,\"iat\":0"},
		{OIDC_CLAIMS, NOW, "\"exp\":9223372036854775808,\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":1e300,\"nbf\":0,\"iat\":0"},
		{OIDC_CLAIMS, NOW, "\"exp\":1e999,\"nbf\":0,\"iat\":0"},
		{OIDC_CLAIMS, NOW, "\"exp\":NaN,\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":1700000600,\"nbf\":-1,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":\"1700000600\",\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":true,\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":null,\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":[1700000600],\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"nbf\":0,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":1700000600,\"iat\":0"},
		{OIDC_TIME, NOW, "\"exp\":1700000600,\"nbf\":0"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct identity_who who;
		char payload[512];
		enum oidc_verdict got;

		snprintf(payload, sizeof(payload), "{\"iss\":\"https://i.test\",\"aud\":\"mst\",%s," NAME "}",
			rows[i].times);
		got = judge_by(issuers, 2, rows[i].now, jwt_sign("rsa", "RS256", HEADER, payload), &who);
		if (got != rows[i].want)
			fail_msg("%s: %s", rows[i].times, oidc_verdict_text(got));
		if (got == OIDC_OK)
			assert_is_over_at(who.expires_unix_s, payload);
	}
}

// Signed by the right key, so that only the check named can refuse them.
static void
hostile_headers(void **state)
{
	(void)state;
	static const struct {
		enum oidc_verdict want;
		const char *alg;
		const char *header;
	} rows[] = {
		{OIDC_FORM, "none", "{\"alg\":\"none\",\"kid\":\"rsa\"}"},
		{OIDC_FORM, "none", HEADER},
		{OIDC_ALG, "RS256", "{\"alg\":\"none\",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"alg\":\"None\",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"alg\":\"NONE\",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"alg\":\"rs256\",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"alg\":\"RS256 \",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"alg\":\"\",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}"},
		{OIDC_ALG, "RS256", "{\"kid\":\"rsa\"}"},
		{OIDC_ALG, "HS256", "{\"alg\":\"HS256\",\"kid\":\"rsa\"}"},
		{OIDC_ALG, "HS256", "{\"alg\":\"HS512\",\"kid\":\"rsa\"}"},
		{OIDC_SIGNATURE, "HS256", HEADER},
		{OIDC_SIGNATURE, "PS256", HEADER},
		{OIDC_SIGNATURE, "RS384", HEADER},
		{OIDC_KEY_TYPE, "RS256", "{\"alg\":\"ES256\",\"kid\":\"rsa\"}"},
		{OIDC_KEY_TYPE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"p256\"}"},
		{OIDC_KEY_TYPE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa-ps\"}"},
		{OIDC_OK, "PS256", "{\"alg\":\"PS256\",\"kid\":\"rsa-ps\"}"},
		{OIDC_SIGNATURE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa2\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"RSA\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rs\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"../../../../dev/null\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"x' UNION SELECT 'rsa\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"https://evil.test/keys\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa|id\"}"},
		{OIDC_KEY, "RS256", "{\"alg\":\"RS256\",\"kid\":\"%s%n\"}"},
		{OIDC_KID, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\\n\"}"},
		{OIDC_HEADER, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\\u0000\"}"},
		{OIDC_KID, "RS256", "{\"alg\":\"RS256\",\"kid\":\"\"}"},
		{OIDC_KID, "RS256", "{\"alg\":\"RS256\",\"kid\":1}"},
		{OIDC_KID, "RS256", "{\"alg\":\"RS256\",\"kid\":[\"rsa\"]}"},
		{OIDC_KID, "RS256", "{\"alg\":\"RS256\"}"},
		{OIDC_CRIT, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"exp\"],\"exp\":1}"},
		{OIDC_CRIT, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"b64\"],\"b64\":false}"},
		{OIDC_CRIT, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[]}"},
		{OIDC_CRIT, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":null}"},
		{OIDC_TYPE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"logout+jwt\"}"},
		{OIDC_TYPE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"JWE\"}"},
		{OIDC_TYPE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":7}"},
		{OIDC_TYPE, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"\"}"},
		{OIDC_OK, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"at+jwt\"}"},
		{OIDC_OK, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"application/at+jwt\"}"},
		{OIDC_OK, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"jwt\",\"x5t\":\"abc\"}"},
		{OIDC_HEADER, "RS256", "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rsa\"}"},
		{OIDC_HEADER, "RS256", "{\"alg\":\"RS256\",\"kid\":\"x\",\"kid\":\"rsa\"}"},
		{OIDC_HEADER, "RS256", "[\"RS256\"]"},
		{OIDC_HEADER, "RS256", "\"RS256\""},
		{OIDC_HEADER, "RS256", ""},
		{OIDC_HEADER, "RS256", HEADER "x"},
		{OIDC_HEADER, "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\""},
		{OIDC_HEADER, "RS256", "{\"alg\":\"RS256\",\"kid\":\"\xff\"}"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		expect(rows[i].want, rows[i].header, jwt_sign("rsa", rows[i].alg, rows[i].header, PAYLOAD));
}

// A key that comes with the token is not the issuer's: signed by rsa2, which the header shows in every way there is.
static void
keys_in_the_header_are_not_looked_at(void **state)
{
	(void)state;
	char header[8192];

	snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":%s}",
		jwt_jwk("rsa2", "rsa", ""));
	expect(OIDC_SIGNATURE, "jwk", jwt_sign("rsa2", "RS256", header, PAYLOAD));
	snprintf(header, sizeof(header), "{\"alg\":\"RS256\",\"kid\":\"new\",\"jwk\":%s}",
		jwt_jwk("rsa2", "new", ""));
	expect(OIDC_KEY, "jwk", jwt_sign("rsa2", "RS256", header, PAYLOAD));
	expect(OIDC_SIGNATURE, "jku",
		jwt_sign("rsa2", "RS256",
			"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jku\":\"https://evil.test/keys\"}", PAYLOAD));
	expect(OIDC_SIGNATURE, "x5u",
		jwt_sign("rsa2", "RS256",
			"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5u\":\"https://evil.test/c\"}", PAYLOAD));
	expect(OIDC_SIGNATURE, "x5c",
		jwt_sign("rsa2", "RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5c\":[\"AAAA\"]}", PAYLOAD));
}

static void
hostile_claims(void **state)
{
	(void)state;
	static const struct {
		enum oidc_verdict want;
		const char *payload;
	} rows[] = {
		{OIDC_ISSUER, "{\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":\"https://i.test/\",\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":\"https://I.test\",\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":\"http://i.test\",\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":\"https://i.test.evil.test\",\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":\"\",\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":[\"https://i.test\"],\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_ISSUER, "{\"iss\":null,\"aud\":\"mst\"," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\"," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":\"ms\"," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":\"mst2\"," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":\"MST\"," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":[]," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":[\"a\",[\"mst\"]]," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":{\"mst\":\"mst\"}," TIMES "," NAME "}"},
		{OIDC_AUDIENCE, "{\"iss\":\"https://i.test\",\"aud\":null," TIMES "," NAME "}"},
		{OIDC_OK, "{\"iss\":\"https://i.test\",\"aud\":[\"a\",\"mst\"]," TIMES "," NAME "}"},
		{OIDC_CLAIMS, "{" BASE ",\"aud\":\"mst\"," NAME "}"},
		{OIDC_CLAIMS, "{" BASE "," NAME "," NAME "}"},
		{OIDC_CLAIMS, "{" BASE "," NAME ",\"x\":{\"a\":1,\"a\":2}}"},
		{OIDC_CLAIMS, "[]"},
		{OIDC_CLAIMS, ""},
		{OIDC_CLAIMS, "null"},
		{OIDC_CLAIMS, PAYLOAD "{}"},
		{OIDC_CLAIMS, "{" BASE "," NAME ",}"},
		{OIDC_CLAIMS, "{" BASE "," NAME ",\"n\":1"
			      "00000000000000000000000000000000}"},
		{OIDC_CLAIMS, "{" BASE ",\"preferred_username\":\"an\\u0000na\"}"},
		{OIDC_CLAIMS, "{" BASE ",\"preferred_username\":\"\\ud800\"}"},
		{OIDC_CLAIMS, "{" BASE ",\"preferred_username\":\"\xc0\xae\"}"},
		{OIDC_USER, "{" BASE "}"},
		{OIDC_USER, "{" BASE ",\"preferred_username\":\"\"}"},
		{OIDC_USER, "{" BASE ",\"preferred_username\":7}"},
		{OIDC_USER, "{" BASE ",\"preferred_username\":[\"anna\"]}"},
		{OIDC_USER, "{" BASE ",\"preferred_username\":\"an\\nna\"}"},
		{OIDC_USER, "{" BASE ",\"Preferred_username\":\"anna\"}"},
		{OIDC_USER, "{" BASE ",\"upn\":\"anna\",\"sub\":\"anna\"}"},
		{OIDC_DEVICE, "{" BASE "," NAME ",\"deviceid\":7}"},
		{OIDC_DEVICE, "{" BASE "," NAME ",\"deviceid\":\"a\\u0007\"}"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		expect(rows[i].want, rows[i].payload, jwt_sign("rsa", "RS256", HEADER, rows[i].payload));
}

static void
required_claims(void **state)
{
	(void)state;
	static const struct {
		enum oidc_verdict want;
		const char *required;
	} rows[] = {
		{OIDC_OK, "tid=t1"},
		{OIDC_REQUIRED, "tid=t2"},
		{OIDC_REQUIRED, "tid=T1"},
		{OIDC_REQUIRED, "tid=t"},
		{OIDC_REQUIRED, "tid=t11"},
		{OIDC_REQUIRED, "tid="},
		{OIDC_REQUIRED, "tid"},
		{OIDC_REQUIRED, "=t1"},
		{OIDC_REQUIRED, "missing=t1"},
		{OIDC_OK, "roles=vpn"},
		{OIDC_REQUIRED, "roles=admin"},
		{OIDC_REQUIRED, "roles=[\"vpn\"]"},
		{OIDC_OK, "ok=true"},
		{OIDC_REQUIRED, "ok=false"},
		{OIDC_OK, "eq=a=b"},
		{OIDC_REQUIRED, "n=1"},
		{OIDC_REQUIRED, "map=a"},
	};
	const char *text = jwt_sign("rsa", "RS256", HEADER,
		"{" BASE "," NAME
		",\"tid\":\"t1\",\"roles\":[1,\"mail\",\"vpn\"],\"ok\":true,\"eq\":\"a=b\",\"n\":1,"
		"\"map\":{\"a\":\"a\"}}");

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const char *const both[] = {"tid=t1", rows[i].required};
		struct oidc_issuer issuer = issuers[1];
		struct identity_who who;

		issuer.required = both;
		issuer.n_required = 2;
		if (judge_by(&issuer, 1, NOW, text, &who) != rows[i].want)
			fail_msg("%s", rows[i].required);
	}
}

static void
hostile_forms(void **state)
{
	(void)state;
	static char good[JWT_BYTES];
	static char bad[JWT_BYTES];
	static const char *const texts[] = {"", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", " ",
		"{}", "{\"payload\":\"\",\"signatures\":[]}"};
	size_t len;
	char *sig;

	for (size_t i = 0; i < MST_ARRAY_SIZE(texts); i++)
		assert_int_not_equal(judge(texts[i]), OIDC_OK);
	snprintf(good, sizeof(good), "%s", jwt_sign("rsa", "RS256", HEADER, PAYLOAD));
	len = strlen(good);
	expect(OIDC_OK, "good", good);
	for (size_t cut = 0; cut < len; cut++) {
		snprintf(bad, sizeof(bad), "%.*s", (int)cut, good);
		assert_int_not_equal(judge(bad), OIDC_OK);
	}
	for (size_t i = 0; i < len; i++) {
		static const char others[] = "A-_=+/. \n\x80";

		memcpy(bad, good, len + 1);
		for (const char *c = others; *c != '\0'; c++) {
			bad[i] = *c;
			if (*c != good[i])
				assert_int_not_equal(judge(bad), OIDC_OK);
		}
	}
	sig = strrchr(good, '.') + 1;
	snprintf(bad, sizeof(bad), "%.*s", (int)(sig - good), good);
	expect(OIDC_FORM, "an empty signature", bad);
	snprintf(bad, sizeof(bad), "%s==", good);
	expect(OIDC_FORM, "padding", bad);
	snprintf(bad, sizeof(bad), "%s.", good);
	expect(OIDC_FORM, "a fourth part", bad);
	snprintf(bad, sizeof(bad), " %s", good);
	expect(OIDC_FORM, "a blank in front", bad);
	snprintf(bad, sizeof(bad), "%s\n", good);
	expect(OIDC_FORM, "a line feed behind", bad);
	snprintf(bad, sizeof(bad), "%sAAAA", good);
	expect(OIDC_SIGNATURE, "a longer signature", bad);
}

static const char *
with_signature(const char *token, const uint8_t *sig, size_t len)
{
	static char text[JWT_BYTES];
	char part[JWT_BYTES];
	struct mst_str s = mst_str_init(text, sizeof(text));

	jwt_base64(sig, len, part);
	mst_str_add(&s, token, (size_t)(strrchr(token, '.') - token));
	mst_str_fmt(&s, ".%s", part);
	return text;
}

// r and s: zero, the order of the curve, larger, shorter, longer, swapped.
static void
es256_signatures(void **state)
{
	(void)state;
	static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
		0xfc, 0x63, 0x25, 0x51};
	static char good[JWT_BYTES];
	uint8_t sig[66];
	uint8_t bad[136] = {0};

	snprintf(good, sizeof(good), "%s",
		jwt_sign("p256", "ES256", "{\"alg\":\"ES256\",\"kid\":\"p256\"}", PAYLOAD));
	assert_int_equal(oidc_json_base64(strrchr(good, '.') + 1, 86, sig, sizeof(sig)), 64);
	expect(OIDC_OK, "as signed", with_signature(good, sig, 64));
	expect(OIDC_SIGNATURE, "zeros", with_signature(good, bad, 64));
	memcpy(bad, order, 32);
	memcpy(bad + 32, sig + 32, 32);
	expect(OIDC_SIGNATURE, "r = n", with_signature(good, bad, 64));
	memcpy(bad, sig, 32);
	memcpy(bad + 32, order, 32);
	expect(OIDC_SIGNATURE, "s = n", with_signature(good, bad, 64));
	memset(bad + 32, 0, 32);
	expect(OIDC_SIGNATURE, "s = 0", with_signature(good, bad, 64));
	memset(bad, 0xff, 64);
	expect(OIDC_SIGNATURE, "all ones", with_signature(good, bad, 64));
	memcpy(bad, sig + 32, 32);
	memcpy(bad + 32, sig, 32);
	expect(OIDC_SIGNATURE, "swapped", with_signature(good, bad, 64));
	// A zero in front of both: the same numbers, another length.
	memset(bad, 0, sizeof(bad));
	memcpy(bad + 1, sig, 32);
	memcpy(bad + 34, sig + 32, 32);
	expect(OIDC_SIGNATURE, "66 bytes", with_signature(good, bad, 66));
	expect(OIDC_SIGNATURE, "63 bytes", with_signature(good, sig, 63));
	expect(OIDC_SIGNATURE, "one byte", with_signature(good, sig, 1));
}

static void
sizes_and_depths(void **state)
{
	(void)state;
	static char payload[JWT_BYTES / 2];
	int n;

	// The limit is 16 levels: the object and 15 arrays.
	for (unsigned int depth = 15; depth <= 16; depth++) {
		n = snprintf(payload, sizeof(payload), "{" BASE "," NAME ",\"x\":");
		memset(payload + n, '[', depth);
		memset(payload + n + depth, ']', depth);
		snprintf(payload + n + 2 * depth, 2, "}");
		expect(depth == 15 ? OIDC_OK : OIDC_CLAIMS, "depth",
			jwt_sign("rsa", "RS256", HEADER, payload));
	}
	// Brackets in a string are no depth, whatever stands before them.
	expect(OIDC_OK, "string",
		jwt_sign("rsa", "RS256", HEADER,
			"{" BASE "," NAME ",\"x\":\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[\\\\\"}"));
	n = snprintf(payload, sizeof(payload), "{" BASE "," NAME ",\"x\":\"");
	memset(payload + n, '[', 10000);
	payload[n + 10000] = '\0';
	expect(OIDC_CLAIMS, "no end", jwt_sign("rsa", "RS256", HEADER, payload));
	// A token of 16,384 bytes, and one more.
	for (unsigned int more = 0; more < 2; more++) {
		const char *text = "";

		for (size_t x = 11500; strlen(text) < OIDC_TOKEN_BYTES_MAX + more; x++) {
			n = snprintf(
				payload, sizeof(payload), "{" BASE "," NAME ",\"x\":\"%0*d\"}", (int)x, 0);
			text = jwt_sign("p256", "ES256", "{\"alg\":\"ES256\",\"kid\":\"p256\"}", payload);
		}
		expect(strlen(text) == OIDC_TOKEN_BYTES_MAX ? OIDC_OK : OIDC_FORM, "size", text);
	}
}

static void
without_keys_nobody_passes(void **state)
{
	(void)state;
	static struct oidc_token token;
	const char *text = jwt_sign("rsa", "RS256", HEADER, PAYLOAD);
	struct identity_who who;
	uint32_t issuer;

	assert_int_equal(oidc_token_open(&token, text, strlen(text), issuers, 2, &issuer), OIDC_OK);
	assert_int_equal(issuer, 1);
	assert_int_equal(oidc_token_check(&token, &issuers[issuer], NULL, NOW, &who), OIDC_KEY);
	oidc_token_fini(&token);
}

static void
base64_has_one_form(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int want;
	} rows[] = {{"", 0}, {"A", -22}, {"AA", 1}, {"AB", -22}, {"AAA", 2}, {"AAB", -22}, {"AAE", 2},
		{"AAAA", 3}, {"_-_-", 3}, {"AA==", -22}, {"AA\n", -22}, {"AA+A", -22}, {"AA/A", -22},
		{"AAAAA", -22}, {"AAAAAA", -22}};
	uint8_t out[3];

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++)
		assert_int_equal(
			oidc_json_base64(rows[i].text, strlen(rows[i].text), out, sizeof(out)), rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm),
		cmocka_unit_test(says_who),
		cmocka_unit_test(names_and_groups_are_bounded),
		cmocka_unit_test(times),
		cmocka_unit_test(hostile_headers),
		cmocka_unit_test(keys_in_the_header_are_not_looked_at),
		cmocka_unit_test(hostile_claims),
		cmocka_unit_test(required_claims),
		cmocka_unit_test(hostile_forms),
		cmocka_unit_test(es256_signatures),
		cmocka_unit_test(sizes_and_depths),
		cmocka_unit_test(without_keys_nobody_passes),
		cmocka_unit_test(base64_has_one_form),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
