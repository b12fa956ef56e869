// What a cookie says, as bytes: one fixed layout, a name with its length before it and zeros behind. Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/sha.h>

#include "cookie.h"

#define IP_BYTES (1 + 16)
#define FLAG_PROOF 1u
#define FLAG_WISHED 2u
#define FLAGS_BYTES 3

static_assert(COOKIE_BODY_BYTES == FLAGS_BYTES + MST_COOKIE_ID_BYTES + 8 + 8 + 4 + 4 + 3 * IP_BYTES +
					   MST_COOKIE_HOST_BYTES + MST_COOKIE_DIGEST_BYTES +
					   MST_COOKIE_USER_BYTES + MST_COOKIE_GROUP_BYTES +
					   MST_COOKIE_SERVER_BYTES + MST_COOKIE_DEVICE_BYTES,
	"the body fills the cookie");
static_assert(MST_COOKIE_USER_BYTES <= 256, "the length of a name is one byte");

void
mst_cookie_host(const char *name, uint8_t out[MST_COOKIE_HOST_BYTES])
{
	uint8_t digest[SHA256_DIGEST_LENGTH] = {0};

	if (name[0] != '\0')
		MST_ASSERT(SHA256((const uint8_t *)name, strlen(name), digest) != NULL);
	memcpy(out, digest, MST_COOKIE_HOST_BYTES);
}

static void
put_name(struct mst_wr *w, const char *name, size_t cap)
{
	uint8_t field[MST_COOKIE_USER_BYTES] = {0};
	size_t len = strnlen(name, cap);

	if (len == cap) {
		w->err = true;
		return;
	}
	field[0] = (uint8_t)len;
	memcpy(field + 1, name, len);
	mst_wr_bytes(w, field, cap);
	mst_wipe(field, sizeof(field));
}

static void
put_ip(struct mst_wr *w, const struct mst_ip *ip)
{
	mst_wr_be(w, ip->family, 1);
	mst_wr_bytes(w, ip->bytes, sizeof(ip->bytes));
}

int
cookie_body_write(const struct mst_cookie *cookie, uint8_t out[COOKIE_BODY_BYTES])
{
	struct mst_wr w = mst_wr_init(out, COOKIE_BODY_BYTES);

	mst_wr_be(&w, (cookie->expires_with_proof ? FLAG_PROOF : 0) | (cookie->wished ? FLAG_WISHED : 0),
		FLAGS_BYTES);
	mst_wr_bytes(&w, cookie->id, sizeof(cookie->id));
	mst_wr_be(&w, cookie->issued_unix_s, 8);
	mst_wr_be(&w, cookie->expires_unix_s, 8);
	mst_wr_be(&w, cookie->policy, 4);
	mst_wr_be(&w, cookie->idle_s, 4);
	put_ip(&w, &cookie->addr4);
	put_ip(&w, &cookie->addr6);
	put_ip(&w, &cookie->remote);
	mst_wr_bytes(&w, cookie->host, sizeof(cookie->host));
	mst_wr_bytes(&w, cookie->certificate, sizeof(cookie->certificate));
	put_name(&w, cookie->user, sizeof(cookie->user));
	put_name(&w, cookie->group, sizeof(cookie->group));
	put_name(&w, cookie->server, sizeof(cookie->server));
	put_name(&w, cookie->device, sizeof(cookie->device));
	return w.err || w.len != COOKIE_BODY_BYTES ? -EINVAL : 0;
}

// ---- and back: it carries our tag, and is read as if it did not ---------------------------------
static bool
all_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

static bool
take_name(struct mst_rd *r, char *out, size_t cap)
{
	const uint8_t *field = mst_rd_bytes(r, cap);
	size_t len;

	if (field == NULL || field[0] >= cap)
		return false;
	len = field[0];
	memcpy(out, field + 1, len);
	out[len] = '\0';
	return memchr(out, '\0', len) == NULL && all_zero(field + 1 + len, cap - 1 - len);
}

static bool
take_ip(struct mst_rd *r, uint8_t wanted, struct mst_ip *out)
{
	uint8_t family = mst_rd_u8(r);
	const uint8_t *bytes = mst_rd_bytes(r, sizeof(out->bytes));
	size_t used = family == 4 ? 4 : family == 6 ? 16 : 0;

	if (bytes == NULL || (family != 0 && family != 4 && family != 6))
		return false;
	out->family = family;
	memcpy(out->bytes, bytes, sizeof(out->bytes));
	return (wanted == 0 || family == 0 || family == wanted) &&
	       all_zero(bytes + used, sizeof(out->bytes) - used);
}

static bool
take_bytes(struct mst_rd *r, uint8_t *out, size_t len)
{
	const uint8_t *bytes = mst_rd_bytes(r, len);

	if (bytes != NULL)
		memcpy(out, bytes, len);
	return bytes != NULL;
}

int
cookie_body_read(const uint8_t in[COOKIE_BODY_BYTES], struct mst_cookie *out)
{
	struct mst_rd r = mst_rd_init(in, COOKIE_BODY_BYTES);
	struct mst_cookie c = {0};
	uint64_t flags = mst_rd_be(&r, FLAGS_BYTES);
	const uint8_t *id = mst_rd_bytes(&r, sizeof(c.id));
	bool ok;

	if (id == NULL)
		return -EBADMSG;
	memcpy(c.id, id, sizeof(c.id));
	c.issued_unix_s = mst_rd_be(&r, 8);
	c.expires_unix_s = mst_rd_be(&r, 8);
	c.policy = mst_rd_u32(&r);
	c.idle_s = mst_rd_u32(&r);
	c.expires_with_proof = (flags & FLAG_PROOF) != 0;
	c.wished = (flags & FLAG_WISHED) != 0;
	ok = flags <= (FLAG_PROOF | FLAG_WISHED) && !all_zero(c.id, sizeof(c.id)) &&
	     take_ip(&r, 4, &c.addr4) && take_ip(&r, 6, &c.addr6) && take_ip(&r, 0, &c.remote) &&
	     take_bytes(&r, c.host, sizeof(c.host)) && take_bytes(&r, c.certificate, sizeof(c.certificate)) &&
	     take_name(&r, c.user, sizeof(c.user)) && take_name(&r, c.group, sizeof(c.group)) &&
	     take_name(&r, c.server, sizeof(c.server)) && take_name(&r, c.device, sizeof(c.device));
	if (ok && !r.err && mst_rd_left(&r) == 0)
		*out = c;
	else
		ok = false;
	mst_wipe(&c, sizeof(c));
	return ok ? 0 : -EBADMSG;
}
