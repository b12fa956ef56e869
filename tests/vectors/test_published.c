// The published vectors of published.txt, through the AEAD and through the record path.
#include <string.h>

#include "mst_test.h"

#include "vector.h"

enum field { ALG, SOURCE, KEY, NONCE, AAD, PLAIN, CIPHER, TAG, FIELDS };

static bool
next_vector(FILE *f, struct vector *v)
{
	const char *fields[FIELDS];

	if (!vector_line(f, fields, FIELDS))
		return false;
	v->alg = vector_alg(fields[ALG]);
	vector_hex(fields[KEY], &v->key);
	vector_hex(fields[NONCE], &v->nonce);
	vector_hex(fields[AAD], &v->aad);
	vector_hex(fields[PLAIN], &v->plain);
	vector_hex(fields[CIPHER], &v->cipher);
	vector_hex(fields[TAG], &v->tag);
	return true;
}

static void
each(void **state)
{
	(void)state;
	FILE *f = vector_file("published.txt");
	unsigned int seen[MST_AEAD_END] = {0};
	struct vector v;

	while (next_vector(f, &v)) {
		vector_check_aead(&v);
		vector_check_record(&v);
		seen[v.alg]++;
	}
	fclose(f);
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++)
		assert_true(seen[alg] >= 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each),
	};

	return mst_crypto_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
