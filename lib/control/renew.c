// Keys are renewed: in time, as CONNECT has announced it, and before they have protected too many records, whatever time
// it is. TLS 1.3 renews its own (KeyUpdate); a client told of the method "ssl" begins a new DTLS handshake as well, and
// one with TLS 1.2 a new connection ("new-tunnel"). Control lcore.
#include <rte_random.h>

#include "control.h"

// What the protocol has no message for: the client is told that its association is over, and makes a new one with the next
// packet that it sends. By a fatal alert: after close_notify openconnect waits for its DPD.
#define ALERT_FATAL 2
#define ALERT_INTERNAL_ERROR 80 // "unrelated to the peer"
#define ASK_AGAIN_NS (60 * MST_NS_PER_S)

// ---- in time ------------------------------------------------------------------------------------
// A tenth sooner or later: who has connected together does not renew together.
uint32_t
control_renew_interval_s(const struct control_conn *conn)
{
	uint32_t s = conn->c->conf->timeouts.rekey_s;

	return s < 10 ? s : s - s / 10 + (uint32_t)rte_rand_max(s / 5 + 1);
}

void
control_renew_begin(struct control_conn *conn, uint32_t interval_s, uint64_t now_ns)
{
	conn->renew_ns = interval_s * MST_NS_PER_S;
	conn->next_renew_ns = conn->renew_ns != 0 && mst_tls_conn_can_renew(conn->tls)
				      ? now_ns + conn->renew_ns
				      : UINT64_MAX;
}

void
control_renew_tick(struct control_conn *conn, uint64_t now_ns)
{
	if (now_ns < conn->next_renew_ns)
		return;
	conn->next_renew_ns = now_ns + conn->renew_ns;
	// What finds TCP full is for the next time: records are counted in any case.
	if (!conn->blocked && mst_tls_conn_renew(conn->tls) == MST_TLS_OK)
		CONTROL_COUNT(conn->c, tls_renewed);
}

// ---- by use -------------------------------------------------------------------------------------
static uint64_t
records_of(const struct mst_sa *sa)
{
	uint64_t sent = atomic_load_explicit(&sa->tx_seq, memory_order_relaxed);
	uint64_t received = mst_dtls_window_next(&sa->window);

	return sent > received ? sent : received;
}

// RFC 5246 7.2.2. What the device has sent before it sees that, and what it sends if it never does, is opened as before.
static void
end_for_device(struct control_login *l, struct mst_sa *sa)
{
	uint8_t rec[64];
	size_t head = mst_dtls_head_bytes(sa->keys.suite);
	uint64_t seq = atomic_fetch_add_explicit(&sa->tx_seq, 1, memory_order_relaxed);

	if (seq >= MST_DTLS_KEY_RECORDS)
		return;
	rec[head] = ALERT_FATAL;
	rec[head + 1] = ALERT_INTERNAL_ERROR;
	mst_dtls_seal(&sa->keys, MST_DTLS_ALERT, seq, rec + head, 2);
	control_udp_send(l->c, &sa->tuple, sa->owner, rec, head + 2 + mst_dtls_tail_bytes());
}

void
control_renew_look(struct control_login *l, uint64_t now_ns)
{
	struct mst_sa *sa = atomic_load_explicit(&l->session->sa, memory_order_relaxed);
	uint64_t records = sa != NULL ? records_of(sa) : 0;

	if (records >= MST_DTLS_KEY_RECORDS) {
		CONTROL_COUNT(l->c, dtls_used_up);
		control_look_drop_sa(l);
	} else if (records >= MST_DTLS_KEY_RECORDS_RENEW && now_ns >= l->asked_ns + ASK_AGAIN_NS) {
		CONTROL_COUNT(l->c, dtls_asked_to_renew);
		l->asked_ns = now_ns;
		end_for_device(l, sa);
		control_look_take_stream(l);
	}
}
