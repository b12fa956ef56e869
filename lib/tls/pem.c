// Certificate and key files: read whole, within a bound, and told apart when something is wrong. Control
// lcore.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls_private.h"

#define MIN_SECURITY_BITS 112 // RSA 2048, P-224: NIST SP 800-57, security level 2 of libssl

struct file {
	const char *what;
	const char *path;
	uint8_t *bytes;
	size_t len;
	mode_t mode;
	char *err;
	size_t err_cap;
};

static int
read_all(struct file *f, int fd)
{
	size_t got = 0;

	while (got < f->len) {
		ssize_t n = read(fd, f->bytes + got, f->len - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	f->len = got;
	return 0;
}

static int
check_stat(struct file *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		tls_text_set(f->err, f->err_cap, "%s %s is not a regular file", f->what, f->path);
		return -EINVAL;
	}
	if (st.st_size == 0) {
		tls_text_set(f->err, f->err_cap, "%s %s is empty", f->what, f->path);
		return -EINVAL;
	}
	if (st.st_size > MST_TLS_FILE_MAX_BYTES) {
		tls_text_set(f->err, f->err_cap, "%s %s is larger than %d bytes", f->what, f->path,
			MST_TLS_FILE_MAX_BYTES);
		return -EINVAL;
	}
	f->len = (size_t)st.st_size;
	f->mode = st.st_mode;
	return 0;
}

static void
file_fini(struct file *f)
{
	if (f->bytes != NULL)
		mst_wipe(f->bytes, f->len);
	free(f->bytes);
	f->bytes = NULL;
}

// O_NONBLOCK: a FIFO in place of the file must not stop the control lcore.
static int
file_load(struct file *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0) {
		rc = -errno;
		tls_text_set(f->err, f->err_cap, "cannot open %s %s: %s", f->what, f->path, strerror(-rc));
		return rc;
	}
	rc = check_stat(f, fd);
	if (rc == 0) {
		f->bytes = malloc(f->len);
		rc = f->bytes == NULL ? -ENOMEM : read_all(f, fd);
	}
	close(fd);
	if (rc < 0 && rc != -EINVAL)
		tls_text_set(f->err, f->err_cap, "cannot read %s %s: %s", f->what, f->path, strerror(-rc));
	return rc;
}

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
parse_certs(struct tls_identity *id, struct file *f, BIO *bio)
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
		if (n == MST_TLS_CHAIN_MAX) {
			X509_free(cert);
			tls_text_set(f->err, f->err_cap, "%s %s holds more than %d certificates", f->what,
				f->path, MST_TLS_CHAIN_MAX);
			return -EINVAL;
		}
		if (n == 0) {
			id->cert = cert;
		} else if (sk_X509_push(id->chain, cert) == 0) {
			X509_free(cert);
			return -ENOMEM;
		}
	}
}

// libssl's reasons do not tell "no key here" from "a key I cannot read".
static bool
has_key_header(const struct file *f)
{
	static const char begin[] = "-----BEGIN ";
	static const char end[] = "PRIVATE KEY-----";
	const uint8_t *at = memmem(f->bytes, f->len, begin, sizeof(begin) - 1);

	return at != NULL && memmem(at, f->len - (size_t)(at - f->bytes), end, sizeof(end) - 1) != NULL;
}

static const char *
key_fault(const struct file *f, bool asked)
{
	if (asked)
		return "is encrypted: keep it without a passphrase";
	return has_key_header(f) ? "is damaged" : "holds no private key in PEM form";
}

static int
parse_key(struct tls_identity *id, struct file *f, BIO *bio)
{
	bool asked = false;

	id->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
	ERR_clear_error();
	if (id->key == NULL) {
		tls_text_set(f->err, f->err_cap, "%s %s %s", f->what, f->path, key_fault(f, asked));
		return -EINVAL;
	}
	if (EVP_PKEY_get_security_bits(id->key) < MIN_SECURITY_BITS) {
		tls_text_set(f->err, f->err_cap, "%s %s is too weak (RSA needs 2048 bits, EC P-256)", f->what,
			f->path);
		return -EINVAL;
	}
	id->key_readable_by_others = (f->mode & S_IROTH) != 0;
	return 0;
}

static int
load_one(struct tls_identity *id, struct file *f, int (*parse)(struct tls_identity *, struct file *, BIO *))
{
	int rc = file_load(f);

	if (rc == 0) {
		BIO *bio = BIO_new_mem_buf(f->bytes, (int)f->len);

		rc = bio == NULL ? -ENOMEM : parse(id, f, bio);
		BIO_free(bio);
	}
	file_fini(f);
	return rc;
}

int
tls_identity_load(struct tls_identity *out, const struct mst_tls_params *p, char *err, size_t err_cap)
{
	struct tls_identity id = {.chain = sk_X509_new_null()};
	struct file cert = {.what = "certificate file", .path = p->cert_file, .err = err, .err_cap = err_cap};
	struct file key = {.what = "key file", .path = p->key_file, .err = err, .err_cap = err_cap};
	int rc = id.chain == NULL ? -ENOMEM : load_one(&id, &cert, parse_certs);

	if (rc == 0)
		rc = load_one(&id, &key, parse_key);
	if (rc == 0 && X509_check_private_key(id.cert, id.key) != 1) {
		ERR_clear_error();
		tls_text_set(err, err_cap, "the key in %s does not belong to the certificate in %s",
			p->key_file, p->cert_file);
		rc = -EKEYREJECTED;
	}
	if (rc == -ENOMEM)
		tls_text_set(err, err_cap, "not enough memory for the certificate");
	if (rc < 0) {
		tls_identity_fini(&id);
		return rc;
	}
	*out = id;
	return 0;
}

void
tls_identity_fini(struct tls_identity *id)
{
	X509_free(id->cert);
	sk_X509_pop_free(id->chain, X509_free);
	EVP_PKEY_free(id->key);
	*id = (struct tls_identity){0};
}
