// Every method by the whole way: what a device shows has to be all that the method needs, and all of one user.
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "leaf.h"
#include "rig.h"

#define KEYS "oidc: [{issuer: \"https://i.test\", audience: mst, jwks-file: /k}]"
#define CERT_OCSP(ocsp) "certificate: {ca: /ca, user: san-upn, group: ou, " ocsp "}"
#define CERT CERT_OCSP("ocsp: off")

static char users[512];
static char jwks[4096];
static struct mst_conf_error err;

// Of anna, of bert, of nobody: without a user name, and of a server that has anna's.
enum { NONE, ANNA, BERT, NOBODY, SERVER, N_WHO };
static uint8_t *certs[N_WHO];
static size_t cert_lens[N_WHO];
static char tokens[N_WHO][4096];

static void
make_cert(unsigned int who, const char *name)
{
	long now = (long)time(NULL) - LEAF_NOW;
	char san[128];
	struct leaf leaf = {.key = "p256",
		.subject = {"OU", "from-certificate", "OU", "staff"},
		.extensions = {"extendedKeyUsage", who == SERVER ? "serverAuth" : "clientAuth",
			"subjectAltName", san},
		.begins = now - 1000,
		.ends = now + 86400};

	snprintf(san, sizeof(san), "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:%s", name);
	cert_lens[who] = leaf_der(&leaf, &certs[who]);
}

static void
make_token(unsigned int who, const char *name)
{
	long now = (long)time(NULL);
	char payload[512];

	snprintf(payload, sizeof(payload),
		"{\"iss\":\"https://"
		"i.test\",\"aud\":\"mst\",\"exp\":%ld,\"nbf\":%ld,\"iat\":%ld,\"preferred_username\":\"%s\","
		"\"groups\":[\"from-token\"],\"deviceid\":\"d-%s\"}",
		now + 600, now - 10, now - 10, name, name);
	snprintf(tokens[who], sizeof(tokens[who]), "%.4000s",
		jwt_sign("p256", "ES256", "{\"alg\":\"ES256\",\"kid\":\"k\"}", payload));
}

static int
set_up_all(void **state)
{
	struct crypt_data scratch = {0};
	const char *hash = crypt_r("secret", "$1$abcdefgh$", &scratch);

	(void)state;
	// As an operator may write it.
	snprintf(users, sizeof(users), "Anna:staff:%s\nbert@Corp:staff:%s\n", hash, hash);
	snprintf(jwks, sizeof(jwks), "{\"keys\":[%.3000s]}", jwt_jwk("p256", "k", ""));
	make_cert(ANNA, "ANNA@corp.example.com");
	make_cert(BERT, "bert@corp.example.com");
	make_cert(NOBODY, "an@na@corp");
	make_cert(SERVER, "anna@corp.example.com");
	make_token(ANNA, "Anna@CORP");
	make_token(BERT, "CORP\\\\bert");
	make_token(NOBODY, "@corp");
	return 0;
}

static int
tear_down_all(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < N_WHO; i++)
		OPENSSL_free(certs[i]);
	jwt_keys_free();
	return 0;
}

static void
configure_more(const char *methods, const char *more)
{
	char auth[1024];
	const struct rig_files files = {.auth = auth, .users = users, .jwks = jwks};
	int rc;

	snprintf(auth, sizeof(auth),
		"methods: [%s], %sstrip-domain: [corp, corp.example.com], " CERT ", " KEYS, methods, more);
	rc = rig_configure(&files, 0, &err);
	if (rc != 0)
		fail_msg("%s", err.text);
}

static void
configure(const char *methods)
{
	configure_more(methods, "");
}

static struct mst_auth_result
show_at(const char *host, unsigned int cert, unsigned int token, const char *user, const char *password)
{
	static uint64_t number;

	return rig_submit(&(struct mst_auth_try){.token = ++number,
		.host = host,
		.cert = certs[cert],
		.cert_len = cert_lens[cert],
		.issuer = certs[cert],
		.issuer_len = cert_lens[cert],
		.bearer = token != NONE ? tokens[token] : NULL,
		.user = user,
		.password = password});
}

static struct mst_auth_result
show(unsigned int cert, unsigned int token, const char *user, const char *password)
{
	return show_at("", cert, token, user, password);
}

struct row {
	const char *user; // who gets in; NULL: nobody
	unsigned int cert;
	unsigned int token;
	const char *name;
	const char *password;
};

static void
check(const char *methods, const struct row *rows, size_t n)
{
	configure(methods);
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct mst_auth_result got = show(r->cert, r->token, r->name, r->password);

		if ((got.outcome == MST_AUTH_OK) != (r->user != NULL))
			fail_msg("[%s], row %zu: outcome %d", methods, i, got.outcome);
		if (r->user != NULL)
			assert_string_equal(got.user, r->user);
		else
			assert_int_equal(got.n_groups, 0);
	}
}

static void
one_factor(void **state)
{
	(void)state;
	static const struct row password[] = {
		{"anna", NONE, NONE, "anna", "secret"},
		{"anna", NONE, NONE, "ANNA", "secret"},
		{"anna", NONE, NONE, "anna@corp", "secret"},
		{"anna", NONE, NONE, "CORP\\Anna.", "secret"},
		{"bert", NONE, NONE, "bert", "secret"},
		{NULL, NONE, NONE, "anna@elsewhere", "secret"},
		{NULL, NONE, NONE, "anna", "wrong"},
		{NULL, NONE, NONE, "anna@", "secret"},
		{NULL, NONE, NONE, "", "secret"},
		{NULL, NONE, NONE, "anna", NULL},
		{NULL, ANNA, NONE, "", NULL},
		{NULL, NONE, ANNA, "", NULL},
		{NULL, ANNA, ANNA, "", NULL},
	};
	static const struct row token[] = {
		{"anna", NONE, ANNA, "", NULL},
		{"bert", NONE, BERT, "", NULL},
		{"bert", NONE, BERT, "anna", NULL}, // what is typed is no factor
		{NULL, NONE, NOBODY, "", NULL},
		{NULL, NONE, NOBODY, "anna", "secret"},
		{NULL, ANNA, NONE, "", NULL},
		{NULL, NONE, NONE, "anna", "secret"},
	};
	static const struct row certificate[] = {
		{"anna", ANNA, NONE, "", NULL},
		{"bert", BERT, NONE, "", NULL},
		{NULL, SERVER, NONE, "", NULL},
		{NULL, NOBODY, NONE, "", NULL},
		{NULL, NOBODY, NONE, "anna", "secret"},
		{NULL, NONE, ANNA, "", NULL},
		{NULL, NONE, NONE, "anna", "secret"},
		{NULL, NONE, NONE, "", NULL},
	};

	check("password", password, MST_ARRAY_SIZE(password));
	check("token", token, MST_ARRAY_SIZE(token));
	check("certificate", certificate, MST_ARRAY_SIZE(certificate));
}

static void
two_factors(void **state)
{
	(void)state;
	static const struct row password[] = {
		{"anna", ANNA, NONE, "anna", "secret"},
		{"anna", ANNA, NONE, "CORP\\ANNA", "secret"},
		{"anna", ANNA, NONE, "anna@corp.example.com.", "secret"},
		{"bert", BERT, NONE, "Bert", "secret"},
		{NULL, BERT, NONE, "anna", "secret"},
		{NULL, BERT, NONE, "ANNA", "secret"},
		{NULL, ANNA, NONE, "bert", "secret"},
		{NULL, ANNA, NONE, "anna@elsewhere", "secret"},
		{NULL, ANNA, NONE, "anna", "wrong"},
		{NULL, ANNA, NONE, "anna", ""},
		{NULL, ANNA, NONE, "", "secret"},
		{NULL, ANNA, NONE, "@corp", "secret"},
		{NULL, SERVER, NONE, "anna", "secret"},
		{NULL, NOBODY, NONE, "anna", "secret"},
		{NULL, NONE, NONE, "anna", "secret"},
		{NULL, NONE, ANNA, "anna", "secret"},
		{NULL, ANNA, NONE, "anna", NULL},
		{NULL, ANNA, ANNA, "", NULL},
	};
	static const struct row token[] = {
		{"anna", ANNA, ANNA, "", NULL},
		{"bert", BERT, BERT, "", NULL},
		{NULL, ANNA, BERT, "", NULL},
		{NULL, BERT, ANNA, "", NULL},
		{NULL, BERT, ANNA, "bert", "secret"},
		{NULL, NOBODY, ANNA, "", NULL},
		{NULL, SERVER, ANNA, "", NULL},
		{NULL, ANNA, NOBODY, "", NULL},
		{NULL, NONE, ANNA, "", NULL},
		{NULL, ANNA, NONE, "", NULL},
		{NULL, ANNA, NONE, "anna", "secret"},
	};

	check("certificate+password", password, MST_ARRAY_SIZE(password));
	check("certificate+token", token, MST_ARRAY_SIZE(token));
}

// The authority says nothing, as nobody listens there.
static void
silent_authority(void **state)
{
	(void)state;
	static const struct {
		const char *auth;
		enum mst_auth_outcome alone;
	} rows[] = {
		{"methods: [certificate], " CERT_OCSP("ocsp: require, ocsp-url: \"http://127.0.0.1:1/\""),
			MST_AUTH_NO},
		{"methods: [certificate], " CERT_OCSP("ocsp: soft, ocsp-url: \"http://127.0.0.1:1/\""),
			MST_AUTH_OK},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const struct rig_files files = {.auth = rows[i].auth, .users = users};

		if (rig_configure(&files, 0, &err) != 0)
			fail_msg("%s", err.text);
		assert_int_equal(show(ANNA, NONE, "", NULL).outcome, rows[i].alone);
		assert_int_equal(show(NOBODY, NONE, "", NULL).outcome, MST_AUTH_NO);
	}
}

static void
alternatives(void **state)
{
	(void)state;
	static const struct row any[] = {
		{"anna", ANNA, NONE, "", NULL},
		{"anna", NONE, ANNA, "", NULL},
		{"anna", NONE, NONE, "anna", "secret"},
		{NULL, NONE, NONE, "anna", "wrong"},
		{NULL, NONE, NOBODY, "", NULL},
		// Typed counts more than shown to all: a wrong password is not made good by a certificate.
		{NULL, ANNA, NONE, "anna", "wrong"},
		{NULL, NONE, NONE, "", NULL},
	};
	static const struct row strict_first[] = {
		{"anna", ANNA, NONE, "anna", "secret"},
		{"anna", NONE, NONE, "anna", "secret"},
		{"anna", NONE, ANNA, "", NULL},
		{NULL, BERT, NONE, "anna", "secret"},
		{NULL, NOBODY, NONE, "anna", "secret"},
		{NULL, ANNA, NONE, "", NULL},
	};

	check("certificate, password, token", any, MST_ARRAY_SIZE(any));
	check("password, token, certificate", any, MST_ARRAY_SIZE(any));
	// In any order the method that uses both is the one that counts.
	check("certificate+password, password, token", strict_first, MST_ARRAY_SIZE(strict_first));
	check("password, token, certificate+password", strict_first, MST_ARRAY_SIZE(strict_first));
}

static void
groups_and_device(void **state)
{
	(void)state;
	struct mst_auth_result r;

	configure("certificate+password, certificate+token");
	r = show(ANNA, NONE, "anna", "secret");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_string_equal(r.groups[0], "from-certificate");
	assert_string_equal(r.groups[1], "staff");
	assert_true(r.expires_unix_s > (uint64_t)time(NULL));
	r = show(ANNA, ANNA, "", NULL);
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_int_equal(r.n_groups, 3);
	assert_string_equal(r.groups[2], "from-token");
	assert_string_equal(r.device_id, "d-Anna@CORP");
}

// The host that a device came to decides, whatever the others would take.
static void
hosts(void **state)
{
	static const struct rig_files files = {
		.auth = "methods: [password], strip-domain: [corp, corp.example.com], " CERT ", " KEYS,
		.hosts = "{name: token, pfx: /p, auth: {methods: [token]}}, "
			 "{name: both, pfx: /p, auth: {methods: [certificate+password]}}, "
			 "{name: cn, pfx: /p, auth: {methods: [certificate], certificate: {user: cn}}}, "
			 "{name: same, pfx: /p}",
		.users = users,
		.jwks = jwks};
	static const struct {
		const char *host;
		struct row r;
		enum mst_auth_outcome outcome;
	} rows[] = {
		{"", {"anna", NONE, NONE, "anna", "secret"}, MST_AUTH_OK},
		{"", {NULL, NONE, ANNA, "", NULL}, MST_AUTH_NO},
		{"same", {"anna", NONE, NONE, "anna", "secret"}, MST_AUTH_OK},
		{"same", {NULL, ANNA, ANNA, "", NULL}, MST_AUTH_NO},
		{"token", {"anna", NONE, ANNA, "", NULL}, MST_AUTH_OK},
		{"token", {NULL, NONE, NONE, "anna", "secret"}, MST_AUTH_NO},
		{"token", {NULL, ANNA, NONE, "", NULL}, MST_AUTH_NO},
		{"both", {"anna", ANNA, NONE, "anna", "secret"}, MST_AUTH_OK},
		{"both", {NULL, NONE, NONE, "anna", "secret"}, MST_AUTH_NO},
		{"both", {NULL, ANNA, NONE, "", NULL}, MST_AUTH_NO},
		{"both", {NULL, BERT, NONE, "anna", "secret"}, MST_AUTH_NO},
		{"both", {NULL, NONE, ANNA, "", NULL}, MST_AUTH_NO},
		{"cn", {NULL, ANNA, NONE, "", NULL}, MST_AUTH_NO}, // no name is there
		// Of a configuration that the gateway has no more, or not yet: nobody's fault.
		{"gone", {NULL, NONE, NONE, "anna", "secret"}, MST_AUTH_BUSY},
		{"Token", {NULL, NONE, ANNA, "", NULL}, MST_AUTH_BUSY},
	};

	(void)state;
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_auth_result got = show_at(
			rows[i].host, rows[i].r.cert, rows[i].r.token, rows[i].r.name, rows[i].r.password);

		if (got.outcome != rows[i].outcome)
			fail_msg("row %zu: outcome %d", i, got.outcome);
		if (rows[i].r.user != NULL)
			assert_string_equal(got.user, rows[i].r.user);
	}
}

// A token of the one issuer, at hosts that take those of the other alone, of both, and of what the site takes.
static void
issuers_of_hosts(void **state)
{
	static const struct rig_files files = {
		.auth = "methods: [token], strip-domain: [corp], issuers: [\"https://j.test\"], "
			"oidc: [{issuer: \"https://i.test\", audience: mst, jwks-file: /k}, "
			"{issuer: \"https://j.test\", audience: mst}]",
		.hosts = "{name: i, pfx: /p, auth: {issuers: [\"https://i.test\"]}}, "
			 "{name: ij, pfx: /p, auth: {issuers: [\"https://j.test\", \"https://i.test\"]}}, "
			 "{name: j, pfx: /p, auth: {groups: [x]}}",
		.users = NULL,
		.jwks = jwks};

	(void)state;
	assert_int_equal(rig_configure(&files, 0, &err), 0);
	assert_int_equal(show_at("i", NONE, ANNA, "", NULL).outcome, MST_AUTH_OK);
	assert_int_equal(show_at("ij", NONE, ANNA, "", NULL).outcome, MST_AUTH_OK);
	assert_int_equal(show_at("j", NONE, ANNA, "", NULL).outcome, MST_AUTH_NO);
	assert_int_equal(show_at("", NONE, ANNA, "", NULL).outcome, MST_AUTH_NO);
}

// Certificates last for a day here, tokens for 10 minutes and the leeway of one.
static void
the_end_of_what_was_shown(void **state)
{
	(void)state;
	static const struct {
		const char *methods;
		const char *more;
		unsigned int cert, token;
		uint64_t want_s; // 0: none
	} rows[] = {
		{"token", "", NONE, ANNA, 0},
		{"token", "token-expiry: ignore, ", NONE, ANNA, 0},
		{"token", "token-expiry: end, ", NONE, ANNA, 660},
		{"certificate", "", ANNA, NONE, 86400},
		{"certificate+token", "", ANNA, ANNA, 86400},
		{"certificate+token", "token-expiry: end, ", ANNA, ANNA, 660},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		uint64_t now = (uint64_t)time(NULL);
		struct mst_auth_result r;

		configure_more(rows[i].methods, rows[i].more);
		r = show(rows[i].cert, rows[i].token, "", NULL);
		assert_int_equal(r.outcome, MST_AUTH_OK);
		if (rows[i].want_s == 0)
			assert_int_equal(r.expires_unix_s, 0);
		else // the clock of the set-up is a little behind
			assert_in_range(r.expires_unix_s, now + rows[i].want_s - 60, now + rows[i].want_s);
	}
}

static void
bad_configurations(void **state)
{
	(void)state;
	static const struct {
		const char *auth;
		const char *want;
	} rows[] = {
		{"certificate: {user: email}", "conf: auth.certificate.user: expected san-upn, san-email, "
					       "san-uri, cn, uid, ou or an object "
					       "identifier, found email"},
		{"certificate: {group: OU}", "conf: auth.certificate.group: expected san-upn, san-email, "
					     "san-uri, cn, uid, ou or an object "
					     "identifier, found OU"},
		{"oidc: [{issuer: \"http://i.test\", audience: a}]",
			"conf: auth.oidc: expected an https URL of a discovery document, found "
			"http://i.test/.well-known/openid-configuration"},
	};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		const struct rig_files files = {.auth = rows[i].auth, .users = users};

		assert_int_equal(rig_configure(&files, 0, &err), -EINVAL);
		assert_string_equal(err.text, rows[i].want);
	}
	const struct rig_files hosts = {
		.hosts = "{name: a, pfx: /p}, {name: b, pfx: /p, auth: {certificate: {group: OU}}}",
		.users = users};
	assert_int_equal(rig_configure(&hosts, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "conf: hosts[1].auth.certificate.group: expected"));
	const struct rig_files files = {
		.auth = "methods: [token], " KEYS, .users = users, .jwks = "{\"keys\":[]}"};
	assert_int_equal(rig_configure(&files, 0, &err), -ENOKEY);
	assert_non_null(strstr(err.text, "/k: expected a JSON key set"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_factor, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(two_factors, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(silent_authority, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(alternatives, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(groups_and_device, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(hosts, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(issuers_of_hosts, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_what_was_shown, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(bad_configurations, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
