// Devices that have no tunnel yet. What they want is dear (a signature, a key exchange) and can wait; what tunnels want
// is cheap and cannot. So newcomers stand in a queue of their own, of which each turn of the loop serves what fits into
// a millisecond, after everything else: however many knock, a tunnel waits for no more than that. The priorities of
// libevent would let tunnels keep newcomers out for ever. Control lcore.
#include "control.h"

#define SHARE_NS MST_NS_PER_MS // of a turn; one step is done in any case
#define RECORDS_PER_STEP 4

void
control_newcomer_queue(struct control_conn *conn)
{
	if (conn->line != NULL)
		return;
	conn->line = &conn->c->knocking;
	TAILQ_INSERT_TAIL(conn->line, conn, more);
	event_del(conn->readable); // it would tell the same in every turn
}

static void
serve(struct control_conn *conn)
{
	control_conn_read_no_more(conn);
	event_add(conn->readable, NULL);
	if (conn->state == CONN_TLS)
		control_conn_handshake(conn);
	control_conn_read(conn, RECORDS_PER_STEP);
}

// Who is in and who comes in take turns: neither keeps the other out. Beyond limits.half-open nobody comes in, and the
// kernel's backlog holds those who wait.
unsigned int
control_newcomers(struct mst_control *c)
{
	uint64_t end_ns = mst_now_ns() + SHARE_NS;
	unsigned int n = 0;
	bool more;

	do {
		struct control_conn *conn = TAILQ_FIRST(&c->knocking);

		more = control_listen_accept(c);
		if (conn != NULL) {
			serve(conn);
			more = true;
		}
		n += more;
	} while (more && mst_now_ns() < end_ns);
	return n;
}
