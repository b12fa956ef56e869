// Which hashes are computed, and that only the right password of a user who may pass is accepted.
#include <stdio.h>
#include <string.h>

#include "mst_test.h"

#include "identity.h"

static struct crypt_data scratch;

static bool
verify(const char *hash, const char *password, bool may_pass)
{
	struct identity_job job = {.may_pass = may_pass, .attempt = {.password = password}};

	assert_true(strlen(hash) < sizeof(job.hash));
	memcpy(job.hash, hash, strlen(hash));
	return identity_hash_verify(&job, &scratch);
}

// Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512": the test vectors without rounds.
static void
published_vectors(void **state)
{
	(void)state;
	static const char sha256[] = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
	static const char sha512[] = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
				     "O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";

	assert_true(identity_hash_is_known(sha256, strlen(sha256)));
	assert_true(identity_hash_is_known(sha512, strlen(sha512)));
	assert_true(verify(sha256, "Hello world!", true));
	assert_true(verify(sha512, "Hello world!", true));
	assert_false(verify(sha256, "Hello world", true));
	assert_false(verify(sha512, "hello world!", true));
	// The right password of a user who may not pass.
	assert_false(verify(sha512, "Hello world!", false));
}

static void
every_method(void **state)
{
	(void)state;
	static const struct {
		const char *prefix;
		unsigned long count;
	} methods[] = {{"$6$", 1000}, {"$5$", 1000}, {"$y$", 1}, {"$2b$", 4}, {"$1$", 0}};
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	char hash[CRYPT_OUTPUT_SIZE];
	unsigned int n = 0;

	for (size_t i = 0; i < MST_ARRAY_SIZE(methods); i++) {
		if (crypt_gensalt_rn(
			    methods[i].prefix, methods[i].count, NULL, 0, setting, sizeof(setting)) == NULL)
			continue; // this crypt(3) was built without it
		snprintf(hash, sizeof(hash), "%s", crypt_r("open sesame", setting, &scratch));
		assert_true(identity_hash_is_known(hash, strlen(hash)));
		assert_true(verify(hash, "open sesame", true));
		assert_false(verify(hash, "open sesam", true));
		assert_false(verify(hash, "", true));
		// Cut short, and with one more byte.
		hash[strlen(hash) - 1] = '\0';
		assert_false(verify(hash, "open sesame", true));
		n++;
	}
	assert_true(n >= 3);
}

static void
an_empty_password_is_never_right(void **state)
{
	(void)state;
	char hash[CRYPT_OUTPUT_SIZE];

	snprintf(hash, sizeof(hash), "%s", crypt_r("", "$6$rounds=1000$salt$", &scratch));
	assert_int_equal(strncmp(hash, "$6$", 3), 0);
	assert_false(verify(hash, "", true));
}

// What crypt(3) returns when it fails must not be a hash that a user can have.
static void
failures_of_crypt_never_match(void **state)
{
	(void)state;
	static const char *const hashes[] = {"*0", "*1", "", "!", "*", "$9$x$y", "plain"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(hashes); i++) {
		assert_false(verify(hashes[i], "plain", true));
		assert_false(verify(hashes[i], hashes[i], true));
	}
}

static void
kinds_and_costs(void **state)
{
	(void)state;
	static const char *const good[] = {"$y$j75$abcdefgh$x", "$y$j9T$abcdefgh$x", "$y$jDT$abcdefgh$x",
		"$2b$04$abcdefghijklmnopqrstuu", "$2b$14$abcdefghijklmnopqrstuu",
		"$2y$10$abcdefghijklmnopqrstuu", "$6$abc$x", "$6$rounds=1000000$abc$x", "$5$abc$x",
		"$1$abc$x"};
	static const char *const bad[] = {"", "hello", "abJnggxhB/yWI", "$", "$6", "$3$$8846f7eaee8fb117",
		"$9$a$b", "*0", "$y$", "$y$j", "$y$jET$abcdefgh$x", "$y$k9T$abcdefgh$x", "$2b$", "$2b$4",
		"$2b$4$abcdefghij", "$2b$104$abcdefghijklmnopqrstuu", "$2b$15$abcdefghijklmnopqrstuu",
		"$2b$31$abcdefghijklmnopqrstuu", "$2b$03$abcdefghijklmnopqrstuu", "$6$rounds=1000001$abc$x",
		"$6$rounds=999$abc$x", "$6$rounds=$abc$x", "$5$rounds=9999999$abc$x", "$6$a b$x"};
	char long_hash[IDENTITY_HASH_BYTES + 1];

	for (size_t i = 0; i < MST_ARRAY_SIZE(good); i++)
		assert_true(identity_hash_is_known(good[i], strlen(good[i])));
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++)
		assert_false(identity_hash_is_known(bad[i], strlen(bad[i])));
	memset(long_hash, 'x', sizeof(long_hash));
	memcpy(long_hash, "$6$abc$", 7);
	assert_true(identity_hash_is_known(long_hash, IDENTITY_HASH_BYTES - 1));
	assert_false(identity_hash_is_known(long_hash, IDENTITY_HASH_BYTES));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(every_method),
		cmocka_unit_test(an_empty_password_is_never_right),
		cmocka_unit_test(failures_of_crypt_never_match),
		cmocka_unit_test(kinds_and_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
