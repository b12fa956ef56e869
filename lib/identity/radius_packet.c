// RADIUS packets as bytes: RFC 2865 section 3, RFC 2866 section 3, Message-Authenticator of RFC 3579 section 3.2. MD5 is
// what the protocol has; nothing else here uses it. Any thread.
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "radius.h"

#define AUTHENTICATOR_OFF 4
#define MAC_OFF (RADIUS_HEADER_BYTES + 2) // of a request: its first attribute
#define MAC_BYTES 16

// MD5 of up to three parts.
static bool
md5(uint8_t out[16], const struct mst_rd *parts, size_t n)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_md5(), NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(md, parts[i].pos, mst_rd_left(&parts[i])) == 1;
	ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

void
radius_packet_begin(struct radius_packet *p, enum radius_code code)
{
	static const uint8_t no_mac[MAC_BYTES];

	memset(p, 0, sizeof(*p));
	p->bytes[0] = (uint8_t)code;
	mst_random(&p->bytes[1], 1);
	p->len = RADIUS_HEADER_BYTES;
	if (code != RADIUS_ACCESS_REQUEST)
		return;
	mst_random(&p->bytes[AUTHENTICATOR_OFF], RADIUS_AUTHENTICATOR_BYTES);
	radius_packet_add(p, RADIUS_MESSAGE_AUTHENTICATOR, no_mac, sizeof(no_mac));
}

void
radius_packet_add(struct radius_packet *p, enum radius_attribute type, const void *value, size_t len)
{
	if (len > RADIUS_VALUE_BYTES || p->len + 2 + len > sizeof(p->bytes)) {
		p->err = true;
		return;
	}
	p->bytes[p->len] = (uint8_t)type;
	p->bytes[p->len + 1] = (uint8_t)(len + 2);
	memcpy(&p->bytes[p->len + 2], value, len);
	p->len += len + 2;
}

void
radius_packet_add_text(struct radius_packet *p, enum radius_attribute type, const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		radius_packet_add(p, type, text, len < RADIUS_VALUE_BYTES ? len : RADIUS_VALUE_BYTES);
}

void
radius_packet_add_number(struct radius_packet *p, enum radius_attribute type, uint32_t value)
{
	uint8_t be[4];
	struct mst_wr w = mst_wr_init(be, sizeof(be));

	mst_wr_be(&w, value, sizeof(be));
	radius_packet_add(p, type, be, sizeof(be));
}

void
radius_packet_add_ip(struct radius_packet *p, enum radius_attribute type4, const struct mst_ip *ip)
{
	if (ip->family == 4)
		radius_packet_add(p, type4, ip->bytes, 4);
	else if (ip->family == 6)
		radius_packet_add(p, RADIUS_FRAMED_IPV6_ADDRESS, ip->bytes, 16);
}

// RFC 2865 section 5.2: each block is hidden by the digest of the secret and the block before.
void
radius_packet_add_password(struct radius_packet *p, const char *secret, const char *password)
{
	uint8_t hidden[RADIUS_PASSWORD_BYTES] = {0};
	size_t len = strlen(password);
	const uint8_t *before = &p->bytes[AUTHENTICATOR_OFF];
	size_t at;

	if (len > sizeof(hidden)) {
		p->err = true;
		return;
	}
	memcpy(hidden, password, len);
	for (at = 0; at == 0 || at < len; at += 16) {
		const struct mst_rd parts[] = {mst_rd_init(secret, strlen(secret)), mst_rd_init(before, 16)};
		uint8_t pad[16];

		if (!md5(pad, parts, MST_ARRAY_SIZE(parts)))
			p->err = true;
		for (size_t i = 0; i < sizeof(pad); i++)
			hidden[at + i] ^= pad[i];
		before = &hidden[at];
	}
	radius_packet_add(p, RADIUS_USER_PASSWORD, hidden, p->err ? 0 : at);
	mst_wipe(hidden, sizeof(hidden));
}

static bool
mac(uint8_t out[MAC_BYTES], const char *secret, const uint8_t *bytes, size_t len)
{
	unsigned int n = MAC_BYTES;

	return HMAC(EVP_md5(), secret, (int)strlen(secret), bytes, len, out, &n) != NULL;
}

int
radius_packet_finish(struct radius_packet *p, const char *secret)
{
	const struct mst_rd parts[] = {mst_rd_init(p->bytes, p->len), mst_rd_init(secret, strlen(secret))};
	uint8_t digest[16];
	bool ok;

	if (p->err)
		return -EMSGSIZE;
	p->bytes[2] = (uint8_t)(p->len >> 8);
	p->bytes[3] = (uint8_t)p->len;
	if (p->bytes[0] == RADIUS_ACCESS_REQUEST) {
		ok = mac(digest, secret, p->bytes, p->len);
		memcpy(&p->bytes[MAC_OFF], digest, sizeof(digest));
	} else {
		ok = md5(digest, parts, MST_ARRAY_SIZE(parts));
		memcpy(&p->bytes[AUTHENTICATOR_OFF], digest, sizeof(digest));
	}
	return ok ? 0 : -EIO;
}

struct mst_rd
radius_packet_attributes(const uint8_t *bytes, size_t len)
{
	return mst_rd_init(bytes + RADIUS_HEADER_BYTES, len - RADIUS_HEADER_BYTES);
}

bool
radius_packet_next(struct mst_rd *attributes, uint8_t *type, struct mst_rd *value)
{
	uint8_t len;

	if (mst_rd_left(attributes) == 0)
		return false;
	*type = mst_rd_u8(attributes);
	len = mst_rd_u8(attributes);
	if (len < 2)
		attributes->err = true;
	*value = mst_rd_sub(attributes, len < 2 ? 0 : len - 2u);
	return !attributes->err;
}

// The Message-Authenticator, over the answer with the request's authenticator and zeros in its own place.
static bool
mac_is_right(struct radius_packet *answer, size_t at, const char *secret)
{
	uint8_t found[MAC_BYTES];
	uint8_t want[MAC_BYTES];

	memcpy(found, &answer->bytes[at], sizeof(found));
	memset(&answer->bytes[at], 0, MAC_BYTES);
	return mac(want, secret, answer->bytes, answer->len) && mst_ct_equal(found, want, sizeof(want));
}

int
radius_packet_check(const uint8_t *bytes, size_t len, const struct radius_packet *request, const char *secret,
	bool needs_ma)
{
	struct radius_packet answer = {.len = len};
	const struct mst_rd parts[] = {mst_rd_init(answer.bytes, len), mst_rd_init(secret, strlen(secret))};
	struct mst_rd r = mst_rd_init(bytes, len);
	bool has_ma = false;
	uint8_t digest[16];
	struct mst_rd value;
	uint8_t code, type;

	code = mst_rd_u8(&r);
	if (mst_rd_u8(&r) != request->bytes[1] || mst_rd_u16(&r) != len || len < RADIUS_HEADER_BYTES ||
		len > sizeof(answer.bytes))
		return -EBADMSG;
	// RFC 2865 section 3: the digest is over the answer with the authenticator of the request.
	memcpy(answer.bytes, bytes, len);
	memcpy(&answer.bytes[AUTHENTICATOR_OFF], &request->bytes[AUTHENTICATOR_OFF],
		RADIUS_AUTHENTICATOR_BYTES);
	if (!md5(digest, parts, MST_ARRAY_SIZE(parts)) ||
		!mst_ct_equal(digest, &bytes[AUTHENTICATOR_OFF], sizeof(digest)))
		return -EBADMSG;
	r = radius_packet_attributes(bytes, len);
	while (radius_packet_next(&r, &type, &value)) {
		if (type != RADIUS_MESSAGE_AUTHENTICATOR)
			continue;
		if (has_ma || mst_rd_left(&value) != MAC_BYTES ||
			!mac_is_right(&answer, (size_t)(value.pos - bytes), secret))
			return -EBADMSG;
		has_ma = true;
	}
	if (r.err || (needs_ma && !has_ma && request->bytes[0] == RADIUS_ACCESS_REQUEST))
		return -EBADMSG;
	return code;
}
