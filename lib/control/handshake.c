// DTLS handshakes: ClientHello to session by App-ID, one handshake object per peer address, publication of
// the association before our last flight leaves, and that flight again when the device asks (RFC 6347 4.2.4).
// A datagram that names no live session is answered by nothing, one that comes from elsewhere than the session's device by
// a HelloVerifyRequest. Control lcore.
#include <errno.h>
#include <string.h>

#include <rte_jhash.h>

#include "control.h"

#define HANDSHAKE_LIMIT_NS (12 * MST_NS_PER_S) // the client gives up after 12 s
#define RESENDS_MAX 8

static struct control_handshake_bucket *
bucket_of(struct mst_control *c, const struct mst_sa_tuple *t)
{
	return &c->by_tuple[rte_jhash(t, sizeof(*t), c->hash_seed) & (CONTROL_TUPLE_BUCKETS - 1)];
}

static struct control_handshake *
find(struct mst_control *c, const struct mst_sa_tuple *t)
{
	struct control_handshake *h;

	LIST_FOREACH(h, bucket_of(c, t), by_tuple)
	{
		if (memcmp(&h->tuple, t, sizeof(*t)) == 0)
			return h;
	}
	return NULL;
}

void
control_handshake_end(struct control_handshake *h)
{
	struct mst_control *c = h->c;

	LIST_REMOVE(h, by_tuple);
	c->n_handshakes--;
	h->login->handshake = NULL;
	mst_wheel_stop(&h->timer);
	mst_tls_dtls_destroy(h->dtls);
	free(h);
}

static void
send_waiting(struct control_handshake *h)
{
	const uint8_t *datagram;
	size_t len;

	while (mst_tls_dtls_output(h->dtls, &datagram, &len))
		control_udp_send(h->c, &h->tuple, h->worker, datagram, len);
}

static void
arm(struct control_handshake *h)
{
	uint64_t wait_ns = mst_tls_dtls_timeout_ns(h->dtls);
	uint64_t now_ns = mst_now_ns();
	uint64_t end_ns = h->started_ns + HANDSHAKE_LIMIT_NS + 1;

	mst_wheel_arm(&h->c->wheel, &h->timer,
		now_ns < end_ns && wait_ns < end_ns - now_ns ? now_ns + wait_ns : end_ns);
}

// The last flight is copied before it is sent: it is resent verbatim, libssl is never asked again.
static void
send_last_flight(struct control_handshake *h)
{
	struct control_login *l = h->login;
	const uint8_t *datagram;
	size_t len;

	l->n_flight = 0;
	l->flight_resends = 0;
	l->flight_tuple = h->tuple;
	l->flight_worker = h->worker;
	memcpy(l->flight_random, h->random, sizeof(l->flight_random));
	while (mst_tls_dtls_output(h->dtls, &datagram, &len)) {
		control_udp_send(h->c, &h->tuple, h->worker, datagram, len);
		if (l->n_flight < CONTROL_FLIGHT_DATAGRAMS && len <= CONTROL_FLIGHT_BYTES) {
			memcpy(l->flight[l->n_flight], datagram, len);
			l->flight_len[l->n_flight++] = (uint16_t)len;
		}
	}
}

static int
publish(struct control_handshake *h)
{
	struct mst_session *s = h->login->session;
	struct mst_sa_params p = {.tuple = h->tuple, .owner = h->worker};
	const struct mst_sa *before = mst_sa_lookup(&h->tuple);
	struct mst_sa *sa;
	int ret;

	MST_TRY(mst_sa_create(&sa, s, &p));
	ret = mst_tls_dtls_keys(h->dtls, &sa->keys);
	// An address translator has given the port of a device that is gone to this one, which has just shown that it
	// receives there. The other one, should it still live, goes on by CSTP and comes back by a handshake.
	if (ret == 0 && before != NULL && before->session != s)
		control_look_drop_sa(before->session->owner);
	control_look_note_use(h->login, mst_now_ns());
	if (ret == 0)
		ret = mst_sa_publish(sa);
	if (ret < 0)
		mst_sa_destroy_unpublished(sa);
	else
		control_roam_note(h->login);
	return ret;
}

static void
finish(struct control_handshake *h)
{
	struct mst_control *c = h->c;
	struct control_login *l = h->login;
	int ret = publish(h);

	if (ret < 0) {
		CONTROL_COUNT(c, dtls_failed);
		MST_LOG(WARNING, "control", "DTLS of %s: association not published: %s", l->user,
			strerror(-ret));
	} else {
		CONTROL_COUNT(c, dtls_done);
		control_look_new_sa(l);
		send_last_flight(h);
	}
	control_handshake_end(h);
}

static void
advance(struct control_handshake *h, enum mst_tls_dtls_state state)
{
	switch (state) {
	case MST_TLS_DTLS_IN_PROGRESS:
		send_waiting(h);
		arm(h);
		break;
	case MST_TLS_DTLS_DONE:
		finish(h);
		break;
	case MST_TLS_DTLS_FAILED:
		CONTROL_COUNT(h->c, dtls_failed);
		MST_LOG(DEBUG, "control", "DTLS of %s failed: %s", h->login->user,
			mst_tls_dtls_error(h->dtls));
		send_waiting(h);
		control_handshake_end(h);
		break;
	}
}

static void
on_timer(void *arg, uint64_t now_ns)
{
	struct control_handshake *h = arg;

	if (now_ns - h->started_ns > HANDSHAKE_LIMIT_NS) {
		CONTROL_COUNT(h->c, dtls_timeout);
		control_handshake_end(h);
		return;
	}
	if (mst_tls_dtls_timeout_ns(h->dtls) == 0)
		advance(h, mst_tls_dtls_tick(h->dtls));
	else
		arm(h);
}

static int
create(struct control_handshake *h, uint16_t link_mtu)
{
	const struct control_login *l = h->login;
	struct mst_tls_dtls_resumed r = {.suite = l->legacy_suite};
	int ret;

	if (l->legacy_suite == 0)
		return mst_tls_dtls_create(&h->dtls, h->c->dtls, l->psk.bytes, link_mtu);
	memcpy(r.master, l->psk.bytes, sizeof(r.master));
	memcpy(r.session_id, l->app_id, sizeof(r.session_id));
	ret = mst_tls_dtls_create_resumed(&h->dtls, h->c->dtls, &r, link_mtu);
	mst_wipe(&r, sizeof(r));
	return ret;
}

static struct control_handshake *
start(struct mst_control *c, struct control_login *l, const struct mst_sa_tuple *t, uint16_t worker)
{
	struct control_handshake *h;

	// One at a time a session: a newer ClientHello from another port replaces the older try. The
	// association in use stays untouched until a handshake is finished, which only the holder of the PSK
	// can do.
	if (l->handshake != NULL)
		control_handshake_end(l->handshake);
	if (c->n_handshakes >= CONTROL_HANDSHAKES_MAX) {
		CONTROL_COUNT(c, dtls_full);
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return NULL;
	h->c = c;
	h->login = l;
	h->tuple = *t;
	h->worker = worker;
	h->started_ns = mst_now_ns();
	mst_wheel_timer_init(&h->timer, on_timer, h);
	if (create(h, (uint16_t)c->conf->network.mtu) < 0) {
		free(h);
		return NULL;
	}
	l->handshake = h;
	LIST_INSERT_HEAD(bucket_of(c, t), h, by_tuple);
	c->n_handshakes++;
	return h;
}

// A finished peer that repeats its last flight has not seen ours.
static void
repeat_last_flight(struct mst_control *c, const struct mst_sa_tuple *t)
{
	struct mst_sa *sa = mst_sa_lookup(t);
	struct control_login *l = sa != NULL ? sa->session->owner : NULL;

	if (l == NULL || l->n_flight == 0 || memcmp(&l->flight_tuple, t, sizeof(*t)) != 0) {
		CONTROL_COUNT(c, dtls_malformed);
		return;
	}
	if (l->flight_resends >= RESENDS_MAX)
		return;
	l->flight_resends++;
	CONTROL_COUNT(c, dtls_resent);
	for (uint8_t i = 0; i < l->n_flight; i++)
		control_udp_send(c, t, l->flight_worker, l->flight[i], l->flight_len[i]);
}

static bool
has_tunnel_from(const struct control_login *l, const struct mst_sa_tuple *t)
{
	const struct mst_ip *ip = l->conn != NULL ? &l->conn->remote : NULL;

	return ip != NULL && ip->family == t->version &&
	       memcmp(ip->bytes, t->peer, t->version == 4 ? 4 : 16) == 0;
}

static void
ask_to_verify(struct mst_control *c, const struct mst_sa_tuple *t, uint16_t worker,
	const struct mst_dtls_client_hello *hello)
{
	uint8_t datagram[MST_TLS_DTLS_VERIFY_BYTES];

	CONTROL_COUNT(c, dtls_verify);
	if (mst_tls_dtls_verify_request(&c->verifier, mst_now_ns(), t, sizeof(*t), hello, datagram) == 0)
		control_udp_send(c, t, worker, datagram, sizeof(datagram));
}

// An App-ID is seen in the clear: with a copy of it anybody could aim flights, and their repetitions, at a third party, and
// take a device's handshake away. So nothing is begun for an address from which neither the device's TCP connection comes
// nor the answer to a HelloVerifyRequest (RFC 6347 4.2.1).
static bool
is_there(struct mst_control *c, const struct control_login *l, const struct mst_sa_tuple *t,
	const struct mst_dtls_client_hello *hello)
{
	if (hello->cookie_len == 0)
		return has_tunnel_from(l, t);
	return mst_tls_dtls_verify_is_good(&c->verifier, mst_now_ns(), t, sizeof(*t), hello);
}

static struct control_handshake *
begin(struct mst_control *c, struct control_login *l, const struct mst_sa_tuple *t, uint16_t worker,
	const struct mst_dtls_client_hello *hello)
{
	struct control_handshake *h = start(c, l, t, worker);

	if (h == NULL)
		return NULL;
	memcpy(h->random, hello->random, sizeof(h->random));
	if (hello->cookie_len != 0)
		mst_tls_dtls_set_verified(h->dtls);
	// A client that renews its keys has closed the socket of before. Should it be somebody's copy of an old hello,
	// the next record of the device takes the path back.
	control_look_take_stream(l);
	return h;
}

// The handshake that a ClientHello belongs to. With the random of one that is in progress it is a copy. With the random
// of the one that is finished it is late: a handshake begun for it would take the datagrams of a device that misses
// our last flight.
static struct control_handshake *
of_hello(struct mst_control *c, struct control_handshake *h, const struct mst_sa_tuple *t, uint16_t worker,
	const struct mst_dtls_client_hello *hello)
{
	struct control_login *l = control_login_by_app_id(c, hello->session_id, hello->session_id_len);

	if (l == NULL || c->dtls == NULL) {
		CONTROL_COUNT(c, dtls_stranger);
		return NULL;
	}
	if (h != NULL && h->login == l && memcmp(h->random, hello->random, sizeof(h->random)) == 0)
		return h;
	CONTROL_COUNT(c, dtls_hello);
	if (l->n_flight != 0 && memcmp(l->flight_random, hello->random, sizeof(l->flight_random)) == 0)
		return NULL;
	if (!is_there(c, l, t, hello)) {
		ask_to_verify(c, t, worker, hello);
		return NULL;
	}
	if (h != NULL)
		control_handshake_end(h);
	return begin(c, l, t, worker, hello);
}

void
control_handshake_datagram(
	struct mst_control *c, const struct mst_sa_tuple *t, uint16_t worker, const uint8_t *data, size_t len)
{
	struct control_handshake *h = find(c, t);
	struct mst_dtls_client_hello hello;

	if (mst_dtls_peek_client_hello(data, len, &hello) == MST_DTLS_OK) {
		h = of_hello(c, h, t, worker, &hello);
		if (h == NULL)
			return;
	} else if (h == NULL) {
		repeat_last_flight(c, t);
		return;
	}
	advance(h, mst_tls_dtls_feed(h->dtls, data, len));
}
