// What the CA says of a certificate of the gateway's own: an OCSP response, fetched for it to staple, which the gateway
// verifies itself; or where the certificate names no OCSP server, as those of several public CAs, whether it is on their list.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "crl.h"
#include "fetch.h"
#include "identity.h"

static struct identity_stapled *
make(const void *bytes, size_t len)
{
	struct identity_stapled *stapled = calloc(1, sizeof(*stapled) + len);

	if (stapled == NULL)
		return NULL;
	stapled->len = len;
	if (len > 0)
		memcpy(stapled->bytes, bytes, len);
	return stapled;
}

static struct identity_stapled *
look_at_list(const char *proxy, const struct mst_auth_try *a, char *text)
{
	uint64_t until_s = 0;
	int rc = crl_check(
		proxy, a->cert, a->cert_len, a->issuer, a->issuer_len, (uint64_t)time(NULL), &until_s, text);
	struct identity_stapled *stapled = make(NULL, 0);

	if (stapled == NULL)
		return NULL;
	stapled->list = rc == 0		     ? MST_AUTH_LIST_GOOD
			: rc == -EKEYREVOKED ? MST_AUTH_LIST_REVOKED
			: rc == -ENOENT	     ? MST_AUTH_LIST_NOT_NAMED
					     : MST_AUTH_LIST_NONE;
	stapled->list_until_s = until_s;
	return stapled;
}

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	const char *proxy = job->settings->conf->auth.certificate.ocsp_proxy;
	const struct mst_auth_try *a = &job->attempt;
	struct fetch_answer answer = {0};
	char text[FETCH_ERROR_BYTES];
	int rc;

	(void)scratch;
	job->result.outcome = MST_AUTH_NO;
	rc = ocsp_fetch(proxy, a->cert, a->cert_len, a->issuer, a->issuer_len, &answer, text);
	if (rc == -ENOENT)
		job->data = look_at_list(proxy, a, text);
	else if (rc == 0)
		job->data = make(answer.bytes, answer.len);
	if (rc == 0)
		snprintf(text, sizeof(text), "%s", job->data != NULL ? "" : "not enough memory");
	free(answer.bytes);
	snprintf(job->result.prompt, sizeof(job->result.prompt), "%s", text);
}

static void
drop(struct identity_job *job)
{
	free(job->data);
	job->data = NULL;
}

const struct identity_way identity_way_staple = {.name = "staple", .waits = true, .step = step, .drop = drop};
