// HTTP answers to a device: several records when long; what TCP does not take now waits in pending. Control lcore.
#include <errno.h>
#include <string.h>

#include "control.h"

// 0: all written; -EAGAIN: TCP is full, *off tells how far it went; -EPIPE: gone.
static int
write_records(struct control_conn *conn, const uint8_t *data, size_t len, size_t *off)
{
	while (*off < len) {
		size_t part = len - *off < MST_TLS_RECORD_BYTES ? len - *off : MST_TLS_RECORD_BYTES;

		switch (mst_tls_conn_write(conn->tls, data + *off, part)) {
		case MST_TLS_OK:
			*off += part;
			break;
		case MST_TLS_WANT_WRITE:
		case MST_TLS_WANT_READ:
			*off += part;
			return -EAGAIN;
		case MST_TLS_BUSY:
			return -EAGAIN;
		default:
			return -EPIPE;
		}
	}
	return 0;
}

static void
answer_written(struct control_conn *conn)
{
	if (conn->close_after_write) {
		control_conn_close(conn);
		return;
	}
	if (conn->state == CONN_HTTP)
		control_conn_read_again(conn);
	if (conn->state == CONN_TUNNEL) {
		mst_wheel_stop(&conn->limit);
		mst_ac_destroy(conn->ac);
		conn->ac = NULL;
		control_stream_drain(conn);
	}
}

// Until an answer is out no further request is read: its answer would have to wait as well, and one to CONNECT
// would be lost.
static int
keep_rest(struct control_conn *conn, const uint8_t *data, size_t len)
{
	conn->blocked = true;
	control_conn_watch_write(conn);
	if (conn->state == CONN_HTTP) {
		event_del(conn->readable);
		control_conn_read_no_more(conn);
	}
	if (len == 0)
		return 0;
	conn->pending = malloc(len);
	if (conn->pending == NULL)
		return -ENOMEM;
	memcpy(conn->pending, data, len);
	conn->pending_len = len;
	conn->pending_off = 0;
	return 0;
}

void
control_answer_flush(struct control_conn *conn)
{
	const uint8_t *data;
	size_t len;
	size_t off = 0;
	bool close_after;
	int ret;

	if (conn->blocked || !mst_ac_output(conn->ac, &data, &len, &close_after))
		return;
	conn->close_after_write = close_after;
	ret = write_records(conn, data, len, &off);
	if (ret == -EAGAIN)
		ret = keep_rest(conn, data + off, len - off);
	else if (ret == 0)
		answer_written(conn);
	if (ret < 0)
		control_conn_close(conn);
}

void
control_answer_drop(struct control_conn *conn)
{
	if (conn->pending != NULL)
		mst_wipe(conn->pending, conn->pending_len);
	free(conn->pending);
	conn->pending = NULL;
}

static void
write_pending(struct control_conn *conn)
{
	int ret = write_records(conn, conn->pending, conn->pending_len, &conn->pending_off);

	if (ret == -EAGAIN) {
		conn->blocked = true;
		control_conn_watch_write(conn);
		return;
	}
	control_answer_drop(conn);
	if (ret < 0)
		control_conn_close(conn);
	else
		answer_written(conn);
}

void
control_answer_go_on(struct control_conn *conn)
{
	if (conn->pending != NULL)
		write_pending(conn);
	else if (conn->ac != NULL)
		answer_written(conn);
	else
		control_stream_drain(conn);
}
