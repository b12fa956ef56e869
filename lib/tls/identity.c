// A certificate, its key and the chain that goes with it, put in order whatever the order of the file. Control
// lcore.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls_private.h"

static bool
is_pfx(const struct mst_tls_pair *p)
{
	return p->pfx_file != NULL && p->pfx_file[0] != '\0';
}

static int
load_pem(struct tls_identity *id, STACK_OF(X509) * certs, const struct mst_tls_pair *p, struct tls_file *f)
{
	int rc;

	f->what = "certificate file";
	f->path = p->cert_file;
	rc = tls_file_load(f);
	if (rc == 0)
		rc = tls_pem_certs(certs, f, MST_TLS_CHAIN_MAX);
	tls_file_fini(f);
	if (rc < 0)
		return rc;
	f->what = "key file";
	f->path = p->key_file;
	rc = tls_file_load(f);
	if (rc == 0)
		rc = tls_pem_key(&id->key, f);
	tls_file_fini(f);
	return rc;
}

static int
load_pfx(struct tls_identity *id, STACK_OF(X509) * certs, const struct mst_tls_pair *p, struct tls_file *f)
{
	int rc;

	f->what = "PKCS#12 file";
	f->path = p->pfx_file;
	rc = tls_file_load(f);
	if (rc == 0)
		rc = tls_pfx_open(&id->key, certs, f, p->password_file);
	tls_file_fini(f);
	return rc;
}

static X509 *
take(STACK_OF(X509) * certs, int i)
{
	return sk_X509_delete(certs, i);
}

static int
find_leaf(struct tls_identity *id, STACK_OF(X509) * certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		if (X509_check_private_key(sk_X509_value(certs, i), id->key) == 1) {
			id->cert = take(certs, i);
			break;
		}
	}
	ERR_clear_error();
	return id->cert != NULL ? 0 : -EKEYREJECTED;
}

static bool
is_root(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_SS) != 0;
}

// The root stays out of what is sent: a device has it, or does not believe it.
static int
order_chain(struct tls_identity *id, STACK_OF(X509) * certs)
{
	X509 *at = id->cert;

	for (int i = 0; i < sk_X509_num(certs) && !is_root(at); i++) {
		if (X509_check_issued(sk_X509_value(certs, i), at) != X509_V_OK)
			continue;
		at = take(certs, i);
		i = -1;
		if (sk_X509_push(is_root(at) ? id->roots : id->chain, at) == 0) {
			X509_free(at);
			return -ENOMEM;
		}
	}
	id->n_strays = (unsigned int)sk_X509_num(certs);
	return 0;
}

// Whose certificate the chain ends before, unless this host knows it as a root.
static int
find_end(struct tls_identity *id)
{
	int n = sk_X509_num(id->chain);
	X509 *root = sk_X509_num(id->roots) > 0 ? sk_X509_value(id->roots, 0) : NULL;
	X509 *last = root != NULL ? root : n > 0 ? sk_X509_value(id->chain, n - 1) : id->cert;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	X509 *found = NULL;
	int rc = store != NULL && x != NULL && X509_STORE_CTX_init(x, store, id->cert, NULL) == 1 ? 0
												  : -ENOMEM;

	if (rc == 0 && X509_STORE_set_default_paths(store) == 1 &&
		X509_STORE_CTX_get1_issuer(&found, x, last) == 1)
		id->is_public = true;
	if (rc == 0 && found == NULL && !is_root(last))
		tls_name_text(X509_get_issuer_name(last), id->missing, sizeof(id->missing));
	if (last == id->cert) {
		id->issuer = found;
		found = NULL;
	}
	X509_free(found);
	X509_STORE_CTX_free(x);
	X509_STORE_free(store);
	ERR_clear_error();
	return rc;
}

static int
keep_issuer(struct tls_identity *id)
{
	X509 *issuer = sk_X509_num(id->chain) > 0   ? sk_X509_value(id->chain, 0)
		       : sk_X509_num(id->roots) > 0 ? sk_X509_value(id->roots, 0)
						    : NULL;

	if (issuer == NULL || id->issuer != NULL)
		return 0;
	if (X509_up_ref(issuer) != 1)
		return -ENOMEM;
	id->issuer = issuer;
	return 0;
}

static int
load(struct tls_identity *id, STACK_OF(X509) * certs, const struct mst_tls_pair *p, struct tls_file *f)
{
	const char *fault;

	MST_TRY(is_pfx(p) ? load_pfx(id, certs, p, f) : load_pem(id, certs, p, f));
	fault = tls_key_fault(id->key);
	if (fault != NULL) {
		tls_text_set(f->err, f->err_cap, "%s %s %s", f->what, f->path, fault);
		return -EINVAL;
	}
	id->key_readable_by_others = (f->mode & S_IROTH) != 0;
	if (find_leaf(id, certs) < 0) {
		tls_text_set(f->err, f->err_cap, "the key in %s does not belong to the certificate in %s",
			f->path, tls_pair_file(p));
		return -EKEYREJECTED;
	}
	MST_TRY(order_chain(id, certs));
	MST_TRY(find_end(id));
	return keep_issuer(id);
}

const char *
tls_pair_file(const struct mst_tls_pair *p)
{
	return is_pfx(p) ? p->pfx_file : p->cert_file;
}

int
tls_identity_load(struct tls_identity *out, const struct mst_tls_pair *p, char *err, size_t err_cap)
{
	struct tls_identity id = {.chain = sk_X509_new_null(), .roots = sk_X509_new_null()};
	struct tls_file f = {.max_bytes = MST_TLS_FILE_MAX_BYTES, .err = err, .err_cap = err_cap};
	STACK_OF(X509) *certs = sk_X509_new_null();
	int rc = id.chain == NULL || id.roots == NULL || certs == NULL ? -ENOMEM : load(&id, certs, p, &f);

	sk_X509_pop_free(certs, X509_free);
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
	X509_free(id->issuer);
	sk_X509_pop_free(id->chain, X509_free);
	sk_X509_pop_free(id->roots, X509_free);
	EVP_PKEY_free(id->key);
	*id = (struct tls_identity){0};
}
