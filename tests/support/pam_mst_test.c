// A PAM module for tests: does what its arguments say, in their order.
//   ask:PROMPT=ANSWER   asks for a secret, which has to be ANSWER
//   echo:PROMPT=ANSWER  the same with an answer that may be seen
//   say:TEXT            says something
//   user:NAME           only this user may pass
//   rename:NAME         who has passed is called so
//   fail:NUMBER         returns this code
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <string.h>

#include "mst_base.h"

static const char *
after(const char *arg, const char *word)
{
	size_t len = strlen(word);

	return strncmp(arg, word, len) == 0 ? arg + len : NULL;
}

static bool
ask(pam_handle_t *h, int style, const char *what)
{
	const char *answer = strchr(what, '=') + 1;
	char *got = NULL;
	bool same = pam_prompt(h, style, &got, "%.*s", (int)(answer - 1 - what), what) == PAM_SUCCESS &&
		    got != NULL && strcmp(got, answer) == 0;

	free(got);
	return same;
}

int
pam_sm_authenticate(pam_handle_t *h, int flags, int argc, const char **argv)
{
	const char *user = NULL;
	const char *what;
	int rc = PAM_SUCCESS;

	(void)flags;
	if (pam_get_user(h, &user, NULL) != PAM_SUCCESS)
		return PAM_USER_UNKNOWN;
	for (int i = 0; i < argc; i++) {
		uint64_t code;

		if ((what = after(argv[i], "ask:")) != NULL && !ask(h, PAM_PROMPT_ECHO_OFF, what))
			rc = PAM_AUTH_ERR;
		else if ((what = after(argv[i], "echo:")) != NULL && !ask(h, PAM_PROMPT_ECHO_ON, what))
			rc = PAM_AUTH_ERR;
		else if ((what = after(argv[i], "say:")) != NULL)
			(void)pam_info(h, "%s", what);
		else if ((what = after(argv[i], "user:")) != NULL && strcmp(what, user) != 0)
			rc = PAM_USER_UNKNOWN;
		else if ((what = after(argv[i], "rename:")) != NULL)
			(void)pam_set_item(h, PAM_USER, what);
		else if ((what = after(argv[i], "fail:")) != NULL &&
			 mst_parse_u64(what, strlen(what), 1, 99, &code) == 0)
			rc = (int)code;
	}
	return rc;
}

int
pam_sm_setcred(pam_handle_t *h, int flags, int argc, const char **argv)
{
	(void)h;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

int
pam_sm_acct_mgmt(pam_handle_t *h, int flags, int argc, const char **argv)
{
	return pam_sm_authenticate(h, flags, argc, argv);
}
