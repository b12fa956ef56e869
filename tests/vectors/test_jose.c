// Project Wycheproof's vectors of signed tokens and of key sets: what they call invalid is refused, and what they call valid
// of the algorithms that we take is verified. Skipped where the files are not at hand.
#include <string.h>

#include "mst_test.h"

#include "oidc.h"
#include "wycheproof.h"

struct counts {
	unsigned int verified;
	unsigned int refused;
	unsigned int
		stricter; // valid, but for what we do not take: MACs, keys for another algorithm, no key id
};

// Needs a table of primes to be found; whose key it is answers for it.
static bool
is_beyond_us(const char *comment)
{
	return strcmp(comment, "rejectsKeyWithRocaVulnerability") == 0;
}

// One key alone, which has the id that the token asks for where it has none.
static struct oidc_keys *
keys_of(const json_t *group, const char *kid)
{
	json_t *set = json_deep_copy(json_object_get(group, "public"));
	struct oidc_keys *keys = NULL;
	char *text;

	if (set == NULL)
		set = json_deep_copy(json_object_get(group, "private"));
	assert_non_null(set);
	if (json_object_get(set, "keys") == NULL) {
		if (json_object_get(set, "kid") == NULL)
			json_object_set_new(set, "kid", json_string(kid));
		set = json_pack("{s:[o]}", "keys", set);
	}
	text = json_dumps(set, 0);
	if (oidc_keys_parse(&keys, text, strlen(text)) < 0)
		keys = NULL;
	free(text);
	json_decref(set);
	return keys;
}

static bool
verify(const json_t *group, const char *token)
{
	static struct oidc_jws jws;
	const struct oidc_key *key;
	struct oidc_keys *keys;
	bool ok = false;

	if (oidc_jws_parse(&jws, token, strlen(token)) != OIDC_OK)
		return false;
	keys = keys_of(group, jws.kid);
	key = keys != NULL ? oidc_keys_find(keys, jws.kid) : NULL;
	if (key != NULL)
		ok = oidc_jws_verify(&jws, key) == OIDC_OK;
	oidc_keys_put(keys);
	return ok;
}

static struct counts
check_file(const char *name)
{
	struct counts counts = {0};
	json_t *group;
	json_t *test;
	json_t *root = wycheproof_load(name);
	size_t i;
	size_t j;

	json_array_foreach(json_object_get(root, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), j, test)
		{
			const char *result = json_string_value(json_object_get(test, "result"));
			const char *comment = json_string_value(json_object_get(test, "comment"));
			const char *token = json_string_value(json_object_get(test, "jws"));
			bool ok = token != NULL && verify(group, token);

			if (ok && strcmp(result, "valid") != 0 && !is_beyond_us(comment))
				fail_msg("%s: %s (%s) passes", name, comment, token);
			counts.verified += ok;
			counts.refused += strcmp(result, "valid") != 0;
			counts.stricter += !ok && strcmp(result, "valid") == 0;
		}
	}
	json_decref(root);
	print_message("%s: %u verified, %u refused, %u valid ones not taken\n", name, counts.verified,
		counts.refused, counts.stricter);
	return counts;
}

static void
signatures(void **state)
{
	(void)state;
	struct counts c = check_file("json_web_signature_test.json");

	assert_true(c.verified >= 30 && c.refused >= 300);
}

static void
key_sets(void **state)
{
	(void)state;
	struct counts c = check_file("json_web_key_test.json");

	assert_true(c.verified >= 1 && c.refused >= 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures),
		cmocka_unit_test(key_sets),
	};

	if (!wycheproof_find())
		return WYCHEPROOF_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
