// PAM by the whole way, with services of the test and a module of its own (tests/support/pam_mst_test.c).
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"

#define TALKS_MAX 64 // as in pam.c

static char dir[] = "/tmp/mst-test-pam-XXXXXX";
static struct mst_conf_error err;

// A service of one line for each phase.
static void
service(const char *name, const char *auth, const char *account)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "auth required %s %s\naccount required %s %s\n", getenv("MST_PAM_MODULE"), auth,
		getenv("MST_PAM_MODULE"), account);
	assert_int_equal(fclose(f), 0);
}

static const char *const names[] = {"one", "two", "words", "away", "renamed", "expired"};

static int
set_up_services(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	service("one", "user:anna [ask:Password: =secret]", "");
	service("two",
		"[ask:Password: =secret] [say:Look at your token.] [ask:Code: =123456] [echo:Colour: =blue]",
		"");
	service("words", "[say:Welcome.] [ask:Password: =secret]", "");
	service("away", "fail:9", ""); // PAM_AUTHINFO_UNAVAIL
	service("renamed", "[ask:Password: =secret] rename:root", "");
	service("expired", "[ask:Password: =secret]", "fail:13"); // PAM_ACCT_EXPIRED
	return 0;
}

static int
tear_down_services(void **state)
{
	char path[128];

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static int
configure(const char *name)
{
	char auth[256];
	const struct rig_files files = {.auth = auth};

	snprintf(auth, sizeof(auth), "password: pam, pam: {service: %s, directory: %s}", name, dir);
	return rig_configure(&files, 0, &err);
}

static void
judges_a_password(void **state)
{
	(void)state;
	struct mst_auth_result r;

	assert_int_equal(configure("one"), 0);
	r = rig_sign_in(1, "anna", "secret");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_string_equal(r.user, "anna");
	assert_int_equal(rig_sign_in(2, "anna", "wrong").outcome, MST_AUTH_NO);
	assert_int_equal(rig_sign_in(3, "anna", "").outcome, MST_AUTH_NO);
	assert_int_equal(rig_sign_in(4, "bert", "secret").outcome, MST_AUTH_NO);
}

// Whatever modules ask beyond the password, with what they say before.
static void
asks_what_modules_ask(void **state)
{
	(void)state;
	static const char *const answers[][2] = {
		{"123456", "blue"}, {"123456", "red"}, {"000000", "blue"}, {"", ""}};

	assert_int_equal(configure("two"), 0);
	for (unsigned int i = 0; i < 2 * MST_ARRAY_SIZE(answers); i++) {
		bool right = i < MST_ARRAY_SIZE(answers);
		const char *const *a = answers[i % MST_ARRAY_SIZE(answers)];
		struct mst_auth_result r = rig_sign_in(i, "anna", right ? "secret" : "wrong");

		assert_int_equal(r.outcome, MST_AUTH_MORE);
		assert_string_equal(r.prompt, "Look at your token.\nCode: ");
		assert_false(r.echo);
		r = rig_answer(i, a[0]);
		assert_int_equal(r.outcome, MST_AUTH_MORE);
		assert_string_equal(r.prompt, "Colour: ");
		assert_true(r.echo);
		assert_int_equal(rig_answer(i, a[1]).outcome, i == 0 ? MST_AUTH_OK : MST_AUTH_NO);
	}
}

static void
words_are_no_questions(void **state)
{
	(void)state;
	assert_int_equal(configure("words"), 0);
	assert_int_equal(rig_sign_in(1, "anna", "secret").outcome, MST_AUTH_OK);
}

// The account is looked at, too; a service that cannot judge says so, which is no refusal.
static void
other_ends(void **state)
{
	(void)state;
	struct mst_auth_result r;

	assert_int_equal(configure("expired"), 0);
	assert_int_equal(rig_sign_in(1, "anna", "secret").outcome, MST_AUTH_NO);
	mst_log_set_level(MST_LOG_ERROR);
	assert_int_equal(configure("away"), 0);
	assert_int_equal(rig_sign_in(2, "anna", "secret").outcome, MST_AUTH_BUSY);
	// The name that PAM knows, and the groups that the system knows by it.
	assert_int_equal(configure("renamed"), 0);
	r = rig_sign_in(3, "anna", "secret");
	assert_int_equal(r.outcome, MST_AUTH_OK);
	assert_string_equal(r.user, "root");
	assert_true(r.n_groups >= 1);
	assert_string_equal(r.groups[0], "root");
}

static void
a_service_has_to_be_there(void **state)
{
	(void)state;
	assert_int_equal(configure("three"), -EINVAL);
	assert_non_null(strstr(err.text, "auth.pam.service: expected a service of PAM, found no "));
	assert_non_null(strstr(err.text, "/three: No such file"));
}

static void
conversations_have_a_bound(void **state)
{
	(void)state;
	struct mst_auth_message m = {.kind = MST_AUTH_CANCEL};

	assert_int_equal(configure("two"), 0);
	for (unsigned int round = 0; round < 3; round++) {
		unsigned int tries = 0;

		for (uint64_t i = 0; i < TALKS_MAX; i++) {
			// Those of before take a moment to end.
			while (rig_sign_in(1000 * round + i, "anna", "secret").outcome != MST_AUTH_MORE) {
				assert_true(++tries < 5000);
				usleep(1000);
			}
		}
		assert_int_equal(rig_sign_in(77777, "anna", "secret").outcome, MST_AUTH_BUSY);
		for (uint64_t i = 0; i < TALKS_MAX; i++) {
			m.answer.token = 1000 * round + i;
			rig_send(&m);
		}
	}
}

static void
ends_while_users_think(void **state)
{
	(void)state;
	assert_int_equal(configure("two"), 0);
	for (unsigned int i = 0, tries = 0; i < 10; i++) {
		while (rig_sign_in(i, "anna", "secret").outcome != MST_AUTH_MORE) {
			assert_true(++tries < 5000);
			usleep(1000);
		}
	}
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(judges_a_password),
		WITH(asks_what_modules_ask),
		WITH(words_are_no_questions),
		WITH(other_ends),
		WITH(a_service_has_to_be_there),
		WITH(conversations_have_a_bound),
		WITH(ends_while_users_think),
	};

	return cmocka_run_group_tests(tests, set_up_services, tear_down_services);
}
