// Devices that have no tunnel yet. What they want is dear (a signature, a key exchange) and can wait; what tunnels want
// is cheap and cannot. So newcomers stand in a queue of their own, of which each turn of the loop serves what fits into
// a millisecond, after everything else: however many knock, a tunnel waits for no more than that. The priorities of
// libevent would let tunnels keep newcomers out for ever. Control lcore.
#include "control.h"

#define SHARE_NS MST_NS_PER_MS // of a turn; one step is done in any case
#define RECORDS_PER_STEP 4
#define PATIENCE_NS MST_NS_PER_S // with who keeps us waiting, once others want his place
#define LOOKED_AT 16		 // of each list, of which the oldest ones may be waiting for us

void
control_newcomer_queue(struct control_conn *conn)
{
	if (conn->line != NULL)
		return;
	conn->line = &conn->c->knocking;
	TAILQ_INSERT_TAIL(conn->line, conn, more);
	event_del(conn->readable); // it would tell the same in every turn
}

// ---- half-open ----------------------------------------------------------------------------------
static struct control_conns *
list_of(struct control_conn *conn)
{
	return conn->is_guest ? &conn->c->guests : &conn->c->strangers;
}

void
control_newcomer_enter(struct control_conn *conn)
{
	TAILQ_INSERT_TAIL(list_of(conn), conn, half);
	conn->c->n_half_open++;
}

void
control_newcomer_leave(struct control_conn *conn)
{
	TAILQ_REMOVE(list_of(conn), conn, half);
	conn->c->n_half_open--;
}

void
control_newcomer_greet(struct control_conn *conn)
{
	if (conn->is_guest)
		return;
	control_newcomer_leave(conn);
	conn->is_guest = true;
	control_newcomer_enter(conn);
	mst_wheel_arm(&conn->c->wheel, &conn->limit, conn->signin_end_ns);
}

// Who waits for us, for a signature or for the helper, has done his part.
static struct control_conn *
oldest_of(const struct control_conns *list, uint64_t now_ns)
{
	struct control_conn *conn;
	unsigned int n = 0;

	TAILQ_FOREACH(conn, list, half)
	{
		if (++n > LOOKED_AT)
			break;
		if (conn->line == NULL && conn->state != CONN_AUTH &&
			now_ns - conn->last_rx_ns >= PATIENCE_NS)
			return conn;
	}
	return NULL;
}

struct control_conn *
control_newcomer_oldest(const struct mst_control *c)
{
	uint64_t now_ns = mst_now_ns();
	struct control_conn *conn = oldest_of(&c->strangers, now_ns);

	return conn != NULL ? conn : oldest_of(&c->guests, now_ns);
}

// ---- the share of a turn ------------------------------------------------------------------------
static void
serve(struct control_conn *conn)
{
	conn->last_rx_ns = mst_now_ns();
	control_conn_read_no_more(conn);
	event_add(conn->readable, NULL);
	if (conn->proxy != NULL)
		control_proxy_read(conn);
	if (conn->state == CONN_TLS && conn->proxy == NULL)
		control_conn_handshake(conn);
	control_conn_read(conn, RECORDS_PER_STEP);
}

// Who is in and who comes in take turns: neither keeps the other out. Beyond limits.half-open nobody comes in but in the place
// of one who keeps us waiting, and the kernel's backlog holds those who wait.
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
