// What status pages and warnings tell of the server's certificate. Control lcore.
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tls_private.h"

static int64_t
unix_time(const ASN1_TIME *t)
{
	struct tm tm = {0};

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

static void
describe_subject(X509 *cert, char *text, size_t cap)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;

	text[0] = '\0';
	if (bio == NULL)
		return;
	// RFC 4514 order and escapes; UTF-8 is kept, control characters are not.
	X509_NAME_print_ex(
		bio, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
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

void
tls_cert_describe(X509 *cert, struct mst_tls_cert_info *out)
{
	*out = (struct mst_tls_cert_info){
		.not_before_unix_s = unix_time(X509_get0_notBefore(cert)),
		.not_after_unix_s = unix_time(X509_get0_notAfter(cert)),
	};
	describe_subject(cert, out->subject, sizeof(out->subject));
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

void
tls_cert_warn(const struct mst_tls_cert_info *info, const struct mst_tls_params *p, int64_t now_unix_s,
	bool key_readable_by_others, char *text, size_t cap)
{
	struct mst_str s = mst_str_init(text, cap);
	int64_t left_s = info->not_after_unix_s - now_unix_s;
	char day[16];

	if (left_s < 0) {
		day_text(info->not_after_unix_s, day, sizeof(day));
		mst_str_fmt(&s, "the certificate in %.100s expired on %s", p->cert_file, day);
	} else if (info->not_before_unix_s > now_unix_s) {
		day_text(info->not_before_unix_s, day, sizeof(day));
		mst_str_fmt(&s, "the certificate in %.100s is not valid before %s", p->cert_file, day);
	} else if (left_s < (int64_t)MST_TLS_WARN_DAYS * TLS_DAY_S) {
		mst_str_fmt(&s, "the certificate in %.100s expires in %d days", p->cert_file,
			(int)(left_s / TLS_DAY_S));
	}
	if (key_readable_by_others)
		mst_str_fmt(&s, "%sthe key file %.100s can be read by every user of this machine",
			s.len > 0 ? "; " : "", p->key_file);
}
