// The door in front of libssl's DTLS: only whole records of a small handshake pass. libssl keeps early
// records of epoch 1 (up to 100) and reassembles messages as large as they claim to be; this bounds both, and
// spares a handshake in progress the alerts and the garbage that anybody may send from a forged address.
// Control lcore.
#include <errno.h>

#include "tls_private.h"

#define RECORDS_MAX 8
#define MESSAGE_SEQ_MAX 7      // ClientHello (twice with a cookie), ClientKeyExchange; Finished is encrypted
#define ENCRYPTED_MAX_BYTES 64 // explicit nonce 8, Finished 12 + 12, tag 16: 48

// RFC 6347 4.2.2: one or more handshake messages or fragments of one.
static int
parse_messages(struct mst_rd *r)
{
	do {
		(void)mst_rd_u8(r); // message type: libssl knows what it waits for
		uint32_t length = mst_rd_u24(r);
		uint16_t seq = mst_rd_u16(r);
		uint32_t offset = mst_rd_u24(r);
		uint32_t part = mst_rd_u24(r);

		(void)mst_rd_bytes(r, part);
		if (r->err || length > MST_TLS_DTLS_MESSAGE_BYTES || seq > MESSAGE_SEQ_MAX ||
			offset + part > length)
			return -EBADMSG;
	} while (mst_rd_left(r) > 0);
	return 0;
}

static int
parse_record(struct mst_rd *r, struct tls_flight *f)
{
	struct mst_dtls_header h;

	if (mst_dtls_parse(r->pos, mst_rd_left(r), &h) != MST_DTLS_OK)
		return -EBADMSG;
	(void)mst_rd_bytes(r, MST_DTLS_HEADER_BYTES);
	struct mst_rd body = mst_rd_sub(r, h.length);
	if (body.err || h.length == 0)
		return -EBADMSG;
	f->n_records++;
	if (h.epoch == 0 && h.type == MST_DTLS_HANDSHAKE)
		return parse_messages(&body);
	if (h.epoch == 0 && h.type == MST_DTLS_CHANGE_CIPHER_SPEC)
		return h.length == 1 ? 0 : -EBADMSG;
	if (h.epoch == 1 && h.type == MST_DTLS_HANDSHAKE && h.length <= ENCRYPTED_MAX_BYTES) {
		f->n_encrypted++;
		return 0;
	}
	return -EBADMSG;
}

int
tls_flight_parse(const void *datagram, size_t len, struct tls_flight *out)
{
	struct mst_rd r = mst_rd_init(datagram, len);
	struct tls_flight f = {0};

	if (len == 0 || len > MST_TLS_DTLS_DATAGRAM_BYTES)
		return -EBADMSG;
	while (mst_rd_left(&r) > 0) {
		if (f.n_records == RECORDS_MAX)
			return -EBADMSG;
		MST_TRY(parse_record(&r, &f));
	}
	*out = f;
	return 0;
}
