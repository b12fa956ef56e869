// By OpenSSL, extensions in the words of its configuration files.
#include "leaf.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

static void
add_extension(X509 *cert, const char *name, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_nconf(NULL, &ctx, name, value);
	if (ext == NULL)
		fail_msg("%s=%s: %s", name, value, ERR_reason_error_string(ERR_peek_last_error()));
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

X509 *
leaf_make(const struct leaf *leaf)
{
	static const char *const usual[] = {
		"keyUsage", "critical,digitalSignature", "extendedKeyUsage", "clientAuth", NULL};
	const char *const *extensions = leaf->extensions[0] != NULL ? leaf->extensions : usual;
	EVP_PKEY *key = jwt_key(leaf->key);
	EVP_PKEY *signer = leaf->issuer_key != NULL ? jwt_key(leaf->issuer_key) : key;
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME *issuer = X509_NAME_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
	ASN1_TIME_set(X509_getm_notBefore(cert), LEAF_NOW + leaf->begins);
	ASN1_TIME_set(X509_getm_notAfter(cert), LEAF_NOW + (leaf->ends != 0 ? leaf->ends : 86400));
	X509_set_pubkey(cert, key);
	for (size_t i = 0; leaf->subject[i] != NULL; i += 2)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, leaf->subject[i], MBSTRING_UTF8,
					 (const uint8_t *)leaf->subject[i + 1], -1, -1, 0),
			1);
	X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_UTF8,
		(const uint8_t *)(leaf->issuer_name != NULL ? leaf->issuer_name : "CA"), -1, -1, 0);
	X509_set_issuer_name(cert, issuer);
	X509_NAME_free(issuer);
	for (size_t i = 0; extensions[i] != NULL && extensions[i][0] != '\0'; i += 2)
		add_extension(cert, extensions[i], extensions[i + 1]);
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	return cert;
}

size_t
leaf_der(const struct leaf *leaf, uint8_t **out)
{
	X509 *cert = leaf_make(leaf);
	int len;

	*out = NULL;
	len = i2d_X509(cert, out);
	assert_true(len > 0);
	X509_free(cert);
	return (size_t)len;
}
