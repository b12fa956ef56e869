// DTLS 1.2 by a key of the TLS connection (PSK-NEGOTIATE): libssl does the handshake over the DPDK port, its key block
// becomes a record object of ours, and libssl's object is freed. Main lcore.
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "lg.h"

#define PSK_BYTES 32
#define PSK_LABEL "EXPORTER-openconnect-psk"
#define MASTER_BYTES 48
#define RANDOM_BYTES 32
#define LINK_MTU 1500
#define RETRANSMIT_US 1000000 // protocol.md 3.1: 1 s, 2 s, 4 s
#define HANDSHAKE_MS 12000
#define OVERHEAD_BYTES 28 // IPv4, UDP
#define EPOCH 1

static const char label[] = "key expansion";

static BIO_METHOD *method;

// X(IANA number, OpenSSL's name, AEAD)
// clang-format off
#define SUITES(X)                                              \
	X(0x00a9, "PSK-AES256-GCM-SHA384", AES_256_GCM)        \
	X(0xccab, "PSK-CHACHA20-POLY1305", CHACHA20_POLY1305)  \
	X(0x00a8, "PSK-AES128-GCM-SHA256", AES_128_GCM)
// clang-format on

static const struct {
	uint16_t id;
	enum mst_aead_alg alg;
	const char *name;
} suites[] = {
#define X(number, text, aead) {number, MST_AEAD_##aead, text},
	SUITES(X)
#undef X
};

static struct lg *
fleet_of(const SSL_CTX *ctx)
{
	return SSL_CTX_get_app_data(ctx);
}

static int
datagram_write(BIO *bio, const char *data, int len)
{
	SSL *ssl = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (len <= 0)
		return -1;
	// What is not sent is lost, as on the wire: the timer makes up for it.
	(void)lg_data_send_datagram(fleet_of(SSL_get_SSL_CTX(ssl)), SSL_get_app_data(ssl), data, (size_t)len);
	return len;
}

static int
datagram_read(BIO *bio, char *data, int cap)
{
	struct lg_device *d = SSL_get_app_data(BIO_get_data(bio));
	struct lg_setup *s = d->setup;
	size_t n;

	BIO_clear_retry_flags(bio);
	if (s->in == NULL || cap <= 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	n = s->in_len < (size_t)cap ? s->in_len : (size_t)cap;
	memcpy(data, s->in, n);
	s->in = NULL;
	return (int)n;
}

static long
datagram_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return OVERHEAD_BYTES;
	case BIO_CTRL_DGRAM_QUERY_MTU:
	case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
		return LINK_MTU - OVERHEAD_BYTES;
	default:
		return 0; // among them SET_NEXT_TIMEOUT: reads never wait
	}
}

static unsigned int
give_psk(SSL *ssl, const char *hint, char *identity, unsigned int identity_cap, unsigned char *psk,
	unsigned int cap)
{
	struct lg_device *d = SSL_get_app_data(ssl);

	(void)hint;
	if (cap < PSK_BYTES || d->tls == NULL ||
		SSL_export_keying_material(
			d->tls, psk, PSK_BYTES, PSK_LABEL, sizeof(PSK_LABEL) - 1, NULL, 0, 0) != 1)
		return 0;
	snprintf(identity, identity_cap, "psk");
	return PSK_BYTES;
}

static unsigned int
next_timeout(SSL *ssl, unsigned int last_us)
{
	(void)ssl;
	return last_us == 0 ? RETRANSMIT_US : 2 * last_us;
}

static int
set_profile(SSL_CTX *c, enum mst_aead_alg only)
{
	char names[96];
	struct mst_str s = mst_str_init(names, sizeof(names));

	for (size_t i = 0; i < MST_ARRAY_SIZE(suites); i++) {
		if (only == MST_AEAD_NONE || only == suites[i].alg)
			mst_str_fmt(&s, "%s%s", s.len > 0 ? ":" : "", suites[i].name);
	}
	SSL_CTX_set_options(c, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_EXTENDED_MASTER_SECRET |
				       SSL_OP_NO_ENCRYPT_THEN_MAC | SSL_OP_NO_RENEGOTIATION |
				       SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_psk_client_callback(c, give_psk);
	return SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION) == 1 &&
			       SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION) == 1 &&
			       SSL_CTX_set_cipher_list(c, names) == 1
		       ? 0
		       : -EIO;
}

int
lg_dtls_create(struct lg *lg, char *err, size_t err_cap)
{
	snprintf(err, err_cap, "libssl gives no DTLS 1.2 with PSK");
	lg->prf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
	lg->dtls_ctx = SSL_CTX_new(DTLS_client_method());
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mst-loadgen datagram");
	if (lg->prf == NULL || lg->dtls_ctx == NULL || method == NULL)
		return -ENOMEM;
	SSL_CTX_set_app_data(lg->dtls_ctx, lg);
	if (BIO_meth_set_write(method, datagram_write) != 1 ||
		BIO_meth_set_read(method, datagram_read) != 1 ||
		BIO_meth_set_ctrl(method, datagram_ctrl) != 1)
		return -EIO;
	return set_profile(lg->dtls_ctx, lg->o->cipher);
}

void
lg_dtls_destroy(struct lg *lg)
{
	SSL_CTX_free(lg->dtls_ctx);
	EVP_KDF_free(lg->prf);
	BIO_meth_free(method);
	lg->dtls_ctx = NULL;
	lg->prf = NULL;
	method = NULL;
}

// The ClientHello names the gateway's session in its session id (protocol.md 3.2): as if one were to be resumed,
// which the gateway never does. No secret is in it.
static int
name_session(SSL *ssl, const struct lg_device *d)
{
	static const uint8_t no_master[MASTER_BYTES] = {0};
	STACK_OF(SSL_CIPHER) *ciphers = SSL_get_ciphers(ssl);
	SSL_SESSION *s = SSL_SESSION_new();
	int ok = s != NULL && SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION) == 1 &&
		 SSL_SESSION_set_cipher(s, sk_SSL_CIPHER_value(ciphers, 0)) == 1 &&
		 SSL_SESSION_set1_master_key(s, no_master, sizeof(no_master)) == 1 &&
		 SSL_SESSION_set1_id(s, d->app_id, d->app_id_len) == 1 && SSL_set_session(ssl, s) == 1;

	SSL_SESSION_free(s);
	return ok ? 0 : -EIO;
}

static int
make_ssl(struct lg *lg, struct lg_device *d)
{
	SSL *ssl = SSL_new(lg->dtls_ctx);
	BIO *bio = BIO_new(method);

	if (ssl == NULL || bio == NULL) {
		SSL_free(ssl);
		BIO_free(bio);
		return -ENOMEM;
	}
	BIO_set_data(bio, ssl);
	BIO_set_init(bio, 1);
	SSL_set_app_data(ssl, d);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_connect_state(ssl);
	DTLS_set_link_mtu(ssl, LINK_MTU);
	DTLS_set_timer_cb(ssl, next_timeout);
	d->setup->dtls = ssl;
	return name_session(ssl, d);
}

static int
gather(SSL *ssl, uint8_t master[MASTER_BYTES], uint8_t seed[2 * RANDOM_BYTES])
{
	return SSL_SESSION_get_master_key(SSL_get_session(ssl), master, MASTER_BYTES) == MASTER_BYTES &&
			       SSL_get_server_random(ssl, seed, RANDOM_BYTES) == RANDOM_BYTES &&
			       SSL_get_client_random(ssl, seed + RANDOM_BYTES, RANDOM_BYTES) == RANDOM_BYTES
		       ? 0
		       : -EIO;
}

// RFC 5246 6.3: key_block = PRF(master_secret, "key expansion", server_random + client_random).
static int
derive(const struct lg *lg, SSL *ssl, uint8_t *block, size_t len)
{
	uint8_t master[MASTER_BYTES], seed[sizeof(label) - 1 + 2 * RANDOM_BYTES];
	char digest[32];
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(lg->prf);
	int rc = ctx == NULL ? -ENOMEM : gather(ssl, master, seed + sizeof(label) - 1);

	memcpy(seed, label, sizeof(label) - 1);
	snprintf(digest, sizeof(digest), "%s",
		EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl))));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, sizeof(master)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
		OSSL_PARAM_construct_end(),
	};
	if (rc == 0 && EVP_KDF_derive(ctx, block, len, params) != 1)
		rc = -EIO;
	EVP_KDF_CTX_free(ctx);
	mst_wipe(master, sizeof(master));
	return rc;
}

static int
take_keys(struct lg *lg, struct lg_device *d)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(d->setup->dtls);
	struct lg_record_params p = {.epoch = EPOCH, .first_seq = LG_RECORD_FIRST_SEQ};
	uint8_t block[LG_RECORD_KEY_BLOCK_MAX_BYTES];
	int rc;

	for (size_t i = 0; i < MST_ARRAY_SIZE(suites); i++) {
		if (cipher != NULL && SSL_CIPHER_get_protocol_id(cipher) == suites[i].id)
			p.alg = suites[i].alg;
	}
	if (p.alg == MST_AEAD_NONE)
		return -EPROTO;
	rc = derive(lg, d->setup->dtls, block, lg_record_key_block_bytes(p.alg));
	if (rc == 0 && d->record == NULL)
		d->record = aligned_alloc(64, sizeof(*d->record));
	if (rc == 0)
		rc = d->record == NULL
			     ? -ENOMEM
			     : lg_record_init(d->record, &p, block, lg_record_key_block_bytes(p.alg));
	mst_wipe(block, sizeof(block));
	return rc;
}

static void
advance(struct lg *lg, struct lg_device *d)
{
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(d->setup->dtls);
	if (ret != 1 && SSL_get_error(d->setup->dtls, ret) == SSL_ERROR_WANT_READ) {
		ERR_clear_error();
		return;
	}
	if (ret != 1 || take_keys(lg, d) < 0) {
		lg->report.failures.dtls_failed++;
		lg_device_dtls_failed(lg, d);
	} else {
		lg->report.control.handshakes++;
		lg_dtls_end(d);
		d->dtls = LG_DTLS_PROOF;
		d->dtls_heard_ms = d->dtls_asked_ms = lg->now_ms;
		// As real devices do: a question goes first, and the answer proves both ways.
		(void)lg_data_send_dtls(lg, d, MST_CSTP_DPD_REQ, NULL, 0);
		lg->report.control.dpd_sent++;
	}
	ERR_clear_error();
}

int
lg_dtls_start(struct lg *lg, struct lg_device *d)
{
	int rc;

	lg_dtls_forget(d);
	d->port_turn++;
	rc = make_ssl(lg, d);
	if (rc < 0) {
		lg_dtls_end(d);
		return rc;
	}
	d->dtls = LG_DTLS_HANDSHAKE;
	d->dtls_end_ms = lg->now_ms + HANDSHAKE_MS;
	advance(lg, d);
	return 0;
}

void
lg_dtls_feed(struct lg *lg, struct lg_device *d, const uint8_t *datagram, size_t len)
{
	if (d->dtls != LG_DTLS_HANDSHAKE)
		return;
	d->setup->in = datagram;
	d->setup->in_len = len;
	advance(lg, d);
	if (d->setup != NULL)
		d->setup->in = NULL;
}

void
lg_dtls_tick(struct lg *lg, struct lg_device *d)
{
	struct timeval tv;

	if (d->dtls != LG_DTLS_HANDSHAKE)
		return;
	if (lg_is_due(lg, d->dtls_end_ms)) {
		lg->report.failures.dtls_timeout++;
		lg_device_dtls_failed(lg, d);
		return;
	}
	ERR_clear_error();
	if (DTLSv1_get_timeout(d->setup->dtls, &tv) == 1 && tv.tv_sec == 0 && tv.tv_usec == 0)
		(void)DTLSv1_handle_timeout(d->setup->dtls);
	ERR_clear_error();
}

uint32_t
lg_dtls_due_ms(struct lg *lg, const struct lg_device *d)
{
	struct timeval tv;

	if (DTLSv1_get_timeout(d->setup->dtls, &tv) != 1)
		return d->dtls_end_ms;
	return lg->now_ms + (uint32_t)(tv.tv_sec * 1000 + tv.tv_usec / 1000) + 1;
}

void
lg_dtls_end(struct lg_device *d)
{
	if (d->setup == NULL)
		return;
	SSL_free(d->setup->dtls); // no close_notify: real devices send none
	d->setup->dtls = NULL;
	d->setup->in = NULL;
}

void
lg_dtls_forget(struct lg_device *d)
{
	lg_dtls_end(d);
	if (d->record != NULL)
		lg_record_wipe(d->record);
	free(d->record);
	d->record = NULL;
	d->dtls = LG_DTLS_OFF;
}
