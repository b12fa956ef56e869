// What status pages and warnings tell of the server's certificate. Control lcore.
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tls_private.h"

int64_t
tls_time_unix(const ASN1_TIME *t)
{
	struct tm tm = {0};

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

void
tls_name_text(const X509_NAME *name, char *text, size_t cap)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;

	text[0] = '\0';
	if (bio == NULL)
		return;
	// RFC 4514 order and escapes; UTF-8 is kept, control characters are not.
	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	long len = BIO_get_mem_data(bio, &data);
	if (len > 0)
		tls_text_set(text, cap, "%.*s", (int)len, data);
	BIO_free(bio);
}

static void
describe_key(X509 *cert, char *text, size_t cap)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char group[32];

	if (key == NULL)
		tls_text_set(text, cap, "unknown");
	else if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1)
		tls_text_set(text, cap, "EC P-%d", EVP_PKEY_get_bits(key));
	else if (EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1)
		tls_text_set(text, cap, "RSA %d", EVP_PKEY_get_bits(key));
	else
		tls_text_set(text, cap, "%s", EVP_PKEY_get0_type_name(key));
	ERR_clear_error();
}

static void
add_name(struct mst_str *s, const GENERAL_NAME *name)
{
	struct mst_ip ip = {0};
	char text[MST_IP_TEXT_BYTES];

	if (name->type == GEN_DNS) {
		mst_str_fmt(s, "%s%.*s", s->len > 0 ? " " : "", ASN1_STRING_length(name->d.dNSName),
			(const char *)ASN1_STRING_get0_data(name->d.dNSName));
	} else if (name->type == GEN_IPADD) {
		int len = ASN1_STRING_length(name->d.iPAddress);

		if (len != 4 && len != 16)
			return;
		ip.family = len == 4 ? 4 : 6;
		memcpy(ip.bytes, ASN1_STRING_get0_data(name->d.iPAddress), (size_t)len);
		mst_str_fmt(s, "%s%s", s->len > 0 ? " " : "", mst_ip_format(&ip, text));
	}
}

static void
describe_names(X509 *cert, char *text, size_t cap)
{
	struct mst_str s = mst_str_init(text, cap);
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_name(&s, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

bool
tls_cert_names_ocsp(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
	bool any = sk_OPENSSL_STRING_num(urls) > 0;

	X509_email_free(urls);
	ERR_clear_error();
	return any;
}

// RFC 7633 4.2.3: the extension lists extensions of TLS that a server with this certificate has to answer.
static bool
must_staple(X509 *cert)
{
	TLS_FEATURE *features = X509_get_ext_d2i(cert, NID_tlsfeature, NULL, NULL);
	bool any = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		any |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == TLSEXT_TYPE_status_request;
	TLS_FEATURE_free(features);
	ERR_clear_error();
	return any;
}

void
tls_cert_describe(X509 *cert, struct mst_tls_cert_info *out)
{
	*out = (struct mst_tls_cert_info){
		.not_before_unix_s = tls_time_unix(X509_get0_notBefore(cert)),
		.not_after_unix_s = tls_time_unix(X509_get0_notAfter(cert)),
		.must_staple = must_staple(cert),
	};
	tls_name_text(X509_get_subject_name(cert), out->subject, sizeof(out->subject));
	tls_name_text(X509_get_issuer_name(cert), out->issuer, sizeof(out->issuer));
	describe_names(cert, out->names, sizeof(out->names));
	describe_key(cert, out->key_type, sizeof(out->key_type));
}

static void
day_text(int64_t unix_s, char *text, size_t cap)
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(text, cap, "%Y-%m-%d", &tm) == 0)
		text[0] = '\0';
}

// Apple's rules: a certificate of a public CA may be valid for 398 days, one of a private CA for 730.
#define PUBLIC_DAYS 398
#define PRIVATE_DAYS 730

static void
warn_of_time(struct mst_str *s, const struct mst_tls_cert_info *info, bool is_public, const char *file,
	int64_t now_unix_s)
{
	int64_t left_s = info->not_after_unix_s - now_unix_s;
	int64_t days = (info->not_after_unix_s - info->not_before_unix_s) / TLS_DAY_S;
	char day[16];

	if (left_s < 0) {
		day_text(info->not_after_unix_s, day, sizeof(day));
		mst_str_fmt(s, "the certificate in %.100s expired on %s", file, day);
	} else if (info->not_before_unix_s > now_unix_s) {
		day_text(info->not_before_unix_s, day, sizeof(day));
		mst_str_fmt(s, "the certificate in %.100s is not valid before %s", file, day);
	} else if (left_s < (int64_t)MST_TLS_WARN_DAYS * TLS_DAY_S) {
		mst_str_fmt(
			s, "the certificate in %.100s expires in %d days", file, (int)(left_s / TLS_DAY_S));
	}
	if (days > (is_public ? PUBLIC_DAYS : PRIVATE_DAYS))
		mst_str_fmt(s,
			"%sthe certificate in %.100s is valid for %d days: iOS takes at most %d of a %s CA",
			s->len > 0 ? "; " : "", file, (int)days, is_public ? PUBLIC_DAYS : PRIVATE_DAYS,
			is_public ? "public" : "private");
}

void
tls_cert_warn(struct mst_str *s, const struct tls_identity *id, const struct mst_tls_cert_info *info,
	const struct mst_tls_pair *p, int64_t now_unix_s)
{
	const char *file = tls_pair_file(p);

	warn_of_time(s, info, id->is_public, file, now_unix_s);
	if (id->missing[0] != '\0')
		mst_str_fmt(s, "%sthe chain in %.100s is not complete: the certificate of %.150s is missing",
			s->len > 0 ? "; " : "", file, id->missing);
	if (info->must_staple && (id->issuer == NULL || !tls_cert_names_ocsp(id->cert)))
		mst_str_fmt(s,
			"%sthe certificate in %.100s has to be stapled and cannot be, since %s: devices that "
			"look "
			"refuse it",
			s->len > 0 ? "; " : "", file,
			id->issuer == NULL ? "its issuer's is not known" : "it names no OCSP server");
	if (id->n_strays > 0)
		mst_str_fmt(s, "%s%u certificates in %.100s are not of the chain, and not sent",
			s->len > 0 ? "; " : "", id->n_strays, file);
	if (id->key_readable_by_others)
		mst_str_fmt(s, "%sthe key file %.100s can be read by every user of this machine",
			s->len > 0 ? "; " : "", file == p->cert_file ? p->key_file : file);
}
