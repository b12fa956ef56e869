// The name of what was negotiated, in the form the clients print: (version)-(key
// exchange)-(signature)-(cipher). Control lcore.
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "tls_private.h"

struct word {
	int nid;
	const char *text;
};

static const struct word ciphers[] = {
	{NID_aes_128_gcm, "AES-128-GCM"},
	{NID_aes_256_gcm, "AES-256-GCM"},
	{NID_chacha20_poly1305, "CHACHA20-POLY1305"},
};
static const struct word groups[] = {
	{NID_X25519, "X25519"},
	{NID_X9_62_prime256v1, "SECP256R1"},
	{NID_secp384r1, "SECP384R1"},
};
static const struct word signatures[] = {
	{NID_rsaEncryption, "RSA"},
	{NID_rsassaPss, "RSA-PSS-RSAE"}, // rsaEncryption keys sign so (RFC 8446 4.2.3)
	{NID_X9_62_id_ecPublicKey, "ECDSA"},
	{NID_ED25519, "EDDSA-ED25519"},
};
static const struct word digests[] = {
	{NID_sha256, "SHA256"},
	{NID_sha384, "SHA384"},
	{NID_sha512, "SHA512"},
};

static const char *
find_word(const struct word *table, size_t n, int nid)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].nid == nid)
			return table[i].text;
	}
	// libssl knows more than we enable; its own name will do.
	const char *sn = OBJ_nid2sn(nid);
	return sn != NULL ? sn : "?";
}

static void
add_signature(SSL *ssl, struct mst_str *s)
{
	int type = NID_undef;
	int digest = NID_undef;

	if (SSL_get_signature_type_nid(ssl, &type) != 1)
		return;
	if (type == NID_rsassaPss && EVP_PKEY_is_a(SSL_get_privatekey(ssl), "RSA-PSS") == 1)
		mst_str_fmt(s, "-(RSA-PSS");
	else
		mst_str_fmt(s, "-(%s", find_word(signatures, MST_ARRAY_SIZE(signatures), type));
	if (SSL_get_signature_nid(ssl, &digest) == 1 && digest != NID_undef)
		mst_str_fmt(s, "-%s", find_word(digests, MST_ARRAY_SIZE(digests), digest));
	mst_str_fmt(s, ")");
}

// A group that came after NIDs were given out, such as the hybrids with ML-KEM of OpenSSL 3.5, has its name only.
static const char *
group_name(SSL *ssl)
{
	int group = (int)SSL_get_negotiated_group(ssl);
	const char *name = group & TLSEXT_nid_unknown ? SSL_group_to_name(ssl, group) : NULL;

	return name != NULL ? name : find_word(groups, MST_ARRAY_SIZE(groups), group);
}

void
tls_name_format(SSL *ssl, char *text, size_t cap)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(ssl);
	struct mst_str s = mst_str_init(text, cap);

	if (c == NULL)
		return;
	mst_str_fmt(&s, "(TLS%s)-(ECDHE-%s)", SSL_version(ssl) == TLS1_3_VERSION ? "1.3" : "1.2",
		group_name(ssl));
	add_signature(ssl, &s);
	mst_str_fmt(&s, "-(%s)", find_word(ciphers, MST_ARRAY_SIZE(ciphers), SSL_CIPHER_get_cipher_nid(c)));
	ERR_clear_error();
}

void
tls_name_format_dtls(SSL *ssl, char *text, size_t cap)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(ssl);

	if (c == NULL)
		return;
	tls_text_set(text, cap, "(DTLS1.2)-(PSK)-(%s)",
		find_word(ciphers, MST_ARRAY_SIZE(ciphers), SSL_CIPHER_get_cipher_nid(c)));
	ERR_clear_error();
}
