// Bearer tokens as a way to sign in: the issuers of the configuration, and one token judged.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "identity.h"

int
identity_tokens_take_file(struct identity_settings *s, enum mst_auth_file file, const char *name, char *text,
	size_t len, struct mst_conf_error *err)
{
	struct identity_issuer_files *f;
	int rc;

	if (file >= MST_AUTH_FILE_OIDC_CA_0) {
		f = &s->issuer_files[file - MST_AUTH_FILE_OIDC_CA_0];
		f->ca = text;
		f->ca_len = len;
		return 0;
	}
	f = &s->issuer_files[file - MST_AUTH_FILE_OIDC_KEYS_0];
	rc = oidc_keys_parse(&f->keys, text, len);
	free(text);
	if (rc < 0)
		snprintf(err->text, sizeof(err->text), "%.300s: expected a JSON key set, %s", name,
			rc == -ENOKEY  ? "found none with a key of RSA from 2048 bits, P-256, P-384 or P-521"
			: rc == -E2BIG ? "found one with too many keys"
				       : "found none, or one with a key id twice");
	return rc;
}

static void
set_issuer(struct oidc_issuer *out, const struct mst_conf_oidc *c, const struct identity_issuer_files *f)
{
	*out = (struct oidc_issuer){
		.issuer = c->issuer,
		.audiences = c->audiences,
		.n_audiences = c->n_audiences,
		.user_claim = c->user_claim,
		.group_claim = c->group_claim,
		.device_claim = c->device_claim,
		.required = c->required_claims,
		.n_required = c->n_required_claims,
		.discovery_url = c->discovery_url,
		.jwks_host = c->jwks_host,
		.keys = f->keys,
		.ca = f->ca,
		.ca_len = f->ca_len,
		.proxy = c->proxy,
		.leeway_s = c->leeway_s,
		.refresh_min_s = c->refresh_min_s,
		.refresh_max_s = c->refresh_max_s,
	};
}

int
identity_tokens_start(struct identity_settings *s, const struct identity_settings *old, const char *name,
	struct mst_conf_error *err)
{
	const struct mst_conf_auth *auth = &s->conf->auth;
	char text[256];
	int rc;

	if (auth->n_oidc == 0)
		return 0;
	for (uint32_t i = 0; i < auth->n_oidc; i++)
		set_issuer(&s->issuers[i], &auth->oidc[i], &s->issuer_files[i]);
	rc = oidc_create(
		&s->oidc, s->issuers, auth->n_oidc, old != NULL ? old->oidc : NULL, text, sizeof(text));
	if (rc < 0)
		snprintf(err->text, sizeof(err->text), "%.200s: auth.oidc: %s", name, text);
	return rc;
}

void
identity_tokens_end(struct identity_settings *s)
{
	oidc_destroy(s->oidc);
	for (size_t i = 0; i < MST_CONF_OIDC_MAX; i++) {
		oidc_keys_put(s->issuer_files[i].keys);
		free(s->issuer_files[i].ca);
	}
}

static void
refuse(struct identity_job *job, enum oidc_verdict verdict)
{
	char remote[MST_IP_TEXT_BYTES];

	job->result.outcome = verdict == OIDC_NO_KEYS ? MST_AUTH_BUSY : MST_AUTH_NO;
	MST_LOG(NOTICE, "identity", "token from %s refused: it has %s",
		mst_ip_format(&job->attempt.remote, remote), oidc_verdict_text(verdict));
}

// Those of the host that it came to, a bit each.
static uint32_t
accepted_issuers(const struct mst_conf_auth *auth)
{
	uint32_t accepted = 0;

	for (uint32_t i = 0; i < auth->n_oidc; i++) {
		bool listed = auth->n_issuers == 0;

		for (uint32_t n = 0; n < auth->n_issuers; n++)
			listed = listed || strcmp(auth->issuers[n], auth->oidc[i].issuer) == 0;
		accepted |= (uint32_t)listed << i;
	}
	return accepted;
}

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	const char *text = job->attempt.bearer;
	struct identity_who who;
	enum oidc_verdict verdict;

	(void)scratch;
	job->parks = false;
	verdict = oidc_verify(job->settings->oidc, accepted_issuers(&job->auth), text, strlen(text),
		(uint64_t)time(NULL), &who, &job->round);
	if (verdict == OIDC_WAIT) {
		job->parks = true;
		return;
	}
	if (verdict != OIDC_OK) {
		refuse(job, verdict);
		return;
	}
	if (job->settings->conf->auth.token_expiry == MST_CONF_EXPIRY_IGNORE)
		who.expires_unix_s = 0;
	job->result.outcome = identity_job_take(job, &who) ? MST_AUTH_OK : MST_AUTH_NO;
}

const struct identity_way identity_way_token = {.name = "token", .step = step};
