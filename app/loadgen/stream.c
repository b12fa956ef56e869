// CSTP on the TLS connection of a device: one frame, one record (protocol.md 2.1). Main lcore.
#include <string.h>

#include "lg.h"

bool
lg_stream_send(struct lg *lg, struct lg_device *d, uint8_t type, uint8_t *frame, size_t len)
{
	enum lg_tls_result r;

	mst_cstp_header(frame, type, (uint16_t)len);
	r = lg_tls_write(d, frame, MST_CSTP_HEADER_BYTES + len);
	if (r == LG_TLS_OK)
		d->tls_sent_ms = lg->now_ms;
	else if (r == LG_TLS_WAIT)
		lg->report.failures.tx_full++;
	// A connection that is gone says so to whoever reads it next.
	return r == LG_TLS_OK;
}

static void
answer_dpd(struct lg *lg, struct lg_device *d, const struct mst_cstp_frame *f)
{
	static uint8_t frame[MST_CSTP_HEADER_BYTES + LG_RECORD_BYTES];

	memcpy(frame + MST_CSTP_HEADER_BYTES, f->payload, f->len);
	if (lg_stream_send(lg, d, MST_CSTP_DPD_RESP, frame, f->len))
		lg->report.control.dpd_answered++;
}

void
lg_stream_record(struct lg *lg, struct lg_device *d, uint8_t *rec, size_t len)
{
	struct mst_cstp_frame f;

	if (mst_cstp_parse(rec, len, &f) != MST_CSTP_V_OK) {
		lg->report.failures.cstp_frame++;
		return;
	}
	d->tls_heard_ms = lg->now_ms;
	switch (f.type) {
	case MST_CSTP_DATA:
		lg->report.control.cstp_packets++;
		lg_data_from_tunnel(lg, d, f.payload, f.len);
		break;
	case MST_CSTP_DPD_REQ:
		answer_dpd(lg, d, &f);
		break;
	case MST_CSTP_DPD_RESP:
		lg->report.control.dpd_answers++;
		break;
	case MST_CSTP_DISCONNECT:
	case MST_CSTP_TERMINATE:
		lg->report.failures.disconnected++;
		lg_device_ended(lg, d);
		break;
	default:
		break; // KEEPALIVE, and what is unknown
	}
}
