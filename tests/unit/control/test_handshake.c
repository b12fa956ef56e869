// DTLS handshakes by datagram: an OpenSSL client in memory, and what control handed to the worker for it.

#include "rig.h"

#define PEER_PORT 50000

static struct device device;
static struct control_login *login;
static struct dtls_client client;
static uint8_t hello[MST_TLS_DTLS_DATAGRAM_BYTES]; // the client's first
static size_t hello_len;
static uint8_t peer_host;	  // the last byte of the address that datagrams come from and go to
static struct tls_datagrams said; // what it said last

// The session id of the ClientHello is what names the session: as if an old session was to be resumed.
static void
name_session(struct dtls_client *c, const uint8_t id[CONTROL_APP_ID_BYTES])
{
	SSL_SESSION *s = SSL_SESSION_new();
	const SSL_CIPHER *cipher = SSL_CIPHER_find(c->ssl, (const unsigned char *)"\x00\xa9");

	assert_int_equal(SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION), 1);
	assert_int_equal(SSL_SESSION_set_cipher(s, cipher), 1);
	assert_int_equal(SSL_SESSION_set1_id(s, id, CONTROL_APP_ID_BYTES), 1);
	assert_int_equal(SSL_set_session(c->ssl, s), 1);
	SSL_SESSION_free(s);
}

static void
client_make(const uint8_t *id, const uint8_t *psk)
{
	dtls_client_init(&client, "PSK-AES256-GCM-SHA384", psk);
	name_session(&client, id);
}

static int
setup(void **state)
{
	hello_len = 0;
	peer_host = 7; // the device's
	rig_setup(state);
	login = rig_tunnel(&device, "bob", NULL);
	client_make(login->app_id, login->psk.bytes);
	return 0;
}

static int
teardown(void **state)
{
	dtls_client_fini(&client);
	device_close(&device);
	return rig_teardown(state);
}

static struct mst_sa_tuple
tuple(uint16_t port)
{
	struct mst_sa_tuple t = rig_tuple(port);

	t.peer[3] = peer_host;
	return t;
}

static void
feed(uint16_t port, const uint8_t *data, size_t len)
{
	struct mst_sa_tuple t = tuple(port);

	control_handshake_datagram(rig, &t, 0, data, len);
}

// What the client has to say goes to control; the answers stay in the ring.
static void
client_speaks(uint16_t port)
{
	size_t at = 0;

	if (client.io.n_out == 0) // else it has spoken already, when it heard the last answer
		dtls_client_step(&client);
	said = client.io;
	client.io.n_out = 0;
	client.io.out_bytes = 0;
	for (size_t i = 0; i < said.n_out; at += said.out_len[i++]) {
		if (hello_len == 0) {
			memcpy(hello, said.out, said.out_len[0]);
			hello_len = said.out_len[0];
		}
		feed(port, said.out + at, said.out_len[i]);
	}
}

// One datagram to the worker, its headers checked; 0: none waits.
static size_t
take(uint16_t port, uint8_t *out, size_t cap)
{
	struct mst_sa_tuple t = tuple(port);
	struct rte_mbuf *m = rig_inject_take();
	const uint8_t *p;
	size_t len;

	if (m == NULL)
		return 0;
	p = rte_pktmbuf_mtod(m, const uint8_t *);
	len = rte_pktmbuf_data_len(m);
	assert_int_equal(mst_pkt(m)->entry, MST_ENTRY_OUTER);
	assert_true(len > 28 && len - 28 <= cap);
	assert_int_equal(p[9], 17);
	assert_memory_equal(p + 12, t.local, 4);
	assert_memory_equal(p + 16, t.peer, 4);
	assert_memory_equal(p + 20, &t.local_port_be, 2);
	assert_memory_equal(p + 22, &t.peer_port_be, 2);
	memcpy(out, p + 28, len - 28);
	rte_pktmbuf_free(m);
	return len - 28;
}

static unsigned int
client_hears(uint16_t port)
{
	uint8_t data[MST_TLS_DTLS_DATAGRAM_BYTES];
	unsigned int n = 0;
	size_t len;

	for (; (len = take(port, data, sizeof(data))) != 0; n++)
		dtls_client_give(&client, data, len);
	return n;
}

// Up to our last flight, which waits in the ring.
static void
almost(uint16_t port)
{
	hello_len = 0;
	client_speaks(port);
	assert_int_equal(rig->n_handshakes, 1);
	assert_true(client_hears(port) > 0);
	client_speaks(port); // ClientKeyExchange, ChangeCipherSpec, Finished
}

static void
whole(uint16_t port)
{
	almost(port);
	assert_true(client_hears(port) > 0);
	assert_true(client.done);
}

static struct mst_sa *
association(void)
{
	return atomic_load(&login->session->sa);
}

static void
again(void)
{
	dtls_client_fini(&client);
	client_make(login->app_id, login->psk.bytes);
}

static void
the_association_is_there_before_the_last_flight_leaves(void **state)
{
	struct mst_sa_tuple t = rig_tuple(PEER_PORT);

	(void)state;
	client_speaks(PEER_PORT);
	client_hears(PEER_PORT);
	assert_null(association());
	client_speaks(PEER_PORT);
	assert_false(client.done); // nothing of the last flight has reached it
	assert_non_null(association());
	assert_ptr_equal(mst_sa_lookup(&t), association());
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	assert_int_equal(rig->counters.dtls_done, 1);
	assert_int_equal(rig->n_handshakes, 0);
	client_hears(PEER_PORT);
	assert_true(client.done);
	assert_int_equal(rig->counters.dtls_failed, 0);
}

// Should there be no room for it: nothing is published that the device is not told of, and nothing is told that does
// not work.
static void
what_cannot_be_published_is_not_told(void **state)
{
	(void)state;
	login->session->closing = true; // what the session library refuses an association for
	almost(PEER_PORT);
	login->session->closing = false;
	assert_int_equal(rig->counters.dtls_failed, 1);
	assert_int_equal(rig->counters.dtls_done, 0);
	assert_int_equal(rig_inject_drop(), 0);
	assert_null(association());
	assert_int_equal(rig->n_handshakes, 0);
}

// A device that has an address and port which another one had before: only a handshake that is finished takes them.
static void
an_address_goes_over_to_whoever_finishes_a_handshake(void **state)
{
	struct mst_sa_tuple t = rig_tuple(PEER_PORT);
	struct device other;
	struct control_login *l = rig_tunnel(&other, "eve", NULL);
	struct mst_sa *sa = rig_sa(l->session, PEER_PORT);

	(void)state;
	client_speaks(PEER_PORT);
	client_hears(PEER_PORT);
	assert_ptr_equal(mst_sa_lookup(&t), sa);
	client_speaks(PEER_PORT);
	client_hears(PEER_PORT);
	assert_true(client.done);
	assert_non_null(association());
	assert_ptr_equal(mst_sa_lookup(&t), association());
	assert_null(atomic_load(&l->session->sa));
	assert_int_equal(atomic_load(&l->session->path), MST_PATH_STREAM);
	device_close(&other);
}

struct flight {
	uint8_t data[4][MST_TLS_DTLS_DATAGRAM_BYTES];
	size_t len[4];
	unsigned int n;
};

static void
take_flight(struct flight *f)
{
	*f = (struct flight){0};
	while (f->n < 4 && (f->len[f->n] = take(PEER_PORT, f->data[f->n], MST_TLS_DTLS_DATAGRAM_BYTES)) != 0)
		f->n++;
}

static void
the_last_flight_is_repeated_verbatim_and_8_times_at_most(void **state)
{
	struct flight first, repeated;
	unsigned int times = 0;

	(void)state;
	almost(PEER_PORT);
	take_flight(&first);
	assert_true(first.n >= 1);
	for (unsigned int i = 0; i < 12; i++) {
		size_t at = 0;

		for (size_t k = 0; k + 1 < said.n_out; k++)
			at += said.out_len[k];
		feed(PEER_PORT, said.out + at, said.out_len[said.n_out - 1]);
		take_flight(&repeated);
		if (repeated.n == 0)
			break;
		times++;
		assert_memory_equal(&repeated, &first, sizeof(first));
	}
	assert_int_equal(times, 8);
	assert_int_equal(rig->counters.dtls_resent, 8);
	assert_int_equal(rig->n_handshakes, 0);
	assert_int_equal(rig->counters.dtls_done, 1);
	for (unsigned int i = 0; i < repeated.n; i++)
		dtls_client_give(&client, first.data[i], first.len[i]);
	// From another port it is nobody's, nor is it of an association that was made otherwise.
	feed(PEER_PORT + 1, said.out, said.out_len[0]);
	assert_int_equal(rig_inject_drop(), 0);
	rig_sa(login->session, PEER_PORT + 1);
	login->flight_resends = 0;
	feed(PEER_PORT + 1, said.out, said.out_len[0]);
	assert_int_equal(rig_inject_drop(), 0);
}

// A byte to who names no session would tell that somebody is here, and could be aimed at somebody else.
static void
strangers_get_no_byte(void **state)
{
	static const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40};
	uint8_t id[CONTROL_APP_ID_BYTES];

	(void)state;
	memcpy(id, login->app_id, sizeof(id));
	id[31] ^= 1;
	dtls_client_fini(&client);
	client_make(id, login->psk.bytes);
	hello_len = 0;
	client_speaks(PEER_PORT);
	assert_int_equal(rig->counters.dtls_stranger, 1);
	for (size_t len = 0; len < hello_len; len++)
		feed(PEER_PORT, hello, len);
	feed(PEER_PORT, alert, sizeof(alert));
	assert_int_equal(rig->counters.dtls_malformed, hello_len + 1);
	assert_int_equal(rig->n_handshakes, 0);
	assert_int_equal(rig_inject_drop(), 0);
	// Who has signed in, but has no session; whose session has ended.
	control_login_new_app_id(rig, rig_login("eve", NULL));
	again();
	client_speaks(PEER_PORT);
	assert_true(rig_inject_drop() > 0);
	control_login_end(rig, login, CONTROL_END_ADMIN);
	assert_int_equal(rig->n_handshakes, 0);
	hello_len = 0;
	client_speaks(PEER_PORT);
	feed(PEER_PORT, hello, hello_len);
	assert_int_equal(rig_inject_drop(), 0);
}

static void
the_wrong_psk_never_publishes(void **state)
{
	uint8_t psk[MST_TLS_PSK_BYTES];

	(void)state;
	memcpy(psk, login->psk.bytes, sizeof(psk));
	psk[0] ^= 1;
	dtls_client_fini(&client);
	client_make(login->app_id, psk);
	almost(PEER_PORT);
	client_hears(PEER_PORT);
	assert_null(association());
	assert_int_equal(rig->counters.dtls_done, 0);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	assert_false(client.done);
	// The rightful device is not kept out.
	again();
	whole(PEER_PORT + 1);
	assert_non_null(association());
}

static void
a_replayed_hello_leaves_a_live_association_alone(void **state)
{
	struct mst_sa *sa;

	(void)state;
	whole(PEER_PORT);
	sa = association();
	// From its own tuple: a late copy, nothing happens at all.
	feed(PEER_PORT, hello, hello_len);
	assert_int_equal(rig_inject_drop(), 0);
	assert_int_equal(rig->n_handshakes, 0);
	// From elsewhere as little.
	feed(PEER_PORT + 1, hello, hello_len);
	assert_int_equal(rig_inject_drop(), 0);
	assert_int_equal(rig->n_handshakes, 0);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	// One that was made of it: a try that nobody can finish without the key. The device's next record ends what it
	// has done, and so soon it is not done again.
	hello[40] ^= 1;
	for (unsigned int i = 0; i < 2; i++) {
		feed((uint16_t)(PEER_PORT + 1 + i), hello, hello_len);
		assert_int_equal(rig->n_handshakes, 1);
		assert_true(rig_inject_drop() > 0);
		assert_ptr_equal(association(), sa);
		assert_false(sa->dead);
		assert_int_equal(
			atomic_load(&login->session->path), i == 0 ? MST_PATH_STREAM : MST_PATH_DTLS);
		usleep(1000);
		atomic_store(&sa->last_rx_tsc, rte_get_tsc_cycles());
		control_look(login, mst_now_ns());
		assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	}
}

// What is sent goes by CSTP from the moment at which the client lets go of its socket to that at which it has shown
// that it has the new keys; what it sent before is opened for some seconds more.
static void
new_keys_lose_nothing_that_is_on_the_way(void **state)
{
	struct mst_sa_tuple t = rig_tuple(PEER_PORT);
	struct mst_sa *old;
	uint64_t now_ns;

	(void)state;
	whole(PEER_PORT);
	old = association();
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	again();
	hello_len = 0;
	client_speaks(PEER_PORT + 1);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	assert_true(client_hears(PEER_PORT + 1) > 0);
	client_speaks(PEER_PORT + 1);
	assert_ptr_not_equal(association(), old);
	assert_ptr_equal(mst_sa_lookup(&t), old);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	usleep(1000);
	atomic_store(&association()->last_rx_tsc, rte_get_tsc_cycles());
	now_ns = mst_now_ns();
	control_look(login, now_ns);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	control_look(login, login->new_sa_ns + 5 * MST_NS_PER_S - 1);
	assert_ptr_equal(mst_sa_lookup(&t), old);
	control_look(login, login->new_sa_ns + 5 * MST_NS_PER_S);
	assert_null(mst_sa_lookup(&t));
	assert_true(old->dead);
}

// One that has nothing to say has its new keys all the same.
static void
a_silent_device_is_taken_at_its_word(void **state)
{
	(void)state;
	whole(PEER_PORT);
	again();
	whole(PEER_PORT + 1);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	control_look(login, login->new_sa_ns + MST_NS_PER_S);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	control_look(login, login->new_sa_ns + MST_NS_PER_S + 1);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	// But once: what shows that the path is gone counts as ever.
	login->session->last_stream_rx_ns = login->path_ns + 2 * MST_NS_PER_S;
	control_look(login, login->path_ns + 2 * MST_NS_PER_S + 1);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	control_look(login, login->path_ns + MST_NS_PER_S);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
}

// A late copy of the hello must not take what the device sends when it misses our last flight.
static void
a_late_hello_does_not_stop_the_last_flight(void **state)
{
	size_t at = 0;

	(void)state;
	almost(PEER_PORT);
	assert_true(rig_inject_drop() > 0); // lost
	feed(PEER_PORT, hello, hello_len);
	for (size_t i = 0; i < said.n_out; at += said.out_len[i++])
		feed(PEER_PORT, said.out + at, said.out_len[i]);
	assert_true(rig->counters.dtls_resent > 0);
	client_hears(PEER_PORT);
	assert_true(client.done);
}

static void
a_second_handshake_takes_the_place_of_the_first(void **state)
{
	struct mst_sa_tuple t = rig_tuple(PEER_PORT);
	struct mst_sa *sa;

	(void)state;
	whole(PEER_PORT);
	sa = association();
	// On the very tuple; until it is done the first stands.
	again();
	hello_len = 0;
	client_speaks(PEER_PORT);
	assert_int_equal(rig->n_handshakes, 1);
	assert_ptr_equal(mst_sa_lookup(&t), sa);
	assert_true(client_hears(PEER_PORT) > 0);
	client_speaks(PEER_PORT);
	assert_ptr_not_equal(association(), sa);
	client_hears(PEER_PORT);
	assert_true(client.done);
	assert_ptr_equal(mst_sa_lookup(&t), association());
	// And on another port.
	sa = association();
	again();
	whole(PEER_PORT + 1);
	assert_ptr_not_equal(association(), sa);
	assert_ptr_equal(mst_sa_lookup(&t), sa); // for what is on the way
	assert_int_equal(rig->counters.dtls_done, 3);
}

static void
a_copy_is_of_the_handshake_a_new_hello_begins_another(void **state)
{
	const struct control_handshake *h;
	const struct mst_tls_dtls *dtls;

	(void)state;
	hello_len = 0;
	client_speaks(PEER_PORT);
	assert_true(rig_inject_drop() > 0); // lost
	h = login->handshake;
	assert_non_null(h);
	dtls = h->dtls;
	feed(PEER_PORT, hello, hello_len);
	usleep(40000);
	client_speaks(PEER_PORT); // the timer of both has run out
	assert_ptr_equal(login->handshake, h);
	assert_ptr_equal(login->handshake->dtls, dtls);
	assert_int_equal(rig->counters.dtls_hello, 1);
	rig_turn();
	assert_true(rig_inject_drop() > 0); // ServerHello again
	// The device began anew from the same port.
	again();
	whole(PEER_PORT);
	assert_int_equal(rig->counters.dtls_hello, 2);
	assert_int_equal(rig->counters.dtls_done, 1);
}

static void
one_handshake_at_a_time_a_session(void **state)
{
	(void)state;
	hello_len = 0;
	client_speaks(PEER_PORT);
	for (uint16_t i = 1; i < 20; i++) {
		feed((uint16_t)(PEER_PORT + i), hello, hello_len);
		assert_int_equal(rig->n_handshakes, 1);
	}
	rig_inject_drop();
	assert_int_equal(rig->counters.dtls_hello, 20);
	control_login_end(rig, login, CONTROL_END_ADMIN); // with a handshake in progress
	assert_int_equal(rig->n_handshakes, 0);
}

static void
a_reconnect_ends_the_handshake_of_before(void **state)
{
	struct device d;
	char cookie[MST_COOKIE_TEXT_BYTES], answer[4096];
	struct control_login *l = rig_tunnel(&d, "eve", cookie);
	struct device newer;

	(void)state;
	dtls_client_fini(&client);
	client_make(l->app_id, l->psk.bytes);
	client_speaks(PEER_PORT);
	assert_non_null(l->handshake);
	device_open(&newer, "198.51.100.7");
	device_connect(&newer, cookie, "X-DTLS-CipherSuite: PSK-NEGOTIATE\r\n", answer, sizeof(answer));
	assert_null(l->handshake);
	assert_int_equal(rig->n_handshakes, 0);
	client_hears(PEER_PORT);
	client_speaks(PEER_PORT);
	assert_null(atomic_load(&l->session->sa)); // with the key of the connection before
	assert_int_equal(rig->counters.dtls_done, 0);
	device_close(&newer);
	device_close(&d);
}

static void
a_device_that_says_no_more_is_given_up(void **state)
{
	(void)state;
	client_speaks(PEER_PORT);
	assert_true(rig_inject_drop() > 0);
	login->handshake->started_ns -= 13 * MST_NS_PER_S;
	for (unsigned int i = 0; i < 200 && rig->n_handshakes != 0; i++) {
		rig_turn();
		usleep(2000);
	}
	assert_int_equal(rig->n_handshakes, 0);
	assert_int_equal(rig->counters.dtls_timeout, 1);
	assert_null(login->handshake);
}

// ---- from elsewhere: nothing before the device has shown that it receives there ---------------
static size_t
is_asked_to_verify(uint16_t port, uint8_t answer[MST_TLS_DTLS_VERIFY_BYTES])
{
	assert_int_equal(take(port, answer, MST_TLS_DTLS_VERIFY_BYTES), MST_TLS_DTLS_VERIFY_BYTES);
	assert_int_equal(answer[MST_DTLS_HEADER_BYTES], 3);
	assert_int_equal(rig_inject_drop(), 0);
	assert_int_equal(rig->n_handshakes, 0);
	return MST_TLS_DTLS_VERIFY_BYTES;
}

static void
a_device_from_elsewhere_verifies_and_is_served(void **state)
{
	uint8_t answer[MST_TLS_DTLS_VERIFY_BYTES];

	(void)state;
	peer_host = 8;
	client_speaks(PEER_PORT);
	dtls_client_give(&client, answer, is_asked_to_verify(PEER_PORT, answer));
	assert_null(login->handshake);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_STREAM);
	assert_int_equal(rig->counters.dtls_verify, 1);
	whole(PEER_PORT);
	assert_non_null(association());
	assert_int_equal(rig->counters.dtls_verify, 1);
	assert_int_equal(rig->counters.dtls_done, 1);
	// At its own address it is not asked.
	peer_host = 7;
	again();
	whole(PEER_PORT);
	assert_int_equal(rig->counters.dtls_verify, 1);
	assert_int_equal(rig->counters.dtls_done, 2);
}

// The answer went to whom it was aimed at; his port, another one's address, another hello: each is asked anew.
static void
a_cookie_serves_where_it_was_sent_alone(void **state)
{
	uint8_t answer[MST_TLS_DTLS_VERIFY_BYTES];

	(void)state;
	peer_host = 8;
	client_speaks(PEER_PORT);
	dtls_client_give(&client, answer, is_asked_to_verify(PEER_PORT, answer));
	said = client.io;
	feed(PEER_PORT + 1, said.out, said.out_len[0]);
	is_asked_to_verify(PEER_PORT + 1, answer);
	for (peer_host = 7; peer_host < 10; peer_host += 2) { // also from the device's own
		feed(PEER_PORT, said.out, said.out_len[0]);
		is_asked_to_verify(PEER_PORT, answer);
	}
	peer_host = 8;
	said.out[MST_DTLS_HEADER_BYTES + 12 + 2 + 5] ^= 1; // of the random
	feed(PEER_PORT, said.out, said.out_len[0]);
	is_asked_to_verify(PEER_PORT, answer);
	said.out[MST_DTLS_HEADER_BYTES + 12 + 2 + 5] ^= 1;
	assert_int_equal(rig->counters.dtls_verify, 5);
	feed(PEER_PORT, said.out, said.out_len[0]);
	assert_int_equal(rig->n_handshakes, 1);
	assert_true(rig_inject_drop() > 0);
}

// With a copied App-ID nobody stops the device's handshake, nor moves its data, nor sends a flight to a third party.
static void
a_hello_of_somebody_else_disturbs_nobody(void **state)
{
	const struct control_handshake *h;
	uint8_t answer[MST_TLS_DTLS_VERIFY_BYTES], made[MST_TLS_DTLS_DATAGRAM_BYTES];
	size_t made_len;

	(void)state;
	client_speaks(PEER_PORT);
	h = login->handshake;
	assert_non_null(h);
	memcpy(made, hello, hello_len);
	made_len = hello_len;
	made[40] ^= 1;
	assert_true(client_hears(PEER_PORT) > 0);
	peer_host = 8;
	feed(PEER_PORT, made, made_len);
	assert_int_equal(take(PEER_PORT, answer, sizeof(answer)), sizeof(answer));
	assert_ptr_equal(login->handshake, h);
	assert_int_equal(rig->n_handshakes, 1);
	peer_host = 7;
	client_speaks(PEER_PORT);
	assert_true(client_hears(PEER_PORT) > 0);
	assert_true(client.done);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
	peer_host = 8;
	feed(PEER_PORT, made, made_len);
	is_asked_to_verify(PEER_PORT, answer);
	assert_int_equal(atomic_load(&login->session->path), MST_PATH_DTLS);
}

// Whose connection is gone has no address of its own.
static void
a_device_that_is_away_has_to_verify(void **state)
{
	uint8_t answer[MST_TLS_DTLS_VERIFY_BYTES];

	(void)state;
	control_conn_close(login->conn);
	assert_null(login->conn);
	client_speaks(PEER_PORT);
	is_asked_to_verify(PEER_PORT, answer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_association_is_there_before_the_last_flight_leaves),
		TEST(what_cannot_be_published_is_not_told),
		TEST(an_address_goes_over_to_whoever_finishes_a_handshake),
		TEST(the_last_flight_is_repeated_verbatim_and_8_times_at_most),
		TEST(strangers_get_no_byte),
		TEST(the_wrong_psk_never_publishes),
		TEST(a_replayed_hello_leaves_a_live_association_alone),
		TEST(new_keys_lose_nothing_that_is_on_the_way),
		TEST(a_silent_device_is_taken_at_its_word),
		TEST(a_late_hello_does_not_stop_the_last_flight),
		TEST(a_second_handshake_takes_the_place_of_the_first),
		TEST(a_copy_is_of_the_handshake_a_new_hello_begins_another),
		TEST(one_handshake_at_a_time_a_session),
		TEST(a_reconnect_ends_the_handshake_of_before),
		TEST(a_device_that_says_no_more_is_given_up),
		TEST(a_device_from_elsewhere_verifies_and_is_served),
		TEST(a_cookie_serves_where_it_was_sent_alone),
		TEST(a_hello_of_somebody_else_disturbs_nobody),
		TEST(a_device_that_is_away_has_to_verify),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
