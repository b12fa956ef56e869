// One TLS server connection over a non-blocking socket: handshake, whole records in, whole records out.
// Control lcore.
#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "tls_private.h"

#define PSK_LABEL "EXPORTER-openconnect-psk"

struct mst_tls_conn {
	SSL *ssl;
	struct tls_socket sock;
	bool ready;		 // handshake complete
	bool drained;		 // the last read found no whole record
	bool clean_close;	 // the peer's close_notify was read
	enum mst_tls_result end; // CLOSED or FAILED sticks; OK while alive
	uint8_t *held;		 // a record that waits for the socket
	size_t held_len;
	struct mst_tls_ctx *ctx; // until the handshake is complete
	struct tls_seen seen;
	struct tls_use use;
	char cipher[96];
	char error[128];
};

static const char *const result_texts[] = {
#define TEXT(name, text) text,
	MST_TLS_RESULTS(TEXT)
#undef TEXT
};

const char *
mst_tls_result_text(enum mst_tls_result r)
{
	return (size_t)r < MST_ARRAY_SIZE(result_texts) ? result_texts[r] : "?";
}

static int
create(struct mst_tls_conn **out, struct mst_tls_ctx *ctx, int fd, struct mst_tls_pipe *pipe)
{
	struct mst_tls_conn *conn = calloc(1, sizeof(*conn));
	BIO *bio = NULL;

	if (conn == NULL)
		return -ENOMEM;
	conn->sock = (struct tls_socket){.fd = fd, .pipe = pipe, .budget = MST_TLS_HANDSHAKE_BYTES};
	conn->ssl = SSL_new(ctx->ssl_ctx);
	bio = tls_bio_socket(&conn->sock);
	if (conn->ssl == NULL || bio == NULL)
		goto err;
	conn->seen = (struct tls_seen){.peer = tls_ctx_asks(ctx)};
	SSL_set_app_data(conn->ssl, &conn->seen);
	conn->ctx = ctx;
	ctx->refs++;
	tls_use_watch(&conn->use, conn->ssl, &conn->sock);
	SSL_set_bio(conn->ssl, bio, bio);
	SSL_set_accept_state(conn->ssl);
	ERR_clear_error();
	*out = conn;
	return 0;
err:
	BIO_free(bio);
	SSL_free(conn->ssl);
	free(conn);
	ERR_clear_error();
	return -ENOMEM;
}

int
mst_tls_conn_create(struct mst_tls_conn **out, struct mst_tls_ctx *ctx, int fd)
{
	return create(out, ctx, fd, NULL);
}

int
mst_tls_conn_create_memory(struct mst_tls_conn **out, struct mst_tls_ctx *ctx, struct mst_tls_pipe *pipe)
{
	return create(out, ctx, -1, pipe);
}

static void
drop_held(struct mst_tls_conn *conn)
{
	if (conn->held != NULL)
		mst_wipe(conn->held, conn->held_len);
	free(conn->held);
	conn->held = NULL;
	conn->held_len = 0;
}

// Its hosts are of no use any more.
static void
drop_ctx(struct mst_tls_conn *conn)
{
	mst_tls_ctx_put(conn->ctx);
	conn->ctx = NULL;
}

void
mst_tls_conn_destroy(struct mst_tls_conn *conn)
{
	if (conn == NULL)
		return;
	MST_ASSERT(conn->sock.cork == NULL);
	// After a fatal error, or inside a half-sent record, there is nothing valid to say (RFC 8446 6.1).
	if (conn->ready && !mst_tls_conn_flush_pending(conn) &&
		(conn->end == MST_TLS_OK || conn->clean_close))
		(void)SSL_shutdown(conn->ssl);
	drop_held(conn);
	tls_socket_drop(&conn->sock);
	SSL_free(conn->ssl);
	drop_ctx(conn);
	tls_seen_fini(&conn->seen);
	free(conn->seen.host);
	ERR_clear_error();
	free(conn);
}

static enum mst_tls_result
finish(struct mst_tls_conn *conn, enum mst_tls_result end, const char *why)
{
	conn->end = end;
	tls_error_take(conn->error, sizeof(conn->error), why);
	drop_held(conn);
	tls_socket_drop(&conn->sock);
	return end;
}

// A device that goes away without a word is no failure of ours: load balancers and phones do it all day.
static enum mst_tls_result
finish_syscall(struct mst_tls_conn *conn)
{
	int err = conn->sock.err;

	ERR_clear_error();
	// libssl answers an early end by an alert, which fails in its turn: the end is the reason, not that.
	if (conn->sock.eof || err == 0)
		return finish(conn, MST_TLS_CLOSED, "the peer closed without close_notify");
	if (err == EMSGSIZE)
		return finish(conn, MST_TLS_FAILED,
			conn->use.flood ? "more KeyUpdates than records" : "the handshake is too large");
	bool gone = err == ECONNRESET || err == EPIPE || err == ETIMEDOUT || err == EHOSTUNREACH;
	return finish(conn, gone ? MST_TLS_CLOSED : MST_TLS_FAILED, strerror(err));
}

// The result of one libssl call that returned ret.
static enum mst_tls_result
settle(struct mst_tls_conn *conn, int ret)
{
	int code = SSL_get_error(conn->ssl, ret);
	bool eof;

	switch (code) {
	case SSL_ERROR_NONE:
		ERR_clear_error();
		return MST_TLS_OK;
	case SSL_ERROR_WANT_READ:
		ERR_clear_error();
		return MST_TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		ERR_clear_error();
		return MST_TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		conn->clean_close = true;
		return finish(conn, MST_TLS_CLOSED, "the peer said close_notify");
	case SSL_ERROR_SYSCALL:
		return finish_syscall(conn);
	default:
		eof = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
		return eof ? finish_syscall(conn) : finish(conn, MST_TLS_FAILED, "libssl gave no reason");
	}
}

enum mst_tls_result
mst_tls_conn_handshake(struct mst_tls_conn *conn)
{
	if (conn->end != MST_TLS_OK)
		return conn->end;
	if (conn->ready)
		return MST_TLS_OK;
	ERR_clear_error();
	enum mst_tls_result r = settle(conn, SSL_do_handshake(conn->ssl));
	if (r == MST_TLS_OK) {
		conn->ready = true;
		conn->sock.budget = SIZE_MAX;
		drop_ctx(conn);
		tls_name_format(conn->ssl, conn->cipher, sizeof(conn->cipher));
	}
	return r;
}

enum mst_tls_result
mst_tls_conn_read(struct mst_tls_conn *conn, void *buf, size_t cap, size_t *n)
{
	size_t got = 0;

	// A smaller buffer would cut a record in two, and a CSTP frame with it.
	MST_ASSERT(cap >= MST_TLS_RECORD_BYTES);
	if (conn->end != MST_TLS_OK)
		return conn->end;
	MST_ASSERT(conn->ready);
	ERR_clear_error();
	enum mst_tls_result r = settle(conn, SSL_read_ex(conn->ssl, buf, cap, &got));
	conn->drained = r != MST_TLS_OK;
	if (r != MST_TLS_OK)
		return r;
	conn->use.received++;
	conn->use.records++;
	if (tls_use_is_over(&conn->use))
		return finish(conn, MST_TLS_FAILED, "the keys are used up");
	*n = got;
	return r;
}

bool
mst_tls_conn_pending(const struct mst_tls_conn *conn)
{
	// libssl counts the first bytes of a record as pending too: only a read can tell.
	return conn->end == MST_TLS_OK && conn->ready && !conn->drained && SSL_has_pending(conn->ssl) == 1;
}

// libssl wants the same bytes again when a write could not finish, so they are kept.
static enum mst_tls_result
hold(struct mst_tls_conn *conn, const void *buf, size_t len, enum mst_tls_result want)
{
	conn->held = malloc(len);
	if (conn->held == NULL)
		return finish(conn, MST_TLS_FAILED, "not enough memory");
	memcpy(conn->held, buf, len);
	conn->held_len = len;
	return want;
}

// The result of bytes that went past libssl.
static enum mst_tls_result
settle_socket(struct mst_tls_conn *conn, int ret)
{
	if (ret == 0)
		return MST_TLS_OK;
	if (ret == -EAGAIN)
		return MST_TLS_WANT_WRITE;
	conn->sock.err = -ret;
	return finish_syscall(conn);
}

enum mst_tls_result
mst_tls_conn_flush(struct mst_tls_conn *conn)
{
	enum mst_tls_result r;
	size_t done = 0;

	if (conn->end != MST_TLS_OK)
		return conn->end;
	r = settle_socket(conn, tls_socket_flush(&conn->sock));
	if (r != MST_TLS_OK || conn->held == NULL)
		return r;
	ERR_clear_error();
	r = settle(conn, SSL_write_ex(conn->ssl, conn->held, conn->held_len, &done));
	if (r == MST_TLS_OK)
		drop_held(conn);
	return r;
}

bool
mst_tls_conn_flush_pending(const struct mst_tls_conn *conn)
{
	return conn->held != NULL || conn->sock.rest != NULL;
}

void
mst_tls_conn_cork(struct mst_tls_conn *conn, struct mst_tls_cork *cork)
{
	MST_ASSERT(conn->sock.cork == NULL);
	cork->len = 0;
	conn->sock.cork = cork;
}

enum mst_tls_result
mst_tls_conn_uncork(struct mst_tls_conn *conn)
{
	if (conn->end != MST_TLS_OK) {
		conn->sock.cork = NULL;
		return conn->end;
	}
	enum mst_tls_result r = settle_socket(conn, tls_socket_uncork(&conn->sock));
	return r == MST_TLS_OK && mst_tls_conn_flush_pending(conn) ? MST_TLS_WANT_WRITE : r;
}

// RFC 8446 4.6.3: our own key with the next record; the peer's, if it is asked, when it has read that.
static void
renew(struct mst_tls_conn *conn, bool ask)
{
	if (SSL_key_update(conn->ssl, ask ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1) {
		conn->use.asked = ask;
		// Clients renew by themselves, too, at the pause that they were told: as often as we do is no flood.
		if (conn->use.updates > 0)
			conn->use.updates--;
	}
	ERR_clear_error();
}

enum mst_tls_result
mst_tls_conn_write(struct mst_tls_conn *conn, const void *buf, size_t len)
{
	size_t done = 0;

	MST_ASSERT(len > 0 && len <= MST_TLS_RECORD_BYTES);
	enum mst_tls_result r = mst_tls_conn_flush(conn);
	if (r == MST_TLS_CLOSED || r == MST_TLS_FAILED)
		return r;
	if (r != MST_TLS_OK)
		return MST_TLS_BUSY;
	MST_ASSERT(conn->ready);
	if (tls_use_is_over(&conn->use))
		return finish(conn, MST_TLS_FAILED, "the keys are used up");
	if (tls_use_is_long(&conn->use) && mst_tls_conn_can_renew(conn))
		renew(conn, tls_use_is_long_of_peer(&conn->use));
	ERR_clear_error();
	r = settle(conn, SSL_write_ex(conn->ssl, buf, len, &done));
	conn->use.sent++;
	if (r == MST_TLS_WANT_READ || r == MST_TLS_WANT_WRITE)
		return hold(conn, buf, len, r);
	return r;
}

struct tls_use *
tls_conn_use(struct mst_tls_conn *conn)
{
	return &conn->use;
}

bool
mst_tls_conn_can_renew(const struct mst_tls_conn *conn)
{
	return conn->ready && SSL_version(conn->ssl) >= TLS1_3_VERSION;
}

enum mst_tls_result
mst_tls_conn_renew(struct mst_tls_conn *conn)
{
	enum mst_tls_result r = mst_tls_conn_flush(conn);

	if (r == MST_TLS_CLOSED || r == MST_TLS_FAILED)
		return r;
	if (r != MST_TLS_OK || !mst_tls_conn_can_renew(conn))
		return MST_TLS_BUSY;
	renew(conn, tls_use_is_peer_idle(&conn->use));
	ERR_clear_error();
	return settle(conn, SSL_do_handshake(conn->ssl));
}

const char *
mst_tls_conn_host(const struct mst_tls_conn *conn)
{
	return conn->seen.host != NULL ? conn->seen.host : "";
}

static const char *const peer_texts[] = {
#define TEXT(name, text) text,
	MST_TLS_PEERS(TEXT)
#undef TEXT
};

// Until the handshake is complete nobody has shown that the key is his.
enum mst_tls_peer
mst_tls_conn_peer_cert(const struct mst_tls_conn *conn, struct mst_tls_peer_cert *out)
{
	const struct tls_seen *seen = &conn->seen;
	enum mst_tls_peer peer = seen->peer;

	if (!conn->ready && peer != MST_TLS_PEER_NOT_ASKED)
		peer = MST_TLS_PEER_NONE;
	*out = (struct mst_tls_peer_cert){.reason = peer_texts[peer]};
	if (peer == MST_TLS_PEER_REFUSED)
		out->reason = seen->fault;
	if (peer == MST_TLS_PEER_ACCEPTED) {
		out->leaf = seen->leaf.bytes;
		out->leaf_len = seen->leaf.len;
		out->issuer = seen->issuer.bytes;
		out->issuer_len = seen->issuer.len;
	}
	return peer;
}

void
mst_tls_conn_peer_digest(const struct mst_tls_conn *conn, uint8_t out[MST_TLS_DIGEST_BYTES])
{
	struct mst_tls_peer_cert cert;

	memset(out, 0, MST_TLS_DIGEST_BYTES);
	if (mst_tls_conn_peer_cert(conn, &cert) != MST_TLS_PEER_ACCEPTED)
		return;
	// A digest that is not had must not be the one of no certificate.
	MST_ASSERT(EVP_Digest(cert.leaf, cert.leaf_len, out, NULL, EVP_sha256(), NULL) == 1);
}

const char *
mst_tls_conn_cipher(const struct mst_tls_conn *conn)
{
	return conn->cipher;
}

const char *
mst_tls_conn_error(const struct mst_tls_conn *conn)
{
	return conn->error;
}

int
mst_tls_conn_export_psk(struct mst_tls_conn *conn, uint8_t out[MST_TLS_PSK_BYTES])
{
	uint8_t psk[MST_TLS_PSK_BYTES];

	if (!conn->ready)
		return -EAGAIN;
	ERR_clear_error();
	int ok = SSL_export_keying_material(
		conn->ssl, psk, sizeof(psk), PSK_LABEL, sizeof(PSK_LABEL) - 1, NULL, 0, 0);
	ERR_clear_error();
	if (ok == 1)
		memcpy(out, psk, sizeof(psk));
	mst_wipe(psk, sizeof(psk));
	return ok == 1 ? 0 : -EIO;
}
