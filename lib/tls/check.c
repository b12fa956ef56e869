// What a key must be, and which names a server's certificate must and must not have. Control lcore.
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tls_private.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 8192 // beyond it a signature costs a millisecond and more to check
#define EC_MIN_BITS 256

static const char *
ec_fault(EVP_PKEY *key)
{
	int is_explicit = 0;

	// RFC 5480 2.1.1: parameters that are spelled out are how a curve is forged (CVE-2020-0601).
	if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) == 1 &&
		is_explicit != 0)
		return "has a curve that is spelled out instead of named";
	return EVP_PKEY_get_bits(key) < EC_MIN_BITS ? "is too weak (RSA needs 2048 bits, EC P-256)" : NULL;
}

const char *
tls_key_fault(EVP_PKEY *key)
{
	const char *fault = NULL;

	if (EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1) {
		int bits = EVP_PKEY_get_bits(key);

		if (bits < RSA_MIN_BITS)
			fault = "is too weak (RSA needs 2048 bits, EC P-256)";
		else if (bits > RSA_MAX_BITS)
			fault = "is too large (RSA may have 8192 bits)";
	} else if (EVP_PKEY_is_a(key, "EC") == 1) {
		fault = ec_fault(key);
	} else if (EVP_PKEY_is_a(key, "ED25519") != 1 && EVP_PKEY_is_a(key, "ED448") != 1) {
		fault = "is of a kind that TLS does not use";
	}
	ERR_clear_error();
	return fault;
}

// RFC 9525 6.3: a wildcard is the whole of the first label, and not all of the name.
bool
mst_tls_name_is_good(const char *name, size_t len)
{
	const char *star = memchr(name, '*', len);

	if (star == NULL)
		return true;
	return star == name && len > 3 && name[1] == '.' && memchr(name + 1, '*', len - 1) == NULL &&
	       memchr(name + 2, '.', len - 2) != NULL;
}

bool
mst_tls_name_matches(const char *pattern, const char *name)
{
	const char *dot = strchr(name, '.');

	if (pattern[0] != '*')
		return strcasecmp(pattern, name) == 0;
	return dot != NULL && dot != name && strcasecmp(pattern + 1, dot) == 0;
}

static int
check_wildcards(X509 *cert, const char *file, char *err, size_t err_cap)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int rc = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && rc == 0; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const char *text;
		int len;

		if (name->type != GEN_DNS)
			continue;
		text = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
		len = ASN1_STRING_length(name->d.dNSName);
		if (mst_tls_name_is_good(text, (size_t)len))
			continue;
		tls_text_set(err, err_cap,
			"the certificate in %s is for \"%.*s\": clients take a wildcard only for the whole "
			"first label",
			file, len < 100 ? len : 100, text);
		rc = -EINVAL;
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return rc;
}

// Clients look at the subjectAltName alone (RFC 9525 4.1). A name of ours with a wildcard asks for the same wildcard.
static bool
covers(X509 *cert, const char *name)
{
	unsigned int flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	char any[256];
	struct mst_ip ip;

	if (mst_ip_parse(name, &ip) == 0)
		return X509_check_ip_asc(cert, name, 0) == 1;
	tls_text_set(any, sizeof(any), "%s%s", name[0] == '*' ? "any" : "", name[0] == '*' ? name + 1 : name);
	return X509_check_host(cert, any, 0, flags, NULL) == 1;
}

int
tls_identity_check(const struct tls_identity *id, const char *file, const struct mst_tls_params *p, char *err,
	size_t err_cap)
{
	struct mst_tls_cert_info info;

	MST_TRY(check_wildcards(id->cert, file, err, err_cap));
	for (size_t i = 0; i < p->n_names; i++) {
		bool good = covers(id->cert, p->names[i]);

		ERR_clear_error();
		if (good)
			continue;
		tls_cert_describe(id->cert, &info);
		tls_text_set(err, err_cap, "the certificate in %s is not for %s; it has %.200s", file,
			p->names[i], info.names[0] != '\0' ? info.names : "no subjectAltName");
		return -EINVAL;
	}
	return 0;
}
