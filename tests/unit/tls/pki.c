// Certificates, CAs and revocation lists made to measure, good and bad.
#include "pki.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ocsp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void
add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static void
add_unknown(X509 *cert)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_int_equal(ASN1_OCTET_STRING_set(data, (const unsigned char *)"\x05\x00", 2), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, data);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(oid);
}

static const EVP_MD *
digest(const struct pki_spec *spec, EVP_PKEY *signer)
{
	if (EVP_PKEY_is_a(signer, "ED25519") == 1)
		return NULL;
	return spec->md != NULL ? spec->md : EVP_sha256();
}

X509 *
pki_cert(const struct pki_spec *spec)
{
	static long serial = 100;
	X509 *cert = X509_new();
	X509 *issuer = spec->issuer != NULL ? spec->issuer : cert;
	EVP_PKEY *signer = spec->issuer_key != NULL ? spec->issuer_key : spec->key;
	bool dated = spec->from_s != 0 || spec->to_s != 0;
	X509_NAME *name = X509_get_subject_name(cert);

	X509_set_version(cert, spec->version != 0 ? spec->version - 1 : X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), spec->serial != 0 ? spec->serial : serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert), dated ? spec->from_s : -PKI_DAY);
	X509_gmtime_adj(X509_getm_notAfter(cert), dated ? spec->to_s : 90 * PKI_DAY);
	X509_set_pubkey(cert, spec->key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)spec->cn, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	if (spec->version == 0) {
		add(cert, issuer, NID_basic_constraints, spec->basic);
		if (spec->doubled)
			add(cert, issuer, NID_basic_constraints, spec->basic);
		add(cert, issuer, NID_key_usage, spec->usage);
		add(cert, issuer, NID_ext_key_usage, spec->ext);
		add(cert, issuer, NID_info_access, spec->ocsp);
		add(cert, issuer, NID_subject_alt_name, spec->san);
		add(cert, issuer, NID_name_constraints, spec->names);
		add(cert, issuer, NID_tlsfeature, spec->tls);
		add(cert, issuer, NID_subject_key_identifier, "hash");
		if (spec->critical)
			add_unknown(cert);
	}
	assert_true(X509_sign(cert, signer, digest(spec, signer)) > 0);
	return cert;
}

X509 *
pki_ca(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
	return pki_cert(&(struct pki_spec){.cn = cn,
		.basic = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign",
		.key = key,
		.issuer = issuer,
		.issuer_key = issuer_key});
}

size_t
pki_ocsp(X509 *cert, X509 *ca, EVP_PKEY *ca_key, bool revoked, long from_s, long to_s, uint8_t **der)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, cert, ca);
	ASN1_TIME *from = ASN1_TIME_set(NULL, time(NULL) + from_s);
	ASN1_TIME *to = to_s != 0 ? ASN1_TIME_set(NULL, time(NULL) + to_s) : NULL;
	OCSP_RESPONSE *response;
	int len;

	assert_non_null(OCSP_basic_add1_status(basic, id,
		revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD, OCSP_REVOKED_STATUS_SUPERSEDED,
		revoked ? from : NULL, from, to));
	assert_int_equal(OCSP_basic_sign(basic, ca, ca_key, EVP_sha256(), NULL, OCSP_NOCERTS), 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	*der = NULL;
	len = i2d_OCSP_RESPONSE(response, der);
	assert_true(len > 0);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return (size_t)len;
}

X509_CRL *
pki_crl(X509 *ca, EVP_PKEY *key, long serial, long from_s, long to_s)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_new();

	assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
	assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca)), 1);
	X509_gmtime_adj(t, from_s);
	X509_CRL_set1_lastUpdate(crl, t);
	X509_gmtime_adj(t, to_s);
	X509_CRL_set1_nextUpdate(crl, t);
	if (serial != 0) {
		X509_REVOKED *r = X509_REVOKED_new();
		ASN1_INTEGER *number = ASN1_INTEGER_new();

		ASN1_INTEGER_set(number, serial);
		X509_REVOKED_set_serialNumber(r, number);
		X509_gmtime_adj(t, from_s);
		X509_REVOKED_set_revocationDate(r, t);
		assert_int_equal(X509_CRL_add0_revoked(crl, r), 1);
		ASN1_INTEGER_free(number);
	}
	ASN1_TIME_free(t);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	return crl;
}

EVP_PKEY *
pki_ec(const char *group)
{
	EVP_PKEY *key = EVP_EC_gen(group);

	assert_non_null(key);
	return key;
}

EVP_PKEY *
pki_rsa_of(int bits)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_ulong(bld, OSSL_PKEY_PARAM_RSA_E, 65537), 1);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	return key;
}

void
pki_put_crl(const char *path, X509_CRL *crl, bool der)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(der ? i2d_X509_CRL_fp(out, crl) : PEM_write_X509_CRL(out, crl), 1);
	fclose(out);
}
