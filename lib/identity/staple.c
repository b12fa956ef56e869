// What the CA says of a certificate of the gateway's own, fetched for it to staple. The gateway verifies it itself.
#include <string.h>

#include "fetch.h"
#include "identity.h"

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	const struct mst_auth_try *a = &job->attempt;
	struct identity_stapled *stapled;
	struct fetch_answer answer;
	char text[FETCH_ERROR_BYTES];

	(void)scratch;
	job->result.outcome = MST_AUTH_NO;
	if (ocsp_fetch(job->settings->conf->auth.certificate.ocsp_proxy, a->cert, a->cert_len, a->issuer,
		    a->issuer_len, &answer, text) < 0) {
		snprintf(job->result.prompt, sizeof(job->result.prompt), "%s", text);
		return;
	}
	stapled = malloc(sizeof(*stapled) + answer.len);
	snprintf(job->result.prompt, sizeof(job->result.prompt), "not enough memory");
	if (stapled != NULL) {
		stapled->len = answer.len;
		memcpy(stapled->bytes, answer.bytes, answer.len);
	}
	job->data = stapled;
	free(answer.bytes);
}

static void
drop(struct identity_job *job)
{
	free(job->data);
	job->data = NULL;
}

const struct identity_way identity_way_staple = {.name = "staple", .waits = true, .step = step, .drop = drop};
