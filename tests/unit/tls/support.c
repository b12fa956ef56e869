// Certificates made on the spot, and an OpenSSL client on the other end of a socket pair.
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

void
files_init(struct files *f)
{
	snprintf(f->dir, sizeof(f->dir), "/tmp/mst-tls-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->cert, sizeof(f->cert), "%s/cert.pem", f->dir);
	snprintf(f->key, sizeof(f->key), "%s/key.pem", f->dir);
}

void
files_fini(struct files *f)
{
	DIR *d = opendir(f->dir);

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
		if (e->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
	}
	closedir(d);
	assert_int_equal(rmdir(f->dir), 0);
}

void
files_put(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

EVP_PKEY *
key_make(enum key_kind kind)
{
	EVP_PKEY *key = NULL;

	switch (kind) {
	case KEY_RSA:
		key = EVP_RSA_gen(2048);
		break;
	case KEY_RSA_WEAK:
		key = EVP_RSA_gen(1024);
		break;
	case KEY_EC:
		key = EVP_EC_gen("P-256");
		break;
	case KEY_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	assert_non_null(key);
	return key;
}

X509 *
cert_make(EVP_PKEY *key, long from_s, long to_s)
{
	X509 *cert = X509_new();

	assert_non_null(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), to_s);
	X509_set_pubkey(cert, key);
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"gw.example", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") == 1 ? NULL : EVP_sha256();
	assert_true(X509_sign(cert, key, md) > 0);
	return cert;
}

void
files_put_cert(const char *path, X509 *cert)
{
	FILE *out = fopen(path, "a");

	assert_non_null(out);
	assert_int_equal(PEM_write_X509(out, cert), 1);
	fclose(out);
}

void
files_put_key(const char *path, EVP_PKEY *key)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(out);
	assert_int_equal(chmod(path, 0600), 0);
}

void
files_put_identity(const struct files *f, enum key_kind kind)
{
	EVP_PKEY *key = key_make(kind);
	X509 *cert = cert_make(key, -3600, 90L * 86400);

	unlink(f->cert);
	files_put_cert(f->cert, cert);
	files_put_key(f->key, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

struct mst_tls_ctx *
ctx_make(const struct files *f, enum mst_tls_version min_version)
{
	struct mst_tls_pair pair = {.cert_file = f->cert, .key_file = f->key};
	struct mst_tls_params p = {
		.pairs = &pair, .n_pairs = 1, .min_version = min_version, .now_unix_s = time(NULL)};
	struct mst_tls_ctx *ctx = NULL;
	char err[256];

	assert_int_equal(mst_tls_ctx_create(&ctx, &p, err, sizeof(err)), 0);
	return ctx;
}

void
pair_renew_client(struct pair *p)
{
	SSL_free(p->client);
	p->client = SSL_new(p->client_ctx);
	assert_non_null(p->client);
	SSL_set_bio(p->client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(p->client);
}

void
pair_init(struct pair *p, struct mst_tls_ctx *ctx)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	*p = (struct pair){.server_fd = fd[0], .client_fd = fd[1]};
	p->client_ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(p->client_ctx);
	pair_renew_client(p);
	assert_int_equal(mst_tls_conn_create(&p->conn, ctx, p->server_fd), 0);
}

void
pair_fini(struct pair *p)
{
	mst_tls_conn_destroy(p->conn);
	SSL_free(p->client);
	SSL_CTX_free(p->client_ctx);
	if (p->client_fd >= 0)
		close(p->client_fd);
	close(p->server_fd);
}

size_t
pair_push(struct pair *p, size_t max)
{
	uint8_t buf[2048];
	size_t sent = 0;

	while (sent < max) {
		size_t want = max - sent < sizeof(buf) ? max - sent : sizeof(buf);
		int n = BIO_read(SSL_get_wbio(p->client), buf, (int)want);

		if (n <= 0)
			break;
		if (send(p->client_fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
			break;
		sent += (size_t)n;
	}
	return sent;
}

size_t
pair_pull(struct pair *p)
{
	uint8_t buf[4096];
	size_t got = 0;

	for (;;) {
		ssize_t n = recv(p->client_fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n <= 0)
			return got;
		assert_int_equal(BIO_write(SSL_get_rbio(p->client), buf, (int)n), n);
		got += (size_t)n;
	}
}

enum mst_tls_result
pair_handshake(struct pair *p, bool *client_done)
{
	enum mst_tls_result server = MST_TLS_WANT_READ;

	*client_done = false;
	for (int i = 0; i < 20; i++) {
		ERR_clear_error();
		*client_done = SSL_do_handshake(p->client) == 1;
		pair_push(p, SIZE_MAX);
		server = mst_tls_conn_handshake(p->conn);
		assert_int_equal(ERR_peek_error(), 0);
		pair_pull(p);
		if (server == MST_TLS_FAILED || server == MST_TLS_CLOSED)
			break;
		if (server == MST_TLS_OK && *client_done)
			break;
	}
	return server;
}

void
pair_connect(struct pair *p)
{
	bool client_done = false;

	assert_int_equal(pair_handshake(p, &client_done), MST_TLS_OK);
	assert_true(client_done);
}

size_t
pair_client_read(struct pair *p, void *buf, size_t cap)
{
	size_t n = 0;

	pair_pull(p);
	ERR_clear_error();
	return SSL_read_ex(p->client, buf, cap, &n) == 1 ? n : 0;
}
