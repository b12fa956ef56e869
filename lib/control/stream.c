// CSTP on an established TLS connection: one frame a TLS record, both ways; DPD, keepalive, DISCONNECT; a
// bounded queue towards a device whose TCP does not keep up. Control lcore.
#include <errno.h>
#include <string.h>

#include "mst_port.h"
#include "mst_wire_inline.h"

#include "terms.h"

#define DPD_DEAD_FACTOR 3 // silent for three intervals: gone

enum written {
	WRITTEN, // or kept by tls until TCP has room
	LATER,	 // TCP is full, the record was not taken
	GONE,	 // it will never be: the read side sees the end of the connection and closes it
};

// Writes header and payload as one record.
static enum written
write_frame(struct control_conn *conn, uint8_t type, const void *payload, size_t len)
{
	uint8_t *rec = conn->c->record;

	if (len > MST_TLS_RECORD_BYTES - MST_CSTP_HEADER_BYTES)
		return GONE;
	mst_cstp_header(rec, type, (uint16_t)len);
	if (len != 0)
		memmove(rec + MST_CSTP_HEADER_BYTES, payload, len); // an echo stands in rec already
	switch (mst_tls_conn_write(conn->tls, rec, MST_CSTP_HEADER_BYTES + len)) {
	case MST_TLS_OK:
		return WRITTEN;
	case MST_TLS_WANT_WRITE:
	case MST_TLS_WANT_READ:
		conn->blocked = true;
		control_conn_watch_write(conn);
		return WRITTEN;
	case MST_TLS_BUSY:
		conn->blocked = true;
		control_conn_watch_write(conn);
		return LATER;
	default:
		return GONE;
	}
}

static void
count_sent(struct control_conn *conn, size_t len)
{
	struct mst_session *s = conn->login->session;

	CONTROL_COUNT(conn->c, stream_tx);
	mst_counter_add(&s->stream_tx_packets, 1);
	mst_counter_add(&s->stream_tx_bytes, len);
}

static void
enqueue(struct control_conn *conn, struct rte_mbuf *m)
{
	// Most devices never need it: their packets take DTLS.
	if (conn->queue == NULL)
		conn->queue = calloc(CONTROL_STREAM_QUEUE, sizeof(struct rte_mbuf *));
	if (conn->queue == NULL || conn->queue_len == CONTROL_STREAM_QUEUE) {
		CONTROL_COUNT(conn->c, stream_full);
		rte_pktmbuf_free(m);
		return;
	}
	conn->queue[(conn->queue_head + conn->queue_len++) % CONTROL_STREAM_QUEUE] = m;
}

void
control_stream_send_packet(struct control_conn *conn, struct rte_mbuf *m)
{
	size_t len = rte_pktmbuf_data_len(m);

	if (conn->blocked) {
		enqueue(conn, m);
		return;
	}
	switch (write_frame(conn, MST_CSTP_DATA, rte_pktmbuf_mtod(m, const void *), len)) {
	case WRITTEN:
		count_sent(conn, len);
		rte_pktmbuf_free(m);
		break;
	case LATER:
		enqueue(conn, m);
		break;
	case GONE:
		CONTROL_COUNT(conn->c, stream_stale);
		rte_pktmbuf_free(m);
		break;
	}
}

void
control_stream_send(struct control_conn *conn, uint8_t type, const void *payload, size_t len)
{
	// A control frame that finds TCP full is left out: DPD asks again, and data that moves shows life as
	// well.
	if (!conn->blocked)
		(void)write_frame(conn, type, payload, len);
}

void
control_stream_free_queue(struct control_conn *conn)
{
	while (conn->queue_len != 0) {
		rte_pktmbuf_free(conn->queue[conn->queue_head]);
		conn->queue_head = (uint16_t)((conn->queue_head + 1) % CONTROL_STREAM_QUEUE);
		conn->queue_len--;
	}
	free(conn->queue);
	conn->queue = NULL;
}

void
control_stream_cork(struct control_conn *conn)
{
	mst_tls_conn_cork(conn->tls, &conn->c->cork);
}

void
control_stream_uncork(struct control_conn *conn)
{
	if (mst_tls_conn_uncork(conn->tls) != MST_TLS_WANT_WRITE)
		return; // sent, or never: the read side sees that
	conn->blocked = true;
	control_conn_watch_write(conn);
}

void
control_stream_drain(struct control_conn *conn)
{
	conn->blocked = false;
	control_stream_cork(conn);
	while (conn->queue_len != 0 && !conn->blocked) {
		struct rte_mbuf *m = conn->queue[conn->queue_head];

		conn->queue_head = (uint16_t)((conn->queue_head + 1) % CONTROL_STREAM_QUEUE);
		conn->queue_len--;
		control_stream_send_packet(conn, m);
	}
	control_stream_uncork(conn);
	if (conn->queue_len == 0)
		control_stream_free_queue(conn);
}

// The device's packet goes to the worker that is the session's home, which checks its source like one of
// DTLS.
static void
take_data(struct control_conn *conn, const struct mst_cstp_frame *f)
{
	struct mst_session *s = conn->login->session;
	struct rte_mbuf *m;
	struct mst_wire_ip ip;
	void *room;

	if (f->len == 0)
		return;
	s->last_stream_rx_ns = conn->last_rx_ns;
	if (mst_wire_ip_parse(f->payload, f->len, false, &ip) == MST_WIRE_OK && ip.proto != MST_PROTO_ICMP &&
		ip.proto != MST_PROTO_ICMP6)
		s->last_stream_data_ns = conn->last_rx_ns;
	control_look_at_path(conn->login);
	m = rte_pktmbuf_alloc(mst_port_pool());
	if (m == NULL || (room = rte_pktmbuf_append(m, f->len)) == NULL) {
		rte_pktmbuf_free(m);
		CONTROL_COUNT(conn->c, no_mbuf);
		return;
	}
	memcpy(room, f->payload, f->len);
	mst_pkt(m)->session_index = s->index;
	mst_pkt(m)->session_id = s->id;
	CONTROL_COUNT(conn->c, stream_rx);
	mst_counter_add(&s->stream_rx_packets, 1);
	mst_counter_add(&s->stream_rx_bytes, f->len);
	(void)mst_rt_inject(s->home, m, MST_ENTRY_FROM_DEVICE);
}

static void
take_bye(struct control_conn *conn, const struct mst_cstp_frame *f)
{
	struct mst_control *c = conn->c;
	struct control_login *l = conn->login;

	if (mst_cstp_bye(f) == MST_BYE_KEEPS_SESSION) {
		control_conn_close(conn);
		return;
	}
	// The device has gone already: nothing more is said to it.
	conn->login = NULL;
	l->conn = NULL;
	control_conn_close(conn);
	control_login_end(c, l, CONTROL_END_BYE);
}

// May close the connection: the caller looks at it no more.
void
control_stream_record(struct control_conn *conn, uint8_t *rec, size_t len)
{
	struct mst_cstp_frame f;

	if (mst_cstp_parse(rec, len, &f) != MST_CSTP_V_OK) {
		CONTROL_COUNT(conn->c, cstp_malformed);
		control_conn_close(conn);
		return;
	}
	switch (f.type) {
	case MST_CSTP_DATA:
		take_data(conn, &f);
		break;
	case MST_CSTP_DPD_REQ:
		control_stream_send(conn, MST_CSTP_DPD_RESP, f.payload, f.len);
		break;
	case MST_CSTP_DISCONNECT:
		take_bye(conn, &f);
		break;
	case MST_CSTP_COMPRESSED: // never negotiated
		CONTROL_COUNT(conn->c, cstp_malformed);
		control_conn_close(conn);
		break;
	default:
		break; // DPD-RESP, KEEPALIVE and what nobody knows: liveness only
	}
}

void
control_stream_disconnect(struct control_conn *conn, const char *text)
{
	uint8_t payload[128];
	size_t len = strnlen(text, sizeof(payload) - 1);

	if (conn->state == CONN_TUNNEL) {
		payload[0] = 0xb0;
		memcpy(payload + 1, text, len);
		control_stream_free_queue(conn);
		control_stream_send(conn, MST_CSTP_DISCONNECT, payload, len + 1);
	}
	control_conn_close(conn);
}

void
control_stream_tick(struct control_conn *conn, uint64_t now_ns)
{
	uint64_t dpd_ns = control_terms(conn->login).dpd_ns;
	uint64_t silent_ns = now_ns - conn->last_rx_ns;

	control_renew_tick(conn, now_ns);
	if (dpd_ns == 0 || silent_ns < dpd_ns)
		return;
	if (silent_ns > DPD_DEAD_FACTOR * dpd_ns) {
		CONTROL_COUNT(conn->c, dpd_timeout);
		control_conn_close(conn);
		return;
	}
	if (now_ns - conn->last_dpd_ns >= dpd_ns / 2) {
		conn->last_dpd_ns = now_ns;
		control_stream_send(conn, MST_CSTP_DPD_REQ, NULL, 0);
	}
}

uint64_t
control_stream_due_ns(const struct control_conn *conn)
{
	uint64_t dpd_ns = control_terms(conn->login).dpd_ns;
	uint64_t dead_ns = conn->last_rx_ns + DPD_DEAD_FACTOR * dpd_ns + 1;
	uint64_t ask_ns = conn->last_rx_ns + dpd_ns;

	if (dpd_ns == 0)
		return UINT64_MAX;
	if (conn->last_dpd_ns >= ask_ns) // asked already, in this silence
		ask_ns = conn->last_dpd_ns + dpd_ns / 2;
	return ask_ns < dead_ns ? ask_ns : dead_ns;
}
