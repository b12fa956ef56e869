// A client certificate to a user: what it is for, how strong it is, and the one name in it. Any thread of the helper.
#include "cert.h"

#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define VALUES_MAX 64 // of one attribute or of alternative names

struct place {
	const char *word;
	int general_name; // GEN_...; -1: an attribute of the subject
	const char *oid;
};

static const struct place places[] = {
	{"san-email", GEN_EMAIL, NULL},
	{"san-upn", GEN_OTHERNAME, NULL},
	{"san-uri", GEN_URI, NULL},
	{"cn", -1, "2.5.4.3"},
	{"ou", -1, "2.5.4.11"},
	{"uid", -1, "0.9.2342.19200300.100.1.1"},
};

// What is done with each value that is found; false ends the search.
typedef bool value_fn(struct identity_who *who, const char *text, size_t len);

const char *
cert_verdict_text(enum cert_verdict verdict)
{
	static const char *const texts[] = {
#define CERT_VERDICT_TEXT(name, text) text,
		CERT_VERDICTS(CERT_VERDICT_TEXT)
#undef CERT_VERDICT_TEXT
	};

	return texts[verdict];
}

static const struct place *
find_place(const char *word)
{
	for (size_t i = 0; i < MST_ARRAY_SIZE(places); i++) {
		if (strcmp(places[i].word, word) == 0)
			return &places[i];
	}
	return NULL;
}

bool
cert_place_is_known(const char *word)
{
	ASN1_OBJECT *oid;
	size_t len = strlen(word);

	if (find_place(word) != NULL)
		return true;
	// OpenSSL takes a dot at the end for none.
	oid = len > 0 && word[len - 1] != '.' ? OBJ_txt2obj(word, 1) : NULL;
	ERR_clear_error();
	ASN1_OBJECT_free(oid);
	return oid != NULL;
}

static bool
is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	}
	return len > 0;
}

// A second value, and one that could be read in two ways, makes the first one doubtful.
static bool
set_user(struct identity_who *who, const char *text, size_t len)
{
	if (who->user[0] != '\0' || len >= sizeof(who->user) || !is_printable(text, len)) {
		who->user[0] = '\0';
		return false;
	}
	memcpy(who->user, text, len);
	who->user[len] = '\0';
	return true;
}

static bool
add_group(struct identity_who *who, const char *text, size_t len)
{
	if (len >= IDENTITY_GROUP_BYTES || !is_printable(text, len))
		return true;
	if (who->n_groups == IDENTITY_GROUPS_MAX)
		return false;
	memcpy(who->groups[who->n_groups], text, len);
	who->groups[who->n_groups++][len] = '\0';
	return true;
}

static bool
pass_on(struct identity_who *who, const ASN1_STRING *value, value_fn *fn)
{
	unsigned char *text = NULL;
	int len = value != NULL ? ASN1_STRING_to_UTF8(&text, value) : -1;
	// What cannot be read counts as a value: of two, one may be damaged on purpose.
	bool go_on = fn(who, len >= 0 ? (const char *)text : "", len >= 0 ? (size_t)len : 0);

	OPENSSL_free(text);
	return go_on;
}

static void
walk_subject(struct identity_who *who, X509 *cert, const char *oid, value_fn *fn)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	ASN1_OBJECT *type = OBJ_txt2obj(oid, 1);
	int at = -1;

	for (unsigned int n = 0; type != NULL && n < VALUES_MAX; n++) {
		at = X509_NAME_get_index_by_OBJ(subject, type, at);
		if (at < 0 || !pass_on(who, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), fn))
			break;
	}
	ASN1_OBJECT_free(type);
}

// The value of an alternative name of the wanted kind; an empty one counts too. False: of another kind.
static bool
value_of(const GENERAL_NAME *name, int kind, const ASN1_STRING **out)
{
	*out = NULL;
	if (name->type != kind)
		return false;
	if (kind == GEN_EMAIL)
		*out = name->d.rfc822Name;
	else if (kind == GEN_URI)
		*out = name->d.uniformResourceIdentifier;
	else if (OBJ_obj2nid(name->d.otherName->type_id) != NID_ms_upn)
		return false;
	else if (name->d.otherName->value->type == V_ASN1_UTF8STRING)
		*out = name->d.otherName->value->value.utf8string;
	return true;
}

static void
walk_names(struct identity_who *who, X509 *cert, int kind, value_fn *fn)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int n = names != NULL ? sk_GENERAL_NAME_num(names) : 0;

	for (int i = 0; i < n; i++) {
		const ASN1_STRING *value;

		if (value_of(sk_GENERAL_NAME_value(names, i), kind, &value) && !pass_on(who, value, fn))
			break;
	}
	GENERAL_NAMES_free(names);
}

static void
walk(struct identity_who *who, X509 *cert, const char *word, value_fn *fn)
{
	const struct place *place = find_place(word);

	if (place != NULL && place->general_name >= 0)
		walk_names(who, cert, place->general_name, fn);
	else
		walk_subject(who, cert, place != NULL ? place->oid : word, fn);
}

static bool
key_is_strong(X509 *cert)
{
	static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char group[32];
	size_t len;

	if (key == NULL)
		return false;
	if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS"))
		return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN && EVP_PKEY_get_bits(key) <= RSA_BITS_MAX;
	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
		return true;
	// Explicit parameters have no name.
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &len) != 1)
		return false;
	for (size_t i = 0; i < MST_ARRAY_SIZE(curves); i++) {
		if (strcmp(curves[i], group) == 0)
			return true;
	}
	return false;
}

static bool
is_for_clients(X509 *cert, bool any_purpose)
{
	uint32_t flags = X509_get_extension_flags(cert);

	if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		return false;
	if (any_purpose)
		return true;
	return (flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(cert) & XKU_SSL_CLIENT) != 0;
}

static bool
take_time(const ASN1_TIME *time, uint64_t *out)
{
	struct tm tm;
	time_t t;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return false;
	t = timegm(&tm);
	*out = (uint64_t)t;
	return t >= 0;
}

static enum cert_verdict
judge(const struct cert_rules *rules, X509 *cert, uint64_t now_s, struct identity_who *who)
{
	uint64_t begins_s;

	// An extension twice, or one that is damaged.
	if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0)
		return CERT_FORM;
	if (!take_time(X509_get0_notBefore(cert), &begins_s) ||
		!take_time(X509_get0_notAfter(cert), &who->expires_unix_s))
		return CERT_FORM;
	if (now_s < begins_s || now_s > who->expires_unix_s)
		return CERT_TIME;
	if ((X509_get_extension_flags(cert) & EXFLAG_CA) != 0)
		return CERT_AUTHORITY;
	if (!is_for_clients(cert, rules->any_purpose))
		return CERT_PURPOSE;
	if (!key_is_strong(cert))
		return CERT_KEY;
	walk(who, cert, rules->user, set_user);
	if (who->user[0] == '\0')
		return CERT_NAME;
	if (rules->group[0] != '\0')
		walk(who, cert, rules->group, add_group);
	return CERT_OK;
}

enum cert_verdict
cert_identify(
	const struct cert_rules *rules, const void *der, size_t len, uint64_t now_s, struct identity_who *out)
{
	const uint8_t *at = der;
	X509 *cert = len <= CERT_BYTES_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
	enum cert_verdict verdict = CERT_FORM;
	struct identity_who who = {0};

	if (cert != NULL && (size_t)(at - (const uint8_t *)der) == len)
		verdict = judge(rules, cert, now_s, &who);
	X509_free(cert);
	ERR_clear_error();
	if (verdict == CERT_OK)
		*out = who;
	return verdict;
}
