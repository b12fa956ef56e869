// Copies of sessions and counters for people: telemetry threads and the control lcore. A copy is made as a
// QSBR reader, so what it reads is not freed under it; readers take turns by a lock, hence never a worker.
#include <string.h>

#include "session.h"

void
mst_session_counts(struct mst_session_counts *out)
{
	const struct session_state *st = &session_state;

	*out = (struct mst_session_counts){
		.sessions = atomic_load_explicit(&st->live, memory_order_relaxed),
		.dtls = atomic_load_explicit(&st->dtls, memory_order_relaxed),
		.leases_free = atomic_load_explicit(&st->free, memory_order_relaxed),
		.leases_quarantined = atomic_load_explicit(&st->quarantined, memory_order_relaxed),
		.opened = atomic_load_explicit(&st->opened, memory_order_relaxed),
		.closed = atomic_load_explicit(&st->closed, memory_order_relaxed),
		.exhausted = atomic_load_explicit(&st->exhausted, memory_order_relaxed),
	};
}

static uint64_t
get(const _Atomic uint64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

static void
add_dtls(const struct mst_session *s, struct mst_session_view *out)
{
	const struct mst_sa *sa = atomic_load_explicit(&s->sa, memory_order_acquire);

	out->dtls_rx_packets = get(&s->dtls_rx_packets);
	out->dtls_tx_packets = get(&s->dtls_tx_packets);
	out->rx_bytes += get(&s->dtls_rx_bytes);
	out->tx_bytes += get(&s->dtls_tx_bytes);
	if (sa != NULL) {
		struct mst_str suite = mst_str_init(out->info.dtls_cipher, sizeof(out->info.dtls_cipher));

		mst_str_fmt(&suite, "%s", sa->keys.suite->name);
		out->dtls_rx_packets += get(&sa->rx_packets);
		out->dtls_tx_packets += get(&sa->tx_seq) - MST_DTLS_FIRST_DATA_SEQ;
		out->rx_bytes += get(&sa->rx_bytes);
		out->tx_bytes += get(&sa->tx_bytes);
	}
	out->rx_packets += out->dtls_rx_packets;
	out->tx_packets += out->dtls_tx_packets;
}

static void
copy(const struct mst_session *s, struct mst_session_view *out)
{
	*out = (struct mst_session_view){
		.id = s->id,
		.index = s->index,
		.addr4 = s->addr4,
		.has6 = s->has6,
		.mtu = s->mtu,
		.path = atomic_load_explicit(&s->path, memory_order_relaxed),
		.rx_packets = get(&s->stream_rx_packets),
		.rx_bytes = get(&s->stream_rx_bytes),
		.tx_packets = get(&s->stream_tx_packets),
		.tx_bytes = get(&s->stream_tx_bytes),
		.info = *s->info,
	};
	memcpy(out->addr6, s->addr6, sizeof(out->addr6));
	out->info.dtls_cipher[0] = '\0';
	session_range_net(session_state.leases.range_of[s->index], &out->range);
	add_dtls(s, out);
}

bool
session_copy(uint32_t start, uint32_t id, struct mst_session_view *out)
{
	bool found = false;

	mst_rt_reader_enter();
	for (uint32_t i = start; i < mst_session_table_.n_slots && !found; i++) {
		const struct mst_session *s = mst_session_at(i);

		if (s != NULL && (id == 0 || s->id == id)) {
			copy(s, out);
			found = true;
		}
	}
	mst_rt_reader_leave();
	return found;
}

bool
mst_session_snapshot(uint32_t start, struct mst_session_view *out)
{
	return session_copy(start, 0, out);
}

void
mst_session_set_info(struct mst_session *s, const struct mst_session_info *info)
{
	mst_rt_reader_enter();
	*s->info = *info;
	mst_rt_reader_leave();
}
