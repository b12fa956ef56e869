// Sessions that rest on a certificate: who comes with the cookie, or with the answer to a question, has to have it.
#include <time.h>
#include <unistd.h>

#include "form.h"
#include "pki.h"

#define HERE "198.51.100.7"

enum who { NONE, ANNA, BOB, STRANGER, N_WHO };
static EVP_PKEY *ca_key, *key;
static X509 *ca, *certs[N_WHO];
static uint8_t digests[N_WHO][MST_AUTH_DIGEST_BYTES];
static char ca_file[64];
static enum mst_conf_method methods[1];

static int
setup_all(void **state)
{
	struct pki_spec spec = {.cn = "anna", .ext = "clientAuth"};

	rig_group_setup(state);
	ca_key = pki_ec("P-256");
	key = pki_ec("P-256");
	ca = pki_ca("devices", ca_key, NULL, NULL);
	spec.key = key;
	spec.issuer = ca;
	spec.issuer_key = ca_key;
	certs[ANNA] = pki_cert(&spec);
	spec.cn = "bob"; // even with the same key
	certs[BOB] = pki_cert(&spec);
	spec.issuer = NULL;
	spec.issuer_key = key;
	certs[STRANGER] = pki_cert(&spec);
	for (unsigned int i = ANNA; i < N_WHO; i++)
		assert_int_equal(X509_digest(certs[i], EVP_sha256(), digests[i], NULL), 1);
	snprintf(ca_file, sizeof(ca_file), "%s/ca.crt", rig_files.dir);
	files_put_cert(ca_file, ca);
	return 0;
}

static int
teardown_all(void **state)
{
	for (unsigned int i = ANNA; i < N_WHO; i++)
		X509_free(certs[i]);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	return rig_group_teardown(state);
}

static int
setup(void **state)
{
	const struct mst_tls_clients clients = {.ca_file = ca_file};
	const struct mst_tls_pair pair = {.cert_file = rig_files.cert, .key_file = rig_files.key};
	const struct mst_tls_params p = {.pairs = &pair,
		.n_pairs = 1,
		.min_version = MST_TLS_1_2,
		.clients = &clients,
		.now_unix_s = time(NULL)};
	char err[256];

	form_setup(state);
	mst_tls_ctx_put(rig->tls);
	assert_int_equal(mst_tls_ctx_create(&rig->tls, &p, err, sizeof(err)), 0);
	methods[0] = MST_CONF_METHOD_CERTIFICATE;
	rig_conf.auth.methods = methods;
	rig_conf.auth.n_methods = 1;
	rig_conf.auth.certificate.at_connect = true;
	return 0;
}

static void
signed_in(enum who who, char cookie[MST_COOKIE_TEXT_BYTES])
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK, .user = "anna"};
	struct control_arrival from = {.remote = {.family = 4}, .host = ""};
	struct control_login *l;

	memcpy(r.certificate, digests[who], sizeof(r.certificate));
	assert_int_equal(control_login_create(rig, &r, &from, cookie, &l), 0);
}

static const struct {
	enum who signed_in, shows;
	bool ignore;  // auth.certificate.at-connect
	bool unasked; // auth.methods knows no certificates any more
	bool taken;
} rows[] = {
	{ANNA, ANNA, false, false, true},
	{ANNA, NONE, false, false, false},
	{ANNA, BOB, false, false, false},
	{ANNA, STRANGER, false, false, false},
	{BOB, ANNA, false, false, false},
	{NONE, NONE, false, false, true},
	{NONE, ANNA, false, false, true},
	{NONE, STRANGER, false, false, true},
	{ANNA, NONE, true, false, true},
	{ANNA, BOB, true, false, true},
	{ANNA, NONE, false, true, true},
};

// With each cookie: as it was issued, and behind a restart.
static void
the_cookie_is_worth_its_certificate(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct device d;

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		signed_in(rows[i].signed_in, cookie);
		rig_conf.auth.certificate.at_connect = !rows[i].ignore;
		methods[0] = rows[i].unasked ? MST_CONF_METHOD_PASSWORD : MST_CONF_METHOD_CERTIFICATE;
		rig->counters.cookie_certificate = 0;
		for (unsigned int again = 0; again < 2; again++) {
			device_open_with(&d, HERE, certs[rows[i].shows], key);
			device_connect(&d, cookie, "", answer, sizeof(answer));
			if (strncmp(answer, rows[i].taken ? "HTTP/1.1 200 " : "HTTP/1.1 401 ", 13) != 0)
				fail_msg("row %zu: %.40s", i, answer);
			assert_int_equal(rig->counters.cookie_certificate, rows[i].taken ? 0 : again + 1);
			device_close(&d);
			rig_restart();
		}
		assert_non_null(rig_find(cookie)); // it waits for who has it
		control_login_end(rig, rig_find(cookie), CONTROL_END_BYE);
		mst_test_reclaim();
	}
}

static void
whoever_lacks_it_does_not_disturb_the_tunnel(void **state)
{
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct device d, thief;

	(void)state;
	signed_in(ANNA, cookie);
	device_open_with(&d, HERE, certs[ANNA], key);
	device_connect(&d, cookie, "", answer, sizeof(answer));
	device_open_with(&thief, HERE, certs[BOB], key);
	device_connect(&thief, cookie, "", answer, sizeof(answer));
	assert_memory_equal(answer, "HTTP/1.1 401 ", 13);
	assert_ptr_equal(rig_find(cookie)->conn, d.conn);
	assert_int_equal(rig->counters.taken_over, 0);
	device_close(&thief);
	device_close(&d);
}

// Whoever answers without what the sign-in began with has spoilt it.
static void
a_question_is_answered_with_the_certificate_that_it_was_put_to(void **state)
{
	static const enum who shows[] = {BOB, ANNA};

	(void)state;
	methods[0] = MST_CONF_METHOD_CERTIFICATE_PASSWORD;
	for (size_t i = 0; i < MST_ARRAY_SIZE(shows); i++) {
		char handle[FORM_HANDLE + 1];
		struct device d;
		uint64_t token;

		fake.n_answers = fake.n_cancels = 0;
		device_open_with(&d, HERE, certs[ANNA], key);
		form_post(&d, NULL, "username=anna&password=secret");
		token = fake.submitted;
		form_result(&d, token, MST_AUTH_MORE, "");
		form_take_handle(handle);
		device_close(&d);
		device_open_with(&d, HERE, certs[shows[i]], key);
		form_post(&d, handle, "secondary_password=123456");
		assert_int_equal(fake.n_answers, shows[i] == ANNA);
		assert_int_equal(fake.n_cancels, shows[i] != ANNA);
		if (shows[i] == ANNA)
			form_result(&d, token, MST_AUTH_NO, "anna");
		device_close(&d);
		device_open_with(&d, HERE, certs[ANNA], key);
		form_post(&d, handle, "secondary_password=123456");
		assert_form("name=\"username\"");
		device_close(&d);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_cookie_is_worth_its_certificate),
		TEST(whoever_lacks_it_does_not_disturb_the_tunnel),
		TEST(a_question_is_answered_with_the_certificate_that_it_was_put_to),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
