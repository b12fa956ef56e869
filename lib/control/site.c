// Who the gateway is to its devices: TLS contexts of the site and of its hosts out of the configuration, made anew when a
// file behind them changes. Control lcore.
#include <sys/stat.h>
#include <time.h>

#include "control.h"

#define LOOK_NS (2 * MST_NS_PER_S)

static size_t
pairs_of(const struct mst_conf_identity *id, struct mst_tls_pair out[MST_TLS_PAIRS_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < id->n_certificates; i++)
		out[n++] = (struct mst_tls_pair){.cert_file = id->certificates[i], .key_file = id->keys[i]};
	for (uint32_t i = 0; i < id->n_pfx; i++) {
		out[n] = (struct mst_tls_pair){.pfx_file = id->pfx[i]};
		if (id->n_pfx_passwords != 0)
			out[n].password_file = id->pfx_passwords[id->n_pfx_passwords > 1 ? i : 0];
		n++;
	}
	return n;
}

// Of the site (h 0) or of hosts[h - 1].
static int
make_one(const struct mst_conf *conf, uint32_t h, const char *const *names, uint32_t n_names,
	struct mst_tls_ctx **out, char *err, size_t err_cap)
{
	const struct mst_conf_identity *id = h > 0 ? &conf->hosts[h - 1].identity : &conf->tls.identity;
	struct mst_tls_pair pairs[MST_TLS_PAIRS_MAX];
	struct mst_conf_auth auth;
	bool asks = mst_conf_auth_at(conf, h, &auth) && mst_conf_wants_certificates(&auth);
	struct mst_tls_clients clients = {
		.ca_file = auth.certificate.ca,
		.crl_files = (const char *const *)auth.certificate.crls,
		.n_crls = auth.certificate.n_crls,
		.lenient_crls = auth.certificate.crl_lenient,
	};
	struct mst_tls_params p = {
		.clients = asks ? &clients : NULL,
		.pairs = pairs,
		.n_pairs = pairs_of(id, pairs),
		.min_version = conf->tls.min_version == MST_CONF_TLS_1_3 ? MST_TLS_1_3 : MST_TLS_1_2,
		.names = names,
		.n_names = n_names,
		.now_unix_s = time(NULL),
	};

	MST_TRY(mst_tls_ctx_create(out, &p, err, err_cap));
	if (mst_tls_ctx_warnings(*out)[0] != '\0')
		MST_LOG(WARNING, "control", "certificate of %s: %s", h == 0 ? "the gateway" : names[0],
			mst_tls_ctx_warnings(*out));
	return 0;
}

static int
add_hosts(const struct mst_conf *conf, struct mst_tls_ctx *site, char *err, size_t err_cap)
{
	for (uint32_t i = 0; i < conf->n_hosts; i++) {
		const struct mst_conf_host *h = &conf->hosts[i];
		const char *const *names = (const char *const *)h->names;
		struct mst_tls_ctx *ctx;

		MST_TRY(make_one(conf, i + 1, names, h->n_names, &ctx, err, err_cap));
		MST_TRY(mst_tls_ctx_add_host(site, names, h->n_names, ctx, err, err_cap));
	}
	return 0;
}

int
control_site_make(const struct mst_conf *conf, struct mst_tls_ctx **out, char *err, size_t err_cap)
{
	struct mst_tls_ctx *site;
	int ret;

	MST_TRY(make_one(conf, 0, (const char *const *)conf->listen.public_addresses,
		conf->listen.n_public_addresses, &site, err, err_cap));
	ret = add_hosts(conf, site, err, err_cap);
	if (ret < 0) {
		mst_tls_ctx_put(site);
		return ret;
	}
	*out = site;
	return 0;
}

struct mst_tls_ctx *
control_site_find(const struct mst_control *c, size_t *i, const char **host)
{
	struct mst_tls_ctx *ctx = c->tls;

	*host = "";
	for (size_t h = 0; *i >= mst_tls_ctx_pairs(ctx); h++) {
		*i -= mst_tls_ctx_pairs(ctx);
		ctx = mst_tls_ctx_host(c->tls, h);
		if (ctx == NULL)
			return NULL;
		*host = mst_tls_ctx_host_name(c->tls, h);
	}
	return ctx;
}

// ---- files that change --------------------------------------------------------------------------
// FNV-1a.
static void
stamp_add(uint64_t *stamp, uint64_t v)
{
	for (unsigned int i = 0; i < sizeof(v); i++) {
		*stamp = (*stamp ^ (v & 0xff)) * 0x100000001b3ULL;
		v >>= 8;
	}
}

static void
stamp_files(uint64_t *stamp, const char *const *paths, uint32_t n)
{
	struct stat st;

	for (uint32_t i = 0; i < n; i++) {
		if (stat(paths[i], &st) != 0)
			st = (struct stat){0};
		stamp_add(stamp, st.st_dev);
		stamp_add(stamp, st.st_ino);
		stamp_add(stamp, (uint64_t)st.st_size);
		stamp_add(stamp, (uint64_t)st.st_mtim.tv_sec);
		stamp_add(stamp, (uint64_t)st.st_mtim.tv_nsec);
	}
}

static void
stamp_identity(uint64_t *stamp, const struct mst_conf_identity *id)
{
	stamp_files(stamp, (const char *const *)id->certificates, id->n_certificates);
	stamp_files(stamp, (const char *const *)id->keys, id->n_keys);
	stamp_files(stamp, (const char *const *)id->pfx, id->n_pfx);
	stamp_files(stamp, (const char *const *)id->pfx_passwords, id->n_pfx_passwords);
}

static uint64_t
stamp_of(const struct mst_conf *conf)
{
	uint64_t stamp = 0xcbf29ce484222325ULL;
	struct mst_conf_auth auth;

	stamp_identity(&stamp, &conf->tls.identity);
	for (uint32_t i = 0; i < conf->n_hosts; i++)
		stamp_identity(&stamp, &conf->hosts[i].identity);
	for (uint32_t i = 0; mst_conf_auth_at(conf, i, &auth); i++) {
		stamp_files(&stamp, &auth.certificate.ca, 1);
		stamp_files(&stamp, (const char *const *)auth.certificate.crls, auth.certificate.n_crls);
	}
	return stamp;
}

static void
renew(struct mst_control *c)
{
	struct mst_tls_cert_info info;
	struct mst_tls_ctx *old = c->tls;
	struct mst_tls_ctx *fresh;
	char err[512];

	if (control_site_make(c->conf, &fresh, err, sizeof(err)) < 0) {
		CONTROL_COUNT(c, certificate_refused);
		MST_LOG(ERROR, "control",
			"a certificate file has changed and is not used, the old one stays: %s", err);
		return;
	}
	c->tls = fresh;
	control_staple_begin(c, old);
	mst_tls_ctx_put(old);
	mst_tls_ctx_info(fresh, 0, time(NULL), &info);
	CONTROL_COUNT(c, certificate_renewed);
	MST_LOG(NOTICE, "control", "a certificate file has changed: in use is %s, %d days left", info.subject,
		(int)info.days_left);
}

// Changed, and the same twice: whoever writes two files is done with both.
static void
on_look(void *arg, uint64_t now_ns)
{
	struct mst_control *c = arg;
	uint64_t stamp = stamp_of(c->conf);

	if (stamp != c->site.used && stamp == c->site.seen) {
		c->site.used = stamp;
		renew(c);
	}
	c->site.seen = stamp;
	mst_wheel_arm(&c->wheel, &c->site.look, now_ns + LOOK_NS);
}

void
control_site_note(struct mst_control *c)
{
	c->site.used = c->site.seen = stamp_of(c->conf);
}

void
control_site_watch(struct mst_control *c)
{
	control_site_note(c);
	control_staple_watch(c);
	mst_wheel_timer_init(&c->site.look, on_look, c);
	mst_wheel_arm(&c->wheel, &c->site.look, mst_now_ns() + LOOK_NS);
}
