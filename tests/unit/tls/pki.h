// Certificates, CAs and revocation lists made to measure, good and bad.
#pragma once

#include <openssl/x509.h>

#include "mst_test.h"

#define PKI_DAY 86400L

struct pki_spec {
	const char *cn;
	const char *san;   // as openssl's configuration writes it: "DNS:a,IP:192.0.2.1"
	const char *basic; // basicConstraints; NULL: none
	const char *usage; // keyUsage; NULL: none
	const char *ext;   // extendedKeyUsage; NULL: none
	const char *ocsp;  // authorityInfoAccess; NULL: none
	const char *names; // nameConstraints; NULL: none
	const char *tls;   // tlsfeature; NULL: none
	EVP_PKEY *key;	   // whose certificate it is
	X509 *issuer;	   // NULL: self-signed
	EVP_PKEY *issuer_key;
	long from_s, to_s; // from now; both 0: a day ago and 90 days ahead
	int version;	   // 0: 3
	const EVP_MD *md;  // NULL: SHA-256
	bool doubled;	   // basicConstraints stands there twice
	bool critical;	   // with a critical extension that nobody knows
	long serial;	   // 0: the next one
};

X509 *pki_cert(const struct pki_spec *spec);
// A CA of that name with a P-256 key: self-signed, or below issuer.
X509 *pki_ca(const char *cn, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key);
// The revocation list of a CA, which holds serial (0: nothing); times are seconds from now.
X509_CRL *pki_crl(X509 *ca, EVP_PKEY *key, long serial, long from_s, long to_s);
// The CA's own OCSP response about a certificate, in DER, which the caller frees by OPENSSL_free; times are seconds from now,
// to_s 0: it does not say until when.
size_t pki_ocsp(X509 *cert, X509 *ca, EVP_PKEY *ca_key, bool revoked, long from_s, long to_s, uint8_t **der);
EVP_PKEY *pki_ec(const char *group);
// A public key of n bits that nobody has the other half of.
EVP_PKEY *pki_rsa_of(int bits);
void pki_put_crl(const char *path, X509_CRL *crl, bool der);
