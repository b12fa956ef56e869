// A look into a ClientHello, for the session it names (RFC 6347 4.2, RFC 5246 7.4.1.2). Workers: a stranger's
// datagram is told from a device's here, before anything is spent on it.
#include <string.h>

#include "mst_dtls.h"

#define CLIENT_HELLO 1 // RFC 5246 7.4

// RFC 6347 4.2.2. A whole message is wanted: a ClientHello fits a datagram, and reassembly needs memory that
// strangers could fill.
static enum mst_dtls_verdict
read_handshake_header(struct mst_rd *r, struct mst_dtls_client_hello *hello)
{
	uint8_t msg_type = mst_rd_u8(r);
	uint32_t length = mst_rd_u24(r);
	uint16_t message_seq = mst_rd_u16(r);
	uint32_t fragment_offset = mst_rd_u24(r);
	uint32_t fragment_length = mst_rd_u24(r);

	if (r->err || msg_type != CLIENT_HELLO)
		return MST_DTLS_HELLO;
	if (fragment_offset != 0 || fragment_length != length)
		return MST_DTLS_FRAGMENT;
	if (length != mst_rd_left(r))
		return MST_DTLS_HELLO;
	hello->message_seq = message_seq;
	return MST_DTLS_OK;
}

static bool
all_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return any == 0;
}

// opaque app_id<1..255>, of which we give out at most 32 bytes.
static enum mst_dtls_verdict
read_app_id(struct mst_rd ext, struct mst_dtls_client_hello *hello)
{
	uint8_t len = mst_rd_u8(&ext);
	const uint8_t *id = mst_rd_bytes(&ext, len);

	if (ext.err || mst_rd_left(&ext) != 0)
		return MST_DTLS_HELLO;
	if (len == 0 || len > sizeof(hello->session_id))
		return MST_DTLS_SESSION_ID;
	memset(hello->session_id, 0, sizeof(hello->session_id));
	memcpy(hello->session_id, id, len);
	hello->session_id_len = len;
	hello->from_extension = true;
	return MST_DTLS_OK;
}

// RFC 5246 7.4.1.4: none at all, or a list that fills the rest; no type twice (checked for the one that we
// act on).
static enum mst_dtls_verdict
read_extensions(struct mst_rd *r, struct mst_dtls_client_hello *hello)
{
	struct mst_rd list;

	if (mst_rd_left(r) == 0)
		return MST_DTLS_OK;
	list = mst_rd_sub(r, mst_rd_u16(r));
	while (!list.err && mst_rd_left(&list) != 0) {
		uint16_t type = mst_rd_u16(&list);
		struct mst_rd ext = mst_rd_sub(&list, mst_rd_u16(&list));
		enum mst_dtls_verdict v = MST_DTLS_OK;

		if (type == MST_DTLS_EXT_APP_ID)
			v = hello->from_extension ? MST_DTLS_HELLO : read_app_id(ext, hello);
		if (v != MST_DTLS_OK)
			return v;
	}
	return list.err || mst_rd_left(r) != 0 ? MST_DTLS_HELLO : MST_DTLS_OK;
}

static enum mst_dtls_verdict
read_body(struct mst_rd *r, struct mst_dtls_client_hello *hello)
{
	uint16_t version = mst_rd_u16(r);
	const uint8_t *random = mst_rd_bytes(r, MST_DTLS_RANDOM_BYTES);
	struct mst_rd id = mst_rd_sub(r, mst_rd_u8(r));
	struct mst_rd cookie = mst_rd_sub(r, mst_rd_u8(r));
	struct mst_rd suites = mst_rd_sub(r, mst_rd_u16(r));
	struct mst_rd compression = mst_rd_sub(r, mst_rd_u8(r));
	enum mst_dtls_verdict v;

	if (r->err || mst_rd_left(&id) > sizeof(hello->session_id))
		return MST_DTLS_HELLO;
	if (mst_rd_left(&suites) < 2 || mst_rd_left(&suites) % 2 != 0 || mst_rd_left(&compression) == 0)
		return MST_DTLS_HELLO;
	if (version != MST_DTLS_VERSION_1_2)
		return MST_DTLS_VERSION;
	// Known from old clients with a broken generator: nobody should finish a handshake with them.
	if (all_zero(random, MST_DTLS_RANDOM_BYTES))
		return MST_DTLS_RANDOM;
	hello->random = random;
	hello->cookie_len = (uint8_t)mst_rd_left(&cookie);
	hello->cookie = mst_rd_bytes(&cookie, hello->cookie_len);
	hello->session_id_len = (uint8_t)mst_rd_left(&id);
	memcpy(hello->session_id, mst_rd_bytes(&id, hello->session_id_len), hello->session_id_len);
	v = read_extensions(r, hello);
	if (v == MST_DTLS_OK && hello->session_id_len == 0)
		return MST_DTLS_SESSION_ID;
	return v;
}

enum mst_dtls_verdict
mst_dtls_peek_client_hello(const uint8_t *data, size_t len, struct mst_dtls_client_hello *out)
{
	struct mst_dtls_client_hello hello = {0};
	struct mst_dtls_header h;
	struct mst_rd datagram = mst_rd_init(data, len);
	struct mst_rd r;
	enum mst_dtls_verdict v;

	if (len < MST_DTLS_CLIENT_HELLO_MIN_BYTES)
		return MST_DTLS_SHORT;
	v = mst_dtls_parse(data, len, &h);
	if (v != MST_DTLS_OK)
		return v;
	if (h.type != MST_DTLS_HANDSHAKE)
		return MST_DTLS_TYPE;
	if (h.epoch != 0)
		return MST_DTLS_EPOCH;
	hello.record_seq = h.seq;
	mst_rd_bytes(&datagram, MST_DTLS_HEADER_BYTES);
	r = mst_rd_sub(&datagram, h.length);
	v = read_handshake_header(&r, &hello);
	if (v == MST_DTLS_OK)
		v = read_body(&r, &hello);
	if (v == MST_DTLS_OK)
		*out = hello;
	return v;
}
