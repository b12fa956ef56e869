// Several sites at one address: the name that a device asks for by SNI (RFC 6066 3) chooses certificate and client CAs.
// Control lcore.
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tls_private.h"

// A full name goes before a wildcard.
static int
find(const struct mst_tls_ctx *ctx, const char *name)
{
	int found = -1;

	for (size_t h = 0; h < ctx->n_hosts; h++) {
		for (size_t i = 0; i < ctx->hosts[h].n_names; i++) {
			const char *pattern = ctx->hosts[h].names[i];

			if (!mst_tls_name_matches(pattern, name))
				continue;
			if (pattern[0] != '*')
				return (int)h;
			if (found < 0)
				found = (int)h;
		}
	}
	return found;
}

static int
on_server_name(SSL *ssl, int *alert, void *arg)
{
	const struct mst_tls_ctx *ctx = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct tls_seen *seen = SSL_get_app_data(ssl);
	int host = name != NULL ? find(ctx, name) : -1;

	(void)alert;
	if (host < 0)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_CTX *c = ctx->hosts[host].ctx->ssl_ctx;
	free(seen->host); // of a first ClientHello, which was answered by a retry
	seen->host = strdup(ctx->hosts[host].names[0]);
	if (seen->host == NULL || SSL_set_SSL_CTX(ssl, c) == NULL)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	SSL_set_verify(ssl, SSL_CTX_get_verify_mode(c), NULL);
	seen->peer = tls_ctx_asks(ctx->hosts[host].ctx);
	return SSL_TLSEXT_ERR_OK;
}

static int
check_name(const struct mst_tls_ctx *ctx, const char *name, char *err, size_t err_cap)
{
	if (!mst_tls_name_is_good(name, strlen(name))) {
		tls_text_set(err, err_cap,
			"host name \"%s\": a wildcard is the whole first label, as in *.example.com", name);
		return -EINVAL;
	}
	for (size_t h = 0; h < ctx->n_hosts; h++) {
		for (size_t i = 0; i < ctx->hosts[h].n_names; i++) {
			if (strcasecmp(ctx->hosts[h].names[i], name) != 0)
				continue;
			tls_text_set(err, err_cap, "host name \"%s\" stands in two hosts", name);
			return -EEXIST;
		}
	}
	return 0;
}

static void
host_fini(struct tls_host *h)
{
	for (size_t i = 0; i < h->n_names; i++)
		free(h->names[i]);
	mst_tls_ctx_put(h->ctx);
	*h = (struct tls_host){0};
}

static int
add_names(struct tls_host *h, const struct mst_tls_ctx *ctx, const char *const *names, size_t n, char *err,
	size_t err_cap)
{
	for (size_t i = 0; i < n; i++) {
		MST_TRY(check_name(ctx, names[i], err, err_cap));
		h->names[i] = strdup(names[i]);
		if (h->names[i] == NULL)
			return -ENOMEM;
		h->n_names++;
	}
	return 0;
}

int
mst_tls_ctx_add_host(struct mst_tls_ctx *ctx, const char *const *names, size_t n, struct mst_tls_ctx *host,
	char *err, size_t err_cap)
{
	struct tls_host h = {.ctx = host};
	struct tls_host *more;
	int rc = n == 0 || n > MST_TLS_HOST_NAMES_MAX || ctx->n_hosts == MST_TLS_HOSTS_MAX ? -EINVAL : 0;

	tls_text_set(err, err_cap, rc < 0 ? "too many hosts or names of a host" : "not enough memory");
	if (rc == 0)
		rc = add_names(&h, ctx, names, n, err, err_cap);
	if (rc < 0) {
		host_fini(&h);
		return rc;
	}
	more = realloc(ctx->hosts, (ctx->n_hosts + 1) * sizeof(*more));
	if (more == NULL) {
		host_fini(&h);
		return -ENOMEM;
	}
	more[ctx->n_hosts++] = h;
	ctx->hosts = more;
	SSL_CTX_set_tlsext_servername_callback(ctx->ssl_ctx, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(ctx->ssl_ctx, ctx);
	tls_text_set(err, err_cap, "%s", "");
	return 0;
}

struct mst_tls_ctx *
mst_tls_ctx_host(const struct mst_tls_ctx *ctx, size_t host)
{
	return host < ctx->n_hosts ? ctx->hosts[host].ctx : NULL;
}

const char *
mst_tls_ctx_host_name(const struct mst_tls_ctx *ctx, size_t host)
{
	return host < ctx->n_hosts ? ctx->hosts[host].names[0] : "";
}

void
tls_hosts_fini(struct mst_tls_ctx *ctx)
{
	for (size_t i = 0; i < ctx->n_hosts; i++)
		host_fini(&ctx->hosts[i]);
	free(ctx->hosts);
}
