// What the vector tests share.
#include "vector.h"

#include <errno.h>
#include <string.h>

#include "mst_test.h"

FILE *
vector_file(const char *name)
{
	const char *root = getenv("MST_SOURCE_ROOT");
	char path[4096];
	FILE *f;

	assert_non_null(root);
	assert_true(snprintf(path, sizeof(path), "%s/tests/vectors/%s", root, name) < (int)sizeof(path));
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	return f;
}

bool
vector_line(FILE *f, const char *fields[], size_t n)
{
	static char line[8 * VECTOR_MAX_BYTES];
	char *p = line;

	do {
		if (fgets(line, sizeof(line), f) == NULL)
			return false;
	} while (line[0] == '#' || line[0] == '\n');
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(p, " \n");

		assert_true(len != 0 && p[len] == (i + 1 == n ? '\n' : ' '));
		p[len] = '\0';
		fields[i] = p;
		p += len + 1;
	}
	return true;
}

void
vector_hex(const char *text, struct bytes *out)
{
	size_t digits = strcmp(text, "-") == 0 ? 0 : strlen(text);

	out->len = digits / 2;
	assert_true(out->len <= sizeof(out->b));
	assert_int_equal(mst_parse_hex(text, digits, out->b, out->len), 0);
}

enum mst_aead_alg
vector_alg(const char *name)
{
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		if (strcmp(name, mst_aead_name((enum mst_aead_alg)alg)) == 0)
			return (enum mst_aead_alg)alg;
	}
	fail_msg("unknown algorithm %s", name);
	return MST_AEAD_NONE;
}

void
vector_check_aead(const struct vector *v)
{
	struct bytes data = v->plain;
	uint8_t tag[MST_AEAD_TAG_BYTES];
	struct mst_aead_key k;

	assert_int_equal(v->key.len, mst_aead_key_bytes(v->alg));
	assert_int_equal(v->nonce.len, MST_AEAD_NONCE_BYTES);
	assert_int_equal(v->tag.len, MST_AEAD_TAG_BYTES);
	assert_int_equal(v->plain.len, v->cipher.len);
	assert_int_equal(mst_aead_key_init(&k, v->alg, v->key.b), 0);
	mst_aead_seal(&k, v->nonce.b, v->aad.b, v->aad.len, data.b, data.len, tag);
	assert_memory_equal(data.b, v->cipher.b, data.len);
	assert_memory_equal(tag, v->tag.b, sizeof(tag));
	assert_true(mst_aead_open(&k, v->nonce.b, v->aad.b, v->aad.len, data.b, data.len, tag));
	assert_memory_equal(data.b, v->plain.b, data.len);
}

static const struct mst_dtls_suite *
suite_of(enum mst_aead_alg alg)
{
	const struct mst_dtls_suite *s = NULL;

	for (size_t i = 0; (s = mst_dtls_suite_at(i)) != NULL && s->aead != alg;)
		i++;
	assert_non_null(s);
	return s;
}

// Epoch, number and IV under which a record's nonce becomes the vector's. GCM: IV, then epoch and number (RFC
// 5288 3). ChaCha20-Poly1305: any epoch and number, XORed out of the IV (RFC 7905 2).
struct place {
	uint16_t epoch;
	uint64_t seq;
	uint8_t iv[MST_DTLS_IV_MAX_BYTES];
};

static struct place
place_of(const struct vector *v, const struct mst_dtls_suite *s)
{
	struct place at = {.epoch = 1, .seq = MST_DTLS_FIRST_DATA_SEQ + 0x0102030405};
	struct mst_rd r = mst_rd_init(v->nonce.b + 4, 8);

	memcpy(at.iv, v->nonce.b, sizeof(at.iv));
	if (s->iv_bytes == 4) {
		at.epoch = mst_rd_u16(&r);
		at.seq = mst_rd_u48(&r);
		return at;
	}
	for (size_t i = 0; i < 8; i++)
		at.iv[4 + i] ^= (uint8_t)(((uint64_t)at.epoch << 48 | at.seq) >> (56 - 8 * i));
	return at;
}

static void
oracle_tag(const struct vector *v, const struct place *at, uint8_t tag[MST_AEAD_TAG_BYTES])
{
	struct bytes data = v->plain;
	uint8_t aad[13];
	struct mst_wr w = mst_wr_init(aad, sizeof(aad));

	mst_wr_be(&w, at->epoch, 2);
	mst_wr_be(&w, at->seq, 6);
	mst_wr_be(&w, 23, 1);
	mst_wr_be(&w, 0xfefd, 2);
	mst_wr_be(&w, v->plain.len, 2);
	assert_false(w.err);
	assert_int_equal(
		mst_oracle_seal(v->alg, v->key.b, v->nonce.b, aad, sizeof(aad), data.b, data.len, tag), 0);
}

void
vector_check_record(const struct vector *v)
{
	const struct mst_dtls_suite *s = suite_of(v->alg);
	struct place at = place_of(v, s);
	uint8_t block[MST_DTLS_KEY_BLOCK_MAX_BYTES];
	struct mst_wr w = mst_wr_init(block, sizeof(block));
	uint8_t rec[VECTOR_MAX_BYTES + 64];
	uint8_t *body = rec + mst_dtls_head_bytes(s);
	size_t len = v->plain.len + mst_dtls_overhead(s);
	uint8_t tag[MST_AEAD_TAG_BYTES];
	struct mst_dtls_keys keys;
	struct mst_dtls_header h;
	uint8_t *plain = NULL;
	size_t plain_len = 0;

	// The same key and IV both ways: what is sealed here is opened here.
	for (int i = 0; i < 2; i++)
		mst_wr_bytes(&w, v->key.b, s->key_bytes);
	for (int i = 0; i < 2; i++)
		mst_wr_bytes(&w, at.iv, s->iv_bytes);
	assert_int_equal(mst_dtls_keys_init(&keys, s, at.epoch, block, w.len), 0);
	memcpy(body, v->plain.b, v->plain.len);
	mst_dtls_seal(&keys, MST_DTLS_APPLICATION_DATA, at.seq, body, v->plain.len);
	oracle_tag(v, &at, tag);
	assert_memory_equal(body, v->cipher.b, v->cipher.len);
	assert_memory_equal(body + v->cipher.len, tag, sizeof(tag));

	assert_int_equal(mst_dtls_parse(rec, len, &h), MST_DTLS_OK);
	assert_int_equal(h.epoch, at.epoch);
	assert_true(h.seq == at.seq);
	assert_int_equal(mst_dtls_open(&keys, rec, len, &h, &plain, &plain_len), MST_DTLS_OK);
	assert_int_equal(plain_len, v->plain.len);
	assert_memory_equal(plain, v->plain.b, plain_len);
}
