// The users file: what is refused and at which line, look-up, and what an unknown name is hashed against.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mst_test.h"

#include "identity.h"

static const struct canonical_rules any_domain;

#define HASH "$6$salt$abcdefghijkl"
#define HASH2 "$2b$05$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234"

static struct identity_users *
parse(const char *text)
{
	struct identity_users *users = NULL;
	struct mst_conf_error err;
	int rc = identity_users_parse(&users, &any_domain, "f", strdup(text), strlen(text), &err);

	if (rc != 0)
		print_error("%s\n", err.text);
	assert_int_equal(rc, 0);
	return users;
}

static void
refuse(const char *text, const char *want)
{
	struct mst_conf_error err = {0};

	assert_int_equal(mst_identity_check_users("f", text, strlen(text), &err), -EINVAL);
	assert_string_equal(err.text, want);
}

static void
finds_users(void **state)
{
	(void)state;
	struct identity_users *u =
		parse("zoe:g1,g2:" HASH "\n\n# remark\nal:*:" HASH2 "\nbob::" HASH "\nbo:x:!" HASH "\nx:*:*");

	assert_int_equal(u->n_users, 5);
	assert_int_equal(u->n_usable, 3);
	assert_non_null(identity_users_find(u, "zoe"));
	assert_int_equal(identity_users_find(u, "al")->line, 4);
	assert_int_equal(identity_users_find(u, "al")->hash_len, strlen(HASH2));
	assert_false(identity_users_find(u, "bob")->locked);
	assert_true(identity_users_find(u, "bo")->locked);
	assert_true(identity_users_find(u, "x")->locked);
	assert_null(identity_users_find(u, ""));
	assert_null(identity_users_find(u, "zo"));
	assert_null(identity_users_find(u, "zoee"));
	// One spelling is one user.
	assert_null(identity_users_find(u, "Zoe"));
	assert_null(identity_users_find(u, "zoe "));
	identity_users_free(u);
	u = parse("");
	assert_null(identity_users_find(u, "zoe"));
	identity_users_free(u);
}

static void
refuses_malformed_lines(void **state)
{
	(void)state;
	static const char fields[] = "f:2: expected user:groups:hash, found another number of fields";
	static const char hash[] =
		"f:2: expected a crypt(5) hash ($y$ $2b$ $6$ $5$ $1$) of bearable cost, found something else";

	refuse("a::" HASH "\nb\n", fields);
	refuse("a::" HASH "\nb:g\n", fields);
	refuse("a::" HASH "\nb:g:\n", fields);
	refuse("a::" HASH "\nb:g:" HASH ":x\n", fields);
	refuse("a::" HASH "\n:g:" HASH "\n", "f:2: expected a user name of 1 to 127 bytes, found 0");
	refuse("a::" HASH "\nb::password\n", hash);
	refuse("a::" HASH "\nb::x!" HASH "\n", hash);
	refuse("a::" HASH "\nb::" HASH "\r\n", "f:2: expected printable text, found a control character");
	refuse("b::" HASH "\na::" HASH "\nb::" HASH2 "\n",
		"f:3: expected each user once, found b again (first in line 1)");
	refuse("b:x,,y:" HASH "\n", "f:1: expected groups of 1 to 63 bytes, found one of 0");
	refuse("b:x,:" HASH "\n", "f:1: expected groups of 1 to 63 bytes, found one of 0");
	refuse("b:,:" HASH "\n", "f:1: expected groups of 1 to 63 bytes, found one of 0");
	refuse("b:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17:" HASH "\n",
		"f:1: expected at most 16 groups, found more");
}

static void
bounds(void **state)
{
	(void)state;
	struct mst_conf_error err;
	char text[2048];
	int n;

	n = snprintf(text, sizeof(text), "%0127d::" HASH "\n", 1);
	assert_int_equal(mst_identity_check_users("f", text, (size_t)n, &err), 0);
	snprintf(text, sizeof(text), "%0128d::" HASH "\n", 1);
	refuse(text, "f:1: expected a user name of 1 to 127 bytes, found 128");
	// U+FDFA is three bytes, and many more in the one spelling.
	refuse("\xef\xb7\xba::" HASH "\n",
		"f:1: expected a user name, such as user or user@domain, found \xef\xb7\xba");
	n = snprintf(text, sizeof(text), "a:%063d:" HASH, 1);
	assert_int_equal(mst_identity_check_users("f", text, (size_t)n, &err), 0);
	snprintf(text, sizeof(text), "a:%064d:" HASH, 1);
	refuse(text, "f:1: expected groups of 1 to 63 bytes, found one of 64");
	n = snprintf(text, sizeof(text), "#%01023d\n", 1);
	assert_int_equal(mst_identity_check_users("f", text, (size_t)n, &err), 0);
	snprintf(text, sizeof(text), "#%01024d\n", 1);
	refuse(text, "f:1: expected a line of at most 1024 bytes, found 1025");
}

static void
a_hundred_thousand_users(void **state)
{
	(void)state;
	struct mst_conf_error err;
	struct identity_users *u;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	for (unsigned int i = 0; i < MST_IDENTITY_USERS_MAX; i++)
		fprintf(f, "u%u::!\n", (i * 7919u) % MST_IDENTITY_USERS_MAX);
	fclose(f);
	u = parse(text);
	assert_int_equal(u->n_users, MST_IDENTITY_USERS_MAX);
	for (unsigned int i = 0; i < MST_IDENTITY_USERS_MAX; i += 997) {
		char name[16];

		snprintf(name, sizeof(name), "u%u", i);
		assert_non_null(identity_users_find(u, name));
	}
	identity_users_free(u);
	text = realloc(text, len + 16);
	assert_non_null(text);
	memcpy(text + len, "more::!\n", 9);
	assert_int_equal(mst_identity_check_users("f", text, strlen(text), &err), -EINVAL);
	assert_string_equal(err.text, "f:100001: expected at most 100000 users, found more");
	free(text);
}

static void
the_error_never_shows_a_hash(void **state)
{
	(void)state;
	struct mst_conf_error err;
	static const char *const texts[] = {
		"a::$9$CANARY$x", "a:b:c:$6$CANARY$x", "a::$6$s$CANARY\r", "a::CANARY"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(texts); i++) {
		assert_int_equal(mst_identity_check_users("f", texts[i], strlen(texts[i]), &err), -EINVAL);
		assert_null(strstr(err.text, "CANARY"));
	}
}

static struct identity_job
prepare(struct identity_users *u, uint64_t seed, const char *name, const char *password)
{
	struct identity_settings settings = {.users = u, .seed = seed};
	struct identity_job job = {.settings = &settings, .attempt = {.user = name, .password = password}};

	identity_way_users.prepare(&job);
	job.settings = NULL;
	return job;
}

static void
prepares_a_known_user(void **state)
{
	(void)state;
	struct identity_users *u = parse("a:g1,g2:" HASH "\nb:*:" HASH2 "\n");
	struct identity_job job = prepare(u, 1, "a", "p");

	assert_true(job.may_pass);
	assert_string_equal(job.hash, HASH);
	assert_int_equal(job.result.n_groups, 2);
	assert_string_equal(job.result.groups[0], "g1");
	assert_string_equal(job.result.groups[1], "g2");
	job = prepare(u, 1, "b", "p");
	assert_int_equal(job.result.n_groups, 0);
	job = prepare(u, 1, "a", "");
	assert_false(job.may_pass);
	job = prepare(u, 1, "a", NULL);
	assert_false(job.may_pass);
	assert_string_equal(job.hash, HASH);
	identity_users_free(u);
}

static void
an_unknown_or_locked_user_costs_the_same(void **state)
{
	(void)state;
	struct identity_users *u = parse("a:g:" HASH "\nb:g:" HASH2 "\nlocked:g:!" HASH "\n");
	unsigned int n_first = 0;

	for (unsigned int i = 0; i < 200; i++) {
		char name[16];
		struct identity_job job;
		struct identity_job again;

		snprintf(name, sizeof(name), "nobody%u", i);
		job = prepare(u, 99, name, "p");
		again = prepare(u, 99, name, "q");
		assert_false(job.may_pass);
		assert_int_equal(job.result.n_groups, 0);
		// One name, one cost; all names together the costs of the file.
		assert_string_equal(job.hash, again.hash);
		assert_true(strcmp(job.hash, HASH) == 0 || strcmp(job.hash, HASH2) == 0);
		n_first += strcmp(job.hash, HASH) == 0;
	}
	assert_in_range(n_first, 60, 140);
	struct identity_job job = prepare(u, 99, "locked", "p");
	assert_false(job.may_pass);
	assert_int_equal(job.result.n_groups, 0);
	assert_int_equal(strncmp(job.hash, "$", 1), 0);
	identity_users_free(u);
	// Nobody to borrow from.
	u = parse("locked:g:!" HASH "\n");
	job = prepare(u, 99, "locked", "p");
	assert_false(job.may_pass);
	assert_true(identity_hash_is_known(job.hash, strlen(job.hash)));
	identity_users_free(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_users),
		cmocka_unit_test(refuses_malformed_lines),
		cmocka_unit_test(bounds),
		cmocka_unit_test(a_hundred_thousand_users),
		cmocka_unit_test(the_error_never_shows_a_hash),
		cmocka_unit_test(prepares_a_known_user),
		cmocka_unit_test(an_unknown_or_locked_user_costs_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
