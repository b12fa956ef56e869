// A device of the handshake benchmark: OpenSSL's TLS 1.3 and DTLS 1.2 PSK clients over memory. Control lcore.
#include "handshake_client.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#define SUITE "PSK-AES256-GCM-SHA384"
#define SUITE_ID "\x00\xa9"
#define PSK_LABEL "EXPORTER-openconnect-psk"
#define LINK_MTU 1500

static unsigned int
give_psk(SSL *ssl, const char *hint, char *identity, unsigned int max_identity, unsigned char *psk,
	unsigned int max_psk)
{
	const struct client *d = SSL_get_app_data(ssl);

	(void)hint;
	if (max_psk < CLIENT_PSK_BYTES)
		return 0;
	snprintf(identity, max_identity, "psk");
	memcpy(psk, d->psk, CLIENT_PSK_BYTES);
	return CLIENT_PSK_BYTES;
}

int
client_ctx_init(struct client_ctx *ctx)
{
	ctx->tls = SSL_CTX_new(TLS_client_method());
	ctx->dtls = SSL_CTX_new(DTLS_client_method());
	if (ctx->tls == NULL || ctx->dtls == NULL ||
		SSL_CTX_set_min_proto_version(ctx->tls, TLS1_3_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(ctx->dtls, SUITE) != 1) {
		client_ctx_fini(ctx);
		return -ENOMEM;
	}
	SSL_CTX_set_options(ctx->dtls, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_psk_client_callback(ctx->dtls, give_psk);
	return 0;
}

void
client_ctx_fini(struct client_ctx *ctx)
{
	SSL_CTX_free(ctx->tls);
	SSL_CTX_free(ctx->dtls);
	*ctx = (struct client_ctx){0};
}

static SSL *
over_memory(SSL_CTX *ctx, void *app_data)
{
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	if (ssl == NULL || in == NULL || out == NULL) {
		BIO_free(in);
		BIO_free(out);
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_bio(ssl, in, out);
	SSL_set_app_data(ssl, app_data);
	SSL_set_connect_state(ssl);
	return ssl;
}

static size_t
says(SSL *ssl, const uint8_t **data)
{
	char *bytes;
	long n = BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);

	*data = (const uint8_t *)bytes;
	return n > 0 ? (size_t)n : 0;
}

static void
hear(SSL *ssl, const void *data, size_t len)
{
	(void)BIO_write(SSL_get_rbio(ssl), data, (int)len);
}

// 1 when the handshake is complete, 0 when it waits.
static int
step(SSL *ssl)
{
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(ssl);
	if (ret == 1)
		return 1;
	return SSL_get_error(ssl, ret) == SSL_ERROR_WANT_READ ? 0 : -EIO;
}

int
client_init(struct client *d, const struct client_ctx *ctx)
{
	*d = (struct client){0};
	d->tls = over_memory(ctx->tls, d);
	return d->tls != NULL ? 0 : -ENOMEM;
}

void
client_fini(struct client *d)
{
	SSL_free(d->tls);
	SSL_free(d->dtls);
	*d = (struct client){0};
}

int
client_tls_step(struct client *d)
{
	int ret = step(d->tls);

	d->tls_done = ret == 1;
	return ret < 0 ? ret : 0;
}

void
client_tls_hear(struct client *d, const void *data, size_t len)
{
	hear(d->tls, data, len);
}

size_t
client_tls_says(struct client *d, const uint8_t **data)
{
	return says(d->tls, data);
}

void
client_tls_said(struct client *d)
{
	(void)BIO_reset(SSL_get_wbio(d->tls));
}

int
client_write(struct client *d, const void *data, size_t len)
{
	size_t n = 0;

	return SSL_write_ex(d->tls, data, len, &n) == 1 ? 0 : -EIO;
}

size_t
client_read(struct client *d, void *data, size_t cap)
{
	size_t n = 0;

	ERR_clear_error();
	return SSL_read_ex(d->tls, data, cap, &n) == 1 ? n : 0;
}

int
client_connect(struct client *d)
{
	char request[2048];
	int n = snprintf(request, sizeof(request),
		"CONNECT /CSCOSSLC/tunnel HTTP/1.1\r\nHost: gw.example\r\n"
		"User-Agent: Open AnyConnect VPN Agent v9.01\r\nCookie: webvpn=%s\r\n"
		"X-CSTP-Version: 1\r\nX-CSTP-Hostname: device\r\nX-AnyConnect-Identifier-Platform: "
		"android\r\n"
		"X-CSTP-Base-MTU: 1500\r\nX-CSTP-MTU: 1400\r\nX-CSTP-Address-Type: IPv4\r\n"
		"X-DTLS-CipherSuite: PSK-NEGOTIATE\r\nX-DTLS12-CipherSuite: AES256-GCM-SHA384\r\n\r\n",
		d->cookie);

	return client_write(d, request, (size_t)n);
}

int
client_connected(struct client *d)
{
	static const char name[] = "X-DTLS-App-ID: ";
	char answer[4096];
	size_t n = client_read(d, answer, sizeof(answer) - 1);
	const char *at;

	if (n == 0)
		return -EAGAIN;
	answer[n] = '\0';
	at = strstr(answer, name);
	if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || at == NULL ||
		mst_parse_hex(at + sizeof(name) - 1, (size_t)2 * CLIENT_ID_BYTES, d->id, sizeof(d->id)) < 0)
		return -EIO;
	return SSL_export_keying_material(
		       d->tls, d->psk, sizeof(d->psk), PSK_LABEL, sizeof(PSK_LABEL) - 1, NULL, 0, 0) == 1
		       ? 0
		       : -EIO;
}

// The session id of the ClientHello is what names the session: as if an old session was to be resumed.
int
client_dtls_start(struct client *d, const struct client_ctx *ctx)
{
	SSL_SESSION *s = SSL_SESSION_new();
	int ok = 0;

	d->dtls = over_memory(ctx->dtls, d);
	if (s != NULL && d->dtls != NULL) {
		const SSL_CIPHER *cipher = SSL_CIPHER_find(d->dtls, (const unsigned char *)SUITE_ID);

		DTLS_set_link_mtu(d->dtls, LINK_MTU);
		ok = SSL_SESSION_set_protocol_version(s, DTLS1_2_VERSION) == 1 &&
		     SSL_SESSION_set_cipher(s, cipher) == 1 &&
		     SSL_SESSION_set1_id(s, d->id, sizeof(d->id)) == 1 && SSL_set_session(d->dtls, s) == 1;
	}
	SSL_SESSION_free(s);
	return ok ? 0 : -ENOMEM;
}

int
client_dtls_step(struct client *d)
{
	int ret = step(d->dtls);

	d->dtls_done = ret == 1;
	return ret < 0 ? ret : 0;
}

void
client_dtls_hear(struct client *d, const void *datagram, size_t len)
{
	hear(d->dtls, datagram, len);
}

size_t
client_dtls_says(struct client *d, const uint8_t **data)
{
	return says(d->dtls, data);
}

void
client_dtls_said(struct client *d)
{
	(void)BIO_reset(SSL_get_wbio(d->dtls));
}
