// Certificates of devices: asked for in the handshake, checked to the root, and never a reason for the handshake to fail:
// a device without a good one may sign in otherwise, and is told why it may not. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls_private.h"

#define CHAIN_DEPTH 5 // of the root at most, the device's own is 0
#define CRL_MAX_BYTES (4u << 20)
#define EXTENSIONS_MAX 32

// ---- what is trusted ----------------------------------------------------------------------------
static int
add_cas(SSL_CTX *c, X509_STORE *store, const char *path, char *err, size_t err_cap)
{
	struct tls_file f = {.what = "file of CA certificates",
		.path = path,
		.max_bytes = MST_TLS_FILE_MAX_BYTES,
		.err = err,
		.err_cap = err_cap};
	STACK_OF(X509) *certs = sk_X509_new_null();
	int rc = certs == NULL ? -ENOMEM : tls_file_load(&f);

	if (rc == 0)
		rc = tls_pem_certs(certs, &f, MST_TLS_CLIENT_CAS_MAX);
	tls_file_fini(&f);
	for (int i = 0; i < sk_X509_num(certs) && rc == 0; i++) {
		X509 *ca = sk_X509_value(certs, i);

		if (X509_check_ca(ca) == 0) {
			tls_text_set(
				err, err_cap, "certificate number %d in %s is not that of a CA", i + 1, path);
			rc = -EINVAL;
		} else if (X509_STORE_add_cert(store, ca) != 1 || SSL_CTX_add_client_CA(c, ca) != 1) {
			rc = -ENOMEM;
		}
	}
	sk_X509_pop_free(certs, X509_free);
	return rc;
}

static X509_CRL *
parse_crl(const struct tls_file *f)
{
	const unsigned char *at = f->bytes;
	BIO *bio = BIO_new_mem_buf(f->bytes, (int)f->len);
	X509_CRL *crl = bio == NULL ? NULL : PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);

	BIO_free(bio);
	if (crl == NULL) // as a distribution point gives it: DER
		crl = d2i_X509_CRL(NULL, &at, (long)f->len);
	ERR_clear_error();
	return crl;
}

static int
add_crl(X509_STORE *store, const char *path, char *err, size_t err_cap)
{
	struct tls_file f = {
		.what = "CRL", .path = path, .max_bytes = CRL_MAX_BYTES, .err = err, .err_cap = err_cap};
	int rc = tls_file_load(&f);
	X509_CRL *crl = rc == 0 ? parse_crl(&f) : NULL;

	tls_file_fini(&f);
	if (rc == 0 && crl == NULL) {
		tls_text_set(err, err_cap, "CRL %s is damaged", path);
		rc = -EINVAL;
	}
	if (rc == 0 && X509_STORE_add_crl(store, crl) != 1)
		rc = -ENOMEM;
	X509_CRL_free(crl);
	return rc;
}

// ---- one device's certificate -------------------------------------------------------------------
static bool
has_doubled_extension(const X509 *cert)
{
	int n = X509_get_ext_count(cert);

	if (n > EXTENSIONS_MAX)
		return true;
	for (int i = 0; i < n; i++) {
		const ASN1_OBJECT *oid = X509_EXTENSION_get_object(X509_get_ext(cert, i));

		if (X509_get_ext_by_OBJ(cert, oid, i) >= 0)
			return true;
	}
	return false;
}

// What is dear to check, or should not be checked at all, is looked at first.
static const char *
sent_fault(X509_STORE_CTX *x)
{
	STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(x);

	if (sk_X509_num(sent) > CHAIN_DEPTH + 1)
		return "more certificates than a chain may have";
	for (int i = 0; i < sk_X509_num(sent); i++) {
		X509 *cert = sk_X509_value(sent, i);
		EVP_PKEY *key = X509_get0_pubkey(cert);

		if (key == NULL || tls_key_fault(key) != NULL)
			return "a key that is too weak, too large or of another kind";
		if (has_doubled_extension(cert))
			return "an extension that stands there twice, or too many";
	}
	return NULL;
}

static const char *
leaf_fault(X509 *leaf)
{
	// libcrypto takes one that names no purpose: who issued it did not think of sign-in.
	uint32_t usage = X509_get_extended_key_usage(leaf);

	if (usage == UINT32_MAX || (usage & XKU_SSL_CLIENT) == 0)
		return "it is not for client authentication (extendedKeyUsage)";
	return X509_check_ca(leaf) != 0 ? "it is that of a CA" : NULL;
}

// An anchor is trusted because the operator says so: nobody needs to say that it was not revoked.
static int
on_error(int ok, X509_STORE_CTX *x)
{
	int depth = X509_STORE_CTX_get_error_depth(x);
	bool anchor = depth > 0 && depth == sk_X509_num(X509_STORE_CTX_get0_chain(x)) - 1;

	if (ok == 1)
		return 1;
	if (!anchor || X509_STORE_CTX_get_error(x) != X509_V_ERR_UNABLE_TO_GET_CRL)
		return 0;
	X509_STORE_CTX_set_error(x, X509_V_OK);
	return 1;
}

static int
on_error_lenient(int ok, X509_STORE_CTX *x)
{
	int error = X509_STORE_CTX_get_error(x);

	if (ok == 1 || (error != X509_V_ERR_UNABLE_TO_GET_CRL && error != X509_V_ERR_CRL_HAS_EXPIRED))
		return ok;
	X509_STORE_CTX_set_error(x, X509_V_OK);
	return 1;
}

static int
encode(X509 *cert, struct tls_der *out)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len <= 0)
		return -ENOMEM;
	*out = (struct tls_der){.bytes = der, .len = (size_t)len};
	return 0;
}

static const char *
check(X509_STORE_CTX *x, struct tls_seen *seen)
{
	const char *fault = sent_fault(x);
	STACK_OF(X509) * chain;

	if (fault != NULL)
		return fault;
	if (X509_verify_cert(x) != 1)
		return X509_verify_cert_error_string(X509_STORE_CTX_get_error(x));
	fault = leaf_fault(X509_STORE_CTX_get0_cert(x));
	if (fault != NULL)
		return fault;
	chain = X509_STORE_CTX_get0_chain(x);
	if (encode(sk_X509_value(chain, 0), &seen->leaf) < 0 ||
		encode(sk_X509_value(chain, sk_X509_num(chain) > 1 ? 1 : 0), &seen->issuer) < 0)
		return "not enough memory";
	return NULL;
}

// The handshake goes on in any case; the signature over it is still to come, and there no mistake is forgiven.
static int
verify(X509_STORE_CTX *x, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_seen *seen = SSL_get_app_data(ssl);

	(void)arg;
	tls_seen_fini(seen);
	seen->fault = check(x, seen);
	seen->peer = seen->fault == NULL ? MST_TLS_PEER_ACCEPTED : MST_TLS_PEER_REFUSED;
	if (seen->fault != NULL && X509_STORE_CTX_get_error(x) == X509_V_OK)
		X509_STORE_CTX_set_error(x, X509_V_ERR_APPLICATION_VERIFICATION);
	ERR_clear_error();
	return 1;
}

void
tls_seen_fini(struct tls_seen *seen)
{
	OPENSSL_free(seen->leaf.bytes);
	OPENSSL_free(seen->issuer.bytes);
	seen->leaf = seen->issuer = (struct tls_der){0};
}

int
tls_clients_setup(SSL_CTX *c, const struct mst_tls_clients *clients, char *err, size_t err_cap)
{
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	MST_TRY(add_cas(c, store, clients->ca_file, err, err_cap));
	for (size_t i = 0; i < clients->n_crls; i++)
		MST_TRY(add_crl(store, clients->crl_files[i], err, err_cap));
	if (clients->n_crls > 0)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	X509_STORE_set_flags(store, flags);
	X509_STORE_set_depth(store, CHAIN_DEPTH - 1); // libcrypto counts what is between the two ends
	X509_STORE_set_verify_cb(store, clients->lenient_crls ? on_error_lenient : on_error);
	SSL_CTX_set_cert_verify_callback(c, verify, NULL);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	return 0;
}
