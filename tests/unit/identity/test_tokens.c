// Tokens by the whole way, with an issuer that has to be asked: who waits for keys, and who does not.
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "issuer.h"
#include "rig.h"

#define SKIPPED 77

static struct issuer server;
static char users[256];
static struct mst_conf_error err;

static void
configure_with(const char *environment)
{
	char auth[512];
	const struct rig_files files = {
		.auth = auth, .users = users, .ca = server.ca, .environment = environment};

	snprintf(auth, sizeof(auth),
		"methods: [token, password], oidc: [{issuer: \"%s\", audience: mst, ca-file: /c}]",
		server.url);
	if (rig_configure(&files, 0, &err) != 0)
		fail_msg("%s", err.text);
}

static void
configure(void)
{
	configure_with(NULL);
}

static void
submit(uint64_t number, const char *bearer)
{
	rig_send(&(struct mst_auth_message){
		.kind = MST_AUTH_SUBMIT, .submit = {.token = number, .bearer = bearer, .user = ""}});
}

static void
keys_are_waited_for(void **state)
{
	(void)state;
	char text[8192];
	struct mst_auth_result r;

	issuer_mode(&server, "good");
	snprintf(text, sizeof(text), "%s", issuer_token(&server, "Anna"));
	configure();
	// Faster than any fetch.
	for (uint64_t i = 1; i <= 20; i++)
		submit(i, text);
	for (uint64_t i = 1; i <= 20; i++) {
		r = rig_result();
		assert_int_equal(r.outcome, MST_AUTH_OK);
		assert_string_equal(r.user, "anna");
	}
	// A reload does not make anybody wait again.
	issuer_mode(&server, "slow");
	configure();
	submit(30, text);
	assert_int_equal(rig_result().outcome, MST_AUTH_OK);
}

static void
nobody_else_waits(void **state)
{
	(void)state;
	char text[8192];

	issuer_mode(&server, "good");
	snprintf(text, sizeof(text), "%s", issuer_token(&server, "anna"));
	issuer_mode(&server, "slow");
	configure();
	submit(1, text);
	submit(2, text);
	submit(3, "nonsense");
	assert_int_equal(rig_result().token, 3);
	assert_int_equal(rig_sign_in(4, "bert", "secret").outcome, MST_AUTH_OK);
	// One that has gone is not told; the server's end waits for nobody either.
	rig_send(&(struct mst_auth_message){.kind = MST_AUTH_CANCEL, .answer = {.token = 1, .answer = ""}});
	assert_int_equal(rig_sign_in(5, "bert", "secret").outcome, MST_AUTH_OK);
}

// Without keys it is not the device's fault.
static void
an_issuer_that_is_away(void **state)
{
	(void)state;
	char text[8192];

	issuer_mode(&server, "good");
	snprintf(text, sizeof(text), "%s", issuer_token(&server, "anna"));
	issuer_mode(&server, "status");
	configure();
	submit(1, text);
	assert_int_equal(rig_result().outcome, MST_AUTH_BUSY);
	issuer_mode(&server, "good");
}

// The counter is asked for by the code under test: not through a proxy, please.
static long
tunnels(void)
{
	fetch_set_environment(&(struct fetch_environment){0});
	return issuer_count(&server, "tunnels");
}

// A server of its own each time, which has no keys yet.
static void
proxies_of_a_file(void **state)
{
	(void)state;
	char token[8192];
	char text[512];
	long before = tunnels();

	issuer_mode(&server, "good");
	snprintf(token, sizeof(token), "%s", issuer_token(&server, "anna"));
	snprintf(text, sizeof(text), "export https_proxy='%s'\n", server.proxy);
	configure_with(text);
	submit(1, token);
	assert_int_equal(rig_result().outcome, MST_AUTH_OK);
	assert_int_equal(tunnels(), before + 2); // discovery and keys
	rig_close();
	rig_open();
	snprintf(text, sizeof(text), "https_proxy=%s NO_PROXY=example.com,%s\n", server.proxy, "127.0.0.1");
	configure_with(text);
	submit(2, token);
	assert_int_equal(rig_result().outcome, MST_AUTH_OK);
	assert_int_equal(tunnels(), before + 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_are_waited_for, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(nobody_else_waits, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(an_issuer_that_is_away, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(proxies_of_a_file, rig_set_up, rig_tear_down),
	};
	struct crypt_data scratch = {0};
	int rc;

	if (fetch_init() != 0 || !issuer_start(&server))
		return SKIPPED;
	snprintf(users, sizeof(users), "bert::%s\n", crypt_r("secret", "$1$abcdefgh$", &scratch));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	issuer_stop(&server);
	return rc;
}
