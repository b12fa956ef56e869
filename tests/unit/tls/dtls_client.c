// A DTLS 1.2 PSK client of OpenSSL's over memory, and the road between it and a handshake of ours.
#include "dtls_client.h"

#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#define CLIENT_TIMEOUT_US 30000
#define SERVER_TIMEOUT_MS 20

static unsigned int
give_psk(SSL *ssl, const char *hint, char *identity, unsigned int max_identity, unsigned char *psk,
	unsigned int max_psk)
{
	const struct dtls_client *c = SSL_get_app_data(ssl);

	(void)hint;
	assert_true(max_psk >= MST_TLS_PSK_BYTES);
	snprintf(identity, max_identity, "psk");
	memcpy(psk, c->psk, MST_TLS_PSK_BYTES);
	return MST_TLS_PSK_BYTES;
}

static unsigned int
timeout_us(SSL *ssl, unsigned int last_us)
{
	(void)ssl;
	return last_us == 0 ? CLIENT_TIMEOUT_US : 2 * last_us;
}

void
dtls_client_init(struct dtls_client *c, const char *suites, const uint8_t psk[MST_TLS_PSK_BYTES])
{
	*c = (struct dtls_client){0};
	memcpy(c->psk, psk, MST_TLS_PSK_BYTES);
	c->ctx = SSL_CTX_new(DTLS_client_method());
	assert_non_null(c->ctx);
	SSL_CTX_set_options(c->ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_psk_client_callback(c->ctx, give_psk);
	assert_int_equal(SSL_CTX_set_cipher_list(c->ctx, suites), 1);
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	BIO *bio = tls_bio_datagram(&c->io);
	assert_non_null(bio);
	SSL_set_app_data(c->ssl, c);
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_connect_state(c->ssl);
	DTLS_set_link_mtu(c->ssl, 1500);
	DTLS_set_timer_cb(c->ssl, timeout_us);
}

void
dtls_client_fini(struct dtls_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	ERR_clear_error();
}

void
dtls_client_step(struct dtls_client *c)
{
	struct timeval tv;

	c->io.n_out = 0;
	c->io.n_sent = 0;
	c->io.out_bytes = 0;
	ERR_clear_error();
	if (!c->done && DTLSv1_get_timeout(c->ssl, &tv) == 1 && tv.tv_sec == 0 && tv.tv_usec == 0)
		(void)DTLSv1_handle_timeout(c->ssl);
	if (!c->done)
		c->done = SSL_do_handshake(c->ssl) == 1;
	ERR_clear_error();
}

void
dtls_client_give(struct dtls_client *c, const uint8_t *datagram, size_t len)
{
	c->io.in = datagram;
	c->io.in_len = len;
	ERR_clear_error();
	if (!c->done)
		c->done = SSL_do_handshake(c->ssl) == 1;
	c->io.in = NULL;
	ERR_clear_error();
}

static bool
is_lost(struct road *r)
{
	size_t i = r->n++;

	return i < 64 && ((r->lost >> i) & 1) != 0;
}

static void
keep_final(struct road *r, const uint8_t *datagram, size_t len)
{
	assert_true(r->n_final < MST_ARRAY_SIZE(r->final));
	memcpy(r->final[r->n_final], datagram, len);
	r->final_len[r->n_final++] = len;
}

static void
deliver_answers(struct road *r)
{
	const uint8_t *datagram = NULL;
	size_t len = 0;

	while (mst_tls_dtls_output(r->server, &datagram, &len)) {
		if (r->state == MST_TLS_DTLS_DONE)
			keep_final(r, datagram, len);
		if (!is_lost(r))
			dtls_client_give(r->client, datagram, len);
	}
}

// protocol.md 4.4: the client lacks our last flight; it goes out again byte for byte.
static void
repeat_final(struct road *r)
{
	r->n_repeated++;
	for (size_t i = 0; i < r->n_final; i++) {
		if (!is_lost(r))
			dtls_client_give(r->client, r->final[i], r->final_len[i]);
	}
}

// The client's datagrams are copied first: answers make it write the next ones over them.
bool
road_step(struct road *r)
{
	struct tls_datagrams sent;
	size_t at = 0;

	dtls_client_step(r->client);
	sent = r->client->io;
	r->client->io.n_out = 0;
	r->client->io.out_bytes = 0;
	for (size_t i = 0; i < sent.n_out; at += sent.out_len[i++]) {
		if (is_lost(r))
			continue;
		bool was_done = r->state == MST_TLS_DTLS_DONE;

		r->state = mst_tls_dtls_feed(r->server, sent.out + at, sent.out_len[i]);
		assert_int_equal(ERR_peek_error(), 0);
		if (!was_done) {
			deliver_answers(r);
			continue;
		}
		// Not libssl's own retransmission, which would use a record number of ours.
		assert_false(mst_tls_dtls_output(r->server, &(const uint8_t *){NULL}, &(size_t){0}));
		repeat_final(r);
	}
	return sent.n_out > 0;
}

void
road_run(struct road *r)
{
	uint64_t end_ns = mst_now_ns() + 3 * MST_NS_PER_S;

	while (mst_now_ns() < end_ns && r->n < ROAD_DATAGRAMS) {
		bool moved = road_step(r);

		if (r->state == MST_TLS_DTLS_FAILED || (r->state == MST_TLS_DTLS_DONE && r->client->done))
			return;
		if (mst_tls_dtls_timeout_ns(r->server) == 0) {
			r->state = mst_tls_dtls_tick(r->server);
			deliver_answers(r);
		} else if (!moved) {
			usleep(2000);
		}
	}
}

struct mst_tls_dtls_ctx *
dtls_ctx_make(const uint16_t *suites, size_t n_suites)
{
	struct mst_tls_dtls_params p = {
		.suites = suites, .n_suites = n_suites, .retransmit_ms = SERVER_TIMEOUT_MS};
	struct mst_tls_dtls_ctx *ctx = NULL;

	assert_int_equal(mst_tls_dtls_ctx_create(&ctx, &p), 0);
	return ctx;
}
