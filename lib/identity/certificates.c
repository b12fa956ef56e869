// Client certificates as a way to sign in: whose it is, and whether it has been revoked.
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "fetch.h"
#include "identity.h"

static bool
is_good(const struct identity_job *job, uint64_t now_s, const char *remote)
{
	const struct mst_conf_client_cert *c = &job->auth.certificate;
	const struct ocsp_rules rules = {
		.policy = (enum ocsp_policy)c->ocsp, .url = c->ocsp_url, .proxy = c->ocsp_proxy};
	const struct mst_auth_try *a = &job->attempt;
	char text[FETCH_ERROR_BYTES];
	enum ocsp_verdict verdict;
	bool passes;

	_Static_assert((int)OCSP_OFF == MST_CONF_OCSP_OFF && (int)OCSP_SOFT == MST_CONF_OCSP_SOFT &&
			       (int)OCSP_REQUIRE == MST_CONF_OCSP_REQUIRE,
		"one order of policies");
	if (rules.policy == OCSP_OFF)
		return true;
	verdict = ocsp_ask(job->ocsp, &rules, a->cert, a->cert_len, a->issuer, a->issuer_len, now_s, text);
	passes = ocsp_may_pass(rules.policy, verdict);
	if (verdict == OCSP_SILENT)
		MST_LOG(WARNING, "identity", "certificate from %s %s: it %s: %s", remote,
			passes ? "taken" : "refused", ocsp_verdict_text(verdict), text);
	else if (!passes)
		MST_LOG(NOTICE, "identity", "certificate from %s refused: it %s", remote,
			ocsp_verdict_text(verdict));
	return passes;
}

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	const struct mst_conf_client_cert *c = &job->auth.certificate;
	const struct cert_rules rules = {.user = c->user, .group = c->group, .any_purpose = c->any_purpose};
	uint64_t now_s = (uint64_t)time(NULL);
	char remote[MST_IP_TEXT_BYTES];
	struct identity_who who;
	enum cert_verdict verdict;

	(void)scratch;
	mst_ip_format(&job->attempt.remote, remote);
	job->result.outcome = MST_AUTH_NO;
	verdict = cert_identify(&rules, job->attempt.cert, job->attempt.cert_len, now_s, &who);
	if (verdict != CERT_OK) {
		MST_LOG(NOTICE, "identity", "certificate from %s refused: it %s", remote,
			cert_verdict_text(verdict));
		return;
	}
	// Who it is comes first: nobody asks an authority about a certificate that would not do anyway.
	if (!identity_job_take(job, &who) || !is_good(job, now_s, remote))
		return;
	if (EVP_Digest(job->attempt.cert, job->attempt.cert_len, job->result.certificate, NULL, EVP_sha256(),
		    NULL) == 1)
		job->result.outcome = MST_AUTH_OK;
}

const struct identity_way identity_way_certificate = {.name = "certificate", .waits = true, .step = step};
