// Certificates and keys out of PEM and PKCS#12 files. Control lcore.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "tls_private.h"

#define PASSWORD_BYTES 256

// An encrypted key must not ask on the terminal: no passphrase is ever given.
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	bool *asked = arg;

	(void)buf;
	(void)size;
	(void)rwflag;
	if (asked != NULL)
		*asked = true;
	return -1;
}

static int
push(STACK_OF(X509) * certs, X509 *cert)
{
	if (sk_X509_push(certs, cert) != 0)
		return 0;
	X509_free(cert);
	return -ENOMEM;
}

static int
too_many(const struct tls_file *f, unsigned int max)
{
	tls_text_set(f->err, f->err_cap, "%s %s holds more than %u certificates", f->what, f->path, max);
	return -EINVAL;
}

static int
read_certs(STACK_OF(X509) * certs, const struct tls_file *f, BIO *bio, unsigned int max)
{
	for (unsigned int n = 0;; n++) {
		X509 *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
		int reason = ERR_GET_REASON(ERR_peek_last_error());

		ERR_clear_error();
		if (cert == NULL && reason == PEM_R_NO_START_LINE && n > 0)
			return 0;
		if (cert == NULL && reason == PEM_R_NO_START_LINE) {
			tls_text_set(f->err, f->err_cap, "%s %s holds no certificate in PEM form", f->what,
				f->path);
			return -EINVAL;
		}
		if (cert == NULL) {
			tls_text_set(
				f->err, f->err_cap, "certificate number %u in %s is damaged", n + 1, f->path);
			return -EINVAL;
		}
		if (n == max) {
			X509_free(cert);
			return too_many(f, max);
		}
		MST_TRY(push(certs, cert));
	}
}

int
tls_pem_certs(STACK_OF(X509) * certs, const struct tls_file *f, unsigned int max)
{
	BIO *bio = BIO_new_mem_buf(f->bytes, (int)f->len);
	int rc = bio == NULL ? -ENOMEM : read_certs(certs, f, bio, max);

	BIO_free(bio);
	return rc;
}

// libssl's reasons do not tell "no key here" from "a key I cannot read".
static bool
has_key_header(const struct tls_file *f)
{
	static const char begin[] = "-----BEGIN ";
	static const char end[] = "PRIVATE KEY-----";
	const uint8_t *at = memmem(f->bytes, f->len, begin, sizeof(begin) - 1);

	return at != NULL && memmem(at, f->len - (size_t)(at - f->bytes), end, sizeof(end) - 1) != NULL;
}

static const char *
key_fault(const struct tls_file *f, bool asked)
{
	if (asked)
		return "is encrypted: keep it without a passphrase";
	return has_key_header(f) ? "is damaged" : "holds no private key in PEM form";
}

int
tls_pem_key(EVP_PKEY **key, const struct tls_file *f)
{
	BIO *bio = BIO_new_mem_buf(f->bytes, (int)f->len);
	bool asked = false;

	if (bio == NULL)
		return -ENOMEM;
	*key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
	BIO_free(bio);
	ERR_clear_error();
	if (*key != NULL)
		return 0;
	tls_text_set(f->err, f->err_cap, "%s %s %s", f->what, f->path, key_fault(f, asked));
	return -EINVAL;
}

// ---- PKCS#12 ------------------------------------------------------------------------------------
// The first line of the file.
static int
read_password(const char *path, const struct tls_file *pfx, char out[PASSWORD_BYTES])
{
	struct tls_file f = {.what = "password file",
		.path = path,
		.max_bytes = PASSWORD_BYTES - 1,
		.err = pfx->err,
		.err_cap = pfx->err_cap};
	int rc;

	out[0] = '\0';
	if (path == NULL || path[0] == '\0')
		return 0;
	rc = tls_file_load(&f);
	if (rc == 0) {
		memcpy(out, f.bytes, f.len);
		out[f.len] = '\0';
		out[strcspn(out, "\r\n")] = '\0';
	}
	tls_file_fini(&f);
	return rc;
}

// Files of old tools: RC2 and triple DES, which OpenSSL 3 does not read any more without its legacy part.
static const char *
pfx_fault(bool right_password)
{
	unsigned long code = ERR_peek_last_error();

	if (!right_password)
		return "does not open with this password";
	if (ERR_GET_LIB(code) == ERR_LIB_EVP || ERR_GET_REASON(code) == ERR_R_UNSUPPORTED)
		return "is encrypted in an outdated way: export it again, with AES-256";
	return "is damaged";
}

static int
open_pfx(EVP_PKEY **key, STACK_OF(X509) * certs, const struct tls_file *f, PKCS12 *p12, const char *password)
{
	bool right = PKCS12_mac_present(p12) != 1 || PKCS12_verify_mac(p12, password, -1) == 1 ||
		     (password[0] == '\0' && PKCS12_verify_mac(p12, NULL, 0) == 1);
	STACK_OF(X509) *others = NULL;
	X509 *cert = NULL;
	int rc = 0;

	if (!right || PKCS12_parse(p12, password, key, &cert, &others) != 1) {
		tls_text_set(f->err, f->err_cap, "%s %s %s", f->what, f->path, pfx_fault(right));
		rc = -EINVAL;
	}
	ERR_clear_error();
	if (rc == 0 && (*key == NULL || cert == NULL)) {
		tls_text_set(f->err, f->err_cap, "%s %s holds no certificate with its key", f->what, f->path);
		rc = -EINVAL;
	}
	if (rc == 0 && sk_X509_num(others) >= MST_TLS_CHAIN_MAX)
		rc = too_many(f, MST_TLS_CHAIN_MAX);
	if (rc == 0) {
		rc = push(certs, cert);
		cert = NULL;
	}
	while (rc == 0 && sk_X509_num(others) > 0)
		rc = push(certs, sk_X509_shift(others));
	X509_free(cert);
	sk_X509_pop_free(others, X509_free);
	return rc;
}

int
tls_pfx_open(EVP_PKEY **key, STACK_OF(X509) * certs, const struct tls_file *f, const char *password_file)
{
	const unsigned char *at = f->bytes;
	char password[PASSWORD_BYTES];
	PKCS12 *p12;
	int rc;

	MST_TRY(read_password(password_file, f, password));
	p12 = d2i_PKCS12(NULL, &at, (long)f->len);
	ERR_clear_error();
	if (p12 == NULL) {
		tls_text_set(f->err, f->err_cap, "%s %s is no PKCS#12 file", f->what, f->path);
		rc = -EINVAL;
	} else {
		rc = open_pfx(key, certs, f, p12, password);
	}
	PKCS12_free(p12);
	mst_wipe(password, sizeof(password));
	return rc;
}
