// The channel to mst-authd as a test wants it; see fake_auth.h.
#include "fake_auth.h"

#include <errno.h>

struct fake_auth fake;

static void
copy(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%s", text != NULL ? text : "");
}

int
mst_auth_submit(struct mst_auth *auth, const struct mst_auth_try *attempt)
{
	(void)auth;
	fake.n_submits++;
	fake.submitted = attempt->token;
	copy(fake.user, sizeof(fake.user), attempt->user);
	copy(fake.password, sizeof(fake.password), attempt->password);
	return fake.says;
}

int
mst_auth_answer(struct mst_auth *auth, uint64_t token, const char *answer)
{
	(void)auth;
	fake.n_answers++;
	fake.answered = token;
	copy(fake.answer, sizeof(fake.answer), answer);
	return fake.says;
}

void
mst_auth_cancel(struct mst_auth *auth, uint64_t token)
{
	(void)auth;
	fake.n_cancels++;
	fake.cancelled = token;
}

void
mst_auth_account(
	struct mst_auth *auth, enum mst_auth_account_kind kind, const struct mst_auth_account *account)
{
	struct fake_account *a = &fake.accounts[fake.n_accounts++ % FAKE_ACCOUNTS];

	(void)auth;
	*a = (struct fake_account){.kind = kind, .is = *account};
	copy(a->session, sizeof(a->session), account->session);
	copy(a->user, sizeof(a->user), account->user);
	copy(a->group, sizeof(a->group), account->group);
	copy(a->user_agent, sizeof(a->user_agent), account->user_agent);
}

bool
mst_auth_next(struct mst_auth *auth, struct mst_auth_result *out)
{
	(void)auth;
	if (fake.result == NULL)
		return false;
	*out = *fake.result;
	fake.result = NULL;
	return true;
}

// ---- what these tests do without ----------------------------------------------------------------
int
mst_auth_create(struct mst_auth **out, const struct mst_auth_params *params, struct mst_conf_error *err)
{
	(void)out;
	(void)params;
	(void)err;
	return -ENOSYS;
}

void
mst_auth_destroy(struct mst_auth *auth)
{
	(void)auth;
}

int
mst_auth_reload(struct mst_auth *auth, const struct mst_conf *conf, struct mst_conf_error *err)
{
	(void)auth;
	(void)conf;
	(void)err;
	return -ENOSYS;
}

int
mst_auth_staple(struct mst_auth *auth, const struct mst_auth_staple *question)
{
	(void)auth;
	(void)question;
	return -EBUSY;
}

bool
mst_auth_stapled(struct mst_auth *auth, struct mst_auth_stapled *out)
{
	(void)auth;
	(void)out;
	return false;
}

int
mst_auth_fd(const struct mst_auth *auth)
{
	(void)auth;
	return -1;
}

void
mst_auth_tick(struct mst_auth *auth, uint64_t now_ns)
{
	(void)auth;
	(void)now_ns;
}

void
mst_auth_stats(const struct mst_auth *auth, struct mst_auth_stats *out)
{
	(void)auth;
	*out = (struct mst_auth_stats){0};
}

pid_t
mst_auth_pid(const struct mst_auth *auth)
{
	(void)auth;
	return 0;
}
