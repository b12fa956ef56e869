// A context comes only from a usable certificate and its key; everything else is told in words an operator
// understands.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "support.h"

#define DAY 86400L

static struct files f;
static char err[256];

static int
setup(void **state)
{
	(void)state;
	files_init(&f);
	files_put_identity(&f, KEY_EC);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	files_fini(&f);
	return 0;
}

static int
create(struct mst_tls_ctx **ctx)
{
	struct mst_tls_pair pair = {.cert_file = f.cert, .key_file = f.key};
	struct mst_tls_params p = {
		.pairs = &pair, .n_pairs = 1, .min_version = MST_TLS_1_2, .now_unix_s = time(NULL)};
	int rc;

	*ctx = NULL;
	rc = mst_tls_ctx_create(ctx, &p, err, sizeof(err));
	assert_int_equal(ERR_peek_error(), 0);
	return rc;
}

// Nothing is handed out, and the text has all of the words.
static void
refused(int rc, const char *word, const char *path)
{
	struct mst_tls_ctx *ctx;

	assert_int_equal(create(&ctx), rc);
	assert_null(ctx);
	if (strstr(err, word) == NULL || strstr(err, path) == NULL)
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", err, word, path);
}

static void
good(void **state)
{
	(void)state;
	struct mst_tls_cert_info info;
	struct mst_tls_ctx *ctx;
	int64_t now = time(NULL);

	assert_int_equal(create(&ctx), 0);
	assert_string_equal(err, "");
	assert_string_equal(mst_tls_ctx_warnings(ctx), "");
	mst_tls_ctx_info(ctx, 0, now + 60, &info);
	assert_string_equal(info.subject, "CN=gw.example");
	assert_string_equal(info.key_type, "EC P-256");
	assert_int_equal(info.days_left, 89);
	assert_true(info.not_after_unix_s > now + 89 * DAY && info.not_after_unix_s <= now + 90 * DAY);
	assert_true(info.not_before_unix_s <= now - 3600);
	mst_tls_ctx_info(ctx, 0, info.not_after_unix_s + 1, &info);
	assert_int_equal(info.days_left, -1);
	mst_tls_ctx_put(ctx);
	mst_tls_ctx_put(NULL);
}

static void
key_types(void **state)
{
	(void)state;
	static const struct {
		enum key_kind kind;
		const char *text;
	} rows[] = {{KEY_RSA, "RSA 2048"}, {KEY_ED25519, "ED25519"}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(rows); i++) {
		struct mst_tls_cert_info info;
		struct mst_tls_ctx *ctx;

		files_put_identity(&f, rows[i].kind);
		assert_int_equal(create(&ctx), 0);
		mst_tls_ctx_info(ctx, 0, time(NULL), &info);
		assert_string_equal(info.key_type, rows[i].text);
		mst_tls_ctx_put(ctx);
	}
}

static void
missing_or_odd_files(void **state)
{
	(void)state;
	unlink(f.key);
	refused(-ENOENT, "cannot open key file", f.key);
	files_put(f.key, "");
	refused(-EINVAL, "is empty", f.key);
	unlink(f.cert);
	refused(-ENOENT, "cannot open certificate file", f.cert);
	files_put(f.cert, "");
	refused(-EINVAL, "is empty", f.cert);
	unlink(f.cert);
	assert_int_equal(mkfifo(f.cert, 0600), 0);
	refused(-EINVAL, "not a regular file", f.cert);
}

static void
unreadable_file(void **state)
{
	(void)state;
	bool root = geteuid() == 0;

	assert_int_equal(chmod(f.dir, 0755), 0);
	assert_int_equal(chmod(f.cert, 0644), 0);
	assert_int_equal(chmod(f.key, 0), 0);
	// root reads everything: be nobody for a moment.
	if (root)
		assert_int_equal(seteuid(65534), 0);
	refused(-EACCES, "cannot open key file", f.key);
	if (root)
		assert_int_equal(seteuid(0), 0);
}

static void
too_large(void **state)
{
	(void)state;
	assert_int_equal(truncate(f.cert, MST_TLS_FILE_MAX_BYTES + 1), 0);
	refused(-EINVAL, "larger than", f.cert);
}

static void
not_pem(void **state)
{
	(void)state;
	char keep[48];

	snprintf(keep, sizeof(keep), "%s", f.key);
	files_put(f.key, "hello\n");
	refused(-EINVAL, "holds no private key", f.key);
	// The certificate in place of the key.
	snprintf(f.key, sizeof(f.key), "%s", f.cert);
	refused(-EINVAL, "holds no private key", f.cert);
	snprintf(f.key, sizeof(f.key), "%s", keep);
	files_put(f.cert, "hello\n");
	refused(-EINVAL, "holds no certificate", f.cert);
}

static void
damaged(void **state)
{
	(void)state;
	static const char bad_cert[] =
		"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n-----END CERTIFICATE-----\n";
	static const char bad_key[] =
		"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n";

	files_put(f.key, bad_key);
	refused(-EINVAL, "is damaged", f.key);
	files_put(f.cert, bad_cert);
	refused(-EINVAL, "certificate number 1", f.cert);
	// A good one first does not hide a bad one behind it.
	files_put_identity(&f, KEY_EC);
	FILE *out = fopen(f.cert, "a");
	assert_non_null(out);
	fputs(bad_cert, out);
	fclose(out);
	refused(-EINVAL, "certificate number 2", f.cert);
}

static void
encrypted_key(void **state)
{
	(void)state;
	EVP_PKEY *key = key_make(KEY_EC);
	char pass[] = "secret";
	FILE *out = fopen(f.key, "w");

	assert_non_null(out);
	assert_int_equal(PEM_write_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), pass, 6, NULL, NULL), 1);
	fclose(out);
	EVP_PKEY_free(key);
	refused(-EINVAL, "is encrypted", f.key);
}

static void
weak_key(void **state)
{
	(void)state;
	files_put_identity(&f, KEY_RSA_WEAK);
	refused(-EINVAL, "too weak", f.key);
}

static void
mismatch(void **state)
{
	(void)state;
	EVP_PKEY *other = key_make(KEY_EC);

	files_put_key(f.key, other);
	EVP_PKEY_free(other);
	refused(-EKEYREJECTED, "does not belong to the certificate", f.key);
	refused(-EKEYREJECTED, "does not belong to the certificate", f.cert);
	// Of another type too.
	other = key_make(KEY_ED25519);
	files_put_key(f.key, other);
	EVP_PKEY_free(other);
	refused(-EKEYREJECTED, "does not belong to the certificate", f.key);
}

static void
chain_bound(void **state)
{
	(void)state;
	EVP_PKEY *ca = key_make(KEY_EC);
	X509 *cert = cert_make(ca, 0, DAY);
	struct mst_tls_ctx *ctx;

	for (int i = 1; i < MST_TLS_CHAIN_MAX; i++)
		files_put_cert(f.cert, cert);
	assert_int_equal(create(&ctx), 0);
	mst_tls_ctx_put(ctx);
	files_put_cert(f.cert, cert);
	refused(-EINVAL, "more than 10 certificates", f.cert);
	X509_free(cert);
	EVP_PKEY_free(ca);
}

static void
old_version(void **state)
{
	(void)state;
	struct mst_tls_pair pair = {.cert_file = f.cert, .key_file = f.key};
	struct mst_tls_params p = {.pairs = &pair, .n_pairs = 1, .min_version = (enum mst_tls_version)0x0302};
	struct mst_tls_ctx *ctx = NULL;

	assert_int_equal(mst_tls_ctx_create(&ctx, &p, err, sizeof(err)), -EINVAL);
	assert_null(ctx);
	assert_non_null(strstr(err, "1.2"));
}

static void
warned(long from_s, long to_s, mode_t mode, const char *word)
{
	EVP_PKEY *key = key_make(KEY_EC);
	X509 *cert = cert_make(key, from_s, to_s);
	struct mst_tls_ctx *ctx;

	unlink(f.cert);
	files_put_cert(f.cert, cert);
	files_put_key(f.key, key);
	assert_int_equal(chmod(f.key, mode), 0);
	assert_int_equal(create(&ctx), 0);
	if (word == NULL)
		assert_string_equal(mst_tls_ctx_warnings(ctx), "");
	else if (strstr(mst_tls_ctx_warnings(ctx), word) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", mst_tls_ctx_warnings(ctx), word);
	mst_tls_ctx_put(ctx);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
warnings(void **state)
{
	(void)state;
	warned(-10 * DAY, -DAY, 0600, "expired on 2");
	warned(DAY, 90 * DAY, 0600, "is not valid before 2");
	warned(-DAY, 29 * DAY + 60, 0600, "expires in 29 days");
	warned(-DAY, 30 * DAY + 60, 0600, NULL);
	warned(-DAY, 90 * DAY, 0640, NULL);
	warned(-DAY, 90 * DAY, 0644, "can be read by every user");
	warned(-10 * DAY, -DAY, 0644, "; the key file");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good, setup, teardown),
		cmocka_unit_test_setup_teardown(key_types, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_or_odd_files, setup, teardown),
		cmocka_unit_test_setup_teardown(unreadable_file, setup, teardown),
		cmocka_unit_test_setup_teardown(too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(not_pem, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(encrypted_key, setup, teardown),
		cmocka_unit_test_setup_teardown(weak_key, setup, teardown),
		cmocka_unit_test_setup_teardown(mismatch, setup, teardown),
		cmocka_unit_test_setup_teardown(chain_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(old_version, setup, teardown),
		cmocka_unit_test_setup_teardown(warnings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
