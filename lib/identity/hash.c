// Hashes of crypt(5): which we compute, at which cost, and the comparison. Hashing threads; the check of a
// hash also runs on the serving thread when the file is read.
#include <string.h>

#include "identity.h"

// The cost stands in the hash: a file that asks for hours or for gigabytes would hold a thread for ever.
#define BCRYPT_COST_MAX 14
#define SHA_ROUNDS_MAX 1000000
#define YESCRYPT_N_FIRST '7' // 2^10
#define YESCRYPT_N_LAST 'D'  // 2^16: 256 MiB

typedef bool hash_cost_fn(const char *rest);

static bool
yescrypt_cost_ok(const char *rest)
{
	// "j" (the standard flavor), then the logarithm of N in the alphabet ./0-9A-Za-z.
	return rest[0] == 'j' && ((rest[1] >= YESCRYPT_N_FIRST && rest[1] <= '9') ||
					 (rest[1] >= 'A' && rest[1] <= YESCRYPT_N_LAST));
}

static bool
bcrypt_cost_ok(const char *rest)
{
	uint64_t cost;

	return strcspn(rest, "$") == 2 && mst_parse_u64(rest, 2, 4, BCRYPT_COST_MAX, &cost) == 0;
}

static bool
sha_cost_ok(const char *rest)
{
	static const char word[] = "rounds=";
	uint64_t rounds;

	if (strncmp(rest, word, strlen(word)) != 0)
		return true;
	rest += strlen(word);
	return mst_parse_u64(rest, strcspn(rest, "$"), 1000, SHA_ROUNDS_MAX, &rounds) == 0;
}

static bool
fixed_cost(const char *rest)
{
	return rest[0] != '\0';
}

static const struct method {
	const char *prefix;
	hash_cost_fn *cost_ok;
} methods[] = {
	{"$y$", yescrypt_cost_ok},
	{"$2b$", bcrypt_cost_ok},
	{"$2y$", bcrypt_cost_ok},
	{"$2a$", bcrypt_cost_ok},
	{"$6$", sha_cost_ok},
	{"$5$", sha_cost_ok},
	{"$1$", fixed_cost},
};

bool
identity_hash_is_known(const char *hash, size_t len)
{
	char text[IDENTITY_HASH_BYTES];
	int verdict;

	if (len >= sizeof(text))
		return false;
	memcpy(text, hash, len);
	text[len] = '\0';
	for (size_t i = 0; i < MST_ARRAY_SIZE(methods); i++) {
		size_t n = strlen(methods[i].prefix);

		if (strncmp(text, methods[i].prefix, n) != 0)
			continue;
		verdict = crypt_checksalt(text);
		// "Legacy" to crypt(3) is what ocpasswd writes by default ($5$).
		return methods[i].cost_ok(text + n) &&
		       (verdict == CRYPT_SALT_OK || verdict == CRYPT_SALT_METHOD_LEGACY);
	}
	return false;
}

bool
identity_hash_verify(const struct identity_job *job, struct crypt_data *scratch)
{
	const char *password = job->attempt.password != NULL ? job->attempt.password : "";
	const char *got;
	size_t len = strlen(job->hash);
	bool same;

	// The work is done before may_pass is looked at, so that time does not tell who exists.
	got = crypt_r(password, job->hash, scratch);
	same = got != NULL && strlen(got) == len && mst_ct_equal(got, job->hash, len);
	mst_wipe(scratch, sizeof(*scratch));
	return same && job->may_pass && password[0] != '\0';
}
