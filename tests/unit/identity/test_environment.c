// The file of proxies: what is taken of a shell's text, and what is refused without being shown.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "identity.h"

static struct fetch_environment env;
static struct mst_conf_error err;

static int
parse(const char *text)
{
	return environment_parse(&env, "f", text, strlen(text), &err);
}

static void
as_setup_writes_it(void **state)
{
	(void)state;
	assert_int_equal(parse("#!/bin/sh\n# proxies\n"
			       "export https_proxy=http://user:p%40ss@proxy:3128\n"
			       "  export HTTP_PROXY=\"http://10.0.0.1:8080\"  # plain\n"
			       "NO_PROXY='localhost, .corp.example'; TRACE_SESSIONS=2\n"
			       "export PATH=\"$PATH:/opt/bin\"\n"),
		0);
	assert_string_equal(env.https_proxy, "http://user:p%40ss@proxy:3128");
	assert_string_equal(env.http_proxy, "http://10.0.0.1:8080");
	assert_string_equal(env.no_proxy, "localhost, .corp.example");
}

static void
the_last_one_counts(void **state)
{
	(void)state;
	assert_int_equal(parse("https_proxy=a HTTPS_PROXY=b\r\nhttp_proxy=c\nhttp_proxy=\n"), 0);
	assert_string_equal(env.https_proxy, "b");
	assert_string_equal(env.http_proxy, "");
	assert_int_equal(parse(""), 0);
	assert_string_equal(env.https_proxy, "");
}

static void
what_is_no_assignment_is_skipped(void **state)
{
	(void)state;
	assert_int_equal(parse("echo https_proxy=a\nunset https_proxy\nxhttps_proxy=a\nhttps_proxy_=a\n"
			       "https_prox=a\n=a\n#https_proxy=a\nspqrs_proxy=a\nmy_proxy=a\n"),
		0);
	assert_string_equal(env.no_proxy, "");
	assert_string_equal(env.https_proxy, "");
	assert_int_equal(parse("export A=1 https_proxy='a'\"b\"c"), 0);
	assert_string_equal(env.https_proxy, "abc");
}

static void
nothing_is_run(void **state)
{
	(void)state;
	static const char *const texts[] = {"a=b\nhttps_proxy=http://canary:$PASSWORD@p\n",
		"\nno_proxy=\"canary`id`\"\n", "\nhttp_proxy=canary\\ x\n", "\nhttps_proxy=\"canary\n",
		"\nhttps_proxy='canary\n", "\nhttps_proxy=canary\001\n"};

	for (size_t i = 0; i < MST_ARRAY_SIZE(texts); i++) {
		assert_int_equal(parse(texts[i]), -EINVAL);
		assert_ptr_equal(strstr(err.text, "f:2: expected "), err.text);
		assert_null(strstr(err.text, "canary"));
	}
	assert_int_equal(parse("https_proxy='a$b`c\\d'"), 0);
	assert_string_equal(env.https_proxy, "a$b`c\\d");
}

static void
as_long_as_it_may_be(void **state)
{
	(void)state;
	char text[FETCH_PROXY_BYTES + 32];

	snprintf(text, sizeof(text), "https_proxy=%0*d", FETCH_PROXY_BYTES - 1, 7);
	assert_int_equal(parse(text), 0);
	assert_int_equal(strlen(env.https_proxy), FETCH_PROXY_BYTES - 1);
	snprintf(text, sizeof(text), "https_proxy=%0*d", FETCH_PROXY_BYTES, 7);
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(err.text, "f:1: expected https_proxy of at most 511 bytes, found 512");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_setup_writes_it),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(what_is_no_assignment_is_skipped),
		cmocka_unit_test(nothing_is_run),
		cmocka_unit_test(as_long_as_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
