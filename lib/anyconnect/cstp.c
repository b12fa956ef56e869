// CSTP frames: one frame is one TLS record (draft-mavrogiannopoulos-openconnect-04, "The CSTP Channel
// Protocol"). Any lcore.
#include <string.h>

#include "mst_anyconnect.h"

static const uint8_t magic[4] = {'S', 'T', 'F', 1};

// Reason bytes of DISCONNECT, as clients send them.
enum { REASON_LOCAL_ERROR = 0x70, REASON_LOGOUT = 0xb0 };

enum mst_cstp_verdict
mst_cstp_parse(const uint8_t *rec, size_t len, struct mst_cstp_frame *out)
{
	struct mst_rd r;
	const uint8_t *start;
	struct mst_cstp_frame f;
	uint8_t reserved;

	if (len < MST_CSTP_HEADER_BYTES)
		return MST_CSTP_V_SHORT;
	r = mst_rd_init(rec, len);
	start = mst_rd_bytes(&r, sizeof(magic));
	f.len = mst_rd_u16(&r);
	f.type = mst_rd_u8(&r);
	reserved = mst_rd_u8(&r);
	if (start == NULL || memcmp(start, magic, sizeof(magic)) != 0)
		return MST_CSTP_V_MAGIC;
	if (reserved != 0)
		return MST_CSTP_V_RESERVED;
	if (mst_rd_left(&r) != f.len)
		return MST_CSTP_V_LENGTH;
	f.payload = mst_rd_bytes(&r, f.len);
	*out = f;
	return MST_CSTP_V_OK;
}

void
mst_cstp_header(uint8_t out[MST_CSTP_HEADER_BYTES], uint8_t type, uint16_t payload_len)
{
	struct mst_wr w = mst_wr_init(out, MST_CSTP_HEADER_BYTES);

	mst_wr_bytes(&w, magic, sizeof(magic));
	mst_wr_be(&w, payload_len, 2);
	mst_wr_be(&w, type, 1);
	mst_wr_be(&w, 0, 1);
}

enum mst_bye
mst_cstp_bye(const struct mst_cstp_frame *f)
{
	if (f->type != MST_CSTP_DISCONNECT || f->len == 0)
		return MST_BYE_KEEPS_SESSION;
	return f->payload[0] == REASON_LOGOUT || f->payload[0] == REASON_LOCAL_ERROR ? MST_BYE_ENDS_SESSION
										     : MST_BYE_KEEPS_SESSION;
}

const char *
mst_cstp_verdict_name(enum mst_cstp_verdict v)
{
	switch (v) {
#define X(name, help)                                                                                        \
	case MST_CSTP_V_##name:                                                                              \
		return #name;
		MST_CSTP_VERDICTS(X)
#undef X
	case MST_CSTP_N_VERDICTS:
		break;
	}
	return "?";
}
