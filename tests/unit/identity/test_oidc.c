// Keys of a real issuer over https: fetched, kept, renewed; and an issuer that wants us to go elsewhere.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fetch.h"
#include "issuer.h"
#include "oidc.h"

#define SKIPPED 77

static struct issuer server;
static const char *const audiences[] = {"mst"};

static struct oidc_issuer
configure(void)
{
	return (struct oidc_issuer){
		.issuer = server.url,
		.audiences = audiences,
		.n_audiences = 1,
		.user_claim = "preferred_username",
		.group_claim = "groups",
		.device_claim = "deviceid",
		.discovery_url = "",
		.jwks_host = "",
		.ca = server.ca,
		.ca_len = strlen(server.ca),
		.proxy = "",
		.leeway_s = 60,
		.refresh_min_s = 900,
		.refresh_max_s = 86400,
	};
}

static struct oidc *
create(const struct oidc_issuer *issuer)
{
	struct oidc *oidc = NULL;
	char err[512];

	if (oidc_create(&oidc, issuer, 1, NULL, err, sizeof(err)) != 0)
		fail_msg("%s", err);
	return oidc;
}

static void
wait_for_round(struct oidc *oidc, uint64_t round)
{
	for (unsigned int n = 0; oidc_round(oidc) == round; n++) {
		assert_true(n < 20000);
		usleep(1000);
	}
}

static enum oidc_verdict
verify(struct oidc *oidc, const char *token)
{
	struct identity_who who;
	uint64_t round;

	for (;;) {
		enum oidc_verdict verdict = oidc_verify(
			oidc, UINT32_MAX, token, strlen(token), (uint64_t)time(NULL), &who, &round);

		if (verdict != OIDC_WAIT)
			return verdict;
		wait_for_round(oidc, round);
	}
}

static void
keys_are_fetched_and_rotate(void **state)
{
	(void)state;
	const struct oidc_issuer issuer = configure();
	struct oidc *oidc;
	struct oidc_stats stats;
	char old[8192];
	long n;

	issuer_mode(&server, "good");
	n = issuer_count(&server, "keys");
	oidc = create(&issuer);
	snprintf(old, sizeof(old), "%s", issuer_token(&server, "anna"));
	assert_int_equal(verify(oidc, old), OIDC_OK);
	assert_int_equal(verify(oidc, old), OIDC_OK);
	oidc_stats(oidc, &stats);
	// One fetch, at the start; a token that came meanwhile may have asked for it.
	assert_in_range(issuer_count(&server, "keys"), n + 1, n + 2);
	oidc_destroy(oidc);
	// From here on a token finds keys, but not its own.
	oidc = create(&issuer);
	wait_for_round(oidc, 0);
	n = issuer_count(&server, "keys");
	issuer_rotate(&server);
	assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_OK);
	assert_int_equal(verify(oidc, old), OIDC_OK);
	assert_int_equal(issuer_count(&server, "keys"), n + 1);
	// The next unknown key has to wait for its turn, and nobody fetches for it.
	issuer_rotate(&server);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_KEY);
	oidc_stats(oidc, &stats);
	assert_int_equal(stats.asked, 1);
	assert_int_equal(issuer_count(&server, "keys"), n + 1);
	oidc_destroy(oidc);
}

static void
old_keys_stay_when_a_fetch_fails(void **state)
{
	(void)state;
	static const char *const modes[] = {
		"status", "no-json", "huge", "empty", "weak", "other-issuer", "redirect"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(modes); i++) {
		const struct oidc_issuer issuer = configure();
		struct oidc_stats stats;
		struct oidc *oidc;
		char old[8192];

		issuer_mode(&server, "good");
		oidc = create(&issuer);
		snprintf(old, sizeof(old), "%s", issuer_token(&server, "anna"));
		wait_for_round(oidc, 0);
		issuer_rotate(&server);
		issuer_mode(&server, modes[i]);
		assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_KEY);
		assert_int_equal(verify(oidc, old), OIDC_OK);
		oidc_stats(oidc, &stats);
		assert_int_equal(stats.fetched, 1);
		assert_int_equal(stats.failed, 1);
		oidc_destroy(oidc);
	}
}

// However an issuer answers, nobody but the configured host is ever asked.
static void
hostile_issuers_lead_nowhere(void **state)
{
	(void)state;
	static const char *const modes[] = {"redirect", "redirect-keys", "metadata", "other-host",
		"other-scheme", "file", "user-info", "other-issuer"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(modes); i++) {
		const struct oidc_issuer issuer = configure();
		struct oidc_stats stats;
		struct oidc *oidc;

		issuer_mode(&server, modes[i]);
		oidc = create(&issuer);
		wait_for_round(oidc, 0);
		assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_NO_KEYS);
		oidc_stats(oidc, &stats);
		if (stats.fetched != 0)
			fail_msg("%s: keys were taken", modes[i]);
		oidc_destroy(oidc);
	}
	assert_int_equal(issuer_count(&server, "bait"), 0);
}

// What the tests above would miss if the bait could not be reached.
static void
the_operator_may_allow_another_host(void **state)
{
	(void)state;
	struct oidc_issuer issuer = configure();
	struct oidc *oidc;

	issuer.jwks_host = strstr(server.bait, "//") + 2;
	issuer_mode(&server, "other-host");
	oidc = create(&issuer);
	wait_for_round(oidc, 0);
	assert_int_equal(issuer_count(&server, "bait"), 1);
	oidc_destroy(oidc);
}

static void
only_the_right_authority_is_believed(void **state)
{
	(void)state;
	struct oidc_issuer issuer = configure();
	struct oidc_stats stats;
	struct oidc *oidc;

	issuer_mode(&server, "good");
	issuer.ca = NULL;
	oidc = create(&issuer);
	wait_for_round(oidc, 0);
	oidc_stats(oidc, &stats);
	assert_int_equal(stats.failed, 1);
	assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_NO_KEYS);
	oidc_destroy(oidc);
}

// By the configuration or by the environment; the password of a proxy is nobody's business.
static void
proxies(void **state)
{
	(void)state;
	struct oidc_issuer issuer = configure();
	struct fetch_request request = {.url = server.url,
		.ca = server.ca,
		.ca_len = strlen(server.ca),
		.cap = 65536,
		.timeout_ms = 20000};
	char text[FETCH_ERROR_BYTES];
	struct fetch_answer answer;
	struct oidc *oidc;
	char wrong[160];
	long n;

	issuer_mode(&server, "good");
	n = issuer_count(&server, "tunnels");
	issuer.proxy = server.proxy;
	oidc = create(&issuer);
	wait_for_round(oidc, 0);
	assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_OK);
	oidc_destroy(oidc);
	assert_int_equal(issuer_count(&server, "tunnels"), n + 2); // discovery and keys
	assert_int_equal(setenv("https_proxy", server.proxy, 1), 0);
	issuer.proxy = "";
	oidc = create(&issuer);
	wait_for_round(oidc, 0);
	oidc_destroy(oidc);
	unsetenv("https_proxy");
	assert_int_equal(issuer_count(&server, "tunnels"), n + 4);
	snprintf(wrong, sizeof(wrong), "http://proxy:canary2@%s", strchr(server.proxy, '@') + 1);
	request.proxy = wrong;
	assert_int_equal(fetch_run(&request, NULL, &answer, text), -EIO);
	assert_null(strstr(text, "canary"));
	assert_int_equal(issuer_count(&server, "tunnels"), n + 4);
}

// No wait for the fetch that hangs.
static void
the_end_comes_at_once(void **state)
{
	(void)state;
	const struct oidc_issuer issuer = configure();
	struct identity_who who;
	struct oidc *oidc;
	uint64_t round;
	const char *token;
	enum oidc_verdict verdict;

	issuer_mode(&server, "good");
	token = issuer_token(&server, "anna");
	issuer_mode(&server, "slow");
	oidc = create(&issuer);
	verdict = oidc_verify(oidc, UINT32_MAX, token, strlen(token), (uint64_t)time(NULL), &who, &round);
	assert_int_equal(verdict, OIDC_WAIT);
	assert_int_equal(round, oidc_round(oidc));
	oidc_destroy(oidc);
	oidc_destroy(NULL);
	issuer_mode(&server, "good");
}

static void
keys_of_a_file(void **state)
{
	(void)state;
	static const char text[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
				   "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				   "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"kid\":\"a3\"}]}";
	struct oidc_issuer issuer = configure();
	struct oidc *oidc;
	long n;

	assert_int_equal(oidc_keys_parse(&issuer.keys, text, strlen(text)), 0);
	n = issuer_count(&server, "discovery");
	oidc = create(&issuer);
	// Nobody is asked for a key that is not in the file.
	assert_int_equal(verify(oidc, issuer_token(&server, "anna")), OIDC_KEY);
	assert_int_equal(issuer_count(&server, "discovery"), n);
	oidc_destroy(oidc);
	oidc_keys_put(issuer.keys);
}

// A reload fetches nothing that is there already.
static void
keys_outlive_a_reload(void **state)
{
	(void)state;
	const struct oidc_issuer issuer = configure();
	struct oidc_issuer elsewhere = configure();
	struct oidc *before;
	struct oidc *after;
	char err[512];
	char url[256];
	long n;

	issuer_mode(&server, "good");
	before = create(&issuer);
	wait_for_round(before, 0);
	n = issuer_count(&server, "keys");
	assert_int_equal(oidc_create(&after, &issuer, 1, before, err, sizeof(err)), 0);
	oidc_destroy(before);
	assert_int_equal(verify(after, issuer_token(&server, "anna")), OIDC_OK);
	assert_int_equal(issuer_count(&server, "keys"), n);
	assert_int_equal(oidc_round(after), 0);
	// Another place has other keys.
	snprintf(url, sizeof(url), "%s/nowhere", server.url);
	elsewhere.discovery_url = url;
	assert_int_equal(oidc_create(&before, &elsewhere, 1, after, err, sizeof(err)), 0);
	wait_for_round(before, 0);
	assert_int_equal(verify(before, issuer_token(&server, "anna")), OIDC_NO_KEYS);
	oidc_destroy(before);
	oidc_destroy(after);
}

static void
places_that_are_no_https_urls(void **state)
{
	(void)state;
	static const char *const urls[] = {"http://i.test", "i.test", "", "ftp://i.test",
		"file:///etc/passwd", "https://user@i.test", "https://user:password@i.test",
		"https://:password@i.test", "https://i.test/#x", "https://", "gopher://i.test"};
	struct fetch_origin origin;

	for (size_t i = 0; i < MST_ARRAY_SIZE(urls); i++) {
		struct oidc_issuer issuer = configure();
		struct oidc *oidc;
		char err[512];

		issuer.issuer = "https://i.test";
		issuer.discovery_url = urls[i];
		if (urls[i][0] != '\0')
			assert_int_equal(oidc_create(&oidc, &issuer, 1, NULL, err, sizeof(err)), -EINVAL);
		assert_int_equal(fetch_origin_parse(&origin, urls[i], false), -EINVAL);
	}
	assert_int_equal(fetch_origin_parse(&origin, "http://i.test/a", true), 0);
	assert_string_equal(origin.text, "i.test:80");
	assert_int_equal(fetch_origin_parse(&origin, "https://I.Test:444/a?b", false), 0);
	assert_string_equal(origin.text, "i.test:444");
	assert_int_equal(fetch_origin_parse(&origin, "https://[::1]/", false), 0);
	assert_string_equal(origin.text, "[::1]:443");
}

// As answers to ours: what the document may say of itself and of its keys.
static void
discovery_documents(void **state)
{
	(void)state;
	static const struct {
		int want;
		const char *text;
	} rows[] = {
		{0, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://i.test/k\"}"},
		{0, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://I.TEST:443/k?x=1\"}"},
		{0, "{\"issuer\":\"x\",\"access_token_issuer\":\"https://i.test\",\"jwks_uri\":\"https://"
		    "i.test/k\"}"},
		{-ENOENT, "{\"issuer\":\"https://i.test/\",\"jwks_uri\":\"https://i.test/k\"}"},
		{-ENOENT, "{\"jwks_uri\":\"https://i.test/k\"}"},
		{-EINVAL, "{\"issuer\":\"https://i.test\"}"},
		{-EINVAL, "{\"issuer\":\"https://i.test\",\"jwks_uri\":7}"},
		{-EINVAL, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://i.test/"
			  "k\",\"issuer\":\"https://i.test\"}"},
		{-EINVAL, "[]"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://i.test:8443/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://i.test.evil.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://i.test@evil.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://evil.test\\\\@i.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://evil.test#@i.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://evil.test/https://i.test/"
			  "k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"http://i.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"file:///etc/passwd\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"//i.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"i.test/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://127.0.0.1/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://[::1]/k\"}"},
		{-EACCES, "{\"issuer\":\"https://i.test\",\"jwks_uri\":\"https://169.254.169.254/latest\"}"},
	};
	struct oidc_issuer issuer = configure();
	char url[OIDC_URL_BYTES];

	issuer.issuer = "https://i.test";
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		if (oidc_discovery_parse(&issuer, rows[i].text, strlen(rows[i].text), url) != rows[i].want)
			fail_msg("%s", rows[i].text);
	}
	issuer.issuer = "https://i.test/tenant/";
	assert_int_equal(oidc_discovery_url(&issuer, url), 0);
	assert_string_equal(url, "https://i.test/tenant/.well-known/openid-configuration");
	// An issuer whose name is another host's (Entra ID v1), or no place at all (AD FS).
	issuer.issuer = "https://sts.test/t/";
	issuer.discovery_url = "https://login.test/t/.well-known/openid-configuration";
	static const char v1[] =
		"{\"issuer\":\"https://sts.test/t/\",\"jwks_uri\":\"https://login.test/common/keys\"}";
	assert_int_equal(oidc_discovery_parse(&issuer, v1, strlen(v1), url), 0);
	assert_string_equal(url, "https://login.test/common/keys");
	issuer.jwks_host = "keys.test:444";
	static const char other[] =
		"{\"issuer\":\"https://sts.test/t/\",\"jwks_uri\":\"https://keys.test:444/k\"}";
	assert_int_equal(oidc_discovery_parse(&issuer, other, strlen(other), url), 0);
	assert_int_equal(oidc_discovery_parse(&issuer, v1, strlen(v1), url), -EACCES);
}

// Bounds of the fetch itself, by documents of the server.
static void
sizes_of_answers(void **state)
{
	(void)state;
	char url[256];
	char text[FETCH_ERROR_BYTES];
	struct fetch_request request = {
		.url = url, .ca = server.ca, .ca_len = strlen(server.ca), .proxy = "", .timeout_ms = 20000};
	struct fetch_answer answer;
	size_t len;

	issuer_mode(&server, "good");
	snprintf(url, sizeof(url), "%s/keys", server.url);
	request.cap = 65536;
	assert_int_equal(fetch_run(&request, NULL, &answer, text), 0);
	assert_int_equal(answer.max_age_s, 3600);
	len = answer.len;
	free(answer.bytes);
	request.cap = len;
	assert_int_equal(fetch_run(&request, NULL, &answer, text), 0);
	free(answer.bytes);
	request.cap = len - 1;
	assert_int_equal(fetch_run(&request, NULL, &answer, text), -E2BIG);
	snprintf(url, sizeof(url), "%s/nowhere", server.url);
	request.cap = 65536;
	assert_int_equal(fetch_run(&request, NULL, &answer, text), -EPROTO);
	assert_non_null(strstr(text, "404"));
	issuer_mode(&server, "slow");
	snprintf(url, sizeof(url), "%s/keys", server.url);
	request.timeout_ms = 200;
	assert_int_equal(fetch_run(&request, NULL, &answer, text), -ETIMEDOUT);
	issuer_mode(&server, "good");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_fetched_and_rotate),
		cmocka_unit_test(old_keys_stay_when_a_fetch_fails),
		cmocka_unit_test(hostile_issuers_lead_nowhere),
		cmocka_unit_test(the_operator_may_allow_another_host),
		cmocka_unit_test(only_the_right_authority_is_believed),
		cmocka_unit_test(proxies),
		cmocka_unit_test(the_end_comes_at_once),
		cmocka_unit_test(keys_of_a_file),
		cmocka_unit_test(keys_outlive_a_reload),
		cmocka_unit_test(places_that_are_no_https_urls),
		cmocka_unit_test(discovery_documents),
		cmocka_unit_test(sizes_of_answers),
	};
	int rc;

	if (fetch_init() != 0 || !issuer_start(&server))
		return SKIPPED;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	issuer_stop(&server);
	return rc;
}
