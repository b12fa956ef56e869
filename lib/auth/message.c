// Messages between gateway and helper by a table of their fields: one row is what is written, what is read and its
// bounds. Any thread.
#include <errno.h>
#include <string.h>

#include "mst_auth.h"

enum type {
	U8,    // in an int-sized enum or uint8_t, by bytes
	U32,   // uint32_t
	U64,   // uint64_t
	FLAG,  // bool
	TEXT,  // const char *, NULL is written as empty
	MAYBE, // const char *, NULL stays NULL
	BLOB,  // const uint8_t *, the size_t behind it
	CHARS, // char[]
	ADDR,  // struct mst_ip
	BYTES, // uint8_t[], all of it
};

struct field {
	enum type type;
	uint32_t max; // of a number; bytes of a text with its NUL, or of a blob
	size_t offset;
	size_t bytes;	// of the member
	size_t counted; // CHARS: an array of texts, whose uint8_t count stands at count_offset
	size_t count_offset;
};

struct layout {
	const struct field *fields;
	size_t n;
};

// clang-format off
#define AT(st, member) .offset = offsetof(struct st, member), .bytes = sizeof(((struct st *)0)->member)

static const struct field configure_fields[] = {
	{U32, UINT32_MAX, AT(mst_auth_configure, generation)},
	{U64, 0, AT(mst_auth_configure, codes_from_s)},
	{TEXT, 1024, AT(mst_auth_configure, conf)},
#define X(name, path, needed) {TEXT, 1024, AT(mst_auth_configure, files[MST_AUTH_FILE_##name])},
	MST_AUTH_FILES(X)
#undef X
};

static const struct field submit_fields[] = {
	{U64, 0, AT(mst_auth_try, token)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_try, host)},
	{ADDR, 0, AT(mst_auth_try, remote)},
	{TEXT, MST_AUTH_USER_BYTES, AT(mst_auth_try, user)},
	{MAYBE, MST_AUTH_PASSWORD_BYTES, AT(mst_auth_try, password)},
	{TEXT, MST_AUTH_GROUP_BYTES, AT(mst_auth_try, group)},
	{MAYBE, MST_AUTH_BEARER_BYTES, AT(mst_auth_try, bearer)},
	{BLOB, MST_AUTH_CERT_BYTES_MAX, AT(mst_auth_try, cert)},
	{BLOB, MST_AUTH_CERT_BYTES_MAX, AT(mst_auth_try, issuer)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_try, user_agent)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_try, platform)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_try, device_id)},
};
static const struct field answer_fields[] = {
	{U64, 0, AT(mst_auth_answered, token)},
	{TEXT, MST_AUTH_PASSWORD_BYTES, AT(mst_auth_answered, answer)},
};

static const struct field cancel_fields[] = {
	{U64, 0, AT(mst_auth_answered, token)},
};

static const struct field account_fields[] = {
	{U8, MST_AUTH_ACCOUNT_STOP, AT(mst_auth_account, kind)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_account, session)},
	{TEXT, MST_AUTH_USER_BYTES, AT(mst_auth_account, user)},
	{TEXT, MST_AUTH_GROUP_BYTES, AT(mst_auth_account, group)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_account, user_agent)},
	{ADDR, 0, AT(mst_auth_account, remote)},
	{ADDR, 0, AT(mst_auth_account, inner4)},
	{ADDR, 0, AT(mst_auth_account, inner6)},
	{U64, 0, AT(mst_auth_account, rx_bytes)},
	{U64, 0, AT(mst_auth_account, tx_bytes)},
	{U64, 0, AT(mst_auth_account, rx_packets)},
	{U64, 0, AT(mst_auth_account, tx_packets)},
	{U32, UINT32_MAX, AT(mst_auth_account, session_s)},
	{U8, MST_AUTH_CAUSE_STOP, AT(mst_auth_account, cause)},
};

static const struct field configured_fields[] = {
	{U32, UINT32_MAX, AT(mst_auth_configured, generation)},
	{U32, 4095, AT(mst_auth_configured, code)},
	{U32, UINT32_MAX, AT(mst_auth_configured, line)},
	{TEXT, MST_CONF_ERROR_BYTES, AT(mst_auth_configured, text)},
};

static const struct field result_fields[] = {
	{U64, 0, AT(mst_auth_result, token)},
	{U8, MST_AUTH_BUSY, AT(mst_auth_result, outcome)},
	{CHARS, MST_AUTH_USER_BYTES, AT(mst_auth_result, user)},
	{CHARS, MST_AUTH_GROUP_BYTES, AT(mst_auth_result, groups), MST_AUTH_GROUPS_MAX,
		offsetof(struct mst_auth_result, n_groups)},
	{CHARS, MST_AUTH_PROMPT_BYTES, AT(mst_auth_result, prompt)},
	{FLAG, 1, AT(mst_auth_result, echo)},
	{CHARS, MST_AUTH_TEXT_BYTES, AT(mst_auth_result, device_id)},
	{ADDR, 0, AT(mst_auth_result, want4)},
	{ADDR, 0, AT(mst_auth_result, want6)},
	{U32, UINT32_MAX, AT(mst_auth_result, session_s)},
	{U32, UINT32_MAX, AT(mst_auth_result, idle_s)},
	{U64, 0, AT(mst_auth_result, expires_unix_s)},
	{BYTES, 0, AT(mst_auth_result, certificate)},
};

static const struct field staple_fields[] = {
	{U64, 0, AT(mst_auth_staple, token)},
	{BLOB, MST_AUTH_CERT_BYTES_MAX, AT(mst_auth_staple, cert)},
	{BLOB, MST_AUTH_CERT_BYTES_MAX, AT(mst_auth_staple, issuer)},
};

static const struct field stapled_fields[] = {
	{U64, 0, AT(mst_auth_stapled, token)},
	{BLOB, MST_AUTH_STAPLE_BYTES_MAX, AT(mst_auth_stapled, response)},
	{U8, MST_AUTH_LIST_REVOKED, AT(mst_auth_stapled, list)},
	{U64, 0, AT(mst_auth_stapled, list_until_unix_s)},
	{TEXT, MST_AUTH_TEXT_BYTES, AT(mst_auth_stapled, text)},
};

#define LAYOUT(table) {table, MST_ARRAY_SIZE(table)}
// clang-format on

#define BLOB_IS_COUNTED(st, data)                                                                            \
	_Static_assert(offsetof(struct st, data##_len) == offsetof(struct st, data) + sizeof(void *),        \
		"a blob's length stands behind it")
BLOB_IS_COUNTED(mst_auth_try, cert);
BLOB_IS_COUNTED(mst_auth_try, issuer);
BLOB_IS_COUNTED(mst_auth_staple, cert);
BLOB_IS_COUNTED(mst_auth_staple, issuer);
BLOB_IS_COUNTED(mst_auth_stapled, response);

static const struct layout layouts[MST_AUTH_N_MESSAGES] = {
	[MST_AUTH_CONFIGURE] = LAYOUT(configure_fields),
	[MST_AUTH_SUBMIT] = LAYOUT(submit_fields),
	[MST_AUTH_ANSWER] = LAYOUT(answer_fields),
	[MST_AUTH_CANCEL] = LAYOUT(cancel_fields),
	[MST_AUTH_ACCOUNT] = LAYOUT(account_fields),
	[MST_AUTH_CONFIGURED] = LAYOUT(configured_fields),
	[MST_AUTH_RESULT] = LAYOUT(result_fields),
	[MST_AUTH_STAPLED] = LAYOUT(stapled_fields),
	[MST_AUTH_STAPLE] = LAYOUT(staple_fields),
};

#define ABSENT UINT16_MAX // in place of a length
_Static_assert(MST_AUTH_BEARER_BYTES < ABSENT && MST_AUTH_STAPLE_BYTES_MAX < ABSENT, "lengths have 16 bits");

// Members are read and written through these, whatever struct they are of.
static uint64_t
number_get(const struct field *f, const uint8_t *at)
{
	uint64_t v8;
	uint32_t v4;

	if (f->bytes == 1)
		return *at;
	memcpy(&v4, at, sizeof(v4));
	if (f->bytes == sizeof(v4))
		return v4;
	memcpy(&v8, at, sizeof(v8));
	return v8;
}

static void
number_put(const struct field *f, uint8_t *at, uint64_t v)
{
	uint32_t v4 = (uint32_t)v;

	if (f->bytes == 1)
		*at = (uint8_t)v;
	else if (f->bytes == sizeof(v4))
		memcpy(at, &v4, sizeof(v4));
	else
		memcpy(at, &v, sizeof(v));
}

// Bytes on the wire.
static unsigned int
width(enum type type)
{
	return type == U64 ? 8 : type == U32 ? 4 : 1;
}

// ---- writing ------------------------------------------------------------------------------------
static int
write_text(struct mst_wr *w, const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	if (len == max)
		return -EMSGSIZE;
	mst_wr_be(w, len + 1, 2);
	mst_wr_bytes(w, text, len + 1);
	return 0;
}

static int
write_chars(struct mst_wr *w, const struct field *f, const uint8_t *base)
{
	size_t n = 1;

	if (f->counted != 0) {
		n = base[f->count_offset];
		if (n > f->counted)
			return -EINVAL;
		mst_wr_be(w, n, 1);
	}
	for (size_t i = 0; i < n; i++)
		MST_TRY(write_text(w, (const char *)base + f->offset + i * f->max, f->max));
	return 0;
}

static int
write_blob(struct mst_wr *w, const struct field *f, const uint8_t *at)
{
	const uint8_t *data;
	size_t len;

	memcpy(&data, at, sizeof(data));
	memcpy(&len, at + sizeof(data), sizeof(len));
	if (data == NULL) {
		mst_wr_be(w, ABSENT, 2);
		return 0;
	}
	if (len > f->max)
		return -EMSGSIZE;
	mst_wr_be(w, len, 2);
	mst_wr_bytes(w, data, len);
	return 0;
}

static int
write_field(struct mst_wr *w, const struct field *f, const uint8_t *base)
{
	const uint8_t *at = base + f->offset;
	struct mst_ip ip;
	const char *text;
	uint64_t v;

	switch (f->type) {
	case U8:
	case U32:
	case U64:
	case FLAG:
		v = number_get(f, at);
		if (f->type != U64 && v > f->max)
			return -EINVAL;
		mst_wr_be(w, v, width(f->type));
		return 0;
	case TEXT:
	case MAYBE:
		memcpy(&text, at, sizeof(text));
		if (text == NULL && f->type == MAYBE) {
			mst_wr_be(w, ABSENT, 2);
			return 0;
		}
		return write_text(w, text != NULL ? text : "", f->max);
	case BLOB:
		return write_blob(w, f, at);
	case CHARS:
		return write_chars(w, f, base);
	case ADDR:
		memcpy(&ip, at, sizeof(ip));
		mst_wr_be(w, ip.family, 1);
		mst_wr_bytes(w, ip.bytes, sizeof(ip.bytes));
		return 0;
	case BYTES:
		mst_wr_bytes(w, at, f->bytes);
		return 0;
	}
	return -EINVAL;
}

int
mst_auth_message_write(const struct mst_auth_message *m, uint8_t *buf, size_t cap)
{
	struct mst_wr w = mst_wr_init(buf, cap);
	const struct layout *l = &layouts[m->kind];

	mst_wr_be(&w, m->kind, 1);
	for (size_t i = 0; i < l->n; i++)
		MST_TRY(write_field(&w, &l->fields[i], (const uint8_t *)&m->submit));
	return w.err ? -EMSGSIZE : (int)w.len;
}

// ---- reading ------------------------------------------------------------------------------------
// A text with its NUL at the end and none before; NULL when it is none.
static const char *
read_text(struct mst_rd *r, size_t len, size_t max)
{
	const uint8_t *p = mst_rd_bytes(r, len);

	if (p == NULL || len == 0 || len > max || memchr(p, '\0', len) != p + len - 1) {
		r->err = true;
		return NULL;
	}
	return (const char *)p;
}

static void
read_chars(struct mst_rd *r, const struct field *f, uint8_t *base)
{
	size_t n = 1;

	if (f->counted != 0) {
		n = mst_rd_u8(r);
		if (n > f->counted) {
			r->err = true;
			return;
		}
		base[f->count_offset] = (uint8_t)n;
	}
	for (size_t i = 0; i < n && !r->err; i++) {
		size_t len = mst_rd_u16(r);
		const char *text = read_text(r, len, f->max);

		if (text != NULL)
			memcpy(base + f->offset + i * f->max, text, len);
	}
}

static void
read_pointer(struct mst_rd *r, const struct field *f, uint8_t *at)
{
	size_t len = mst_rd_u16(r);
	const void *p = NULL;

	if (len == ABSENT && f->type != TEXT) {
		len = 0;
	} else if (f->type == BLOB) {
		p = mst_rd_bytes(r, len);
		if (len > f->max)
			r->err = true;
	} else {
		p = read_text(r, len, f->max);
	}
	memcpy(at, &p, sizeof(p));
	if (f->type == BLOB)
		memcpy(at + sizeof(p), &len, sizeof(len));
}

static void
read_ip(struct mst_rd *r, uint8_t *at)
{
	static const uint8_t zero[16];
	struct mst_ip ip = {.family = mst_rd_u8(r)};
	const uint8_t *p = mst_rd_bytes(r, sizeof(ip.bytes));
	size_t used = ip.family == 6 ? 16 : ip.family;

	if (p == NULL || (ip.family != 0 && ip.family != 4 && ip.family != 6)) {
		r->err = true;
		return;
	}
	memcpy(ip.bytes, p, sizeof(ip.bytes));
	if (memcmp(ip.bytes + used, zero, sizeof(zero) - used) != 0)
		r->err = true;
	memcpy(at, &ip, sizeof(ip));
}

static void
read_bytes(struct mst_rd *r, uint8_t *at, size_t len)
{
	const uint8_t *p = mst_rd_bytes(r, len);

	if (p != NULL)
		memcpy(at, p, len);
}

static void
read_field(struct mst_rd *r, const struct field *f, uint8_t *base)
{
	uint64_t v;

	switch (f->type) {
	case U8:
	case U32:
	case U64:
	case FLAG:
		v = mst_rd_be(r, width(f->type));
		if (f->type != U64 && v > f->max)
			r->err = true;
		number_put(f, base + f->offset, v);
		return;
	case TEXT:
	case MAYBE:
	case BLOB:
		read_pointer(r, f, base + f->offset);
		return;
	case CHARS:
		read_chars(r, f, base);
		return;
	case ADDR:
		read_ip(r, base + f->offset);
		return;
	case BYTES:
		read_bytes(r, base + f->offset, f->bytes);
		return;
	}
}

int
mst_auth_message_read(struct mst_auth_message *out, const uint8_t *buf, size_t len)
{
	struct mst_rd r = mst_rd_init(buf, len);
	unsigned int kind = mst_rd_u8(&r);

	memset(out, 0, sizeof(*out));
	if (r.err || kind >= MST_AUTH_N_MESSAGES)
		return -EBADMSG;
	out->kind = (enum mst_auth_message_kind)kind;
	for (size_t i = 0; i < layouts[kind].n && !r.err; i++)
		read_field(&r, &layouts[kind].fields[i], (uint8_t *)&out->submit);
	return r.err || mst_rd_left(&r) != 0 ? -EBADMSG : 0;
}
